"""Databases that an older version made: brought up to date by an ordinary run, and told from what people deleted."""

from typing import Any

import pytest

from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.notion.layout import ENGINEERING_ROADMAP
from roadmap_pipeline.notion.rows import create_row, read_rows
from roadmap_pipeline.notion.schema import Database, SchemaError, apply, observe, plan, resolve, resolve_present
from roadmap_pipeline_tests.notion.conftest import PARENT, Databases, Workspace, apply_all
from roadmap_pipeline_tests.notion.test_schema import ROADMAP, VIEWS, alter, shape, views
from roadmap_sandbox.notion import faults

NEW = [
    "🔑 Sync Key",
    "🔄 Sync State",
    "🧾 Sync Note",
    "🕒 Last Synced",
    "🧷 Sync Base",
    "📦 Work Done",
    "🔮 Forecast",
    "🎯 On Time",
    "🧭 Forecast State",
    "⚠️ Risk",
]
FORMER = "One row per GitHub milestone, and those that people add. Kept by roadmap_pipeline."


def describe(client: NotionClient, database: Database, text: str) -> None:
    body = {"description": [{"type": "text", "text": {"content": text}}]}
    client.request("PATCH", f"databases/{database.database_id}", body=body)


def description(client: NotionClient, database: Database) -> str:
    found = client.request("GET", f"databases/{database.database_id}")["description"]
    return "".join(item["plain_text"] for item in found)


@pytest.fixture
def former(workspace: Workspace, databases: Databases) -> Database:
    """Return the roadmap as version 1 made it, with a row, as the warehouse then remembered it."""
    client, roadmap = workspace.client, databases.roadmap
    create_row(client, roadmap, {"🧩 Milestone": "Stage 7.3", "✅ Status": "Blocked"})
    for name in NEW:
        alter(client, roadmap, name, None)
    client.request("DELETE", f"views/{views(client, roadmap)['Sync Status']['id']}")
    body = {
        "database_id": roadmap.database_id,
        "data_source_id": roadmap.data_source_id,
        "name": "Sync Status",
        "type": "table",
        "sorts": [{"timestamp": "last_edited_time", "direction": "descending"}],
        "configuration": {"type": "table"},
    }
    client.request("POST", "views", body=body)
    describe(client, roadmap, FORMER)
    remembered = roadmap.as_dict()
    remembered["property_ids"] = {name: id_ for name, id_ in remembered["property_ids"].items() if name not in NEW}
    return Database.from_dict(remembered)


def assert_up_to_date(client: NotionClient, known: dict[str, Database]) -> None:
    observed = observe(client, PARENT, known=known)
    assert plan(observed) == []
    roadmap = resolve(observed)["roadmap"]
    assert shape(client, roadmap) == ROADMAP
    saved = views(client, roadmap)
    assert VIEWS["Engineering Roadmap"] <= saved.keys()
    group = saved["Sync Status"]["configuration"]["group_by"]
    assert (saved["Sync Status"]["type"], group["property_id"]) == ("board", roadmap.property_ids["🔄 Sync State"])
    assert [row.values["✅ Status"] for row in read_rows(client, roadmap)] == ["Blocked"]


@pytest.mark.parametrize("is_remembered", [True, False], ids=["remembered", "warehouse lost"])
def test_an_ordinary_run_brings_a_database_up_to_date(
    workspace: Workspace, former: Database, is_remembered: bool
) -> None:
    client = workspace.client
    known = {"roadmap": former} if is_remembered else {}
    observed = observe(client, PARENT, known=known)
    problems = observed.problems()
    assert [problem.property for problem in problems] == NEW
    assert all(problem.missing and problem.is_new for problem in problems)
    # Its rows can be read meanwhile, without what is still to come.
    partial = resolve_present(observed)["roadmap"]
    assert partial.property_ids == former.property_ids
    (row,) = read_rows(client, partial)
    assert (row.values["🧩 Milestone"], row.values.keys() & set(NEW)) == ("Stage 7.3", set())

    changes = plan(observed)
    assert [change.describe() for change in changes] == [
        "add property 🔑 Sync Key, rich_text, to Engineering Roadmap",
        "add property 🔄 Sync State, select, to Engineering Roadmap",
        "add property 🧾 Sync Note, rich_text, to Engineering Roadmap",
        "add property 🕒 Last Synced, date, to Engineering Roadmap",
        "add property 🧷 Sync Base, rich_text, to Engineering Roadmap",
        "add property 📦 Work Done, number (percent), to Engineering Roadmap",
        "add property 🔮 Forecast, date, to Engineering Roadmap",
        "add property 🎯 On Time, number (percent), to Engineering Roadmap",
        "add property 🧭 Forecast State, rich_text, to Engineering Roadmap",
        "add property ⚠️ Risk, rich_text, to Engineering Roadmap",
        "add view Sync Status, board, to Engineering Roadmap in place of the table of that name",
        "describe database Engineering Roadmap",
    ]
    for change in changes:
        apply(client, change, observed)
    assert_up_to_date(client, known)
    assert description(client, former) == ENGINEERING_ROADMAP.description


@pytest.mark.parametrize("done", range(12))
def test_bringing_it_up_to_date_goes_on_where_it_stopped(workspace: Workspace, former: Database, done: int) -> None:
    client, known = workspace.client, {"roadmap": former}
    observed = observe(client, PARENT, known=known)
    changes = plan(observed)
    assert len(changes) == 12
    for change in changes[:done]:
        apply(client, change, observed)
    rest = observe(client, PARENT, known=known)
    assert plan(rest) == changes[done:]
    apply_all(client, rest)
    assert_up_to_date(client, known)


@pytest.mark.parametrize(
    "fault",
    [
        faults.unavailable(after_commit=True),
        faults.internal(after_commit=True),
        faults.dropped(after_commit=True),
        faults.conflict(),
    ],
    ids=str,
)
def test_lost_responses_bring_nothing_twice(workspace: Workspace, former: Database, fault: faults.Fault) -> None:
    client, known = workspace.client, {"roadmap": former}
    for skip in range(8):
        workspace.state.faults.add(fault, lambda asked: asked.mutating, skip=skip)
    apply_all(client, observe(client, PARENT, known=known))
    workspace.state.faults.clear()
    assert_up_to_date(client, known)
    # views() fails when two bear one name.
    assert views(client, former)["Sync Status"]["type"] == "board"


def test_a_kill_between_the_new_view_and_the_old_one_leaves_one(workspace: Workspace, former: Database) -> None:
    client, known = workspace.client, {"roadmap": former}
    table = views(client, former)["Sync Status"]["id"]
    fault = faults.Fault(403, "restricted_resource", "Insufficient permissions for this endpoint.")
    workspace.state.faults.add(fault, lambda asked: asked.method == "DELETE")
    with pytest.raises(Exception, match="Insufficient permissions"):
        apply_all(client, observe(client, PARENT, known=known))
    names = [view["name"] for view in all_views(client, former)]
    assert names.count("Sync Status") == 2
    apply_all(client, observe(client, PARENT, known=known))
    assert_up_to_date(client, known)
    assert table not in {view["id"] for view in all_views(client, former)}


def all_views(client: NotionClient, database: Database) -> list[dict[str, Any]]:
    references = client.paginate("GET", "views", query={"database_id": database.database_id})
    return [client.request("GET", f"views/{reference['id']}") for reference in references]


def test_a_view_that_people_edited_stays(workspace: Workspace, former: Database) -> None:
    client, known = workspace.client, {"roadmap": former}
    table = views(client, former)["Sync Status"]
    workspace.state.rename_view(table["id"], "Ours")
    workspace.state.rename_view(table["id"], "Sync Status")
    apply_all(client, observe(client, PARENT, known=known))
    stays = views(client, former)["Sync Status"]
    assert [stays[key] for key in ("id", "type", "sorts")] == [table[key] for key in ("id", "type", "sorts")]
    assert plan(observe(client, PARENT, known=known, thorough=True)) == []
    assert shape(client, former) == ROADMAP


def test_what_people_deleted_from_the_former_version_stays_deleted(workspace: Workspace, former: Database) -> None:
    client, known = workspace.client, {"roadmap": former}
    client.request("DELETE", f"views/{views(client, former)['Engineering Roadmap Timeline']['id']}")
    workspace.state.delete_option(former.data_source_id, "✅ Status", "Planned")
    apply_all(client, observe(client, PARENT, known=known))
    assert "Engineering Roadmap Timeline" not in views(client, former)
    assert "Planned" not in shape(client, former)["✅ Status"]
    assert plan(observe(client, PARENT, known=known)) == []


@pytest.mark.parametrize("is_remembered", [True, False], ids=["remembered", "warehouse lost"])
def test_a_column_of_the_former_version_that_people_deleted_is_missing(
    workspace: Workspace, former: Database, is_remembered: bool
) -> None:
    alter(workspace.client, former, "📆 Target Date", None)
    observed = observe(workspace.client, PARENT, known={"roadmap": former} if is_remembered else {})
    deleted = [problem.property for problem in observed.problems() if not problem.is_new]
    assert deleted == ["📆 Target Date"]
    assert "roadmap" not in resolve_present(observed)


@pytest.mark.parametrize("is_remembered", [True, False], ids=["remembered", "warehouse lost"])
@pytest.mark.parametrize("name", ["🔑 Sync Key", "🔄 Sync State", "📆 Target Date"])
def test_a_column_of_this_version_that_people_deleted_is_missing(
    workspace: Workspace, databases: Databases, is_remembered: bool, name: str
) -> None:
    client = workspace.client
    alter(client, databases.roadmap, name, None)
    known = {"roadmap": databases.roadmap} if is_remembered else {}
    observed = observe(client, PARENT, known=known)
    (problem,) = observed.problems()
    assert (problem.property, problem.missing, problem.is_new) == (name, True, False)
    assert "setup-notion --create-databases" in problem.remedy
    with pytest.raises(SchemaError):
        resolve(observed)
    # On request it comes back, with another id: nobody may take it for the column that held values.
    apply_all(client, observed)
    again = resolve(observe(client, PARENT, known=known))["roadmap"]
    assert again.property_ids[name] != databases.roadmap.property_ids[name]
    assert shape(client, again) == ROADMAP


def test_a_warehouse_of_the_former_version_does_not_hide_that_people_deleted_a_column(
    workspace: Workspace, databases: Databases
) -> None:
    """Another machine has brought the database up to date, and then a person deleted a column."""
    stored = databases.roadmap.as_dict()
    stored["property_ids"] = {name: id_ for name, id_ in stored["property_ids"].items() if name not in NEW}
    alter(workspace.client, databases.roadmap, "🔑 Sync Key", None)
    observed = observe(workspace.client, PARENT, known={"roadmap": Database.from_dict(stored)})
    assert [problem.is_new for problem in observed.problems()] == [False]


def test_a_column_deleted_from_a_database_that_people_described_is_missing_once_it_was_there(
    workspace: Workspace, databases: Databases
) -> None:
    describe(workspace.client, databases.roadmap, "Ask Ana.")
    alter(workspace.client, databases.roadmap, "📆 Target Date", None)
    observed = observe(workspace.client, PARENT, known={"roadmap": databases.roadmap})
    assert [(problem.property, problem.is_new) for problem in observed.problems()] == [("📆 Target Date", False)]


def test_what_people_wrote_around_the_description_stays(workspace: Workspace, former: Database) -> None:
    describe(workspace.client, former, f"Ask Ana.\n{FORMER} Since 2025.")
    known = {"roadmap": former}
    apply_all(workspace.client, observe(workspace.client, PARENT, known=known))
    assert_up_to_date(workspace.client, known)
    assert description(workspace.client, former) == f"Ask Ana.\n{ENGINEERING_ROADMAP.description} Since 2025."


def test_a_quiet_look_at_an_up_to_date_database_costs_no_more_than_before(
    workspace: Workspace, former: Database
) -> None:
    apply_all(workspace.client, observe(workspace.client, PARENT, known={"roadmap": former}))
    before = workspace.client.requests
    observe(workspace.client, PARENT)
    # the page's databases, listed once for both; and of each the database and its data source
    assert workspace.client.requests - before == 5


def test_of_another_database_nothing_is_remembered(workspace: Workspace, databases: Databases) -> None:
    """Ids of properties hold for their database only; another one is completed like any that people made."""
    body = {
        "parent": {"type": "page_id", "page_id": PARENT},
        "title": [{"text": {"content": "Our plan"}}],
        "initial_data_source": {"properties": {"Name": {"title": {}}}},
    }
    other = workspace.client.request("POST", "databases", body=body)
    known = {"ci_reports": databases.reports, "roadmap": databases.roadmap}
    observed = observe(workspace.client, PARENT, {"roadmap": other["id"]}, known)
    assert all(problem.is_new for problem in observed.problems())
    apply_all(workspace.client, observed)
    assert resolve(observed)["roadmap"].data_source_id == other["data_sources"][0]["id"]
