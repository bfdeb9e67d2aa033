"""The state of Notion and GitHub to each other, as `roadmap status` and the report's last section tell it.

Belongs here: reading what the sync left in its tables, and the sentences about it. Rates and lags are computed in
``marts.sync_reliability``.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.wording import title
from roadmap_pipeline.warehouse.connection import WarehouseError, connect, scalar

if TYPE_CHECKING:
    import duckdb

STALE_AFTER = timedelta(days=1)
"""Time without a comparison of both sides after which the sync is taken for broken, whatever it answers."""

_ROWS = """
    select r.sync_key, r.repo, r.number, r.title, r.state, r.note, r.page_url,
        coalesce(r.is_trashed, false) as is_trashed,
        strftime(r.since, '%Y-%m-%d %H:%M') as since
    from sync.rows as r
    where r.is_trashed or r.state <> 'In step'
    order by r.title, r.repo, r.number
"""

_CONFLICTS = """
    select coalesce(r.title, c.sync_key) as title, r.repo, r.number, c.field, c.github_value, c.notion_value,
        c.base_value, strftime(c.since, '%Y-%m-%d %H:%M') as since
    from sync.conflicts as c
    left join sync.rows as r on r.sync_key = c.sync_key
    order by title, r.repo, r.number, c.field
"""

_DATABASES = "select d.database, d.definition ->> 'url' as url from sync.databases as d order by d.database desc"

_PAGES = "select r.repo, r.number, r.page_url from sync.rows as r where not coalesce(r.is_trashed, false)"

_RELIABILITY = """
    select r.changes, r.scheduled, r.verified, r.failed, r.reliability, r.lag_p50_seconds, r.lag_p95_seconds,
        r.conflicts, r.quarantined, r.trashed, r.syncs, r.complete_syncs, r.last_error,
        strftime(r.oldest_unsynced_at, '%Y-%m-%d %H:%M') as oldest_unsynced_at
    from marts.sync_reliability as r
    where r.target = '*'
"""

_LAST_VERIFIED = """
    select greatest(
        (select max(v.verified_at) from sync.verifications as v),
        (select max(c.settled_at) from sync.changes as c where c.state = 'done')
    )
"""


def read_sync_status(warehouse: str | Path, published: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return ``{last_verified_at, rows, conflicts, trashed, reliability, databases, pages}``, as of the last sync.

    The readers' copy may be older than that: the warehouse itself is asked where nobody is writing to it. ``databases``
    are addresses in Notion by key, ``pages`` those of rows by repository and number of their milestone.

    Args:
        warehouse: The warehouse itself.
        published: Its readers' copy.
    """
    import duckdb

    try:
        with connect(warehouse, read_only=True, lock_timeout_s=0) as con:
            return sync_status(con)
    except (WarehouseError, duckdb.Error):
        return sync_status(published)


def sync_status(con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return what :func:`read_sync_status` does, as this connection has it."""
    found = rows(con, _ROWS)
    trashed = [row for row in found if row["is_trashed"]]
    others = [row for row in found if not row["is_trashed"]]
    for row in found:
        del row["is_trashed"]
    conflicts = rows(con, _CONFLICTS)
    for conflict in conflicts:
        for side in ("github", "notion", "base"):
            value = conflict.pop(f"{side}_value")
            conflict[side] = None if value is None else json.loads(value)
    verified_at = last_verified_at(con)
    return {
        "last_verified_at": None if verified_at is None else f"{verified_at:%Y-%m-%d %H:%M}",
        "rows": others,
        "conflicts": conflicts,
        "trashed": trashed,
        "reliability": next(iter(rows(con, _RELIABILITY)), None),
        "databases": {row["database"]: row["url"] for row in rows(con, _DATABASES)},
        "pages": {(row["repo"], row["number"]): row["page_url"] for row in rows(con, _PAGES)},
    }


def last_verified_at(con: "duckdb.DuckDBPyConnection") -> datetime | None:
    """Return when both sides were last found as they should be, or a write was read back (naive UTC, by the clock)."""
    verified_at: datetime | None = scalar(con, _LAST_VERIFIED)
    return verified_at


def staleness(con: "duckdb.DuckDBPyConnection", now: datetime) -> str | None:
    """Return why the sync is taken for broken; None where it isn't, and before its first write.

    Args:
        con: The warehouse.
        now: Naive UTC, by the clock.
    """
    verified_at = last_verified_at(con)
    if verified_at is None:
        if not scalar(con, "select count(*) from sync.changes"):
            return None
        return "Writes to Notion or GitHub were begun, and none was ever read back."
    if now - verified_at <= STALE_AFTER:
        return None
    return (
        f"Nothing was verified since {verified_at:%Y-%m-%d %H:%M} UTC: no sync has found both sides as they should be,"
        " and no write was read back. `roadmap doctor` says what is wrong, `roadmap sync` tries again."
    )


def sync_lines(con: "duckdb.DuckDBPyConnection") -> list[str]:
    """Return what a report says of rows in the trash and in conflict; nothing where there are none."""
    lines = []
    trashed = rows(con, f"select * from ({_ROWS}) as r where r.is_trashed")  # noqa: S608
    if trashed:
        lines.append(
            f"In Notion's trash, and left there: {_names(trashed)}. Restored in Notion, or by"
            " `roadmap sync --restore TITLE`, a row comes back into step."
        )
    conflicts = rows(con, _CONFLICTS)
    if conflicts:
        lines.append(
            f"In conflict between GitHub and Notion: {_names(conflicts)}. Nothing of theirs is overwritten until both"
            " sides agree or somebody chooses; `roadmap status` shows both values."
        )
    return lines


def _names(found: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(title(row["title"]) for row in found))
