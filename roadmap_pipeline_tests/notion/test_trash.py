"""Rows in the trash: those that people put there are found again, our own duplicates never."""

from datetime import timedelta

import pytest

from roadmap_pipeline.notion import trash
from roadmap_pipeline.notion.client import NotionError
from roadmap_pipeline.notion.layout import SYNC_KEY
from roadmap_pipeline.notion.rows import (
    create_row,
    find_trashed,
    read_row,
    read_rows,
    restore_row,
    trash_row,
)
from roadmap_pipeline_tests.notion.conftest import Databases, Workspace
from roadmap_pipeline_tests.notion.test_rows import LOST
from roadmap_sandbox.notion import faults

TITLE = "🧩 Milestone"


def keyed(workspace: Workspace, databases: Databases, *keys: str) -> list[str]:
    """Create rows of these keys, one a minute, and return their pages."""
    pages = []
    for key in keys:
        row = create_row(
            workspace.client, databases.roadmap, {TITLE: f"Stage {key}", SYNC_KEY: key}, key_property=SYNC_KEY
        )
        pages.append(row.page_id)
        workspace.state.advance(timedelta(minutes=1))
    return pages


def test_what_people_put_in_the_trash_is_found_whatever_they_call_it(
    workspace: Workspace, databases: Databases
) -> None:
    first, second, _ = keyed(workspace, databases, "A", "B", "C")
    workspace.state.rename(first, "Something else")
    for page_id in (second, first):
        workspace.state.trash(page_id)
    assert len(read_rows(workspace.client, databases.roadmap)) == 1
    rows = find_trashed(workspace.client, databases.roadmap)
    assert [(row.page_id, row.values[SYNC_KEY], row.in_trash) for row in rows] == [
        (first, "A", True),
        (second, "B", True),
    ]
    assert rows[0].values[TITLE] == "Something else"
    assert find_trashed(workspace.client, databases.reports) == []
    wanted = find_trashed(workspace.client, databases.roadmap, is_wanted=lambda row: row.values[SYNC_KEY] == "B")
    assert [row.page_id for row in wanted] == [second]


def test_only_wanted_rows_are_read(workspace: Workspace, databases: Databases) -> None:
    for page_id in keyed(workspace, databases, *"ABCDE"):
        workspace.state.trash(page_id)
    before = workspace.client.requests
    find_trashed(workspace.client, databases.roadmap, is_wanted=lambda row: row.values[SYNC_KEY] == "B")
    assert workspace.client.requests - before == 2


def test_each_hit_of_a_lagging_search_is_confirmed(workspace: Workspace, databases: Databases) -> None:
    kept, restored, moved, deleted = keyed(workspace, databases, *"ABCD")
    for page_id in (kept, restored, moved, deleted):
        workspace.state.trash(page_id)
    workspace.state.query_lag = timedelta(minutes=10)
    workspace.state.advance(timedelta(minutes=10))
    workspace.state.restore(restored)
    workspace.state.restore(moved)
    workspace.state.move(moved, databases.reports.data_source_id)
    workspace.state.delete(deleted)
    assert [row.page_id for row in find_trashed(workspace.client, databases.roadmap)] == [kept]


def test_many_trashed_rows_are_found_over_all_pages_and_the_search_is_bounded(
    workspace: Workspace, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = databases.roadmap.data_source_id
    for number in range(230):
        workspace.state.trash(workspace.state.add_row(source, {TITLE: f"M{number}"}))
    nobody = find_trashed(workspace.client, databases.roadmap, is_wanted=lambda row: row.values[TITLE] == "M0")
    assert [row.values[TITLE] for row in nobody] == ["M0"]
    monkeypatch.setattr(trash, "_TRASH_SEARCHED", 200)
    before = workspace.client.requests
    assert find_trashed(workspace.client, databases.roadmap, is_wanted=lambda _: False) == []
    assert workspace.client.requests - before == 2


def test_our_own_trash_never_counts_as_a_persons(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    kept, duplicate = keyed(workspace, databases, "A", "A")
    trash_row(client, duplicate, database=databases.roadmap, key_property=SYNC_KEY)
    report = create_row(client, databases.reports, {"Report Name": "ci-report-2026-W46.md"})
    trash_row(client, report.page_id, database=databases.reports)
    assert find_trashed(client, databases.roadmap) == find_trashed(client, databases.reports) == []
    row = read_row(client, databases.roadmap, duplicate)
    assert row is not None
    assert (row.in_trash, row.is_duplicate, row.values[SYNC_KEY]) == (True, True, None)
    assert row.values[TITLE] == "Stage A (duplicate)"
    assert [row.page_id for row in read_rows(client, databases.roadmap)] == [kept]
    # Taken out by a person, it is a row like those that people add.
    restore_row(client, duplicate)
    row = read_row(client, databases.roadmap, duplicate)
    assert row is not None
    assert not row.is_duplicate
    workspace.state.trash(kept)
    assert [row.page_id for row in find_trashed(client, databases.roadmap)] == [kept]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_row_goes_to_the_trash_although_the_response_is_lost(
    workspace: Workspace, databases: Databases, fault: faults.Fault
) -> None:
    plain, duplicate = keyed(workspace, databases, "A", "B")
    workspace.state.faults.add(fault, lambda asked: asked.mutating)
    trash_row(workspace.client, plain)
    workspace.state.faults.add(fault, lambda asked: asked.mutating)
    trash_row(workspace.client, duplicate, database=databases.roadmap, key_property=SYNC_KEY)
    assert read_rows(workspace.client, databases.roadmap) == []
    assert [row.page_id for row in find_trashed(workspace.client, databases.roadmap)] == [plain]


def test_a_row_that_cannot_be_trashed_is_told(workspace: Workspace, databases: Databases) -> None:
    (page_id,) = keyed(workspace, databases, "A")
    workspace.state.faults.add(
        faults.Fault(403, "restricted_resource", "Insufficient permissions for this endpoint."),
        lambda asked: asked.mutating,
    )
    with pytest.raises(NotionError, match="Insufficient permissions"):
        trash_row(workspace.client, page_id)
    assert len(read_rows(workspace.client, databases.roadmap)) == 1
