"""The reason of a cancelled job is asked for by likelihood, once, within the budget, never where it is explained."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from roadmap_pipeline.failures.stored_jobs import classify_failures
from roadmap_pipeline.github.client.credentials import GitHubApp
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github import reader
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, everything, job, run, table
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github import apps
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.github.state import TOKEN

LIMIT = "The job running on runner GitHub Actions 5 has exceeded the maximum execution time of 15 minutes."
CANCELED = "The operation was canceled."


def note(message):
    return payloads.annotation(FULL, head_sha="a" * 40, message=message)


class History:
    """Runs of one job each; a job is ten times its run. ``content`` is what GitHub holds of them."""

    def __init__(self):
        self.content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL})
        self.content.runs[REPO], self.content.jobs[REPO] = [], []

    def add(self, number, conclusion="cancelled", *, minutes=0, seconds=0, notes=(CANCELED,), name="test", **given):
        """Return a run that began so long ago and whose job took so long."""
        jobs = {key: given.pop(key) for key in ("runner_name", "runner_id", "created_at", "steps") if key in given}
        branch, before = given.pop("branch", "main"), given
        start = ago(**before)
        end = start + timedelta(minutes=minutes, seconds=seconds)
        self.content.runs[REPO].append(run(number, start, conclusion=conclusion, head_branch=branch, updated_at=end))
        times = {"started_at": payloads.timestamp(start), "completed_at": payloads.timestamp(end)}
        self.content.jobs[REPO].append(job(10 * number, number, start, conclusion=conclusion, name=name) | times | jobs)
        if notes and conclusion == "cancelled":
            self.content.annotations[10 * number] = [note(text) for text in notes]


def read(served, con, *, most=20, now=CLOCK, client=None):
    return ingest(client or served.client(), con, [REPO], history_days=400, now=now, cancelled_jobs=most)


def asked(served):
    """Jobs whose notes were asked for since the last call, in order."""
    return [int(path.split("/")[-2]) for _, path, _ in served.journal() if path.endswith("/annotations")]


def stored(con):
    return table(con, "select job_id, state, annotations is not null from raw.job_logs order by 1")


def judged(con):
    classify_failures(con)
    return table(con, "select job_id, category, evidence from derived.failure_verdicts order by 1")


def test_what_github_noted_is_read_and_told_apart_from_what_people_cancelled(serve, con):
    history = History()
    history.add(1, "success", minutes=5, days=5)
    history.add(2, minutes=15, seconds=7, notes=(LIMIT, CANCELED), days=4)
    history.add(3, minutes=2, seconds=55, days=3)
    served = serve(history.content)
    read(served, con)
    assert sorted(asked(served)) == [20, 30]
    assert stored(con) == [(20, "not_asked", True), (30, "not_asked", True)]
    assert judged(con) == [(20, "timeout", LIMIT)]


def test_nothing_is_asked_twice(serve, con):
    history = History()
    for number in range(1, 4):
        history.add(number, minutes=number, days=number)
    history.add(4, minutes=4, notes=(), days=4)  # noted nothing at all
    served = serve(history.content)
    read(served, con)
    assert sorted(asked(served)) == [10, 20, 30, 40]
    before = everything(con)
    for now in (CLOCK, CLOCK + timedelta(hours=1)):
        assert set(read(served, con, now=now).read.values()) == {0}
        assert {status for _, _, status in served.journal()} <= {304}
    assert everything(con) == before


def likely_and_unlikely():
    history = History()
    history.add(1, "success", minutes=20, days=9)
    history.add(2, minutes=11, seconds=45, hours=2)  # unlikely: shorter than a passing run, no whole minutes
    history.add(3, minutes=10, seconds=8, hours=20)  # whole minutes, shorter than a passing run
    history.add(4, minutes=30, seconds=50, days=6)  # longer than every passing run
    history.add(5, minutes=360, seconds=9, days=7, name="nightly")  # GitHub's own limit
    history.add(6, minutes=9, seconds=5, days=8)  # no limit: it would let nothing pass
    return history


@pytest.mark.parametrize(
    ("most", "expected"), [(0, [50, 40]), (1, [50, 40, 30]), (2, [50, 40, 30, 20]), (20, [50, 40, 30, 20])]
)
def test_the_likely_ones_come_first_and_the_others_are_bounded(serve, con, most, expected):
    served = serve(likely_and_unlikely().content)
    read(served, con, most=most)
    assert sorted(asked(served)) == sorted(expected)


def test_a_budget_is_spent_on_the_likely_ones_and_the_next_ingest_goes_on(serve, con):
    served = serve(likely_and_unlikely().content)
    read(served, con, most=1)
    served.journal()
    read(served, con, most=1, now=CLOCK + timedelta(hours=1))
    assert asked(served) == [20]
    read(served, con, most=1, now=CLOCK + timedelta(hours=2))
    assert asked(served) == []


def test_requests_end_before_the_unlikely_ones(serve, con, tmp_path):
    """With a budget the likely ones are asked about first, whatever came later."""
    served = serve(likely_and_unlikely().content)
    client = served.client()
    read(served, con, client=client)
    needed = client.requests - len(asked(served))
    with connect(tmp_path / "other.duckdb") as other:
        served = serve(likely_and_unlikely().content)
        client = served.client()
        with client.spending_at_most(needed + 2):
            read(served, other, client=client)
        assert sorted(asked(served)) == [40, 50]


@pytest.mark.slow
def test_kills_while_notes_are_read_change_nothing(serve, tmp_path):
    history = History()
    for number in range(1, 15):
        history.add(number, minutes=number, notes=(LIMIT,) if number % 3 else (CANCELED,), days=number)
    served = serve(history.content)
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    for skip in (0, 3, 11):
        process = reader.start(served.base_url, tmp_path / "killed.duckdb", REPO, TOKEN, CLOCK)
        served.state.faults.before(process.kill, path="/annotations", skip=skip)
        assert process.wait() < 0
        served.state.faults.clear()
    with connect(tmp_path / "killed.duckdb") as con:
        read(served, con)
        assert everything(con) == undisturbed


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("status", [404, 410, 422, 500])
def test_notes_that_cannot_be_had_cost_themselves_alone(serve, con, status):
    """The log tells of the one; the others' notes are read, and this one is asked for again later."""
    history = History()
    for number in range(1, 4):
        history.add(number, minutes=15, seconds=7, notes=(LIMIT,), days=number)
    history.content.logs = {20: f"2026-11-15T00:15:07.0000000Z ##[error]{LIMIT}\n".encode()}
    served = serve(history.content)
    served.state.faults.add(Fault("refusal", status), path="/check-runs/20/annotations", times=100)
    summary = read(served, con)
    assert stored(con) == [(10, "not_asked", True), (20, "stored", False), (30, "not_asked", True)]
    assert [category for _, category, _ in judged(con)] == ["timeout"] * 3
    assert any("annotations of jobs 20" in text for text in summary.notes)
    served.state.faults.clear()
    read(served, con, now=CLOCK + timedelta(hours=2))
    assert stored(con) == [(10, "not_asked", True), (20, "stored", True), (30, "not_asked", True)]


def test_a_wait_of_a_day_for_a_runner_is_a_limit_too(serve, con):
    never = {"runner_name": "", "runner_id": 0, "steps": []}
    told = "The job has exceeded the maximum execution time while awaiting a runner for 24h0m0s"
    history = History()
    history.add(1, minutes=1440, seconds=3, notes=(told,), days=3, **never)
    history.add(2, minutes=300, days=2, **never)  # cancelled in the queue: no runner, no limit
    served = serve(history.content)
    read(served, con)
    assert asked(served) == [10]
    assert judged(con) == [(10, "timeout", told)]


def test_what_a_newer_run_or_a_failed_neighbour_explains_is_left_alone(serve, con):
    history = History()
    history.add(1, "success", minutes=20, days=9)
    history.add(2, minutes=10, seconds=40, hours=30)
    history.add(3, "success", minutes=5, hours=29.85)  # began 80 s before that one ended: superseded
    history.add(4, minutes=10, seconds=40, hours=20)
    history.content.jobs[REPO].append(
        job(41, 4, ago(hours=20), conclusion="failure", name="lint")
        | {"completed_at": payloads.timestamp(ago(hours=20) + timedelta(minutes=10))}
    )
    history.add(5, minutes=10, seconds=40, branch="feature/x", hours=10)
    history.add(6, "success", minutes=10, branch="feature/y", hours=9.85)  # another branch
    history.add(7, minutes=25, seconds=40, hours=5)
    history.add(8, "success", minutes=5, hours=4.6)  # though ran longer than any that passed
    served = serve(history.content)
    read(served, con)
    assert sorted(set(asked(served)) - {41}) == [50, 70]


def served_to_an_app_without_checks(serve, content):
    content.repositories[REPO] = {**FULL, "private": True}
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    may = {"actions": "read", "contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}
    served = serve(content, apps=(apps.GitHubApp(7, "reader", public, (apps.Installation(55, "acme"),), may),))
    return served, served.client(GitHubApp("7", SecretStr(private), repository=REPO))


def test_without_the_right_to_notes_the_log_tells(serve, con):
    history = History()
    history.add(1, minutes=15, seconds=7, days=2)
    history.add(2, minutes=3, days=1)
    text = f"2026-11-15T00:15:07.0000000Z ##[error]{LIMIT}\n2026-11-15T00:15:08.0000000Z ##[error]{CANCELED}\n"
    history.content.logs = {10: text.encode()}
    served, client = served_to_an_app_without_checks(serve, history.content)
    summary = read(served, con, client=client)
    assert stored(con) == [(10, "stored", False), (20, "missing", False)]
    assert judged(con) == [(10, "timeout", LIMIT)]
    assert any("Checks: read" in text for text in summary.notes)
    # the notes are asked for again in their time, the logs are not; who may read them at last finds both
    served.journal()
    read(served, con, client=client, now=CLOCK + timedelta(hours=1))
    assert {path.split("/")[-1] for _, path, status in served.journal() if status != 304} == {"annotations"}
    assert stored(con) == [(10, "stored", False), (20, "missing", False)]
    read(served, con, now=CLOCK + timedelta(hours=6))
    assert stored(con) == [(10, "stored", True), (20, "missing", True)]
    assert judged(con) == [(10, "timeout", LIMIT)]
    served.journal()
    read(served, con, now=CLOCK + timedelta(hours=7))
    assert asked(served) == []


def test_a_note_behind_many_others_is_found(serve, con):
    history = History()
    history.add(1, minutes=15, seconds=7, notes=[f"line {number} is too long" for number in range(30)], days=2)
    history.content.annotations[10].append(note(LIMIT))
    served = serve(history.content)
    read(served, con)
    assert judged(con) == [(10, "timeout", LIMIT)]


def test_a_job_of_which_nothing_can_be_had_is_asked_about_at_growing_distance(serve, con):
    """Neither what GitHub noted nor the log: what two walks want of one endpoint is not forgotten by either."""
    history = History()
    history.add(1, minutes=15, seconds=7, notes=(LIMIT,), days=1)
    served = serve(history.content)
    for path in ("/check-runs/10/annotations", "/actions/jobs/10/logs"):
        served.state.faults.add(Fault("refusal", 422), path=path, times=100)
    given = []
    for hours in (0, 0, 0.5, 1):
        before = len(served.state.faults.injected)
        read(served, con, now=CLOCK + timedelta(hours=hours))
        given.append(len(served.state.faults.injected) - before)
    assert given == [2, 2, 0, 2]
