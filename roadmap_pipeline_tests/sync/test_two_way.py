"""Edits of people go to the other side, once; edits of both sides are nobody's to overwrite."""

from typing import Any

import pytest

from roadmap_pipeline_tests.sync.conftest import ROADMAP, SimulatedServices

TITLE, DATE, STATUS = "🧩 Milestone", "📆 Target Date", "✅ Status"
STATE, NOTE, KEY = "🔄 Sync State", "🧾 Sync Note", "🔑 Sync Key"


def assert_in_step(services: SimulatedServices) -> None:
    """Assert that nothing is left to write, by either command."""
    services.writes()
    result = services.two_way()
    assert (result.plan.changes, result.plan.conflicts) == ((), ())
    result = services.sync()
    assert (result.plan.changes, result.plan.conflicts) == ((), ())
    assert services.writes() == []


# -- one side


@pytest.mark.parametrize(
    ("name", "value", "on_github"),
    [
        (TITLE, "Stage 7.3 – cards", {"title": "Stage 7.3 – cards"}),
        (DATE, "2027-01-31", {"due": "2027-01-31"}),
        (DATE, None, {"due": None}),
        (STATUS, "Blocked", {"labels": ["status: blocked"], "state": "open"}),
        (STATUS, "Planned", {"labels": ["status: planned"], "state": "open"}),
        (STATUS, "Completed", {"labels": [], "state": "closed"}),
    ],
)
def test_an_edit_in_notion_goes_to_github(
    name: str, value: str | None, on_github: dict[str, Any], synced: SimulatedServices
) -> None:
    before = synced.on_github("Stage 7.3")
    synced.notion.set_property(synced.page_id("Stage 7.3"), name, value)
    result = synced.two_way()
    assert (result.failed, result.refused, result.plan.conflicts) == ([], [], ())
    title = on_github.get("title", "Stage 7.3")
    assert synced.on_github(title) == {**before, **on_github}
    row = synced.row(title)
    assert (row[name], row[STATE], row[NOTE]) == (value, "In step", None)
    assert synced.issue(title)["state"] == ("closed" if value == "Completed" else "open")
    assert_in_step(synced)


def test_an_edit_on_github_goes_to_notion(synced: SimulatedServices) -> None:
    synced.edit_milestone("Stage 7.3", title="Cards", due_on="2027-02-28")
    synced.label("Polish", "status: in progress", "urgent")
    synced.edit_milestone("Checkout v2", state="closed")
    synced.two_way()
    cards = synced.row("Cards")
    assert (cards[DATE], cards[STATUS]) == ("2027-02-28", "In Progress")
    assert synced.row("Polish")[STATUS] == "In Progress"
    assert synced.on_github("Polish")["labels"] == ["status: in progress", "urgent"]
    assert synced.row("Checkout v2")[STATUS] == "Completed"
    assert synced.row("Checkout v2")["📝 Notes"] is None
    assert synced.issue("Checkout v2")["state"] == "closed"
    assert_in_step(synced)


def test_other_labels_and_a_change_of_the_status_label_keep_apart(synced: SimulatedServices) -> None:
    synced.label("Polish", "status: in-progress", "urgent")
    synced.two_way()
    synced.notion.set_property(synced.page_id("Polish"), STATUS, "Blocked")
    synced.two_way()
    assert synced.on_github("Polish")["labels"] == ["status: blocked", "urgent"]
    assert_in_step(synced)


def test_what_github_derives_is_shown_and_no_edit(synced: SimulatedServices) -> None:
    issue = synced.ask("POST", "/repos/acme/payments/issues", {"title": "Pay", "milestone": 2})
    synced.ask("PATCH", f"/repos/acme/payments/issues/{issue['number']}", {"state": "closed"})
    synced.two_way()
    assert synced.row("Checkout v2")[STATUS] == "In Progress"
    assert synced.on_github("Checkout v2")["labels"] == []
    synced.notion.set_property(synced.page_id("Checkout v2"), STATUS, "Planned")
    synced.two_way()
    assert synced.row("Checkout v2")[STATUS] == "Planned"
    assert synced.on_github("Checkout v2")["labels"] == ["status: planned"]
    # Without the label GitHub derives it again.
    synced.label("Checkout v2")
    synced.two_way()
    assert synced.row("Checkout v2")[STATUS] == "In Progress"
    assert_in_step(synced)


@pytest.mark.parametrize("status", ["Completed", "In Progress"])
@pytest.mark.parametrize("is_label_late", [False, True], ids=["", "label written after the row"])
def test_the_next_edit_on_github_after_a_status_was_emptied_is_the_only_one(
    is_label_late: bool, status: str, synced: SimulatedServices
) -> None:
    synced.label("Polish", "status: blocked")
    synced.two_way()
    synced.notion.set_property(synced.page_id("Polish"), STATUS, None)
    if is_label_late:
        synced.github.faults.add("bad_gateway", method="PATCH", path="/issues/", times=1)
    synced.two_way()
    assert (synced.row("Polish")[STATUS], synced.on_github("Polish")["labels"]) == ("Planned", [])
    if status == "Completed":
        synced.edit_milestone("Polish", state="closed")
    else:
        synced.label("Polish", "status: in-progress")
    assert synced.two_way().plan.conflicts == ()
    assert synced.row("Polish")[STATUS] == status
    assert_in_step(synced)


def test_an_emptied_status_follows_github_again(synced: SimulatedServices) -> None:
    synced.label("Polish", "status: blocked")
    synced.two_way()
    synced.notion.set_property(synced.page_id("Polish"), STATUS, None)
    synced.notion.set_property(synced.page_id("Sunset v1"), STATUS, None)
    synced.two_way()
    assert synced.row("Polish")[STATUS] == "Planned"
    assert synced.on_github("Polish")["labels"] == []
    assert synced.row("Sunset v1")[STATUS] == "Completed"
    assert_in_step(synced)


def test_a_milestone_is_closed_and_opened_again_with_its_issue(synced: SimulatedServices) -> None:
    page = synced.page_id("Checkout v2")
    synced.notion.set_property(page, STATUS, "Completed")
    synced.two_way()
    assert (synced.on_github("Checkout v2")["state"], synced.issue("Checkout v2")["state"]) == ("closed", "closed")
    synced.notion.set_property(page, STATUS, "Blocked")
    synced.two_way()
    assert (synced.on_github("Checkout v2")["state"], synced.issue("Checkout v2")["state"]) == ("open", "open")
    assert synced.on_github("Checkout v2")["labels"] == ["status: blocked"]
    assert_in_step(synced)


def test_peoples_own_options_stay_in_notion(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.add_option(synced.databases()[ROADMAP], STATUS, "On hold")
    synced.notion.set_property(page, STATUS, "On hold")
    result = synced.two_way()
    assert result.plan.conflicts == ()
    row = synced.row("Stage 7.3")
    assert (row[STATUS], row[STATE]) == ("On hold", "Changed here")
    assert "GitHub has no such status" in row[NOTE]
    assert synced.on_github("Stage 7.3")["labels"] == []
    synced.writes()
    synced.two_way()
    assert synced.writes() == []
    # A word on GitHub counts again.
    synced.edit_milestone("Stage 7.3", state="closed")
    synced.two_way()
    row = synced.row("Stage 7.3")
    assert (row[STATUS], row[STATE], row[NOTE]) == ("Completed", "In step", None)
    assert_in_step(synced)


def test_edits_of_different_fields_are_both_kept(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    synced.edit_milestone("Stage 7.3", title="Cards")
    synced.label("Cards", "status: blocked")
    synced.two_way()
    row = synced.row("Cards")
    assert (row[DATE], row[STATUS], row[STATE]) == ("2027-01-31", "Blocked", "In step")
    assert synced.on_github("Cards") == {
        "title": "Cards",
        "due": "2027-01-31",
        "state": "open",
        "labels": ["status: blocked"],
    }
    assert_in_step(synced)


def test_a_range_keeps_its_start_and_ends_with_the_target(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, DATE, {"date": {"start": "2026-11-02", "end": "2026-12-20"}})
    synced.two_way()
    assert synced.on_github("Stage 7.3")["due"] == "2026-12-20"
    synced.edit_milestone("Stage 7.3", due_on="2026-12-24")
    synced.two_way()
    stored = synced.api("GET", f"pages/{page}")["properties"][DATE]["date"]
    assert (stored["start"], stored["end"]) == ("2026-11-02", "2026-12-24")
    assert_in_step(synced)
    synced.edit_milestone("Stage 7.3", due_on="2026-10-01")
    synced.two_way()
    stored = synced.api("GET", f"pages/{page}")["properties"][DATE]["date"]
    assert (stored["start"], stored["end"]) == ("2026-10-01", None)
    assert_in_step(synced)


# -- both sides

BOTH: list[tuple[str, str, str, dict[str, str]]] = [
    (TITLE, "Mina's cards", "Ana's cards", {"title": "Ana's cards"}),
    (DATE, "2027-01-31", "2027-02-28", {"due_on": "2027-02-28"}),
    (STATUS, "Blocked", "Completed", {"state": "closed"}),
]


def edit_both(services: SimulatedServices, name: str, theirs: str, edit: dict[str, str]) -> str:
    """Make edits of one field on both sides; return the title on GitHub."""
    services.notion.set_property(services.page_id("Stage 7.3"), name, theirs)
    services.edit_milestone("Stage 7.3", **edit)
    return edit.get("title", "Stage 7.3")


@pytest.mark.parametrize(("name", "theirs", "ours", "edit"), BOTH)
def test_edits_of_both_sides_are_shown_on_both_and_overwritten_on_neither(
    name: str, theirs: str, ours: str, edit: dict[str, str], synced: SimulatedServices
) -> None:
    title = edit_both(synced, name, theirs, edit)
    shown = theirs if name == TITLE else "Stage 7.3"
    before = synced.on_github(title)
    result = synced.two_way()
    (conflict,) = result.plan.conflicts
    assert (conflict.field, conflict.ours, conflict.theirs) == (name, ours, theirs)
    row = synced.row(shown)
    assert (row[name], row[STATE]) == (theirs, "Conflict")
    assert theirs in row[NOTE]
    assert ours in row[NOTE]
    assert synced.on_github(title) == before
    text = synced.issue(title)["body"]
    assert f"GitHub's `{ours}`" in text
    assert f"Notion's `{theirs}`" in text
    assert synced.sql("select field, github_value, notion_value from sync.conflicts") == [
        (name, f'"{ours}"', f'"{theirs}"')
    ]
    # Shown once, it is not written again, and stays a conflict.
    synced.writes()
    assert len(synced.two_way().plan.conflicts) == 1
    assert len(synced.sync().plan.conflicts) == 1
    assert synced.writes() == []
    # Everything else goes on.
    synced.milestone("Stage 7.3", progress=0.6)
    synced.sync()
    assert synced.row(shown)["📊 Progress"] == 0.6
    assert synced.row(shown)[name] == theirs


@pytest.mark.parametrize(
    ("name", "theirs", "ours", "edit"),
    [BOTH[1], *(pytest.param(*each, marks=pytest.mark.slow) for each in (BOTH[0], BOTH[2]))],
)
@pytest.mark.parametrize("way", ["equal", "state here", "state github", "tick notion", "tick github"])
def test_a_conflict_ends_when_people_say_so(
    way: str, name: str, theirs: str, ours: str, edit: dict[str, str], synced: SimulatedServices
) -> None:
    title = edit_both(synced, name, theirs, edit)
    page = synced.page_id("Stage 7.3" if name != TITLE else theirs)
    synced.two_way()
    if way == "equal":
        synced.notion.set_property(page, name, ours)
    elif way.startswith("state"):
        choice = "Changed here" if way == "state here" else "Changed on GitHub"
        synced.notion.set_property(page, STATE, choice)
    else:
        tick(synced, title, way.removeprefix("tick "))
    result = synced.two_way()
    assert (result.plan.conflicts, result.failed) == ((), [])
    wins = theirs if way in ("state here", "tick notion") else ours
    row = synced.row(wins if name == TITLE else "Stage 7.3")
    assert (row[name], row[STATE], row[NOTE]) == (wins, "In step", None)
    github = synced.on_github(wins if name == TITLE else "Stage 7.3")
    if name == STATUS:
        assert github["state"] == ("closed" if wins == "Completed" else "open")
    else:
        assert github["title" if name == TITLE else "due"] == wins
    assert "- [ ]" not in synced.issue(github["title"])["body"]
    assert synced.sql("from sync.conflicts") == []
    assert_in_step(synced)


def tick(services: SimulatedServices, title: str, side: str) -> None:
    """Tick a box of the tracking issue as Ana."""
    issue = services.issue(title)
    lines = [line.replace("- [ ]", "- [x]") if f"take {side}" in line else line for line in issue["body"].split("\n")]
    services.ask("PATCH", f"/repos/{issue['repo']}/issues/{issue['number']}", {"body": "\n".join(lines)})


def test_both_boxes_ticked_choose_nothing(synced: SimulatedServices) -> None:
    edit_both(synced, DATE, "2027-01-31", {"due_on": "2027-02-28"})
    synced.two_way()
    for side in ("notion", "github"):
        tick(synced, "Stage 7.3", side)
    assert len(synced.two_way().plan.conflicts) == 1
    assert synced.issue("Stage 7.3")["body"].count("- [ ]") == 2


def test_the_same_edit_on_both_sides_is_none(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    synced.edit_milestone("Stage 7.3", due_on="2027-01-31")
    result = synced.two_way()
    assert result.plan.conflicts == ()
    assert [change.kind for change in result.plan.changes] == ["note_agreement", "edit_tracking_issue"]
    assert_in_step(synced)
    # They agreed on it: an edit of one side flows again.
    synced.edit_milestone("Stage 7.3", due_on="2027-03-31")
    assert synced.two_way().plan.conflicts == ()
    assert synced.row("Stage 7.3")[DATE] == "2027-03-31"


# -- titles


@pytest.mark.parametrize(
    ("title", "reason"),
    [(None, "needs a title"), ("Checkout v2", "has this title"), ("x" * 300, "")],
    ids=["empty", "taken", "too long"],
)
def test_a_title_that_github_refuses_waits_for_a_person_and_all_else_goes_on(
    title: str | None, reason: str, synced: SimulatedServices
) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, TITLE, title)
    synced.notion.set_property(page, DATE, "2027-01-31")
    synced.milestone("Checkout v2", progress=0.2)
    result = synced.sync()
    assert result.failed == []
    (conflict,) = result.plan.conflicts
    assert reason in (conflict.reason or "")
    row = next(row for row in synced.rows() if row[KEY] == synced.key("Stage 7.3"))
    assert (row[TITLE], row[STATE], row[DATE]) == (title, "Needs a person", "2027-01-31")
    assert "Stage 7.3" in row[NOTE]
    assert synced.on_github("Stage 7.3")["due"] == "2027-01-31"
    assert next(row for row in synced.rows() if row[KEY] == synced.key("Checkout v2"))["📊 Progress"] == 0.2
    synced.writes()
    assert len(synced.two_way().plan.conflicts) == 1
    assert [path for method, path in synced.writes() if method != "PATCH" or "milestones" not in path] == []
    synced.notion.set_property(page, TITLE, "Stage 7.4")
    assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Stage 7.4")["title"] == "Stage 7.4"
    assert synced.row("Stage 7.4")[STATE] == "In step"
    assert_in_step(synced)


def test_milestones_of_one_name_are_told_apart_and_the_suffix_goes_nowhere(synced: SimulatedServices) -> None:
    synced.edit_milestone("Polish", title="Stage 7.3")
    result = synced.two_way()
    assert result.plan.conflicts == ()
    assert {row[TITLE] for row in synced.rows()} >= {"Stage 7.3 · acme/payments", "Stage 7.3 · acme/storefront"}
    assert_in_step(synced)
    page = synced.page_id("Stage 7.3 · acme/storefront")
    synced.notion.set_property(page, TITLE, "Stage 7.3 polish · acme/storefront")
    synced.two_way()
    assert synced.on_github("Stage 7.3 polish")["title"] == "Stage 7.3 polish"
    assert {row[TITLE] for row in synced.rows()} >= {"Stage 7.3", "Stage 7.3 polish"}
    assert_in_step(synced)
