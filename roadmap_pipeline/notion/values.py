"""Values of properties: plain values ⇄ Notion's payloads.

Belongs here: what a property can hold, and when two values say the same. The requests that carry them belong to
``rows``.

A value is ``str`` (title, text, select, url; a date as ``YYYY-MM-DD``, one with time as ``YYYY-MM-DDTHH:MM+00:00``),
``float`` (number), ``list[str]`` (page ids of a relation) or None. Empty text is None, an empty relation is ``[]``.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.client import NotionError
from roadmap_pipeline.notion.ids import notion_id
from roadmap_pipeline.notion.layout import PropertySpec
from roadmap_pipeline.notion.markdown import split_utf16

Value = str | float | list[str] | None
DECIMALS = 6
"""Places to which numbers are rounded before they are written or compared."""
TEXT_OBJECTS = 100
"""Most text objects that Notion takes in one property."""
_URL_UNITS = 2000
_RELATIONS = 100
_SHOWN = 80
_DAY = len("YYYY-MM-DD")


class RowError(RoadmapError):
    """A value that a property cannot hold; nothing was written."""


def canonical(spec: PropertySpec, value: object) -> Value:
    """Return ``value`` as the plain value of its property. Takes dates, integers and decimals too.

    Raises:
        RowError: The property cannot hold it.
    """
    if spec.type == "relation":
        return _page_ids(spec, value)
    if value is None or value == "":
        return None
    if spec.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not isfinite(value):
            raise RowError(f"{spec.name} takes a finite number, not {shown(value)}")
        # Adding zero turns -0.0 into 0.0.
        return round(float(value), DECIMALS) + 0.0
    if spec.type == "date":
        return _minute(spec, value) if spec.has_time else _day(spec, value)
    if not isinstance(value, str):
        raise RowError(f"{spec.name} takes text, not {shown(value)}")
    if spec.type == "select" and "," in value:
        raise RowError(f"{spec.name} takes an option name without comma, not {shown(value)}")
    if spec.type == "url" and _units(value) > _URL_UNITS:
        raise RowError(f"{spec.name} takes a URL of at most {_URL_UNITS} UTF-16 units: {shown(value)}")
    return value


def encode(spec: PropertySpec, value: object) -> dict[str, Any]:
    """Return the payload that sets a property to ``value``.

    Text is cut into objects of at most 2,000 UTF-16 units whose concatenation is the text.

    Raises:
        RowError: The property cannot hold it.
    """
    plain = canonical(spec, value)
    if spec.type in {"title", "rich_text"}:
        pieces = split_utf16(plain) if isinstance(plain, str) else []
        if len(pieces) > TEXT_OBJECTS:
            raise RowError(
                f"{spec.name} takes {TEXT_OBJECTS} pieces of 2,000 UTF-16 units, not {len(pieces)}: shorten the text"
            )
        return {spec.type: [{"type": "text", "text": {"content": piece}} for piece in pieces]}
    if spec.type == "relation":
        return {"relation": [{"id": page} for page in plain]} if isinstance(plain, list) else {"relation": []}
    if plain is None:
        return {spec.type: None}
    if spec.type == "select":
        return {"select": {"name": plain}}
    if spec.type == "date":
        moment = datetime.fromisoformat(str(plain)).isoformat(timespec="seconds") if spec.has_time else plain
        return {"date": {"start": moment}}
    return {spec.type: plain}


def encode_range(spec: PropertySpec, value: object, date_range: tuple[str, str]) -> dict[str, Any]:
    """Return the payload that moves the end of a range of days to ``value``: its start stays, and an end's time of day.

    A range that would end on the day it starts, or before, becomes the single day.

    Args:
        spec: The property.
        value: The day on which the range ends; None empties the property.
        date_range: The range as Notion has it, start and end.

    Raises:
        RowError: The property cannot hold the value.
    """
    day = canonical(spec, value)
    start, end = date_range
    if not isinstance(day, str) or day <= start[:_DAY]:
        return encode(spec, day)
    # Notion wants a time on both ends or on none.
    return {"date": {"start": start, "end": day + end[_DAY:]}}


def range_of(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return start and end of the range that a date property holds, as Notion writes them; None when it holds none."""
    content = payload["date"] if payload["type"] == "date" else None
    return (content["start"], content["end"]) if content and content.get("end") else None


def decode(payload: Mapping[str, Any], *, has_time: bool = False) -> Value:
    """Return the plain value of a property as a page carries it. Of a date with time: its day; of a range: its end.

    Args:
        payload: The property as Notion gives it.
        has_time: Whether a date is a minute, not a day.

    Raises:
        NotionError: The two databases don't have properties of that type.
    """
    kind = payload["type"]
    content = payload[kind]
    if kind in {"title", "rich_text"}:
        return "".join(item["plain_text"] for item in content) or None
    if kind == "relation":
        return [notion_id(item["id"]) for item in content]
    if kind not in {"number", "select", "date", "url"}:
        raise NotionError(f"Notion: no value is known for properties of type {kind}", code="unknown_type")
    if content is None or content == "":
        return None
    if kind == "number":
        return round(float(content), DECIMALS) + 0.0
    if kind == "date":
        moment = str(content.get("end") or content["start"])
        return _utc_minute(datetime.fromisoformat(moment)) if has_time else moment[:_DAY]
    return str(content["name"] if kind == "select" else content)


def same(one: Value, other: Value) -> bool:
    """Return whether two plain values say the same.

    Text up to Unicode composition and line ends, relations in any order.
    """
    if isinstance(one, list) and isinstance(other, list):
        return set(one) == set(other)
    if isinstance(one, str) and isinstance(other, str):
        return _comparable(one) == _comparable(other)
    return one == other or (not one and not other and not isinstance(one, float) and not isinstance(other, float))


def normalised(text: str, *, keep: str = "") -> str:
    """Return a text as Notion may store it: composed (NFC), without control characters but ``keep``, trimmed."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(one for one in composed if one in keep or unicodedata.category(one) != "Cc").strip()


def is_as_written(spec: PropertySpec, written: Value, stored: Value) -> bool:
    """Return whether Notion's ``stored`` value is what it makes of ``written``: the same, or its text normalised."""
    if isinstance(written, str) and isinstance(stored, str | None):
        # A title is one line; in other texts the lines count.
        keep = "" if spec.type == "title" else "\n"
        return normalised(written, keep=keep) == normalised(stored or "", keep=keep)
    return same(written, stored)


def _comparable(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n"))


def _day(spec: PropertySpec, value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise RowError(f"{spec.name} takes a day (YYYY-MM-DD), not {shown(value)}")


def _minute(spec: PropertySpec, value: object) -> str:
    if isinstance(value, datetime):
        return _utc_minute(value)
    if isinstance(value, str):
        try:
            return _utc_minute(datetime.fromisoformat(value))
        except ValueError:
            pass
    raise RowError(f"{spec.name} takes a time (ISO 8601), not {shown(value)}")


def _utc_minute(moment: datetime) -> str:
    """Return a time in UTC, floored to the minute as Notion floors it; one without zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="minutes")


def _page_ids(spec: PropertySpec, value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RowError(f"{spec.name} takes a list of page ids, not {shown(value)}")
    try:
        pages = list(dict.fromkeys(notion_id(str(page)) for page in value))
    except ValueError as error:
        raise RowError(f"{spec.name}: {error}") from None
    if len(pages) > _RELATIONS:
        raise RowError(f"{spec.name} takes at most {_RELATIONS} pages, not {len(pages)}")
    return pages


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def shown(value: object) -> str:
    """Return a value as messages show it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
