"""Disturbing a sync at one of its requests, and what has to hold once the next one has run.

Belongs here: what a sample in ``make test`` and every request in a suite of its own have in common.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from roadmap_pipeline_tests.sync.conftest import Kill, Pending, SimulatedServices, Start
from roadmap_pipeline_tests.sync.pending_edits import seen
from roadmap_sandbox.github.faults import Fault as GitHubFault
from roadmap_sandbox.github.faults import FaultKind

GITHUB_FAULTS: tuple[GitHubFault | FaultKind, ...] = (
    GitHubFault("rate_limit", 429, 0),
    GitHubFault("secondary_limit", 403, 0),
    "bad_gateway",
    "bad_gateway_after_commit",
    "drop",
    "drop_after_commit",
)
"""Failures that pass, and for which nobody waits."""


def on_another_machine(services: SimulatedServices, folder: Path) -> SimulatedServices:
    """Return the same services as another machine uses them, whose warehouse in ``folder`` knows what this one does."""
    folder.mkdir()
    warehouse = folder / "roadmap.duckdb"
    shutil.copy(services.warehouse, warehouse)
    environment = {**services.environment, "ROADMAP_WAREHOUSE": str(warehouse)}
    return replace(services, environment=environment, warehouse=warehouse)


def unsettled(services: SimulatedServices) -> list[tuple[object, ...]]:
    """Return the writes of which the journal doesn't say how they ended."""
    return services.sql("select title, state from sync.changes where state = 'intended'")


def survives_kill_of_two_way(services: SimulatedServices, pending: Pending, at: int, *, after: bool) -> bool:
    """Kill a two-way sync at its ``at``-th request, reading ones counted; False where it has less.

    The next one ends where an undisturbed one does, and leaves nothing to write.
    """
    if not services.killed(Kill(at, after, reads=True), "two_way"):
        return False
    result = services.two_way()
    assert (result.failed, result.refused) == ([], [])
    assert [str(conflict) for conflict in result.plan.conflicts] == pending.conflicts
    assert seen(services) == pending.seen
    assert unsettled(services) == []
    assert_nothing_to_write(services.two_way, services)
    return True


def survives_kill_of_first_sync(services: SimulatedServices, start: Start, at: int, *, after: bool) -> bool:
    """Kill a first sync at its ``at``-th request, reading ones counted; False where it has less."""
    if not services.killed(Kill(at, after, reads=True)):
        return False
    result = services.sync()
    assert (result.failed, result.refused, result.plan.conflicts) == ([], [], ())
    assert seen(services) == start.seen
    assert unsettled(services) == []
    assert_nothing_to_write(services.sync, services)
    return True


def settles_with_another_machine(
    services: SimulatedServices, other: SimulatedServices, command: Callable[[SimulatedServices], object], at: int
) -> bool:
    """Let another machine sync as a whole between two requests of ours, then each once more; False where we have less.

    Neither writes anything from then on.
    """
    kill = Kill(at, reads=True, action=lambda: command(other))
    services.sync(kill=kill) if command is SimulatedServices.sync else services.two_way(kill=kill)
    if kill.seen <= at:
        return False
    for machine in (services, other):
        command(machine)
    for machine in (services, other):
        assert_nothing_to_write(lambda machine=machine: command(machine), services)  # type: ignore[misc]
    return True


def assert_nothing_to_write(run: Callable[[], object], services: SimulatedServices) -> None:
    """Assert that a run finds both sides in step."""
    services.writes()
    run()
    assert services.writes() == []


def share(part: int, parts: int) -> Iterator[int]:
    """Yield every ``parts``-th position from ``part`` on: for tests that divide all requests among them."""
    return count(part, parts)
