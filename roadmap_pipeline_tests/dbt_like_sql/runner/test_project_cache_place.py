"""The place where a parsed project is kept: beside its files, or with the data; and who may write there."""

import os
import sys
from pathlib import Path

import pytest

from dbt_like_sql.runner.project.cache import cache_file, cached
from dbt_like_sql.runner.project.parser import parse_project
from roadmap_pipeline_tests.dbt_like_sql.runner.cached_project import (
    FILES,
    around,
    edit,
    is_kept,
    kept,
    parsed,
    run,
    says,
)
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    SOURCES,
    load_project,
    write,
)


@pytest.fixture(autouse=True)
def _bytecode_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bytecode be written, whatever the environment of the tests is."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write(tmp_path / "dbt_like_sql", FILES)


# Where it lies


def test_nothing_is_written_where_bytecode_is_not(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(sys, "dont_write_bytecode", True)
        project = load_project(directory)
        assert sorted(path.name for path in directory.iterdir()) == ["models", "seeds", "tests"]
    load_project(directory)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert is_kept(directory, project)  # it is read all the same, as bytecode is
    with monkeypatch.context() as without:
        without.setattr(sys.implementation, "cache_tag", None)
        assert load_project(directory) == project


def test_it_lies_where_bytecode_lies(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_file(directory).parent == directory / "__pycache__"
    assert sys.implementation.cache_tag in cache_file(directory).name
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    assert is_kept(directory, load_project(directory))
    assert cache_file(directory).is_relative_to(tmp_path / "bytecode")
    assert not (directory / "__pycache__").exists()


def test_a_place_that_cannot_be_written_is_no_error(directory: Path) -> None:
    # What the user of the tests may write, others may not: a file in the folder's place holds for all.
    (directory / "__pycache__").write_text("no folder")
    assert load_project(directory) == load_project(directory) == parsed(directory)
    assert (directory / "__pycache__").read_text() == "no folder"
    (directory / "__pycache__").unlink()
    cache_file(directory).mkdir(parents=True)
    assert load_project(directory) == load_project(directory) == parsed(directory)
    assert around(directory) == [cache_file(directory).name]


# Where the data are, when nothing may be written beside the sources


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the data, in a process that writes no bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def _kept_in(data: Path) -> list[Path]:
    return [path for path in data.rglob("*") if path.is_file()]


def test_without_bytecode_it_lies_with_the_data(directory: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(directory, data)
    (file,) = _kept_in(data)
    assert file.parent == data / ".roadmap-cache"
    assert kept(directory, data) == project
    assert not (directory / "__pycache__").exists()
    with monkeypatch.context() as without:
        without.setattr(sys.implementation, "cache_tag", None)
        assert cached(directory, SOURCES, parse_project, data / ".roadmap-cache") == kept(directory, data) == project


def test_it_lies_with_the_data_where_the_sources_are_for_reading_only(
    directory: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (directory / "__pycache__").write_text("no folder")
    project = load_project(directory, data)
    assert len(_kept_in(data)) == 1
    assert kept(directory, data) == project
    (directory / "__pycache__").unlink()
    edit("tests/no_run.sql", "= 0", "= 1")(directory)
    assert load_project(directory, data) == kept(directory) != project  # beside the sources, now that it can


def test_with_the_data_every_change_is_seen_and_damage_is_replaced(directory: Path, data: Path) -> None:
    before = load_project(directory, data)
    edit("models/marts/runs_by_repo.sql", "count(*)", "count(1)")(directory)
    after = load_project(directory, data)
    assert after == parsed(directory) != before
    (file,) = _kept_in(data)
    file.write_bytes(file.read_bytes()[:-1])
    assert load_project(directory, data) == kept(directory, data) == after
    assert _kept_in(data) == [file]


def test_no_folder_is_made_for_it_and_one_that_cannot_be_written_is_no_error(directory: Path, data: Path) -> None:
    nowhere = data / "nowhere"
    assert load_project(directory, nowhere) == parsed(directory)
    assert not nowhere.exists()
    (data / ".roadmap-cache").write_text("no folder")
    assert load_project(directory, data) == load_project(directory, data) == parsed(directory)
    assert _kept_in(data) == [data / ".roadmap-cache"]


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_could_have_written_with_the_data_is_not_unpickled(directory: Path, data: Path, mode: int) -> None:
    project = load_project(directory, data)
    (file,) = _kept_in(data)
    file.chmod(mode)
    with pytest.raises(AssertionError, match="is parsed"):
        kept(directory, data)
    assert load_project(directory, data) == kept(directory, data) == project  # replaced by one's own


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_with_the_data_is_not_unpickled(directory: Path, data: Path) -> None:
    load_project(directory, data)
    (file,) = _kept_in(data)
    os.chown(file, 12345, -1)
    with pytest.raises(AssertionError, match="is parsed"):
        kept(directory, data)


@pytest.mark.parametrize("place", ["beside the sources", "with the data"])
def test_processes_that_load_and_write_at_once_all_get_it(directory: Path, tmp_path: Path, place: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    code = f"""
import sys
sys.dont_write_bytecode = {place == "with the data"}
from pathlib import Path
from dbt_like_sql.runner.project.loading import load_project
from dbt_like_sql.runner.project.cache import cache_file
from dbt_like_sql.runner.project.parser import parse_project
directory, data = map(Path, sys.argv[1:])
parsed = parse_project(directory, SOURCES)
for _ in range(40):
    assert load_project(directory, SOURCES, data) == parsed
    for kept in (cache_file(directory), *data.glob("*/*.pickle")):
        kept.unlink(missing_ok=True)
assert load_project(directory, SOURCES, data) == parsed
"""
    processes = [run(code, directory, data) for _ in range(3)]
    assert [says(process) for process in processes] == [""] * 3
    if place == "with the data":
        assert [path.suffix for path in _kept_in(data)] == [".pickle"]
    else:
        load_project(directory)
        assert around(directory) == [cache_file(directory).name]
        assert _kept_in(data) == []
