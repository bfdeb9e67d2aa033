"""`roadmap ingest --repository`: one worker's share of the configured repositories."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli import main
from roadmap_pipeline.pipeline.ingestion import ingest
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.github.conftest import REPO
from roadmap_pipeline_tests.stopped import small


def test_only_the_named_ones_are_read_in_whatever_case(tmp_path: Path) -> None:
    with small(tmp_path) as world:
        settings = load_settings({**world.environment, "GITHUB_REPOSITORY": f"{REPO},acme/gone"}, tmp_path)
        with Runtime(settings) as runtime:
            summary = ingest(runtime, [REPO.upper()])
        assert summary.read["workflow_runs"] > 0
        assert summary.unreadable == {}  # the other one was not asked for


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--repository", "acme/other"], "acme/other is not among the configured repositories: acme/one, acme/two"),
        (["--repository", "acme/one", "--from", "."], "leave --repository out"),
    ],
)
def test_what_can_not_be_read(words: list[str], told: str, tmp_path: Path) -> None:
    environment = {
        "GITHUB_TOKEN": "none",
        "GITHUB_REPOSITORY": "acme/one,acme/two",
        "ROADMAP_WAREHOUSE": str(tmp_path / "roadmap.duckdb"),
    }
    result = CliRunner().invoke(main, ["ingest", *words], env=environment)
    assert (result.exit_code, told in result.output) == (2, True), result.output
