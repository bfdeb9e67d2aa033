"""``deploy/`` as it runs in production, without Docker: PostgreSQL, code server, web server, daemon, receiver.

A suite of its own (`make test-deployment`): whole processes, for minutes. Commands, environments and health checks are
those of compose.yaml, the instance is deploy/dagster.yaml and the workspace deploy/workspace.yaml; only folders, hosts
and ports are this machine's.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME

from roadmap_pipeline.orchestration.events import Cursor
from roadmap_pipeline.orchestration.partitions import last_complete_week
from roadmap_pipeline.orchestration.webhook_notes import read_notes
from roadmap_pipeline_tests.deploy.compose import DEPLOY, Service, service
from roadmap_pipeline_tests.deploy.postgres import PASSWORD, Server, postgres
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO
from roadmap_pipeline_tests.orchestration.test_ui import free_port
from roadmap_pipeline_tests.stopped import SmallWorld, small
from roadmap_pipeline_tests.unattended import (
    CONFIGURATION,
    PULLS,
    are_all_done,
    instance_of,
    looks,
    merge,
    organisation,
    wait_for,
    work_done,
)
from roadmap_pipeline_tests.webhooks.conftest import SECRET

BIN = Path(sys.executable).parent
SERVICES = ("code", "webserver", "daemon")
DATABASE_AWAY_S = 5
LOCATION = "roadmap_pipeline.definitions"
WEEK = last_complete_week(CLOCK.date())
FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
LAUNCH = """
mutation ($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""


class Deployment:
    """The services of compose.yaml, each a process group as it would be a container: it dies with all it started."""

    def __init__(self, world: SmallWorld, database: Server) -> None:
        self.world = world
        self.ui_port, self.code_port, self.webhooks_port = free_port(), free_port(), free_port()
        self._database = database
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        home = Path(world.environment["DAGSTER_HOME"])
        home.mkdir(parents=True)
        (home / "dagster.yaml").write_bytes((DEPLOY / "dagster.yaml").read_bytes())

    def described(self, name: str) -> Service:
        """Return a service with this machine's folders, hosts and ports."""
        described = service(name, {"DAGSTER_POSTGRES_PASSWORD": PASSWORD, "ROADMAP_TOML": "roadmap.toml"})
        return Service(
            [self._here(word) for word in described.command],
            {key: self._here(value) for key, value in described.environment.items()},
            [self._here(word) for word in described.healthcheck],
        )

    def _here(self, text: str) -> str:
        same = {
            "0.0.0.0": "127.0.0.1",
            "code": "127.0.0.1",
            "postgres": self._database.host,
            "5432": str(self._database.port),
            "4000": str(self.code_port),
            "3000": str(self.ui_port),
            "8010": str(self.webhooks_port),
        }
        parts = {
            "/var/lib/roadmap/dagster": self.world.environment["DAGSTER_HOME"],
            "/var/lib/roadmap/data": str(self.world.folder),
            "/etc/roadmap": str(self.world.folder),
            "/app/deploy": str(DEPLOY),
            ":3000/": f":{self.ui_port}/",
            ":8010/": f":{self.webhooks_port}/",
        }
        for there, here in parts.items():
            text = text.replace(there, here)
        return same.get(text, text)

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service: each secret is one service's alone, as in its file in deploy/."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(("ROADMAP_", "DAGSTER_"))}
        own |= {"PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
        files = {
            "code": self.world.environment,
            "webhooks": {"GITHUB_WEBHOOK_SECRET": SECRET, "GITHUB_REPOSITORY": REPO},
        }
        return {**own, **files.get(name, {}), **self.described(name).environment}

    def start(self, name: str) -> None:
        """Start a service and wait until its health check says that it is well."""
        with (self.world.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self.described(name).command,
                env=self.environment(name),
                cwd=self.world.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: self.is_healthy(name), f"a healthy {name}")

    def is_healthy(self, name: str) -> bool:
        """Return whether the health check of a service ends with 0."""
        if self._processes[name].poll() is not None:
            raise AssertionError((self.world.folder / f"{name}.log").read_text()[-3000:])
        return self.execute(name, self.described(name).healthcheck) == 0

    def execute(self, name: str, words: list[str]) -> int:
        """Return the exit code of a command beside a service, as of `docker compose exec`."""
        return subprocess.run(
            words,
            env=self.environment(name),
            cwd=self.world.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode

    def kill(self, name: str) -> None:
        """Kill a service with all that it started, as a container that is out of memory."""
        process = self._processes.pop(name)
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End all of them."""
        for name in list(self._processes):
            self.kill(name)

    def restart_database(self) -> None:
        """Restart PostgreSQL, and what ended with it, as `restart: unless-stopped` does."""
        self._database.stop()
        time.sleep(DATABASE_AWAY_S)
        self._database.start()
        for name in list(self._processes):
            if self._processes[name].poll() is not None:
                self.start(name)
            wait_for(partial(self.is_healthy, name), f"a healthy {name}")
        # The web server learns by a request that fails that a pool's connections are gone: of runs, and of events.
        wait_for(self.knows_its_history, "an answer from the history")

    def knows_its_history(self) -> bool:
        """Return whether the web server can read runs and their events, which are stored apart."""
        query = "{ runsOrError(limit: 1) { ... on Runs { results { stats { __typename } } } } }"
        try:
            (run,) = self._ask(query, {})["data"]["runsOrError"]["results"]
            return bool(run["stats"]["__typename"] == "RunStatsSnapshot")
        except (KeyError, TypeError):  # the answer is an error
            return False
        except urllib.error.HTTPError:
            return False

    def _ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        url = f"http://127.0.0.1:{self.ui_port}/graphql"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def launch(self, job: str, tags: Mapping[str, str]) -> str:
        """Request a run as a click in the UI does; return its id."""
        selector = {
            "repositoryLocationName": LOCATION,
            "repositoryName": SINGLETON_REPOSITORY_NAME,
            "jobName": job,
        }
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        parameters = {"selector": selector, "mode": "default", "executionMetadata": metadata}
        answer = self._ask(LAUNCH, {"parameters": parameters})
        launched = answer["data"]["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", answer
        return str(launched["run"]["runId"])


@contextmanager
def deployed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Yield a deployment for a small organisation, whose services run."""
    (folder / "roadmap.toml").write_text(CONFIGURATION.replace("[automation]", "[automation]\nwebhooks = true"))
    with postgres() as database, small(folder, organisation(), PULLS) as world:
        deployment = Deployment(world, database)
        for name, value in deployment.described("code").environment.items():
            if name.startswith("DAGSTER_"):
                monkeypatch.setenv(name, value)  # the test looks into the same history
        try:
            for name in SERVICES:
                deployment.start(name)
            yield deployment
        finally:
            deployment.stop()


def status(world: SmallWorld, run_id: str) -> dg.DagsterRunStatus:
    """Return how a run stands."""
    with instance_of(world) as instance:
        run = instance.get_run_by_id(run_id)
    assert run is not None, "the run is lost"
    return run.status


def has_ended(world: SmallWorld, run_id: str) -> Callable[[], bool]:
    """Return a condition: the run has ended."""
    return lambda: status(world, run_id) in FINISHED


def merge_runs(world: SmallWorld, status_: dg.DagsterRunStatus | None = None) -> list[dg.DagsterRun]:
    """Return the runs that merges asked for, the newest first."""
    statuses = [status_] if status_ else None
    with instance_of(world) as instance:
        return list(instance.get_runs(dg.RunsFilter(job_name="roadmap_on_merge", statuses=statuses)))


def messages(world: SmallWorld, run_id: str) -> str:
    """Return what the log of a run says."""
    with instance_of(world) as instance:
        return "\n".join(entry.message for entry in instance.all_logs(run_id))


def say(text: str) -> None:
    """Print a line for people who watch."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def test_the_deployment_does_its_work_and_loses_no_run_with_its_code_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_at = time.monotonic()
    with deployed(tmp_path, monkeypatch) as deployment:
        world = deployment.world
        say(f"all services are healthy after {time.monotonic() - started_at:.0f} s")

        requested = deployment.launch("main", {"dagster/partition": WEEK})
        say(f"a run requested over GraphQL: {wait_for(has_ended(world, requested), 'its end'):.0f} s")
        assert status(world, requested) == dg.DagsterRunStatus.SUCCESS, messages(world, requested)
        assert not list(Path(world.environment["DAGSTER_HOME"]).rglob("*.db")), "the history is in PostgreSQL"
        assert deployment.execute("code", ["roadmap", "run"]) == 0
        assert world.states() == ["SUCCESS", "SUCCESS"]

        wait_for(lambda: looks(world) >= 2, "the sensors' first look")
        before = work_done(world)
        merge(world, PULLS[0])
        say(f"a merge was in Notion after {wait_for(lambda: work_done(world) != before, 'it in Notion'):.0f} s")
        wait_for(lambda: are_all_done(world), "the end of all runs")

        tell_by_webhook_of_a_merge(deployment)
        wait_for(lambda: are_all_done(world), "the end of all runs")

        killed = kill_within_a_run(deployment)
        deployment.start("code")
        wait_for(lambda: are_all_done(world) and len(merge_runs(world)) >= 5, "the run again")
        again = merge_runs(world)[0]
        assert again.root_run_id == killed and again.status == dg.DagsterRunStatus.SUCCESS
        say("the run that died with the code server was launched again")

        waited_for = launch_without_code_server(deployment)
        assert status(world, waited_for) == dg.DagsterRunStatus.SUCCESS, messages(world, waited_for)
        say("a run that was due while the code server was away came through")

        deployment.restart_database()
        afterwards = deployment.launch("sync_freshness", {})
        wait_for(has_ended(world, afterwards), "its end")
        assert status(world, afterwards) == dg.DagsterRunStatus.SUCCESS, messages(world, afterwards)
        say("PostgreSQL was away; afterwards runs go on")

        keys = [run.tags["dagster/run_key"] for run in merge_runs(world) if run.root_run_id is None]
        assert len(keys) == len(set(keys)) == 4, "one run a merge"
        assert are_all_done(world)


def tell_by_webhook_of_a_merge(deployment: Deployment) -> None:
    """Start the receiver and send it deliveries: forged ones are refused, a signed one lets the sensor look."""
    world, deliveries = deployment.world, deployment.world.github.webhooks
    deployment.start("webhooks")
    url = f"http://127.0.0.1:{deployment.webhooks_port}/github"
    deliveries.add(url, f"not {SECRET}")
    merge(world, PULLS[1])
    deliveries.deliver()
    refused = [status for _, event, status in deliveries.delivered if event in ("ping", "pull_request")]
    assert refused and set(refused) == {401}
    with instance_of(world) as instance:
        assert not read_notes(instance, "pull_request_closed", [REPO]), "a forged delivery left a note"
    wait_for(lambda: len(merge_runs(world)) >= 2, "a look by the clock, which needs no delivery")
    say("forged deliveries are refused; the merge was found by the clock")

    deliveries.delivered.clear()
    deliveries.add(url, SECRET)
    merge(world, PULLS[2])
    deliveries.deliver(duplicate=1.0)
    taken = [status for _, event, status in deliveries.delivered if event == "pull_request"]
    assert 202 in taken
    seconds = wait_for(lambda: len(merge_runs(world)) >= 3, "the run that the delivery lets be asked for")
    say(f"a run was asked for {seconds:.0f} s after a signed delivery")
    with instance_of(world) as instance:
        noted = read_notes(instance, "pull_request_closed", [REPO])
    wait_for(lambda: merge_cursor(world).noted == noted, "the sensor to have seen to the note")


def merge_cursor(world: SmallWorld) -> Cursor:
    """Return what the sensor of merges remembers."""
    with instance_of(world) as instance:
        (state,) = [one for one in instance.all_instigator_state() if one.name == "on_merge"]
    return Cursor.parse(getattr(state.instigator_data, "cursor", None))


def kill_within_a_run(deployment: Deployment) -> str:
    """Kill the code server while a run works that a merge asked for; return the run's id."""
    merge(deployment.world, PULLS[3])
    wait_for(lambda: bool(merge_runs(deployment.world, dg.DagsterRunStatus.STARTED)), "a run under way")
    deployment.kill("code")
    (run,) = merge_runs(deployment.world, dg.DagsterRunStatus.STARTED)
    return run.run_id


def launch_without_code_server(deployment: Deployment) -> str:
    """Let a run be due while the code server is away, and end when it is back; return its id."""
    deployment.kill("daemon")
    run_id = deployment.launch("sync_freshness", {})
    deployment.kill("code")
    deployment.start("daemon")
    wait_for(lambda: "re-submitting the run" in messages(deployment.world, run_id), "it to go back into the queue")
    deployment.start("code")
    wait_for(has_ended(deployment.world, run_id), "its end")
    return run_id
