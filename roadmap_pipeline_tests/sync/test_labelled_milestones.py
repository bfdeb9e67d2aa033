"""Milestones that labels of pull requests ask for: made once, planned first, never too many."""

from typing import Any

import pytest

from roadmap_pipeline_tests.sync.conftest import ROADMAP, Kill, SimulatedServices

REPO = "acme/storefront"


def _ask(services: SimulatedServices, *titles: str, repo: str = REPO) -> None:
    """Let open pull requests ask for milestones, as the built table says it."""
    services.sql(
        "create table if not exists publish.milestones_to_create"
        " (repo varchar, title varchar, pull_request_numbers integer[])"
    )
    for title in titles:
        services.sql("insert into publish.milestones_to_create values (?, ?, [5, 7])", [repo, title])


def _titles(services: SimulatedServices, repo: str = REPO) -> list[str]:
    return [one["title"] for one in services.ask("GET", f"/repos/{repo}/milestones?state=all&per_page=100")]


def _created(result: Any) -> list[tuple[str, str, str]]:
    return [
        (one.place, one.title, one.fields[1].after) for one in result.plan.changes if one.kind == "create_milestone"
    ]


def test_a_dry_run_shows_it_and_the_next_sync_makes_it_with_its_row_and_issue(synced: SimulatedServices) -> None:
    _ask(synced, "Stage 8")
    synced.writes()
    assert _created(synced.sync(dry_run=True)) == [(REPO, "Stage 8", "#5, #7")]
    assert synced.writes() == [] and "Stage 8" not in _titles(synced)
    result = synced.sync()
    assert not result.failed and _titles(synced).count("Stage 8") == 1
    assert synced.on_github("Stage 8")["state"] == "open"
    assert synced.row("Stage 8")["✅ Status"] == "Planned"
    assert synced.issue("Stage 8")["state"] == "open"
    journal = synced.sql("select state from sync.changes where kind = 'create_milestone' and title = 'Stage 8'")
    assert journal == [("done",)]
    synced.writes()
    synced.sync()
    assert synced.writes() == []


def test_what_is_there_in_any_spelling_is_not_made_again(synced: SimulatedServices) -> None:
    _ask(synced, "polish", "POLISH!", "Stage 8", "stage-8")
    _ask(synced, "Stage 9", repo="acme/elsewhere")
    assert _created(synced.sync(dry_run=True)) == [(REPO, "Stage 8", "#5, #7")]


def test_two_way_makes_it_and_a_sync_of_one_milestone_does_not(synced: SimulatedServices) -> None:
    _ask(synced, "Stage 8")
    assert _created(synced.sync(dry_run=True, milestone="Polish")) == []
    synced.two_way()
    assert "Stage 8" in _titles(synced)


def test_a_milestone_that_people_deleted_does_not_come_back(synced: SimulatedServices) -> None:
    synced.delete_milestone("Polish")
    _ask(synced, "Polish")
    for _ in range(2):
        result = synced.sync()
        assert _created(result) == []
        assert any("names a milestone that was deleted" in note for note in result.plan.notes)
    assert "Polish" not in _titles(synced)
    assert [row["🧩 Milestone"] for row in synced.rows(ROADMAP)].count("Polish") == 1


def test_many_at_once_are_asked_for_first(synced: SimulatedServices) -> None:
    _ask(synced, *(f"Wave {number}" for number in range(6)))
    synced.writes()
    result = synced.sync()
    assert len(result.plan.mass_changes) == 6 and result.plan.needs_a_person
    assert synced.writes() == []
    synced.sync(allow_mass_change=True)
    assert {f"Wave {number}" for number in range(6)} <= set(_titles(synced))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(3))  # the milestone, its row, its issue
def test_a_kill_makes_no_second_one(synced: SimulatedServices, at: int, after: bool) -> None:
    _ask(synced, "Stage 8")
    assert synced.killed(Kill(at, after=after))
    synced.sync()
    assert _titles(synced).count("Stage 8") == 1
    assert len([row for row in synced.rows(ROADMAP) if row["🧩 Milestone"] == "Stage 8"]) == 1
