"""The whole suite's own: the contract with GitHub's API, and one main job for all that look at its results."""

import atexit
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import engine
from starlette.applications import Starlette

from roadmap_pipeline import interruption
from roadmap_pipeline.run_summary import RunSummary
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sandbox import RunningSandbox, serve
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.contract.watching import RECORDER, ContractMiddleware, described
from roadmap_sandbox.github import app as github_app
from roadmap_sandbox.github.state import GitHubState

_create_app = github_app.create_app

# Hypothesis looks for a smaller example for up to five minutes; a test that fails must say so soon.
assert hasattr(engine, "MAX_SHRINKING_SECONDS")
engine.MAX_SHRINKING_SECONDS = 30
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def _create_checked_app(state: GitHubState) -> Starlette:
    app = _create_app(state)
    app.add_middleware(ContractMiddleware)
    return app


# Before any test module takes the function by its name, so that every simulator of this process is watched.
github_app.create_app = _create_checked_app


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "refused_requests(reason): sends on purpose what the description of GitHub's API doesn't allow",
        "old_payloads(reason): serves recorded payloads that are older than that description",
        "odd_payloads: serves payloads with values that no description allows",
        "recorded: needs the recorded payloads and logs beside the project (make test-recorded)",
    ):
        config.addinivalue_line("markers", marker)
    # Dagster asks a resource without fields of its own for them under pydantic's old name.
    config.addinivalue_line("filterwarnings", "ignore:The `__fields__` attribute is deprecated")


GROUPS = {
    "ran": "main job",
}
"""Fixtures that are made once for the whole session and take long, with the group of the tests that use them."""


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around xdist's look at the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Give all tests that share what is made for long to one process, so that it is made once."""
    groups: dict[pytest.Item, str] = {}
    for item in items:
        for fixture, group in GROUPS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(group))
                groups[item] = group
                break
    yield
    if getattr(config.option, "loadgroup", False):
        assert all(item.nodeid.endswith(f"@{group}") for item, group in groups.items()), "xdist leaves out the groups"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests of bytes by their argument: compressed bytes hold a time, and xdist wants one name in each process."""
    return argname if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured."""
    measured = [told for report in terminalreporter.getreports("passed") for told in report.user_properties]
    for name, value in measured:
        terminalreporter.write_line(f"{name}: {value}")


def _held_to_the_contract(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fails what asked a simulator for something, or got from it, what GitHub's description of its API doesn't know."""
    try:
        result = yield
    finally:
        found = RECORDER.take()
    if item.get_closest_marker("refused_requests") is not None:
        found = [violation for violation in found if not violation.in_request]
    if item.get_closest_marker("odd_payloads") is not None:
        found = [violation for violation in found if violation.in_request]
    if item.get_closest_marker("old_payloads") is not None:
        found = [violation for violation in found if not violation.of_old_payloads]
    if found:
        pytest.fail(described(found), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _held_to_the_contract(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _held_to_the_contract(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _held_to_the_contract(item))


@atexit.register
def _close_standard_error() -> None:
    """DuckDB 2.0 lists on standard error, when the interpreter ends, every Python object that outlived it.

    Forty lines after the summary, since Hypothesis keeps test functions and what they refer to until the very end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the waits between attempts: they are tested elsewhere, and only cost time."""
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty warehouse, to be copied: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("new") / "roadmap.duckdb"
    with connect(path):
        pass
    return path


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try what fails for good again at once."""
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


@dataclass(frozen=True)
class Ran:
    """A main job that ran against a sandbox which is still up."""

    settings: Settings
    served: RunningSandbox
    run_summary: RunSummary

    def runtime(self) -> Runtime:
        """Return a fresh one, with counters at nought."""
        return Runtime(self.settings)

    def writes(self) -> int:
        """Return the number of writing requests that both simulators have seen."""
        return sum(entry.mutating for side in (self.served.github, self.served.notion) for entry in side.journal)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Yield the main job, run once for the whole session. Tests that change the world restore it or make their own."""
    from roadmap_pipeline.orchestration.launch import run_main_job

    root = tmp_path_factory.mktemp("organisation")
    settings = load_settings({}, root)
    with serve(settings) as served:
        live = settings.with_sandbox(served.environment)
        runtime = Runtime(live)
        try:
            run_summary = run_main_job(runtime)
        finally:
            runtime.close()
        yield Ran(live, served, run_summary)
