"""Values that no field of GitHub's has, and records with them."""

import json
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    "123",
    " 12 ",
    "12.0",
    12.0,
    1e300,
    float("nan"),
    float("inf"),
    2**63,
    2**64,
    10**40,
    -5,
    True,
    False,
    "",
    "a text",
    "half a pair \ud83d",
    "a \0 in it",
    {"$numberLong": "7"},
    {"$numberLong": "x"},
    {"$date": "2026-11-10T10:00:00Z"},
    {"$date": {"$numberLong": "1762768800000"}},
    {"a": 1},
    [],
    [None],
    ["a", {"b": 1}],
    [[[[[["deep"]]]]]],
    1_762_768_800,
    1_762_768_800_000,
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999-12:00",
    "2026-99-99T99:99:99Z",
    "2026-11-10 10:00:00 UTC",
    '{"login": "ana"}',
    "[1, 2",
]

ANY_JSON = st.recursive(
    st.sampled_from(ODD) | st.none() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def places(payload: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every field of a payload, those inside of others too."""
    found = []
    items = payload.items() if isinstance(payload, dict) else enumerate(payload) if isinstance(payload, list) else ()
    for key, value in items:
        found += [(*before, key), *places(value, (*before, key))]
    return found


def with_value(payload: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a payload with another value at a place."""
    changed = json.loads(json.dumps(payload))
    inside = changed
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return changed
