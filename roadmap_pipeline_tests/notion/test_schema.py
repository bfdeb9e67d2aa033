"""Making both databases in the simulated workspace, finding them again, and refusing what is out of shape."""

from collections import Counter
from typing import Any

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP
from roadmap_pipeline.notion.schema import (
    AddOptions,
    AddProperty,
    AddView,
    CreateDatabase,
    Database,
    DescribeProperties,
    RenameTitle,
    SchemaError,
    SetDescription,
    apply,
    check,
    find,
    observe,
    plan,
    resolve,
    show_schema,
)
from roadmap_pipeline_tests.notion.conftest import KEY, PARENT, Databases, Workspace, apply_all, make
from roadmap_sandbox.notion import faults

REPORTS = {
    "Report Name": "title",
    "Report Date": "date",
    "Analysis Period": "number/number",
    "Total Failures": "number/number",
    "Auto-fix Success Rate": "number/percent",
    "Average MTTR": "number/number",
    "Top Failure Category": "rich_text",
    "Report Content": "rich_text",
    "GitHub Link": "url",
}
ROADMAP = {
    "🧩 Milestone": "title",
    "📆 Target Date": "date",
    "✅ Status": "select/Planned,In Progress,Blocked,Completed",
    "📊 Progress": "number/percent",
    "📎 Latest CI Health": "relation",
    "📦 Related PR": "url",
    "🧪 Workflow Pass Rate": "number/percent",
    "🩹 Auto-Fix Success": "number/percent",
    "⏱️ MTTR": "number/number",
    "📈 Trend": "select/Improving,Stable,Degrading",
    "📝 Notes": "rich_text",
    "🔑 Sync Key": "rich_text",
    "🔄 Sync State": "select/In step,Changed here,Changed on GitHub,Conflict,Needs a person",
    "🧾 Sync Note": "rich_text",
    "🕒 Last Synced": "date",
    "🧷 Sync Base": "rich_text",
    "📦 Work Done": "number/percent",
    "🔮 Forecast": "date",
    "🎯 On Time": "number/percent",
    "🧭 Forecast State": "rich_text",
    "⚠️ Risk": "rich_text",
}
VIEWS = {
    "CI Intelligence Reports": {"Weekly CI Intelligence", "Quarterly Reports"},
    "Engineering Roadmap": {"Engineering Roadmap", "Engineering Roadmap Timeline", "Sync Status"},
}


def source(client: NotionClient, database: Database) -> dict[str, Any]:
    return client.request("GET", f"data_sources/{database.data_source_id}")


def shape(client: NotionClient, database: Database) -> dict[str, str]:
    """Properties by name, as type/details."""
    shown = {}
    for name, item in source(client, database)["properties"].items():
        details = item[item["type"]]
        more = details.get("format") or ",".join(option["name"] for option in details.get("options", ()))
        shown[name] = f"{item['type']}/{more}" if more else item["type"]
    return shown


def views(client: NotionClient, database: Database) -> dict[str, dict[str, Any]]:
    references = client.paginate("GET", "views", query={"database_id": database.database_id})
    found = [client.request("GET", f"views/{reference['id']}") for reference in references]
    assert len({view["name"] for view in found}) == len(found)
    return {view["name"]: view for view in found}


def alter(client: NotionClient, database: Database, name: str, change: dict[str, Any] | None) -> None:
    """Return what a person changes about a property."""
    path = f"data_sources/{database.data_source_id}"
    client.request("PATCH", path, body={"properties": {database.property_ids[name]: change}})


# --- making -----------------------------------------------------------------------------------------------------------


def test_both_databases_are_made_as_the_contract_says(workspace: Workspace) -> None:
    client = workspace.client
    observed = observe(client, PARENT)
    changes = plan(observed)
    assert [change.describe() for change in changes] == [
        "create database CI Intelligence Reports with 9 properties",
        "add view Weekly CI Intelligence, table, to CI Intelligence Reports",
        "add view Quarterly Reports, table, to CI Intelligence Reports",
        "describe database CI Intelligence Reports",
        "create database Engineering Roadmap with 21 properties",
        "add view Engineering Roadmap, board, to Engineering Roadmap",
        "add view Engineering Roadmap Timeline, timeline, to Engineering Roadmap",
        "add view Sync Status, board, to Engineering Roadmap",
        "describe database Engineering Roadmap",
    ]
    assert workspace.mutations() == client.writes == 0
    for change in changes:
        apply(client, change, observed)
    assert client.writes == len(changes)

    found = resolve(observed)
    reports, roadmap = found["ci_reports"], found["roadmap"]
    assert shape(client, reports) == REPORTS
    assert shape(client, roadmap) == ROADMAP
    relation = source(client, roadmap)["properties"]["📎 Latest CI Health"]["relation"]
    assert relation["data_source_id"] == reports.data_source_id
    assert all("Owner: " in item["description"] for item in source(client, roadmap)["properties"].values())

    saved = views(client, reports)
    period = reports.property_ids["Analysis Period"]
    assert VIEWS["CI Intelligence Reports"] <= saved.keys()
    assert saved["Quarterly Reports"]["filter"] == {"property": period, "number": {"greater_than": 80}}
    saved = views(client, roadmap)
    assert VIEWS["Engineering Roadmap"] <= saved.keys()
    assert saved["Engineering Roadmap"]["type"] == "board"
    group = saved["Engineering Roadmap"]["configuration"]["group_by"]
    assert (group["type"], group["property_id"]) == ("select", roadmap.property_ids["✅ Status"])
    group = saved["Sync Status"]["configuration"]["group_by"]
    assert (group["type"], group["property_id"]) == ("select", roadmap.property_ids["🔄 Sync State"])
    assert saved["Engineering Roadmap Timeline"]["type"] == "timeline"
    date = saved["Engineering Roadmap Timeline"]["configuration"]["date_property_id"]
    assert date == roadmap.property_ids["📆 Target Date"]


def test_nothing_is_made_twice(workspace: Workspace, databases: Databases) -> None:
    before = workspace.mutations()
    observed = observe(workspace.client, PARENT)
    assert plan(observed) == []
    assert plan(observe(workspace.client, PARENT, thorough=True)) == []
    assert resolve(observed) == {"ci_reports": databases.reports, "roadmap": databases.roadmap}
    assert workspace.mutations() == before


def test_a_quiet_look_costs_few_requests(workspace: Workspace, databases: Databases) -> None:
    before = workspace.client.requests
    observe(workspace.client, PARENT)
    assert workspace.client.requests - before == 5


@pytest.mark.parametrize("done", range(9))
def test_making_goes_on_where_it_stopped(workspace: Workspace, done: int) -> None:
    client = workspace.client
    observed = observe(client, PARENT)
    changes = plan(observed)
    for change in changes[:done]:
        apply(client, change, observed)
    observed = observe(client, PARENT)
    rest = plan(observed)
    assert rest == changes[done:]
    for change in rest:
        apply(client, change, observed)
    found = resolve(observed)
    assert views(client, found["ci_reports"]).keys() >= VIEWS["CI Intelligence Reports"]
    assert views(client, found["roadmap"]).keys() >= VIEWS["Engineering Roadmap"]


LOST = [
    faults.unavailable(),
    faults.unavailable(after_commit=True),
    faults.unavailable(after_commit=True, telling=True),
    faults.internal(after_commit=True),
    faults.conflict(),
    faults.dropped(after_commit=True),
    faults.rate_limited(0),
]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_lost_answers_make_nothing_twice(workspace: Workspace, fault: faults.Fault) -> None:
    for skip in range(9):
        workspace.state.faults.add(fault, lambda asked: asked.mutating, skip=skip)
    made = make(workspace.client)
    assert_whole(workspace.client, made)


@pytest.mark.parametrize("seed", range(4))
def test_random_failures_make_nothing_twice(workspace: Workspace, seed: int) -> None:
    workspace.state.faults.at_random(0.2, seed)
    made = make(workspace.client)
    workspace.state.faults.clear()
    assert_whole(workspace.client, made)


def assert_whole(client: NotionClient, made: Databases) -> None:
    children = client.paginate("GET", f"blocks/{PARENT}/children")
    titles = Counter(block["child_database"]["title"] for block in children)
    assert titles == {"CI Intelligence Reports": 1, "Engineering Roadmap": 1}
    assert shape(client, made.reports) == REPORTS
    assert shape(client, made.roadmap) == ROADMAP
    assert views(client, made.reports).keys() >= VIEWS["CI Intelligence Reports"]
    assert views(client, made.roadmap).keys() >= VIEWS["Engineering Roadmap"]
    assert plan(observe(client, PARENT, thorough=True)) == []


# --- finding ----------------------------------------------------------------------------------------------------------


def test_a_database_is_found_by_title_or_id(workspace: Workspace, databases: Databases) -> None:
    client, wanted = workspace.client, databases.roadmap
    for given in (None, wanted.database_id, wanted.database_id.replace("-", ""), wanted.url):
        found = find(client, ENGINEERING_ROADMAP, PARENT, given)
        assert found is not None
        assert (found.database_id, found.data_source_id) == (wanted.database_id, wanted.data_source_id)


def test_nothing_is_found_in_an_empty_workspace(workspace: Workspace) -> None:
    assert find(workspace.client, CI_REPORTS, PARENT) is None


def test_whatever_people_rename_is_still_recognised(workspace: Workspace, databases: Databases) -> None:
    client, roadmap = workspace.client, databases.roadmap
    title = [{"text": {"content": "Plans for 2027"}}]
    client.request("PATCH", f"databases/{roadmap.database_id}", body={"title": title})
    alter(client, roadmap, "📊 Progress", {"name": "Fortschritt"})
    alter(client, roadmap, "🧩 Milestone", {"name": "Stage"})
    observed = observe(client, PARENT)
    assert plan(observed) == []
    assert resolve(observed)["roadmap"].property_ids == roadmap.property_ids


def test_renamed_properties_and_options_are_known_by_id(workspace: Workspace, databases: Databases) -> None:
    client, roadmap = workspace.client, databases.roadmap
    status = source(client, roadmap)["properties"]["✅ Status"]["select"]["options"]
    renamed = [
        {"id": o["id"], "name": {"Blocked": "Stuck"}.get(o["name"], o["name"]), "color": o["color"]} for o in status
    ]
    alter(client, roadmap, "✅ Status", {"name": "State", "description": None, "select": {"options": renamed}})
    # Somebody else's new property must not be taken for ours.
    path = f"data_sources/{roadmap.data_source_id}"
    client.request("PATCH", path, body={"properties": {"✅ Status": {"rich_text": {}}}})

    with pytest.raises(SchemaError, match="✅ Status is of type rich_text instead of select"):
        resolve(observe(client, PARENT))
    known = {"roadmap": Database.from_dict(roadmap.as_dict())}
    observed = observe(client, PARENT, known=known, thorough=True)
    assert plan(observed) == []
    found = resolve(observed)["roadmap"]
    assert found.property_ids == roadmap.property_ids
    assert found.option_ids == roadmap.option_ids
    assert found.option_names["✅ Status"]["Blocked"] == "Stuck"


def test_descriptions_of_an_older_version_are_brought_up_to_date_and_peoples_stay(
    workspace: Workspace, databases: Databases
) -> None:
    client = workspace.client
    former = ENGINEERING_ROADMAP.property("⏱️ MTTR").former_description
    alter(client, databases.roadmap, "⏱️ MTTR", {"name": "Time to repair", "description": former})
    alter(client, databases.roadmap, "📊 Progress", {"description": "Ask Ana."})
    # Without a memory of its id it is known by what an older version said of it.
    (change,) = plan(observe(client, PARENT))
    assert change == DescribeProperties(ENGINEERING_ROADMAP, (ENGINEERING_ROADMAP.property("⏱️ MTTR"),))
    apply_all(client, observe(client, PARENT))
    assert plan(observe(client, PARENT)) == []
    properties = client.request("GET", f"data_sources/{databases.roadmap.data_source_id}")["properties"]
    assert properties["Time to repair"]["description"] == ENGINEERING_ROADMAP.property("⏱️ MTTR").description
    assert properties["📊 Progress"]["description"] == "Ask Ana."


def test_rates_and_means_say_their_unit_what_n_is_and_when_it_suffices() -> None:
    numbers = [spec for schema in (CI_REPORTS, ENGINEERING_ROADMAP) for spec in schema.properties if spec.format]
    for spec in numbers:
        assert any(unit in spec.description for unit in ("in %", "Hours ", "Number ", "in days")), spec.name
        # Of 5,000 simulated courses, whatever the milestone.
        if spec.name not in ("Analysis Period", "Total Failures", "📊 Progress", "🎯 On Time"):
            assert "Under n = 5 it means little; empty without" in spec.description, spec.name
            assert "(n" in spec.description, spec.name
        assert len(spec.description) <= 280, spec.name  # read in a tooltip


def test_variation_selectors_do_not_matter(workspace: Workspace, databases: Databases) -> None:
    alter(workspace.client, databases.roadmap, "⏱️ MTTR", {"name": "⏱ MTTR ", "description": None})
    assert plan(observe(workspace.client, PARENT)) == []


def test_of_two_databases_of_one_title_the_described_one_is_ours(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    title = [{"text": {"content": "Engineering Roadmap"}}]
    body = {"parent": {"type": "page_id", "page_id": PARENT}, "title": title}
    other = client.request("POST", "databases", body=body)
    assert resolve(observe(client, PARENT))["roadmap"] == databases.roadmap
    for database_id in (other["id"], databases.roadmap.database_id):
        client.request("PATCH", f"databases/{database_id}", body={"description": []})
    with pytest.raises(SchemaError, match=r"exists several times.*NOTION_ROADMAP_DB_ID"):
        observe(client, PARENT)


# --- refusing ---------------------------------------------------------------------------------------------------------


def test_a_parent_page_that_is_not_shared_is_a_matter_of_configuration(workspace: Workspace) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(ConfigurationError, match=r"NOTION_PARENT_PAGE_ID.*share the page with the integration"):
        observe(workspace.client, unknown)
    with pytest.raises(ConfigurationError, match=r"NOTION_PARENT_PAGE_ID.*no Notion id"):
        observe(workspace.client, "Engineering")


def test_a_database_that_cannot_be_read_stops_everything(workspace: Workspace, databases: Databases) -> None:
    client, before = workspace.client, workspace.mutations()
    with pytest.raises(NotionError, match=r"not shared.*NOTION_ROADMAP_DB_ID") as raised:
        observe(client, PARENT, {"roadmap": "00000000-0000-4000-8000-000000000000"})
    assert raised.value.exit_code == 1
    assert workspace.mutations() == before
    client.request("PATCH", f"databases/{databases.roadmap.database_id}", body={"in_trash": True})
    with pytest.raises(NotionError, match="in the trash"):
        observe(client, PARENT, known={"roadmap": databases.roadmap})


def test_a_wrong_key_is_a_matter_of_configuration(workspace: Workspace) -> None:
    with (
        NotionClient("wrong", base_url=workspace.base_url, requests_per_second=None) as client,
        pytest.raises(ConfigurationError, match="NOTION_API_KEY"),
    ):
        observe(client, PARENT)


def test_a_deleted_property_is_refused_and_mended_on_request(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    alter(client, databases.roadmap, "📈 Trend", None)
    alter(client, databases.roadmap, "📎 Latest CI Health", None)
    observed = observe(client, PARENT)
    with pytest.raises(SchemaError) as raised:
        resolve(observed)
    assert [problem.property for problem in raised.value.problems] == ["📎 Latest CI Health", "📈 Trend"]
    assert all(problem.missing for problem in raised.value.problems)
    assert [type(change) for change in plan(observed)] == [AddProperty, AddProperty]
    apply_all(client, observed)
    assert plan(observed) == []
    assert shape(client, resolve(observed)["roadmap"]) == ROADMAP


def test_a_retyped_property_is_refused(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    alter(client, databases.roadmap, "📊 Progress", {"rich_text": {}})
    alter(client, databases.reports, "Report Date", {"rich_text": {}})
    before = workspace.mutations()
    for attempt in (plan, resolve):
        with pytest.raises(SchemaError) as raised:
            attempt(observe(client, PARENT))
        assert "Report Date is of type rich_text instead of date" in str(raised.value)
        assert "📊 Progress is of type rich_text instead of number" in str(raised.value)
    assert workspace.mutations() == before


def test_two_properties_that_could_be_meant_are_refused(workspace: Workspace, databases: Databases) -> None:
    path = f"data_sources/{databases.roadmap.data_source_id}"
    workspace.client.request("PATCH", path, body={"properties": {"⏱ MTTR": {"number": {}}}})
    found = find(workspace.client, ENGINEERING_ROADMAP, PARENT)
    assert found is not None
    (problem,) = check(found, ENGINEERING_ROADMAP)
    assert problem.property == "⏱️ MTTR"
    assert "could be any of" in problem.describe()
    assert check(found, ENGINEERING_ROADMAP, databases.roadmap) == []


def test_a_relation_to_another_database_is_refused(workspace: Workspace, databases: Databases) -> None:
    own = {"data_source_id": databases.roadmap.data_source_id, "type": "single_property", "single_property": {}}
    alter(workspace.client, databases.roadmap, "📎 Latest CI Health", {"relation": own})
    with pytest.raises(SchemaError, match="does not point to CI Intelligence Reports"):
        resolve(observe(workspace.client, PARENT))


def test_missing_databases_do_not_resolve(workspace: Workspace) -> None:
    with pytest.raises(SchemaError, match=r"CI Intelligence Reports does not exist yet.*Engineering Roadmap does not"):
        resolve(observe(workspace.client, PARENT))


# --- databases that people made ---------------------------------------------------------------------------------------


def test_a_database_that_a_person_made_is_completed(workspace: Workspace) -> None:
    client = workspace.client
    options = [{"name": "Planned", "color": "pink"}, {"name": "Dropped", "color": "brown"}]
    body = {
        "parent": {"type": "page_id", "page_id": PARENT},
        "title": [{"text": {"content": "Our plan"}}],
        "description": [{"text": {"content": "Ours."}}],
        "initial_data_source": {
            "properties": {
                "Name": {"title": {}},
                "✅ Status": {"select": {"options": options}},
                "Budget": {"number": {"format": "dollar"}},
            }
        },
    }
    theirs = client.request("POST", "databases", body=body)
    ids = {"roadmap": theirs["id"]}
    changes = plan(observe(client, PARENT, ids))
    kinds = Counter(type(change) for change in changes)
    assert kinds == {
        CreateDatabase: 1,
        AddView: 5,
        SetDescription: 1,
        AddProperty: 19,
        RenameTitle: 1,
        AddOptions: 1,
    }
    apply_all(client, observe(client, PARENT, ids))
    observed = observe(client, PARENT, ids, thorough=True)
    assert plan(observed) == []
    roadmap = resolve(observed)["roadmap"]
    found = shape(client, roadmap)
    assert found.pop("Budget") == "number/dollar"
    assert found.pop("✅ Status") == "select/Planned,Dropped,In Progress,Blocked,Completed"
    assert found == {name: kind for name, kind in ROADMAP.items() if name != "✅ Status"}
    database = client.request("GET", f"databases/{theirs['id']}")
    assert database["description"][0]["plain_text"] == "Ours."


def test_the_schema_can_be_shown() -> None:
    rows = show_schema()
    assert len(rows) == 30
    assert {(row["database"], row["property"]) for row in rows} == {
        *(("CI Intelligence Reports", name) for name in REPORTS),
        *(("Engineering Roadmap", name) for name in ROADMAP),
    }
    by_name = {row["property"]: row for row in rows}
    assert by_name["✅ Status"]["options"] == ["Planned", "In Progress", "Blocked", "Completed"]
    assert by_name["📎 Latest CI Health"]["options"] == ["CI Intelligence Reports"]
    assert by_name["📊 Progress"]["format"] == "percent"
    assert by_name["📝 Notes"]["owner"] == "people"
    assert len({row["description"] for row in rows}) == 30
    assert KEY not in str(rows)
