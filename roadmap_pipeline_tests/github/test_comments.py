"""Sticky comments against the simulated GitHub."""

import pytest

from roadmap_pipeline.github import comments
from roadmap_pipeline.github.comments import CommentRefused
from roadmap_pipeline.github.markers import Marker, content_hash
from roadmap_pipeline.github.truncation import LONGEST_BODY
from roadmap_pipeline_tests.github.conftest import ANA, BOT, REPO, small_world
from roadmap_sandbox.github.state import TOKEN

LOGIN = BOT["login"]
MARKER = Marker(REPO, comments.PULL_REQUEST_STATUS, "2", "")
PATH = f"/repos/{REPO}/issues/2/comments"


@pytest.fixture
def served(serve):
    return serve(small_world(), read_only_tokens=frozenset({"read-only"}))


def bodies(served):
    return [comment["body"] for comment in served.state.request("GET", PATH + "?per_page=100")[1]]


def put(client, body):
    return comments.put(client, REPO, 2, body, LOGIN, marker=MARKER)


def test_written_once_then_edited_then_left_alone(served):
    client = served.client()
    first = put(client, "✅ passing")
    second = put(client, "❌ failing")
    assert client.writes == 2
    third = put(client, "❌ failing\n")
    assert client.writes == 2
    assert first.id == second.id == third.id
    [text] = bodies(served)
    assert text.split("\n")[0] == str(Marker(REPO, "pr-status", "2", content_hash("❌ failing")))
    assert text.split("\n")[1:] == ["❌ failing"]


def test_it_is_found_behind_many_others_and_copies_do_not_count(served):
    mine = put(served.client(), "mine")
    [text] = bodies(served)
    for n in range(120):
        served.state.request("POST", PATH, {"body": f"comment {n}"}, user=ANA)
    served.state.request("POST", PATH, {"body": text}, user=ANA)
    served.state.request("POST", PATH, {"body": f"quoted:\n{text}"})
    found = comments.find(served.client(), REPO, 2, LOGIN)
    assert found is not None and found.id == mine.id
    assert comments.find(served.client(), REPO, 2, "somebody-else[bot]") is None
    assert comments.find(served.client(), REPO, 2, LOGIN, kind="other") is None


def test_of_two_writers_the_oldest_comment_stays(served):
    other = comments.render(MARKER, "theirs")
    served.state.faults.before(
        lambda: served.state.request("POST", PATH, {"body": other}), method="POST", path="comments$"
    )
    kept = comments.create(served.client(), REPO, 2, "ours", LOGIN, marker=MARKER)
    assert bodies(served) == [comments.render(MARKER, "ours")]
    assert kept.body == "ours"


@pytest.mark.parametrize("kind", ["bad_gateway", "bad_gateway_after_commit", "drop", "drop_after_commit"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_unclear_answer_never_makes_a_second_comment(served, kind, method):
    client = served.client()
    if method == "PATCH":
        put(client, "before")
    served.state.faults.add(kind, method=method, times=2)
    put(client, "after")
    assert bodies(served) == [comments.render(MARKER, "after")]


def test_a_deleted_comment_is_written_anew(served):
    client = served.client()
    comment = put(client, "one")
    served.state.request("DELETE", f"/repos/{REPO}/issues/comments/{comment.id}")
    assert comments.edit(client, REPO, 2, comment, "two", LOGIN).id != comment.id
    assert bodies(served) == [comments.render(MARKER, "two")]


def test_what_a_person_changed_is_noticed_and_overwritten(served):
    client = served.client()
    comment = put(client, "one")
    [text] = bodies(served)
    served.state.request("PATCH", f"/repos/{REPO}/issues/comments/{comment.id}", {"body": text + "\nby hand"})
    found = comments.find(client, REPO, 2, LOGIN)
    assert found is not None and found.is_edited_by_others
    put(client, "one")
    assert bodies(served) == [text]


def test_a_refusal_is_told_with_its_reason_and_not_repeated(served):
    with pytest.raises(CommentRefused, match="integration"):
        put(served.client("read-only"), "x")
    served.state.request("PUT", f"/repos/{REPO}/issues/2/lock", {"lock_reason": "resolved"})
    served.journal()
    with pytest.raises(CommentRefused, match="locked"):
        put(served.client(TOKEN), "x")
    assert [method for method, _, _ in served.journal()].count("POST") == 1
    with pytest.raises(CommentRefused):
        comments.put(served.client(), REPO, 12345, "x", LOGIN, marker=MARKER)


def test_a_long_comment_is_cut_between_lines_within_the_limit():
    text = comments.render(MARKER, "<details>\n\n```\n" + "log line 🧩\n" * 9_000)
    assert len(text) <= LONGEST_BODY
    assert text.endswith("log line 🧩\n```\n\n</details>")
    marker = Marker.parse(text)
    assert marker is not None and marker.sha256 == content_hash(text.partition("\n")[2])
