"""Whole runs in which every credential and every log is a secret: it appears nowhere, in no disguise (a minute).

Run by `make test-security`. Belongs here: what the commands of a project leave behind, in files, databases, on the
screen and on both sides.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, small_world
from roadmap_pipeline_tests.security.outputs import texts
from roadmap_pipeline_tests.security.planted import (
    GITHUB_TOKEN,
    NOTION_KEY,
    everything_planted,
    leaks,
    log_lines,
)
from roadmap_pipeline_tests.stopped import ROADMAP
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.defaults import PARENT_PAGE_ID
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.apps import GitHubApp, Installation
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)
TIME = "2026-11-15T00:00:00.0000000Z "
COMMANDS = (
    ("run",),
    ("run", "--json"),
    ("sync", "--dry-run"),
    ("doctor",),
    ("report", "--html", "--output", "week.html"),
    ("quarterly", "--quarter", "Q4-2026", "--html", "--output", "quarter.html"),
    ("status", "--markdown"),
    ("failures", "unknown"),
    ("classify", "job.log"),
    ("query", "--csv", "select * from raw.job_logs", "--output", "logs.csv"),
    ("export-parquet", "parquet", "--schema", "raw", "--schema", "marts", "--schema", "publish"),
)


def _log(*lines: str) -> bytes:
    """Return a job's log whose one step fails."""
    head = ("##[group]Run ./deploy.sh", "./deploy.sh", "shell: bash -e", "##[endgroup]")
    return "".join(
        f"{TIME}{line}\n" for line in (*head, *lines, "##[error]Process completed with exit code 1.")
    ).encode()


def content() -> GitHubContent:
    """Return the small organisation, whose logs and annotations tell every secret."""
    world = small_world()
    lines = list(log_lines())
    one_line = [line for line in lines if "-----" not in line and " " in line]
    world.logs = {
        1000: _log(*lines, *(f"##[error]{line}" for line in lines)),
        1002: _log(
            "============ FAILURES ============",
            *(f"E   AssertionError: {line}" for line in one_line),
            "======== short test summary info ========",
            *(f"FAILED tests/test_login.py::test_{at}[{line}] - {line}" for at, line in enumerate(one_line)),
        ),
        1004: _log(*(f"Error: {line}" for line in lines)),
    }
    world.expired_logs = set()
    world.annotations = {
        1003: [
            {
                "path": ".github", "blob_href": "https://github.com/acme/payments/blob/0/.github", "start_line": 1,
                "start_column": None, "end_line": 1, "end_column": None, "annotation_level": "failure",
                "title": line, "message": "\n".join(lines), "raw_details": None,
            }
            for line in one_line
        ]
    }  # fmt: skip
    return world


@dataclass(frozen=True)
class Project:
    """A project in a folder, and the credentials that it has."""

    folder: Path
    environment: Mapping[str, str]
    github: GitHubState

    def run(self, *words: str) -> tuple[int, str]:
        """Run `roadmap --verbose` with ``words``; returns the exit code, and both streams."""
        ended = subprocess.run(
            [ROADMAP, "--verbose", *words],
            env={**os.environ, **self.environment}, cwd=self.folder, capture_output=True, timeout=3600, check=False,
        )  # fmt: skip
        return ended.returncode, (ended.stdout + ended.stderr).decode()


@contextmanager
def project(folder: Path, credentials: Mapping[str, str], world: GitHubContent | None = None) -> Iterator[Project]:
    """Serve both sides to a project in ``folder``; what they are sent is kept in files beside it."""
    app = GitHubApp(5, "roadmap-bot", PUBLIC, (Installation(77, "acme", frozenset({"payments"})),))
    sent = folder / "sent"
    sent.mkdir()
    github = GitHubState(
        world or content(), token=GITHUB_TOKEN, rate_limit=None, apps=(app,), writes_path=sent / "github.jsonl"
    )
    notion = NotionState(CLOCK, token=NOTION_KEY, parent_page_id=PARENT_PAGE_ID, writes_path=sent / "notion.jsonl")
    (folder / "roadmap.toml").write_text(
        "[limits]\nnotion_requests_per_second = 1000\ngithub_points_per_minute = 100000\n"
    )
    with Server(create_github(github)) as github_server, Server(create_notion(notion)) as notion_server:
        environment = {
            "GITHUB_REPOSITORY": REPO,
            "GITHUB_API_URL": github_server.base_url,
            "NOTION_API_KEY": NOTION_KEY,
            "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID,
            "NOTION_API_URL": notion_server.base_url,
            "ROADMAP_NOW": CLOCK.isoformat(),
            "ROADMAP_CONFIG": str(folder / "roadmap.toml"),
            "ROADMAP_WAREHOUSE": str(folder / "roadmap.duckdb"),
            "DAGSTER_HOME": str(folder / "dagster"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            **credentials,
        }
        yield Project(folder, environment, github)


def assert_nothing_shown(folder: Path, secrets: Mapping[str, str], leave_out: Path | None = None) -> None:
    """Assert that no file below ``folder``, but the one left out, gives a secret away."""
    left_out = "" if leave_out is None else str(leave_out.relative_to(folder))
    found = {name: kinds for name, text in texts(folder) if name != left_out and (kinds := leaks(text, secrets))}
    assert not found, "\n".join(f"{name}: {kinds}" for name, kinds in found.items())


def test_a_project_with_tokens(tmp_path: Path) -> None:
    """Every command, with debug logging, on logs that hold a secret of each kind."""
    folder, outputs = tmp_path / "project", tmp_path / "outputs"
    folder.mkdir()
    outputs.mkdir()
    log = tmp_path / "job.log"
    log.write_bytes(_log(*log_lines()))
    with project(folder, {"GITHUB_TOKEN": GITHUB_TOKEN}) as served:
        for number, command in enumerate(COMMANDS):
            code, shown = served.run(*(str(log) if word == "job.log" else word for word in command))
            (outputs / f"{number} {command[0]}.txt").write_text(shown)
            assert code == 0, (command, shown[-2_000:])
    assert_nothing_shown(
        tmp_path, {"GITHUB_TOKEN": GITHUB_TOKEN, "NOTION_API_KEY": NOTION_KEY, **everything_planted()}, leave_out=log
    )
    # What was searched holds what surrounds the secrets, on every way out.
    for name, witness in (
        ("project/roadmap.snapshot.duckdb: raw.job_logs", "git.example"),
        ("project/roadmap.duckdb: marts.ci_failures", "[redacted]"),
        ("project/sent/notion.jsonl", "pages"),
        ("project/sent/github.jsonl", "issues"),
        ("project/week.html", "<h1>"),
        ("project/logs.csv", "[redacted]"),
        ("outputs/0 run.txt", "DEBUG roadmap_pipeline.github.requests"),
    ):
        assert any(witness in text for found, text in texts(tmp_path) if found == name), name


def test_a_project_with_an_app_and_secrets_in_files(tmp_path: Path) -> None:
    """The key signs, the tokens it gets are renewed; neither is written, nor is a key in a file."""
    folder, secrets = tmp_path / "project", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    (secrets / "app.pem").write_text(PEM)
    (secrets / "notion").write_text(f"{NOTION_KEY}\n")
    credentials = {
        "GITHUB_APP_ID": "5",
        "GITHUB_APP_PRIVATE_KEY_FILE": str(secrets / "app.pem"),
        "NOTION_API_KEY": "",
        "NOTION_API_KEY_FILE": str(secrets / "notion"),
    }
    with project(folder, credentials) as served:
        for command in (("run",), ("doctor",)):
            code, shown = served.run(*command)
            (folder / f"{command[0]}.txt").write_text(shown)
            assert code == 0, (command, shown[-2_000:])
        tokens = {f"installation token {at}": token for at, token in enumerate(served.github.apps.tokens)}
    assert tokens
    assert_nothing_shown(folder, {"key": PEM, "NOTION_API_KEY": NOTION_KEY, **tokens})


def _echo() -> Starlette:
    """Return a server that refuses everything and repeats what it was sent, as a careless proxy does."""

    async def refuse(request: Request) -> JSONResponse:
        sent = " ".join(f"{name}: {value}" for name, value in request.headers.items())
        message = f"\x1b[31mrefused\x1b[0m {request.url} {sent}"
        return JSONResponse({"message": message, "code": "unauthorized", "object": "error", "status": 401}, 401)

    return Starlette(routes=[Route("/{path:path}", refuse, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])])


def test_a_server_that_repeats_what_it_was_sent(tmp_path: Path) -> None:
    """Errors and tracebacks repeat the server's words, without the secrets and without control characters."""
    folder = tmp_path / "project"
    folder.mkdir()
    with Server(_echo()) as server, project(folder, {"GITHUB_TOKEN": GITHUB_TOKEN}) as served:
        to_echo = {"GITHUB_API_URL": server.base_url, "NOTION_API_URL": server.base_url}
        refused = Project(folder, {**served.environment, **to_echo}, served.github)
        for command in (("doctor",), ("ingest",), ("sync",), ("run",)):
            code, shown = refused.run(*command)
            (folder / f"{command[0]}.txt").write_text(shown)
            assert code in (1, 2), (command, shown[-2_000:])
            assert "refused" in shown
            assert "\x1b" not in shown
    assert_nothing_shown(folder, {"GITHUB_TOKEN": GITHUB_TOKEN, "NOTION_API_KEY": NOTION_KEY})
