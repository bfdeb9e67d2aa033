"""Milestones that were deleted on GitHub while a lost warehouse remembered nothing: their rows alone tell of them."""

from datetime import timedelta
from typing import Any

import pytest

from roadmap_pipeline.github.client import client as github_client
from roadmap_pipeline_tests.sync.conftest import Kill, SimulatedServices
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write
from roadmap_pipeline_tests.sync.test_two_way_accidents import lose_warehouse
from roadmap_sandbox.github.faults import Fault

TITLE, DATE, STATE, NOTE, KEY = "🧩 Milestone", "📆 Target Date", "🔄 Sync State", "🧾 Sync Note", "🔑 Sync Key"
REPO = "acme/payments"
OTHER = "acme/storefront"


def with_row(services: SimulatedServices, title: str = "Cards", repo: str = REPO, **values: Any) -> str:
    """Make a milestone of which no table tells, and its row; return the row's page."""
    services.ask("POST", f"/repos/{repo}/milestones", {"title": title, **values})
    services.sync()
    return services.page_id(title)


def asked(services: SimulatedServices) -> int:
    """Return how often GitHub was asked by GraphQL since the journal began."""
    return sum(entry.path == "/graphql" for entry in services.github.journal)


@pytest.mark.parametrize("command", ["sync", "two_way"])
def test_a_milestone_deleted_while_nothing_was_remembered_keeps_its_row_which_says_so(
    command: str, synced: SimulatedServices
) -> None:
    page = with_row(synced, due_on="2027-01-31T12:00:00Z")
    key, issue = synced.key("Cards"), synced.issue("Cards")
    before = synced.row("Cards")
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    told = getattr(synced, command)(dry_run=True)
    assert synced.row("Cards") == before
    result = getattr(synced, command)()
    assert result.plan.changes == told.plan.changes
    assert "Cards: the milestone was deleted on GitHub; its row stays and says so" in result.plan.notes
    row = synced.row("Cards")
    assert (row[STATE], row[KEY], synced.page_id("Cards")) == ("Changed on GitHub", key, page)
    assert "was deleted on GitHub" in row[NOTE]
    own = {STATE, NOTE, "🕒 Last Synced"}
    assert {name: value for name, value in row.items() if name not in own} == {
        name: value for name, value in before.items() if name not in own
    }
    assert synced.ask("GET", f"/repos/{REPO}/issues/{issue['number']}")["state"] == "closed"
    assert synced.sql("select repo, number, title, state from sync.rows where sync_key = ?", [key]) == [
        (REPO, None, "Cards", "Changed on GitHub")
    ]
    assert_nothing_to_write(getattr(synced, command), synced)
    # What was noted of it, and what wasn't, come to the same.
    lose_warehouse(synced)
    assert_nothing_to_write(getattr(synced, command), synced)
    assert len(synced.rows()) == 5


@pytest.mark.parametrize("after", [False, True], ids=["before it goes out", "after it was carried out"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_kill_while_it_is_told_changes_nothing_in_the_end(at: int, after: bool, synced: SimulatedServices) -> None:
    page = with_row(synced)
    issue = synced.issue("Cards")
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    assert synced.killed(Kill(at, after), "two_way")
    synced.two_way()
    assert (synced.row("Cards")[STATE], synced.page_id("Cards")) == ("Changed on GitHub", page)
    assert synced.ask("GET", f"/repos/{REPO}/issues/{issue['number']}")["state"] == "closed"
    assert_nothing_to_write(synced.two_way, synced)


def test_a_row_in_the_trash_is_out_of_everybodys_way(synced: SimulatedServices) -> None:
    page = with_row(synced)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.sync()
    synced.notion.trash(page)
    result = synced.sync()
    assert (result.plan.changes, result.plan.notes) == ((), ())
    assert synced.sql("select 1 from sync.rows where title = 'Cards'") == []


def test_a_closed_milestone_is_none_that_is_gone(synced: SimulatedServices) -> None:
    with_row(synced)
    synced.edit_milestone("Cards", state="closed")
    synced.two_way()
    lose_warehouse(synced)
    synced.sync()
    assert synced.row("Cards")[STATE] == "In step"


def test_of_a_milestone_that_is_there_again_the_row_is_in_step(synced: SimulatedServices) -> None:
    """GitHub's staff can restore what was deleted; it has its id again."""
    with_row(synced)
    records = synced.github.store.repository(REPO)
    assert records is not None
    number, held = max(records.milestones.items())
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.sync()
    assert synced.row("Cards")[STATE] == "Changed on GitHub"
    records.milestones[number] = held
    synced.github.advance(timedelta(minutes=1))
    synced.sync()
    row = synced.row("Cards")
    assert (row[STATE], row[NOTE]) == ("In step", None)
    assert len(synced.rows()) == 5


def test_one_of_the_same_title_is_another_milestone(synced: SimulatedServices) -> None:
    """The row of the deleted one stays its; the new one gets a row of its own, and no label makes the old one anew."""
    page = with_row(synced)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.sql("insert into publish.milestones_to_create values (?, 'Cards', [1])", [REPO])
    result = synced.sync()
    assert not [change for change in result.plan.changes if change.kind == "create_milestone"]
    synced.ask("POST", f"/repos/{REPO}/milestones", {"title": "Cards"})
    synced.sync()
    rows = {row[KEY]: row[STATE] for row in synced.rows() if row[TITLE] == "Cards"}
    assert rows[synced.key("Cards")] == "In step"
    assert sorted(rows.values()) == ["Changed on GitHub", "In step"]
    assert synced.api("GET", f"pages/{page}")["in_trash"] is False
    assert_nothing_to_write(synced.sync, synced)


def test_of_a_repository_that_is_not_configured_nothing_is_known(synced: SimulatedServices) -> None:
    with_row(synced, repo=OTHER)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    before = synced.row("Cards")
    result = synced.two_way(GITHUB_REPOSITORY=REPO)
    assert (result.failed, result.refused) == ([], [])
    assert synced.row("Cards") == before
    # Configured again, it is looked at.
    synced.two_way()
    assert synced.row("Cards")[STATE] == "Changed on GitHub"


@pytest.mark.parametrize("path", ["$", "/milestones"], ids=["the repository", "its milestones"])
def test_of_a_repository_that_cannot_be_read_nothing_is_known(path: str, synced: SimulatedServices) -> None:
    with_row(synced, repo=OTHER)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    before = synced.row("Cards")
    refusal = Fault("refusal", 403, message="Resource protected by organization SAML enforcement.")
    synced.github.faults.add(refusal, path=f"^/repos/{OTHER}{path}", times=100)
    result = synced.two_way()
    assert any("can't be read" in note for note in result.plan.notes)
    assert synced.row("Cards") == before
    synced.github.faults.clear()
    synced.two_way()
    assert synced.row("Cards")[STATE] == "Changed on GitHub"


def test_a_renamed_repository_is_the_one_it_was(synced: SimulatedServices) -> None:
    for title in ("Cards", "Coins"):
        with_row(synced, title)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.github.activity.rename(REPO, "acme/money")
    synced.two_way(GITHUB_REPOSITORY=f"acme/money,{OTHER}")
    assert (synced.row("Cards")[STATE], synced.row("Coins")[STATE]) == ("Changed on GitHub", "In step")
    assert synced.sql("select repo from sync.rows where title = 'Cards'") == [("acme/money",)]


def test_a_repository_that_took_the_name_of_another_one_says_nothing_of_its_milestones(
    synced: SimulatedServices,
) -> None:
    with_row(synced, repo=OTHER)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.github.activity.rename(OTHER, "acme/shop")
    synced.github.activity.rename(REPO, OTHER)
    before = synced.row("Cards")
    synced.two_way(GITHUB_REPOSITORY=OTHER)
    assert synced.row("Cards") == before


def test_a_milestone_that_a_list_left_out_is_there(synced: SimulatedServices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are ordered by due date: one that gets an earlier one between two pages is on neither."""
    monkeypatch.setattr(github_client, "PER_PAGE", 3)
    with_row(synced, due_on="2027-01-31T12:00:00Z")
    number = max(one["number"] for one in synced.ask("GET", f"/repos/{REPO}/milestones?state=all"))
    path = f"/repos/{REPO}/milestones/{number}"

    def move() -> None:
        synced.ask("PATCH", path, {"due_on": "2026-08-01T12:00:00Z"})

    # Third of four at first; first once the first page was read, so that the second page begins behind it.
    synced.ask("PATCH", f"/repos/{REPO}/milestones/2", {"due_on": "2026-12-24T12:00:00Z"})
    lose_warehouse(synced)
    synced.github.faults.before(
        move, path=f"^/repos/{REPO}/milestones", when=lambda request: request.query.get("page") == "2"
    )
    synced.github.journal.clear()
    result = synced.sync()
    assert asked(synced) > 0
    assert not any("deleted" in note for note in result.plan.notes)
    assert synced.row("Cards")[STATE] == "In step"
    synced.sync()
    assert synced.row("Cards")[DATE] == "2026-08-01"


@pytest.mark.parametrize("fault", ["graphql_error", "refusal"], ids=["failing", "not allowed to this token"])
def test_while_it_cannot_be_asked_nothing_is_marked(fault: str, synced: SimulatedServices) -> None:
    with_row(synced)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    before = synced.row("Cards")
    made = Fault("refusal", 403, message="Resource not accessible by integration") if fault == "refusal" else fault
    synced.github.faults.add(made, path="^/graphql$", times=100)  # type: ignore[arg-type]
    result = synced.sync()
    assert result.failed == []
    assert synced.row("Cards") == before
    synced.github.faults.clear()
    synced.sync()
    assert synced.row("Cards")[STATE] == "Changed on GitHub"


def test_keys_that_are_no_milestones_are_left_alone(synced: SimulatedServices) -> None:
    database = synced.databases()["Engineering Roadmap"]
    legacy = "milestone:MDk6TWlsZXN0b25lMTAwMjYwNA=="  # of before 2021: it names no repository
    for key in (legacy, "milestone:what", f"milestone:{REPO}#99", "report:x"):
        synced.notion.add_row(database, {TITLE: key, KEY: key})
    before = sorted(map(repr, synced.rows()))
    assert_nothing_to_write(synced.sync, synced)
    assert sorted(map(repr, synced.rows())) == before


def test_a_sync_of_one_milestone_looks_at_no_other(synced: SimulatedServices) -> None:
    with_row(synced)
    synced.delete_milestone("Cards")
    lose_warehouse(synced)
    synced.sync(milestone="Stage 7.3")
    assert synced.row("Cards")[STATE] == "In step"


def test_many_at_once_are_marked_for_they_lose_nothing(synced: SimulatedServices) -> None:
    names = [f"Part {number}" for number in range(7)]
    for name in names:
        synced.ask("POST", f"/repos/{REPO}/milestones", {"title": name})
    synced.sync()
    for name in names:
        synced.delete_milestone(name)
    lose_warehouse(synced)
    synced.github.journal.clear()
    result = synced.sync()
    assert (result.plan.mass_changes, result.failed) == ((), [])
    assert {synced.row(name)[STATE] for name in names} == {"Changed on GitHub"}
    assert asked(synced) == 1


def test_without_such_rows_nothing_more_is_asked(synced: SimulatedServices) -> None:
    synced.sync()
    synced.github.journal.clear()
    synced.sync()
    assert asked(synced) == 0
