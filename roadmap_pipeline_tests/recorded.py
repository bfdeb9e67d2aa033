"""Recorded payloads and logs outside the project: where they lie, and unpacking those that are CSV.

Tests that need them are a suite of their own, `make test-recorded`: they are marked, and skip where the data is absent.
None of its text is copied into the project.
"""

import csv
import gzip
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1].parent / "shared" / "data"
PAYLOADS = DATA / "github_payloads"
DEV_LOGS = DATA / "ci_logs" / "dev"
FRAGMENTS = DATA / "ci_logs" / "pytorch_fragments"
needs_recorded = [
    pytest.mark.recorded,
    pytest.mark.skipif(not DATA.is_dir(), reason="the recorded payloads and logs (../shared/data) are not here"),
]
"""Marks of a module whose tests need the recorded data."""

_WANTED = ("runs", "jobs", "pull_requests", "issues", "milestones", "events", "comments")


def unpack_devlake(folder: Path) -> Path:
    """Return the CSV files' column ``data`` (an answer each) as JSON lines, a file for each kind."""
    csv.field_size_limit(sys.maxsize)
    for path in (PAYLOADS / "devlake").glob("_raw_github_api_*.csv*"):
        name = path.name.removeprefix("_raw_github_api_").partition(".csv")[0]
        if name in _WANTED:
            with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
                (folder / f"{name}.jsonl").write_text("\n".join(row["data"] for row in csv.DictReader(file)))
    return folder
