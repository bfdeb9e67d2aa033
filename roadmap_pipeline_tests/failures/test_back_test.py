"""Trying patterns and rules on stored failures, and what judging again moves: nothing is written by any of it."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.back_test import EXAMPLES, try_patterns, try_rules
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.matching.novelty import baseline_of, packed
from roadmap_pipeline.failures.reclassification import Moved, noting_moves
from roadmap_pipeline.failures.rules.own_rules import rules_with
from roadmap_pipeline.failures.stored_jobs import classify_failures
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.failures.logs import FAILED, job, step

RULES = """[[rule]]
id = "acme.frobnicator"
category = "service_startup"
priority = 990
patterns = ["frobnicator .* is sad"]
example = "the frobnicator 7 is sad"
negative_example = "the frobnicator 7 is fine"
"""
SAD = "the frobnicator {} is sad"


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Jobs 1 to 3 fail of something unknown, job 4 in a test, in another week; job 5 left a note and no log."""
    with connect(tmp_path / "roadmap.duckdb") as connection:
        for number in range(1, 6):
            at = f"2026-11-{3 if number < 4 else 10:02d} 12:00"
            row = {
                "repo": "acme/payments", "job_id": number, "run_id": number, "run_attempt": 1, "name": f"unit {number}",
                "conclusion": "failure", "created_at": datetime.fromisoformat(at), "html_url": f"https://x/{number}",
            }  # fmt: skip
            replace_rows(connection, "raw.workflow_jobs", [row])
            lines = [SAD.format(number)] if number < 4 else [SAD.format(number), "--- FAIL: TestTotal (0.01s)"]
            excerpt = make_excerpt(job(step("./x.sh", *lines, FAILED)))
            log = {name: row[name] for name in ("repo", "job_id", "run_id", "run_attempt")}
            log |= (
                {"state": "missing", "annotations": json.dumps([{"title": None, "message": "frobnicator 5 is sad"}])}
                if number == 5
                else {"state": "stored", "excerpt": excerpt.text, "excerpt_spans": json.dumps(excerpt.line_ranges)}
            )
            replace_rows(connection, "raw.job_logs", [log])
        classify_failures(connection)
        yield connection


def log_file(folder: Path, *lines: str) -> str:
    path = folder / "passing.txt"
    path.write_bytes(job(step("./x.sh", *lines)))
    return str(path)


def test_hits_by_present_cause_and_on_passing_logs(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    passing = log_file(tmp_path, SAD.format(9))
    loose, tight = try_patterns(con, ["frobnicator", "frobnicator [123] is sad$"], [passing])
    assert loose.to_json() | {"examples": []} == {
        "pattern": "frobnicator", "failing_logs": 5, "hits": {"unknown": 4, "test": 1}, "hits_unknown": 4,
        "hits_elsewhere": 1, "passing_logs": 1, "hits_passing": [passing], "examples": [],
        "comparable_logs": 0, "hits_said_by_passing": 0,
    }  # fmt: skip
    assert (tight.by_category, tight.found_in_passing) == ({"unknown": 3}, [])
    assert tight.examples[0] == {
        "category": "unknown", "repo": "acme/payments", "job": "unit 3", "line": SAD.format(3), "url": "https://x/3",
    }  # fmt: skip
    assert len(loose.examples) <= 2 * EXAMPLES


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1"])
def test_a_bad_pattern_is_named(con: duckdb.DuckDBPyConnection, pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="bad pattern"):
        try_patterns(con, [pattern])


def test_a_passing_log_that_is_not_there_is_named(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(RoadmapError, match=r"nowhere\.txt"):
        try_patterns(con, ["x"], ["nowhere.txt"])


def test_a_rules_file_is_tried_by_week_and_changes_nothing(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    before = con.execute("from derived.failure_verdicts order by job_id").fetchall()
    passing = log_file(tmp_path, "all is well")
    moved = try_rules(con, path, [passing])
    expected = [
        Moved("2026-W45", "unknown", "service_startup", "acme.frobnicator", 3, 1, 1, "unit 3 of acme/payments",
              "https://x/3"),
        Moved("2026-W46", "test", "service_startup", "acme.frobnicator", 1, 1, 1, "unit 4 of acme/payments", "https://x/4"),
        Moved("2026-W46", "unknown", "service_startup", "acme.frobnicator", 1, 1, 1, "unit 5 of acme/payments",
              "https://x/5"),
    ]  # fmt: skip
    assert moved == expected
    assert con.execute("from derived.failure_verdicts order by job_id").fetchall() == before

    found: list[Moved] = []
    with noting_moves(con, found):
        classify_failures(con, rules=rules_with(path))
    assert found == expected
    versions = con.execute("select distinct rule_id, ruleset_version from derived.failure_verdicts").fetchall()
    assert versions == [("acme.frobnicator", rules_with(path).version)]
    assert try_rules(con, path) == []


def test_a_rule_that_takes_a_passing_log_for_a_failure_is_told(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    log = tmp_path / "passing.txt"
    log.write_bytes(job(step("./x.sh", SAD.format(1), FAILED)))
    first = try_rules(con, path, [str(log)])[0]
    assert (first.week, first.before, first.after, first.example) == (None, None, "service_startup", str(log))


def test_what_is_found_is_compared_with_what_passing_runs_of_the_job_said(con: duckdb.DuckDBPyConnection) -> None:
    """Known are passing logs of the jobs 1 and 2; that of job 1 says the same."""
    for number, line in ((1, SAD.format(1)), (2, "all is well")):
        run = {"repo": "acme/payments", "run_id": number, "run_attempt": 1, "workflow_path": "ci.yml"}
        replace_rows(con, "raw.workflow_runs", [run])
        said = packed(baseline_of([job(step("./x.sh", line))]))
        row = {"repo": "acme/payments", "workflow_path": "ci.yml", "job_name": f"unit {number}", "job_id": 70 + number}
        replace_rows(con, "raw.passing_logs", [row | {"lines": said, "state": "stored"}])
    (hits,) = try_patterns(con, ["frobnicator"])
    assert (hits.failing, hits.comparable, hits.said_by_passing) == (5, 2, 1)
