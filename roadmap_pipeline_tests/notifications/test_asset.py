"""The step of a Dagster run that tells of changes: it never fails the run."""

import dagster as dg

from roadmap_pipeline.orchestration.assets.published import notifications
from roadmap_pipeline.orchestration.resources import resources_of
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline_tests.notifications.conftest import SECRET, Receiver, World, risk


def _materialized(world: World, **environment: str) -> dict[str, object]:
    with dg.DagsterInstance.ephemeral() as instance, Runtime(world.settings(**environment)) as runtime:
        result = dg.materialize([notifications], instance=instance, resources=resources_of(runtime))
        assert result.success
        (event,) = result.get_asset_materialization_events()
        metadata = event.step_materialization_data.materialization.metadata
        assert SECRET not in repr([entry.message for entry in result.all_events])
        return {name: metadata[name].value for name in ("told", "messages")}


def test_the_asset_tells_once_and_survives_a_refusal(world: World, receiver: Receiver) -> None:
    world.set(risk("blocked"))
    receiver.refused.add(SECRET)
    assert _materialized(world)["told"] == 0
    receiver.refused.clear()
    told = _materialized(world)
    assert told["told"] == 1 and "Blocked · Stage 7.3" in str(told["messages"])
    assert _materialized(world) == {"told": 0, "messages": "*nothing to tell*"}
    assert receiver.titles() == ["Blocked · Stage 7.3 (acme/payments)"]


def test_without_an_address_nothing_is_sent(world: World, receiver: Receiver) -> None:
    world.set(risk("blocked"))
    assert _materialized(world, ROADMAP_NOTIFY_URLS="")["told"] == 0
    assert receiver.take() == []
