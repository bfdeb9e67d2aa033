"""The traces that a sync leaves: states of rows, conflicts, refused values, verifications.

Belongs here: the tables that say how both sides stand to one another. Bases and the journal of writes are
``journal``'s. Each function connects for one short transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from roadmap_pipeline.github.client.response_cache import KeptResponse, ResponseCache
from roadmap_pipeline.sync.merge import NO_BASE
from roadmap_pipeline.sync.roadmap_entities import KnownRow
from roadmap_pipeline.sync.row_state import RowState
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import replace_rows

REFUSAL_HOLDS_FOR = timedelta(days=1)
"""Time after which a value that GitHub refused is tried again."""
_KEPT = timedelta(days=400)
"""Time for which verifications are kept."""
_RESPONSES_KEPT = timedelta(days=30)
"""Time after which a response that didn't change is read once more whole."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Counts of one sync that compared both sides whole."""

    rows: int
    changes: int
    verified: int
    conflicts: int
    quarantined: int
    failed: int


@dataclass(frozen=True, slots=True)
class Memory:
    """The sync's memory of how both sides stand, in one warehouse.

    Attributes:
        warehouse: Its session.
        now: The time of writing (aware).
        asked_as: Digest of the credentials for GitHub: what it refuses one token it may take from another.
    """

    warehouse: WarehouseSession
    now: datetime
    asked_as: str = ""

    @property
    def _now(self) -> datetime:
        return self.now.astimezone(UTC).replace(tzinfo=None)

    def known_rows(self) -> dict[str, KnownRow]:
        """Return the rows that the sync before knew, by sync key."""
        with self.warehouse.connect() as con:
            rows = con.execute(
                "select r.sync_key, r.repo, r.number, r.title, r.is_trashed from sync.rows as r"
            ).fetchall()
        return {key: KnownRow(repo, number, title, bool(trashed)) for key, repo, number, title, trashed in rows}

    def conflicts(self) -> dict[str, dict[str, tuple[Any, Any]]]:
        """Return the fields that were in conflict, by sync key: the values that people were told of, GitHub's first."""
        with self.warehouse.connect() as con:
            rows = con.execute(
                "select c.sync_key, c.field, c.github_value, c.notion_value from sync.conflicts as c"
            ).fetchall()
        told: dict[str, dict[str, tuple[Any, Any]]] = {}
        for key, field, github, notion in rows:
            told.setdefault(key, {})[field] = json.loads(github), json.loads(notion)
        return told

    def refused(self) -> dict[str, dict[str, tuple[Any, str]]]:
        """Return the values that GitHub refused lately and why, by sync key and field."""
        with self.warehouse.connect() as con:
            rows = con.execute(
                "select e.sync_key, e.field, e.value, e.reason from sync.refused_edits as e"
                " where e.refused_at > ? and e.asked_as = ?",
                [self._now - REFUSAL_HOLDS_FOR, self.asked_as],
            ).fetchall()
        refused: dict[str, dict[str, tuple[Any, str]]] = {}
        for key, field, value, reason in rows:
            refused.setdefault(key, {})[field] = json.loads(value), reason
        return refused

    def github_responses(self) -> ResponseCache:
        """Return the responses of GitHub that are kept."""
        with self.warehouse.connect() as con:
            rows = con.execute("select r.cache_key, r.etag, r.link, r.data from sync.github_responses as r").fetchall()
        return ResponseCache({key: KeptResponse(etag, link, json.loads(data)) for key, etag, link, data in rows})

    def keep_github_responses(self, cache: ResponseCache) -> None:
        """Keep what is new in ``cache``, and forget what nobody asked for in a month."""
        if not cache.changed:
            return
        rows = [
            {"cache_key": key, "etag": one.etag, "link": one.link, "data": json.dumps(one.data), "read_at": self._now}
            for key, one in cache.changed.items()
        ]
        with self.warehouse.connect() as con, transaction(con):
            con.execute("delete from sync.github_responses where read_at < ?", [self._now - _RESPONSES_KEPT])
            replace_rows(con, "sync.github_responses", rows)
        cache.changed.clear()

    def note_refusal(self, key: str, field: str, value: Any, reason: str) -> None:
        """Note a value that GitHub does not take."""
        row = {
            "sync_key": key,
            "field": field,
            "value": json.dumps(value),
            "reason": reason,
            "asked_as": self.asked_as,
            "refused_at": self._now,
        }
        with self.warehouse.connect() as con, transaction(con):
            replace_rows(con, "sync.refused_edits", [row])

    def note_states(self, states: Sequence[RowState], *, is_complete: bool, gone: Iterable[str] = ()) -> None:
        """Note the state of rows; what didn't change keeps the time since when it is so.

        Args:
            states: The rows that were compared.
            is_complete: These are all rows there are: what is known of others is forgotten.
            gone: Sync keys of rows that are no more.
        """
        keys = [state.sync_key for state in states]
        with self.warehouse.connect() as con, transaction(con):
            since = {
                tuple(before): at
                for *before, at in con.execute(
                    "select r.sync_key, r.state, r.note, r.is_trashed, r.since from sync.rows as r"
                ).fetchall()
            }
            conflicts_since = {
                (key, field): at
                for key, field, at in con.execute(
                    "select c.sync_key, c.field, c.since from sync.conflicts as c"
                ).fetchall()
            }
            if is_complete:
                con.execute("delete from sync.rows")
                con.execute("delete from sync.refused_edits where not list_contains(?, sync_key)", [keys])
            con.execute("delete from sync.rows where list_contains(?, sync_key)", [[*keys, *gone]])
            con.execute(
                "delete from sync.conflicts where list_contains(?, sync_key) or ?", [[*keys, *gone], is_complete]
            )
            replace_rows(con, "sync.rows", [self._row(state, since) for state in states])
            replace_rows(con, "sync.conflicts", list(self._conflicts(states, conflicts_since)))

    def _row(self, state: RowState, since: Mapping[tuple[Any, ...], datetime]) -> dict[str, Any]:
        key = (state.sync_key, state.state, state.note, state.is_trashed)
        return {
            "sync_key": state.sync_key,
            "repo": state.repo,
            "number": state.number,
            "title": state.title,
            "page_id": state.page_id,
            "page_url": state.page_url,
            "state": state.state,
            "note": state.note,
            "is_trashed": state.is_trashed,
            "issue_number": state.issue_number,
            "since": since.get(key, self._now),
        }

    def _conflicts(
        self, states: Sequence[RowState], since: Mapping[tuple[str, str], datetime]
    ) -> Iterable[dict[str, Any]]:
        for state in states:
            for one in state.disagreements:
                if one.reason is None:
                    yield {
                        "sync_key": state.sync_key,
                        "field": one.field,
                        "github_value": json.dumps(one.github),
                        "notion_value": json.dumps(one.notion),
                        "base_value": None if one.base is NO_BASE else json.dumps(one.base),
                        "since": since.get((state.sync_key, one.field), self._now),
                    }

    def note_verification(self, verification: Verification) -> None:
        """Note that both sides were compared whole just now."""
        # The clock's time, whatever ROADMAP_NOW stands for: it is how old the comparison really is.
        verified_at = datetime.now(UTC).replace(tzinfo=None)
        row = {
            "verified_at": verified_at,
            "rows": verification.rows,
            "changes": verification.changes,
            "verified": verification.verified,
            "conflicts": verification.conflicts,
            "quarantined": verification.quarantined,
            "failed": verification.failed,
        }
        with self.warehouse.connect() as con, transaction(con):
            con.execute("delete from sync.verifications where verified_at < ?", [verified_at - _KEPT])
            replace_rows(con, "sync.verifications", [row])
