"""The steps that come next, by the weekly report: at most three, each with whom to ask, what it saves, and a link.

Belongs here: which steps come first, and their sentences. Owners and costs are computed in
``marts.failure_owners_weekly`` and ``marts.flaky_job_costs``; nothing is estimated that was not counted.
"""

from collections.abc import Iterable, Iterator, Sequence

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row
from roadmap_pipeline.reports.wording import failing, title

MOST_STEPS = 3
FLAKY_DAYS = 28
"""Days over which ``marts.flaky_job_costs`` counts."""

_BASES = {
    "suspect_change": "author of the suspect change",
    "pull_request": "author of the failing pull request",
    "code_owner": "code owner",
    "file": "changed the file last",
    "assignee_of_blocked": "has a blocked item",
    "assignee": "has most of the open items",
    "milestone_creator": "made the milestone",
}
"""``owner_basis`` in words."""


def next_steps(
    episodes: Sequence[Row], groups: Sequence[Row], flaky: Sequence[Row], milestones: Sequence[Row]
) -> list[Row]:
    """Return at most three steps ``{step, details}``, both Markdown, most urgent first.

    A default branch that is red comes first, then what fails again and again, then a milestone with a risk of high
    severity, then the flakiest job, then the milestone that is due next. A failure that keeps the default branch
    red is named there, and not again.

    Args:
        episodes: Red episodes as the week ended, with ``owner``, ``owner_basis`` and ``owner_url``.
        groups: Failures of the week with the columns of ``marts.failure_owners_weekly``.
        flaky: Ranked flaky jobs with the columns of ``marts.flaky_job_costs``.
        milestones: Open milestones with ``next_step`` and their gravest risk, most urgent first.
    """
    red = sorted((row for row in episodes if row["is_red"]), key=lambda row: -row["hours"])[:1]
    causes = [group for row in red for group in _causes(row, groups)]
    # What happened once may never come back, and what fails since another job did needs no repair of its own.
    again = [row for row in groups if row["failed_runs"] > 1 and not row["is_consequence"] and row not in causes]
    steps = [
        *(_turn_green(row, causes) for row in red),
        *(_look_at(row) for row in again[:1]),
        *(_decide(row) for row in [row for row in milestones if row["worst_severity"] == "high"][:1]),
        *(_repair(row) for row in flaky[:1]),
        *(_move(row) for row in [row for row in milestones if row["next_step"]][:1]),
    ]
    return steps[:MOST_STEPS]


def _causes(episode: Row, groups: Iterable[Row]) -> Iterator[Row]:
    """Yield the failures of the week that hit the default branch in an episode's workflow."""
    for group in groups:
        is_there = group["repo"] == episode["repo"] and group["workflow_path"] == episode["workflow_path"]
        if is_there and group["hit_default_branch"] and not group["is_consequence"]:
            yield group


def _turn_green(row: Row, causes: Sequence[Row]) -> Row:
    since = ""
    if row["first_head_sha"]:
        since = f", since {fmt.link(as_code(row['first_head_sha'][:7], 7), row['first_html_url'])}"
    # Of several the one that struck most: they come ordered.
    cause = f"; {failing(causes[0])} fails" if causes else ""
    return _step(
        f"**Turn {as_code(row['workflow'], 40)} of {row['repo']} green**: red for {fmt.hours(row['hours'])}{since}"
        f"{cause.replace(', fails', ' fails')}.",
        row,
        _cost(causes[0]) if causes else "",
        causes[0]["example_url"] if causes else None,
    )


def _look_at(row: Row) -> Row:
    job = as_code(row["job_base_name"] or "", 60) or "a job"
    return _step(
        f"**Look at {failing(row).rstrip(',')}** in {job} of {row['repo']}: the same failure hit"
        f" {fmt.several(row['failed_runs'], 'run')} this week.",
        row,
        _cost(row),
        row["example_url"],
    )


def _repair(row: Row) -> Row:
    test = f", mostly {as_code(row['test'], 100)}" if row["test"] else ""
    cost = ""
    if row["flaky_job_attempts"]:
        jobs = fmt.several(row["flaky_job_attempts"], "failed job")
        cost = f"{jobs} and {_minutes(row['minutes_lost'])} in {FLAKY_DAYS} days"
    return _step(
        f"**Repair or quarantine {as_code(row['job_name'], 60)}** of {row['repo']}: flaky on"
        f" {row['flaky_commits']} of {fmt.several(row['commits'], 'commit')}{test}.",
        row,
        cost,
        row["example_url"],
    )


def _decide(row: Row) -> Row:
    return _step(
        f"**Decide on {title(row['notion_title'])}**: {row['risk'].lower()} since {row['worst_since']}."
        f" {escape_markdown(row['risk_cause'])} What clears it: {escape_markdown(row['clears_when'])}",
        row | {"owner_url": None},
        "",
        row["html_url"],
        link="milestone",
    )


def _move(row: Row) -> Row:
    target = f", target {row['due_date'].isoformat()}" if row["due_date"] else ""
    return _step(
        f"**Move {title(row['notion_title'])}** ({fmt.percent(row['progress'], 0)}{target}):"
        f" {escape_markdown(row['next_step'])} points.",
        {"owner": None},
        "",
        row["html_url"],
        link="milestone",
    )


def _step(text: str, owned: Row, cost: str, example_url: str | None, link: str = "example") -> Row:
    details = [owner(owned)]
    if cost:
        details.append(f"saves {cost}")
    if (shown := fmt.link(link, example_url)) != link:
        details.append(shown)
    return {"step": text, "details": " · ".join(details)}


def owner(row: Row) -> str:
    """Return whom to ask and why that person, as Markdown; says so where nobody is known."""
    if not row["owner"]:
        return "no owner known"
    login = fmt.link(escape_markdown(row["owner"]), row["owner_url"])
    return f"ask **{login}** ({_BASES[row['owner_basis']]})"


def _cost(row: Row) -> str:
    """Return what equal failures would have spared in the week, had they not been."""
    jobs = f"{fmt.several(row['failed_job_attempts'], 'failed job')} and {_minutes(row['minutes_lost'])} a week"
    if not row["pull_requests"]:
        return jobs
    return f"{jobs}, {fmt.several(row['pull_requests'], 'pull request')} not held up"


def _minutes(minutes: float) -> str:
    return fmt.seconds(60 * minutes)
