"""New merges and finished runs, as a function of what GitHub lists and the cursor."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.orchestration.events import REPOSITORIES_A_TICK, Cursor, Event, completions_of, merges_of


def event(number: int, minute: int, repo: str = "acme/a") -> Event:
    return Event(f"2026-11-16T06:{minute:02d}:00Z", repo, f"merge:{repo}#{number}", f"{repo}#{number}")


def test_the_first_look_asks_for_nothing_and_remembers_the_newest() -> None:
    new, cursor = Cursor().after("acme/a", [event(1, 5), event(2, 3)])
    assert new == []
    new, _ = Cursor.parse(str(cursor)).after("acme/a", [event(1, 5), event(2, 3), event(3, 9)])
    assert [one.name for one in new] == ["acme/a#3"]


def test_the_first_event_of_a_repository_that_had_none_is_new() -> None:
    _, cursor = Cursor().after("acme/a", [])
    assert cursor.after("acme/a", [event(1, 5)])[0] == [event(1, 5)]


def test_repositories_have_cursors_of_their_own() -> None:
    _, cursor = Cursor().after("acme/a", [event(1, 30)])
    _, cursor = cursor.after("acme/b", [event(1, 10, "acme/b")])
    assert cursor.after("acme/a", [event(2, 20)])[0] == []
    assert cursor.after("acme/b", [event(2, 20, "acme/b")])[0] == [event(2, 20, "acme/b")]


def test_another_of_the_same_second_that_is_listed_later_is_new_once() -> None:
    _, cursor = Cursor().after("acme/a", [event(2, 5)])
    new, cursor = cursor.after("acme/a", [event(2, 5), event(1, 5)])
    assert new == [event(1, 5)]
    assert cursor.after("acme/a", [event(1, 5), event(2, 5)])[0] == []


def test_an_unchanged_list_keeps_what_was_seen_and_its_tag() -> None:
    _, cursor = Cursor().after("acme/a", [event(1, 5)], '"tag"')
    new, after = cursor.after("acme/a", None, None)
    assert (new, after.seen, after.etag("acme/a")) == ([], cursor.seen, '"tag"')


def test_repositories_take_turns_and_each_has_its_own() -> None:
    repositories = [f"acme/{number:03d}" for number in range(70)]
    cursor, asked = Cursor(), []
    for _ in range(3):
        for repo in Cursor.parse(str(cursor)).to_ask(repositories):
            _, cursor = cursor.after(repo, [])
            asked.append(repo)
    assert len(asked) == 3 * REPOSITORIES_A_TICK
    assert set(asked) == set(repositories)
    assert Cursor(asked_last="acme/gone").to_ask(["acme/a"]) == ["acme/a"]


def test_unmerged_ones_do_not_count_and_the_run_key_names_the_merge() -> None:
    pulls: list[dict[str, Any]] = [
        {"number": 1, "merged_at": None, "head": {"sha": "a" * 40}},
        {"number": 2, "merged_at": "2026-11-16T06:00:00Z", "merge_commit_sha": "b" * 40, "head": {"sha": "c" * 40}},
    ]
    (found,) = merges_of("acme/a", pulls)
    assert (found.run_key, found.name) == (f"merge:acme/a#2@{'b' * 40}", "acme/a#2")


def test_each_finished_attempt_is_an_event_and_those_of_pull_requests_are_none() -> None:
    base = {"id": 7, "path": ".github/workflows/weekly.yml", "run_number": 3, "updated_at": "2026-11-16T06:00:00Z"}
    runs: list[dict[str, Any]] = [
        {**base, "status": "completed", "event": "schedule", "run_attempt": 2, "name": "Weekly"},
        {**base, "status": "completed", "event": "pull_request", "run_attempt": 1, "name": "Weekly"},
        {**base, "status": "in_progress", "event": "schedule", "run_attempt": 3, "name": "Weekly"},
        {**base, "id": 8, "status": "completed", "event": "workflow_dispatch", "name": None},
    ]
    assert [(one.run_key, one.name) for one in completions_of("acme/a", runs)] == [
        ("completed:acme/a#7.2", "acme/a Weekly #3"),
        ("completed:acme/a#8.1", "acme/a .github/workflows/weekly.yml #3"),
    ]


@given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=6), st.data())
def test_every_event_is_asked_for_once_however_the_looks_fall(batches: list[list[int]], data: st.DataObject) -> None:
    """Events come in order of time, several of one second in any; a look may fall between any two."""
    _, cursor = Cursor().after("acme/a", [event(0, 0)])
    asked: list[str] = []
    known, number, latest = [event(0, 0)], 0, 0
    for batch in batches:
        for minute in sorted(minute for minute in batch if minute >= latest):
            number, latest = number + 1, minute
            # GitHub's numbers don't follow the order in which pull requests are merged.
            known.append(event(data.draw(st.integers(0, 99)) * 100 + number, minute))
        listed = data.draw(st.permutations(known))
        new, cursor = Cursor.parse(str(cursor)).after("acme/a", listed)
        asked += [one.run_key for one in new]
    assert sorted(asked) == sorted(one.run_key for one in known[1:])
    assert len(asked) == len(set(asked))
