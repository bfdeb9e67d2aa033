"""Reading by GraphQL what takes REST a request for each of many things: files of pull requests, annotations of jobs.

Belongs here: which of these things are asked for so, and whether a response holds all of one. How many at once belongs
to ``bulk_queries``; jobs, whose steps are a second question, belong to ``bulk_jobs``.

Only a node that is the thing asked for and holds its whole list is taken. All else is read by REST, by whoever asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from roadmap_pipeline.github.ingest.bulk_queries import BatchResult, BulkReading, Stage
from roadmap_pipeline.progress import Task

if TYPE_CHECKING:
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

FEWEST = 100
"""With fewer things to be read REST is used, as in every poll: a fiftieth of its quota."""
CHECK_RUN_ID = "case job.detail_state when 'bulk' then job.payload->>'id' else job.payload->>'node_id' end"
"""The global id of the check run of a ``job`` of ``raw.workflow_jobs``; NULL where its payload isn't kept."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BulkItem:
    """A thing to be read: its number, and its global id where that is known."""

    number: int
    node_id: str | None


@dataclass(frozen=True, slots=True)
class BulkQuery(Generic[Result]):
    """A question about many things.

    Attributes:
        name: The query's file.
        endpoint: The one of ``raw.read_failures`` that REST's reading of the same uses.
        noun: For people.
        most: The things that one query asks for; GitHub takes 100 ids at most.
        result: From an item and its node to what is kept; None where the node doesn't hold all.
    """

    name: str
    endpoint: str
    noun: str
    most: int
    result: Callable[[BulkItem, Mapping[str, Any]], Result | None]


def read_many(
    reader: "RepositoryReader",
    query: BulkQuery[Result],
    items: Sequence[BulkItem],
    keep: Callable[[Sequence[tuple[int, Result]]], object],
    progress: Task,
) -> list[int]:
    """Read ``items`` by GraphQL where they are many, and return the numbers of those that are left to REST.

    What waits for the quota of GraphQL is left to the next ingest.

    Args:
        reader: Of the repository.
        query: What is asked.
        items: About which things.
        keep: Stores results by number.
        progress: Is told of each thing that was read.
    """
    numbers = [item.number for item in items]
    due = [item for item in items if item.node_id and reader.failures.is_due(query.endpoint, str(item.number))]
    access = reader.graphql
    if len(due) < FEWEST or not (access.is_open or access.paused):
        return numbers
    done: set[int] = set()

    def ask(batch: Sequence[BulkItem]) -> BatchResult:
        result = reader.client.graphql.query(query.name, {"ids": [item.node_id for item in batch]})
        answer = BatchResult([], [], result.is_cut)
        for item, node in zip(batch, result.nodes(len(batch)), strict=True):
            if node is None:
                answer.again.append(item)
            elif (found := query.result(item, node)) is not None:
                answer.read.append((item.number, found))
        return answer.checked(len(batch))

    def take(read: Sequence[tuple[int, Result]]) -> None:
        if not read:
            return
        keep(read)
        for number, _ in read:
            reader.failures.succeeded(query.endpoint, str(number))
        done.update(number for number, _ in read)
        progress.advance(len(read))

    stage = Stage(ask, take, lambda item: item.number, query.most)
    stage.waiting.extend(due)
    BulkReading(reader.workers, access, [stage]).run()
    if access.refusal is not None:
        reader.store.note(
            f"{query.noun} of {reader.repo} can't be read in bulk by GraphQL ({access.reason}): they are read"
            " by REST, one request each"
        )
    elif access.paused is not None:
        done.update(item.number for item in stage.waiting)
    return [number for number in numbers if number not in done]


def _files(item: BulkItem, node: Mapping[str, Any]) -> list[str] | None:
    files = _whole_list(node, "files")
    if files is None or node.get("number") != item.number or node.get("changedFiles") != len(files):
        return None
    names = [file.get("path") for file in files]
    return [name for name in names if isinstance(name, str)] if all(isinstance(name, str) for name in names) else None


def _annotations(item: BulkItem, node: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    annotations = _whole_list(node, "annotations")
    if annotations is None or node.get("databaseId") != item.number:
        return None
    return list(_as_by_rest(annotations))


def _as_by_rest(annotations: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for annotation in annotations:
        start = (annotation.get("location") or {}).get("start") or {}
        yield {
            "annotation_level": str(annotation.get("annotationLevel") or "").lower(),
            "path": annotation.get("path"),
            "start_line": start.get("line"),
            "title": annotation.get("title"),
            "message": annotation.get("message"),
        }


def _whole_list(node: Mapping[str, Any], name: str) -> list[Mapping[str, Any]] | None:
    """Return the items of a connection of a node; None where some are missing."""
    connection = node.get(name)
    if not isinstance(connection, dict):
        return None
    nodes, page = connection.get("nodes"), connection.get("pageInfo")
    if not isinstance(nodes, list) or not isinstance(page, dict) or page.get("hasNextPage") is not False:
        return None
    return nodes if len(nodes) == connection.get("totalCount") and all(isinstance(one, dict) for one in nodes) else None


PULL_REQUEST_FILES = BulkQuery("pull_request_files", "files", "files of pull requests", 50, _files)
ANNOTATIONS = BulkQuery("annotations", "annotations", "annotations of jobs", 100, _annotations)
