"""Any history read in bulk, with GraphQL failing as it likes and readings that end anywhere: equal to REST."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.bulk import assert_no_run_lacks_a_job, assert_same_as_by_rest, read
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ServedGitHub, everything, job, run
from roadmap_pipeline_tests.github.test_completeness import HISTORY_DAYS, History
from roadmap_pipeline_tests.github.truth import assert_complete
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

OLD_RUNS = 14
FAULTS = (
    "graphql_error",
    Fault("graphql_partial", nodes=0),
    Fault("graphql_partial", nodes=3),
    Fault("graphql_partial", nodes=17),
    "bad_gateway",
    "drop",
    "drop_after_commit",
    "broken_json",
    Fault("secondary_limit", 429, 0),
    Fault("rate_limit", seconds=900),
    Fault("refusal", 403),
)
EVENTS = ("new", "new", "start", "complete", "rerun", "rerun", "wait", "wait")
"""No run is deleted: what was never stored, as the reading ended before it, nobody misses."""
BETWEEN_READINGS = st.tuples(
    st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 20)), max_size=6),
    st.integers(0, 10**6),
    st.sampled_from((0.0, 0.2, 0.6)),
    st.sampled_from((None, 4, 9, 25)),
    st.sampled_from((None, 7, 12, 20)),
)
"""Events, the seed and the probability of faults, the nodes that GraphQL gets through, the units of a reading."""


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


def old_history():
    """Return runs of up to three jobs, half of them older than those that are read in full."""
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: []}, jobs={REPO: []})
    for number in range(1, OLD_RUNS + 1):
        at = CLOCK - timedelta(days=60 if number % 2 else 3, hours=-number)
        conclusion = ("success", "failure", "cancelled")[number % 3]
        content.runs[REPO].append(run(number, at, conclusion=conclusion))
        content.jobs[REPO] += [
            job(number * 100 + k, number, at, name=f"job {k}", conclusion=conclusion) for k in range(number % 4)
        ]
    return content


class BulkHistory(History):
    """A GitHub on which things happen, read in bulk by readings that may end anywhere."""

    def __init__(self, served, con):
        super().__init__(served, con)
        self.next_id = OLD_RUNS + 1

    def happen(self, event, n):
        """Let something happen within the time in which GitHub lets a run be run again and the ingest looks for it."""
        if event == "rerun":
            young = [
                run_id
                for run_id, attempts in self.runs().items()
                if attempts[-1]["status"] == "completed"
                and attempts[-1]["created_at"] > f"{self.state.clock - timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}"
            ]
            if young:
                self.state.activity.rerun(self.name, self.pick(young, n), failed_only=n % 2 == 0)
            return
        super().happen(event, n % 3 if event == "wait" else n)

    def read(self, units=None):
        client = self.served.client()
        try:
            with client.spending_at_most(units):
                ingest(client, self.con, [REPO], history_days=HISTORY_DAYS, now=self.state.clock, bulk_from=1)
        except RoadmapError:
            pass
        assert_no_run_lacks_a_job(self.con, self.state, self.name)


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@example([([], 0, 0.0, None, 12), ([("rerun", 0), ("wait", 1)], 0, 0.0, 4, None)])
@given(st.lists(BETWEEN_READINGS, min_size=1, max_size=4))
def test_any_history_is_read_in_bulk_as_by_rest(tmp_path_factory, history):
    state = GitHubState(old_history(), rate_limit=None)
    folder = tmp_path_factory.mktemp("history")
    with ExitStack() as stack:
        server = stack.enter_context(Server(create_app(state)))
        con = stack.enter_context(connect(folder / "roadmap.duckdb"))
        github = BulkHistory(ServedGitHub(state, server.base_url, stack), con)
        for events, seed, probability, nodes_in_time, units in history:
            for event, n in events:
                github.happen(event, n)
            state.faults.randomly(probability, seed=seed, kinds=FAULTS, when=lambda request: request.path == "/graphql")
            state.switches.graphql_nodes_in_time = nodes_in_time
            github.read(units)
        state.faults.clear()
        state.switches.graphql_nodes_in_time = None
        state.advance(timedelta(days=1))
        github.read()
        assert_complete(con, state, github.name)
        assert_same_as_by_rest(github.served, con, folder, state.clock)


@pytest.mark.slow
def test_kills_amid_reading_in_bulk_change_nothing(serve, tmp_path):
    served = serve(old_history())

    def start(name):
        return reader.start(served.base_url, tmp_path / name, REPO, TOKEN, CLOCK, bulk_from=1)

    assert start("undisturbed.duckdb").wait() == 0
    for skip in (0, 1):
        process = start("killed.duckdb")
        served.state.faults.before(process.kill, path="^/graphql$", skip=skip)
        assert process.wait() < 0
    assert start("killed.duckdb").wait() == 0
    with connect(tmp_path / "undisturbed.duckdb") as one, connect(tmp_path / "killed.duckdb") as other:
        assert everything(other) == everything(one)
        read(served, other)
        assert_no_run_lacks_a_job(other, served.state)
