"""The models on the simulated organisation, compared with what it knows to be true.

The truth is a second implementation of the definitions, on the simulation's own records instead of payloads; counts,
rates and percentiles of periods are reckoned from it in pandas (``reckoning``).
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from roadmap_pipeline.configuration import DEFAULT_BOTS
from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.warehouse.models import build
from roadmap_pipeline.warehouse.source_tables import create_source_tables, replace_table
from roadmap_pipeline_tests.dbt_like_sql.models.reckoning import GRAINS, Reckoning, ratio, rows_of, time, wilson
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import AS_OF, StoredHistory, Warehouse, project
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.organisation import generate
from roadmap_sandbox.organisation.truth import GroundTruth


@dataclass(frozen=True)
class Organisation:
    """The built models, and what they should say."""

    warehouse: Warehouse
    truth: GroundTruth
    reckoning: Reckoning

    def table(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table as dicts."""
        found = self.warehouse.con.execute(f"from {name}")
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    import duckdb

    content, truth = generate(seed=11, weeks=16)
    reading = records.Provenance(AS_OF, "simulated")
    history = StoredHistory(default_branch=None)
    rows = history.rows
    rows["raw.repositories"] = [records.repository_row(payload, reading) for payload in content.repositories.values()]
    for table, by_repo, make in (
        ("raw.workflow_runs", content.runs, records.run_row),
        ("raw.workflow_jobs", content.jobs, records.job_row),
        ("raw.pull_requests", content.pull_requests, records.pull_request_row),
        ("raw.issues", content.issues, records.issue_row),
        ("raw.milestones", content.milestones, records.milestone_row),
        ("raw.issue_events", content.issue_events, records.issue_event_row),
    ):
        rows[table] = [make(payload, repo, reading) for repo, payloads in by_repo.items() for payload in payloads]
    rows["raw.job_logs"] = [
        {
            "repo": repo, "job_id": job["id"], "run_id": job["run_id"], "run_attempt": job["run_attempt"],
            "state": "not_asked", "annotations": json.dumps(content.annotations[job["id"]]),
        }
        for repo, jobs in content.jobs.items()
        for job in jobs
        if job["id"] in content.annotations
    ]  # fmt: skip
    rows["raw.commits"] = [row for repo in content.repositories for row in _commits(content, repo, reading)]
    rows["derived.failure_verdicts"] = [
        {
            "repo": each.repo,
            "job_id": each.job_id,
            "run_id": each.run_id,
            "run_attempt": each.run_attempt,
            "category": each.category,
            "domain": CATEGORIES[each.category].domain,
            "retryable": CATEGORIES[each.category].retryable,
            "fingerprint": f"{each.cause}-{each.detail}",
        }
        for each in truth.failed_jobs
    ]
    tables = history.tables() | {"config.autofix_bots": [{"login": login} for login in DEFAULT_BOTS]}
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        create_source_tables(con)
        for table, values in tables.items():
            replace_table(con, table, values)
        build(con, project())
        yield Organisation(Warehouse(con), truth, Reckoning(content, truth, AS_OF))


def _commits(content: GitHubContent, repo: str, reading: records.Provenance) -> Iterator[dict[str, Any]]:
    """Yield what is read of commits: all of the pull requests whose latest commit no run tested."""
    tested = {run["head_sha"] for run in content.runs[repo]}
    own = {commit["sha"]: commit for commit in content.commits[repo]}
    for pull in content.pull_requests[repo]:
        commit = own.get(pull["head"]["sha"]) if pull["head"]["sha"] not in tested else None
        while commit is not None:
            yield records.commit_row(commit, repo, reading, pull_requests=[pull["number"]])
            commit = own.get(commit["parents"][0]["sha"])


def test_outcomes(organisation: Organisation):
    assert set(
        organisation.warehouse.rows("select run_id, run_attempt, workflow_path, outcome from marts.ci_runs")
    ) == {(each.run_id, each.run_attempt, each.workflow_path, each.outcome) for each in organisation.truth.outcomes}


def test_what_hides_in_conclusions_is_there(organisation: Organisation):
    """The simulation holds each kind, so that the tests beside this one speak of it."""
    rows = organisation.warehouse.rows
    reasons = dict(rows("select outcome_reason, count(*) from marts.ci_runs where outcome <> 'pass' group by all"))
    assert (reasons["timeout_as_cancelled"], reasons["service"]) == (2, 2)
    assert reasons["superseded"] > 10
    twins = "select is_flaky from marts.ci_failures where workflow_path like '%/mirror.yml' order by 1"
    assert rows(twins) == [(False,), (True,)]
    assert rows("select job_name from marts.ci_jobs where has_failed_twin") == [("sync",), ("sync",)]
    hung = "select duration_seconds, category from marts.ci_failures where outcome_reason = 'timeout_as_cancelled'"
    assert sorted(rows(hung)) == [(2709.0, "timeout"), (21609.0, "timeout")]


def test_every_run_attempt(organisation: Organisation):
    reckoning = organisation.reckoning
    expected = {
        (
            run.repo, run.run_id, run.attempt, run.path, run.branch, run.sha, run.event, run.outcome,
            run.attempt == 1, run.is_latest, run.is_default, run.day,
            None if run.outcome == "pending" else reckoning.spans.get((run.run_id, run.attempt)),
        )
        for run in rows_of(reckoning.attempts)
    }  # fmt: skip
    assert expected == set(
        organisation.warehouse.rows(
            "select repo, run_id, run_attempt, workflow_path, branch, head_sha, event, outcome, is_first_attempt,"
            " is_latest_attempt, is_default_branch, day, duration_seconds from marts.ci_runs"
        )
    )


def test_every_job_attempt(organisation: Organisation):
    expected = {
        (
            job.repo, job.job_id, job.run_id, job.attempt, job.path, job.name, job.sha, job.outcome, job.day,
            None if job.seconds != job.seconds else job.seconds, None if job.waited != job.waited else job.waited,
        )
        for job in rows_of(organisation.reckoning.jobs)
    }  # fmt: skip
    assert expected == set(
        organisation.warehouse.rows(
            "select repo, job_id, run_id, run_attempt, workflow_path, job_name, head_sha, outcome, day,"
            " duration_seconds, queue_seconds from marts.ci_jobs"
        )
    )


def test_failing_jobs(organisation: Organisation):
    assert dict(organisation.warehouse.rows("select job_id, category from marts.ci_failures")) == {
        each.job_id: each.category for each in organisation.truth.failed_jobs
    }


def test_flaky_failures(organisation: Organisation):
    assert set(
        organisation.warehouse.rows(
            "select distinct repo, head_sha, workflow_path, job_name from marts.ci_failures where is_flaky"
        )
    ) == {(each.repo, each.head_sha, each.workflow_path, each.job_name) for each in organisation.truth.flaky_jobs}


def test_what_to_make_of_failures(organisation: Organisation):
    """The simulation knows what came and went without a change. What is called this change is hardly ever that; what
    passed on the same commit is nothing else, gates apart, which fail and pass with the jobs they sum up."""
    transient = {each.job_id: each.transient for each in organisation.truth.failed_jobs}
    found: dict[str, list[bool]] = defaultdict(list)
    rows = organisation.table("marts.ci_verdicts")
    assert {row["verdict"] for row in rows} == {
        "already_failing",
        "known_flaky",
        "infrastructure",
        "this_change",
        "unclear",
    }
    for row in rows:
        if row["category"] != "policy_gate":
            found[row["grounds"]].append(transient[row["job_id"]])
    share = {grounds: sum(judged) / len(judged) for grounds, judged in found.items()}
    assert len(found["code"]) > 100
    assert (share["passed_too"], share["default_branch_fails"]) == (1, 0)
    assert share["retryable"] > 0.8 > 0.04 > share["code"]


def test_since_when_the_default_branch_fails(organisation: Organisation):
    """Reckoned from the truth's jobs: back from the last result before the run, as long as none passed."""
    causes = {each.job_id: (each.cause, each.detail) for each in organisation.truth.failed_jobs}
    results = defaultdict(list)
    attempts = {(run.run_id, run.attempt): run for run in rows_of(organisation.reckoning.attempts)}
    for job in rows_of(organisation.reckoning.jobs):
        if attempts[job.run_id, job.attempt].is_default and job.outcome in ("pass", "fail"):
            results[job.repo, job.path, job.name].append((job.completed, job.job_id, job.outcome))
    rows = [row for row in organisation.table("marts.ci_verdicts") if row["verdict"] == "already_failing"]
    assert len(rows) > 10
    for row in rows:
        since, n = None, 0
        line = sorted(results[row["repo"], row["workflow_path"], row["job_name"]], reverse=True)
        for completed, job_id, outcome in line:
            if completed < row["run_created_at"]:
                if outcome == "pass":
                    break
                if causes[job_id] == causes[row["job_id"]]:
                    since, n = completed, n + 1
        assert (row["since_at"], row["n"]) == (since, n), row


def test_another_test_that_fails_on_the_default_branch_excuses_nobody(organisation: Organisation):
    """The simulation knows of a pull request that breaks test 7 while test 6 fails on the default branch."""
    tests = {each.job_id: each.detail for each in organisation.truth.failed_jobs if each.cause == "pytest-assertion"}
    there = {row["job_id"]: row for row in organisation.table("intermediate.int_default_branch_failures")}
    rows = {tests.get(row["job_id"]): row for row in organisation.table("marts.ci_verdicts")}
    red, mine = next(there[job_id] for job_id, test in tests.items() if test == 6), rows[7]
    assert (red["repo"], red["job_name"]) == (mine["repo"], mine["job_name"])
    assert red["completed_at"] < mine["run_created_at"] < red["next_result_at"]
    assert (mine["verdict"], mine["is_default_branch"]) == ("this_change", False)
    assert mine["reason"].startswith("main did not fail like this")


def test_groups_of_failures(organisation: Organisation):
    runs = {(run.run_id, run.attempt): run for run in rows_of(organisation.reckoning.attempts)}
    groups = defaultdict(list)
    for each in organisation.truth.failed_jobs:
        groups[each.repo, f"{each.cause}-{each.detail}"].append(runs[each.run_id, each.run_attempt])
    assert {
        (row["repo"], row["fingerprint"]): (
            row["first_seen_at"].date(), row["last_seen_at"].date(), row["failed_job_attempts"], row["failed_runs"],
            row["branches"], row["commits"], row["hit_default_branch"],
        )
        for row in organisation.table("marts.failure_groups")
    } == {
        key: (
            min(run.day for run in hit), max(run.day for run in hit), len(hit), len({run.run_id for run in hit}),
            len({run.branch for run in hit}), len({run.sha for run in hit}), any(run.is_default for run in hit),
        )
        for key, hit in groups.items()
    }  # fmt: skip


def test_red_episodes(organisation: Organisation):
    assert set(
        organisation.warehouse.rows(
            "select repo, workflow_path, started_at, ended_at, is_open, closed_by, round(hours * 3600)"
            " from marts.red_episodes"
        )
    ) == {
        (
            each.repo, each.workflow_path, time(each.started_at), time(each.ended_at), each.ended_at is None,
            each.closed_by, ((time(each.ended_at) or AS_OF) - time(each.started_at)).total_seconds(),
        )
        for each in organisation.truth.red_episodes
    }  # fmt: skip


def test_repairs(organisation: Organisation):
    """Two differences are meant: what nothing shows is known to the truth only, and a bot's commit on top of a person's
    is a repair that came too late here where its parents were not read, and none at all there."""
    here = {
        (row["run_id"], row["run_attempt"], row["repair_sha"]): row
        for row in organisation.table("marts.autofix_attempts")
    }
    there = {
        (each.run_id, each.run_attempt, each.repair_sha): each
        for each in organisation.truth.autofix_attempts
        if each.visible
    }
    assert {key: each.outcome for key, each in there.items()} == {key: here[key]["outcome"] for key in there}
    # A pull request that names the run declares what it repairs.
    assert {key: each.mechanism.replace("bot_pr", "declared") for key, each in there.items()} == {
        key: here[key]["mechanism"] for key in there
    }
    assert {row["outcome"] for key, row in here.items() if key not in there} <= {"superseded_by_human"}
    untested = {each.repair_sha for each in there.values() if each.outcome == "unverified"} - {
        sha for (sha,) in organisation.warehouse.rows("select head_sha from marts.ci_runs")
    }
    assert untested
    assert {row["repair_kind"] for row in here.values() if row["mechanism"] == "auto_rerun"} == {"retry_recovered"}


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, str) or found is None or expected is None:
        return bool(found == expected)
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("grain", GRAINS)
def test_every_figure_of_every_period(organisation: Organisation, grain: str):
    name = {"day": "ci_daily", "week": "ci_weekly", "quarter": "quarterly_rollup"}[grain]
    pull_requests = dict(organisation.warehouse.rows("select run_id, pull_request_number from marts.ci_runs"))
    expected = organisation.reckoning.table(grain, pull_requests)
    found = {(row["repo"], str(row[grain])): row for row in organisation.table(f"marts.{name}")}
    assert found.keys() == expected.keys()
    columns = found["*", max(period for repo, period in found if repo == "*")].keys() & next(iter(expected.values()))
    assert len(columns) > {"day": 30, "week": 48, "quarter": 48}[grain]
    different = {
        (*place, column): (row[column], expected[place][column])
        for place, row in found.items()
        for column in sorted(columns)
        if not _same(row[column], expected[place][column])
    }
    assert different == {}


def test_failures_by_category(organisation: Organisation):
    pull_requests = dict(organisation.warehouse.rows("select run_id, pull_request_number from marts.ci_runs"))
    expected = {
        (repo, week, category): (*counts[:4], pytest.approx(counts[4]))
        for (repo, week), figures in organisation.reckoning.table("week", pull_requests).items()
        for category, counts in figures["categories"].items()
    }
    assert {
        (row["repo"], row["week"], row["category"]): (
            row["failed_job_attempts"], row["pull_requests"], row["failed_runs"], row["flaky_job_attempts"],
            row["share"],
        )
        for row in organisation.table("marts.failure_categories_weekly")
    } == expected  # fmt: skip


def test_queue_times_by_runner(organisation: Organisation):
    import pandas as pd

    jobs = organisation.reckoning.jobs.dropna(subset=["waited"])
    jobs = pd.concat([jobs, jobs.assign(repo="*")])
    jobs["week"] = [f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}" for day in jobs["day"]]
    expected = {
        key: (len(group), pytest.approx(group.quantile(0.5)), pytest.approx(group.quantile(0.95)))
        for key, group in jobs.groupby(["repo", "week", "labels"])["waited"]
    }
    assert {
        (row["repo"], row["week"], row["runner"]): (
            row["queued_jobs"], row["queue_p50_seconds"], row["queue_p95_seconds"]
        )
        for row in organisation.table("marts.queue_times_weekly")
    } == expected  # fmt: skip


def test_ranking_of_flaky_jobs(organisation: Organisation):
    """Reckoned from the truth's jobs: shard-free names, commits by the results of whole attempts."""
    attempts: dict[tuple[str, str, str], dict[str, dict[tuple[int, int], list[bool]]]]
    attempts = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    created = {(run.run_id, run.attempt): run.created for run in rows_of(organisation.reckoning.attempts)}
    for job in rows_of(organisation.reckoning.jobs):
        if job.outcome in ("pass", "fail") and created[job.run_id, job.attempt] >= AS_OF - timedelta(days=90):
            name = job.name.split(" (")[0]
            attempts[job.repo, job.path, name][job.sha][job.run_id, job.attempt].append(job.outcome == "fail")
    for row in organisation.table("marts.flaky_jobs"):
        by_commit = attempts[row["repo"], row["workflow_path"], row["job_name"]]
        latest = sorted(
            by_commit, key=lambda sha: (-max(created[key] for key in by_commit[sha]).timestamp(), sha)
        )[:100]  # fmt: skip
        results = [{any(failed) for failed in by_commit[sha].values()} for sha in latest]
        flaky, red = results.count({True, False}), results.count({True})
        assert (row["commits"], row["flaky_commits"], row["red_commits"]) == (len(latest), flaky, red), row
        assert row["flake_rate"] == pytest.approx(flaky / len(latest))
        assert row["wilson_lower_bound"] == pytest.approx(wilson(flaky, len(latest))[0])
        assert row["flaky_share_of_passes"] == pytest.approx(ratio(flaky, len(latest) - red))
        assert row["flaky_share_of_reds"] == pytest.approx(ratio(flaky, flaky + red))
    ranked = [row for row in organisation.table("marts.flaky_jobs") if row["flake_rank"] is not None]
    assert len(ranked) > 3
    by_rank = sorted(ranked, key=lambda row: row["flake_rank"])
    assert [row["wilson_lower_bound"] for row in by_rank] == sorted(
        (row["wilson_lower_bound"] for row in ranked), reverse=True
    )
    assert all(row["commits"] >= 10 for row in ranked)


def test_contents_of_milestones_change_when_they_changed(organisation: Organisation):
    tracking = set(
        organisation.warehouse.con.execute(
            "select repo, number from staging.stg_issues where list_contains(labels, 'tracking')"
        ).fetchall()
    )
    truth = {
        (each.repo, each.milestone, each.number, time(each.at), each.change)
        for each in organisation.truth.milestone_history
        if (each.repo, each.number) not in tracking
    }
    assert truth
    assert (
        set(
            organisation.warehouse.con.execute(
                "select repo, milestones.milestone, changes.item_number, changed_at, change"
                " from intermediate.int_milestone_changes as changes"
                " join staging.stg_milestones as milestones using (repo, number)"
            ).fetchall()
        )
        == truth
    )
