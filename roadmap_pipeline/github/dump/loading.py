"""Recorded payloads of GitHub in a folder: reading them, and loading them into the raw tables.

Belongs here: what a folder holds, which of several records of one thing counts, and to which repository things belong.
Files belong to ``files``, telling kinds apart to ``shapes``, fields of another type than GitHub's to
``normalization``, rows to ``records``, whose log is whose to ``archives``; serving a dump to the sandbox.

Taken are ``.json`` (a value, a list, or several values one after the other as ``gh api --paginate`` writes them),
``.jsonl`` and ``.ndjson``, each also gzipped; pages of lists (``{"total_count": …, "workflow_runs": […]}``) and other
envelopes are opened. Logs are files called ``<job id>.txt`` or ``.log``, and archives of a run (``.zip``, ``.tar.gz``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.dump.archives import KnownJob, LogFile, Unplaced, place_logs
from roadmap_pipeline.github.ingest.logs import log_columns
from roadmap_pipeline.github.ingest.store import IngestSummary, Store
from roadmap_pipeline.github.ingest.workflows import note_workflows_of_runs, store_workflows
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import UnusableError, converted, is_repository, parse_time
from roadmap_pipeline.github.payloads.records import Provenance, Row, naive_utc
from roadmap_pipeline.github.payloads.shapes import Kind, find_records, kind_of
from roadmap_pipeline.progress import task

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.failures.classifier import Classifier

ROWS_PER_BATCH = 1_000
NAMED_AT_MOST = 5
"""The positions or names that a note gives before it only counts."""
LONGEST_ID = 18
"""Digits of a job's id."""
FAILED = ("failure", "timed_out", "cancelled")
"""Conclusions of jobs whose logs are kept: of the cancelled ones, the log may say that a time limit ended them."""
_EARLIEST = datetime.min  # noqa: DTZ901 - naive, as all times of the warehouse

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A payload and where it stood: the file, relative to the folder, and the record's place in it, from 1.

    Its fields are as GitHub gives them, and what a row can't do without is there.
    """

    payload: Payload
    source: str
    position: int


@dataclass(slots=True)
class Dump:
    """The content of a folder, everything as often as it stands there."""

    records: dict[Kind, list[Record]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    logs: list[LogFile] = field(default_factory=list)
    unrecognised: list[Unplaced] = field(default_factory=list)
    """Records of no kind, or of which no row could be made, and places where a file is broken."""
    partial: list[Unplaced] = field(default_factory=list)
    """Records with fields that had to be left empty."""
    skipped_files: list[str] = field(default_factory=list)
    """Files of a kind that holds neither records nor logs."""

    def folded(self, kind: Kind) -> list[Record]:
        """Return the records of a kind, one for each thing: of several the one last changed, else the one last read."""
        newest: dict[Any, Record] = {}
        for record in self.records[kind]:
            known = newest.setdefault(_identity(kind, record.payload), record)
            if _version(record.payload) >= _version(known.payload):
                newest[_identity(kind, record.payload)] = record
        return list(newest.values())

    def repositories(self) -> dict[str, Record]:
        """Return the repositories that are described, by name: by records of their own, else by pull requests and runs.

        A run's repository does not tell its default branch; it is then the branch of the scheduled runs, since GitHub
        schedules on the default branch only. Without any the key is missing.
        """
        repositories: dict[str, Record] = {}
        scheduled: dict[str, str] = {}
        for kind in (Kind.RUN, Kind.PULL_REQUEST):  # the fuller description comes last
            for record in self.records[kind]:
                payload = record.payload
                repository = payload.get("repository") or (payload.get("base") or {}).get("repo") or {}
                name = repository.get("full_name") or ""
                if not is_repository(name) or not repository.get("id"):
                    continue
                known = repositories[name].payload if name in repositories else {}
                repositories[name] = Record({**known, **repository}, record.source, record.position)
                if payload.get("event") == "schedule" and payload.get("head_branch"):
                    scheduled[name] = payload["head_branch"]
        repositories.update({str(record.payload["full_name"]): record for record in self.folded(Kind.REPOSITORY)})
        for name, branch in scheduled.items():
            record = repositories[name]
            if not record.payload.get("default_branch"):
                repositories[name] = Record(
                    {**record.payload, "default_branch": branch}, record.source, record.position
                )
        return repositories


def read_dump(directory: str | Path) -> Dump:
    """Read every file below ``directory``. Where a part of a file can be read, that is taken.

    Raises:
        ConfigurationError: Nothing can be read of some files (each is named, with the place), or the folder is missing
            or holds nothing that could be used.
    """
    from roadmap_pipeline.github.dump import files as dump_files

    root = Path(directory)
    if not root.is_dir():
        raise ConfigurationError(f"{root} is not a folder; name one that holds recorded payloads of GitHub")
    dump = Dump()
    problems: list[str] = []
    files = sorted(path for path in root.rglob("*") if path.is_file())
    with task(f"Reading {root}", total=len(files)) as progress:
        for path in files:
            interruption.check()
            try:
                _read_file(path, path.relative_to(root).as_posix(), dump)
            except dump_files.BrokenFileError as error:
                problems.append(f"{path}: {error}")
            progress.advance()
    if problems:
        raise ConfigurationError(*problems)
    if not any(dump.records.values()) and not dump.logs and not dump.unrecognised:
        raise ConfigurationError(
            f"{root} holds no records; put payloads of GitHub's REST API there as .json, .jsonl or .ndjson (also .gz)"
        )
    return dump


def _read_file(path: Path, source: str, dump: Dump) -> None:
    from roadmap_pipeline.github.dump import files as dump_files

    plain = dump_files.plain_name(path)
    stem = Path(plain).stem
    if path.name.lower().endswith(dump_files.ARCHIVE_SUFFIXES):
        _read_archive(path, source, dump)
    elif plain.endswith(dump_files.LOG_SUFFIXES) and stem.isascii() and stem.isdigit():
        dump.logs.append(LogFile(source, 1, int(stem[:LONGEST_ID]), "", partial(dump_files.content, path)))
    elif plain.endswith(dump_files.JSON_SUFFIXES):
        position = 0
        for value in dump_files.json_values(path):
            for kind, payload in _recognised(value):
                position += 1
                _take(kind, payload, source, position, dump)
    else:
        dump.skipped_files.append(source)


def _read_archive(path: Path, source: str, dump: Dump) -> None:
    from roadmap_pipeline.github.dump import files as dump_files

    position = 0
    for position, log in enumerate(dump_files.archived_logs(path), 1):
        if isinstance(log, dump_files.Broken):
            dump.unrecognised.append(Unplaced(source, position, log.reason))
        else:
            dump.logs.append(LogFile(source, position, None, *log))
    if not position:
        dump.skipped_files.append(source)


def _recognised(value: Any) -> list[tuple[Kind | None, Any]]:
    try:
        return list(find_records(value))
    except RecursionError:
        return [(None, None)]


def _take(kind: Kind | None, payload: Any, source: str, position: int, dump: Dump) -> None:
    from roadmap_pipeline.github.dump.files import Broken

    if isinstance(payload, Broken):
        dump.unrecognised.append(Unplaced(source, position, payload.reason))
    elif kind is None:
        dump.unrecognised.append(Unplaced(source, position, f"no kind has this shape: {_shape(payload)}"))
    else:
        lost: list[str] = []
        try:
            usable = converted(kind, payload, lost)
        except UnusableError as error:
            dump.unrecognised.append(Unplaced(source, position, str(error)))
            return
        dump.records[kind].append(Record(usable, source, position))
        if lost:
            dump.partial.append(Unplaced(source, position, ", ".join(dict.fromkeys(lost))))


def ingest_dump(
    directory: str | Path,
    con: "duckdb.DuckDBPyConnection",
    read_at: datetime,
    *,
    classifier: "Classifier | None" = None,
    summary: IngestSummary | None = None,
) -> IngestSummary:
    """Load a folder of recorded payloads into the raw tables of an open warehouse.

    Every record becomes a row, however old it is and whatever is missing beside it (jobs without their run too); of
    several records of one thing the newest is taken, and none takes the place of a newer stored one. What is not used
    is counted in the notes, file by file.

    Args:
        con: The open warehouse.
        directory: The folder.
        read_at: When it is read (aware).
        classifier: Decides which lines of logs are kept; default: the project's rules.
        summary: Filled on the way when one is given.

    Raises:
        ConfigurationError: As :func:`read_dump` does.
    """
    dump = read_dump(directory)
    store = Store(con, IngestSummary() if summary is None else summary, read_at)
    loader = _Loader(dump, store, read_at, classifier)
    loader.load()
    views = _reasoned(dump, Kind.PULL_REQUEST_VIEW, "view of a pull request in a list of issues, not an issue")
    comments = _reasoned(dump, Kind.COMMENT, "comment, which no table holds")
    store.summary.notes.extend(_notes([*dump.unrecognised, *loader.unplaced, *views, *comments]))
    store.summary.notes.extend(_notes(dump.partial, "stored without what can't be used"))
    store.summary.notes.extend(_notes(loader.cut, "stored as far as it could be read"))
    if dump.skipped_files:
        store.summary.notes.append(f"files that hold no records: {_listed(dump.skipped_files)}")
    return store.summary


class _Loader:
    """A dump on its way into the store."""

    def __init__(self, dump: Dump, store: Store, read_at: datetime, classifier: "Classifier | None") -> None:
        self._classifier = classifier
        self._dump = dump
        self._store = store
        self._read_at = read_at
        _settle_names(dump, store)
        self._names = store.canonical_names()
        self._names_by_id = store.tracked()
        self.unplaced: list[Unplaced] = []
        self.cut: list[Unplaced] = []

    def load(self) -> None:
        """Store everything."""
        described = _described(self._dump, self._store, self._names_by_id)
        self._put("repositories", self._rows(described, _repository_row))
        kinds: tuple[tuple[Kind, str, Callable[[Payload, str, Provenance], Row]], ...] = (
            (Kind.RUN, "workflow_runs", records.run_row),
            (Kind.JOB, "workflow_jobs", records.job_row),
            (Kind.PULL_REQUEST, "pull_requests", records.pull_request_row),
            (Kind.COMMIT, "commits", records.commit_row),
            (Kind.ISSUE, "issues", records.issue_row),
            (Kind.MILESTONE, "milestones", records.milestone_row),
            (Kind.ISSUE_EVENT, "issue_events", records.issue_event_row),
        )
        for kind, table, make in kinds:
            self._put(table, self._rows(self._dump.folded(kind), make))
        workflows = list(self._rows(self._dump.folded(Kind.WORKFLOW), records.workflow_row))
        store_workflows(self._store, workflows, naive_utc(self._read_at))
        note_workflows_of_runs(self._store, set(self._names.values()))
        if self._dump.logs:
            self._put_logs()

    def _rows(self, kept: Iterable[Record], make: Callable[[Payload, str, Provenance], Row]) -> Iterator[Row]:
        for record in kept:
            name = records.repository_of(record.payload)
            if name is None:
                self._skip(record, "nothing tells its repository")
                continue
            repo = self._names.get(name.casefold(), name)
            repo = self._names_by_id.get(_repository_in(record.payload).get("id", 0), repo)
            try:
                yield make(record.payload, repo, Provenance(self._read_at, record.source))
            except UnusableError as error:
                self._skip(record, str(error))

    def _put(self, table: str, rows: Iterable[Row]) -> None:
        remaining = iter(rows)
        with task(f"Loading {table.replace('_', ' ')}") as progress:
            while batch := list(islice(remaining, ROWS_PER_BATCH)):
                interruption.check()
                self._store.put({table: batch})
                progress.advance(len(batch))

    def _put_logs(self) -> None:
        stored = self._store.query(
            "select job_id, repo, run_id, run_attempt, name, coalesce(list_contains(?, conclusion), false)"
            " from raw.workflow_jobs where name is not null",
            [list(FAILED)],
        )
        jobs = {row[0]: KnownJob(*row) for row in stored}
        placed, unplaced = place_logs(self._dump.logs, jobs.values())
        self.unplaced.extend(unplaced)
        for job_id, log in placed.items():
            if not jobs[job_id].failed:
                self.unplaced.append(Unplaced(log.source, log.position, "log of a job that did not fail"))
        failed = ((jobs[job_id], log) for job_id, log in placed.items() if jobs[job_id].failed)
        self._put("job_logs", (row for job, log in failed if (row := self._log_row(job, log)) is not None))

    def _log_row(self, job: KnownJob, log: LogFile) -> Row | None:
        from roadmap_pipeline.github.dump.files import BrokenFileError

        try:
            data = log.read()
        except BrokenFileError as error:
            (self.cut if error.part else self.unplaced).append(Unplaced(log.source, log.position, str(error)))
            if not error.part:
                return None
            data = error.part
        return {
            "repo": job.repo,
            "job_id": job.job_id,
            "run_id": job.run_id,
            "run_attempt": job.run_attempt,
            "read_at": naive_utc(self._read_at),
            "source": log.source,
            **log_columns([data], self._classifier),
        }

    def _skip(self, record: Record, reason: str) -> None:
        self.unplaced.append(Unplaced(record.source, record.position, reason))


def _repository_row(payload: Payload, repo: str, reading: Provenance) -> Row:
    return {**records.repository_row(payload, reading), "repo": repo}


def _settle_names(dump: Dump, store: Store) -> None:
    """Take in what the records call their repositories.

    Of several names of one id, here and in what is stored, the one that was told for the latest time counts.
    """
    names: dict[tuple[int, str], datetime] = {}
    for kind in (Kind.RUN, Kind.PULL_REQUEST, Kind.REPOSITORY):
        for record in dump.records[kind]:
            described = _repository_in(record.payload)
            name = described.get("full_name")
            if described.get("id") and isinstance(name, str) and is_repository(name):
                key = described["id"], name
                names[key] = max(names.get(key, _EARLIEST), _version(record.payload))
    for (repository_id, name), moment in sorted(names.items(), key=lambda item: item[1]):
        store.name_repository(repository_id, name, moment)


def _repository_in(payload: Payload) -> Payload:
    """Return what a record tells of its repository: all of it, where it is the repository's own."""
    base = payload.get("base")
    repository = payload.get("repository") or (base.get("repo") if isinstance(base, dict) else None)
    return repository if isinstance(repository, dict) else payload if kind_of(payload) is Kind.REPOSITORY else {}


def _described(dump: Dump, store: Store, names: Mapping[int, str]) -> Iterator[Record]:
    """Yield the repositories as they are called now, each once, with the branch that is now their default one."""
    newest: dict[int, Record] = {}
    observations: dict[int, list[tuple[datetime, str]]] = {}
    for record in [*dump.repositories().values(), *dump.records[Kind.REPOSITORY]]:
        repository_id = record.payload["id"]
        newest.setdefault(repository_id, record)
        if _version(record.payload) >= _version(newest[repository_id].payload):
            newest[repository_id] = record
        if record.payload.get("default_branch") and record.payload.get("updated_at"):
            observations.setdefault(repository_id, []).append(
                (_version(record.payload), record.payload["default_branch"])
            )
    scheduled: dict[int, list[tuple[datetime, str]]] = {}  # GitHub schedules on the default branch only
    for record in dump.records[Kind.RUN]:
        repository_id = _repository_in(record.payload).get("id")
        is_scheduled = record.payload.get("event") == "schedule" and record.payload.get("head_branch")
        if is_scheduled and repository_id in newest and repository_id not in observations:
            created_at = parse_time(record.payload.get("created_at")) or _EARLIEST
            scheduled.setdefault(repository_id, []).append((created_at, record.payload["head_branch"]))
    known = {
        repository_id
        for (repository_id,) in store.query("select repository_id from raw.repositories where source is not null")
    }
    for repository_id, record in newest.items():
        branch = store.default_branch(
            names[repository_id], observations.get(repository_id) or scheduled.get(repository_id, [])
        )
        branch = branch or record.payload.get("default_branch")
        if repository_id in known and record.payload["full_name"] != names[repository_id]:
            continue  # it tells of the past
        yield Record({**record.payload, "default_branch": branch}, record.source, record.position)


def _identity(kind: Kind, payload: Payload) -> Any:
    if kind is Kind.RUN:
        return payload["id"], payload.get("run_attempt") or 1
    if kind in {Kind.PULL_REQUEST, Kind.ISSUE, Kind.PULL_REQUEST_VIEW, Kind.MILESTONE}:
        return (records.repository_of(payload) or "").casefold(), payload["number"]
    if kind is Kind.COMMIT:
        return (records.repository_of(payload) or "").casefold(), payload["sha"]
    return payload["id"]


def _version(payload: Payload) -> datetime:
    """Return the time that grows when the thing changes; jobs have no ``updated_at`` but end once."""
    return parse_time(payload.get("updated_at") or payload.get("completed_at")) or _EARLIEST


def _shape(payload: Any) -> str:
    return ", ".join(list(payload)[:NAMED_AT_MOST]) if isinstance(payload, dict) else type(payload).__name__


def _reasoned(dump: Dump, kind: Kind, reason: str) -> list[Unplaced]:
    return [Unplaced(record.source, record.position, reason) for record in dump.records[kind]]


def _notes(unplaced: Iterable[Unplaced], what: str = "not stored") -> list[str]:
    """Return one note for each file and reason."""
    positions: dict[tuple[str, str], list[int]] = {}
    for one in unplaced:
        positions.setdefault((one.source, one.reason), []).append(one.position)
    return [
        f"{source}: {len(places)} {what} ({reason}), number {_listed([str(position) for position in places])}"
        for (source, reason), places in positions.items()
    ]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED_AT_MOST])
    return shown if len(names) <= NAMED_AT_MOST else f"{shown} and {len(names) - NAMED_AT_MOST} more"
