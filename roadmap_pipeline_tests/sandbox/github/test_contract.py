"""Every kind of answer fits GitHub's own description of its API."""

import pytest

from roadmap_pipeline_tests.sandbox.github.conftest import REPO

READS = [
    "/repositories/101/actions/runs",
    "/user",
    "/rate_limit",
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
    f"/repos/{REPO}/pulls?state=all&sort=updated&direction=desc",
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


def test_reads(client, check_contract):
    for path in READS:
        response = client.get(path)
        assert response.status_code == 200, path
        check_contract(response)


WRITES = [
    ("POST", "issues", {"title": "New", "labels": ["bug", "status: Blocked"], "milestone": 1, "assignees": ["ana"]}),
    ("PATCH", "issues/6", {"state": "closed", "state_reason": "not_planned", "milestone": None, "title": "Newer"}),
    ("PATCH", "issues/6", {"state": "open", "milestone": 2}),
    ("PATCH", "issues/1", {"labels": ["made on the way"]}),
    ("POST", "issues/1/comments", {"body": "hello"}),
    ("PATCH", "issues/comments/502", {"body": "edited"}),
    ("DELETE", "issues/comments/502", None),
    ("POST", "milestones", {"title": "Stage 8", "due_on": "2026-12-24T00:00:00Z", "description": "x"}),
    ("PATCH", "milestones/3", {"state": "closed"}),
    ("DELETE", "milestones/3", None),
    ("POST", "labels", {"name": "status: Planned", "color": "00ff00"}),
    ("PATCH", "labels/status%3A%20Planned", {"new_name": "status: planned", "description": "later"}),
    ("POST", "issues/5/labels", {"labels": ["bug"]}),
    ("PUT", "issues/5/labels", {"labels": ["status: planned"]}),
    ("DELETE", "issues/5/labels/status%3A%20planned", None),
    ("DELETE", "labels/status%3A%20planned", None),
    ("PUT", "issues/3/lock", {"lock_reason": "resolved"}),
    ("DELETE", "issues/3/lock", None),
    ("DELETE", "actions/runs/3", None),
]


def test_writes(client, check_contract):
    for method, path, body in WRITES:
        response = client(method, f"/repos/{REPO}/{path}", body)
        assert response.status_code in (200, 201, 204), (method, path, response.text)
        check_contract(response)
    check_contract(client.get(f"/repos/{REPO}/pulls"))
    check_contract(client.get(f"/repos/{REPO}/issues/6/timeline"))
    check_contract(client.get(f"/repos/{REPO}/issues/events"))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/repos/acme/nothing", 404), (f"/repos/{REPO}/issues?milestone=99", 422), (f"/repos/{REPO}/issues/99", 404)],
)
def test_refusals(client, check_contract, path, status):
    response = client.get(path)
    assert response.status_code == status
    check_contract(response)
