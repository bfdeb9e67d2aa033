"""Every published number can be asked for, and the inputs of the answer recompute it."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.explain.answers import recomputed
from roadmap_pipeline.explain.ci_share import TABLES as CI_TABLES
from roadmap_pipeline.explain.ci_share import inputs_of_ci
from roadmap_pipeline.explain.evidence import COUNTED, inputs_of
from roadmap_pipeline.explain.figures import Figure, find_figures, tables_of
from roadmap_pipeline.explain.lineage import trace
from roadmap_pipeline.explain.milestone import explain_milestone
from roadmap_pipeline.explain.recompute import attached, compute_anew
from roadmap_pipeline.explain.subjects import Subject, find_subject
from roadmap_pipeline.warehouse.models import project, project_directory
from roadmap_pipeline.warehouse.query import open_published
from roadmap_pipeline_tests.conftest import Ran

SUBJECTS = ("2026-W46", "Q4-2026", "Stage 7.3", "Observability · acme/platform", "Checkout v1")

GIVEN = {
    "week": ("week", "report_name"),
    "quarter": ("quarter", "report_name"),
    "milestone": ("number",),
}


def _published(con: Any, subject: Subject) -> Iterator[Figure]:
    """Yield every number that the subject's tables hold of it, each with the row's key."""
    wanted = [(one.repo, one.number) for one in subject.milestones]
    for table, keys in tables_of(project(), subject.kind).items():
        cursor = con.execute(f"select * from {table}")
        names = [column[0] for column in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            if subject.milestones:
                if (row["repo"], row["number"]) not in wanted:
                    continue
            elif (
                row.get(subject.kind, subject.period) != subject.period
                or row.get("report_name", subject.report_name) != subject.report_name
            ):
                continue
            key = {name: row[name] for name in keys}
            for name, value in row.items():
                if name not in keys and isinstance(value, int | float) and not isinstance(value, bool):
                    yield Figure(table, name, key, value)


def _all_figures(con: Any) -> list[tuple[Subject, Figure]]:
    return [(subject, figure) for name in SUBJECTS for subject in [find_subject(con, name)] for figure in
            _published(con, subject)]  # fmt: skip


@pytest.mark.slow
def test_every_number_is_found_by_its_name_and_row(ran: Ran) -> None:
    with open_published(ran.settings.warehouse) as con:
        figures = _all_figures(con)
        assert len({figure.table for _, figure in figures}) >= 12
        for subject, figure in figures:
            of = [
                str(value)
                for name, value in figure.key.items()
                if name not in GIVEN[subject.kind] and value is not None
            ]
            assert find_figures(con, project(), subject, f"{figure.table}.{figure.column}", of) == [figure]
            found = find_figures(con, project(), subject, figure.column, of)
            assert len(found) == 1, figure
            # Where two tables hold one number it is the same, but for its rounding; forecasts count issues only.
            if "forecast" not in found[0].table + figure.table:
                assert found[0].value == pytest.approx(figure.value, abs=0.006), (found, figure)


@pytest.mark.slow
def test_every_number_has_its_sql_and_ends_in_rows_that_happened(ran: Ran) -> None:
    with open_published(ran.settings.warehouse) as con:
        columns = {(figure.table, figure.column) for _, figure in _all_figures(con)}
        lineage: dict[Any, Any] = {}
        for table, column in sorted(columns):
            steps = trace(con, project(), table, column, lineage)
            assert steps[0].table == table
            assert steps[0].columns[column], f"{table}.{column} is not described"
            for step in steps:
                is_model = step.table.split(".")[0] in ("staging", "intermediate", "marts", "publish")
                assert (step.file is not None) == is_model
                assert step.file is None or (project_directory().parent / step.file).is_file()
            assert steps[-1].level > 0 or table == "marts.red_episodes"


@pytest.mark.slow
def test_the_inputs_recompute_every_number(ran: Ran) -> None:
    with open_published(ran.settings.warehouse) as con:
        figures = [figure for _, figure in _all_figures(con)]
    targets = {(figure.table.split(".")[0], figure.table.split(".")[1]) for figure in figures}
    with attached(ran.settings.warehouse) as con:
        computed = compute_anew(con, project(), targets - {("marts", "red_episodes")})
        assert "intermediate.int_period_figures" in computed and "publish.notion_roadmap" in computed
        wrong = [
            (figure, value)
            for figure in figures
            if (value := recomputed(con, figure)) != pytest.approx(figure.value, rel=1e-12)
        ]
    assert wrong == []


def test_rows_behind_a_count_are_as_many_as_it_says(ran: Ran) -> None:
    with open_published(ran.settings.warehouse) as con:
        checked = set()
        for table, key in (("marts.ci_weekly", "week"), ("marts.quarterly_rollup", "quarter")):
            cursor = con.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description or ()]
            for values in cursor.fetchall()[::3]:
                row = dict(zip(names, values, strict=True))
                for column in COUNTED.keys() & row.keys():
                    figure = Figure(table, column, {"repo": row["repo"], key: row[key]}, row[column])
                    (inputs,) = inputs_of(con, figure, row[key])
                    assert inputs.rows == row[column], figure
                    assert all(one["url"].startswith("https://") for one in inputs.examples)
                    checked.add(column)
    assert checked == COUNTED.keys() - {"total_failures", "flaky_job_attempts"}


def test_rows_behind_a_milestone_are_those_of_its_window(ran: Ran) -> None:
    with open_published(ran.settings.warehouse) as con:
        milestones = con.execute(
            "select w.repo, w.number, w.conclusive_runs - w.passed_runs, w.passed_runs, w.failing_attempts,"
            " w.autofix_attempts, m.open_items from marts.milestone_windows as w"
            " join marts.milestones as m on m.repo = w.repo and m.number = w.number"
        ).fetchall()
        assert len(milestones) == 10
        for repo, number, failed, passed, attempts, repairs, open_items in milestones:
            (key,) = find_subject(con, f"{repo}#{number}").milestones
            explained = explain_milestone(con, project(), key)
            assert [one.rows for one in explained.inputs["pass_rate"]][:2] == [failed, passed]
            assert [one.rows for one in explained.inputs["autofix_success"]] == [attempts, repairs]
            assert explained.inputs["work"][0].rows == open_items
            assert sum(rule["points_possible"] for rule in explained.rules) == 100


KEYS = ("repo", "number", "week", "quarter")


def test_rows_behind_what_ci_cost_are_as_many_as_it_says(ran: Ran) -> None:
    shown = set()
    with open_published(ran.settings.warehouse) as con:
        for table in CI_TABLES:
            cursor = con.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description or ()]
            for values in cursor.fetchall()[::5]:
                row = dict(zip(names, values, strict=True))
                key: dict[str, Any] = {name: row[name] for name in KEYS if name in row}
                for column in ("job_attempts", "flaky_job_attempts", "red_main_hours", "red_main_days", "moved_days"):
                    if column in row:
                        inputs = inputs_of_ci(con, Figure(table, column, key, row[column]))
                        if column.endswith("attempts"):
                            assert [one.rows for one in inputs] == [row[column]], (table, key)
                        elif row[column] and column.startswith("red"):
                            assert inputs[0].rows > 0 and inputs[0].examples, (table, key)
                        shown.add((table, column))
    assert len(shown) == 3 * 3 + 2


def test_what_a_manager_is_told(ran: Ran) -> None:
    environment = {"ROADMAP_WAREHOUSE": ran.settings.warehouse}

    def told(*words: str) -> str:
        result = CliRunner().invoke(main, ["explain", *words], env=environment)
        assert result.exit_code == 0, result.output
        return result.output

    text = told("stage-7.3")
    assert "85 % progress, 79 % of the work done" in text
    assert "1 more repair would" in text and "/actions/runs/" in text and "milestone_progress.sql" in text
    # CI's share of it, and a week in which its date moved: the days between both dates, which the parts add up to
    assert "pull request held up by others' failures" in text
    moved = re.search(r"(2026-W\d\d) (moved|moved earlier) by (\d+) days?: (.*?) \((\S+) → (\S+)\)", text)
    assert moved is not None
    week, direction, days, parts, before, after = moved.groups()
    difference = (date.fromisoformat(after) - date.fromisoformat(before)).days
    assert difference == (int(days) if direction == "moved" else -int(days))
    assert sum(int(part.split()[0]) for part in parts.split(", ")) == int(days)
    text = told("stage-7.3", "moved_days", "--of", week)
    assert f"moved_days of stage-7.3, acme/payments, {week}: {difference}" in text
    assert "milestone_slips.sql" in text
    # of two repositories: each, and both together
    text = told("Observability")
    assert "(acme/payments): 100 %" in text and "(acme/platform): 30 %" in text and "together with" in text
    text = told("2026-W46", "first_attempt_pass_rate")
    assert "84.7 %" in text and "marts/ci/ci_weekly.sql" in text and "first attempts that failed: 18" in text
    assert "Fraction 0–1: passed ÷" in told("ci-report-2026-W46.md", "final_pass_rate")
    answer = json.loads(told("Q4-2026", "failed_runs", "--json"))
    assert (answer["subject"], answer["metric"], answer["key"]["repo"]) == ("2026-Q4", "failed_runs", "*")
    assert answer["inputs"][0]["rows"] == answer["value"]
    assert {step["table"] for step in answer["lineage"]} >= {"marts.ci_daily", "marts.ci_runs"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Stage 73"], "did you mean 'Stage 7.3'"),
        (["2026-W99"], "2026-W99 is not in the warehouse: the weeks from 2026-W21"),
        (["Q1-2031"], "2031-Q1 is not in the warehouse: the quarters from"),
        (["2026-W46", "flakey_jobs"], "did you mean flaky_jobs"),
        (["2026-W46", "share"], "choose with --of dependency_install, or"),
        (["Stage 7.3", "pas_rate"], "did you mean"),
        (["Stage 7.3", "--what-if", "threshold=1"], "--what-if threshold: unknown"),
        (["Stage 7.3", "--what-if", "fixed=test_webhoks.py::test_ordering"], "did you mean tests/test_webhooks.py"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(words: list[str], said: str, ran: Ran) -> None:
    result = CliRunner().invoke(main, ["explain", *words], env={"ROADMAP_WAREHOUSE": ran.settings.warehouse})
    assert result.exit_code == 2
    assert said in result.output


def test_nothing_is_written(ran: Ran) -> None:
    snapshot = Path(ran.settings.warehouse).with_name("roadmap.snapshot.duckdb")
    before = snapshot.stat()
    figures = "2026-W46", "failed_runs", "--what-if", "fixed=tests/test_webhooks.py::test_ordering"
    result = CliRunner().invoke(main, ["explain", *figures], env={"ROADMAP_WAREHOUSE": ran.settings.warehouse})
    assert result.exit_code == 0 and "What if" in result.output
    assert (snapshot.stat().st_mtime_ns, snapshot.stat().st_size) == (before.st_mtime_ns, before.st_size)
