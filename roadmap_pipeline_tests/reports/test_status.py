"""What `roadmap status` reads from the snapshot."""

from pathlib import Path

import pytest

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.reports.status import read_status
from roadmap_pipeline.warehouse.snapshot import snapshot_path
from roadmap_pipeline_tests.marts.world import World, at
from roadmap_pipeline_tests.reports.histories import fails, passes


def stored(world: World, warehouse: Path) -> None:
    """The world's tables as the snapshot of ``warehouse``."""
    with world.built() as built:
        built.con.execute(f"attach '{snapshot_path(warehouse)}' as file")
        built.con.execute("copy from database memory to file")
        built.con.execute("detach file")


def test_the_latest_complete_week_milestones_and_repositories(tmp_path: Path) -> None:
    world = World()
    passes(world, "11-10 10:00", 3, read_at=at("11-16 05:30"))
    fails(world, "11-11 10:00")
    world.run("11-16 01:00", sha="today")  # of a week that is not over
    world.milestone("Soon", 1, due_on=at("12-01 00:00"), closed_issues=1)
    world.milestone("Done", 2, state="closed", due_on=at("10-01 00:00"))
    stored(world, tmp_path / "w.duckdb")
    status = read_status(tmp_path / "w.duckdb")
    assert status["warehouse"] == str(tmp_path / "w.duckdb")
    assert status["as_of"] == "2026-11-16 06:00:00"
    assert status["latest_week"] == {
        "week": "2026-W46", "runs": 4, "conclusive_runs": 4, "final_pass_rate": 0.75, "failed_job_attempts": 1,
        "top_failure_category": "test", "episodes_open": 0,
    }  # fmt: skip
    assert [(row["title"], row["status"], row["conclusive_runs"]) for row in status["milestones"]] == [
        ("Soon", "In Progress", 0), ("Done", "Completed", 0),
    ]  # fmt: skip
    (repository,) = status["repositories"]
    assert (repository["repo"], repository["runs"]) == ("acme/payments", 5)
    assert repository["newest_run"] == at("11-16 01:00")
    assert repository["last_read"] == "2026-11-16 05:30"


def test_a_warehouse_without_a_run(tmp_path: Path) -> None:
    stored(World(), tmp_path / "w.duckdb")
    status = read_status(tmp_path / "w.duckdb")
    assert (status["latest_week"], status["milestones"], status["repositories"]) == (None, [], [])


def test_without_a_snapshot_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RoadmapError, match="run `roadmap run` first"):
        read_status(tmp_path / "w.duckdb")
