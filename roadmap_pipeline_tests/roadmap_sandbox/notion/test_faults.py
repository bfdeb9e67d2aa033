"""Failures by script over real connections, as the real client meets them."""

import time
from typing import Any

import httpx
import pytest
from notion_client import APIResponseError
from notion_client.errors import UnknownHTTPResponseError

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import CLOCK, HEADERS, Bench, title
from roadmap_sandbox.notion import faults
from roadmap_sandbox.notion.app import mock_transport
from roadmap_sandbox.notion.faults import Fault, RequestSummary
from roadmap_sandbox.notion.state import NotionState


def _rows(bench: Bench) -> int:
    return sum(page.parent.kind == "data_source_id" for page in bench.state.store.pages.values())


def _creating(request: RequestSummary) -> bool:
    return request.method == "POST" and request.path == "/v1/pages"


@pytest.mark.parametrize(
    ("fault", "status", "code", "rows"),
    [
        (faults.rate_limited(7), 429, "rate_limited", 0),
        (faults.conflict(), 409, "conflict_error", 0),
        (faults.internal(), 500, "internal_server_error", 0),
        (faults.internal(after_commit=True), 500, "internal_server_error", 1),
        (faults.unavailable(), 503, "service_unavailable", 0),
        (faults.unavailable(after_commit=True), 503, "service_unavailable", 1),
        (faults.gateway_timeout(after_commit=True), 504, "gateway_timeout", 1),
        (faults.forbidden(), 403, "restricted_resource", 0),
    ],
)
def test_a_request_fails_before_or_after_it_is_carried_out(
    bench: Bench, fault: Fault, status: int, code: str, rows: int
) -> None:
    _, source = bench.database()
    bench.state.faults.add(fault, _creating)
    with pytest.raises(APIResponseError) as caught:
        bench.row(source, Name=title("A"))
    assert (caught.value.status, caught.value.code) == (status, code)
    assert _rows(bench) == rows
    assert bench.state.journal[-1].status == status
    assert bench.state.journal[-1].mutating
    bench.row(source, Name=title("B"))
    assert _rows(bench) == rows + 1
    assert bench.state.faults.happened == 1


@pytest.mark.parametrize("fault", [faults.bad_gateway(), faults.overloaded()])
def test_statuses_the_client_does_not_know(bench: Bench, fault: Fault) -> None:
    bench.state.faults.add(fault)
    with pytest.raises(UnknownHTTPResponseError) as caught:
        bench.client.users.me()
    assert caught.value.status == fault.status


def test_429_says_how_long_to_wait(bench: Bench) -> None:
    bench.state.faults.add(faults.rate_limited(49))
    response = bench.http.get("users/me")
    assert response.headers["Retry-After"] == "49"
    assert response.json()["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "49",
    }


def test_a_503_may_tell_what_was_committed(bench: Bench) -> None:
    _, source = bench.database()
    bench.state.faults.add(faults.unavailable(after_commit=True, telling=True), _creating)
    response = bench.http.post("pages", json={"parent": {"data_source_id": source}})
    page_id = response.json()["additional_data"]["committed_resource_id"]
    page: Any = bench.client.pages.retrieve(page_id=page_id)
    assert page["id"] == page_id


@pytest.mark.parametrize(("after", "rows"), [(False, 0), (True, 1)])
def test_connections_drop(bench: Bench, after: bool, rows: int) -> None:
    _, source = bench.database()
    bench.state.faults.add(faults.dropped(after_commit=after), _creating)
    with pytest.raises(httpx.RemoteProtocolError):
        bench.row(source)
    assert _rows(bench) == rows
    assert bench.state.journal[-1].status == 0
    assert bench.client.users.me()


def test_an_answer_that_never_comes(bench: Bench) -> None:
    _, source = bench.database()
    bench.state.faults.add(faults.timed_out(2.0), _creating)
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        bench.http.post("pages", json={"parent": {"data_source_id": source}}, timeout=0.2)
    assert time.monotonic() - started < 1.5
    assert _rows(bench) == 1


def test_a_script_skips_counts_and_ends(bench: Bench) -> None:
    bench.state.faults.add(faults.conflict(), times=2, skip=1)
    statuses = [bench.http.get("users/me").status_code for _ in range(5)]
    assert statuses == [200, 409, 409, 200, 200]
    bench.state.faults.add(faults.internal(), times=None)
    assert {bench.http.get("users/me").status_code for _ in range(3)} == {500}
    bench.state.faults.clear()
    assert bench.http.get("users/me").status_code == 200


def test_chance_is_the_same_for_the_same_seed() -> None:
    def statuses(seed: int) -> list[int]:
        state = NotionState(CLOCK)
        state.faults.at_random(0.2, seed, [faults.internal(), faults.conflict()])
        with httpx.Client(transport=mock_transport(state), headers=HEADERS, base_url="http://notion/v1/") as http:
            return [http.get("users/me").status_code for _ in range(500)]

    first = statuses(1)
    assert first == statuses(1)
    assert first != statuses(2)
    assert 60 <= sum(status != 200 for status in first) <= 140


def test_the_rate_is_limited_when_asked(bench: Bench) -> None:
    bench.state.limit_rate(per_second=3.0, burst=5)
    responses = [bench.http.get("users/me") for _ in range(12)]
    refused = [response for response in responses if response.status_code == 429]
    assert [response.status_code for response in responses[:5]] == [200] * 5
    assert refused
    assert all(int(response.headers["Retry-After"]) >= 1 for response in refused)
    bench.state.limit_rate(None)
    assert bench.http.get("users/me").status_code == 200


def test_without_a_socket_failures_are_the_transport_errors_of_httpx() -> None:
    state = NotionState(CLOCK)
    with httpx.Client(transport=mock_transport(state), headers=HEADERS, base_url="http://notion/v1/") as http:
        assert http.get("users/me").json()["object"] == "user"
        state.faults.add(faults.dropped())
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("users/me")
        state.faults.add(faults.timed_out(60))
        with pytest.raises(httpx.ReadTimeout):
            http.get("users/me")
