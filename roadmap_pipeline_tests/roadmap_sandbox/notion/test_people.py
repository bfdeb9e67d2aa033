"""Edits by people, as the integration meets them afterwards."""

from datetime import date
from typing import Any

import pytest
from notion_client import APIResponseError

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import Bench, title
from roadmap_sandbox.notion.errors import ApiError
from roadmap_sandbox.notion.records import PERSON_ID

SCHEMA = {
    "Name": {"title": {}},
    "Kind": {"select": {"options": [{"name": "a"}, {"name": "b"}]}},
    "Num": {"number": {}},
    "Due": {"date": {}},
    "Notes": {"rich_text": {}},
    "Done": {"checkbox": {}},
}


def _values(bench: Bench, page_id: str) -> dict[str, Any]:
    page: Any = bench.client.pages.retrieve(page_id=page_id)
    return {name: value[value["type"]] for name, value in page["properties"].items()}


def test_people_edit_values_in_plain_python(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    page = bench.row(source, Name=title("A"))
    edits: dict[str, Any] = {
        "Kind": "c",
        "Num": 3,
        "Due": date(2026, 12, 1),
        "Notes": "🧩" * 1500,
        "Done": True,
        "Name": "B",
    }
    for name, value in edits.items():
        bench.state.set_property(page["id"], name, value)
    values = _values(bench, page["id"])
    assert values["Kind"]["name"] == "c"
    assert (values["Num"], values["Done"]) == (3, True)
    assert values["Due"]["start"] == "2026-12-01"
    assert "".join(item["plain_text"] for item in values["Notes"]) == "🧩" * 1500
    assert len(values["Notes"]) == 2
    edited: Any = bench.client.pages.retrieve(page_id=page["id"])
    assert edited["last_edited_by"]["id"] == PERSON_ID
    assert edited["created_by"]["id"] != PERSON_ID
    for name in edits:
        bench.state.set_property(page["id"].replace("-", ""), name, None)
    values = _values(bench, page["id"])
    assert [values[name] for name in edits] == [None, None, None, [], False, []]
    assert all(entry.path != "PERSON" for entry in bench.state.journal)


def test_people_add_rows_with_bodies(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    row = bench.state.add_row(database, {"Name": "Mine", "Kind": "a"}, "# Heading\ntext")
    listing: Any = bench.client.data_sources.query(data_source_id=source)
    assert [one["id"] for one in listing["results"]] == [row]
    assert listing["results"][0]["created_by"]["id"] == PERSON_ID
    bench.state.write_body(row, "other")
    body: Any = bench.client.pages.retrieve_markdown(page_id=row)
    assert body["markdown"] == "other"


def test_people_change_the_schema(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    row = bench.state.add_row(source, {"Kind": "a", "Num": 1})
    bench.state.rename_property(database, "Num", "Number")
    bench.state.add_option(source, "Kind", "z")
    bench.state.rename_option(source, "Kind", "a", "first")
    bench.state.delete_option(source, "Kind", "b")
    bench.state.add_property(source, "Mine", "rich_text")
    bench.state.delete_property(source, "Notes")
    bench.state.rename(database, "Renamed")
    values = _values(bench, row)
    assert values["Kind"]["name"] == "first"
    assert values["Number"] == 1
    schema: Any = bench.client.data_sources.retrieve(data_source_id=source)
    assert [one["name"] for one in schema["properties"]["Kind"]["select"]["options"]] == ["first", "z"]
    assert {"Mine", "Number"} < set(schema["properties"])
    assert "Notes" not in schema["properties"]
    bench.state.retype_property(source, "Number", "rich_text")
    assert _values(bench, row)["Number"] == []
    with pytest.raises(APIResponseError, match="Number is expected to be rich_text"):
        bench.client.pages.update(page_id=row, properties={"Number": {"number": 1}})
    shown: Any = bench.client.databases.retrieve(database_id=database)
    assert shown["title"][0]["plain_text"] == "Renamed"


def test_people_trash_restore_and_move(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    _, other = bench.database(SCHEMA, "Other")
    row = bench.state.add_row(source, {"Name": "A", "Num": 2, "Kind": "a"})
    bench.state.trash(row)
    page: Any = bench.client.pages.retrieve(page_id=row)
    assert page["in_trash"] is True
    with pytest.raises(ApiError, match="archived"):
        bench.state.set_property(row, "Num", 1)
    bench.state.restore(row)
    bench.state.move(row, other)
    page = bench.client.pages.retrieve(page_id=row)
    assert page["parent"]["data_source_id"] == other
    assert page["properties"]["Num"]["number"] == 2
    listing: Any = bench.client.data_sources.query(data_source_id=source)
    assert listing["results"] == []
    bench.state.move(row, bench.state.parent_page_id)
    page = bench.client.pages.retrieve(page_id=row)
    assert list(page["properties"]) == ["title"]


def test_an_unshared_database_looks_deleted_and_its_relations_empty(bench: Bench) -> None:
    reports_database, reports = bench.database(SCHEMA, "Reports")
    relation = {"relation": {"data_source_id": reports, "single_property": {}}}
    _, roadmap = bench.database({"Name": {"title": {}}, "Health": relation}, "Roadmap")
    report = bench.row(reports, Name=title("R"))
    milestone = bench.row(roadmap, Health={"relation": [{"id": report["id"]}]})
    bench.state.unshare(reports_database)
    for path in (f"databases/{reports_database}", f"data_sources/{reports}", f"pages/{report['id']}"):
        assert bench.error("GET", path)[:2] == (404, "object_not_found")
    assert bench.error("POST", f"data_sources/{reports}/query", json={})[0] == 404
    assert _values(bench, milestone["id"])["Health"] == []
    children: Any = bench.client.blocks.children.list(block_id=bench.state.parent_page_id)
    assert [one["child_database"]["title"] for one in children["results"]] == ["Roadmap"]
    bench.state.set_property(report["id"], "Num", 5)
    bench.state.share(reports_database)
    assert _values(bench, milestone["id"])["Health"] == [{"id": report["id"]}]
    assert _values(bench, report["id"])["Num"] == 5


def test_a_trashed_database_takes_its_rows_along(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    row = bench.state.add_row(source, {"Name": "A"})
    bench.state.trash(database)
    page: Any = bench.client.pages.retrieve(page_id=row)
    assert page["in_trash"] is True
    with pytest.raises(APIResponseError, match="archived"):
        bench.row(source)
    bench.state.restore(database)
    assert bench.row(source)


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("set_property", ("5a11d0c5-0000-4000-8000-00000000dead", "Name", "x")),
        ("rename_property", ("5a11d0c5-0000-4000-8000-00000000dead", "Name", "x")),
        ("trash", ("nothing",)),
        ("unshare", ("nothing",)),
        ("rename_view", ("nothing", "x")),
    ],
)
def test_people_cannot_edit_what_is_not_there(bench: Bench, action: str, arguments: tuple[str, ...]) -> None:
    before = bench.state.dump()
    with pytest.raises(ApiError, match="There is no"):
        getattr(bench.state, action)(*arguments)
    assert bench.state.dump() == before
