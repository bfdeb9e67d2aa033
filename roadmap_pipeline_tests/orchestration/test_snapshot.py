"""Everything that the code location offers, as a text that a person reads when it changes: ``definitions.txt``.

After a change on purpose: ``python -m roadmap_pipeline_tests.orchestration.test_snapshot``, and read the difference.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.settings import load_settings

SNAPSHOT = Path(__file__).with_name("definitions.txt")


def described(definitions: dg.Definitions) -> Iterator[str]:
    """Assets by group with their checks, then jobs with what they select, schedules, sensors, resources."""
    graph = definitions.resolve_asset_graph()
    nodes = sorted(graph.asset_nodes, key=lambda node: (node.group_name or "", node.key))
    yield "# assets: group, key [checks; ! blocks] (pool, partitions)"
    for node in nodes:
        specs = sorted((graph.get_check_spec(key) for key in node.check_keys), key=lambda spec: spec.name)
        checks = ", ".join(f"{'!' if spec.blocking else ''}{spec.name}" for spec in specs)
        about = [*sorted(node.pools or ()), *(["weekly"] if node.partitions_def else [])]
        words = [f"{node.group_name}:", node.key.to_user_string(), f"[{checks}]" if checks else ""]
        yield " ".join(word for word in (*words, f"({', '.join(about)})" if about else "") if word)
    yield "\n# jobs: name, groups, and assets of groups of which it selects a part"
    for job in sorted(definitions.jobs or (), key=lambda job: job.name):
        keys = set(definitions.resolve_job_def(job.name).asset_layer.executable_asset_keys)
        yield f"{job.name}:"
        for group in sorted({node.group_name or "" for node in nodes if node.is_executable}):
            members = {node.key for node in nodes if node.group_name == group and node.is_executable}
            if members <= keys:
                yield f"  {group}"
            elif members & keys:
                yield f"  {group}: {', '.join(sorted(key.to_user_string() for key in members & keys))}"
    yield "\n# schedules: name, cron, zone, job"
    for name in sorted(schedule.name for schedule in definitions.schedules or ()):
        schedule = definitions.resolve_schedule_def(name)
        yield f"{name}: {schedule.cron_schedule} {schedule.execution_timezone} {schedule.job_name}"
    yield "\n# sensors: name, seconds between looks, target"
    for sensor in sorted(definitions.sensors or (), key=lambda sensor: sensor.name):
        target = ", ".join(one.job_name for one in sensor.targets) or str(sensor.asset_selection)
        yield f"{sensor.name}: {sensor.minimum_interval_seconds} {target}"
    yield "\n# resources"
    yield from sorted(definitions.resources or {})


def _text(root: Path) -> str:
    settings = load_settings({"ROADMAP_NOW": "2026-11-16T06:00:00Z"}, root)
    return "\n".join(described(build_definitions(settings))) + "\n"


def test_the_code_location_offers_what_it_did(tmp_path: Path) -> None:
    assert _text(tmp_path) == SNAPSHOT.read_text(encoding="utf-8")


if __name__ == "__main__":
    SNAPSHOT.write_text(_text(SNAPSHOT.parent), encoding="utf-8")
