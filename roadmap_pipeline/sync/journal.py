"""The sync's memory in the warehouse: the base of every field, and the journal of writes.

Each function opens the warehouse for one short transaction, so that no connection (which locks the file) is held while
Notion or GitHub is asked.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.sync.plan import Change
from roadmap_pipeline.warehouse.connection import connect, transaction
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb

_PENDING = "writing:"
"""Before a sync key: values about to be written, whose arrival was not confirmed yet."""

NO_PAGE = ""
"""The page of a row whose creation was not confirmed."""


@dataclass(slots=True)
class Base:
    """The values that both sides last agreed on for one row.

    Its page (or :data:`NO_PAGE`), and its fields in plain form. ``pending`` are values of ours that may have arrived:
    the run that wrote them ended before it read them back. Found in Notion, they are no person's edit.
    """

    page_id: str
    fields: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowValues:
    """Fields of one row in plain form, about to be written or read back; ``page_id`` may be :data:`NO_PAGE`."""

    sync_key: str
    page_id: str
    values: Mapping[str, Any]


INTERRUPTED = "interrupted before the answer was read; the next run looks whether it was written"


@dataclass(frozen=True, slots=True)
class Journal:
    """The sync's memory in one warehouse."""

    warehouse: str

    def bases(self) -> dict[str, Base]:
        """Return the base of every row, by sync key."""
        bases: dict[str, Base] = {}
        with connect(self.warehouse) as con:
            rows = con.execute(
                "select sync_key, page_id, field, value from sync.row_bases"
                " order by starts_with(sync_key, ?), sync_key, field",
                [_PENDING],
            ).fetchall()
        for stored_key, page_id, name, value in rows:
            sync_key = stored_key.removeprefix(_PENDING)
            base = bases.setdefault(sync_key, Base(page_id))
            (base.fields if stored_key == sync_key else base.pending)[name] = json.loads(value)
        return bases

    def advance(self, agreed: Iterable[RowValues]) -> None:
        """Note that both sides hold these values (verified by reading them back); nothing is pending any more."""
        with connect(self.warehouse) as con, transaction(con):
            for row in agreed:
                _advance(con, row)

    def databases(self) -> dict[str, Database]:
        """Return the Notion databases that were written to before, by key."""
        with connect(self.warehouse) as con:
            rows = con.execute("select database, definition from sync.databases").fetchall()
        return {key: Database.from_dict(json.loads(definition)) for key, definition in rows}

    def remember(self, databases: Mapping[str, Database]) -> None:
        """Note by which ids the databases are addressed from now on."""
        with connect(self.warehouse) as con, transaction(con):
            replace_rows(
                con,
                "sync.databases",
                [
                    {"database": key, "definition": json.dumps(database.as_dict())}
                    for key, database in databases.items()
                ],
            )

    def intend(self, change: Change, announced: RowValues | None = None) -> str:
        """Note a write before it goes out; gives the change's id.

        ``announced`` are the values of a row, so that a run after a crash knows them for ours.
        """
        change_id = uuid4().hex
        row = {
            "change_id": change_id,
            "target": change.target,
            "kind": change.kind,
            "place": change.place,
            "title": change.title,
            "fields": json.dumps([item.to_json() for item in change.fields], ensure_ascii=False),
            "state": "intended",
            "intended_at": _now(),
        }
        with connect(self.warehouse) as con, transaction(con):
            replace_rows(con, "sync.changes", [row])
            if announced is not None:
                pending = replace(announced, sync_key=_PENDING + announced.sync_key)
                con.execute("delete from sync.row_bases where sync_key = ?", [pending.sync_key])
                replace_rows(con, "sync.row_bases", _base_rows(pending))
        return change_id

    def settle_interrupted(self) -> None:
        """Settle what a run that was killed had intended. Not known is whether it was written: whoever plans looks."""
        with connect(self.warehouse) as con, transaction(con):
            con.execute(
                "update sync.changes set state = 'failed', error = ?, settled_at = ? where state = 'intended'",
                [INTERRUPTED, _now()],
            )

    def settle(self, change_id: str, state: str, error: str | None = None, confirmed: RowValues | None = None) -> None:
        """Note how a write ended: ``done``, ``refused`` or ``failed``; ``confirmed`` is what a row then holds."""
        with connect(self.warehouse) as con, transaction(con):
            con.execute(
                "update sync.changes set state = ?, error = ?, settled_at = ? where change_id = ?",
                [state, error, _now(), change_id],
            )
            if confirmed is not None:
                _advance(con, confirmed)


def _advance(con: "duckdb.DuckDBPyConnection", row: RowValues) -> None:
    # A key has one page and a page one key: what was agreed on for another pair no longer holds.
    con.execute(
        "delete from sync.row_bases where sync_key = $pending or (sync_key = $key) <> (page_id = $page)",
        {"pending": _PENDING + row.sync_key, "key": row.sync_key, "page": row.page_id},
    )
    replace_rows(con, "sync.row_bases", _base_rows(row))


def _base_rows(row: RowValues) -> list[dict[str, Any]]:
    return [
        {"sync_key": row.sync_key, "page_id": row.page_id, "field": name, "value": json.dumps(value)}
        for name, value in row.values.items()
    ]


def _now() -> datetime:
    # The journal says when something was written: the clock's time, whatever ROADMAP_NOW stands for.
    return datetime.now(UTC).replace(tzinfo=None)
