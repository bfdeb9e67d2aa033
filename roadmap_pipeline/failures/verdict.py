"""The facts that GitHub gives of a failed job, and the verdict on it.

Belongs here: the data, and how a line of a log is shown as evidence. How a verdict is found belongs to
:mod:`.classifier`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roadmap_pipeline.failures.failed_tests import FailedTest
from roadmap_pipeline.failures.logs.cleaning import clean_line, without_marker
from roadmap_pipeline.failures.logs.redaction import redact

EVIDENCE_CHARS = 300
TESTS, CAUSE, JOB = "tests", "cause", "job"
"""The sign by which a fingerprint knows a failure: the tests that failed, what the log names as the cause, or no more
than that the job failed in some such way, which says nothing of whether two failures are the same."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A step as GitHub's API describes it."""

    name: str
    status: str | None = None
    conclusion: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as GitHub's API describes it.

    Attributes:
        conclusion: Of the job, or ``startup_failure`` of its run.
        steps: Its steps in order.
        annotations: The messages of its annotations.
        has_log: Whether it has a log at all.
    """

    conclusion: str | None = None
    steps: Sequence[StepFacts] = ()
    annotations: Sequence[str] = ()
    has_log: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reason why a job failed.

    Attributes:
        rule_id: None for ``unknown``.
        line: 1-based in the log that was judged (lines end at ``\\n``); None when judged without one.
        evidence: That line, cleaned, redacted and shortened.
        known_by: What the fingerprint stands for: :data:`TESTS`, :data:`CAUSE` or :data:`JOB`.
        failed_tests: Those that the log names, by name, at most :data:`~.MOST_TESTS` of
            ``failed_tests_count``, with 1-based lines: also where something else, in this step or a later one, is the
            cause.
    """

    category: str
    domain: str
    rule_id: str | None
    fingerprint: str
    line: int | None
    evidence: str
    retryable: bool
    ruleset_version: str
    known_by: str = CAUSE
    failed_tests: tuple[FailedTest, ...] = ()
    failed_tests_count: int = 0


def with_tests(verdict: Verdict, by_log: Verdict | None) -> Verdict:
    """Return a verdict that GitHub's facts decide, with the tests that the log names all the same."""
    if by_log is None:
        return verdict
    return replace(verdict, failed_tests=by_log.failed_tests, failed_tests_count=by_log.failed_tests_count)


def with_original_lines(verdict: Verdict, line_ranges: Sequence[Sequence[int]]) -> Verdict:
    """Return the verdict on an excerpt with lines of the log that it was made of; see :func:`original_line`."""
    tests = tuple(test._replace(line=original_line(test.line, line_ranges)) for test in verdict.failed_tests)
    line = None if verdict.line is None else original_line(verdict.line, line_ranges)
    return replace(verdict, line=line, failed_tests=tests)


def original_line(line: int, line_ranges: Sequence[Sequence[int]]) -> int:
    """Return the line of the original log for a line (1-based) of the excerpt; past the ranges, the line itself.

    Args:
        line_ranges: ``[first line, number of lines]`` of the original log for the excerpt's lines in order.
    """
    before = 0
    for first, count in line_ranges:
        if line <= before + count:
            return first + line - before - 1
        before += count
    return line


def evidence(line: bytes) -> str:
    """Return a line of a log as it is shown: cleaned, redacted and shortened."""
    return shortened_evidence(without_marker(clean_line(line)).strip())


def shortened_evidence(text: str) -> str:
    """Return a text as evidence shows it, without secrets and at most :data:`EVIDENCE_CHARS` long."""
    text = redact(text).text
    return text if len(text) <= EVIDENCE_CHARS else text[: EVIDENCE_CHARS - 1].rstrip() + "…"
