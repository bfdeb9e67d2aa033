"""Runs that are deleted on GitHub long after they were created, found by what GitHub counts."""

from datetime import timedelta

import pytest

from roadmap_pipeline.github.ingest.deletions import REQUESTS_PER_LOOK
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, run, table
from roadmap_sandbox.content import GitHubContent

pytestmark = pytest.mark.slow

GONE = "select distinct run_id from raw.workflow_runs where deleted_upstream_at is not null order by 1"
RUNS = 2_400
NEXT_DAY = CLOCK + timedelta(days=1)


def read(served, con, now, history_days=400):
    return ingest(served.client(), con, [REPO], history_days=history_days, now=now)


def world_of_a_year(serve, **switches):
    """Return a run every 3 hours for 300 days."""
    runs = [run(n, ago(hours=3 * (RUNS - n) + 1)) for n in range(1, RUNS + 1)]
    served = serve(GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: runs}))
    for name, value in switches.items():
        setattr(served.state.switches, name, value)
    return served


def read_a_day_later(served, con):
    """Read once on the next day; returns the requests for lists of runs beyond the daily look at the newest."""
    served.state.clock = NEXT_DAY
    served.journal()
    read(served, con, NEXT_DAY)
    return charged_for_lists(served)


def charged_for_lists(served):
    """Charged requests for lists of runs since the journal was looked at last."""
    return [path for _, path, status in served.journal() if path == f"/repos/{REPO}/actions/runs" and status == 200]


def without_jobs(con):
    """Let the ingest take the jobs of all runs for read: there are none, and asking costs a request a run."""
    con.execute(
        "insert into raw.run_details (repo, run_id, run_attempt, status, conclusion, updated_at)"
        " select repo, run_id, run_attempt, status, conclusion, updated_at from raw.workflow_runs"
    )


@pytest.fixture
def known(con):
    """Read a world's lists for the first time, without what hangs on its runs."""

    def first_read(served):
        client = served.client()
        with client.spending_at_most(60):
            ingest(client, con, [REPO], history_days=400, now=CLOCK)
        without_jobs(con)
        read(served, con, CLOCK)
        return con

    return first_read


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"unfiltered_cap": 300, "clamp_filtered_total": True, "beyond_filtered_cap": "422"},
        {"stale_index": timedelta(days=200), "stale_chance": 0.2, "stale_responses": ("missing", "empty", "old")},
    ],
    ids=["counted", "behind GitHub's limits", "stale index"],
)
def test_what_was_deleted_long_ago_is_found_with_few_requests(serve, known, switches):
    served = world_of_a_year(serve, **switches)
    con = known(served)
    for run_id in (7, 400, 401, 1900):
        served.state.delete_run(REPO, run_id)
    read_a_day_later(served, con)
    days = 1
    while len(table(con, GONE)) < 4 and days < 4:
        days += 1
        served.state.clock = CLOCK + timedelta(days=days)
        read(served, con, served.state.clock)
    assert table(con, GONE) == [(7,), (400,), (401,), (1900,)]


def test_the_look_is_bounded_and_made_only_when_something_went(serve, known):
    served = world_of_a_year(serve)
    con = known(served)
    assert len(read_a_day_later(served, con)) <= 5  # the newest 30 days: 240 runs, and the first page
    served.state.delete_run(REPO, 1000)
    served.state.clock = NEXT_DAY + timedelta(days=1)
    served.journal()
    read(served, con, served.state.clock)
    asked = charged_for_lists(served)
    assert table(con, GONE) == [(1000,)]
    assert len(asked) <= 5 + REQUESTS_PER_LOOK // 2
    served.state.clock += timedelta(days=1)
    served.journal()
    read(served, con, served.state.clock)
    assert len(charged_for_lists(served)) <= 5


def test_runs_that_github_no_longer_keeps_are_left_alone(serve, con):
    """Beyond 400 days runs go by themselves: nothing is looked for, and their rows say nothing of it."""
    runs = [run(1, ago(days=399)), run(2, ago(days=100)), run(3, ago(days=1))]
    served = serve(GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: runs}))
    read(served, con, CLOCK, history_days=500)
    served.state.delete_run(REPO, 1)
    for days in range(2, 7):
        read(served, con, CLOCK + timedelta(days=days), history_days=500)
    assert table(con, GONE) == []


def test_runs_of_an_unread_list_are_not_taken_for_deleted(serve, con):
    """While the list isn't read to its end, what GitHub counts more or less says nothing."""
    served = world_of_a_year(serve)
    client = served.client()
    with client.spending_at_most(12):
        ingest(client, con, [REPO], history_days=400, now=CLOCK)
    assert table(con, "select count(*) < ? from raw.workflow_runs", RUNS) == [(True,)]
    assert table(con, "select count(*) from raw.run_counts") == [(0,)]
