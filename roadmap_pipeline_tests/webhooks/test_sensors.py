"""From a delivery to a run: the sensors look where webhooks told of something, and ask for each run once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.events import Cursor
from roadmap_pipeline.orchestration.notion_edits import Cursor as EditCursor
from roadmap_pipeline.orchestration.sensors import (
    NOT_YET,
    on_merge_sensor,
    on_notion_edit_sensor,
)
from roadmap_pipeline.orchestration.webhook_notes import Pace, read_notes, write_note
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.webhooks.changes import Change
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.github.conftest import REPO, ServedGitHub, ago, pull_request, run, serve, small_world
from roadmap_pipeline_tests.webhooks.conftest import SECRET, Listening
from roadmap_sandbox.github.state import TOKEN

__all__ = ["serve"]

OTHER = "acme/other"
MERGED = Change("pull_request_closed", REPO)
PACE = Pace(30, webhooks=True)
STOPPED = dg.DefaultSensorStatus.STOPPED
Ticked = tuple[list[dg.RunRequest], str | None, str | None]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def configured(folder: Path, served: ServedGitHub, repos: str = REPO) -> Settings:
    (folder / "roadmap.toml").write_text(
        f"[automation]\nwebhooks = true\nweekly_workflows = {{ '{REPO}' = '.github/workflows/ci.yml' }}\n"
    )
    environment = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": repos, "GITHUB_API_URL": served.base_url}
    return load_settings({"ROADMAP_NOW": "2026-11-16T06:00:00Z", **environment}, folder)


def tick(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None, repository: Any = None
) -> Ticked:
    with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context:
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or ()), data.cursor, data.skip_message


def merge(served: ServedGitHub, number: int) -> None:
    at = ago(minutes=30 - number)
    merged = {"state": "closed", "closed_at": at, "merged_at": at, "merge_commit_sha": "b" * 40}
    served.state.activity.put_pull_request(REPO, pull_request(number, updated_at=at))
    served.state.activity.put_pull_request(REPO, pull_request(number, updated_at=at, **merged))


def test_a_merge_is_asked_for_at_once_when_a_signed_webhook_came_and_once_only(
    serve: Any, tmp_path: Path, instance: dg.DagsterInstance, listen: Callable[..., Listening]
) -> None:
    github: ServedGitHub = serve(small_world())
    settings = configured(tmp_path, github)
    sensor = on_merge_sensor(lambda: settings, PACE, STOPPED)
    receiver = listen(partial(write_note, instance))
    github.state.webhooks.add(f"{receiver.url}/github", SECRET)
    _, cursor, _ = tick(sensor, instance, None)
    github.journal()
    merge(github, 7)
    # Polled a moment ago, and no webhook: nobody asks GitHub.
    requests, kept, skipped = tick(sensor, instance, cursor)
    assert (requests, kept, skipped, github.journal()) == ([], cursor, NOT_YET, [])
    github.state.webhooks.deliver(duplicate=1.0, shuffle=True)
    (request,), cursor, _ = tick(sensor, instance, cursor)
    assert request.run_key == f"merge:{REPO}#7@{'b' * 40}"
    # Neither the webhook nor the next poll asks for it again; a poll in its place would have asked for the same run.
    github.state.webhooks.deliver()
    assert tick(sensor, instance, cursor)[0] == []
    polled = str(Cursor.parse(cursor).after(REPO, [])[1])
    polling = on_merge_sensor(lambda: settings, Pace(30), STOPPED)
    assert tick(polling, instance, polled)[0] == []
    before = Cursor.parse(cursor)
    forgetful = Cursor({REPO: type(before.seen[REPO])("2000-01-01T00:00:00Z")})
    assert [one.run_key for one in tick(polling, instance, str(forgetful))[0]] == [request.run_key]


def test_a_lost_delivery_costs_time_only(serve: Any, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    github: ServedGitHub = serve(small_world())
    settings = configured(tmp_path, github)
    sensor = on_merge_sensor(lambda: settings, PACE, STOPPED)
    _, cursor, _ = tick(sensor, instance, None)
    merge(github, 7)
    assert tick(sensor, instance, cursor)[2] == NOT_YET
    later = replace(Cursor.parse(cursor), polled_at=time() - 30)
    assert len(tick(sensor, instance, str(later))[0]) == 1


def test_a_note_stays_until_the_list_shows_it_and_only_that_repository_is_asked(
    serve: Any, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    github: ServedGitHub = serve(small_world())
    settings = configured(tmp_path, github, f"{OTHER},{REPO}")
    sensor = on_merge_sensor(lambda: settings, PACE, STOPPED)
    _, cursor, _ = tick(sensor, instance, None)
    turn = Cursor.parse(cursor).asked_last
    github.journal()
    write_note(instance, MERGED)
    _, cursor, skipped = tick(sensor, instance, cursor)  # the list lags behind
    assert skipped == "No pull request was merged since the last look."
    assert {path for _method, path, _status in github.journal()} == {f"/repos/{REPO}/pulls"}
    merge(github, 7)
    (_,), cursor, _ = tick(sensor, instance, cursor)
    assert tick(sensor, instance, cursor)[2] == NOT_YET
    assert Cursor.parse(cursor).asked_last == turn
    # One that tells of nothing is looked at for as long as lists may lag behind.
    write_note(instance, MERGED, at=time() - 60)
    _, cursor, _ = tick(sensor, instance, cursor)
    assert tick(sensor, instance, cursor)[2] == NOT_YET


def test_a_look_that_fails_leaves_the_note(serve: Any, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    github: ServedGitHub = serve(small_world())
    sensor = on_merge_sensor(lambda: configured(tmp_path, github, f"{OTHER},{REPO}"), PACE, STOPPED)
    _, cursor, _ = tick(sensor, instance, None)
    write_note(instance, Change("pull_request_closed", OTHER))  # which can't be read
    requests, _, skipped = tick(sensor, instance, cursor)
    assert (requests, "the next tick tries again" in (skipped or "")) == ([], True)
    assert read_notes(instance, "pull_request_closed", [OTHER, REPO]).keys() == {OTHER}
    assert tick(sensor, instance, cursor)[2] == skipped  # for as long as lists may lag behind
    write_note(instance, Change("pull_request_closed", OTHER), at=time() - 60)
    _, cursor, _ = tick(sensor, instance, cursor)
    assert tick(sensor, instance, cursor)[2] == NOT_YET


def test_the_end_of_the_weekly_workflow_asks_for_its_report_at_once(
    serve: Any, tmp_path: Path, instance: dg.DagsterInstance, listen: Callable[..., Listening]
) -> None:
    github: ServedGitHub = serve(small_world())
    settings = configured(tmp_path, github)
    definitions = build_definitions(settings)
    sensor = definitions.resolve_sensor_def("on_weekly_ci")
    assert sensor.minimum_interval_seconds == PACE.tick_seconds
    receiver = listen(partial(write_note, instance))
    github.state.webhooks.add(f"{receiver.url}/github", SECRET)
    _, cursor, _ = tick(sensor, instance, None)
    github.state.put_run(REPO, run(999, ago(minutes=50), event="schedule", updated_at=ago(minutes=2)))
    assert tick(sensor, instance, cursor)[2] == NOT_YET
    github.state.webhooks.deliver()
    (request,), _, _ = tick(sensor, instance, cursor, definitions.get_repository_def())
    assert (request.run_key, request.partition_key) == (f"completed:{REPO}#999.1", "2026-11-09")


def test_notion_is_asked_at_once_when_it_told_of_an_edit(ran: Ran, instance: dg.DagsterInstance) -> None:
    sensor = on_notion_edit_sensor(lambda: ran.settings, PACE, STOPPED)
    _, cursor, _ = tick(sensor, instance, None)
    assert tick(sensor, instance, cursor)[2] == NOT_YET
    write_note(instance, Change("notion_edited"), at=time() - 60)
    _, cursor, skipped = tick(sensor, instance, cursor)
    assert skipped == "Nobody has edited the roadmap since the last look."
    assert EditCursor.parse(cursor).noted is not None
    assert tick(sensor, instance, cursor)[2] == NOT_YET


def test_cursors_of_before_are_read() -> None:
    old = '{"seen":{"acme/a":["2026-11-16T06:00:00Z",["merge:x"],null]},"asked_last":"acme/a"}'
    assert Cursor.parse(old).noted == {}
    edits = '{"minute":null,"pages":[],"is_over":true,"data_source":null,"integration":null}'
    assert EditCursor.parse(edits) == EditCursor()
    assert EditCursor.parse(str(EditCursor(noted=3.5, polled_at=2.0))) == EditCursor(noted=3.5, polled_at=2.0)
    assert Cursor.parse(str(Cursor(noted={"acme/a": 3.5}, polled_at=2.0))).noted == {"acme/a": 3.5}
