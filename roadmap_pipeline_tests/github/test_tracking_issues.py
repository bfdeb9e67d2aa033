"""Tracking issues against the simulated GitHub: found, kept single, written without touching what people wrote."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.client.client import AmbiguousWrite, MovedError
from roadmap_pipeline.github.tracking_issues import (
    TrackingIssueRefused,
    close_duplicate,
    create_tracking_issue,
    duplicates_of,
    edit_tracking_issue,
    list_tracking_issues,
    read_tracking_issue,
    set_status_label,
    tracking_issue_of,
)
from roadmap_pipeline_tests.github.conftest import ANA, REPO, full_repository, small_world
from roadmap_sandbox.github.faults import Fault

KEY, OTHER_KEY = "MI_kwDOAAAAAAAAAABG", "MI_kwDOAAAAAAAAAABH"
ISSUES = f"/repos/{REPO}/issues"
FAULTS = ["bad_gateway", "bad_gateway_after_commit", "drop", "drop_after_commit"]
within_a_fixture = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def served(serve):
    return serve(small_world(), read_only_tokens=frozenset({"read-only"}), no_push_tokens=frozenset({"visitor"}))


def create(client, section="first", key=KEY, **more):
    return create_tracking_issue(client, REPO, key=key, title="Stage 7.3", section=section, **more)


def stored(served, number):
    return served.state.request("GET", f"{ISSUES}/{number}")[1]


def people_write(served, number, **fields):
    status, _ = served.state.request("PATCH", f"{ISSUES}/{number}", fields, user=ANA)
    assert status == 200


def people_open(served, **fields):
    return served.state.request("POST", ISSUES, {"title": "Track", **fields}, user=ANA)[1]["number"]


def test_one_is_opened_with_its_labels_and_found_again(served):
    issue = create(served.client(), labels=("tracking", "Roadmap"))
    assert (issue.title, issue.labels, issue.key, issue.section) == ("Stage 7.3", ("tracking", "Roadmap"), KEY, "first")
    assert issue.milestone_number is None and not issue.is_closed and not issue.is_edited_by_others
    assert list_tracking_issues(served.client(), REPO) == [issue]
    assert read_tracking_issue(served.client(), REPO, issue.number) == issue
    assert served.state.request("GET", f"/repos/{REPO}/labels/tracking")[1]["color"] == "5319e7"
    assert served.state.request("GET", f"/repos/{REPO}/milestones/3")[1]["open_issues"] == 1  # it is no item of it


def test_it_is_found_without_its_label_and_behind_many_others(served):
    issue = create(served.client())
    assert served.state.request("DELETE", f"{ISSUES}/{issue.number}/labels/tracking", user=ANA)[0] == 200
    for n in range(120):
        served.state.request("POST", ISSUES, {"title": f"Issue {n}"})
        people_open(served, labels=["tracking"])
    issues = list_tracking_issues(served.client(), REPO)
    assert [one.number for one in issues] == sorted(one.number for one in issues)
    assert tracking_issue_of(issues, KEY) == issues[0] and issues[0].number == issue.number
    assert len(issues) == 121


def test_a_marker_that_anybody_may_have_copied_means_nothing(served):
    issue = create(served.client())
    copy = people_open(served, body=issue.body)
    issues = list_tracking_issues(served.client(), REPO)
    assert [one.number for one in issues] == [issue.number]
    people_write(served, copy, labels=["Tracking"])  # given by somebody who may
    issues = list_tracking_issues(served.client(), REPO)
    assert [one.number for one in issues] == [issue.number, copy]
    assert [one.number for one in duplicates_of(issues, issue)] == [copy]


def test_pull_requests_are_none(served):
    served.state.request("POST", f"{ISSUES}/2/labels", {"labels": ["tracking"]}, user=ANA)
    assert list_tracking_issues(served.client(), REPO) == []


def test_a_persons_issue_in_the_milestone_is_adopted_where_there_is_none_of_ours(served):
    numbers = [people_open(served, labels=["tracking"], milestone=3, body="Ours\r\nfor long") for _ in range(2)]
    client = served.client()
    issues = list_tracking_issues(client, REPO)
    adopted = tracking_issue_of(issues, KEY, 3)
    assert adopted is not None and adopted.number == numbers[0] and adopted.key is None
    assert tracking_issue_of(issues, KEY) is None and duplicates_of(issues, adopted) == []
    with pytest.raises(ValueError, match="node id"):
        edit_tracking_issue(client, adopted, section="first")
    written = edit_tracking_issue(client, adopted, section="first", key=KEY)
    assert written.body.startswith("Ours\r\nfor long\n\n<!-- gh-roadmap:v1 ")
    assert (written.key, written.section, written.author) == (KEY, "first", "ana")
    assert tracking_issue_of(list_tracking_issues(client, REPO), KEY, 3) == written
    assert tracking_issue_of(list_tracking_issues(client, REPO), OTHER_KEY, 9) is None


@within_a_fixture
@given(
    above=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    below=st.text("a\r\n-><! `é🧩", max_size=40),
)
def test_what_people_write_around_our_section_stays_byte_for_byte(served, above, below):
    client = served.client()
    issue = create(client)
    ours = issue.body
    people_write(served, issue.number, body=f"{above}\n{ours}\n{below}")
    written = edit_tracking_issue(client, issue, section="second")
    assert written.section == "second"
    assert stored(served, issue.number)["body"] == f"{above}\n{written_section(written)}\n{below}"
    served.state.activity.delete_issue(REPO, issue.number)


def written_section(issue):
    start = issue.body.index(f"<!-- gh-roadmap:v1 repo={REPO} kind=milestone key={KEY}")
    return issue.body[start : issue.body.index("<!-- /gh-roadmap -->", start)] + "<!-- /gh-roadmap -->"


def test_only_what_changes_is_written(served):
    client = served.client()
    issue = create(client)
    before = client.writes
    assert edit_tracking_issue(client, issue, title="Stage 7.3", section="first\n", is_closed=False) == issue
    assert client.writes == before and issue.says("first") and not issue.says("second")
    closed = edit_tracking_issue(client, issue, title="Stage 7.4", is_closed=True)
    assert (closed.title, closed.is_closed, closed.is_duplicate) == ("Stage 7.4", True, False)
    assert stored(served, issue.number)["state_reason"] == "completed"
    assert not edit_tracking_issue(client, closed, is_closed=False).is_closed
    assert client.writes == before + 2


def test_what_people_wrote_meanwhile_is_heeded(served):
    client = served.client()
    issue = create(client)
    people_write(served, issue.number, body=issue.body + "\n\nAnd I say so.", labels=["tracking", "urgent"])
    written = edit_tracking_issue(client, issue, section="second")
    assert written.body.endswith("<!-- /gh-roadmap -->\n\nAnd I say so.") and "urgent" in written.labels
    people_write(served, issue.number, body="I deleted yours.")
    assert edit_tracking_issue(client, issue, section="third").body.startswith("I deleted yours.\n\n<!-- gh-roadmap")


def test_an_edit_of_our_section_is_noticed_and_can_be_read(served):
    issue = create(served.client(), section="- [ ] keep GitHub's")
    people_write(served, issue.number, body=issue.body.replace("[ ]", "[x]"))
    (found,) = list_tracking_issues(served.client(), REPO)
    assert found.is_edited_by_others and found.section == "- [x] keep GitHub's"


def test_without_room_for_our_section_nothing_is_written(served):
    number = people_open(served, labels=["tracking"], body="x" * 65_000)
    issue = read_tracking_issue(served.client(), REPO, number)
    client = served.client()
    with pytest.raises(TrackingIssueRefused, match="no room"):
        edit_tracking_issue(client, issue, section="first", key=KEY)
    assert client.writes == 0


def rival(served, key=KEY, user=None):
    """Open an issue as another run of ours does."""
    body = f"<!-- gh-roadmap:v1 repo={REPO} kind=milestone key={key} sha256={'0' * 64} -->\nrival\n<!-- /gh-roadmap -->"
    served.state.request("POST", ISSUES, {"title": "Rival", "labels": ["tracking"], "body": body}, user=user)


def test_of_two_writers_the_oldest_issue_stays(served):
    served.state.faults.before(lambda: rival(served), method="POST", path="issues$")
    kept = create(served.client())
    ours, theirs = kept.number + 1, kept.number
    assert stored(served, theirs)["body"] == kept.body and kept.section == "first"
    duplicate = stored(served, ours)
    assert (duplicate["state"], duplicate["state_reason"]) == ("closed", "duplicate")
    assert f"Closed as a duplicate of #{theirs}" in duplicate["body"]
    issues = list_tracking_issues(served.client(), REPO)
    assert tracking_issue_of(issues, KEY) == kept and duplicates_of(issues, kept) == []


def test_one_that_another_account_opened_later_is_left_to_it(served):
    served.state.faults.after(lambda: rival(served, user=ANA), method="POST", path="issues$")
    kept = create(served.client())
    assert stored(served, kept.number + 1)["state"] == "open"
    issues = list_tracking_issues(served.client(), REPO)
    assert tracking_issue_of(issues, KEY) == kept
    assert [one.author for one in duplicates_of(issues, kept)] == ["ana"]


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unclear_answer_never_makes_a_second_issue(served, kind):
    before = len(served.state.request("GET", f"{ISSUES}?state=all&per_page=100")[1])
    served.state.faults.add(kind, method="POST", path="issues$", times=2)
    served.state.faults.add(kind, method="POST", path="labels$")
    issue = create(served.client())
    assert issue.section == "first" and issue.labels == ("tracking",)
    assert len(served.state.request("GET", f"{ISSUES}?state=all&per_page=100")[1]) == before + 1


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unclear_answer_to_an_edit_is_asked_again(served, kind):
    issue = create(served.client())
    client = served.client()
    served.state.faults.add(kind, method="PATCH", times=2)
    served.state.faults.add(kind, path="labels", times=2)
    assert edit_tracking_issue(client, issue, section="second").section == "second"
    assert set_status_label(client, issue, "Blocked").status == "Blocked"
    served.state.faults.add(kind, method="DELETE", path="labels", times=2)
    assert set_status_label(client, read_tracking_issue(client, REPO, issue.number), None).statuses == set()


def test_answers_that_stay_unclear_are_no_refusal(served):
    issue = create(served.client())
    served.state.faults.add("drop", method="PATCH", times=9)
    with pytest.raises(AmbiguousWrite):
        edit_tracking_issue(served.client(), issue, section="second")
    served.state.faults.add("drop", method="POST", path="issues$", times=9)
    with pytest.raises(AmbiguousWrite):
        create(served.client(), key=OTHER_KEY)


def test_looking_for_rivals_costs_no_more_than_what_is_new(served):
    for _ in range(150):
        people_open(served, labels=["tracking"])
    client = served.client()
    newest = max(one.number for one in list_tracking_issues(client, REPO, "roadmap-pipeline[bot]"))
    before = client.requests
    create(client, author="roadmap-pipeline[bot]", newest_known=newest)
    assert client.requests - before == 4  # labels, the issue, one page of each list


def test_labels_are_set_one_by_one(served):
    issue = create(served.client())
    people_write(served, issue.number, labels=["tracking", "urgent", "status:in-progress", "Status: Planned"])
    issue = read_tracking_issue(served.client(), REPO, issue.number)
    assert issue.statuses == {"In Progress", "Planned"} and issue.status == "In Progress"
    client = served.client()
    blocked = set_status_label(client, issue, "Blocked")
    assert set(blocked.labels) == {"tracking", "urgent", "status: blocked"}
    assert blocked == read_tracking_issue(client, REPO, issue.number)
    methods = [(method, path.partition("/issues/")[2]) for method, path, _ in served.journal() if method != "GET"]
    assert not any(method == "PUT" or (method == "PATCH" and path) for method, path in methods)
    assert served.state.request("GET", f"/repos/{REPO}/labels/status:%20blocked")[1]["color"] == "b60205"


def test_the_repositorys_own_spelling_is_kept(served):
    issue = create(served.client())
    served.state.request("POST", f"/repos/{REPO}/labels", {"name": "Status:in-progress"}, user=ANA)
    client = served.client()
    labelled = set_status_label(client, issue, "In Progress")
    assert labelled.labels == ("tracking", "Status:in-progress") and client.writes == 1
    assert set_status_label(client, labelled, "In Progress") == labelled and client.writes == 1
    assert set_status_label(client, labelled, None).labels == ("tracking",)
    with pytest.raises(ValueError, match="Completed"):
        set_status_label(client, issue, "Completed")


def test_labels_of_other_things_that_look_like_ours_stay(served):
    issue = create(served.client())
    odd = [
        "status: needs review",
        "status",
        "status: blocked/legal",
        "🧩 status: blocked",
        "a/b?c#d",
        "status: Blocked ",
    ]
    served.state.request("POST", f"{ISSUES}/{issue.number}/labels", {"labels": odd}, user=ANA)
    issue = read_tracking_issue(served.client(), REPO, issue.number)
    assert issue.statuses == {"Blocked"}
    assert set(set_status_label(served.client(), issue, None).labels) == {"tracking", *odd} - {"status: Blocked "}


def test_a_label_that_somebody_else_removed_meanwhile_is_no_failure(served):
    issue = set_status_label(served.client(), create(served.client()), "Planned")
    served.state.request("DELETE", f"{ISSUES}/{issue.number}/labels/status:%20planned", user=ANA)
    assert set_status_label(served.client(), issue, None).labels == ("tracking",)


def test_a_token_without_push_rights_opens_it_without_labels_and_says_so_when_it_sets_one(served):
    client = served.client("visitor")
    issue = create(client)
    assert issue.labels == () and list_tracking_issues(client, REPO) == [issue]
    served.state.request("POST", f"/repos/{REPO}/labels", {"name": "status: blocked"}, user=ANA)
    with pytest.raises(TrackingIssueRefused, match="may not set labels"):
        set_status_label(client, issue, "Blocked")
    with pytest.raises(TrackingIssueRefused, match="admin rights"):
        set_status_label(client, issue, "Planned")
    served.state.request("POST", f"{ISSUES}/{issue.number}/labels", {"labels": ["status: blocked"]}, user=ANA)
    with pytest.raises(TrackingIssueRefused, match="may not set labels"):
        set_status_label(client, read_tracking_issue(client, REPO, issue.number), None)


def test_every_refusal_is_told_with_its_reason_and_asked_once(served):
    issue = create(served.client())
    read_only = served.client("read-only")
    for write in (
        lambda: create(read_only, key=OTHER_KEY),
        lambda: edit_tracking_issue(read_only, issue, section="second"),
        lambda: set_status_label(read_only, issue, "Blocked"),
        lambda: close_duplicate(read_only, issue, issue),
    ):
        served.journal()
        with pytest.raises(TrackingIssueRefused, match="integration"):
            write()
        assert sum(method != "GET" for method, _, _ in served.journal()) <= 2
    served.state.activity.archive(REPO)
    with pytest.raises(TrackingIssueRefused, match="archived"):
        edit_tracking_issue(served.client(), issue, section="second")


@pytest.mark.parametrize("status", [403, 410, 422, 451])
def test_a_final_refusal_is_of_this_issue_alone(served, status):
    issue = create(served.client())
    served.state.faults.add(Fault("refusal", status=status, message="not today"), method="PATCH")
    with pytest.raises(TrackingIssueRefused) as refused:
        edit_tracking_issue(served.client(), issue, section="second")
    assert (refused.value.status, refused.value.reason) == (status, "not today")


def test_issues_that_are_switched_off_are_told(serve):
    content = small_world()
    content.repositories[REPO] = {**full_repository(), "has_issues": False}
    served = serve(content)
    for call in (lambda: list_tracking_issues(served.client(), REPO), lambda: create(served.client())):
        with pytest.raises(TrackingIssueRefused, match="disabled"):
            call()


def test_one_that_is_deleted_or_moved_is_gone_and_a_renamed_repository_is_told(serve):
    content = small_world()
    content.repositories["acme/other"] = full_repository("acme/other", 102)
    served = serve(content)
    client = served.client()
    deleted, moved, kept = (create(client, key=f"MI_{n}") for n in range(3))
    served.state.activity.delete_issue(REPO, deleted.number)
    served.state.activity.transfer_issue(REPO, moved.number, "acme/other")
    for issue in (deleted, moved):
        assert read_tracking_issue(client, REPO, issue.number) is None
        with pytest.raises(TrackingIssueRefused, match="deleted or moved"):
            edit_tracking_issue(client, issue, section="second")
    served.state.activity.rename(REPO, "acme/money")
    with pytest.raises(MovedError):
        read_tracking_issue(client, REPO, kept.number)
    assert read_tracking_issue(client, "acme/money", kept.number).key == kept.key


def test_a_locked_issue_is_still_ours_to_edit(served):
    issue = create(served.client())
    served.state.request("PUT", f"{ISSUES}/{issue.number}/lock", {"lock_reason": "resolved"}, user=ANA)
    written = edit_tracking_issue(served.client(), issue, section="second", is_closed=True)
    assert written.is_locked and written.is_closed and written.section == "second"


def test_a_duplicate_that_was_closed_otherwise_becomes_one(served):
    client = served.client()
    first, second = create(client), create(client, key=OTHER_KEY)
    closed = edit_tracking_issue(client, second, is_closed=True)
    close_duplicate(client, closed, first)
    assert read_tracking_issue(client, REPO, second.number).is_duplicate
    assert duplicates_of(list_tracking_issues(client, REPO), second) == []


@within_a_fixture
@given(
    title=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=300).filter(
        lambda text: any(sign.isprintable() and not sign.isspace() for sign in text)
    ),
    section=st.text("-><!/ \r\nghroadmp`#[]x", max_size=60),
)
def test_hostile_titles_and_sections_are_stored_once_and_then_left_alone(served, title, section):
    client = served.client()
    issue = create_tracking_issue(client, REPO, key=KEY, title=title, section=section)
    before = client.writes
    again = edit_tracking_issue(client, issue, title=title, section=section)
    assert client.writes == before and again == issue and issue.says(section)
    served.state.activity.delete_issue(REPO, issue.number)
