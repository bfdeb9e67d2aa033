"""Dates as Notion reads, keeps and prints them.

Date-only values stay as they are; times lose their seconds and carry an offset; ``time_zone`` is folded into it.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.validation import Check

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")


def parse(text: str) -> date | datetime | None:
    """Return a ``date`` for a day, a ``datetime`` (perhaps naive) for a time, None when it is neither."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        return None
    return None


def iso_date(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check an ISO 8601 day or time."""
    if not isinstance(value, str) or parse(value) is None:
        check.fail(path, "a valid ISO 8601 date string", value, optional=optional)


def fold(text: str, time_zone: str | None) -> str:
    """Return a checked date string as Notion keeps it. 400 for an unknown time zone."""
    value = parse(text)
    if not isinstance(value, datetime):
        return text
    if time_zone is not None:
        try:
            zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise invalid(f'Invalid time zone "{time_zone}".') from None
        value = value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.replace(second=0, microsecond=0).isoformat(timespec="milliseconds")


def minute(moment: datetime) -> str:
    """Return a time of pages, rows and blocks: floored to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def precise(moment: datetime) -> str:
    """Return a time of databases and views: milliseconds and an offset."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def moment_of(text: str) -> datetime:
    """Return the minute (UTC) of a date string; a day counts from midnight."""
    value = parse(text)
    assert value is not None, text
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value.replace(second=0, microsecond=0)


def is_day(text: str) -> bool:
    """Return whether it is a date without time."""
    return _DAY.fullmatch(text) is not None


def relative_period(name: str, now: datetime) -> tuple[date, date]:
    """Return the first and last day of a relative period such as ``past_week``; weeks begin on Sunday."""
    today = now.astimezone(UTC).date()
    if name == "this_week":
        first = today - timedelta(days=today.isoweekday() % 7)
        return first, first + timedelta(days=6)
    days = {"week": 7, "month": 30, "year": 365}[name.split("_")[1]]
    length = timedelta(days=days)
    return (today - length, today) if name.startswith("past") else (today, today + length)
