"""Reasons that forbid writing: databases out of shape or out of sight, locked conversations, tokens that only read."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.github.client import pacing
from roadmap_pipeline_tests.sync.conftest import REPORTS, ROADMAP, SimulatedServices
from roadmap_sandbox.github.faults import Fault
from roadmap_sandbox.notion import faults as notion_faults


@pytest.fixture
def roadmap_sync(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """``roadmap sync`` against the simulated services."""
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)

    def call(services: SimulatedServices, *words: str, **changes: str) -> Result:
        pacing.forget()  # a process of its own
        return CliRunner().invoke(main, ["sync", *words], env={**services.environment, **changes})

    return call


OUT_OF_SHAPE: dict[str, Callable[[SimulatedServices], None]] = {
    "property deleted": lambda services: services.notion.delete_property(services.databases()[ROADMAP], "📊 Progress"),
    "property retyped": lambda services: services.notion.retype_property(
        services.databases()[ROADMAP], "📝 Notes", "number"
    ),
    "report's property deleted": lambda services: services.notion.delete_property(
        services.databases()[REPORTS], "Report Date"
    ),
    "roadmap unshared": lambda services: services.notion.unshare(services.databases()[ROADMAP]),
    "reports unshared": lambda services: services.notion.unshare(services.databases()[REPORTS]),
    "reports in the trash": lambda services: services.notion.trash(services.databases()[REPORTS]),
}


@pytest.mark.parametrize("case", OUT_OF_SHAPE)
def test_a_database_out_of_shape_or_sight_stops_every_write(
    case: str, synced: SimulatedServices, roadmap_sync: Callable[..., Result]
) -> None:
    OUT_OF_SHAPE[case](synced)
    synced.milestone("Checkout v2", progress=0.2)
    synced.sql("update publish.notion_ci_reports set total_failures = 99")
    synced.sql("update publish.pull_request_comments set body = 'new'")
    before = synced.notion.dump()
    result = roadmap_sync(synced)
    assert result.exit_code == 1, result.output
    assert result.output.startswith("error: ")
    assert any(title in result.output for title in (REPORTS, ROADMAP))
    with pytest.raises(RoadmapError):
        synced.sync("comments")
    assert synced.writes() == []
    assert synced.notion.dump() == before
    assert synced.sql("select count(*) from sync.changes where state <> 'done'") == [(0,)]


def test_reports_that_were_deleted_are_not_made_beside_a_roadmap_that_points_to_them(synced: SimulatedServices) -> None:
    """With a fresh warehouse nobody knows the deleted database's id."""
    synced.sql("delete from sync.databases")
    synced.notion.trash(synced.databases()[REPORTS])
    with pytest.raises(RoadmapError, match="does not point to CI Intelligence Reports"):
        synced.sync()
    assert synced.writes() == []


def test_a_deleted_roadmap_is_made_anew_without_doubling_reports(synced: SimulatedServices) -> None:
    synced.sql("delete from sync.databases")
    synced.sql("delete from sync.row_bases")
    synced.notion.trash(synced.databases()[ROADMAP])
    synced.sync()
    assert len(synced.rows(REPORTS)) == 1
    assert len(synced.rows()) == 4
    assert synced.sync().plan.changes == ()


def test_conflicts_exit_with_3_and_say_both_values(
    synced: SimulatedServices, roadmap_sync: Callable[..., Result]
) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), "✅ Status", "Blocked")
    synced.edit_milestone("Stage 7.3", state="closed")
    synced.milestone("Stage 7.3", progress=0.6)
    synced.writes()
    told = roadmap_sync(synced, "--dry-run", "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["conflicts"] == [
        {
            "place": ROADMAP,
            "title": "Stage 7.3",
            "field": "✅ Status",
            "github": "Completed",
            "notion": "Blocked",
            "reason": None,
        }
    ]
    assert synced.writes() == []
    result = roadmap_sync(synced)
    assert result.exit_code == 3
    for word in ("Stage 7.3", "✅ Status", "Completed", "Blocked"):
        assert word in result.output
    assert (synced.row("Stage 7.3")["✅ Status"], synced.row("Stage 7.3")["📊 Progress"]) == ("Blocked", 0.6)


def test_a_sync_before_anything_was_built_says_so(
    services: SimulatedServices, roadmap_sync: Callable[..., Result]
) -> None:
    services.sql("drop schema publish cascade")
    result = roadmap_sync(services)
    assert result.exit_code == 1
    assert "roadmap build" in result.output
    assert services.writes() == []


def test_a_locked_conversation_is_skipped_and_the_others_are_written(
    prepared: SimulatedServices, roadmap_sync: Callable[..., Result]
) -> None:
    prepared.github.request("PUT", "/repos/acme/payments/issues/1/lock", {"lock_reason": "spam"})
    result = roadmap_sync(prepared, "--json")
    assert result.exit_code == 0, result.output
    ((refused),) = json.loads(result.stdout)["refused"]
    assert refused == {"title": "acme/payments#1", "reason": "Unable to create comment because issue is locked."}
    assert len(prepared.comments("acme/payments", 1)) == 1
    assert len(prepared.comments("acme/payments", 2)) == len(prepared.comments("acme/storefront", 5)) == 1
    assert prepared.sql("select title, error from sync.changes where state = 'refused'") == [
        ("acme/payments#1", "Unable to create comment because issue is locked.")
    ]


@pytest.mark.slow
def test_a_token_that_only_reads_leaves_notion_to_be_written(
    prepared: SimulatedServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SECONDS_BETWEEN_WRITES", 0.0)
    result = prepared.sync(lag=True, GITHUB_TOKEN="read-only")
    pulls = {"acme/payments#1", "acme/payments#2", "acme/storefront#5"}
    milestones = {"Stage 7.3", "Checkout v2", "Polish"}
    assert {title for title, _ in result.refused} == pulls | milestones
    assert all(reason for _, reason in result.refused)
    assert result.failed == []
    assert len(prepared.rows()) == 4
    assert [len(prepared.comments("acme/payments", number)) for number in (1, 2)] == [1, 0]
    assert "acme/payments" not in result.written()
    prepared.writes()
    again = prepared.sync(lag=True, GITHUB_TOKEN="read-only")
    assert (again.refused, prepared.writes()) == ([], [])
    assert sum("GitHub refused" in note for note in again.plan.notes) == 6


def test_a_pull_request_that_is_gone_is_noted(synced: SimulatedServices) -> None:
    synced.sql("insert into publish.pull_request_comments values ('acme/payments', 404, 'a', 'text', 'text', true)")
    result = synced.sync()
    assert result.plan.notes == ("acme/payments#404 is gone from GitHub: no comment",)
    assert (result.plan.changes, result.failed) == ((), [])


def test_a_row_that_fails_stops_no_other_and_is_written_next_time(
    synced: SimulatedServices, roadmap_sync: Callable[..., Result]
) -> None:
    page = synced.page_id("Stage 7.3")
    for title in ("Stage 7.3", "Checkout v2"):
        synced.milestone(title, progress=0.9)
    synced.sql("update publish.pull_request_comments set body = 'new' where number = 5")
    synced.notion.faults.add(
        notion_faults.forbidden(), lambda asked: asked.mutating and asked.path.endswith(page), times=None
    )
    synced.github.faults.add(Fault("secondary_limit", 403, 3600), method="PATCH", times=1)
    result = roadmap_sync(synced)
    assert result.exit_code == 1
    told = " ".join(result.stdout.split())
    assert "note: 1 change on GitHub waits: " in told and "try again in 60 min" in told
    assert synced.row("Checkout v2")["📊 Progress"] == 0.9
    states = dict(synced.sql("select title, error from sync.changes where state = 'failed'"))
    assert set(states) == {"Stage 7.3", "acme/storefront#5"}
    assert "capabilities" in states["Stage 7.3"]
    synced.notion.faults.clear()
    assert roadmap_sync(synced).exit_code == 0
    assert synced.row("Stage 7.3")["📊 Progress"] == 0.9
    assert synced.sync().plan.changes == ()


def test_secrets_are_nowhere(
    synced: SimulatedServices, roadmap_sync: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = synced.environment["GITHUB_TOKEN"], synced.environment["NOTION_API_KEY"], "read-only-secret"
    said = [roadmap_sync(synced, "--json").output]
    synced.milestone("Stage 7.3", progress=0.9)
    synced.sql("update publish.pull_request_comments set body = 'new'")
    synced.notion.faults.add(notion_faults.dropped(), lambda asked: asked.mutating, times=2)
    synced.notion.faults.add(notion_faults.forbidden(), lambda asked: asked.mutating, times=1)
    synced.github.faults.add("bad_gateway_after_commit", method="PATCH")
    said.append(roadmap_sync(synced, "--json").output)
    for name, value in (("GITHUB_TOKEN", "read-only-secret"), ("NOTION_API_KEY", "read-only-secret")):
        said.append(CliRunner().invoke(main, ["--verbose", "sync"], env={**synced.environment, name: value}).output)
    with synced.runtime() as runtime:
        said.append(repr((runtime, runtime.github, runtime.notion, runtime.journal, runtime.settings)))
    kept = [str(row) for table in ("changes", "row_bases", "databases") for row in synced.sql(f"from sync.{table}")]
    assert len(kept) > 50
    for secret in secrets:
        assert not any(secret in text for text in [*said, *kept, caplog.text])
        assert secret.encode() not in synced.warehouse.read_bytes()
