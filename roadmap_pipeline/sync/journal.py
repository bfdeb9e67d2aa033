"""What the sync remembers in the warehouse: the base of every field, and the journal of writes.

Each function opens the warehouse for one short transaction, so that no connection (which locks the file) is held while
Notion or GitHub is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.sync.plan import Change
from roadmap_pipeline.warehouse.connection import connect, transaction
from roadmap_pipeline.warehouse.raw import replace_rows


@dataclass(slots=True)
class Base:
    """What both sides last agreed on for one row: its page, and its fields in plain form."""

    page_id: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journal:
    """The sync's memory in one warehouse."""

    warehouse: str

    def bases(self) -> dict[str, Base]:
        """The base of every row, by sync key."""
        bases: dict[str, Base] = {}
        with connect(self.warehouse) as con:
            rows = con.execute("select sync_key, page_id, field, value from sync.row_bases order by all").fetchall()
        for sync_key, page_id, name, value in rows:
            bases.setdefault(sync_key, Base(page_id)).fields[name] = json.loads(value)
        return bases

    def advance(self, sync_key: str, page_id: str, values: Mapping[str, Any]) -> None:
        """Note that both sides hold ``values`` (verified by reading them back)."""
        with connect(self.warehouse) as con, transaction(con):
            replace_rows(
                con,
                "sync.row_bases",
                [
                    {"sync_key": sync_key, "page_id": page_id, "field": name, "value": json.dumps(value)}
                    for name, value in values.items()
                ],
            )

    def databases(self) -> dict[str, Database]:
        """The Notion databases that were written to before, by key."""
        with connect(self.warehouse) as con:
            rows = con.execute("select database, definition from sync.databases").fetchall()
        return {key: Database.from_dict(json.loads(definition)) for key, definition in rows}

    def remember(self, databases: Mapping[str, Database]) -> None:
        """Note by which ids the databases are addressed from now on."""
        with connect(self.warehouse) as con, transaction(con):
            replace_rows(
                con,
                "sync.databases",
                [{"database": key, "definition": json.dumps(found.as_dict())} for key, found in databases.items()],
            )

    def intend(self, change: Change) -> str:
        """Note a write before it goes out; gives the change's id."""
        change_id = uuid4().hex
        self._note(change_id, change, "intended", None, {"intended_at": _now()})
        return change_id

    def settle(self, change_id: str, state: str, error: str | None = None) -> None:
        """Note how a write ended: ``done``, ``refused`` or ``failed``."""
        with connect(self.warehouse) as con, transaction(con):
            con.execute(
                "update sync.changes set state = ?, error = ?, settled_at = ? where change_id = ?",
                [state, error, _now(), change_id],
            )

    def _note(
        self, change_id: str, change: Change, state: str, error: str | None, times: Mapping[str, datetime]
    ) -> None:
        row = {
            "change_id": change_id,
            "target": change.target,
            "kind": change.kind,
            "place": change.place,
            "title": change.title,
            "fields": json.dumps([item.to_json() for item in change.fields], ensure_ascii=False),
            "state": state,
            "error": error,
            **times,
        }
        with connect(self.warehouse) as con, transaction(con):
            replace_rows(con, "sync.changes", [row])


def _now() -> datetime:
    # The journal says when something was written: the clock's time, whatever ROADMAP_NOW stands for.
    return datetime.now(UTC).replace(tzinfo=None)
