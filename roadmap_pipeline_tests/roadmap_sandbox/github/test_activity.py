"""The doings of others meanwhile: people edit, hide, delete and lock, owners rename and transfer, forks go."""

import pytest

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    ANA,
    BOT,
    CLOCK,
    OWNER,
    REPO,
    ago,
    full_repository,
    run_payload,
)
from roadmap_sandbox import payloads
from roadmap_sandbox.github.state import TOKEN

ROOT = f"/repos/{REPO}"
COMMENTS = f"{ROOT}/issues/1/comments"


def test_people_edit_hide_and_delete_comments(client, state):
    own = client("POST", COMMENTS, {"body": "status"}).json()["id"]
    state.clock = CLOCK.replace(hour=8)
    state.activity.edit_comment(REPO, own, "status, as I see it", ANA)
    shown = client.get(f"{ROOT}/issues/comments/{own}").json()
    assert (shown["body"], shown["updated_at"], shown["user"]["login"]) == (
        "status, as I see it",
        "2026-11-16T08:00:00Z",
        "roadmap-pipeline[bot]",
    )
    state.activity.minimize_comment(REPO, own, "outdated")
    assert client.get(f"{ROOT}/issues/comments/{own}").json()["minimized"] == {"reason": "outdated"}
    assert client("PATCH", f"{ROOT}/issues/comments/{own}", {"body": "mine again"}).status_code == 200
    state.activity.minimize_comment(REPO, own, None)
    assert client.get(f"{ROOT}/issues/comments/{own}").json()["minimized"] is None
    state.activity.delete_comment(REPO, own)
    assert client("PATCH", f"{ROOT}/issues/comments/{own}", {"body": "x"}).status_code == 404
    assert client.get(f"{ROOT}/issues/1").json()["comments"] == 1


def test_a_lock_keeps_comments_out_but_own_ones_can_be_edited(client, state):
    own = client("POST", COMMENTS, {"body": "status"}).json()["id"]
    state.activity.lock_issue(REPO, 1, "too heated", ANA)
    assert client("POST", COMMENTS, {"body": "x"}).status_code == 403
    assert client("PATCH", f"{ROOT}/issues/comments/{own}", {"body": "x"}).status_code == 200
    assert client.get(f"{ROOT}/issues/1").json()["active_lock_reason"] == "too heated"


def test_a_second_writer_makes_the_same_comment_just_before(client, state):
    state.faults.before(
        lambda: state.request("POST", COMMENTS, {"body": "<!-- marker -->"}), method="POST", path="comments$"
    )
    client("POST", COMMENTS, {"body": "<!-- marker -->"})
    bodies = [(comment["id"], comment["body"]) for comment in client.get(COMMENTS).json()[1:]]
    assert bodies == [(502, "<!-- marker -->"), (503, "<!-- marker -->")]


def test_comments_are_pinned_on_issues_only(client):
    on_issue = client("POST", f"{ROOT}/issues/3/comments", {"body": "status"}).json()["id"]
    pinned = client("PUT", f"{ROOT}/issues/comments/{on_issue}/pin")
    assert (pinned.status_code, pinned.json()["pin"]["pinned_by"]["login"]) == (200, "roadmap-pipeline[bot]")
    assert client("DELETE", f"{ROOT}/issues/comments/{on_issue}/pin").status_code == 204
    assert client.get(f"{ROOT}/issues/comments/{on_issue}").json()["pin"] is None
    refused = client("PUT", f"{ROOT}/issues/comments/501/pin")
    assert (refused.status_code, refused.json()["message"]) == (
        422,
        "Pinning comments is not supported on Pull Requests",
    )
    assert client("PUT", f"{ROOT}/issues/comments/999/pin").status_code == 404


def test_issues_are_deleted_and_transferred(client, state):
    state.activity.delete_issue(REPO, 3)
    for path in ("issues/3", "issues/3/comments", "issues/3/timeline"):
        gone = client.get(f"{ROOT}/{path}")
        assert (gone.status_code, gone.json()["message"]) == (410, "This issue was deleted")
    assert 3 not in [issue["number"] for issue in client.get(f"{ROOT}/issues?state=all").json()]
    assert [event["id"] for event in client.get(f"{ROOT}/issues/events").json()] == [402]
    number = state.activity.transfer_issue(REPO, 5, "acme/secret")
    moved = client.get(f"{ROOT}/issues/5")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{client.root}/repositories/102/issues/{number}")
    assert client.get(moved.headers["Location"]).json()["title"] == "Issue 5"
    assert client("POST", f"{ROOT}/issues", {"title": "Next"}).json()["number"] == 6


def test_a_renamed_repository_answers_under_its_new_name(client, state):
    text = f"see https://api.github.com/repos/{REPO}/issues/3"
    state.activity.edit_comment(REPO, 501, text)
    state.activity.rename(REPO, "acme/checkout")
    old = client.get(f"{ROOT}/actions/runs?per_page=2&event=push")
    assert old.status_code == 301
    assert old.headers["Location"] == f"{client.root}/repositories/101/actions/runs?per_page=2&event=push"
    assert client.get("/repos/acme/checkout").json()["full_name"] == "acme/checkout"
    run = client.get("/repos/acme/checkout/actions/runs/3").json()
    assert run["url"] == f"{client.root}/repos/acme/checkout/actions/runs/3"
    assert run["html_url"] == "https://github.com/acme/checkout/actions/runs/3"
    assert (run["repository"]["full_name"], run["repository"]["name"]) == ("acme/checkout", "checkout")
    pull = client.get("/repos/acme/checkout/pulls/1").json()
    assert pull["_links"]["self"]["href"] == f"{client.root}/repos/acme/checkout/pulls/1"
    assert pull["base"]["repo"]["full_name"] == "acme/checkout"
    (job,) = client.get("/repos/acme/checkout/actions/runs/3/jobs").json()["jobs"]
    assert job["run_url"] == run["url"]
    assert client.get("/repos/acme/checkout/issues/comments/501").json()["body"] == text
    # What is still put there under the former name follows.
    state.put_run("acme/checkout", run_payload(9, created_at=CLOCK))
    assert client.get("/repos/acme/checkout/actions/runs/9").json()["repository"]["full_name"] == "acme/checkout"
    created = client("POST", "/repos/acme/checkout/issues", {"title": "Next"})
    assert created.json()["repository_url"] == f"{client.root}/repos/acme/checkout"


def test_names_lead_on_through_several_renamings_and_a_transfer(client, state):
    state.activity.rename(REPO, "acme/checkout")
    state.activity.rename("acme/checkout", "umbrella/checkout", payloads.user("umbrella", 4, type="Organization"))
    for name in (REPO, "acme/checkout"):
        assert client.get(f"/repos/{name}").headers["Location"] == f"{client.root}/repositories/101"
    shown = client.get("/repositories/101").json()
    assert (shown["full_name"], shown["owner"]["login"]) == ("umbrella/checkout", "umbrella")
    assert client.get("/repositories/101/actions/runs/3").json()["repository"]["owner"]["login"] == "umbrella"
    github = GitHubClient(TOKEN, base_url=client.root, points_per_minute=None)
    assert github.repository(REPO).data["full_name"] == "umbrella/checkout"
    github.close()
    # Somebody else may take the name that is free again.
    state.activity.rename("acme/secret", REPO)
    assert client.get(ROOT).json()["id"] == 102


def test_a_fork_goes_and_its_pull_request_stays(client, state):
    stranger = payloads.user("stranger", 12)
    times = {"created_at": ago(days=9), "updated_at": ago(days=9), "pushed_at": ago(days=9)}
    fork = payloads.repository("stranger/payments", 555, stranger, fork=True, **times)
    pull = payloads.pull_request(
        full_repository(),
        id=290,
        number=6,
        title="From a fork",
        user=stranger,
        head_ref="main",
        head_sha="6" * 40,
        base_ref="main",
        base_sha="0" * 40,
        created_at=ago(days=1),
        updated_at=ago(days=1),
        head_repository=fork,
    )
    state.activity.put_pull_request(REPO, pull)
    run = run_payload(9, created_at=ago(hours=9), event="pull_request", head_sha="6" * 40, head_repository=fork)
    state.put_run(REPO, run)
    assert client.get(f"{ROOT}/pulls/6").json()["head"]["repo"]["full_name"] == "stranger/payments"
    assert client.get(f"{ROOT}/issues/6").json()["pull_request"]["url"].endswith("/pulls/6")
    assert client.get(f"{ROOT}/pulls?head=stranger:main").json()[0]["number"] == 6
    # Runs of forks name no pull request; the commit leads to it.
    shown = client.get(f"{ROOT}/actions/runs/9").json()
    assert (shown["pull_requests"], shown["head_repository"]["id"]) == ([], 555)
    assert [pull["number"] for pull in client.get(f"{ROOT}/commits/{'6' * 40}/pulls").json()] == [6]
    state.activity.delete_fork(REPO, 6)
    assert client.get(f"{ROOT}/pulls/6").json()["head"]["repo"] is None
    merged = {"state": "closed", "merged_at": "2026-11-16T06:00:00Z", "closed_at": "2026-11-16T06:00:00Z"}
    state.activity.put_pull_request(REPO, pull | merged | {"updated_at": "2026-11-16T06:00:00Z"})
    assert client.get(f"{ROOT}/issues/6").json()["pull_request"]["merged_at"] == "2026-11-16T06:00:00Z"


def test_a_run_may_name_pull_requests_of_others(client, state):
    foreign = {"url": "https://api.github.com/repos/other/fork/pulls/2", "id": 9, "number": 2}
    end = {"ref": "main", "sha": "1" * 40, "repo": {"id": 999, "url": "https://api.github.com/x", "name": "fork"}}
    state.put_run(REPO, run_payload(9, created_at=CLOCK, pull_requests=[foreign | {"head": end, "base": end}]))
    (named,) = client.get(f"{ROOT}/actions/runs/9").json()["pull_requests"]
    assert named["base"]["repo"]["id"] == 999
    assert client.get(f"{ROOT}/actions/runs/9?exclude_pull_requests=true").json()["pull_requests"] == []


def test_a_pull_request_is_changed_and_merged(client, state):
    changed = client("PATCH", f"{ROOT}/pulls/1", {"title": "Better", "base": "release"}).json()
    assert (changed["title"], changed["base"]["ref"], changed["base"]["label"]) == ("Better", "release", "acme:release")
    assert client.get(f"{ROOT}/issues/1").json()["title"] == "Better"
    assert client.get(f"{ROOT}/pulls?base=release").json()[0]["number"] == 1
    mergeable = [client.get(f"{ROOT}/pulls/1").json()["mergeable"] for _ in range(2)]
    assert mergeable == [None, True]
    assert client("PUT", f"{ROOT}/pulls/1/merge").status_code == 200
    merged = client.get(f"{ROOT}/pulls/1").json()
    assert (merged["merged"], merged["merged_at"], merged["mergeable"]) == (True, "2026-11-16T06:00:00Z", None)
    assert client.get(f"{ROOT}/issues/1").json()["pull_request"]["merged_at"] == "2026-11-16T06:00:00Z"
    assert [pull["number"] for pull in client.get(f"{ROOT}/commits/{merged['merge_commit_sha']}/pulls").json()] == [1]
    for body in ({"state": "open"}, {"title": " "}):
        assert client("PATCH", f"{ROOT}/pulls/1", body).status_code == 422
    assert client("PATCH", f"{ROOT}/pulls/3", {"title": "x"}).status_code == 404


@pytest.mark.parametrize(("query", "expected"), [("type=*", [3]), ("type=none", [4, 5]), ("type=Bug", [3])])
def test_issues_by_type(client, state, query, expected):
    issues = state.store.repository(REPO).issues
    issues[3] = issues[3] | {"type": {"id": 1, "node_id": "IT_1", "name": "Bug", "description": None}}
    shown = client.get(f"{ROOT}/issues?state=all&sort=created&{query}").json()
    assert [issue["number"] for issue in shown if "pull_request" not in issue] == expected


def test_people_are_who_they_are(state):
    assert (OWNER["type"], BOT["type"]) == ("Organization", "Bot")
    state.activity.change_issue(REPO, 3, title="By the owner")
    assert state.store.repository(REPO).events[-1]["actor"] == OWNER


def test_workflows_are_disabled_go_and_come_back_and_the_default_branch_changes(client, state):
    def listed():
        return {
            one["id"]: (one["path"], one["state"])
            for one in client.get(f"{ROOT}/actions/workflows").json()["workflows"]
        }

    before = listed()
    state.activity.change_workflow(REPO, 7, state="disabled_manually", path=".github/workflows/renamed.yml")
    assert listed() == {**before, 7: (".github/workflows/renamed.yml", "disabled_manually")}
    state.activity.change_workflow(REPO, 7)
    assert listed() == {id_: shown for id_, shown in before.items() if id_ != 7}
    state.activity.change_default_branch(REPO, "trunk")
    assert client.get(ROOT).json()["default_branch"] == "trunk"
    state.activity.rename(REPO, "acme/checkout")
    assert 7 not in {one["id"] for one in client.get("/repos/acme/checkout/actions/workflows").json()["workflows"]}
