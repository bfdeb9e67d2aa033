"""People go on editing after a sync was killed: nothing of theirs is lost, and no conflict is made up.

The sample here kills at writing requests; ``every_request`` at all of them.
"""

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Literal

import pytest

from roadmap_pipeline_tests.sync.conftest import Kill, NewServices, SimulatedServices, Start, plain
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write
from roadmap_pipeline_tests.sync.edits import DATE, STATUS, TITLE, Edit, keeps_edits

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_waiting")]

STATE = "🔄 Sync State"
SAMPLE = [
    (Edit("notion", DATE, "2027-01-31"), Edit("github", TITLE, "Cards")),
    (Edit("github", DATE, "2027-01-31"), Edit("notion", DATE, "2027-02-28")),
    (Edit("notion", STATUS, "Blocked"), Edit("github", STATUS, "In Progress")),
]


@pytest.mark.parametrize(("first", "second"), SAMPLE)
def test_an_edit_after_a_kill_is_kept(
    first: Edit, second: Edit, new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    for at, after in product(range(2), (False, True)):
        with new_services(tmp_path / f"{at} {after}", start.folder) as services:
            keeps_edits(services, first, second, at, after=after, reads=False)


CLOSED, OPEN = {"state": "closed"}, {"state": "open"}
TAKEN_BACK = [
    ("Sunset v1", STATUS, "In Progress", CLOSED),
    ("Stage 7.3", STATUS, "Completed", OPEN),
    ("Stage 7.3", DATE, "2027-01-31", {"due_on": "2026-12-01"}),
    ("Stage 7.3", TITLE, "Cards", {"title": "Stage 7.3"}),
]


@pytest.mark.parametrize(("title", "name", "value", "taken_back"), TAKEN_BACK)
@pytest.mark.parametrize("side", ["github", "notion"])
def test_what_people_take_back_on_github_after_a_kill_is_asked_about(
    side: Literal["github", "notion"],
    title: str,
    name: str,
    value: str,
    taken_back: dict[str, str],
    synced: SimulatedServices,
) -> None:
    """The killed run wrote it; that GitHub has the old value again looks as if it had not."""
    page, before = synced.page_id(title), synced.on_github(title)
    synced.notion.set_property(page, name, value)
    assert synced.killed(Kill(0, after=True), "two_way")
    written = value if name == TITLE else title
    assert synced.on_github(written) != before
    synced.github.advance(timedelta(seconds=1))
    synced.edit_milestone(written, **taken_back)
    for _ in range(2):
        result = synced.two_way()
        assert [one.field for one in result.plan.conflicts] == [name]
        assert synced.on_github(title) == before
        row = plain(synced.api("GET", f"pages/{page}"))
        assert (row[name], row[STATE]) == (value, "Conflict")
    assert_nothing_to_write(synced.two_way, synced)
    synced.notion.set_property(page, STATE, "Changed here" if side == "notion" else "Changed on GitHub")
    assert synced.two_way().plan.conflicts == ()
    assert (synced.on_github(title) if side == "github" else synced.row(written)[name]) in (before, value)
    assert_nothing_to_write(synced.two_way, synced)


def test_a_failed_write_to_another_milestone_changes_nothing_of_that(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, DATE, "2027-01-31")
    assert synced.killed(Kill(0, after=True), "two_way")
    synced.github.advance(timedelta(seconds=1))
    synced.edit_milestone("Stage 7.3", due_on="2026-12-01")
    synced.notion.set_property(synced.page_id("Polish"), DATE, "2027-02-28")
    synced.github.faults.add("bad_gateway", method="PATCH", path="/milestones/", times=99)
    assert synced.sync(milestone="Polish").failed
    synced.github.faults.clear()
    assert [one.field for one in synced.two_way().plan.conflicts] == [DATE]


@pytest.mark.parametrize(("title", "name", "value", "_taken_back"), TAKEN_BACK)
@pytest.mark.parametrize("how", ["killed", "refused and touched since"])
def test_what_never_arrived_on_github_is_written_by_the_next_run(
    how: str, title: str, name: str, value: str, _taken_back: dict[str, str], synced: SimulatedServices
) -> None:
    synced.notion.set_property(synced.page_id(title), name, value)
    if how == "killed":
        assert synced.killed(Kill(0, after=False), "two_way")
    else:
        synced.github.faults.add("bad_gateway", method="PATCH", path="/milestones/", times=99)
        assert synced.two_way().failed
        synced.github.faults.clear()
        synced.github.advance(timedelta(seconds=1))
        synced.edit_milestone(title, description="Soon")
    result = synced.two_way()
    assert (result.failed, result.plan.conflicts) == ([], ())
    assert synced.row(value if name == TITLE else title)[name] == value
    assert_nothing_to_write(synced.two_way, synced)
