"""Dropping what is old and only of use to people who look closer: payloads, and excerpts of logs.

Belongs here: which rows lose what, so that no published number changes. A payload goes where no model and no reading
needs it any more, else it is cut to what models read of it. An excerpt goes once its failure has a verdict that a rule
gave: without one it stays, as it is what a new rule is made from and what passing logs are compared with. When that is
done belongs to ``pipeline.ingestion``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline import interruption
from roadmap_pipeline.warehouse.source_tables import BY_NAME, replace_rows
from roadmap_pipeline.warehouse.transactions import in_transaction
from roadmap_pipeline.warehouse_configuration import Retention

if TYPE_CHECKING:
    import duckdb

ROWS_PER_TRANSACTION = 20_000
MOST_ROWS = 200_000
"""Rows of a table that lose something in one ingest; the next one goes on."""

CUT_AT = "cut_at"
"""The first key of a payload that was cut, and when that was."""
_IS_WHOLE = f"""payload is not null and not starts_with(cast(payload as varchar), '{{"{CUT_AT}":')"""

_TASKS = r"(?m)^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The rows of a table that lose something, and what they lose.

    Attributes:
        table: Of schema ``raw``.
        column: The column that is emptied or cut.
        assigned: SQL: what rows get; ``$cut_at`` is the time of reading.
        due: SQL: the condition on a row that is to lose something, with ``$older_than``.
    """

    table: str
    column: str
    assigned: str
    due: str


_PAYLOADS = (
    _Rule(
        "workflow_runs",
        "payload",
        "payload = null",
        # Jobs in bulk are asked for by what the payload tells, until those of the run are read.
        "payload is not null and coalesce(updated_at, created_at, read_at) < $older_than"
        " and (source not like 'http%' or run_id in (select run_id from raw.run_details))",
    ),
    _Rule(
        "workflow_jobs",
        "payload",
        "payload = null",
        "payload is not null and coalesce(completed_at, created_at, read_at) < $older_than",
    ),
    _Rule(
        "issue_events",
        "payload",
        "payload = null",
        "payload is not null and coalesce(created_at, read_at) < $older_than",
    ),
    _Rule(
        "pull_requests",
        "payload",
        f"payload = json_object('{CUT_AT}', $cut_at, 'assignees', payload -> 'assignees')",
        f"{_IS_WHOLE} and coalesce(updated_at, created_at, read_at) < $older_than",
    ),
    _Rule(
        "issues",
        "payload",
        # Of the text the beginnings of the lines that are tasks, which models count.
        f"payload = json_object('{CUT_AT}', $cut_at, 'assignees', payload -> 'assignees',"
        " 'sub_issues_summary', payload -> 'sub_issues_summary',"
        f" 'body', array_to_string(regexp_extract_all(payload ->> 'body', '{_TASKS}'), chr(10)))",
        f"{_IS_WHOLE} and coalesce(updated_at, created_at, read_at) < $older_than",
    ),
)
_EXCERPTS = (
    _Rule(
        "job_logs",
        "excerpt",
        "excerpt = null, excerpt_spans = null",
        """excerpt is not null and state = 'stored' and job_id in (
            select jobs.job_id
            from raw.workflow_jobs as jobs
            join derived.failure_verdicts as verdicts on verdicts.job_id = jobs.job_id
            where jobs.completed_at < $older_than and verdicts.judged_from = 'log' and verdicts.category <> 'unknown'
                -- a cancelled job counts as timed out by what its log says
                and lower(jobs.conclusion) in ('failure', 'timed_out', 'startup_failure')
        )""",
    ),
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The rows of a table that lost a column's text, in all or just now.

    ``older_than`` (naive UTC) is the time before which they were left alone.
    """

    table: str
    column: str
    rows: int
    older_than: datetime

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {"table": f"raw.{self.table}", "column": self.column, "rows": self.rows, "older_than": self.older_than}

    def sentence(self) -> str:
        """Return this for people."""
        what = {"payload": "payloads", "excerpt": "excerpts"}[self.column]
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{what} of {rows} of raw.{self.table} from before {self.older_than:%Y-%m-%d}"


def drop_old(con: "duckdb.DuckDBPyConnection", retention: Retention, now: datetime) -> list[Dropped]:
    """Drop what is older than ``retention`` says, at most :data:`MOST_ROWS` rows of a table; return what was dropped.

    Args:
        con: The open warehouse; others may write to a lake meanwhile.
        retention: For how many days what is kept.
        now: The time of reading (naive UTC).
    """
    dropped = []
    for rules, days in ((_PAYLOADS, retention.keep_payload_days), (_EXCERPTS, retention.keep_excerpt_days)):
        if days is None:
            continue
        older_than = now - timedelta(days=days)
        for rule in rules:
            rows = sum(_batches(con, rule, older_than, now))
            if rows:
                dropped.append(Dropped(rule.table, rule.column, rows, older_than))
    return dropped


def dropped_so_far(con: "duckdb.DuckDBPyConnection") -> list[Dropped]:
    """Return what was dropped since the warehouse was made; nothing of one that never dropped anything."""
    import duckdb

    try:
        rows = con.execute(
            "select table_name, column_name, dropped_rows, older_than from raw.retention order by all"
        ).fetchall()
    except duckdb.CatalogException:  # the snapshot of an older version
        return []
    return [Dropped(*row) for row in rows]


def _batches(con: "duckdb.DuckDBPyConnection", rule: _Rule, older_than: datetime, now: datetime) -> Iterator[int]:
    """Drop by ``rule``, some rows a transaction, and yield how many each time."""
    done = 0
    while done < MOST_ROWS:
        interruption.check()
        count = in_transaction(con, lambda: _batch(con, rule, older_than, now))
        yield count
        done += count
        if count < ROWS_PER_TRANSACTION:
            return


def _batch(con: "duckdb.DuckDBPyConnection", rule: _Rule, older_than: datetime, now: datetime) -> int:
    table = BY_NAME[f"raw.{rule.table}"]
    key = ", ".join(table.key)
    # What models read stays the same: no change is noted, so nothing is built anew.
    parameters = {"older_than": older_than} | ({"cut_at": now.isoformat()} if "$cut_at" in rule.assigned else {})
    ((count,),) = con.execute(
        f"update {table.qualified_name} set {rule.assigned} where ({key}) in"  # noqa: S608
        f" (select {key} from {table.qualified_name} where {rule.due} limit {ROWS_PER_TRANSACTION})",
        parameters,
    ).fetchall()
    if count:
        ((before,),) = con.execute(
            "select coalesce(sum(dropped_rows), 0) from raw.retention where table_name = ?", [rule.table]
        ).fetchall()
        row = {"table_name": rule.table, "column_name": rule.column, "dropped_rows": before + count}
        replace_rows(con, "raw.retention", [{**row, "older_than": older_than, "dropped_at": now}])
    return int(count)
