"""Limits and failures, scripted and random."""

import time

import pytest
import requests

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import REPO
from roadmap_sandbox.github.faults import FAULT_KINDS, Fault

COMMENTS = f"/repos/{REPO}/issues/1/comments"


def bodies(client):
    return [comment["body"] for comment in client.get(COMMENTS).json()]


@pytest.mark.parametrize(("kind", "applied"), [("bad_gateway", False), ("bad_gateway_after_commit", True)])
def test_a_bad_gateway_with_and_without_the_write(client, state, kind, applied):
    state.faults.add(kind, method="POST")
    response = client("POST", COMMENTS, {"body": "x"})
    assert (response.status_code, response.json()) == (502, {"message": "Server Error"})
    assert bodies(client) == (["Nice", "x"] if applied else ["Nice"])
    assert client("POST", COMMENTS, {"body": "y"}).status_code == 201


@pytest.mark.parametrize(("kind", "applied"), [("drop", False), ("drop_after_commit", True)])
def test_a_dropped_connection_with_and_without_the_write(client, state, kind, applied):
    state.faults.add(kind, path="comments$", method="POST")
    with pytest.raises(requests.ConnectionError):
        client("POST", COMMENTS, {"body": "x"})
    assert state.journal[-1].status == 0
    assert bodies(client) == (["Nice", "x"] if applied else ["Nice"])


def test_limits_as_faults(client, state):
    state.faults.add(Fault("rate_limit", status=429, seconds=5))
    refused = client.get(COMMENTS)
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert refused.json()["message"].startswith("API rate limit exceeded")
    assert 0 <= int(refused.headers["X-RateLimit-Reset"]) - state.now() <= 5
    state.faults.add(Fault("secondary_limit", seconds=60))
    state.faults.add(Fault("secondary_limit", seconds=None))
    first, second = client.get(COMMENTS), client.get(COMMENTS)
    assert (first.status_code, first.headers["Retry-After"]) == (403, "60")
    assert "secondary rate limit" in second.json()["message"]
    assert "Retry-After" not in second.headers
    assert state.faults.injected == [
        ("GET", COMMENTS, "rate_limit"),
        ("GET", COMMENTS, "secondary_limit"),
        ("GET", COMMENTS, "secondary_limit"),
    ]


def test_faults_skip_and_repeat(client, state):
    state.faults.add("bad_gateway", when=lambda request: request.query.get("page") == "2", skip=1, times=2)
    statuses = [client.get(f"{COMMENTS}?page={page}").status_code for page in (2, 1, 2, 2, 2)]
    assert statuses == [200, 200, 502, 502, 200]


def test_random_faults_come_as_often_as_asked_and_the_same_for_a_seed(serve, make_state):
    given = []
    for _ in range(2):
        state = make_state(rate_limit=None)
        client = serve(state)
        state.faults.randomly(0.2, seed=3, kinds=["bad_gateway", "secondary_limit"])
        statuses = [client.get(COMMENTS).status_code for _ in range(300)]
        given.append([kind for _, _, kind in state.faults.injected])
        assert statuses.count(502) + statuses.count(403) == len(given[-1])
        state.faults.clear()
        assert client.get(COMMENTS).status_code == 200
    assert given[0] == given[1]
    # Binomial with n = 300, p = 0.2: five standard deviations are 35.
    assert 25 <= len(given[0]) <= 95
    assert set(given[0]) == {"bad_gateway", "secondary_limit"} < set(FAULT_KINDS)


def test_the_primary_limit_runs_out_and_comes_back(serve, make_state):
    clock = [1_000.0]
    state = make_state(rate_limit=3, now=lambda: clock[0])
    client = serve(state)
    remaining = [int(client.get(COMMENTS).headers["X-RateLimit-Remaining"]) for _ in range(3)]
    assert remaining == [2, 1, 0]
    refused = client("POST", COMMENTS, {"body": "x"})
    assert (refused.status_code, refused.headers["X-RateLimit-Reset"]) == (403, "4600")
    state.switches.limit_status = 429
    assert client.get(COMMENTS).status_code == 429
    core = client.get("/rate_limit").json()["resources"]["core"]
    assert core == {"limit": 3, "remaining": 0, "used": 3, "reset": 4600}
    assert client.get(COMMENTS, headers={"Authorization": ""}).headers["X-RateLimit-Limit"] == "60"
    clock[0] = 4_600.0
    assert bodies(client) == ["Nice"]


def test_without_a_limit_nothing_runs_out(serve, make_state):
    client = serve(make_state(rate_limit=None))
    assert int(client.get(COMMENTS).headers["X-RateLimit-Remaining"]) > 100_000


def test_half_an_answer_and_a_slow_one(client, state):
    state.faults.add("broken_json", method="POST")
    broken = client("POST", COMMENTS, {"body": "x"})
    assert broken.status_code == 201
    with pytest.raises(requests.exceptions.JSONDecodeError):
        broken.json()
    assert bodies(client) == ["Nice", "x"]
    state.faults.add(Fault("slow", seconds=0.2))
    began = time.monotonic()
    assert bodies(client) == ["Nice", "x"]
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("status", [500, 503, 504])
def test_servers_fail_in_several_ways(client, state, status):
    state.faults.add(Fault("bad_gateway", status))
    assert client.get(COMMENTS).status_code == status


def test_only_large_pages_time_out(client, state):
    state.faults.add(
        Fault("bad_gateway", 504), when=lambda request: int(request.query.get("per_page", 30)) > 50, times=9
    )
    runs = f"/repos/{REPO}/actions/runs?per_page="
    assert [client.get(f"{runs}{size}").status_code for size in (100, 50, 51)] == [504, 200, 504]


def test_the_world_changes_after_a_request_too(client, state):
    state.faults.after(lambda: state.activity.delete_comment(REPO, 502), method="POST", path="comments$")
    created = client("POST", COMMENTS, {"body": "soon gone"})
    assert (created.status_code, created.json()["id"]) == (201, 502)
    assert bodies(client) == ["Nice"]


def test_something_happens_before_the_third_request(client, state):
    state.faults.before(lambda: state.activity.edit_comment(REPO, 501, "changed"), skip=2)
    assert [bodies(client) for _ in range(4)] == [["Nice"], ["Nice"], ["changed"], ["changed"]]


def test_the_journal_says_what_was_charged(client, state):
    etag = client.get(COMMENTS).headers["ETag"]
    client.get(COMMENTS, headers={"If-None-Match": etag})
    client.get("/rate_limit")
    client.get(COMMENTS, headers={"Authorization": "Bearer wrong"})
    state.faults.add("bad_gateway")
    client.get(COMMENTS)
    client.get(f"/repos/{REPO}/issues/99")
    assert [(entry.status, entry.charged) for entry in state.journal] == [
        (200, True),
        (304, False),
        (200, False),
        (401, False),
        (502, False),
        (404, True),
    ]
    assert client.get("/rate_limit").json()["resources"]["core"]["used"] == 2


def test_bursts_meet_the_secondary_limit(client, state):
    state.limits.secondary.points_per_minute = 12
    # A read costs 1 point, a write 5.
    statuses = [client.get(COMMENTS).status_code for _ in range(2)]
    statuses += [client("POST", COMMENTS, {"body": "x"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 201, 201, 403]
    refused = client.get(COMMENTS)
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    assert "secondary rate limit" in refused.json()["message"]
    state.switches.secondary_status, state.switches.secondary_retry_after = 429, None
    refused = client.get(COMMENTS)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, False)
    assert int(refused.headers["X-RateLimit-Remaining"]) > 0
    state.let_pass(61)
    assert len(bodies(client)) == 3


def test_creating_has_limits_of_its_own(client, state):
    state.limits.secondary.content_per_minute, state.limits.secondary.content_per_hour = 2, 3

    def create():
        return client("POST", COMMENTS, {"body": "x"}).status_code

    assert [create() for _ in range(3)] == [201, 201, 403]
    assert client("PATCH", f"/repos/{REPO}/issues/comments/502", {"body": "y"}).status_code == 200
    state.let_pass(61)
    assert [create(), create()] == [201, 403]
    state.let_pass(3_600)
    assert create() == 201
