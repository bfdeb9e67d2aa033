"""Formats of numbers, names and links in every text: rates, hours, changes, sparklines, what rests on few cases.

Numbers come as the tables hold them (fractions 0-1, hours, seconds); an absent number is a dash, never a zero.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

MISSING = "–"

FEW = 5
"""Fewer cases than this and a rate is marked as resting on little (the contract's n)."""

_BARS = "▁▂▃▄▅▆▇█"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+")


def percent(value: float | None, digits: int = 1) -> str:
    """Return a fraction as per cent: 0.8413 → ``84.1 %``.

    Only 1 is ``100 %`` and only 0 ``0 %``: 0.9999 → ``> 99.9 %``.
    """
    if value is None:
        return MISSING
    unit = Decimal(1).scaleb(-digits)
    # Through repr and half up, so that a rate stored with four digits reads as the rate itself does: 0.8235 → 82.4 %.
    shown = (Decimal(repr(float(value))) * 100).quantize(unit, ROUND_HALF_UP)
    if shown == 100 and value < 1:
        return f"> {100 - unit} %"
    if shown == 0 and value > 0:
        return f"< {unit} %"
    return f"{shown} %"


def points(before: float | None, after: float | None) -> str:
    """Return the change of a fraction in percentage points, with its direction: ``▼ 3.4 pp``."""
    if before is None or after is None:
        return MISSING
    change = round(100 * (after - before), 1)
    return "±0 pp" if change == 0 else f"{'▲' if change > 0 else '▼'} {abs(change):.1f} pp"


def difference(before: float | None, after: float | None, unit: str = "", digits: int = 0) -> str:
    """Return the change of a number, with its sign: ``+12``, ``−1.5 h``."""
    if before is None or after is None:
        return MISSING
    change = round(after - before, digits)
    if change == 0:
        return f"±0{unit}"
    return f"{'+' if change > 0 else '−'}{abs(change):,.{digits}f}{unit}"


def hours(value: float | None) -> str:
    """Return the hours as people say them: ``35 min``, ``4.2 h``, ``3.1 days``."""
    if value is None:
        return MISSING
    if value < 59.5 / 60:
        return f"{60 * value:.0f} min"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} days"


def seconds(value: float | None) -> str:
    """Return the seconds as people say them: ``23 s``, ``10 min``, ``1.4 h``."""
    if value is None:
        return MISSING
    if value < 60:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 3570 else hours(value / 3600)


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return MISSING if value is None else f"{value:,.0f}"


def with_n(text: str, n: int | None) -> str:
    """Return ``text`` with the number of cases it rests on; italic and marked when these are few."""
    if n is None or text == MISSING:
        return text
    return f"*{text} (n={n}, few)*" if n < FEW else f"{text} (n={n:,})"


def greyed(text: str, n: int | None) -> str:
    """Return ``text`` in italics when it rests on few cases."""
    return f"*{text}*" if n is not None and n < FEW and text != MISSING else text


def several(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 run``, ``1,200 runs``, ``3 repositories``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{number:,} {noun}s"


def words(name: str) -> str:
    """Return a name of the tables as words: ``lint_format`` → ``lint format``."""
    return name.replace("_", " ")


def cause(category: str) -> str:
    """Return a failure category as words; ``unknown`` says what is unknown."""
    return "unknown cause" if category == "unknown" else words(category)


def link(text: str, address: str | None) -> str:
    """Return a Markdown link; ``text`` (Markdown) alone when the address is none that can be followed."""
    return f"[{text}]({address})" if address and _ADDRESS.fullmatch(address) else text


def sparkline(values: Sequence[float | None]) -> str:
    """Return one bar per value between the series' own smallest and largest; a dot where there is none."""
    present = [value for value in values if value is not None]
    if not present:
        return ""
    low, high = min(present), max(present)
    spread = high - low

    def bar(value: float | None) -> str:
        if value is None:
            return "·"
        if spread == 0:
            return _BARS[3 if value else 0]
        return _BARS[round((value - low) / spread * (len(_BARS) - 1))]

    return "".join(bar(value) for value in values)


def week_of(day: date) -> str:
    """Return the ISO week of a day: ``2026-W46``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> date:
    """Return the Monday of an ISO week such as ``2026-W46``.

    Raises:
        ValueError: The text is no such week.
    """
    return date.fromisoformat(f"{week}-1")


def last_complete_week(now: date) -> str:
    """Return the ISO week before the one that ``now`` lies in."""
    return week_of(now - timedelta(days=7))
