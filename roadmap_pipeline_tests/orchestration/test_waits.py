"""A quota that is used up: a retry of the step in Dagster, one line on the terminal, a skipped tick; and a budget."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner
from dagster._core.execution.plan import active

from roadmap_pipeline import settings as settings_module
from roadmap_pipeline import stages
from roadmap_pipeline.cli import main
from roadmap_pipeline.definitions import build_definitions
from roadmap_pipeline.github import pacing, transport
from roadmap_pipeline.github.transport import RateLimited
from roadmap_pipeline.orchestration.assets import outside, raw
from roadmap_pipeline.orchestration.launch import run_main_job
from roadmap_pipeline.sandbox.github.app import create_app
from roadmap_pipeline.sandbox.github.faults import Fault
from roadmap_pipeline.sandbox.github.state import TOKEN, GitHubState
from roadmap_pipeline.sandbox.server import Server
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.origin import claim
from roadmap_pipeline.workspace import Workspace
from roadmap_pipeline_tests.github.conftest import REPO, small_world

HOURLY = 130
"""Requests an hour: fewer than the first reading of the small world takes."""


class Clock:
    """Time that jumps where somebody would sleep for long; ``before_jump`` looks at the world meanwhile."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.jumps: list[float] = []
        self.before_jump: Callable[[], None] = lambda: None
        self.thread_time = time.thread_time

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        if seconds < 60:
            time.sleep(seconds)
            return
        self.before_jump()
        self.jumps.append(seconds)
        self.ahead += seconds + 5


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (active, pacing, transport):
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


def test_a_step_waits_for_its_quota_outside_the_pool(
    settings: Settings, clock: Clock, github: tuple[GitHubState, str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    copyfile(Path(__file__).resolve().parents[2] / "dagster.yaml", home / "dagster.yaml")
    held: list[int] = []
    workspace = Workspace(settings)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        pools = instance.event_log_storage
        pools.set_concurrency_slots(raw.WRITER, 1)

        def in_use() -> int:
            return pools.get_concurrency_info(raw.WRITER).active_slot_count

        github[0].faults.add(Fault("secondary_limit", 429, 0), path="/milestones")
        github[0].faults.before(lambda: held.append(in_use()), path="/milestones")
        clock.before_jump = lambda: held.append(in_use())
        result = dg.materialize([raw.github_ingest], instance=instance, resources={"workspace": workspace})
        told = [entry.message for entry in instance.all_logs(result.run_id)]
    workspace.close()
    assert result.success
    (retry,) = [event for event in result.all_events if event.is_step_up_for_retry]
    assert 3500 < (retry.step_retry_data.seconds_to_wait or 0) < 3700
    assert len(clock.jumps) == 1
    assert held == [1, 0]  # while it read, and while it waited
    assert any("secondary rate limit" in text and "all requests are held back" in text for text in told)
    assert any("limits.github_quota_reserve keeps for others" in text for text in told)
    assert count(settings, "raw.workflow_runs") == 131


def test_comments_wait_for_the_quota_as_well(settings: Settings, clock: Clock, github: tuple[GitHubState, str]) -> None:
    claim(settings.warehouse, settings.origin)
    with connect(settings.warehouse) as con:
        con.execute("create schema publish")
        con.execute("create table publish.pull_request_comments (repo text, number int, head_sha text, body text)")
        con.execute("insert into publish.pull_request_comments values (?, 1, 'abc', 'All is well.')", [REPO])
    github[0].faults.add(Fault("secondary_limit", 403, 900), method="POST")
    workspace = Workspace(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([outside.github_comments], instance=instance, resources={"workspace": workspace})
    workspace.close()
    assert result.success
    assert clock.jumps == [pytest.approx(900, abs=5)]
    comments = [entry.status for entry in github[0].journal if entry.method == "POST"]
    assert comments == [403, 201]


def test_a_run_that_somebody_waits_for_ends_and_keeps_what_it_read(settings: Settings, clock: Clock) -> None:
    workspace = Workspace(settings)
    with pytest.raises(RateLimited, match=r"try again in \d\d min, at .* UTC; what was done is kept"):
        run_main_job(workspace)
    workspace.close()
    assert clock.jumps == []
    assert count(settings, "raw.workflow_runs") > 0
    assert count(settings, "raw.workflow_jobs") < 134


def test_the_command_line_says_when_to_try_again(environment: dict[str, str], clock: Clock, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["ingest"], env={**environment, "ROADMAP_CONFIG": ""})
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert "try again in" in line and "UTC; what was done is kept" in line
    assert clock.jumps == []
    assert count(load_settings(environment, tmp_path), "raw.workflow_runs") > 0


def test_a_reading_ends_with_its_budget_and_the_next_one_goes_on(
    environment: dict[str, str], github: tuple[GitHubState, str], tmp_path: Path
) -> None:
    with (tmp_path / "roadmap.toml").open("a") as file:
        file.write("github_requests_per_run = 60\n")
    settings = load_settings(environment, tmp_path)
    github[0].limits.limit = None
    found = []
    for _ in range(4):
        workspace = Workspace(settings)
        summary = stages.ingest(workspace)
        assert workspace.github.charged <= 60
        found.append(any("limits.github_requests_per_run" in note for note in summary.notes))
        workspace.close()
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
