"""Whatever happens on GitHub between readings, the raw tables end equal to what GitHub holds."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ServedGitHub, job, run
from roadmap_pipeline_tests.github.truth import assert_complete, held_runs
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.server import Server

HISTORY_DAYS = 400
RENAMED = "acme/pay"


class History:
    """A GitHub on which things happen, and readings of it in between."""

    def __init__(self, served, con):
        self.served, self.con = served, con
        self.state = served.state
        self.client = served.client()
        self.name, self.next_id = REPO, 1
        self.seen = set()

    def runs(self):
        return held_runs(self.state, self.name)

    def pick(self, among, n):
        return among[n % len(among)] if among else None

    def happen(self, event, n):
        finished = [i for i, attempts in self.runs().items() if attempts[-1]["status"] == "completed"]
        open_ones = [i for i, attempts in self.runs().items() if attempts[-1]["status"] != "completed"]
        served = self.state.activity
        match event:
            case "new":
                number, at = self.next_id, self.state.clock
                self.next_id += 1
                conclusion = ("success", "failure")[n % 2]
                jobs = [job(number * 100 + k, number, at, name=f"job {k}", conclusion=conclusion) for k in range(n % 3)]
                served.put_run(self.name, run(number, at, conclusion=conclusion), jobs)
            case "start":
                number, at = self.next_id, self.state.clock
                self.next_id += 1
                begun = job(number * 100, number, at, status="in_progress", conclusion=None)
                served.put_run(self.name, run(number, at, status="in_progress", conclusion=None), [begun])
            case "complete" if open_ones:
                served.complete_run(self.name, self.pick(open_ones, n), ("success", "failure", "cancelled")[n % 3])
            case "rerun" if finished:
                served.rerun(self.name, self.pick(finished, n), failed_only=n % 2 == 0)
            case "delete" if finished:
                served.delete_run(self.name, self.pick(finished, n))
            case "rename":
                new = RENAMED if self.name == REPO else REPO
                served.rename(self.name, new)
                self.name = new
            case "wait":
                self.state.advance(timedelta(minutes=(1, 50, 60 * 20, 60 * 24 * 9)[n % 4]))

    def read(self):
        ingest(self.client, self.con, [REPO], history_days=HISTORY_DAYS, now=self.state.clock)
        self.seen |= set(self.runs())

    def read_next_day(self):
        """Let a day pass: what may have changed long ago is looked at once a day."""
        self.state.advance(timedelta(days=1))
        self.read()


EVENTS = ("new", "new", "start", "complete", "rerun", "rerun", "delete", "rename", "wait", "wait")
BETWEEN_READINGS = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 20)), min_size=1, max_size=8)


DELETED_LONG_AFTER = [
    [("new", 0), ("wait", 3)],
    [("wait", 3)],
    [("wait", 3)],
    [("wait", 3), ("delete", 0)],
]
"""A run that is deleted 36 days after it was read first."""
DELETED_IN_BETWEEN = [[("new", 1), ("wait", 2), ("new", 0), ("wait", 3)], [("wait", 3)], [("wait", 3)], [("wait", 3)]]
DELETED_WITH_OTHERS_NEW = [*DELETED_IN_BETWEEN, [("delete", 0), ("new", 1), ("new", 0), ("delete", 1)]]


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(DELETED_LONG_AFTER)
@example(DELETED_WITH_OTHERS_NEW)
@given(st.lists(BETWEEN_READINGS, min_size=1, max_size=5))
def test_any_history_is_read_completely(tmp_path_factory, history):
    state = GitHubState(GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}), rate_limit=None)
    folder = tmp_path_factory.mktemp("history")
    with ExitStack() as stack:
        server = stack.enter_context(Server(create_app(state)))
        con = stack.enter_context(connect(folder / "roadmap.duckdb"))
        github = History(ServedGitHub(state, server.base_url, stack), con)
        for events in history:
            for event, n in events:
                github.happen(event, n)
            github.read()
        github.read_next_day()
        assert_complete(con, state, github.name, gone=github.seen - set(github.runs()))
