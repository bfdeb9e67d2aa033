"""Reading what people plan and change in one repository: milestones, issues, their events, pull requests.

Belongs here: what is requested, in which order, and what is left out. Runs belong to ``actions``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadmap_pipeline.github.client.client import GitHubError, IncompleteList
from roadmap_pipeline.github.client.paging import PER_PAGE, may_be_followed
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.ingest.bulk_details import PULL_REQUEST_FILES, BulkItem, read_many
from roadmap_pipeline.github.ingest.intervals import Interval
from roadmap_pipeline.github.ingest.listing import NewestFirst, Payload, ordered
from roadmap_pipeline.github.ingest.repository_reader import OVERLAP, RepositoryReader
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.normalization import parse_time
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_pipeline.progress import Task

MILESTONE_LABEL = "milestone:"
FILES_PER_BATCH = 40
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Before GitHub: pull requests and issues are read from the first one on."""


class CollaborationReader:
    """The walks through one repository's milestones, issues, events and pull requests."""

    def __init__(self, reader: RepositoryReader) -> None:
        self._r = reader

    def read_milestones(self, progress: Task) -> None:
        """Read all milestones; those that are gone are removed."""
        path = f"{self._r.root}/milestones"
        stored = {
            number
            for (number,) in self._r.store.query("select number from raw.milestones where repo = ?", [self._r.repo])
        }
        pages = self._r.whole_list(path, {"state": "all"}, len(stored))
        if not pages:
            return
        milestones = [item for page in pages for item in page.items]
        progress.advance(len(milestones))
        rows = self._r.rows(records.milestone_row, milestones, path)
        self._r.store.put({"milestones": rows})
        self._r.make_sure_all_is_listed(path, pages)
        deleted = stored - {row["number"] for row in rows}
        if deleted and len(rows) == len(milestones):
            self._r.store.change(
                "milestones",
                "delete from raw.milestones where repo = ? and list_contains(?, number)",
                [self._r.repo, sorted(deleted)],
            )
            self._r.store.note(f"{len(deleted)} milestones of {self._r.repo} were deleted on GitHub")
        self._r.remember_pages(path, pages)

    def read_issues(self, progress: Task) -> None:
        """Read issues by their last change, the oldest first.

        Always page 1, stepping by time: on further pages a changed item would hide another.
        """
        path = f"{self._r.root}/issues"
        watermark = self._r.store.watermark(self._r.repo, "issues")
        since = None if watermark is None else watermark - OVERLAP
        incomplete = [Interval.parse(item) for item in self._r.failures.items("issues", due=True)]
        if since is not None and incomplete:
            since = min(since, *(interval.start for interval in incomplete))
        page = 1
        conditional = True
        before: Any = None
        holes: list[Interval] = []
        while True:
            params = {"state": "all", "sort": "updated", "direction": "asc", "per_page": PER_PAGE, "page": page}
            if since is not None:
                params["since"] = f"{since.isoformat()}Z"
            response = self._r.client.get(path, params, self._r.etag(path, params) if conditional else None)
            if response.unchanged:
                return
            if response.data == before:
                if response.data:
                    raise IncompleteList(f"GET {path}: GitHub gives the same page again", status=200)
                break
            before = response.data
            items = ordered(Kind.ISSUE, response.data, "updated_at", path)
            self._take_issues(items, path)
            progress.advance(len(items))
            last = _time(items[-1], "updated_at") if items else since
            holes.extend(_holes(response, items, since or BEGINNING, last or self._r.now))
            if last is not None and (watermark is None or last > watermark):
                self._r.store.advance(self._r.repo, "issues", last)
                watermark, conditional = last, False  # the next request has another address
            size = len(response.data) + len(response.holes)
            if not may_be_followed(response, size, 0):
                break
            # a page whose items were all changed in one second brings no step: only then page on
            page, since = (page + 1, since) if last == since else (1, last)
            conditional = False
        self._note_torn(incomplete, holes)
        if conditional and not holes:
            self._r.remember(path, params, response)

    def _note_torn(self, before: Sequence[Interval], holes: Sequence[Interval]) -> None:
        """Note where issues are missing that GitHub fails to give; what was missing ``before`` was asked for again."""
        error = GitHubError("an item of the list answers 502, also when asked for alone", status=502)
        for interval in before:
            if not any(interval.overlaps(hole) for hole in holes):
                self._r.failures.succeeded("issues", str(interval))
        for hole in dict.fromkeys(holes):
            overlapped = [str(interval) for interval in before if interval.overlaps(hole)]
            self._r.failures.failed("issues", str(hole), error, instead_of=overlapped)

    def _take_issues(self, items: Sequence[Payload], path: str) -> None:
        issues = [item for item in items if not records.is_pull_request_view(item)]
        self._r.store.put({"issues": self._r.rows(records.issue_row, issues, path)})

    def read_issue_events(self, progress: Task) -> None:
        """Read the events of issues and pull requests back to the horizon."""
        path = f"{self._r.root}/issues/events"
        events = NewestFirst(self._r.client, path, {}, kind=Kind.ISSUE_EVENT, time_field="created_at")

        def take(items: Sequence[Payload], _: Sequence[Interval]) -> Mapping[str, Sequence[Row]]:
            rows = self._r.rows(records.issue_event_row, items, path)
            return {"issue_events": [row for row in rows if row["created_at"] >= self._r.horizon]}

        self._r.read_list(
            events,
            self._r.horizon,
            endpoint="issue_events",
            walks=["issue_events"],
            newer=lambda end: self._count("issue_events", "created_at", end),
            take=take,
            progress=progress,
        )

    def read_pull_requests(self, progress: Task) -> None:
        """Read pull requests by their last change; closed ones from before the horizon only if of a milestone.

        The files of merged ones are left to :meth:`read_files`.
        """
        pulls = NewestFirst(
            self._r.client,
            f"{self._r.root}/pulls",
            {"state": "all", "sort": "updated", "direction": "desc"},
            kind=Kind.PULL_REQUEST,
            time_field="updated_at",
        )

        def take(items: Sequence[Payload], _: Sequence[Interval]) -> Mapping[str, Sequence[Row]]:
            rows = self._r.rows(records.pull_request_row, items, pulls.path)
            return {"pull_requests": [row for row in rows if self._is_kept(row)]}

        self._r.read_list(
            pulls,
            BEGINNING,
            endpoint="pull_requests",
            walks=["pull_requests"],
            newer=lambda end: self._count("pull_requests", "updated_at", end),
            take=take,
            progress=progress,
        )

    def _count(self, table: str, time_column: str, end: datetime) -> int:
        sql = f"select count(*) from raw.{table} where repo = ? and {time_column} > ?"  # noqa: S608
        return int(self._r.store.query(sql, [self._r.repo, end])[0][0])

    def _is_kept(self, pull_request: Row) -> bool:
        closed_at = pull_request["closed_at"]
        return closed_at is None or closed_at >= self._r.horizon or _in_milestone(pull_request)

    def read_files(self, progress: Task) -> None:
        """Read which files merged pull requests change, where that isn't stored: those of milestones first."""
        rows = self._r.store.query(
            "select number, payload->>'node_id' from raw.pull_requests where repo = ? and merged_at is not null"
            " and changed_files is null and source like 'http%' order by milestone_number is null, merged_at desc",
            [self._r.repo],
        )
        wanted = [BulkItem(*row) for row in rows]
        progress.expect(len(wanted))
        self._r.in_threads(
            self._read_files,
            read_many(self._r, PULL_REQUEST_FILES, wanted, self._store_files, progress),
            self._store_files,
            endpoint="files",
            batch=FILES_PER_BATCH,
            progress=progress,
        )

    def _read_files(self, number: int) -> tuple[int, list[str]]:
        pages = self._r.client.pages(f"{self._r.root}/pulls/{number}/files")
        files = (file.get("filename") for page in pages for file in page if isinstance(file, dict))
        return number, [name for name in files if isinstance(name, str)]

    def _store_files(self, files: Sequence[tuple[int, list[str]]]) -> None:
        self._r.store.set_files(self._r.repo, dict(files))


def _holes(response: Response, items: Sequence[Payload], start: datetime, end: datetime) -> Iterator[Interval]:
    """Yield the intervals between whose ends a page lacks items.

    Args:
        response: The page, with its holes.
        items: Its items, oldest first.
        start: Where the page begins.
        end: Where it ends.
    """
    times = [start, *(_time(item, "updated_at") for item in items), end]
    for place in dict.fromkeys(response.holes):
        yield Interval(times[place], times[place + 1])


def _in_milestone(pull_request: Row) -> bool:
    has_milestone = pull_request["milestone_number"] is not None or pull_request["milestone_title"] is not None
    return has_milestone or any(label.startswith(MILESTONE_LABEL) for label in pull_request["labels"])


def _time(item: Mapping[str, Any], name: str) -> datetime:
    moment = parse_time(item[name])
    assert moment is not None
    return moment
