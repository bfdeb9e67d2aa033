"""Numbers as texts write them."""

from datetime import date

import pytest

from roadmap_pipeline.reports import format as fmt


def test_rates_and_changes() -> None:
    assert fmt.percent(0.8413) == "84.1 %"
    assert fmt.percent(None) == "–"
    assert fmt.points(0.921, 0.887) == "▼ 3.4 pp"
    assert fmt.points(0.5, 0.5001) == "±0 pp"
    assert fmt.points(None, 0.5) == "–"
    assert fmt.difference(3, 15) == "+12"
    assert fmt.difference(2.5, 1.0, " h", 1) == "−1.5 h"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0 min"), (0.58, "35 min"), (4.2, "4.2 h"), (74.4, "3.1 days")]
)
def test_hours(value: float | None, text: str) -> None:
    assert fmt.hours(value) == text


def test_only_all_is_100_per_cent_and_only_none_is_0() -> None:
    assert fmt.percent(0.9996) == "> 99.9 %"
    assert fmt.percent(0.996, 0) == "> 99 %"
    assert fmt.percent(0.0001) == "< 0.1 %"
    assert [fmt.percent(value) for value in (0, 1, 0.9994)] == ["0.0 %", "100.0 %", "99.9 %"]


def test_a_rate_reads_the_same_rounded_to_four_digits_and_whole() -> None:
    assert fmt.percent(14 / 17) == fmt.percent(round(14 / 17, 4)) == "82.4 %"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (5.5, "6 s"), (59.4, "59 s"), (622, "10 min"), (3569, "59 min"), (5000, "1.4 h")]
)
def test_seconds(value: float | None, text: str) -> None:
    assert fmt.seconds(value) == text


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "run", "1 run"), (0, "run", "0 runs"), (1200, "job", "1,200 jobs"), (2, "repository", "2 repositories")],
)
def test_plurals(number: int, noun: str, text: str) -> None:
    assert fmt.several(number, noun) == text


def test_links_lead_to_the_web_or_nowhere() -> None:
    assert fmt.link("`x`", "https://github.com/a/b/actions/runs/1") == "[`x`](https://github.com/a/b/actions/runs/1)"
    for address in (
        None,
        "",
        "javascript:alert(1)",
        "https://x.example/a b",
        "https://x.example/)",
        "https://x.example/\u202e",
    ):
        assert fmt.link("`x`", address) == "`x`"


def test_small_samples_are_marked() -> None:
    assert fmt.with_n("84.1 %", 120) == "84.1 % (n=120)"
    assert fmt.with_n("50.0 %", 4) == "*50.0 % (n=4, few)*"
    assert fmt.with_n("–", 0) == "–"
    assert [fmt.greyed("1 h", 4), fmt.greyed("1 h", 5), fmt.greyed("–", 0)] == ["*1 h*", "1 h", "–"]


def test_sparkline_spans_its_own_range_and_shows_gaps() -> None:
    assert fmt.sparkline([0.0, None, 0.5, 1.0]) == "▁·▅█"
    assert fmt.sparkline([3, 3]) == "▄▄"
    assert fmt.sparkline([0, 0]) == "▁▁"
    assert fmt.sparkline([None]) == ""


def test_iso_weeks_over_the_border_of_a_year() -> None:
    # 2026 has 53 ISO weeks; its last one ends on 3 January 2027.
    assert fmt.week_of(date(2027, 1, 3)) == "2026-W53"
    assert fmt.monday_of("2026-W53") == date(2026, 12, 28)
    assert fmt.last_complete_week(date(2026, 11, 16)) == "2026-W46"
    assert fmt.last_complete_week(date(2026, 11, 22)) == "2026-W46"
    with pytest.raises(ValueError):
        fmt.monday_of("2025-W53")
