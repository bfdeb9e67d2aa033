"""A quota or a budget that ends: a run comes home with a report that says what it rests on, and the next goes on."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import pipeline
from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.github.client import pacing, response, sender
from roadmap_pipeline.orchestration.assets import published, sources
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.launch import run_main_job
from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.origin import claim
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, small_world
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.messages import Request
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

pytestmark = pytest.mark.slow

HOURLY = 130
"""Requests an hour: fewer than the first reading of the small world takes."""


class Clock:
    """Real time that tests move on, for the simulator and for the client."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.thread_time = time.thread_time

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (pacing, sender, response):
        monkeypatch.setattr(module, "time", made)
    pacing.forget()
    return made


@pytest.fixture
def github(clock: Clock) -> Iterator[tuple[GitHubState, str]]:
    state = GitHubState(small_world(), rate_limit=HOURLY, now=clock.time)
    with Server(create_app(state)) as server:
        yield state, server.base_url


@pytest.fixture
def environment(github: tuple[GitHubState, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "roadmap.toml").write_text("[limits]\ngithub_points_per_minute = 100000\n")
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)
    return {
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": REPO,
        "GITHUB_API_URL": github[1],
        "ROADMAP_NOW": "2026-11-16T06:00:00Z",
    }


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    return load_settings(environment, tmp_path)


def count(settings: Settings, table: str) -> int:
    with duckdb.connect(settings.warehouse, read_only=True) as con:
        return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def coverage(settings: Settings) -> tuple[object, ...]:
    """Return what is known of the reported week."""
    with duckdb.connect(settings.warehouse, read_only=True) as con:
        (row,) = con.execute(
            "select runs, runs_with_jobs, due_runs, reason from marts.ingest_coverage where repo = ? and week = ?",
            [REPO, "2026-W46"],
        ).fetchall()
    return row


def ran(settings: Settings) -> RunSummary:
    runtime = Runtime(settings)
    try:
        return run_main_job(runtime)
    finally:
        runtime.close()


def _second_page(request: Request) -> bool:
    return request.query.get("page") == "2"


def call(*words: str, environment: dict[str, str]) -> Result:
    return CliRunner().invoke(main, words, env={**environment, "ROADMAP_CONFIG": ""})


def test_the_report_of_the_first_hour_says_what_it_rests_on_and_the_next_hour_reads_the_rest(
    environment: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    first = load_settings(environment, tmp_path)
    run_summary = ran(first)
    assert run_summary.paused
    runs, with_jobs, due, reason = coverage(first)
    assert reason == "jobs"
    assert (runs, due) == (124, 124 - int(str(with_jobs)))
    assert (run_summary.report_content or "").splitlines()[2] == (
        f"**Not all of this week was read**: the report rests on {with_jobs} of 124 runs with jobs; the rest follows."
    )
    clock.ahead += 3600
    later = load_settings({**environment, "ROADMAP_NOW": (CLOCK + timedelta(hours=1)).isoformat()}, tmp_path)
    run_summary = ran(later)
    assert not run_summary.paused
    assert coverage(later) == (124, 124, 0, None)
    assert "Not all" not in (run_summary.report_content or "")


def test_with_nothing_read_at_all_the_report_says_so(settings: Settings, github: tuple[GitHubState, str]) -> None:
    github[0].limits.limit = 0
    run_summary = ran(settings)
    assert run_summary.paused and "try again in" in run_summary.paused
    content = run_summary.report_content or ""
    assert "Nothing of this week has been read yet" in content
    assert "Nothing to report" not in content


def test_the_week_is_reported_before_its_list_is_read(
    settings: Settings, clock: Clock, github: tuple[GitHubState, str]
) -> None:
    # The list of runs comes sixth; its first page holds the runs of three days and a half, and then the quota is used.
    github[0].faults.add(Fault("secondary_limit", 429, 900), path="/actions/runs$", when=_second_page)
    run_summary = ran(settings)
    assert run_summary.paused
    runs, _, _, reason = coverage(settings)
    assert reason == "list"
    assert "read so far from 2026-11-" in (run_summary.report_content or "").splitlines()[2]
    assert runs == 94  # of the hundred newest, six are of Monday


def test_in_dagster_a_pause_is_a_warning_and_the_run_goes_on(settings: Settings) -> None:
    runtime = Runtime(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([sources.github_ingest], instance=instance, resources={"runtime": runtime})
    runtime.close()
    assert result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    (pause,) = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert (pause.check_name, pause.severity) == (sources.TO_THE_END, dg.AssetCheckSeverity.WARN)
    assert "try again in" in (pause.description or "")


def test_what_github_refuses_is_a_warning_on_the_table_that_lacks_it(
    settings: Settings, github: tuple[GitHubState, str]
) -> None:
    github[0].limits.limit = None
    github[0].faults.add(Fault("refusal", 451), path="/actions/jobs/1000/logs", times=9)
    runtime = Runtime(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([sources.github_ingest], instance=instance, resources={"runtime": runtime})
    run_summary = run_main_job(runtime)
    findings = [one.message for one in pipeline.diagnose(runtime) if one.subject == "not read"]
    runtime.close()
    assert result.success
    (refused,) = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert refused.asset_key == dg.AssetKey(["raw", "job_logs"])
    assert (refused.check_name, refused.severity) == (sources.EVERYTHING_READ, dg.AssetCheckSeverity.WARN)
    assert refused.metadata["not read"].value == 1
    content = run_summary.report_content or ""
    assert "GitHub did not give 1 thing (named below)" in content.splitlines()[2]
    assert "Could not be read: 1 log of a job of acme/payments" in content
    assert coverage(settings)[3] == "refused"
    assert len(findings) == 1 and "asked for again from 2026-11-16" in findings[0]


def test_comments_wait_for_the_quota_and_are_written_by_the_next_run(
    settings: Settings, clock: Clock, github: tuple[GitHubState, str]
) -> None:
    claim(settings.warehouse, settings.origin)
    with connect(settings.warehouse) as con:
        con.execute("create schema publish")
        con.execute(
            "create table publish.pull_request_comments (repo text, number int, head_sha text, body text,"
            " body_when_new text, may_create boolean)"
        )
        con.executemany(
            "insert into publish.pull_request_comments values (?, ?, 'abc', 'All is well.', 'All is well.', true)",
            [[REPO, 1], [REPO, 2]],
        )
    github[0].faults.add(Fault("secondary_limit", 403, 900), method="POST")

    def publish() -> tuple[dg.ExecuteInProcessResult, RunSummary]:
        runtime = Runtime(settings)
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([published.github_comments], instance=instance, resources={"runtime": runtime})
        runtime.close()
        return result, runtime.run_summary

    refused, run_summary = publish()
    assert refused.success
    assert run_summary.written == {}
    (note,) = run_summary.notes
    assert note.startswith("2 changes on GitHub wait: ") and "try again in 15 min" in note
    unplanned, run_summary = publish()  # nobody may even look
    assert unplanned.success
    assert run_summary.notes[0].startswith("the pull-request comments wait: ")
    clock.ahead += 901
    written, run_summary = publish()
    assert written.success
    assert run_summary.written == {REPO: {"create_comment": 2}}
    assert [entry.status for entry in github[0].journal if entry.method == "POST"] == [403, 201, 201]
    assert count(settings, "sync.changes") == 3
    with duckdb.connect(settings.warehouse, read_only=True) as con:
        states = con.execute("select state from sync.changes order by intended_at").fetchall()
    assert states == [("failed",), ("done",), ("done",)]


def test_the_command_line_ends_with_0_and_says_when_to_go_on(environment: dict[str, str], clock: Clock) -> None:
    read = call("ingest", "--json", environment=environment)
    assert read.exit_code == 0
    told = json.loads(read.stdout)
    assert "try again in" in told["paused"]
    assert told["paused"] in told["notes"]
    assert told["unreadable"] == {}
    run = call("run", "--json", environment=environment)
    assert run.exit_code == 0
    told = json.loads(run.stdout.splitlines()[-1])
    assert "try again in" in told["paused"]
    assert told["paused"] in told["notes"]


def test_a_repository_that_cannot_be_read_is_named_after_all_else_was_done(
    environment: dict[str, str], github: tuple[GitHubState, str], tmp_path: Path
) -> None:
    github[0].limits.limit = None
    run = call("run", "--json", environment={**environment, "GITHUB_REPOSITORY": f"acme/nowhere,{REPO}"})
    assert run.exit_code == 1
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("error:")]
    assert "acme/nowhere" in line and "grant access" in line
    told = json.loads(run.stdout.splitlines()[-1])
    assert list(told["unreadable"]) == ["acme/nowhere"]
    assert told["read"]["workflow_runs"] == 131
    status = json.loads(call("status", "--json", environment=environment).stdout)
    assert [one["endpoint"] for one in status["unread"]] == ["repository"]
    neither = call("run", environment={**environment, "GITHUB_REPOSITORY": "acme/nowhere"})
    assert neither.exit_code == 2


def test_a_reading_ends_with_its_budget_and_the_next_one_goes_on(
    environment: dict[str, str], github: tuple[GitHubState, str], tmp_path: Path
) -> None:
    with (tmp_path / "roadmap.toml").open("a") as file:
        file.write("github_requests_per_run = 60\n")
    settings = load_settings(environment, tmp_path)
    github[0].limits.limit = None
    found = []
    for _ in range(4):
        runtime = Runtime(settings)
        summary = pipeline.ingest(runtime)
        assert runtime.github.charged <= 60
        found.append(any("limits.github_requests_per_run" in note for note in summary.notes))
        runtime.close()
    assert (found[0], found[-1]) == (True, False)
    assert count(settings, "raw.workflow_jobs") == 134


def test_the_sensor_skips_and_asks_no_more_until_then(
    settings: Settings, clock: Clock, github: tuple[GitHubState, str]
) -> None:
    sensor = build_definitions(settings).resolve_sensor_def("on_merge")

    def tick() -> str:
        with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
            return sensor.evaluate_tick(context).skip_message or ""

    github[0].limits.limit = 1
    assert "No pull request" in tick()
    github[0].journal.clear()
    assert "try again in" in tick()
    assert list(github[0].journal) == []
    clock.ahead += 3700
    assert "No pull request" in tick()
