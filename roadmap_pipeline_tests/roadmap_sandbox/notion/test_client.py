"""The unmodified client against the simulator: what the pipeline does, end to end."""

from datetime import timedelta
from typing import Any

import pytest
from notion_client import APIResponseError
from notion_client.helpers import collect_paginated_api, iterate_paginated_api

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import Bench, text, title

ROADMAP = {
    "🧩 Milestone": {"title": {}},
    "📆 Target Date": {"date": {}},
    "✅ Status": {"select": {"options": [{"name": "Planned", "color": "gray"}, {"name": "Completed"}]}},
    "📊 Progress": {"number": {"format": "percent"}},
    "📦 Related PR": {"url": {}},
    "⏱️ MTTR": {"number": {"format": "number"}},
    "📝 Notes": {"rich_text": {}},
    "Done": {"checkbox": {}},
    "Tags": {"multi_select": {}},
    "State": {"status": {}},
    "No": {"unique_id": {"prefix": "RM"}},
    "Made": {"created_time": {}},
    "By": {"created_by": {}},
}


def test_the_integration_introduces_itself(bench: Bench) -> None:
    me: Any = bench.client.users.me()
    assert me["type"] == "bot"
    assert me["bot"]["workspace_limits"] == {"max_file_upload_size_in_bytes": 5_242_880}
    users: Any = bench.client.users.list()
    assert users["type"] == "user"
    again: Any = bench.client.users.retrieve(user_id=me["id"])
    assert again["name"] == me["name"]


def test_a_database_has_a_data_source_and_a_view(bench: Bench) -> None:
    database_id, source_id = bench.database(ROADMAP, "Engineering Roadmap")
    database: Any = bench.client.databases.retrieve(database_id=database_id)
    assert database["data_sources"] == [{"id": source_id, "name": "Engineering Roadmap"}]
    assert database["created_time"] == "2026-11-16T06:00:42.123+00:00"
    assert "properties" not in database
    source: Any = bench.client.data_sources.retrieve(data_source_id=source_id)
    assert list(source["properties"]) == list(ROADMAP)
    assert source["properties"]["🧩 Milestone"]["id"] == "title"
    assert source["created_time"] == "2026-11-16T06:00:00.000Z"
    assert source["database_parent"] == {"type": "page_id", "page_id": bench.state.parent_page_id}
    options = source["properties"]["✅ Status"]["select"]["options"]
    assert [(option["name"], option["color"]) for option in options] == [("Planned", "gray"), ("Completed", "default")]
    groups = source["properties"]["State"]["status"]["groups"]
    assert [group["name"] for group in groups] == ["To-do", "In progress", "Complete"]
    views: Any = bench.client.views.list(database_id=database_id)
    assert [set(view) for view in views["results"]] == [{"object", "id"}]
    children: Any = bench.client.blocks.children.list(block_id=bench.state.parent_page_id)
    assert [(one["type"], one["child_database"]["title"]) for one in children["results"]] == [
        ("child_database", "Engineering Roadmap")
    ]
    assert children["results"][0]["id"] == database_id


def test_a_new_row_shows_every_property_with_its_empty_value(bench: Bench) -> None:
    _, source_id = bench.database(ROADMAP)
    page = bench.row(source_id, **{"🧩 Milestone": title("Stage 7.3")})
    values = {name: value[value["type"]] for name, value in page["properties"].items()}
    assert values["📆 Target Date"] is None
    assert values["✅ Status"] is None
    assert values["📊 Progress"] is None
    assert values["📦 Related PR"] is None
    assert values["📝 Notes"] == []
    assert values["Done"] is False
    assert values["Tags"] == []
    assert values["State"]["name"] == "Not started"
    assert values["No"] == {"prefix": "RM", "number": 1}
    assert values["Made"] == "2026-11-16T06:00:00.000Z"
    assert values["By"]["type"] == "bot"
    assert list(values)[-1] == "🧩 Milestone"
    assert page["parent"]["type"] == "data_source_id"
    assert set(page["parent"]) == {"type", "data_source_id", "database_id"}
    assert page["url"].startswith("https://app.notion.com/p/Stage-7-3-")
    assert page["url"].endswith(page["id"].replace("-", ""))
    assert "archived" not in page


def test_rows_are_written_by_name_and_by_id(bench: Bench) -> None:
    _, source_id = bench.database(ROADMAP)
    page = bench.row(source_id, **{"🧩 Milestone": title("A")})
    ids = {name: value["id"] for name, value in page["properties"].items()}
    changed: Any = bench.client.pages.update(
        page_id=page["id"],
        properties={
            ids["📊 Progress"]: {"number": 0.55},
            "✅ Status": {"select": {"name": "Blocked"}},
            "Tags": {"multi_select": [{"name": "x"}, {"name": "y"}, {"name": "x"}]},
            "📆 Target Date": {"date": {"start": "2026-12-01"}},
            "State": {"status": {"name": "Done"}},
        },
    )
    values = {name: value[value["type"]] for name, value in changed["properties"].items()}
    assert values["📊 Progress"] == 0.55
    assert values["✅ Status"]["name"] == "Blocked"
    assert [option["name"] for option in values["Tags"]] == ["x", "y"]
    assert values["📆 Target Date"] == {"start": "2026-12-01", "end": None, "time_zone": None}
    assert values["State"]["name"] == "Done"
    source: Any = bench.client.data_sources.retrieve(data_source_id=source_id)
    names = [option["name"] for option in source["properties"]["✅ Status"]["select"]["options"]]
    assert names == ["Planned", "Completed", "Blocked"]
    one: Any = bench.client.pages.properties.retrieve(page_id=page["id"], property_id=ids["📊 Progress"])
    assert one["number"] == 0.55
    only: Any = bench.client.pages.retrieve(page_id=page["id"], filter_properties=["📊 Progress"])
    assert list(only["properties"]) == ["📊 Progress"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"start": "2026-07-25"}, "2026-07-25"),
        ({"start": "2026-07-25T16:57:28.513237Z", "time_zone": "UTC"}, "2026-07-25T16:57:00.000+00:00"),
        ({"start": "2026-07-25T16:57:28", "time_zone": "Europe/London"}, "2026-07-25T16:57:00.000+01:00"),
        ({"start": "2026-07-25T16:57:28"}, "2026-07-25T16:57:00.000+00:00"),
        ({"start": "2026-07-25T16:57:28+05:30"}, "2026-07-25T16:57:00.000+05:30"),
    ],
)
def test_dates_lose_seconds_and_fold_the_time_zone(bench: Bench, written: dict[str, str], read: str) -> None:
    _, source_id = bench.database(ROADMAP)
    page = bench.row(source_id, **{"📆 Target Date": {"date": written}})
    assert page["properties"]["📆 Target Date"]["date"] == {"start": read, "end": None, "time_zone": None}


def test_a_property_is_renamed_and_keeps_its_id_values_and_writes_by_id(bench: Bench) -> None:
    _, source_id = bench.database(ROADMAP)
    page = bench.row(source_id, **{"📝 Notes": {"rich_text": text("keep")}})
    id_ = page["properties"]["📝 Notes"]["id"]
    changed: Any = bench.client.data_sources.update(
        data_source_id=source_id, properties={id_: {"name": "Remarks"}, "Done": None, "Extra": {"email": {}}}
    )
    assert changed["properties"]["Remarks"]["id"] == id_
    assert "Done" not in changed["properties"]
    assert changed["properties"]["Extra"]["type"] == "email"
    again: Any = bench.client.pages.retrieve(page_id=page["id"])
    assert again["properties"]["Remarks"]["rich_text"][0]["plain_text"] == "keep"
    with pytest.raises(APIResponseError, match="Done is not a property that exists"):
        bench.client.pages.update(page_id=page["id"], properties={"Done": {"checkbox": True}})


def test_option_lists_replace_and_take_row_values_with_them(bench: Bench) -> None:
    _, source_id = bench.database(ROADMAP)
    kept = bench.row(source_id, **{"✅ Status": {"select": {"name": "Planned"}}})
    lost = bench.row(source_id, **{"✅ Status": {"select": {"name": "Completed"}}})
    status = {"select": {"options": [{"name": "Planned"}, {"name": "Blocked", "color": "red"}]}}
    changed: Any = bench.client.data_sources.update(data_source_id=source_id, properties={"✅ Status": status})
    options = changed["properties"]["✅ Status"]["select"]["options"]
    assert [(one["name"], one["color"]) for one in options] == [("Planned", "gray"), ("Blocked", "red")]
    value: Any = bench.client.pages.retrieve(page_id=kept["id"])
    assert value["properties"]["✅ Status"]["select"]["name"] == "Planned"
    value = bench.client.pages.retrieve(page_id=lost["id"])
    assert value["properties"]["✅ Status"]["select"] is None


def test_a_dual_relation_keeps_both_sides(bench: Bench) -> None:
    _, reports = bench.database(title="CI Intelligence Reports")
    relation = {"relation": {"data_source_id": reports, "type": "dual_property", "dual_property": {}}}
    _, roadmap = bench.database({"Name": {"title": {}}, "Health": relation}, "Engineering Roadmap")
    target: Any = bench.client.data_sources.retrieve(data_source_id=reports)
    synced = "Related to Engineering Roadmap (Health)"
    assert target["properties"][synced]["relation"]["dual_property"]["synced_property_name"] == "Health"
    report, milestone = bench.row(reports), bench.row(roadmap)
    bench.client.pages.update(page_id=milestone["id"], properties={"Health": {"relation": [{"id": report["id"]}]}})
    other: Any = bench.client.pages.retrieve(page_id=report["id"])
    assert other["properties"][synced]["relation"] == [{"id": milestone["id"]}]
    bench.client.pages.update(page_id=report["id"], properties={synced: {"relation": []}})
    back: Any = bench.client.pages.retrieve(page_id=milestone["id"])
    assert back["properties"]["Health"] == {
        "id": back["properties"]["Health"]["id"],
        "type": "relation",
        "relation": [],
        "has_more": False,
    }


def test_a_relation_that_changes_lets_go_of_its_other_side(bench: Bench) -> None:
    _, first = bench.database(title="First")
    _, second = bench.database(title="Second")
    dual = {"relation": {"data_source_id": first, "dual_property": {}}}
    _, source = bench.database({"Name": {"title": {}}, "R": dual}, "Rows")
    target = bench.row(first)
    page = bench.row(source, R={"relation": [{"id": target["id"]}]})
    elsewhere = {"relation": {"data_source_id": second, "single_property": {}}}
    bench.client.data_sources.update(data_source_id=source, properties={"R": elsewhere})
    schema: Any = bench.client.data_sources.retrieve(data_source_id=first)
    assert schema["properties"]["Related to Rows (R)"]["relation"]["type"] == "single_property"
    values: Any = bench.client.pages.retrieve(page_id=page["id"])
    assert values["properties"]["R"]["relation"] == []
    with pytest.raises(APIResponseError, match="another data source"):
        bench.client.pages.update(page_id=page["id"], properties={"R": {"relation": [{"id": target["id"]}]}})
    with pytest.raises(APIResponseError, match="Could not find page with ID"):
        ghost = "5a11d0c5-0000-4000-8000-00000000dead"
        bench.client.pages.update(page_id=page["id"], properties={"R": {"relation": [{"id": ghost}]}})


def test_a_page_shows_25_relations_and_the_property_endpoint_all(bench: Bench) -> None:
    _, reports = bench.database()
    relation = {"relation": {"data_source_id": reports, "type": "single_property", "single_property": {}}}
    rollup = {"rollup": {"function": "count", "relation_property_name": "Health", "rollup_property_name": "Name"}}
    _, roadmap = bench.database({"Name": {"title": {}}, "Health": relation, "Count": rollup})
    ids = [bench.row(reports, Name=title(str(n)))["id"] for n in range(60)]
    page = bench.row(roadmap, Health={"relation": [{"id": id_} for id_ in ids]})
    shown = page["properties"]["Health"]
    assert [one["id"] for one in shown["relation"]] == ids[:25]
    assert shown["has_more"] is True
    assert page["properties"]["Count"]["rollup"] == {"type": "number", "number": 25, "function": "count"}
    items = collect_paginated_api(
        bench.client.pages.properties.retrieve, page_id=page["id"], property_id=shown["id"], page_size=40
    )
    assert [item["relation"]["id"] for item in items] == ids


def test_queries_page_through_all_rows_newest_first(bench: Bench) -> None:
    _, source_id = bench.database()
    ids = [bench.state.add_row(source_id, {"Name": str(n)}) for n in range(230)]
    rows = list(iterate_paginated_api(bench.client.data_sources.query, data_source_id=source_id))
    assert [row["id"] for row in rows] == ids[::-1]
    first: Any = bench.client.data_sources.query(data_source_id=source_id, page_size=500)
    assert len(first["results"]) == 100
    assert first["type"] == "page_or_data_source"
    assert first["next_cursor"].endswith(ids[129])


def test_the_cap_is_told_by_request_status_alone(bench: Bench) -> None:
    _, source_id = bench.database()
    for n in range(25):
        bench.state.add_row(source_id, {"Name": str(n)})
    bench.state.query_cap = 20
    rows, cursor = 0, None
    while True:
        response: Any = bench.client.data_sources.query(
            data_source_id=source_id, page_size=15, **({"start_cursor": cursor} if cursor else {})
        )
        rows += len(response["results"])
        if not (cursor := response["next_cursor"]):
            break
        assert "request_status" not in response
    assert rows == 20
    assert response["has_more"] is False
    assert response["request_status"] == {
        "type": "incomplete",
        "incomplete_reason": "query_result_limit_reached",
    }


def test_a_cursor_is_good_for_its_own_scan_only(bench: Bench) -> None:
    _, source_id = bench.database()
    for n in range(5):
        bench.state.add_row(source_id, {"Name": str(n)})
    first: Any = bench.client.data_sources.query(data_source_id=source_id, page_size=2)
    cursor = first["next_cursor"]
    with pytest.raises(APIResponseError, match="The start_cursor provided is invalid"):
        bench.client.data_sources.query(
            data_source_id=source_id,
            start_cursor=cursor,
            sorts=[{"timestamp": "created_time", "direction": "ascending"}],
        )
    bench.state.invalidate_cursors()
    with pytest.raises(APIResponseError, match=f"The start_cursor provided is invalid: {cursor}"):
        bench.client.data_sources.query(data_source_id=source_id, start_cursor=cursor)


def test_trash_hides_rows_and_refuses_edits_until_restored(bench: Bench) -> None:
    _, source_id = bench.database()
    page = bench.row(source_id, Name=title("A"))
    trashed: Any = bench.client.pages.update(page_id=page["id"], in_trash=True)
    assert trashed["in_trash"] is True
    listing: Any = bench.client.data_sources.query(data_source_id=source_id)
    assert listing["results"] == []
    with pytest.raises(APIResponseError, match="Can't edit block that is archived"):
        bench.client.pages.update(page_id=page["id"], properties={"Name": title("B")})
    with pytest.raises(APIResponseError, match="Can't edit block that is archived"):
        bench.client.blocks.children.append(block_id=page["id"], children=[{"paragraph": {"rich_text": []}}])
    bench.client.pages.update(page_id=page["id"], in_trash=False)
    listing = bench.client.data_sources.query(data_source_id=source_id)
    assert [row["id"] for row in listing["results"]] == [page["id"]]


def test_queries_lag_while_direct_reads_do_not(bench: Bench) -> None:
    _, source_id = bench.database()
    bench.state.query_lag = timedelta(seconds=30)
    page = bench.row(source_id, Name=title("A"))

    def listed() -> int:
        response: Any = bench.client.data_sources.query(data_source_id=source_id)
        return len(response["results"])

    assert listed() == 0
    assert bench.client.pages.retrieve(page_id=page["id"])
    bench.state.advance(timedelta(seconds=30))
    assert listed() == 1
    bench.client.pages.update(page_id=page["id"], in_trash=True)
    assert listed() == 1
    bench.state.advance(timedelta(minutes=1))
    assert listed() == 0


def test_views_are_made_found_changed_and_deleted(bench: Bench) -> None:
    database_id, source_id = bench.database(ROADMAP)
    source: Any = bench.client.data_sources.retrieve(data_source_id=source_id)
    ids = {name: prop["id"] for name, prop in source["properties"].items()}
    group = {"type": "select", "property_id": ids["✅ Status"], "sort": {"type": "manual"}}
    board: Any = bench.client.views.create(
        data_source_id=source_id,
        database_id=database_id,
        name="Sync Status",
        type="board",
        configuration={"type": "board", "group_by": group},
        filter={"property": ids["📊 Progress"], "number": {"greater_than": 0.5}},
    )
    assert board["url"].endswith("?v=" + board["id"].replace("-", ""))
    listed: Any = bench.client.views.list(database_id=database_id)
    assert len(listed["results"]) == 2
    bench.state.advance(timedelta(minutes=5))
    changed: Any = bench.client.views.update(view_id=board["id"], name="State", filter=None)
    assert (changed["name"], changed["filter"]) == ("State", None)
    assert changed["last_edited_time"] > board["last_edited_time"]
    gone: Any = bench.client.views.delete(view_id=board["id"])
    assert set(gone) == {"object", "id", "parent", "type", "request_id"}
    with pytest.raises(APIResponseError, match="last view"):
        bench.client.views.delete(view_id=listed["results"][0]["id"])


def test_search_finds_titles(bench: Bench) -> None:
    _, source_id = bench.database(title="Engineering Roadmap")
    page = bench.row(source_id, Name=title("Stage 7.3"))
    listing: Any = bench.client.search(query="stage", filter={"property": "object", "value": "page"})
    assert [one["id"] for one in listing["results"]] == [page["id"]]
    listing = bench.client.search(query="engineering")
    assert {one["object"] for one in listing["results"]} == {"page", "data_source"}


def test_the_journal_tells_writes_from_reads(bench: Bench) -> None:
    _, source_id = bench.database()
    bench.state.journal.clear()
    bench.client.data_sources.query(data_source_id=source_id)
    bench.client.search(query="x")
    page = bench.row(source_id)
    bench.client.pages.retrieve(page_id=page["id"], filter_properties=["Name"])
    bench.client.blocks.delete(block_id=page["id"])
    seen = [(one.method, one.status, one.mutating) for one in bench.state.journal]
    assert seen == [
        ("POST", 200, False),
        ("POST", 200, False),
        ("POST", 200, True),
        ("GET", 200, False),
        ("DELETE", 200, True),
    ]
    assert bench.state.journal[3].query == "filter_properties=Name"
    assert bench.state.journal[3].path == f"/v1/pages/{page['id']}"


def test_blocks_are_appended_listed_changed_and_deleted(bench: Bench) -> None:
    _, source_id = bench.database()
    page = bench.row(source_id)
    made: Any = bench.client.blocks.children.append(
        block_id=page["id"],
        children=[
            {"heading_2": {"rich_text": text("Hello")}},
            {"toggle": {"rich_text": text("More"), "children": [{"paragraph": {"rich_text": text("inner")}}]}},
        ],
    )
    heading, toggle = made["results"]
    assert (heading["type"], toggle["has_children"]) == ("heading_2", True)
    between: Any = bench.client.blocks.children.append(
        block_id=page["id"],
        children=[{"divider": {}}],
        position={"type": "after_block", "after_block": {"id": heading["id"]}},
    )
    listed: Any = bench.client.blocks.children.list(block_id=page["id"])
    assert [one["type"] for one in listed["results"]] == ["heading_2", "divider", "toggle"]
    bench.client.blocks.delete(block_id=between["results"][0]["id"])
    changed: Any = bench.client.blocks.update(block_id=heading["id"], heading_2={"rich_text": text("Bye")})
    assert changed["heading_2"]["rich_text"][0]["plain_text"] == "Bye"
    body: Any = bench.client.pages.retrieve_markdown(page_id=page["id"])
    assert body["markdown"] == "## Bye\n<details>\n<summary>More</summary>\n\tinner\n</details>"


def test_a_page_is_made_from_markdown_and_rewritten(bench: Bench) -> None:
    _, source_id = bench.database()
    page: Any = bench.client.pages.create(
        parent={"data_source_id": source_id},
        properties={"Name": title("Report")},
        markdown="# Report\n\n## New Section\n\nHello __b__\n",
    )
    body: Any = bench.client.pages.retrieve_markdown(page_id=page["id"])
    assert body["markdown"] == "# Report\n## New Section\nHello **b**"
    assert (body["truncated"], body["unknown_block_ids"]) == (False, [])
    updates = [{"old_str": "Hello", "new_str": "Goodbye"}]
    body = bench.client.pages.update_markdown(
        page_id=page["id"], type="update_content", update_content={"content_updates": updates}
    )
    assert body["markdown"] == "# Report\n## New Section\nGoodbye **b**"
    body = bench.client.pages.update_markdown(
        page_id=page["id"], type="replace_content", replace_content={"new_str": "Only this"}
    )
    assert body["markdown"] == "Only this"
    erased: Any = bench.client.pages.update(page_id=page["id"], erase_content=True)
    assert erased["id"] == page["id"]
    body = bench.client.pages.retrieve_markdown(page_id=page["id"])
    assert body["markdown"] == ""


def test_without_a_title_the_first_heading_becomes_it(bench: Bench) -> None:
    _, source_id = bench.database()
    page: Any = bench.client.pages.create(parent={"data_source_id": source_id}, markdown="intro\n# The title\nrest")
    assert page["properties"]["Name"]["title"][0]["plain_text"] == "The title"
    body: Any = bench.client.pages.retrieve_markdown(page_id=page["id"])
    assert body["markdown"] == "intro\nrest"


def test_replacing_a_body_does_not_delete_databases_unasked(bench: Bench) -> None:
    database_id, _ = bench.database(title="Roadmap")
    parent = bench.state.parent_page_id
    with pytest.raises(APIResponseError, match=r"would delete child pages or databases.*Roadmap"):
        bench.client.pages.update_markdown(page_id=parent, type="replace_content", replace_content={"new_str": "Intro"})
    body: Any = bench.client.pages.retrieve_markdown(page_id=parent)
    body = bench.client.pages.update_markdown(
        page_id=parent, type="replace_content", replace_content={"new_str": "Intro\n" + body["markdown"]}
    )
    assert body["markdown"].startswith("Intro\n<database url=")
    bench.client.pages.update_markdown(
        page_id=parent, type="replace_content", replace_content={"new_str": "x", "allow_deleting_content": True}
    )
    database: Any = bench.client.databases.retrieve(database_id=database_id)
    assert database["in_trash"] is True
