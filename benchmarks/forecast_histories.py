"""Measure how often forecast dates of milestones would have held, on histories of public repositories.

    python benchmarks/forecast_histories.py [FOLDER]

Reads a JSON file a repository (``../shared/data/milestone_histories`` beside the project by default): milestones, items
and, where they are known, events, nothing else. They go through the project's own models, and every Monday of every
milestone is forecast from what was known then. No constant of the model was chosen by them.
"""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from measuring import ROOT, table

from roadmap_pipeline.milestones.forecast.calendar import WorkingCalendar
from roadmap_pipeline.milestones.forecast.storing import BUILT_FROM, store_backtest
from roadmap_pipeline.warehouse.models import Key, create, project
from roadmap_pipeline.warehouse.source_tables import create_source_tables, replace_rows

DATA = ROOT.parent / "shared" / "data" / "milestone_histories"
METHODS = ("forecast", "uncalibrated", "bootstrap", "velocity", "target")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DATA, metavar="FOLDER", help="the histories")
    folder = parser.parse_args().folder
    files = sorted(folder.glob("*.json"))
    if not files:
        print(f"{folder} holds no history: nothing is measured; name a folder of them", file=sys.stderr)
        return
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        create_source_tables(con)
        for schema in sorted({model.schema for model in project().models}):
            con.execute(f"create schema {schema}")
        histories = [json.loads(path.read_text("utf-8")) for path in files]
        for history in histories:
            load(con, history)
        newest = max(each["closed_at"] or each["created_at"] for history in histories for each in history["items"])
        replace_rows(con, "config.parameters", [{"as_of": moment(newest) + timedelta(days=1)}])
        built = build(con, [BUILT_FROM], set())
        computed = store_backtest(con, WorkingCalendar())
        build(con, [("marts", "forecast_accuracy")], built)
        report(con, histories, computed)


def load(con: duckdb.DuckDBPyConnection, history: dict[str, Any]) -> None:
    """Put a history into the raw tables."""
    repo = history["repo"]
    milestones = [
        {
            "repo": repo,
            "number": each["number"],
            "title": each["title"],
            "state": each["state"],
            **{name: each[name] and moment(each[name]) for name in ("created_at", "closed_at", "due_on")},
        }
        for each in history["milestones"]
    ]
    items: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for each in history["items"]:
        times = {name: each[name] and moment(each[name]) for name in ("created_at", "closed_at")}
        row = {"repo": repo, "number": each["number"], "state": each["state"], "milestone_number": each["milestone"]}
        items[each["is_pull_request"]].append(row | times | {"updated_at": times["closed_at"] or times["created_at"]})
    events = [
        {
            "repo": repo,
            "event_id": place + 1_000_000 * len(repo),
            "issue_number": each["item"],
            "event": each["event"],
            "milestone_title": each["milestone"],
            "created_at": moment(each["created_at"]),
        }
        for place, each in enumerate(history["events"])
    ]
    for name, rows in (
        ("raw.milestones", milestones),
        ("raw.issues", items[False]),
        ("raw.pull_requests", items[True]),
        ("raw.issue_events", events),
    ):
        replace_rows(con, name, rows)


def moment(text: str) -> datetime:
    """Return a time of GitHub's as naive UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def build(con: duckdb.DuckDBPyConnection, tables: list[Key], built: set[Key]) -> set[Key]:
    """Build the models that ``tables`` rest on, those that are ``built`` left out; return all that are built."""
    for model in project().upstream(tables):
        if model.key not in built:
            create(con, model, model.qualified_name, model.materialized)
            built.add(model.key)
    return built


def report(con: duckdb.DuckDBPyConnection, histories: list[dict[str, Any]], computed: int) -> None:
    """Print which histories these are, and how each way of forecasting did on them."""
    print("## Forecasts on public histories\n")
    for history in histories:
        finished = sum(each["closed_at"] is not None for each in history["milestones"])
        told = f"{len(history['events']):,} events" if history["events"] else "no events: the items' own dates"
        print(
            f"- {history['repo']} ({history['source']}): {finished} finished milestones, {len(history['items']):,}"
            f" issues and pull requests, {told}"
        )
    (forecast, milestones) = con.execute(
        "select count(*), count(distinct repo || number) from marts.forecast_backtest where state = 'forecast'"
    ).fetchall()[0]
    print(f"\n{computed:,} Mondays; on {forecast:,} of them, of {milestones} milestones, there is a forecast.\n")
    rows = con.execute(
        "select method, level, forecasts, milestones, met, coverage, coverage_low, coverage_high, pinball_days,"
        " sharpness_days, max(bias_days) over (partition by repo, method) from marts.forecast_accuracy"
        " where repo = '*' order by level"
    ).fetchall()
    print(
        table(
            [
                "method",
                "level",
                "met",
                "milestones",
                "held",
                "interval",
                "pinball, days",
                "p85 − p50, days",
                "bias, days",
            ],
            [
                [
                    method,
                    f"{level:.0%}",
                    f"{met:,} of {number:,}",
                    finished,
                    f"{held:.0%}",
                    f"{low:.0%}–{high:.0%}",
                    f"{pinball:.1f}",
                    f"{width:.0f}",
                    f"{bias:+.0f}",
                ]
                for known in METHODS
                for method, level, number, finished, met, held, low, high, pinball, width, bias in rows
                if method == known
            ],
        )
    )
    print(
        "\nA milestone counts as finished when it was closed, which people sometimes do months after its last item."
        " Where there are no events, items that were taken out before the history was saved are missing: all dates come"
        " earlier than they would have. Mondays of one milestone resemble each other: the intervals are too narrow."
    )


if __name__ == "__main__":
    main()
