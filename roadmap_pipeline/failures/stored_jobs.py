"""Judging the failed jobs that are stored (also those cancelled at a time limit), and storing the verdicts.

Belongs here: which jobs need a (new) verdict, and the rows of ``derived.failure_verdicts``. Reading logs from GitHub
belongs to ``github``, counting failures to the SQL models.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from roadmap_pipeline import interruption, progress
from roadmap_pipeline.failures.classifier import Classifier, classify_excerpt, default_classifier
from roadmap_pipeline.failures.matching.novelty import Baseline, unpacked
from roadmap_pipeline.failures.matching.rule import RuleSet
from roadmap_pipeline.failures.rules.rule_set import default_rules
from roadmap_pipeline.failures.rules.taxonomy import UNKNOWN
from roadmap_pipeline.failures.time_limits import TIMED_OUT
from roadmap_pipeline.failures.verdict import JobFacts, StepFacts, Verdict
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb

_BATCH = 500

Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Rows of a query with parameters."""

# A verdict is out of date when the rules changed, or when there is more to judge by now: the log of a finished job, and
# what GitHub noted about one without a log, never change. What passing runs say matters where no rule knows the cause.
_JUDGED_FROM = """
case when logs.excerpt is not null then 'log' when json_array_length(logs.annotations) > 0 then 'annotations' else 'job'
end
"""
# What retention has dropped can't be judged again: its verdict, by the rules of that time, stays.
IS_DROPPED = "coalesce(logs.state = 'stored' and logs.excerpt is null, false)"
"""Condition on ``logs``, a row of ``raw.job_logs``: its excerpt was there once."""
_RUN = "raw.workflow_runs as runs on runs.run_id = jobs.run_id and runs.run_attempt = jobs.run_attempt"
_PASSING = """
raw.passing_logs as passing
    on passing.lines is not null and passing.repo = jobs.repo and passing.workflow_path = runs.workflow_path
    and passing.job_name = jobs.name
"""
_TO_JUDGE = f"""
select jobs.job_id
from raw.workflow_jobs as jobs
left join raw.job_logs as logs on logs.job_id = jobs.job_id
left join derived.failure_verdicts as verdicts on verdicts.job_id = jobs.job_id
where (jobs.conclusion in ('failure', 'timed_out', 'startup_failure') or {TIMED_OUT})
  and (verdicts.job_id is null or not {IS_DROPPED})
  and (verdicts.ruleset_version is distinct from ? or verdicts.judged_from is distinct from {_JUDGED_FROM}
       or jobs.job_id in (
           select jobs.job_id
           from derived.failure_verdicts as unknown
           join raw.workflow_jobs as jobs on jobs.job_id = unknown.job_id
           join {_RUN}
           join {_PASSING}
           where unknown.category = '{UNKNOWN}' and unknown.judged_from = 'log'
               and unknown.compared_with is distinct from passing.job_id
       ))
order by jobs.job_id
"""  # noqa: S608
_JOBS = f"""
select jobs.repo, jobs.job_id, jobs.run_id, jobs.run_attempt, {_JUDGED_FROM}, jobs.name,
       case jobs.conclusion when 'cancelled' then 'timed_out' else jobs.conclusion end, jobs.steps,
       logs.excerpt, logs.excerpt_spans, logs.annotations, case when logs.excerpt is not null then passing.job_id end
from raw.workflow_jobs as jobs
left join raw.job_logs as logs on logs.job_id = jobs.job_id
left join {_RUN}
left join {_PASSING}
where jobs.job_id in (select unnest(?))
order by jobs.job_id
"""  # noqa: S608
_SAID = "select lines from raw.passing_logs where job_id = ?"
_WITH_LOG = """
select jobs.job_id, verdicts.category
from raw.workflow_jobs as jobs
join raw.job_logs as logs on logs.job_id = jobs.job_id and logs.excerpt is not null
left join derived.failure_verdicts as verdicts
    on verdicts.job_id = jobs.job_id and verdicts.judged_from = 'log' and verdicts.ruleset_version = ?
where jobs.repo = ? and jobs.completed_at >= ? and jobs.conclusion in ('failure', 'timed_out', 'startup_failure')
order by jobs.job_id
"""


def classify_failures(con: "duckdb.DuckDBPyConnection", *, rules: RuleSet | None = None) -> int:
    """Judge the failed jobs that have no verdict of these rules yet, or of which more is known since; returns how many.

    Either all verdicts are stored or, after an error, none.
    """
    chosen = default_rules() if rules is None else rules
    jobs = [job_id for (job_id,) in con.execute(_TO_JUDGE, [chosen.version]).fetchall()]
    if not jobs:
        return 0
    classifier = default_classifier() if chosen == default_rules() else Classifier(chosen)
    with progress.task("Classifying failed jobs", total=len(jobs)) as task, transaction(con):
        for start in range(0, len(jobs), _BATCH):
            batch = judged(con, classifier, jobs[start : start + _BATCH])
            replace_rows(con, "derived.failure_verdicts", batch)
            task.advance(len(batch))
            interruption.check()
    return len(jobs)


def judged(con: "duckdb.DuckDBPyConnection", classifier: Classifier, jobs: Sequence[int]) -> list[dict[str, Any]]:
    """Return the verdicts on stored failed jobs as rows of ``derived.failure_verdicts``, by job. Nothing is written."""
    return _judged(lambda sql, parameters: con.execute(sql, parameters).fetchall(), classifier, jobs)


def unknown_jobs(query: Query, classifier: Classifier | None, repo: str, since: datetime) -> list[int]:
    """Return the failed jobs of a repository that ended ``since`` (naive UTC), whose log no rule knows.

    Those that have no verdict yet are judged, without a classifier by the project's own rules. Nothing is written.
    """
    rules = default_rules() if classifier is None else classifier.rules
    verdicts: dict[int, str | None] = dict(query(_WITH_LOG, [rules.version, repo, since]))
    to_judge = [job_id for job_id, category in verdicts.items() if category is None]
    for start in range(0, len(to_judge), _BATCH):
        # Compiled only here: it takes the better part of a second, and most polls find nothing to judge.
        classifier = classifier or default_classifier()
        rows = _judged(query, classifier, to_judge[start : start + _BATCH])
        verdicts |= {row["job_id"]: row["category"] for row in rows}
    return [job_id for job_id, category in verdicts.items() if category == UNKNOWN]


def baselines(con: "duckdb.DuckDBPyConnection") -> Callable[[int], Baseline]:
    """Return what is stored of passing logs, by the job of ``raw.passing_logs``; each is read once."""
    return _baselines(lambda sql, parameters: con.execute(sql, parameters).fetchall())


def _baselines(query: Query) -> Callable[[int], Baseline]:
    return cache(lambda passing_job: unpacked(query(_SAID, [passing_job])[0][0]))


def _judged(query: Query, classifier: Classifier, jobs: Sequence[int]) -> list[dict[str, Any]]:
    baseline_of_job = _baselines(query)
    return [_row(classifier, baseline_of_job, *job) for job in query(_JOBS, [jobs])]


def _row(
    classifier: Classifier,
    baseline_of_job: Callable[[int], Baseline],
    repo: str,
    job_id: int,
    run_id: int,
    run_attempt: int,
    judged_from: str,
    name: str | None,
    conclusion: str,
    steps: str | None,
    excerpt: str | None,
    line_ranges: str | None,
    annotations: str | None,
    passing_job: int | None,
) -> dict[str, Any]:
    facts = JobFacts(
        conclusion=conclusion,
        steps=tuple(
            StepFacts(step.get("name") or "", step.get("status"), step.get("conclusion"), step.get("number"))
            for step in json.loads(steps or "[]")
        ),
        annotations=tuple(_noted(annotations)),
        has_log=excerpt is not None,
        name=name or "",
    )
    kept = (excerpt or "", json.loads(line_ranges or "[]"), facts, classifier)
    verdict = classify_excerpt(*kept)
    compared_with = passing_job if verdict is not None and verdict.category == UNKNOWN else None
    if compared_with is not None:
        verdict = classify_excerpt(*kept, baseline_of_job(compared_with))
    key = {"repo": repo, "job_id": job_id, "run_id": run_id, "run_attempt": run_attempt}
    return key | _columns(verdict) | {"judged_from": judged_from, "compared_with": compared_with}


def _noted(annotations: str | None) -> Iterator[str]:
    """Yield what the annotations of ``raw.job_logs`` say, each title before its message."""
    for one in json.loads(annotations or "[]"):
        yield from (text for text in (one.get("title"), one.get("message")) if text)


def _columns(verdict: Verdict | None) -> dict[str, Any]:
    assert verdict is not None, "a job that failed always gets a verdict"
    return {
        "category": verdict.category,
        "domain": verdict.domain,
        "rule_id": verdict.rule_id,
        "fingerprint": verdict.fingerprint,
        "known_by": verdict.known_by,
        "failed_tests": [test.name for test in verdict.failed_tests],
        "failed_tests_why": [test.why for test in verdict.failed_tests],
        "failed_tests_count": verdict.failed_tests_count,
        "line": verdict.line,
        "evidence": verdict.evidence,
        "retryable": verdict.retryable,
        "ruleset_version": verdict.ruleset_version,
    }
