"""The paragraphs of a milestone's page on its end, by hand, and the page of a forecast in the tables."""

from datetime import date
from typing import Any

import pytest

from roadmap_pipeline.milestones.forecast import calibration, simulation
from roadmap_pipeline.reports import milestone_forecast
from roadmap_pipeline.reports.milestone import milestone_pages
from roadmap_pipeline.reports.milestone_facts import milestone_facts
from roadmap_pipeline.reports.milestone_forecast import forecast_paragraphs
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory

ROW: dict[str, Any] = {
    "forecast_state": "forecast",
    "forecast_reason": "7 issues open; about 1.5 closed and 0.2 added a week.",
    "p50_date": date(2026, 12, 18),
    "p85_date": date(2027, 1, 29),
    "p95_date": None,
    "probability_on_time": 0.354,
    "is_calibrated": False,
    "calibrated_on": 0,
    "forecast_accuracy": "85 % dates were met 41 of 49 times (84 %, interval 71–91 %)",
}


def test_dates_stand_beside_how_often_such_dates_were_met():
    assert forecast_paragraphs(ROW) == [
        "**By 2027-01-29 in 85 % of 5,000 simulated courses**, by 2026-12-18 in half of them, by more than two years"
        " from now in 95 %. The target date is met in 35 %.",
        "7 issues open; about 1.5 closed and 0.2 added a week.",
        "How far to trust it: of past forecasts, 85 % dates were met 41 of 49 times (84 %, interval 71–91 %). The dates"
        " are uncalibrated: that takes 20 finished milestones.",
    ]


@pytest.mark.parametrize(
    ("values", "paragraph", "text"),
    [
        ({"probability_on_time": None}, 0, "now in 95 %."),
        ({"forecast_accuracy": None}, 2, "of past forecasts, no date has been judged yet. The dates are uncalibrated"),
        ({"is_calibrated": True, "calibrated_on": 23}, 2, "The dates are calibrated on 23 finished milestones."),
        ({"forecast_state": "no_progress_4w", "forecast_reason": "Nothing."}, 0, "No date can be told. Nothing."),
    ],
)
def test_what_is_not_known_is_not_said(values: dict[str, Any], paragraph: int, text: str):
    assert text in forecast_paragraphs(ROW | values)[paragraph]


def test_nothing_is_said_without_a_forecast():
    assert forecast_paragraphs(ROW | {"forecast_state": None}) == []


def test_the_numbers_named_are_the_models():
    assert (milestone_forecast.DRAWS, milestone_forecast.LEAST_MILESTONES) == (
        simulation.DRAWS,
        calibration.LEAST_MILESTONES,
    )


def test_the_page_has_a_section_while_the_milestone_is_open():
    history = StoredHistory()
    for number, state in ((1, "open"), (2, "closed")):
        history.milestone(f"Stage {number}", number, state=state)
        history.add(
            "derived.milestone_forecasts", repo=REPO, number=number, as_of=date(2026, 11, 16), state="no_items",
            reason="No issue and no pull request belongs to it yet.", calibrated_on=0,
        )  # fmt: skip
    with history.built() as warehouse:
        pages = [row["page"] for row in milestone_pages(milestone_facts(warehouse.con))]
    section = (
        "## When it will be finished\n\nNo date can be told. No issue and no pull request belongs to it yet.\n\n## What"
    )
    assert [section in page for page in pages] == [True, False]
    assert "When it will be" not in pages[1]
