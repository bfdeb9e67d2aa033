"""Many repositories, few of which have milestones: what a look at GitHub asks for, and what an ingest shows of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.cli.rendering.progress import terminal_reporter
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.ingest import repositories as reading
from roadmap_pipeline.github.milestones import create_milestone
from roadmap_pipeline.notion.layout import SYNC_KEY
from roadmap_pipeline.notion.rows import Row
from roadmap_pipeline.progress import long_tasks_only, reporting, task
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.sync import without_milestones
from roadmap_pipeline.sync.canonical import TITLE, canonical_title
from roadmap_pipeline.sync.forgotten_milestones import find_forgotten
from roadmap_pipeline.sync.github_target import GitHubTarget
from roadmap_pipeline.sync.row_matching import Rows
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.payloads import node_id, node_id_within
from roadmap_sandbox.server import Server

CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
BUSY = "acme/busy"
QUIET = [f"acme/quiet-{number}" for number in range(4)]


def run(repository: dict[str, Any], number: int, days: int) -> dict[str, Any]:
    moment, sha = CLOCK - timedelta(days=days), f"{number:040x}"
    made: dict[str, Any] = payloads.workflow_run(
        repository,
        id=9_000 + number,
        run_number=1,
        workflow_id=7 + number,
        name="CI",
        path=".github/workflows/ci.yml",
        head_branch="main",
        head_sha=sha,
        event="push",
        status="completed",
        conclusion="success",
        created_at=moment,
        updated_at=moment + timedelta(minutes=9),
        actor=payloads.user("ana", 11),
        display_title="Change",
        head_commit=payloads.head_commit(sha, message="Change", at=moment, author="Ana", email="ana@example.org"),
    )
    return made


def organisation() -> GitHubState:
    owner = payloads.user("acme", 1, type="Organization")
    content = GitHubContent(clock=CLOCK, viewer=payloads.user("roadmap-pipeline[bot]", 900001, type="Bot"))
    times: dict[str, Any] = {"created_at": CLOCK - timedelta(days=90), "updated_at": CLOCK, "pushed_at": CLOCK}
    for number, repo in enumerate([BUSY, *QUIET], start=101):
        content.repositories[repo] = payloads.repository(repo, number, owner, **times)
    content.milestones[BUSY] = [
        payloads.milestone(
            payloads.minimal_repository(BUSY, 101, owner),
            id=501,
            number=1,
            title="Faster checkout",
            creator=owner,
            created_at=CLOCK - timedelta(days=30),
            updated_at=CLOCK - timedelta(days=9),
        )
    ]
    # One that ran last before the history begins, and one before the weeks that are read first of a long history.
    for number, days in ((104, 900), (105, 80)):
        repo = QUIET[number - 102]
        content.runs[repo] = [run(payloads.minimal_repository(repo, number, owner), number, days)]
    return GitHubState(content, rate_limit=None)


@pytest.fixture
def state() -> GitHubState:
    return organisation()


@pytest.fixture
def runtime(state: GitHubState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Yield a run over the organisation, of whose size the tables are believed and walks are summed up."""
    monkeypatch.setattr(without_milestones, "FEWEST", 5)
    monkeypatch.setattr(reading, "MOST_SHOWN", 4)
    with Server(create_app(state)) as server:
        environment = {
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": server.base_url,
            "GITHUB_REPOSITORY": ",".join([BUSY, *QUIET]),
            "ROADMAP_NOW": CLOCK.isoformat(),
            "ROADMAP_WAREHOUSE": str(tmp_path / "roadmap.duckdb"),
        }
        with Runtime(load_settings(environment, tmp_path)) as run:
            yield run


def asked_for(state: GitHubState) -> list[str]:
    """Return the paths that were asked for since the last call."""
    paths = [entry.path for entry in state.journal]
    state.journal.clear()
    return paths


def test_repositories_without_milestones_are_not_asked(runtime: Runtime, state: GitHubState) -> None:
    lines = StringIO()
    with terminal_reporter(lines) as reporter, reporting(reporter):
        pipeline.ingest(runtime)
    shown = [line.rpartition(" (")[0] for line in lines.getvalue().splitlines()]
    assert shown == ["Looking for repositories: 5", "Reading repositories: 5"], "no line for each walk"
    asked_for(state)

    cache = ResponseCache()
    target = GitHubTarget.look(runtime, cache)
    assert {path.split("/")[3] for path in asked_for(state) if path.startswith("/repos/")} == {"busy"}
    assert set(target.repositories) == {BUSY, *QUIET}
    assert [milestone.title for milestone, _ in target.milestones().values()] == ["Faster checkout"]

    assert not target.repositories[QUIET[0]].milestones
    create_milestone(runtime.github, QUIET[0], "Made by a person", None)
    confirmed = target.confirmed(QUIET[0])
    assert confirmed is not None and [one.title for one in confirmed.milestones] == ["Made by a person"]
    asked_for(state)
    again = GitHubTarget.look(runtime, cache)
    asked = {path.split("/")[3] for path in asked_for(state) if path.startswith("/repos/")}
    assert asked == {"busy", "quiet-0"}, "what a sync has looked at once it goes on looking at"
    assert len(again.milestones()) == 2


def test_a_repository_that_sleeps_is_no_long_history(runtime: Runtime) -> None:
    for _ in range(2):
        charged = runtime.github.charged
        summary = pipeline.ingest(runtime)
        assert summary.notes == [] and summary.backfill == {}
    assert runtime.github.charged - charged == 0, "a poll with nothing new is free"


def test_all_are_asked_before_anything_was_read(runtime: Runtime, state: GitHubState) -> None:
    GitHubTarget.look(runtime, ResponseCache())
    assert len({path.split("/")[3] for path in asked_for(state) if path.startswith("/repos/")}) == 5


def test_an_open_tracking_issue_has_its_repository_asked(runtime: Runtime, state: GitHubState) -> None:
    runtime.github.post(f"/repos/{QUIET[1]}/issues", {"title": "Of a milestone that is gone", "labels": ["tracking"]})
    pipeline.ingest(runtime)
    asked_for(state)
    GitHubTarget.look(runtime, ResponseCache())
    assert {path.split("/")[3] for path in asked_for(state) if path.startswith("/repos/")} == {"busy", "quiet-1"}


def test_one_is_asked_before_a_row_counts_as_that_of_a_deleted_milestone(runtime: Runtime) -> None:
    """The tables say that it has no milestones; what was made there since they can't know."""
    pipeline.ingest(runtime)
    made = create_milestone(runtime.github, QUIET[0], "Made by a person", None)
    keys = [
        f"milestone:{node_id}" for node_id in (made.node_id, *(node_id_within("MI", 102 + n, 900 + n) for n in (0, 1)))
    ]
    rows = Rows(
        [Row(f"page {n}", "", {TITLE: f"Row {n}", SYNC_KEY: key}, "") for n, key in enumerate(keys)],
        {},
        "roadmap",
        TITLE,
        canonical_title,
        SYNC_KEY,
    )
    target = GitHubTarget.look(runtime, ResponseCache())
    forgotten = find_forgotten(rows, [], target)
    assert {one.title: (one.key, one.repo) for one in forgotten.entities} == {
        "Row 1": (keys[1], QUIET[0]),
        "Row 2": (keys[2], QUIET[1]),
    }
    assert not target.repositories[QUIET[0]].is_presumed and target.repositories[QUIET[2]].is_presumed
    # Where GraphQL doesn't show the repository either, it proves nothing of its milestones.
    target.repositories[QUIET[0]] = replace(target.repositories[QUIET[0]], node_id=node_id("R", 999_999))
    assert [one.title for one in find_forgotten(rows, [], target).entities] == ["Row 2"]


def test_of_many_tasks_only_the_long_ones_are_shown() -> None:
    lines = StringIO()
    with terminal_reporter(lines, every_s=0) as reporter, reporting(reporter):
        with long_tasks_only(), task("short", total=3) as short:
            short.advance(3)
        with long_tasks_only(after_s=0), task("a long one") as long:
            long.expect(5)
            long.advance(2)
            long.describe("a long one, described")
            long.advance()
    shown = [line.partition(" (")[0] for line in lines.getvalue().splitlines()]
    assert shown == [
        "a long one: 2 of 5 so far",
        "a long one, described: 3 of 5 so far",
        "a long one, described: 3",
    ]
