"""The judge of failed jobs: from a log, and what GitHub says about the job, to a verdict.

Belongs here: choosing among what the rules find. Structure before content: the output of the failing step, its end
first, then the rules in the order of their priority, each by its last match; then the name of the task or the command
that failed; then ``unknown``. Shown is the first line that says the same as that match, or the first error of a
compiler or linter. A wrapper line ("Process completed with exit code 1") is never a cause, nor is a line
that passing runs of the job say, too. Which steps are looked at belongs to :mod:`.suspects`.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from roadmap_pipeline.failures.failed_tests import FailedTest, tests_in
from roadmap_pipeline.failures.logs.cleaning import clean_line, without_marker
from roadmap_pipeline.failures.logs.fingerprint import MOST_TESTS, fingerprint, fingerprint_of_tests
from roadmap_pipeline.failures.logs.newlines import LineNumbers
from roadmap_pipeline.failures.logs.structure import ERROR, Span, is_silent, is_whole, line_end, steps
from roadmap_pipeline.failures.matching import first_error
from roadmap_pipeline.failures.matching.novelty import Baseline
from roadmap_pipeline.failures.matching.rule import Rule, RuleSet
from roadmap_pipeline.failures.matching.search import Matcher, Search
from roadmap_pipeline.failures.rules.rule_set import default_rules
from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES, UNKNOWN, domain_of
from roadmap_pipeline.failures.suspects import (
    CLEAR,
    SPECIFIC,
    WRAPPER,
    Finding,
    Suspect,
    best_finding,
    end_of_step,
    failing_steps,
    has_other_cause,
    in_order_of_suspicion,
    last_step,
    last_steps,
    telling_line,
)
from roadmap_pipeline.failures.verdict import (
    CAUSE,
    JOB,
    TESTS,
    JobFacts,
    Verdict,
    evidence,
    shortened_evidence,
    with_original_lines,
    with_tests,
)

_LONGEST_COMMAND_NAME = 200
# How a container that fails ends: so many lines from its end, a line begins like this.
_LAST_WORDS = 15
_LAST_WORD = re.compile(
    r"(?i)^\W*(?:error|fatal|panic|traceback|exception|failed|failure|could not|cannot|[\w.]*(?:error|exception))\b"
    r"(?! (?:0|count|rate|level)\b)"
)


@dataclass(frozen=True, slots=True)
class _Case:
    """A log that is judged, and what is known beside it."""

    log: bytes
    job: JobFacts | None
    baseline: Baseline
    line_numbers: LineNumbers


class Classifier:
    """A rule set ready to judge logs; the first log costs compiling all patterns, so share it."""

    def __init__(self, rules: RuleSet, make_matcher: Callable[[RuleSet], Matcher] = Matcher) -> None:
        self.rules = rules
        self._make_matcher = make_matcher
        self._matcher: Matcher | None = None
        self._making = threading.Lock()

    @property
    def matcher(self) -> Matcher:
        """The compiled patterns. Where no log is judged, none is compiled; threads that come at once share one."""
        if self._matcher is None:
            with self._making:
                if self._matcher is None:
                    self._matcher = self._make_matcher(self.rules)
        return self._matcher

    def classify(
        self, log: bytes | None, job: JobFacts | None = None, baseline: Baseline = frozenset()
    ) -> Verdict | None:
        """Judge one job.

        Args:
            log: Its log, if there is one.
            job: What GitHub says about it, if that is known.
            baseline: What passing runs of the job say (:func:`~.baseline_of`): no evidence is found in those
                lines.

        Returns:
            The verdict; None when nothing failed: a log without errors of a job not known to have failed.
        """
        if job is not None and job.conclusion in ("success", "skipped", "neutral", "stale"):
            return None
        known_failed = job is not None and job.conclusion in ("failure", "timed_out", "startup_failure")
        case = _Case(log, job, baseline, LineNumbers(log)) if log else None
        by_log = self._by_log(case, known_failed=known_failed) if case is not None else None
        if job is None:
            return by_log
        by_facts = self._by_facts(job)
        if by_facts is not None:
            return with_tests(by_facts, by_log)
        if job.conclusion == "timed_out" and (by_log is None or by_log.category not in ("timeout", "runner_lost")):
            timeout = self._structural("timeout", "job.timed_out", "The job exceeded its time limit.")
            return with_tests(timeout, by_log)
        if (by_log is None or by_log.category == UNKNOWN) and known_failed:
            by_annotations = self._by_annotations(job, certain=False)
            if by_annotations is not None:
                return with_tests(by_annotations, by_log)
            if by_log is None:
                return self._unknown(job)
        return by_log

    def _by_facts(self, job: JobFacts) -> Verdict | None:
        """Judge by what leaves no doubt whatever the log says."""
        if job.conclusion == "startup_failure":
            return self._structural("workflow_config", "job.startup_failure", "The run failed before any job started.")
        by_annotations = self._by_annotations(job, certain=True)
        if by_annotations is not None:
            return by_annotations
        unfinished = [step for step in job.steps if step.status in ("in_progress", "pending", "queued")]
        if unfinished and not job.has_log and job.conclusion in ("failure", "cancelled", "timed_out", None):
            text = f"Step never finished: {unfinished[0].name}"
            return self._structural("runner_lost", "job.steps_unfinished", text)
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

    def _structural(self, category: str, rule_id: str, text: str) -> Verdict:
        """Return the verdict that GitHub's facts alone decide."""
        return Verdict(
            category,
            domain_of(category),
            rule_id,
            fingerprint(category, rule_id, ""),
            None,
            shortened_evidence(text),
            CATEGORIES[category].retryable,
            self.rules.version,
        )

    def _unknown(self, job: JobFacts) -> Verdict:
        """Return a failure that no rule knows: what GitHub noted of it, else its step, makes it one kind."""
        noted = (text.strip().partition("\n")[0] for text in job.annotations)
        telling = [text for text in noted if text and not WRAPPER.search(text.encode("utf-8", "replace"))]
        failed = [f"Failed step: {step.name}" for step in job.steps if step.conclusion == "failure"]
        text = next(iter(telling + failed), "")
        return Verdict(
            UNKNOWN,
            UNKNOWN,
            None,
            fingerprint(UNKNOWN, None, text),
            None,
            shortened_evidence(text),
            retryable=False,
            ruleset_version=self.rules.version,
            known_by=CAUSE if telling else JOB,
        )

    def _by_log(self, case: _Case, *, known_failed: bool) -> Verdict | None:
        log = case.log
        all_steps = steps(log)
        candidates = failing_steps(log, all_steps, known_failed=known_failed)
        has_errors = bool(candidates)
        if not has_errors:
            candidates = [last_step(log, all_steps)]
            if is_whole(log) and not known_failed:
                silent = [step for step in last_steps(log, all_steps) if is_silent(log, step)]
                return self._by_silent_step(case, silent)
        in_order = in_order_of_suspicion(log, candidates, case.job)
        suspects = [Suspect(self.matcher, log, span, case.baseline) for span in in_order]
        finding = self._finding(suspects, (SPECIFIC, 0) if has_errors or known_failed else (SPECIFIC,))
        if finding is not None:
            return self._by_finding(case, finding, suspects)
        if not has_errors and not known_failed:
            return None
        for suspect in suspects:
            verdict = self._by_command(case, suspect)
            if verdict is not None:
                return self._by_tests(case, verdict, suspect.span, suspects)
        first = suspects[0].span
        return self._by_tests(case, self._unknown_in(case, first), first, suspects)

    def _finding(self, suspects: Sequence[Suspect], thresholds: Sequence[int]) -> Finding | None:
        """Return what the first step in which a rule of at least the first threshold is found failed by.

        Where there is none the next threshold is tried. A rule that speaks of the whole job wins by its priority.
        """
        anywhere = best_finding(suspects, in_job=True)
        for lowest in thresholds:
            for suspect in suspects:
                finding = best_finding([suspect], in_job=False, lowest=lowest)
                if anywhere is not None and (finding is None or anywhere.rule.priority > finding.rule.priority):
                    finding = anywhere if anywhere.rule.priority >= lowest else finding
                if finding is not None:
                    return finding
        return None

    def _by_silent_step(self, case: _Case, silent_steps: Sequence[Span]) -> Verdict | None:
        """Judge a job of which the runner says nothing by the last lines of the container that it ended with."""
        log = case.log
        for span in silent_steps:
            end = end_of_step(log, span, _LAST_WORDS)
            suspect = Suspect(self.matcher, log, end, case.baseline)
            finding = best_finding([suspect], in_job=False, lowest=SPECIFIC)
            if finding is not None and finding.rule.scope == "step":
                return self._by_finding(replace(case, job=None), finding, [suspect])
            lines = [clean_line(line) for line in log[end.body : end.end].split(b"\n")]
            if any(_LAST_WORD.search(line) for line in lines):
                return self._unknown_in(case, span)
        return None

    def _unknown_in(self, case: _Case, span: Span) -> Verdict:
        """Return a failure in a step that no rule knows, with the line that tells most."""
        number, line = telling_line(case.log, span, case.baseline, case.line_numbers)
        return replace(
            self._unknown(JobFacts()),
            line=number,
            evidence=evidence(line),
            fingerprint=fingerprint(UNKNOWN, None, without_marker(clean_line(line))),
            known_by=JOB if WRAPPER.search(line) or not line.strip() else CAUSE,
        )

    def _by_finding(self, case: _Case, finding: Finding, suspects: Sequence[Suspect]) -> Verdict:
        """Judge by the rule that was found: by the tests that failed, else by the line that shows the cause."""
        log = case.log
        is_told = finding.match.is_named or domain_of(finding.rule.category) != "code"
        # Which line is shown is still to be found.
        verdict = self._verdict(finding.rule, b"", finding.match.capture, None, CAUSE if is_told else JOB)
        span = next((step.span for step in suspects if step.search is finding.search), None)
        if span is not None:
            verdict = self._by_tests(case, verdict, span, suspects)
        if verdict.known_by == TESTS:
            # Who breaks something else as well isn't acquitted by the tests.
            return replace(verdict, known_by=JOB) if has_other_cause(span, suspects, case.job) else verdict
        match = finding.search.first(finding.rule) or finding.match
        if span is not None and verdict.category in first_error.CATEGORIES:
            # Below what says what failed, nothing says it better.
            before = None if first_error.is_headline(match.text) else finding.search.offset(match)
            start = first_error.first_error(log, span, case.baseline, before=before)
            if start is not None:
                first = case.line_numbers.at(start) + 1
                return replace(verdict, line=first, evidence=evidence(log[start : line_end(log, start)]))
        line = case.line_numbers.at(match.block) + finding.search.line(match) + 1
        return replace(verdict, line=line, evidence=evidence(match.text))

    def _by_tests(self, case: _Case, verdict: Verdict, cause: Span, suspects: Sequence[Suspect]) -> Verdict:
        """Add the names of the tests that failed to a verdict: in the step that it rests on, and in others that failed.

        A failure by tests is known by them. Where its step names none, it is known by its job, unless a rule captured a
        name. A failure by something else stays that: the tests tell that it may not be all that is broken.
        """
        failed_steps = [cause, *(step.span for step in suspects if step.span != cause)]
        by_step = [tests_in(case.log, span, case.line_numbers) for span in failed_steps]
        by_name = {test.name: test for of_step in reversed(by_step) for test in of_step.tests}
        tests = [by_name[name] for name in sorted(by_name)]
        if tests:
            verdict = replace(
                verdict,
                failed_tests=tuple(FailedTest(test.name, test.why, test.line + 1) for test in tests[:MOST_TESTS]),
                failed_tests_count=len(tests),
            )
        if verdict.category != "test":
            return verdict
        of_cause = by_step[0]
        if not of_cause.tests:
            if verdict.known_by == CAUSE and self._priority(verdict) >= CLEAR:
                return verdict
            of_job = fingerprint(verdict.category, None, case.job.name if case.job is not None else "")
            return replace(verdict, known_by=JOB, fingerprint=of_job)
        return replace(
            verdict,
            line=of_cause.tests[0].line + 1,
            evidence=evidence(of_cause.first),
            fingerprint=fingerprint_of_tests([test.name for test in tests]),
            known_by=TESTS,
        )

    def _priority(self, verdict: Verdict) -> int:
        return next((rule.priority for rule in self.rules.rules if rule.id == verdict.rule_id), 0)

    def _by_command(self, case: _Case, suspect: Suspect) -> Verdict | None:
        """Judge by the kind of command that failed, where its output said nothing that is known."""
        for rule in self.rules.rules:
            if rule.id in suspect.commands and not self.matcher.of_rule[rule.id]:
                number, line = telling_line(case.log, suspect.span, case.baseline, case.line_numbers)
                return self._verdict(rule, line, suspect.commands[rule.id][:_LONGEST_COMMAND_NAME], number)
        return None

    def _verdict(self, rule: Rule, text: bytes, capture: bytes, line: int | None, known_by: str = CAUSE) -> Verdict:
        return Verdict(
            rule.category,
            domain_of(rule.category),
            rule.id,
            fingerprint(rule.category, rule.id, without_marker(clean_line(capture))),
            line,
            evidence(text) if text else "",
            rule.retryable,
            self.rules.version,
            known_by,
        )


_choosing = threading.Lock()


def default_classifier() -> Classifier:
    """Return the one classifier with the project's own rules; those who read several repositories ask at once."""
    with _choosing:
        return _default_classifier()


@cache
def _default_classifier() -> Classifier:
    return Classifier(default_rules())


def classify(log: bytes | None, job: JobFacts | None = None, baseline: Baseline = frozenset()) -> Verdict | None:
    """Judge one job by the project's rules; see :meth:`Classifier.classify`. Never raises, whatever the bytes."""
    return default_classifier().classify(log, job, baseline)


def classify_excerpt(
    excerpt: str,
    line_ranges: Sequence[Sequence[int]],
    job: JobFacts | None = None,
    classifier: Classifier | None = None,
    baseline: Baseline = frozenset(),
) -> Verdict | None:
    """Judge a job by the kept lines of its log.

    Args:
        line_ranges: ``[first line, number of lines]`` of the original log (1-based) for the excerpt's lines in order.

    Returns:
        The verdict with lines of the original log; None when nothing failed.
    """
    verdict = (classifier or default_classifier()).classify(excerpt.encode("utf-8", "replace"), job, baseline)
    return None if verdict is None else with_original_lines(verdict, line_ranges)
