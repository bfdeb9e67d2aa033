"""The ``dagster.yaml`` in DAGSTER_HOME: made, renewed with the project's, and left alone once a person edited it."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.run_coordinator import QueuedRunCoordinator

from roadmap_pipeline.pipeline import instance_file
from roadmap_pipeline.pipeline.instance_file import NAME, is_own, project_file, renew


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "dagster"


def another_version(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> Path:
    """Let the project be one whose file says something else; return that file."""
    file = folder / NAME
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(instance_file, "project_root", lambda: folder)
    return file


def test_a_new_home_gets_a_copy_that_dagster_reads(home: Path) -> None:
    assert renew(home) == home
    assert not is_own(home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
        assert instance.run_coordinator.dequeue_interval_seconds == 1
    assert [path.name for path in home.iterdir() if "yaml" in path.name] == [NAME], "nothing is left beside it"


def test_an_unchanged_copy_is_renewed_with_the_project(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        another_version(earlier, tmp_path, "telemetry:\n  enabled: true\n")
        renew(home)
    assert "enabled: true\n" in (home / NAME).read_text(encoding="utf-8")
    assert not is_own(home)
    renew(home)
    assert (home / NAME).read_text(encoding="utf-8").endswith("\n" + project_file().read_text(encoding="utf-8"))


def test_a_copy_that_says_the_same_is_not_written(home: Path) -> None:
    renew(home)
    before = (home / NAME).stat()
    renew(home)
    assert (home / NAME).stat() == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + "# mine\n",
        lambda text: text.replace("max_concurrent_runs: 4", "max_concurrent_runs: 8"),
        lambda text: text.partition("\n")[2] + "# without the first line\n",
        lambda _text: "storage:\n  sqlite:\n    base_dir: /var/lib/dagster\n",
        lambda _text: "",
    ],
    ids=["added to", "changed", "without its first line", "another one", "emptied"],
)
def test_what_a_person_wrote_stays(edit: Callable[[str], str], home: Path) -> None:
    renew(home)
    text = edit((home / NAME).read_text(encoding="utf-8"))
    (home / NAME).write_text(text, encoding="utf-8")
    assert is_own(home)
    renew(home)
    assert (home / NAME).read_text(encoding="utf-8") == text


def test_a_copy_without_the_first_line_that_says_the_same_is_left_alone(home: Path) -> None:
    """A deployment may have put it into a folder that nobody may write to."""
    home.mkdir()
    (home / NAME).write_bytes(project_file().read_bytes())
    before = (home / NAME).stat()
    renew(home)
    assert not is_own(home)
    assert (home / NAME).stat() == before


def test_the_projects_own_file_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have the checkout itself as DAGSTER_HOME."""
    file = another_version(monkeypatch, tmp_path, "telemetry:\n  enabled: false\n")
    renew(tmp_path)
    assert file.read_text(encoding="utf-8") == "telemetry:\n  enabled: false\n"
