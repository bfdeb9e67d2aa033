"""The day on which a milestone is due, as GitHub takes it and as it gives it back.

Belongs here: both directions, so that the day that is read is the day that was written. The model ``stg_milestones``
reads a stored time the same way: its date in UTC.
"""

from datetime import date

from roadmap_pipeline.github.payloads.converters import NO_TIME_FROM, NO_TIME_UNTIL, parse_time


def due_date(due_on: str | None) -> date | None:
    """Return the day of a milestone's ``due_on``.

    GitHub keeps a day and gives it as an hour of its own, midnight on its coast: 07:00 or 08:00 UTC of the same day.
    """
    moment = parse_time(due_on)
    return None if moment is None else moment.date()


def due_on(day: date | None) -> str | None:
    """Return a day as GitHub takes it, which is at noon: it is the same day in UTC and on GitHub's coast.

    Raises:
        ValueError: Of a year that stands for no time at all when it is read (1970 and before, 9999).
    """
    if day is None:
        return None
    if not NO_TIME_UNTIL < day.year < NO_TIME_FROM:
        raise ValueError(f"a milestone can't be due in {day.year}")
    return f"{day.isoformat()}T12:00:00Z"
