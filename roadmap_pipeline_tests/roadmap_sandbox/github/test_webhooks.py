"""Webhooks: what they are told, how it is signed, and how it arrives."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import ANA, CLOCK, REPO, run_payload
from roadmap_sandbox.github.webhooks import signature

ROOT = f"/repos/{REPO}"


@pytest.fixture
def receiver():
    """Yield a receiver of webhooks: its URL, and headers and body of what came."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", came
    server.shutdown()
    server.server_close()
    thread.join()


def events_of(came):
    return [(headers["X-GitHub-Event"], json.loads(body).get("action")) for headers, body in came]


def test_the_signature_of_the_documentation():
    """docs.github.com, "Validating webhook deliveries", test vector."""
    assert signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_what_happens_is_told_in_order_and_signed(client, state, receiver):
    url, came = receiver
    state.webhooks.add(url, "secret")
    client("POST", f"{ROOT}/issues/1/comments", {"body": "x"})
    client("PATCH", f"{ROOT}/issues/3", {"state": "closed", "milestone": 2})
    client("PUT", f"{ROOT}/pulls/1/merge")
    client("PATCH", f"{ROOT}/milestones/1", {"state": "closed"})
    client("POST", f"{ROOT}/actions/runs/3/rerun")
    state.activity.start_run(REPO, 3)
    state.activity.complete_run(REPO, 3)
    assert came == []
    assert state.webhooks.deliver() == len(came) == len(state.webhooks.delivered)
    assert events_of(came) == [
        ("ping", None),
        ("issue_comment", "created"),
        ("issues", "closed"),
        ("issues", "demilestoned"),
        ("issues", "milestoned"),
        ("pull_request", "closed"),
        ("milestone", "closed"),
        ("workflow_job", "queued"),
        ("workflow_run", "requested"),
        ("workflow_run", "in_progress"),
        ("workflow_job", "in_progress"),
        ("workflow_job", "completed"),
        ("workflow_run", "completed"),
    ]
    for headers, body in came:
        assert headers["X-Hub-Signature-256"] == signature("secret", body)
    assert len({headers["X-GitHub-Delivery"] for headers, _ in came}) == len(came)
    merged = json.loads(came[5][1])
    assert (merged["number"], merged["pull_request"]["merged_at"]) == (1, "2026-11-16T06:00:00Z")
    completed = json.loads(came[-1][1])
    assert (completed["workflow_run"]["run_attempt"], completed["repository"]["full_name"]) == (3, REPO)
    assert state.webhooks.deliver() == 0


def test_a_run_that_could_not_start_tells_of_nothing(state, receiver):
    state.webhooks.add(receiver[0], "secret", {"workflow_run"})
    state.put_run(REPO, run_payload(9, created_at=CLOCK, conclusion="startup_failure"))
    state.put_run(REPO, run_payload(10, created_at=CLOCK))
    state.put_run(REPO, run_payload(10, created_at=CLOCK))
    assert [(delivery.event, delivery.action) for delivery in state.webhooks.waiting] == [
        ("ping", ""),
        ("workflow_run", "completed"),
    ]


def test_messages_are_lost_doubled_and_shuffled(client, state, receiver):
    url, came = receiver
    state.webhooks.add(url, "secret", {"issues"})
    state.webhooks.deliver()
    for number in range(60):
        state.activity.change_issue(REPO, 3, title=f"Title {number}")
    before = [delivery.id for delivery in state.webhooks.waiting]
    came.clear()
    state.webhooks.deliver(lose=0.2, duplicate=0.2, shuffle=True, seed=4)
    arrived = [headers["X-GitHub-Delivery"] for headers, _ in came]
    assert 30 <= len(set(arrived)) < 60
    assert len(set(arrived)) < len(arrived)
    first_seen = sorted(set(arrived), key=arrived.index)
    assert first_seen != sorted(first_seen, key=before.index)


def test_a_receiver_that_is_not_there_loses_the_message(state):
    state.webhooks.add("http://127.0.0.1:9/", "secret", {"issues"}, root="http://github.internal")
    state.activity.change_issue(REPO, 3, ANA, body="new")
    assert b"http://github.internal/repos/acme/payments/issues/3" in state.webhooks.waiting[-1].body
    assert state.webhooks.deliver() == 2
    assert [(event, status) for _, event, status in state.webhooks.delivered] == [("ping", 0), ("issues", 0)]
    assert state.webhooks.waiting == []
