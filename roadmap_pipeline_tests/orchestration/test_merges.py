"""New merges, as a function of what GitHub lists and the cursor."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.orchestration.merges import Merge, merges_of, new_merges


def merge(number: int, minute: int, repo: str = "acme/a") -> Merge:
    return Merge(repo, number, f"2026-11-16T06:{minute:02d}:00Z", f"{number:040x}")


def test_the_first_look_asks_for_nothing_and_remembers_the_newest() -> None:
    decision = new_merges([merge(1, 5), merge(2, 3)], None)
    assert decision.merges == ()
    later = new_merges([merge(1, 5), merge(2, 3), merge(3, 9)], decision.cursor)
    assert [found.number for found in later.merges] == [3]


def test_repositories_have_cursors_of_their_own() -> None:
    cursor = new_merges([merge(1, 30, "acme/a"), merge(1, 10, "acme/b")], None).cursor
    decision = new_merges([merge(2, 20, "acme/a"), merge(2, 20, "acme/b")], cursor)
    assert [(found.repo, found.number) for found in decision.merges] == [("acme/b", 2)]


def test_unmerged_ones_do_not_count_and_the_run_key_names_the_merge() -> None:
    pulls: list[dict[str, Any]] = [
        {"number": 1, "merged_at": None, "head": {"sha": "a" * 40}},
        {"number": 2, "merged_at": "2026-11-16T06:00:00Z", "merge_commit_sha": "b" * 40, "head": {"sha": "c" * 40}},
    ]
    (found,) = merges_of("acme/a", pulls)
    assert found.run_key == f"merge:acme/a#2@{'b' * 40}"


@given(st.lists(st.lists(st.integers(0, 59), max_size=6), max_size=6))
def test_every_merge_is_asked_for_once_however_the_looks_fall(batches: list[list[int]]) -> None:
    cursor = new_merges([merge(0, 0)], None).cursor
    asked: list[str] = []
    known: list[Merge] = [merge(0, 0)]
    latest = 0
    for batch in batches:
        # Merges arrive in order of time; within a look GitHub may list them in any.
        fresh = sorted({minute for minute in batch if minute > latest})
        known += [merge(minute, minute) for minute in fresh]
        latest = max([latest, *fresh])
        decision = new_merges(reversed(known), cursor)
        asked += [found.run_key for found in decision.merges]
        cursor = decision.cursor
    assert asked == [found.run_key for found in known[1:]]
