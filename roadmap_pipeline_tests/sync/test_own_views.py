"""Views of one's own: made, kept as roadmap.toml describes them, and never anybody else's."""

from typing import Any

import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.sync.result import SyncResult
from roadmap_pipeline_tests.sync.conftest import ROADMAP, Kill, SimulatedServices

BLOCKED = """
[[notion.views]]
name = "Blocked"
database = "roadmap"
filter = [{ property = "Status", is = "Blocked" }]
sort = [{ property = "📆 Target Date" }]
properties = ["Status", "Target Date"]
"""
BOARD = """
[[notion.views]]
name = "Trends"
database = "roadmap"
type = "board"
group = "Trend"
"""


def describe(services: SimulatedServices, text: str) -> None:
    (services.warehouse.parent / "roadmap.toml").write_text(text, encoding="utf-8")


def setup(services: SimulatedServices) -> SyncResult:
    with services.runtime() as runtime:
        return pipeline.setup_notion(runtime)


def views(services: SimulatedServices, database: str = ROADMAP) -> dict[str, dict[str, Any]]:
    found = services.api("GET", f"views?database_id={services.databases()[database]}")["results"]
    named = [services.api("GET", f"views/{one['id']}") for one in found]
    assert len({view["name"] for view in named}) == len(named)
    return {view["name"]: {key: one for key, one in view.items() if key != "request_id"} for view in named}


def property_ids(services: SimulatedServices) -> dict[str, str]:
    source = services.api("GET", f"databases/{services.databases()[ROADMAP]}")["data_sources"][0]["id"]
    return {name: item["id"] for name, item in services.api("GET", f"data_sources/{source}")["properties"].items()}


def kinds(result: SyncResult) -> list[str]:
    return [change.title for change in result.done if "view" in change.kind]


def test_views_are_made_with_the_databases_and_a_second_run_writes_nothing(services: SimulatedServices) -> None:
    describe(services, BLOCKED + BOARD)
    result = setup(services)
    assert kinds(result)[-2:] == [
        "add view Blocked, table, to Engineering Roadmap",
        "add view Trends, board, to Engineering Roadmap",
    ]
    ids = property_ids(services)
    made = views(services)
    assert made["Blocked"]["filter"] == {"property": ids["✅ Status"], "select": {"equals": "Blocked"}}
    assert made["Blocked"]["sorts"] == [{"property": ids["📆 Target Date"], "direction": "ascending"}]
    shown = made["Blocked"]["configuration"]["properties"]
    assert [one["property_id"] for one in shown if one["visible"]] == [ids["✅ Status"], ids["📆 Target Date"]]
    assert len(shown) == len(ids) - 1  # the title is always shown
    assert made["Trends"]["configuration"]["group_by"]["property_id"] == ids["📈 Trend"]
    assert len(services.writes()) > 0
    for again in (setup, lambda one: one.sync("databases")):
        assert again(services).plan.changes == ()
    assert services.writes() == []


def test_an_ordinary_run_makes_and_changes_them_and_reads_no_view_where_nothing_changed(
    prepared: SimulatedServices,
) -> None:
    describe(prepared, BLOCKED)
    assert kinds(prepared.sync("databases")) == ["add view Blocked, table, to Engineering Roadmap"]
    before = views(prepared)
    prepared.writes()
    assert prepared.sync("databases").plan.changes == ()
    assert not [entry.path for entry in prepared.notion.journal if "views" in entry.path]

    changed = BLOCKED.replace("sort =", "# sort =").replace('is = "Blocked"', 'is_not = "Completed"')
    describe(prepared, changed)
    assert kinds(prepared.sync("databases")) == ["change view Blocked, table, of Engineering Roadmap"]
    after = views(prepared)
    assert after.keys() == before.keys()
    assert after["Blocked"]["id"] == before["Blocked"]["id"]
    assert after["Blocked"]["filter"]["select"] == {"does_not_equal": "Completed"}
    assert after["Blocked"]["sorts"] is None
    assert {name: view for name, view in after.items() if name != "Blocked"} == {
        name: view for name, view in before.items() if name != "Blocked"
    }

    # A view's type can't change: the new one takes its place.
    describe(prepared, changed.replace('database = "roadmap"', 'database = "roadmap"\ntype = "gallery"'))
    assert kinds(prepared.sync("databases")) == [
        "add view Blocked, gallery, to Engineering Roadmap in place of the one of that name"
    ]
    assert views(prepared)["Blocked"]["type"] == "gallery"
    prepared.writes()
    assert prepared.sync("databases").plan.changes == ()


def test_one_that_is_no_longer_described_stays_and_is_named_once(prepared: SimulatedServices) -> None:
    describe(prepared, BLOCKED + BOARD)
    prepared.sync("databases")
    describe(prepared, BOARD)
    prepared.writes()
    result = prepared.sync("databases")
    assert list(result.plan.notes) == [
        "the view Blocked of Engineering Roadmap is no longer in roadmap.toml: it stays in Notion"
    ]
    assert list(prepared.sync("databases").plan.notes) == []
    assert prepared.writes() == []
    assert {"Blocked", "Trends"} <= views(prepared).keys()
    # Described again, it is taken up as it is.
    describe(prepared, BLOCKED + BOARD)
    assert prepared.sync("databases").plan.changes == ()


def test_peoples_views_are_left_alone(prepared: SimulatedServices) -> None:
    theirs = views(prepared)["Default view"]["id"]
    prepared.notion.rename_view(theirs, "Blocked")
    before = views(prepared)
    describe(prepared, BLOCKED)
    prepared.writes()
    result = prepared.sync("databases")
    assert (result.plan.changes, prepared.writes()) == ((), [])
    assert list(result.plan.notes) == [
        "the view Blocked of Engineering Roadmap stays as people made or edited it; to have it back as roadmap.toml"
        " describes it, delete it in Notion and run `roadmap setup-notion --create-databases`"
    ]
    assert list(prepared.sync("databases").plan.notes) == []
    assert views(prepared) == before


def test_one_that_people_edited_is_theirs_and_one_they_deleted_comes_back_on_request(
    prepared: SimulatedServices,
) -> None:
    describe(prepared, BLOCKED)
    prepared.sync("databases")
    view = views(prepared)["Blocked"]["id"]
    prepared.notion.rename_view(view, "Our blockers")
    assert setup(prepared).plan.changes == ()
    describe(prepared, BLOCKED.replace("is =", "is_not ="))
    result = prepared.sync("databases")
    assert result.plan.changes == ()
    assert "the view Our blockers of Engineering Roadmap stays" in result.plan.notes[0]
    assert "Blocked" not in views(prepared)
    prepared.api("DELETE", f"views/{view}")
    assert prepared.sync("databases").plan.changes == ()
    assert kinds(setup(prepared)) == ["add view Blocked, table, to Engineering Roadmap"]


@pytest.mark.parametrize("after", [False, True], ids=["before it arrived", "after it arrived"])
def test_a_run_that_was_killed_leaves_one_view(prepared: SimulatedServices, after: bool) -> None:
    describe(prepared, BLOCKED)
    assert prepared.killed(Kill(1, after=after))
    assert prepared.sync("databases").failed == []
    assert "Blocked" in views(prepared)
    prepared.writes()
    assert prepared.sync("databases").plan.changes == ()
    assert prepared.writes() == []


def test_a_machine_that_knows_nothing_writes_nothing(prepared: SimulatedServices) -> None:
    describe(prepared, BLOCKED + BOARD)
    prepared.sync("databases")
    another = prepared.on_another_machine(warehouse=False)
    describe(another, BLOCKED + BOARD)
    prepared.writes()
    assert another.sync("databases").plan.changes == ()
    assert prepared.writes() == []
