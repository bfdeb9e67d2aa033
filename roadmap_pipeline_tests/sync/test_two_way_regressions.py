"""Sequences that the state machine found to go wrong, each in its shortest form."""

from pathlib import Path

import pytest

from roadmap_pipeline_tests.sync.conftest import SimulatedServices
from roadmap_pipeline_tests.sync.disturbances import on_another_machine
from roadmap_pipeline_tests.sync.test_two_way import DATE, KEY, STATE, TITLE, assert_in_step, edit_both, tick


@pytest.mark.parametrize("way", ["state", "tick"])
@pytest.mark.parametrize("winner", ["notion", "github"])
def test_a_choice_overwrites_nothing_that_came_after_it(way: str, winner: str, synced: SimulatedServices) -> None:
    """A person chose between two values; a third one, which somebody put in since, was not among them."""
    edit_both(synced, DATE, "2027-01-31", {"due_on": "2027-02-28"})
    synced.two_way()
    if way == "tick":
        tick(synced, "Stage 7.3", winner)
    else:
        choice = "Changed here" if winner == "notion" else "Changed on GitHub"
        synced.notion.set_property(synced.page_id("Stage 7.3"), STATE, choice)
    if winner == "notion":
        synced.edit_milestone("Stage 7.3", due_on="2027-03-31")
    else:
        synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-03-31")
    (conflict,) = synced.two_way().plan.conflicts
    expected = ("2027-03-31", "2027-01-31") if winner == "notion" else ("2027-02-28", "2027-03-31")
    assert (conflict.ours, conflict.theirs) == expected
    row = synced.row("Stage 7.3")
    assert (row[DATE], row[STATE]) == (expected[1], "Conflict")
    assert synced.on_github("Stage 7.3")["due"] == expected[0]
    assert "- [x]" not in synced.issue("Stage 7.3")["body"]


def test_a_choice_holds_when_the_side_that_wins_was_edited_once_more(synced: SimulatedServices) -> None:
    edit_both(synced, DATE, "2027-01-31", {"due_on": "2027-02-28"})
    synced.two_way()
    synced.notion.set_property(synced.page_id("Stage 7.3"), STATE, "Changed here")
    synced.notion.set_property(synced.page_id("Stage 7.3"), DATE, "2027-03-31")
    assert synced.two_way().plan.conflicts == ()
    assert synced.on_github("Stage 7.3")["due"] == "2027-03-31"
    assert_in_step(synced)


@pytest.mark.parametrize("title", ["two  blanks", "a\u202eb", "x" * 250])
def test_an_issue_bears_any_title_in_one_line_and_is_left_alone_then(title: str, synced: SimulatedServices) -> None:
    """GitHub's issue has the title in its own form; compared with another form it differed on every run."""
    synced.notion.set_property(synced.page_id("Stage 7.3"), TITLE, title)
    synced.two_way()
    assert synced.on_github(title)["title"] == title
    assert_in_step(synced)


@pytest.mark.parametrize("title", ["Checkout v2", "x" * 300], ids=["taken", "too long"])
def test_machines_that_know_more_or_less_say_the_same_of_a_title(
    title: str, synced: SimulatedServices, tmp_path: Path
) -> None:
    """One knew that only Notion's title was edited, the other took it for a conflict; each rewrote the other's note."""
    other = second_machine(synced, tmp_path)
    synced.notion.set_property(synced.page_id("Stage 7.3"), TITLE, title)
    for services in (synced, other, synced, other):
        (conflict,) = services.two_way().plan.conflicts
        assert conflict.reason
        row = next(row for row in synced.rows() if row[KEY] == synced.key("Stage 7.3"))
        assert (row[TITLE], row[STATE]) == (title, "Needs a person")
    synced.writes()
    for services in (synced, other):
        assert services.two_way().plan.changes == ()
    assert synced.writes() == []


def test_a_copy_is_the_copiers_when_the_row_is_in_the_trash(synced: SimulatedServices) -> None:
    """The copy bears the row's key, and is the only one in the list that does: it was written to as if it were ours."""
    page = synced.page_id("Stage 7.3")
    copy = synced.notion.duplicate(page)
    synced.notion.trash(page)
    before = synced.api("GET", f"pages/{copy}")["properties"]
    synced.milestone("Stage 7.3", progress=0.6)
    result = synced.sync()
    assert result.plan.changes == ()
    assert any("is in Notion's trash" in note for note in result.plan.notes)
    assert synced.api("GET", f"pages/{copy}")["properties"] == before
    synced.notion.restore(page)
    synced.sync()
    assert synced.row("Stage 7.3")["📊 Progress"] == 0.6
    assert synced.api("GET", f"pages/{copy}")["properties"] == before


def second_machine(services: SimulatedServices, folder: Path) -> SimulatedServices:
    """Return another machine that syncs the same places, and knows nothing of the first."""
    other = on_another_machine(services, folder / "second")
    for table in ("row_bases", "rows", "conflicts", "refused_edits", "databases"):
        other.sql(f"delete from sync.{table}")
    return other
