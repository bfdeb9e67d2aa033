"""The milestone that the git branch checked out names."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.milestones.checkout import branch_checked_out, milestone_checked_out
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.conftest import Ran


def _git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "-b", "feature/stage-7-3")
    _git(folder, "commit", "--allow-empty", "-m", "One")
    return folder


def test_the_branch_is_found_from_any_folder_of_a_work_tree(repository: Path, tmp_path: Path) -> None:
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    assert branch_checked_out(repository) == branch_checked_out(below) == "feature/stage-7-3"
    _git(repository, "worktree", "add", "-b", "hotfix/x", "../beside")
    assert branch_checked_out(tmp_path / "beside") == "hotfix/x"
    _git(repository, "checkout", "--detach")
    assert branch_checked_out(repository) is None
    assert branch_checked_out(tmp_path) is None


def test_only_a_known_milestone_counts(repository: Path, tmp_path: Path) -> None:
    with connect(tmp_path / "w.duckdb") as con:
        assert milestone_checked_out(con, {}, repository) is None
        replace_rows(con, "raw.milestones", [{"repo": "a/b", "number": 1, "title": "Stage 7.3"}])
        assert milestone_checked_out(con, {}, repository) == ("feature/stage-7-3", "Stage 7.3")
        assert milestone_checked_out(con, {"feature/*": "stage-7.3"}, repository) == ("feature/stage-7-3", "Stage 7.3")
        assert milestone_checked_out(con, {"feature/*": "Elsewhere"}, repository) is None
        assert milestone_checked_out(con, {}, tmp_path) is None


def test_sync_is_about_the_milestone_of_the_branch(ran: Ran, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}

    def stderr(*options: str, **variables: str) -> str:
        result = CliRunner().invoke(main, ["sync", "--dry-run", *options], env={**environment, **variables})
        assert result.exit_code == 0, result.output
        return result.stderr

    told = "only Stage 7.3, which the branch feature/stage-7-3 names (--all for all)"
    assert told in stderr()
    assert told not in stderr("--all")
    assert told not in stderr("--milestone", "Checkout v2")
    assert told not in stderr(ROADMAP_MILESTONE="Checkout v2")
    both = CliRunner().invoke(main, ["sync", "--all", "--milestone", "Checkout v2"], env=environment)
    assert both.exit_code == 2
