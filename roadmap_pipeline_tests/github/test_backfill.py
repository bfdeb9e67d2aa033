"""A long history's first reading: the last weeks first, then the others, with a true word on how far it has come."""

from datetime import timedelta

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline.github.ingest.backfill_progress import BackfillProgress
from roadmap_pipeline_tests.github.bulk import assert_no_run_lacks_a_job, read
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, job, run, table
from roadmap_pipeline_tests.github.truth import assert_complete
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault

RUNS = 1_030
"""One every eight hours, so 21 a week, from 343 days ago on; every tenth failed."""


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


def long_history():
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: []}, jobs={REPO: []})
    for number in range(1, RUNS + 1):
        at = ago(hours=8 * (RUNS - number) + 1)
        conclusion = "success" if number % 10 else "failure"
        content.runs[REPO].append(run(number, at, conclusion=conclusion))
        content.jobs[REPO].append(job(number * 10, number, at, conclusion=conclusion))
        if conclusion == "failure" and at > CLOCK - timedelta(days=90):
            content.logs[number * 10] = b"2026-11-15T00:00:00.0000000Z ##[error]Process completed with exit code 1.\n"
        elif conclusion == "failure":
            content.expired_logs.add(number * 10)
    return content


def test_the_last_weeks_of_a_long_history_are_whole_first(serve, con):
    served = serve(long_history())
    client = served.client()
    with client.spending_at_most(24):
        summary = read(served, con, client=client, bulk_from=50)
    assert summary.paused
    monday = CLOCK.replace(tzinfo=None, hour=0) - timedelta(days=CLOCK.weekday())
    stored = "select count(*), count(details.run_id) from raw.workflow_runs as run left join raw.run_details as details"
    since = "using (run_id) where run.created_at >= ?"
    recent = sum(
        at >= monday - timedelta(weeks=4) for at in (ago(hours=8 * n + 1).replace(tzinfo=None) for n in range(RUNS))
    )
    assert table(con, f"{stored} {since}", monday - timedelta(weeks=4)) == [(recent, recent)]
    failed = "from raw.workflow_jobs as job anti join raw.job_logs as log using (job_id) where conclusion = 'failure'"
    last_week = f"select count(*) {failed} and completed_at >= ?"
    assert table(con, last_week, monday - timedelta(weeks=1)) == [(0,)]
    # the horizon lies 400 days back, so the first whole week is that of 2025-10-13
    sentence = f"history of {REPO}: 4 of 57 weeks complete; the rest within this hour's quota"
    assert summary.backfill == {REPO: sentence}
    assert sentence in summary.notes
    assert_no_run_lacks_a_job(con, served.state)


def test_readings_that_end_anywhere_come_to_the_whole(serve, con):
    served = serve(long_history())
    weeks = []
    for units in (25, 40, 15, None):
        client = served.client()
        with client.spending_at_most(units):
            summary = read(served, con, client=client, bulk_from=50)
        weeks.append(int(summary.backfill[REPO].split()[3]) if summary.backfill else 57)
        assert_no_run_lacks_a_job(con, served.state)
    assert weeks == sorted(weeks)
    assert weeks[-1] == 57
    assert summary.paused is None
    assert_complete(con, served.state, REPO)
    paths = [path for _, path, _ in served.journal()]
    # of 103 failed jobs 27 are of the last 90 days
    states = dict(table(con, "select state, count(*) from raw.job_logs group by all"))
    assert states == {"stored": 27, "expired": 76}
    assert len([path for path in paths if path.endswith("/logs")]) <= 27 + 40
    served.journal()
    read(served, con, CLOCK + timedelta(minutes=1), bulk_from=50)
    assert {path for _, path, status in served.journal() if status != 304} == set()


def test_a_used_up_quota_of_graphql_keeps_older_jobs_waiting_and_not_for_rest(serve, con):
    served = serve(long_history())
    served.state.faults.add(Fault("rate_limit", seconds=900), path="^/graphql$", times=10**6)
    summary = read(served, con, bulk_from=50)
    assert "GraphQL" in (summary.paused or "")
    assert table(con, "select count(*) from raw.workflow_runs") == [(RUNS,)]
    assert not [path for _, path, _ in served.journal() if path.endswith("/jobs")]
    served.state.faults.clear()
    assert read(served, con, CLOCK + timedelta(minutes=20), bulk_from=50).paused is None
    assert table(con, "select count(*) from raw.run_details") == [(RUNS,)]


def test_logs_that_are_gone_are_not_asked_for_one_by_one(serve, con):
    served = serve(long_history())
    summary = read(served, con, bulk_from=50)
    asked = {path for _, path, _ in served.journal() if path.endswith("/logs")}
    without = [note for note in summary.notes if "were not asked for" in note]
    assert len(without) == 1
    assert len(asked) <= 27 + 40
    assert table(con, "select count(*) from raw.job_logs where state = 'expired'") == [(76,)]


def test_what_is_left_is_said_in_units_of_quota():
    assert BackfillProgress(57, 3, 0, 0, 0.0).sentence() == "3 of 57 weeks complete"
    assert BackfillProgress(57, 3, 100, 2, 0.0).sentence().endswith("the rest within this hour's quota")
    assert BackfillProgress(57, 3, 100, 2, 39.2).sentence() == (
        "3 of 57 weeks complete; the rest in about 40 minutes of quota"
    )
    assert BackfillProgress(57, 3, 100, 2, 126.0).sentence().endswith("about 2.1 hours of quota")
