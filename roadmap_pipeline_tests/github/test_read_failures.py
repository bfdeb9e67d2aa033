"""Whatever GitHub refuses or fails to give, for good: the rest is read, once, and it is asked for again in its time."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.client import GitHubError
from roadmap_pipeline.github.ingest.read_failures import LONGEST_DISTANCE, ReadFailures
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.github.ingest.store import IngestSummary, Store
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import ANA, CLOCK, FULL, REPO, ago, everything, job, run, small_world, table
from roadmap_sandbox import payloads
from roadmap_sandbox.github.faults import Fault

pytestmark = pytest.mark.slow

STATUSES = (403, 404, 409, 410, 422, 451, 500, 502)
ENDPOINTS = {
    "milestones": rf"^/repos/{REPO}/milestones$",
    "issues": rf"^/repos/{REPO}/issues$",
    "issue_events": rf"^/repos/{REPO}/issues/events$",
    "pull_requests": rf"^/repos/{REPO}/pulls$",
    "files": r"/pulls/\d+/files$",
    "commits": r"/pulls/\d+/commits$",
    "runs": rf"^/repos/{REPO}/actions/runs$",
    "workflows": r"/actions/workflows$",
    "run": r"/actions/runs/\d+$",
    "attempt": r"/actions/runs/\d+/attempts/\d+$",
    "jobs": r"/actions/runs/\d+/jobs$",
    "log": r"/actions/jobs/\d+/logs$",
    "annotations": r"/check-runs/\d+/annotations$",
    "passing_log": r"/actions/jobs/(?!1000)\d+0/logs$",
    "code_owners": r"/contents/",
    "graphql": r"^/graphql$",
}
"""Every endpoint that an ingest asks, but the repository's own answer."""
HANGS_ON = {
    "milestones": {"milestones"},
    "issues": {"issues"},
    "issue_events": {"issue_events"},
    "pull_requests": {"pull_requests", "commits"},
    "files": {"pull_requests"},
    "commits": {"commits"},
    "workflows": {"workflows"},
    "runs": {"workflow_runs", "workflow_jobs", "job_logs", "passing_logs", "commits", "workflows"},
    "run": {"workflow_runs", "workflow_jobs", "job_logs"},
    "attempt": {"workflow_runs", "passing_logs"},
    "jobs": {"workflow_jobs", "job_logs", "passing_logs"},
    "log": {"job_logs", "passing_logs"},
    "annotations": {"job_logs"},
    "passing_log": {"passing_logs"},
    "code_owners": {"code_owners"},
    "graphql": set(),
}
"""The tables of which something may lack when an endpoint is refused."""
NOT_A_FAILURE = {
    *(("graphql", status) for status in STATUSES),
    ("log", 404),
    ("log", 410),
    ("passing_log", 404),
    ("passing_log", 410),
    ("code_owners", 404),
}
"""A log that was never written, and one that has expired; a file that isn't there; what GraphQL doesn't give REST
gives."""


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


def world_with_everything(serve):
    """Return a small world in which each endpoint has something to give, also at a second look."""
    content = small_world()
    content.runs[REPO] = [one for one in content.runs[REPO] if one["id"] >= 95]
    content.jobs[REPO] = [one for one in content.jobs[REPO] if one["run_id"] >= 95]
    content.logs[1000] = b"2026-11-15T00:00:00.0000000Z the flux capacitor is out of flux\n"
    content.logs.update({n * 10: b"2026-11-15T00:00:00.0000000Z all is well\n" for n in range(90, 130)})
    failed = {"head_sha": "d" * 40, "head_branch": "feature/2", "event": "pull_request", "conclusion": "failure"}
    content.runs[REPO].append(run(139, ago(hours=3), **failed))
    content.commits[REPO] = [
        payloads.commit(
            FULL, f"{2:040x}", parents=["d" * 40], message="Mend", author=ANA, author_name="Ana", email="a@example.org",
            at=ago(hours=2),
        )
    ]  # fmt: skip
    content.files[REPO] = {".github/CODEOWNERS": "* @ana\n"}
    open_run = run(140, ago(minutes=20), status="in_progress", conclusion=None)
    content.runs[REPO].append(open_run)
    return serve(content)


def read(served, con, now=CLOCK, repositories=(REPO,), bulk_from=None):
    options = {"passing_logs": 5, "bulk_from": bulk_from}
    return ingest(served.client(), con, list(repositories), history_days=400, now=now, **options)


def complete_open_run(served):
    done = run(140, ago(minutes=20), conclusion="success", updated_at=ago(minutes=1))
    served.state.put_run(REPO, done, [job(1400, 140, ago(minutes=20))])


def failures(con):
    return table(con, "select endpoint, item, status, tries from raw.read_failures order by all")


@pytest.mark.parametrize(
    ("endpoint", "status"),
    [*((endpoint, STATUSES[number % 6]) for number, endpoint in enumerate(ENDPOINTS)), ("issues", 500), ("jobs", 502)],
)
def test_an_endpoint_that_fails_for_good_costs_itself_alone(serve, tmp_path, endpoint, status):
    """Every endpoint once; ``refusals.py`` tries all with all."""
    assert_it_costs_itself_alone(serve, tmp_path, endpoint, status)


def assert_it_costs_itself_alone(serve, tmp_path, endpoint, status):
    """Assert that all else is read, once; returns the requests wasted by the first ingest, and by the next one."""
    served = world_with_everything(serve)
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        read(served, con)
        complete_open_run(served)
        read(served, con)
        undisturbed = everything(con)
    served = world_with_everything(serve)
    kind = "bad_gateway" if status >= 500 else "refusal"
    fault = Fault(kind, status, message="Not for you")
    bulk_from = 1 if endpoint == "graphql" else None
    with connect(tmp_path / "refused.duckdb") as con:
        served.state.faults.add(fault, path=ENDPOINTS[endpoint], times=10**6)
        read(served, con, bulk_from=bulk_from)
        journal = [(entry.path, entry.query) for entry in served.state.journal if entry.status == 200]
        assert sorted(journal) == sorted(set(journal)), "everything else is read once"
        wasted = len(served.state.faults.injected)
        summary = read(served, con, bulk_from=bulk_from)
        if (endpoint, status) not in NOT_A_FAILURE:
            assert {name for name, *_ in failures(con)} == {endpoint}
            assert any(str(status) in note or "Not for you" in note for note in summary.notes)
        complete_open_run(served)
        summary = read(served, con, bulk_from=bulk_from)
        found = everything(con)
        assert {name for name in found if found[name] != undisturbed[name]} <= HANGS_ON[endpoint]
        for name in HANGS_ON[endpoint]:
            assert len(found[name]) <= len(undisturbed[name])
        wasted_again = len(served.state.faults.injected) - wasted
        assert wasted <= 130
        assert wasted_again <= 130
        assert summary.unreadable == {} and summary.paused is None

        served.state.faults.clear()
        if (endpoint, status) not in NOT_A_FAILURE:
            week = CLOCK + LONGEST_DISTANCE
            served.state.clock = week
            assert_all_is_read_later(served, con, undisturbed)
    return wasted, wasted_again


def assert_all_is_read_later(served, con, undisturbed):
    """Once GitHub gives it, the tables are as if nothing had been; a log may have gone on its way meanwhile."""
    for days in (0, 1):
        read(served, con, served.state.clock + timedelta(days=days))
    assert failures(con) == []
    found = everything(con)
    same = set(found) - {"job_logs", "passing_logs"}
    assert {name: found[name] for name in same} == {name: undisturbed[name] for name in same}
    assert len(found["job_logs"]) == len(undisturbed["job_logs"])


def test_a_thing_is_asked_for_by_the_next_ingest_and_then_at_growing_distance(serve, con):
    served = serve(small_world())
    served.state.faults.add(Fault("refusal", 422, message="No diff"), path="/pulls/1/files", times=10**6)

    def asked(after_hours):
        before = len(served.state.faults.injected)
        summary = read(served, con, CLOCK + timedelta(hours=after_hours))
        assert any("files of pull requests 1 of acme/payments can't be read (422 No diff)" in n for n in summary.notes)
        return len(served.state.faults.injected) - before

    assert [asked(hours) for hours in (0, 0, 0.5, 1, 2, 3, 5, 6.9, 7)] == [1, 1, 0, 1, 0, 1, 0, 0, 1]
    assert table(con, "select item, tries, next_try_at - last_failed_at from raw.read_failures") == [
        ("1", 5, timedelta(hours=8))
    ]


def test_what_failed_is_tried_within_a_week_and_less_and_less_often(con):
    @settings(max_examples=30)
    @given(st.lists(st.integers(0, 40 * 24), min_size=1, max_size=15).map(sorted))
    def hold(hours):
        con.execute("delete from raw.read_failures")
        tried = []
        for hour in hours:
            now = CLOCK + timedelta(hours=hour)
            failures = ReadFailures(Store(con, IngestSummary(), now), REPO)
            if failures.is_due("files", "1"):
                tried.append(now)
                failures.failed("files", "1", GitHubError("x", status=422, message="No diff"))
                assert not failures.is_due("files", "1")
                failures.flush()
            else:
                assert now - tried[-1] < LONGEST_DISTANCE
        distances = [later - earlier for earlier, later in pairwise(tried)]
        assert all(distance >= timedelta(hours=2**n) for n, distance in enumerate(distances[1:]) if n < 7)
        assert table(con, "select tries, first_failed_at from raw.read_failures") == [
            (len(tried), tried[0].replace(tzinfo=None))
        ]

    hold()


def test_issues_that_are_switched_off_are_a_setting_and_not_asked_for(serve, con):
    content = small_world()
    content.repositories[REPO] = {**FULL, "has_issues": False}
    served = serve(content)
    summary = read(served, con)
    assert f"issues of {REPO} are switched off on GitHub (the repository has no issues)" in summary.notes
    assert f"/repos/{REPO}/issues" not in [path for _, path, _ in served.journal()]
    assert table(con, "select endpoint, is_setting from raw.read_failures") == [("issues", True)]


@pytest.mark.parametrize("poisoned", [[3], [0], [99], [41, 42], [128]])
def test_an_item_that_no_page_can_hold_costs_itself_alone(serve, con, poisoned):
    """GitHub answers 502 for every page with this run on it; alone, too."""
    content = small_world()
    served = serve(content)
    newest_first = sorted({one["id"] for one in content.runs[REPO]}, key=lambda id: -id)

    def holds_it(call):
        size, page = int(call.query.get("per_page", 30)), int(call.query.get("page", 1))
        return any((page - 1) * size <= place < page * size for place in poisoned)

    list_of_runs = {"path": r"/actions/runs$", "when": holds_it, "times": 10**6}
    served.state.faults.add("bad_gateway", **list_of_runs)
    summary = read(served, con)
    lost = {newest_first[place] for place in poisoned}
    stored = {run_id for (run_id,) in table(con, "select distinct run_id from raw.workflow_runs")}
    assert stored == set(newest_first) - lost
    assert any("502" in note for note in summary.notes)
    wasted = len(served.state.faults.injected)
    assert wasted <= 14 * len(poisoned)
    read(served, con)
    assert len(served.state.faults.injected) <= 3 * wasted
    again = len(served.state.faults.injected)
    read(served, con)
    if min(poisoned) >= 100:  # the first page is always asked for
        assert len(served.state.faults.injected) == again, "not before its time"
    served.state.faults.clear()
    read(served, con, CLOCK + timedelta(hours=1))
    stored = {run_id for (run_id,) in table(con, "select distinct run_id from raw.workflow_runs")}
    assert stored == set(newest_first)
    assert failures(con) == []


@pytest.mark.parametrize("size", [50, 25, 5, 1])
def test_a_page_that_comes_through_only_when_smaller_is_read_by_so_many_items(serve, tmp_path, size):
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "smaller.duckdb") as con:
        too_big = {"path": r"/actions/runs$", "when": lambda call: int(call.query.get("per_page", 30)) > size}
        served.state.faults.add("bad_gateway", times=10**6, **too_big)
        assert read(served, con).notes == []
        assert everything(con) == undisturbed


def test_one_page_that_fails_for_good_does_not_hold_up_those_behind_it(serve, con):
    runs = [run(n, ago(hours=500 - n)) for n in range(1, 451)]
    content = small_world()
    content.runs[REPO], content.jobs[REPO] = runs, []
    served = serve(content)
    served.state.faults.add(
        Fault("bad_gateway", 500), path=r"/actions/runs$", when=lambda call: call.query.get("page") == "2", times=10**6
    )
    read(served, con)
    stored = {run_id for (run_id,) in table(con, "select run_id from raw.workflow_runs")}
    assert stored == set(range(1, 251)) | set(range(351, 451))
    assert [(endpoint, status) for endpoint, _, status, _ in failures(con)] == [("runs", 500)]
    served.state.faults.clear()
    read(served, con)
    assert table(con, "select count(*) from raw.workflow_runs") == [(450,)]
    assert failures(con) == []


def with_a_second_repository(serve):
    content = small_world()
    content.repositories["acme/shop"] = payloads.repository(
        "acme/shop", 202, FULL["owner"], created_at=ago(days=900), updated_at=ago(days=1), pushed_at=ago(days=1)
    )
    return serve(content)


@pytest.mark.parametrize("status", [403, 404, 451, 500])
def test_a_repository_that_cannot_be_read_does_not_hold_up_the_others(serve, con, status):
    served = with_a_second_repository(serve)
    kind = "bad_gateway" if status == 500 else "refusal"
    served.state.faults.add(Fault(kind, status, message="SAML enforcement"), path="^/repos/acme/shop", times=10**6)
    summary = read(served, con, repositories=("acme/shop", REPO))
    assert table(con, "select count(distinct run_id) from raw.workflow_runs") == [(130,)]
    assert list(summary.unreadable) == ["acme/shop"]
    assert "acme/shop" in summary.unreadable["acme/shop"]
    assert table(con, "select repo, endpoint, status from raw.read_failures") == [("acme/shop", "repository", status)]
    served.state.faults.clear()
    assert read(served, con, repositories=("acme/shop", REPO)).unreadable == {}
    assert failures(con) == []


def test_a_repository_that_goes_private_keeps_its_rows(serve, con):
    served = with_a_second_repository(serve)
    read(served, con, repositories=(REPO, "acme/shop"))
    before = everything(con)
    served.state.faults.add(Fault("refusal", 404), path=f"^/repos/{REPO}", times=10**6)
    assert list(read(served, con, repositories=(REPO, "acme/shop")).unreadable) == [REPO]
    assert everything(con) == before


def test_where_no_repository_can_be_read_all_are_named(serve, con):
    served = with_a_second_repository(serve)
    served.state.faults.add(Fault("refusal", 404), path="^/repos/acme", times=10**6)
    with pytest.raises(ConfigurationError) as caught:
        read(served, con, repositories=(REPO, "acme/shop"))
    assert [bool(re.search(name, str(caught.value))) for name in (REPO, "acme/shop")] == [True, True]


def test_a_run_whose_jobs_are_not_to_be_had_is_not_taken_for_deleted(serve, con):
    served = serve(small_world())
    served.state.faults.add(Fault("refusal", 404), path=r"/actions/runs/(5|140)/jobs$", times=10**6)
    read(served, con)
    assert table(con, "select count(*) from raw.workflow_runs where deleted_upstream_at is not null") == [(0,)]
    assert [(endpoint, item) for endpoint, item, *_ in failures(con)] == [("jobs", "5")]


def test_a_short_outage_among_many_items_costs_nothing(serve, tmp_path):
    """The first eight lists of jobs fail, so that the rest is left; they come through when asked for again."""
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "outage.duckdb") as con:
        served.state.faults.add(Fault("bad_gateway", 503), path=r"/actions/runs/\d\d/jobs$", times=24)
        assert read(served, con).notes == []
        assert everything(con) == undisturbed
