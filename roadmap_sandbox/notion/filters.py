"""Filters and sorts of queries and views.

Negations include empty rows, comparisons leave them out; a filter with a time compares minutes, one with a day compares
days. Text is compared exactly, upper and lower case included (what Notion does isn't documented). Empty values sort
last in both directions.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from roadmap_sandbox.notion.dates import is_day, iso_date, moment_of, parse, relative_period
from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.reading import TEXTS, formula, plain_value, rollup
from roadmap_sandbox.notion.records import DataSource, Json, Page, Property
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    UNDEFINED,
    Check,
    Shape,
    array,
    boolean,
    literal,
    number,
    record,
    tagged,
    text,
    uuid,
)

Test = Callable[[Page], bool]

PERIODS: Final = ("this_week", "past_week", "past_month", "past_year", "next_week", "next_month", "next_year")
_EMPTY: Final[dict[str, Shape]] = {"is_empty": literal(True), "is_not_empty": literal(True)}
_TEXT: Final = tagged(
    {
        **dict.fromkeys(
            ("equals", "does_not_equal", "contains", "does_not_contain", "starts_with", "ends_with"), text()
        ),
        **_EMPTY,
    }
)
_NUMBER: Final = tagged(
    {
        **dict.fromkeys(
            (
                "equals",
                "does_not_equal",
                "greater_than",
                "less_than",
                "greater_than_or_equal_to",
                "less_than_or_equal_to",
            ),
            number,
        ),
        **_EMPTY,
    }
)
_DATE: Final = tagged(
    {
        **dict.fromkeys(("equals", "before", "after", "on_or_before", "on_or_after"), iso_date),
        **dict.fromkeys(PERIODS, record()),
        **_EMPTY,
    }
)
_CHECKBOX: Final = tagged(dict.fromkeys(("equals", "does_not_equal"), boolean))


def _names(check: Check, path: str, value: Any, optional: bool) -> None:
    if isinstance(value, list):
        array(text(least=1), least=1)(check, path, value, optional)
    else:
        text()(check, path, value, optional)


_OPTION: Final = tagged({**dict.fromkeys(("equals", "does_not_equal"), _names), **_EMPTY})
_OPTIONS: Final = tagged({**dict.fromkeys(("contains", "does_not_contain"), _names), **_EMPTY})
_IDS: Final = tagged({**dict.fromkeys(("contains", "does_not_contain"), uuid), **_EMPTY})
_FORMULA: Final = tagged({"string": _TEXT, "number": _NUMBER, "checkbox": _CHECKBOX, "date": _DATE})

_CONDITIONS: Final[dict[str, Shape]] = {
    **dict.fromkeys(TEXTS, _TEXT),
    "number": _NUMBER,
    "unique_id": _NUMBER,
    "checkbox": _CHECKBOX,
    "select": _OPTION,
    "status": _OPTION,
    "multi_select": _OPTIONS,
    **dict.fromkeys(("relation", "people", "created_by", "last_edited_by"), _IDS),
    "files": tagged(_EMPTY),
    **dict.fromkeys(("date", "created_time", "last_edited_time"), _DATE),
    "formula": _FORMULA,
}
_ANY_ITEM: Final = tagged(_CONDITIONS)
_CONDITIONS["rollup"] = tagged(
    {"any": _ANY_ITEM, "every": _ANY_ITEM, "none": _ANY_ITEM, "number": _NUMBER, "date": _DATE}
)
_PROPERTY_FILTER: Final = tagged(_CONDITIONS, {"property": text()})
_TIMES: Final = ("created_time", "last_edited_time")
_MAX_NESTING: Final = 2


def filter_shape(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check ``filter``: a property or timestamp condition, or ``and``/``or`` of them, nested at most twice."""
    _filter(check, path, value, optional, 0)


def _filter(check: Check, path: str, value: Any, optional: bool, depth: int) -> None:
    if not isinstance(value, dict):
        check.fail(path, "an object", value, optional=optional)
        return
    for joint in ("and", "or"):
        if joint not in value:
            continue
        if depth == _MAX_NESTING:
            check.fail(f"{path}.{joint}", "not present", value[joint])
        elif not isinstance(value[joint], list):
            check.fail(f"{path}.{joint}", "an array", value[joint])
        else:
            for index, one in enumerate(value[joint]):
                _filter(check, f"{path}.{joint}[{index}]", one, False, depth + 1)
        for key in value:
            if key != joint:
                check.fail(f"{path}.{key}", "not present", value[key])
        return
    if "timestamp" in value:
        record({"timestamp": literal(*_TIMES)}, dict.fromkeys(_TIMES, _DATE))(check, path, value, optional)
        if value["timestamp"] in _TIMES and value["timestamp"] not in value:
            check.fail(f"{path}.{value['timestamp']}", "defined", UNDEFINED)
    elif "property" not in value:
        for key in ("or", "and", "property", "timestamp"):
            check.fail(f"{path}.{key}", "defined", UNDEFINED)
    else:
        _PROPERTY_FILTER(check, path, value, optional)


_DIRECTION: Final = literal("ascending", "descending")


def _sort(check: Check, path: str, value: Any, optional: bool) -> None:
    key = "timestamp" if isinstance(value, dict) and "timestamp" in value else "property"
    of = literal(*_TIMES) if key == "timestamp" else text()
    record({key: of, "direction": _DIRECTION})(check, path, value, optional)


SORTS: Final = array(_sort)


# ---------------------------------------------------------------- filters


def compile_filter(store: Store, source: DataSource, raw: Json | None) -> Test:
    """Return a test of rows for a filter whose shape was checked.

    Raises:
        ApiError: 400 for an unknown property or a condition of another type than the property's.
    """
    if raw is None:
        return _every_row
    for joint in ("and", "or"):
        if joint in raw:
            tests = [compile_filter(store, source, one) for one in raw[joint]]
            combine = all if joint == "and" else any
            return lambda page: combine(test(page) for test in tests)
    if "timestamp" in raw:
        name = raw["timestamp"]
        moment = Property(name, name, name, {})
        holds = _date_test(store, raw[name])
        return lambda page: holds(plain_value(store, page, moment))
    prop = source.find(raw["property"])
    if prop is None:
        raise invalid(f"Could not find property with name or id: {raw['property']}")
    kind = next(key for key in raw if key not in ("property", "type"))
    if kind != prop.type and not (kind == "rich_text" and prop.type in TEXTS):
        raise invalid(
            "The property type in the database does not match the property type of the filter provided: "
            f"database property {prop.type} does not match filter {kind}"
        )
    condition = raw[kind]
    if kind == "formula":
        return _formula_test(store, prop, condition)
    if kind == "rollup":
        return _rollup_test(store, prop, condition)
    holds = _value_test(store, kind, condition)
    return lambda page: holds(plain_value(store, page, prop))


def _every_row(page: Page) -> bool:  # noqa: ARG001
    return True


def _value_test(store: Store, kind: str, condition: Json) -> Callable[[Any], bool]:
    operator, wanted = next((key, value) for key, value in condition.items() if key != "type")
    if operator == "is_empty":
        return lambda value: value in (None, "", [])
    if operator == "is_not_empty":
        return lambda value: value not in (None, "", [])
    if kind in ("date", "created_time", "last_edited_time"):
        return _date_test(store, condition)
    if kind in ("relation", "people"):
        id_ = wanted.replace("-", "").lower()
        return lambda value: (id_ in (one.replace("-", "") for one in value)) == (operator == "contains")
    if kind in ("created_by", "last_edited_by"):
        id_ = wanted.replace("-", "").lower()
        return lambda value: (id_ == value.replace("-", "")) == (operator == "contains")
    if kind in ("select", "status"):
        names = wanted if isinstance(wanted, list) else [wanted]
        return lambda value: (value in names) == (operator == "equals")
    if kind == "multi_select":
        names = wanted if isinstance(wanted, list) else [wanted]
        return lambda value: any(name in value for name in names) == (operator == "contains")
    return _SCALAR[operator](wanted)


_SCALAR: Final[dict[str, Callable[[Any], Callable[[Any], bool]]]] = {
    "equals": lambda wanted: lambda value: value == wanted,
    "does_not_equal": lambda wanted: lambda value: value != wanted,
    "contains": lambda wanted: lambda value: wanted in value,
    "does_not_contain": lambda wanted: lambda value: wanted not in value,
    "starts_with": lambda wanted: lambda value: value.startswith(wanted),
    "ends_with": lambda wanted: lambda value: value.endswith(wanted),
    "greater_than": lambda wanted: lambda value: value is not None and value > wanted,
    "less_than": lambda wanted: lambda value: value is not None and value < wanted,
    "greater_than_or_equal_to": lambda wanted: lambda value: value is not None and value >= wanted,
    "less_than_or_equal_to": lambda wanted: lambda value: value is not None and value <= wanted,
}


def _date_test(store: Store, condition: Json) -> Callable[[Any], bool]:
    operator, wanted = next((key, value) for key, value in condition.items() if key != "type")
    if operator in ("is_empty", "is_not_empty"):
        return lambda value: (value is None) == (operator == "is_empty")

    def start(value: Any) -> str | None:
        text: str | None = value["start"] if isinstance(value, dict) else value
        return text

    if operator in PERIODS:
        first, last = relative_period(operator, store.clock)
        return lambda value: (text := start(value)) is not None and first <= moment_of(text).date() <= last
    # A filter with a day is that whole day, one with a time that minute: [low, high).
    low = moment_of(wanted)
    high = low + (timedelta(days=1) if is_day(wanted) else timedelta(minutes=1))

    def holds(value: Any) -> bool:
        text = start(value)
        if text is None:
            return False
        moment = moment_of(text)
        match operator:
            case "equals":
                return low <= moment < high
            case "before":
                return moment < low
            case "after":
                return moment >= high
            case "on_or_before":
                return moment < high
            case _:
                return moment >= low

    return holds


def _formula_test(store: Store, prop: Property, condition: Json) -> Test:
    kind, inner = next((key, value) for key, value in condition.items() if key != "type")
    expected = {"string": "string", "number": "number", "checkbox": "boolean", "date": "date"}[kind]
    holds = _value_test(store, {"string": "rich_text"}.get(kind, kind), inner)

    def test(page: Page) -> bool:
        result_kind, value = formula(store, page, prop)
        return result_kind == expected and holds("" if value is None and kind == "string" else value)

    return test


def _rollup_test(store: Store, prop: Property, condition: Json) -> Test:
    how, inner = next((key, value) for key, value in condition.items() if key != "type")
    if how in ("number", "date"):
        holds = _value_test(store, how, inner)

        def test(page: Page) -> bool:
            kind, value = rollup(store, page, prop)
            return kind == how and holds(value)

        return test
    kind = next(key for key in inner if key != "type")
    item_holds = _value_test(store, kind, inner[kind])

    def test_items(page: Page) -> bool:
        result_kind, pairs = rollup(store, page, prop)
        if result_kind != "array":
            return False
        results = [item_holds(plain_value(store, *pair)) for pair in pairs]
        return {"any": any(results), "every": all(results), "none": not any(results)}[how]

    return test_items


# ---------------------------------------------------------------- sorts


def sort_rows(store: Store, source: DataSource, rows: list[Page], raw: list[Json] | None) -> list[Page]:
    """Return rows in the order of the sorts; without sorts newest first.

    Raises:
        ApiError: 400 for an unknown property.
    """
    ordered = sorted(rows, key=lambda page: page.serial, reverse=True)
    keys: list[tuple[Property, bool]] = []
    for sort in raw or ():
        if "timestamp" in sort:
            prop: Property | None = Property(sort["timestamp"], "", sort["timestamp"], {})
        else:
            prop = source.find(sort["property"])
        if prop is None:
            raise invalid(f"Could not find sort property with name or id: {sort['property']}")
        keys.append((prop, sort["direction"] == "descending"))
    for prop, descending in reversed(keys):
        values = {page.id: _sort_value(prop, plain_value(store, page, prop)) for page in ordered}
        held = [page for page in ordered if values[page.id] is not None]
        held.sort(key=lambda page, values=values: values[page.id], reverse=descending)  # type: ignore[misc]
        ordered = held + [page for page in ordered if values[page.id] is None]
    return ordered


def _sort_value(prop: Property, value: Any) -> Any:
    if value in (None, "", []):
        return None
    if prop.type in ("select", "status"):
        return [option["name"] for option in prop.config["options"]].index(value)
    if isinstance(value, dict):
        return moment_of(value["start"])
    if isinstance(value, str):
        return (0, 0.0, value.casefold()) if parse(value) is None else (0, moment_of(value).timestamp(), "")
    if isinstance(value, list):
        return (1, float(len(value)), str(value))
    return (0, float(value), "")
