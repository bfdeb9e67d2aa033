"""Every kind of answer fits GitHub's own description of its API, and what doesn't fit is found.

The requests of this module need no assertion on their form: ``roadmap_pipeline_tests.contract`` looks at each of them.
"""

import gzip
import json

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from roadmap_pipeline_tests.contract.openapi import DESCRIPTION, OpenApiContract
from roadmap_pipeline_tests.contract.typed import TypedContract
from roadmap_pipeline_tests.contract.watching import RECORDER, ContractMiddleware, Recorder, described
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import REPO
from roadmap_sandbox.server import Server, drop_connection, mark_fault

READS = [
    "/repositories/101/actions/runs",
    "/user",
    "/rate_limit",
    "/search/issues?q=is:issue+repo:acme/payments&sort=updated&order=asc",
    f"/repos/{REPO}",
    f"/repos/{REPO}/actions/workflows",
    f"/repos/{REPO}/actions/workflows/ci.yml",
    f"/repos/{REPO}/actions/workflows/8/runs?per_page=5",
    f"/repos/{REPO}/actions/runs",
    f"/repos/{REPO}/actions/runs?created=2026-11-01..2026-11-30&status=failure&exclude_pull_requests=true",
    f"/repos/{REPO}/actions/runs/3",
    f"/repos/{REPO}/actions/runs/3/attempts/1",
    f"/repos/{REPO}/actions/runs/3/jobs?filter=all",
    f"/repos/{REPO}/actions/runs/3/attempts/2/jobs",
    f"/repos/{REPO}/actions/jobs/61",
    f"/repos/{REPO}/check-runs/31",
    f"/repos/{REPO}/check-runs/31/annotations",
    f"/repos/{REPO}/commits/{2:040x}/check-suites",
    f"/repos/{REPO}/commits/{3:040x}/check-runs?filter=all",
    f"/repos/{REPO}/pulls?state=all&sort=updated&direction=desc",
    f"/repos/{REPO}/pulls/1",
    f"/repos/{REPO}/pulls/2",
    f"/repos/{REPO}/pulls/2/files",
    f"/repos/{REPO}/commits/{'e' * 40}/pulls",
    f"/repos/{REPO}/issues?state=all&milestone=1&labels=bug",
    f"/repos/{REPO}/issues?state=all&since=2026-11-01T00:00:00Z&sort=updated&direction=asc",
    f"/repos/{REPO}/issues/1",
    f"/repos/{REPO}/issues/4",
    f"/repos/{REPO}/issues/1/comments",
    f"/repos/{REPO}/issues/comments",
    f"/repos/{REPO}/issues/comments/501",
    f"/repos/{REPO}/issues/events",
    f"/repos/{REPO}/issues/events/401",
    f"/repos/{REPO}/issues/3/events",
    f"/repos/{REPO}/issues/3/timeline",
    f"/repos/{REPO}/issues/1/timeline",
    f"/repos/{REPO}/issues/3/labels",
    f"/repos/{REPO}/milestones?state=all",
    f"/repos/{REPO}/milestones/1",
    f"/repos/{REPO}/labels",
    f"/repos/{REPO}/labels/bug",
]


def test_reads(client):
    for path in READS:
        assert client.get(path).status_code == 200, path


WRITES = [
    ("POST", "issues", {"title": "New", "labels": ["bug", "status: Blocked"], "milestone": 1, "assignees": ["ana"]}),
    ("PATCH", "issues/6", {"state": "closed", "state_reason": "not_planned", "milestone": None, "title": "Newer"}),
    ("PATCH", "issues/6", {"state": "open", "milestone": 2}),
    ("PATCH", "issues/6", {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": 303}),
    ("PATCH", "issues/1", {"labels": ["made on the way"]}),
    ("PATCH", "pulls/1", {"title": "Better", "body": "so much", "base": "release"}),
    ("POST", "issues/3/comments", {"body": "on an issue"}),
    ("PUT", "issues/comments/502/pin", None),
    ("DELETE", "issues/comments/502/pin", None),
    ("POST", "issues/1/comments", {"body": "hello"}),
    ("PATCH", "issues/comments/503", {"body": "edited"}),
    ("DELETE", "issues/comments/503", None),
    ("POST", "milestones", {"title": "Stage 8", "due_on": "2026-12-24T00:00:00Z", "description": "x"}),
    ("PATCH", "milestones/3", {"state": "closed", "due_on": None}),
    ("DELETE", "milestones/3", None),
    ("POST", "labels", {"name": "status: Planned", "color": "00ff00"}),
    ("PATCH", "labels/status%3A%20Planned", {"new_name": "status: planned", "description": "later"}),
    ("POST", "issues/5/labels", {"labels": ["bug"]}),
    ("PUT", "issues/5/labels", {"labels": ["status: planned"]}),
    ("DELETE", "issues/5/labels/status%3A%20planned", None),
    ("DELETE", "labels/status%3A%20planned", None),
    ("PUT", "issues/3/lock", {"lock_reason": "resolved"}),
    ("DELETE", "issues/3/lock", None),
    ("POST", "actions/runs/2/rerun", {"enable_debug_logging": True}),
    ("POST", "actions/runs/2/cancel", None),
    ("POST", "actions/jobs/33/rerun", None),
    ("DELETE", "actions/runs/4", None),
]


def test_writes(client):
    for method, path, body in WRITES:
        response = client(method, f"/repos/{REPO}/{path}", body)
        assert response.status_code in (200, 201, 202, 204), (method, path, response.text)
    for path in ("pulls", "pulls/1", "issues/6/timeline", "issues/events", "issues/3/comments", "actions/runs"):
        assert client.get(f"/repos/{REPO}/{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/repos/acme/nothing", 404),
        (f"/repos/{REPO}/issues?milestone=99", 422),
        (f"/repos/{REPO}/issues/99", 404),
        (f"/repos/{REPO}/commits/{'f' * 40}/pulls", 422),
        (f"/repos/{REPO}/commits/{'f' * 40}/check-runs", 422),
        ("/repos/acme/secret/commits/main/pulls", 409),
        (f"/repos/{REPO}/check-runs/999/annotations", 404),
        ("/search/issues?q=x&page=11&per_page=100", 422),
    ],
)
def test_refusals(client, path, status):
    assert client.get(path).status_code == status


def test_every_request_of_this_process_is_looked_at(client):
    before = RECORDER.checked
    client.get(f"/repos/{REPO}")
    assert RECORDER.checked == before + 1
    assert RECORDER.take() == []


@pytest.fixture(scope="module")
def contract():
    return TypedContract()


@pytest.fixture
def serve_response(contract):
    """Serve one response to everything, watched; ``serve_response(response) -> (base URL, recorder)``."""
    servers = []

    def start(response):
        recorder = Recorder(lambda: contract)
        app = Starlette(routes=[Route("/{path:path}", response, methods=["GET", "POST", "PATCH", "PUT"])])
        app.add_middleware(ContractMiddleware, recorder=recorder)
        servers.append(Server(app))
        servers[-1].start()
        return servers[-1].base_url, recorder

    yield start
    for server in servers:
        server.stop()


WRONG_REQUESTS = [
    ("GET", "/repos/o/r/actions/runs?workflow=ci", None, "query: workflow is not declared"),
    ("GET", "/repos/o/r/actions/runs?status=maybe", None, "query: status can't be 'maybe'"),
    ("GET", "/repos/o/r/actions/runs?per_page=many", None, "query: per_page can't be 'many'"),
    ("GET", "/repos/o/r/actions/runs/latest", None, "path: run_id can't be 'latest'"),
    ("GET", "/repos/o/r/actions/everything", None, "no such path and method"),
    ("POST", "/repos/o/r/issues", {"body": "x"}, "title: Field required"),
    ("POST", "/repos/o/r/issues", None, "body: is required"),
    ("PATCH", "/repos/o/r/issues/1", {"state": "half"}, "body: state: "),
    ("PUT", "/repos/o/r/issues/comments/1/pin", {"x": 1}, "body: none is declared"),
    ("PATCH", "/repos/o/r/issues/1", {"titel": "x"}, "body: titel: is not declared"),
    ("POST", "/repos/o/r/issues/1/comments", {"body": 1}, "body: body: Input should be a valid string"),
]
WRONG_RESPONSES = [
    (200, {"total_count": "1", "workflow_runs": []}, "total_count: Input should be a valid integer"),
    (200, {"total_count": 1}, "workflow_runs: Field required"),
    (200, {"total_count": 1, "workflow_runs": [{}]}, "workflow_runs/0/id: Field required"),
    (200, {"total_count": 0, "workflow_runs": [], "more": 1}, None),
    (418, {}, "status 418 is not declared"),
    (404, {"message": "Not Found", "status": "404"}, None),
    (404, {"message": ["Not Found"]}, "message: Input should be a valid string"),
    (
        422,
        {"message": "Validation Failed", "errors": [{"code": 1}]},
        "errors/0/code: Input should be",
    ),
]

ONE_RUN = f"/repos/{REPO}/actions/runs?per_page=1"


@pytest.mark.parametrize(("method", "path", "body", "problem"), WRONG_REQUESTS)
def test_a_request_that_the_description_does_not_know_is_found(contract, method, path, body, problem):
    recorder = Recorder(lambda: contract)
    place, _, query = path.partition("?")
    recorder.look(method, place, query, b"" if body is None else json.dumps(body).encode(), None, b"")
    (violation,) = recorder.take()
    assert violation.in_request
    assert problem in str(violation)
    assert recorder.take() == []


@pytest.mark.parametrize(("status", "body", "problem"), WRONG_RESPONSES)
def test_an_answer_that_the_description_does_not_know_is_found(serve_response, status, body, problem):
    root, recorder = serve_response(lambda _request: JSONResponse(body, status))
    assert requests.get(root + ONE_RUN, timeout=5).status_code == status
    violations = recorder.take()
    assert [violation.in_request for violation in violations] == [False] * len(violations)
    assert (problem is None and not violations) or any(problem in str(violation) for violation in violations)


@pytest.fixture(scope="module")
def described_contract():
    return OpenApiContract()


@pytest.mark.recorded
@pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's description (../shared/data) is not here")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    # the description allows properties that it doesn't name
    [(method, path, body) for method, path, body, problem in WRONG_REQUESTS if "titel" not in problem],
)
def test_the_description_itself_knows_no_such_request_either(described_contract, method, path, body):
    recorder = Recorder(lambda: described_contract)
    place, _, query = path.partition("?")
    recorder.look(method, place, query, b"" if body is None else json.dumps(body).encode(), None, b"")
    assert [violation.in_request for violation in recorder.take()] == [True]


@pytest.mark.recorded
@pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's description (../shared/data) is not here")
@pytest.mark.parametrize(("status", "body", "problem"), WRONG_RESPONSES)
def test_the_description_itself_knows_no_such_response_either(described_contract, status, body, problem):
    recorder = Recorder(lambda: described_contract)
    recorder.look("GET", "/repos/o/r/actions/runs", "", b"", status, json.dumps(body).encode())
    assert bool(recorder.take()) == (problem is not None)


def test_the_same_wrong_answer_is_found_again(serve_response):
    root, recorder = serve_response(lambda _request: JSONResponse({}))
    for _ in range(2):
        requests.get(root + ONE_RUN, timeout=5)
        assert len(recorder.take()) == 2


def test_what_a_fault_answers_is_left_alone_but_not_what_was_asked(serve_response):
    async def broken(request):
        mark_fault(request.scope, "broken_json")
        return Response(b'{"total', media_type="application/json")

    async def dropped(request):
        mark_fault(request.scope, "drop")
        drop_connection(request.scope)
        return Response()

    for response in (broken, dropped):
        root, recorder = serve_response(response)
        for query, violations in (("", 0), ("&nonsense=1", 1)):
            if response is broken:
                requests.get(root + ONE_RUN + query, timeout=5)
            else:
                with pytest.raises(requests.ConnectionError):
                    requests.get(root + ONE_RUN + query, timeout=5)
            assert len(recorder.take()) == violations


def test_packed_answers_are_unpacked(serve_response):
    packed = gzip.compress(b'{"total_count": 1}')
    root, recorder = serve_response(lambda _request: Response(packed, headers={"Content-Encoding": "gzip"}))
    requests.get(root + ONE_RUN, timeout=5)
    assert "workflow_runs" in described(recorder.take())


class TestOnPurpose:
    """A test isn't failed by what it sends on purpose; what it gets is looked at all the same."""

    @pytest.mark.refused_requests("asks for what isn't there")
    def test_a_marked_request_passes(self, client):
        assert client.get(f"/repos/{REPO}/actions/everything").status_code == 404


def test_many_violations_are_told_in_few_lines(contract):
    recorder = Recorder(lambda: contract)
    names = [f"{letter}=1" for letter in "abcdefgh"]
    recorder.look("GET", "/repos/o/r/actions/runs", "&".join(names), b"", None, b"")
    lines = described(recorder.take()).splitlines()
    assert len(lines) == 7
    assert lines[-1] == "and 3 more"
