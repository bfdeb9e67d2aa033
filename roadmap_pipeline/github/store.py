"""Writing what was read from GitHub into the raw tables, and remembering how far each walk has come.

Belongs here: which rows are new or changed, which of two states of a thing is the later one, entity tags, watermarks
and spans. What is asked for, and when, belongs to the walks of ``ingest``. Reading by HTTP and the import of dumps
store their rows here, by the same rules.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.coverage import Span, union
from roadmap_pipeline.github.records import Row, naive_utc
from roadmap_pipeline.github.transport import Answer, GitHubClient
from roadmap_pipeline.warehouse import change_log, raw
from roadmap_pipeline.warehouse.connection import transaction

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

READ_TABLES = (
    "repositories",
    "workflow_runs",
    "workflow_jobs",
    "job_logs",
    "passing_logs",
    "pull_requests",
    "issues",
    "milestones",
    "issue_events",
)
"""Tables of schema ``raw`` that hold what GitHub says."""

_HOW_IT_WAS_READ = frozenset({"read_at", "source", "payload"})
"""Columns that don't make a row a changed one: counters inside payloads (stars, reactions) move all the time."""

_GROWS = {
    "workflow_runs": "updated_at",
    "workflow_jobs": "completed_at",
    "pull_requests": "updated_at",
    "issues": "updated_at",
    "milestones": "updated_at",
}
"""What grows when the thing changes: GitHub's search index and dumps also hold earlier states."""

_FROM_API = "{}.source like 'http%'"
_CARRIED = {
    "pull_requests": {"changed_files": "coalesce(incoming.changed_files, stored.changed_files)"},
    # only GitHub itself can say that a run is there again
    "workflow_runs": {
        "deleted_upstream_at": f"case when {_FROM_API.format('incoming')} then incoming.deleted_upstream_at"
        " else coalesce(incoming.deleted_upstream_at, stored.deleted_upstream_at) end"
    },
}
"""What a stored row knows that an incoming one doesn't tell."""
_CARRIED_BY_DUMPS = frozenset({"workflow_runs"})
"""Tables where only rows of dumps leave that untold."""


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
    unreadable: dict[str, str] = field(default_factory=dict)
    """Why nothing can be read of a configured repository, and the remedy."""
    paused: str | None = None
    """Why the reading ended early (GitHub's quota, a budget), and when to go on; None when it came to its end."""


class Store:
    """The raw tables of one open warehouse, as ingest and dump import use them. ``now`` is the time of reading.

    Threads may share it: one at a time reaches the warehouse.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection", summary: IngestSummary, now: datetime) -> None:
        self.summary = summary
        self.now = naive_utc(now)
        self._con = con
        self._lock = threading.RLock()

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows that a query of the warehouse gives."""
        with self._lock:
            return self._con.execute(sql, list(params)).fetchall()

    def note(self, text: str) -> None:
        """Add to the summary's notes what isn't there yet."""
        with self._lock:
            if text not in self.summary.notes:
                self.summary.notes.append(text)

    def put(
        self,
        rows: Mapping[str, Sequence[Row]],
        *,
        details: Sequence[Row] = (),
        repo: str = "",
        covered: Mapping[str, Iterable[Span]] | None = None,
    ) -> int:
        """Store the new and changed ones of ``rows`` (by table of ``raw``) in one transaction; returns how many.

        In the same transaction ``details`` go to ``raw.run_details``, and the spans of ``covered``, by walk, are noted
        as read completely for ``repo``. A row never takes the place of a later state of the same thing.
        """
        with self._lock:
            changed = {table: self._changed(table, given) for table, given in rows.items() if given}
            count = sum(int(found.num_rows) for found in changed.values())
            if not count and not details and not covered:
                return 0
            with transaction(self._con):
                for table, found in changed.items():
                    if found.num_rows:
                        raw.replace_arrow(self._con, raw.BY_NAME[f"raw.{table}"], found)
                raw.replace_rows(self._con, "raw.run_details", [{**row, "read_at": self.now} for row in details])
                for walk, spans in (covered or {}).items():
                    self._cover(repo, walk, spans)
            for table, found in changed.items():
                self.summary.read[table] += found.num_rows
            return count

    def change(self, table: str, sql: str, params: Sequence[Any]) -> int:
        """Run a statement that changes rows of ``raw.<table>``; returns how many."""
        with self._lock:
            count = int(self._con.execute(sql, list(params)).fetchall()[0][0])
            self.summary.read[table] += count
            return count

    def mark_deleted(self, run_id: int) -> None:
        """Note that a run is gone on GitHub; its rows stay."""
        with self._lock, transaction(self._con):
            count = self._con.execute(
                "update raw.workflow_runs set deleted_upstream_at = ?, read_at = ?"
                " where run_id = ? and deleted_upstream_at is null",
                [self.now, self.now, run_id],
            ).fetchall()[0][0]
            change_log.note_runs(self._con, "raw.workflow_runs", f"(select {int(run_id)} as run_id)")
            self.summary.read["workflow_runs"] += count

    def set_files(self, repo: str, files: Mapping[int, Sequence[str]]) -> None:
        """Store which files pull requests of ``repo`` change, by their numbers."""
        import pyarrow as pa

        with self._lock:
            columns = {"number": list(files), "files": [list(names) for names in files.values()]}
            schema = pa.schema([("number", pa.int64()), ("files", pa.list_(pa.string()))])
            self._con.register("read_files", pa.table(columns, schema=schema))
            try:
                self._con.execute(
                    "update raw.pull_requests as stored set changed_files = read_files.files, read_at = ?"
                    " from read_files where stored.repo = ? and stored.number = read_files.number",
                    [self.now, repo],
                )
            finally:
                self._con.unregister("read_files")

    def set_annotations(self, noted: Mapping[int, Row]) -> None:
        """Store what GitHub noted at jobs (by id) whose logs aren't there: annotations, and redactions made in them."""
        with self._lock, transaction(self._con):
            for job_id, columns in noted.items():
                self._con.execute(
                    "update raw.job_logs set annotations = ?, redactions = coalesce(redactions, 0) + ?, read_at = ?"
                    " where job_id = ?",
                    [columns["annotations"], columns["redactions"], self.now, job_id],
                )
            jobs = ", ".join(str(int(job_id)) for job_id in noted)
            written = f"(select run_id from raw.job_logs where job_id in ({jobs}))"  # noqa: S608
            change_log.note_runs(self._con, "raw.job_logs", written)

    def put_run_count(self, repo: str, unlisted: int, looks: int, looked_back_to: datetime | None) -> None:
        """Store how many runs of ``repo`` GitHub counts beside those that are stored."""
        row = {"repo": repo, "unlisted": unlisted, "looks": looks, "looked_back_to": looked_back_to}
        with self._lock, transaction(self._con):
            raw.replace_rows(self._con, "raw.run_counts", [{**row, "read_at": self.now}])

    def put_read_failures(self, repo: str, failed: Sequence[Row], read: Iterable[tuple[str, str]]) -> None:
        """Store what could not be read of ``repo``, and forget the failures of what was read (endpoint, item)."""
        with self._lock, transaction(self._con):
            for endpoint, item in read:
                self._con.execute(
                    "delete from raw.read_failures where repo = ? and endpoint = ? and item = ?", [repo, endpoint, item]
                )
            raw.replace_rows(self._con, "raw.read_failures", failed)

    def etag(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None = None) -> str | None:
        """Entity tag of the last answer for this address and token."""
        found = self.query("select etag from raw.http_cache where cache_key = ?", [client.cache_key(path, params)])
        return found[0][0] if found else None

    def remember(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None, answer: Answer) -> None:
        """Keep the entity tag of an answer whose rows are stored; those of other tokens for the address go."""
        if answer.etag is None or answer.unchanged:
            return
        url = client.url(path, params)
        row = {"cache_key": client.cache_key(path, params), "url": url, "etag": answer.etag, "read_at": self.now}
        with self._lock, transaction(self._con):
            self._con.execute("delete from raw.http_cache where url = ?", [url])
            raw.replace_rows(self._con, "raw.http_cache", [row])

    def has_issues(self, repo: str) -> bool:
        """Return whether issues are switched on, as the repository's own answer says; so they are where it doesn't."""
        found = self.query("select payload->>'has_issues' from raw.repositories where repo = ?", [repo])
        return not found or found[0][0] != "false"

    def watermark(self, repo: str, walk: str) -> datetime | None:
        """How far ``walk`` has come in ``repo`` (naive UTC); None when it never ended."""
        found = self.query("select watermark from raw.ingest_state where repo = ? and walk = ?", [repo, walk])
        return found[0][0] if found else None

    def advance(self, repo: str, walk: str, watermark: datetime) -> None:
        """Note that ``walk`` has read everything that changed before ``watermark``."""
        row = {"repo": repo, "walk": walk, "watermark": watermark, "read_at": self.now}
        with self._lock, transaction(self._con):
            raw.replace_rows(self._con, "raw.ingest_state", [row])

    def covered(self, repo: str, walk: str) -> list[Span]:
        """The spans that ``walk`` has read completely in ``repo``, oldest first."""
        found = self.query(
            "select covered_from, covered_to from raw.read_coverage where repo = ? and walk = ? order by all",
            [repo, walk],
        )
        return [Span(*row) for row in found]

    def forget(self, repo: str, walk: str) -> None:
        """Note that ``walk`` has read nothing in ``repo``."""
        with self._lock:
            self._con.execute("delete from raw.read_coverage where repo = ? and walk = ?", [repo, walk])

    def rename(self, old: str, new: str) -> None:
        """Move everything stored for a repository to its new name, in one transaction."""
        with self._lock, transaction(self._con):
            for table in ("raw.ingest_state", "raw.read_coverage"):
                self._con.execute(f"delete from {table} where repo = ?", [new])  # noqa: S608
            for source in raw.TABLES:
                if source.schema != "config" and any(column.name == "repo" for column in source.columns):
                    self._con.execute(
                        f"update {source.qualified_name} set repo = ? where repo = ?",  # noqa: S608
                        [new, old],
                    )
                    if source.qualified_name in change_log.LOGGED:
                        change_log.note_everything(self._con, source.qualified_name)

    def _cover(self, repo: str, walk: str, spans: Iterable[Span]) -> None:
        """Inside a transaction."""
        joined = union([*self.covered(repo, walk), *spans])
        self._con.execute("delete from raw.read_coverage where repo = ? and walk = ?", [repo, walk])
        raw.replace_rows(
            self._con,
            "raw.read_coverage",
            [
                {"repo": repo, "walk": walk, "covered_from": span.start, "covered_to": span.end, "read_at": self.now}
                for span in joined
            ],
        )

    def _changed(self, table: str, rows: Sequence[Row]) -> "pa.Table":
        """Those of ``rows`` that are new, or tell something else and nothing older than what is stored."""
        import pyarrow as pa

        source = raw.BY_NAME[f"raw.{table}"]
        carried = {} if table in _CARRIED_BY_DUMPS and all(map(_is_from_api, rows)) else _CARRIED.get(table, {})
        incoming = raw.arrow_table(source, rows)
        self._con.register("read_rows", incoming.append_column("position", pa.array(range(incoming.num_rows))))
        try:
            found = self._con.sql(_changed_sql(source, carried, _GROWS.get(table))).to_arrow_table()
        finally:
            self._con.unregister("read_rows")
        # payloads make up most of a row: they don't pass through the query
        if found.num_rows < incoming.num_rows:
            incoming = incoming.take(found["position"])
        for name in carried:
            incoming = incoming.set_column(incoming.schema.get_field_index(name), incoming.field(name), found[name])
        return incoming


def _is_from_api(row: Row) -> bool:
    return str(row["source"]).startswith("http")


def _changed_sql(source: raw.SourceTable, carried: Mapping[str, str], grows: str | None) -> str:
    replaced = "".join(f', {expression} as "{name}"' for name, expression in carried.items())
    compared = [
        column.name
        for column in source.columns
        if column.name not in source.key and column.name not in _HOW_IT_WAS_READ
    ]
    differs = " or ".join(
        f'({carried.get(name, f"""incoming."{name}" """)}) is distinct from stored."{name}"' for name in compared
    )
    is_later = "true"
    if grows:
        is_later = f"(stored.{grows} is null or coalesce(incoming.{grows} >= stored.{grows}, false))"
    # What a dump left may lack what hangs on it (a run's jobs): the first reading by HTTP replaces it.
    from_api_at_last = f"{_FROM_API.format('incoming')} and not ({_FROM_API.format('stored')})"
    return (
        f"select incoming.position{replaced} from read_rows as incoming"  # noqa: S608
        f" left join {source.qualified_name} as stored"
        f" on {' and '.join(f'stored.{name} = incoming.{name}' for name in source.key)}"
        f" where stored.{source.key[0]} is null or ({from_api_at_last}) or (({differs}) and {is_later})"
        " order by incoming.position"
    )
