"""Sections of one's own: left out, added by SQL in their place, and never a report that is missing or broken."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline import pipeline
from roadmap_pipeline.customization import Reports, ReportSection
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.reports.own_sections import OwnSections, cell
from roadmap_pipeline.reports.section_names import FOOTER, section_names
from roadmap_pipeline.reports.weekly import section
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless, shown
from roadmap_pipeline_tests.reports.test_budgets import UNITS, units

WEEK = "2026-W46"
REPORT = (
    "# CI report\n\nHeadline.\n\n## Do next\n\n1. This.\n\n## Scorecard\n\n| a |\n|---|\n\n## Flaky jobs\n\nOne.\n\n"
)
REPORT += "## About these numbers\n\n- All.\n"
SLOW = """
select
    jobs.job_name as job, max(jobs.html_url) as job_url, count(*) as attempts,
    avg(jobs.duration_seconds) as mean_seconds
from marts.ci_jobs as jobs
where jobs.week = $week and jobs.duration_seconds is not null
group by jobs.job_name
order by mean_seconds desc, jobs.job_name
"""


def added(title: str, after: str | None = None, **more: Any) -> ReportSection:
    return ReportSection(report="weekly", title=title, sql="x.sql", after=after, **more)


def left_out(name: str, report: Any = "weekly") -> ReportSection:
    return ReportSection(report=report, name=name, show=False)


def headings(content: str) -> list[str]:
    return [line.removeprefix("## ") for line in content.splitlines() if line.startswith("## ")]


def test_names_are_those_of_the_headings() -> None:
    weekly, quarterly = section_names("weekly"), section_names("quarterly")
    assert weekly[:3] == ("do_next", "scorecard", "what_changed")
    assert {"failures_by_category", "top_failures", "flaky_jobs", "red_default_branches"} < set(weekly)
    assert {"timeline", "forecast_scorecard", "ci_in_the_quarter", "decisions_asked"} < set(quarterly)
    assert weekly[-1] == quarterly[-1] == FOOTER == "about_these_numbers"
    described = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    assert [name for name in (*weekly, *quarterly) if f"`{name}`" not in described] == []


@pytest.mark.parametrize(
    ("sections", "wanted"),
    [
        ([left_out("scorecard"), left_out("workflows")], ["Do next", "Flaky jobs", "About these numbers"]),
        ([left_out("scorecard", "quarterly")], ["Do next", "Scorecard", "Flaky jobs", "About these numbers"]),
        ([added("A")], ["Do next", "Scorecard", "Flaky jobs", "A", "About these numbers"]),
        ([added("A", "do_next")], ["Do next", "A", "Scorecard", "Flaky jobs", "About these numbers"]),
        # The section that it comes behind is left out, or has nothing to say.
        (
            [added("A", "scorecard"), left_out("scorecard"), added("B", "what_changed")],
            ["Do next", "A", "B", "Flaky jobs", "About these numbers"],
        ),
        (
            [added("A", "do_next"), added("B", "do_next"), added("C", "milestones")],
            ["Do next", "A", "B", "Scorecard", "Flaky jobs", "C", "About these numbers"],
        ),
    ],
)
def test_each_section_comes_to_its_place(sections: list[ReportSection], wanted: list[str]) -> None:
    texts = {("weekly", WEEK, one.title or ""): f"## {one.title}\n\nText." for one in sections if one.is_own}
    arranged = OwnSections(sections, texts).arranged("weekly", WEEK, REPORT)
    assert headings(arranged) == wanted
    assert arranged.startswith("# CI report\n\nHeadline.\n\n## Do next\n")
    assert arranged.endswith("## About these numbers\n\n- All.\n")
    assert "\n\n\n" not in arranged


def test_without_any_the_report_is_the_same_to_the_byte() -> None:
    assert OwnSections().arranged("weekly", WEEK, REPORT) == REPORT


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (True, "yes"), (1234567, "1,234,567"), (0.5, "0.5"), (1234.567, "1,234.57"), (3.0, "3"),
        (float("nan"), "–"), (Decimal("10.00"), "10"), (Decimal("100"), "100"), (date(2026, 11, 9), "2026-11-09"),
        (datetime(2026, 11, 9, 8, 5, 7, tzinfo=UTC), "2026-11-09 08:05"), (timedelta(minutes=90), "1.5 h"), ("", " "),
        ("a|b", "a\\|b"), ([1, "x"], "\\[1, 'x'\\]"),
    ],
)  # fmt: skip
def test_values_read_as_people_write_them(value: Any, text: str) -> None:
    assert cell(value) == text


@given(st.lists(st.one_of(st.text(), st.sampled_from(HOSTILE), st.none(), st.integers(), st.floats()), min_size=1))
def test_no_value_breaks_out_of_its_cell(values: list[Any]) -> None:
    row = f"| {' | '.join(map(cell, values))} |"
    (table,) = assert_harmless(f"{row}\n|{'---|' * len(values)}\n{row}\n").tables
    assert len(table[1]) == len(values)


def problems(text: str, folder: Path) -> list[str]:
    (folder / "roadmap.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, folder)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('name = "flaky"\nshow = false', "has no section 'flaky'; did you mean flaky_jobs?"),
        ('name = "about_these_numbers"\nshow = false', "it can't be left out"),
        ('title = "A"\nsql = "a.sql"\nafter = "about_these_numbers"', "nothing comes after it"),
        (
            'title = "A"\nsql = "a.sql"\nafter = "nowhere at all"',
            "has no section 'nowhere at all'; choose one of do_next",
        ),
        ('title = "Flaky Jobs!"\nsql = "a.sql"', "has a section 'Flaky Jobs!' already"),
        ('title = "…"\nsql = "a.sql"', "is no line with a letter or digit"),
        ('title = "A"\nsql = "a.sql"\ntext = "## B"', "a heading would begin another section"),
        ('title = "A"', "title and sql to add one of your own"),
        ('name = "scorecard"', "give name and show = false"),
        ('name = "scorecard"\nshow = false\nsql = "a.sql"', "give name and show = false"),
        ('title = "A"\nsql = "a.sql"\nlimit = 500', "reports.sections.0.limit: "),
        ('titel = "A"\nsql = "a.sql"', "unknown key reports.sections.0.titel; did you mean title?"),
    ],
)
def test_what_is_wrong_with_a_section(keys: str, said: str, tmp_path: Path) -> None:
    found = problems(f'[[reports.sections]]\nreport = "weekly"\n{keys}\n', tmp_path)
    assert len(found) == 1, found
    assert said in found[0]


def test_sections_have_names_of_their_own_and_are_not_too_many(tmp_path: Path) -> None:
    one = '[[reports.sections]]\nreport = "weekly"\ntitle = "{}"\nsql = "a.sql"\n'
    assert "has a section 'A b' already" in problems(one.format("a B") + one.format("A b"), tmp_path)[0]
    many = "".join(one.format(f"N {number}") for number in range(11))
    assert problems(many, tmp_path) == [
        "roadmap.toml: reports.sections.0: the weekly report has 11 sections of your own, more than 10"
    ]


class Bench:
    """A copy of the organisation's warehouse, whose reports have sections of one's own."""

    def __init__(self, ran: Ran, folder: Path) -> None:
        self.folder = folder
        self.settings = replace(
            ran.settings, warehouse=str(folder / "roadmap.duckdb"), config_path=folder / "roadmap.toml"
        )
        with ran.runtime() as runtime:
            runtime.warehouse.close()
        shutil.copy(ran.settings.warehouse, self.settings.warehouse)

    def section(self, sql: str, title: str = "Mine", report: Any = "weekly", **more: Any) -> ReportSection:
        """Write the SQL of a section to its file; return the section."""
        name = f"{title}.sql"
        (self.folder / name).write_text(sql, encoding="utf-8")
        return ReportSection(report=report, title=title, sql=name, **more)

    def with_sections(self, *sections: ReportSection) -> Settings:
        """Return the settings with these sections."""
        reports = Reports(sections=sections)
        return replace(self.settings, configuration=self.settings.configuration.model_copy(update={"reports": reports}))

    def weekly(self, *sections: ReportSection) -> tuple[str, list[str]]:
        """Render and store the weekly report as a run does; return it, and the notes of the run."""
        with Runtime(self.with_sections(*sections)) as runtime:
            rendered = pipeline.render_report(runtime, WEEK)
            return rendered.content, runtime.run_summary.notes


@pytest.fixture
def bench(ran: Ran, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(ran, tmp_path)


def test_a_section_shows_the_week_in_the_report_on_the_page_and_in_notion(bench: Bench) -> None:
    slow = bench.section(SLOW, "Slow jobs", after="workflows", text="Mean over all attempts.", limit=3)
    content, notes = bench.weekly(slow, left_out("automatic_repair"))
    names = headings(content)
    assert names[names.index("Workflows") + 1] == "Slow jobs"
    assert "Automatic repair" not in names
    assert notes == []
    with duckdb.connect(bench.settings.warehouse, read_only=True) as con:
        expected = con.execute(SLOW.replace("$week", f"'{WEEK}'")).fetchmany(3)
        stored = con.execute("select content from derived.reports where period = ?", [WEEK]).fetchone()
    assert stored == (content,)
    text = section(content, "Slow jobs")
    assert text.startswith("Mean over all attempts.\n\n| job | attempts | mean seconds |\n|---|---:|---:|\n")
    (table,) = assert_harmless(text).tables
    assert [row[1:] for row in table[1:]] == [[f"{n:,}", cell(mean)] for _, _, n, mean in expected]
    assert shown(text).links == [url for _, url, _, _ in expected]
    assert text.endswith("The first 3 rows; there are more.")
    # The same text again, from what readers see, and as a page.
    assert bench.weekly(slow, left_out("automatic_repair"))[0] == content
    _, page = pipeline.preview_report_page(bench.with_sections(slow), WEEK)
    assert "<h2" in page
    assert "Slow jobs</h2>" in page
    assert pipeline.preview_report(bench.with_sections(slow), WEEK).content.count("## Slow jobs\n") == 1
    with Runtime(bench.with_sections(slow)) as runtime:
        plan = pipeline.sync(runtime, ["reports"], dry_run=True, render=True).plan
    changed = [field.after for change in plan.changes for field in change.fields if field.field == "Report Content"]
    assert any("## Slow jobs\n" in text for text in changed)


def test_a_section_of_the_quarter(bench: Bench) -> None:
    sql = "select $quarter as quarter, $quarter_start as first_day, $end as day_after, count(*) as runs\n"
    sql += "from marts.ci_runs as runs where runs.created_at >= $start and runs.created_at < $end"
    own = bench.section(sql, "Runs", "quarterly", after="risks")
    report = pipeline.preview_quarter(bench.with_sections(own, left_out("risks", "quarterly")), "Q4-2026")
    names = headings(report.content)
    assert "Risks" not in names
    assert names[names.index("Runs") + 1] == "Decisions asked"
    (table,) = shown(section(report.content, "Runs")).tables
    assert table[1][:3] == ["2026\\-Q4", "2026-10-01", "2027-01-01"]
    with Runtime(bench.with_sections(own)) as runtime:
        ended = pipeline.render_quarter(runtime)
    assert ended is None or "| 2026\\-Q3 | 2026-07-01 | 2026-10-01 |" in ended.content


def test_one_that_fails_costs_itself_and_is_named_in_run_and_doctor(bench: Bench) -> None:
    broken = bench.section("select nothing from marts.ci_weekly", "Broken")
    missing = ReportSection(report="weekly", title="Missing", sql="nowhere.sql")
    thief = bench.section("select * from read_text('roadmap.toml')", "Thief")
    fine = bench.section("select 1 as one", "Fine")
    content, notes = bench.weekly(broken, missing, thief, fine)
    for title, reason in (("Broken", "nothing"), ("Missing", "No such file"), ("Thief", "disabled by configuration")):
        text = section(content, title)
        assert text.startswith("*This section could not be made: ")
        assert reason in text
        assert "\n" not in text
        (note,) = [one for one in notes if f"the section {title} of the weekly report" in one]
        assert reason in note
    assert len(notes) == 3
    assert section(content, "Fine") == "| one |\n|---:|\n| 1 |"
    assert section(content, "About these numbers")
    assert_harmless(section(content, "Broken"))
    with Runtime(bench.with_sections(broken, fine)) as runtime:
        planned = pipeline.sync(runtime, ["reports"], dry_run=True, render=True).plan.notes
        assert [note for note in planned if "the section Broken" in note] == [planned[0]]
        found = [one for one in pipeline.diagnose(runtime) if one.subject == "reports"]
    assert [(one.state, "Broken" in one.message) for one in found] == [("problem", True)]
    with Runtime(bench.with_sections(fine)) as runtime:
        found = [one for one in pipeline.diagnose(runtime) if one.subject == "reports"]
    assert [(one.state, one.message) for one in found] == [("ok", "1 section of your own can be made")]


def test_hostile_and_many_rows_break_no_report(bench: Bench) -> None:
    with duckdb.connect(bench.settings.warehouse) as con:
        con.execute('create table marts.hostile as select unnest(?) as "x|`y`"', [list(HOSTILE)])
    hostile = bench.section('select "x|`y`", \'javascript:alert(1)\' as "x|`y`_url" from marts.hostile', "Hostile")
    empty = bench.section("select 1 as one where false", "Empty")
    wide = bench.section(f"select {', '.join(f'{n} as c{n}' for n in range(13))}", "Wide")
    long = [
        bench.section(
            "select repeat('𝄞wide|', 5000) as a, repeat('b', 5000) as b from range(60)", f"Long {n}", limit=50
        )
        for n in range(6)
    ]
    content, _ = bench.weekly(hostile, empty, wide, *long)
    (table,) = assert_harmless(section(content, "Hostile")).tables
    assert len(table) == 1 + 12
    assert section(content, "Empty") == "Nothing to show."
    assert "it gives 13 columns, more than 12" in section(content, "Wide")
    assert "rows; there are more." in section(content, "Long 0")
    assert units(content) < UNITS
