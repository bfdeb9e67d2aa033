"""Reading a log of any size into a bounded amount of memory, without losing what it is judged by.

Belongs here: what of a log bigger than memory is worth keeping before anything is judged. What of it is stored and
shown belongs to :mod:`.excerpts`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from roadmap_pipeline import decoding
from roadmap_pipeline.failures.classifier import Classifier
from roadmap_pipeline.failures.failed_tests import tests_in
from roadmap_pipeline.failures.logs.redaction import without_keys
from roadmap_pipeline.failures.logs.structure import (
    LINES_AFTER_ERROR,
    Span,
    failing,
    is_post,
    line_start,
    line_starts,
    steps,
)
from roadmap_pipeline.failures.matching.first_error import first_error
from roadmap_pipeline.failures.matching.search import Search
from roadmap_pipeline.failures.suspects import WINDOW

# Nearly every log is smaller than this and kept as it is.
_MOST_BYTES = 6 << 20
_PIECE = 64 << 10
# A line is cut after this many bytes, give or take a piece.
_LONGEST_LINE = 128 << 10
# Of a bigger log: steps that are kept by name, bytes of the longest header kept, failing steps, lines around a find.
_STEP_NAMES, _LONGEST_HEADER = 200, 8 << 10
_FAILED_FIRST, _FAILED_LAST = 3, 10
_CONTEXT = 3
_HEAD_LINES = 40

LineRanges = list[list[int]]
"""[first line (1-based), number of lines] for consecutive lines that were kept, in order."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A log, or the lines kept of it.

    Private keys are not in it.

    Attributes:
        line_ranges: Where those lines stood (lines end at ``\\n``).
        size: Bytes of the whole log.
        lines: Lines of the whole log.
        redactions: Private keys that were replaced.
    """

    log: bytes
    line_ranges: LineRanges
    size: int
    lines: int
    redactions: int

    def original(self, lines: Sequence[int]) -> list[int]:
        """Return the numbers (1-based) in the whole log of lines (from 0) of what was kept."""
        return _original(self.line_ranges, lines)


def read(stream: Iterable[bytes], classifier: Classifier) -> Bounded:
    """Read a raw log that comes in pieces of any size. What is held is bounded by the number of rules, not by the log.

    It may be in any encoding, and as ``gh run view --log`` prints it: the lines kept are in UTF-8, as the runner wrote
    them. ``classifier`` judges what was kept as it would judge the whole log, except where a line is longer than 128
    KiB.
    """
    kept = _Kept(classifier)
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in _pieces(stream):
            size += len(piece)
            yield piece

    for piece in decoding.log(counted()):
        kept.add(piece)
    return kept.end(size)


def _pieces(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the stream in pieces of one size, so that how it came changes nothing."""
    waiting = bytearray()
    for chunk in stream:
        for start in range(0, len(chunk), _PIECE):
            waiting += chunk[start : start + _PIECE]
            if len(waiting) >= _PIECE:
                yield bytes(waiting[:_PIECE])
                del waiting[:_PIECE]
    yield bytes(waiting)


class _Kept:
    """The lines kept so far, and the pieces that came since."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._log = b""
        self._line_ranges: LineRanges = []
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._open_line = 0
        self._lines = 0
        self._ends_open = False
        self._redactions = 0

    def add(self, piece: bytes) -> None:
        """Take in the next piece."""
        if not piece:
            return
        self._ends_open = not piece.endswith(b"\n")
        newline = piece.rfind(b"\n")
        if self._open_line > _LONGEST_LINE:
            piece = piece[piece.find(b"\n") :] if newline >= 0 else b""
        self._open_line = len(piece) - newline - 1 if newline >= 0 else self._open_line + len(piece)
        self._pieces.append(piece)
        self._waiting += len(piece)
        if len(self._log) + self._waiting > _MOST_BYTES:
            self._join(ended=False)
            self._thin()

    def end(self, size: int) -> Bounded:
        """Return the log of ``size`` bytes, or what is left of it."""
        self._join(ended=True)
        lines = self._lines + self._ends_open
        return Bounded(self._log, self._line_ranges, size, lines, self._redactions)

    def _join(self, *, ended: bool) -> None:
        added = b"".join(self._pieces)
        self._pieces, self._waiting = [], 0
        newlines = added.count(b"\n")
        # The last line of what was kept goes on in what was added.
        if not self._line_ranges:
            self._line_ranges = [[1, newlines + 1]]
        else:
            self._line_ranges[-1][1] += newlines
        self._lines += newlines
        self._log, redactions = without_keys(self._log + added, ended=ended)
        self._redactions += redactions

    def _thin(self) -> None:
        """Drop what can't matter any more: most of the steps that passed, and of the others what no rule speaks of."""
        ranges = sorted(self._worth_keeping())
        merged: list[list[int]] = []
        for start, end in ranges:
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(end, merged[-1][1])
            elif end > start:
                merged.append([start, end])
        line_ranges: LineRanges = []
        line = reached = 0
        for start, end in merged:
            line += self._log.count(b"\n", reached, start)
            count = self._log.count(b"\n", start, end) + (end == len(self._log))
            for number in _original(self._line_ranges, range(line, line + count)):
                if line_ranges and number == line_ranges[-1][0] + line_ranges[-1][1]:
                    line_ranges[-1][1] += 1
                else:
                    line_ranges.append([number, 1])
            line += self._log.count(b"\n", start, end)
            reached = end
        self._log = b"".join(self._log[start:end] for start, end in merged)
        self._line_ranges = line_ranges

    def _worth_keeping(self) -> Iterator[tuple[int, int]]:
        """Yield the ranges of whole lines; the last one reaches to the end."""
        log = self._log
        all_steps = steps(log)
        failed = {span.start: span for span in failing(log, all_steps)}
        earlier = [step for step in all_steps[:-1] if step.start in failed]
        some = {step.start for step in (*earlier[:_FAILED_FIRST], *earlier[-_FAILED_LAST:])}
        yield 0, _line_after(log, 0, _HEAD_LINES)
        for number, step in enumerate(all_steps[:-1]):
            if step.start in some:
                yield from self._of_step(failed[step.start])
            elif step.body - step.start <= _LONGEST_HEADER and (number < _STEP_NAMES or number > len(all_steps) - 10):
                yield step.start, _line_after(log, max(step.start, step.body - 1), 1)
        last = all_steps[-1]
        if last.start in failed:
            yield from self._of_step(failed[last.start])
        tail = max(last.body, line_start(log, max(last.body, len(log) - 2 * WINDOW)))
        yield last.start, _line_after(log, max(last.start, last.body - 1), 1)
        yield from self._of_rules(Span(last.start, failed[last.start].end if last.start in failed else last.body, tail))
        yield from self._tests(last)
        yield from self._first_error(last)
        yield tail, len(log)
        if is_post(log, last):
            own = next((step for step in reversed(all_steps) if not is_post(log, step)), last)
            yield from self._of_step(own)

    def _of_step(self, span: Span) -> Iterator[tuple[int, int]]:
        """Yield a step's header, what rules find in it, and its end, with the end of its last error's message."""
        log = self._log
        yield span.start, _line_after(log, max(span.start, span.body - 1), 1)
        # A verdict looks at a window first, and at all of the block that it begins in: less than a second window.
        near = max(span.body, line_start(log, max(span.body, span.end - 2 * WINDOW)))
        yield from self._of_rules(Span(span.start, span.body, near))
        yield from self._tests(span)
        yield from self._first_error(span)
        yield near, _line_after(log, span.end, LINES_AFTER_ERROR)

    def _tests(self, span: Span) -> Iterator[tuple[int, int]]:
        """Yield the lines that are needed to know which tests failed."""
        for start in line_starts(self._log, tests_in(self._log, span).lines).values():
            yield start, _line_after(self._log, start, 1)

    def _first_error(self, span: Span) -> Iterator[tuple[int, int]]:
        """Yield the line that a compiler's first error is on."""
        start = first_error(self._log, span)
        if start is not None:
            yield start, _line_after(self._log, start, 1)

    def _of_rules(self, span: Span) -> Iterator[tuple[int, int]]:
        """Yield the lines in which rules would find something, with those around them.

        As if nothing else of the span were left.
        """
        if span.end <= span.body:
            return
        search = Search(self._classifier.matcher, self._log, span.body, span.end)
        search.read()
        for rule in search.begun():
            for match in search.proofs(rule):
                at = search.offset(match)
                yield max(span.body, _line_before(self._log, at, _CONTEXT)), _line_after(self._log, at, _CONTEXT + 1)


def _original(line_ranges: LineRanges, lines: Iterable[int]) -> list[int]:
    ends = list(accumulate(count for _, count in line_ranges))
    numbers = []
    for line in lines:
        place = min(bisect_right(ends, line), len(ends) - 1)
        numbers.append(line_ranges[place][0] + line - (ends[place] - line_ranges[place][1]))
    return numbers


def _line_after(log: bytes, position: int, lines: int) -> int:
    """Return the offset of the first byte of the line that comes so many lines after the one that holds a position."""
    for _ in range(lines):
        newline = log.find(b"\n", position)
        if newline < 0:
            return len(log)
        position = newline + 1
    return position


def _line_before(log: bytes, position: int, lines: int) -> int:
    """Return the offset of the first byte of the line that comes so many lines before the one that holds a position."""
    start = line_start(log, position)
    for _ in range(lines):
        start = line_start(log, max(0, start - 1))
    return start
