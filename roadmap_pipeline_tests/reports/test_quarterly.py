"""The quarterly report of small histories: sentences and cells worked out by hand."""

import re
from datetime import date

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.reports.quarterly import quarterly_report
from roadmap_pipeline.reports.weekly import NothingToReport, section
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails, passes
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless, shown

QUARTER = "Q3-2026"


def content(history: StoredHistory, quarter: str = QUARTER) -> str:
    with history.built() as warehouse:
        return quarterly_report(warehouse.con, quarter).content


def lines(text: str) -> list[str]:
    """Return the lines before the first section, without the title."""
    return [line for line in section(text, None).splitlines()[1:] if line]


def cells(text: str, heading: str, table: int = 0) -> list[list[str]]:
    """Return the rows of a section's table, without its head."""
    return shown(section(text, heading)).tables[table][1:]


def item(history: StoredHistory, number: int, milestone: int, opened: str, closed: str | None = None) -> None:
    """Add an issue that was put into a milestone when it was opened."""
    title = next(row["title"] for row in history.rows["raw.milestones"] if row["number"] == milestone)
    history.add(
        "raw.issues", repo=REPO, number=number, title=f"Item {number}", state="closed" if closed else "open",
        labels=[], milestone_number=milestone, created_at=at(opened), closed_at=at(closed) if closed else None,
    )  # fmt: skip
    events = [("milestoned", opened), *([("closed", closed)] if closed else [])]
    for event, time in events:
        history.add(
            "raw.issue_events", repo=REPO, event_id=history.next_id(), issue_number=number, event=event,
            milestone_title=title if event == "milestoned" else None, created_at=at(time),
        )  # fmt: skip


def planned() -> StoredHistory:
    """Return a history: one milestone done in time, one late, one carried over, one due later, one dropped."""
    history = StoredHistory()
    history.milestone("Done", 1, state="closed", created_at=at("07-01 00:00"), due_on=at("07-31 00:00"),
                      closed_at=at("07-30 12:00"))  # fmt: skip
    history.milestone("Late", 2, state="closed", created_at=at("07-01 00:00"), due_on=at("07-31 00:00"),
                      closed_at=at("08-07 12:00"))  # fmt: skip
    history.milestone("Carried", 3, created_at=at("07-01 00:00"), due_on=at("09-15 00:00"))
    history.milestone("Next", 4, created_at=at("09-01 00:00"), due_on=at("12-15 00:00"))
    history.milestone("Dropped", 5, state="closed", created_at=at("07-01 00:00"), closed_at=at("08-01 12:00"))
    item(history, 11, 1, "07-02 10:00", "07-03 10:00")
    for number, closed in ((21, "08-06 10:00"), (31, "09-01 10:00"), (32, None), (41, None), (51, None)):
        item(history, number, number // 10, "09-02 10:00" if number == 41 else "07-02 10:00", closed)
    passes(history, "04-10 10:00", 10)
    passes(history, "07-10 10:00", 14)
    for _ in range(6):
        fails(history, "08-11 12:00", "test", fingerprint="f")
    return history


def test_what_was_planned_and_what_came_of_it() -> None:
    text = content(planned())
    assert lines(text) == [
        "**2 of 4 planned milestones were completed**; *1 of 2 on time*; 1 carried over, 1 dropped."
        " Carried over: Carried.",
        "70.0 % of 20 runs passed in the end (▼ 30.0 pp against the quarter before).",
        "2026-07-01 to 2026-09-30 · acme/payments",
    ]
    table = {row[0].partition("]")[0].strip("["): row[1:] for row in cells(text, "Milestones")}
    assert table["Done"] == ["2026-07-31", "–", "2026-07-30", "completed", "0 → 1 (0 open)", "0.2", "–"]
    assert table["Late"] == ["2026-07-31", "–", "2026-08-07 (+7 days)", "completed", "0 → 1 (0 open)", "0.2", "–"]
    assert table["Carried"] == ["2026-09-15", "–", "–", "carried over", "0 → 2 (1 open)", "0.1", "–"]
    assert table["Next"] == ["2026-12-15", "–", "–", "due later", "0 → 1 (1 open)", "0.0", "–"]
    assert table["Dropped"][3] == "dropped"
    slips = section(text, "Milestones").splitlines()[-2:]
    assert slips[0].startswith(
        "- **Late**: closed on 2026-08-07, 7 days after its target of 2026-07-31. Meanwhile: 1 item"
    )
    assert slips[1].startswith(
        "- **Carried**: 1 of 2 items open on 2026-09-30, 15 days after its target of 2026-09-15."
    )


def test_the_timeline_follows_mermaids_grammar() -> None:
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", section(content(planned()), "Timeline"), re.DOTALL)
    assert diagram.splitlines()[1:11] == [
        "gantt",
        "    dateFormat YYYY-MM-DD",
        "    axisFormat %d %b",
        "    todayMarker off",
        "    section Done",
        "    planned :p0, 2026-07-01, 2026-07-31",
        "    actual :done, a0, 2026-07-01, 2026-07-30",
        "    section Late",
        "    planned :p1, 2026-07-01, 2026-07-31",
        "    actual :done, a1, 2026-07-01, 2026-08-07",
    ]
    assert "    actual :crit, a2, 2026-07-01, 2026-09-30" in diagram


def test_figures_stand_beside_those_of_the_quarter_before() -> None:
    text = content(planned())
    card = {row[0]: row[1:] for row in cells(text, "CI in the quarter")}
    assert card["passed in the end"][:3] == ["70.0 %", "100.0 %", "▼ 30.0 pp"]
    assert card["passed in the end"][4] == "20 (10)"
    assert card["failed jobs"][:3] == ["6", "0", "+6"]
    assert cells(text, "CI in the quarter", 1) == [["test", "6", "100 %", "–", "0"]]
    assert "No default branch turned red in the quarter." in text
    assert section(text, "Automatic repair") == "No automatic repair was attempted."
    assert section(text, "Forecast scorecard").startswith("There is none yet")


def test_risks_and_decisions_name_what_is_late() -> None:
    text = content(planned())
    assert section(text, "Risks").splitlines() == [
        "- **Carried** is 15 days overdue with 1 open item.",
        # Made 30 days before the end: nothing done, 76 days to its target.
        "- **Next**: 1 open item, none done in the quarter, 11 weeks to its target of 2026-12-15.",
    ]
    # Carried: made on 1 July, 92 days or 13.1 weeks for one item.
    assert section(text, "Decisions asked").splitlines() == [
        "1. **Carried**: 1 open item, about 13 weeks at the quarter's pace. Move its target of 2026-09-15, cut scope,"
        " or add people?",
        "2. **Dropped** was closed with 1 open item. Where do they go?",
    ]


def test_what_was_forecast_stands_beside_what_came() -> None:
    history = planned()
    for number, as_of, p50, p85, p95 in (
        (1, "07-06", "07-20", "08-10", "08-20"),  # closed on 30 July: after the first date, before the others
        (2, "07-06", "07-20", "08-01", "08-20"),  # closed on 7 August
        (
            3,
            "07-06",
            "08-20",
            "10-15",
            "11-20",
        ),  # still open: the first date was missed in the quarter, the others later
        (3, "09-28", "10-20", "11-30", "12-20"),
    ):
        history.add(
            "derived.forecast_backtest", repo=REPO, number=number, as_of=at(f"{as_of} 00:00").date(), state="forecast",
            p50_date=at(f"{p50} 00:00").date(), p85_date=at(f"{p85} 00:00").date(),
            p95_date=at(f"{p95} 00:00").date(), calibrated_on=0,
        )  # fmt: skip
    text = content(history)
    table = {row[0].partition("]")[0].strip("["): row[1:] for row in cells(text, "Milestones")}
    assert table["Carried"][1] == "2026-10-15 → 2026-11-30"
    assert table["Next"][1] == "–"
    # Closed 10 and 18 days after their 50 % dates; 11 days before and 6 after those of 85 %.
    assert section(text, "Forecast scorecard").splitlines() == [
        "- *50 % dates held 0 of 3 times (0 %, interval 0–56 %), forecasts of 3 milestones; milestones were closed 14"
        " days after it on average.*",
        "- *85 % dates held 1 of 2 times (50 %, interval 9–91 %), forecasts of 2 milestones; milestones were closed 2"
        " days before it on average.*",
        "- *95 % dates held 2 of 2 times (100 %, interval 34–100 %), forecasts of 2 milestones; milestones were closed"
        " 17 days before it on average.*",
        "- Worst miss: Late, closed 6 days after the 85 % date of 2026-08-01 that was forecast at the start.",
    ]


def test_what_automatic_repair_spared_is_an_assumption_that_is_said() -> None:
    history = planned()
    failed = fails(history, "08-12 10:00", sha="x")
    history.run(
        "08-12 10:00", sha="x", branch="topic", event="pull_request", attempt=2, run_id=failed, started="08-12 11:00",
        triggering_actor=BOT, triggering_actor_type="Bot",
    )  # fmt: skip
    assert section(content(history), "Automatic repair") == (
        "1 automatic repair: 1 worked (0 by a change, 1 by running again, which repairs nothing), 0 failed. That spared"
        " people about **10 min**, assuming 30 minutes for each failure that a change repaired and 10 for each that"
        " passed when it was run again. An assumption, not a measurement."
    )


def test_a_quarter_that_is_not_over_says_so() -> None:
    history = planned()
    passes(history, "10-10 10:00", 5)
    with history.built() as warehouse:
        report = quarterly_report(warehouse.con, "2026-Q4")
    assert not report.is_over
    assert report.report_date == date(2027, 1, 1)
    first = lines(report.content)
    assert first[0].startswith("**0 of 2 planned milestones were completed**; 2 still open, 0 dropped. Still open: ")
    assert first[-1].endswith("· **the quarter is not over**: figures up to 2026-11-16; this report is not published")


def test_without_any_milestone_the_report_is_about_ci() -> None:
    history = StoredHistory()
    passes(history, "07-10 10:00", 5)
    text = content(history)
    assert lines(text)[0] == "**No milestone was planned for the quarter**."
    assert section(text, "Timeline") == "No milestone was open in the quarter."
    assert section(text, "Milestones") == ""
    assert section(text, "Risks") == "Nothing stands out."
    assert section(text, "Decisions asked") == "None."
    assert "against the quarter before" not in text


def test_outside_of_what_is_stored_one_line_says_what_is() -> None:
    with planned().built() as warehouse:
        for quarter in ("Q1-2026", "Q1-2027"):
            with pytest.raises(
                NothingToReport, match=f"on {quarter}: .* holds runs from 2026-04-06 to 2026-08-16; `roadm"
            ):
                quarterly_report(warehouse.con, quarter)
        with pytest.raises(ConfigurationError, match="is not a quarter"):
            quarterly_report(warehouse.con, "third")
    with StoredHistory().built() as warehouse, pytest.raises(NothingToReport, match="holds no run yet; `roadmap run`"):
        quarterly_report(warehouse.con, QUARTER)


def test_what_happens_after_the_quarter_changes_nothing_of_it() -> None:
    texts = []
    for as_of in ("10-01 00:00", "11-16 06:00", "12-24 18:00"):
        history = planned()
        history.as_of = at(as_of)
        if history.as_of > at("10-02 00:00"):
            # What is read by then: another run, and the milestone that was carried over is closed.
            passes(history, "10-01 12:00", 3)
            row = next(row for row in history.rows["raw.milestones"] if row["title"] == "Carried")
            row |= {"state": "closed", "closed_at": at("10-01 14:00")}
        texts.append(content(history))
    assert texts[0] == texts[1] == texts[2]


def test_late_data_restate_the_quarter_with_a_diff() -> None:
    history = planned()
    noted = {"runs": 19.0, "final_pass_rate": 0.75, "milestones_completed": 2.0, "on_time_rate": None}
    for figure, value in noted.items():
        history.add(
            "sync.published_quarterly_figures", quarter="2026-Q3", figure=figure, value=value,
            published_at=at("10-01 08:00"),
        )  # fmt: skip
    assert cells(content(history), "Restated") == [
        ["passed in the end", "75.0 %", "70.0 %", "▼ 5.0 pp"],
        ["on time", "–", "50.0 %", "–"],
        ["runs", "19", "20", "+1"],
    ]


def test_a_quarter_of_which_not_all_was_read_is_no_whole_one_and_says_so() -> None:
    history = planned()
    with history.built() as warehouse:
        assert quarterly_report(warehouse.con, QUARTER).is_whole
    history.source = "exports/runs.json"  # which ends on 11 August
    with history.built() as warehouse:
        report = quarterly_report(warehouse.con, QUARTER)
    assert report.is_over
    assert not report.is_whole
    assert "2026-Q3 is compared with no other period: what was imported does not cover it" in report.content
    assert "against the quarter before" not in report.content


def test_nothing_that_strangers_write_has_an_effect() -> None:
    history = StoredHistory()
    for number, nasty in enumerate(HOSTILE, start=1):
        history.milestone(
            nasty, number, created_at=at("07-01 00:00"), due_on=at("09-01 00:00"), html_url="javascript:alert(1)"
        )
    history.run("07-13 18:00", "failure", sha="red", workflow_path=".github/workflows/a|b`@everyone.yml")
    text = content(history)
    found = assert_harmless(text)
    assert {heading.partition(" ")[0] for heading in found.headings} == {
        "Roadmap", "Timeline", "Milestones", "Forecast", "CI", "Time", "Flakiness", "Automatic", "Risks", "Decisions",
        "About", "What",
    } - ({"What"} if "### What failed" not in text else set())  # fmt: skip
    (diagram,) = re.findall(r"```mermaid\n(%%.*?\ngantt\n.*?)```", text, re.DOTALL)
    for line in diagram.splitlines()[5:]:
        days = r"[\d-]{10}, [\d-]{10}"
        assert re.fullmatch(
            rf"    (section [\w .,()/-]{{1,40}}|planned :p\d+, {days}|actual :crit, a\d+, {days})", line
        ), line
