"""Daemon and web server on their own: a merge arrives everywhere without a hand on it, also while both are killed.

A suite of its own (`make test-unattended`): whole processes, for minutes. ``ROADMAP_CHAOS_MINUTES`` says for how long
both are killed at random (1), ``ROADMAP_CHAOS_SEED`` from which number on.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from roadmap_pipeline_tests.github.conftest import ANA, REPO, ago, pull_request, small_world
from roadmap_pipeline_tests.orchestration.test_ui import free_port
from roadmap_pipeline_tests.stopped import SmallWorld, small
from roadmap_sandbox.content import GitHubContent

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PULLS = range(20, 32)
LONGEST_S = 1800
CONFIGURATION = """
[automation]
running = ["on_merge", "on_notion_edit"]
[comments]
when_green = "always"
"""


def organisation() -> GitHubContent:
    """Return a small one with open pull requests of its milestone."""
    content = small_world()
    (stage,) = content.milestones[REPO]
    content.pull_requests[REPO] += [
        pull_request(number, updated_at=ago(hours=number), milestone=stage, head_sha=f"{number:040x}")
        for number in PULLS
    ]
    return content


class Services:
    """Dagster's daemon and web server on the project of a small organisation."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        target = ["-m", "roadmap_pipeline.definitions"]
        self._commands: dict[str, list[str]] = {
            "daemon": [str(BIN / "dagster-daemon"), "run", *target],
            "web server": [str(BIN / "dagster-webserver"), *target, "-p", str(free_port())],
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start one of them, with a log of its own."""
        with (self.world.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._commands[name],
                env={**os.environ, **self.world.environment},
                cwd=self.world.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill one of them with all that it started, runs included."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    @property
    def names(self) -> list[str]:
        """The names of both."""
        return list(self._commands)

    def stop(self) -> None:
        """End both."""
        for name in list(self._processes):
            self.kill(name)


@contextmanager
def project(folder: Path) -> Iterator[SmallWorld]:
    """Yield a small organisation and its project, whose first run is done."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roadmap.toml").write_text(CONFIGURATION)
    with small(folder, organisation(), PULLS) as world:
        world.environment["ROADMAP_CONFIG"] = str(folder / "roadmap.toml")
        assert world.run("run") == 0
        yield world


@contextmanager
def unattended(folder: Path) -> Iterator[Services]:
    """Yield both on such a project, with the sensors running and their first look behind them."""
    with project(folder) as world:
        services = Services(world)
        try:
            for name in services.names:
                services.start(name)
            wait_for(lambda: looks(world) >= 2, "the sensors' first look")
            yield services
        finally:
            services.stop()


@contextmanager
def instance_of(world: SmallWorld) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(world.environment["DAGSTER_HOME"]) as instance:
        yield instance


def looks(world: SmallWorld) -> int:
    """Return how many sensors have a cursor."""
    with instance_of(world) as instance:
        states = instance.all_instigator_state()
    return sum(bool(getattr(state.instigator_data, "cursor", None)) for state in states)


def are_all_done(world: SmallWorld) -> bool:
    """Return whether every run has ended, and each that died was launched again until one came through."""
    with instance_of(world) as instance:
        runs = instance.get_runs()
    if not all(run.is_finished for run in runs):
        return False
    through = {run.root_run_id or run.run_id for run in runs if run.status == dg.DagsterRunStatus.SUCCESS}
    return all((run.root_run_id or run.run_id) in through for run in runs)


def run_keys(world: SmallWorld) -> list[str]:
    """Return by what each run was asked for, without those that were launched again since the first one died."""
    with instance_of(world) as instance:
        runs = instance.get_runs()
    return [key for run in runs if run.root_run_id is None and (key := run.tags.get("dagster/run_key"))]


def looked_since(world: SmallWorld, moment: float) -> Callable[[], bool]:
    """Return a condition: each sensor has looked since."""

    def has_looked() -> bool:
        with instance_of(world) as instance:
            states = [
                state for state in instance.all_instigator_state() if state.name in ("on_merge", "on_notion_edit")
            ]
        return all((getattr(state.instigator_data, "last_tick_success_timestamp", 0) or 0) > moment for state in states)

    return has_looked


def wait_for(condition: Callable[[], bool], what: str) -> float:
    """Return after how many seconds something is so."""
    started_at = time.monotonic()
    while not condition():
        assert time.monotonic() < started_at + LONGEST_S, f"{what}: not within {LONGEST_S} s"
        time.sleep(1)
    return time.monotonic() - started_at


def merge(world: SmallWorld, number: int) -> None:
    """Merge a pull request as a person does."""
    status, answer = world.github.request("PUT", f"/repos/{REPO}/pulls/{number}/merge", {}, user=ANA)
    assert status == 200, answer


def comment(world: SmallWorld, number: int) -> str:
    """Return the sticky comment of a pull request."""
    _, comments = world.github.request("GET", f"/repos/{REPO}/issues/{number}/comments")
    return "\n".join(one["body"] for one in comments)


def work_done(world: SmallWorld) -> Any:
    """Return the share of work done that the row of the milestone shows."""
    return world.row("Stage 7.3")["📦 Work Done"]


def test_a_merge_is_in_notion_and_in_comments_without_a_hand_on_it(tmp_path: Path) -> None:
    with unattended(tmp_path) as services:
        world = services.world
        before, comment_before = work_done(world), comment(world, PULLS[-1])
        assert comment_before
        merge(world, PULLS[0])
        seconds = wait_for(lambda: work_done(world) != before, "the merge in Notion")
        seconds += wait_for(lambda: comment(world, PULLS[-1]) != comment_before, "the merge in the other's comment")
        sys.stdout.write(f"a merge was in Notion and in the comment of another pull request after {seconds:.0f} s\n")


def test_while_daemon_and_web_server_are_killed_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    chance = random.Random(seed := int(os.environ.get("ROADMAP_CHAOS_SEED", random.randrange(1_000_000))))
    seconds = 60 * float(os.environ.get("ROADMAP_CHAOS_MINUTES", "1"))
    sys.stdout.write(f"ROADMAP_CHAOS_SEED={seed}\n")
    with unattended(tmp_path / "killed") as services:
        world, merged = services.world, list(PULLS[:-1])
        killed = dict.fromkeys(services.names, 0)
        # Spread over the whole time, the more the longer it is.
        next_merge_s = seconds / len(merged)
        started_at = merged_at = time.monotonic()
        while time.monotonic() < started_at + seconds:
            if merged and time.monotonic() >= merged_at:
                merge(world, merged.pop(0))
                merged_at += chance.uniform(0.5, 1.5) * next_merge_s
            time.sleep(chance.uniform(1, 12))
            name = chance.choice(services.names)
            services.kill(name)
            killed[name] += 1
            time.sleep(chance.uniform(0, 2))
            services.start(name)
        for number in merged:
            merge(world, number)
        told = " and ".join(f"the {name} {count} times" for name, count in killed.items())
        sys.stdout.write(f"{told} killed; {len(PULLS) - 1 - len(merged)} merges meanwhile, {len(merged)} afterwards\n")
        wait_for(looked_since(world, time.time()), "a look after the last merge")
        wait_for(lambda: are_all_done(world), "the end of all runs")
        services.stop()
        assert (keys := run_keys(world)) and len(keys) == len(set(keys)), "a merge asked for a run twice"
        by_themselves = world.seen()
        # The weekly report tells of milestones, too, and waits for its day.
        assert world.run("run") == 0
        found = world.seen()
        assert rows_and_comments(found) == rows_and_comments(by_themselves)
    assert found == calmly(tmp_path / "calm")


def rows_and_comments(seen: dict[str, Any]) -> tuple[Any, Any]:
    """Return what a merge brings: the rows of the roadmap, and the comments."""
    return seen["databases"]["Engineering Roadmap"]["rows"], seen["comments"]


def calmly(folder: Path) -> dict[str, Any]:
    """Return what people see after a run, the same merges and another run, with nothing killed."""
    with project(folder) as world:
        for number in PULLS[:-1]:
            merge(world, number)
        assert world.run("run") == 0
        return world.seen()
