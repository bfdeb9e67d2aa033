"""A sync that is killed, or during which another machine syncs, at every single request.

A suite of its own (`make soak`); a sample of it is ``test_disturbed``.
"""

from itertools import count
from pathlib import Path

import pytest

from roadmap_pipeline_tests.sync.conftest import NewServices, Pending, SimulatedServices, Start
from roadmap_pipeline_tests.sync.disturbances import (
    settles_with_another_machine,
    share,
    survives_kill_of_first_sync,
    survives_kill_of_two_way,
)
from roadmap_pipeline_tests.sync.edits import DATE, OTHER_SIDE, SIDES, STATUS, TITLE, Edit, keeps_edits
from roadmap_pipeline_tests.sync.pending_edits import seen

pytestmark = pytest.mark.usefixtures("no_waiting")

PARTS = 8
"""Tests among which the requests are divided, so that several processes share the work."""


@pytest.mark.parametrize("after", [False, True], ids=["before it goes out", "after it was carried out"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_two_way_sync_killed_at_every_request(
    part: int, after: bool, new_services: NewServices, pending: Pending, tmp_path: Path
) -> None:
    for at in share(part, PARTS):
        with new_services(tmp_path / str(at), pending.folder) as services:
            if not survives_kill_of_two_way(services, pending, at, after=after):
                break
    assert at >= pending.requests


@pytest.mark.parametrize("after", [False, True], ids=["before it goes out", "after it was carried out"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_first_sync_killed_at_every_request(
    part: int, after: bool, new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    for at in share(part, PARTS):
        with new_services(tmp_path / str(at)) as services:
            if not survives_kill_of_first_sync(services, start, at, after=after):
                break
    assert at >= start.requests


@pytest.mark.parametrize("part", range(PARTS))
def test_another_machine_makes_everything_between_any_two_requests(
    part: int, new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    for at in share(part, PARTS):
        with new_services(tmp_path / str(at)) as services:
            other = services.on_another_machine(warehouse=False)
            if not settles_with_another_machine(services, other, SimulatedServices.sync, at):
                break
            assert seen(services) == start.seen, at
    assert at >= start.requests


@pytest.mark.parametrize("part", range(PARTS))
def test_another_machine_carries_out_the_same_edits_between_any_two_requests(
    part: int, new_services: NewServices, pending: Pending, tmp_path: Path
) -> None:
    for at in share(part, PARTS):
        with new_services(tmp_path / str(at), pending.folder) as services:
            other = services.on_another_machine(warehouse=True)
            if not settles_with_another_machine(services, other, SimulatedServices.two_way, at):
                break
            assert seen(services) == pending.seen, at
    assert at >= pending.requests


EDITS = {
    DATE: ("2027-01-31", "2027-02-28"),
    TITLE: ("Cards", "More cards"),
    STATUS: ("Blocked", "Planned"),
}
OTHER_FIELD = {DATE: TITLE, TITLE: STATUS, STATUS: DATE}
BEFORE = [Edit(side, field, EDITS[field][0]) for field in EDITS for side in SIDES]
AFTER = {
    "same field, other side": lambda edit: Edit(OTHER_SIDE[edit.side], edit.field, EDITS[edit.field][1]),
    "other field, same side": lambda edit: Edit(edit.side, OTHER_FIELD[edit.field], EDITS[OTHER_FIELD[edit.field]][1]),
}


@pytest.mark.parametrize("then", AFTER)
@pytest.mark.parametrize("first", BEFORE, ids=lambda edit: f"{edit.value} on {edit.side}")
def test_an_edit_after_a_kill_at_every_request_is_kept(
    first: Edit, then: str, new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    second = AFTER[then](first)
    for position in count():
        at, after = position // 2, bool(position % 2)
        with new_services(tmp_path / f"{at} {after}", start.folder) as services:
            if not keeps_edits(services, first, second, at, after=after):
                break
    assert at > 0
