"""The sensor that watches the roadmap in Notion, and the job that it asks for, between both simulators."""

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.notion import client as notion_client
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline_tests.sync.conftest import SimulatedServices

DATE = "📆 Target Date"


def settings_of(services: SimulatedServices) -> Settings:
    now = services.notion.clock.isoformat()
    return load_settings({**services.environment, "ROADMAP_NOW": now}, services.warehouse.parent)


def look(services: SimulatedServices, cursor: str | None) -> tuple[list[str | None], str | None, str]:
    sensor = build_definitions(settings_of(services)).resolve_sensor_def("on_notion_edit")
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance, cursor=cursor) as context:
        data = sensor.evaluate_tick(context)
    return [request.run_key for request in data.run_requests or ()], data.cursor, data.skip_message or ""


def test_an_edit_in_notion_is_on_github_once_the_job_ran_that_it_asks_for(
    synced: SimulatedServices, tmp_path: Path
) -> None:
    synced.notion.advance(timedelta(minutes=2))
    asked, cursor, _ = look(synced, None)
    assert asked == []
    synced.notion.advance(timedelta(minutes=2))
    synced.notion.set_property(synced.page_id("Checkout v2"), DATE, "2027-03-31")
    asked, cursor, _ = look(synced, cursor)
    assert len(asked) == 1
    definitions = build_definitions(settings_of(synced))
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        result = definitions.resolve_job_def("roadmap_two_way").execute_in_process(instance=instance)
    assert result.success
    milestones = synced.ask("GET", "/repos/acme/payments/milestones?state=all")
    assert [one["due_on"][:10] for one in milestones if one["title"] == "Checkout v2"] == ["2027-03-31"]
    assert look(synced, cursor)[0] == [], "what the run wrote is no news"


def test_what_we_write_to_many_rows_hides_no_edit(synced: SimulatedServices, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's edit stands behind more rows of ours than a page of the list holds."""
    monkeypatch.setattr(notion_client, "PAGE_SIZE", 1)
    synced.notion.advance(timedelta(minutes=2))
    _, cursor, _ = look(synced, None)
    synced.notion.advance(timedelta(minutes=2))
    synced.notion.set_property(synced.page_id("Checkout v2"), DATE, "2027-03-31")
    synced.notion.advance(timedelta(minutes=1))
    for title in ("Stage 7.3", "Sunset v1"):
        synced.milestone(title, progress=0.35)
        synced.sync(milestone=title)
    asked, cursor, _ = look(synced, cursor)
    assert len(asked) == 1
    synced.notion.advance(timedelta(minutes=30))
    assert look(synced, cursor)[0] == []


def test_a_roadmap_that_went_elsewhere_is_found_again(synced: SimulatedServices) -> None:
    _, cursor, _ = look(synced, None)
    assert cursor is not None
    roadmap = synced.notion.store.databases[synced.databases()["Engineering Roadmap"]]
    moved = cursor.replace(roadmap.data_sources[0], "0" * 32)
    assert moved != cursor
    asked, cursor, skipped = look(synced, moved)
    assert (asked, skipped) == ([], "The roadmap is elsewhere now; the next look finds it.")
    assert look(synced, cursor)[2] == "Nobody has edited the roadmap since the last look."


def test_without_a_roadmap_there_is_nothing_to_look_at(services: SimulatedServices) -> None:
    assert look(services, None)[2] == "There is no Engineering Roadmap yet; the first sync makes it."
