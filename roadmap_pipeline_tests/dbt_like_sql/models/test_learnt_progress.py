"""Signals of milestones, learnt progress, and whether it is published: figures by hand."""

from datetime import date, datetime, timedelta

import pytest

from roadmap_pipeline.explain.milestone import explain_milestone
from roadmap_pipeline.explain.subjects import MilestoneKey
from roadmap_pipeline.milestones.learnt import storing
from roadmap_pipeline.reports.milestone import milestone_pages
from roadmap_pipeline.reports.milestone_facts import milestone_facts
from roadmap_pipeline.reports.weekly import section
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at, project

MODEL = {"work_done": (0.4, 0.5), "target_elapsed": (0.5, 0.6), "scope_growth": (-0.2, 0.1), "pace_ratio": (0.0, 1.0),
         "open_pull_requests": (0.3, 0.2)}  # fmt: skip


def _item(
    history: StoredHistory, number: int, milestone: int, opened: datetime, closed: datetime | None = None
) -> None:
    closed = closed if closed and closed < history.as_of else None
    history.add(
        "raw.issues", repo=REPO, number=number, title=f"Item {number}", state="closed" if closed else "open",
        labels=[], milestone_number=milestone, created_at=opened, closed_at=closed,
    )  # fmt: skip


def _open_milestone(history: StoredHistory) -> None:
    """Add one from 5 October to 13 December: 8 items, 2 more after three weeks; closed are 4 in week 2 and 1 in 6."""
    history.milestone("Now", 1, created_at=at("10-05 08:00"), due_on=at("12-13 08:00"), open_issues=5, closed_issues=5)
    closings = ["10-14 10:00"] * 4 + ["11-11 10:00"]
    for place in range(10):
        opened = at("10-05 09:00") if place < 8 else at("10-27 09:00")
        _item(history, 100 + place, 1, opened, at(closings[place]) if place < len(closings) else None)


def test_signals_are_what_was_known_when_the_day_began() -> None:
    history = StoredHistory()
    _open_milestone(history)
    with history.built() as warehouse:
        rows = warehouse.rows(
            "select as_of, is_open, is_training, elapsed_days, work_done, target_elapsed, scope_growth, pace_ratio,"
            " open_pull_requests, actual_share from intermediate.int_milestone_signals order by as_of"
        )
    assert [row[0] for row in rows] == [date(2026, 10, 12) + timedelta(weeks=week) for week in range(6)]
    assert {row[1:3] for row in rows} == {(True, False)}
    # 70 days from the first to the target, both included. After one week nothing is closed.
    assert rows[0][3:] == (7, 0, pytest.approx(7 / 70), 0, None, 0, None)
    assert rows[1][3:] == (14, 0.5, pytest.approx(14 / 70), 0, 1, 0, None)
    # 28 October: of ten items two came later. Four of four closings lie within the last four weeks of four.
    assert rows[3][3:] == (28, 0.4, pytest.approx(28 / 70), pytest.approx(0.2), 1, 0, None)
    # In the last four weeks one was closed, of five in six weeks.
    assert rows[5][3:] == (42, 0.5, pytest.approx(0.6), pytest.approx(0.2), pytest.approx((1 / 28) / (5 / 42)), 0, None)


def test_only_finished_milestones_teach() -> None:
    history = StoredHistory()
    begin = at("06-01 09:00")
    for number, (weeks, items, done) in enumerate([(4, 6, 6), (1, 6, 6), (4, 4, 4), (4, 6, 2)], start=1):
        history.milestone(
            f"M{number}", number, created_at=begin, state="closed", closed_at=begin + timedelta(weeks=weeks, hours=1)
        )
        for place in range(items):
            _item(history, 100 * number + place, number, begin, begin + timedelta(days=2) if place < done else None)
    with history.built() as warehouse:
        rows = warehouse.rows(
            "select number, as_of, actual_share from intermediate.int_milestone_signals where is_training order by all"
        )
    # 1 June is a Monday, on which nothing was known yet; 29 days until it was closed, on 29 June.
    assert rows == [(1, date(2026, 6, 1) + timedelta(weeks=week), pytest.approx(7 * week / 29)) for week in range(1, 5)]


def test_a_share_is_the_base_and_what_each_signal_adds() -> None:
    history = StoredHistory()
    _open_milestone(history)
    for signal, (coefficient, centre) in MODEL.items():
        history.add(
            "derived.learnt_model", signal=signal, coefficient=coefficient, centre=centre, base=0.45,
            definition_version="1", fingerprint="f",
        )  # fmt: skip
    with history.built(checked=True) as warehouse:
        columns = "share, base, work_done_term, target_elapsed_term, scope_growth_term, pace_ratio_term"
        columns += ", open_pull_requests_term, limit_term, is_published"
        latest = warehouse.row(f"select {columns} from marts.learnt_progress where is_latest")
        # 0.4 × (0.5 − 0.5), 0.5 × (0.6 − 0.6), −0.2 × (0.2 − 0.1), 0, 0.3 × (0 − 0.2)
        assert latest[:-1] == pytest.approx((0.37, 0.45, 0, 0, -0.02, 0, -0.06, 0))
        assert latest[-1] is False
        assert warehouse.one("select reason from marts.learnt_progress where is_latest") == (
            "37 % of its time has passed by what finished milestones were like: 45.0 on average; in points +0.0 for"
            " work done, +0.0 for the time to the target, -2.0 for scope growth, +0.0 for the pace of the last four"
            " weeks, -6.0 for open pull requests"
        )
        first = warehouse.row(f"select {columns} from marts.learnt_progress where as_of = '2026-10-12'")
        # 0.45 − 0.2 − 0.25 + 0.02 − 0.06 is below 0; the pace was not known.
        assert first[:-1] == pytest.approx((0, 0.45, -0.2, -0.25, 0.02, 0, -0.06, 0.04))
        assert warehouse.one("select count(*) from marts.learnt_progress") == 6


def _finished(history: StoredHistory, number: int, weeks: int, *, late_work: bool) -> None:
    """Add a finished milestone of ten items, closed one after the other over its time, or all at its end."""
    begin = at("03-02 09:00") + timedelta(days=number)
    end = begin + timedelta(weeks=weeks)
    due_on = end if late_work else None
    history.milestone(f"M{number}", number, created_at=begin, state="closed", closed_at=end, due_on=due_on)
    for place in range(10):
        share = 0.9 + 0.01 * place if late_work else (place + 0.5) / 10
        _item(history, 100 * number + place, number, begin, begin + share * (end - begin))


@pytest.mark.parametrize(
    ("milestones", "late_work", "is_on", "state", "said"),
    [
        (9, True, True, "published", "it is closer in 9 of them"),
        (9, False, True, "not_better", "so it is not published"),
        (7, True, True, "too_few_milestones", "7 of the 8 finished milestones that learning takes"),
        (9, True, False, "off", "learnt progress is off"),
    ],
)
def test_it_is_published_only_where_it_is_better(
    milestones: int, late_work: bool, is_on: bool, state: str, said: str
) -> None:
    history = StoredHistory(parameters={"progress_learnt": is_on})
    for number in range(1, milestones + 1):
        _finished(history, number, 6 + number % 5, late_work=late_work)
    history.milestone("Now", 99, created_at=at("10-05 08:00"), due_on=at("12-13 08:00"))
    _item(history, 9900, 99, at("10-05 09:00"))
    with history.built() as warehouse:
        warehouse.rows("from intermediate.int_milestone_signals")
        con = warehouse._con
        computed = storing.store_model(con), storing.store_backtest(con)
        assert (storing.store_model(con), storing.store_backtest(con)) == (0, 0)
        row = warehouse.row(
            "select state, is_published, milestones, days, mae_learnt, mae_work, reason"
            " from marts.learnt_progress_accuracy"
        )
        assert (row[0], row[1], row[2]) == (state, state == "published", milestones)
        assert said in row[6]
        shown = warehouse.rows("select is_published from marts.learnt_progress where is_latest")
        if state in ("off", "too_few_milestones"):
            assert computed == (0, 0)
            assert (row[3:6], shown) == ((0, None, None), [])
            return
        mondays = warehouse.one("select count(*) from intermediate.int_milestone_signals where is_training")
        assert computed == (5, mondays)
        assert row[3] == mondays
        assert (row[4] < row[5]) == (state == "published")
        assert shown == [(state == "published",)]
        # Another one finishes, and all is learnt anew; switched off, nothing is left.
        con.execute("update intermediate.int_milestone_signals set actual_share = actual_share / 2 where number = 1")
        assert (storing.store_model(con), storing.store_backtest(con)) == (5, mondays)
        con.execute("update config.parameters set progress_learnt = false")
        storing.store_model(con), storing.store_backtest(con)
        assert con.execute("select count(*) from derived.learnt_model").fetchall() == [(0,)]


def test_published_it_stands_on_the_page_and_each_term_is_explained() -> None:
    history = StoredHistory(parameters={"progress_learnt": True})
    for number in range(1, 10):
        _finished(history, number, 6 + number % 5, late_work=True)
    history.milestone("Now", 99, created_at=at("10-05 08:00"), due_on=at("12-13 08:00"), open_issues=1)
    _item(history, 9900, 99, at("10-05 09:00"))
    with history.built() as warehouse:
        warehouse.rows("from intermediate.int_milestone_signals")
        storing.store_model(warehouse._con), storing.store_backtest(warehouse._con)
        reason, share, base, *terms = warehouse.row(
            "select reason, share, base, work_done_term, target_elapsed_term, scope_growth_term, pace_ratio_term,"
            " open_pull_requests_term, limit_term from marts.learnt_progress where is_latest"
        )
        accuracy = warehouse.one("select reason from marts.learnt_progress_accuracy")
        # 42 of 70 days to the target, which held in all others.
        assert share == pytest.approx(0.6, abs=0.06)
        assert share == pytest.approx(base + sum(terms))
        pages = {row["number"]: row["page"] for row in milestone_pages(milestone_facts(warehouse.con))}
        assert f"Learnt progress: {reason}. How far to trust it: {accuracy}." in section(pages[99], "Work done")
        assert "Learnt progress" not in pages[1]
        learnt = explain_milestone(warehouse.con, project(), MilestoneKey(REPO, 99, "Now")).to_json()["learnt"]
        assert (learnt["share"], learnt["accuracy"], learnt["reason"]) == (share, accuracy, reason)
        assert [learnt[name] for name in learnt if name.endswith("_term")] == terms
        closed = explain_milestone(warehouse.con, project(), MilestoneKey(REPO, 1, "M1")).learnt
        assert closed is not None
        assert (closed["share"], closed["state"]) == (None, "published")


def test_the_error_of_each_milestone_counts_once() -> None:
    history = StoredHistory(parameters={"progress_learnt": True})
    for number in range(1, 9):
        _finished(history, number, 4, late_work=True)
    # Of the first four the learnt share is wrong by 0.1 on each Monday, of the others by nothing.
    with history.built() as warehouse:
        rows = warehouse.rows(
            "select number, as_of, actual_share, work_done from intermediate.int_milestone_signals where is_training"
        )
        for number, as_of, actual, _ in rows:
            share = actual + 0.1 if number <= 4 else actual
            warehouse._con.execute(
                "insert into derived.learnt_backtest values (?, ?, ?, ?, 'f')", [REPO, number, as_of, share]
            )
        learnt, work, better = warehouse.row(
            "select mae_learnt, mae_work, better_milestones from marts.learnt_progress_accuracy"
        )
    by_milestone = [[abs(done - actual) for number, _, actual, done in rows if number == one] for one in range(1, 9)]
    assert learnt == pytest.approx(0.05)
    assert work == pytest.approx(sum(sum(one) / len(one) for one in by_milestone) / 8)
    assert better == 8
