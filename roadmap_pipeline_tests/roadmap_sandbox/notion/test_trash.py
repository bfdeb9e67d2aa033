"""The trash, copies and normalised titles: what Notion shows of them, and to whom."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import Bench, title
from roadmap_sandbox.notion.errors import INTEGRATION_ID, ApiError
from roadmap_sandbox.notion.records import PERSON_ID

SCHEMA: dict[str, Any] = {
    "Name": {"title": {}},
    "Kind": {"select": {"options": [{"name": "a"}]}},
    "Due": {"date": {}},
    "Key": {"rich_text": {}},
    "Number": {"unique_id": {}},
}
TRASHED = {"property": "object", "value": "page", "in_trash": True}


def searched(bench: Bench, **how: Any) -> list[str]:
    listing: Any = bench.client.search(**how)
    return [one["id"] for one in listing["results"]]


def listed(bench: Bench, source: str) -> list[str]:
    listing: Any = bench.client.data_sources.query(data_source_id=source)
    return [one["id"] for one in listing["results"]]


def values(bench: Bench, page_id: str) -> Mapping[str, Any]:
    page: Any = bench.client.pages.retrieve(page_id=page_id)
    return {name: value[value["type"]] for name, value in page["properties"].items()}


# --- trash ------------------------------------------------------------------------------------------------------------


def test_search_lists_the_trash_only_on_request_and_then_nothing_else(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    trashed, kept = (bench.row(source, Name=title(name))["id"] for name in ("Stage 1", "Stage 2"))
    bench.state.trash(trashed)
    assert listed(bench, source) == [kept]
    assert searched(bench, query="stage", filter={"property": "object", "value": "page"}) == [kept]
    assert searched(bench, query="stage", filter=TRASHED) == [trashed]
    assert searched(bench, query="other", filter=TRASHED) == []
    bench.state.restore(trashed)
    assert searched(bench, filter=TRASHED) == []


def test_the_trash_is_searched_in_pages(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    rows = {bench.row(source, Name=title(f"M{number}"))["id"] for number in range(7)}
    for row in rows:
        bench.state.trash(row)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        listing: Any = bench.client.search(filter=TRASHED, page_size=3, **cursor)
        assert listing["type"] == "page_or_data_source"
        found += [one["id"] for one in listing["results"]]
        if not listing["has_more"]:
            break
        cursor = {"start_cursor": listing["next_cursor"]}
    assert len(found) == len(set(found)) == 7
    assert set(found) == rows


def test_a_search_of_the_trash_lags_as_queries_do(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    first, second = (bench.row(source, Name=title(name))["id"] for name in ("Stage 1", "Stage 2"))
    bench.state.trash(first)
    bench.state.advance(timedelta(minutes=5))
    bench.state.query_lag = timedelta(minutes=1)
    bench.state.restore(first)
    bench.state.trash(second)
    assert searched(bench, filter=TRASHED) == [first]
    hit: Any = bench.client.pages.retrieve(page_id=first)
    assert not hit["in_trash"]
    bench.state.advance(timedelta(minutes=1))
    assert searched(bench, filter=TRASHED) == [second]


def test_rows_of_a_trashed_database_are_in_the_trash(bench: Bench) -> None:
    database, source = bench.database(SCHEMA)
    row = bench.row(source, Name=title("Stage 1"))["id"]
    bench.state.trash(database)
    assert row in searched(bench, filter=TRASHED)
    bench.state.restore(database)
    assert searched(bench, filter=TRASHED) == []


def test_what_people_deleted_for_good_cannot_be_told_from_what_is_not_shared(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    deleted, unshared = (bench.row(source, Name=title(name))["id"] for name in ("Stage 1", "Stage 2"))
    bench.state.trash(deleted)
    bench.state.delete(deleted)
    bench.state.unshare(unshared)
    answers = []
    for page_id in (deleted, unshared):
        status, code, message = bench.error("GET", f"pages/{page_id}")
        answers.append((status, code, message.replace(page_id, "ID")))
        assert bench.error("PATCH", f"pages/{page_id}", json={"in_trash": False})[0] == 404
    assert answers[0] == answers[1]
    assert answers[0][:2] == (404, "object_not_found")
    assert searched(bench, filter=TRASHED) == []
    assert listed(bench, source) == []
    # People get it back no more either.
    with pytest.raises(ApiError, match="no page"):
        bench.state.restore(deleted)
    bench.state.share(unshared)
    assert listed(bench, source) == [unshared]


def test_a_deleted_row_leaves_relations_empty(bench: Bench) -> None:
    _, reports = bench.database({"Name": {"title": {}}})
    relation = {"data_source_id": reports, "type": "single_property", "single_property": {}}
    _, roadmap = bench.database({"Name": {"title": {}}, "Report": {"relation": relation}}, "Roadmap")
    report = bench.row(reports, Name=title("W46"))["id"]
    row = bench.row(roadmap, Name=title("Stage 1"), Report={"relation": [{"id": report}]})["id"]
    assert values(bench, row)["Report"] == [{"id": report}]
    bench.state.delete(report)
    assert values(bench, row)["Report"] == []


# --- people's copies, ranges ------------------------------------------------------------------------------------------


def test_people_copy_a_row_with_all_it_holds(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    created: Any = bench.client.pages.create(
        parent={"data_source_id": source},
        properties={
            "Name": title("Stage 1"),
            "Kind": {"select": {"name": "a"}},
            "Key": {"rich_text": [{"text": {"content": "milestone:A"}}]},
        },
        markdown="# Why\n\n- one\n- two",
    )
    bench.state.set_property(created["id"], "Due", {"start": "2026-11-02", "end": "2026-12-24"})
    bench.state.advance(timedelta(minutes=3))
    copies = [bench.state.duplicate(created["id"]) for _ in range(2)]
    original = values(bench, created["id"])
    for number, copy in enumerate(copies, start=1):
        held = values(bench, copy)
        assert held["Name"][0]["plain_text"] == f"Stage 1 ({number})"
        assert {key: held[key] for key in ("Kind", "Due", "Key")} == {
            key: original[key] for key in ("Kind", "Due", "Key")
        }
        assert held["Number"]["number"] == original["Number"]["number"] + number
        page: Any = bench.client.pages.retrieve(page_id=copy)
        assert page["created_by"]["id"] == page["last_edited_by"]["id"] == PERSON_ID
        assert page["created_time"] > created["created_time"]
        body, copied = (bench.http.get(f"pages/{one}/markdown").json()["markdown"] for one in (created["id"], copy))
        assert body == copied
    bench.state.set_property(copies[0], "Due", None)
    assert values(bench, created["id"]) == original
    assert created["created_by"]["id"] == INTEGRATION_ID


def test_people_give_ranges_of_dates(bench: Bench) -> None:
    _, source = bench.database(SCHEMA)
    row = bench.row(source, Name=title("Stage 1"))["id"]
    bench.state.set_property(row, "Due", {"start": "2026-11-02", "end": "2026-12-24"})
    assert values(bench, row)["Due"] == {"start": "2026-11-02", "end": "2026-12-24", "time_zone": None}
    bench.state.set_property(row, "Due", "2026-12-01")
    assert values(bench, row)["Due"]["end"] is None


# --- titles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [(" Stage 1 ", "Stage 1"), ("Sta\x07ge\n1", "Stage1"), ("Cafe\u0301", "Café"), ("a  b", "a  b"), (" \x00 ", "")],
)
def test_titles_are_kept_normalised_where_the_knob_says_so(bench: Bench, written: str, kept: str) -> None:
    _, source = bench.database(SCHEMA)
    as_written = bench.row(source, Name=title(written))
    assert as_written["properties"]["Name"]["title"][0]["plain_text"] == written
    bench.state.normalises_titles = True
    key = {"rich_text": [{"text": {"content": written}}]}
    row = bench.row(source, Name=title(written), Key=key)
    texts = [item["plain_text"] for item in row["properties"]["Name"]["title"]]
    assert "".join(texts) == kept
    assert all(texts)
    assert row["properties"]["Key"]["rich_text"][0]["plain_text"] == written
    bench.state.rename(as_written["id"], written)
    assert "".join(item["plain_text"] for item in values(bench, as_written["id"])["Name"]) == kept
    split = [{"text": {"content": " a "}}, {"text": {"content": " b "}}]
    row = bench.row(source, Name={"title": split})
    assert [item["plain_text"] for item in row["properties"]["Name"]["title"]] == ["a ", " b"]
