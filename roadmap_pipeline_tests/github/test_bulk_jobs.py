"""Jobs of many runs at once by GraphQL: the same rows as by REST, whatever GraphQL says or doesn't."""

from datetime import timedelta

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline_tests.github.bulk import UNTOLD, assert_no_run_lacks_a_job, assert_same_as_by_rest, read
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, job, run, table
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault

RUNS = 120
MANY_JOBS, RERUN, OPEN, JUST_DONE = 7, 8, 119, 120
CONCLUSIONS = ("success", "success", "failure", "success", "cancelled", "success", "timed_out")


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


def world():
    """120 runs, most of them older than what is read in full; one of 130 jobs, one run again, one that isn't over."""
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: []}, jobs={REPO: []})
    for number in range(1, RUNS + 1):
        at = CLOCK - timedelta(days=30, hours=RUNS - number) if number < OPEN else ago(minutes=20)
        conclusion = CONCLUSIONS[number % 7]
        if number == OPEN:
            content.runs[REPO].append(run(number, at, status="in_progress", conclusion=None))
            content.jobs[REPO].append(job(number * 1000, number, at, status="in_progress", conclusion=None))
            continue
        ended = ago(minutes=2) if number == JUST_DONE else at
        content.runs[REPO].append(run(number, at, conclusion=conclusion, updated_at=ended))
        jobs = 130 if number == MANY_JOBS else 2
        for k in range(jobs):
            ended_as = conclusion if k == jobs - 1 else "success"
            content.jobs[REPO].append(job(number * 1000 + k, number, at, name=f"job {k}", conclusion=ended_as))
        if number == RERUN:
            again = at + timedelta(hours=1)
            content.runs[REPO].append(run(number, at, run_attempt=2, run_started_at=again, updated_at=again))
            content.jobs[REPO].append(job(number * 1000 + 500, number, again, run_attempt=2))
    return content


def asked(served, part):
    return [path for _, path, _ in served.journal() if part in path]


def test_jobs_read_in_bulk_are_those_of_rest(serve, con, tmp_path):
    served = serve(world())
    client = served.client()
    summary = read(served, con, client=client)
    assert summary.paused is None
    # three suites of 50, 50 and 17, a further page of the one of 130 jobs, and the steps of 66 that failed or so
    assert len(asked(served, "/graphql")) == client.points == 5
    states = dict(table(con, "select run_id, min(detail_state) from raw.workflow_jobs group by run_id"))
    assert {number for number, state in states.items() if state == "complete"} == {RERUN, OPEN, JUST_DONE}
    assert_no_run_lacks_a_job(con, served.state)
    untold = " and ".join(f"{name} is null" for name in UNTOLD)
    assert table(con, f"select bool_and({untold}) from raw.workflow_jobs where detail_state = 'bulk'") == [(True,)]
    failed = "select failed_steps from raw.workflow_jobs where detail_state = 'bulk' and conclusion = 'failure'"
    assert set(map(str, table(con, failed))) == {"(['Run tests'],)"}
    assert_same_as_by_rest(served, con, tmp_path)
    served.journal()
    read(served, con, CLOCK + timedelta(minutes=1))
    assert not asked(served, "/jobs")


def test_few_runs_are_read_by_rest(serve, con):
    served = serve(world())
    read(served, con, bulk_from=200)
    assert not asked(served, "/graphql")


def test_jobs_of_the_last_weeks_are_completed(serve, con):
    """Queue times and runners of the last four weeks: once, and after everything else."""
    content = world()
    for one in [*content.runs[REPO], *content.jobs[REPO]]:
        for name in ("created_at", "started_at", "completed_at", "updated_at", "run_started_at"):
            if one.get(name) and (one.get("run_id") or one["id"]) in (100, 101):
                one[name] = f"{ago(days=3):%Y-%m-%dT%H:%M:%SZ}"
    served = serve(content)
    read(served, con)
    complete = "select distinct run_id from raw.workflow_jobs where detail_state = 'complete' order by 1"
    assert table(con, complete) == [(RERUN,), (100,), (101,), (OPEN,), (JUST_DONE,)]
    served.journal()
    read(served, con, CLOCK + timedelta(minutes=1))
    assert not asked(served, "/runs/100/jobs")


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["502", "504", "errors", "partial", "resource_limits"])
def test_what_takes_github_too_long_is_asked_for_in_smaller_parts(serve, con, tmp_path, answer):
    served = serve(world())
    served.state.switches.graphql_nodes_in_time, served.state.switches.graphql_timeout = 60, answer
    read(served, con)
    assert_no_run_lacks_a_job(con, served.state)
    in_bulk = "select count(distinct run_id) from raw.workflow_jobs where detail_state = 'bulk'"
    assert table(con, in_bulk)[0][0] > 100
    assert_same_as_by_rest(served, con, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("refusal", ["404", "401", "403", "sso", "errors"])
def test_graphql_that_is_refused_leaves_everything_to_rest_and_is_noted_once(serve, con, tmp_path, refusal):
    served = serve(world())
    match refusal:
        case "sso":
            served.state.switches.graphql_sso = frozenset({"acme"})
        case "errors":
            served.state.faults.add("graphql_error", path="^/graphql$", times=10**6)
        case status:
            served.state.switches.graphql = status
    summary = read(served, con)
    notes = [note for note in summary.notes if "GraphQL" in note]
    assert len(notes) == 1
    assert "by REST, one request a run" in notes[0]
    assert len(asked(served, "/graphql")) <= 40
    assert table(con, "select distinct detail_state from raw.workflow_jobs") == [("complete",)]
    assert_no_run_lacks_a_job(con, served.state)
    assert_same_as_by_rest(served, con, tmp_path)


def test_a_used_up_quota_keeps_rest_for_everything_else(serve, con, tmp_path):
    """The jobs wait for GraphQL's next hour, the ones that REST alone tells are read meanwhile."""
    served = serve(world())
    served.state.faults.add(Fault("rate_limit", seconds=900), path="^/graphql$", skip=1)
    summary = read(served, con)
    assert "GraphQL" in (summary.paused or "")
    assert "try again in 15 min" in (summary.paused or "")
    runs_asked = {path for path in asked(served, "/jobs") if "/actions/runs/" in path}
    assert runs_asked == {f"/repos/{REPO}/actions/runs/{number}/jobs" for number in (RERUN, OPEN, JUST_DONE)}
    assert_no_run_lacks_a_job(con, served.state)
    assert read(served, con, CLOCK + timedelta(minutes=20)).paused is None
    assert_same_as_by_rest(served, con, tmp_path, CLOCK + timedelta(minutes=20))


def test_a_run_that_is_run_again_meanwhile_is_not_taken_for_its_first_attempt(serve, con, tmp_path):
    served = serve(world())
    again = [5, 20, 60]

    def rerun():
        for number in again:
            served.state.activity.rerun(REPO, number)
        served.state.activity.complete_run(REPO, 20, "success")

    served.state.faults.before(rerun, path="^/graphql$")
    read(served, con)
    assert_no_run_lacks_a_job(con, served.state)
    complete = {n for (n,) in table(con, "select run_id from raw.workflow_jobs where detail_state = 'complete'")}
    assert complete >= set(again)
    served.state.activity.complete_run(REPO, 5, "success")
    served.state.activity.complete_run(REPO, 60, "failure")
    later = CLOCK + timedelta(days=1)
    served.state.advance(timedelta(days=1))
    read(served, con, later)
    assert_no_run_lacks_a_job(con, served.state)


def test_a_run_that_is_deleted_meanwhile_is_marked(serve, con):
    served = serve(world())
    served.state.faults.before(lambda: served.state.delete_run(REPO, 30), path="^/graphql$")
    read(served, con)
    gone = table(con, "select run_id from raw.workflow_runs where deleted_upstream_at is not null")
    assert gone == [(30,)]
    assert_no_run_lacks_a_job(con, served.state)


def test_points_are_units_of_the_budget(serve, con):
    """A budget that ends amid GraphQL's part pauses the ingest, and the next one goes on."""
    served = serve(world())
    client = served.client()
    with client.spending_at_most(11):
        summary = read(served, con, client=client)
    assert "limits.github_requests_per_run" in (summary.paused or "")
    assert client.charged + client.points == 11
    assert client.points
    assert_no_run_lacks_a_job(con, served.state)
    read(served, con)
    assert table(con, "select count(*) from raw.run_details") == [(RUNS,)]
