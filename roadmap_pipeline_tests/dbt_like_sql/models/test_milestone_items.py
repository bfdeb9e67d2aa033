"""The items of milestones, and what was left in them day by day.

Expected stays and counts are worked out by hand; the property walks random histories item by item and keeps the books
itself.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at

_TITLES = {1: "Stage 7.3", 2: "Stage 7.4"}


def _history() -> StoredHistory:
    history = StoredHistory()
    for number, title in _TITLES.items():
        history.milestone(title, number, created_at=at("11-01 08:00"))
    return history


def _issue(history: StoredHistory, number: int, **values: Any) -> None:
    row = {"repo": REPO, "number": number, "state": "open", "created_at": at("11-02 09:00")}
    row |= {"updated_at": at("11-14 00:00"), "labels": ["Bug "]}
    history.add("raw.issues", **row | values)


def _event(history: StoredHistory, number: int, time: str, event: str, title: str | None = None) -> None:
    history.add(
        "raw.issue_events", repo=REPO, event_id=history.next_id(), issue_number=number, event=event,
        milestone_title=title, created_at=at(time),
    )  # fmt: skip


_STAYS = """
    select number, item_number, strftime(entered_at, '%m-%d %H:%M'), strftime(left_at, '%m-%d %H:%M'),
        strftime(closed_at, '%m-%d %H:%M'), times_reopened, history
    from intermediate.int_milestone_items order by number, item_number, entered_at
"""


def _stays(history: StoredHistory) -> list[tuple[Any, ...]]:
    with history.built() as warehouse:
        return warehouse.rows(_STAYS)


def test_an_item_that_moves_between_milestones_has_a_stay_in_each():
    history = _history()
    _issue(history, 7, milestone_number=1)
    _event(history, 7, "11-03 10:00", "milestoned", "Stage 7.3")
    _event(history, 7, "11-05 10:00", "milestoned", "Stage 7.4")  # GitHub tells both changes, in either order
    _event(history, 7, "11-05 10:00", "demilestoned", "Stage 7.3")
    _event(history, 7, "11-08 10:00", "milestoned", "Stage 7.3")  # … or, at times, the later one only
    assert _stays(history) == [
        (1, 7, "11-03 10:00", "11-05 10:00", None, 0, "events"),
        (1, 7, "11-08 10:00", None, None, 0, "events"),
        (2, 7, "11-05 10:00", "11-08 10:00", None, 0, "events"),
    ]


def test_closing_counts_as_far_as_it_held():
    history = _history()
    _issue(history, 7, milestone_number=1, state="closed", closed_at=at("11-12 10:00"))
    for time, event in (
        ("11-03 10:00", "closed"),  # before it came in
        ("11-06 10:00", "reopened"),
        ("11-08 10:00", "closed"),
        ("11-08 11:00", "closed"),  # closing what is closed changes nothing
        ("11-09 10:00", "reopened"),
        ("11-12 10:00", "closed"),
    ):
        _event(history, 7, time, event)
    _event(history, 7, "11-05 10:00", "milestoned", "Stage 7.3")
    assert _stays(history) == [(1, 7, "11-05 10:00", None, "11-12 10:00", 2, "events")]
    with history.built() as warehouse:
        assert warehouse.rows(
            "select day, open_items, closed_items, added, added_closed, closed, reopened from marts.milestone_days"
            " where number = 1 and added + closed + reopened > 0 order by day"
        ) == [
            (date(2026, 11, 5), 0, 1, 1, 1, 0, 0),
            (date(2026, 11, 6), 1, 0, 0, 0, 0, 1),
            (date(2026, 11, 8), 0, 1, 0, 0, 1, 0),
            (date(2026, 11, 9), 1, 0, 0, 0, 0, 1),
            (date(2026, 11, 12), 0, 1, 0, 0, 1, 0),
        ]


def test_without_events_the_dates_of_the_items_tell():
    history = _history()
    _issue(history, 7, milestone_number=1, created_at=at("10-20 00:00"))  # older than the milestone
    _issue(history, 8, milestone_number=1, state="closed", closed_at=at("11-09 12:00"))
    history.pull_request(9, milestone_number=1, state="closed", closed_at=at("11-10 12:00"), labels=["Size: M"])
    assert _stays(history) == [
        (1, 7, "11-01 08:00", None, None, 0, "dates"),
        (1, 8, "11-02 09:00", None, "11-09 12:00", 0, "dates"),
        (1, 9, "11-01 08:00", None, "11-10 12:00", 0, "dates"),
    ]
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select labels from intermediate.int_milestone_items where item_number in (8, 9)") == [
            (["bug"],),
            (["size: m"],),
        ]
        assert warehouse.row(
            "select open_items, closed_items, history, is_complete from marts.milestone_days"
            " where number = 1 and day = '2026-11-16'"
        ) == (1, 2, "dates", False)


@pytest.mark.parametrize(
    ("now_in", "events", "stays"),
    [
        # It left before the first event that was read: it was there since it was opened.
        (None, [("11-09 10:00", "demilestoned", "Stage 7.3")], [(1, "11-02 09:00", "11-09 10:00", "dates")]),
        # The event of leaving was not read yet.
        (None, [("11-03 10:00", "milestoned", "Stage 7.3")], [(1, "11-03 10:00", "11-14 00:00", "dates")]),
        # It was put into another one, without an event: since it left the former.
        (
            2,
            [("11-03 10:00", "milestoned", "Stage 7.3"), ("11-04 10:00", "demilestoned", "Stage 7.3")],
            [(1, "11-03 10:00", "11-04 10:00", "events"), (2, "11-04 10:00", None, "dates")],
        ),
        # The milestone was called otherwise then.
        (2, [("11-03 10:00", "milestoned", "Old name")], [(2, "11-03 10:00", None, "events")]),
        # A milestone that is gone has no rows, but one that is entered from it was not entered before.
        (
            1,
            [("11-03 10:00", "milestoned", "Deleted"), ("11-06 10:00", "milestoned", "Stage 7.3")],
            [(1, "11-06 10:00", None, "events")],
        ),
        # Told twice.
        (
            1,
            [("11-03 10:00", "milestoned", "Stage 7.3"), ("11-05 10:00", "milestoned", "Stage 7.3")],
            [(1, "11-03 10:00", None, "events")],
        ),
    ],
)
def test_what_events_leave_open(now_in: int | None, events: list[tuple[str, str, str]], stays: list[tuple[Any, ...]]):
    history = _history()
    _issue(history, 7, milestone_number=now_in)
    for time, event, title in events:
        _event(history, 7, time, event, title)
    assert [(number, entered, left, told) for number, _, entered, left, _, _, told in _stays(history)] == stays


def test_tracking_issues_are_no_work():
    history = _history()
    _issue(history, 7, milestone_number=1, tracks_milestone="MI_1")
    _issue(history, 8, milestone_number=1, labels=["Tracking"])
    assert _stays(history) == []


def test_days_go_from_the_first_to_the_closing_and_say_nothing_of_later():
    history = StoredHistory()
    history.milestone(created_at=at("11-03 08:00"), state="closed", closed_at=at("11-06 12:00"))
    history.milestone("Empty", 2, created_at=at("11-15 08:00"))
    history.milestone("Undated", 3)
    _issue(history, 7, milestone_number=1, state="closed", closed_at=at("11-08 12:00"))
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select number, day, open_items, closed_items from marts.milestone_days order by number, day"
        ) == [
            *((1, date(2026, 11, day), 1, 0) for day in range(3, 7)),
            (2, date(2026, 11, 15), 0, 0),
            (2, date(2026, 11, 16), 0, 0),
        ]


@pytest.mark.parametrize(
    ("closed", "moved", "changes"),
    [
        ("closed", "milestoned", [("added", False), ("closed", True)]),
        ("reopened", "milestoned", [("added", True), ("reopened", False)]),
        ("closed", "demilestoned", [("added", False), ("removed", False)]),
        ("reopened", "demilestoned", [("added", False), ("closed", True), ("removed", True)]),
    ],
)
@pytest.mark.parametrize("is_moved_first", [True, False])
def test_within_a_second_an_item_moves_before_it_is_closed_or_reopened(
    closed: str, moved: str, changes: list[tuple[str, bool]], is_moved_first: bool
):
    """Bots do both with one request: GitHub's order of such events is none of people's."""
    history = _history()
    if moved == "demilestoned":
        _event(history, 1, "11-03 09:00", "milestoned", _TITLES[1])
    if closed == "reopened":
        _event(history, 1, "11-04 09:00", "closed")
    at_once = [(moved, _TITLES[1]), (closed, None)]
    for event, title in at_once if is_moved_first else reversed(at_once):
        _event(history, 1, "11-05 09:00", event, title)
    state = {"state": "closed", "closed_at": at("11-05 09:00")} if closed == "closed" else {}
    _issue(history, 1, milestone_number=1 if moved == "milestoned" else None, **state)
    with history.built() as warehouse:
        found = warehouse.rows(
            "select change, is_closed from intermediate.int_milestone_changes where item_number = 1"
            " order by changed_at, change in ('closed', 'reopened')"
        )
    assert found == changes


_STEPS = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["close", "reopen", "enter 1", "enter 2", "leave"]), st.integers(0, 12)
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(steps=_STEPS)
def test_books_of_random_histories_balance(steps: list[tuple[int, str, int]]):
    """Every day's counts are those of a walk through the same steps; every stay is one of the walk's."""
    history = _history()
    walked = _walk(history, steps)
    with history.built() as warehouse:
        days = warehouse.rows("select number, day, open_items, closed_items from marts.milestone_days order by all")
        assert days == [
            (number, day, walked.count(number, day, closed=False), walked.count(number, day, closed=True))
            for number in _TITLES
            for day in (date(2026, 11, 1) + timedelta(days=offset) for offset in range(16))
        ]
        assert Counter(
            warehouse.rows("select number, item_number, change, changed_at from intermediate.int_milestone_changes")
        ) == Counter(walked.changes)
        assert warehouse.one(
            """
            select count(*) from (
                select *, lag(open_items) over by_day as open_before, lag(closed_items) over by_day as closed_before
                from marts.milestone_days window by_day as (partition by number order by day)
            ) where open_items <> coalesce(open_before, 0) + added - added_closed - removed + removed_closed - closed
                + reopened
                or closed_items <> coalesce(closed_before, 0) + added_closed - removed_closed + closed - reopened
            """
        ) == 0  # fmt: skip


class _Walk:
    """The state of every item after every step, and what changed in milestones."""

    def __init__(self) -> None:
        self.states: list[tuple[datetime, int, int | None, bool]] = []
        self.changes: list[tuple[int, int, str, datetime]] = []

    def count(self, number: int, day: date, *, closed: bool) -> int:
        """Items in milestone ``number`` at the end of ``day``, open or closed ones."""
        latest = {item: (inside, shut) for time, item, inside, shut in self.states if time.date() <= day}
        return sum(state == (number, closed) for state in latest.values())


def _walk(history: StoredHistory, steps: Iterable[tuple[int, str, int]]) -> _Walk:
    """Add the events of ``steps`` to ``history``; each takes place a minute and some hours after the one before."""
    walk, closed = _Walk(), dict.fromkeys((1, 2, 3), False)
    now: dict[int, int | None] = dict.fromkeys((1, 2, 3))
    closed_at: dict[int, datetime] = {}
    time = at("11-02 09:00")
    for item, step, hours in steps:
        time += timedelta(hours=hours, minutes=1)
        before = now[item]
        text = time.isoformat(" ")
        if step == "close" and not closed[item]:
            closed[item], closed_at[item] = True, time
            _event(history, item, text, "closed")
            walk.changes += [(before, item, "closed", time)] if before else []
        elif step == "reopen" and closed[item]:
            closed[item] = False
            _event(history, item, text, "reopened")
            walk.changes += [(before, item, "reopened", time)] if before else []
        elif step in ("enter 1", "enter 2", "leave"):
            after = None if step == "leave" else int(step[-1])
            if after != before:
                if before:
                    _event(history, item, text, "demilestoned", _TITLES[before])
                    walk.changes.append((before, item, "removed", time))
                if after:
                    _event(history, item, text, "milestoned", _TITLES[after])
                    walk.changes.append((after, item, "added", time))
                now[item] = after
        walk.states.append((time, item, now[item], closed[item]))
    for item in (1, 2, 3):
        state = {"state": "closed", "closed_at": closed_at[item]} if closed[item] else {}
        _issue(history, item, milestone_number=now[item], updated_at=time, **state)
    return walk
