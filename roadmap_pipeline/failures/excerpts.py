"""What is kept of a log: enough to judge the job again, and to understand it, in a bounded size.

Belongs here: choosing lines while a log streams by. A log may be far bigger than memory; what is held is bounded by the
number of rules, not by the log. Kept are the beginning of the job, the steps' names, and of every failing step its
command, the lines in which a rule finds its evidence, the error messages, and the lines before its last error.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from roadmap_pipeline.failures.classifier import TAIL_LINES, default_classifier
from roadmap_pipeline.failures.cleaning import clean_line, without_escapes
from roadmap_pipeline.failures.matching import BLOCK, Match, Matcher
from roadmap_pipeline.failures.redaction import PLACEHOLDER, redact
from roadmap_pipeline.failures.structure import (
    END_GROUP,
    ERROR,
    GROUP_RUN,
    LINES_AFTER_ERROR,
    LONGEST_HEADER,
    POST_JOB,
    is_step_header,
    starts_line,
)

# A line is cut after this many bytes as it is read, and shown with this many characters.
_LONGEST_LINE = 64 << 10
_LONGEST_SHOWN = 2_000
_HEAD_LINES = 40
_HEADER_LINES = 150
_CONTEXT = 3
_ERRORS_FIRST, _ERRORS_LAST = 10, 30
_STEPS_FIRST, _STEPS_LAST = 3, 10
_STEP_NAMES = 200
_LONGEST_KEY = 200
# Most steps pass: patterns are matched when a step turns out to have failed, or when this much of it waits.
_MOST_UNREAD = 4 << 20
_KEY_BEGINS, _KEY_ENDS = b"PRIVATE KEY", b"-----END"

# What goes first when not everything fits.
_PROOF, _TAIL, _ERRORS, _AROUND, _HEAD = range(5)

_Line = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Kept lines of a log, cleaned and redacted.

    ``spans`` are [first line of the log (1-based), number of lines] for the lines of ``text`` in order; ``log_bytes``
    and ``log_lines`` are of the whole log (lines end at ``\\n``); ``redactions`` counts replaced secrets.
    """

    text: str
    spans: list[list[int]]
    log_bytes: int
    log_lines: int
    redactions: int


def make_excerpt(stream: Iterable[bytes] | bytes, *, limit_chars: int = 60_000) -> Excerpt:
    """Keep what matters of a raw log that comes in pieces of any size; ``text`` has at most ``limit_chars``."""
    reader = _Reader(default_classifier().matcher)
    splitter = _Splitter()
    log_bytes = 0
    for piece in _pieces([stream] if isinstance(stream, bytes) else stream):
        log_bytes += len(piece)
        reader.read(splitter.feed(piece))
    reader.read(splitter.end())
    text, spans = reader.chosen(limit_chars)
    return Excerpt(text, spans, log_bytes, reader.lines, reader.redactions)


def _pieces(stream: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in pieces of one size, so that how it came changes nothing."""
    waiting = bytearray()
    for chunk in stream:
        for start in range(0, len(chunk), BLOCK):
            waiting += chunk[start : start + BLOCK]
            if len(waiting) >= BLOCK:
                yield bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
    yield bytes(waiting)


class _Splitter:
    """Pieces of bytes to lines; of a very long line only the beginning."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False

    def feed(self, piece: bytes) -> list[bytes]:
        if self._dropping:
            newline = piece.find(b"\n")
            if newline < 0:
                return []
            piece = piece[newline:]
            self._dropping = False
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST_LINE:
            self._rest = self._rest[:_LONGEST_LINE]
            self._dropping = True
        return lines

    def end(self) -> list[bytes]:
        return [self._rest] if self._rest else []


@dataclass(slots=True)
class _Step:
    """What is kept of one step while it streams by; line numbers are 1-based."""

    header: list[_Line] = field(default_factory=list)
    is_post: bool = False
    recent: deque[_Line] = field(default_factory=lambda: deque(maxlen=TAIL_LINES + LINES_AFTER_ERROR))
    tail: list[_Line] = field(default_factory=list)
    following: list[_Line] = field(default_factory=list)
    first_errors: list[_Line] = field(default_factory=list)
    last_errors: deque[_Line] = field(default_factory=lambda: deque(maxlen=_ERRORS_LAST))
    proofs: dict[str, list[_Line]] = field(default_factory=dict)
    around: dict[str, list[_Line]] = field(default_factory=dict)
    chains: dict[str, dict[int, list[_Line]]] = field(default_factory=dict)
    unread: list[list[_Line]] = field(default_factory=list)
    unread_bytes: int = 0

    @property
    def failed(self) -> bool:
        return bool(self.first_errors)

    def add_error(self, line: _Line) -> None:
        if len(self.first_errors) < _ERRORS_FIRST:
            self.first_errors.append(line)
        self.last_errors.append(line)
        self.tail = list(self.recent)
        self.following = []


class _Reader:
    """Reads a log once, block after block."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._head: list[_Line] = []
        self._names: list[_Line] = []
        self._step = _Step()
        self._own = self._step
        self._first: list[_Step] = []
        self._last: deque[_Step] = deque(maxlen=_STEPS_LAST)
        self._header: list[_Line] = []
        self._header_bytes = 0
        self._key_lines = 0
        self.lines = 0
        self.redactions = 0

    def read(self, lines: list[bytes]) -> None:
        """Take in the next lines of the log."""
        body: list[_Line] = []
        for line in self._without_keys(lines):
            self.lines += 1
            numbered = (self.lines, line)
            if len(self._head) < _HEAD_LINES:
                self._head.append(numbered)
            if self._header:
                body = self._in_header(numbered, body)
            elif b"##[group]Run " in line and starts_line(line[: line.find(GROUP_RUN)]):
                self._header, self._header_bytes = [numbered], len(line)
            elif POST_JOB in line and starts_line(line[: line.find(POST_JOB)]):
                self._body(body)
                self._new_step(_Step([numbered], is_post=True))
                body = [numbered]
            else:
                body.append(numbered)
        self._body(body)

    def _without_keys(self, lines: list[bytes]) -> list[bytes]:
        """Lines of private keys replaced; a key is a secret as a whole, whichever of its lines are kept."""
        if not self._key_lines and not any(_KEY_BEGINS in line for line in lines):
            return lines
        shown: list[bytes] = []
        for line in lines:
            if self._key_lines:
                self._key_lines = 0 if _KEY_ENDS in line else self._key_lines - 1
                shown.append(PLACEHOLDER.encode())
            else:
                shown.append(line)
                if _KEY_BEGINS in line and b"-----BEGIN" in line and _KEY_ENDS not in line:
                    self._key_lines = _LONGEST_KEY
                    self.redactions += 1
        return shown

    def _in_header(self, line: _Line, body: list[_Line]) -> list[_Line]:
        """A line of what may be a step's header; returns the body lines that still wait."""
        self._header.append(line)
        self._header_bytes += len(line[1])
        if END_GROUP not in line[1] and self._header_bytes < LONGEST_HEADER:
            return body
        header, self._header = self._header, []
        if END_GROUP not in line[1] or not is_step_header(b"\n".join(text for _, text in header)):
            return [*body, *header]
        self._body(body)
        self._new_step(_Step(header))
        return []

    def _new_step(self, step: _Step) -> None:
        self._close()
        self._step = step
        if not step.is_post:
            self._own = step
        if len(self._names) < _STEP_NAMES:
            self._names.append(step.header[0])

    def _close(self) -> None:
        if self._step.failed:
            self._prove(self._step)
            (self._first if len(self._first) < _STEPS_FIRST else self._last).append(self._step)

    def _body(self, lines: list[_Line]) -> None:
        """Consecutive lines of the current step's output."""
        if not lines:
            return
        step = self._step
        step.unread.append(lines)
        step.unread_bytes += sum(len(text) for _, text in lines)
        if step.unread_bytes > _MOST_UNREAD:
            self._prove(step)
        if not any(ERROR in text for _, text in lines):
            missing = LINES_AFTER_ERROR - len(step.following) if step.failed else 0
            step.following += lines[:missing]
            step.recent.extend(lines)
            return
        for line in lines:
            step.recent.append(line)
            if ERROR in line[1]:
                step.add_error(line)
            elif step.failed and len(step.following) < LINES_AFTER_ERROR:
                step.following.append(line)

    def _prove(self, step: _Step) -> None:
        """Keep the latest evidence of every rule that the lines that wait hold."""
        unread, step.unread, step.unread_bytes = step.unread, [], 0
        proven: set[str] = set()
        chained: list[tuple[list[_Line], dict[str, list[tuple[int, int]]]]] = []
        for lines in reversed(unread):
            block = without_escapes(b"\n".join(text for _, text in lines))
            ordered: dict[str, list[tuple[int, int]]] = {}
            for entry in self._matcher.found_in(block):
                rule_id = self._matcher.entries[entry].rule.id
                if rule_id in proven or not (matches := self._matcher.matches(entry, block)):
                    continue
                if len(self._matcher.of_rule[rule_id]) == 1:
                    proven.add(rule_id)
                    last = matches[-1].line
                    step.proofs[rule_id] = [_with_match_in_sight(lines[last], matches[-1])]
                    step.around[rule_id] = lines[max(0, last - _CONTEXT) : last + _CONTEXT + 1]
                else:
                    number = self._matcher.entries[entry].number
                    ordered.setdefault(rule_id, []).extend((match.line, number) for match in matches)
            chained.append((lines, ordered))
        for lines, ordered in reversed(chained):
            for rule_id, places in ordered.items():
                self._chain(step, rule_id, [(lines[place], number) for place, number in sorted(places)])

    def _chain(self, step: _Step, rule_id: str, places: list[tuple[_Line, int]]) -> None:
        """Follow a rule of several patterns: each must stand on the line of the one before it or later."""
        numbers = [self._matcher.entries[entry].number for entry in self._matcher.of_rule[rule_id]]
        chains = step.chains.setdefault(rule_id, {})
        for line, number in places:
            if number == numbers[0]:
                chains[number] = [line]
            elif number - 1 in chains:
                chains[number] = [*chains[number - 1], line]
            if number == numbers[-1] and number in chains:
                step.proofs[rule_id] = chains[number]

    def chosen(self, limit_chars: int) -> tuple[str, list[list[int]]]:
        """The lines to keep, as text and spans."""
        self._body(self._header)
        self._close()
        self._prove(self._own)
        kept: dict[int, str] = {}
        chars = 0
        for number, line in self._by_importance():
            if number in kept:
                continue
            redacted = redact(clean_line(line))
            text = _shortened(redacted.text)
            if chars + len(text) + 1 > limit_chars:
                continue
            chars += len(text) + 1
            self.redactions += redacted.count
            kept[number] = text
        numbers = sorted(kept)
        return "\n".join(kept[number] for number in numbers), _spans(numbers)

    def _by_importance(self) -> Iterator[_Line]:
        failed = [*self._first, *self._last] or [self._own]
        for importance in range(_HEAD + 1):
            for step in reversed(failed):
                yield from _lines_of(step, importance)
            if importance == _TAIL:
                yield from self._names
        yield from self._head


def _lines_of(step: _Step, importance: int) -> Iterator[_Line]:
    if importance == _PROOF:
        yield from step.header[: _HEADER_LINES * 2 // 3]
        yield from step.header[-_HEADER_LINES // 3 :]
        for proof in step.proofs.values():
            yield from proof
        yield from reversed(step.last_errors)
    elif importance == _TAIL:
        yield from step.following
        yield from reversed(step.tail if step.failed else step.recent)
    elif importance == _ERRORS:
        yield from step.first_errors
    elif importance == _AROUND:
        for around in step.around.values():
            yield from around


def _with_match_in_sight(line: _Line, match: Match) -> _Line:
    """A proof's line, cut around what was found when it is too long to be shown whole."""
    number, text = line
    if len(text) <= _LONGEST_SHOWN:
        return line
    text = without_escapes(text)
    at = max(0, text.find(match.capture))
    if at + len(match.capture) < _LONGEST_SHOWN:
        return number, text
    return number, text[: _LONGEST_SHOWN // 4] + b" ... " + text[at - _LONGEST_SHOWN // 4 : at + _LONGEST_SHOWN // 4]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _spans(numbers: Sequence[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][0] + spans[-1][1]:
            spans[-1][1] += 1
        else:
            spans.append([number, 1])
    return spans
