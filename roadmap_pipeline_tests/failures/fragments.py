"""Fragments of real logs in which people marked the line of the cause: reading them, and judging each.

Belongs here: what the recorded tests and ``benchmarks/classify_logs.py`` count alike. The files themselves are no part
of the project.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.logs.cleaning import clean_line
from roadmap_pipeline.failures.verdict import Verdict

_SOURCE, _MATCH = b"#=SOURCE=#", b"#=MATCH=# "
_QUOTES = ("‹".encode(), "›".encode())


@dataclass(frozen=True)
class Fragment:
    """A fragment: the cause that it is named by, the verdict, and the texts of the line marked and the line shown."""

    cause: str
    verdict: Verdict | None
    marked: str
    shown: str

    @property
    def is_marked_line_shown(self) -> bool:
        """True if the line shown says what the marked one does: the same words elsewhere show the cause as well."""
        return bool(self.shown) and self.shown in self.marked


def read(folder: Path) -> list[Fragment]:
    """Return the fragments of a folder (plain or .gz) with their verdicts."""
    return [_judged(path) for path in sorted(folder.glob("*.txt*"))]


def _judged(path: Path) -> Fragment:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    lines = [line for line in data.split(b"\n") if not line.startswith(_SOURCE)]
    marked = next(number for number, line in enumerate(lines) if line.startswith(_MATCH))
    log = b"\n".join(lines)
    for mark in (_MATCH, *_QUOTES):
        log = log.replace(mark, b"")
    lines = log.split(b"\n")
    verdict = classify(log)
    shown = clean_line(lines[verdict.line - 1]) if verdict is not None and verdict.line else ""
    return Fragment(path.name.split(".")[0], verdict, clean_line(lines[marked]), shown)
