"""The Dagster UI in a browser, from the graph to the report: `make test-browser` (three minutes).

Not a part of `make test`: it needs Chromium. That `dagster dev` and `dg dev` work in the project's folder is seen here,
too.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadmap_pipeline_tests.browsing import Page, chromium, finished_run, graphql, newest_run, roadmap, served_ui
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.orchestration.test_ui import free_port

ROOT = Path(__file__).resolve().parent.parent
FIVE_MODELS = [f"staging/stg_{name}" for name in ("repositories", "milestones", "issues", "pull_requests", "workflows")]
GROUPS = {"raw", "staging", "intermediate", "marts", "derived", "publish", "notion", "github", "sync", "warehouse"}


@pytest.fixture(scope="module")
def ui(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of `roadmap ui` on the main job's warehouse and history."""
    port = free_port()
    environment = {
        **ran.served.environment,
        "DAGSTER_HOME": str(ran.settings.dagster_home),
        "ROADMAP_WAREHOUSE": str(ran.settings.warehouse),
    }
    folder = tmp_path_factory.mktemp("ui")
    with served_ui(roadmap("ui", "--port", str(port)), port, environment, folder) as root:
        yield root


@pytest.fixture(scope="module")
def page(ui: str) -> Iterator[Page]:
    with chromium(ui) as opened:
        yield opened


def test_the_graph_shows_every_group(page: Page) -> None:
    page.open("/asset-groups")
    for group in GROUPS:
        page.find(f"//*[normalize-space(text())='{group}']")


def test_five_models_are_materialised_by_a_click_and_watched_to_their_end(page: Page) -> None:
    before = newest_run(page.root)["runId"]
    page.materialize(FIVE_MODELS)
    run = finished_run(page.root, before)
    assert run["status"] == "SUCCESS"
    page.open(f"/runs/{run['runId']}")
    page.has_text("Success")
    page.has_text("5 assets")
    page.open(f"/assets/{FIVE_MODELS[0]}?view=overview")
    page.has_text("Latest check results")


def test_the_report_is_read_where_it_was_made(page: Page) -> None:
    page.open("/assets/derived/reports?view=overview")
    row = "//tr[.//*[normalize-space(text())='{}']]//*[contains(normalize-space(text()), 'Show Markdown')]"
    page.find(row.format("report")).click()
    page.find("//h2[normalize-space()='About these numbers']")
    page.open("/assets/derived/reports?view=overview")
    page.find(row.format("Failed jobs by category")).click()
    picture = page.find("//img[starts-with(@src, 'data:image/png')]")
    page.wait(lambda: page.driver.execute_script("return arguments[0].naturalWidth", picture) or None, what="the chart")


def test_the_roadmap_leads_to_notion_and_github(page: Page) -> None:
    page.open("/assets/notion/roadmap?view=overview")
    page.find(
        "//tr[.//*[normalize-space(text())='links']]//*[contains(normalize-space(text()), 'Show Markdown')]"
    ).click()
    page.find("//a[starts-with(@href, 'https://app.notion.com/')][normalize-space()='page']")
    page.find("//a[contains(@href, '/milestone/')]")


@pytest.mark.parametrize("program", ["dagster", "dg"])
def test_dev_just_works_in_the_projects_folder(program: str, ran: Ran, tmp_path: Path) -> None:
    if not (Path(sys.executable).parent / program).exists():
        pytest.fail(f"{program} is not installed")
    # A copy without what other runs left there, and where nothing is left.
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "data", "*.egg-info", "__pycache__", "roadmap_pipeline_tests", "benchmarks")
    shutil.copytree(ROOT, project, ignore=ignored)
    port = free_port()
    command: list[str | Path] = [Path(sys.executable).parent / program, "dev", "-p", str(port)]
    environment = {**ran.served.environment, "DAGSTER_HOME": str(tmp_path), "PYTHONPATH": str(project)}
    with served_ui(command, port, environment, project) as root:
        locations = graphql(root, "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }")
        (location,) = locations["workspaceOrError"]["locationEntries"]
        assert location == {"name": "roadmap_pipeline", "loadStatus": "LOADED"}
        assets = graphql(root, "{ assetNodes { groupName } }")["assetNodes"]
        assert {asset["groupName"] for asset in assets} >= GROUPS
