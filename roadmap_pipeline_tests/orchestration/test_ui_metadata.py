"""The Dagster UI as people find it: everything says what it is and whose, and leads to what was published."""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.event_log import open_instance
from roadmap_pipeline.orchestration.metadata import Markdown, markdown_table
from roadmap_pipeline.reports.html.pictures import pictures
from roadmap_pipeline_tests.conftest import Ran

NOT_OURS_TO_OWN = {"automation", "on_run_failure"}
"""Dagster lets no owner be named of these two kinds of sensors."""


def test_everything_says_what_it_does_and_whose_it_is() -> None:
    definitions = build_definitions()
    graph = definitions.resolve_asset_graph()
    jobs = [definitions.resolve_job_def(one.name) for one in definitions.jobs or ()]
    automated = [*(definitions.schedules or ()), *(definitions.sensors or ())]
    assert jobs and automated
    for one in (*jobs, *automated):
        assert one.description, one.name
        assert one.owners or one.name in NOT_OURS_TO_OWN, one.name
    for key in graph.asset_check_keys:
        assert graph.get_check_spec(key).description, key
    for node in graph.asset_nodes:
        assert node.description, node.key


@pytest.fixture(scope="module")
def recorded(ran: Ran) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield what the main job recorded of each asset, by its key."""
    with open_instance(str(ran.settings.dagster_home)) as instance:
        yield _Recorded(instance)


class _Recorded(dict[str, dict[str, Any]]):
    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def __missing__(self, name: str) -> dict[str, Any]:
        event = self._instance.get_latest_materialization_event(dg.AssetKey(name.split("/")))
        assert event is not None and event.asset_materialization is not None, name
        self[name] = {key: value.value for key, value in event.asset_materialization.metadata.items()}
        return self[name]


@pytest.mark.parametrize("asset", ["derived/reports", "derived/quarterly_reports"])
def test_a_report_is_shown_with_its_charts(recorded: dict[str, dict[str, Any]], asset: str) -> None:
    metadata = recorded[asset]
    assert metadata["report"].startswith("# ")
    drawn = {name: value for name, value in metadata.items() if str(value).startswith("![")}
    assert "Failed jobs by category" in drawn
    for name, value in drawn.items():
        encoded = re.fullmatch(rf"!\[{name}\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", value)
        assert encoded is not None
        picture = b64decode(encoded[1])
        assert picture.startswith(b"\x89PNG") and len(picture) < 150_000


def test_what_was_published_is_one_click_away(ran: Ran, recorded: dict[str, dict[str, Any]]) -> None:
    notion = "https://app.notion.com"
    assert recorded["notion/databases"]["CI Intelligence Reports"].startswith(notion)
    assert recorded["notion/databases"]["Engineering Roadmap"].startswith(notion)
    assert recorded["notion/ci_reports"]["page in Notion"].startswith(f"{notion}/")
    assert recorded["notion/quarterly_reports"]["page in Notion"].startswith(f"{notion}/")
    roadmap = recorded["notion/roadmap"]["links"]
    with ran.runtime() as runtime, runtime.warehouse.connect() as con:
        rows = con.execute("select page_url, repo, number from sync.rows where issue_number is not null").fetchall()
    assert rows
    for page, repo, number in rows:
        assert f"[page]({page})" in roadmap
        assert re.search(rf"\[{repo}\]\(https?://\S+/{repo}/milestone/{number}\)", roadmap), (repo, number)
    assert re.search(r"\[acme/\w+ #\d+\]\(https?://\S+/issues/\d+\)", recorded["github/tracking_issues"]["links"])
    comments = recorded["github/pull_request_comments"]["links"]
    assert re.search(r"\[acme/\w+ #\d+\]\(https?://\S+/pull/\d+\)", comments)


@pytest.mark.parametrize("asset", ["notion/roadmap", "notion/ci_reports", "publish/notion_roadmap", "marts/milestones"])
def test_columns_lead_to_those_they_are_made_of(ran: Ran, recorded: dict[str, dict[str, Any]], asset: str) -> None:
    spec = build_definitions(ran.settings).resolve_asset_graph().get(dg.AssetKey(asset.split("/"))).metadata
    metadata = {**spec, **recorded[asset]}
    columns = {column.name for column in metadata["dagster/column_schema"].columns}
    lineage = metadata["dagster/column_lineage"].deps_by_column
    assert lineage and set(lineage) <= columns


@pytest.mark.parametrize("asset", ["derived/reports", "raw/workflow_runs", "sync/changes", "config/parameters"])
def test_every_column_is_described(recorded: dict[str, dict[str, Any]], asset: str) -> None:
    assert all(column.description for column in recorded[asset]["dagster/column_schema"].columns)


def test_what_people_wrote_formats_and_loads_nothing_in_a_preview() -> None:
    titles = [
        "![x](https://evil.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "a | b",
        "plain_title-1",
        None,
        0.123456,
    ]
    table = markdown_table([{"title": title} for title in titles])
    assert "](" not in table and "<img" not in table and "https://" not in table
    assert len(table.splitlines()) == 2 + len(titles)
    assert "plain_title-1" in table and "0.1235" in table
    assert "[a](https://example.com)" in markdown_table([{"title": Markdown("[a](https://example.com)")}])


def test_what_can_not_be_drawn_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    assert pictures({"pie": {"description": "x", "mark": "no such mark"}}) == {}
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert pictures({"pie": {"description": "x"}}) == {}
