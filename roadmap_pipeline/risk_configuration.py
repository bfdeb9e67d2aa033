"""The sections ``risks`` and ``notifications`` of ``roadmap.toml``: thresholds, and who is told when.

Belongs here: their keys, defaults and checks. The other sections are in ``configuration``, which reads the file.
"""

import re
from datetime import time
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Fraction = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Risk = Literal[
    "overdue",
    "off_track",
    "at_risk",
    "blocked",
    "slipping",
    "stalled",
    "red_main",
    "scope_growth",
    "target_moved",
]
"""Threats to a milestone, gravest first: the values of ``marts.milestone_risks.risk``."""

Severity = Literal["low", "medium", "high"]


class Risks(_Section):
    """Thresholds of ``marts.milestone_risks``. Probabilities and growth are fractions.

    A condition counts from ``consecutive_days`` days in a row on, and is over after as many without it.
    ``target_moves`` counts changes of the target date within ``target_moves_days``.
    """

    consecutive_days: Annotated[int, Field(ge=1, le=14)] = 2
    off_track_below: Fraction = 0.5
    at_risk_below: Fraction = 0.85
    slip_days: Annotated[int, Field(ge=1)] = 7
    scope_growth: Annotated[float, Field(gt=0)] = 0.20
    stalled_days: Annotated[int, Field(ge=1)] = 14
    target_moves: Annotated[int, Field(ge=1)] = 2
    target_moves_days: Annotated[int, Field(ge=1)] = 90
    red_hours: Annotated[float, Field(gt=0)] = 24
    blocked_labels: tuple[str, ...] = ("blocked",)

    @model_validator(mode="after")
    def _is_ordered(self) -> "Risks":
        if self.off_track_below > self.at_risk_below:
            raise ValueError(
                f"off_track_below ({self.off_track_below:g}) is above at_risk_below ({self.at_risk_below:g})"
            )
        return self


_QUIET_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Notifications(_Section):
    """The risks that are told, how often, and when nobody is to be disturbed.

    ``digest``: one message a day or a week of all that changed, in place of one a change. ``quiet_hours`` such as
    ``22:00-07:00`` are of ``timezone``, and so are the days of ``weekdays_only``; what changes then is told in one
    digest afterwards.
    """

    on: tuple[Risk, ...] = get_args(Risk)
    min_severity: Severity = "medium"
    digest: Literal["off", "daily", "weekly"] = "off"
    quiet_hours: str | None = None
    timezone: str = "UTC"
    weekdays_only: bool = False

    @property
    def quiet_span(self) -> tuple[time, time] | None:
        """The first quiet minute of a day and the first one that is not; None where no hours are quiet."""
        if self.quiet_hours is None or (hours := _QUIET_HOURS.fullmatch(self.quiet_hours)) is None:
            return None
        return time(int(hours[1]), int(hours[2])), time(int(hours[3]), int(hours[4]))

    @field_validator("quiet_hours")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        if value is None:
            return None
        hours = _QUIET_HOURS.fullmatch(value)
        if hours is None:
            raise ValueError("give the first and the last hour, such as 22:00-07:00")
        if hours.groups()[:2] == hours.groups()[2:]:
            raise ValueError("begins when it ends: leave it out for none")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no time zone of that name; such as Europe/Berlin") from None
        return value
