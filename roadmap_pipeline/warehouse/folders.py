"""Folders that a command writes as a whole: new, or in the place of what the same command wrote before.

Belongs here: never taking a person's files, and never leaving half a folder. What is written is the callers' business.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError

MANIFEST = ".roadmap-export.json"
_NAMED = 3


@contextmanager
def replaced_folder(directory: Path, kind: str) -> Iterator[Path]:
    """Yield a new folder to fill, which becomes ``directory`` when the block ends well; else nothing has changed.

    ``directory`` may be missing, empty, or an earlier export of the same ``kind`` (a few words, for messages). Of an
    earlier export, entries that stand beside the exported ones (``.git``, ``target``) are kept. Raises
    ConfigurationError when anything of a person's would be lost: another folder, files added among the exported
    ones, exported files that were changed.
    """
    directory = directory.resolve()
    try:
        _check(directory, kind)
        building = directory.with_name(f".{directory.name}.building")
        previous = directory.with_name(f".{directory.name}.previous")
        if previous.exists():  # an export was killed between or after its two renames
            _finish(previous, directory)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        try:
            yield building
            _write_manifest(building, kind)
            _check(directory, kind, building)
            _swap(building, directory, previous)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise RoadmapError(f"{directory} can't be written: {error.strerror or error}; give another folder") from error


def _check(directory: Path, kind: str, building: Path | None = None) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise ConfigurationError(f"{directory} is a file; give a folder for the {kind}")
    if not any(directory.iterdir()):
        return
    manifest = _manifest(directory)
    if manifest.get("kind") != kind:
        raise ConfigurationError(
            f"{directory} is not empty and holds no earlier {kind} export; give a new or empty folder"
        )
    exported = manifest["files"]
    own = {Path(name).parts[0] for name in exported}
    found = {
        path.relative_to(directory).as_posix(): path
        for entry in sorted(own)
        for path in sorted((directory / entry).rglob("*") if (directory / entry).is_dir() else [directory / entry])
        if path.is_file()
    }
    lost = [name for name, path in found.items() if name not in exported or _digest(path) != exported[name]]
    if building is not None:
        beside = {entry.name for entry in directory.iterdir()} - own - {MANIFEST}
        lost += sorted(beside & {entry.name for entry in building.iterdir()})
    if lost:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        raise ConfigurationError(
            f"{directory} was changed since it was exported: {', '.join(lost[:_NAMED])}{more}; move what you want to"
            " keep away, or export to another folder"
        )


def _manifest(directory: Path) -> dict[str, Any]:
    try:
        found = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else {}


def _write_manifest(building: Path, kind: str) -> None:
    files = {
        path.relative_to(building).as_posix(): _digest(path) for path in sorted(building.rglob("*")) if path.is_file()
    }
    text = json.dumps({"kind": kind, "files": files}, indent=0, ensure_ascii=False)
    (building / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _swap(building: Path, directory: Path, previous: Path) -> None:
    if not directory.exists():
        building.rename(directory)
        return
    directory.rename(previous)
    try:
        building.rename(directory)
    except OSError:
        previous.rename(directory)
        raise
    _finish(previous, directory)


def _finish(previous: Path, directory: Path) -> None:
    """Leave ``directory`` with all that isn't exported, and nothing of ``previous``."""
    if not directory.exists():
        previous.rename(directory)
        return
    exported = {Path(name).parts[0] for name in _manifest(previous).get("files", {})} | {MANIFEST}
    for entry in list(previous.iterdir()):
        if entry.name not in exported:
            entry.rename(directory / entry.name)
    shutil.rmtree(previous)
