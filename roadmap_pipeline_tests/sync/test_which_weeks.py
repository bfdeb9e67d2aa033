"""The weeks whose reports get into Notion: the newest that has ended, and those that somebody asks for."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.resources import resources_of
from roadmap_pipeline_tests.sync.conftest import REPORT, REPORTS, NewServices, SimulatedServices
from roadmap_pipeline_tests.sync.test_where_comments_go import as_built, put_runs, read_and_build

__all__ = ["as_built"]

WEDNESDAY = "2026-11-25T06:00:00+00:00"
"""In W48: W47 has ended by then, and the run of W46 is two weeks old."""


@pytest.fixture
def later(new_services: NewServices, as_built: Path, tmp_path: Path) -> Iterator[SimulatedServices]:
    """Built again in W48; nothing was ever rendered or published."""
    with new_services(tmp_path, as_built) as made:
        put_runs(made)
        made.environment["ROADMAP_NOW"] = WEDNESDAY
        read_and_build(made)
        made.writes()
        yield made


def materialize(services: SimulatedServices, asset: str, monday: str) -> tuple[bool, str]:
    """Materialise one partition alone; return whether it succeeded, and why not."""
    pacing.forget()
    key = dg.AssetKey(asset.split("/"))
    with services.runtime() as runtime, dg.DagsterInstance.ephemeral() as instance:
        graph = build_definitions(runtime.settings, resources_of(runtime)).resolve_asset_graph()
        (definition,) = [found for found in graph.assets_defs if key in found.keys]
        result = dg.materialize([definition], instance=instance, partition_key=monday, raise_on_error=False)
        errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
        return result.success, "\n".join(str(error) for error in errors)


def reports(services: SimulatedServices) -> list[str]:
    """Return the names of the reports in Notion."""
    return sorted(str(row["Report Name"]) for row in services.rows(REPORTS))


@pytest.mark.slow
def test_a_back_filled_report_is_published_when_it_is_asked_for_and_stays_as_it_was(later: SimulatedServices) -> None:
    assert materialize(later, "derived/reports", "2026-11-09")[0]
    with later.runtime() as runtime:
        pipeline.sync(runtime, render=True)
    assert reports(later) == ["ci-report-2026-W47.md"]
    # Alone, before publish/notion_ci_reports has its row.
    assert materialize(later, "notion/ci_reports", "2026-11-09")[0]
    assert reports(later) == [REPORT, "ci-report-2026-W47.md"]
    # Filling in again what is in Notion changes nothing there.
    later.writes()
    later.sql("update derived.reports set content = '# Another text' where report_name = $name", {"name": REPORT})
    with later.runtime() as runtime:
        result = pipeline.sync(runtime, render=True)
    assert (result.plan.changes, later.writes()) == ((), [])


@pytest.mark.slow
def test_a_week_that_still_runs_is_never_published(new_services: NewServices, as_built: Path, tmp_path: Path) -> None:
    with new_services(tmp_path, as_built) as made:  # built in W47
        done, why = materialize(made, "notion/ci_reports", "2026-11-16")
        assert not done
        assert "2026-W47 has not ended" in why
        assert made.writes() == []
