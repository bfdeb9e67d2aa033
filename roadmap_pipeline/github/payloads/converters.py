"""Converting single values to what GitHub gives: numbers, texts, flags, times, and the objects and lists around them.

Belongs here: what is taken for a value because its meaning is plain: a number as text, a time as the seconds since
1970, the wrappings of other databases' exports (``{"$numberLong": "5"}``). Which fields a payload has belongs to
``field_types``.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_LONG, _SHORT, _EXACT = 63, 31, 53
"""Bits of a number of the tables, of a small one, and of what a floating point number holds exactly."""
_NUMBER = re.compile(r"\s*([+-]?\d{1,30})(?:\.0*)?\s*", re.ASCII)
_WRAPPED_NUMBERS = ("$numberLong", "$numberInt", "$numberDouble", "$numberDecimal")
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)\s*\Z")
_SINCE_1970 = ((10**11, 1), (10**14, 1_000), (10**17, 1_000_000))
"""Below what a count since 1970 is one of seconds, milliseconds, microseconds: up to the year 5138."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_TYPE_COMBINATIONS = 1_000
# Times that are remembered: those of a thing are alike, and each is looked at where it is checked, too.
_MOST_TIMES = 4_096
NO_TIME_UNTIL, NO_TIME_FROM = 1970, 9999
"""Times of these years and beyond stand for none: 0001-01-01, the beginning of 1970, the end of 9999."""


_NOTHING = type(None)


class UnusableError(Exception):
    """A field, or a whole payload, has no meaning that could be used; says why."""


Converter = Callable[[Any, list[str]], Any]
"""Returns the meaning of a field's value, the very object when nothing had to be done. Adds the fields within it that
have no meaning and were made null to the list, raises UnusableError when it has none itself."""


def int64(value: Any, lost: list[str] | None = None) -> int | None:  # noqa: ARG001
    """Return a number without fractions, as an id, a number or a count: 64 bits, not below zero."""
    return value if type(value) is int and 0 <= value < 2**_LONG else _integer(value, _LONG)


def int32(value: Any, lost: list[str] | None = None) -> int | None:  # noqa: ARG001
    """Return what :func:`int64` does, of 32 bits."""
    return value if type(value) is int and 0 <= value < 2**_SHORT else _integer(value, _SHORT)


def _integer(value: Any, bits: int) -> int | None:
    if isinstance(value, Mapping):
        value = _unwrap(value, *_WRAPPED_NUMBERS)
    if isinstance(value, str):
        if not value.strip():
            return None
        match = _NUMBER.fullmatch(value)
        value = int(match[1]) if match else None
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**_EXACT:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**bits:
        raise UnusableError
    return value


def text(value: Any, lost: list[str] | None = None) -> str | None:  # noqa: ARG001
    """Return a text; a number stands for its digits."""
    if isinstance(value, Mapping):
        value = _unwrap(value, "$oid", *_WRAPPED_NUMBERS)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnusableError
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str) else str(value)


def boolean(value: Any, lost: list[str] | None = None) -> bool | None:  # noqa: ARG001
    """Return yes or no."""
    if isinstance(value, bool):
        return value
    if value in ("", 0, 1):
        return None if value == "" else bool(value)
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise UnusableError


def timestamp(value: Any, lost: list[str] | None = None) -> str | None:  # noqa: ARG001
    """Return a time in ISO 8601; None for times that stand for none."""
    if type(value) is str:
        try:  # as GitHub writes it
            if value[-1:] == "Z" and NO_TIME_UNTIL < datetime.fromisoformat(value).year < NO_TIME_FROM:
                return value
        except ValueError:
            pass
        digits = value.strip()
        if not digits:
            return None
        if not digits.isdecimal() or len(digits) == len("20261116"):
            return _time_of_text(value)
        value = int(digits[:20])
    if isinstance(value, Mapping):
        value = _unwrap(value, "$date", *_WRAPPED_NUMBERS)
        milliseconds = value if isinstance(value, int | float) else int64(value) if isinstance(value, Mapping) else None
        return timestamp(value) if milliseconds is None else _time_since_1970(milliseconds, 1_000)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableError
    return _time_since_1970(value)


def _time_since_1970(count: float, unit: int | None = None) -> str | None:
    if not math.isfinite(count):
        raise UnusableError
    if count <= 0:
        return None
    unit = unit or next((unit for limit, unit in _SINCE_1970 if count < limit), None)
    if unit is None:
        raise UnusableError
    try:
        moment = _BEGINNING + timedelta(microseconds=int(count * 1_000_000) // unit)
    except OverflowError:
        raise UnusableError from None
    return _time_of_text(f"{moment.replace(tzinfo=None).isoformat()}Z")


def _time_of_text(value: str) -> str | None:
    try:
        moment = parse_time(value)
    except ValueError:
        value = _ZONE_NAME.sub("Z", value.strip()).replace(" Z", "Z")
        try:
            moment = parse_time(value)
        except ValueError:
            raise UnusableError from None
    return None if moment is None else value


def parse_time(text: str | None) -> datetime | None:
    """Return a time of the API as naive UTC; an offset is converted, a time without one is taken as UTC.

    Times that stand for none (0001-01-01, 1970-01-01, the end of 9999) are None.

    Raises:
        ValueError: It is no ISO 8601 time.
    """
    return _parse_time(text) if text else None


@lru_cache(maxsize=_MOST_TIMES)
def _parse_time(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    if not NO_TIME_UNTIL < moment.year < NO_TIME_FROM:
        return None
    if moment.tzinfo is None:
        return moment
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None) if NO_TIME_UNTIL < moment.year < NO_TIME_FROM else None


def _unwrap(value: Mapping[str, Any], *names: str) -> Any:
    if len(value) == 1:
        name, inner = next(iter(value.items()))
        if name in names:
            return inner
    raise UnusableError


def _parse_nested(value: Any, wanted: type) -> Any:
    """Return an object or list that was written as text, as columns of spreadsheets and warehouses are."""
    import orjson

    if not isinstance(value, str):
        raise UnusableError
    if not value.strip():
        return None
    try:
        inner = orjson.loads(value)
    except ValueError:
        raise UnusableError from None
    if not isinstance(inner, wanted):
        raise UnusableError
    return inner


_Fields = list[tuple[str, Converter]]
_PLAIN = frozenset({int64, int32, text, boolean, timestamp})
"""Converters of values without fields that could be lost."""
_FIELDS: dict[Converter, Mapping[str, Converter]] = {}
_ITEMS: dict[Converter, Converter] = {}
"""The fields of the converters of objects, and the converters of the items of those of lists."""


def object_of(**fields: Converter) -> Converter:
    """Return the converter of an object with such fields; further ones stay as they are."""
    names = tuple(fields)
    # A page holds a hundred objects of a few makes: which fields have to be looked at is known by the types alone.
    by_types: dict[tuple[type, ...], tuple[_Fields, _Fields]] = {}

    def fields_to_convert(types: tuple[type, ...]) -> tuple[_Fields, _Fields]:
        convertible = [
            (name, field)
            for (name, field), kind in zip(fields.items(), types, strict=True)
            if kind is not type(None) and not (kind is str and field is text)
        ]
        if len(by_types) >= _MOST_TYPE_COMBINATIONS:
            by_types.clear()
        by_types[types] = (
            [pair for pair in convertible if pair[1] in _PLAIN],
            [pair for pair in convertible if pair[1] not in _PLAIN],
        )
        return by_types[types]

    def convert(value: Any, lost: list[str]) -> Any:
        if not isinstance(value, dict):
            value = value if isinstance(value, Mapping) else _parse_nested(value, dict)
            if value is None:
                return None
        types = tuple(map(type, map(value.get, names)))
        plain, nested = by_types.get(types) or fields_to_convert(types)
        if not plain and not nested:
            return value
        changed: dict[str, Any] = {}
        for name, field in plain:
            before = value[name]
            try:
                after = field(before, lost)
            except UnusableError:
                after = None
                lost.append(name)
            if after is not before:
                changed[name] = after
        for name, field in nested:
            before, known = value[name], len(lost)
            try:
                after = field(before, lost)
            except UnusableError:
                after = None
                lost.append(name)
            else:
                if len(lost) > known:
                    lost[known:] = [f"{name}.{inner}" for inner in lost[known:]]
            if after is not before:
                changed[name] = after
        return {**value, **changed} if changed else value

    _FIELDS[convert] = fields
    return convert


def are_unchanged(converter: Converter, values: Sequence[Any]) -> bool:
    """Return whether a converter would leave each of many values as it is; false where that takes a closer look.

    Many are looked at field by field, which takes a third of the time of converting one after another.
    """
    kinds = set(map(type, values))
    kinds.discard(_NOTHING)
    if not kinds:
        return True
    if converter is text:
        return kinds == {str}
    if converter is boolean:
        return kinds == {bool}
    told = [value for value in values if value is not None]
    if converter is int64 or converter is int32:
        return kinds == {int} and min(told) >= 0 and max(told) < 2 ** (_LONG if converter is int64 else _SHORT)
    if converter is timestamp:
        try:
            return kinds == {str} and all(
                value[-1:] == "Z" and NO_TIME_UNTIL < datetime.fromisoformat(value).year < NO_TIME_FROM
                for value in told
            )
        except ValueError:
            return False
    if converter in _ITEMS:
        items = [item for items in told for item in items] if kinds == {list} else [None]
        return None not in items and are_unchanged(_ITEMS[converter], items)
    fields = _FIELDS.get(converter)
    return (
        fields is not None
        and kinds == {dict}
        and all(are_unchanged(field, [value.get(name) for value in told]) for name, field in fields.items())
    )


def list_of(item: Converter) -> Converter:
    """Return the converter of a list of such items; those that have no meaning are left out."""

    def convert(value: Any, lost: list[str]) -> Any:
        if not isinstance(value, list):
            value = _parse_nested(value, list)
            if value is None:
                return None
        items: list[Any] = []
        is_changed = False
        for before in value:
            try:
                after = None if before is None else item(before, lost)
            except UnusableError:
                after = None
                lost.append("item")
            if after is not None:
                items.append(after)
            is_changed = is_changed or after is None or after is not before
        return items if is_changed else value

    _ITEMS[convert] = item
    return convert
