"""The transport against the simulated GitHub over real HTTP."""

import logging
import socket
import threading
import time

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.transport import (
    AmbiguousWrite,
    GitHubClient,
    GitHubError,
    LogState,
    MovedError,
    NotFoundError,
    RateLimited,
)
from roadmap_pipeline.sandbox.github.faults import Fault
from roadmap_pipeline_tests.github.conftest import REPO, small_world

RUNS = f"/repos/{REPO}/actions/runs"


@pytest.fixture
def world(serve):
    return serve(small_world())


def test_reads_a_list_page_by_page(world):
    client = world.client()
    pages = list(client.pages(RUNS, items_key="workflow_runs"))
    assert [len(page) for page in pages] == [100, 30]
    assert [run["id"] for run in pages[0][:2]] == [130, 129]
    assert client.requests == 2 and client.writes == 0


def test_an_unchanged_answer_is_told_by_its_etag(world):
    client = world.client()
    first = client.get(RUNS, {"per_page": 5})
    again = client.get(RUNS, {"per_page": 5}, first.etag)
    assert (first.unchanged, again.unchanged, again.data) == (False, True, None)


@pytest.mark.parametrize(
    "kind", ["bad_gateway", "drop", Fault("secondary_limit", 429, 0), Fault("secondary_limit", 403, 0)]
)
def test_a_read_is_repeated(world, kind):
    world.state.faults.add(kind, times=2)
    client = world.client()
    assert client.get(f"/repos/{REPO}").data["full_name"] == REPO
    assert client.requests == 3


def test_a_read_that_keeps_failing_says_how(world):
    world.state.faults.add("bad_gateway", times=100)
    client = world.client()
    client_sleep = time.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda _seconds: client_sleep(0))
        with pytest.raises(GitHubError, match="502 Server Error"):
            client.get(f"/repos/{REPO}")


def test_a_long_rate_limit_is_raised_not_waited_for(world):
    world.state.faults.add(Fault("rate_limit", 403, 3000), times=100)
    with pytest.raises(RateLimited) as caught:
        world.client().get(RUNS)
    assert 2900 < caught.value.seconds < 3100
    world.state.faults.clear()
    world.state.faults.add(Fault("secondary_limit", 429, 500))
    with pytest.raises(RateLimited) as caught:
        world.client().post(f"/repos/{REPO}/issues", {"title": "x"})
    assert caught.value.seconds == 500


def test_a_short_rate_limit_is_waited_for(world):
    world.state.faults.add(Fault("rate_limit", 403, 0))
    assert world.client().get(f"/repos/{REPO}").status == 200


@pytest.mark.parametrize("kind", ["bad_gateway", "bad_gateway_after_commit", "drop", "drop_after_commit"])
def test_a_write_of_unknown_outcome_is_not_repeated(world, kind):
    world.state.faults.add(kind, method="POST")
    client = world.client()
    with pytest.raises(AmbiguousWrite):
        client.post(f"/repos/{REPO}/issues", {"title": "Only once"})
    assert client.writes == 1
    assert [entry[0] for entry in world.journal()].count("POST") == 1


def test_a_write_refused_for_its_rate_is_sent_again(world):
    world.state.faults.add(Fault("secondary_limit", 429, 0), method="POST")
    client = world.client()
    assert client.post(f"/repos/{REPO}/issues", {"title": "Twice sent"}).status == 201
    assert client.writes == 2


def test_errors_name_the_variable_to_look_at(world):
    with pytest.raises(ConfigurationError, match=r"GITHUB_TOKEN.*401"):
        world.client("not-the-token").get("/user")
    with pytest.raises(ConfigurationError, match="GITHUB_REPOSITORY: acme/missing"):
        world.client().repository("acme/missing")
    with pytest.raises(NotFoundError):
        world.client().get(f"{RUNS}/987654321")
    with pytest.raises(ConfigurationError, match="GITHUB_API_URL"):
        GitHubClient("token", base_url="ftp://example.org")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConfigurationError, match=r"GITHUB_API_URL.*can't be reached"):
            GitHubClient("token", base_url=f"http://127.0.0.1:{unused.getsockname()[1]}").get("/user")


def test_a_refused_write_says_which_field(world):
    with pytest.raises(GitHubError) as caught:
        world.client().post(f"/repos/{REPO}/issues", {"title": "x", "body": "y" * 70_000})
    assert caught.value.status == 422
    assert not isinstance(caught.value, AmbiguousWrite)


def test_a_renamed_repository_is_not_followed_without_its_query(serve):
    world = serve(small_world(), renamed={"acme/pay": REPO})
    client = world.client()
    with pytest.raises(MovedError):
        client.get("/repos/acme/pay/actions/runs", {"per_page": 1})
    assert client.repository("acme/pay").data["full_name"] == REPO


def test_a_log_or_why_there_is_none(world):
    client = world.client()
    log = client.job_log(REPO, 1000)
    assert not isinstance(log, LogState)
    assert b"##[error]" in b"".join(log)
    assert client.job_log(REPO, 1002) is LogState.EXPIRED
    assert client.job_log(REPO, 1003) is LogState.MISSING


def test_the_token_shows_nowhere(world, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    client = world.client()
    list(client.job_log(REPO, 1000))
    client.post(f"/repos/{REPO}/issues", {"title": "x"})
    secret = "sandbox-github-token"
    assert secret not in caplog.text
    assert secret not in repr(client) and secret not in repr(vars(client))
    with pytest.raises(ConfigurationError) as caught:
        GitHubClient(f"{secret}\n")
    assert secret not in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        GitHubClient("t", base_url=f"https://me:{secret}@example.org")
    assert secret not in str(caught.value)
    assert secret not in client.cache_key(RUNS)
    assert client.cache_key(RUNS) != world.client("another").cache_key(RUNS)


def test_threads_get_their_own_answers(world):
    client = world.client()
    wrong = []

    def read(run_id):
        answers = [client.get(f"{RUNS}/{run_id}").data["id"] for _ in range(20)]
        wrong.extend(answer for answer in answers if answer != run_id)

    threads = [threading.Thread(target=read, args=(run_id,)) for run_id in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert client.requests == 160


def test_pacing_spreads_requests(world):
    client = world.client(points_per_minute=600)  # 10 a second, 100 at once
    started = time.monotonic()
    for _ in range(105):
        client.get("/rate_limit")
    assert time.monotonic() - started >= 0.4


def test_viewer(world):
    assert world.client().viewer_login() == "roadmap-pipeline[bot]"
