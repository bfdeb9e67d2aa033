"""Sections of reports of one's own: which are left out, and those that SQL of one's own adds.

Belongs here: making the Markdown of such a section, bounded and neutralised, and putting it into its place in a
rendered report. A section that can't be made says so in its place, in one line, and costs nothing else. What its SQL
may do is held by :mod:`roadmap_pipeline.warehouse.restricted`; it runs on the tables that the report is made from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from roadmap_pipeline.customization import ReportSection
from roadmap_pipeline.failures.display import as_plain, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.quarters import Quarter
from roadmap_pipeline.reports.section_names import FOOTER, name_of, section_names
from roadmap_pipeline.warehouse.connection import WarehouseError
from roadmap_pipeline.warehouse.query import QueryError
from roadmap_pipeline.warehouse.restricted import BoundedRows, open_restricted, run_restricted

if TYPE_CHECKING:
    import duckdb

_CELL_CHARACTERS = 160
_SECTION_UNITS = 8_000
"""UTF-16 units of a section's table: ten sections leave the report's own more than half of its budget."""
_MOST_COLUMNS = 12
_LINK = "_url"
"""The end of a column's name that makes its values the links of the column named before it."""
_LARGEST_FILE = 100_000
_NUMBERS = (int, float, Decimal)


class Period(NamedTuple):
    """The week or quarter that a report is about: its kind and name, its first day, and the day after its last."""

    report: str
    name: str
    start: date
    end: date

    @classmethod
    def of_week(cls, week: str) -> "Period":
        """Return an ISO week. Raises ValueError for a text that is none."""
        monday = fmt.monday_of(week)
        return cls("weekly", week, monday, monday + timedelta(days=7))

    @classmethod
    def of_quarter(cls, quarter: Quarter) -> "Period":
        """Return a quarter."""
        return cls("quarterly", quarter.period, quarter.first_day, quarter.next.first_day)

    def parameters(self) -> dict[str, Any]:
        """Return what the SQL of a section may name."""
        unit = {"weekly": "week", "quarterly": "quarter"}[self.report]
        named = {unit: self.name, f"{unit}_start": self.start, f"{unit}_end": self.end}
        return {**named, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class OwnSections:
    """The sections as they are configured, and the Markdown of those that are added, by report, period and title.

    ``failures`` says of those that could not be made why.
    """

    configured: Sequence[ReportSection] = ()
    texts: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def arranged(self, report: str, period: str, content: str) -> str:
        """Return a rendered report without what is left out, and with what is added."""
        configured = [one for one in self.configured if one.report == report]
        if not configured:
            return content
        head, *parts = ("\n" + content).split("\n## ")
        left_out = {one.name for one in configured if not one.is_own}
        present = [(name_of(part.partition("\n")[0]), part) for part in parts]
        present = [(name, part) for name, part in present if name not in left_out]
        order = {name: at for at, name in enumerate(section_names(report))}
        # Later ones behind earlier ones that have the same place.
        added: dict[int, list[str]] = {}
        for one in configured:
            if (text := self.texts.get((report, period, one.title or ""))) is not None:
                added.setdefault(order[one.after] if one.after else order[FOOTER] - 1, []).append(text)
        pieces = [head.strip("\n")]
        waiting = sorted(added)
        for name, part in present:
            while waiting and waiting[0] < order.get(name, len(order)):
                pieces += added[waiting.pop(0)]
            pieces.append("## " + part.strip("\n"))
        return "\n\n".join([*pieces, *(text for at in waiting for text in added[at])]) + "\n"


NO_SECTIONS = OwnSections()


def own_sections(
    warehouse: str | Path, configured: Sequence[ReportSection], folder: Path, periods: Iterable[Period]
) -> OwnSections:
    """Return the sections of one's own for these periods.

    Args:
        warehouse: What they are made from: a file that this process has closed.
        configured: The sections that are left out or added.
        folder: The folder in which the paths of their SQL start.
        periods: The weeks and quarters whose reports are rendered.
    """
    wanted = [
        (period, one)
        for period in dict.fromkeys(periods)
        for one in configured
        if one.is_own and one.report == period.report
    ]
    if not wanted:
        return OwnSections(configured)
    texts: dict[tuple[str, str, str], str] = {}
    failures: dict[str, None] = {}
    try:
        with open_restricted(warehouse) as con:
            for period, one in wanted:
                texts[period.report, period.name, one.title or ""] = _made(con, one, folder, period, failures)
    except WarehouseError as error:
        for period, one in wanted:
            texts[period.report, period.name, one.title or ""] = _failed(one, str(error), failures)
    return OwnSections(configured, texts, tuple(failures))


def _made(
    con: "duckdb.DuckDBPyConnection", section: ReportSection, folder: Path, period: Period, failures: dict[str, None]
) -> str:
    try:
        result = run_restricted(con, _sql(folder, section.sql or ""), period.parameters(), section.limit)
        if len(result.columns) > _MOST_COLUMNS:
            raise QueryError(f"it gives {len(result.columns)} columns, more than {_MOST_COLUMNS}")
    except QueryError as error:
        return _failed(section, str(error), failures)
    return "\n\n".join(filter(None, [_heading(section), section.text.strip(), _table(result)]))


def _failed(section: ReportSection, reason: str, failures: dict[str, None]) -> str:
    reason = as_plain(reason, 300)
    where = f"the section {section.title} of the {section.report} report"
    failures[f"{where} could not be made: {section.sql}: {reason}"] = None
    return f"{_heading(section)}\n\n*This section could not be made: {escape_markdown(reason)}*"


def _heading(section: ReportSection) -> str:
    return f"## {escape_markdown(section.title or '')}"


def _sql(folder: Path, name: str) -> str:
    """Return the text of a section's file.

    Raises:
        QueryError: It can't be read.
    """
    path = folder / Path(name).expanduser()
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise QueryError(f"the file is larger than {_LARGEST_FILE:,} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise QueryError(f"the file can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise QueryError("the file is no UTF-8 text") from error


def _table(result: BoundedRows) -> str:
    """Return rows as a Markdown table; what doesn't fit is said below it."""
    if not result.rows:
        return "Nothing to show."
    links = {
        at: result.columns.index(name.removesuffix(_LINK))
        for at, name in enumerate(result.columns)
        if name.endswith(_LINK) and name.removesuffix(_LINK) in result.columns
    }
    shown = [at for at in range(len(result.columns)) if at not in links]
    addresses = {column: at for at, column in links.items()}
    lines = [
        f"| {' | '.join(escape_markdown(as_plain(fmt.words(result.columns[at]), 60)) or ' ' for at in shown)} |",
        f"|{'|'.join(_alignment(row[at] for row in result.rows) for at in shown)}|",
    ]
    used = 0
    for row in result.rows:
        cells = [fmt.link(cell(row[at]), str(row[addresses[at]])) if at in addresses else cell(row[at]) for at in shown]
        line = f"| {' | '.join(cells)} |"
        used += len(line.encode("utf-16-le")) // 2 + 1
        if used > _SECTION_UNITS:
            break
        lines.append(line)
    has_more = result.has_more or used > _SECTION_UNITS
    return "\n".join(lines) + (f"\n\nThe first {len(lines) - 2} rows; there are more." if has_more else "")


def _alignment(values: Iterable[Any]) -> str:
    present = [value for value in values if value is not None]
    is_number = bool(present) and all(isinstance(one, _NUMBERS) and not isinstance(one, bool) for one in present)
    return "---:" if is_number else "---"


def cell(value: Any) -> str:
    """Return a value of the warehouse as a table's cell: nothing in it is formatting, a link or a mention."""
    if value is None:
        return fmt.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        if value != value or abs(value) == float("inf"):
            return fmt.MISSING
        text = f"{value:,.2f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return fmt.hours(value.total_seconds() / 3600)
    if hasattr(value, "nanoseconds"):  # an interval as Arrow gives it
        return fmt.hours(24 * (30 * value.months + value.days) + value.nanoseconds / 3.6e12)
    return escape_markdown(as_plain(str(value), _CELL_CHARACTERS)) or " "
