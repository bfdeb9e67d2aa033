"""How numbers are written in every text: rates, hours, changes, sparklines, and what rests on few cases.

Numbers come as the tables hold them (fractions 0-1, hours); an absent number is a dash, never a zero.
"""

from collections.abc import Sequence
from datetime import date, timedelta

MISSING = "–"

FEW = 5
"""Fewer cases than this and a rate is marked as resting on little (the contract's n)."""

_BARS = "▁▂▃▄▅▆▇█"


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as per cent: 0.8413 → ``84.1 %``."""
    return MISSING if value is None else f"{100 * value:.{digits}f} %"


def points(before: float | None, after: float | None) -> str:
    """The change of a fraction in percentage points, with its direction: ``▼ 3.4 pp``."""
    if before is None or after is None:
        return MISSING
    change = round(100 * (after - before), 1)
    return "±0 pp" if change == 0 else f"{'▲' if change > 0 else '▼'} {abs(change):.1f} pp"


def difference(before: float | None, after: float | None, unit: str = "", digits: int = 0) -> str:
    """The change of a number, with its sign: ``+12``, ``−1.5 h``."""
    if before is None or after is None:
        return MISSING
    change = round(after - before, digits)
    if change == 0:
        return f"±0{unit}"
    return f"{'+' if change > 0 else '−'}{abs(change):,.{digits}f}{unit}"


def hours(value: float | None) -> str:
    """Hours as people say them: ``35 min``, ``4.2 h``, ``3.1 days``."""
    if value is None:
        return MISSING
    if value < 1:
        return f"{60 * value:.0f} min"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} days"


def count(value: float | None) -> str:
    """A whole number with thousands separators."""
    return MISSING if value is None else f"{value:,.0f}"


def with_n(text: str, n: int | None) -> str:
    """``text`` with the number of cases it rests on; italic and marked when these are few."""
    if n is None or text == MISSING:
        return text
    return f"*{text} (n={n}, few)*" if n < FEW else f"{text} (n={n:,})"


def sparkline(values: Sequence[float | None]) -> str:
    """One bar per value between the series' own smallest and largest; a gap where there is none."""
    present = [value for value in values if value is not None]
    if not present:
        return ""
    low, high = min(present), max(present)
    spread = high - low

    def bar(value: float | None) -> str:
        if value is None:
            return "·"
        return _BARS[3] if spread == 0 else _BARS[round((value - low) / spread * (len(_BARS) - 1))]

    return "".join(bar(value) for value in values)


def week_of(day: date) -> str:
    """The ISO week of a day: ``2026-W46``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> date:
    """The Monday of an ISO week such as ``2026-W46``. Raises :class:`ValueError` for anything else."""
    return date.fromisoformat(f"{week}-1")


def last_complete_week(now: date) -> str:
    """The ISO week before the one that ``now`` lies in."""
    return week_of(now - timedelta(days=7))
