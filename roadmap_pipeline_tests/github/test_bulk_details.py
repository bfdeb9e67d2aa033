"""Files of many pull requests and annotations of many jobs by GraphQL: what REST tells, and REST for the rest."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline import interruption
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.bulk import read
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, job, pull_request, run, table
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault

COUNT = 130
MANY_FILES, NO_FILES, MANY_NOTES = 7, 8, 20
FILES = "select number, changed_files from raw.pull_requests order by number"
FAULTS = (
    "graphql_error",
    Fault("graphql_partial", nodes=0),
    Fault("graphql_partial", nodes=17),
    "bad_gateway",
    "drop",
    "drop_after_commit",
    "broken_json",
    Fault("rate_limit", seconds=900),
    Fault("refusal", 403),
)
NOTES = "select job_id, annotations, redactions from raw.job_logs order by job_id"


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


def world():
    """130 merged pull requests, one of 150 files and one of none; 130 failed jobs whose logs are gone, with notes."""
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: []}, jobs={REPO: []})
    merged = {"state": "closed", "closed_at": ago(days=3), "merged_at": ago(days=3)}
    content.pull_requests[REPO] = [
        pull_request(number, updated_at=ago(days=3, hours=number), merge_commit_sha=f"{number:040x}", **merged)
        for number in range(1, COUNT + 1)
    ]
    for number in range(1, COUNT + 1):
        count = {MANY_FILES: 150, NO_FILES: 0}.get(number, 1 + number % 3)
        content.pull_request_files[REPO, number] = [
            payloads.pull_request_file(FULL, f"docs/{number}/{k:03}.md", head_sha="a" * 40) for k in range(count)
        ]
        at = ago(days=10, hours=number)
        content.runs[REPO].append(run(number, at, conclusion="failure"))
        content.jobs[REPO].append(job(number, number, at, conclusion="failure"))
        content.expired_logs.add(number)
    return content


def noted(served):
    """Return the served world with annotations of its jobs: none to four, of one 140."""
    for number in range(1, COUNT + 1):
        notes = [
            payloads.annotation(
                FULL,
                head_sha="a" * 40,
                message=f"Note {k} of {number}: token ghp_{'a1B2' * 9}",
                title=f"note {k}",
                level="failure" if k % 2 else "warning",
            )
            for k in range(140 if number == MANY_NOTES else number % 5)
        ]
        served.state.activity.put_annotations(number, notes)
    return served


@pytest.fixture
def served(serve):
    return noted(serve(world()))


def asked(served):
    """Return what was asked for since last: queries, requests for files, and for annotations."""
    paths = [path for _, path, _ in served.journal()]
    return tuple(sum(part in path for path in paths) for part in ("/graphql", "/files", "/annotations"))


def assert_same_as_by_rest(served, con, folder, now=CLOCK):
    with connect(folder / "by_rest.duckdb") as other:
        read(served, other, now, bulk_from=None)
        assert table(con, FILES) == table(other, FILES)
        assert table(con, NOTES) == table(other, NOTES)


def test_what_is_read_in_bulk_is_what_rest_tells(served, con, tmp_path):
    client = served.client()
    assert read(served, con, bulk_from=10**6, client=client).paused is None
    # files: 50, 50 and 30 at a time; annotations 100 and 30; and by REST the two pages of what is too long for that
    assert client.points == 5
    assert asked(served) == (5, 2, 2)
    assert len(dict(table(con, FILES))[MANY_FILES]) == 150
    assert dict(table(con, FILES))[NO_FILES] == []
    assert "ghp_" not in str(table(con, NOTES))
    assert_same_as_by_rest(served, con, tmp_path)
    asked(served)
    read(served, con, CLOCK + timedelta(minutes=1), bulk_from=10**6)
    assert asked(served) == (0, 0, 0)


def test_few_are_read_by_rest(serve, con):
    content = world()
    del content.pull_requests[REPO][40:], content.runs[REPO][40:], content.jobs[REPO][40:]
    served = serve(content)
    read(served, con, bulk_from=10**6)
    assert asked(served) == (0, 41, 40)


def test_without_graphql_all_is_read_by_rest_and_that_is_said(served, con, tmp_path):
    served.state.switches.graphql = "403"
    summary = read(served, con, bulk_from=10**6)
    assert [note for note in summary.notes if "GraphQL" in note] == [
        f"annotations of jobs of {REPO} can't be read in bulk by GraphQL (403 Resource not accessible by personal"
        " access token):"
        " they are read by REST, one request each"
    ]
    assert asked(served)[0] == 2  # both were on their way
    assert_same_as_by_rest(served, con, tmp_path)


def test_what_takes_too_long_is_asked_for_in_smaller_parts(served, con, tmp_path):
    served.state.switches.graphql_nodes_in_time, served.state.switches.graphql_timeout = 100, "502"
    read(served, con, bulk_from=10**6)
    queries, files, annotations = asked(served)
    assert 8 <= queries <= 100
    assert (files, annotations) == (2, 2)
    assert_same_as_by_rest(served, con, tmp_path)


def test_while_the_quota_is_used_up_many_wait_for_it(served, con, tmp_path):
    served.state.faults.add(Fault("rate_limit", seconds=900), path="^/graphql$", skip=1)
    summary = read(served, con, bulk_from=10**6)
    assert "GraphQL" in (summary.paused or "")
    # the files wait, as they are many; of the annotations those of the query that was answered second, 100 or 30
    queries, files, annotations = asked(served)
    assert (queries, files) == (2, 0)
    assert annotations <= 31
    assert read(served, con, CLOCK + timedelta(minutes=20), bulk_from=10**6).paused is None
    assert_same_as_by_rest(served, con, tmp_path, CLOCK + timedelta(minutes=20))


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 6)), max_size=4),
    nodes_in_time=st.sampled_from([None, 700, 3_000]),
)
def test_whatever_graphql_fails_to_say_rest_tells(serve, tmp_path_factory, faults, nodes_in_time):
    served, folder, now = noted(serve(world())), tmp_path_factory.mktemp("bulk"), CLOCK
    served.state.switches.graphql_nodes_in_time = nodes_in_time
    for fault, skip in faults:
        served.state.faults.add(fault, path="^/graphql$", skip=skip)
    with connect(folder / "in_bulk.duckdb") as con:
        while read(served, con, now, bulk_from=10**6).paused:
            now += timedelta(minutes=20)
            served.state.let_pass(1200)
        assert_same_as_by_rest(served, con, folder, now)
