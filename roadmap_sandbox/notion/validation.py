"""Shapes of request bodies and the grammar of the messages when a body doesn't fit.

A shape checks JSON alone: what exists in the workspace is checked later by whoever handles the request, as the API
does. Texts are counted in UTF-16 code units, as everywhere in Notion's limits.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from roadmap_sandbox.notion.errors import ApiError, invalid

MAX_BODY_BYTES: Final = 512_000
MAX_TEXT_UNITS: Final = 2000
MAX_ITEMS: Final = 100
_SHOWN_UNITS: Final = 55

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


class _Undefined:
    """A key that isn't there, as JavaScript prints it."""


UNDEFINED: Final = _Undefined()


def utf16_units(text: str) -> int:
    """Return the length in UTF-16 code units: the length JavaScript reports."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def cut_units(text: str, units: int) -> str:
    """Return the longest beginning of ``text`` of at most ``units`` UTF-16 units; never half a surrogate pair."""
    if len(text) * 2 <= units:
        return text
    used = 0
    for index, char in enumerate(text):
        used += 2 if ord(char) > 0xFFFF else 1
        if used > units:
            return text[:index]
    return text


def show(value: Any) -> str:
    """Return a value as messages print it: JSON, cut at 55 UTF-16 units."""
    if value is UNDEFINED:
        return "undefined"
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return shown if utf16_units(shown) <= _SHOWN_UNITS else cut_units(shown, _SHOWN_UNITS) + "..."


def dashed(text: str) -> str | None:
    """Return the id in its dashed lower-case form, or None when it is no uuid."""
    if not _UUID.fullmatch(text):
        return None
    digits = text.replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Check:
    """The collection of what is wrong with one part (``body``, ``path`` or ``query``) of a request."""

    def __init__(self, part: str = "body") -> None:
        self.part = part
        self.failures: list[str] = []

    def fail(self, path: str, should: str, value: Any, *, optional: bool = False) -> None:
        """Note that the value at ``path`` should be something else."""
        undefined = " or `undefined`" if optional else ""
        self.failures.append(f"{path} should be {should}{undefined}, instead was `{show(value)}`.")

    def error(self) -> ApiError | None:
        """Return the error that names everything wrong, or None."""
        if not self.failures:
            return None
        if len(self.failures) == 1:
            return invalid(f"{self.part} failed validation: {self.failures[0]}")
        return invalid("\n".join([f"{self.part} failed validation. Fix one:", *self.failures]))


Shape = Callable[[Check, str, Any, bool], None]
"""``shape(check, path, value, optional)`` adds to ``check.failures`` what is wrong with ``value``."""


def check_body(shape: Shape, body: Any) -> None:
    """Raise the API's validation error when ``body`` doesn't fit."""
    check = Check()
    shape(check, "body", body, False)
    error = check.error()
    if error is not None:
        raise error


def text(*, least: int = 0, most: int | None = None) -> Shape:
    """Return the shape of a string of ``least`` to ``most`` UTF-16 units."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if not isinstance(value, str):
            check.fail(path, "a string", value, optional=optional)
        elif most is not None and (units := utf16_units(value)) > most:
            check.fail(f"{path}.length", f"≤ `{most}`", units)
        elif len(value) < least:
            check.fail(f"{path}.length", f"≥ `{least}`", len(value))

    return shape


def boolean(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check that it is ``true`` or ``false``."""
    if not isinstance(value, bool):
        check.fail(path, "a boolean", value, optional=optional)


def number(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check that it is a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        check.fail(path, "a number", value, optional=optional)


def whole_number(*, least: int) -> Shape:
    """Return the shape of a whole number of at least ``least``."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            check.fail(path, "a number", value, optional=optional)
        elif value < least:
            check.fail(path, f"≥ `{least}`", value, optional=optional)
        elif value != int(value):
            check.fail(path, "an integer", value, optional=optional)

    return shape


def uuid(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check that it is an id, with or without dashes."""
    if not isinstance(value, str) or dashed(value) is None:
        check.fail(path, "a valid uuid", value, optional=optional)


def anything(check: Check, path: str, value: Any, optional: bool) -> None:
    """Take whatever it is; used where the API ignores what clients echo back."""


def literal(*allowed: Any) -> Shape:
    """Return the shape of one of a few fixed values."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if not any(value is one or (type(value) is type(one) and value == one) for one in allowed):
            names = [f"`{show(one)}`" for one in allowed]
            should = names[0] if len(names) == 1 else ", ".join(names[:-1]) + f", or {names[-1]}"
            check.fail(path, should, value, optional=optional)

    return shape


def nullable(inner: Shape) -> Shape:
    """Return the shape of the inner one, or ``null``."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if value is not None:
            inner(check, path, value, optional)

    return shape


def array(item: Shape, *, most: int | None = MAX_ITEMS, least: int = 0) -> Shape:
    """Return the shape of a list of ``least`` to ``most`` items."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if not isinstance(value, list):
            check.fail(path, "an array", value, optional=optional)
        elif most is not None and len(value) > most:
            check.fail(f"{path}.length", f"≤ `{most}`", len(value))
        elif len(value) < least:
            check.fail(f"{path}.length", f"≥ `{least}`", len(value))
        else:
            for index, one in enumerate(value):
                item(check, f"{path}[{index}]", one, False)

    return shape


def mapping(item: Shape) -> Shape:
    """Return the shape of an object with free keys."""

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if not isinstance(value, dict):
            check.fail(path, "an object", value, optional=optional)
            return
        for key, one in value.items():
            item(check, f"{path}.{key}", one, False)

    return shape


def record(required: Mapping[str, Shape] | None = None, optional: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of an object with these keys and no others."""
    needed = dict(required or {})
    possible = dict(optional or {})

    def shape(check: Check, path: str, value: Any, is_optional: bool) -> None:
        if not isinstance(value, dict):
            check.fail(path, "an object" if value is not UNDEFINED else "defined", value, optional=is_optional)
            return
        for key, inner in needed.items():
            if key in value:
                inner(check, f"{path}.{key}", value[key], False)
            else:
                check.fail(f"{path}.{key}", "defined", UNDEFINED)
        for key, inner in possible.items():
            if key in value:
                inner(check, f"{path}.{key}", value[key], True)
        for key in value:
            if key not in needed and key not in possible:
                check.fail(f"{path}.{key}", "not present", value[key])

    return shape


def tagged(kinds: Mapping[str, Shape], extra: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of an object with one key of ``kinds``, perhaps a ``type`` that names it, and ``extra`` keys."""
    more = dict(extra or {})

    def shape(check: Check, path: str, value: Any, optional: bool) -> None:
        if not isinstance(value, dict):
            check.fail(path, "an object", value, optional=optional)
            return
        present = [key for key in kinds if key in value]
        if not present:
            for key in kinds:
                check.fail(f"{path}.{key}", "defined", UNDEFINED)
            return
        kind = present[0]
        kinds[kind](check, f"{path}.{kind}", value[kind], False)
        if "type" in value and value["type"] != kind:
            check.fail(f"{path}.type", f"`{show(kind)}`", value["type"], optional=True)
        for key in value:
            if key in more:
                more[key](check, f"{path}.{key}", value[key], True)
            elif key not in (kind, "type"):
                check.fail(f"{path}.{key}", "not present", value[key])

    return shape


def tag(value: Mapping[str, Any], kinds: Mapping[str, Any]) -> str:
    """Return which of ``kinds`` a value checked by :func:`tagged` is."""
    return next(key for key in kinds if key in value)
