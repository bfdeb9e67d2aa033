"""The status as Markdown: what the summary of a workflow's run shows.

Belongs here: the form. What it says is read by ``status``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from roadmap_pipeline.failures.display import escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.wording import title

_DATABASES = {"roadmap": "Engineering Roadmap", "ci_reports": "CI Intelligence Reports"}


def status_page(status: Mapping[str, Any]) -> str:
    """Return what :func:`~roadmap_pipeline.reports.status.read_status` returns, as Markdown with links to Notion."""
    return "\n\n".join(_sections(status))


def _sections(status: Mapping[str, Any]) -> Iterator[str]:
    week = status["latest_week"]
    yield f"## Roadmap and CI · {week['week']}" if week else "## Roadmap and CI"
    if week:
        yield status["headline"] or _figures(week)
        if week["rests_on"]:
            yield week["rests_on"]
    else:
        yield "No week is complete yet."
    if status["milestones"]:
        yield _milestones(status)
    links = [fmt.link(name, status["sync"]["databases"].get(key)) for key, name in _DATABASES.items()]
    if status["sync"]["databases"]:
        yield f"In Notion: {' · '.join(links)}"
    if status["sync"]["conflicts"]:
        conflicts = status["sync"]["conflicts"]
        names = ", ".join(dict.fromkeys(title(row["title"]) for row in conflicts))
        yield f"**In conflict between GitHub and Notion**: {names}. `roadmap status` shows both values."
    unread = [f"- not read: {escape_markdown(one['text'])}" for one in status["unread"]]
    if unread:
        yield "\n".join(unread)
    if status["as_of"]:
        yield f"As of {status['as_of']} UTC."


def _figures(week: Mapping[str, Any]) -> str:
    """Return the week in a sentence, where its report was not given out."""
    passed = f"{fmt.percent(week['final_pass_rate'])} of {fmt.several(week['conclusive_runs'], 'run')}"
    top = f", top cause: {fmt.cause(week['top_failure_category'])}" if week["top_failure_category"] else ""
    jobs = fmt.several(week["failed_job_attempts"], "failed job")
    return f"**{passed} passed in the end**, {jobs}{top}."


def _milestones(status: Mapping[str, Any]) -> str:
    lines = [
        "| milestone | target | status | progress | done | runs passed | trend |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for row in status["milestones"]:
        cells = (
            fmt.link(title(row["title"]), row["page_url"]),
            str(row["target_date"] or "–"),
            str(row["status"]),
            fmt.percent(row["progress"], 0),
            fmt.percent(row["work_done"], 0),
            fmt.percent(row["workflow_pass_rate"]),
            str(row["trend"] or "–"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
