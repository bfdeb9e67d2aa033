"""One main job on the simulated organisation for all tests that look at its results: real HTTP, real DuckDB file."""

import atexit
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from roadmap_pipeline.outcome import Outcome
from roadmap_pipeline.sandbox.local import Served, serve
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.workspace import Workspace


@atexit.register
def _close_standard_error() -> None:
    """DuckDB 2.0 lists on standard error, when the interpreter ends, every Python object that outlived it.

    Forty lines after the summary, since Hypothesis keeps test functions and what they refer to until the very end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@dataclass(frozen=True)
class Ran:
    """A main job that ran against a sandbox which is still up."""

    settings: Settings
    served: Served
    outcome: Outcome

    def workspace(self) -> Workspace:
        """A fresh one, with counters at nought."""
        return Workspace(self.settings)

    def writes(self) -> int:
        """Writing requests that both simulators have seen."""
        return sum(entry.mutating for side in (self.served.github, self.served.notion) for entry in side.journal)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The main job, run once for the whole session. Tests that change the world restore it or make their own."""
    from roadmap_pipeline.orchestration.launch import run_main_job

    root = tmp_path_factory.mktemp("organisation")
    settings = load_settings({}, root)
    with serve(settings) as served:
        live = settings.with_sandbox(served.environment)
        workspace = Workspace(live)
        try:
            outcome = run_main_job(workspace)
        finally:
            workspace.close()
        yield Ran(live, served, outcome)
