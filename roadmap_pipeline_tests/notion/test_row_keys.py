"""Rows that are known by a key: created once, noted at once, stored as Notion stores them, with ranges of dates."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.layout import LAST_SYNCED, SYNC_KEY
from roadmap_pipeline.notion.rows import Row, RowError, create_row, read_row, read_rows, update_row
from roadmap_pipeline.notion.values import normalised
from roadmap_pipeline_tests.notion.conftest import KEY, Databases, Switch, Workspace, empty_workspace, make
from roadmap_pipeline_tests.notion.test_rows import LOST
from roadmap_sandbox.notion import faults
from roadmap_sandbox.notion.errors import INTEGRATION_ID
from roadmap_sandbox.notion.records import PERSON_ID

TITLE = "🧩 Milestone"
DATE = "📆 Target Date"


def keyed(key: str, title: str = "Stage 7.3", **values: object) -> dict[str, object]:
    return {TITLE: title, SYNC_KEY: key, **values}


def in_notion(workspace: Workspace, page_id: str, name: str) -> Any:
    """Return a value as Notion gives it."""
    item = workspace.client.request("GET", f"pages/{page_id}")["properties"][name]
    return item[item["type"]]


# --- created once -----------------------------------------------------------------------------------------------------


def test_a_row_says_when_and_by_whom_it_was_made(workspace: Workspace, databases: Databases) -> None:
    ours = create_row(workspace.client, databases.roadmap, keyed("milestone:A"))
    workspace.state.advance(timedelta(minutes=2))
    theirs = workspace.state.add_row(databases.roadmap.data_source_id, {TITLE: "Mine"})
    workspace.state.set_property(ours.page_id, "📝 Notes", "mine")
    first, second = read_rows(workspace.client, databases.roadmap)
    assert (first.page_id, first.created_by, first.last_edited_by) == (ours.page_id, INTEGRATION_ID, PERSON_ID)
    assert (second.page_id, second.created_by, second.last_edited_by) == (theirs, PERSON_ID, PERSON_ID)
    assert first.created_time == "2026-11-16T06:00:00.000Z"
    assert first.age < second.age


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize("times", [1, 3])
def test_a_lost_row_is_found_by_its_key_whatever_its_title(
    workspace: Workspace, databases: Databases, fault: faults.Fault, times: int
) -> None:
    client = workspace.client
    noted: list[str] = []
    # Two repositories have a milestone of one title, and people have a row of that title too.
    workspace.state.add_row(databases.roadmap.data_source_id, {TITLE: "Stage 7.3"})
    create_row(client, databases.roadmap, keyed("milestone:A"), key_property=SYNC_KEY)
    workspace.state.faults.add(fault, lambda asked: asked.mutating, times=times)
    row = create_row(
        client, databases.roadmap, keyed("milestone:B"), "body", key_property=SYNC_KEY, on_created=noted.append
    )
    assert noted == [row.page_id]
    keys = [str(row.values[SYNC_KEY]) for row in read_rows(client, databases.roadmap)]
    assert sorted(keys) == ["None", "milestone:A", "milestone:B"]


def test_looking_a_lost_row_up_costs_the_same_among_many(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    for number in range(120):
        workspace.state.add_row(databases.roadmap.data_source_id, {TITLE: f"M{number}"})
    workspace.state.faults.add(faults.dropped(after_commit=True), lambda asked: asked.mutating)
    before = client.requests
    create_row(client, databases.roadmap, keyed("milestone:A"), key_property=SYNC_KEY)
    assert client.requests - before == 3  # the creating request, the query, the page


def test_of_two_rows_of_one_key_the_oldest_is_adopted(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    oldest = create_row(client, databases.roadmap, keyed("milestone:A"), key_property=SYNC_KEY)
    workspace.state.advance(timedelta(minutes=1))
    # Another machine's row appears while the response to ours is lost.
    workspace.state.faults.add(faults.dropped(after_commit=True), lambda asked: asked.mutating)
    row = create_row(client, databases.roadmap, keyed("milestone:A"), key_property=SYNC_KEY)
    assert row.page_id == oldest.page_id
    assert len(read_rows(client, databases.roadmap)) == 2


def test_a_row_needs_its_key(workspace: Workspace, databases: Databases) -> None:
    before = workspace.mutations()
    for values, missing in (({TITLE: "A"}, SYNC_KEY), (keyed("milestone:A", "\x07 "), TITLE)):
        with pytest.raises(RowError, match=f"needs a {missing}"):
            create_row(workspace.client, databases.roadmap, values, key_property=SYNC_KEY)
    assert workspace.mutations() == before


def test_the_key_is_written_by_the_creating_request_however_large_the_row(
    workspace: Workspace, databases: Databases
) -> None:
    client = workspace.client
    noted: list[str] = []

    def note(page_id: str) -> None:
        noted.append(page_id)
        raise InterruptedError

    values = keyed("milestone:A", **{"📝 Notes": "x" * 190_000})
    with pytest.raises(InterruptedError):
        create_row(client, databases.roadmap, values, "가" * 140_000, key_property=SYNC_KEY, on_created=note)
    (row,) = read_rows(client, databases.roadmap)
    assert noted == [row.page_id]
    assert (row.values[TITLE], row.values[SYNC_KEY]) == ("Stage 7.3", "milestone:A")


# --- as Notion stores it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [" Stage 7.3 ", "Stage\x07 7.3", "Cafe\u0301", "\u2028Stage"])
def test_a_title_that_notion_normalises_makes_one_row(workspace: Workspace, databases: Databases, title: str) -> None:
    workspace.state.normalises_titles = True
    client = workspace.client
    noted: list[str] = []
    row = create_row(client, databases.roadmap, {TITLE: title}, on_created=noted.append)
    assert noted == [row.page_id]
    assert row.values[TITLE] == in_notion(workspace, row.page_id, TITLE)[0]["plain_text"] == normalised(title)
    assert update_row(client, databases.roadmap, row.page_id, {TITLE: f"{title}\t"}).values == row.values
    # A lost response changes nothing about it.
    workspace.state.faults.add(faults.dropped(after_commit=True), lambda asked: asked.mutating)
    other = create_row(client, databases.roadmap, {TITLE: f"New {title}"})
    assert other.values[TITLE] == normalised(f"New {title}")
    assert len(read_rows(client, databases.roadmap)) == 2


def test_what_is_not_normalisation_is_still_noticed(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    row = create_row(client, databases.roadmap, {TITLE: "A"})
    meddled = _Meddling()
    with (
        NotionClient(KEY, base_url=workspace.base_url, requests_per_second=None, transport=meddled) as other,
        pytest.raises(NotionError, match="was written as 'B' but Notion has"),
    ):
        update_row(other, databases.roadmap, row.page_id, {TITLE: "B"})


class _Meddling(httpx.HTTPTransport):
    """A way to Notion on which somebody else's title arrives instead of B."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        return httpx.Response(response.status_code, content=response.content.replace(b'"B"', b'"C"'))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_any_title_is_stored_once(served: tuple[Switch, str], titles: list[str]) -> None:
    with empty_workspace(served) as workspace:
        workspace.state.normalises_titles = True
        roadmap = make(workspace.client).roadmap
        stored = []
        for number, title in enumerate(titles):
            try:
                row = create_row(workspace.client, roadmap, keyed(f"milestone:{number}", title), key_property=SYNC_KEY)
            except RowError:
                assert normalised(title) == ""
                continue
            except NotionError as error:
                assert error.code == "invalid_json"  # half a surrogate pair
                continue
            stored.append((row.values[TITLE], row.values[SYNC_KEY]))
        rows = read_rows(workspace.client, roadmap)
        assert sorted(str((row.values[TITLE], row.values[SYNC_KEY])) for row in rows) == sorted(map(str, stored))


def test_the_minute_of_the_last_sync_comes_back_as_it_was_written(workspace: Workspace, databases: Databases) -> None:
    client, when = workspace.client, datetime(2026, 11, 16, 6, 31, 59, 999_999, tzinfo=UTC)
    row = create_row(client, databases.roadmap, {**keyed("milestone:A"), LAST_SYNCED: when})
    assert row.values[LAST_SYNCED] == "2026-11-16T06:31+00:00"
    again = update_row(client, databases.roadmap, row.page_id, {LAST_SYNCED: row.values[LAST_SYNCED]})
    assert again.values[LAST_SYNCED] == row.values[LAST_SYNCED]
    workspace.state.set_property(row.page_id, LAST_SYNCED, "2026-11-16T15:31:00.000+09:00")
    seoul = read_row(client, databases.roadmap, row.page_id)
    assert seoul is not None
    assert seoul.values[LAST_SYNCED] == "2026-11-16T06:31+00:00"
    assert update_row(client, databases.roadmap, row.page_id, {LAST_SYNCED: None}).values[LAST_SYNCED] is None
    with pytest.raises(RowError, match=f"{LAST_SYNCED} takes a time"):
        update_row(client, databases.roadmap, row.page_id, {LAST_SYNCED: "soon"})


# --- ranges of dates --------------------------------------------------------------------------------------------------

TIMED = {"start": "2026-11-02T09:00:00.000+01:00", "end": "2026-12-24T17:30:00.000+01:00"}


def planned(workspace: Workspace, databases: Databases, date_range: dict[str, str]) -> Row:
    """Return a row to which a person gave a range of dates."""
    row = create_row(workspace.client, databases.roadmap, keyed("milestone:A", **{DATE: "2026-12-01"}))
    workspace.state.set_property(row.page_id, DATE, date_range)
    current = read_row(workspace.client, databases.roadmap, row.page_id)
    assert current is not None
    return current


def test_of_a_range_the_end_counts_and_both_are_told(workspace: Workspace, databases: Databases) -> None:
    row = planned(workspace, databases, {"start": "2026-11-02", "end": "2026-12-24"})
    assert (row.values[DATE], row.ranges) == ("2026-12-24", {DATE: ("2026-11-02", "2026-12-24")})
    (listed,) = read_rows(workspace.client, databases.roadmap)
    assert listed == row
    timed = planned(workspace, databases, TIMED)
    assert (timed.values[DATE], timed.ranges) == ("2026-12-24", {DATE: (TIMED["start"], TIMED["end"])})


@pytest.mark.parametrize(
    ("date_range", "day", "stored"),
    [
        (("2026-11-02", "2026-12-24"), "2027-01-15", ("2026-11-02", "2027-01-15")),
        (("2026-11-02", "2026-12-24"), "2026-11-03", ("2026-11-02", "2026-11-03")),
        (("2026-11-02", "2026-12-24"), "2026-11-02", ("2026-11-02", None)),
        (("2026-11-02", "2026-12-24"), "2026-10-01", ("2026-10-01", None)),
        (("2026-11-02", "2026-12-24"), None, None),
        (tuple(TIMED.values()), "2027-01-15", (TIMED["start"], "2027-01-15T17:30:00.000+01:00")),
        (tuple(TIMED.values()), "2026-11-01", ("2026-11-01", None)),
    ],
)
@pytest.mark.parametrize("is_just_read", [True, False])
def test_a_new_date_keeps_the_start_of_a_range(
    workspace: Workspace,
    databases: Databases,
    date_range: tuple[str, str],
    day: str | None,
    stored: tuple[str, str | None] | None,
    is_just_read: bool,
) -> None:
    row = planned(workspace, databases, {"start": date_range[0], "end": date_range[1]})
    current = row if is_just_read else None
    changed = update_row(workspace.client, databases.roadmap, row.page_id, {DATE: day}, current=current)
    assert changed.values[DATE] == day
    held = in_notion(workspace, row.page_id, DATE)
    assert stored == (None if held is None else (held["start"], held["end"]))


def test_other_values_leave_a_range_alone_and_cost_one_request(workspace: Workspace, databases: Databases) -> None:
    row = planned(workspace, databases, {"start": "2026-11-02", "end": "2026-12-24"})
    before = workspace.client.requests
    changed = update_row(workspace.client, databases.roadmap, row.page_id, {"📊 Progress": 0.5})
    assert workspace.client.requests - before == 1
    assert changed.ranges == row.ranges
