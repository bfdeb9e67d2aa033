"""The ``dagster.yaml`` in DAGSTER_HOME: a copy of the project's, kept in step with it until a person edits it.

Belongs here: making and renewing the copy, and telling whose it is. What the project's file says is told in it; opening
the instance belongs to :mod:`roadmap_pipeline.orchestration`.
"""

import hashlib
import os
import re
import sys
from pathlib import Path

from roadmap_pipeline.settings import project_root

NAME = "dagster.yaml"
_HEADER = re.compile(r"\A# A copy of roadmap_pipeline's, renewed with it; whoever edits it keeps it\. ([0-9a-f]{64})\n")


def project_file() -> Path:
    """Return the project's own: beside the package in a checkout, among the installed data in a wheel."""
    places = (project_root() / NAME, Path(sys.prefix) / "share" / "roadmap_pipeline" / NAME)
    return next(place for place in places if place.is_file())


def renew(home: Path) -> Path:
    """Copy the project's file to ``home``, unless there is one that a person made or edited; return the folder."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / NAME
    copy = _copy()
    # One that says the same needn't be written: a deployment put it there, or the checkout itself is DAGSTER_HOME.
    if not is_own(home) and _text(home) not in (copy, project_file().read_text(encoding="utf-8")):
        # Written beside and then moved: another process may read it now.
        written = file.with_name(f".{NAME}.{os.getpid()}")
        written.write_text(copy, encoding="utf-8")
        written.replace(file)
    return home


def is_own(home: Path) -> bool:
    """Return whether the file in ``home`` is no copy of the project's, of this version or an earlier one."""
    text = _text(home)
    if text is None or text == project_file().read_text(encoding="utf-8"):
        return False
    header = _HEADER.match(text)
    return header is None or header[1] != _digest(text[header.end() :])


def _copy() -> str:
    text = project_file().read_text(encoding="utf-8")
    return f"# A copy of roadmap_pipeline's, renewed with it; whoever edits it keeps it. {_digest(text)}\n{text}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(home: Path) -> str | None:
    try:
        return (home / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
