"""Logs of passing jobs are read for failures that no rule knows, once, few, and the right ones."""

from datetime import timedelta

import pytest

from roadmap_pipeline.failures.stored_jobs import classify_failures
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.failures import logs
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, everything, job, run, table
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.state import TOKEN

NOISE = "an error that every run says"
MOON = "the moon was in the wrong phase"
PUZZLE = logs.job(logs.step("./night.sh", MOON, NOISE, logs.FAILED))
KNOWN = logs.job(logs.step("./night.sh", "--- FAIL: TestTotal (0.01s)", logs.FAILED))
FINE = logs.job(logs.step("./night.sh", "all is dark", NOISE))


class History:
    """Runs one after another, each with one job; ``content`` is what GitHub holds of them."""

    def __init__(self):
        self.content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL})
        self.content.runs[REPO], self.content.jobs[REPO] = [], []

    def add(self, number, log, *, conclusion="failure", name="test", branch="main", expired=False, **before):
        """Return a run whose job is ten times its number; ``log`` None: it never wrote one."""
        at = ago(**before)
        self.content.runs[REPO].append(run(number, at, conclusion=conclusion, head_branch=branch))
        self.content.jobs[REPO].append(job(10 * number, number, at, conclusion=conclusion, name=name))
        if expired:
            self.content.expired_logs.add(10 * number)
        elif log is not None:
            self.content.logs[10 * number] = log

    def passes(self, number, log=FINE, **values):
        self.add(number, log, conclusion="success", **values)


def read(served, con, *, most=20, now=CLOCK, client=None):
    client = client or served.client()
    return ingest(client, con, [REPO], history_days=400, now=now, passing_logs=most)


def asked(served):
    """Jobs whose logs were asked for since the last call, sorted."""
    paths = [path for _, path, _ in served.journal()]
    return sorted(int(path.split("/")[-2]) for path in paths if "/actions/jobs/" in path and path.endswith("/logs"))


def stored(con):
    return table(con, "select job_name, job_id, state, lines is not null from raw.passing_logs order by 1")


def evidence(con):
    return table(con, "select job_id, category, evidence, compared_with from derived.failure_verdicts order by 1")


def night():
    """Return a job that failed of something unknown, one of something known, and passing runs of both."""
    history = History()
    history.passes(1, days=4)
    history.passes(2, days=3)
    history.add(3, PUZZLE, days=2)
    history.passes(4, branch="feature", days=1)
    history.passes(5, name="known", days=4)
    history.add(6, KNOWN, name="known", days=2)
    return history


def test_the_newest_passing_log_of_the_default_branch_finds_what_is_news(serve, con):
    served = serve(night().content)
    summary = read(served, con)
    assert asked(served) == [20, 30, 60]
    assert summary.read["passing_logs"] == 1
    assert stored(con) == [("test", 20, "stored", True)]
    classify_failures(con)
    assert evidence(con)[0] == (30, "unknown", MOON, 20)
    assert evidence(con)[1][1:] == ("test", "--- FAIL: TestTotal (0.01s)", None)


def test_a_second_ingest_changes_nothing_and_asks_for_no_log(serve, con):
    served = serve(night().content)
    read(served, con)
    classify_failures(con)
    before = everything(con), evidence(con)
    served.journal()
    for now in (CLOCK, CLOCK + timedelta(hours=1)):
        assert set(read(served, con, now=now).read.values()) == {0}
        assert classify_failures(con) == 0
        assert {status for _, _, status in served.journal()} <= {304}
    assert (everything(con), evidence(con)) == before


def test_no_log_is_read_when_switched_off(serve, con):
    served = serve(night().content)
    read(served, con, most=0)
    assert asked(served) == [30, 60]
    classify_failures(con)
    assert evidence(con)[0] == (30, "unknown", NOISE, None)
    read(served, con)
    assert asked(served) == [20]
    assert classify_failures(con) == 1
    assert evidence(con)[0] == (30, "unknown", MOON, 20)


def test_another_branch_will_do_where_the_default_one_has_not_passed_for_long(serve, con):
    history = History()
    history.passes(1, days=40)
    history.passes(2, branch="feature", days=3)
    history.passes(3, name="test (2)", days=3)
    history.add(4, PUZZLE, days=2)
    served = serve(history.content)
    read(served, con)
    assert asked(served) == [20, 40]


def test_what_is_older_than_logs_are_kept_is_not_asked_for_nor_what_just_ended(serve, con):
    history = History()
    history.passes(1, days=91)
    history.passes(2, minutes=5)
    history.add(3, PUZZLE, days=2)
    history.add(4, PUZZLE, name="old", days=31)
    history.passes(5, name="old", days=32)
    served = serve(history.content)
    read(served, con)
    assert asked(served) == [30, 40]
    assert stored(con) == []


def test_a_log_that_is_gone_is_noted_and_the_next_one_asked_for_once(serve, con):
    history = History()
    history.passes(1, days=5)
    history.passes(2, days=4, expired=True)
    history.passes(3, None, days=3)
    history.add(4, PUZZLE, days=2)
    served = serve(history.content)
    read(served, con)
    assert asked(served) == [20, 30, 40]
    assert stored(con) == [("test", 30, "missing", False)]
    read(served, con)
    assert asked(served) == []
    then = ago(hours=1)
    served.state.put_run(REPO, run(5, then), [job(50, 5, then)])
    served.state.put_log(50, FINE)
    read(served, con)
    assert asked(served) == [50]
    assert stored(con) == [("test", 50, "stored", True)]


def test_a_job_that_goes_on_failing_costs_a_log_in_seven_days(serve, con):
    """Lines that were said before stay known, so that one quiet passing run makes no old line news again."""
    history = History()
    history.passes(1, days=20)
    history.add(2, PUZZLE, days=19)
    history.add(3, PUZZLE, days=14)
    served = serve(history.content)
    read(served, con)
    assert asked(served) == [10, 20, 30]
    quiet = logs.job(logs.step("./night.sh", "all is quiet"))
    for number, at, conclusion, log in ((4, ago(days=12), "success", quiet), (5, ago(days=11), "failure", PUZZLE)):
        jobs = [job(10 * number, number, at, conclusion=conclusion)]
        served.state.put_run(REPO, run(number, at, conclusion=conclusion), jobs)
        served.state.put_log(10 * number, log)
    read(served, con)
    assert asked(served) == [40, 50]
    classify_failures(con)
    assert evidence(con) == [(number, "unknown", MOON, 40) for number in (20, 30, 50)]
    read(served, con)
    assert asked(served) == []


def many(count=6):
    history = History()
    for number in range(1, count + 1):
        history.passes(number, name=f"night {number}", days=3)
        history.add(100 + number, PUZZLE, name=f"night {number}", hours=number)
    return history


def test_few_at_a_time_the_newest_failure_first(serve, con):
    served = serve(many().content)
    failed = [10 * (100 + number) for number in range(1, 7)]
    read(served, con, most=2)
    assert asked(served) == [10, 20, *failed]
    read(served, con, most=3)
    assert asked(served) == [30, 40, 50]
    read(served, con, most=3)
    assert asked(served) == [60]
    read(served, con, most=3)
    assert asked(served) == []


def test_a_budget_that_ends_is_gone_on_with(serve, tmp_path):
    served = serve(many().content)
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "resumed.duckdb") as con:
        for _ in range(20):
            client = served.client()
            with client.spending_at_most(7):
                notes = read(served, con, client=client).notes
            if not notes:
                break
        assert everything(con) == undisturbed


def test_what_was_read_before_the_quota_ends_is_kept(serve, tmp_path):
    served = serve(many(25).content)
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con, most=25)
        undisturbed = everything(con)
    with connect(tmp_path / "resumed.duckdb") as con:
        read(served, con, most=0)
        served.state.faults.add(Fault("rate_limit", 403, 3600), path=r"/jobs/\d+/logs", skip=12, times=100)
        assert read(served, con, most=25).paused
        served.state.faults.clear()
        assert 0 < table(con, "select count(*) from raw.passing_logs")[0][0] < 25
        read(served, con, most=25)
        assert everything(con) == undisturbed


@pytest.mark.slow
def test_kills_while_logs_are_read_change_nothing(serve, tmp_path):
    served = serve(many(14).content)
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "killed.duckdb") as con:
        read(served, con, most=0)
    for skip in (3, 11):
        process = reader.start(served.base_url, tmp_path / "killed.duckdb", REPO, TOKEN, CLOCK)
        served.state.faults.before(process.kill, path=r"/jobs/\d+/logs", skip=skip)
        assert process.wait() < 0
        served.state.faults.clear()
    with connect(tmp_path / "killed.duckdb") as con:
        read(served, con)
        assert everything(con) == undisturbed
