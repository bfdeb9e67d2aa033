"""Failed runs of Dagster, told of by the sensor that watches them."""

import dagster as dg
import pytest

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.orchestration.sensors import on_run_failure_sensor
from roadmap_pipeline_tests.notifications.conftest import Receiver, World


@dg.op
def refused() -> None:
    raise RoadmapError("GitHub answered 401: the token is not accepted; set GITHUB_TOKEN to another one")


@dg.job
def nightly() -> None:
    refused()


def failure(instance: dg.DagsterInstance) -> dg.RunFailureSensorContext:
    result = nightly.execute_in_process(instance=instance, raise_on_error=False)
    run = instance.get_run_by_id(result.run_id)
    (record,) = instance.get_records_for_run(result.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    assert run is not None and record.event_log_entry.dagster_event is not None
    return dg.build_run_status_sensor_context(
        sensor_name="on_run_failure",
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=record.event_log_entry.dagster_event,
    ).for_run_failure()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def test_a_failed_run_is_told_of_once_with_the_reason(
    world: World, receiver: Receiver, instance: dg.DagsterInstance
) -> None:
    sensor = on_run_failure_sensor(world.settings, dg.DefaultSensorStatus.RUNNING)
    context = failure(instance)
    for _ in range(2):
        sensor(context)
    ((title, text),) = receiver.take()
    assert title == "nightly failed"
    assert text.splitlines()[0] == (
        "refused: GitHub answered 401: the token is not accepted; set GITHUB_TOKEN to another one"
    )
    assert context.dagster_run.run_id in text


def test_without_an_address_nothing_is_sent(world: World, receiver: Receiver, instance: dg.DagsterInstance) -> None:
    sensor = on_run_failure_sensor(lambda: world.settings(ROADMAP_NOTIFY_URLS=""), dg.DefaultSensorStatus.RUNNING)
    skipped = sensor(failure(instance))
    assert isinstance(skipped, dg.SkipReason) and "ROADMAP_NOTIFY_URLS" in str(skipped.skip_message)
    assert receiver.take() == []
