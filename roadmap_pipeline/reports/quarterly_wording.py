"""The sentences of the quarterly report, each made by rule from rows of the marts.

Belongs here: choosing words, and which milestones are a risk or ask for a decision. No metric is defined; where few
cases say little, the sentence says so.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from roadmap_pipeline.failures.display import as_code
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.milestone_risks import since
from roadmap_pipeline.reports.quarters import Quarter
from roadmap_pipeline.reports.tables import Row
from roadmap_pipeline.reports.wording import title

MUCH_GROWTH = 0.2
"""From which growth of its scope on a milestone is a risk."""

_LONG_RED_HOURS = 24
_SHIFT_POINTS = 0.1
"""From which change of its share on a category is a risk."""

OUTCOMES = {"completed": "completed", "dropped": "dropped", "carried": "carried over", "later": "due later"}
"""``marts.quarterly_milestones.outcome`` in words, for a quarter that is over."""

OUTCOMES_SO_FAR = {**OUTCOMES, "carried": "due in the quarter"}
"""The same while the quarter lasts."""


def outcome(counts: Mapping[str, float | None], milestones: Sequence[Row], *, is_over: bool) -> str:
    """Return how many of the planned milestones were completed, on time, carried over and dropped.

    ``counts`` are the values of ``marts.quarterly_figures``.
    """
    planned, completed, on_time, with_target, carried, dropped = (
        int(counts.get(f"milestones_{name}") or 0)
        for name in ("planned", "completed", "on_time", "with_target", "carried", "dropped")
    )
    if not planned:
        more = f"; {fmt.several(len(milestones), 'milestone')} {_are(len(milestones))} due later" if milestones else ""
        return f"**No milestone was planned for the quarter**{more}."
    verb = "was" if completed == 1 else "were"
    parts = [f"**{completed} of {fmt.several(planned, 'planned milestone')} {verb} completed**"]
    if with_target:
        rate = "" if with_target < fmt.FEW else f" ({fmt.percent(counts['on_time_rate'], 0)})"
        parts.append(fmt.greyed(f"{on_time} of {with_target} on time{rate}", with_target))
    rest = f"{carried} carried over" if is_over else f"{carried} still open"
    parts.append(f"{rest}, {dropped} dropped")
    names = [title(row["notion_title"]) for row in milestones if row["outcome"] == "carried"]
    state = "Carried over" if is_over else "Still open"
    named = f" {state}: {', '.join(names[:3])}{_and_more(names, 3)}." if names else ""
    return f"{'; '.join(parts)}.{named}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _and_more(names: Sequence[str], shown: int) -> str:
    return f" and {len(names) - shown} more" if len(names) > shown else ""


def passed(now: Row, before: Row | None) -> str:
    """Return how many runs passed, against the quarter before where both can be compared."""
    if not now["conclusive_runs"]:
        return f"None of {fmt.several(now['runs'], 'run')} passed or failed."
    is_compared = before is not None and before["is_comparable"] and now["is_comparable"]
    change = fmt.MISSING
    if is_compared and before and min(before["conclusive_runs"], now["conclusive_runs"]) >= fmt.FEW:
        change = fmt.points(before["final_pass_rate"], now["final_pass_rate"])
    told = "" if change == fmt.MISSING else f" ({change} against the quarter before)"
    rate = fmt.percent(now["final_pass_rate"])
    return f"{rate} of {fmt.several(now['conclusive_runs'], 'run')} passed in the end{told}."


def slips(milestones: Sequence[Row], until: date) -> list[str]:
    """Return what became late or is still open though due, with what happened meanwhile (no proof of a cause)."""
    return [f"**{title(row['notion_title'])}**: {_slipped(row, until)}. {_meanwhile(row)}" for row in _late(milestones)]


def _late(milestones: Sequence[Row]) -> list[Row]:
    return [row for row in milestones if row["slip_days"] or row["outcome"] == "carried"]


def _slipped(row: Row, until: date) -> str:
    if row["closed_at"]:
        days = fmt.several(row["slip_days"], "day")
        return f"closed on {row['closed_at'].date()}, {days} after its target of {row['due_date']}"
    left = f"{row['open_items_at_end']} of {fmt.several(row['items_at_end'], 'item')} open on {until}"
    if row["slip_days"]:
        return f"{left}, {fmt.several(row['slip_days'], 'day')} after its target of {row['due_date']}"
    return f"{left}, target {row['due_date']}"


def _meanwhile(row: Row) -> str:
    parts = [
        f"{fmt.several(row['added_items'], 'item')} came in and {row['removed_items']} went out in the quarter,"
        f" {row['items_done']} were done ({row['items_done_a_week']:.1f} a week)"
    ]
    if row["red_main_hours"]:
        parts.append(f"the default branch of {row['repo']} was red for {fmt.hours(row['red_main_hours'])}")
    if row["pass_rate"] is not None:
        passing = fmt.with_n(fmt.percent(row["pass_rate"]), row["conclusive_runs"])
        parts.append(f"{passing} of its own runs passed")
    return f"Meanwhile: {'; '.join(parts)}."


def forecasts(levels: Sequence[Row], milestones: Sequence[Row]) -> list[str]:
    """Return how often the dates held that were forecast, and by how much they were missed worst; none without any.

    Args:
        levels: Rows of ``marts.forecast_accuracy_quarterly``.
        milestones: Rows of ``marts.quarterly_milestones``.
    """
    lines = [fmt.greyed(_held(row), row["forecasts"]) for row in levels]
    missed = [row for row in milestones if row["closed_at"] and row["p85_at_start"]]
    worst = max(missed, key=lambda row: (row["closed_at"].date() - row["p85_at_start"]).days, default=None)
    if worst is not None and worst["closed_at"].date() > worst["p85_at_start"]:
        days = (worst["closed_at"].date() - worst["p85_at_start"]).days
        lines.append(
            f"Worst miss: {title(worst['notion_title'])}, closed {fmt.several(days, 'day')} after the 85 % date of"
            f" {worst['p85_at_start']} that was forecast at the start."
        )
    return lines


def _held(row: Row) -> str:
    bias = ""
    if row["bias_days"] is not None:
        side = "after" if row["bias_days"] >= 0 else "before"
        bias = f"; milestones were closed {abs(row['bias_days']):.0f} days {side} it on average"
    interval = f"{100 * row['coverage_low']:.0f}–{100 * row['coverage_high']:.0f} %"
    return (
        f"{fmt.percent(row['level'], 0)} dates held {row['met']} of {fmt.several(row['forecasts'], 'time')}"
        f" ({fmt.percent(row['coverage'], 0)}, interval {interval}),"
        f" forecasts of {fmt.several(row['milestones'], 'milestone')}{bias}."
    )


def recovery(curve: Sequence[Row]) -> str:
    """Return which share of the red episodes was still red after how long."""
    if not curve:
        return "No default branch turned red in the quarter."
    parts = [f"{fmt.percent(row['still_red_share'], 0)} after {_hours(row['hours'])}" for row in curve]
    episodes = curve[0]["episodes"]
    text = f"Of {fmt.several(episodes, 'red episode')} were still red: {', '.join(parts)}."
    return f"*{text}*" if episodes < fmt.FEW else text


def _hours(hours: int) -> str:
    return fmt.several(hours, "hour") if hours < 48 else fmt.several(hours // 24, "day")


def value(now: Row, balance: Row) -> str:
    """Return what automatic repair spared people, with the assumption that this rests on; empty without a repair."""
    if not now["autofix_fixed"]:
        return ""
    return (
        f"That spared people about **{fmt.hours(balance['autofix_hours_spared'])}**, assuming"
        f" {balance['minutes_a_repair']} minutes for each failure that a change repaired and"
        f" {balance['minutes_a_rerun']} for each that passed when it was run again. An assumption, not a measurement."
    )


def risks(
    milestones: Sequence[Row],
    red: Sequence[Row],
    categories: Sequence[Row],
    quarter: Quarter,
    until: date,
    *,
    is_over: bool,
) -> list[str]:
    """Return what threatens the time after ``until``, worst first, each with its evidence."""
    found = [risk for row in milestones if (risk := _risk(row, until, quarter))]
    found += [
        f"{as_code(row['workflow'], 40)} of {row['repo']} {'ended the quarter' if is_over else 'is'} red on the default"
        f" branch, for {fmt.hours(row['hours'])} ({fmt.link('first red run', row['first_html_url'])})."
        for row in red
        if row["hours"] >= _LONG_RED_HOURS
    ]
    found += [
        f"{fmt.cause(row['category']).capitalize()} grew from {fmt.percent(row['share_before'] or 0, 0)} to"
        f" {fmt.percent(row['share'], 0)} of the failed jobs ({row['failed_job_attempts']} now)."
        for row in categories
        if (row["share"] or 0) - (row["share_before"] or 0) >= _SHIFT_POINTS
        and row["failed_job_attempts"] >= fmt.FEW
        and any(other["before"] for other in categories)
    ]
    return found


def other_risks(rows: Sequence[Row]) -> list[str]:
    """Return the risks into the next quarter that no figure of the quarter tells, each since when."""
    return [f"**{title(row['notion_title'])}**: {row['label'].lower()} {since(row)}." for row in rows]


def _risk(row: Row, until: date, quarter: Quarter) -> str:
    """Return why an open milestone is at risk; empty where nothing says so."""
    if row["closed_at"] or not row["due_date"]:
        return ""
    name = f"**{title(row['notion_title'])}**"
    left = fmt.several(row["open_items_at_end"], "open item")
    if row["slip_days"]:
        return f"{name} is {fmt.several(row['slip_days'], 'day')} overdue with {left}."
    if row["p85_at_end"] and row["p85_at_end"] > row["due_date"]:
        days = fmt.several((row["p85_at_end"] - row["due_date"]).days, "day")
        return f"{name}: the 85 % date is {row['p85_at_end']}, {days} after its target of {row['due_date']} ({left})."
    if row["p85_at_end"]:
        return _grown(row, name)
    weeks = max((row["due_date"] - until).days, 0) / 7
    # What is due long after the next quarter has time to change its pace.
    if row["open_items_at_end"] and row["due_date"] <= quarter.next.next.first_day:
        if row["weeks_needed"] is None:
            return f"{name}: {left}, none done in the quarter, {weeks:.0f} weeks to its target of {row['due_date']}."
        if row["weeks_needed"] > weeks:
            return (
                f"{name} needs {row['weeks_needed']:.0f} weeks for {left} at the quarter's pace"
                f" ({row['items_done_a_week']:.1f} a week), with {weeks:.0f} left to its target of {row['due_date']}."
            )
    return _grown(row, name)


def _grown(row: Row, name: str) -> str:
    """Return by how much a milestone's scope grew; empty where that is little."""
    started = row["items_at_start"]
    if started >= fmt.FEW and row["items_at_end"] >= (1 + MUCH_GROWTH) * started:
        growth = fmt.percent(row["items_at_end"] / started - 1, 0)
        return f"{name} grew by {growth}, from {started} to {row['items_at_end']} items."
    return ""


def decisions(milestones: Sequence[Row], red: Sequence[Row], *, is_over: bool) -> list[str]:
    """Return what only people can decide, as questions; at most five."""
    asked = []
    for row in milestones:
        name = f"**{title(row['notion_title'])}**"
        left = fmt.several(row["open_items_at_end"], "open item")
        if row["outcome"] == "carried" and (is_over or row["slip_days"]):
            weeks = row["weeks_needed"]
            needs = "" if weeks is None else f", about {weeks:.0f} weeks at the quarter's pace"
            asked.append(f"{name}: {left}{needs}. Move its target of {row['due_date']}, cut scope, or add people?")
        elif row["outcome"] == "dropped":
            asked.append(f"{name} was closed with {left}. Where do they go?")
        elif row["outcome"] == "completed" and row["open_items_at_end"]:
            asked.append(f"{name} was completed with {left}. Move or close them?")
        elif row["outcome"] == "later" and not row["due_date"]:
            asked.append(f"{name} has no target date and {left}. By when?")
    asked += [
        f"{as_code(row['workflow'], 40)} of {row['repo']} has been red since {row['since']}. Who repairs it, or is it"
        " switched off?"
        for row in red
        if row["hours"] >= _LONG_RED_HOURS
    ]
    return asked[:5]


def definitions(now: Row) -> list[str]:
    """Return what the report rests on and how its numbers count, with the models that define them."""
    return [
        f"Created in the quarter: {fmt.several(now['runs'], 'run')}; {now['conclusive_runs']:,} passed or failed,"
        f" {now['void_runs']:,} void (cancelled, skipped). Rates are of those that passed or failed, by their last"
        " attempt unless it says first try. Times are UTC.",
        "Planned: due by the quarter's end, or closed in it. On time: closed on the target date or before, of completed"
        " ones with a target date. Dropped: closed with more items open than closed. Carried over: open at the end"
        " though due. Target dates are those of now: GitHub keeps no history of them (`marts.quarterly_milestones`,"
        " `dbt_like_sql/models/marts/milestones/quarterly_milestones.sql`).",
        "Scope: issues and pull requests in a milestone when the quarter began (or the milestone was made) and at the"
        " end; done: closed less opened again (`marts.milestone_days`,"
        " `dbt_like_sql/models/marts/milestones/milestone_days.sql`).",
        "CI figures: `marts.quarterly_rollup` (`dbt_like_sql/models/marts/ci/quarterly_rollup.sql`), by week"
        " `marts.ci_weekly`; categories `marts.failure_categories_quarterly`; what was noted when the report was"
        " published `marts.quarterly_figures`.",
        "Still red after: Kaplan–Meier over episodes that started in the quarter, open ones counted as at least so long"
        " (`marts.recovery_curve_quarterly`).",
        "What CI cost a milestone (`marts.milestone_ci_quarterly`): hours that at least one critical workflow of its"
        " repository was red while it was open, each counted once; job time of its own runs; pull requests whose checks"
        " failed as the default branch's did. Why its 85 % date moved (`marts.milestone_slips`): parts that add up to"
        " the move, what happened meanwhile, no proof of a cause.",
        "Flaky jobs that came and went, and the hours that automatic repair spared, with its assumption:"
        " `marts.quarterly_balance` (`dbt_like_sql/models/marts/ci/quarterly_balance.sql`).",
        "*Italics*: fewer than 5 cases or a part of a quarter, so no change is shown. n: the cases behind a rate, last"
        " quarter's in brackets. Bars: one for each whole week, from the row's lowest to its highest.",
    ]
