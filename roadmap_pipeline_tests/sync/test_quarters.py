"""The row of the quarter that ended last: when it comes, what is noted of it, and what restates it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline_tests.sync.conftest import REPORTS, NewServices, SimulatedServices
from roadmap_pipeline_tests.sync.test_where_comments_go import _run as run
from roadmap_pipeline_tests.sync.test_where_comments_go import as_built, put_runs, read_and_build

__all__ = ["as_built"]

QUARTER = "roadmap-report-Q3-2026.md"


@pytest.fixture
def read(new_services: NewServices, as_built: Path, tmp_path: Path) -> Iterator[SimulatedServices]:
    """Read in November, with a run of the third quarter."""
    with new_services(tmp_path, as_built) as made:
        put_runs(made)
        made.github.put_run("acme/payments", run("acme/payments", 2, "main", "b" * 40, "push", "success", days=60))
        read_and_build(made)
        made.writes()
        yield made


def sync(services: SimulatedServices) -> list[str]:
    """Sync as `roadmap sync` does; return what was written, by kind and title."""
    with services.runtime() as runtime:
        result = pipeline.sync(runtime, render=True)
    return [f"{change.kind} {change.title}" for change in result.done]


@pytest.mark.slow
def test_the_quarter_is_published_once_and_what_changes_of_it_is_restated(read: SimulatedServices) -> None:
    assert f"create_row {QUARTER}" in sync(read)
    (row,) = [row for row in read.rows(REPORTS) if row["Report Name"] == QUARTER]
    assert (row["Report Date"], row["Analysis Period"]) == ("2026-10-01", 92)
    assert "# Roadmap report Q3 2026" in str(row["Report Content"])
    read.writes()
    assert sync(read) == []
    assert read.writes() == []
    # Another count was published: what the report says now stands beside it.
    read.sql("update sync.published_quarterly_figures set value = value + 5 where figure = 'runs'", {})
    assert sync(read) == [f"update_row {QUARTER}"]
    (row,) = [row for row in read.rows(REPORTS) if row["Report Name"] == QUARTER]
    restated = str(row["Report Content"]).partition("## Restated")[2]
    assert "| −5 |" in restated
    assert sync(read) == []
