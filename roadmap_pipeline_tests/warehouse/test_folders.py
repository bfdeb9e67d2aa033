"""Folders written as a whole: new, replaced, and never a person's."""

from pathlib import Path

import pytest

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.warehouse.folders import MANIFEST, replaced_folder


def export(directory: Path, files: dict[str, str], kind: str = "test") -> None:
    with replaced_folder(directory, kind) as building:
        for name, text in files.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_text(text)


def content(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in directory.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_a_new_an_empty_and_an_earlier_folder_become_what_was_written(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "there"
    export(directory, {"a": "1", "models/b": "1"})
    assert content(directory) == {"a": "1", "models/b": "1"}
    export(directory, {"a": "2", "models/c": "2"})
    assert content(directory) == {"a": "2", "models/c": "2"}
    empty = tmp_path / "empty"
    empty.mkdir()
    export(empty, {"a": "1"})
    assert content(empty) == {"a": "1"}
    assert {path.name for path in tmp_path.iterdir()} == {"not", "empty"}
    assert [path.name for path in directory.parent.iterdir()] == ["there"]


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("mine")
    with pytest.raises(ConfigurationError, match="thesis is not empty and holds no earlier test export"):
        export(tmp_path / "thesis", {"a": "1"})
    with pytest.raises(ConfigurationError, match="/ is not empty"):
        export(Path("/"), {"a": "1"})
    with pytest.raises(ConfigurationError, match="is a file"):
        export(tmp_path / "thesis" / "chapter", {"a": "1"})
    export(tmp_path / "other", {"a": "1"}, kind="another")
    with pytest.raises(ConfigurationError, match="holds no earlier test export"):
        export(tmp_path / "other", {"a": "2"})
    assert content(tmp_path) == {"thesis/chapter": "mine", "other/a": "1"}


def test_what_stands_beside_the_export_is_kept_and_what_lies_in_it_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "x"
    export(directory, {"a": "1", "models/b": "1"})
    (directory / ".git").mkdir()
    (directory / ".git" / "HEAD").write_text("mine")
    export(directory, {"a": "2", "models/b": "2"})
    assert content(directory) == {"a": "2", "models/b": "2", ".git/HEAD": "mine"}
    (directory / "models" / "own").write_text("mine")
    with pytest.raises(ConfigurationError, match="changed since it was exported: models/own"):
        export(directory, {"a": "3"})
    (directory / "models" / "own").unlink()
    (directory / "a").write_text("mine")
    with pytest.raises(ConfigurationError, match="changed since it was exported: a;"):
        export(directory, {"a": "3"})
    (directory / "a").write_text("2")
    with pytest.raises(ConfigurationError, match=r"\.git"):
        export(directory, {".git/config": "3"})
    assert content(directory) == {"a": "2", "models/b": "2", ".git/HEAD": "mine"}


def test_a_failure_leaves_everything_as_it_was(tmp_path: Path) -> None:
    directory = tmp_path / "x"
    export(directory, {"a": "1"})
    with pytest.raises(KeyError), replaced_folder(directory, "test") as building:
        (building / "a").write_text("half")
        raise KeyError
    assert content(tmp_path) == {"x/a": "1"}
    (tmp_path / "file").write_text("")
    with pytest.raises(RoadmapError, match="give another folder"):
        export(tmp_path / "file" / "below", {"a": "1"})


@pytest.mark.parametrize("renames", [1, 2])
def test_an_export_that_was_killed_at_its_renames_is_taken_up(renames: int, tmp_path: Path) -> None:
    directory, previous = tmp_path / "x", tmp_path / ".x.previous"
    export(directory, {"a": "1"})
    (directory / "mine").write_text("mine")
    directory.rename(previous)
    if renames == 2:
        export(tmp_path / "new", {"a": "2"})
        (tmp_path / "new").rename(directory)
    else:
        (tmp_path / ".x.building").mkdir()
    export(directory, {"a": "3"})
    assert content(tmp_path) == {"x/a": "3", "x/mine": "mine"}
