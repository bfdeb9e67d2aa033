"""GitHub's search syntax for times: ``>=2026-01-01``, ``2026-01-01T00:00:00Z..2026-01-02``, ``*..2026-01-01``.

Both ends are inclusive to the second; a date without time stands for its whole day.
Source: docs.github.com, "Understanding the search syntax", query for dates.
"""

import re
from datetime import UTC, datetime, timedelta

from roadmap_sandbox.payloads import timestamp

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")


def normalised(text: str) -> str:
    """Return a payload's time, with whatever offset and fraction, in the form of :func:`payloads.timestamp`.

    Raises:
        ValueError: not an ISO 8601 time.
    """
    if len(text) == 20 and text[-1] == "Z":
        return text
    moment = datetime.fromisoformat(text)
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def parse_range(text: str) -> tuple[str | None, str | None]:
    """Return the first and last second of a ``created`` filter in the form of :func:`payloads.timestamp`; None is open.

    Raises:
        ValueError: not in the search syntax.
    """
    if ".." in text:
        low, _, high = text.partition("..")
        return (None if low == "*" else _first(low), None if high == "*" else _last(high))
    for sign in (">=", "<=", ">", "<"):
        if text.startswith(sign):
            value = text[len(sign) :]
            if sign == ">=":
                return _first(value), None
            if sign == "<=":
                return None, _last(value)
            if sign == ">":
                return timestamp(_moment(_last(value)) + _SECOND), None
            return None, timestamp(_moment(_first(value)) - _SECOND)
    return _first(text), _last(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _first(text: str) -> str:
    return timestamp(_moment(text))


def _last(text: str) -> str:
    moment = _moment(text)
    return timestamp(moment + _DAY - _SECOND) if _DATE.match(text) else timestamp(moment)
