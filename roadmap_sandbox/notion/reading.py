"""Values of pages: plain Python values for comparing, and the form in which the API shows them.

Formulas and rollups are computed here. Values in requests are read by ``writing``.
"""

import json
from statistics import median
from typing import Any, Final

from roadmap_sandbox.notion.dates import minute, moment_of
from roadmap_sandbox.notion.properties import find_option
from roadmap_sandbox.notion.records import USERS, Json, Page, Property, encode_id
from roadmap_sandbox.notion.richtext import plain
from roadmap_sandbox.notion.store import Store

RELATIONS_SHOWN: Final = 25
TEXTS: Final = ("title", "rich_text", "url", "email", "phone_number")


def related(store: Store, page: Page, prop: Property) -> list[str]:
    """Return the ids a relation shows: none in the trash or not shared (so none of a database that isn't shared)."""
    pages = (store.pages[id_] for id_ in page.values.get(prop.id) or [])
    return [one.id for one in pages if store.visible(one) and not store.in_trash(one)]


def plain_value(store: Store, page: Page, prop: Property) -> Any:
    """Return the value for comparing.

    Text types give ``str`` (empty when unset), number and unique_id a number, select and status the option's name,
    multi_select names, relation and people ids, files names, checkbox ``bool``, date the API's date object, times the
    minute as text, users their id, formula the value of its kind, rollup a number, date text or list; ``None`` when
    empty.
    """
    value = page.values.get(prop.id)
    match prop.type:
        case "title" | "rich_text":
            return plain(value or [])
        case "url" | "email" | "phone_number":
            return value or ""
        case "select" | "status":
            option = option_of(prop, value)
            return option["name"] if option else None
        case "multi_select":
            return [option["name"] for id_ in value or [] if (option := find_option(prop, id_=id_))]
        case "checkbox":
            return bool(value)
        case "relation":
            return related(store, page, prop)
        case "people":
            return value or []
        case "files":
            return [file["name"] for file in value or []]
        case "created_time":
            return minute(page.stamps.created)
        case "last_edited_time":
            return minute(page.stamps.edited)
        case "created_by":
            return page.stamps.created_by
        case "last_edited_by":
            return page.stamps.edited_by
        case "formula":
            return formula(store, page, prop)[1]
        case "rollup":
            return rollup(store, page, prop)[1]
        case _:
            return value


def option_of(prop: Property, value: str | None) -> Json | None:
    """Return the option of a stored select or status value; an unset status has its first option."""
    if value is not None:
        return find_option(prop, id_=value)
    if prop.type == "status":
        first = next((group["option_ids"][0] for group in prop.config["groups"] if group["option_ids"]), None)
        return find_option(prop, id_=first)
    return None


def formula(store: Store, page: Page, prop: Property) -> tuple[str, Any]:
    """Return kind (string, number, boolean, date) and value."""
    config = prop.config
    if config["property_id"] is None:
        value = json.loads(config["expression"])
        if isinstance(value, bool):
            return "boolean", value
        return ("string", value) if isinstance(value, str) else ("number", value)
    referred = store.schema(page).get(config["property_id"])
    value = plain_value(store, page, referred) if referred else None
    if referred is None or isinstance(value, str):
        return "string", value
    match referred.type:
        case "number" | "unique_id":
            return "number", value
        case "checkbox":
            return "boolean", value
        case "date":
            return "date", value
        case _:
            return "string", ", ".join(value) if isinstance(value, list) else value


def rollup(store: Store, page: Page, prop: Property) -> tuple[str, Any]:
    """Return kind (number, date, array) and value; an array is of (page, property) pairs. Only 25 relations count."""
    function = prop.config["function"]
    over = store.schema(page).get(prop.config["relation"])
    pages: list[Page] = []
    shown: Property | None = None
    if over is not None and over.type == "relation":
        shown = store.data_sources[over.config["data_source_id"]].properties.get(prop.config["shown"])
        pages = [store.pages[id_] for id_ in related(store, page, over)[:RELATIONS_SHOWN]]
    pairs = [(one, shown) for one in pages if shown is not None]
    values = [plain_value(store, *pair) for pair in pairs]
    held = [value for value in values if value not in (None, "", [], False)]
    if function in ("show_original", "show_unique"):
        seen: list[Any] = []
        kept = []
        for pair, value in zip(pairs, values, strict=True):
            if function == "show_original" or value not in seen:
                kept.append(pair)
                seen.append(value)
        return "array", kept
    if function in ("earliest_date", "latest_date"):
        starts = [value["start"] for value in held if isinstance(value, dict)]
        choose = min if function == "earliest_date" else max
        return "date", {"start": choose(starts, key=moment_of), "end": None, "time_zone": None} if starts else None
    return "number", _number(function, values, held)


def _number(function: str, values: list[Any], held: list[Any]) -> float | None:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    counts = {
        "count": len(values),
        "count_values": sum(len(value) if isinstance(value, list) else 1 for value in held),
        "unique": len({json.dumps(value) for value in held}),
        "empty": len(values) - len(held),
        "unchecked": len(values) - len(held),
        "not_empty": len(held),
        "checked": len(held),
    }
    if function in counts:
        return counts[function]
    if function.startswith("percent_"):
        return counts[function.removeprefix("percent_")] / len(values) if values else None
    if not numbers:
        return 0 if function == "sum" else None
    results = {
        "sum": sum(numbers),
        "average": sum(numbers) / len(numbers),
        "median": median(numbers),
        "min": min(numbers),
        "max": max(numbers),
        "range": max(numbers) - min(numbers),
    }
    return results[function]


def shown_value(store: Store, page: Page, prop: Property) -> Any:
    """Return what stands under the type's key in a page's property."""
    value = page.values.get(prop.id)
    match prop.type:
        case "title" | "rich_text" | "files":
            return value or []
        case "select" | "status":
            return shown_option(option_of(prop, value))
        case "multi_select":
            return [shown_option(find_option(prop, id_=id_)) for id_ in value or []]
        case "checkbox":
            return bool(value)
        case "relation":
            return [{"id": id_} for id_ in related(store, page, prop)]
        case "people":
            return [{"object": "user", "id": id_} for id_ in value or []]
        case "created_time" | "last_edited_time":
            return plain_value(store, page, prop)
        case "created_by" | "last_edited_by":
            user = USERS[plain_value(store, page, prop)]
            return {**user, "bot": {}} if user["type"] == "bot" else user
        case "formula":
            kind, result = formula(store, page, prop)
            return {"type": kind, kind: result}
        case "rollup":
            kind, result = rollup(store, page, prop)
            if kind == "array":
                result = [{"type": one.type, one.type: shown_value(store, other, one)} for other, one in result]
            return {"type": kind, kind: result, "function": prop.config["function"]}
        case "unique_id":
            return {"prefix": prop.config["prefix"], "number": value}
        case _:
            return value


def shown_option(option: Json | None) -> Json | None:
    """Return an option as values show it."""
    return {"id": option["id"], "name": option["name"], "color": option["color"]} if option else None


def value_object(store: Store, page: Page, prop: Property) -> Json:
    """Return one entry of a page's ``properties``."""
    value = shown_value(store, page, prop)
    shown: Json = {"id": encode_id(prop.id), "type": prop.type, prop.type: value}
    if prop.type == "relation":
        shown["has_more"] = len(value) > RELATIONS_SHOWN
        shown["relation"] = value[:RELATIONS_SHOWN]
    return shown
