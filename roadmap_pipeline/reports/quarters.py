"""Calendar quarters: how people name them, and which days they have.

Belongs here: names and days. What a quarter holds is said by ``marts.quarterly_rollup`` and its neighbours.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from roadmap_pipeline.errors import ConfigurationError

_NAMES = re.compile(r"(?i)Q(?P<first>[1-4])-(?P<then>\d{4})|(?P<year>\d{4})-Q(?P<quarter>[1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter; ``number`` is 1 to 4."""

    year: int
    number: int

    @property
    def period(self) -> str:
        """The name in tables: ``2026-Q4``."""
        return f"{self.year}-Q{self.number}"

    @property
    def label(self) -> str:
        """The name in reports and on the command line: ``Q4-2026``."""
        return f"Q{self.number}-{self.year}"

    @property
    def report_name(self) -> str:
        """The name of its report."""
        return f"roadmap-report-{self.label}.md"

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def next(self) -> "Quarter":
        """The quarter after it."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> "Quarter":
        """The quarter before it."""
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.next.first_day - timedelta(days=1)


def quarter_of(day: date) -> Quarter:
    """Return the quarter of a day."""
    return Quarter(day.year, (day.month + 2) // 3)


def parse_quarter(text: str) -> Quarter:
    """Return the quarter that a text names: ``Q4-2026`` or ``2026-Q4``.

    Raises:
        ConfigurationError: The text names none.
    """
    match = _NAMES.fullmatch(text.strip())
    if match is None or int(match["then"] or match["year"]) == 0:
        raise ConfigurationError(f"--quarter: {text!r} is not a quarter such as Q4-2026 or 2026-Q4")
    return Quarter(int(match["then"] or match["year"]), int(match["first"] or match["quarter"]))
