"""The milestone that the git branch checked out stands for: what a sync is about when nothing else is said.

Belongs here: finding the branch, by reading git's own files (git need not be installed). What a name stands for is
decided in ``detection``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from roadmap_pipeline.milestones.detection import match_branch

if TYPE_CHECKING:
    import duckdb

_BRANCH = "ref: refs/heads/"


class CheckedOut(NamedTuple):
    """A branch, and the title of the milestone that it stands for."""

    branch: str
    milestone: str


def branch_checked_out(folder: Path) -> str | None:
    """Return the branch checked out in the work tree that holds ``folder``; None outside of any, or on no branch."""
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return _branch_of(git)
        if git.is_file():  # a work tree beside the first one, or a submodule
            _, separator, path = _text(git).partition("gitdir:")
            return _branch_of(place / path.strip()) if separator else None
    return None


def milestone_checked_out(
    con: "duckdb.DuckDBPyConnection", mapping: Mapping[str, str], folder: Path
) -> CheckedOut | None:
    """Return the known milestone that the branch checked out in ``folder`` names; None where it names none."""
    branch = branch_checked_out(folder)
    if branch is None:
        return None
    titles = [title for (title,) in con.execute("select distinct title from raw.milestones order by title").fetchall()]
    match = match_branch(branch, titles, mapping)
    return CheckedOut(branch, match.milestone) if match is not None and match.milestone is not None else None


def _branch_of(git: Path) -> str | None:
    head = _text(git / "HEAD").strip()
    return head.removeprefix(_BRANCH) if head.startswith(_BRANCH) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
