"""The search index behind filtered lists of runs: how it lags, how it is capped, and how fast lists are served."""

import sys
from datetime import timedelta

import pytest

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import BOT, CLOCK, REPO, ago, full_repository, run_payload
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.payloads import timestamp

RUNS = f"/repos/{REPO}/actions/runs"
EVERYTHING = "created=%3E%3D2026-01-01"


def ids(response):
    return [run["id"] for run in response.json()["workflow_runs"]]


def test_an_index_lags_now_and_then_and_the_same_at_every_start(serve, make_state):
    listings = []
    for _ in range(2):
        state = make_state(rate_limit=None)
        state.switches.stale_index, state.switches.stale_chance = timedelta(hours=96), 0.3
        client = serve(state)
        listings.append([ids(client.get(f"{RUNS}?{EVERYTHING}")) for _ in range(100)])
        assert all(ids(client.get(RUNS)) == [6, 5, 4, 3, 2, 1] for _ in range(5))
    assert listings[0] == listings[1]
    fresh, stale = listings[0].count([6, 5, 4, 3, 2, 1]), listings[0].count([4, 3, 2, 1])
    assert fresh + stale == 100
    # Binomial with n = 100, p = 0.3: five standard deviations are 23.
    assert 7 <= stale <= 53


def test_an_index_can_fail_in_every_way_at_once(client, state):
    state.switches.stale_index = timedelta(hours=96)
    state.switches.stale_responses = ("missing", "empty")
    seen = {tuple(ids(client.get(f"{RUNS}?{EVERYTHING}"))) for _ in range(40)}
    assert seen == {(4, 3, 2, 1), ()}
    assert client.get(RUNS).json()["total_count"] == 6


def test_an_old_page_shows_runs_as_they_were(client, state):
    state.switches.stale_index, state.switches.stale_responses = timedelta(hours=92), ("old",)
    # Run 3 was created 97 hours ago, failed, and passed when it was run again 90 hours ago.
    (run,) = [run for run in client.get(f"{RUNS}?{EVERYTHING}").json()["workflow_runs"] if run["id"] == 3]
    assert (run["run_attempt"], run["conclusion"]) == (1, "failure")
    assert ids(client.get(f"{RUNS}?status=failure")) == [3, 2]
    state.activity.delete_run(REPO, 2)
    assert ids(client.get(f"{RUNS}?status=failure")) == [3, 2]
    assert ids(client.get(RUNS)) == [6, 5, 4, 3, 1]
    state.put_run(REPO, run_payload(9, created_at=ago(hours=95), updated_at=ago(hours=90)))
    (run,) = [run for run in client.get(f"{RUNS}?{EVERYTHING}").json()["workflow_runs"] if run["id"] == 9]
    assert (run["status"], run["conclusion"]) == ("in_progress", None)


def test_pages_of_a_filtered_list_follow_every_change(client, state):
    assert ids(client.get(f"{RUNS}?event=push")) == [6, 5, 4, 3, 1]
    state.put_run(REPO, run_payload(7, created_at=ago(hours=1)))
    assert ids(client.get(f"{RUNS}?event=push")) == [7, 6, 5, 4, 3, 1]
    state.put_run(REPO, run_payload(7, created_at=ago(hours=1), event="schedule"))
    assert ids(client.get(f"{RUNS}?event=push")) == [6, 5, 4, 3, 1]
    state.delete_run(REPO, 5)
    assert ids(client.get(f"{RUNS}?event=push")) == [6, 4, 3, 1]
    assert ids(client.get(f"{RUNS}?head_sha={4:040x}&status=success")) == [4]
    assert ids(client.get(f"{RUNS}?head_sha={5:040x}")) == []


def test_a_second_may_hold_more_runs_than_a_search_gives(serve):
    moment = ago(days=3)
    template = run_payload(1, created_at=moment)
    runs = [template | {"id": n, "event": "push" if n % 2 else "schedule"} for n in range(1, 1_151)]
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: full_repository()}, runs={REPO: runs})
    client = serve(GitHubState(content, rate_limit=None))
    second = f"created={timestamp(moment)}..{timestamp(moment)}&per_page=100"
    assert client.get(f"{RUNS}?{second}").json()["total_count"] == 1_150
    reached = [run_id for page in range(1, 12) for run_id in ids(client.get(f"{RUNS}?{second}&page={page}"))]
    assert reached == list(range(1_150, 150, -1))
    of_event = [run_id for page in range(1, 7) for run_id in ids(client.get(f"{RUNS}?{second}&event=push&page={page}"))]
    assert of_event == list(range(1_149, 0, -2))


@pytest.fixture(scope="module")
def many_runs():
    """Return 60,000 runs, one every half minute; nested payloads are shared."""
    template = run_payload(1, created_at=CLOCK)
    return [
        template
        | {
            "id": number,
            "created_at": timestamp(CLOCK - timedelta(seconds=30 * (60_000 - number))),
            "head_sha": f"{number:040x}",
            "event": "push" if number % 3 else "pull_request",
        }
        for number in range(1, 60_001)
    ]


def calls_made(work):
    """Return the number of functions called while ``work`` is done."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_page_costs_no_more_among_60_000_runs_than_among_600(many_runs):
    """Calls while answering, without HTTP; the bound is wide, since a scan of all runs would take 100 times as many."""
    costs = []
    for runs in (many_runs[-600:], many_runs):
        content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: full_repository()}, runs={REPO: runs})
        state = GitHubState(content, rate_limit=None)
        first, last = runs[-600]["created_at"], runs[-1]["created_at"]
        queries = [
            "per_page=100&page=3",
            f"per_page=100&page=3&created={first}..{last}",
            f"head_sha={59_990:040x}",
        ]

        def ask(state=state, queries=queries):
            for query in queries:
                status, _ = state.request("GET", f"{RUNS}?{query}")
                assert status == 200

        ask()
        costs.append(calls_made(ask))
    assert costs[1] < 3 * costs[0]
