"""Milestones read and written against the simulated GitHub."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.client.client import AmbiguousWrite, MovedError, NotFoundError
from roadmap_pipeline.github.client.graphql import GraphQLResult
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.due_dates import due_date, due_on
from roadmap_pipeline.github.milestones import (
    KEEP,
    Milestone,
    MilestoneRefused,
    absent_nodes,
    create_milestone,
    edit_milestone,
    list_milestones,
    read_milestone,
)
from roadmap_pipeline_tests.github.conftest import ANA, REPO, small_world
from roadmap_sandbox.github.faults import Fault

PATH = f"/repos/{REPO}/milestones"


@pytest.fixture
def served(serve):
    return serve(small_world(), read_only_tokens=frozenset({"read-only"}), no_push_tokens=frozenset({"visitor"}))


def titles(served):
    return [one["title"] for one in served.state.request("GET", PATH + "?state=all&per_page=100")[1]]


def test_all_of_them_are_listed_whatever_their_state_and_number(served):
    for n in range(4, 124):
        served.state.request("POST", PATH, {"title": f"Stage {n}", "state": "closed" if n % 2 else "open"}, user=ANA)
    milestones = list_milestones(served.client(), REPO)
    assert [one.number for one in milestones] == list(range(3, 124))
    assert sum(one.is_closed for one in milestones) == 60
    _, present = served.state.request("GET", f"{PATH}/3", user=ANA)
    assert milestones[0] == Milestone(
        repo=REPO,
        number=3,
        node_id="MI_kwDOAAAAZc4AAABG",
        title="Stage 7.3",
        due_date=None,
        is_closed=False,
        open_items=1,
        closed_items=1,
        html_url=f"https://github.com/{REPO}/milestone/3",
        updated_at=present["updated_at"],
    )
    assert present["updated_at"]
    assert read_milestone(served.client(), REPO, 3) == milestones[0]


@pytest.mark.parametrize("pages", [1, 2])
def test_one_behind_a_full_last_page_is_listed_whatever_was_kept(served, pages):
    """GitHub's tag for a full page stays as it is when the next page begins."""
    for n in range(4, 103 + 100 * (pages - 1)):
        served.state.request("POST", PATH, {"title": f"Stage {n}"}, user=ANA)
    cache = ResponseCache()
    assert len(list_milestones(served.client(), REPO, cache)) == 100 * pages
    served.state.request("POST", PATH, {"title": "One more"}, user=ANA)
    again = list_milestones(served.client(), REPO, ResponseCache(cache.changed))
    assert (len(again), again[-1].title) == (100 * pages + 1, "One more")


def test_one_that_is_gone_is_none(served):
    assert read_milestone(served.client(), REPO, 99) is None
    served.state.request("DELETE", f"{PATH}/3", user=ANA)
    assert read_milestone(served.client(), REPO, 3) is None
    with pytest.raises(NotFoundError):
        list_milestones(served.client(), "acme/nothing")


def test_of_many_ids_those_are_told_that_are_gone(served):
    for n in range(4, 154):
        served.state.request("POST", PATH, {"title": f"Stage {n}"}, user=ANA)
    ids = {one.number: one.node_id for one in list_milestones(served.client(), REPO)}
    for n in (5, 120):
        served.state.request("DELETE", f"{PATH}/{n}", user=ANA)
    served.journal()
    assert absent_nodes(served.client(), list(ids.values())) == {ids[5], ids[120]}
    assert len(served.journal()) == 2
    assert absent_nodes(served.client(), []) == set()
    assert served.journal() == []


NOT_FOUND = {"type": "NOT_FOUND", "path": ["nodes", 0], "message": "Could not resolve to a node"}


@pytest.mark.parametrize(
    ("nodes", "errors", "absent"),
    [
        ([None, {"id": "b"}], [NOT_FOUND], {0}),
        ([None, None], [NOT_FOUND], {0}),  # of the second one nothing is said
        ([None, None], [NOT_FOUND, {"type": "FORBIDDEN", "path": ["nodes", 1]}], set()),
        ([None, None], [NOT_FOUND, {"message": "Something went wrong"}], set()),
        ([{"id": "a"}, {"id": "b"}], [NOT_FOUND], set()),
        ([None], [NOT_FOUND], set()),
        (None, [NOT_FOUND], set()),
    ],
)
def test_absent_is_only_what_is_said_to_be(nodes, errors, absent):
    assert GraphQLResult({"nodes": nodes}, errors).absent(2) == absent


def test_a_renamed_repository_is_told(served):
    before = read_milestone(served.client(), REPO, 3)
    served.state.activity.rename(REPO, "acme/money")
    for call in (list_milestones, lambda client, repo: read_milestone(client, repo, 3)):
        with pytest.raises(MovedError):
            call(served.client(), REPO)
    assert read_milestone(served.client(), "acme/money", 3).node_id == before.node_id


def test_only_what_is_named_is_written(served):
    client = served.client()
    served.state.request("PATCH", f"{PATH}/3", {"description": "theirs", "due_on": "2026-12-24T00:00:00Z"}, user=ANA)
    renamed = edit_milestone(client, REPO, 3, title="Stage 7.4")
    assert (renamed.title, renamed.due_date, renamed.is_closed) == ("Stage 7.4", date(2026, 12, 24), False)
    closed = edit_milestone(client, REPO, 3, is_closed=True)
    assert (closed.title, closed.due_date, closed.is_closed) == ("Stage 7.4", date(2026, 12, 24), True)
    undated = edit_milestone(client, REPO, 3, due_date=None)
    assert (undated.title, undated.due_date, undated.is_closed) == ("Stage 7.4", None, True)
    moved = edit_milestone(client, REPO, 3, due_date=date(2027, 1, 31), is_closed=False)
    assert (moved.due_date, moved.is_closed) == (date(2027, 1, 31), False)
    assert client.writes == 4
    assert edit_milestone(client, REPO, 3, due_date=KEEP) == moved
    assert client.writes == 4
    assert served.state.request("GET", f"{PATH}/3")[1]["description"] == "theirs"


@pytest.mark.parametrize("kind", ["date", "instant"])
def test_the_day_read_back_is_the_day_written(served, kind):
    served.state.switches.due_day_of = kind
    client = served.client()

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.dates(date(1971, 1, 1), date(9998, 12, 30)))
    def check(day):
        assert edit_milestone(client, REPO, 3, due_date=day).due_date == day
        assert read_milestone(client, REPO, 3).due_date == day

    check()


@pytest.mark.parametrize("hour", ["00:00:00", "07:00:00", "08:00:00", "23:59:59"])
def test_only_the_day_of_a_stored_time_counts(hour):
    assert due_date(f"2026-12-24T{hour}Z") == date(2026, 12, 24)
    assert due_date(None) is None and due_on(None) is None


@pytest.mark.parametrize("day", [date(1970, 12, 31), date(1, 1, 1), date(9999, 1, 1)])
def test_a_day_that_stands_for_none_is_refused_unsent(served, day):
    client = served.client()
    with pytest.raises(MilestoneRefused, match="can't be due in"):
        edit_milestone(client, REPO, 3, due_date=day)
    assert client.requests == 0


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Taken", "another milestone of the repository has this title"),
        ("", "a milestone needs a title"),
        ("  ", "a milestone needs a title"),
        ("x" * 256, "Title is too long"),
    ],
)
def test_a_title_that_github_refuses_is_told_in_words(served, title, reason):
    served.state.request("POST", PATH, {"title": "Taken"})
    for write in (
        lambda: edit_milestone(served.client(), REPO, 3, title=title, is_closed=True),
        lambda: create_milestone(served.client(), REPO, title, None),
    ):
        with pytest.raises(MilestoneRefused) as refused:
            write()
        assert reason in refused.value.reason and refused.value.status == 422
    assert sorted(titles(served)) == ["Stage 7.3", "Taken"]
    assert not read_milestone(served.client(), REPO, 3).is_closed


@pytest.mark.parametrize(("token", "reason"), [("read-only", "integration"), ("visitor", "admin rights")])
def test_a_token_that_may_not_write_is_told_and_asked_once(served, token, reason):
    client = served.client(token)
    with pytest.raises(MilestoneRefused, match=reason):
        edit_milestone(client, REPO, 3, is_closed=True)
    assert client.writes == 1


def test_an_archived_repository_and_a_deleted_milestone_are_told(served):
    served.state.request("DELETE", f"{PATH}/3", user=ANA)
    with pytest.raises(MilestoneRefused, match="gone"):
        edit_milestone(served.client(), REPO, 3, is_closed=True)
    with pytest.raises(MilestoneRefused, match="gone"):
        edit_milestone(served.client(), REPO, 3)
    served.state.activity.archive(REPO)
    with pytest.raises(MilestoneRefused, match="archived"):
        create_milestone(served.client(), REPO, "Stage 9", None)


@pytest.mark.parametrize("status", [410, 451])
def test_other_final_refusals_are_of_this_milestone_alone(served, status):
    served.state.faults.add(Fault("refusal", status=status, message="no"), method="PATCH")
    with pytest.raises(MilestoneRefused) as refused:
        edit_milestone(served.client(), REPO, 3, is_closed=True)
    assert refused.value.status == status


FAULTS = ["bad_gateway", "bad_gateway_after_commit", "drop", "drop_after_commit"]


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unclear_answer_never_makes_a_second_milestone(served, kind):
    served.state.faults.add(kind, method="POST", times=2)
    milestone = create_milestone(served.client(), REPO, "Stage 9", date(2027, 2, 28))
    assert (milestone.title, milestone.due_date) == ("Stage 9", date(2027, 2, 28))
    assert titles(served).count("Stage 9") == 1


def test_a_list_that_lags_behind_makes_it_no_refusal(served):
    def rename(old, new):
        for one in served.state.request("GET", PATH)[1]:
            if one["title"] == old:
                served.state.request("PATCH", f"{PATH}/{one['number']}", {"title": new})

    served.state.faults.add("drop_after_commit", method="POST")
    served.state.faults.before(lambda: rename("Stage 9", "not listed yet"), method="GET", path="milestones$")
    served.state.faults.after(lambda: rename("not listed yet", "Stage 9"), method="GET", path="milestones$")
    assert create_milestone(served.client(), REPO, "Stage 9", None).number == 4
    assert titles(served).count("Stage 9") == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unclear_answer_to_an_edit_is_asked_again(served, kind):
    served.state.faults.add(kind, method="PATCH", times=2)
    assert edit_milestone(served.client(), REPO, 3, title="Stage 7.4").title == "Stage 7.4"


def test_answers_that_stay_unclear_are_no_refusal(served):
    served.state.faults.add("drop", method="PATCH", times=9)
    with pytest.raises(AmbiguousWrite):
        edit_milestone(served.client(), REPO, 3, title="Stage 7.4")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60).filter(
        str.strip
    )
    | st.sampled_from(["<!-- gh-roadmap:v1 -->", "../../..", "a/b?c=d#e", "⚠️ ' \" ` | <script>", "\u202eReversed"])
)
def test_hostile_titles_come_back_as_they_were(served, title):
    client = served.client()
    assert edit_milestone(client, REPO, 3, title=title).title == title
    assert [one.title for one in list_milestones(client, REPO)] == [title]
