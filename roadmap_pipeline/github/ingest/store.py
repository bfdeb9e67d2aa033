"""Writing what was read from GitHub into the raw tables, and remembering how far each walk has come.

Belongs here: transactions, entity tags, watermarks and intervals. Which rows are new or changed belongs to
``changed_rows``, what is requested, and when, to the walks. Reading by HTTP and the import of dumps store their rows
here, by the same rules.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from dbt_like_sql.runner.build import change_log
from roadmap_pipeline.github.client.client import GitHubClient, Response
from roadmap_pipeline.github.ingest import repository_names
from roadmap_pipeline.github.ingest.changed_rows import changed_rows
from roadmap_pipeline.github.ingest.intervals import Interval, union
from roadmap_pipeline.github.ingest.renaming import HAVE_HEADS, rename_repositories, store_head_names
from roadmap_pipeline.github.ingest.summary import READ_TABLES, IngestSummary
from roadmap_pipeline.github.payloads.normalization import UnusableError
from roadmap_pipeline.github.payloads.records import MakeRow, Provenance, Row, naive_utc
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.lake.connections import address_of
from roadmap_pipeline.warehouse.transactions import in_transaction

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["READ_TABLES", "IngestSummary", "Store", "with_id"]

T = TypeVar("T")

_NUMBER_IN_PATH = re.compile(r"/\d+(?=/|$)")


class Store:
    """The raw tables of one open warehouse, as ingest and dump import use them. ``now`` is the time of reading.

    Threads may share it: one at a time reaches the warehouse. Other processes may write to the same lake
    meanwhile: each transaction reads for itself what it decides on.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection", summary: IngestSummary, now: datetime) -> None:
        self.summary = summary
        self.now = naive_utc(now)
        self._con = con
        self._lock = threading.RLock()
        self._counted: dict[str, int] = {}
        self._names = repository_names.Names(con)
        self._is_shared = address_of(con) is not None

    def _write(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, done in one transaction: all of it again where it conflicts with another."""
        with self._lock:

            def attempt() -> T:
                if self._is_shared:
                    self._names.forget_what_was_read()
                return work()

            try:
                return in_transaction(self._con, attempt)
            except BaseException:
                self._names.forget_what_was_read()
                raise

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a query of the warehouse gives."""
        with self._lock:
            return self._con.execute(sql, list(params)).fetchall()

    def note(self, text: str) -> None:
        """Add to the summary's notes what isn't there yet."""
        with self._lock:
            if text not in self.summary.notes:
                self.summary.notes.append(text)

    def rows(self, make: MakeRow, payloads: Iterable[Any], repo: str, provenance: Provenance) -> list[Row]:
        """Return the rows that ``make`` makes of payloads; those of which it can't make one are left out.

        How many are left out, or stored without a field, is a note of the summary.
        """
        source = _NUMBER_IN_PATH.sub("/…", provenance.source)
        made: list[Row] = []
        for payload in payloads:
            lost: list[str] = []
            try:
                made.append(make(payload, repo, provenance, lost))
            except UnusableError as error:
                self._count(f"{source}: {{}} not stored ({error})")
            if lost:
                fields = ", ".join(dict.fromkeys(lost))
                self._count(f"{source}: {{}} stored without what can't be used ({fields})")
        return made

    def _count(self, note: str) -> None:
        """Count once more what a note tells, which has ``{}`` in the place of how often."""
        with self._lock:
            count = self._counted.get(note, 0)
            self._counted[note] = count + 1
            if count:
                self.summary.notes.remove(note.replace("{}", str(count), 1))
            self.summary.notes.append(note.replace("{}", str(count + 1), 1))

    def put(
        self,
        rows: Mapping[str, Sequence[Row]],
        *,
        details: Sequence[Row] = (),
        returns: Sequence[Row] = (),
        repo: str = "",
        covered: Mapping[str, Iterable[Interval]] | None = None,
    ) -> int:
        """Store the new and changed ones of ``rows`` in one transaction.

        A row never takes the place of a later state of the same thing; repositories that branches live in are called as
        they are now.

        Args:
            rows: By table of ``raw``.
            details: Rows of ``raw.run_details``, stored in the same transaction.
            returns: Rows of ``raw.workflow_returns``, stored in the same transaction.
            repo: The repository of ``covered``.
            covered: Intervals, by walk, that are noted as read completely in the same transaction.

        Returns:
            How many rows were new or changed.
        """
        placed = sum(len(incoming) for incoming in rows.values())
        observed = [
            (row, row.get("head_repo")) for table in HAVE_HEADS for row in rows.get(table, ()) if "head_repo" in row
        ]

        def store() -> Mapping[str, "pa.Table"]:
            for row, name in observed:
                row["head_repo"] = name
            heads = {
                table: self._names.settle_heads(incoming) for table, incoming in rows.items() if table in HAVE_HEADS
            }
            changed = {table: changed_rows(self._con, table, incoming) for table, incoming in rows.items() if incoming}
            store_head_names(self._con, heads.values())
            for table, table_rows in changed.items():
                if table_rows.num_rows:
                    source_tables.replace_arrow(self._con, source_tables.BY_NAME[f"raw.{table}"], table_rows)
            source_tables.replace_rows(self._con, "raw.run_details", [{**row, "read_at": self.now} for row in details])
            source_tables.replace_rows(self._con, "raw.workflow_returns", returns)
            for walk, intervals in (covered or {}).items():
                self._cover(repo, walk, intervals)
            return changed

        with self._lock:
            changed = self._write(store)
            for table, table_rows in changed.items():
                self.summary.read[table] += table_rows.num_rows
            self.summary.placed += placed
            return sum(int(table_rows.num_rows) for table_rows in changed.values())

    def change(self, table: str, sql: str, params: Sequence[Any]) -> int:
        """Run a statement that changes rows of ``raw.<table>``, and return how many."""
        with self._lock:
            count = self._write(lambda: int(self._con.execute(sql, list(params)).fetchall()[0][0]))
            self.summary.read[table] += count
            return count

    def mark_deleted(self, run_id: int) -> None:
        """Note that a run is gone on GitHub; its rows stay."""

        def store() -> int:
            count = self._con.execute(
                "update raw.workflow_runs set deleted_upstream_at = ?, read_at = ?"
                " where run_id = ? and deleted_upstream_at is null",
                [self.now, self.now, run_id],
            ).fetchall()[0][0]
            change_log.note_changes(
                self._con, source_tables.SOURCES, "raw.workflow_runs", f"(select {int(run_id)} as run_id)"
            )
            return int(count)

        with self._lock:
            self.summary.read["workflow_runs"] += self._write(store)

    def set_files(self, repo: str, files: Mapping[int, Sequence[str]]) -> None:
        """Store which files pull requests of ``repo`` change, by their numbers."""
        import pyarrow as pa

        columns = {"number": list(files), "files": [list(names) for names in files.values()]}
        schema = pa.schema([("number", pa.int64()), ("files", pa.list_(pa.string()))])

        def store() -> None:
            self._con.register("read_files", pa.table(columns, schema=schema))
            try:
                self._con.execute(
                    "update raw.pull_requests as stored set changed_files = read_files.files, read_at = ?"
                    " from read_files where stored.repo = ? and stored.number = read_files.number",
                    [self.now, repo],
                )
            finally:
                self._con.unregister("read_files")

        self._write(store)

    def set_annotations(self, noted: Mapping[int, Row]) -> None:
        """Store what GitHub noted at jobs (by id) whose logs aren't there: annotations, and redactions made in them."""

        def store() -> None:
            for job_id, columns in noted.items():
                self._con.execute(
                    "update raw.job_logs set annotations = ?, redactions = coalesce(redactions, 0) + ?, read_at = ?"
                    " where job_id = ?",
                    [columns["annotations"], columns["redactions"], self.now, job_id],
                )
            jobs = ", ".join(str(int(job_id)) for job_id in noted)
            written = f"(select run_id from raw.job_logs where job_id in ({jobs}))"  # noqa: S608
            change_log.note_changes(self._con, source_tables.SOURCES, "raw.job_logs", written)

        self._write(store)

    def put_run_count(self, repo: str, unlisted: int, looks: int, looked_back_to: datetime | None) -> None:
        """Store how many runs of ``repo`` GitHub counts beside those that are stored."""
        row = {"repo": repo, "unlisted": unlisted, "looks": looks, "looked_back_to": looked_back_to}

        def store() -> None:
            source_tables.replace_rows(self._con, "raw.run_counts", [{**row, "read_at": self.now}])

        self._write(store)

    def put_read_failures(self, repo: str, failed: Sequence[Row], read: Iterable[tuple[str, str]]) -> None:
        """Store what could not be read of ``repo``, and forget the failures of what was read (endpoint, item)."""

        def store() -> None:
            for endpoint, item in read:
                self._con.execute(
                    "delete from raw.read_failures where repo = ? and endpoint = ? and item = ?", [repo, endpoint, item]
                )
            source_tables.replace_rows(self._con, "raw.read_failures", failed)

        self._write(store)

    def put_code_owners(self, repo: str, path: str, *, is_there: bool, rows: Sequence[Row] | None) -> None:
        """Note whether CODEOWNERS of ``repo`` is at ``path``, and store its lines; None: they are as they were."""

        def store() -> int:
            looked = {"repo": repo, "path": path, "is_there": is_there, "asked_at": self.now}
            source_tables.replace_rows(self._con, "raw.code_owner_files", [looked])
            stored = self._con.execute(
                "select path, line, pattern, owners, html_url from raw.code_owners where repo = ? order by line", [repo]
            ).fetchall()
            # One that is not there takes away its own lines alone; one that is there takes the place of any other.
            kept = [] if is_there else [row for row in stored if row[0] != path]
            told = [(path, row["line"], row["pattern"], row["owners"], row["html_url"]) for row in rows or ()]
            if rows is None or stored == [*kept, *told]:
                return 0
            self._con.execute("delete from raw.code_owners where repo = ? and (? or path = ?)", [repo, is_there, path])
            source_tables.replace_rows(self._con, "raw.code_owners", rows)
            return max(len(stored) - len(kept), len(rows))

        with self._lock:
            self.summary.read["code_owners"] += self._write(store)

    def etag(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None = None) -> str | None:
        """Return the entity tag of the last response for this address and token."""
        rows = self.query("select etag from raw.http_cache where cache_key = ?", [client.cache_key(path, params)])
        return rows[0][0] if rows else None

    def remember(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None, response: Response) -> None:
        """Keep the entity tag of a response whose rows are stored; those of other tokens for the address go."""
        if response.etag is None or response.unchanged:
            return
        url = client.url(path, params)
        row = {"cache_key": client.cache_key(path, params), "url": url, "etag": response.etag, "read_at": self.now}

        def store() -> None:
            self._con.execute("delete from raw.http_cache where url = ?", [url])
            source_tables.replace_rows(self._con, "raw.http_cache", [row])

        self._write(store)

    def has_issues(self, repo: str) -> bool:
        """Return whether issues are switched on, as the repository's own answer says; so they are where it doesn't."""
        rows = self.query("select payload->>'has_issues' from raw.repositories where repo = ?", [repo])
        return not rows or rows[0][0] != "false"

    def watermark(self, repo: str, walk: str) -> datetime | None:
        """Return how far ``walk`` has come in ``repo`` (naive UTC); None when it never ended."""
        rows = self.query("select watermark from raw.ingest_state where repo = ? and walk = ?", [repo, walk])
        return rows[0][0] if rows else None

    def advance(self, repo: str, walk: str, watermark: datetime) -> None:
        """Note that ``walk`` has read everything that changed before ``watermark``."""
        row = {"repo": repo, "walk": walk, "watermark": watermark, "read_at": self.now}

        def store() -> None:
            source_tables.replace_rows(self._con, "raw.ingest_state", [row])

        self._write(store)

    def covered(self, repo: str, walk: str) -> list[Interval]:
        """Return the intervals that ``walk`` has read completely in ``repo``, oldest first."""
        rows = self.query(
            "select covered_from, covered_to from raw.read_coverage where repo = ? and walk = ? order by all",
            [repo, walk],
        )
        return [Interval(*row) for row in rows]

    def forget(self, repo: str, walk: str) -> None:
        """Note that ``walk`` has read nothing in ``repo``."""
        self._write(
            lambda: self._con.execute("delete from raw.read_coverage where repo = ? and walk = ?", [repo, walk])
        )

    def name_repository(self, repository_id: int, name: str, observed_at: datetime | None = None) -> str:
        """Note what a repository was called at a time, and return what it is called now.

        If it has got another name since it was read, everything stored moves there. Of two repositories of one name,
        the one for which it was observed later keeps it; the other's rows go under the name with its id.

        Args:
            repository_id: GitHub's id.
            name: owner/name.
            observed_at: When it was called so. None stands for what GitHub says itself, now: that holds, even where the
                clock stood later before.
        """

        def store() -> str:
            present_names = self._names.present()
            known_name = present_names.get(repository_id)
            seen_at = observed_at
            if seen_at is None:
                others = (present_names.get(id_ or 0) for id_ in (repository_id, self._names.holder(name)))
                seen_at = max([self.now, *(other[1] for other in others if other is not None)])
            is_later = known_name is None or seen_at >= known_name[1]
            present = name if known_name is None or is_later else known_name[0]
            holder = self._names.holder(present)
            moves: dict[str, str] = {}
            if holder is not None and holder != repository_id:
                if is_later and seen_at >= present_names[holder][1]:
                    moves[self._names.tracked()[holder]] = with_id(present, holder)
                else:
                    present = with_id(present, repository_id)
            tracked = self._names.tracked().get(repository_id)
            if tracked is not None and tracked != present:
                moves[tracked] = present
            if moves:
                self._rename(moves)
            if tracked is None:
                source_tables.replace_rows(
                    self._con, "raw.repositories", [{"repo": present, "repository_id": repository_id}]
                )
            self._names.note(repository_id, name, seen_at, present)
            return present

        return self._write(store)

    def default_branch(self, repo: str, observations: Iterable[repository_names.Observation] | str) -> str | None:
        """Note which branch was the default one of ``repo`` at which times, and return the present one.

        A branch alone is what GitHub says itself, now: that holds, even where the clock stood later before.
        """
        told = observations if isinstance(observations, str) else list(observations)

        def store() -> str | None:
            observed: Sequence[repository_names.Observation]
            if isinstance(told, str):
                seen = self.query("select max(first_seen_at) from raw.default_branches where repo = ?", [repo])[0][0]
                observed = [(max(self.now, seen or self.now), told)]
            else:
                observed = told
            branch = repository_names.default_branches(self._con, repo, observed)
            if branch is not None:
                self._con.execute(
                    "update raw.repositories set default_branch = ?"
                    " where repo = ? and default_branch is distinct from ? and source is not null",
                    [branch, repo, branch],
                )
            return branch

        return self._write(store)

    def tracked(self) -> dict[int, str]:
        """Return the present names of the repositories that are read, by their ids."""
        with self._lock:
            return self._names.tracked()

    def canonical_names(self) -> dict[str, str]:
        """Return the present names of the repositories that are read, by every name they have or had, in lower case."""
        with self._lock:
            return source_tables.canonical_names(self._con)

    def rename(self, moves: Mapping[str, str]) -> None:
        """Move everything stored for repositories from their old names to their new ones, all in one transaction.

        Names may be swapped. Of two rows for one thing the one under the new name stays.
        """
        self._write(lambda: self._rename(moves))

    def _rename(self, moves: Mapping[str, str]) -> None:
        """Do what :meth:`rename` says, inside a transaction."""
        import pyarrow as pa

        self._con.register("moves", pa.table({"old": list(moves), "new": list(moves.values())}))
        try:
            rename_repositories(self._con)
        finally:
            self._con.unregister("moves")
            self._names.forget_what_was_read()

    def _cover(self, repo: str, walk: str, intervals: Iterable[Interval]) -> None:
        """Note intervals as read completely; inside a transaction."""
        joined = union([*self.covered(repo, walk), *intervals])
        self._con.execute("delete from raw.read_coverage where repo = ? and walk = ?", [repo, walk])
        source_tables.replace_rows(
            self._con,
            "raw.read_coverage",
            [
                {
                    "repo": repo,
                    "walk": walk,
                    "covered_from": interval.start,
                    "covered_to": interval.end,
                    "read_at": self.now,
                }
                for interval in joined
            ],
        )


def with_id(name: str, repository_id: int) -> str:
    """Return under which name a repository's rows are kept that has lost it to another one."""
    return f"{name} (formerly, {repository_id})"
