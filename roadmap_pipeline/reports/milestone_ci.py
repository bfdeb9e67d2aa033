"""CI's share in a milestone in words: its cost, and why the 85 % date moved, on its page and in both reports.

Belongs here: choosing rows of ``marts.milestone_ci…`` and ``marts.milestone_slips``, and the words for one of them.
What happened meanwhile is told as that, never as the cause. A page tells whole weeks only: it would else be written
anew as long as a branch is red.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.wording import title

if TYPE_CHECKING:
    import duckdb

NO_PROOF = "what happened meanwhile, no proof of a cause"
_SHOWN_LABELS = 3

_TOTALS = "select c.* from marts.milestone_ci as c order by c.repo, c.number"

_LAST_WEEKS = """
    select w.*
    from marts.milestone_ci_weekly as w
    join marts.milestone_ci as c on c.repo = w.repo and c.number = w.number and w.week_start = c.until_day - 6
"""

_PAGE_SLIPS = """
    select s.*
    from marts.milestone_slips as s
    cross join config.parameters as p
    where s.week is not null and s.to_day = s.from_day + 7
        and s.from_day >= cast(date_trunc('week', p.as_of) as date) - 28
    order by s.repo, s.number, s.from_day desc
"""

_SLIPS = """
    select s.*, m.notion_title, m.html_url
    from marts.milestone_slips as s
    join marts.milestones as m on m.repo = s.repo and m.number = s.number
    where {period} = ?
    order by s.moved_days desc, s.repo, s.number
"""


@dataclass(frozen=True, slots=True)
class MilestoneCi:
    """The cost of CI to one milestone: its row of ``marts.milestone_ci``, that of its last whole week, its moves."""

    total: Row | None = None
    week: Row | None = None
    slips: Sequence[Row] = ()

    def table(self) -> list[list[str]]:
        """Return the rows of the table on its page: what, in the last whole week, since it was opened.

        Without the week where it was closed before.
        """
        if self.total is None:
            return []
        columns = [row for row in (self.week, self.total) if row is not None]
        heads = [self.week["week"]] if self.week else []
        rest = [
            ["Default branch red", *map(_red, columns)],
            ["Job time wasted", *map(_wasted, columns)],
            ["Job time of flaky failures", *map(_flaky, columns)],
            ["Pull requests held up by others' failures", *map(_blocked, columns)],
        ]
        if self.total["currency"]:
            rest.append(["Cost of its runs", *map(cost, columns)])
        head = ["", *heads, f"{self.total['since_day']} to {self.total['until_day']}"]
        return [head, ["---", *["---:"] * len(columns)], *rest]

    @property
    def unpriced(self) -> str:
        """The runners without a price, as a sentence; empty where all have one."""
        return f"No price: {text}." if self.total and (text := unpriced(self.total)) else ""

    def slip_lines(self) -> list[str]:
        """Return by how much its 85 % date moved in each of the last four weeks, newest first."""
        return [f"{row['week']}: {_slip(row)}" for row in self.slips]


def ci_of_milestones(con: "duckdb.DuckDBPyConnection") -> Mapping[tuple[str, int], MilestoneCi]:
    """Return what CI cost, by repository and number of the milestone; an empty one for those without a row."""
    totals = {_key(row): row for row in rows(con, _TOTALS)}
    weeks = {_key(row): row for row in rows(con, _LAST_WEEKS)}
    slips: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows(con, _PAGE_SLIPS):
        slips[_key(row)].append(row)
    keys = totals.keys() | slips.keys()
    known = {key: MilestoneCi(totals.get(key), weeks.get(key), slips.get(key, ())) for key in keys}
    return defaultdict(MilestoneCi, known)


def slips_of_week(con: "duckdb.DuckDBPyConnection", week: str) -> list[str]:
    """Return by how much milestones moved in a week and what happened meanwhile, the latest ones first."""
    return [_named(row) for row in rows(con, _SLIPS.format(period="s.week"), [week])]


def slips_of_quarter(con: "duckdb.DuckDBPyConnection", quarter: str) -> list[str]:
    """Return by how much milestones moved from the first Monday of a quarter to the last, and what happened."""
    return [_named(row) for row in rows(con, _SLIPS.format(period="s.quarter"), [quarter])]


def quarter_lines(milestones: Sequence[Row]) -> list[Row]:
    """Return the table of what CI cost each milestone in a quarter; none where CI cost none of them anything.

    Args:
        milestones: Rows of ``marts.quarterly_milestones`` with those of ``marts.milestone_ci_quarterly`` beside them.
    """
    told = [row for row in milestones if row["ci_job_attempts"] is not None]
    if not any(row["red_main_hours"] or row["ci_job_attempts"] or row["blocked_pull_requests"] for row in told):
        return []
    return [
        {
            "milestone": fmt.link(title(row["notion_title"]), row["html_url"]),
            "red": _red(figures),
            "wasted": _wasted(figures),
            "flaky": _flaky(figures),
            "blocked": _blocked(figures),
            "cost": cost(figures),
        }
        for row in told
        for figures in [row | {"job_attempts": row["ci_job_attempts"]}]
    ]


def money(amount: float, currency: str) -> str:
    """Return an amount of money: ``1,204.50 USD``; what is less than a hundredth but not nothing is told so."""
    if 0 < amount < 0.005:
        return f"< 0.01 {currency}"
    cents = Decimal(repr(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{cents:,} {currency}"


def cost(row: Row) -> str:
    """Return what runs cost and how much of that was wasted; a dash where nothing has a price."""
    if row["currency"] is None:
        return fmt.MISSING
    if not row["job_attempts"]:
        return money(0, row["currency"])
    text = money(row["cost"], row["currency"])
    if row["wasted_cost"]:
        text += f", {money(row['wasted_cost'], row['currency'])} of it wasted"
    return fmt.greyed(text, row["job_attempts"])


def unpriced(row: Row) -> str:
    """Return how much ran on runners without a price; empty where all have one."""
    if not row["unpriced_minutes"]:
        return ""
    labels = row["unpriced_runners"] or []
    shown = ", ".join(as_code(label, 40) for label in labels[:_SHOWN_LABELS])
    more = f" and {len(labels) - _SHOWN_LABELS} more" if len(labels) > _SHOWN_LABELS else ""
    minutes = fmt.several(row["unpriced_minutes"], "minute")
    return f"{minutes} on {fmt.several(len(labels), 'unpriced label')} ({shown}{more})"


def costs_line(now: Row | None, before: Row | None, most: Row | None, table: str) -> str:
    """Return what CI cost in a period, against the one before and where most of it; empty without prices.

    Args:
        now: Row of a table of costs over all repositories and workflows; None without one.
        before: The row of the period before; None without one.
        most: The row of the workflow that cost most; None where it isn't told.
        table: The table, which is named.
    """
    if now is None:
        return ""
    text = f"**CI cost {money(now['cost'], now['currency'])}**"
    parts = [f"{money(now['wasted_cost'], now['currency'])} of it wasted"]
    if before is not None and before["is_complete"] and now["is_complete"]:
        parts.append(f"{money(before['cost'], now['currency'])} before")
    text += f" ({', '.join(parts)})"
    if most is not None and most["cost"]:
        text += (
            f", most of it {as_code(most['workflow'], 40)} of {most['repo']}, {money(most['cost'], most['currency'])}"
        )
    if now["job_attempts"] < fmt.FEW:
        text = f"*{text.replace('**', '')}*"
    return f"{text}{f'; no price for {left_out}' if (left_out := unpriced(now)) else ''} (`{table}`)."


def _key(row: Row) -> tuple[str, int]:
    return row["repo"], row["number"]


def _named(row: Row) -> str:
    return f"**{title(row['notion_title'])}** {_slip(row)}"


def _slip(row: Row) -> str:
    return f"{escape_markdown(row['sentence'])} ({row['p85_before']} → {row['p85_after']})"


def _red(row: Row) -> str:
    return fmt.hours(row["red_main_hours"]) if row["red_main_hours"] else "never"


def _wasted(row: Row) -> str:
    if not row["job_minutes"]:
        return fmt.MISSING
    wasted, whole = fmt.seconds(60 * row["wasted_minutes"]), fmt.seconds(60 * row["job_minutes"])
    text = f"{wasted} of {whole} ({fmt.percent(row['wasted_share'])})" if row["wasted_minutes"] else f"none of {whole}"
    return fmt.greyed(text, row["job_attempts"])


def _flaky(row: Row) -> str:
    if not row["job_attempts"]:
        return fmt.MISSING
    jobs = fmt.several(row["flaky_job_attempts"], "failed job")
    text = f"{fmt.seconds(60 * row['flaky_minutes'])}, {jobs}" if row["flaky_job_attempts"] else "none"
    return fmt.greyed(text, row["job_attempts"])


def _blocked(row: Row) -> str:
    if not row["blocked_pull_requests"]:
        return "none"
    return f"{row['blocked_pull_requests']}, for {fmt.hours(row['pull_request_hours_blocked'])}"
