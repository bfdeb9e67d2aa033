"""Filters and sorts on a table of four rows, one of them empty; expected rows are those recorded from the real API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import Bench, title

SCHEMA = {
    "Name": {"title": {}},
    "Num": {"number": {}},
    "Text": {"rich_text": {}},
    "Kind": {"select": {"options": [{"name": "low"}, {"name": "high"}]}},
    "Tags": {"multi_select": {}},
    "Date": {"date": {}},
    "Link": {"url": {}},
    "Done": {"checkbox": {}},
    "Twice": {"formula": {"expression": 'prop("Num")'}},
}
ROWS: dict[str, dict[str, Any]] = {
    "A": {"Num": 1, "Text": "alpha", "Kind": "high", "Tags": ["x"], "Date": "2026-11-10", "Done": True},
    "B": {"Num": 2, "Text": "beta", "Kind": "low", "Tags": ["x", "y"], "Date": "2026-11-10T18:01:15+01:00"},
    "C": {"Num": 3, "Text": "alphabet", "Kind": "high", "Date": "2026-11-12", "Link": "https://x.example/c"},
    "": {},
}


@pytest.fixture
def source(bench: Bench) -> str:
    _, source_id = bench.database(SCHEMA)
    for name, values in ROWS.items():
        bench.state.add_row(source_id, {"Name": name, **values})
    return source_id


def _matching_names(bench: Bench, source: str, **body: Any) -> list[str]:
    response: Any = bench.client.data_sources.query(data_source_id=source, **body)
    return ["".join(t["plain_text"] for t in row["properties"]["Name"]["title"]) for row in response["results"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"property": "Num", "number": {"does_not_equal": 1}}, "BC."),
        ({"property": "Num", "number": {"greater_than": 1}}, "BC"),
        ({"property": "Num", "number": {"less_than_or_equal_to": 2}}, "AB"),
        ({"property": "Num", "number": {"is_empty": True}}, "."),
        ({"property": "Num", "number": {"is_not_empty": True}}, "ABC"),
        ({"property": "Text", "rich_text": {"contains": "alpha"}}, "AC"),
        ({"property": "Text", "rich_text": {"does_not_contain": "alpha"}}, "B."),
        ({"property": "Text", "rich_text": {"starts_with": "alp"}}, "AC"),
        ({"property": "Text", "rich_text": {"ends_with": "bet"}}, "C"),
        ({"property": "Name", "rich_text": {"equals": "A"}}, "A"),
        ({"property": "title", "title": {"equals": "A"}}, "A"),
        ({"property": "Link", "rich_text": {"is_not_empty": True}}, "C"),
        ({"property": "Kind", "select": {"does_not_equal": "high"}}, "B."),
        ({"property": "Kind", "select": {"equals": ["high", "low"]}}, "ABC"),
        ({"property": "Tags", "multi_select": {"contains": "x"}}, "AB"),
        ({"property": "Tags", "multi_select": {"does_not_contain": "y"}}, "AC."),
        ({"property": "Done", "checkbox": {"equals": False}}, "BC."),
        ({"property": "Date", "date": {"equals": "2026-11-10"}}, "AB"),
        ({"property": "Date", "date": {"equals": "2026-11-10T18:01:15.377824+01:00"}}, "B"),
        ({"property": "Date", "date": {"before": "2026-11-10T18:01:15.377824+01:00"}}, "A"),
        ({"property": "Date", "date": {"after": "2026-11-10T18:01:15.377824+01:00"}}, "C"),
        ({"property": "Date", "date": {"after": "2026-11-10"}}, "C"),
        ({"property": "Date", "date": {"on_or_before": "2026-11-10"}}, "AB"),
        ({"property": "Date", "date": {"past_week": {}}}, "ABC"),
        ({"property": "Date", "date": {"next_week": {}}}, ""),
        ({"property": "Date", "date": {"is_empty": True}}, "."),
        ({"property": "Twice", "formula": {"number": {"greater_than": 2}}}, "C"),
        ({"timestamp": "created_time", "created_time": {"on_or_after": "2026-11-16T06:00:00Z"}}, "ABC."),
        (
            {
                "and": [
                    {"property": "Kind", "select": {"equals": "high"}},
                    {
                        "or": [
                            {"property": "Num", "number": {"equals": 3}},
                            {"property": "Num", "number": {"is_empty": True}},
                        ]
                    },
                ]
            },
            "C",
        ),
    ],
)
def test_filters(bench: Bench, source: str, condition: dict[str, Any], expected: str) -> None:
    names = _matching_names(bench, source, filter=condition)
    assert sorted(name or "." for name in names) == sorted(expected)


def test_sorts_put_empty_values_last(bench: Bench, source: str) -> None:
    assert _matching_names(bench, source) == ["", "C", "B", "A"]
    assert _matching_names(bench, source, sorts=[{"property": "Num", "direction": "descending"}]) == ["C", "B", "A", ""]
    by_kind = [{"property": "Kind", "direction": "ascending"}, {"property": "Num", "direction": "descending"}]
    assert _matching_names(bench, source, sorts=by_kind) == ["B", "C", "A", ""]
    assert _matching_names(bench, source, sorts=[{"property": "Date", "direction": "descending"}])[0] == "C"


def test_edits_of_the_same_minute_share_their_time(bench: Bench, source: str) -> None:
    bench.state.clock = datetime(2026, 11, 16, 7, 30, 59, tzinfo=UTC)
    bench.row(source, Name=title("late"))
    edited: dict[str, Any] = {"timestamp": "last_edited_time"}
    at = {**edited, "last_edited_time": {"equals": "2026-11-16T07:30:00Z"}}
    assert _matching_names(bench, source, filter=at) == ["late"]
    after = {**edited, "last_edited_time": {"after": "2026-11-16T07:30:00Z"}}
    assert _matching_names(bench, source, filter=after) == []
    bench.state.advance(timedelta(days=1))
    assert _matching_names(bench, source, filter={**edited, "last_edited_time": {"past_week": {}}}).count("late") == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"filter": {"property": "Nope", "number": {"equals": 1}}},
            "Could not find property with name or id: Nope",
        ),
        (
            {"sorts": [{"property": "Nope", "direction": "ascending"}]},
            "Could not find sort property with name or id: Nope",
        ),
        (
            {"filter": {"property": "Num", "rich_text": {"equals": "1"}}},
            "The property type in the database does not match the property type of the filter provided: "
            "database property number does not match filter rich_text",
        ),
        (
            {"filter": {"and": [{"or": [{"and": []}]}]}},
            "body failed validation: body.filter.and[0].or[0].and should be not present, instead was `[]`.",
        ),
        (
            {"in_trash": True},
            "body failed validation: body.in_trash should be not present, instead was `true`.",
        ),
    ],
)
def test_wrong_queries_are_refused(bench: Bench, source: str, body: dict[str, Any], message: str) -> None:
    response = bench.error("POST", f"data_sources/{source}/query", json=body)
    assert response == (400, "validation_error", message)
