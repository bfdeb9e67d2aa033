"""The excerpt that is kept of a log: enough to judge the job again, and to understand it, in a bounded size.

Belongs here: choosing lines. Kept are the beginning of the job, the steps' names, and of every failing step its
command, the lines in which a rule finds its evidence, the error messages, and the lines before its last error. Holding
a log that is bigger than memory belongs to :mod:`.bounded`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from roadmap_pipeline.failures.bounded import LineRanges, read
from roadmap_pipeline.failures.classifier import Classifier, default_classifier
from roadmap_pipeline.failures.failed_tests import tests_in
from roadmap_pipeline.failures.logs.cleaning import clean_line, without_escapes
from roadmap_pipeline.failures.logs.newlines import count_newlines
from roadmap_pipeline.failures.logs.redaction import redact
from roadmap_pipeline.failures.logs.structure import (
    LINES_AFTER_ERROR,
    Span,
    errors,
    failing,
    is_post,
    line_end,
    line_start,
    line_starts,
    steps,
)
from roadmap_pipeline.failures.matching.first_error import first_error
from roadmap_pipeline.failures.suspects import TAIL_LINES, search_step

# A line is shown with this many characters.
_LONGEST_SHOWN = 2_000
_HEAD_LINES = 40
_HEADER_LINES = 150
_CONTEXT = 3
_ERRORS_FIRST, _ERRORS_LAST = 10, 30
_STEPS_FIRST, _STEPS_LAST = 3, 10
_STEP_NAMES = 200
# Lines that are needed to know which tests failed in a step.
_TEST_LINES = 400

# What goes first when not everything fits.
_PROOF, _TESTS, _TAIL, _ERRORS, _AROUND = range(5)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Kept lines of a log, cleaned and redacted.

    Attributes:
        text: The lines.
        line_ranges: [first line of the log (1-based), number of lines] for the lines of ``text`` in order.
        log_bytes: Bytes of the whole log.
        log_lines: Lines of the whole log (they end at ``\\n``).
        redactions: Secrets that were replaced.
    """

    text: str
    line_ranges: LineRanges
    log_bytes: int
    log_lines: int
    redactions: int


@dataclass(frozen=True, slots=True)
class _Proof:
    """A line that a rule's evidence stands on: offset of its first byte, and the text that has to be seen."""

    start: int
    capture: bytes


def make_excerpt(
    stream: Iterable[bytes] | bytes, *, limit_chars: int = 60_000, classifier: Classifier | None = None
) -> Excerpt:
    """Keep what matters of a raw log that comes in pieces of any size; ``text`` has at most ``limit_chars``."""
    classifier = classifier or default_classifier()
    kept = read([stream] if isinstance(stream, bytes) else stream, classifier)
    if not kept.size:
        return Excerpt("", [], 0, 0, 0)
    chosen, redactions = _Choice(kept.log, classifier).chosen(limit_chars)
    starts = sorted(chosen)
    lines: list[int] = []
    line = reached = 0
    for start in starts:
        line += count_newlines(kept.log, reached, start)
        lines.append(line)
        reached = start
    text = "\n".join(chosen[start] for start in starts)
    return Excerpt(text, _line_ranges(kept.original(lines)), kept.size, kept.lines, kept.redactions + redactions)


class _Choice:
    """The lines of a log that are worth keeping."""

    def __init__(self, log: bytes, classifier: Classifier) -> None:
        self._log = log
        self._steps = steps(log)
        failed = failing(log, self._steps)
        self._failed = failed[:_STEPS_FIRST] + failed[max(_STEPS_FIRST, len(failed) - _STEPS_LAST) :]
        self._has_errors = bool(failed)
        if not failed:
            own = [step for step in self._steps if not is_post(log, step)]
            self._failed = [own[-1] if own else self._steps[-1]]
        self._ends = {step.start: step.end for step in self._steps}
        self._reached: dict[Span, int] = {}
        self._proofs: dict[Span, list[_Proof]] = {}
        for span in self._failed:
            search = search_step(classifier.matcher, log, span)
            self._reached[span] = search.reached
            matches = (match for rule in search.candidates() if search.rule(rule) for match in search.proofs(rule))
            self._proofs[span] = [_Proof(search.offset(match), match.capture) for match in matches]

    def chosen(self, limit_chars: int) -> tuple[dict[int, str], int]:
        """Return the lines that fit, by the offset of their first byte, and how many secrets were replaced."""
        chosen: dict[int, str] = {}
        redactions = chars = 0
        captures = {proof.start: proof.capture for proofs in self._proofs.values() for proof in proofs}
        for start in self._by_importance():
            if start in chosen:
                continue
            line = self._log[start : line_end(self._log, start)]
            redacted = redact(clean_line(_in_sight(line, captures.get(start))))
            text = _shortened(redacted.text)
            if chars + len(text) + 1 > limit_chars:
                continue
            chars += len(text) + 1
            redactions += redacted.count
            chosen[start] = text
        return chosen, redactions

    def _by_importance(self) -> Iterator[int]:
        """Yield the offsets of the first bytes of lines, the most important first."""
        for importance in (_PROOF, _TESTS, _TAIL):
            for span in reversed(self._failed):
                yield from self._of_step(span, importance)
        # Which actions cleaned up tells how the job ended only with all the actions that there were: they come first.
        names = sorted(self._steps[1 : _STEP_NAMES + 1], key=lambda step: is_post(self._log, step))
        yield from (step.start for step in names)
        for importance in (_ERRORS, _AROUND):
            for span in reversed(self._failed):
                yield from self._of_step(span, importance)
        yield from _starts(self._log, 0, len(self._log), _HEAD_LINES)

    def _of_step(self, span: Span, importance: int) -> Iterator[int]:
        log, reached = self._log, self._reached[span]
        error_lines = errors(log, Span(span.start, reached, span.end)) if self._has_errors else []
        if importance == _PROOF:
            header = list(_starts(log, span.start, span.body)) if span.body > span.start else [span.start]
            yield from header[: _HEADER_LINES * 2 // 3]
            yield from header[-_HEADER_LINES // 3 :]
            yield from (proof.start for proof in self._proofs[span])
            first = first_error(log, span)
            if first is not None:
                yield first
            yield from reversed(error_lines[-_ERRORS_LAST:])
        elif importance == _TESTS:
            numbers = tests_in(log, span).lines[:_TEST_LINES]
            starts = line_starts(log, numbers)
            yield from (starts[number] for number in numbers)
        elif importance == _TAIL:
            last = error_lines[-1] if error_lines else span.end
            if error_lines:
                yield from _starts(log, last, self._ends[span.start], LINES_AFTER_ERROR + 1)
            yield from _starts_before(log, last, reached, TAIL_LINES)
        elif importance == _ERRORS:
            yield from error_lines[:_ERRORS_FIRST]
        else:
            for proof in self._proofs[span]:
                yield from _starts_before(log, proof.start, reached, _CONTEXT)
                yield from _starts(log, proof.start, span.end, _CONTEXT + 1)


def _starts(log: bytes, start: int, end: int, most: int | None = None) -> Iterator[int]:
    """Yield the offsets of the first bytes of the lines from ``start`` (a line's) that begin before ``end``."""
    while start < end and (most is None or most > 0):
        yield start
        start = line_end(log, start) + 1
        most = most - 1 if most is not None else None


def _starts_before(log: bytes, start: int, limit: int, most: int) -> Iterator[int]:
    """Yield the offsets of the first bytes of the lines before ``start``, the nearest first, down to ``limit``."""
    for _ in range(most):
        if start <= limit:
            return
        start = line_start(log, start - 1)
        if start < limit:
            return
        yield start


def _in_sight(line: bytes, capture: bytes | None) -> bytes:
    """Return a proof's line, cut around what was found when it is too long to be shown whole.

    Of any other line it is the beginning.
    """
    if len(line) <= _LONGEST_SHOWN:
        return line
    text = without_escapes(line[: 64 << 10] if capture is None else line)
    at = max(0, text.find(capture)) if capture is not None else 0
    if capture is None or at + len(capture) < _LONGEST_SHOWN:
        return text[: 4 * _LONGEST_SHOWN]
    return text[: _LONGEST_SHOWN // 4] + b" ... " + text[at - _LONGEST_SHOWN // 4 : at + _LONGEST_SHOWN // 4]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _line_ranges(numbers: Sequence[int]) -> LineRanges:
    line_ranges: LineRanges = []
    for number in numbers:
        if line_ranges and number == line_ranges[-1][0] + line_ranges[-1][1]:
            line_ranges[-1][1] += 1
        else:
            line_ranges.append([number, 1])
    return line_ranges
