"""One pace for all threads and clients of a token: points, what is left of the quota, and holds after refusals."""

import threading
import time
from email.utils import formatdate

import pytest

from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.github.client.client import GitHubClient, RateLimited
from roadmap_pipeline.github.client.pacing import Pacer
from roadmap_pipeline_tests.github.conftest import REPO, small_world
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.state import TOKEN

ROOT = f"/repos/{REPO}"


def left(remaining, *, limit=5000, ends_in=1800, **more):
    now = time.time()
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(now) + ends_in),
        "date": formatdate(now, usegmt=True),
        **more,
    }


def note(pacer, headers):
    pacer.note(headers, time.monotonic(), refused=False)


def seconds_until_admitted(pacer):
    try:
        pacer.admit(is_write=False)
    except RateLimited as error:
        return error.seconds
    return 0


def test_a_share_of_the_quota_is_left_to_others():
    pacer = Pacer(None, 0.1)
    note(pacer, left(501))
    assert seconds_until_admitted(pacer) == 0
    note(pacer, left(500))
    assert 1790 < seconds_until_admitted(pacer) < 1810
    with pytest.raises(RateLimited, match=r"500 of 5,000 .* limits\.github_quota_reserve .* try again in 30 min, at"):
        pacer.admit(is_write=True)
    without_reserve = Pacer(None, 0)
    note(without_reserve, left(1))
    assert seconds_until_admitted(without_reserve) == 0
    note(without_reserve, left(0))
    assert seconds_until_admitted(without_reserve) > 1790


def test_a_new_hour_opens_the_quota_again():
    pacer = Pacer(None, 0.1)
    note(pacer, left(3, ends_in=-2))
    assert seconds_until_admitted(pacer) == 0
    note(pacer, left(4999))
    assert pacer.remaining == 4999


def test_answers_that_overtake_each_other_do_not_raise_what_is_left():
    pacer = Pacer(None, 0)
    for remaining in (4000, 3998, 3999):
        note(pacer, left(remaining))
    assert pacer.remaining == 3998
    note(pacer, left(10, ends_in=-1800))  # an answer of the hour before
    assert pacer.remaining == 3998


def test_the_quotas_of_other_resources_and_junk_are_left_aside():
    pacer = Pacer(None, 0.1)
    note(pacer, left(0, limit=30, **{"x-ratelimit-resource": "search"}))
    note(pacer, {"x-ratelimit-remaining": "none"})
    assert pacer.remaining is None


def test_the_servers_clock_counts():
    pacer = Pacer(None, 0)
    headers = left(0, ends_in=600)
    headers["x-ratelimit-reset"] = str(int(time.time()) + 7200 + 600)
    headers["date"] = formatdate(time.time() + 7200, usegmt=True)
    note(pacer, headers)
    assert 595 < seconds_until_admitted(pacer) < 605


def test_refusals_without_a_time_wait_a_minute_and_double():
    pacer = Pacer(None, 0)
    held = []
    for _ in range(3):
        held.append(pacer.refused(None, time.monotonic(), "secondary"))
        pacer._held_until = 0.0  # the wait is over
    assert held == pytest.approx([60, 120, 240], abs=1)
    pacer.note({}, time.monotonic(), refused=False)
    assert pacer.refused(None, time.monotonic(), "secondary") == pytest.approx(60, abs=1)


def test_requests_refused_together_count_as_one():
    pacer = Pacer(None, 0)
    sent_at = time.monotonic()
    assert [pacer.refused(None, sent_at, "secondary") for _ in range(4)] == pytest.approx([60] * 4, abs=1)


def test_what_one_thread_is_told_holds_back_all(serve):
    served = serve(small_world())
    clients = [GitHubClient(TOKEN, base_url=served.base_url, points_per_minute=None) for _ in range(3)]
    clients[0].get("/rate_limit")  # so that the first one's connection is open
    served.state.faults.add(Fault("secondary_limit", 429, 1))
    started = time.monotonic()
    ended = []

    def read(client):
        client.get(ROOT)
        ended.append(time.monotonic() - started)

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    threads[0].start()
    time.sleep(0.3)  # by now the first one was refused
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert min(ended) >= 1.0
    assert [client.requests for client in clients] == [3, 1, 1]


def test_a_later_client_of_the_token_does_not_ask_while_the_quota_is_used_up(serve):
    served = serve(small_world(), rate_limit=20)
    first = GitHubClient(TOKEN, base_url=served.base_url, points_per_minute=None, quota_reserve=0.5)
    with pytest.raises(RateLimited):
        for _ in range(30):
            first.get(ROOT)
    assert first.requests == 10
    served.journal()
    later = GitHubClient(TOKEN, base_url=served.base_url, points_per_minute=None, quota_reserve=0.5)
    with pytest.raises(RateLimited):
        later.get(ROOT)
    assert served.journal() == []
    assert (later.requests, later.charged) == (0, 0)
    pacing.forget()
    another = GitHubClient(TOKEN, base_url=served.base_url, points_per_minute=None)
    assert another.get(ROOT).status == 200
    for client in (first, later, another):
        client.close()


def test_the_points_of_a_minute_are_shared(serve):
    served = serve(small_world())
    clients = [GitHubClient(TOKEN, base_url=served.base_url, points_per_minute=600) for _ in range(2)]
    started = time.monotonic()
    for _ in range(53):  # 10 a second, 100 at once
        for client in clients:
            client.get("/rate_limit")
    assert time.monotonic() - started >= 0.5
    for client in clients:
        client.close()
