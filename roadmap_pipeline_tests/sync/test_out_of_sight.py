"""Rows that go out of sight and come back: moved out of the database, or not shared any more."""

from datetime import timedelta

import pytest

from roadmap_pipeline.notion.schema import SchemaError
from roadmap_pipeline_tests.sync.conftest import PARENT, ROADMAP, Kill, SimulatedServices, plain
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write
from roadmap_pipeline_tests.sync.test_two_way_accidents import lose_warehouse, repair

pytestmark = pytest.mark.slow

TITLE, DATE, STATUS, NOTES = "🧩 Milestone", "📆 Target Date", "✅ Status", "📝 Notes"
KEY, STATE = "🔑 Sync Key", "🔄 Sync State"


def test_a_row_that_was_moved_out_and_back_empties_nothing_on_github(synced: SimulatedServices) -> None:
    """Notion keeps no more than its title: what is missing then is nobody's edit."""
    page, key, before = synced.page_id("Stage 7.3"), synced.key("Stage 7.3"), synced.row("Stage 7.3")
    synced.label("Stage 7.3", "status: blocked")
    synced.two_way()
    synced.notion.move(page, PARENT)
    synced.notion.move(page, synced.databases()[ROADMAP])
    synced.notion.set_property(page, TITLE, "Cards")
    assert synced.row("Cards")[DATE] is None
    result = synced.sync()
    assert (result.failed, result.plan.conflicts, result.plan.mass_changes) == ([], (), ())
    assert synced.on_github("Cards") == {
        "title": "Cards",
        "due": "2026-12-01",
        "state": "open",
        "labels": ["status: blocked"],
    }
    row = synced.row("Cards")
    assert synced.page_id("Cards") == page
    assert (row[DATE], row[STATUS], row[KEY]) == ("2026-12-01", "Blocked", key)
    assert row[NOTES] == before[NOTES]
    assert_nothing_to_write(synced.sync, synced)


def test_what_people_emptied_in_a_row_that_stayed_is_their_edit(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, KEY, None)
    synced.notion.set_property(page, DATE, None)
    synced.two_way()
    assert synced.on_github("Stage 7.3")["due"] is None


def test_a_row_that_comes_back_beside_a_new_one_is_left_alone_without_its_key(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.move(page, PARENT)
    synced.sync()
    new = synced.page_id("Stage 7.3")
    synced.notion.move(page, synced.databases()[ROADMAP])
    assert_nothing_to_write(synced.sync, synced)
    assert synced.api("GET", f"pages/{page}")["in_trash"] is False
    assert synced.api("GET", f"pages/{new}")["in_trash"] is False


@pytest.mark.parametrize("side", ["old", "new", "neither"])
def test_of_a_row_that_is_shared_again_and_the_new_one_no_edit_is_lost(side: str, synced: SimulatedServices) -> None:
    """A row that isn't shared looks deleted, so its milestone gets a new one; shared again it is there twice."""
    old, new = there_twice(synced)
    if side != "neither":
        synced.notion.set_property(old if side == "old" else new, DATE, "2027-01-31")
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts) == ([], ())
    expected = "2026-12-01" if side == "neither" else "2027-01-31"
    assert (synced.on_github("Stage 7.3")["due"], synced.row("Stage 7.3")[DATE]) == (expected, expected)
    assert len(synced.rows()) == 4
    assert_nothing_to_write(synced.two_way, synced)


def test_of_two_rows_that_were_both_edited_the_second_edit_is_asked_about(synced: SimulatedServices) -> None:
    old, new = there_twice(synced)
    synced.notion.set_property(new, DATE, "2027-01-31")
    synced.notion.set_property(old, DATE, "2027-02-28")
    for _ in range(3):
        result = synced.two_way()
    assert [(one.field, {one.ours, one.theirs}) for one in result.plan.conflicts] == [
        (DATE, {"2027-01-31", "2027-02-28"})
    ]
    assert len(synced.rows()) == 4


def test_a_second_row_that_was_edited_waits_until_people_have_decided_in_the_first(synced: SimulatedServices) -> None:
    """No sync can know which of two values of one field is meant; neither goes to the trash unseen."""
    old, new = there_twice(synced)
    synced.notion.set_property(old, DATE, "2027-02-28")
    synced.notion.set_property(new, DATE, "2027-01-31")
    synced.edit_milestone("Stage 7.3", due_on="2027-03-31")
    for _ in range(2):
        result = synced.two_way()
        assert any("Stage 7.3 has two rows that people edited" in note for note in result.plan.notes)
    assert sorted(row[DATE] for row in synced.rows() if row[KEY] == synced.key("Stage 7.3")) == [
        "2027-01-31",
        "2027-02-28",
    ]
    assert_nothing_to_write(synced.two_way, synced)
    synced.notion.set_property(old, STATE, "Changed on GitHub")
    synced.two_way()
    result = synced.two_way()
    assert [(one.ours, one.theirs) for one in result.plan.conflicts] == [("2027-03-31", "2027-01-31")]
    assert (synced.page_id("Stage 7.3"), synced.row("Stage 7.3")[STATE]) == (new, "Conflict")


@pytest.mark.parametrize("name", [DATE, STATUS, NOTES])
def test_what_people_empty_in_a_row_that_is_shared_again_is_their_edit(name: str, synced: SimulatedServices) -> None:
    """The agreement on it is known still, although another row stood for its milestone meanwhile."""
    synced.label("Stage 7.3", "status: blocked")
    synced.sync()
    old, new = there_twice(synced)
    synced.edit_milestone("Stage 7.3", title="Cards")  # while the new one stands for it
    synced.notion.set_property(old, name, None)
    for _ in range(2):
        result = synced.two_way()
        assert (result.failed, result.plan.conflicts) == ([], ())
    row = synced.row("Cards")
    assert (synced.page_id("Cards"), row[name]) == (old, "In Progress" if name == STATUS else None)
    milestone = synced.on_github("Cards")
    assert (milestone["due"] is None, milestone["labels"] == []) == (name == DATE, name == STATUS)
    assert synced.api("GET", f"pages/{new}")["in_trash"] is True
    assert_nothing_to_write(synced.two_way, synced)


def test_what_was_agreed_on_is_kept_for_the_page_that_it_was_agreed_on_for(synced: SimulatedServices) -> None:
    key = synced.key("Stage 7.3")
    kept = f"select distinct page_id, sync_key from sync.row_bases where ends_with(sync_key, '{key}')"
    old, new = there_twice(synced)
    assert set(synced.sql(kept)) == {(new, key), (old, f"former:{old}:{key}")}
    fields = synced.sql("select field, value from sync.row_bases where page_id = ? order by field", [old])
    synced.sync()
    assert set(synced.sql(kept)) == {(old, key), (new, f"former:{new}:{key}")}
    assert synced.sql("select field, value from sync.row_bases where page_id = ? order by field", [old]) == fields


@pytest.mark.parametrize("after", [False, True], ids=["before it was made", "after"])
def test_a_kill_while_a_lost_row_gets_a_new_one_makes_no_second_one(after: bool, synced: SimulatedServices) -> None:
    """Lists show the new one only after a while; what was agreed on still names the page that can't be seen."""
    key, old = synced.key("Stage 7.3"), synced.page_id("Stage 7.3")
    synced.notion.advance(timedelta(minutes=5))
    synced.notion.query_lag = timedelta(seconds=8)
    synced.notion.unshare(old)
    assert synced.killed(Kill(0, after=after))
    synced.sync(lag=True)
    synced.notion.advance(timedelta(minutes=1))
    assert [row[TITLE] for row in synced.rows() if row[KEY] == key] == ["Stage 7.3"]
    assert_nothing_to_write(lambda: synced.sync(lag=True), synced)
    assert synced.waited == [10.0], "once it is there nobody waits for it any more"


@pytest.mark.parametrize("is_copy_edited", [False, True])
def test_a_row_that_comes_back_beside_the_copy_that_stood_in_for_it_has_its_edit_carried_on(
    is_copy_edited: bool, synced: SimulatedServices
) -> None:
    old = synced.page_id("Stage 7.3")
    copy = synced.notion.duplicate(old)
    synced.notion.set_property(old, DATE, "2027-01-31")
    synced.notion.unshare(old)
    synced.two_way()
    assert synced.on_github("Stage 7.3")["due"] == "2026-12-01"
    assert synced.row("Stage 7.3")["🔑 Sync Key"] is not None  # the copy, whose number is nobody's edit
    synced.notion.share(old)
    if is_copy_edited:
        synced.notion.set_property(copy, STATUS, "Blocked")
    synced.two_way()
    result = synced.two_way()
    assert (result.plan.notes, result.plan.conflicts) == ((), ())
    milestone = synced.on_github("Stage 7.3")
    assert (milestone["due"], milestone["labels"]) == ("2027-01-31", ["status: blocked"] if is_copy_edited else [])
    row = plain(synced.api("GET", f"pages/{old}"))
    assert (row[TITLE], row[DATE]) == ("Stage 7.3", "2027-01-31")
    assert_nothing_to_write(synced.two_way, synced)


def test_of_two_rows_of_a_deleted_milestone_one_stays_and_says_so(synced: SimulatedServices) -> None:
    old, new = there_twice(synced)
    synced.delete_milestone("Stage 7.3")
    synced.two_way()
    assert (synced.page_id("Stage 7.3"), synced.row("Stage 7.3")[STATE]) == (old, "Changed on GitHub")
    assert synced.api("GET", f"pages/{new}")["in_trash"] is True
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_two_rows_of_a_deleted_milestone_that_people_edited_both_stay_and_say_so(
    is_forgotten: bool, synced: SimulatedServices
) -> None:
    old, new = there_twice(synced)
    synced.notion.set_property(old, DATE, "2027-02-28")
    synced.notion.set_property(new, DATE, "2027-01-31")
    synced.delete_milestone("Stage 7.3")
    if is_forgotten:
        lose_warehouse(synced)
        synced.sql("delete from publish.notion_roadmap where milestone = 'Stage 7.3'")
    synced.two_way()
    rows = {row[DATE]: row[STATE] for row in synced.rows() if row[TITLE] == "Stage 7.3"}
    assert rows == {"2027-02-28": "Changed on GitHub", "2027-01-31": "Changed on GitHub"}
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("name", [DATE, STATUS])
@pytest.mark.parametrize("is_retyped", [False, True], ids=["made anew", "of another type for a while"])
def test_a_column_that_lost_its_values_is_no_edit_of_either_of_two_rows(
    is_retyped: bool, name: str, synced: SimulatedServices
) -> None:
    """Once one row is filled again, the other one, which says what was agreed on, looks emptied by people."""
    synced.label("Stage 7.3", "status: blocked")
    synced.two_way()
    there_twice(synced)
    before = synced.on_github("Stage 7.3")
    lose_values(synced, name, is_retyped=is_retyped)
    for _ in range(3):
        assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Stage 7.3") == before
    assert synced.row("Stage 7.3")[name] == ("2026-12-01" if name == DATE else "Blocked")
    assert len(synced.rows()) == 4
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("name", [DATE, STATUS])
@pytest.mark.parametrize("first", ["Polish", "Stage 7.3"])
@pytest.mark.parametrize("how", ["made anew", "made anew, warehouse lost", "of another type for a while"])
def test_a_column_that_lost_its_values_is_no_edit_although_some_rows_are_filled_again(
    how: str, first: str, name: str, synced: SimulatedServices
) -> None:
    """A sync of one milestone alone: then the column isn't empty everywhere any more."""
    for title in ("Stage 7.3", "Polish"):
        synced.label(title, "status: blocked")
        synced.edit_milestone(title, due_on="2027-01-31")
    synced.two_way()
    there_twice(synced)
    before = synced.on_github("Stage 7.3")
    lose_values(synced, name, is_retyped=how == "of another type for a while")
    synced.sync(milestone=first)
    if "lost" in how:
        lose_warehouse(synced)
    for _ in range(3):
        assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Stage 7.3") == before
    assert synced.row("Stage 7.3")[name] == ("2027-01-31" if name == DATE else "Blocked")
    assert len(synced.rows()) == 4
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("place", [0, 1], ids=["older", "younger"])
def test_a_date_that_people_give_in_a_column_made_anew_is_an_edit_of_either_of_two_rows(
    place: int, synced: SimulatedServices
) -> None:
    pages = there_twice(synced)
    lose_values(synced, DATE)
    synced.sync(milestone="Polish")
    synced.notion.set_property(pages[place], DATE, "2027-02-28")
    for _ in range(3):
        result = synced.two_way()
    # GitHub has another one, and nobody knows any more which of both was agreed on: people decide.
    assert [(one.ours, one.theirs) for one in result.plan.conflicts] == [("2026-12-01", "2027-02-28")]
    assert synced.row("Stage 7.3")[DATE] == "2027-02-28"
    assert_nothing_to_write(synced.two_way, synced)


def lose_values(services: SimulatedServices, name: str, *, is_retyped: bool = False) -> None:
    """Have a column deleted and made anew, or made one of another type for a while: it is empty afterwards."""
    roadmap = services.databases()[ROADMAP]
    if is_retyped:
        services.notion.retype_property(roadmap, name, "rich_text")
    else:
        services.notion.delete_property(roadmap, name)
    with pytest.raises(SchemaError, match=name):
        services.two_way()
    if is_retyped:
        services.notion.retype_property(roadmap, name, "date" if name == DATE else "select")
    repair(services)


def test_dates_lost_while_nobody_remembers_them_stay_on_github_also_once_one_row_is_filled_again(
    synced: SimulatedServices,
) -> None:
    roadmap = synced.databases()[ROADMAP]
    synced.notion.retype_property(roadmap, DATE, "rich_text")
    synced.notion.retype_property(roadmap, DATE, "date")
    lose_warehouse(synced)
    synced.sync(milestone="Stage 7.3")
    assert [row[TITLE] for row in synced.rows() if row[DATE]] == ["Stage 7.3"]
    assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Sunset v1")["due"] == synced.row("Sunset v1")[DATE] == "2026-09-30"
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("how", ["column made anew", "warehouse lost"])
def test_notes_of_people_that_no_sync_knew_before_are_theirs_also_once_they_empty_them(
    how: str, synced: SimulatedServices
) -> None:
    if how == "column made anew":
        lose_values(synced, NOTES)
    else:
        lose_warehouse(synced)
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, NOTES, "Mina's")
    synced.sync()
    synced.notion.set_property(page, NOTES, None)
    synced.milestone("Stage 7.3", notes="Repair the nightly build.")
    synced.sync()
    assert synced.row("Stage 7.3")[NOTES] is None
    assert_nothing_to_write(synced.sync, synced)


def there_twice(services: SimulatedServices) -> tuple[str, str]:
    """Have a second row made while the first one isn't shared; return the pages of both, the older one first."""
    old = services.page_id("Stage 7.3")
    services.notion.advance(timedelta(minutes=5))
    services.notion.unshare(old)
    services.sync()
    new = services.page_id("Stage 7.3")
    assert new != old
    services.notion.share(old)
    return old, new
