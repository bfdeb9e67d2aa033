"""From what tools make of GitHub's payloads back to what GitHub gives.

Belongs here: what type each field that is used has, and what else is taken for it because its meaning is plain: a
number as text, a time as the seconds since 1970, the wrappings of other databases' exports (``{"$numberLong": "5"}``).
What has no such meaning becomes null, and where nothing can be done without the field the payload is left out. Making
rows belongs to ``records``.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from roadmap_pipeline.github.shapes import Kind

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
_DEEPEST = 60
"""How many lists and objects inside each other are kept of a payload."""
NO_TIME_UNTIL, NO_TIME_FROM = 1970, 9999
"""Times of these years and beyond stand for none: 0001-01-01, the beginning of 1970, the end of 9999."""


class UnusableError(Exception):
    """A field, or a whole payload, has no meaning that could be used; says why."""


Convert = Callable[[Any, list[str]], Any]
"""What a field's value means; what is given back is the very object when nothing had to be done. Adds the fields within
it that have no meaning and were made null to the list, raises UnusableError when it has none itself."""


def storable_text(value: str) -> str:
    """``value`` with replacement characters for what no database takes: NUL, halves of surrogate pairs."""
    return value if value.isprintable() else _UNSTORABLE.sub("\ufffd", value)


def storable(value: Any, depth: int = 0) -> Any:
    """A JSON value as every JSON library takes it: without NUL, NaN, numbers over 64 bits and bottomless nesting."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value] if depth < _DEEPEST else None
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return None
        return {storable_text(str(key)): storable(item, depth + 1) for key, item in value.items()}
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
    if type(value) is str:
        return storable_text(value)
    if isinstance(value, Mapping):
        value = _unwrapped(value, "$oid", *_WRAPPED_NUMBERS)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnusableError
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return storable_text(str(value))


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
    return f"{moment.replace(tzinfo=None).isoformat()}Z" if is_time(moment) else None


def _time_of_text(value: str) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        value = _ZONE_NAME.sub("Z", value.strip()).replace(" Z", "Z")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise UnusableError from None
    return value if is_time(moment) else None


def is_time(moment: datetime) -> bool:
    """Whether it is a time, not one that stands for none."""
    return NO_TIME_UNTIL < moment.year < NO_TIME_FROM


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


def thing(**fields: Convert) -> Convert:
    """An object with such fields; further ones stay as they are."""
    given = tuple(fields.items())

    def convert(value: Any, lost: list[str]) -> Any:
        if not isinstance(value, Mapping):
            value = _opened(value, dict)
            if value is None:
                return None
        changed: dict[str, Any] | None = None
        for name, field in given:
            before = value.get(name)
            if before is None:
                continue
            known = len(lost)
            try:
                after = field(before, lost)
            except UnusableError:
                after = None
                lost.append(name)
            else:
                if len(lost) > known:
                    lost[known:] = [f"{name}.{inner}" for inner in lost[known:]]
            if after is not before:
                if changed is None:
                    changed = dict(value)
                changed[name] = after
        return value if changed is None else changed

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
        return storable_text(value)
    found = _LABEL(value, lost)
    if found is None or found.get("name") is None:
        raise UnusableError
    return found


def _full_name(value: Any, lost: list[str]) -> str:
    if not isinstance(value, str) or not _REPOSITORY.fullmatch(value):
        raise UnusableError
    return str(text(value, lost))


def _address(value: Any, lost: list[str]) -> str | None:
    if not isinstance(value, str):
        raise UnusableError
    return text(value, lost)


_LABEL = thing(name=text)
_PERSON = thing(id=whole, login=text, type=text)
_AUTHOR = thing(name=text)
_REPOSITORY_FIELDS: dict[str, Convert] = {
    "id": whole,
    "full_name": _full_name,
    "owner": _PERSON,
    "default_branch": text,
    "url": _address,
    "html_url": _address,
    "created_at": time,
    "updated_at": time,
    "pushed_at": time,
}
_INNER_REPOSITORY = thing(**_REPOSITORY_FIELDS)
_BRANCH = thing(ref=text, sha=text, repo=_INNER_REPOSITORY)
_STEP = thing(number=whole, name=text, status=text, conclusion=text, started_at=time, completed_at=time)
_MILESTONE = thing(number=small, title=text)
_ADDRESSES: dict[str, Convert] = {
    "repository": _INNER_REPOSITORY,
    "url": _address,
    "html_url": _address,
    "repository_url": _address,
    "issue_url": _address,
    "run_url": _address,
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
    Kind.REPOSITORY: _INNER_REPOSITORY,
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
        user=_PERSON,
        head=_BRANCH,
        base=_BRANCH,
        merge_commit_sha=text,
        milestone=_MILESTONE,
        labels=many(_label),
        body=text,
        merged_at=time,
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
