"""New edits in Notion, whose times are whole minutes, as a function of what it lists and the cursor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.orchestration.notion_edits import Cursor, Edit, new_edits

BEGIN = datetime(2026, 11, 16, 6, tzinfo=UTC)
OURS, MINA = "integration", "mina"
START = Cursor(integration=OURS)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def edit(page: str, seconds: float, by: str = MINA) -> Edit:
    return Edit(page, by, at(seconds).replace(second=0))


def test_the_first_look_asks_for_nothing_about_the_past() -> None:
    decision = new_edits([edit("a", -7200), edit("b", -60)], START, at(5))
    assert decision.run_key is None
    assert new_edits([edit("a", -7200), edit("b", -60)], decision.cursor, at(65)).run_key is None


def test_what_the_integration_wrote_is_no_news() -> None:
    cursor = new_edits([], START, at(0)).cursor
    assert new_edits([edit("a", 30, by=OURS)], cursor, at(40)).run_key is None


def test_an_edit_is_seen_to_at_once_and_its_minute_again_when_it_is_over() -> None:
    cursor = new_edits([], START, at(0)).cursor
    first = new_edits([edit("a", 70)], cursor, at(75))
    assert (first.run_key, first.edits) == ("notion:2026-11-16T06:01:begun:1", 1)
    assert new_edits([edit("a", 70)], first.cursor, at(110)).run_key is None
    again = new_edits([edit("a", 70)], first.cursor, at(130))
    assert again.run_key == "notion:2026-11-16T06:01:over"
    assert new_edits([edit("a", 70)], again.cursor, at(190)).run_key is None


def test_another_row_of_the_same_minute_is_seen_to_at_once() -> None:
    first = new_edits([edit("a", 10)], new_edits([], START, at(0)).cursor, at(12))
    second = new_edits([edit("a", 10), edit("b", 20)], first.cursor, at(25))
    assert second.run_key == "notion:2026-11-16T06:00:begun:2"


def test_a_minute_that_only_we_wrote_in_since_is_not_seen_to_again() -> None:
    first = new_edits([edit("a", 10)], new_edits([], START, at(0)).cursor, at(12))
    assert new_edits([edit("a", 30, by=OURS)], first.cursor, at(70)).run_key is None


def test_minutes_in_which_only_we_wrote_are_left_behind_but_for_the_last_two() -> None:
    cursor = new_edits([edit("a", -600)], START, at(5)).cursor
    ours = [edit("a", -600), *(edit(str(number), 120, by=OURS) for number in range(100))]
    moved = new_edits(ours, cursor, at(305)).cursor
    assert moved.minute == at(180)
    assert new_edits([*ours, edit("b", 200)], moved, at(310)).edits == 1


def test_the_cursor_is_the_same_after_it_was_kept() -> None:
    cursor = new_edits([edit("a", 10)], replace(START, data_source="ds"), at(12)).cursor
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse(None) == Cursor()


@given(
    edits=st.lists(st.tuples(st.integers(0, 599), st.sampled_from("abc")), max_size=12),
    looks=st.lists(st.integers(0, 599), max_size=12),
)
def test_after_every_edit_somebody_looks(edits: list[tuple[int, str]], looks: list[int]) -> None:
    """Whenever people edit and ticks fall, a run is asked for after each edit, and none is asked for twice."""
    decision = new_edits([], START, at(0))
    asked: dict[str, int] = {}
    for now in [*sorted(looks), 720, 840]:
        last: dict[str, int] = {}
        for seconds, page in edits:
            if seconds < now:
                last[page] = max(seconds, last.get(page, 0))
        listed = [edit(page, seconds) for page, seconds in last.items()]
        decision = new_edits(listed, Cursor.parse(str(decision.cursor)), at(now))
        if decision.run_key is not None:
            assert decision.run_key not in asked
            asked[decision.run_key] = now
    for seconds, _ in edits:
        assert any(now > seconds for now in asked.values()), (seconds, asked)
