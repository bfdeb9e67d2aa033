"""The sticky comment of an open pull request, as Markdown.

Verdict first, in one line; then at most :data:`SHOWN_FAILURES` failing jobs with cause and whether this change is to
blame; the milestone's progress folded away. Quiet when green: one line and the fold.
No time is printed (GitHub shows when it was edited), so that the text depends on the tables alone. Titles and log lines
come from strangers: all are neutralised, and what a fork's jobs print is not repeated at all.
"""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.wording import title

if TYPE_CHECKING:
    import duckdb

SHOWN_FAILURES = 5

_PULLS = """
    select p.repo, p.number, p.head_sha, p.head_repo is distinct from p.repo as is_fork, m.milestone, s.due_date,
        s.progress
    from raw.pull_requests as p
    left join derived.pull_request_milestones as m on m.repo = p.repo and m.number = p.number
    left join (
        select x.repo, x.milestone, x.progress, y.due_date
        from marts.milestone_metrics as x
        join marts.milestones as y on y.repo = x.repo and y.number = x.number
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
    select f.repo, f.head_sha, f.job_name, f.category, f.evidence, f.html_url, v.verdict, v.reason, v.since_url
    from marts.ci_failures as f
    join marts.ci_verdicts as v on v.job_id = f.job_id
    -- A job may fail without failing its run (continue-on-error), or in a run that was called off.
    join marts.ci_runs as r
        on r.run_id = f.run_id and r.run_attempt = f.run_attempt and r.is_latest_attempt
        and r.outcome in ('fail', 'pending')
    order by f.repo, f.head_sha,
        list_position(['this_change', 'unclear', 'infrastructure', 'known_flaky', 'already_failing'], v.verdict),
        f.job_name, f.workflow_path, f.job_id
"""

_PROGRESS = """
    select p.repo, p.milestone, p.points, p.points_possible, p.reason, p.next_step
    from marts.milestone_progress as p
    where p.points_possible > 0
    order by p.repo, p.milestone, p.points_possible desc, p.rule
"""

_VERDICTS = {
    "this_change": ("🔴", "probably this change"),
    "unclear": ("⚪", "may or may not be this change"),
    "infrastructure": ("🔵", "infrastructure → run it again"),
    "known_flaky": ("🟡", "known flaky, {reason} → run it again"),
    "already_failing": ("🟠", "not this change, {reason}"),
}
"""``marts.ci_verdicts.verdict``: the mark, and what to make of it."""


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
    lines = [" · ".join(filter(None, (f"**CI: {_verdict(runs, failures)}**", _commit(pull), _milestone(pull))))]
    lines += [_failure(failure, is_fork=pull["is_fork"]) for failure in failures[:SHOWN_FAILURES]]
    if len(failures) > SHOWN_FAILURES:
        lines.append(f"- … and {fmt.several(len(failures) - SHOWN_FAILURES, 'more failing job')}")
    if progress:
        lines += ["", "<details><summary>Milestone progress explained</summary>", ""]
        lines += [_rule(row) for row in progress]
        lines += ["", "</details>"]
    return "\n".join(lines)


def _verdict(runs: Row | None, failures: list[Row]) -> str:
    if runs is None:
        return "no run for this commit yet"
    going = f", {fmt.several(runs['pending'], 'run')} still going" if runs["pending"] else ""
    if failures:
        blamed = Counter(failure["verdict"] for failure in failures)
        jobs = fmt.several(len(failures), "failing job")
        ours, unclear = blamed["this_change"], blamed["unclear"]
        if ours == len(failures):
            return f"{jobs}, probably from this change{going}"
        if ours:
            return f"{ours} of {jobs} probably from this change{f', {unclear} unclear' if unclear else ''}{going}"
        if unclear == len(failures):
            return f"{jobs}, unclear whether from this change{going}"
        if unclear:
            return f"{unclear} of {jobs} unclear, the others probably not from this change{going}"
        return f"{jobs}, probably not from this change{going}"
    if runs["failed"]:
        return f"{runs['failed']} of {fmt.several(runs['runs'], 'run')} failed without a failed job{going}"
    if runs["pending"]:
        passed = f"{runs['passed']} of {fmt.several(runs['runs'], 'run')} passed, " if runs["passed"] else ""
        return f"{passed}{fmt.several(runs['pending'], 'run') if not passed else runs['pending']} still going"
    return {1: "passed", 2: "both runs passed"}.get(runs["runs"], f"all {runs['runs']} runs passed")


def _failure(failure: Row, *, is_fork: bool) -> str:
    mark, wording = _VERDICTS[failure["verdict"]]
    reason = escape_markdown(failure["reason"])
    verdict = wording.format(reason=fmt.link(reason, failure["since_url"]))
    job = fmt.link(as_code(failure["job_name"] or "", 60) or "a job", failure["html_url"])
    evidence = "" if is_fork or not failure["evidence"] else f": {as_code(failure['evidence'], 140)}"
    return f"- {mark} {job} · {fmt.cause(failure['category'])} · {verdict}{evidence}"


def _rule(row: Row) -> str:
    step = f". {escape_markdown(row['next_step'][:1].upper() + row['next_step'][1:])}" if row["next_step"] else ""
    return (
        f"- {row['points']} of {fmt.several(row['points_possible'], 'point')}: {escape_markdown(row['reason'])}{step}"
    )


def _commit(pull: Row) -> str:
    return f"commit `{pull['head_sha'][:7]}`" if pull["head_sha"] else ""


def _milestone(pull: Row) -> str:
    if pull["milestone"] is None or pull["progress"] is None:
        return ""
    target = f" · target {pull['due_date'].isoformat()}" if pull["due_date"] else ""
    return f"Milestone {title(pull['milestone'])}: {fmt.percent(pull['progress'], 0)}{target}"
