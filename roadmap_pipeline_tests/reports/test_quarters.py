"""Quarters: their names as people write them, and their days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.reports.quarters import Quarter, parse_quarter, quarter_of


@pytest.mark.parametrize("text", ["Q4-2026", "2026-Q4", "q4-2026", " 2026-q4 "])
def test_both_ways_to_write_a_quarter(text: str) -> None:
    quarter = parse_quarter(text)
    assert (quarter.period, quarter.label, quarter.report_name) == ("2026-Q4", "Q4-2026", "roadmap-report-Q4-2026.md")
    assert (quarter.first_day, quarter.last_day) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (quarter.previous.period, quarter.next.period) == ("2026-Q3", "2027-Q1")


@pytest.mark.parametrize("text", ["", "Q5-2026", "Q0-2026", "2026", "Q4", "2026-4", "Q4-26", "Q4-0000", "Q4-2026\nx"])
def test_what_is_no_quarter_is_said_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a quarter such as Q4-2026 or 2026-Q4"):
        parse_quarter(text)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_every_day_lies_in_its_quarter_and_names_come_back(day: date) -> None:
    quarter = quarter_of(day)
    assert quarter.first_day <= day <= quarter.last_day
    assert quarter.last_day + timedelta(days=1) == quarter.next.first_day
    assert quarter.next.previous == quarter == quarter.previous.next
    assert parse_quarter(quarter.label) == parse_quarter(quarter.period) == quarter
    assert quarter_of(quarter.first_day - timedelta(days=1)) == quarter.previous


def test_quarters_are_ordered_by_time() -> None:
    assert sorted([Quarter(2027, 1), Quarter(2026, 4), Quarter(2026, 1)])[0] == Quarter(2026, 1)
