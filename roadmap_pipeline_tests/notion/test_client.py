"""Requests to Notion over real HTTP: what is sent again, how long is waited, and what people read when it fails."""

import logging
import socket
from typing import Any

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.notion.client import (
    AmbiguousWrite,
    IncompleteRead,
    NotFound,
    NotionClient,
    NotionError,
)
from roadmap_pipeline_tests.notion.scripted import Request, Response, error, serve

KEY = "secret_of_nobody_42"
PAGE = "5a11d0c5-0000-4000-8000-00000000ac3e"


class FakeClock:
    """A clock that only waiting moves, so that long waits are seen but not sat through."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client_of(base_url: str, clock: FakeClock | None = None, **options: Any) -> NotionClient:
    clock = clock or FakeClock()
    options = {"requests_per_second": None, "clock": clock.clock, "sleep": clock.sleep, **options}
    return NotionClient(KEY, base_url=base_url, **options)


def run(
    script: list[Response], method: str, path: str, **options: Any
) -> tuple[Any, list[Request], FakeClock, NotionClient]:
    """Return the answer or the error of one request against a script, and what went on meanwhile."""
    clock = FakeClock()
    with serve(script) as (url, seen), client_of(url, clock, **options.pop("client", {})) as client:
        try:
            outcome: Any = client.request(method, path, **options)
        except (NotionError, ConfigurationError) as raised:
            outcome = raised
        return outcome, seen, clock, client


def test_a_request_pins_the_version_and_carries_the_key() -> None:
    response, seen, _, client = run([Response(body={"object": "user"})], "GET", "users/me", query={"page_size": 3})
    assert response == {"object": "user"}
    assert seen[0].path == "/v1/users/me?page_size=3"
    assert seen[0].headers["Notion-Version"] == "2026-03-11"
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert (client.requests, client.writes) == (1, 0)


TRANSIENT = [
    error(500, "internal_server_error"),
    error(502, "bad_gateway"),
    error(503, "service_unavailable"),
    error(503, "database_connection_unavailable"),
    error(504, "gateway_timeout"),
    Response(502, "<html>bad gateway</html>"),
    Response(200, "<html>maintenance</html>"),
    Response(drop=True),
    error(409, "conflict_error"),
]


@pytest.mark.parametrize("failure", TRANSIENT, ids=lambda a: f"{a.status}-{'drop' if a.drop else str(a.body)[:12]}")
@pytest.mark.parametrize(
    ("method", "path", "body", "writes"),
    [
        ("GET", f"pages/{PAGE}", None, 0),
        ("POST", f"data_sources/{PAGE}/query", {}, 0),
        ("PATCH", f"pages/{PAGE}", {"properties": {}}, 3),
        ("PATCH", f"pages/{PAGE}/markdown", {"type": "replace_content"}, 3),
    ],
)
def test_reads_and_idempotent_writes_are_repeated(
    failure: Response, method: str, path: str, body: dict[str, Any] | None, writes: int
) -> None:
    response, seen, clock, client = run([failure, failure, Response(body={"object": "page"})], method, path, body=body)
    assert response == {"object": "page"}
    assert len(seen) == len(clock.slept) + 1 == 3
    assert (client.requests, client.writes) == (3, writes)


@pytest.mark.parametrize("failure", TRANSIENT, ids=lambda a: f"{a.status}-{'drop' if a.drop else str(a.body)[:12]}")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "pages", {}),
        ("POST", "views", {}),
        ("PATCH", f"blocks/{PAGE}/children", {"children": []}),
        ("PATCH", f"pages/{PAGE}/markdown", {"type": "insert_content"}),
    ],
)
def test_a_creating_request_whose_outcome_is_open_is_never_repeated(
    failure: Response, method: str, path: str, body: dict[str, Any]
) -> None:
    raised, seen, _, client = run([failure], method, path, body=body)
    assert isinstance(raised, AmbiguousWrite)
    assert raised.committed_resource_id is None
    assert len(seen) == client.writes == 1


def test_the_id_of_what_a_lost_answer_created_is_handed_on() -> None:
    failure = error(503, "service_unavailable", committed_resource_id=PAGE, retry_guidance=["Do not repeat the write"])
    raised, _, _, _ = run([failure], "POST", "pages", body={})
    assert isinstance(raised, AmbiguousWrite)
    assert raised.committed_resource_id == PAGE


def test_a_committed_change_is_read_back_instead_of_repeated() -> None:
    failure = error(
        503,
        "service_unavailable",
        committed_resource_id=PAGE,
        retry_guidance=["Read the object again", "Do not repeat the write"],
    )
    response, seen, _, client = run(
        [failure, Response(body={"object": "page", "n": 1})], "PATCH", f"pages/{PAGE}", body={}
    )
    assert response == {"object": "page", "n": 1}
    assert [(request.method, request.path) for request in seen] == [
        ("PATCH", f"/v1/pages/{PAGE}"),
        ("GET", f"/v1/pages/{PAGE}"),
    ]
    assert client.writes == 1


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (error(429, "rate_limited", headers={"Retry-After": "49"}), 49),
        (error(429, "rate_limited", headers={"Retry-After": "1.5"}), 1.5),
        (error(429, "rate_limited", retry_after="7"), 7),
        (error(529, "service_overload", headers={"Retry-After": "3"}), 3),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "users/me"), ("POST", "pages"), ("PATCH", f"pages/{PAGE}")])
def test_a_busy_server_is_waited_for_as_long_as_it_asks(
    failure: Response, seconds: float, method: str, path: str
) -> None:
    response, seen, clock, _ = run([failure, failure, Response()], method, path)
    assert response == {"object": "page"}
    assert clock.slept == [seconds, seconds]
    assert len(seen) == 3


@pytest.mark.parametrize("when", ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "soon"])
def test_a_busy_server_that_names_no_time_gets_ever_longer_pauses(when: str) -> None:
    busy = error(429, "rate_limited", headers={"Retry-After": when})
    _, _, clock, _ = run([busy] * 5, "GET", "users/me", client={"backoff_s": 1.0})
    assert len(clock.slept) == 5
    assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(clock.slept))


def test_being_busy_often_does_not_use_up_the_retries() -> None:
    busy = error(429, "rate_limited", headers={"Retry-After": "1"})
    script = [busy] * 12 + [error(503, "service_unavailable")] * 3
    response, seen, _, _ = run(script, "GET", "users/me")
    assert response == {"object": "page"}
    assert len(seen) == 16


def test_waiting_ends_with_the_time_limit() -> None:
    busy = error(429, "rate_limited", headers={"Retry-After": "49"})
    raised, seen, clock, _ = run([busy] * 9, "GET", "users/me", client={"time_limit_s": 100.0})
    assert isinstance(raised, NotionError)
    assert raised.status == 429
    assert len(seen) == 3
    assert clock.now == 98


def test_a_blocked_integration_stops_at_once() -> None:
    raised, seen, _, _ = run(
        [error(429, "rate_limited", rate_limit_reason="public_api_request_blocked")], "GET", "users/me"
    )
    assert isinstance(raised, NotionError)
    assert "blocks this integration" in raised.message
    assert len(seen) == 1


def test_retries_end() -> None:
    raised, seen, clock, _ = run([error(503, "service_unavailable", "asleep")] * 50, "GET", "users/me")
    assert isinstance(raised, NotionError)
    assert (raised.status, raised.code) == (503, "service_unavailable")
    assert "asleep" in raised.message
    assert len(seen) == 9
    assert sum(clock.slept) < 120


def test_unsaved_transactions_pass() -> None:
    failure = error(400, "validation_error", "Unsaved transactions: try again")
    response, seen, _, _ = run([failure, Response()], "PATCH", f"pages/{PAGE}", body={})
    assert response == {"object": "page"}
    assert len(seen) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_what_repeating_cannot_mend_is_not_repeated(status: int) -> None:
    raised, seen, _, _ = run([error(status, "some_code", "the reason")], "PATCH", f"pages/{PAGE}", body={})
    assert isinstance(raised, NotionError)
    assert (raised.status, raised.code) == (status, "some_code")
    assert "the reason" in str(raised)
    assert isinstance(raised, NotFound) == (status == 404)
    assert len(seen) == 1


def test_a_refused_key_is_named_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    raised, seen, _, client = run([error(401, "unauthorized", f"Bearer {KEY} is invalid")], "GET", "users/me")
    assert isinstance(raised, ConfigurationError)
    assert raised.exit_code == 2
    assert "NOTION_API_KEY" in str(raised)
    assert len(seen) == 1
    assert KEY not in str(raised) + repr(raised) + repr(client) + caplog.text


def test_nobody_answering_names_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with client_of(url) as client, pytest.raises(ConfigurationError, match="NOTION_API_URL") as raised:
        client.request("POST", "pages", body={})
    assert url in str(raised.value)
    assert (client.requests, client.writes) == (0, 0)


@pytest.mark.parametrize("url", ["notion", "ftp://notion.example", "http://[bad"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NOTION_API_URL"), client_of(url) as client:
        client.request("GET", "users/me")


# --- lists ------------------------------------------------------------------------------------------------------------


def page(ids: str, cursor: str | None = None, **more: Any) -> Response:
    results = [{"object": "page", "id": name} for name in ids]
    return Response(
        body={"object": "list", "results": results, "has_more": bool(cursor), "next_cursor": cursor, **more}
    )


def paginate(
    script: list[Response], method: str = "POST", path: str = "data_sources/x/query"
) -> tuple[str, list[Request]]:
    with serve(script) as (url, seen), client_of(url) as client:
        return "".join(item["id"] for item in client.paginate(method, path)), seen


def test_a_list_is_read_to_its_end() -> None:
    ids, seen = paginate([page("ab", "one"), page("cd", "two"), page("e")])
    assert ids == "abcde"
    assert [request.body.get("start_cursor") for request in seen] == [None, "one", "two"]
    assert {request.body["page_size"] for request in seen} == {100}


def test_a_get_list_pages_in_the_query() -> None:
    ids, seen = paginate([page("ab", "one"), page("c")], "GET", "views")
    assert ids == "abc"
    assert [request.path for request in seen] == ["/v1/views?page_size=100", "/v1/views?page_size=100&start_cursor=one"]


def test_an_object_that_moves_between_pages_is_read_once() -> None:
    assert paginate([page("ab", "one"), page("bc")])[0] == "abc"


def test_a_scan_starts_over_when_its_cursor_dies() -> None:
    invalid = error(400, "validation_error", "The start_cursor provided is invalid: one")
    ids, seen = paginate([page("ab", "one"), invalid, page("ba", "two"), page("c")])
    assert ids == "bac"
    assert [request.body.get("start_cursor") for request in seen] == [None, "one", None, "two"]


def test_cursors_that_always_die_end_the_read() -> None:
    invalid = error(400, "validation_error", "The start_cursor provided is invalid: one")
    with pytest.raises(IncompleteRead):
        paginate([page("a", "one"), invalid] * 9)


def test_a_list_cut_off_at_the_cap_is_no_list() -> None:
    status = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    with pytest.raises(IncompleteRead, match="query_result_limit_reached"):
        paginate([page("ab", "one"), page("cd", request_status=status)])


def test_a_client_is_paced() -> None:
    clock = FakeClock()
    with serve([]) as (url, _), client_of(url, clock, requests_per_second=2.5) as client:
        for _ in range(35):
            client.request("GET", "users/me")
    assert clock.now == pytest.approx((35 - 10) / 2.5)
