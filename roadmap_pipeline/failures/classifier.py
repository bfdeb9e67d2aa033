"""Why a job failed, from its log and what GitHub says about it.

Belongs here: choosing among what the rules find. Structure before content: the span of the failing step, its end
first, then the rules in the order of their priority, each by its last match; then the name of the task or the command
that failed; then ``unknown``. Shown is the first line that says the same as that match, or the first error of a
compiler or linter. A wrapper line ("Process completed with exit code 1") is never a cause, nor is a line
that passing runs of the job say, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from roadmap_pipeline.failures.failed_tests import FailedTest, FailedTests, failed_tests
from roadmap_pipeline.failures.fingerprint import MOST_TESTS, fingerprint, fingerprint_of_tests
from roadmap_pipeline.failures.logs.cleaning import clean_line, without_escapes, without_marker
from roadmap_pipeline.failures.logs.redaction import redact
from roadmap_pipeline.failures.logs.structure import (
    ERROR,
    Span,
    command,
    ended_well,
    failing,
    first_line,
    is_ended,
    is_post,
    is_silent,
    is_whole,
    line_end,
    line_start,
    reports,
    steps,
    stopped,
)
from roadmap_pipeline.failures.matching import first_error
from roadmap_pipeline.failures.matching.novelty import Baseline, is_said
from roadmap_pipeline.failures.matching.search import Match, Matcher, Search
from roadmap_pipeline.failures.rules.rule_set import Rule, RuleSet, default_rules
from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES, UNKNOWN, domain_of

EVIDENCE_CHARS = 300
# Rules below this speak of the name of a task or command, not of what went wrong.
SPECIFIC = 400
# A rule from here on that is found near the end of a step settles why it failed, and the rest is not read.
CLEAR = 600
WINDOW = 64 << 10
# How far back from its last error the telling line of a step is looked for.
TAIL_LINES = 100
TESTS, CAUSE, JOB = "tests", "cause", "job"
"""What a fingerprint knows a failure by: the tests that failed, what the log names as the cause, or no more than that
the job failed in some such way, which says nothing of whether two failures are the same."""
_TAIL_BYTES = 64 << 10
_LONGEST_COMMAND_NAME = 200
# How a container that fails ends: so many lines from its end, a line begins like this.
_LAST_WORDS = 15
_LAST_WORD = re.compile(
    r"(?i)^\W*(?:error|fatal|panic|traceback|exception|failed|failure|could not|cannot|[\w.]*(?:error|exception))\b"
    r"(?! (?:0|count|rate|level)\b)"
)

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
    ``rule_id`` is None for ``unknown``; ``evidence`` is that line, cleaned, redacted and shortened. ``known_by`` is
    what the fingerprint stands for: :data:`TESTS`, :data:`CAUSE` or :data:`JOB`. ``failed_tests`` are those that the
    log names, by name, at most :data:`~.fingerprint.MOST_TESTS` of ``failed_tests_count``, with 1-based lines:
    also where something else, in this step or a later one, is the cause."""

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


@dataclass(frozen=True, slots=True)
class _Step:
    """A step under suspicion: what the rules find in it, what it runs, and the command rules that this agrees with."""

    span: Span
    search: Search
    command: bytes
    commands: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class _Finding:
    """A rule that matched, and the search that found it."""

    rule: Rule
    match: Match
    search: Search


class Classifier:
    """A rule set ready to judge logs. Making one compiles all patterns; share it."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.matcher = Matcher(rules)

    def classify(self, log: bytes | None, job: JobFacts | None = None, said: Baseline = frozenset()) -> Verdict | None:
        """Judge one job. None when nothing failed: a log without errors of a job not known to have failed.

        ``said`` is what passing runs of the job say (:func:`~.novelty.baseline`): no evidence is found in those lines.
        """
        if job is not None and job.conclusion in ("success", "skipped", "neutral", "stale"):
            return None
        known_failed = job is not None and job.conclusion in ("failure", "timed_out", "startup_failure")
        verdict = self._by_log(log, job, said, known_failed=known_failed) if log else None
        if job is None:
            return verdict
        told = self._without_log(job)
        if told is not None:
            return _with_tests(told, verdict)
        if job.conclusion == "timed_out" and (verdict is None or verdict.category not in ("timeout", "runner_lost")):
            over = self._structural("timeout", "job.timed_out", "The job exceeded its time limit.")
            return _with_tests(over, verdict)
        if (verdict is None or verdict.category == UNKNOWN) and known_failed:
            annotated = self._by_annotations(job, certain=False)
            if annotated is not None:
                return _with_tests(annotated, verdict)
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
        search.read()
        for rule in search.candidates():
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
        """A failure that no rule knows: what GitHub noted of it, else its step, makes it one kind."""
        noted = (text.strip().partition("\n")[0] for text in job.annotations)
        telling = [text for text in noted if text and not WRAPPER.search(text.encode("utf-8", "replace"))]
        failed = [f"Failed step: {step.name}" for step in job.steps if step.conclusion == "failure"]
        evidence = next(iter(telling + failed), "")
        return Verdict(
            UNKNOWN,
            UNKNOWN,
            None,
            fingerprint(UNKNOWN, None, evidence),
            None,
            _shortened(redact(evidence).text),
            retryable=False,
            ruleset_version=self.rules.version,
            known_by=CAUSE if telling else JOB,
        )

    def search(self, log: bytes, span: Span, said: Baseline = frozenset()) -> Search:
        """What the rules find in a step: near its end, or in all of it when that is not clear enough."""
        search = Search(self.matcher, log, span.body, span.end, said)
        search.read(WINDOW)
        if search.reached > span.body and not self._is_clear(search):
            search.read()
        return search

    def _is_clear(self, search: Search) -> bool:
        clear = (rule for rule in search.candidates() if rule.priority >= CLEAR and rule.scope != "command")
        return any(search.rule(rule) is not None for rule in clear)

    def _by_log(self, log: bytes, job: JobFacts | None, said: Baseline, *, known_failed: bool) -> Verdict | None:
        all_steps = steps(log)
        spans = failing(log, all_steps)
        certain = [span for span in spans if stopped(log, span)]
        if not known_failed:
            certain = [span for span in certain if not ended_well(log, span, all_steps)]
        if certain or (not known_failed and is_ended(log)):
            spans = certain
        marked = bool(spans)
        if not marked:
            spans = [_last_step(log, all_steps)]
            if is_whole(log) and not known_failed:
                silent = [step for step in _last_steps(log, all_steps) if is_silent(log, step)]
                return self._by_silent_step(log, silent, said)
        suspects = [self._step(log, span, said) for span in _in_order_of_suspicion(log, spans, job)]
        anywhere = self._best(suspects, in_job=True)
        for lowest in (SPECIFIC, 0) if marked or known_failed else (SPECIFIC,):
            for suspect in suspects:
                finding = self._best([suspect], in_job=False, lowest=lowest)
                if anywhere is not None and (finding is None or anywhere.rule.priority > finding.rule.priority):
                    finding = anywhere if anywhere.rule.priority >= lowest else finding
                if finding is not None:
                    return self._found(log, finding, suspects, job, said)
        if not marked and not known_failed:
            return None
        for suspect in suspects:
            verdict = self._by_command(log, suspect, said)
            if verdict is not None:
                return self._by_tests(log, verdict, suspect.span, suspects, job)
        first = suspects[0].span
        return self._by_tests(log, self._unknown_in(log, first, said), first, suspects, job)

    def _by_silent_step(self, log: bytes, spans: Sequence[Span], said: Baseline) -> Verdict | None:
        """Judge a job of which the runner says nothing by the last lines of the container that it ended with."""
        for span in spans:
            end = Span(span.start, max(span.body, _lines_before(log, span, _LAST_WORDS)), span.end)
            suspect = self._step(log, end, said)
            finding = self._best([suspect], in_job=False, lowest=SPECIFIC)
            if finding is not None and finding.rule.scope == "step":
                return self._found(log, finding, [suspect], None, said)
            lines = [clean_line(line) for line in log[end.body : end.end].split(b"\n")]
            if any(_LAST_WORD.search(line) for line in lines):
                return self._unknown_in(log, span, said)
        return None

    def _unknown_in(self, log: bytes, span: Span, said: Baseline) -> Verdict:
        """A failure in a step that no rule knows, with the line that tells most."""
        number, line = _telling_line(log, span, said)
        return replace(
            self._unknown(JobFacts()),
            line=number,
            evidence=_evidence(line),
            fingerprint=fingerprint(UNKNOWN, None, without_marker(clean_line(line))),
            known_by=JOB if WRAPPER.search(line) or not line.strip() else CAUSE,
        )

    def _step(self, log: bytes, span: Span, said: Baseline) -> _Step:
        text = command(log, span)
        return _Step(span, self.search(log, span, said), text, self.matcher.commands(text) if text else {})

    def _best(self, suspects: Sequence[_Step], *, in_job: bool, lowest: int = 0) -> _Finding | None:
        """The rule of highest priority that is found in one of the steps, the first of equals."""
        best: _Finding | None = None
        for suspect in suspects:
            for rule in suspect.search.candidates():
                if rule.priority < lowest or (best is not None and rule.priority <= best.rule.priority):
                    break
                if (rule.scope == "job") != in_job or (rule.scope == "command" and rule.id not in suspect.commands):
                    continue
                match = suspect.search.rule(rule)
                if match is not None:
                    best = _Finding(rule, match, suspect.search)
                    break
        return best

    def _found(
        self,
        log: bytes,
        finding: _Finding,
        suspects: Sequence[_Step],
        job: JobFacts | None,
        said: Baseline,
    ) -> Verdict:
        verdict = self._verdict(finding.rule, finding.match.text, finding.match.capture, None)
        if not finding.match.is_named and verdict.domain == "code":
            verdict = replace(verdict, known_by=JOB)
        span = next((step.span for step in suspects if step.search is finding.search), None)
        if span is not None:
            verdict = self._by_tests(log, verdict, span, suspects, job)
        if verdict.known_by == TESTS:
            # Who breaks something else as well isn't acquitted by the tests.
            return replace(verdict, known_by=JOB) if self._has_other_cause(span, suspects, job) else verdict
        match = finding.search.first(finding.rule) or finding.match
        verdict = replace(verdict, evidence=_evidence(match.text))
        # Counting lines takes longer than most of the rest.
        line = log.count(b"\n", 0, match.block) + finding.search.line(match) + 1
        if span is not None and verdict.category in first_error.CATEGORIES:
            start = first_error.first_error(log, span, said)
            first = line if start is None else log.count(b"\n", 0, start) + 1
            if start is not None and (first < line or first_error.is_headline(match.text)):
                return replace(verdict, line=first, evidence=_evidence(log[start : line_end(log, start)]))
        return replace(verdict, line=line)

    def _by_tests(
        self, log: bytes, verdict: Verdict, cause: Span, suspects: Sequence[_Step], job: JobFacts | None
    ) -> Verdict:
        """A verdict with the names of the tests that failed: in the step that it rests on, and in others that failed.

        A failure by tests is known by them. Where its step names none, it is known by its job, unless a rule captured a
        name. A failure by something else stays that: the tests tell that it may not be all that is broken.
        """
        spans = [cause, *(step.span for step in suspects if step.span != cause)]
        read = [tests_in(log, span) for span in spans]
        tests = sorted({test.name: test for of_step in reversed(read) for test in of_step.tests}.values(), key=_name)
        verdict = replace(
            verdict,
            failed_tests=tuple(FailedTest(test.name, test.why, test.line + 1) for test in tests[:MOST_TESTS]),
            failed_tests_count=len(tests),
        )
        if verdict.category != "test":
            return verdict
        if not read[0].tests:
            if verdict.known_by == CAUSE and self._priority(verdict) >= CLEAR:
                return verdict
            known = fingerprint(verdict.category, None, job.name if job is not None else "")
            return replace(verdict, known_by=JOB, fingerprint=known)
        return replace(
            verdict,
            line=read[0].tests[0].line + 1,
            evidence=_evidence(read[0].first),
            fingerprint=fingerprint_of_tests([test.name for test in tests]),
            known_by=TESTS,
        )

    def _has_other_cause(self, of_tests: Span | None, suspects: Sequence[_Step], job: JobFacts | None) -> bool:
        """Return whether one of the job's several failed steps failed by something else than its tests."""
        if job is None or sum(step.conclusion == "failure" for step in job.steps) < 2:
            return False
        others = (self._best([one], in_job=False, lowest=SPECIFIC) for one in suspects if one.span != of_tests)
        return any(other is not None and other.rule.category not in ("test", "artifact_cache") for other in others)

    def _priority(self, verdict: Verdict) -> int:
        return next((rule.priority for rule in self.rules.rules if rule.id == verdict.rule_id), 0)

    def _by_command(self, log: bytes, suspect: _Step, said: Baseline) -> Verdict | None:
        """The kind of command that failed, where its output said nothing that is known."""
        for rule in self.rules.rules:
            if rule.id in suspect.commands and not self.matcher.of_rule[rule.id]:
                number, line = _telling_line(log, suspect.span, said)
                return self._verdict(rule, line, suspect.commands[rule.id][:_LONGEST_COMMAND_NAME], number)
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


def classify(log: bytes | None, job: JobFacts | None = None, said: Baseline = frozenset()) -> Verdict | None:
    """Judge one job by the project's rules; see :meth:`Classifier.classify`. Never raises, whatever the bytes."""
    return default_classifier().classify(log, job, said)


def classify_excerpt(
    excerpt: str,
    spans: Sequence[Sequence[int]],
    job: JobFacts | None = None,
    classifier: Classifier | None = None,
    said: Baseline = frozenset(),
) -> Verdict | None:
    """Judge a job by the kept lines of its log.

    ``spans`` are ``[first line, number of lines]`` of the original log (1-based) for the excerpt's lines in order; the
    verdict's ``line`` is one of the original log.
    """
    verdict = (classifier or default_classifier()).classify(excerpt.encode("utf-8", "replace"), job, said)
    if verdict is None:
        return None
    tests = tuple(replace(test, line=original_line(test.line, spans)) for test in verdict.failed_tests)
    line = None if verdict.line is None else original_line(verdict.line, spans)
    return replace(verdict, line=line, failed_tests=tests)


def original_line(line: int, spans: Sequence[Sequence[int]]) -> int:
    """Line of the original log for a line (1-based) of the excerpt; past the spans, the line itself."""
    before = 0
    for first, count in spans:
        if line <= before + count:
            return first + line - before - 1
        before += count
    return line


def tests_in(log: bytes, step: Span) -> FailedTests:
    """Read which tests failed in a step; lines are those of the log (from 0)."""
    found = failed_tests(log[step.body : step.end])
    if not found.tests:
        return found
    before = log.count(b"\n", 0, step.body)
    return FailedTests(
        tuple(FailedTest(test.name, test.why, before + test.line) for test in found.tests),
        tuple(before + line for line in found.lines),
        found.first,
    )


def _with_tests(verdict: Verdict, by_log: Verdict | None) -> Verdict:
    """A verdict that GitHub's word decides, with the tests that the log names all the same."""
    if by_log is None:
        return verdict
    return replace(verdict, failed_tests=by_log.failed_tests, failed_tests_count=by_log.failed_tests_count)


def _name(test: FailedTest) -> str:
    return test.name


def _last_step(log: bytes, all_steps: list[Span]) -> Span:
    """The last step that is no clean-up: where a job that says nothing of an error ended."""
    own = [step for step in all_steps if not is_post(log, step)]
    return own[-1] if own else all_steps[-1]


def _last_steps(log: bytes, all_steps: list[Span]) -> list[Span]:
    """The last step that is no clean-up and, where that only reports, the last that does more."""
    own = [step for step in all_steps if not is_post(log, step)] or all_steps
    more = next((step for step in reversed(own) if not reports(log, step)), own[-1])
    return [own[-1]] if more == own[-1] else [own[-1], more]


def _lines_before(log: bytes, span: Span, lines: int) -> int:
    """Offset of the line that stands so many lines before a span's end."""
    start = span.end
    for _ in range(lines + 1):
        start = line_start(log, max(span.body, start - 1))
    return start


def _in_order_of_suspicion(log: bytes, spans: list[Span], job: JobFacts | None) -> list[Span]:
    """Steps with errors, the likeliest cause first.

    A step may be allowed to fail, so the last error is the one that stopped the job, unless the step that raised it
    only reports. A step that GitHub lists as failed comes before all others; of several, the earliest sufficed.
    """
    failed = [step.name for step in job.steps if step.conclusion == "failure"] if job is not None else []
    latest = sorted(spans, key=lambda span: (reports(log, span), -span.start))
    if not failed:
        return latest
    named = [span for span in spans if any(_names(first_line(log, span), name) for name in failed)]
    return named + [span for span in latest if span not in named]


def _names(header: bytes, step: str) -> bool:
    name = step.encode("utf-8", "replace")
    return name.startswith(b"Run ") and header.rstrip().endswith(b"##[group]" + name)


def _telling_line(log: bytes, span: Span, said: Baseline) -> tuple[int, bytes]:
    """Number (1-based) and text of the line near the end of a step that says most, a wrapper only if all are."""
    end = span.end
    start = line_start(log, max(span.body, end - _TAIL_BYTES))
    lines = without_escapes(log[start:end]).split(b"\n")
    first = log.count(b"\n", 0, start) + 1
    numbered = [(first + index, line) for index, line in enumerate(lines)][-TAIL_LINES:]
    shown = [(number, line) for number, line in numbered if clean_line(line).strip()]
    useful = [(number, line) for number, line in shown if not WRAPPER.search(line) and b"##[endgroup]" not in line]
    if said:
        useful = [(number, line) for number, line in useful if not is_said(line, said)] or useful
    for pattern in (re.compile(re.escape(ERROR)), _TELLING):
        for number, line in reversed(useful):
            if pattern.search(line):
                return number, line
    return next(iter(reversed(useful or shown)), (first, b""))


def _evidence(line: bytes) -> str:
    return _shortened(redact(without_marker(clean_line(line)).strip()).text)


def _shortened(text: str) -> str:
    return text if len(text) <= EVIDENCE_CHARS else text[: EVIDENCE_CHARS - 1].rstrip() + "…"
