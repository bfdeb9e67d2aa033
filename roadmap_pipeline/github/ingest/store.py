"""Writing what was read from GitHub into the raw tables, and remembering how far each walk has come.

Belongs here: which rows are new or changed, which of two states of a thing is the later one, entity tags, watermarks
and spans. What is asked for, and when, belongs to the walks of ``ingest``. Reading by HTTP and the import of dumps
store their rows here, by the same rules.
"""

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.build import change_log
from roadmap_pipeline.github.client.client import GitHubClient, Response
from roadmap_pipeline.github.ingest import repository_names
from roadmap_pipeline.github.ingest.intervals import Span, union
from roadmap_pipeline.github.payloads.normalization import UnusableError
from roadmap_pipeline.github.payloads.records import MakeRow, Reading, Row, naive_utc
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import transaction

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

READ_TABLES = (
    "repositories",
    "workflows",
    "workflow_runs",
    "workflow_jobs",
    "job_logs",
    "passing_logs",
    "pull_requests",
    "commits",
    "issues",
    "milestones",
    "issue_events",
)
"""Tables of schema ``raw`` that hold what GitHub says."""

_HOW_IT_WAS_READ = frozenset({"read_at", "source", "payload"})
"""Columns that don't make a row a changed one: counters inside payloads (stars, reactions) move all the time."""

_GROWS = {
    "workflows": "updated_at",
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
    # a commit may be one of several pull requests, each read by itself
    "commits": {
        "pull_request_numbers": "list_sort(list_distinct("
        "coalesce(stored.pull_request_numbers, []) || incoming.pull_request_numbers))"
    },
    # only GitHub itself can say that a run is there again
    "workflow_runs": {
        "deleted_upstream_at": f"case when {_FROM_API.format('incoming')} then incoming.deleted_upstream_at"
        " else coalesce(incoming.deleted_upstream_at, stored.deleted_upstream_at) end"
    },
}
"""What a stored row knows that an incoming one doesn't tell."""
_HAVE_HEADS = ("workflow_runs", "pull_requests")
"""Tables whose rows name the repository that a branch lives in."""
_LISTS_OF_ALL = frozenset({"raw.ingest_state", "raw.read_coverage", "raw.default_branches"})
"""Tables whose rows of a repository tell something only together: those of two names don't mix."""

_CARRIED_BY_DUMPS = frozenset({"workflow_runs"})
"""Tables where only rows of dumps leave that untold."""

_NUMBER_IN_PATH = re.compile(r"/\d+(?=/|$)")


@dataclass(slots=True)
class IngestSummary:
    """What an ingest read."""

    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(READ_TABLES, 0))
    """New or changed rows by table of schema ``raw``."""
    placed: int = 0
    """Rows of schema ``raw`` that things read now have, those that were stored before included."""
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
        self._counted: dict[str, int] = {}
        self._names = repository_names.Names(con)

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows that a query of the warehouse gives."""
        with self._lock:
            return self._con.execute(sql, list(params)).fetchall()

    def note(self, text: str) -> None:
        """Add to the summary's notes what isn't there yet."""
        with self._lock:
            if text not in self.summary.notes:
                self.summary.notes.append(text)

    def rows(self, make: MakeRow, payloads: Iterable[Any], repo: str, reading: Reading) -> list[Row]:
        """Return the rows that ``make`` makes of payloads; those of which it can't make one are left out.

        How many are left out, or stored without a field, is a note of the summary.
        """
        source = _NUMBER_IN_PATH.sub("/…", reading.source)
        made: list[Row] = []
        for payload in payloads:
            lost: list[str] = []
            try:
                made.append(make(payload, repo, reading, lost))
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
        covered: Mapping[str, Iterable[Span]] | None = None,
    ) -> int:
        """Store the new and changed ones of ``rows`` (by table of ``raw``) in one transaction; returns how many.

        In the same transaction ``details`` go to ``raw.run_details``, ``returns`` to ``raw.workflow_returns``, and the
        spans of ``covered``, by walk, are noted as read completely for ``repo``. A row never takes the place of a later
        state of the same thing; repositories that branches live in are called as they are now.
        """
        with self._lock:
            heads = {table: self._names.settle_heads(given) for table, given in rows.items() if table in _HAVE_HEADS}
            changed = {table: self._changed(table, given) for table, given in rows.items() if given}
            count = sum(int(found.num_rows) for found in changed.values())
            placed = sum(len(given) for given in rows.values())
            if not (count or details or returns or covered or any(heads.values())):
                self.summary.placed += placed
                return 0
            try:
                with transaction(self._con):
                    self._take_heads(heads.values())
                    for table, found in changed.items():
                        if found.num_rows:
                            source_tables.replace_arrow(self._con, source_tables.BY_NAME[f"raw.{table}"], found)
                    source_tables.replace_rows(
                        self._con, "raw.run_details", [{**row, "read_at": self.now} for row in details]
                    )
                    source_tables.replace_rows(self._con, "raw.workflow_returns", returns)
                    for walk, spans in (covered or {}).items():
                        self._cover(repo, walk, spans)
            except BaseException:
                self._names.forget_what_was_read()
                raise
            for table, found in changed.items():
                self.summary.read[table] += found.num_rows
            self.summary.placed += placed
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
            columns = {"number": list(files), "files": [list(repository_names) for repository_names in files.values()]}
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
            source_tables.replace_rows(self._con, "raw.run_counts", [{**row, "read_at": self.now}])

    def put_read_failures(self, repo: str, failed: Sequence[Row], read: Iterable[tuple[str, str]]) -> None:
        """Store what could not be read of ``repo``, and forget the failures of what was read (endpoint, item)."""
        with self._lock, transaction(self._con):
            for endpoint, item in read:
                self._con.execute(
                    "delete from raw.read_failures where repo = ? and endpoint = ? and item = ?", [repo, endpoint, item]
                )
            source_tables.replace_rows(self._con, "raw.read_failures", failed)

    def etag(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None = None) -> str | None:
        """Entity tag of the last answer for this address and token."""
        found = self.query("select etag from raw.http_cache where cache_key = ?", [client.cache_key(path, params)])
        return found[0][0] if found else None

    def remember(self, client: GitHubClient, path: str, params: Mapping[str, Any] | None, response: Response) -> None:
        """Keep the entity tag of an answer whose rows are stored; those of other tokens for the address go."""
        if response.etag is None or response.unchanged:
            return
        url = client.url(path, params)
        row = {"cache_key": client.cache_key(path, params), "url": url, "etag": response.etag, "read_at": self.now}
        with self._lock, transaction(self._con):
            self._con.execute("delete from raw.http_cache where url = ?", [url])
            source_tables.replace_rows(self._con, "raw.http_cache", [row])

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
            source_tables.replace_rows(self._con, "raw.ingest_state", [row])

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

    def name_repository(self, repository_id: int, name: str, told_at: datetime | None = None) -> str:
        """Take in what a repository was called at ``told_at``; returns what it is called now.

        None stands for what GitHub says itself, now: that holds, even where the clock stood later before.

        If it has got another name since it was read, everything stored moves there. Of two repositories of one name,
        the one for which it was told later keeps it; the other's rows go under the name with its id.
        """
        with self._lock:
            told = self._names.present()
            known = told.get(repository_id)
            if told_at is None:
                others = (told.get(id_ or 0) for id_ in (repository_id, self._names.holder(name)))
                told_at = max([self.now, *(other[1] for other in others if other is not None)])
            is_later = known is None or told_at >= known[1]
            present = name if known is None or is_later else known[0]
            holder = self._names.holder(present)
            moves: dict[str, str] = {}
            if holder is not None and holder != repository_id:
                if is_later and told_at >= told[holder][1]:
                    moves[self._names.tracked()[holder]] = with_id(present, holder)
                else:
                    present = with_id(present, repository_id)
            tracked = self._names.tracked().get(repository_id)
            if tracked is not None and tracked != present:
                moves[tracked] = present
            if moves:
                self.rename(moves)
            with transaction(self._con):
                if tracked is None:
                    source_tables.replace_rows(
                        self._con, "raw.repositories", [{"repo": present, "repository_id": repository_id}]
                    )
                self._names.note(repository_id, name, told_at, present)
            return present

    def default_branch(self, repo: str, told: Iterable[repository_names.Told] | str) -> str | None:
        """Take in which branch was the default one of ``repo`` at which times; returns the present one.

        A branch alone is what GitHub says itself, now: that holds, even where the clock stood later before.
        """
        with self._lock, transaction(self._con):
            if isinstance(told, str):
                seen = self.query("select max(first_seen_at) from raw.default_branches where repo = ?", [repo])[0][0]
                told = [(max(self.now, seen or self.now), told)]
            branch = repository_names.default_branches(self._con, repo, told)
            if branch is not None:
                self._con.execute(
                    "update raw.repositories set default_branch = ?"
                    " where repo = ? and default_branch is distinct from ? and source is not null",
                    [branch, repo, branch],
                )
            return branch

    def tracked(self) -> dict[int, str]:
        """What the repositories that are read are called now, by their ids."""
        with self._lock:
            return self._names.tracked()

    def canonical_names(self) -> dict[str, str]:
        """What the repositories that are read are called now, by every name they have or had, in lower case."""
        with self._lock:
            return source_tables.canonical_names(self._con)

    def rename(self, moves: Mapping[str, str]) -> None:
        """Move everything stored for repositories from their old names to their new ones, all in one transaction.

        Names may be swapped. Of two rows for one thing the one under the new name stays.
        """
        import pyarrow as pa

        with self._lock:
            self._con.register("moves", pa.table({"old": list(moves), "new": list(moves.values())}))
            try:
                with transaction(self._con):
                    for source in source_tables.TABLES:
                        if source.schema != "config":
                            self._rename_in(source)
                    self._rename_in_keys()
            finally:
                self._con.unregister("moves")
                self._names.forget_what_was_read()

    def _rename_in(self, source: source_tables.SourceTable) -> None:
        """Inside a transaction."""
        name = source.qualified_name
        columns = {column.name for column in source.columns}
        for column in sorted({"repo", "head_repo"} & columns):
            if column in source.key or name in _LISTS_OF_ALL:
                rest = [key for key in source.key if key != column] if name not in _LISTS_OF_ALL else []
                same = "".join(f' and there."{key}" = stored."{key}"' for key in rest)
                self._con.execute(
                    f"delete from {name} as stored using moves"  # noqa: S608
                    f" where stored.{column} = moves.old and moves.new not in (select old from moves)"
                    f" and exists (select 1 from {name} as there where there.{column} = moves.new{same})"
                )
            # head repositories are written by hand in some dumps, and by GitHub in whatever case the owner likes
            same = "lower(stored.head_repo) = lower(moves.old)" if column == "head_repo" else "stored.repo = moves.old"
            count = self._con.execute(
                f"update {name} as stored set {column} = moves.new from moves where {same}"  # noqa: S608
            ).fetchall()[0][0]
            if count and name in change_log.LOGGED:
                change_log.note_everything(self._con, name)

    def _rename_in_keys(self) -> None:
        """Where a name is a part of a value; inside a transaction."""
        old, new = "'milestone:' || moves.old || '#'", "'milestone:' || moves.new || '#'"
        self._con.execute(
            f"update sync.row_bases as stored set sync_key = replace(stored.sync_key, {old}, {new})"  # noqa: S608
            f" from moves where contains(stored.sync_key, {old})"
        )
        self._con.execute(
            "update sync.changes as stored set place = moves.new from moves where stored.place = moves.old"
        )
        # nothing that was answered under the old address can be unchanged under the new one
        self._con.execute(
            "delete from raw.http_cache as stored using moves"
            " where contains(stored.url || '/', '/repos/' || moves.old || '/')"
        )

    def _take_heads(self, told: Iterable[repository_names.Heads]) -> None:
        """Store new names of repositories that runs and pull requests come from; inside a transaction."""
        for heads in told:
            source_tables.replace_rows(self._con, "raw.repository_names", heads.names)
            for repository_id, (old, new) in heads.renamed.items():
                self._con.execute(
                    "update raw.repository_names set repo = ? where repository_id = ?", [new, repository_id]
                )
                for table in _HAVE_HEADS:
                    # rows from before the id was kept go by the name
                    self._con.execute(
                        f"update raw.{table} set head_repo = ? where head_repo = ?"  # noqa: S608
                        " and (head_repository_id = ? or head_repository_id is null)",
                        [new, old, repository_id],
                    )
                change_log.note_runs(
                    self._con,
                    "raw.workflow_runs",
                    f"(select run_id from raw.workflow_runs where head_repository_id = {int(repository_id)}"  # noqa: S608
                    f" or (head_repository_id is null and head_repo = {source_tables.literal(new)}))",
                )

    def _cover(self, repo: str, walk: str, spans: Iterable[Span]) -> None:
        """Inside a transaction."""
        joined = union([*self.covered(repo, walk), *spans])
        self._con.execute("delete from raw.read_coverage where repo = ? and walk = ?", [repo, walk])
        source_tables.replace_rows(
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

        source = source_tables.BY_NAME[f"raw.{table}"]
        carried = {} if table in _CARRIED_BY_DUMPS and all(map(_is_from_api, rows)) else _CARRIED.get(table, {})
        incoming = source_tables.arrow_table(source, rows)
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


def with_id(name: str, repository_id: int) -> str:
    """Return under which name a repository's rows are kept that has lost it to another one."""
    return f"{name} (formerly, {repository_id})"


def _is_from_api(row: Row) -> bool:
    return str(row["source"]).startswith("http")


def _changed_sql(source: source_tables.SourceTable, carried: Mapping[str, str], grows: str | None) -> str:
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
