"""Too much at once asks a person first; too little (no tables, no rows) is enough to be in step."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.sync.guard import MassChange, too_many
from roadmap_pipeline_tests.sync.conftest import ROADMAP, SimulatedServices

TITLE, DATE, STATUS = "🧩 Milestone", "📆 Target Date", "✅ Status"


@pytest.fixture
def roadmap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return the command line against the simulated services."""
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)

    def call(services: SimulatedServices, *words: str, **changes: str) -> Result:
        pacing.forget()  # a process of its own
        return CliRunner().invoke(main, list(words), env={**services.environment, **changes})

    return call


# -- the guard


@pytest.mark.parametrize(
    ("concerned", "rows", "is_too_many"), [(5, 6, False), (6, 6, True), (20, 100, False), (21, 100, True)]
)
def test_how_much_is_too_much(concerned: int, rows: int, is_too_many: bool) -> None:
    changes = [MassChange(str(number), "closed") for number in range(concerned)]
    assert bool(too_many([*changes, MassChange("0", "emptied")], rows)) is is_too_many


def many(services: SimulatedServices, number: int = 6) -> list[str]:
    """Make further milestones with rows; return their titles."""
    titles = [f"Later {position}" for position in range(number)]
    for title in titles:
        services.ask("POST", "/repos/acme/payments/milestones", {"title": title, "due_on": "2027-01-31T12:00:00Z"})
    services.two_way()
    return titles


@pytest.mark.parametrize("what", ["emptied in Notion", "emptied on GitHub", "closed", "retitled", "trashed"])
def test_a_mass_change_writes_nothing_until_a_person_says_so(
    what: str, synced: SimulatedServices, roadmap: Callable[..., Result]
) -> None:
    titles = many(synced)
    for position, title in enumerate(titles):
        page = synced.page_id(title)
        if what == "emptied in Notion":
            synced.notion.set_property(page, DATE, None)
        elif what == "emptied on GitHub":
            synced.edit_milestone(title, due_on=None)
        elif what == "closed":
            synced.notion.set_property(page, STATUS, "Completed")
        elif what == "retitled":
            synced.notion.set_property(page, TITLE, f"Never {position}")
        else:
            synced.notion.trash(page)
    synced.milestone("Stage 7.3", progress=0.9)
    synced.writes()
    before = synced.notion.dump()
    for command in ("sync", "two-way"):
        result = roadmap(synced, command)
        assert result.exit_code == 3, result.output
        assert "Nothing was written" in result.output
        assert "--allow-mass-change" in result.output
        assert all(title in result.output for title in titles)
    assert len(json.loads(roadmap(synced, "two-way", "--json").stdout)["mass_changes"]) == len(titles)
    assert synced.writes() == []
    assert synced.notion.dump() == before
    result = roadmap(synced, "sync", "--allow-mass-change")
    assert result.exit_code == 0, result.output
    assert synced.row("Stage 7.3")["📊 Progress"] == 0.9
    if what == "closed":
        assert {synced.on_github(title)["state"] for title in titles} == {"closed"}
    elif what == "retitled":
        assert synced.on_github("Never 0")["title"] == "Never 0"
    elif what == "trashed":
        assert synced.sql("select count(*) from sync.rows where is_trashed") == [(len(titles),)]
    assert roadmap(synced, "two-way").exit_code == 0


def test_moving_dates_is_no_mass_change(synced: SimulatedServices) -> None:
    for title in many(synced):
        synced.edit_milestone(title, due_on="2027-03-31")
    result = synced.two_way()
    assert result.plan.mass_changes == ()
    assert synced.row("Later 5")[DATE] == "2027-03-31"


# -- nothing to start from


def test_two_way_needs_no_tables(services: SimulatedServices, roadmap: Callable[..., Result]) -> None:
    services.warehouse.unlink()
    result = roadmap(services, "two-way")
    assert result.exit_code == 0, result.output
    assert {row[TITLE]: row["📊 Progress"] for row in services.rows()} == {
        "Stage 7.3": 0,
        "Checkout v2": 0,
        "Sunset v1": 0,
        "Polish": 0,
    }
    row = services.row("Stage 7.3")
    assert (row[DATE], row[STATUS], row["🔑 Sync Key"]) == ("2026-12-01", "In Progress", services.key("Stage 7.3"))
    services.notion.set_property(services.page_id("Stage 7.3"), DATE, "2027-01-31")
    assert roadmap(services, "two-way").exit_code == 0
    assert services.on_github("Stage 7.3")["due"] == "2027-01-31"
    services.writes()
    assert roadmap(services, "two-way").exit_code == 0
    assert services.writes() == []


def test_computed_figures_stay_where_there_are_no_tables(synced: SimulatedServices) -> None:
    synced.sql("drop schema publish cascade")
    synced.edit_milestone("Stage 7.3", title="Cards")
    result = synced.two_way()
    assert {field.field for change in result.plan.changes for field in change.fields} == {TITLE, "title"}
    assert (synced.row("Cards")["📊 Progress"], synced.row("Cards")["📈 Trend"]) == (0.55, "Improving")
    assert "Progress of acme/payments 1" in synced.issue("Cards")["body"]


def test_a_dry_run_tells_and_leaves_all_as_it_was(synced: SimulatedServices, roadmap: Callable[..., Result]) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), TITLE, "Cards")
    synced.edit_milestone("Checkout v2", due_on="2027-01-31")
    synced.notion.add_row(synced.databases()[ROADMAP], {TITLE: "Mina's idea"})
    synced.writes()
    before = synced.warehouse.read_bytes(), synced.notion.dump()
    told = roadmap(synced, "two-way", "--dry-run", COLUMNS="200")
    assert told.exit_code == 0, told.output
    for word in ("Would write", "edit milestone", "Cards", "2027-01-31"):
        assert word in told.output
    planned = json.loads(roadmap(synced, "two-way", "--dry-run", "--json").stdout)
    assert (synced.writes(), synced.warehouse.read_bytes(), synced.notion.dump()) == ([], *before)
    done = json.loads(roadmap(synced, "two-way", "--json").stdout)
    assert done["changes"] == planned["changes"]
    assert done["conflicts"] == planned["conflicts"] == []


@pytest.mark.parametrize("side", ["NOTION_API_KEY", "GITHUB_TOKEN"])
def test_two_way_needs_both_sides(side: str, synced: SimulatedServices, roadmap: Callable[..., Result]) -> None:
    result = roadmap(synced, "two-way", **{side: ""})
    assert result.exit_code == 2
    assert side in result.output


# -- rows that people add


def test_a_row_becomes_a_milestone_where_that_is_configured(
    synced: SimulatedServices, roadmap: Callable[..., Result], tmp_path: Path
) -> None:
    database = synced.databases()[ROADMAP]
    page = synced.notion.add_row(
        database,
        {TITLE: "Refunds · acme/storefront", DATE: "2027-05-01", STATUS: "Blocked", "📝 Notes": "Ask Mina"},
    )
    synced.notion.add_row(database, {TITLE: "Somewhere"})
    synced.notion.add_row(database, {STATUS: "Planned"})
    synced.writes()
    assert roadmap(synced, "two-way").exit_code == 0
    assert synced.writes() == []
    configuration = tmp_path / "roadmap.toml"
    configuration.write_text("[two_way]\ncreate_milestones = true\n")
    result = roadmap(synced, "two-way", ROADMAP_CONFIG=str(configuration))
    assert result.exit_code == 0, result.output
    assert "names no repository" in " ".join(result.output.split())
    milestone = synced.on_github("Refunds")
    assert milestone == {"title": "Refunds", "due": "2027-05-01", "state": "open", "labels": ["status: blocked"]}
    row = synced.row("Refunds")
    assert (synced.page_id("Refunds"), row["🔑 Sync Key"], row["📝 Notes"]) == (page, synced.key("Refunds"), "Ask Mina")
    synced.writes()
    assert roadmap(synced, "two-way", ROADMAP_CONFIG=str(configuration)).exit_code == 0
    assert synced.writes() == []


@pytest.mark.parametrize("called", ["Stage 7.3", "Cards", "Stage 7.3 · acme/payments", "Cards · acme/payments"])
def test_a_row_that_was_retitled_before_it_went_to_the_trash_is_restored_by_either_title(
    called: str, synced: SimulatedServices, roadmap: Callable[..., Result]
) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, "🧩 Milestone", "Cards")
    synced.notion.trash(page)
    synced.sync()
    result = roadmap(synced, "sync", "--restore", called)
    assert result.exit_code == 0, result.output
    assert (synced.page_id("Cards"), synced.on_github("Cards")["title"]) == (page, "Cards")


def test_a_title_to_restore_means_the_milestone_that_has_it_before_a_row_that_had_it(
    synced: SimulatedServices, roadmap: Callable[..., Result]
) -> None:
    pages = {title: synced.page_id(title) for title in ("Polish", "Checkout v2")}
    for page in pages.values():
        synced.notion.trash(page)
    synced.edit_milestone("Polish", title="Docs")
    synced.edit_milestone("Checkout v2", title="Polish")
    assert roadmap(synced, "sync", "--restore", "Polish").exit_code == 0
    assert synced.page_id("Polish") == pages["Checkout v2"]
    assert synced.api("GET", f"pages/{pages['Polish']}")["in_trash"] is True
    assert roadmap(synced, "sync", "--restore", "Docs").exit_code == 0
    assert synced.page_id("Docs") == pages["Polish"]


@pytest.mark.parametrize("called", ["Stage 7.3", "Stage 7.3 · acme/payments", " Stage 7.3 "])
def test_a_milestone_to_sync_may_be_called_with_its_repository(called: str, synced: SimulatedServices) -> None:
    for title in ("Stage 7.3", "Polish"):
        synced.edit_milestone(title, due_on="2027-01-31")
    changes = synced.sync(milestone=called).plan.changes
    assert {change.title for change in changes if change.kind == "update_row"} == {"Stage 7.3"}
    assert synced.row("Stage 7.3")["📆 Target Date"] == "2027-01-31"


def test_a_milestone_to_sync_is_not_another_one_whose_row_is_called_so(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Polish"), "🧩 Milestone", "Stage 7.3")
    synced.edit_milestone("Stage 7.3", due_on="2027-01-31")
    synced.sync(milestone="Stage 7.3")
    assert (synced.on_github("Stage 7.3")["due"], synced.on_github("Polish")["title"]) == ("2027-01-31", "Polish")


def test_an_unknown_title_to_restore_is_named(synced: SimulatedServices, roadmap: Callable[..., Result]) -> None:
    result = roadmap(synced, "sync", "--restore", "Stage 9")
    assert result.exit_code == 2
    assert "Stage 9" in result.output
    assert "trash" in result.output
