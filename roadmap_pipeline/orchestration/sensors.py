"""The sensors: thin; what they decide is in :mod:`roadmap_pipeline.orchestration.merges`."""

from collections.abc import Callable

import dagster as dg

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.orchestration.jobs import roadmap_on_merge
from roadmap_pipeline.orchestration.merges import merges_of, new_merges
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.groups("staging", "intermediate", "marts", "publish", "derived"),
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Builds what follows from new data by the assets' own conditions, instead of the schedules.",
)


def on_merge_sensor(load: Callable[[], Settings]) -> dg.SensorDefinition:
    """Return the sensor that updates the roadmap when pull requests were merged."""

    @dg.sensor(
        name="on_merge",
        job=roadmap_on_merge,
        minimum_interval_seconds=60,
        description="Asks for one roadmap update for the pull requests merged since the last look.",
    )
    def on_merge(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from roadmap_pipeline.sandbox import attached

        settings = attached(load())
        if settings is None:
            return dg.SkipReason("The sandbox is not up (`roadmap ui` serves it), and no credentials are set.")
        runtime = Runtime(settings)
        if message := runtime.missing("github"):
            return dg.SkipReason(message)
        try:
            # One page a repository: a tick has a minute, and what it misses is in the tables by the next ingest.
            merges = [
                merge
                for repo in settings.repositories
                for merge in merges_of(
                    repo,
                    runtime.github.get(
                        f"/repos/{repo}/pulls",
                        {"state": "closed", "sort": "updated", "direction": "desc", "per_page": 50},
                    ).data,
                )
            ]
        except RoadmapError as error:
            return dg.SkipReason(f"GitHub could not be asked, the next tick tries again: {error}")
        finally:
            runtime.close()
        decision = new_merges(merges, context.cursor)
        if not decision.merges:
            return dg.SensorResult(
                skip_reason="No pull request was merged since the last look.", cursor=decision.cursor
            )
        newest = decision.merges[-1]
        # One run for all of them: it reads everything that is new anyway.
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=newest.run_key,
                    tags={"merges": str(len(decision.merges)), "newest_merge": f"{newest.repo}#{newest.number}"},
                )
            ],
            cursor=decision.cursor,
        )

    return on_merge
