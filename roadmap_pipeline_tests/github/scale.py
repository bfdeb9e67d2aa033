"""A repository with 60,000 runs, with everything against it that GitHub and the network have: ``make test-scale``.

Not part of ``make test``: some hundred thousand requests take minutes.
"""

import random
from datetime import timedelta

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, job, run, table
from roadmap_pipeline_tests.github.truth import assert_complete, held_runs
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.state import TOKEN

RUNS = 60_000
IN_ONE_DAY = 1_300
IN_ONE_SECOND = 150
LIST = r"/actions/runs$"
FAULTS = [Fault("secondary_limit", 429, 0), "bad_gateway", "drop", "drop_after_commit"]
KILLED_AT = (120, 430, 300, 1_200, 2_500)
"""The last request of each process: in the list, in what lies behind its end, in what hangs on the runs. Jobs in bulk
take a tenth of the requests that they took one run at a time."""


def creation_times():
    """Oldest first: one crowded second on one crowded day far back, the rest spread over 390 days at random."""
    rng = random.Random(60)
    crowded_day = ago(days=300)
    second = crowded_day + timedelta(hours=7)
    times = [second] * IN_ONE_SECOND
    times += [crowded_day + timedelta(seconds=rng.randrange(86_400)) for _ in range(IN_ONE_DAY - IN_ONE_SECOND)]
    times += [ago(days=390) + timedelta(seconds=rng.randrange(390 * 86_400)) for _ in range(RUNS - len(times))]
    return sorted(times)


def content():
    conclusions = ("success",) * 8 + ("failure", "cancelled")
    made = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: []}, jobs={REPO: []})
    for number, at in enumerate(creation_times(), 1):
        conclusion = conclusions[number % len(conclusions)]
        made.runs[REPO].append(run(number, at, workflow_id=7 + number % 3, conclusion=conclusion))
        made.jobs[REPO].append(job(number * 10, number, at, conclusion="success" if number % 20 else "failure"))
    return made


def set_against_it(state):
    """Let everything go wrong at once; return the runs that come and those that go meanwhile, as they do."""
    state.switches.stale_index = timedelta(days=350)
    state.switches.stale_responses = ("missing", "empty", "old")
    state.switches.stale_chance = 0.2
    state.switches.beyond_filtered_cap = "422"
    state.faults.randomly(0.05, seed=60, kinds=FAULTS)
    new, deleted = [], set()

    def come():
        number = RUNS + len(new) + 1
        new.append(number)
        state.put_run(REPO, run(number, state.clock), [job(number * 10, number, state.clock)])

    def go(number):
        deleted.add(number)
        state.delete_run(REPO, number)

    # between two pages of the list: runs that were read are deleted, and new ones come
    for page, number in ((3, 59_990), (40, 58_000), (41, 57_990), (180, 45_000), (260, 40_000)):
        state.faults.before(lambda number=number: go(number), method="GET", path=LIST, skip=page)
    for page in (7, 90, 210):
        state.faults.before(come, method="GET", path=LIST, skip=page)
    return new, deleted


def test_sixty_thousand_runs_with_everything_against_them(serve, tmp_path):
    served = serve(content())
    state, path = served.state, tmp_path / "roadmap.duckdb"
    new, deleted = set_against_it(state)
    for skip in KILLED_AT:
        process = reader.start(served.base_url, path, REPO, TOKEN, CLOCK)
        state.faults.before(process.kill, skip=skip)
        assert process.wait() < 0
    client = served.client()
    with connect(path) as con:

        def read():
            """As a schedule does: again after an error, and where GitHub's index was too stale to be sure."""
            while True:
                try:
                    summary = ingest(client, con, [REPO], history_days=400, now=state.clock)
                except RoadmapError:
                    continue
                if not any("looks again" in note for note in summary.notes):
                    return

        read()
        # what was deleted while it was read is found when it is looked at again, as far back as runs may be run again
        held = set(held_runs(state, REPO))
        stored = {number for (number,) in table(con, "select run_id from raw.workflow_runs")}
        assert stored - deleted == held
        assert len(held) == RUNS + len(new) - len(deleted)

        # run again after 3 and after 29 days; a run that began then, too
        state.advance(timedelta(days=3))
        for number in (59_900, 59_500):
            state.activity.rerun(REPO, number)
            state.activity.complete_run(REPO, number, "failure")
        read()
        state.advance(timedelta(days=26))
        state.activity.rerun(REPO, 59_900, failed_only=True)
        read()
        state.activity.complete_run(REPO, 59_900, "success")
        read()
        attempts = "select run_attempt, conclusion from raw.workflow_runs where run_id = 59900 order by 1"
        assert [number for number, _ in table(con, attempts)] == [1, 2, 3]
        state.advance(timedelta(days=1))
        state.faults.clear()
        read()
        marked = table(con, "select distinct run_id from raw.workflow_runs where deleted_upstream_at is not null")
        assert_complete(con, state, REPO, gone={number for (number,) in marked})
        assert {number for (number,) in marked} <= deleted
    assert len(state.faults.injected) > 400  # one in twenty of some 10,000 requests
