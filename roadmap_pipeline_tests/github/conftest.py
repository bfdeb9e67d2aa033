"""A small world behind the simulated GitHub, a client for it and an empty warehouse."""

import shutil
from contextlib import ExitStack

import pytest

from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.ingest.store import READ_TABLES
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    ANA,
    BOT,
    CLOCK,
    OWNER,
    REPO,
    ago,
    full_repository,
    run_payload,
)
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

FULL = full_repository()
MINIMAL = payloads.minimal_repository(REPO, 101, OWNER)


def run(run_id, created_at, **changes):
    return run_payload(run_id, created_at=created_at, **changes)


def job(job_id, run_id, at, *, run_attempt=1, conclusion="success", name="test", status="completed"):
    return payloads.job(
        MINIMAL,
        id=job_id,
        run_id=run_id,
        run_attempt=run_attempt,
        name=name,
        workflow_name="CI",
        head_branch="main",
        head_sha=f"{run_id:040x}",
        status=status,
        conclusion=conclusion,
        created_at=at,
        started_at=at,
        completed_at=at if status == "completed" else None,
        steps=[
            payloads.step(1, "Set up job", started_at=at, completed_at=at),
            payloads.step(2, "Run tests", conclusion=conclusion, started_at=at, completed_at=at),
        ],
        runner_id=3,
        runner_name="GitHub Actions 3",
    )


def pull_request(number, *, updated_at, **changes):
    fields = {
        "title": f"Change {number}",
        "user": ANA,
        "head_ref": f"feature/{number}",
        "head_sha": f"{number:040x}",
        "base_ref": "main",
        "base_sha": "0" * 40,
        "created_at": ago(days=500),
        **changes,
    }
    return payloads.pull_request(FULL, id=5_000 + number, number=number, updated_at=updated_at, **fields)


def issue(number, *, updated_at, **changes):
    fields = {"title": f"Issue {number}", "user": ANA, "created_at": ago(days=500), **changes}
    return payloads.issue(FULL, id=6_000 + number, number=number, updated_at=updated_at, **fields)


def small_world():
    """130 runs an hour apart (two pages), two attempts of one, failures with and without logs, and a roadmap."""
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL})
    runs = [run(n, ago(hours=131 - n)) for n in range(1, 131)]
    again = ago(hours=1)
    runs[99] = run(100, ago(hours=31), conclusion="failure")
    runs.append(run(100, ago(hours=31), run_attempt=2, run_started_at=again, updated_at=again))
    jobs = [job(n * 10, n, ago(hours=131 - n)) for n in range(1, 131)]
    jobs[99] = job(1000, 100, ago(hours=31), conclusion="failure")
    jobs.append(job(1001, 100, again, run_attempt=2))
    jobs.append(job(1002, 101, ago(hours=30), conclusion="failure", name="lint"))
    jobs.append(job(1003, 102, ago(hours=29), conclusion="timed_out", name="slow"))
    jobs.append(job(1004, 130, ago(minutes=2), conclusion="failure", name="just ended"))
    content.runs[REPO] = runs
    content.jobs[REPO] = jobs
    content.logs = {1000: b"2026-11-15T00:00:00.0000000Z ##[error]Process completed with exit code 1.\n"}
    content.expired_logs = {1002}
    stage = payloads.milestone(
        FULL, id=70, number=3, title="Stage 7.3", creator=ANA, created_at=ago(days=60), updated_at=ago(days=2)
    )
    content.milestones[REPO] = [stage]
    merged = {"state": "closed", "closed_at": ago(days=3), "merged_at": ago(days=3), "milestone": stage}
    content.pull_requests[REPO] = [
        pull_request(1, updated_at=ago(days=3), merge_commit_sha="a" * 40, **merged),
        pull_request(2, updated_at=ago(days=450)),
        pull_request(4, updated_at=ago(days=440), state="closed", closed_at=ago(days=440)),
    ]
    content.pull_request_files[REPO, 1] = [
        payloads.pull_request_file(FULL, name, head_sha="a" * 40) for name in ("docs/index.md", "src/app.py")
    ]
    content.issues[REPO] = [
        issue(5, updated_at=ago(days=480)),
        issue(6, updated_at=ago(days=2), milestone=stage, labels=[payloads.label(FULL, id=9, name="status: blocked")]),
    ]
    content.issue_events[REPO] = [
        payloads.issue_event(
            FULL,
            id=90 + n,
            number=6,
            event="milestoned",
            actor=ANA,
            created_at=ago(days=10 - n),
            details={"milestone": {"title": "Stage 7.3"}},
        )
        for n in range(3)
    ]
    return content


class ServedGitHub:
    """A served GitHub: its state, and clients that are closed at the end."""

    def __init__(self, state, base_url, stack):
        self.state = state
        self.base_url = base_url
        self._stack = stack

    def client(self, token=TOKEN, **options):
        options = {"points_per_minute": None, **options}
        pacing.forget()  # each client stands for a new process
        client = GitHubClient(token, base_url=self.base_url, **options)
        self._stack.callback(client.close)
        return client

    def journal(self):
        """Return requests since the last call, as (method, path, status)."""
        entries = [(entry.method, entry.path, entry.status) for entry in self.state.journal]
        self.state.journal.clear()
        return entries


@pytest.fixture
def serve():
    """Serve content: ``serve(content, **options of GitHubState)``, with ``proxy`` behind what it makes."""
    with ExitStack() as stack:

        def start(content, proxy=lambda app: app, **options):
            state = GitHubState(content, **{"rate_limit": None, **options})
            server = stack.enter_context(Server(proxy(create_app(state))))
            return ServedGitHub(state, server.base_url, stack)

        yield start


@pytest.fixture
def con(tmp_path, new_warehouse):
    shutil.copyfile(new_warehouse, tmp_path / "roadmap.duckdb")
    with connect(tmp_path / "roadmap.duckdb") as opened:
        yield opened


def table(con, query, *params):
    return con.execute(query, list(params)).fetchall()


def everything(con):
    """All that the raw tables hold of GitHub, without when and where it was read."""
    found = {}
    for name in READ_TABLES:
        has_payload = name not in ("job_logs", "passing_logs", "commits", "code_owners")
        left_out = "read_at, source, payload" if has_payload else "read_at, source"
        found[name] = sorted(map(repr, table(con, f"select * exclude ({left_out}) from raw.{name}")))
    return found
