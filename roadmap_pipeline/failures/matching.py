"""Finding patterns in a span of a log: which occur, and the last line where each does.

Belongs here: blocks, sets and positions. Which rule wins belongs to :mod:`.classifier`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roadmap_pipeline.failures.cleaning import without_escapes
from roadmap_pipeline.failures.patterns import Prefilter, compile_pattern
from roadmap_pipeline.failures.rules import Rule, RuleSet
from roadmap_pipeline.failures.structure import Log

# Big enough for the strings to be sought at full speed, small enough that few patterns have a string in a block.
BLOCK = 32 << 10
_LONGEST_BLOCK = 1 << 20
# Blocks without their escape sequences that a search keeps; bounds its memory.
_BLOCKS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Match:
    """A match: number of its line within what was searched (from 0), the line, and the text that identifies it."""

    line: int
    text: bytes
    capture: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One pattern of a rule's ordered AND."""

    rule: Rule
    number: int
    pattern: object


class Matcher:
    """The patterns of a rule set, compiled. ``entries`` are all that are looked for in the output of steps."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.entries: list[Entry] = []
        self.of_rule: dict[str, list[int]] = {}
        self._ignored = {rule.id: [compile_pattern(text) for text in rule.ignore_if] for rule in rules.rules}
        for rule in rules.rules:
            first = 1 if rule.scope == "command" else 0
            self.of_rule[rule.id] = []
            for number in range(first, len(rule.patterns)):
                self.of_rule[rule.id].append(len(self.entries))
                self.entries.append(Entry(rule, number, compile_pattern(rule.patterns[number])))
        self._prefilter = Prefilter([entry.rule.patterns[entry.number] for entry in self.entries])
        self._commands = [(rule, compile_pattern(rule.patterns[0])) for rule in rules.rules if rule.scope == "command"]

    def found_in(self, block: bytes) -> Sequence[int]:
        """Numbers of the entries that may occur in a block (without escape sequences)."""
        return self._prefilter.found_in(block)

    def matches(self, entry: int, block: bytes) -> list[Match]:
        """All matches of an entry in a block, in order, without those on ignored lines."""
        found: list[Match] = []
        line = position = 0
        rule = self.entries[entry].rule
        for match in self.entries[entry].pattern.finditer(block):  # type: ignore[attr-defined]
            start = match.end() if match.end() == match.start() else match.start()
            line += block.count(b"\n", position, start)
            position = start
            text = block[block.rfind(b"\n", 0, start) + 1 : _end_of_line(block, start)]
            if not any(ignored.search(text) for ignored in self._ignored[rule.id]):
                found.append(Match(line, text, _capture(match, rule.capture)))
        return found

    def commands(self, command: bytes) -> dict[str, bytes]:
        """Identifiers of the command rules whose first pattern is found in a step's command, with the text found."""
        found: dict[str, bytes] = {}
        for rule, pattern in self._commands:
            for match in pattern.finditer(command):
                text = command[command.rfind(b"\n", 0, match.start()) + 1 : _end_of_line(command, match.start())]
                if not any(ignored.search(text) for ignored in self._ignored[rule.id]):
                    found[rule.id] = text
                    break
        return found


def _end_of_line(block: bytes, position: int) -> int:
    found = block.find(b"\n", position)
    return len(block) if found < 0 else found


def _capture(match: "Sequence[bytes | None]", group: int) -> bytes:
    groups = match.groups()  # type: ignore[attr-defined]
    if group:
        return groups[group - 1] or match[0] or b""
    return next((text for text in groups if text), match[0] or b"")


def blocks(log: Log, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offsets of consecutive pieces of whole lines (a line longer than a piece may be is cut)."""
    while start < end:
        stop = min(start + BLOCK, end)
        if stop < end:
            newline = log.rfind(b"\n", start, stop)
            if newline < 0:
                newline = log.find(b"\n", stop, min(start + _LONGEST_BLOCK, end))
            stop = newline + 1 if newline >= 0 else min(start + _LONGEST_BLOCK, end)
        yield start, stop
        start = stop


class Search:
    """What a rule set finds in one span of a log. Every match is found as (line from the span's first line, Match)."""

    def __init__(self, matcher: Matcher, log: Log, start: int, end: int) -> None:
        self._matcher = matcher
        self._log = log
        self._blocks = list(blocks(log, start, end))
        self._lines = [0]
        self._where: dict[int, list[int]] = {}
        self._found: dict[str, Match | None] = {}
        self._kept: dict[int, bytes] = {}
        for index in range(len(self._blocks)):
            block = self._block(index)
            self._lines.append(self._lines[-1] + block.count(b"\n"))
            for entry in matcher.found_in(block):
                self._where.setdefault(entry, []).append(index)

    def rule(self, rule: Rule) -> Match | None:
        """Evidence of a rule in the span: its last match, in the order its patterns demand."""
        if rule.id not in self._found:
            self._found[rule.id] = self._search(rule)
        return self._found[rule.id]

    def _block(self, index: int) -> bytes:
        block = self._kept.get(index)
        if block is None:
            first, last = self._blocks[index]
            block = without_escapes(bytes(self._log[first:last]))
            if len(self._kept) >= _BLOCKS_KEPT:
                self._kept.clear()
            self._kept[index] = block
        return block

    def _search(self, rule: Rule) -> Match | None:
        limit: int | None = None
        evidence: Match | None = None
        numbers = self._matcher.of_rule[rule.id]
        if any(number not in self._where for number in numbers):
            return None
        for number in reversed(numbers):
            match = self._last(number, limit)
            if match is None:
                return None
            limit = match.line
            if self._matcher.entries[number].number == rule.evidence:
                evidence = match
        return evidence

    def _last(self, entry: int, limit: int | None) -> Match | None:
        for index in reversed(self._where[entry]):
            first_line = self._lines[index]
            if limit is not None and first_line > limit:
                continue
            for match in reversed(self._matcher.matches(entry, self._block(index))):
                line = first_line + match.line
                if limit is None or line <= limit:
                    return Match(line, match.text, match.capture)
        return None
