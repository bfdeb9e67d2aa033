"""The sticky comment of an open pull request, as Markdown.

Verdict first, in one line; then at most :data:`SHOWN_FAILURES` failing jobs, each with its cause, whether this change
is to blame and why, and which tests failed; the milestone's progress folded away; below it why the comment is there and
how to switch it off. Where nothing failed a new one is a single line. It speaks of the runs of the latest commit, and
of the merge queue's for it; each verdict links what it judges.
No time is printed, so that the text depends on the tables alone: as of when it speaks is added where it is written.
Titles and log lines come from strangers: all are neutralised, and what a fork's jobs print is not repeated at all.
Whether a new comment is worth making is decided in ``publish.pull_request_comments``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.wording import title

if TYPE_CHECKING:
    import duckdb

SHOWN_FAILURES = 5
SHOWN_RUNS = 5
SHOWN_TESTS = 3

_PULLS = """
    select p.repo, p.number, p.head_sha, p.head_repo is distinct from p.repo as is_fork, m.milestone, s.due_date,
        s.progress, s.work_done, s.risk
    from raw.pull_requests as p
    left join derived.pull_request_milestones as m on m.repo = p.repo and m.number = p.number
    left join (
        select x.repo, x.milestone, x.progress, z.work_done, y.due_date, v.worst_label as risk
        from marts.milestone_metrics as x
        join marts.milestones as y on y.repo = x.repo and y.number = x.number
        join marts.milestone_work as z on z.repo = x.repo and z.number = x.number
        left join marts.milestone_risk_summary as v on v.repo = x.repo and v.number = x.number
    ) as s on s.repo = p.repo and s.milestone = m.milestone
    where p.state = 'open'
    order by p.repo, p.number
"""

_OF_PULLS = """
    with pulls as (
        select p.repo, p.number, p.head_sha, p.created_at from raw.pull_requests as p where p.state = 'open'
    ), of_heads as (
        select p.repo, p.number, r.run_id, false as is_queued, r.created_at
        from pulls as p
        join marts.ci_runs as r on r.repo = p.repo and r.head_sha = p.head_sha and r.is_latest_attempt
    ), starts as (
        -- What was queued before the latest commit was there says nothing about it.
        select p.repo, p.number, coalesce(min(h.created_at), min(c.committed_at), min(p.created_at)) as since
        from pulls as p
        left join of_heads as h on h.repo = p.repo and h.number = p.number
        left join raw.commits as c on c.repo = p.repo and c.sha = p.head_sha
        group by p.repo, p.number
    ), queued as (
        select s.repo, s.number, r.run_id, r.head_sha, r.created_at
        from starts as s
        join marts.ci_runs as r
            on r.repo = s.repo and r.pull_request_number = s.number and r.is_latest_attempt
            and starts_with(r.branch, 'gh-readonly-queue/') and r.created_at >= s.since
    ), of_pulls as (
        select h.repo, h.number, h.run_id, h.is_queued from of_heads as h
        union all
        -- Of several times that it was queued, the last.
        select q.repo, q.number, q.run_id, true
        from queued as q
        semi join (
            select n.repo, n.number, arg_max(n.head_sha, (n.created_at, n.run_id)) as head_sha
            from queued as n
            group by n.repo, n.number
        ) as n on n.repo = q.repo and n.number = q.number and n.head_sha = q.head_sha
    )
"""
"""The runs that a comment speaks of: of the pull request's latest commit, and of the merge queue for it."""

_RUNS = f"""
    {_OF_PULLS}
    select o.repo, o.number, count(*) as runs,
        count(*) filter (where r.outcome = 'pass') as passed,
        count(*) filter (where r.outcome = 'fail') as failed,
        count(*) filter (where r.outcome = 'pending') as pending,
        max(r.created_at) filter (where r.outcome = 'pending') as going_since,
        case
            when bool_or(r.outcome = 'fail') filter (where o.is_queued) then 'failed'
            when bool_or(r.outcome = 'pending') filter (where o.is_queued) then 'still going'
            when bool_or(o.is_queued) then 'passed'
        end as queue,
        max_by(r.html_url, (r.outcome = 'fail', r.outcome = 'pending', r.run_id)) filter (where o.is_queued)
            as queue_url,
        list(
            {{'workflow': parse_filename(r.workflow_path), 'url': r.html_url}} order by r.workflow_path, r.run_id
        ) filter (where not o.is_queued and r.html_url is not null) as links
    from of_pulls as o
    join marts.ci_runs as r on r.run_id = o.run_id and r.is_latest_attempt and r.outcome <> 'void'
    group by o.repo, o.number
"""  # noqa: S608

_FAILURES = f"""
    {_OF_PULLS}
    select o.repo, o.number, o.is_queued, f.job_name, f.category, f.evidence, coalesce(f.html_url, r.html_url) as url,
        v.verdict, v.reason, v.since_url, v.is_consequence, v.failed_tests_count as tests_count, t.tests
    from of_pulls as o
    -- A job may fail without failing its run (continue-on-error), or in a run that was called off.
    join marts.ci_runs as r on r.run_id = o.run_id and r.is_latest_attempt and r.outcome in ('fail', 'pending')
    join marts.ci_failures as f on f.run_id = r.run_id and f.run_attempt = r.run_attempt
    join marts.ci_verdicts as v on v.job_id = f.job_id
    left join (
        select d.job_id, list({{'test': d.test, 'why': d.why}} order by d.test)[:{SHOWN_TESTS}] as tests
        from marts.failed_tests as d
        semi join of_pulls as w on w.run_id = d.run_id
        group by d.job_id
    ) as t on t.job_id = f.job_id
    order by o.repo, o.number,
        list_position(['this_change', 'unclear', 'infrastructure', 'known_flaky', 'already_failing'], v.verdict),
        o.is_queued, f.job_name, f.workflow_path, f.job_id
"""  # noqa: S608

_PROGRESS = """
    select p.repo, p.milestone, p.points, p.points_possible, p.reason, p.next_step
    from marts.milestone_progress as p
    where p.points_possible > 0
    order by p.repo, p.milestone, p.points_possible desc, p.rule
"""

_WHEN_GREEN = """
    select p.comments_when_green from config.parameters as p
"""

_VERDICTS = {
    "this_change": ("🔴", "**probably this change**: {reason}"),
    "unclear": ("⚪", "**may or may not be this change**: {reason}"),
    "infrastructure": ("🔵", "**infrastructure**: {reason} → run it again"),
    "known_flaky": ("🟡", "**known {reason}** → run it again"),
    "already_failing": ("🟠", "**not this change**: {reason}"),
}
"""``marts.ci_verdicts.verdict``: the mark, and what to make of it. The reason of the fourth begins with "flaky"."""

_OCCASIONS = {
    "milestone": "pull requests on which something failed, and on green ones of a milestone",
    "always": "open pull requests",
    "edit_only": "pull requests on which something failed",
}
"""The pull requests that get new comments, by ``comments.when_green``."""


def pull_request_comments(con: "duckdb.DuckDBPyConnection") -> list[Row]:
    """Return the rows of ``derived.pull_request_comments``: one per open pull request."""
    runs = {(row["repo"], row["number"]): row for row in rows(con, _RUNS)}
    failures: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows(con, _FAILURES):
        failures[row["repo"], row["number"]].append(row)
    progress: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, _PROGRESS):
        progress[row["repo"], row["milestone"]].append(row)
    when_green = "".join(row["comments_when_green"] or "" for row in rows(con, _WHEN_GREEN))
    return [
        _comment(
            pull,
            runs.get((pull["repo"], pull["number"])),
            failures[pull["repo"], pull["number"]],
            progress[pull["repo"], pull["milestone"]],
            when_green,
        )
        for pull in rows(con, _PULLS)
    ]


def _comment(pull: Row, runs: Row | None, failures: list[Row], progress: list[Row], when_green: str) -> Row:
    state = _state(runs, failures)
    headline = _headline(pull, runs, failures)
    body = _body(pull, headline, failures, progress, when_green)
    return {
        "repo": pull["repo"],
        "number": pull["number"],
        "body": body,
        # Of several lines only where there is something to look at.
        "body_when_new": body if state == "red" else f"{headline} · <sub>off: `comments.when_green`</sub>",
        "state": state,
        "going_since": runs["going_since"] if runs else None,
    }


def _state(runs: Row | None, failures: list[Row]) -> str:
    if runs is None:
        return "none"
    if failures or runs["failed"]:
        return "red"
    return "going" if runs["pending"] else "green"


def _headline(pull: Row, runs: Row | None, failures: list[Row]) -> str:
    # Failing jobs are linked below, each with its verdict.
    links = "" if failures or runs is None else _links(runs)
    # What only says that another job failed is no failure of its own.
    causes = [failure for failure in failures if not failure["is_consequence"]]
    parts = (f"**CI: {_verdict(runs, causes)}**", _commit(pull), links, _queue(runs), _milestone(pull))
    return " · ".join(filter(None, parts))


def _body(pull: Row, headline: str, failures: list[Row], progress: list[Row], when_green: str) -> str:
    causes = [failure for failure in failures if not failure["is_consequence"]]
    lines = [headline]
    if causes:
        lines.append("")
    for failure in causes[:SHOWN_FAILURES]:
        lines += _failure(failure, is_fork=pull["is_fork"])
    if len(causes) > SHOWN_FAILURES:
        lines.append(f"- … and {fmt.several(len(causes) - SHOWN_FAILURES, 'more failing job')}")
    lines += [
        f"- {_job(failure)} only says that another job failed" for failure in failures if failure["is_consequence"]
    ]
    if progress:
        lines += ["", "<details><summary>Milestone progress explained</summary>", ""]
        lines += [_rule(row) for row in progress]
        lines += ["", "</details>"]
    lines += [
        "",
        f"<sub>One comment, kept up to date, on {_OCCASIONS.get(when_green, _OCCASIONS['milestone'])}. To switch new"
        ' ones off: `create = "never"` under `[comments]` in `roadmap.toml`.</sub>',
    ]
    return "\n".join(lines)


def _links(runs: Row) -> str:
    """Return the runs that the verdict is about, as far as their pages are known."""
    links = runs["links"] or []
    shown = [fmt.link(as_code(link["workflow"] or "", 40) or "a run", link["url"]) for link in links[:SHOWN_RUNS]]
    more = f" and {len(links) - SHOWN_RUNS} more" if len(links) > SHOWN_RUNS else ""
    return f"{', '.join(shown)}{more}"


def _queue(runs: Row | None) -> str:
    """Return how it went in the merge queue; empty when it was in none."""
    if runs is None or runs["queue"] is None:
        return ""
    return f"{fmt.link('merge queue', runs['queue_url'])}: {runs['queue']}"


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


def _failure(failure: Row, *, is_fork: bool) -> Iterator[str]:
    mark, wording = _VERDICTS[failure["verdict"]]
    verdict = wording.format(reason=fmt.link(escape_markdown(failure["reason"]), failure["since_url"]))
    tests = [] if is_fork else failure["tests"] or []
    # The line that proves the cause of failing tests names one of them.
    evidence = "" if is_fork or tests or not failure["evidence"] else f": {as_code(failure['evidence'], 140)}"
    yield f"- {mark} {_job(failure)} · {fmt.cause(failure['category'])}{evidence} · {verdict}"
    for test in tests:
        why = f": {as_code(test['why'], 140)}" if test["why"] else ""
        yield f"  - {as_code(test['test'], 140)}{why}"
    if tests and failure["tests_count"] > len(tests):
        yield f"  - … and {fmt.several(failure['tests_count'] - len(tests), 'more failing test')}"


def _job(failure: Row) -> str:
    job = fmt.link(as_code(failure["job_name"] or "", 60) or "a job", failure["url"])
    return f"{job} in the merge queue" if failure["is_queued"] else job


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
    work = f", {fmt.percent(pull['work_done'], 0)} of the work done" if pull["work_done"] is not None else ""
    risk = f" ⚠ {pull['risk'].lower()}" if pull["risk"] else ""
    return f"Milestone {title(pull['milestone'])}: progress {fmt.percent(pull['progress'], 0)}{work}{target}{risk}"
