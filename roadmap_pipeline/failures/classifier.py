"""Why a job failed, from its log and what GitHub says about it.

Belongs here: choosing among what the rules find. Structure before content: the span of the failing step, then the
rules in the order of their priority, each by its last match; then the name of the task or the command that failed; then
``unknown``. A wrapper line ("Process completed with exit code 1") is never a cause.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from roadmap_pipeline.failures.cleaning import clean_line, without_escapes, without_marker
from roadmap_pipeline.failures.fingerprint import fingerprint
from roadmap_pipeline.failures.matching import Match, Matcher, Search
from roadmap_pipeline.failures.redaction import redact
from roadmap_pipeline.failures.rules import Rule, RuleSet, default_rules
from roadmap_pipeline.failures.structure import (
    ERROR,
    POST_JOB,
    Log,
    Span,
    command,
    failing,
    is_ended,
    is_whole,
    line_end,
    line_start,
    steps,
    stopped,
)
from roadmap_pipeline.failures.taxonomy import CATEGORIES, UNKNOWN, domain_of

EVIDENCE_CHARS = 300
# Rules below this speak of the name of a task or command, not of what went wrong.
SPECIFIC = 400
# How far back from its last error the telling line of a step is looked for.
TAIL_LINES = 100
_TAIL_BYTES = 64 << 10
_LONGEST_COMMAND_NAME = 200

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
# Steps that run whatever happened before report on failures; they are seldom the cause of one.
_REPORTING = re.compile(
    rb"(?i)upload|codecov|coveralls|report|notify|notification|slack|discord|mattermost|artifact|summary|comment|cleanup"
    rb"|clean up|publish-unit-test|test-results"
)


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A step as GitHub's API describes it."""

    name: str
    status: str | None = None
    conclusion: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What GitHub says about a job: ``conclusion`` of the job (or ``startup_failure`` of its run), its steps in order,
    the messages of its annotations, and whether it has a log at all."""

    conclusion: str | None = None
    steps: Sequence[StepFacts] = ()
    annotations: Sequence[str] = ()
    has_log: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a job failed. ``line`` is 1-based in the log given (lines end at ``\\n``), None when judged without one;
    ``rule_id`` is None for ``unknown``; ``evidence`` is that line, cleaned, redacted and shortened."""

    category: str
    domain: str
    rule_id: str | None
    fingerprint: str
    line: int | None
    evidence: str
    retryable: bool
    ruleset_version: str


@dataclass(frozen=True, slots=True)
class _Finding:
    """A rule that matched: evidence in a span whose first byte is ``start``."""

    rule: Rule
    match: Match
    start: int


class Classifier:
    """A rule set ready to judge logs. Making one compiles all patterns; share it."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.matcher = Matcher(rules)

    def classify(self, log: Log | None, job: JobFacts | None = None) -> Verdict | None:
        """Judge one job. None when nothing failed: a log without errors of a job not known to have failed."""
        if job is not None and job.conclusion in ("success", "skipped", "neutral", "stale"):
            return None
        known_failed = job is not None and job.conclusion in ("failure", "timed_out", "startup_failure")
        if job is not None and (verdict := self._without_log(job)) is not None:
            return verdict
        verdict = self._by_log(log, job, known_failed=known_failed) if log else None
        if job is None:
            return verdict
        if job.conclusion == "timed_out" and (verdict is None or verdict.category not in ("timeout", "runner_lost")):
            return self._structural("timeout", "job.timed_out", "The job exceeded its time limit.")
        if (verdict is None or verdict.category == UNKNOWN) and known_failed:
            annotated = self._by_annotations(job, certain=False)
            if annotated is not None:
                return annotated
            if verdict is None:
                return self._unknown(job)
        return verdict

    def _without_log(self, job: JobFacts) -> Verdict | None:
        if job.conclusion == "startup_failure":
            return self._structural("workflow_config", "job.startup_failure", "The run failed before any job started.")
        annotated = self._by_annotations(job, certain=True)
        if annotated is not None:
            return annotated
        stuck = [step for step in job.steps if step.status in ("in_progress", "pending", "queued")]
        if stuck and not job.has_log and job.conclusion in ("failure", "cancelled", "timed_out", None):
            return self._structural("runner_lost", "job.steps_unfinished", f"Step never finished: {stuck[0].name}")
        return None

    def _by_annotations(self, job: JobFacts, *, certain: bool) -> Verdict | None:
        """Judge by annotations; ``certain``: only what leaves no doubt whatever the log says."""
        if not job.annotations:
            return None
        log = b"\n".join(ERROR + text.replace("\n", " ").encode("utf-8", "replace") for text in job.annotations)
        search = Search(self.matcher, log, 0, len(log))
        for rule in self.rules.rules:
            if rule.scope == "command" or rule.priority < SPECIFIC:
                continue
            if certain and CATEGORIES[rule.category].name not in ("runner_lost", "timeout"):
                continue
            match = search.rule(rule)
            if match is not None:
                return self._verdict(rule, match.text, match.capture, None)
        return None

    def _structural(self, category: str, rule_id: str, evidence: str) -> Verdict:
        return Verdict(
            category,
            domain_of(category),
            rule_id,
            fingerprint(category, rule_id, ""),
            None,
            _shortened(redact(evidence).text),
            CATEGORIES[category].retryable,
            self.rules.version,
        )

    def _unknown(self, job: JobFacts) -> Verdict:
        """A failure that left nothing to judge by: failures of one step are one kind."""
        failed = [step.name for step in job.steps if step.conclusion == "failure"]
        evidence = f"Failed step: {failed[0]}" if failed else ""
        return Verdict(
            UNKNOWN,
            UNKNOWN,
            None,
            fingerprint(UNKNOWN, None, evidence),
            None,
            _shortened(redact(evidence).text),
            retryable=False,
            ruleset_version=self.rules.version,
        )

    def _by_log(self, log: Log, job: JobFacts | None, *, known_failed: bool) -> Verdict | None:
        all_steps = steps(log)
        spans = failing(log, all_steps)
        certain = [span for span in spans if stopped(log, span)]
        if certain or (not known_failed and is_ended(log)):
            spans = certain
        marked = bool(spans)
        if not marked:
            if is_whole(log) and not known_failed:
                return None
            spans = [_last_step(log, all_steps)]
        spans = _in_order_of_suspicion(log, spans, job)
        searches = {span: Search(self.matcher, log, span.body, span.end) for span in spans}
        commands = {span: command(log, span) for span in spans}
        anywhere = self._best(searches, commands, scope="job")
        for lowest in (SPECIFIC, 0) if marked or known_failed else (SPECIFIC,):
            for span in spans:
                one = {span: searches[span]}
                finding = self._best(one, commands, scope="step", lowest=lowest)
                if anywhere is not None and (finding is None or anywhere.rule.priority > finding.rule.priority):
                    finding = anywhere if anywhere.rule.priority >= lowest else finding
                if finding is not None:
                    return self._found(log, finding)
        if not marked and not known_failed:
            return None
        for span in spans:
            verdict = self._by_command(log, span, commands[span])
            if verdict is not None:
                return verdict
        number, line = _telling_line(log, spans[0])
        return replace(
            self._unknown(JobFacts()),
            line=number,
            evidence=_evidence(line),
            fingerprint=fingerprint(UNKNOWN, None, without_marker(clean_line(line))),
        )

    def _best(
        self, searches: dict[Span, Search], commands: dict[Span, bytes], *, scope: str, lowest: int = 0
    ) -> _Finding | None:
        """The rule of highest priority that is found in one of the spans."""
        by_command = {span: self.matcher.commands(commands[span]) for span in searches}
        for rule in self.rules.rules:
            if rule.priority < lowest:
                return None
            if (rule.scope == "job") != (scope == "job") or not self.matcher.of_rule[rule.id]:
                continue
            for span, search in searches.items():
                if rule.scope == "command" and rule.id not in by_command[span]:
                    continue
                match = search.rule(rule)
                if match is not None:
                    return _Finding(rule, match, span.body)
        return None

    def _found(self, log: Log, finding: _Finding) -> Verdict:
        line = _newlines(log, 0, finding.start) + finding.match.line + 1
        return self._verdict(finding.rule, finding.match.text, finding.match.capture, line)

    def _by_command(self, log: Log, span: Span, text: bytes) -> Verdict | None:
        """The kind of command that failed, where its output said nothing that is known."""
        found = self.matcher.commands(text) if text else {}
        for rule in self.rules.rules:
            if rule.id in found and not self.matcher.of_rule[rule.id]:
                number, line = _telling_line(log, span)
                return self._verdict(rule, line, found[rule.id][:_LONGEST_COMMAND_NAME], number)
        return None

    def _verdict(self, rule: Rule, text: bytes, capture: bytes, line: int | None) -> Verdict:
        return Verdict(
            rule.category,
            domain_of(rule.category),
            rule.id,
            fingerprint(rule.category, rule.id, without_marker(clean_line(capture))),
            line,
            _evidence(text),
            rule.retryable,
            self.rules.version,
        )


@cache
def default_classifier() -> Classifier:
    """The classifier with the project's own rules."""
    return Classifier(default_rules())


def classify(log: Log | None, job: JobFacts | None = None) -> Verdict | None:
    """Judge one job by the project's rules; see :meth:`Classifier.classify`. Never raises, whatever the bytes."""
    return default_classifier().classify(log, job)


def classify_excerpt(
    excerpt: str, spans: Sequence[Sequence[int]], job: JobFacts | None = None, classifier: Classifier | None = None
) -> Verdict | None:
    """Judge a job by the kept lines of its log.

    ``spans`` are ``[first line, number of lines]`` of the original log (1-based) for the excerpt's lines in order; the
    verdict's ``line`` is one of the original log.
    """
    verdict = (classifier or default_classifier()).classify(excerpt.encode("utf-8", "replace"), job)
    if verdict is None or verdict.line is None:
        return verdict
    return replace(verdict, line=_original_line(verdict.line, spans))


def _original_line(line: int, spans: Sequence[Sequence[int]]) -> int:
    """Line of the original log for a line (1-based) of the excerpt; past the spans, the line itself."""
    before = 0
    for first, count in spans:
        if line <= before + count:
            return first + line - before - 1
        before += count
    return line


def _last_step(log: Log, all_steps: list[Span]) -> Span:
    """The last step that is no clean-up: where a job that says nothing of an error ended."""
    own = [step for step in all_steps if log.find(POST_JOB, step.start, step.start + 128) < 0]
    return own[-1] if own else all_steps[-1]


def _in_order_of_suspicion(log: Log, spans: list[Span], job: JobFacts | None) -> list[Span]:
    """Steps with errors, the likeliest cause first.

    A step may be allowed to fail, so the last error is the one that stopped the job, unless the step that raised it
    only reports. A step that GitHub lists as failed comes before all others; of several, the earliest sufficed.
    """
    failed = [step.name for step in job.steps if step.conclusion == "failure"] if job is not None else []
    latest = sorted(spans, key=lambda span: (bool(_REPORTING.search(_first_line(log, span))), -span.start))
    if not failed or len(spans) < 2:
        return latest
    named = [span for span in spans if any(_names(_first_line(log, span), name) for name in failed)]
    return named + [span for span in latest if span not in named]


def _first_line(log: Log, span: Span) -> bytes:
    return without_escapes(bytes(log[span.start : min(line_end(log, span.start), span.start + 500)]))


def _names(header: bytes, step: str) -> bool:
    name = step.encode("utf-8", "replace")
    return name.startswith(b"Run ") and header.rstrip().endswith(b"##[group]" + name)


def _telling_line(log: Log, span: Span) -> tuple[int, bytes]:
    """Number (1-based) and text of the line near the end of a step that says most, a wrapper only if all are."""
    end = span.end
    start = line_start(log, max(span.body, end - _TAIL_BYTES))
    lines = without_escapes(bytes(log[start:end])).split(b"\n")
    first = _newlines(log, 0, start) + 1
    numbered = [(first + index, line) for index, line in enumerate(lines)][-TAIL_LINES:]
    shown = [(number, line) for number, line in numbered if clean_line(line).strip()]
    useful = [(number, line) for number, line in shown if not WRAPPER.search(line) and b"##[endgroup]" not in line]
    for pattern in (re.compile(re.escape(ERROR)), _TELLING):
        for number, line in reversed(useful):
            if pattern.search(line):
                return number, line
    return next(iter(reversed(useful or shown)), (first, b""))


def _newlines(log: Log, start: int, end: int) -> int:
    return sum(log[at : min(at + (1 << 20), end)].count(b"\n") for at in range(start, end, 1 << 20))


def _evidence(line: bytes) -> str:
    return _shortened(redact(without_marker(clean_line(line)).strip()).text)


def _shortened(text: str) -> str:
    return text if len(text) <= EVIDENCE_CHARS else text[: EVIDENCE_CHARS - 1].rstrip() + "…"
