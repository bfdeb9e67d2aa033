"""Keeps ``derived.learnt_model`` and ``derived.learnt_backtest`` up to date.

Belongs here: whether there is anything to learn, and what is left as it is because no other milestone has finished.
Both read ``intermediate.int_milestone_signals``, which must be built.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.milestones.learnt.model import SHRINKAGE, SIGNALS, Row, learn, leave_one_out
from roadmap_pipeline.warehouse.connection import scalar, transaction
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
    import duckdb

MODEL = "derived.learnt_model"
BACKTEST = "derived.learnt_backtest"
TABLES = frozenset({("derived", "learnt_model"), ("derived", "learnt_backtest")})
BUILT_FROM = ("intermediate", "int_milestone_signals")

LEAST_MILESTONES = 8
"""Finished milestones from which on is learnt; ``marts.learnt_progress_accuracy`` says so below it."""

VERSION = "1"


_TRAINING = f"""
    select s.repo, s.number, s.as_of, s.actual_share, {", ".join(f"s.{name}" for name in SIGNALS)}
    from intermediate.int_milestone_signals as s
    where s.is_training
    order by s.repo, s.number, s.as_of
"""  # noqa: S608


def store_model(con: "duckdb.DuckDBPyConnection") -> int:
    """Learn anew where other milestones are finished than before; return how many rows were computed."""
    rows, fingerprint = _training(con)
    if _is_up_to_date(con, MODEL, fingerprint):
        return 0
    return _store(con, MODEL, [*(learn(rows).rows() if rows else ())], fingerprint, definition_version=VERSION)


def store_backtest(con: "duckdb.DuckDBPyConnection") -> int:
    """Compute anew, where other milestones are finished than before, what would have been said of each of them.

    Returns:
        The number of rows that were computed.
    """
    rows, fingerprint = _training(con)
    if _is_up_to_date(con, BACKTEST, fingerprint):
        return 0
    scored = [
        {"repo": row.repo, "number": row.number, "as_of": row.as_of, "share": share}
        for row, share in (leave_one_out(rows) if rows else ())
    ]
    return _store(con, BACKTEST, scored, fingerprint)


def _training(con: "duckdb.DuckDBPyConnection") -> tuple[list[Row], str]:
    """Return the rows to learn from, none while it is off or too little is finished, and their fingerprint."""
    is_on = scalar(con, "select coalesce(bool_or(p.progress_learnt), false) from config.parameters as p")
    if not is_on:
        return [], ""
    found = con.execute(_TRAINING).fetchall()
    rows = [Row(repo, number, as_of, tuple(signals), share) for repo, number, as_of, share, *signals in found]
    if len({(row.repo, row.number) for row in rows}) < LEAST_MILESTONES:
        return [], ""
    digest = hashlib.sha256(repr((VERSION, SHRINKAGE, rows)).encode()).hexdigest()[:16]
    return rows, digest


def _is_up_to_date(con: "duckdb.DuckDBPyConnection", table: str, fingerprint: str) -> bool:
    stored = con.table(table).project("fingerprint").distinct().fetchall()
    return stored == ([(fingerprint,)] if fingerprint else [])


def _store(
    con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[dict[str, Any]], fingerprint: str, **more: Any
) -> int:
    with transaction(con):
        replace_table(con, table, [{**row, **more, "fingerprint": fingerprint} for row in rows])
    return len(rows)
