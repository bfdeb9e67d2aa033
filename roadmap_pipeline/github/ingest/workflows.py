"""The life of workflows: their list, and when one was deleted or disabled and came back.

Belongs here: reading the list as cheaply as possible, and since when a workflow is gone. Their runs belong to
``actions``; what it means for red episodes to the models. Dumps store their workflows here, too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader
from roadmap_pipeline.github.ingest.store import Store
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

GONE = ("deleted", "disabled_")
"""Beginnings of states in which nothing can turn a workflow green."""


def read_workflows(reader: RepositoryReader, progress: Task) -> None:
    """Read all workflows; those that the list doesn't name any more count as deleted from now on."""
    path = f"{reader.root}/actions/workflows"
    ((known_count,),) = reader.store.query(
        "select count(*) from raw.workflows where repo = ? and (state <> 'active' or removed_at is null)",
        [reader.repo],
    )
    pages = reader.whole_list(path, {}, known_count, "workflows")
    if not pages:
        return
    workflows = [item for page in pages for item in page.items]
    rows = list({row["workflow_id"]: row for row in reader.rows(records.workflow_row, workflows, path)}.values())
    progress.advance(len(rows))
    store_workflows(reader.store, rows, reader.now)
    reader.make_sure_all_is_listed(path, pages)
    _miss(reader, {row["workflow_id"] for row in rows})
    reader.remember_pages(path, pages)


def _miss(reader: RepositoryReader, listed: set[int]) -> None:
    """Note what the complete list doesn't name any more. Workflows that it never named are none of the repository's."""
    missing = [
        workflow_id
        for (workflow_id,) in reader.store.query(
            "select workflow_id from raw.workflows where repo = ? and state is not null and removed_at is null",
            [reader.repo],
        )
        if workflow_id not in listed
    ]
    if missing:
        reader.store.change(
            "workflows",
            "update raw.workflows set removed_at = ?, read_at = ? where repo = ? and list_contains(?, workflow_id)",
            [reader.now, reader.now, reader.repo, missing],
        )


def store_workflows(store: Store, rows: Sequence[Row], now: datetime) -> None:
    """Store rows of ``raw.workflows``, with the time since when each is gone, and the returns of those that were.

    ``now`` (naive UTC) is when they were read.
    """
    if not rows:
        return
    known = {
        (repo, workflow_id): (removed_at, updated_at)
        for repo, workflow_id, removed_at, updated_at in store.query(
            "select repo, workflow_id, removed_at, updated_at from raw.workflows where list_contains(?, repo)",
            [sorted({row["repo"] for row in rows})],
        )
    }
    returns: list[Row] = []
    for row in rows:
        removed_at, updated_at = known.get((row["repo"], row["workflow_id"]), (None, None))
        changed_at = row["updated_at"] or now
        if not is_gone(row["state"]):
            row["removed_at"] = None
            is_older = updated_at is not None and (row["updated_at"] is None or row["updated_at"] < updated_at)
            if removed_at is not None and not is_older:
                # of one that was missed in the list, the last change lies before
                back_at = changed_at if changed_at > removed_at else max(now, removed_at)
                returns.append(
                    {
                        "repo": row["repo"],
                        "workflow_id": row["workflow_id"],
                        "removed_at": removed_at,
                        "returned_at": back_at,
                    }
                )
        else:
            row["removed_at"] = removed_at or row["deleted_at"] or changed_at
    store.put({"workflows": rows}, returns=returns)


def note_workflows_of_runs(store: Store, repos: Iterable[str]) -> None:
    """Keep the files of workflows that no list told of, as the newest run of each calls them."""
    rows = store.query(
        "select run.repo, run.workflow_id, arg_max(run.workflow_name, run.created_at) as name,"
        " arg_max(run.workflow_path, run.created_at) as path, min(run.created_at) as created_at,"
        " arg_max(run.source, run.created_at) as source"
        " from raw.workflow_runs as run"
        " anti join (select repo, workflow_id from raw.workflows where state is not null) as listed"
        " on listed.repo = run.repo and listed.workflow_id = run.workflow_id"
        " where list_contains(?, run.repo) and run.workflow_id is not null and run.workflow_path is not null"
        " group by run.repo, run.workflow_id",
        [sorted(repos)],
    )
    names = ("repo", "workflow_id", "name", "path", "created_at", "source")
    store.put({"workflows": [dict(zip(names, row, strict=True)) | {"read_at": store.now} for row in rows]})


def is_gone(state: str | None) -> bool:
    """Return whether a workflow in this state is deleted or disabled."""
    return state is not None and state.startswith(GONE)
