"""Plain values to payloads and back, without a server."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.notion.client import NotionError
from roadmap_pipeline.notion.ids import name_key, notion_id, property_key
from roadmap_pipeline.notion.layout import PropertySpec
from roadmap_pipeline.notion.values import RowError, canonical, decode, encode, same

PAGE = "5a11d0c5-0000-4000-8000-00000000ac3e"
OTHER = "0b11d0c5-0000-4000-8000-00000000ac3e"


def spec(kind: Any) -> PropertySpec:
    return PropertySpec("P", kind, "pipeline", "For tests.")


def answered(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload that was sent, in the form in which Notion answers it."""
    ((kind, content),) = payload.items()
    if kind in {"title", "rich_text"}:
        content = [{**item, "plain_text": item["text"]["content"]} for item in content]
    elif kind == "select" and content:
        content = {"id": "x", "color": "red", **content}
    elif kind == "date" and content:
        content = {"end": None, "time_zone": None, **content}
    return {"id": "a%3Bb", "type": kind, kind: content}


@pytest.mark.parametrize(
    ("kind", "value", "payload", "plain"),
    [
        ("title", "Stage 7.3", {"title": [{"type": "text", "text": {"content": "Stage 7.3"}}]}, "Stage 7.3"),
        ("title", None, {"title": []}, None),
        ("rich_text", "", {"rich_text": []}, None),
        ("number", 0.123456789, {"number": 0.123457}, 0.123457),
        ("number", 7, {"number": 7.0}, 7.0),
        ("number", Decimal("0.1"), {"number": 0.1}, 0.1),
        ("number", -0.0000001, {"number": 0.0}, 0.0),
        ("number", None, {"number": None}, None),
        ("select", "Blocked", {"select": {"name": "Blocked"}}, "Blocked"),
        ("select", None, {"select": None}, None),
        ("date", "2026-11-16", {"date": {"start": "2026-11-16"}}, "2026-11-16"),
        ("date", date(2026, 11, 16), {"date": {"start": "2026-11-16"}}, "2026-11-16"),
        ("date", datetime(2026, 11, 16, 23, tzinfo=UTC), {"date": {"start": "2026-11-16"}}, "2026-11-16"),
        ("date", None, {"date": None}, None),
        ("url", "https://a.b/c", {"url": "https://a.b/c"}, "https://a.b/c"),
        ("url", "", {"url": None}, None),
        ("relation", [PAGE.replace("-", "").upper()], {"relation": [{"id": PAGE}]}, [PAGE]),
        ("relation", None, {"relation": []}, []),
    ],
)
def test_values(kind: str, value: object, payload: dict[str, Any], plain: object) -> None:
    assert encode(spec(kind), value) == payload
    assert decode(answered(payload)) == plain
    assert canonical(spec(kind), value) == plain


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("number", math.nan, "finite number"),
        ("number", "7", "finite number"),
        ("number", True, "finite number"),
        ("date", "16.11.2026", "day"),
        ("date", "2026-11-16T00:00:00Z", "day"),
        ("select", "a, b", "without comma"),
        ("url", "https://" + "x" * 2000, "2000"),
        ("relation", PAGE, "list of page ids"),
        ("relation", ["nothing"], "holds no Notion id"),
        ("relation", [f"{n:032x}" for n in range(101)], "at most 100"),
        ("title", 7, "takes text"),
        ("rich_text", "x" * 200_001, "shorten"),
    ],
)
def test_values_a_property_cannot_hold(kind: str, value: object, reason: str) -> None:
    with pytest.raises(RowError, match=reason) as raised:
        encode(spec(kind), value)
    assert str(raised.value).startswith("P")
    assert len(str(raised.value)) < 200


def test_unknown_types_are_refused() -> None:
    with pytest.raises(NotionError, match="people"):
        decode({"id": "x", "type": "people", "people": []})


@pytest.mark.parametrize("start", ["2026-11-16", "2026-11-16T23:30:00.000+00:00", "2026-11-16T00:30:00.000+09:00"])
def test_of_a_date_with_time_counts_the_day_people_see(start: str) -> None:
    assert decode({"id": "x", "type": "date", "date": {"start": start, "end": None}}) == "2026-11-16"
    assert decode({"id": "x", "type": "date", "date": {"start": "2026-11-01", "end": start}}) == "2026-11-16"


TEXT = st.one_of(
    st.text(),
    st.lists(st.sampled_from(["a", "👩‍👩‍👧‍👦", "שלום", "\u202e", "e\u0301", "🇰🇷", "\r\n", " " * 700]), max_size=40).map(
        "".join
    ),
)


@given(st.sampled_from(["title", "rich_text"]), TEXT)
def test_text_survives_the_way_there_and_back(kind: str, text: str) -> None:
    payload = encode(spec(kind), text)
    assert all(len(item["text"]["content"].encode("utf-16-le")) <= 4000 for item in payload[kind])
    assert "".join(item["text"]["content"] for item in payload[kind]) == text
    assert (decode(answered(payload)) or "") == text


@given(st.floats(-1e9, 1e9))
def test_numbers_survive_to_six_places(number: float) -> None:
    back = decode(answered(encode(spec("number"), number)))
    assert back == round(number, 6)
    assert canonical(spec("number"), back) == back


def test_what_counts_as_the_same() -> None:
    assert same("e\u0301\r\nx", "é\nx")
    assert same([PAGE, OTHER], [OTHER, PAGE])
    assert same(None, None)
    assert not same(None, 0.0)
    assert not same("a", "a ")
    assert not same([PAGE], [])


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        PAGE.replace("-", ""),
        f"https://app.notion.com/p/Decade-cafe-{PAGE.replace('-', '')}?v=0b11d0c5000040008000000000000000#x",
        f"https://www.notion.so/acme/{PAGE.replace('-', '').upper()}/",
    ],
)
def test_ids_in_every_form(text: str) -> None:
    assert notion_id(text) == PAGE


@pytest.mark.parametrize("text", ["", "Engineering", PAGE[:-1], "https://app.notion.com/p/Title"])
def test_what_holds_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="no Notion id"):
        notion_id(text)


def test_names_and_property_ids_are_compared_leniently() -> None:
    assert name_key("⏱️ MTTR ") == name_key("⏱ MTTR")
    assert name_key("Café") == name_key("Cafe\u0301")
    assert property_key("%5BVHf") == property_key("[VHf")
