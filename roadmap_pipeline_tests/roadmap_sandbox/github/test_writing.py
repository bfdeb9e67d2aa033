"""Everything that writing clients meet: permissions, validation, consequences, and the same world after a restart."""

import json

import pytest
from github import Auth, Github, GithubException
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import ANA, CLOCK, REPO, ago, make_content
from roadmap_sandbox import payloads
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.github.state import TOKEN, GitHubState

ROOT = f"/repos/{REPO}"


def test_who_may_write(serve, make_state):
    state = make_state(read_only_tokens=frozenset({"reader"}))
    client = serve(state)
    for token, status, message in (
        ("reader", 403, "Resource not accessible by integration"),
        ("wrong", 401, "Bad credentials"),
        (None, 401, "Requires authentication"),
    ):
        headers = {"Authorization": f"Bearer {token}" if token else ""}
        response = client("POST", f"{ROOT}/issues/1/comments", {"body": "x"}, headers=headers)
        assert (response.status_code, response.json()["message"]) == (status, message)
        assert response.json()["status"] == str(status)
    assert client.get(ROOT, headers={"Authorization": "token reader"}).status_code == 200
    assert client.get(ROOT, headers={"Authorization": ""}).status_code == 200
    assert client.get("/repos/acme/secret").status_code == 200
    assert client.get("/repos/acme/secret", headers={"Authorization": ""}).status_code == 404
    assert client.get("/user", headers={"Authorization": ""}).status_code == 401
    assert client.get(ROOT, headers={"User-Agent": ""}).status_code == 403
    assert len(state.store.repository(REPO).comments) == 1


def test_a_comment_from_creation_to_deletion(client, state):
    created = client("POST", f"{ROOT}/issues/1/comments", {"body": "one"})
    assert created.status_code == 201
    assert created.headers["Location"] == created.json()["url"]
    assert created.json()["user"]["login"] == "roadmap-pipeline[bot]"
    assert created.json()["html_url"] == f"https://github.com/{REPO}/pull/1#issuecomment-502"
    assert client.get(f"{ROOT}/pulls/1").json()["comments"] == 2
    assert client.get(f"{ROOT}/pulls/1").json()["updated_at"] == "2026-11-16T06:00:00Z"
    state.clock = CLOCK.replace(hour=7)
    edited = client("PATCH", f"{ROOT}/issues/comments/502", {"body": "two"}).json()
    assert (edited["created_at"], edited["updated_at"]) == ("2026-11-16T06:00:00Z", "2026-11-16T07:00:00Z")
    bodies = [item["body"] for item in client.get(f"{ROOT}/issues/1/comments").json()]
    assert bodies == ["Nice", "two"]
    recent = client.get(f"{ROOT}/issues/1/comments?since=2026-11-16T07:00:00Z").json()
    assert [item["id"] for item in recent] == [502]
    assert client("DELETE", f"{ROOT}/issues/comments/502").status_code == 204
    assert client("PATCH", f"{ROOT}/issues/comments/502", {"body": "x"}).status_code == 404
    assert client.get(f"{ROOT}/issues/1").json()["comments"] == 1


def test_somebody_elses_comment_and_a_locked_issue(client, state):
    assert client("PATCH", f"{ROOT}/issues/comments/501", {"body": "x"}).status_code == 403
    assert client("DELETE", f"{ROOT}/issues/comments/501").status_code == 403
    assert state.request("PATCH", f"{ROOT}/issues/comments/501", {"body": "mine"}, user=ANA)[0] == 200
    assert client("PUT", f"{ROOT}/issues/1/lock", {}).status_code == 204
    refused = client("POST", f"{ROOT}/issues/1/comments", {"body": "x"})
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Unable to create comment because issue is locked.",
    )
    assert client("DELETE", f"{ROOT}/issues/1/lock").status_code == 204
    assert client("POST", f"{ROOT}/issues/1/comments", {"body": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "issues/1/comments", {"body": " "}, "missing_field"),
        ("POST", "issues/1/comments", {"body": "x" * 65_537}, "unprocessable"),
        ("PATCH", "issues/3", {"body": "x" * 65_537}, "unprocessable"),
        ("POST", "issues", {"title": "x", "milestone": 99}, "invalid"),
        ("POST", "issues", {"title": "x", "assignees": ["nobody"]}, "invalid"),
        ("POST", "issues", {"title": ""}, "missing_field"),
        ("POST", "milestones", {"title": "Stage 7.3"}, "already_exists"),
        ("PATCH", "milestones/2", {"title": "Stage 7.3"}, "already_exists"),
        ("PATCH", "milestones/2", {"title": " "}, "missing_field"),
        ("PATCH", "milestones/2", {"title": "x" * 256}, "unprocessable"),
        (
            "PATCH",
            "issues/3",
            {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": 999_999},
            "invalid",
        ),
        ("POST", "labels", {"name": "BUG"}, "already_exists"),
        ("POST", "labels", {"name": "x", "color": "#123456"}, "invalid"),
    ],
)
def test_validation(client, method, path, body, code):
    refuses(client, method, path, body, code)


@pytest.mark.refused_requests("values that the description doesn't know")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "issues/3", {"state": "half"}), ("POST", "milestones", {"title": "x", "due_on": "soon"})],
)
def test_validation_of_values(client, method, path, body):
    refuses(client, method, path, body, "invalid")


def refuses(client, method, path, body, code):
    before = client.get(f"{ROOT}/issues?state=all").json()
    response = client(method, f"{ROOT}/{path}", body)
    assert response.status_code == 422
    assert response.json()["message"] == "Validation Failed"
    assert response.json()["errors"][0]["code"] == code
    assert client.get(f"{ROOT}/issues?state=all").json() == before


def test_the_longest_body_is_accepted(client):
    assert client("POST", f"{ROOT}/issues/1/comments", {"body": "é" * 65_536}).status_code == 201


@pytest.mark.refused_requests("bodies of the wrong form")
@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[1]", 400), (b"{}", 422), (b'{"body": 1}', 422)])
def test_bodies_that_are_not_what_they_should_be(client, body, status):
    response = client("POST", f"{ROOT}/issues/1/comments", data=body)
    assert response.status_code == status


def test_closing_and_reopening_an_issue_leaves_traces(client, state):
    closed = client("PATCH", f"{ROOT}/issues/3", {"state": "closed", "title": "Renamed"}).json()
    assert (closed["state_reason"], closed["closed_at"]) == ("completed", "2026-11-16T06:00:00Z")
    assert closed["closed_by"]["login"] == "roadmap-pipeline[bot]"
    assert (closed["milestone"]["open_issues"], closed["milestone"]["closed_issues"]) == (1, 3)
    state.request("PATCH", f"{ROOT}/issues/3", {"state": "open", "milestone": None, "labels": []}, user=ANA)
    reopened = client.get(f"{ROOT}/issues/3").json()
    assert (reopened["state_reason"], reopened["closed_at"], reopened["labels"]) == ("reopened", None, [])
    events = client.get(f"{ROOT}/issues/3/events").json()
    told = [(event["event"], event["actor"]["login"]) for event in events[1:]]
    bot, ana = "roadmap-pipeline[bot]", "ana"
    assert told == [
        ("renamed", bot),
        ("closed", bot),
        ("reopened", ana),
        ("unlabeled", ana),
        ("demilestoned", ana),
    ]
    newest = client.get(f"{ROOT}/issues/events").json()[0]
    assert (newest["event"], newest["issue"]["number"], newest["milestone"]["title"]) == (
        "demilestoned",
        3,
        "Stage 7.3",
    )


def test_a_write_that_changes_nothing_leaves_no_trace(client):
    before = client.get(f"{ROOT}/issues/3").json()
    same = {"title": before["title"], "labels": ["bug"], "milestone": 1, "state": "open", "state_reason": "completed"}
    assert client("PATCH", f"{ROOT}/issues/3", same).json() == before
    assert len(client.get(f"{ROOT}/issues/events").json()) == 2


def test_a_pull_request_follows_its_issue_view(client):
    client("PATCH", f"{ROOT}/issues/1", {"labels": ["ready"], "milestone": 2, "title": "Better"})
    pull = client.get(f"{ROOT}/pulls/1").json()
    assert ([label["name"] for label in pull["labels"]], pull["milestone"]["number"], pull["title"]) == (
        ["ready"],
        2,
        "Better",
    )
    assert client.get(f"{ROOT}/labels/ready").json()["color"] == "ededed"


def test_without_push_rights_fields_are_dropped_silently(serve, make_state):
    client = serve(make_state(no_push_tokens=frozenset({"visitor"})))
    headers = {"Authorization": "Bearer visitor"}
    body = {"title": "x", "milestone": 1, "labels": ["bug"], "assignees": ["ana"]}
    created = client("POST", f"{ROOT}/issues", body, headers=headers)
    assert created.status_code == 201
    assert (created.json()["milestone"], created.json()["labels"], created.json()["assignees"]) == (None, [], [])


def test_without_push_rights_whats_everybodys_is_refused(serve, make_state):
    state = make_state(no_push_tokens=frozenset({"visitor"}))
    client = serve(state)
    headers = {"Authorization": "Bearer visitor"}
    for method, path, body in (
        ("PATCH", "milestones/1", {"title": "x"}),
        ("POST", "labels", {"name": "x"}),
        ("PATCH", "issues/3", {"body": "x"}),  # ana's
    ):
        refused = client(method, f"{ROOT}/{path}", body, headers=headers)
        assert (refused.status_code, refused.json()["message"]) == (403, "Must have admin rights to Repository.")
    own = client("POST", f"{ROOT}/issues", {"title": "x"}, headers=headers).json()["number"]
    assert client("PATCH", f"{ROOT}/issues/{own}", {"state": "closed"}, headers=headers).status_code == 200


def test_an_archived_repository_can_only_be_read(client, state):
    state.activity.archive(REPO)
    for method, path, body in (("PATCH", "milestones/1", {"title": "x"}), ("POST", "issues", {"title": "x"})):
        refused = client(method, f"{ROOT}/{path}", body)
        assert (refused.status_code, refused.json()["message"]) == (403, "Repository was archived so is read-only.")
    assert client.get(f"{ROOT}/milestones/1").status_code == 200


def test_issues_that_are_switched_off_are_gone_and_pull_requests_stay(client, state):
    records = state.store.repository(REPO)
    records.payload = {**records.payload, "has_issues": False}
    for method, path, body in (("GET", "issues", None), ("GET", "issues/3", None), ("POST", "issues", {"title": "x"})):
        gone = client(method, f"{ROOT}/{path}", body)
        assert (gone.status_code, gone.json()["message"]) == (410, "Issues are disabled for this repo")
    assert client("POST", f"{ROOT}/issues/1/comments", {"body": "on a pull request"}).status_code == 201


def test_an_issue_closed_as_a_duplicate_says_so(client):
    body = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": 303}
    assert client("PATCH", f"{ROOT}/issues/5", body).json()["state_reason"] == "duplicate"
    assert client("PATCH", f"{ROOT}/issues/5", {"state_reason": "completed"}).json()["state_reason"] == "duplicate"
    assert client("PATCH", f"{ROOT}/issues/5", {"state": "open"}).json()["state_reason"] == "reopened"


def test_a_label_that_an_issue_does_not_bear_cannot_be_removed(client):
    gone = client("DELETE", f"{ROOT}/issues/5/labels/bug")
    assert (gone.status_code, gone.json()["message"]) == (404, "Label does not exist")


def test_people_edit_milestones_in_their_own_name(client, state):
    events = []
    state.store.notify = lambda _records, event, action, actor, _more: events.append((event, action, actor["login"]))
    assert state.request("PATCH", f"{ROOT}/milestones/1", {"title": "Stage 7.4", "due_on": None}, user=ANA)[0] == 200
    assert state.request("PATCH", f"{ROOT}/milestones/1", {"state": "closed"}, user=ANA)[0] == 200
    assert client.get(f"{ROOT}/milestones/1").json()["due_on"] is None
    assert client.get(f"{ROOT}/issues/3").json()["milestone"]["title"] == "Stage 7.4"
    assert state.request("DELETE", f"{ROOT}/milestones/1", user=ANA)[0] == 204
    assert client.get(f"{ROOT}/milestones/1").status_code == 404
    assert client.get(f"{ROOT}/issues/3").json()["milestone"] is None
    milestone_events = [(action, who) for event, action, who in events if event == "milestone"]
    assert milestone_events == [("edited", "ana"), ("closed", "ana"), ("deleted", "ana")]


def test_numbers_and_ids_of_deleted_milestones_are_never_given_again(client, state):
    path = f"{ROOT}/milestones"
    _, before = state.request("POST", path, {"title": "First"}, user=ANA)
    state.request("DELETE", f"{path}/{before['number']}", user=ANA)
    _, after = state.request("POST", path, {"title": "Second"}, user=ANA)
    assert (after["number"], after["id"]) == (before["number"] + 1, before["id"] + 1)


def test_a_due_date_may_be_the_day_on_githubs_coast(client, state):
    state.switches.due_day_of = "instant"
    for sent, kept in (
        ("2026-07-01T00:00:00Z", "2026-06-30T07:00:00Z"),
        ("2026-07-01T12:00:00Z", "2026-07-01T07:00:00Z"),
        ("2026-12-24T12:00:00Z", "2026-12-24T08:00:00Z"),
    ):
        assert client("PATCH", f"{ROOT}/milestones/1", {"due_on": sent}).json()["due_on"] == kept


def test_milestones_keep_the_day_only(client, state):
    created = client("POST", f"{ROOT}/milestones", {"title": "Stage 8", "due_on": "2026-12-24T23:00:00Z"})
    assert created.status_code == 201
    assert created.json()["due_on"] == "2026-12-24T08:00:00Z"
    state.clock = CLOCK.replace(hour=8)
    closed = client("PATCH", f"{ROOT}/milestones/3", {"state": "closed"}).json()
    assert closed["closed_at"] == closed["updated_at"] == "2026-11-16T08:00:00Z"
    assert [item["number"] for item in client.get(f"{ROOT}/milestones").json()] == [1]
    assert [item["number"] for item in client.get(f"{ROOT}/milestones?state=all").json()] == [1, 3, 2]


def test_pygithub_writes(client):
    with Github(
        auth=Auth.Token(TOKEN), base_url=client.root, seconds_between_requests=None, seconds_between_writes=None
    ) as github:
        repo = github.get_repo(REPO)
        comment = repo.get_issue(1).create_comment("first")
        comment.edit("second")
        assert [item.body for item in repo.get_pull(1).get_issue_comments()] == ["Nice", "second"]
        milestone = repo.create_milestone("Stage 9")
        issue = repo.create_issue("Track", milestone=milestone, labels=["status: Planned"])
        issue.edit(state="closed", state_reason="not_planned")
        assert repo.get_issue(issue.number).state_reason == "not_planned"
        comment.delete()
        with pytest.raises(GithubException) as refused:
            repo.get_issue(1).create_comment("x" * 70_000)
        assert refused.value.status == 422


def test_the_journal_holds_every_request(client, state):
    client.get(f"{ROOT}/issues?state=all")
    client("POST", f"{ROOT}/issues/1/comments", {"body": ""})
    client("PATCH", f"{ROOT}/issues/3", {"title": "y"})
    told = [(entry.method, entry.path, entry.query, entry.status, entry.mutating) for entry in state.journal]
    assert told == [
        ("GET", f"{ROOT}/issues", "state=all", 200, False),
        ("POST", f"{ROOT}/issues/1/comments", "", 422, True),
        ("PATCH", f"{ROOT}/issues/3", "", 200, True),
    ]


def everything(state):
    paths = ["issues?state=all&per_page=100", "issues/comments?per_page=100", "milestones?state=all", "labels"]
    paths += ["issues/events?per_page=100", "pulls?state=all"]
    return {path: state.request("GET", f"{ROOT}/{path}") for path in paths}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBERS = st.integers(1, 8)
WRITES = st.one_of(
    st.tuples(
        st.just("POST"),
        st.just("issues"),
        st.fixed_dictionaries({"title": TEXTS}, optional={"milestone": NUMBERS, "labels": st.lists(TEXTS, max_size=2)}),
    ),
    st.tuples(
        st.just("PATCH"),
        NUMBERS.map("issues/{}".format),
        st.fixed_dictionaries(
            {},
            optional={
                "state": st.sampled_from(["open", "closed"]),
                "milestone": st.none() | NUMBERS,
                "labels": st.lists(TEXTS, max_size=2),
                "body": st.none() | TEXTS,
            },
        ),
    ),
    st.tuples(st.just("POST"), NUMBERS.map("issues/{}/comments".format), st.fixed_dictionaries({"body": TEXTS})),
    st.tuples(
        st.just("PATCH"), st.integers(501, 504).map("issues/comments/{}".format), st.fixed_dictionaries({"body": TEXTS})
    ),
    st.tuples(st.just("DELETE"), st.integers(501, 504).map("issues/comments/{}".format), st.none()),
    st.tuples(st.just("POST"), st.just("milestones"), st.fixed_dictionaries({"title": TEXTS})),
    st.tuples(
        st.just("PATCH"),
        NUMBERS.map("milestones/{}".format),
        st.fixed_dictionaries({}, optional={"state": st.sampled_from(["open", "closed"]), "title": TEXTS}),
    ),
    st.tuples(st.just("DELETE"), NUMBERS.map("milestones/{}".format), st.none()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    writes=[
        (("POST", "issues/1/comments", {"body": " "}), False),
        (("POST", "issues/1/comments", {"body": "said"}), False),
        (("POST", "labels", {"name": "new", "description": "x" * 101}), False),
        (("POST", "labels", {"name": "newer"}), False),
    ]
)
@given(writes=st.lists(st.tuples(WRITES, st.booleans()), max_size=12))
def test_any_writes_give_the_same_world_after_a_restart(tmp_path_factory, writes):
    path = tmp_path_factory.mktemp("writes") / "github.jsonl"
    content = make_content()
    state = GitHubState(content, writes_path=path)
    for hour, ((method, rest, body), by_ana) in enumerate(writes):
        state.clock = CLOCK.replace(hour=6 + hour)
        status, _ = state.request(method, f"{ROOT}/{rest}", body, user=ANA if by_ana else None)
        assert status < 500
    before = everything(state)
    for milestone in before["milestones?state=all"][1]:
        members = [
            issue["state"]
            for issue in before["issues?state=all&per_page=100"][1]
            if (issue["milestone"] or {}).get("number") == milestone["number"]
        ]
        assert milestone["open_issues"] == members.count("open")
        assert milestone["closed_issues"] == members.count("closed")
    again = GitHubState(make_content(), writes_path=path)
    assert everything(again) == before
    assert everything(GitHubState(content)) == everything(GitHubState(make_content()))


def test_only_what_succeeded_is_written_down(tmp_path, serve):
    path = tmp_path / "sub" / "github.jsonl"
    client = serve(GitHubState(make_content(), writes_path=path))
    client("POST", f"{ROOT}/issues/1/comments", {"body": ""})
    client("POST", f"{ROOT}/issues/1/comments", {"body": "kept"})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "method": "POST",
            "path": f"{ROOT}/issues/1/comments",
            "body": {"body": "kept"},
            "time": "2026-11-16T06:00:00Z",
        }
    ]


def test_a_write_cut_off_by_a_crash_is_forgotten(tmp_path):
    path = tmp_path / "github.jsonl"
    state = GitHubState(make_content(), writes_path=path)
    state.request("POST", f"{ROOT}/issues/1/comments", {"body": "one"})
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-9])
    again = GitHubState(make_content(), writes_path=path)
    again.request("POST", f"{ROOT}/issues/1/comments", {"body": "two"})
    bodies = [
        item["body"] for item in GitHubState(make_content(), writes_path=path).store.repository(REPO).comments.values()
    ]
    assert bodies == ["Nice", "one", "two"]


def test_writes_of_another_world_are_named(tmp_path):
    path = tmp_path / "github.jsonl"
    line = {"method": "PATCH", "path": f"{ROOT}/issues/77", "body": {}, "time": "2026-11-16T06:00:00Z"}
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(SandboxError, match="line 1"):
        GitHubState(make_content(), writes_path=path)


def test_the_clock_goes_on_where_the_writes_ended(tmp_path):
    path = tmp_path / "github.jsonl"
    state = GitHubState(make_content(), writes_path=path)
    state.clock = ago(days=-3)
    state.request("PATCH", f"{ROOT}/issues/3", {"title": "later"})
    assert GitHubState(make_content(), writes_path=path).clock == ago(days=-3)


def test_a_deleted_label_leaves_its_issues(client):
    client("DELETE", f"{ROOT}/labels/bug")
    assert client.get(f"{ROOT}/issues/3").json()["labels"] == []
    assert payloads.label({"url": "https://api.github.com/repos/a/b"}, id=1, name="a/b c")["url"].endswith("a%2Fb%20c")
