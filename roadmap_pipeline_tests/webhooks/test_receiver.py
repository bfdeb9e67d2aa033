"""Deliveries of the simulators, forged ones, and what is no delivery at all: accepted, ignored or refused."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from roadmap_pipeline.webhooks.application import LARGEST_BODY_BYTES
from roadmap_pipeline.webhooks.changes import Change, NoteError
from roadmap_pipeline.webhooks.signatures import signature
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    CLOCK,
    REPO,
    client,
    idle_switches,
    make_state,
    run_payload,
    runner,
    serve,
    state,
)
from roadmap_pipeline_tests.webhooks.conftest import SECRET, TOKEN, Listening
from roadmap_sandbox.notion.state import NotionState

__all__ = ["client", "idle_switches", "make_state", "runner", "serve", "state"]

Listen = Callable[..., Listening]
CLOSED = Change("pull_request_closed", REPO)
COMPLETED = Change("workflow_run_completed", REPO)
EDITED = Change("notion_edited")


def body_of(repo: str = REPO, action: str = "closed", **more: Any) -> bytes:
    return json.dumps({"action": action, "repository": {"full_name": repo}, **more}).encode()


def post(served: Listening, body: bytes, path: str = "/github", **headers: Any) -> httpx.Response:
    """Post a body, signed unless ``X_Hub_Signature_256`` is given; a header that is None isn't sent."""
    sent: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": "one",
        "X-Hub-Signature-256": signature(SECRET, body),
        "X-Notion-Signature": signature(TOKEN, body),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return httpx.post(
        f"{served.url}{path}", content=body, headers={name: value for name, value in sent.items() if value is not None}
    )


def statuses(state: Any) -> list[tuple[str, int]]:
    return [(event, status) for _id, event, status in state.webhooks.delivered]


def test_the_simulators_merge_and_finished_run_are_noted(client: Any, state: Any, listen: Listen) -> None:
    served = listen()
    state.webhooks.add(f"{served.url}/github", SECRET)
    client("PUT", f"/repos/{REPO}/pulls/1/merge")
    client("PATCH", f"/repos/{REPO}/milestones/1", {"state": "closed"})
    state.put_run(REPO, run_payload(10, created_at=CLOCK))
    state.put_run(REPO, run_payload(11, created_at=CLOCK, conclusion="startup_failure"))  # tells of nothing
    state.webhooks.deliver()
    assert dict(statuses(state)) == {
        "ping": 200,
        "pull_request": 202,
        "milestone": 202,
        "workflow_run": 202,
    }
    assert served.notes == [CLOSED, COMPLETED]


def test_doubled_and_shuffled_deliveries_are_noted_once_each_and_lost_ones_never(state: Any, listen: Listen) -> None:
    served = listen()
    state.webhooks.add(f"{served.url}/github", SECRET, {"workflow_run"})
    for number in range(100, 140):
        state.put_run(REPO, run_payload(number, created_at=CLOCK))
    state.webhooks.deliver(lose=0.2, duplicate=0.4, shuffle=True, seed=3)
    ids = [id_ for id_, event, _status in state.webhooks.delivered if event == "workflow_run"]
    assert len(set(ids)) < len(ids)
    assert 20 < len(served.notes) == len(set(ids)) < 40


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Hub_Signature_256": None}, 401),
        ({"X_Hub_Signature_256": "sha256=" + "0" * 64}, 401),
        ({"X_Hub_Signature_256": signature("another secret of mine", body_of())}, 401),
        ({"X_Hub_Signature_256": signature(SECRET, body_of(action="opened"))}, 401),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
        ({"X_GitHub_Delivery": None}, 400),
    ],
)
def test_what_is_not_signed_or_no_delivery_is_refused_without_a_word(
    listen: Listen, headers: dict[str, Any], status: int
) -> None:
    served = listen()
    refused = post(served, body_of(), **headers)
    assert (refused.status_code, refused.content) == (status, b"")
    assert (served.notes, served.deliveries.count()) == ([], 0)
    assert post(served, body_of()).json() == {"status": "accepted"}


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b'{"action":', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_refused(listen: Listen, body: bytes) -> None:
    served = listen()
    assert post(served, body).status_code == 400
    assert served.notes == []


@pytest.mark.parametrize(
    "body",
    [
        body_of("acme/unknown"),
        body_of(action="opened"),
        b"{}",
        b'{"action": [], "repository": []}',
        b'{"action": "closed", "repository": {"full_name": {"a": 1}}}',
        body_of(f"{REPO}/../other"),
    ],
)
def test_what_nobody_waits_for_is_ignored_and_not_remembered(listen: Listen, body: bytes) -> None:
    served = listen()
    answer = post(served, body)
    assert (answer.status_code, answer.json()) == (202, {"status": "ignored"})
    assert (served.notes, served.deliveries.count()) == ([], 0)


def test_a_repository_counts_as_it_is_configured(listen: Listen) -> None:
    served = listen()
    assert post(served, body_of(REPO.upper())).json() == {"status": "accepted"}
    assert served.notes == [CLOSED]


def test_a_delivery_that_is_replayed_counts_once_also_under_another_id_and_after_a_restart(listen: Listen) -> None:
    served = listen()
    assert post(served, body_of()).json() == {"status": "accepted"}
    assert post(served, body_of()).json() == {"status": "duplicate"}
    assert post(served, body_of(), X_GitHub_Delivery="two").json() == {"status": "duplicate"}
    # Another body under the old signature is forged, under a signature of its own it is a known delivery.
    old = signature(SECRET, body_of())
    assert post(served, body_of(number=2), X_Hub_Signature_256=old).status_code == 401
    assert post(served, body_of(number=2)).json() == {"status": "duplicate"}
    assert served.notes == [CLOSED]
    again = listen()
    assert post(again, body_of()).json() == {"status": "duplicate"}
    assert again.notes == []


def test_a_huge_body_is_refused_before_it_is_read(listen: Listen) -> None:
    served = listen()
    assert post(served, b" " * LARGEST_BODY_BYTES + b"{}").status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    try:
        status = httpx.post(f"{served.url}/github", content=chunks(), headers=headers).status_code
    except httpx.TransportError:
        status = 413  # it closed the connection while we were sending
    assert status == 413
    # What is announced isn't waited for.
    head = f"POST /github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {10**30}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).partition(b" ")[2][:3] in (b"413", b"400")
    assert served.notes == []


def test_a_body_that_does_not_come_is_not_waited_for(listen: Listen) -> None:
    served = listen(read_timeout_s=0.2)
    head = b"POST /github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head)  # and hangs up
    assert post(served, body_of()).status_code == 202
    assert served.notes == [CLOSED]


def test_other_methods_and_paths_are_not_there_and_it_says_that_it_is_well(listen: Listen) -> None:
    served = listen(notion_secret=None)
    assert httpx.get(f"{served.url}/github").status_code == 405
    assert post(served, body_of(), "/notion").status_code == 404
    assert httpx.get(f"{served.url}/health").json() == {"status": "ok"}
    assert "server" not in httpx.get(f"{served.url}/health").headers


def test_a_storage_that_is_away_makes_the_delivery_one_to_send_again(listen: Listen) -> None:
    noted: list[Change] = []

    def note(change: Change) -> None:
        noted.append(change)
        if len(noted) == 1:
            raise NoteError("connection refused")

    served = listen(note)
    assert post(served, body_of()).status_code == 503
    assert post(served, body_of()).json() == {"status": "accepted"}


@pytest.mark.parametrize(
    ("configured", "noted"),
    [
        (("acme/*",), ["acme/payments"]),
        (("ACME/Pay*", "acme/Payments"), ["acme/Payments"]),
        (("other/*", "acme/web-*"), []),
    ],
)
def test_a_repository_that_a_pattern_takes_is_configured(
    listen: Listen, configured: tuple[str, ...], noted: list[str]
) -> None:
    served = listen(repositories=configured)
    assert post(served, body_of()).status_code == 202
    assert [change.repo for change in served.notes] == noted


def test_a_persons_edit_in_the_simulated_notion_is_noted_once(listen: Listen, notion: tuple[NotionState, str]) -> None:
    workspace, page = notion
    tokens: list[str] = []
    handshake = listen(on_notion_token=tokens.append)
    token = workspace.webhooks.add(f"{handshake.url}/notion")
    workspace.webhooks.deliver()
    assert (tokens, workspace.webhooks.delivered) == ([token], [200])

    served = listen(notion_secret=SecretStr(token))
    workspace.webhooks.redirect(f"{handshake.url}/notion", f"{served.url}/notion")
    workspace.rename(page, "Another title")
    workspace.rename(page, "A third one")
    workspace.webhooks.deliver(duplicate=1.0)
    assert (served.notes, workspace.webhooks.delivered[1:]) == ([EDITED], [202, 202])
    forged = json.dumps({"id": "x", "type": "page.created"}).encode()
    assert post(served, forged, "/notion", X_Notion_Signature=signature("guess", forged)).status_code == 401
    # A handshake of somebody else changes no secret.
    stranger = json.dumps({"verification_token": "secret_of-somebody-else"}).encode()
    assert post(served, stranger, "/notion", X_Notion_Signature=None).status_code == 401
    assert post(served, forged, "/notion").status_code == 401  # signed with the wrong secret
    comment = json.dumps({"id": "y", "type": "comment.created"}).encode()
    assert post(served, comment, "/notion", X_Notion_Signature=signature(token, comment)).json() == {
        "status": "ignored"
    }
    assert served.notes == [EDITED]


@pytest.fixture
def notion() -> tuple[NotionState, str]:
    """Return a simulated Notion and the id of its page."""
    made = NotionState(datetime(2026, 11, 16, 6, tzinfo=UTC))
    return made, made.parent_page_id
