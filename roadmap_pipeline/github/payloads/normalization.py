"""From what tools make of GitHub's payloads back to what GitHub gives.

Belongs here: what type each field that is used has, and what else is taken for it because its meaning is plain: a
number as text, a time as the seconds since 1970, the wrappings of other databases' exports (``{"$numberLong": "5"}``).
What has no such meaning becomes null, and where nothing can be done without the field the payload is left out. Making
rows belongs to ``records``.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from roadmap_pipeline import decoding
from roadmap_pipeline.github.payloads.shapes import Kind

Payload = Mapping[str, Any]

_LONG, _SHORT, _EXACT = 63, 31, 53
"""Bits of a number of the tables, of a small one, and of what a floating point number holds exactly."""
_NUMBER = re.compile(r"\s*([+-]?\d{1,30})(?:\.0*)?\s*", re.ASCII)
_WRAPPED_NUMBERS = ("$numberLong", "$numberInt", "$numberDouble", "$numberDecimal")
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)\s*\Z")
_REPOSITORY = re.compile(r"[^/\s]+/[^/\s]+")
_SINCE_1970 = ((10**11, 1), (10**14, 1_000), (10**17, 1_000_000))
"""Below what a count since 1970 is one of seconds, milliseconds, microseconds: up to the year 5138."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MAKES = 1_000
_MOST_BACKSLASHES = 1_000
"""So many are looked at one by one; in a text of more of them the whole is searched."""
_DEEPEST = 60
"""How many lists and objects inside each other are kept of a payload."""
NO_TIME_UNTIL, NO_TIME_FROM = 1970, 9999
"""Times of these years and beyond stand for none: 0001-01-01, the beginning of 1970, the end of 9999."""


class UnusableError(Exception):
    """A field, or a whole payload, has no meaning that could be used; says why."""


class Unusable(dict[str, Any]):
    """What stands in a list for an item that can't be used: its id or number, and the time that orders the list."""

    def __init__(self, reason: str, **fields: Any) -> None:
        super().__init__(fields)
        self.reason = reason


Convert = Callable[[Any, list[str]], Any]
"""What a field's value means; what is given back is the very object when nothing had to be done. Adds the fields within
it that have no meaning and were made null to the list, raises UnusableError when it has none itself."""


def storable(value: Any, depth: int = 0) -> Any:
    """A JSON value as every JSON library and database takes it: without NUL, halves of surrogate pairs, NaN, numbers of
    over 64 bits and bottomless nesting."""
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value] if depth < _DEEPEST else None
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return None
        return {storable(key): storable(item, depth + 1) for key, item in value.items()}
    return value


def whole(value: Any, lost: list[str] | None = None) -> int | None:  # noqa: ARG001
    """A number without fractions, as an id, a number or a count: 64 bits, not below zero."""
    return value if type(value) is int and 0 <= value < 2**_LONG else _whole(value, _LONG)


def small(value: Any, lost: list[str] | None = None) -> int | None:  # noqa: ARG001
    """As :func:`whole`, of 32 bits."""
    return value if type(value) is int and 0 <= value < 2**_SHORT else _whole(value, _SHORT)


def _whole(value: Any, bits: int) -> int | None:
    if isinstance(value, Mapping):
        value = _unwrapped(value, *_WRAPPED_NUMBERS)
    if isinstance(value, str):
        if not value.strip():
            return None
        found = _NUMBER.fullmatch(value)
        value = int(found[1]) if found else None
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**_EXACT:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**bits:
        raise UnusableError
    return value


def text(value: Any, lost: list[str] | None = None) -> str | None:  # noqa: ARG001
    """A text; a number stands for its digits."""
    if isinstance(value, Mapping):
        value = _unwrapped(value, "$oid", *_WRAPPED_NUMBERS)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnusableError
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str) else str(value)


def flag(value: Any, lost: list[str] | None = None) -> bool | None:  # noqa: ARG001
    """Yes or no."""
    if isinstance(value, bool):
        return value
    if value in ("", 0, 1):
        return None if value == "" else bool(value)
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise UnusableError


def time(value: Any, lost: list[str] | None = None) -> str | None:  # noqa: ARG001
    """A time in ISO 8601; None for times that stand for none."""
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
        value = _unwrapped(value, "$date", *_WRAPPED_NUMBERS)
        milliseconds = value if isinstance(value, int | float) else whole(value) if isinstance(value, Mapping) else None
        return time(value) if milliseconds is None else _time_since_1970(milliseconds, 1_000)
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

    Times that stand for none (0001-01-01, 1970-01-01, the end of 9999) are None. Raises ValueError for what is no ISO
    8601 time.
    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if not NO_TIME_UNTIL < moment.year < NO_TIME_FROM:
        return None
    if moment.tzinfo is None:
        return moment
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None) if NO_TIME_UNTIL < moment.year < NO_TIME_FROM else None


def _unwrapped(value: Mapping[str, Any], *names: str) -> Any:
    if len(value) == 1:
        name, inner = next(iter(value.items()))
        if name in names:
            return inner
    raise UnusableError


def _opened(value: Any, wanted: type) -> Any:
    """An object or list, also where it was written as text, as columns of spreadsheets and warehouses are."""
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


_Fields = list[tuple[str, Convert]]
_PLAIN = frozenset({whole, small, text, flag, time})
"""What has no fields of its own that could be lost."""


def thing(**fields: Convert) -> Convert:
    """An object with such fields; further ones stay as they are."""
    names = tuple(fields)
    # A page holds a hundred objects of a few makes: which fields have to be looked at is known by the types alone.
    by_types: dict[tuple[type, ...], tuple[_Fields, _Fields]] = {}

    def to_look_at(types: tuple[type, ...]) -> tuple[_Fields, _Fields]:
        found = [
            (name, field)
            for (name, field), kind in zip(fields.items(), types, strict=True)
            if kind is not type(None) and not (kind is str and field is text)
        ]
        if len(by_types) >= _MAKES:
            by_types.clear()
        by_types[types] = (
            [one for one in found if one[1] in _PLAIN],
            [one for one in found if one[1] not in _PLAIN],
        )
        return by_types[types]

    def convert(value: Any, lost: list[str]) -> Any:
        if not isinstance(value, dict):
            value = value if isinstance(value, Mapping) else _opened(value, dict)
            if value is None:
                return None
        types = tuple(map(type, map(value.get, names)))
        plain, nested = by_types.get(types) or to_look_at(types)
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

    return convert


def many(item: Convert) -> Convert:
    """A list of such items; those that have no meaning are left out."""

    def convert(value: Any, lost: list[str]) -> Any:
        if not isinstance(value, list):
            value = _opened(value, list)
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
            is_changed = is_changed or after is not before
        return items if is_changed else value

    return convert


def _label(value: Any, lost: list[str]) -> Any:
    # the API takes labels as plain strings and some tools write them so
    if isinstance(value, str):
        return value
    found = _LABEL(value, lost)
    if found is None or found.get("name") is None:
        raise UnusableError
    return found


def _parent(value: Any, lost: list[str]) -> Any:
    found = _PARENT(value, lost)
    if found is None or found.get("sha") is None:
        raise UnusableError
    return found


def _full_name(value: Any, lost: list[str]) -> str:  # noqa: ARG001
    if not isinstance(value, str) or not is_repository(value):
        raise UnusableError
    return value


def is_repository(name: str) -> bool:
    """Whether a name is one of a repository, as owner/name."""
    return _REPOSITORY.fullmatch(name) is not None


_LABEL, _PARENT = thing(name=text), thing(sha=text)
_PERSON = thing(login=text, type=text)
_AUTHOR = thing(name=text)
_SIGNATURE = thing(name=text, date=time)
_INNER_REPOSITORY = thing(id=whole, full_name=text, default_branch=text)
_BRANCH = thing(ref=text, sha=text, repo=_INNER_REPOSITORY)
_STEP = thing(number=whole, name=text, status=text, conclusion=text, started_at=time, completed_at=time)
_MILESTONE = thing(number=small, title=text)
_ADDRESSES: dict[str, Convert] = {
    "repository": _INNER_REPOSITORY,
    "html_url": text,
}
_PLAN: dict[str, Convert] = {
    "id": whole,
    "number": small,
    "title": text,
    "state": text,
    "created_at": time,
    "updated_at": time,
    "closed_at": time,
    **_ADDRESSES,
}
_ISSUE = thing(
    **_PLAN,
    state_reason=text,
    user=_PERSON,
    milestone=_MILESTONE,
    labels=many(_label),
    body=text,
    pull_request=thing(merged_at=time),
)
_SHAPES: dict[Kind, Convert] = {
    Kind.REPOSITORY: thing(
        id=whole,
        full_name=_full_name,
        owner=_PERSON,
        default_branch=text,
        archived=flag,
        html_url=text,
        created_at=time,
        updated_at=time,
        pushed_at=time,
    ),
    Kind.RUN: thing(
        id=whole,
        run_attempt=small,
        workflow_id=whole,
        path=text,
        name=text,
        run_number=whole,
        display_title=text,
        event=text,
        status=text,
        conclusion=text,
        head_branch=text,
        head_sha=text,
        head_repository=_INNER_REPOSITORY,
        head_commit=thing(message=text, author=_AUTHOR, committer=_AUTHOR),
        actor=_PERSON,
        triggering_actor=_PERSON,
        pull_requests=many(thing(number=small, base=thing(repo=thing(id=whole)))),
        created_at=time,
        run_started_at=time,
        updated_at=time,
        **_ADDRESSES,
    ),
    Kind.JOB: thing(
        id=whole,
        run_id=whole,
        run_attempt=small,
        name=text,
        workflow_name=text,
        head_branch=text,
        head_sha=text,
        status=text,
        conclusion=text,
        created_at=time,
        started_at=time,
        completed_at=time,
        runner_name=text,
        labels=many(text),
        steps=many(_STEP),
        **_ADDRESSES,
    ),
    Kind.PULL_REQUEST: thing(
        **_PLAN,
        draft=flag,
        locked=flag,
        active_lock_reason=text,
        user=_PERSON,
        head=_BRANCH,
        base=_BRANCH,
        merge_commit_sha=text,
        milestone=_MILESTONE,
        labels=many(_label),
        body=text,
        merged_at=time,
    ),
    Kind.WORKFLOW: thing(
        id=whole, name=text, path=text, state=text, created_at=time, updated_at=time, deleted_at=time, **_ADDRESSES
    ),
    Kind.COMMIT: thing(
        sha=text,
        commit=thing(message=text, author=_SIGNATURE, committer=_SIGNATURE),
        author=_PERSON,
        committer=_PERSON,
        parents=many(_parent),
        **_ADDRESSES,
    ),
    Kind.ISSUE: _ISSUE,
    Kind.PULL_REQUEST_VIEW: _ISSUE,
    Kind.MILESTONE: thing(**_PLAN, description=text, open_issues=small, closed_issues=small, due_on=time),
    Kind.ISSUE_EVENT: thing(
        id=whole,
        issue=thing(number=small),
        event=text,
        actor=_PERSON,
        label=_LABEL,
        milestone=thing(title=text),
        commit_id=text,
        created_at=time,
        **_ADDRESSES,
    ),
    Kind.COMMENT: thing(id=whole, body=text, user=_PERSON, created_at=time, updated_at=time, **_ADDRESSES),
}
_NEEDED = {
    Kind.REPOSITORY: ("id", "full_name"),
    Kind.RUN: ("id", "created_at"),
    Kind.JOB: ("id",),
    Kind.PULL_REQUEST: ("number",),
    Kind.WORKFLOW: ("id",),
    Kind.COMMIT: ("sha",),
    Kind.ISSUE: ("number",),
    Kind.PULL_REQUEST_VIEW: ("number",),
    Kind.MILESTONE: ("number",),
    Kind.ISSUE_EVENT: ("id", "created_at"),
    Kind.COMMENT: ("id",),
}


def converted(kind: Kind, payload: Any, lost: list[str] | None = None) -> Payload:
    """``payload`` as GitHub gives it, the very object when it is so already.

    Fields that have no meaning are null then, and their names are added to ``lost``. Raises UnusableError when the
    payload is no object, or lacks what a row can't do without.
    """
    fields: list[str] = []
    if isinstance(payload, Unusable):
        raise UnusableError(payload.reason)
    if not isinstance(payload, Mapping):
        raise UnusableError(f"it is no {kind}")
    found: Payload = _SHAPES[kind](payload, fields)
    for name in _NEEDED[kind]:
        if found.get(name) is None:
            raise UnusableError(f"its {name} can't be used" if name in fields else f"it has no {name}")
    if "run_attempt" in fields:  # without one it would be the first
        raise UnusableError("its run_attempt can't be used")
    if lost is not None:
        lost.extend(fields)
    return found


def in_order(kind: Kind, items: Sequence[Any], time_field: str) -> list[Payload]:
    """Return the items of a list with their ids or numbers, and the time that orders them, as GitHub gives them.

    In the place of one that can't be used stands an :class:`Unusable`, with the time of its neighbour where it has
    none, so that the list can still be walked. Raises UnusableError when no item has a time.
    """
    found = [_item(kind, item, time_field) for item in items]
    nearest = next((item[time_field] for item in found if item.get(time_field) is not None), None)
    if found and nearest is None:
        raise UnusableError(f"no {kind} has a {time_field} that can be used")
    for item in found:
        if isinstance(item, Unusable) and item.get(time_field) is None:
            item[time_field] = nearest
        nearest = item[time_field]
    return found


def _item(kind: Kind, item: Any, time_field: str) -> Payload:
    if type(item) is dict and type(item.get(_NEEDED[kind][0])) is int and type(item.get(time_field)) is str:
        try:
            if parse_time(item[time_field]) is not None:
                return item
        except ValueError:
            pass
    lost: list[str] = []
    try:
        found = converted(kind, item, lost)
        if found.get(time_field) is not None:
            return found
        reason = f"its {time_field} can't be used" if time_field in lost else f"it has no {time_field}"
    except UnusableError as error:
        reason = str(error)
    told = item if isinstance(item, Mapping) else {}
    fields: dict[str, Any] = {}
    for name in ("id", "number"):
        try:
            fields[name] = whole(told.get(name))
        except UnusableError:
            fields[name] = repr(told.get(name))
    try:
        fields[time_field] = time(told.get(time_field))
    except UnusableError:
        fields[time_field] = None
    return Unusable(reason, **fields)


def read_json(data: bytes) -> Any:
    """Return the one JSON value that a text in any encoding holds, :func:`storable`. Raises ValueError."""
    import orjson

    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        text = decoding.text(data)
        value, end = read_json_at(text, blanks_end(text, 0))
        if blanks_end(text, end) < len(text):
            raise
        return value
    return storable(value) if _may_hold_nul(data) else value


def _may_hold_nul(data: bytes) -> bool:
    """Return whether an escaped NUL is in a JSON text. Searched by its backslash, since megabytes hold few of them."""
    place = data.find(b"\\")
    for _ in range(_MOST_BACKSLASHES):
        if place < 0:
            return False
        if data.startswith(b"\\u0000", place):
            return True
        place = data.find(b"\\", place + 1)
    return b"\\u0000" in data


def read_json_at(text: str, position: int) -> tuple[Any, int]:
    """Return the JSON value at a place in ``text``, :func:`storable`, and where it ends. Raises ValueError.

    Takes what Python's reader takes, which is more than others do: NaN, numbers of any length, half a surrogate pair.
    """
    try:
        value, end = _LENIENT.raw_decode(text, position)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return storable(value), end


def blanks_end(text: str, position: int) -> int:
    """Return where the blanks at a place in ``text`` end."""
    match = _BLANK.match(text, position)
    assert match is not None
    return match.end()


def _number(digits: str) -> int | str:
    """A whole number; one that no column could hold stays text."""
    return int(digits) if len(digits) < _LONGEST_NUMBER else digits


_BLANK = re.compile(r"[\s\0]*")
_LONGEST_NUMBER = 20
_LENIENT = json.JSONDecoder(parse_int=_number, strict=False)
