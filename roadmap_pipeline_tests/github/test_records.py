"""Payloads of any age to rows."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import parse_time
from roadmap_pipeline.github.payloads.records import Provenance
from roadmap_pipeline_tests.github.conftest import REPO, ago, issue, job, pull_request, run
from roadmap_sandbox.payloads.repositories import repository, user

READING = Provenance(datetime(2026, 11, 16, 6, tzinfo=UTC), "runs.json")


def naive(*fields):
    return datetime(*fields)  # noqa: DTZ001 - as the warehouse stores times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-16T06:00:00Z", naive(2026, 11, 16, 6)),
        ("2024-02-22T08:00:17.000-05:00", naive(2024, 2, 22, 13, 0, 17)),
        ("2021-02-18T00:59:13.250+08:00", naive(2021, 2, 17, 16, 59, 13, 250_000)),
        ("2025-04-12T21:02:51.9181687Z", naive(2025, 4, 12, 21, 2, 51, 918_168)),
        ("", None),
        (None, None),
    ],
)
def test_times_are_naive_utc(text, expected):
    assert parse_time(text) == expected


@given(
    st.datetimes(min_value=naive(1990, 1, 1), max_value=naive(2100, 1, 1)),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_an_offset_never_changes_the_instant(moment, minutes):
    zone = timezone(timedelta(minutes=minutes))
    assert parse_time(moment.replace(tzinfo=UTC).astimezone(zone).isoformat()) == moment


@pytest.mark.parametrize("told", [{"team": "Data", "tier": None}, {"team": ["Apps", "Web"]}, {}])
def test_custom_properties_of_a_repository_are_kept_as_told(told):
    days = {"created_at": ago(days=9), "updated_at": ago(days=1), "pushed_at": ago(days=1)}
    payload = repository(REPO, 7, user("acme", 1), custom_properties=told, **days)
    assert json.loads(records.repository_row(payload, READING)["custom_properties"]) == told


@pytest.mark.parametrize("untold", [None, 5, [1], "words"])
def test_custom_properties_that_are_none_are_null(untold):
    payload = {"full_name": REPO, "id": 7, "custom_properties": untold}
    assert records.repository_row(payload, READING)["custom_properties"] is None


def test_a_run_of_today():
    row = records.run_row(run(8, ago(hours=1), path=".github/workflows/ci.yml@refs/heads/main"), REPO, READING)
    assert row["workflow_path"] == ".github/workflows/ci.yml"
    assert (row["run_attempt"], row["head_repo"], row["actor"], row["actor_type"]) == (1, REPO, "ana", "User")
    assert row["created_at"] == row["run_started_at"] == naive(2026, 11, 16, 5)
    assert (row["read_at"], row["source"]) == (naive(2026, 11, 16, 6), "runs.json")
    assert json.loads(row["payload"])["id"] == 8


def test_a_run_of_2020_lacks_fields():
    old = run(8, ago(hours=1), conclusion="")
    for name in ("display_title", "run_started_at", "run_attempt", "actor", "triggering_actor", "path", "head_commit"):
        del old[name]
    old["head_repository"] = None
    row = records.run_row(old, REPO, READING)
    assert row["run_attempt"] == 1
    assert row["run_started_at"] == row["created_at"]
    assert [row[name] for name in ("conclusion", "display_title", "head_repo", "actor", "workflow_path")] == [None] * 5


def test_a_job_and_its_steps_in_utc():
    payload = job(5, 8, ago(hours=1), conclusion="failure")
    payload["steps"][0]["started_at"] = "2026-11-16T00:00:00.500-05:00"
    del payload["run_id"]
    row = records.job_row(payload, REPO, READING)
    assert (row["run_id"], row["failed_steps"], row["labels"]) == (8, ["Run tests"], ["ubuntu-latest"])
    assert json.loads(row["steps"])[0] == {
        "number": 1,
        "name": "Set up job",
        "status": "completed",
        "conclusion": "success",
        "started_at": "2026-11-16T05:00:00.500000Z",
        "completed_at": "2026-11-16T05:00:00Z",
    }


def test_a_pull_request_whose_fork_and_author_are_gone():
    row = records.pull_request_row(
        {**pull_request(3, updated_at=ago(days=1), fork_is_gone=True), "user": None},
        REPO,
        READING,
        changed_files=["a.py"],
    )
    assert (row["head_repo"], row["author"], row["changed_files"]) == (None, None, ["a.py"])
    assert (row["base_branch"], row["head_branch"], row["milestone_number"]) == ("main", "feature/3", None)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"repository": {"full_name": "a/b"}, "url": "https://api.github.com/repos/c/d/actions/runs/1"}, "a/b"),
        ({"base": {"repo": {"full_name": "a/b"}}}, "a/b"),
        ({"full_name": "a/b"}, "a/b"),
        ({"url": "https://api.github.com/repos/a/b/milestones/7"}, "a/b"),
        ({"repository_url": "https://ghe.example.org/api/v3/repos/a/b"}, "a/b"),
        ({"html_url": "https://github.com/a/b/pull/3"}, "a/b"),
        ({"html_url": "https://github.com/a/b/actions/runs/8/job/5"}, "a/b"),
        ({"url": "https://api.github.com/users/a"}, None),
        ({}, None),
    ],
)
def test_the_repository_of_a_payload(payload, expected):
    assert records.repository_of(payload) == expected


def test_labels_may_be_plain_strings():
    assert records.issue_row({**issue(4, updated_at=ago(days=1)), "labels": ["bug"]}, REPO, READING)["labels"] == [
        "bug"
    ]
