"""Shapes of a view's configuration, one for each type of view, as the types of Notion's own SDK describe them.

Belongs here: what JSON alone shows. Whether the properties exist, and of which type they are, is in ``views``.
"""

from typing import Any, Final

from roadmap_sandbox.notion.validation import (
    UNDEFINED,
    Check,
    Shape,
    anything,
    array,
    boolean,
    literal,
    nullable,
    number,
    record,
    text,
    whole_number,
)

CHARTS: Final = ("column", "bar", "line", "donut", "number")
TYPES: Final = ("table", "board", "list", "calendar", "timeline", "gallery", "form", "chart", "map", "dashboard")

_DATES: Final = ("full", "short", "month_day_year", "day_month_year", "year_month_day", "relative")
_ZOOM: Final = ("hours", "day", "week", "bi_week", "month", "quarter", "year", "5_years")
_SHOWN: Final = nullable(
    array(
        record(
            {"property_id": text(least=1)},
            {
                "visible": boolean,
                "width": number,
                "wrap": boolean,
                "status_show_as": literal("select", "checkbox"),
                "card_property_width_mode": literal("full_line", "inline"),
                "date_format": literal(
                    "full", "short", "month_day_year", "day_month_year", "year_month_day", "relative"
                ),
                "time_format": literal("12_hour", "24_hour", "hidden"),
            },
        )
    )
)
_SIZE: Final = nullable(literal("small", "medium", "large"))
_CARDS: Final[dict[str, Shape]] = {
    "properties": _SHOWN,
    "cover": nullable(
        record({"type": literal("page_cover", "page_content", "property")}, {"property_id": text(least=1)})
    ),
    "cover_size": _SIZE,
    "cover_aspect": nullable(literal("contain", "cover")),
    "card_layout": nullable(literal("list", "compact")),
}

_PLAIN_GROUPS: Final = (
    "select",
    "multi_select",
    "person",
    "created_by",
    "last_edited_by",
    "relation",
    "checkbox",
    "number",
)
_GROUP_DETAILS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("group", "option"),
    **dict.fromkeys(("date", "created_time", "last_edited_time"), ("relative", "day", "week", "month", "year")),
    **dict.fromkeys(("text", "title", "url", "email", "phone_number"), ("exact", "alphabet_prefix")),
}
"""Of the types whose groups need ``group_by``: what it may be."""


def _group(check: Check, path: str, value: Any, optional: bool) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "formula":
        return
    required: dict[str, Shape] = {
        "type": literal(*_PLAIN_GROUPS, *_GROUP_DETAILS, "formula"),
        "property_id": text(least=1),
        "sort": record({"type": literal("manual", "ascending", "descending")}),
    }
    more: dict[str, Shape] = {"hide_empty_groups": boolean}
    if kind in _GROUP_DETAILS:
        required["group_by"] = literal(*_GROUP_DETAILS[kind])
    if kind in ("date", "created_time", "last_edited_time"):
        more["start_day_of_week"] = literal(0, 1)
    if kind == "number":
        more |= dict.fromkeys(("range_start", "range_end", "range_size"), number)
    record(required, more)(check, path, value, optional)


_OPTIONAL: Final[dict[str, dict[str, Shape]]] = {
    "table": {
        "properties": _SHOWN,
        "group_by": nullable(_group),
        "subtasks": nullable(anything),
        "wrap_cells": boolean,
        "frozen_column_index": whole_number(least=0),
        "show_vertical_lines": boolean,
    },
    "board": {**_CARDS, "sub_group_by": nullable(_group)},
    "gallery": _CARDS,
    "list": {"properties": _SHOWN},
    "calendar": {
        "properties": _SHOWN,
        "view_range": nullable(literal("week", "month")),
        "show_weekends": nullable(boolean),
    },
    "timeline": {
        "properties": _SHOWN,
        "end_date_property_id": nullable(text(least=1)),
        "show_table": nullable(boolean),
        "table_properties": _SHOWN,
        "preference": nullable(record({"zoom_level": literal(*_ZOOM)}, {"center_timestamp": number})),
        "arrows_by": nullable(anything),
        "color_by": nullable(boolean),
    },
}
_REQUIRED: Final[dict[str, dict[str, Shape]]] = {
    "board": {"group_by": _group},
    "calendar": {"date_property_id": text(least=1)},
    "timeline": {"date_property_id": text(least=1)},
    "chart": {"chart_type": literal(*CHARTS)},
}


def configuration_shape(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check ``configuration``: what its type needs and, where the sandbox knows its keys, that there is no other."""
    if not isinstance(value, dict):
        check.fail(path, "an object", value, optional=optional)
        return
    kind = value.get("type", UNDEFINED)
    known = _OPTIONAL.get(kind, dict.fromkeys(value, anything)) if isinstance(kind, str) else {}
    record({"type": literal(*TYPES), **_REQUIRED.get(str(kind), {})}, known)(check, path, value, optional)
