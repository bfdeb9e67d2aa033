"""Schedules and sensors as their ticks see them: on a Dagster instance, against simulated servers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.schedules import missed_weeks
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline_tests.github.conftest import REPO, ago, pull_request, run, serve, small_world
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.state import TOKEN

__all__ = ["serve"]

OTHER = "acme/other"
WEEKLY = f"[automation]\nweekly_workflows = {{ '{REPO}' = '.github/workflows/ci.yml' }}\n"
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)
REPORTS = dg.AssetKey(["notion", "ci_reports"])

Tick = Callable[[GitHubContent, str | None], tuple[list[dg.RunRequest], str | None, str | None]]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:  # ticks of schedules need one that is on disk
        yield made


def configured(folder: Path, text: str = "", **environment: str) -> Settings:
    (folder / "roadmap.toml").write_text(text)
    return load_settings({"ROADMAP_NOW": "2026-11-16T06:00:00Z", **environment}, folder)


@pytest.fixture
def tick(serve: Any, tmp_path: Path, instance: dg.DagsterInstance) -> Callable[..., Any]:
    """Return a function that evaluates a sensor against a GitHub of some content."""

    def evaluate(
        name: str, content: GitHubContent, cursor: str | None, text: str = WEEKLY, repos: str = REPO
    ) -> tuple[list[Any], str | None, str | None, list[int]]:
        served = serve(content)
        environment = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": repos, "GITHUB_API_URL": served.base_url}
        definitions = build_definitions(configured(tmp_path, text, **environment))
        sensor = definitions.resolve_sensor_def(name)
        repository = definitions.get_repository_def()
        with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context:
            data = sensor.evaluate_tick(context)
        statuses = [status for _method, _path, status in served.journal()]
        return list(data.run_requests or ()), data.cursor, data.skip_message, statuses

    return evaluate


def merged(number: int, minutes: int) -> dict[str, Any]:
    at = ago(minutes=minutes)
    return pull_request(number, updated_at=at, state="closed", closed_at=at, merged_at=at, merge_commit_sha="b" * 40)


def test_several_merges_ask_for_one_run_and_a_look_at_nothing_new_is_free(tick: Callable[..., Any]) -> None:
    content = small_world()
    requests, cursor, skipped, _ = tick("on_merge", content, None)
    assert (requests, skipped) == ([], "No pull request was merged since the last look.")
    content.pull_requests[REPO] += [merged(7, 20), merged(6, 10)]
    (request,), cursor, _, _ = tick("on_merge", content, cursor)
    assert request.run_key == f"merge:{REPO}#6@{'b' * 40}"
    assert (request.tags["merges"], request.tags["newest_merge"]) == ("2", f"{REPO}#6")
    assert tick("on_merge", content, cursor)[0] == []


def test_a_repository_that_can_not_be_read_keeps_no_other_from_being_looked_at(tick: Callable[..., Any]) -> None:
    content = small_world()
    both = f"{OTHER},{REPO}"
    _, cursor, _, _ = tick("on_merge", content, None, repos=both)
    content.pull_requests[REPO].append(merged(7, 20))
    (request,), _, _, statuses = tick("on_merge", content, cursor, repos=both)
    assert request.tags["newest_merge"] == f"{REPO}#7"
    assert 404 in statuses


def test_without_any_that_can_be_read_the_cursor_stays(tick: Callable[..., Any]) -> None:
    requests, cursor, skipped, _ = tick("on_merge", small_world(), None, repos=OTHER)
    assert (requests, cursor) == ([], None)
    assert skipped is not None and OTHER in skipped and "the next tick tries again" in skipped


def test_the_end_of_the_weekly_workflow_asks_for_the_week_that_ended(tick: Callable[..., Any]) -> None:
    content = small_world()
    assert tick("on_weekly_ci", content, None)[0] == []
    _, cursor, _, _ = tick("on_weekly_ci", content, None)
    content.runs[REPO].append(run(999, ago(minutes=50), event="schedule", updated_at=ago(minutes=2)))
    content.runs[REPO].append(run(1000, ago(minutes=50), event="schedule", status="in_progress", conclusion=None))
    (request,), cursor, _, _ = tick("on_weekly_ci", content, cursor)
    assert (request.run_key, request.partition_key) == (f"completed:{REPO}#999.1", "2026-11-09")
    assert tick("on_weekly_ci", content, cursor)[0] == []


def test_without_a_weekly_workflow_the_sensor_says_which_setting_names_one(tick: Callable[..., Any]) -> None:
    requests, _, skipped, statuses = tick("on_weekly_ci", small_world(), None, text="")
    assert (requests, statuses) == ([], [])
    assert "automation.weekly_workflows" in (skipped or "")


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        ('"all"', {"hourly_ingest_schedule", "weekly_report_schedule", "on_merge", "on_notion_edit"}),
        ('["on_merge"]', {"on_merge"}),
        ("[]", set()),
    ],
)
def test_what_runs_from_the_start_is_configuration(tmp_path: Path, running: str, expected: set[str]) -> None:
    definitions = build_definitions(configured(tmp_path, f"[automation]\nrunning = {running}\n"))
    started = {
        one.name
        for one in (*(definitions.schedules or ()), *(definitions.sensors or ()))
        if one.default_status.value == "RUNNING" and one.name != "dead_runs"
    }
    assert started >= expected
    assert bool(started) == bool(expected)
    assert "automation" not in started


def test_a_wrong_file_keeps_the_code_location_from_nothing_and_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roadmap.toml"
    file.write_text('[automation]\nrunning = ["on_merg"]\n')
    monkeypatch.setenv("ROADMAP_CONFIG", str(file))
    definitions = build_definitions()
    assert {one.default_status.value for one in definitions.schedules or ()} == {"STOPPED"}


def weeks_asked_for(settings: Settings, instance: dg.DagsterInstance, at: datetime) -> list[tuple[str, str]]:
    definitions = build_definitions(settings)
    schedule = definitions.resolve_schedule_def("weekly_report_schedule")
    with dg.build_schedule_context(
        scheduled_execution_time=at, instance=instance, repository_def=definitions.get_repository_def()
    ) as context:
        requests = schedule.evaluate_tick(context).run_requests or ()
    return [(str(one.partition_key), str(one.run_key)) for one in requests]


def test_a_week_that_was_missed_is_made_up_for(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = configured(tmp_path)
    assert weeks_asked_for(settings, instance, MONDAY) == [("2026-11-09", "2026-11-09")]
    instance.report_runless_asset_event(dg.AssetMaterialization(REPORTS, partition="2026-10-19"))
    instance.report_runless_asset_event(dg.AssetMaterialization(REPORTS, partition="2026-11-02"))
    assert weeks_asked_for(settings, instance, MONDAY) == [
        ("2026-10-26", "2026-10-26, made up for on 2026-11-16"),
        ("2026-11-09", "2026-11-09"),
    ]


def test_jobs_that_are_requested_without_a_week_have_nothing_by_weeks(tmp_path: Path) -> None:
    definitions = build_definitions(configured(tmp_path))
    by_week = {
        name
        for name in (
            "main",
            "hourly_ingest",
            "weekly_report",
            "quarterly_report",
            "roadmap_on_merge",
            "roadmap_two_way",
        )
        if definitions.resolve_job_def(name).partitions_def is not None
    }
    assert by_week == {"main", "weekly_report", "quarterly_report"}


def test_the_quarterly_report_is_requested_with_a_week_that_there_is(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    definitions = build_definitions(configured(tmp_path))
    schedule = definitions.resolve_schedule_def("quarterly_report_schedule")
    with dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 10, 1, 8, tzinfo=UTC),
        instance=instance,
        repository_def=definitions.get_repository_def(),
    ) as context:
        (request,) = schedule.evaluate_tick(context).run_requests or ()
    assert request.partition_key == "2026-09-21"


def test_no_more_than_four_weeks_are_made_up_for() -> None:
    missed = missed_weeks("2026-11-09", {"2026-01-05"})
    assert missed == ["2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02"]
    assert missed_weeks("2026-11-09", set()) == []
    assert missed_weeks("2026-11-09", {"2026-11-02"}) == []


@pytest.mark.slow
def test_an_hour_is_left_out_while_an_earlier_one_is_under_way(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    definitions = build_definitions(configured(tmp_path))
    schedule = definitions.resolve_schedule_def("hourly_ingest_schedule")

    def asked() -> int:
        with dg.build_schedule_context(
            scheduled_execution_time=MONDAY, instance=instance, repository_def=definitions.get_repository_def()
        ) as context:
            return len(schedule.evaluate_tick(context).run_requests or ())

    assert asked() == 1
    job = definitions.resolve_job_def("hourly_ingest")
    started = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert asked() == 0
    instance.report_run_failed(started)
    assert asked() == 1
