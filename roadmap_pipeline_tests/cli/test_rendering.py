"""The output of the command line, on a terminal of some width and into a log."""

import io
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from roadmap_pipeline.cli.rendering.failures import print_hits
from roadmap_pipeline.cli.rendering.progress import terminal_reporter
from roadmap_pipeline.cli.rendering.reports import print_report, print_status
from roadmap_pipeline.cli.rendering.run_summary import print_run_summary
from roadmap_pipeline.cli.rendering.stages import print_read
from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.progress import reporting, task
from roadmap_pipeline.reports.scorecard import NOT_YET
from roadmap_pipeline.reports.weekly import weekly_report
from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails, passes


def console(width: int = 80, *, is_terminal: bool = False) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=is_terminal, color_system="standard" if is_terminal else None
    )


def printed(recorded: Console) -> str:
    """Return what was printed; no line may be wider than the console."""
    assert isinstance(recorded.file, io.StringIO)
    text = recorded.file.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", text)
    assert max(cell_len(line) for line in plain.splitlines()) <= recorded.width
    return text


@pytest.fixture(scope="module")
def run_summary() -> RunSummary:
    history = StoredHistory()
    for week, passing in (("11-03", 109), ("11-10", 107)):
        passes(history, f"{week} 10:00", passing)
        for number in range(10):
            fails(history, f"{week} 11:00", pull_request_numbers=[number])
    history.run("11-13 18:00", "failure", sha="red")
    with history.built() as warehouse:
        report = weekly_report(warehouse.con, "2026-W46")
    return RunSummary(
        read={"workflow_runs": 3264, "issues": 0},
        notes=["branch feature/[x] names no milestone"],
        report_name=report.report_name,
        report_content=report.content,
        roadmap=[
            {"milestone": "Observability · acme/payments", "target": "2026-11-06", "status": "In Progress",
             "progress": "100 %", "pass rate": "100.0 %", "trend": "Stable"},
            {"milestone": "[bold]Cost controls", "target": None, "status": "Planned", "progress": "0 %",
             "pass rate": "–", "trend": "Stable"},
        ],
        written={"Engineering Roadmap": Counter({"update_row": 2})},
        writes={"notion": 2, "github": 0},
        seconds=29.04,
    )  # fmt: skip


def test_the_summary_fits_eighty_columns(run_summary: RunSummary, tmp_path: Path) -> None:
    recorded = console()
    print_run_summary(recorded, load_settings({}, tmp_path), run_summary)
    text = printed(recorded)
    assert "mermaid" not in text and "xychart" not in text
    assert "3,264 workflow runs" in text and "issues" not in text.partition("ci-report")[0]
    assert "note: branch feature/[x] names no milestone" in text
    assert "ended the week red on the default branch" in text
    lines = text.splitlines()
    (head,) = [line for line in lines if line.startswith(" metric")]
    assert head.split() == ["metric", "this", "week", "last", "week", "Δ", "2", "weeks", "n"]
    for metric in ("passed first try", "passed in the end", "to green, 90 %", "CI health score"):
        assert sum(line.strip().startswith(metric) for line in lines) == 1  # one line each: nothing wrapped
    assert any(line.split()[:3] == ["passed", "in", "the"] and "118 (119)" in line for line in lines)
    assert any("to green, median" in line and NOT_YET in line and "*" not in line for line in lines)
    assert "[bold]Cost controls" in text
    assert "Engineering Roadmap: 2 rows updated" in text
    for command in ("roadmap ui", "roadmap report", 'roadmap query "from marts.ci_weekly limit 5"'):
        assert f"  {command}" in [line.rstrip() for line in lines]
    assert "Done in 29.0 s." in text


@pytest.mark.parametrize("width", [40, 60, 79, 100, 200])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_summary_at_other_widths(run_summary: RunSummary, tmp_path: Path, width: int, is_terminal: bool) -> None:
    recorded = console(width, is_terminal=is_terminal)
    print_run_summary(recorded, load_settings({}, tmp_path), run_summary)
    text = printed(recorded)
    assert ("last week" in text) is (width >= 76)
    assert ("\x1b[" in text) is is_terminal
    assert "Done in 29.0 s." in re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_an_outcome_of_nothing(tmp_path: Path) -> None:
    recorded = console()
    print_run_summary(recorded, load_settings({}, tmp_path), RunSummary())
    text = printed(recorded)
    assert "nothing new since the last run" in text
    assert "no rows" in text
    assert "Nothing: Notion and GitHub already said what they should." in text


def test_what_to_do_next_depends_on_the_credentials(tmp_path: Path) -> None:
    real = {
        "GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme/payments", "NOTION_API_KEY": "n",
        "NOTION_PARENT_PAGE_ID": "5a11d0c5-0000-4000-8000-00000000ac3e",
    }  # fmt: skip
    texts = []
    for environment in ({}, real):
        recorded = console()
        print_run_summary(recorded, load_settings(environment, tmp_path), RunSummary())
        texts.append(printed(recorded))
    assert "For the real thing set GITHUB_TOKEN" in texts[0]
    assert "the sandbox's Notion" in texts[0]
    assert "real thing" not in texts[1]
    assert "sandbox" not in texts[1]


def test_a_report_is_printed_without_its_diagrams() -> None:
    recorded = console()
    print_report(recorded, "## A\n\n```mermaid\npie\n```\n\nbetween\n\n```python\nx = 1\n```\n")
    text = printed(recorded)
    assert "pie" not in text
    assert "between" in text and "x = 1" in text


def test_a_table_is_aligned_and_shows_markup_as_text() -> None:
    recorded = console()
    print_table(
        recorded, "Title", [{"name": "[red]a", "n": 5, "rate": "84.1 %"}, {"name": "b", "n": 1200, "rate": None}]
    )
    lines = [line.rstrip() for line in printed(recorded).splitlines() if line.strip()]
    assert lines[0] == "Title"
    assert lines[1].split() == ["name", "n", "rate"]
    assert lines[3].split() == ["[red]a", "5", "84.1", "%"]
    assert lines[4].lstrip() == "b       1200"


def test_a_table_wider_than_the_console_becomes_a_block_a_row() -> None:
    rows = [{f"column_number_{number}": number for number in range(20)} for _ in range(2)]
    recorded = console()
    print_table(recorded, "Wide", rows)
    lines = [line.rstrip() for line in printed(recorded).splitlines()]
    assert lines[0] == "Wide"
    assert lines[1].startswith("row 1 ─")
    assert "column_number_7   7" in lines
    assert sum(line.startswith("row ") for line in lines) == 2


def test_no_rows_and_very_many() -> None:
    recorded = console()
    print_table(recorded, None, [], ["a", "b"])
    assert printed(recorded).rstrip().endswith("no rows")
    recorded = console()
    print_table(recorded, None, [{"a": number} for number in range(1700)])
    text = printed(recorded)
    assert "… and 1,200 more rows; --json prints them all" in text
    assert "\n499" in text.replace(" ", "")
    assert "\n500" not in text.replace(" ", "")


def test_a_wide_table_without_rows_names_its_columns_whole() -> None:
    recorded = console()
    names = [f"first_attempt_pass_rate_{number}" for number in range(40)]
    print_table(recorded, None, [], names)
    text = printed(recorded)
    assert text.startswith("columns: first_attempt_pass_rate_0, first_attempt_pass_rate_1,")
    assert set(names) <= {word.rstrip(",") for word in text.split()}
    assert text.endswith("\nno rows\n")


def status(**values: Any) -> dict[str, Any]:
    return {
        "warehouse": "data/[x].duckdb",
        "as_of": "2026-11-16 06:00:00",
        "latest_week": {
            "week": "2026-W46", "runs": 1, "conclusive_runs": 1, "final_pass_rate": 1.0, "failed_job_attempts": 0,
            "top_failure_category": None, "episodes_open": 0, "rests_on": "",
        },
        "milestones": [
            {"title": "Observability · acme/payments", "target_date": date(2026, 11, 6), "status": "In Progress",
             "progress": 0.55, "work_done": 0.4615, "workflow_pass_rate": 0.8235,
             "conclusive_runs": 17, "trend": "Stable", "open_risks": 2,
             "risk": "Off track since 2026-11-02; Blocked since 2026-11-09"},
        ],
        "repositories": [
            {"repo": "acme/payments", "runs": 1615, "newest_run": at("11-16 05:59"), "last_read": "2026-11-16 06:00"}
        ],
        "unread": [],
        "dropped": [],
        "sync": {"last_verified_at": None, "rows": [], "conflicts": [], "trashed": [], "reliability": None},
    } | values  # fmt: skip


def test_the_status() -> None:
    recorded = console()
    print_status(recorded, status())
    text = printed(recorded)
    assert "Warehouse data/[x].duckdb, as of 2026-11-16 06:00:00 UTC" in text
    assert "2026-W46 1 run, 100.0 % (n=1, few) passed in the end, 0 failed jobs\n" in text
    assert re.search(r"In Progress +55 % +46 % +82\.4 % +17 +Stable", text)
    assert "Off track since 2026-11-02; Blocked since" in text
    assert re.search(r"acme/payments +1,615 +2026-11-16 05:59 +2026-11-16 06:00", text)
    assert "note:" not in text and "still to read" not in text


def test_the_status_says_what_is_missing() -> None:
    given = status(
        unread=[{"text": "2 logs of jobs of [acme]/payments: 500 Server Error"}],
        dropped=[{"text": "payloads of 12 rows of raw.workflow_jobs from before 2026-08-18"}],
    )
    given["latest_week"]["rests_on"] = "Not all of this week was read."
    given["repositories"][0] |= {"complete_from": "2026-W40", "due_runs": 1, "listed_from": at("09-27 06:00")}
    recorded = console()
    print_status(recorded, given)
    text = printed(recorded)
    assert "note: Not all of this week was read.\n" in text
    assert "still to read: runs before 2026-09-27 06:00 and jobs of 1 run of" in text
    flat = " ".join(text.split())
    assert "(complete from 2026-W40 on)" in flat
    assert "not read: 2 logs of jobs of [acme]/payments: 500 Server Error\n" in text
    assert "dropped by retention so far: payloads of 12 rows of raw.workflow_jobs from before 2026-08-18" in flat


def test_the_status_of_very_many_repositories_shows_both_ends() -> None:
    many = [
        {"repo": f"acme/r{number:03}", "runs": number, "newest_run": at("11-16 05:59"), "last_read": "2026-11-16 06:00"}
        | {"complete_from": None, "due_runs": 1}
        for number in range(100)
    ]
    recorded = console()
    print_status(recorded, status(repositories=many))
    text = printed(recorded)
    shown = re.findall(r"acme/r(\d+) +\d+ +2026", text)
    assert shown == [f"{number:03}" for number in [*range(99, 89, -1), *range(9, -1, -1)]]
    flat = " ".join(text.split())
    assert "Those with most and with fewest runs; 80 other repositories: roadmap status --json" in flat
    assert text.count("still to read: jobs of 1 run of") == 20
    assert "still to read: 80 other repositories: roadmap status --json" in text


def test_the_status_of_a_warehouse_without_runs() -> None:
    recorded = console()
    print_status(recorded, status(as_of=None, latest_week=None, milestones=[], repositories=[]))
    text = printed(recorded)
    assert "not built yet" in text
    assert text.count("no rows") == 2


def test_progress_in_a_log_is_a_line_per_ended_task_that_did_something() -> None:
    stream = io.StringIO()
    with terminal_reporter(stream) as reporter, reporting(reporter):
        with task("Reading runs of acme/payments", total=3000) as reading:
            for _ in range(3):
                reading.advance(1000)
        with task("Reading what isn't there"):
            pass
        with pytest.raises(ValueError), task("Failing") as failing:
            failing.advance()
            failing.describe("Failing at the end")
            raise ValueError
    lines = stream.getvalue().splitlines()
    assert [re.sub(r"\d\.\d s", "_ s", line) for line in lines] == [
        "Reading runs of acme/payments: 3,000 (_ s)",
        "Failing at the end: 1 (_ s)",
    ]


def test_a_long_task_says_how_far_it_is() -> None:
    stream = io.StringIO()
    with terminal_reporter(stream, every_s=0.0) as reporter, reporting(reporter):
        with task("Reading", total=2000) as reading:
            reading.advance(1000)
        with task("Looking") as looking:
            looking.advance()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Reading: 1,000 of 2,000 so far"
    assert lines[2] == "Looking: 1 so far"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_bars_that_go_away() -> None:
    stream = Tty()
    with terminal_reporter(stream) as reporter, reporting(reporter), task("Reading [x]", total=2) as reading:
        reading.advance()
        reading.describe("Reading [y]")
    assert "(0." not in stream.getvalue()  # no line of the log


def test_what_an_ingest_read() -> None:
    recorded = console()
    print_read(recorded, {"workflow_runs": 12345}, ["one [note]"])
    text = printed(recorded)
    assert re.search(r"workflow_runs +12,345", text)
    assert "note: one [note]" in text


@pytest.mark.parametrize(
    ("comparable", "said", "told"),
    [
        (0, 0, ""),
        (3, 0, "; passing runs say that line, too, in 0 of 3 jobs whose passing log is known"),
        (3, 2, "in 2 of 3 jobs whose passing log is known; too loose: it hits passing logs"),
    ],
)
def test_a_pattern_that_passing_runs_of_the_job_say_too_is_too_loose(comparable: int, said: int, told: str) -> None:
    hits = {
        "hits": {"unknown": 4}, "hits_unknown": 4, "hits_elsewhere": 0, "failing_logs": 9, "passing_logs": 0,
        "hits_passing": [], "examples": [], "comparable_logs": comparable, "hits_said_by_passing": said,
    }  # fmt: skip
    recorded = console(200)
    print_hits(recorded, hits)
    assert " ".join(printed(recorded).split()).endswith(told or "of 9 failing logs")
