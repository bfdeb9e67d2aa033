"""The events that sensors have seen of a thousand repositories: kept once, not in every cursor, and never forgotten."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.orchestration.events import Cursor, Event, Seen
from roadmap_pipeline.orchestration.seen_events import SeenEvents

REPOSITORIES = [f"acme/{number:04}" for number in range(1_000)]
BEGINNINGS = itertools.count(100)
TAG = f'W/"{"0" * 64}"'


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def merge(repo: str, number: int) -> Event:
    at = f"2026-11-16T{number // 60:02d}:{number % 60:02d}:00Z"
    return Event(at, repo, f"merge:{repo}#{number}@{'b' * 40}", f"{repo}#{number}")


def tick(
    instance: dg.DagsterInstance, text: str | None, listed: Mapping[str, Sequence[Event]], repositories: Sequence[str]
) -> tuple[list[Event], str]:
    """One tick as the sensors make it, over lists instead of GitHub."""
    cursor = Cursor.parse(text) if text else Cursor(begun_at=1.0)
    memory = SeenEvents(instance, "pull_request_closed", cursor.begun_at)
    cursor = memory.keep(cursor)
    turn = cursor.to_ask(repositories)
    cursor = memory.knowing(cursor, turn)
    new: list[Event] = []
    for repo in turn:
        found, cursor = cursor.after(repo, listed.get(repo, []), TAG)
        new += found
    return new, str(memory.keep(cursor, leaving={event.repo for event in new}))


def around(instance: dg.DagsterInstance, text: str | None, listed: Mapping[str, Sequence[Event]]) -> tuple[int, str]:
    """Tick until every repository was asked; return the longest cursor, and the last one."""
    longest = 0
    for _ in range(34):
        _, text = tick(instance, text, listed, REPOSITORIES)
        longest = max(longest, len(text))
    return longest, text or ""


def test_the_cursor_of_a_thousand_repositories_is_short(instance: dg.DagsterInstance) -> None:
    listed = {repo: [merge(repo, 1)] for repo in REPOSITORIES}
    longest, text = around(instance, None, listed)
    assert longest < 500
    listed = {repo: [merge(repo, 1), merge(repo, 2)] for repo in REPOSITORIES}
    longest, _ = around(instance, text, listed)
    assert longest < 30 * 300, "what is new in thirty repositories"


def test_a_cursor_from_before_is_understood_and_gets_short(instance: dg.DagsterInstance) -> None:
    seen = {repo: Seen(merge(repo, 1).at, (merge(repo, 1).run_key,), TAG) for repo in REPOSITORIES}
    old = str(Cursor(seen, "acme/0999")).replace(',"begun_at":0.0', "")
    assert "begun_at" not in old
    listed = {"acme/0007": [merge("acme/0007", 1), merge("acme/0007", 9)], "acme/0500": [merge("acme/0500", 1)]}
    new, text = tick(instance, old, listed, REPOSITORIES)
    assert [event.name for event in new] == ["acme/0007#9"]
    assert len(text) < 500
    assert tick(instance, old, listed, REPOSITORIES)[0] == new, "a tick that Dagster didn't store is made again"
    later, text = tick(instance, text, listed, ["acme/0007", "acme/0500"])
    assert later == []
    assert [event.name for event in tick(instance, text, {"acme/0500": [merge("acme/0500", 3)]}, ["acme/0500"])[0]] == [
        "acme/0500#3"
    ]


def test_a_sensor_that_begins_anew_begins_at_the_newest(instance: dg.DagsterInstance) -> None:
    memory = SeenEvents(instance, "pull_request_closed", 7.0)
    memory.keep(Cursor({"acme/a": Seen("2020-01-01T00:00:00Z")}, begun_at=7.0))
    assert memory.knowing(Cursor(), ["acme/a"]).seen == {"acme/a": Seen("2020-01-01T00:00:00Z")}
    new, _ = tick(instance, None, {"acme/a": [merge("acme/a", 1)]}, ["acme/a"])
    assert new == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_merge_is_asked_for_whichever_ticks_are_lost(instance: dg.DagsterInstance, data: st.DataObject) -> None:
    """A tick whose cursor Dagster did not store asked for no run; the next one starts from the cursor before it."""
    repositories = ["acme/a", "acme/b"]
    listed: dict[str, list[Event]] = {repo: [merge(repo, 0)] for repo in repositories}
    begun_at = float(next(BEGINNINGS))  # of each example its own memory
    memory = SeenEvents(instance, "pull_request_closed", begun_at)
    text = str(Cursor(begun_at=begun_at))
    _, text = tick(instance, text, listed, repositories)
    asked: list[Event] = []
    for number in range(1, data.draw(st.integers(1, 6))):
        for repo in data.draw(st.sets(st.sampled_from(repositories))):
            listed[repo].append(merge(repo, number))
        new, after = tick(instance, text, listed, repositories)
        if data.draw(st.booleans(), label="stored"):
            text, asked = after, asked + new
    new, text = tick(instance, text, listed, repositories)
    assert sorted(asked + new) == sorted(event for one in listed.values() for event in one[1:])
    assert memory.knowing(Cursor.parse(text), repositories).seen.keys() == set(repositories)
