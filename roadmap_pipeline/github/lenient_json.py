"""Reading JSON as it really comes: any encoding, NUL, halves of surrogate pairs, numbers of any length.

Belongs here: from bytes or text to values that every JSON library and database takes. What the values mean belongs to
``payloads``; client, payloads and dumps read with it.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from roadmap_pipeline import decoding

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST_BACKSLASHES = 1_000
"""So many are looked at one by one; in a text of more of them the whole is searched."""
_DEEPEST = 60
"""The lists and objects inside each other that are kept of a payload."""
_BLANK = re.compile(r"[\s\0]*")
_LONGEST_NUMBER = 20


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value as every JSON library and database takes it.

    Without NUL, halves of surrogate pairs, NaN, numbers of over 64 bits and bottomless nesting.
    """
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


def read_json(data: bytes) -> Any:
    """Return the one JSON value that a text in any encoding holds, :func:`storable`.

    Raises:
        ValueError: It holds none, or more than one.
    """
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
    """Return the JSON value at a place in ``text``, :func:`storable`, and where it ends.

    Takes what Python's reader takes, which is more than others do: NaN, numbers of any length, half a surrogate pair.

    Raises:
        ValueError: There is none.
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
    """Return a whole number; one that no column could hold stays text."""
    return int(digits) if len(digits) < _LONGEST_NUMBER else digits


_LENIENT = json.JSONDecoder(parse_int=_number, strict=False)
