"""Writing what was read from GitHub into the raw tables, and remembering how far each walk has come.

Belongs here: which rows are new or changed, entity tags, watermarks. What is asked for, and when, belongs to
``ingest``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.records import Row, naive_utc
from roadmap_pipeline.github.transport import Answer, GitHubClient
from roadmap_pipeline.warehouse import change_log, raw
from roadmap_pipeline.warehouse.connection import transaction

if TYPE_CHECKING:
    import duckdb

READ_TABLES = (
    "repositories",
    "workflow_runs",
    "workflow_jobs",
    "job_logs",
    "pull_requests",
    "issues",
    "milestones",
    "issue_events",
)
"""Tables of schema ``raw`` that hold what GitHub says."""

_HOW_IT_WAS_READ = frozenset({"read_at", "source", "payload"})
"""Columns that don't make a row a changed one: counters inside payloads (stars, reactions) move all the time."""


@dataclass(slots=True)
class IngestSummary:
    """What an ingest read."""

    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(READ_TABLES, 0))
    """New or changed rows by table of schema ``raw``."""
    requests: int = 0
    """Requests that went out."""
    notes: list[str] = field(default_factory=list)
    """What a person should know: renamed repositories, gaps, records that could not be placed."""
    canonical: dict[str, str] = field(default_factory=dict)
    """Canonical name of each repository by the name it was asked for."""


class Store:
    """The raw tables of one open warehouse, as ingest and dump import use them. ``now`` is the time of reading."""

    def __init__(self, con: "duckdb.DuckDBPyConnection", summary: IngestSummary, now: datetime) -> None:
        self.con = con
        self.summary = summary
        self.now = naive_utc(now)

    def put(self, rows: Mapping[str, Sequence[Row]]) -> int:
        """Store the new and changed ones of ``rows`` (by table of ``raw``) in one transaction; returns how many."""
        changed = {table: self._changed(table, given) for table, given in rows.items()}
        with transaction(self.con):
            for table, new in changed.items():
                self.summary.read[table] += raw.replace_rows(self.con, f"raw.{table}", new)
        return sum(map(len, changed.values()))

    def stored(
        self, table: str, keys: Iterable[tuple[Any, ...]], columns: Sequence[str]
    ) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """``columns`` of the stored rows of ``raw.<table>`` by key, for those of ``keys`` that are stored."""
        source = raw.BY_NAME[f"raw.{table}"]
        return self.lookup(table, source.key, keys, columns)

    def lookup(
        self, table: str, by: Sequence[str], keys: Iterable[tuple[Any, ...]], columns: Sequence[str]
    ) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """As :meth:`stored`, by other columns than the key; of several rows with one value any is returned."""
        import pyarrow as pa

        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        self.con.register("wanted_keys", pa.table({name: [key[i] for key in wanted] for i, name in enumerate(by)}))
        try:
            chosen = ", ".join(f'"{name}"' for name in (*by, *columns))
            join = ", ".join(f'"{name}"' for name in by)
            found = self.con.execute(
                f"select {chosen} from raw.{table} join wanted_keys using ({join})"  # noqa: S608
            ).fetchall()
        finally:
            self.con.unregister("wanted_keys")
        return {row[: len(by)]: row[len(by) :] for row in found}

    def etag(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None = None) -> str | None:
        """Entity tag of the last answer for this address and token."""
        found = self.con.execute(
            "select etag from raw.http_cache where cache_key = ?", [client.cache_key(path, params)]
        ).fetchall()
        return found[0][0] if found else None

    def remember(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None, answer: Answer) -> None:
        """Keep the entity tag of an answer whose rows are stored; those of other tokens for the address go."""
        if answer.etag is None or answer.unchanged:
            return
        url = client.url(path, params)
        with transaction(self.con):
            self.con.execute("delete from raw.http_cache where url = ?", [url])
            raw.replace_rows(
                self.con,
                "raw.http_cache",
                [{"cache_key": client.cache_key(path, params), "url": url, "etag": answer.etag, "read_at": self.now}],
            )

    def watermark(self, repo: str, walk: str) -> datetime | None:
        """How far ``walk`` has come in ``repo`` (naive UTC); None when it never ended."""
        found = self.con.execute(
            "select watermark from raw.ingest_state where repo = ? and walk = ?", [repo, walk]
        ).fetchall()
        return found[0][0] if found else None

    def advance(self, repo: str, walk: str, watermark: datetime) -> None:
        """Note that ``walk`` has read everything that changed before ``watermark``."""
        with transaction(self.con):
            raw.replace_rows(
                self.con,
                "raw.ingest_state",
                [{"repo": repo, "walk": walk, "watermark": watermark, "read_at": self.now}],
            )

    def rename(self, old: str, new: str) -> None:
        """Move everything stored for a repository to its new name, in one transaction."""
        with transaction(self.con):
            self.con.execute("delete from raw.ingest_state where repo = ?", [new])
            for table in raw.TABLES:
                if table.schema != "config" and any(column.name == "repo" for column in table.columns):
                    self.con.execute(
                        f"update {table.qualified_name} set repo = ? where repo = ?",  # noqa: S608
                        [new, old],
                    )
                    if table.qualified_name in change_log.LOGGED:
                        change_log.note_everything(self.con, table.qualified_name)

    def _changed(self, table: str, rows: Sequence[Row]) -> list[Row]:
        source = raw.BY_NAME[f"raw.{table}"]
        compared = [
            column.name
            for column in source.columns
            if column.name not in source.key and column.name not in _HOW_IT_WAS_READ
        ]
        # what a dump left may lack what hangs on it (a run's jobs): the first reading by HTTP replaces it
        columns = [*compared, "source"]
        keyed = {tuple(row[name] for name in source.key): row for row in rows}
        stored = self.stored(table, keyed, columns)
        return [
            row
            for key, row in keyed.items()
            if key not in stored
            or stored[key][:-1] != tuple(row.get(name) for name in compared)
            or (is_from_api(row["source"]) and not is_from_api(stored[key][-1]))
        ]


def is_from_api(source: str) -> bool:
    """Whether a row was read by HTTP, not from a dump."""
    return source.startswith(("http://", "https://"))
