"""The sync's memory in the warehouse: the base of every field, and the journal of writes.

Each function connects for one short transaction, so that the file isn't locked while a slow Notion or GitHub is asked;
between answers that come at once the session keeps it loaded.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.sync.canonical import GITHUB_UPDATED
from roadmap_pipeline.sync.plan import Change, Target
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb

_PENDING: Mapping[Target, str] = {"notion": "writing:", "github": "writing-github:"}
"""Before a sync key: values about to be written to that side, whose arrival was not confirmed yet."""

_FORMER = "former:"
"""Before a page and a sync key: what was agreed on for the row of that page, which another one stands for now."""

_WRITTEN = "/written"
"""After a field: what was written where Notion stored something else."""

NO_PAGE = ""
"""The page of a row whose creation was not confirmed."""


@dataclass(slots=True)
class Base:
    """The values that both sides last agreed on for one row.

    Attributes:
        page_id: Its page, or :data:`NO_PAGE`.
        fields: Values in plain form, by the field's stored name (the property's id).
        pending: Values of ours that may have arrived in Notion: the run that wrote them ended before it read them back.
            Found there, they are no person's edit.
        pending_github: The same on GitHub.
        written: What was written where Notion stored something else (it trims, and more): no reason to write again.
        may_have_new_row: A run ended while it created a row, and no answer named the page: Notion's lists may not show
            it yet. ``page_id`` is then that of the row before, where there was one.
        former: Bases of rows that stood for it before this one, by their page: they hold where such a row comes back.
    """

    page_id: str
    fields: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    pending_github: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    may_have_new_row: bool = False
    former: "dict[str, Base]" = field(default_factory=dict)

    def of_page(self, page_id: str) -> "Base":
        """Return the base of the row of a page: without fields where that row never stood for it."""
        if page_id == self.page_id:
            return self
        before = self.former.get(page_id, Base(page_id))
        return replace(self, page_id=page_id, fields=dict(before.fields), written=dict(before.written))

    def renamed(self, names: Mapping[str, str]) -> "Base":
        """Return the base by other names of its fields: those in ``names`` that are there, others as they are."""

        def named(values: dict[str, Any]) -> dict[str, Any]:
            return {names.get(name, name): value for name, value in values.items()}

        return replace(
            self,
            fields=named(self.fields),
            pending=named(self.pending),
            pending_github=named(self.pending_github),
            written=named(self.written),
            former={page_id: base.renamed(names) for page_id, base in self.former.items()},
        )


@dataclass(frozen=True, slots=True)
class RowValues:
    """Fields of one row in plain form, about to be written or read back; ``page_id`` may be :data:`NO_PAGE`.

    ``written`` holds what was written where Notion answered something else. ``side`` is the one written to.
    ``forgotten`` are fields of which nobody knows any more what was agreed on.
    """

    sync_key: str
    page_id: str
    values: Mapping[str, Any]
    written: Mapping[str, Any] = field(default_factory=dict)
    side: Target = "notion"
    forgotten: frozenset[str] = frozenset()

    def renamed(self, names: Mapping[str, str]) -> "RowValues":
        """Return the same by other names of its fields."""
        return replace(
            self,
            values={names.get(name, name): value for name, value in self.values.items()},
            written={names.get(name, name): value for name, value in self.written.items()},
            forgotten=frozenset(names.get(name, name) for name in self.forgotten),
        )


INTERRUPTED = "interrupted before the answer was read; the next run looks whether it was written"


@dataclass(frozen=True, slots=True)
class Journal:
    """The sync's memory in one warehouse."""

    warehouse: WarehouseSession

    def bases(self) -> dict[str, Base]:
        """Return the base of every row, by sync key."""
        bases: dict[str, Base] = {}
        with self.warehouse.connect() as con:
            rows = con.execute(
                "select b.sync_key, b.page_id, b.field, b.value from sync.row_bases as b"
                " order by starts_with(b.sync_key, 'former:'), starts_with(b.sync_key, 'writing'), b.sync_key, b.field"
            ).fetchall()
        for stored_key, page_id, name, value in rows:
            if stored_key.startswith(_FORMER):
                present = bases.get(stored_key.removeprefix(_former_key(page_id, "")), Base(NO_PAGE))
                _add(present.former.setdefault(page_id, Base(page_id)), name, value)
                continue
            prefix = next((prefix for prefix in _PENDING.values() if stored_key.startswith(prefix)), "")
            base = bases.setdefault(stored_key.removeprefix(prefix), Base(page_id))
            if prefix == _PENDING["github"]:
                base.pending_github[name] = json.loads(value)
            elif prefix:
                base.pending[name] = json.loads(value)
                base.may_have_new_row |= page_id == NO_PAGE
                if base.page_id == NO_PAGE:
                    base.page_id = page_id
            else:
                _add(base, name, value)
        return bases

    def advance(self, agreed: Iterable[RowValues]) -> None:
        """Note that both sides hold these values (verified by reading them back); nothing is pending any more."""
        with self.warehouse.connect() as con, transaction(con):
            for row in agreed:
                for side in _PENDING:
                    _advance(con, replace(row, side=side))

    def forget_fields(self, names: Iterable[str]) -> None:
        """Forget what was agreed on in these fields of all rows: they were emptied, which is no edit of the rows."""
        fields = [stored for name in names for stored in (name, name + _WRITTEN)]
        with self.warehouse.connect() as con, transaction(con):
            con.execute("delete from sync.row_bases where list_contains(?, field)", [fields])

    def databases(self) -> dict[str, Database]:
        """Return the Notion databases that were written to before, by key."""
        with self.warehouse.connect() as con:
            rows = con.execute("select database, definition from sync.databases").fetchall()
        return {key: Database.from_dict(json.loads(definition)) for key, definition in rows}

    def remember(self, databases: Mapping[str, Database]) -> None:
        """Note by which ids the databases are addressed from now on."""
        with self.warehouse.connect() as con, transaction(con):
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
        with self.warehouse.connect() as con, transaction(con):
            replace_rows(con, "sync.changes", [row])
            if announced is not None:
                pending = replace(announced, sync_key=_PENDING[announced.side] + announced.sync_key)
                con.execute("delete from sync.row_bases where sync_key = ?", [pending.sync_key])
                replace_rows(con, "sync.row_bases", _base_rows(pending))
        return change_id

    def note_page(self, sync_key: str, page_id: str) -> None:
        """Note the page of a row that was just created, before anything of it is read back: it is never made twice."""
        with self.warehouse.connect() as con, transaction(con):
            con.execute(
                "update sync.row_bases set page_id = ? where sync_key = ?", [page_id, _PENDING["notion"] + sync_key]
            )

    def settle_interrupted(self) -> None:
        """Settle what a run that was killed had intended. Not known is whether it was written: whoever plans looks."""
        with self.warehouse.connect() as con, transaction(con):
            con.execute(
                "update sync.changes set state = 'failed', error = ?, settled_at = ? where state = 'intended'",
                [INTERRUPTED, _now()],
            )

    def settle(
        self,
        change_id: str,
        state: str,
        error: str | None = None,
        confirmed: RowValues | None = None,
        announced: RowValues | None = None,
    ) -> None:
        """Note how a write ended.

        Args:
            change_id: What :meth:`intend` gave for it.
            state: ``done``, ``refused`` or ``failed``.
            error: Why it was not carried out.
            confirmed: The values that the row then holds.
            announced: Those that were announced for it.
        """
        with self.warehouse.connect() as con, transaction(con):
            con.execute(
                "update sync.changes set state = ?, error = ?, settled_at = ? where change_id = ?",
                [state, error, _now(), change_id],
            )
            if announced is not None and error not in (None, INTERRUPTED):
                # Answered: it was not killed in between, after which nobody knows what was written.
                con.execute(
                    "delete from sync.row_bases where field = ? and sync_key = ?",
                    [GITHUB_UPDATED, _PENDING[announced.side] + announced.sync_key],
                )
            if confirmed is not None:
                _advance(con, confirmed)


def _add(base: Base, name: str, value: str) -> None:
    values = base.written if name.endswith(_WRITTEN) else base.fields
    values[name.removesuffix(_WRITTEN)] = json.loads(value)


def _former_key(page_id: str, sync_key: str) -> str:
    return f"{_FORMER}{page_id}:{sync_key}"


def _advance(con: "duckdb.DuckDBPyConnection", row: RowValues) -> None:
    key, page_id = row.sync_key, row.page_id
    con.execute(
        "delete from sync.row_bases where sync_key = ? or (sync_key = ? and page_id = ?)",
        [_PENDING[row.side] + key, key, NO_PAGE],
    )
    # A key has one page and a page one key. The row that stood for the key may come back: then it is as it was left.
    con.execute(
        "update sync.row_bases set sync_key = ? || page_id || ':' || sync_key where sync_key = ? and page_id <> ?",
        [_FORMER, key, page_id],
    )
    con.execute("update sync.row_bases set sync_key = ? where sync_key = ?", [key, _former_key(page_id, key)])
    own = [key, *(prefix + key for prefix in _PENDING.values())]
    con.execute("delete from sync.row_bases where page_id = ? and not list_contains(?, sync_key)", [page_id, own])
    stored = [name + _WRITTEN for name in (row.values.keys() | row.forgotten) - row.written.keys()] + [*row.forgotten]
    con.execute("delete from sync.row_bases where sync_key = ? and list_contains(?, field)", [row.sync_key, stored])
    replace_rows(con, "sync.row_bases", _base_rows(row))


def _base_rows(row: RowValues) -> list[dict[str, Any]]:
    values = {**row.values, **{name + _WRITTEN: value for name, value in row.written.items()}}
    return [
        {"sync_key": row.sync_key, "page_id": row.page_id, "field": name, "value": json.dumps(value)}
        for name, value in values.items()
    ]


def _now() -> datetime:
    # The journal says when something was written: the clock's time, whatever ROADMAP_NOW stands for.
    return datetime.now(UTC).replace(tzinfo=None)
