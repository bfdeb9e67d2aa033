"""The steps of a job that may be why it failed, the likeliest first, and what the rules find in them.

Belongs here: structure before content: which steps are looked at, in which order, how much of them is read, and which
of the rules found there wins. What follows from it belongs to :mod:`.classifier`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from roadmap_pipeline.failures.logs.cleaning import clean_line, without_escapes
from roadmap_pipeline.failures.logs.newlines import LineNumbers
from roadmap_pipeline.failures.logs.structure import (
    ERROR,
    Span,
    command,
    ended_well,
    failing,
    first_line,
    is_ended,
    is_post,
    line_start,
    reports,
    stopped,
)
from roadmap_pipeline.failures.matching.novelty import Baseline, is_in_baseline
from roadmap_pipeline.failures.matching.rule import Rule
from roadmap_pipeline.failures.matching.search import Match, Matcher, Search
from roadmap_pipeline.failures.verdict import JobFacts

# Rules below this speak of the name of a task or command, not of what went wrong.
SPECIFIC = 400
# A rule from here on that is found near the end of a step settles why it failed, and the rest is not read.
CLEAR = 600
WINDOW = 64 << 10
# How far back from its last error the telling line of a step is looked for.
TAIL_LINES = 100
_TAIL_BYTES = 64 << 10

WRAPPER = re.compile(
    rb"Process completed with exit code -?\d+\.?\s*\Z|Executing the custom container implementation failed"
    rb"|Error: The process '.{0,300}' failed with exit code \d+\s*\Z"
    rb"|ELIFECYCLE.{0,40}Command failed|error Command failed with exit code \d+"
    rb"|npm (?:ERR!|error) (?:code \d+|A complete log|command|path|errno|Lifecycle)"
    rb"|make(?:\[\d+\])?: \*\*\* .{0,200} Error \d+"
)
_TELLING = re.compile(
    rb"(?i)\b(?:error|errors|fail|failed|failure|fatal|exception|panic|cannot|could not|unable|denied)\b"
)


class Suspect:
    """A step under suspicion: what the rules find in it, and the command rules that agree with what it runs."""

    def __init__(self, matcher: Matcher, log: bytes, span: Span, baseline: Baseline) -> None:
        self._matcher = matcher
        self._log = log
        self.span = span
        self.search = search_step(matcher, log, span, baseline)

    @cached_property
    def commands(self) -> Mapping[str, bytes]:
        """The identifiers of command rules, each with the text that its first pattern finds in what the step runs."""
        text = command(self._log, self.span)
        return self._matcher.commands(text) if text else {}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that matched, and the search that found it."""

    rule: Rule
    match: Match
    search: Search


def search_step(matcher: Matcher, log: bytes, span: Span, baseline: Baseline = frozenset()) -> Search:
    """Return what the rules find in a step: near its end, or in all of it when that is not clear enough."""
    search = Search(matcher, log, span.body, span.end, baseline)
    search.read(WINDOW)
    if search.reached > span.body and not _is_clear(search):
        search.read()
    return search


def _is_clear(search: Search) -> bool:
    clear = (rule for rule in search.candidates() if rule.priority >= CLEAR and rule.scope != "command")
    return any(search.rule(rule) is not None for rule in clear)


def best_finding(suspects: Sequence[Suspect], *, in_job: bool, lowest: int = 0) -> Finding | None:
    """Return the rule of highest priority that is found in one of the steps, the first of equals.

    Args:
        in_job: Take the rules that speak of the whole job, else those that speak of a step.
        lowest: The lowest priority that counts.
    """
    best: Finding | None = None
    for suspect in suspects:
        for rule in suspect.search.candidates():
            if rule.priority < lowest or (best is not None and rule.priority <= best.rule.priority):
                break
            if (rule.scope == "job") != in_job or (rule.scope == "command" and rule.id not in suspect.commands):
                continue
            match = suspect.search.rule(rule)
            if match is not None:
                best = Finding(rule, match, suspect.search)
                break
    return best


def has_other_cause(of_tests: Span | None, suspects: Sequence[Suspect], job: JobFacts | None) -> bool:
    """Return whether one of the job's several failed steps failed by something else than its tests."""
    if job is None or sum(step.conclusion == "failure" for step in job.steps) < 2:
        return False
    others = (best_finding([one], in_job=False, lowest=SPECIFIC) for one in suspects if one.span != of_tests)
    return any(other is not None and other.rule.category not in ("test", "artifact_cache") for other in others)


def failing_steps(log: bytes, all_steps: list[Span], *, known_failed: bool) -> list[Span]:
    """Return the steps that hold error markers: those that surely failed where that can be told."""
    marked = failing(log, all_steps)
    certain = [span for span in marked if stopped(log, span)]
    if not known_failed:
        certain = [span for span in certain if not ended_well(log, span, all_steps)]
    return certain if certain or (not known_failed and is_ended(log)) else marked


def last_step(log: bytes, all_steps: list[Span]) -> Span:
    """Return the last step that is no clean-up: where a job that says nothing of an error ended."""
    own = [step for step in all_steps if not is_post(log, step)]
    return own[-1] if own else all_steps[-1]


def last_steps(log: bytes, all_steps: list[Span]) -> list[Span]:
    """Return the last step that is no clean-up and, where that only reports, the last that does more."""
    own = [step for step in all_steps if not is_post(log, step)] or all_steps
    more = next((step for step in reversed(own) if not reports(log, step)), own[-1])
    return [own[-1]] if more == own[-1] else [own[-1], more]


def end_of_step(log: bytes, span: Span, lines: int) -> Span:
    """Return the last lines of a step, about so many."""
    start = span.end
    for _ in range(lines + 1):
        start = line_start(log, max(span.body, start - 1))
    return Span(span.start, max(span.body, start), span.end)


def in_order_of_suspicion(log: bytes, failed_steps: list[Span], job: JobFacts | None) -> list[Span]:
    """Return steps with errors, the likeliest cause first.

    A step may be allowed to fail, so the last error is the one that stopped the job, unless the step that raised it
    only reports. A step that GitHub lists as failed comes before all others; of several, the earliest sufficed.
    """
    if len(failed_steps) == 1:
        return failed_steps
    failed = [step.name for step in job.steps if step.conclusion == "failure"] if job is not None else []
    latest = sorted(failed_steps, key=lambda span: (reports(log, span), -span.start))
    if not failed:
        return latest
    named = [span for span in failed_steps if any(_is_named(first_line(log, span), name) for name in failed)]
    return named + [span for span in latest if span not in named]


def _is_named(header: bytes, step: str) -> bool:
    name = step.encode("utf-8", "replace")
    return name.startswith(b"Run ") and header.rstrip().endswith(b"##[group]" + name)


def telling_line(log: bytes, span: Span, baseline: Baseline, line_numbers: LineNumbers) -> tuple[int, bytes]:
    """Return the line near the end of a step that says most, with its number (1-based); a wrapper only if all are."""
    end = span.end
    start = line_start(log, max(span.body, end - _TAIL_BYTES))
    lines = without_escapes(log[start:end]).split(b"\n")
    first = line_numbers.at(start) + 1
    numbered = [(first + index, line) for index, line in enumerate(lines)][-TAIL_LINES:]
    shown = [(number, line) for number, line in numbered if clean_line(line).strip()]
    useful = [(number, line) for number, line in shown if not WRAPPER.search(line) and b"##[endgroup]" not in line]
    if baseline:
        useful = [(number, line) for number, line in useful if not is_in_baseline(line, baseline)] or useful
    for pattern in (re.compile(re.escape(ERROR)), _TELLING):
        for number, line in reversed(useful):
            if pattern.search(line):
                return number, line
    return next(iter(reversed(useful or shown)), (first, b""))
