"""The times at which nobody is to be disturbed.

Belongs here: whether a moment is quiet, and whether a digest is due, by the clock of the configured time zone.
"""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from roadmap_pipeline.risk_configuration import Notifications

_SATURDAY = 5


def is_quiet(moment: datetime, settings: Notifications) -> bool:
    """Return whether nothing is sent at ``moment`` (aware): in quiet hours, or at the weekend where that is set."""
    local = moment.astimezone(ZoneInfo(settings.timezone))
    if settings.weekdays_only and local.weekday() >= _SATURDAY:
        return True
    if settings.quiet_span is None:
        return False
    first, end = settings.quiet_span
    at = time(local.hour, local.minute)
    return first <= at < end if first < end else at >= first or at < end


def is_digest_due(moment: datetime, last: datetime | None, settings: Notifications) -> bool:
    """Return whether a digest may be sent at ``moment``: no other was on its day or in its week, as is set.

    Args:
        moment: Now (aware).
        last: When the last digest was sent (aware); None before the first.
    """
    if last is None or settings.digest == "off":
        return True
    zone = ZoneInfo(settings.timezone)
    today, before = moment.astimezone(zone).date(), last.astimezone(zone).date()
    if settings.digest == "daily":
        return today > before
    return today.isocalendar()[:2] > before.isocalendar()[:2]
