"""Accidents around a two-way sync: what people edited is neither lost nor doubled, and nothing is wiped."""

from datetime import timedelta

import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.schema import SchemaError
from roadmap_pipeline_tests.sync.conftest import PARENT, REPORT, REPORTS, ROADMAP, SimulatedServices, fill
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write, on_another_machine
from roadmap_sandbox.github.faults import Fault

TITLE, DATE, STATUS = "🧩 Milestone", "📆 Target Date", "✅ Status"
STATE = "🔄 Sync State"


def lose_warehouse(services: SimulatedServices) -> None:
    """Begin again with a warehouse that knows nothing of earlier syncs."""
    services.warehouse.unlink()
    fill(services.warehouse)


def titles(services: SimulatedServices) -> list[str]:
    """Return the titles of all rows of the roadmap, sorted."""
    return sorted(row[TITLE] for row in services.rows())


def repair(services: SimulatedServices) -> None:
    """Run ``roadmap setup-notion --create-databases``."""
    with services.runtime() as runtime:
        pipeline.setup_notion(runtime)


# -- a lost warehouse


@pytest.mark.parametrize("lag_s", [0, 8])
def test_a_lost_warehouse_doubles_no_row_that_was_renamed_or_trashed(lag_s: int, synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), TITLE, "Cards")
    synced.two_way()
    synced.notion.advance(timedelta(minutes=1))
    trashed = synced.page_id("Polish")
    synced.notion.query_lag = timedelta(seconds=lag_s)
    synced.notion.trash(trashed)
    lose_warehouse(synced)
    synced.writes()
    result = synced.sync(lag=True)
    assert (result.failed, result.plan.conflicts) == ([], ())
    assert [change.kind for change in result.plan.changes if change.kind.startswith("create")] == []
    synced.notion.advance(timedelta(minutes=1))
    result = synced.sync(lag=True)
    assert any("in Notion's trash and stays there" in note for note in result.plan.notes)
    assert titles(synced) == ["Cards", "Checkout v2", "Sunset v1"]
    assert synced.api("GET", f"pages/{trashed}")["in_trash"]
    assert_nothing_to_write(lambda: synced.sync(lag=True), synced)


def test_a_report_that_people_threw_away_stays_there_without_a_warehouse(synced: SimulatedServices) -> None:
    page = synced.page_id(REPORT, REPORTS)
    synced.notion.trash(synced.notion.add_row(synced.databases()[REPORTS], {"Report Name": REPORT}))
    synced.notion.trash(page)
    lose_warehouse(synced)
    for _ in range(2):
        result = synced.sync(lag=True)
        assert sum(REPORT in note and "in Notion's trash and stays there" in note for note in result.plan.notes) == 1
        assert (result.plan.conflicts, synced.rows(REPORTS)) == ((), [])
    assert synced.sync(restore=REPORT).failed == []
    assert synced.page_id(REPORT, REPORTS) == page
    assert synced.row("Stage 7.3")["📎 Latest CI Health"] == [REPORT]


def test_a_row_that_another_machine_made_and_people_threw_away_stays_there(synced: SimulatedServices) -> None:
    """The machine that syncs next remembers the one before, which was moved out of the database."""
    other = on_another_machine(synced, synced.warehouse.parent / "other")
    synced.notion.move(synced.page_id("Stage 7.3"), PARENT)
    other.sync()
    synced.notion.trash(synced.page_id("Stage 7.3"))
    result = synced.sync()
    assert [note for note in result.plan.notes if "in Notion's trash and stays there" in note]
    assert titles(synced) == ["Checkout v2", "Polish", "Sunset v1"]
    assert_nothing_to_write(synced.sync, synced)


@pytest.mark.parametrize("is_lost", [False, True], ids=["remembered", "warehouse lost"])
def test_what_was_stored_of_a_milestone_is_not_written_over_what_was_agreed_on_since(
    is_lost: bool, synced: SimulatedServices
) -> None:
    synced.edit_milestone("Stage 7.3", title="Cards", due_on="2027-01-31", state="closed")
    synced.two_way()
    row = synced.row("Cards")
    if is_lost:
        lose_warehouse(synced)
    refusal = Fault("refusal", 403, message="Resource protected by organization SAML enforcement.")
    synced.github.faults.add(refusal, path="/milestones", times=100)
    result = synced.two_way()
    assert result.plan.conflicts == ()
    assert {name: synced.row("Cards")[name] for name in (DATE, STATUS, STATE)} == {
        name: row[name] for name in (DATE, STATUS, STATE)
    }
    synced.notion.set_property(synced.page_id("Cards"), DATE, "2027-02-28")
    synced.notion.set_property(synced.page_id("Cards"), TITLE, "Coins")
    synced.two_way()
    assert synced.row("Coins")[DATE] == "2027-02-28"
    synced.github.faults.clear()
    assert synced.two_way().plan.conflicts == ()
    assert (synced.row("Coins")[DATE], synced.on_github("Coins")["due"]) == ("2027-02-28", "2027-02-28")
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("stored", ["Blocked", "In Progress", "Completed"])
def test_a_status_that_only_the_warehouse_stores_is_not_written_while_github_does_not_answer(
    stored: str, synced: SimulatedServices
) -> None:
    synced.milestone("Polish", status=stored)
    refusal = Fault("refusal", 403, message="Resource protected by organization SAML enforcement.")
    synced.github.faults.add(refusal, path="/milestones", times=100)
    assert_nothing_to_write(synced.two_way, synced)
    assert synced.row("Polish")[STATUS] == "Planned"


def test_what_became_of_a_status_is_told_also_where_people_have_to_decide_something_else(
    synced: SimulatedServices,
) -> None:
    page = synced.page_id("Checkout v2")
    synced.notion.delete_property(synced.databases()[ROADMAP], STATUS)
    with pytest.raises(SchemaError):
        synced.two_way()
    repair(synced)
    synced.notion.set_property(page, STATUS, "In Progress")
    synced.notion.set_property(page, TITLE, "x" * 300)
    synced.two_way()
    row = synced.row("x" * 300)
    assert (row[STATUS], row[STATE]) == ("Planned", "Needs a person")
    assert f"{STATUS} was In Progress" in row["🧾 Sync Note"]
    assert_nothing_to_write(synced.two_way, synced)
    assert synced.row("x" * 300)["🧾 Sync Note"] == row["🧾 Sync Note"]


def test_a_note_names_no_dispute_that_is_settled(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, DATE, "2027-01-31")
    synced.notion.set_property(page, STATUS, "Completed")
    synced.edit_milestone("Stage 7.3", due_on="2027-02-28")
    synced.label("Stage 7.3", "status: blocked")
    synced.two_way()
    assert [name in synced.row("Stage 7.3")["🧾 Sync Note"] for name in (f"{DATE}: ", f"{STATUS}: ")] == [True, True]
    synced.notion.set_property(page, STATUS, "Blocked")
    synced.two_way()
    assert [name in synced.row("Stage 7.3")["🧾 Sync Note"] for name in (f"{DATE}: ", f"{STATUS}: ")] == [True, False]


def test_rows_made_just_before_the_warehouse_was_lost_are_there_once_in_the_end(synced: SimulatedServices) -> None:
    synced.notion.query_lag = timedelta(seconds=8)
    synced.ask("POST", "/repos/acme/payments/milestones", {"title": "New one"})
    synced.sync(lag=True)
    lose_warehouse(synced)
    synced.sync(lag=True)
    synced.notion.advance(timedelta(minutes=1))
    assert synced.sync(lag=True).failed == []
    assert titles(synced) == ["Checkout v2", "New one", "Polish", "Stage 7.3", "Sunset v1"]
    assert len(synced.issues("acme/payments", synced.key("New one").partition(":")[2])) == 1
    assert_nothing_to_write(lambda: synced.sync(lag=True), synced)


@pytest.mark.parametrize("side", ["notion", "github"])
def test_an_edit_that_waits_when_the_warehouse_is_lost_is_carried_out(synced: SimulatedServices, side: str) -> None:
    """The row itself says what was agreed on, and so which side was edited."""
    if side == "notion":
        synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    else:
        synced.edit_milestone("Stage 7.3", due_on="2027-01-31")
    lose_warehouse(synced)
    assert synced.two_way().plan.conflicts == ()
    assert (synced.row("Stage 7.3")[DATE], synced.on_github("Stage 7.3")["due"]) == ("2027-01-31", "2027-01-31")
    assert len(synced.rows()) == 4
    assert_nothing_to_write(synced.two_way, synced)


def test_a_closed_milestone_whose_row_was_edited_stays_closed_without_a_warehouse(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), STATUS, "Blocked")
    synced.edit_milestone("Stage 7.3", state="closed")
    lose_warehouse(synced)
    assert [(one.title, one.field) for one in synced.two_way().plan.conflicts] == [("Stage 7.3", STATUS)]
    assert (synced.on_github("Stage 7.3")["state"], synced.row("Stage 7.3")[STATUS]) == ("closed", "Blocked")


def test_edits_of_both_sides_are_in_conflict_without_a_warehouse_too(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    synced.edit_milestone("Stage 7.3", due_on="2027-02-28")
    lose_warehouse(synced)
    assert [(one.title, one.field) for one in synced.two_way().plan.conflicts] == [("Stage 7.3", DATE)]


def test_an_edit_that_waits_when_all_memory_is_lost_is_asked_about(synced: SimulatedServices) -> None:
    """Nobody knows any more which side was edited: neither is overwritten."""
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    synced.notion.set_property(synced.page_id("Stage 7.3"), "🧷 Sync Base", None)
    lose_warehouse(synced)
    result = synced.two_way()
    assert [(one.title, one.field) for one in result.plan.conflicts] == [("Stage 7.3", DATE)]
    assert (synced.row("Stage 7.3")[DATE], synced.on_github("Stage 7.3")["due"]) == ("2027-01-31", "2026-12-01")
    assert len(synced.rows()) == 4


# -- the configuration


def test_a_repository_that_is_not_configured_any_more_is_left_alone_on_both_sides(synced: SimulatedServices) -> None:
    before = synced.row("Polish")
    synced.edit_milestone("Polish", due_on="2027-02-28")
    synced.notion.set_property(synced.page_id("Polish"), STATUS, "Blocked")
    synced.writes()
    for command in (synced.two_way, synced.sync):
        result = command(GITHUB_REPOSITORY="acme/payments")
        assert (result.failed, result.plan.conflicts, result.plan.changes) == ([], (), ())
        assert any("acme/storefront is not configured (any more)" in note for note in result.plan.notes)
    assert synced.writes() == []
    assert synced.row("Polish") == {**before, STATUS: "Blocked"}
    # Configured again, what people edited meanwhile goes its way.
    assert synced.two_way().plan.conflicts == ()
    assert (synced.row("Polish")[DATE], synced.on_github("Polish")["labels"]) == ("2027-02-28", ["status: blocked"])
    assert_nothing_to_write(synced.two_way, synced)


# -- the database


def test_a_database_that_is_not_shared_any_more_stops_every_write(synced: SimulatedServices) -> None:
    roadmap = synced.databases()[ROADMAP]
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-01-31")
    synced.edit_milestone("Checkout v2", due_on="2027-02-28")
    synced.notion.unshare(roadmap)
    synced.writes()
    for command in (synced.two_way, synced.sync):
        with pytest.raises(RoadmapError, match="share it again"):
            command()
    assert synced.writes() == []
    synced.notion.share(roadmap)
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts) == ([], ())
    assert synced.on_github("Stage 7.3")["due"] == "2027-01-31"
    assert synced.row("Checkout v2")[DATE] == "2027-02-28"
    assert len(synced.rows()) == 4


# -- properties


def test_a_property_that_was_renamed_is_the_one_it_was(synced: SimulatedServices) -> None:
    roadmap = synced.databases()[ROADMAP]
    synced.notion.rename_property(roadmap, DATE, "Deadline")
    synced.notion.rename_property(roadmap, STATUS, "State")
    assert_nothing_to_write(synced.two_way, synced)
    synced.notion.set_property(synced.page_id("Stage 7.3"), "Deadline", "2027-01-31")
    synced.label("Polish", "status: blocked")
    assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Stage 7.3")["due"] == "2027-01-31"
    assert synced.row("Polish")["State"] == "Blocked"
    assert DATE not in synced.row("Polish")


@pytest.mark.parametrize("name", [DATE, STATUS])
def test_a_property_that_was_deleted_and_made_anew_is_filled_again(name: str, synced: SimulatedServices) -> None:
    synced.label("Polish", "status: blocked")
    synced.two_way()
    before = {title: (synced.row(title)[name], synced.on_github(title)) for title in titles(synced)}
    synced.notion.delete_property(synced.databases()[ROADMAP], name)
    synced.writes()
    for command in (synced.two_way, synced.sync):
        with pytest.raises(SchemaError, match="--create-databases"):
            command()
    assert synced.writes() == []
    repair(synced)
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts, result.plan.mass_changes) == ([], (), ())
    assert {title: (synced.row(title)[name], synced.on_github(title)) for title in titles(synced)} == before
    assert_nothing_to_write(synced.two_way, synced)


def test_a_property_whose_type_was_changed_stops_every_write_and_is_filled_once_it_is_set_right(
    synced: SimulatedServices,
) -> None:
    roadmap = synced.databases()[ROADMAP]
    synced.notion.retype_property(roadmap, DATE, "rich_text")
    synced.writes()
    for command in (synced.two_way, synced.sync):
        with pytest.raises(SchemaError, match="Target Date"):
            command()
    assert synced.writes() == []
    # Changing the type back leaves the column empty: that is no edit of its rows.
    synced.notion.retype_property(roadmap, DATE, "date")
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts) == ([], ())
    for title, day in (("Stage 7.3", "2026-12-01"), ("Sunset v1", "2026-09-30")):
        assert (synced.row(title)[DATE], synced.on_github(title)["due"]) == (day, day)
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("name", [DATE, STATUS])
def test_a_property_that_was_made_anew_empties_nothing_although_the_warehouse_was_lost(
    name: str, synced: SimulatedServices
) -> None:
    synced.label("Polish", "status: blocked")
    synced.two_way()
    before = {title: (synced.row(title)[name], synced.on_github(title)) for title in titles(synced)}
    synced.notion.delete_property(synced.databases()[ROADMAP], name)
    repair(synced)
    lose_warehouse(synced)
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts, result.plan.mass_changes) == ([], (), ())
    assert {title: (synced.row(title)[name], synced.on_github(title)) for title in titles(synced)} == before
    assert_nothing_to_write(synced.two_way, synced)


# -- many at once


def test_emptying_many_rows_at_once_is_asked_about(synced: SimulatedServices) -> None:
    names = [f"Part {number}" for number in range(6)]
    for name in names:
        synced.ask("POST", "/repos/acme/payments/milestones", {"title": name, "due_on": "2027-01-31T12:00:00Z"})
    synced.two_way()
    for name in names:
        synced.notion.set_property(synced.page_id(name), DATE, None)
    synced.writes()
    result = synced.two_way()
    assert len(result.plan.mass_changes) == 6
    assert result.done == []
    assert synced.writes() == []
    assert {synced.on_github(name)["due"] for name in names} == {"2027-01-31"}
    assert synced.two_way(allow_mass_change=True).plan.mass_changes == ()
    assert {synced.on_github(name)["due"] for name in names} == {None}
    assert_nothing_to_write(synced.two_way, synced)
