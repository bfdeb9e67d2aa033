"""The sticky comment of an open pull request, as Markdown.

Verdict first, in one line; then at most :data:`SHOWN_FAILURES` failing jobs with cause and whether this change is to
blame; the milestone's progress folded away. Quiet when green.
No time is printed (GitHub shows when it was edited), so that the text depends on the tables alone. Titles and log lines
come from strangers: all are neutralised.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows

if TYPE_CHECKING:
    import duckdb

SHOWN_FAILURES = 5

_PULLS = """
    select p.repo, p.number, p.head_sha, m.milestone, s.due_date, s.progress, s.trend
    from raw.pull_requests as p
    left join derived.pull_request_milestones as m on m.repo = p.repo and m.number = p.number
    left join (
        select x.repo, x.milestone, x.progress, x.trend, y.due_date
        from marts.milestone_metrics as x
        join marts.milestones as y on y.repo = x.repo and y.milestone = x.milestone
    ) as s on s.repo = p.repo and s.milestone = m.milestone
    where p.state = 'open'
    order by p.repo, p.number
"""

_RUNS = """
    select r.repo, r.head_sha, count(*) as runs,
        count(*) filter (where r.outcome = 'pass') as passed,
        count(*) filter (where r.outcome = 'fail') as failed,
        count(*) filter (where r.outcome = 'pending') as pending
    from marts.ci_runs as r
    where r.is_latest_attempt and r.outcome <> 'void'
    group by all
"""

_FAILURES = """
    select f.repo, f.head_sha, f.job_name, f.category, f.evidence, f.html_url, f.domain,
        f.is_flaky, f.is_preexisting, f.is_retryable, f.workflow_path
    from marts.ci_failures as f
    join marts.ci_runs as r on r.run_id = f.run_id and r.run_attempt = f.run_attempt and r.is_latest_attempt
    order by f.repo, f.head_sha, f.is_preexisting, f.is_flaky, f.domain <> 'code', f.job_name
"""

_PROGRESS = """
    select p.repo, p.milestone, p.points, p.points_possible, p.reason
    from marts.milestone_progress as p
    order by p.repo, p.milestone, p.points_possible desc, p.rule
"""


def pull_request_comments(con: "duckdb.DuckDBPyConnection") -> list[Row]:
    """Rows of ``derived.pull_request_comments``: one per open pull request."""
    runs = {(row["repo"], row["head_sha"]): row for row in rows(con, _RUNS)}
    failures: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, _FAILURES):
        failures[row["repo"], row["head_sha"]].append(row)
    progress: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, _PROGRESS):
        progress[row["repo"], row["milestone"]].append(row)
    return [
        {
            "repo": pull["repo"],
            "number": pull["number"],
            "body": _body(
                pull,
                runs.get((pull["repo"], pull["head_sha"])),
                failures[pull["repo"], pull["head_sha"]],
                progress[pull["repo"], pull["milestone"]],
            ),
        }
        for pull in rows(con, _PULLS)
    ]


def _body(pull: Row, runs: Row | None, failures: list[Row], progress: list[Row]) -> str:
    lines = [
        " · ".join(
            filter(None, (f"**{_verdict(runs, failures)}**", f"commit `{pull['head_sha'][:7]}`", _milestone(pull)))
        )
    ]
    lines += [_failure(failure) for failure in failures[:SHOWN_FAILURES]]
    if len(failures) > SHOWN_FAILURES:
        lines.append(f"- … and {len(failures) - SHOWN_FAILURES} more failing jobs")
    if progress:
        lines += ["", "<details><summary>Milestone progress explained</summary>", ""]
        lines += [
            f"- +{row['points']} of {row['points_possible']}: {escape_markdown(row['reason'])}" for row in progress
        ]
        lines += ["", "</details>"]
    return "\n".join(lines)


def _verdict(runs: Row | None, failures: list[Row]) -> str:
    if runs is None:
        return "CI: no run for this commit yet"
    if runs["failed"]:
        if not failures:
            return f"CI: {runs['failed']} of {runs['runs']} runs failed without a failing job"
        ours = sum(_is_probably_ours(failure) for failure in failures)
        jobs = "1 failing job" if len(failures) == 1 else f"{len(failures)} failing jobs"
        return f"CI: {ours} of {jobs} probably from this change" if ours else f"CI: {jobs}, none from this change"
    if runs["pending"]:
        return f"CI: {runs['passed']} of {runs['runs']} runs passed, {runs['pending']} still going"
    return f"CI: all {runs['runs']} runs passed" if runs["runs"] > 1 else "CI: passed"


def _is_probably_ours(failure: Row) -> bool:
    return not (failure["is_flaky"] or failure["is_preexisting"] or failure["domain"] == "platform")


def _failure(failure: Row) -> str:
    if failure["is_preexisting"]:
        mark, verdict = "🟠", "already failing on the default branch → not this change"
    elif failure["is_flaky"]:
        mark, verdict = "🟡", "flaky: it also passed on this commit → run it again"
    elif failure["domain"] == "platform":
        mark, verdict = "🔵", "infrastructure → run it again" if failure["is_retryable"] else "infrastructure"
    else:
        mark, verdict = "🔴", "probably this change"
    job = as_code(failure["job_name"], 60)
    name = f"[{job}]({failure['html_url']})" if failure["html_url"] else job
    evidence = f": {as_code(failure['evidence'], 140)}" if failure["evidence"] else ""
    return f"- {mark} {name} {failure['category'].replace('_', ' ')}, {verdict}{evidence}"


def _milestone(pull: Row) -> str:
    if pull["milestone"] is None or pull["progress"] is None:
        return ""
    target = f" · target {pull['due_date'].isoformat()}" if pull["due_date"] else ""
    return f"Milestone *{escape_markdown(pull['milestone'])}* {fmt.percent(pull['progress'], 0)}{target}"
