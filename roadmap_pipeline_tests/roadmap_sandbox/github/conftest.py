"""A small world behind the GitHub simulator."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
REPO = "acme/payments"
BOT = payloads.user("roadmap-pipeline[bot]", 900001, type="Bot")
ANA = payloads.user("ana", 11)
OWNER = payloads.user("acme", 1, type="Organization")


def ago(**span):
    return CLOCK - timedelta(**span)


def full_repository(name=REPO, id=101, *, private=False):
    return payloads.repository(
        name, id, OWNER, created_at=ago(days=900), updated_at=ago(days=1), pushed_at=ago(days=1), private=private
    )


def run_payload(run_id, *, created_at, repo=REPO, run_attempt=1, **changes):
    fields = {
        "run_number": run_id,
        "workflow_id": 7,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "head_branch": "main",
        "head_sha": f"{run_id:040x}",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "updated_at": created_at,
        "actor": ANA,
        "display_title": "Change something",
        "head_commit": payloads.head_commit(
            f"{run_id:040x}", message="Change something", at=created_at, author="Ana", email="ana@example.org"
        ),
        **changes,
    }
    repository = payloads.minimal_repository(repo, 101, OWNER)
    return payloads.workflow_run(repository, id=run_id, run_attempt=run_attempt, created_at=created_at, **fields)


def job_payload(job_id, run_id, *, run_attempt=1, conclusion="success", status="completed", name="test"):
    at = ago(hours=5)
    return payloads.job(
        payloads.minimal_repository(REPO, 101, OWNER),
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
        steps=[payloads.step(1, "Set up job", started_at=at, completed_at=at)],
        runner_id=3,
        runner_name="GitHub Actions 3",
    )


def _milestones(repo):
    stage = payloads.milestone(
        repo,
        id=81,
        number=1,
        title="Stage 7.3",
        creator=ANA,
        created_at=ago(days=60),
        updated_at=ago(days=9),
        due_on=ago(days=-30),
    )
    done = payloads.milestone(
        repo,
        id=82,
        number=2,
        title="Stage 7.2",
        creator=ANA,
        created_at=ago(days=90),
        updated_at=ago(days=40),
        state="closed",
        closed_at=ago(days=40),
    )
    return stage, done


def _pulls(repo, stage):
    return [
        payloads.pull_request(
            repo,
            id=201 + number,
            number=number,
            title=f"Pull {number}",
            user=ANA,
            head_ref=f"feature/{number}",
            head_sha=f"{number:040x}",
            base_ref="main",
            base_sha="0" * 40,
            created_at=ago(days=10 - number),
            updated_at=ago(days=5 - number),
            milestone=stage,
            **more,
        )
        for number, more in (
            (1, {}),
            (
                2,
                {
                    "state": "closed",
                    "closed_at": ago(days=4),
                    "merged_at": ago(days=4),
                    "merge_commit_sha": "e" * 40,
                    "fork_is_gone": True,
                },
            ),
        )
    ]


def _issues(repo, label, stage):
    return [
        payloads.issue(
            repo,
            id=300 + number,
            number=number,
            title=f"Issue {number}",
            user=ANA,
            created_at=ago(days=number),
            updated_at=ago(hours=number),
            labels=[label] if number == 3 else [],
            milestone=stage if number != 5 else None,
            state="open" if number != 4 else "closed",
            state_reason=None if number != 4 else "completed",
            closed_at=None if number != 4 else ago(hours=4),
            body="text",
        )
        for number in (3, 4, 5)
    ]


def _runs(pulls):
    runs = [run_payload(number, created_at=ago(hours=100 - number)) for number in (1, 2, 4, 5, 6)]
    runs += [
        run_payload(3, created_at=ago(hours=97), conclusion="failure"),
        run_payload(3, created_at=ago(hours=97), run_attempt=2, run_started_at=ago(hours=90)),
    ]
    runs[1] |= {"event": "pull_request", "head_branch": "feature/1", "conclusion": "failure", "actor": BOT}
    runs[1]["pull_requests"] = [payloads.run_pull_request(pulls[0])]
    runs[2] |= {"workflow_id": 8, "name": "Release", "path": ".github/workflows/release.yml"}
    return runs


def _events(repo):
    return [
        payloads.issue_event(
            repo,
            id=401,
            number=3,
            event="labeled",
            actor=ANA,
            created_at=ago(days=2),
            details={"label": {"name": "bug", "color": "d73a4a"}},
        ),
        payloads.issue_event(repo, id=402, number=4, event="closed", actor=ANA, created_at=ago(hours=4)),
    ]


def make_content():
    """Return six runs (run 3 with two attempts), jobs of run 3, two pull requests, three issues, two milestones."""
    repo = full_repository()
    label = payloads.label(repo, id=71, name="bug", color="d73a4a", description="Broken")
    stage, done = _milestones(repo)
    pulls = _pulls(repo, stage)
    jobs = [
        job_payload(31, 3, conclusion="failure"),
        job_payload(32, 3, name="lint"),
        job_payload(33, 3, run_attempt=2),
        job_payload(61, 6, status="in_progress", conclusion=None),
    ]
    return GitHubContent(
        clock=CLOCK,
        viewer=BOT,
        repositories={REPO: repo, "acme/secret": full_repository("acme/secret", 102, private=True)},
        runs={REPO: _runs(pulls)},
        jobs={REPO: jobs},
        logs={31: b"\xef\xbb\xbf2026-11-16T01:00:00.0000000Z ##[error]boom \xff\n", 33: b"fine\n"},
        expired_logs={33},
        pull_requests={REPO: pulls},
        pull_request_files={
            (REPO, 2): [
                payloads.pull_request_file(repo, "docs/a.md", head_sha="2" * 40, additions=3, deletions=1),
                payloads.pull_request_file(repo, "src/b.py", head_sha="2" * 40, status="added", additions=10),
            ]
        },
        issues={REPO: _issues(repo, label, stage)},
        milestones={REPO: [stage, done]},
        issue_events={REPO: _events(repo)},
        comments={(REPO, 1): [payloads.comment(repo, id=501, number=1, user=ANA, body="Nice", created_at=ago(days=3))]},
        labels={REPO: [label]},
    )


@pytest.fixture
def make_state():
    def make(**options):
        return GitHubState(make_content(), **options)

    return make


@pytest.fixture
def state(make_state):
    return make_state()


class Client:
    """A client of plain requests with a token."""

    def __init__(self, root, token=TOKEN):
        self.root = root
        self.session = requests.Session()
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method, path, body=None, **options):
        url = path if path.startswith("http") else self.root + path
        return self.session.request(method, url, json=body, timeout=10, allow_redirects=False, **options)

    def get(self, path, **options):
        return self("GET", path, **options)


class Switch:
    """A server of one application after the other at the same address: stopping one takes 0.2 s."""

    def __init__(self):
        self.app = None
        self.server = Server(Starlette(routes=[Mount("", app=self)]))
        self.server.start()

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def idle_switches():
    idle = []
    yield idle
    for switch in idle:
        switch.server.stop()


@pytest.fixture(scope="session")
def runner():
    """Yield what runs what applications do at their start and end."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture
def serve(idle_switches, runner):
    used = []

    def start(state, token=TOKEN):
        switch = idle_switches.pop() if idle_switches else Switch()
        switch.app = create_app(state)
        lifespan = switch.app.router.lifespan_context(switch.app)
        runner.run(lifespan.__aenter__())
        client = Client(switch.server.base_url, token)
        used.append((switch, lifespan, client))
        return client

    yield start
    for switch, lifespan, client in used:
        client.session.close()
        runner.run(lifespan.__aexit__(None, None, None))
        idle_switches.append(switch)


@pytest.fixture
def client(serve, state):
    return serve(state)
