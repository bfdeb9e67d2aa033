"""Risks of milestones: each condition by hand on small histories, and the hysteresis on any sequence of days."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.risk_configuration import Risks
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at, project

_RISK = """
    select severity, is_open, strftime(since, '%m-%d'), is_since_known, strftime(cleared_on, '%m-%d'), value, cause
    from marts.milestone_risks where risk = '{}'
"""
"""Columns of the risk of the only milestone."""


def _history(**milestone: Any) -> StoredHistory:
    """Return a milestone that was made on 1 October, as of 16 November 06:00."""
    history = StoredHistory()
    history.add("config.risks", **Risks().model_dump())
    row: dict[str, Any] = {"created_at": at("10-01 08:00"), "html_url": "https://github.com/acme/payments/milestone/1"}
    history.milestone(**(row | {"due_on": at("2026-12-31T08:00")} | milestone))
    return history


def _issue(history: StoredHistory, number: int, opened: str, closed: str | None = None, **values: Any) -> None:
    """Add an issue that has been in the milestone since it was made."""
    row: dict[str, Any] = {
        "repo": REPO,
        "number": number,
        "state": "closed" if closed else "open",
        "milestone_number": 1,
    }
    row |= {"created_at": at(opened), "updated_at": at(closed or opened), "labels": []}
    row["closed_at"] = at(closed) if closed else None
    history.add("raw.issues", **(row | values))


def _event(history: StoredHistory, number: int, event: str, label: str, time: str) -> None:
    history.add(
        "raw.issue_events", repo=REPO, event_id=history.next_id(), issue_number=number, event=event, label=label,
        created_at=at(time),
    )  # fmt: skip


def _forecast(history: StoredHistory, day: date, probability: float | None, p85: date | None, **values: Any) -> None:
    row = {"repo": REPO, "number": 1, "as_of": day, "state": "forecast", "reason": "r", "target_date": None}
    row |= {"measured_by": "items", "open_items": 3, "closed_items": 3, "active_weeks": 5, "history": "events"}
    row |= {"probability_on_time": probability, "p85_date": p85, "calibrated_on": 0, "definition_version": "1"}
    history.add("derived.milestone_forecasts", **(row | values))


def _days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(count))


def _risk(history: StoredHistory, name: str) -> list[tuple[Any, ...]]:
    with history.built() as warehouse:
        return warehouse.rows(_RISK.format(name))


def test_nothing_known_is_no_risk_and_every_test_of_the_tables_holds() -> None:
    history = _history(due_on=None)
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("from marts.milestone_risks") == []
        assert warehouse.rows("select risk from publish.notion_roadmap") == [("–",)]


def test_without_thresholds_there_are_no_risks() -> None:
    history = _history(due_on=at("11-01 08:00"))
    del history.rows["config.risks"]
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("from marts.milestone_risks") == []


def test_overdue_from_the_day_after_its_target() -> None:
    history = _history(due_on=at("11-10 08:00"))
    _issue(history, 7, "10-02 08:00")
    assert _risk(history, "overdue") == [
        ("high", True, "11-11", True, None, 6, "The target date has passed with 1 open item.")
    ]
    # On the first day past it the condition hasn't held twice.
    assert _risk(_history(due_on=at("11-15 08:00")), "overdue") == []
    assert len(_risk(_history(due_on=at("11-14 08:00")), "overdue")) == 1


def test_closed_milestones_have_no_open_risks() -> None:
    history = _history(due_on=at("10-20 08:00"), state="closed", closed_at=at("11-05 12:00"))
    _issue(history, 7, "10-02 08:00", "11-05 11:00")
    assert _risk(history, "overdue")[0][:5] == ("high", False, "10-21", True, "11-05")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("from marts.milestone_risk_summary") == []
        assert warehouse.rows("select risk from publish.notion_roadmap") == [(None,)]


def test_off_track_covers_at_risk_and_says_since_when_it_is_known() -> None:
    history = _history()
    for day in _days(date(2026, 11, 2), 15):
        _forecast(history, day, 0.7 if day < date(2026, 11, 9) else 0.3, date(2027, 1, 15))
    with history.built(checked=True) as warehouse:
        rows = "select risk, is_open, is_covered, strftime(since, '%m-%d'), is_since_known, cause from {} order by risk"
        cause = "The target date is met in 30 % of the simulated courses."
        assert warehouse.rows(rows.format("marts.milestone_risks")) == [
            ("at_risk", True, True, "11-02", False, cause),
            ("off_track", True, False, "11-09", True, cause),
        ]
        assert warehouse.rows("select open_risks, worst_risk, text from marts.milestone_risk_summary") == [
            (1, "off_track", "Off track since 2026-11-09")
        ]


@pytest.mark.parametrize(("probability", "off_track", "at_risk"), [(0.5, 0, 1), (0.4999, 1, 1), (0.85, 0, 0)])
def test_probabilities_at_the_borders(probability: float, off_track: int, at_risk: int) -> None:
    history = _history()
    for day in (date(2026, 11, 15), date(2026, 11, 16)):
        _forecast(history, day, probability, date(2027, 1, 15))
    with history.built() as warehouse:
        counts = "select count(*) filter (where risk = 'off_track'), count(*) filter (where risk = 'at_risk')"
        assert warehouse.row(f"{counts} from marts.milestone_risks") == (off_track, at_risk)


def test_without_an_end_in_sight_a_target_is_at_risk() -> None:
    history = _history()
    for day in (date(2026, 11, 15), date(2026, 11, 16)):
        _forecast(history, day, None, None, state="scope_outpaces_throughput")
    assert _risk(history, "at_risk")[0][5:] == (
        None, "Items come in faster than they are closed: over 20 % of the simulated courses never end.",
    )  # fmt: skip


@pytest.mark.parametrize(("moved", "severity"), [(7, None), (8, "medium"), (21, "medium"), (22, "high")])
def test_slipping_is_more_than_a_week_within_a_week(moved: int, severity: str | None) -> None:
    history = _history()
    before = date(2027, 1, 15)
    for day in _days(date(2026, 11, 8), 9):
        is_later = day >= date(2026, 11, 15)
        _forecast(history, day, 0.9, before + timedelta(days=moved) if is_later else before)
    found = _risk(history, "slipping")
    assert [row[0] for row in found] == ([severity] if severity else [])
    if severity:
        later = before + timedelta(days=moved)
        assert found[0][6] == f"The 85 % date moved from 2027-01-15 to {later} within a week."


def test_stalled_after_two_weeks_without_a_closed_item() -> None:
    history = _history()
    _issue(history, 7, "10-02 08:00")
    _issue(history, 8, "10-02 08:00", "10-30 12:00")
    # Nothing on 31 October to 13 November: 14 days, when 14 November begins.
    assert _risk(history, "stalled") == [
        ("medium", True, "11-14", True, None, 16, "Nothing was closed since 2026-10-30, 1 open.")
    ]
    _issue(history, 9, "10-02 08:00", "11-14 12:00")
    assert _risk(history, "stalled") == []  # once is no risk


def test_what_has_not_begun_is_stalled_only_with_its_target_near() -> None:
    far, near = _history(due_on=at("12-31 08:00")), _history(due_on=at("12-10 08:00"))
    for history in (far, near):
        _issue(history, 7, "10-02 08:00")
    assert _risk(far, "stalled") == []
    # From the day on which the target is less than four weeks away.
    assert _risk(near, "stalled")[0][2:] == ("11-13", True, None, 45, "Nothing was closed yet, 1 open.")


def test_scope_grows_from_five_issues_on() -> None:
    history = _history()
    for number in range(5):
        _issue(history, 10 + number, "10-02 08:00", "10-12 12:00" if number == 0 else None)
    _issue(history, 20, "11-01 08:00")
    assert _risk(history, "scope_growth") == [
        ("low", True, "11-02", True, None, pytest.approx(0.2), "The issues grew from 5 to 6 since work began (+20 %).")
    ]
    few = _history()
    for number in range(4):
        _issue(few, 10 + number, "10-02 08:00", "10-12 12:00" if number == 0 else None)
    _issue(few, 20, "11-01 08:00")
    assert _risk(few, "scope_growth") == []


def test_blocked_by_a_label_from_when_to_when_it_was_there() -> None:
    history = _history()
    _issue(
        history,
        7,
        "10-02 08:00",
        labels=["Blocked"],
        payload='{"assignees": [{"login": "bob"}]}',
        html_url="https://x/7",
    )
    _issue(history, 8, "10-02 08:00")
    _event(history, 7, "labeled", "Blocked", "11-05 09:00")
    _event(history, 8, "labeled", "status: blocked", "11-03 09:00")
    _event(history, 8, "unlabeled", "status: blocked", "11-07 09:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select strftime(since, '%m-%d'), cause, owner, owner_basis, evidence_urls, clears_when"
            " from marts.milestone_risks where risk = 'blocked'"
        ) == [
            (
                "11-04", "1 open item is blocked: #7.", "bob", "assignee_of_blocked", ["https://x/7"],
                "Taking the label off, or closing the items.",
            )
        ]  # fmt: skip
    history.rows["raw.issues"][0] |= {"state": "closed", "closed_at": at("11-10 12:00")}
    assert _risk(history, "blocked")[0][1:5] == (False, "11-04", True, "11-11")


def test_a_target_that_moved_twice() -> None:
    history = _history(due_on=at("2026-12-31T08:00"))
    for target, valid_from in (("11-20", "10-01"), ("12-10", "11-03"), ("12-31", "11-12")):
        history.add(
            "derived.milestone_targets", repo=REPO, number=1, target_date=at(f"{target} 00:00").date(),
            valid_from=at(f"{valid_from} 12:00"), seen_at=at(f"{valid_from} 13:00"),
        )  # fmt: skip
    assert _risk(history, "target_moved") == [
        (
            "low", True, "11-12", True, None, 2,
            "The target date changed 2 times in 90 days, last from 2026-12-10.",
        )
    ]  # fmt: skip
    # A target that has moved since was in force on the days before.
    history.rows["derived.milestone_targets"][0]["target_date"] = date(2026, 10, 20)
    assert _risk(history, "overdue")[0][1:5] == (False, "10-21", True, "11-03")


def test_a_red_default_branch_threatens_what_has_open_items() -> None:
    history = _history()
    _issue(history, 7, "10-02 08:00")
    history.run("11-01 08:00", "success", sha="s0")
    history.run("11-12 20:00", "failure", sha="s1")
    history.run("11-15 08:00", "failure", sha="s2")
    history.commit("s1", "s0", "11-12 19:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(
            "select severity, strftime(since, '%m-%d'), round(value, 1), cause, owner, owner_basis"
            " from marts.milestone_risks where risk = 'red_main'"
        ) == [
            (
                "medium", "11-14", pytest.approx(75.8, abs=0.3),
                "ci.yml (since 2026-11-12 20:10) is red on the default branch.", "ada", "suspect_change",
            )
        ]  # fmt: skip


def test_of_a_default_branch_that_nobody_known_turned_red_the_code_owner_is_asked() -> None:
    history = _history()
    _issue(history, 7, "10-02 08:00", payload='{"assignees": [{"login": "bob"}]}')
    history.run("11-12 20:00", "failure", sha="s1", actor="renovate[bot]", actor_type="Bot")
    history.add(
        "raw.code_owners", repo=REPO, line=3, pattern="/.github/", owners=["acme/platform"], is_catch_all=False,
        file_regex=r"^\.github/.+$", path="CODEOWNERS",
    )  # fmt: skip
    with history.built(checked=True) as warehouse:
        owner = "select owner, owner_basis from marts.milestone_risks where risk = 'red_main'"
        assert warehouse.rows(owner) == [("acme/platform", "code_owner")]


# --- hysteresis ---------------------------------------------------------------------------------------------------

_FIRST = date(2026, 1, 1)


def _episodes(holds: Sequence[bool], needed: int) -> list[tuple[date, bool, date | None]]:
    """Return the episodes of a sequence of days, day by day: since, whether that is known, and when it was over."""
    episodes: list[tuple[date, bool, date | None]] = []
    is_open, in_a_row, run_began = False, 0, _FIRST
    for number, value in enumerate(holds):
        day = _FIRST + timedelta(days=number)
        if number and holds[number - 1] == value:
            in_a_row += 1
        else:
            in_a_row, run_began = 1, day
        if in_a_row >= needed and value != is_open:
            is_open = value
            if value:
                episodes.append((run_began, run_began > _FIRST, None))
            else:
                since, is_known, _ = episodes[-1]
                episodes[-1] = since, is_known, run_began
    return episodes


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a database with the tables that the model of episodes reads, and the model as a view."""
    (model,) = (one for one in project().models if one.name == "int_milestone_risk_episodes")
    with duckdb.connect(":memory:") as con:
        con.execute("create schema intermediate; create schema config")
        con.execute("create table config.risks (consecutive_days integer)")
        con.execute(
            "create table intermediate.int_milestone_risk_days"
            " (repo varchar, number integer, risk varchar, as_of date, is_met boolean, is_grave boolean)"
        )
        con.execute(f"create view intermediate.episodes as {model.sql}")
        yield con


@pytest.mark.slow
@settings(max_examples=150)
@given(
    days=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    needed=st.integers(min_value=1, max_value=4),
)
@example(days=[(True, False), (False, False)] * 6, needed=2)
@example(days=[(True, True)] * 2 + [(False, False)] * 2, needed=2)
def test_hysteresis_over_any_days(days: list[tuple[bool, bool]], needed: int, con: duckdb.DuckDBPyConnection) -> None:
    met = [holds for holds, _ in days]
    grave = [holds and graver for holds, graver in days]
    con.execute("delete from config.risks; delete from intermediate.int_milestone_risk_days")
    con.execute("insert into config.risks values (?)", [needed])
    con.executemany(
        "insert into intermediate.int_milestone_risk_days values ('a/b', 1, 'stalled', ?, ?, ?)",
        [[_FIRST + timedelta(days=number), *both] for number, both in enumerate(zip(met, grave, strict=True))],
    )
    for level, holds in (("met", met), ("grave", grave)):
        found = con.execute(
            "select since, is_since_known, over_on from intermediate.episodes where level = ? order by since", [level]
        ).fetchall()
        assert found == _episodes(holds, needed)


def test_the_reference_by_hand() -> None:
    day = {number: _FIRST + timedelta(days=number) for number in range(9)}
    # One day opens nothing, one day off ends nothing.
    assert _episodes([True, False, True, True, False, True, False, False], 2) == [(day[2], True, day[6])]
    assert _episodes([True, True], 2) == [(day[0], False, None)]
