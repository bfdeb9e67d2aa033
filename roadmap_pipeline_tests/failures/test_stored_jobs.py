"""Verdicts of stored jobs: who gets one, when it is made again, and what it says."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from roadmap_pipeline import progress
from roadmap_pipeline.failures.classifier import default_classifier
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.logs.fingerprint import fingerprint_of_tests
from roadmap_pipeline.failures.matching.novelty import baseline_of, packed
from roadmap_pipeline.failures.reclassification import Moved, noting_moves
from roadmap_pipeline.failures.rules.rule_set import load_rules
from roadmap_pipeline.failures.stored_jobs import classify_failures, unknown_jobs
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, step

LOG = job(step("make quiet", "fine"), step("make ci", "--- FAIL: TestTotal (0.01s)", FAILED))
STUCK = [{"number": 1, "name": "Build", "status": "in_progress", "conclusion": None}]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "roadmap.duckdb") as connection:
        yield connection


def store_job(
    con: duckdb.DuckDBPyConnection, job_id: int, conclusion: str, steps: list[dict[str, Any]] | None = None
) -> None:
    row = {
        "repo": "acme/payments",
        "job_id": job_id,
        "run_id": 100 + job_id,
        "run_attempt": 2,
        "name": "unit",
        "conclusion": conclusion,
        "steps": json.dumps(steps or []),
    }
    replace_rows(con, "raw.workflow_jobs", [row])


def store_log(con: duckdb.DuckDBPyConnection, job_id: int, log: bytes | None) -> None:
    row: dict[str, Any] = {"repo": "acme/payments", "job_id": job_id, "run_id": 100 + job_id, "run_attempt": 2}
    row["state"] = "expired"
    if log is not None:
        excerpt = make_excerpt(log)
        row |= {"state": "stored", "excerpt": excerpt.text, "excerpt_spans": json.dumps(excerpt.line_ranges)}
    replace_rows(con, "raw.job_logs", [row])


def verdicts(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[Any, ...]]:
    rows = con.execute(
        "select job_id, category, domain, rule_id, line, evidence from derived.failure_verdicts order by 1"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def store_cancelled(
    con: duckdb.DuckDBPyConnection,
    job_id: int,
    minutes: float,
    *,
    noted: Sequence[str] | None,
    log: bytes | None = None,
) -> None:
    store_job(con, job_id, "cancelled")
    start = datetime.fromisoformat("2026-11-10 12:00")
    con.execute(
        "update raw.workflow_jobs set started_at = ?, completed_at = ? where job_id = ?",
        [start, start + timedelta(minutes=minutes), job_id],
    )
    if log is not None:
        store_log(con, job_id, log)
    elif noted is not None:
        store_log(con, job_id, None)
        annotations = json.dumps([{"path": ".github", "line": 1, "title": "", "message": text} for text in noted])
        con.execute(
            "update raw.job_logs set state = 'not_asked', annotations = ? where job_id = ?", [annotations, job_id]
        )


LIMIT = "The job running on runner GitHub Actions 5 has exceeded the maximum execution time of 15 minutes."
CANCELED = "The operation was canceled."


def test_cancelled_jobs_are_judged_where_a_time_limit_ended_them(con: duckdb.DuckDBPyConnection) -> None:
    hung = job(step("make ci", "--- FAIL: TestTotal (0.01s)", f"##[error]{LIMIT}", f"##[error]{CANCELED}"))
    stopped = job(step("make ci", "--- FAIL: TestTotal (0.01s)", f"##[error]{CANCELED}"))
    store_cancelled(con, 1, 15.1, noted=[LIMIT, CANCELED])
    store_cancelled(con, 2, 15.1, noted=[CANCELED])
    store_cancelled(con, 3, 15.1, noted=None, log=hung)
    store_cancelled(con, 4, 15.1, noted=None, log=stopped)
    store_cancelled(con, 5, 360.2, noted=None)
    store_cancelled(con, 6, 359.9, noted=None)
    store_cancelled(con, 7, 500, noted=[CANCELED])
    store_cancelled(con, 8, 500, noted=[])
    assert classify_failures(con) == 4
    said = ("timeout", "platform", "timeout.job")
    silent = ("timeout", "platform", "job.timed_out", None, "The job exceeded its time limit.")
    assert verdicts(con) == {1: (*said, None, LIMIT), 3: (*said, line_of(hung, LIMIT), LIMIT), 5: silent, 8: silent}
    assert classify_failures(con) == 0


def test_a_cancelled_job_is_judged_once_its_notes_are_read(con: duckdb.DuckDBPyConnection) -> None:
    store_cancelled(con, 1, 15.1, noted=None)
    assert classify_failures(con) == 0
    store_cancelled(con, 1, 15.1, noted=[LIMIT])
    assert classify_failures(con) == 1


def test_every_failed_job_gets_a_verdict_and_no_other(con: duckdb.DuckDBPyConnection) -> None:
    store_job(con, 1, "failure")
    store_log(con, 1, LOG)
    store_job(con, 2, "failure", [{"number": 1, "name": "Unit", "status": "completed", "conclusion": "failure"}])
    store_log(con, 2, None)
    store_job(con, 3, "failure", STUCK)
    store_job(con, 4, "timed_out")
    store_job(con, 5, "success")
    store_log(con, 5, LOG)
    store_job(con, 6, "cancelled")
    assert classify_failures(con) == 4
    line = line_of(LOG, "--- FAIL")
    assert verdicts(con) == {
        1: ("test", "code", "test.go", line, "--- FAIL: TestTotal (0.01s)"),
        2: ("unknown", "unknown", None, None, "Failed step: Unit"),
        3: ("runner_lost", "platform", "job.steps_unfinished", None, "Step never finished: Build"),
        4: ("timeout", "platform", "job.timed_out", None, "The job exceeded its time limit."),
    }
    keys = con.execute("select distinct repo, run_id - job_id, run_attempt from derived.failure_verdicts").fetchall()
    assert keys == [("acme/payments", 100, 2)]


def test_nothing_is_judged_twice_but_a_log_that_came_later_is_read(con: duckdb.DuckDBPyConnection) -> None:
    store_job(con, 1, "failure")
    assert classify_failures(con) == 1
    assert classify_failures(con) == 0
    assert verdicts(con)[1][0] == "unknown"
    store_log(con, 1, LOG)
    assert classify_failures(con) == 1
    assert verdicts(con)[1][0] == "test"
    assert classify_failures(con) == 0


def test_new_rules_judge_everything_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    store_job(con, 1, "failure")
    store_log(con, 1, LOG)
    classify_failures(con)
    path = tmp_path / "rules.toml"
    path.write_text(
        'version = "9"\n[[rule]]\nid = "x"\ncategory = "network"\npriority = 900\npatterns = ["TestTotal"]\n'
        'example = "TestTotal"\nnegative_example = "y"\n'
    )
    rules = load_rules(path)
    assert classify_failures(con, rules=rules) == 1
    assert verdicts(con)[1][:3] == ("network", "platform", "x")
    stored = con.execute("select ruleset_version, retryable from derived.failure_verdicts").fetchall()
    assert stored == [(rules.version, True)]
    assert classify_failures(con, rules=rules) == 0


def test_failures_that_older_rules_took_for_two_become_one_group_and_their_tests_are_stored(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The first was judged by its summary line; judged again it is the same failure as the second, so it came first."""
    output = [
        "CartTest > totals() FAILED",
        "    AssertionError at CartTest.java:{}",
        "> There were failing tests. See x",
    ]
    for job_id in (1, 2):
        store_job(con, job_id, "failure")
        store_log(con, job_id, job(step("./gradlew test", *(line.format(job_id) for line in output), FAILED)))
    old = {"repo": "acme/payments", "job_id": 1, "run_id": 101, "run_attempt": 2, "category": "test", "domain": "code"}
    old |= {"fingerprint": "of-old", "ruleset_version": "1.1.0+old", "judged_from": "log", "retryable": False}
    replace_rows(con, "derived.failure_verdicts", [old])
    moved: list[Moved] = []
    with noting_moves(con, moved):
        assert classify_failures(con) == 2
    told = [(one.before, one.after, one.failures, one.groups_before, one.groups_after) for one in moved]
    assert told == [("test", "test", 1, 1, 1)]
    columns = "fingerprint, known_by, failed_tests, failed_tests_why, failed_tests_count"
    found = con.execute(f"select distinct {columns} from derived.failure_verdicts").fetchall()
    name = "CartTest > totals()"
    assert found == [(fingerprint_of_tests([name]), "tests", [name], ["AssertionError"], 1)]


def test_progress_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    for job_id in range(3):
        store_job(con, job_id, "failure")
    seen: list[tuple[str, int | None]] = []
    done: list[int] = []

    class Reporter:
        def start(self, text: str, total: int | None) -> "Reporter":
            seen.append((text, total))
            return self

        def finish(self, task: object) -> None:
            pass

        def advance(self, n: int = 1) -> None:
            done.append(n)

        def describe(self, text: str) -> None:
            pass

        def expect(self, total: int) -> None:
            pass

    with progress.reporting(Reporter()):
        classify_failures(con)
    assert seen == [("Classifying failed jobs", 3)]
    assert sum(done) == 3


def note(con: duckdb.DuckDBPyConnection, job_id: int, *annotations: dict[str, Any]) -> None:
    row = {"repo": "acme/payments", "job_id": job_id, "run_id": 100 + job_id, "run_attempt": 2, "state": "missing"}
    replace_rows(con, "raw.job_logs", [row | {"annotations": json.dumps(annotations)}])


def judged_from(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    return dict(con.execute("select job_id, judged_from from derived.failure_verdicts").fetchall())


def test_what_github_noted_is_judged_where_there_is_no_log(con: duckdb.DuckDBPyConnection) -> None:
    failed = [{"number": 1, "name": "Build", "status": "completed", "conclusion": "failure"}]
    for job_id in (1, 2, 3, 4):
        store_job(con, job_id, "failure", failed)
    note(con, 1, {"title": None, "message": "The runner has received a shutdown signal."})
    note(con, 2, {"title": "", "message": "Process completed with exit code 1."}, {"message": "the frobnicator is sad"})
    note(con, 3, {"title": "", "message": "Process completed with exit code 1."})
    note(con, 4)
    assert classify_failures(con) == 4
    found = verdicts(con)
    assert found[1][0] == "runner_lost"
    assert (found[2][0], found[2][-1]) == ("unknown", "the frobnicator is sad")
    assert found[3][-1] == found[4][-1] == "Failed step: Build"
    assert judged_from(con) == {1: "annotations", 2: "annotations", 3: "annotations", 4: "job"}
    assert classify_failures(con) == 0


def test_a_verdict_is_made_again_when_there_is_more_to_judge_by(con: duckdb.DuckDBPyConnection) -> None:
    store_job(con, 1, "failure")
    classify_failures(con)
    assert judged_from(con) == {1: "job"}
    note(con, 1, {"message": "No space left on device"})
    assert classify_failures(con) == 1
    assert (verdicts(con)[1][0], judged_from(con)) == ("disk_full", {1: "annotations"})
    assert classify_failures(con) == 0
    store_log(con, 1, LOG)
    assert classify_failures(con) == 1
    assert (verdicts(con)[1][0], judged_from(con)) == ("test", {1: "log"})
    assert classify_failures(con) == 0


NOISE = "error-like words that every run says"
MOON = "the moon was in the wrong phase"
PUZZLE = job(step("./x.sh", MOON, NOISE, FAILED))


def store_run(con: duckdb.DuckDBPyConnection, job_id: int) -> None:
    row = {"repo": "acme/payments", "run_id": 100 + job_id, "run_attempt": 2, "workflow_path": "ci.yml"}
    replace_rows(con, "raw.workflow_runs", [row])


def store_passing(con: duckdb.DuckDBPyConnection, job_id: int, *said: str, name: str = "unit") -> None:
    lines = packed(baseline_of([job(step("./x.sh", *said))])) if said else None
    row = {"repo": "acme/payments", "workflow_path": "ci.yml", "job_name": name, "job_id": job_id, "lines": lines}
    replace_rows(con, "raw.passing_logs", [row | {"state": "stored" if said else "expired"}])


def evidence(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[str, int | None]]:
    rows = con.execute("select job_id, evidence, compared_with from derived.failure_verdicts").fetchall()
    return {job_id: (line, compared) for job_id, line, compared in rows}


def test_an_unknown_failure_is_judged_again_when_a_passing_log_arrives(con: duckdb.DuckDBPyConnection) -> None:
    for job_id, log in ((1, PUZZLE), (2, LOG), (3, None)):
        store_job(con, job_id, "failure")
        store_run(con, job_id)
        store_log(con, job_id, log)
    classify_failures(con)
    before = evidence(con)
    assert before[1] == (NOISE, None)
    store_passing(con, 77, "fine", name="another job")
    store_passing(con, 78)  # expired
    assert classify_failures(con) == 0
    store_passing(con, 79, NOISE, "--- FAIL: TestTotal (0.01s)")
    assert classify_failures(con) == 1
    assert evidence(con) == before | {1: (MOON, 79)}
    assert verdicts(con)[2][2] == "test.go"  # what a rule knows, it knows
    assert classify_failures(con) == 0
    store_passing(con, 80, NOISE)
    assert classify_failures(con) == 1
    assert evidence(con)[1] == (MOON, 80)


def test_the_unknown_ones_of_a_repository(con: duckdb.DuckDBPyConnection) -> None:
    """With a verdict or without; not those that have no log, are older, or are known."""
    then = datetime.fromisoformat("2026-11-01")
    for job_id, log in ((1, PUZZLE), (2, LOG), (3, None), (4, PUZZLE), (5, PUZZLE)):
        store_job(con, job_id, "failure")
        store_log(con, job_id, log)
        ended = then - timedelta(days=4 if job_id == 5 else 0)
        con.execute("update raw.workflow_jobs set completed_at = ? where job_id = ?", [ended, job_id])

    def asked(repo: str = "acme/payments") -> list[int]:
        def query(sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
            return con.execute(sql, given).fetchall()

        return unknown_jobs(query, default_classifier(), repo, then - timedelta(days=1))

    assert asked() == [1, 4]
    con.execute("delete from raw.workflow_jobs where job_id = 4")
    classify_failures(con)
    assert asked() == [1]
    con.execute("update derived.failure_verdicts set ruleset_version = 'older', category = 'test'")
    assert asked() == [1]
    assert asked("acme/web") == []
