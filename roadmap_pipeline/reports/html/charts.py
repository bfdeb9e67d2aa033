"""The charts of HTML reports, as Vega-Lite specifications with their data in them.

Belongs here: which figures are drawn and how. Colours of paper and ink belong to the page, which is dark or light; text
of strangers goes into data only, where nothing is interpreted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.reports import diagrams
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row

Spec = dict[str, Any]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#94a3b8"
"""Readable on black and on white."""

_TITLE_CHARS = 32
_RATES = {"first_attempt_pass_rate": "at the first try", "final_pass_rate": "in the end"}
_OUTCOMES = {"completed": _GREEN, "dropped": _GREY, "carried": _RED, "later": _BLUE}


def weekly(facts: Mapping[str, Any]) -> dict[str, Spec]:
    """Return the charts of a weekly report by the kind of the diagram that they stand for."""
    return _present(
        xychart=pass_rates(facts["total"]),
        pie=categories(facts["categories"], "this week", "last week", is_compared=facts["is_compared"]),
    )


def quarterly(facts: Mapping[str, Any]) -> dict[str, Spec]:
    """Return the charts of a quarterly report by the kind of the diagram that they stand for."""
    return _present(
        gantt=timeline(facts["milestones"], date.fromisoformat(facts["until"]), facts["milestone_outcomes"]),
        xychart=pass_rates(facts["weeks"]),
        pie=categories(facts["categories"], "this quarter", "last quarter", is_compared=facts["is_compared"]),
    )


def _present(**charts: Spec | None) -> dict[str, Spec]:
    return {kind: spec for kind, spec in charts.items() if spec is not None}


def pass_rates(weeks: Sequence[Row]) -> Spec | None:
    """Return the pass rates of whole weeks as lines, with how many runs each rests on; None without two weeks."""
    values = [
        {"week": row["week"], "passed": words, "rate": row[column], "runs": row["conclusive_runs"]}
        for row in weeks
        for column, words in _RATES.items()
        if row[column] is not None and row["is_comparable"]
    ]
    if len({value["week"] for value in values}) < 2:
        return None
    return {
        "$schema": _SCHEMA,
        "description": "Share of runs that passed, by week",
        "data": {"values": values},
        "width": "container",
        "height": 240,
        "mark": {"type": "line", "point": {"filled": True, "size": 60}, "strokeWidth": 2.5},
        "encoding": {
            "x": {"field": "week", "type": "ordinal", "title": None, "axis": {"labelAngle": -45}},
            "y": {
                "field": "rate",
                "type": "quantitative",
                "title": "runs that passed",
                "axis": {"format": ".0%", "tickCount": 5},
                "scale": {"zero": False, "nice": True},
            },
            "color": {
                "field": "passed",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(_RATES.values()), "range": [_ORANGE, _BLUE]},
            },
            "tooltip": [
                {"field": "week", "title": "week"},
                {"field": "passed", "title": "passed"},
                {"field": "rate", "type": "quantitative", "format": ".1%", "title": "rate"},
                {"field": "runs", "type": "quantitative", "format": ",", "title": "runs"},
            ],
        },
    }


def categories(rows: Sequence[Row], now: str, before: str, *, is_compared: bool) -> Spec | None:
    """Return failed jobs by category as bars, this period beside the one before; None without two categories."""
    if not diagrams.slices(rows):
        return None
    values = [
        {"category": fmt.cause(row["category"]), "period": period, "jobs": row[column], "at": at}
        for row in rows[:12]
        for at, (period, column) in enumerate(((now, "failed_job_attempts"), (before, "before")))
        if is_compared or period == now
    ]
    names = list(dict.fromkeys(value["category"] for value in values))
    return {
        "$schema": _SCHEMA,
        "description": "Failed jobs by category",
        "data": {"values": values},
        "width": "container",
        "height": {"step": 12 if is_compared else 20},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "y": {"field": "category", "type": "nominal", "sort": names, "title": None},
            "yOffset": {"field": "at", "type": "ordinal"},
            "x": {"field": "jobs", "type": "quantitative", "title": "failed jobs", "axis": {"tickMinStep": 1}},
            "color": {
                "field": "period",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [now, before] if is_compared else [now], "range": [_BLUE, _GREY]},
            },
            "tooltip": [
                {"field": "category", "title": "category"},
                {"field": "period", "title": "in"},
                {"field": "jobs", "type": "quantitative", "format": ",", "title": "failed jobs"},
            ],
        },
    }


def timeline(milestones: Sequence[Row], until: date, outcomes: Mapping[str, str]) -> Spec | None:
    """Return planned and actual time of each milestone as bars; None without any."""
    values = [
        _bar(row, until, outcomes) | {"at": at} for at, row in enumerate(milestones[: diagrams.MOST_BARS], start=1)
    ]
    if not values:
        return None
    names = list(dict.fromkeys(value["milestone"] for value in values))
    order = {"field": "milestone", "type": "nominal", "sort": names, "title": None, "axis": {"labelLimit": 160}}
    tooltip = [
        {"field": "title", "title": "milestone"},
        {"field": "outcome", "title": "outcome"},
        {"field": "target", "title": "target"},
        {"field": "closed", "title": "closed"},
        {"field": "open", "title": "open items at the end"},
    ]
    return {
        "$schema": _SCHEMA,
        "description": "Planned and actual time of each milestone",
        "data": {"values": values},
        "width": "container",
        "height": {"step": 30},
        "encoding": {"y": order, "tooltip": tooltip},
        "layer": [
            {
                "mark": {"type": "bar", "height": 20, "color": _GREY, "opacity": 0.3, "cornerRadius": 3},
                "encoding": {
                    "x": {
                        "field": "start",
                        "type": "temporal",
                        "title": None,
                        "axis": {"format": "%b", "tickCount": "month"},
                    },
                    "x2": {"field": "planned"},
                },
            },
            {
                "mark": {"type": "bar", "height": 9, "cornerRadius": 3},
                "encoding": {
                    "x": {"field": "start", "type": "temporal"},
                    "x2": {"field": "end"},
                    "color": {
                        "field": "outcome",
                        "type": "nominal",
                        "title": None,
                        "legend": {"columns": 2},
                        "scale": {"domain": [outcomes[key] for key in _OUTCOMES], "range": list(_OUTCOMES.values())},
                    },
                },
            },
            {
                "data": {"values": [{"until": _day(until)}]},
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": _GREY},
                "encoding": {"x": {"field": "until", "type": "temporal"}, "y": None, "tooltip": None},
            },
        ],
    }


def _bar(row: Row, until: date, outcomes: Mapping[str, str]) -> dict[str, Any]:
    created: datetime | None = row["created_at"]
    start = created.date() if created else (row["due_date"] or until)
    end = row["closed_at"].date() if row["closed_at"] else until
    # Two milestones of one shortened title would share a row.
    name = as_plain(row["notion_title"], _TITLE_CHARS)
    return {
        "milestone": name or f"Milestone {row['number']}",
        "title": as_plain(row["notion_title"], 200),
        "outcome": outcomes[row["outcome"]],
        "start": _day(start),
        "end": _day(max(end, start + timedelta(days=1))),
        "planned": _day(max(row["due_date"], start) if row["due_date"] else start),
        "target": row["due_date"].isoformat() if row["due_date"] else fmt.MISSING,
        "closed": row["closed_at"].date().isoformat() if row["closed_at"] else fmt.MISSING,
        "open": row["open_items_at_end"],
    }


def _day(day: date) -> str:
    """Return a day as a local time: without one, JavaScript takes a date for midnight UTC, elsewhere the day before."""
    return f"{day.isoformat()}T00:00:00"
