"""Recorded payloads outside the project: where they lie, and unpacking those that are CSV.

Tests that need them skip where they are absent. None of their text is copied into the project.
"""

import csv
import gzip
import sys
from pathlib import Path

import pytest

PAYLOADS = Path(__file__).parents[1].parent / "shared" / "data" / "github_payloads"
needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the recorded payloads (../shared/data) are not here")

_WANTED = ("runs", "jobs", "pull_requests", "issues", "milestones", "events", "comments")


def unpack_devlake(folder: Path) -> Path:
    """The CSV files' column ``data`` (an answer each) as JSON lines, a file for each kind."""
    csv.field_size_limit(sys.maxsize)
    for path in (PAYLOADS / "devlake").glob("_raw_github_api_*.csv*"):
        name = path.name.removeprefix("_raw_github_api_").partition(".csv")[0]
        if name in _WANTED:
            with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
                (folder / f"{name}.jsonl").write_text("\n".join(row["data"] for row in csv.DictReader(file)))
    return folder
