"""The way of comments, to where they may go: from what GitHub lists, through the models, to what is written."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import pipeline
from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.sync.result import SyncResult
from roadmap_pipeline_tests.sync.conftest import ANA, CLOCK, OWNER, PULLS, REPORT, NewServices, SimulatedServices
from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.faults import Fault

pytestmark = pytest.mark.slow

BOTH_OF_PAYMENTS = {"acme/payments#1", "acme/payments#2"}
ALL = BOTH_OF_PAYMENTS | {"acme/storefront#5"}
OPEN_MILESTONES = {"Stage 7.3", "Checkout v2", "Polish"}
"""Each has a tracking issue."""


@pytest.fixture(scope="session")
def as_built(new_services: NewServices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the states after the first ingest and build.

    A run of last week is there to report on, and each pull request has failed since, which is worth a comment.
    """
    folder = tmp_path_factory.mktemp("built")
    with new_services(folder) as made:
        made.warehouse.unlink()
        put_runs(made)
        read_and_build(made)
    return folder


@pytest.fixture
def built(new_services: NewServices, as_built: Path, tmp_path: Path) -> Iterator[SimulatedServices]:
    """After the first ingest and build; nothing is published yet."""
    with new_services(tmp_path, as_built) as made:
        put_runs(made)
        yield made


def put_runs(services: SimulatedServices) -> None:
    services.github.put_run("acme/payments", _run("acme/payments", 1, "main", "a" * 40, "push", "success", days=5))
    for repo, number in PULLS:
        run = _run(
            repo, 10 + number, f"feature/{number}", f"{number:040x}", "pull_request", "startup_failure", days=0.1
        )
        services.github.put_run(repo, run)


def _run(repo: str, run_id: int, branch: str, sha: str, event: str, conclusion: str, *, days: float) -> Payload:
    at = CLOCK - timedelta(days=days)
    return payloads.workflow_run(
        payloads.minimal_repository(repo, 101, OWNER), id=run_id, run_number=run_id, workflow_id=7, name="CI",
        path=".github/workflows/ci.yml", head_branch=branch, head_sha=sha, event=event, status="completed",
        conclusion=conclusion, created_at=at, updated_at=at, actor=ANA, display_title="Change",
        head_commit=payloads.head_commit(sha, message="Change", at=at, author="Ana", email="ana@example.org"),
    )  # fmt: skip


def read_and_build(services: SimulatedServices, **changes: str) -> None:
    """Run ``roadmap ingest`` and ``roadmap build``."""
    pacing.forget()
    with services.runtime(None, lag=False, pace=None, **changes) as runtime:
        pipeline.ingest(runtime)
        pipeline.build_all(runtime)


def publish(services: SimulatedServices, *, dry_run: bool = False, lag: bool = False, **changes: str) -> SyncResult:
    """Run ``roadmap sync``; with ``lag`` waiting for Notion takes no time."""
    pacing.forget()
    with services.runtime(None, lag=lag, pace=None, **changes) as runtime:
        return pipeline.sync(runtime, dry_run=dry_run, render=True)


def commented(result: SyncResult) -> set[str]:
    return {change.title for change in result.plan.changes if change.kind in ("create_comment", "edit_comment")}


def written_to(services: SimulatedServices) -> set[str]:
    """Return the pull requests that writing requests went to since the last look."""
    return {path for _, path in services.writes() if path.startswith("/repos/")}


def stored(services: SimulatedServices) -> list[tuple[Any, ...]]:
    """Return everything the warehouse holds, table by table."""
    with duckdb.connect(str(services.warehouse)) as con:
        tables = con.sql("select schema_name || '.' || table_name from duckdb_tables() order by all").fetchall()
        return [(name, con.sql(f"from {name} order by all").fetchall()) for (name,) in tables]


def test_a_sync_after_ingest_and_build_renders_what_it_publishes(built: SimulatedServices) -> None:
    before = stored(built)
    told = publish(built, dry_run=True)
    assert commented(told) == ALL
    assert REPORT in {change.title for change in told.plan.changes}
    assert (built.writes(), stored(built)) == ([], before)
    result = publish(built)
    assert [change.to_json() for change in result.plan.changes] == [change.to_json() for change in told.plan.changes]
    assert (result.failed, result.refused) == ([], [])
    assert all("**CI: 1 of 1 run failed without a failed job**" in built.comments(*pull)[-1]["body"] for pull in PULLS)
    built.writes()
    again = publish(built)
    assert (again.plan.changes, again.plan.notes, built.writes()) == ((), (), [])


def test_a_week_before_the_first_run_is_nothing_to_report_on(built: SimulatedServices) -> None:
    earlier = (CLOCK - timedelta(days=7)).isoformat()  # the week of 2 November, in which nothing ran yet
    result = publish(built, ROADMAP_NOW=earlier)
    assert commented(result) == ALL
    assert ["there is nothing to report on 2026-W45" in note for note in result.plan.notes] == [True]


@pytest.fixture
def roadmap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Call the command line against the simulated services."""
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)

    def call(services: SimulatedServices, *words: str, **changes: str) -> Result:
        pacing.forget()  # a process of its own
        return CliRunner().invoke(main, list(words), env={**services.environment, **changes})

    return call


def test_the_command_line_does_so_too(built: SimulatedServices, roadmap: Callable[..., Result]) -> None:
    told = json.loads(roadmap(built, "sync", "--dry-run", "--json").stdout)
    assert {change["title"] for change in told["changes"] if change["kind"] == "create_comment"} == ALL
    assert built.writes() == []


@pytest.mark.parametrize("table", ["marts.milestone_progress", "marts.ci_verdicts", "marts.workflow_health"])
def test_a_text_that_cannot_be_rendered_stops_everything(
    built: SimulatedServices, roadmap: Callable[..., Result], table: str
) -> None:
    built.sql(f"drop table {table}")
    before = stored(built)
    for words in (("sync",), ("sync", "--dry-run")):
        result = roadmap(built, *words)
        assert result.exit_code == 1
        assert "roadmap build" in result.output
    assert (built.writes(), stored(built)) == ([], before)


def test_a_locked_pull_request_is_known_from_the_list_and_left_alone(built: SimulatedServices) -> None:
    built.github.activity.lock_issue("acme/payments", 1, "too heated")
    read_and_build(built)
    assert built.sql("select number, lock_reason from raw.pull_requests where is_locked") == [(1, "too heated")]
    for _ in range(2):
        result = publish(built)
        assert "acme/payments#1 is locked: no comment" in result.plan.notes
        assert not any("/payments/issues/1/" in path for path in written_to(built))
    assert result.plan.changes == ()
    assert built.sql("select count(*) from publish.pull_request_comments") == [(2,)]
    built.github.activity.change_issue("acme/payments", 1, locked=False, active_lock_reason=None)
    read_and_build(built)
    result = publish(built)
    assert (commented(result), result.plan.notes) == ({"acme/payments#1"}, ())


def test_an_own_comment_is_not_edited_once_the_conversation_is_locked(built: SimulatedServices) -> None:
    publish(built)
    built.github.activity.lock_issue("acme/payments", 2)
    built.github.activity.edit_comment("acme/payments", built.comments("acme/payments", 2)[0]["id"], "something else")
    read_and_build(built)
    built.writes()
    result = publish(built)
    assert (commented(result), written_to(built)) == (set(), set())
    assert result.plan.notes == ("acme/payments#2 is locked: no comment",)


def test_an_archived_repository_is_left_alone(built: SimulatedServices) -> None:
    built.github.activity.archive("acme/payments")
    read_and_build(built)
    for _ in range(2):
        result = publish(built)
        assert "acme/payments is archived: no comment on its 2 open pull requests" in result.plan.notes
        assert not any("/payments/" in path for path in written_to(built))
    built.github.activity.archive("acme/payments", archived=False)
    read_and_build(built)
    assert commented(publish(built)) == BOTH_OF_PAYMENTS


def test_nothing_goes_to_a_repository_that_is_not_configured_any_more(built: SimulatedServices) -> None:
    publish(built)
    for repo, number in PULLS:
        built.github.activity.delete_comment(repo, built.comments(repo, number)[-1]["id"])
    built.writes()
    result = publish(built, GITHUB_REPOSITORY="acme/payments")
    assert commented(result) == BOTH_OF_PAYMENTS
    assert result.plan.notes == (
        "acme/storefront is not configured (any more): its row stays as it is",
        "acme/storefront is not configured (any more): no comment on its open pull request",
    )
    assert not any("storefront" in entry for entry in written_to(built))
    assert built.sql("select count(*) from raw.pull_requests where repo = 'acme/storefront'") == [(1,)]
    assert commented(publish(built)) == {"acme/storefront#5"}


def test_what_is_configured_is_compared_whatever_its_case(built: SimulatedServices) -> None:
    assert commented(publish(built, GITHUB_REPOSITORY="ACME/Payments,acme/STOREFRONT")) == ALL


def test_a_repository_that_is_configured_by_its_former_name_is_written_to(built: SimulatedServices) -> None:
    built.github.activity.rename("acme/storefront", "acme/shop")
    read_and_build(built)
    result = publish(built)
    assert (commented(result), result.plan.notes) == (BOTH_OF_PAYMENTS | {"acme/shop#5"}, ())
    assert len(built.comments("acme/shop", 5)) == 1
    built.writes()
    assert (publish(built).plan.changes, built.writes()) == ((), [])
    # another one that was configured once is still none of the configured ones
    result = publish(built, GITHUB_REPOSITORY="acme/storefront")
    assert result.plan.notes == (
        "acme/payments is not configured (any more): its 3 rows stay as they are",
        "acme/payments is not configured (any more): no comment on its 2 open pull requests",
    )


def test_a_repository_that_was_renamed_since_it_was_read_waits_for_the_next_ingest(built: SimulatedServices) -> None:
    built.github.activity.rename("acme/storefront", "acme/shop")
    result = publish(built)
    assert commented(result) == BOTH_OF_PAYMENTS
    (note,) = result.plan.notes
    assert note.startswith("acme/storefront has another name now")
    read_and_build(built)
    assert commented(publish(built)) == {"acme/shop#5"}


def test_a_configured_name_that_is_gone_is_none_of_the_others_former_name(built: SimulatedServices) -> None:
    result = publish(built, GITHUB_REPOSITORY="acme/payments,acme/vanished")
    assert commented(result) == BOTH_OF_PAYMENTS


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("status", [500, 503])
def test_comments_that_cannot_be_read_cost_only_their_pull_request(built: SimulatedServices, status: Any) -> None:
    built.github.faults.add(Fault("bad_gateway", status), method="GET", path="/payments/issues/1/comments", times=99)
    result = publish(built)
    assert commented(result) == ALL - {"acme/payments#1"}
    assert result.failed == []
    (note,) = result.plan.notes
    assert note.startswith("acme/payments#1: its comments can't be read")
    built.github.faults.clear()
    assert commented(publish(built)) == {"acme/payments#1"}


def test_what_a_token_may_not_do_is_not_tried_again_by_every_run(
    built: SimulatedServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SECONDS_BETWEEN_WRITES", 0.0)
    built.sql("update config.origin set origin = 'real'")  # as for any token but the sandbox's own
    first = publish(built, lag=True, GITHUB_TOKEN="read-only")
    assert {title for title, _ in first.refused} == ALL | OPEN_MILESTONES
    built.writes()
    second = publish(built, lag=True, GITHUB_TOKEN="read-only")
    assert (commented(second), second.refused, built.writes()) == (set(), [], [])
    assert len(second.plan.notes) == 6
    assert all("Resource not accessible by integration" in note for note in second.plan.notes)
    later = (CLOCK + timedelta(hours=25)).isoformat()
    refused = publish(built, lag=True, GITHUB_TOKEN="read-only", ROADMAP_NOW=later).refused
    assert {title for title, _ in refused} == ALL | OPEN_MILESTONES
    built.sql("update config.origin set origin = 'sandbox'")
    third = publish(built, ROADMAP_NOW=later)  # with the token that may
    assert (commented(third), third.refused, third.plan.notes) == (ALL, [], ())
    assert built.sql("select count(*) from sync.refused_comments") == [(0,)]


def test_a_conversation_that_was_locked_since_it_was_listed_is_refused_once(built: SimulatedServices) -> None:
    built.github.activity.lock_issue("acme/payments", 1)
    assert [title for title, _ in publish(built).refused] == ["acme/payments#1"]
    built.writes()
    second = publish(built)
    assert (second.plan.changes, built.writes()) == ((), [])
    assert "issue is locked" in second.plan.notes[0]
