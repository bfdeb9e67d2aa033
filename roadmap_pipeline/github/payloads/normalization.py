"""From what tools make of GitHub's payloads back to what GitHub gives.

Belongs here: whole payloads and lists of them. What has no plain meaning becomes null, and where nothing can be done
without the field the payload is left out. Single values belong to ``converters``, which fields there are to
``field_types``, making rows to ``records``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from roadmap_pipeline.github.payloads.converters import UnusableError, are_unchanged, int64, parse_time, timestamp
from roadmap_pipeline.github.payloads.field_types import FIELD_TYPES, REQUIRED_FIELDS, is_repository
from roadmap_pipeline.github.payloads.shapes import Kind

__all__ = [
    "Payload",
    "Unusable",
    "UnusableError",
    "are_as_given",
    "converted",
    "in_order",
    "is_repository",
    "parse_time",
]

Payload = Mapping[str, Any]


class Unusable(dict[str, Any]):
    """The stand-in for an item of a list that can't be used: its id or number, and the time that orders the list."""

    def __init__(self, reason: str, **fields: Any) -> None:
        super().__init__(fields)
        self.reason = reason


def converted(kind: Kind, payload: Any, lost: list[str] | None = None) -> Payload:
    """Return ``payload`` as GitHub gives it, the very object when it is so already.

    Args:
        kind: What the payload is.
        payload: A payload of any age and origin.
        lost: The names of fields that have no meaning, and are null then, are added to it.

    Raises:
        UnusableError: The payload is no object, or lacks what a row can't do without.
    """
    fields: list[str] = []
    if isinstance(payload, Unusable):
        raise UnusableError(payload.reason)
    if not isinstance(payload, Mapping):
        raise UnusableError(f"it is no {kind}")
    result: Payload = FIELD_TYPES[kind](payload, fields)
    for name in REQUIRED_FIELDS[kind]:
        if result.get(name) is None:
            raise UnusableError(f"its {name} can't be used" if name in fields else f"it has no {name}")
    if "run_attempt" in fields:  # without one it would be the first
        raise UnusableError("its run_attempt can't be used")
    if lost is not None:
        lost.extend(fields)
    return result


def are_as_given(kind: Kind, payloads: Sequence[Any]) -> bool:
    """Return whether :func:`converted` would give each of many payloads back as it is, with nothing lost.

    It may be false where it would, too.
    """
    return (
        set(map(type, payloads)) == {dict}
        and are_unchanged(FIELD_TYPES[kind], payloads)
        and None not in [payload.get(name) for name in REQUIRED_FIELDS[kind] for payload in payloads]
    )


def in_order(kind: Kind, items: Sequence[Any], time_field: str) -> list[Payload]:
    """Return the items of a list with their ids or numbers, and the time that orders them, as GitHub gives them.

    In the place of one that can't be used stands an :class:`Unusable`, with the time of its neighbour where it has
    none, so that the list can still be walked.

    Raises:
        UnusableError: No item has a time.
    """
    ordered = [_item(kind, item, time_field) for item in items]
    nearest = next((item[time_field] for item in ordered if item.get(time_field) is not None), None)
    if ordered and nearest is None:
        raise UnusableError(f"no {kind} has a {time_field} that can be used")
    for item in ordered:
        if isinstance(item, Unusable) and item.get(time_field) is None:
            item[time_field] = nearest
        nearest = item[time_field]
    return ordered


def _item(kind: Kind, item: Any, time_field: str) -> Payload:
    if type(item) is dict and type(item.get(REQUIRED_FIELDS[kind][0])) is int and type(item.get(time_field)) is str:
        try:
            if parse_time(item[time_field]) is not None:
                return item
        except ValueError:
            pass
    lost: list[str] = []
    try:
        payload = converted(kind, item, lost)
        if payload.get(time_field) is not None:
            return payload
        reason = f"its {time_field} can't be used" if time_field in lost else f"it has no {time_field}"
    except UnusableError as error:
        reason = str(error)
    original = item if isinstance(item, Mapping) else {}
    fields: dict[str, Any] = {}
    for name in ("id", "number"):
        try:
            fields[name] = int64(original.get(name))
        except UnusableError:
            fields[name] = repr(original.get(name))
    try:
        fields[time_field] = timestamp(original.get(time_field))
    except UnusableError:
        fields[time_field] = None
    return Unusable(reason, **fields)
