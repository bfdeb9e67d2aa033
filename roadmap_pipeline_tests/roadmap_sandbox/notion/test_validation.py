"""Error texts, limits and the order of checks, as recorded from the real API (section 4 of the reference)."""

from typing import Any

import httpx
import pytest

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import HEADERS, Bench, text, title
from roadmap_sandbox.notion.validation import cut_units, show, utf16_units

SCHEMA = {
    "Name": {"title": {}},
    "Text": {"rich_text": {}},
    "Count": {"number": {}},
    "Kind": {"select": {"options": [{"name": "a", "color": "red"}]}},
    "State": {"status": {}},
    "Date": {"date": {}},
    "Link": {"url": {}},
    "Made": {"created_time": {}},
}
ONE_UUID = "5a11d0c5-0000-4000-8000-00000000dead"


def _page(bench: Bench, properties: dict[str, Any], **more: Any) -> tuple[int, str, str]:
    source = next(iter(bench.state.store.data_sources), None) or bench.database(SCHEMA)[1]
    body = {"parent": {"data_source_id": source}, "properties": properties, **more}
    return bench.error("POST", "pages", json=body)


def _message(bench: Bench, properties: dict[str, Any], **more: Any) -> str:
    status, code, message = _page(bench, properties, **more)
    assert (status, code) == (400, "validation_error")
    return message


def test_text_is_limited_to_2000_utf16_units(bench: Bench) -> None:
    assert _message(bench, {"Text": {"rich_text": text("x" * 2001)}}) == (
        "body failed validation: body.properties.Text.rich_text[0].text.content.length should be ≤ `2000`, "
        "instead was `2001`."
    )
    assert "instead was `2002`" in _message(bench, {"Text": {"rich_text": text("🧩" * 1001)}})
    source = next(iter(bench.state.store.data_sources))
    assert bench.row(source, Text={"rich_text": text("🧩" * 1000)})


def test_arrays_are_limited_to_100(bench: Bench) -> None:
    assert _message(bench, {"Text": {"rich_text": text("x") * 101}}) == (
        "body failed validation: body.properties.Text.rich_text.length should be ≤ `100`, instead was `101`."
    )
    blocks: Any = [{"paragraph": {"rich_text": []}}] * 101
    assert _message(bench, {}, children=blocks) == (
        "body failed validation: body.children.length should be ≤ `100`, instead was `101`."
    )


def test_children_nest_two_levels(bench: Bench) -> None:
    inner: Any = {"paragraph": {"rich_text": [], "children": [{"divider": {}}]}}
    outer = {"toggle": {"rich_text": [], "children": [inner]}}
    assert _message(bench, {}, children=[outer]).startswith(
        "body failed validation: body.children[0].toggle.children[0].paragraph.children should be not present, "
        "instead was `"
    )


def test_unknown_names_and_wrong_types_are_told_together(bench: Bench) -> None:
    assert _message(bench, {"Nope": {"number": 1}}) == "Nope is not a property that exists."
    both = _message(bench, {"Nope": {"number": 1}, "Text": {"number": 1}, "Count": {"rich_text": []}})
    assert both == (
        "Nope is not a property that exists. Text is expected to be rich_text. Count is expected to be number."
    )


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"Date": {"date": {"start": "2022/01/02"}}},
            "body failed validation: body.properties.Date.date.start should be a valid ISO 8601 date string, "
            'instead was `"2022/01/02"`.',
        ),
        ({"Kind": {"select": {"name": "a, b"}}}, "Invalid select option, commas not allowed: a, b"),
        (
            {"State": {"status": {"name": "X"}}},
            'Invalid status option. Status option "X" does not exist".',
        ),
        (
            {"Count": {"number": "3"}},
            'body failed validation: body.properties.Count.number should be a number, instead was `"3"`.',
        ),
        (
            {"Link": {"url": "x" * 2001}},
            "body failed validation: body.properties.Link.url.length should be ≤ `2000`, instead was `2001`.",
        ),
    ],
)
def test_values_are_checked(bench: Bench, properties: dict[str, Any], message: str) -> None:
    bench.database(SCHEMA)
    assert _message(bench, properties) == message


def test_read_only_properties_take_no_value(bench: Bench) -> None:
    assert "body failed validation. Fix one:\n" in _message(bench, {"Made": {"created_time": "2026-01-01"}})


def test_a_body_is_markdown_or_children(bench: Bench) -> None:
    assert _message(bench, {}, markdown="x", children=[{"divider": {}}]).startswith(
        "body failed validation: body.children should be not present, instead was `"
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        (
            "PATCH",
            f"pages/{ONE_UUID}",
            {"archived": True},
            "body failed validation: body.archived should be not present, instead was `true`.",
        ),
        (
            "PATCH",
            f"blocks/{ONE_UUID}/children",
            {"children": [], "after": ONE_UUID},
            f'body failed validation: body.after should be not present, instead was `"{ONE_UUID}"`.',
        ),
        (
            "POST",
            f"data_sources/{ONE_UUID}/query",
            {"page_size": 0},
            "body failed validation: body.page_size should be ≥ `1` or `undefined`, instead was `0`.",
        ),
        (
            "POST",
            "pages",
            {},
            "body failed validation: body.parent should be defined, instead was `undefined`.",
        ),
        (
            "POST",
            "databases",
            {"parent": {"page_id": ONE_UUID}, "properties": {}},
            "body failed validation: body.properties should be not present, instead was `{}`.",
        ),
        ("GET", "pages/x", None, 'path failed validation: path.page_id should be a valid uuid, instead was `"x"`.'),
        (
            "GET",
            f"blocks/{ONE_UUID}/children?page_size=0",
            None,
            "query failed validation: query.page_size should be ≥ `1` or `undefined`, instead was `0`.",
        ),
    ],
)
def test_shapes_come_before_existence(bench: Bench, method: str, path: str, body: Any, message: str) -> None:
    if path.endswith("page_size=0"):
        path = path.replace(ONE_UUID, bench.state.parent_page_id)
    assert bench.error(method, path, json=body) == (400, "validation_error", message)


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("GET", f"pages/{ONE_UUID}", None, "page"),
        ("GET", f"databases/{ONE_UUID}", None, "database"),
        ("GET", f"data_sources/{ONE_UUID}", None, "data_source"),
        ("GET", f"blocks/{ONE_UUID}/children", None, "block"),
        ("PATCH", f"pages/{ONE_UUID.replace('-', '')}", {}, "page"),
    ],
)
def test_what_is_not_there_is_not_found(bench: Bench, method: str, path: str, body: Any, kind: str) -> None:
    status, code, message = bench.error(method, path, json=body)
    assert (status, code) == (404, "object_not_found")
    assert message == (
        f"Could not find {kind} with ID: {ONE_UUID}. Make sure the relevant pages and databases are shared with your "
        'integration "Roadmap Pipeline".'
    )
    query = bench.error("POST", f"data_sources/{ONE_UUID}/query", json={})
    assert query == (404, "object_not_found", "Could not find the requested database.")


def test_checks_run_in_the_order_of_the_api(bench: Bench) -> None:
    """JSON, address, token, version, body: each wrong thing is told only once what comes before is right."""
    with httpx.Client(base_url=f"{bench.base_url}/v1/") as bare:

        def ask(path: str, headers: dict[str, str], content: bytes) -> tuple[int, str, str]:
            body = bare.post(path, headers=headers, content=content).json()
            return body["status"], body["code"], body["message"]

        token = {"Authorization": HEADERS["Authorization"]}
        assert ask("databases/x/query", {}, b"{") == (400, "invalid_json", "Error parsing JSON body.")
        assert ask("databases/x/query", {}, b"{}") == (400, "invalid_request_url", "Invalid request URL.")
        assert ask("pages", {}, b"{}") == (
            401,
            "unauthorized",
            'Authorization header must use the format "Bearer <token>".',
        )
        assert ask("pages", {"Authorization": "Bearer x"}, b"{}") == (401, "unauthorized", "API token is invalid.")
        assert ask("pages", token, b"{}") == (
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined, "
            "instead was `undefined`.",
        )
        assert ask("pages", {**token, "Notion-Version": "2025-09-03"}, b"{}")[1] == "validation_error"
        assert ask("pages", HEADERS, b'{"x": "\\ud83d"}')[1] == "invalid_json"
        assert ask("pages", HEADERS, b"[" * 100_000)[1] == "invalid_json"
        assert ask("pages", HEADERS, b"[]")[1] == "validation_error"


def test_bodies_end_at_512000_bytes(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)

    def body(size: int) -> bytes:
        head = b'{"parent":{"data_source_id":"' + source.encode() + b'"},"markdown":"'
        return head + b"x" * (size - len(head) - 2) + b'"}'

    json_type = {"Content-Type": "application/json"}
    assert bench.http.post("pages", content=body(512_000), headers=json_type).status_code == 200
    response = bench.http.post("pages", content=body(512_001), headers=json_type)
    assert response.status_code == 413
    assert response.json() == {
        "isNotionError": False,
        "errorId": response.json()["errorId"],
        "name": "PayloadTooLargeError",
        "message": "Request body too large.",
        "code": 413,
    }


def test_a_schema_has_one_title_that_stays(bench: Bench) -> None:
    def create(properties: Any) -> tuple[int, str, str]:
        parent = {"page_id": bench.state.parent_page_id}
        return bench.error(
            "POST", "databases", json={"parent": parent, "initial_data_source": {"properties": properties}}
        )

    assert create({"A": {"title": {}}, "B": {"title": {}}})[:2] == (400, "validation_error")
    assert create({"A": {"number": {}}})[:2] == (400, "validation_error")
    assert create({"A": {"title": {}}, "B": {"button": {}}})[:2] == (400, "validation_error")
    relation = {"data_source_id": ONE_UUID, "single_property": {}}
    assert create({"A": {"title": {}}, "B": {"relation": relation}})[:2] == (404, "object_not_found")
    _, source = bench.database(SCHEMA)
    changes: tuple[Any, ...] = (
        {"Name": None},
        {"Name": {"number": {}}},
        {"Count": {"title": {}}},
        {"Count": {"name": "Text"}},
        {"Ghost": None},
        {"Kind": {"select": {"options": [{"name": "a", "color": "blue"}]}}},
        {"Kind": {"select": {"options": [{"name": "x"}, {"name": "X"}]}}},
        {"Fine": {"number": {}}, "Count": {"name": "Text"}},
    )
    for properties in changes:
        response = bench.error("PATCH", f"data_sources/{source}", json={"properties": properties})
        assert response[:2] == (400, "validation_error"), properties


def test_views_need_what_their_type_needs(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    base = {"data_source_id": source, "database_id": database, "name": "V"}
    sort = {"type": "manual"}
    for view in (
        {"type": "board"},
        {"type": "board", "configuration": {"type": "table"}},
        {"type": "timeline", "configuration": {"type": "timeline"}},
        {"type": "timeline", "configuration": {"type": "timeline", "date_property_id": "Count"}},
        {"type": "chart", "configuration": {"type": "chart", "chart_type": "pie"}},
        {
            "type": "board",
            "configuration": {"type": "board", "group_by": {"type": "select", "property_id": "Nope", "sort": sort}},
        },
        {
            "type": "board",
            "configuration": {"type": "board", "group_by": {"type": "select", "property_id": "Count", "sort": sort}},
        },
        {"type": "table", "filter": {"property": "Nope", "number": {"equals": 1}}},
        {"type": "table", "configuration": {"type": "table", "properties": [{"property_id": "Nope"}]}},
        {"type": "table", "configuration": {"type": "table", "properties": [{"visible": True}]}},
        {"type": "table", "configuration": {"type": "table", "date_property_id": "Count"}},
        {"type": "list", "configuration": {"type": "list", "group_by": {}}},
        {
            "type": "timeline",
            "configuration": {"type": "timeline", "date_property_id": "Due", "preference": {"zoom_level": "months"}},
        },
    ):
        assert bench.error("POST", "views", json={**base, **view})[:2] == (400, "validation_error"), view
    linked = {"data_source_id": source, "name": "V", "type": "table"}
    assert bench.error("POST", "views", json=linked)[:2] == (400, "validation_error")


def test_a_change_of_a_view_keeps_what_it_does_not_name_and_null_clears(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    shown = [{"property_id": "Count", "visible": True}]
    base = {"data_source_id": source, "database_id": database, "name": "V", "type": "table"}
    by_time = [{"timestamp": "created_time", "direction": "ascending"}]
    view = bench.http.post(
        "views", json={**base, "sorts": by_time, "configuration": {"type": "table", "properties": shown}}
    ).json()
    assert (view["sorts"], view["configuration"]["properties"]) == (by_time, shown)
    path = f"views/{view['id']}"
    changed = bench.http.patch(path, json={"configuration": {"type": "table", "wrap_cells": True}}).json()
    assert changed["configuration"] == {"type": "table", "properties": shown, "wrap_cells": True}
    cleared = bench.http.patch(
        path, json={"sorts": None, "configuration": {"type": "table", "properties": None}}
    ).json()
    assert (cleared["sorts"], cleared["configuration"]) == (None, {"type": "table", "wrap_cells": True})
    # Other than a new view's, the sorts of a change are by property.
    assert bench.error("PATCH", path, json={"sorts": by_time})[:2] == (400, "validation_error")


def test_filter_properties_take_names_and_decoded_ids(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    bench.row(source, Name=title("A"))
    count: Any = bench.client.data_sources.retrieve(data_source_id=source)
    encoded = count["properties"]["Count"]["id"]
    response = bench.http.post(f"data_sources/{source}/query?filter_properties={encoded}", json={})
    assert list(response.json()["results"][0]["properties"]) == ["Count"]
    status, _, message = bench.error("POST", f"data_sources/{source}/query?filter_properties=Nope", json={})
    assert (status, message) == (
        400,
        f"The schema for the data source with the following ID is malformed: {source}. "
        "The provided `filter_properties` contains an invalid attribute: Nope.",
    )


def test_printed_values_are_cut_at_55_units() -> None:
    assert show("x" * 100) == '"' + "x" * 54 + "..."
    assert show({"a": [1, None]}) == '{"a":[1,null]}'
    assert utf16_units("a🧩é") == 4
    assert cut_units("🧩🧩", 3) == "🧩"
