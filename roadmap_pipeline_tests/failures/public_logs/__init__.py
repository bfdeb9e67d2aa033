"""Failing jobs after public trouble reports, in our own words and each tool's layout, labelled before they were run.

``held_out.toml`` was written without a look at the rules, and no rule was written with one of its cases in view: what
it measures holds for tools and projects nobody wrote rules for. ``studied.toml`` was made in the same way,
and its misses were looked at and fixed. Each case names the public thread it is modelled on.

Belongs here: reading and scoring them. What is measured is printed by ``benchmarks/public_logs.py``.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.verdict import JobFacts, Verdict
from roadmap_pipeline_tests.failures.logs import END, SETUP, raw

HELD_OUT, STUDIED = (Path(__file__).with_name(f"{name}.toml") for name in ("held_out", "studied"))
SMALLEST_CATEGORY = 3
"""Cases that a category must have to count in the macro-averaged F1."""


@dataclass(frozen=True)
class Case:
    """A failing job: what a person says of it, and what the classifier does.

    ``cause`` are parts of the lines that show the cause, each as good as the others; where ``is_one_line`` is false no
    single line does. ``shown`` is the line that the verdict points at.
    """

    id: str
    tool: str
    source: str
    category: str
    cause: Sequence[str]
    tests: Sequence[str]
    is_one_line: bool
    log: bytes
    verdict: Verdict | None
    shown: str

    @property
    def is_right(self) -> bool:
        """True if the category is the labelled one."""
        return self.verdict is not None and self.verdict.category == self.category

    @property
    def is_specific(self) -> bool:
        """True if the failure is known at all."""
        return self.verdict is not None and self.verdict.category != "unknown"

    @property
    def is_inside(self) -> bool:
        """True if the line lies in the output of the step that failed, or is what the runner says of that."""
        number = self.verdict.line if self.verdict is not None else None
        lines = self.log.count(b"\n")
        return number is not None and len(SETUP) < number <= lines - len(END)

    @property
    def is_exact(self) -> bool:
        """True if the line shows the cause: it holds a part that does, or names a test that failed."""
        return any(text.strip() in self.shown for text in (*self.cause, *self.tests))


def read(path: Path) -> list[Case]:
    """Return the cases of a file with their verdicts."""
    cases = []
    for entry in tomllib.loads(path.read_text("utf-8"))["log"]:
        log = raw(*SETUP, *entry["text"].strip("\n").split("\n"), *END)
        verdict = classify(log, JobFacts("failure", name=entry["job"]))
        shown = log.split(b"\n")[verdict.line - 1].decode() if verdict is not None and verdict.line else ""
        cases.append(
            Case(
                entry["id"],
                entry["tool"],
                entry["source"],
                entry["category"],
                entry["cause"],
                entry.get("tests", []),
                entry["is_one_line"],
                log,
                verdict,
                shown,
            )
        )
    return cases


def macro_f1(cases: Sequence[Case]) -> float:
    """Return the mean of the categories' F1 scores, over those of at least ``SMALLEST_CATEGORY`` cases."""
    total = Counter(case.category for case in cases)
    right = Counter(case.category for case in cases if case.is_right)
    wrong = Counter(case.verdict.category for case in cases if case.verdict is not None and not case.is_right)
    scores = [
        2 * right[name] / (count + right[name] + wrong[name])
        for name, count in total.items()
        if count >= SMALLEST_CATEGORY
    ]
    return sum(scores) / len(scores)
