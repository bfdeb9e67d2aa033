"""A sync that is killed, or during which another machine syncs: a sample. ``every_request`` does it at each request."""

from pathlib import Path
from threading import Thread

import pytest

from roadmap_pipeline_tests.sync.conftest import Kill, NewServices, Pending, SimulatedServices, Start
from roadmap_pipeline_tests.sync.disturbances import (
    GITHUB_FAULTS,
    assert_nothing_to_write,
    settles_with_another_machine,
    survives_kill_of_two_way,
)
from roadmap_pipeline_tests.sync.pending_edits import seen

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_waiting")]


@pytest.mark.parametrize(("share", "after"), [(0.3, True), (0.5, False), (0.9, True)])
def test_a_killed_two_way_sync_is_completed_by_the_next(
    share: float, after: bool, new_services: NewServices, pending: Pending, tmp_path: Path
) -> None:
    with new_services(tmp_path, pending.folder) as services:
        assert survives_kill_of_two_way(services, pending, int(share * pending.requests), after=after)


@pytest.mark.parametrize("share", [0.25, 0.6])
def test_two_machines_at_once_make_everything_once(share: float, services: SimulatedServices, start: Start) -> None:
    other = services.on_another_machine(warehouse=False)
    assert settles_with_another_machine(services, other, SimulatedServices.sync, int(share * start.requests))
    assert seen(services) == start.seen


@pytest.mark.parametrize("at", range(3))
def test_another_machine_makes_everything_while_the_databases_are_looked_for(
    at: int, services: SimulatedServices, start: Start
) -> None:
    """Seen without the reports that it points to, the roadmap counted as out of shape after the next look."""
    other = services.on_another_machine(warehouse=False)
    assert settles_with_another_machine(services, other, SimulatedServices.sync, at)
    assert seen(services) == start.seen


@pytest.mark.parametrize("share", [0.6])
def test_two_machines_carry_out_the_same_edits_once(
    share: float, new_services: NewServices, pending: Pending, tmp_path: Path
) -> None:
    with new_services(tmp_path, pending.folder) as services:
        other = services.on_another_machine(warehouse=True)
        assert settles_with_another_machine(services, other, SimulatedServices.two_way, int(share * pending.requests))
        assert seen(services) == pending.seen


def test_two_syncs_at_once_on_one_warehouse_wait_for_each_other(services: SimulatedServices, start: Start) -> None:
    threads = [Thread(target=services.sync) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(services.writes()) == start.writes
    assert seen(services) == start.seen
    assert_nothing_to_write(services.sync, services)


@pytest.mark.parametrize("seed", range(2))
def test_one_answer_in_five_failing_changes_nothing(
    seed: int, new_services: NewServices, pending: Pending, tmp_path: Path
) -> None:
    with new_services(tmp_path, pending.folder) as services:
        services.notion.faults.at_random(0.2, seed)
        services.github.faults.randomly(0.2, seed=seed, kinds=GITHUB_FAULTS)
        # Without pacing Notion's client, which then waits for no time at all between its attempts.
        services.two_way(kill=Kill())
        assert services.notion.faults.happened + len(services.github.faults.injected) > 10
        services.notion.faults.clear()
        services.github.faults.clear()
        result = services.two_way()
        assert (result.failed, result.refused) == ([], [])
        assert [str(conflict) for conflict in result.plan.conflicts] == pending.conflicts
        assert seen(services) == pending.seen
        assert_nothing_to_write(services.two_way, services)
