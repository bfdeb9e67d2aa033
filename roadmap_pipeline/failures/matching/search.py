"""Finding patterns in a span of a log: which occur, and the last line where each does.

Belongs here: blocks, strings and positions. Which rule wins belongs to :mod:`roadmap_pipeline.failures.classifier`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadmap_pipeline.failures.logs.cleaning import without_escapes
from roadmap_pipeline.failures.matching.first_error import is_headline
from roadmap_pipeline.failures.matching.novelty import Baseline, is_in_baseline
from roadmap_pipeline.failures.matching.prefilter import Prefilter
from roadmap_pipeline.failures.matching.rule import Rule, RuleSet
from roadmap_pipeline.failures.patterns import compile_pattern

# Big enough for the strings to be sought at full speed, small enough that few patterns have a string in a block.
BLOCK = 16 << 10
_LONGEST_BLOCK = 1 << 20
# What is read at a time is searched in parts of about that size: fewer patterns may be in each, and less is searched
# for those that aren't.
_PART = 8 << 10
# Parts without their escape sequences that a search keeps; bounds its memory.
_PARTS_KEPT = 512
# A message is short, or says soon what it is about; further on in a longer line stands minified code or a document.
_FARTHEST = 1000
# So much of a longer line is read at all.
_LONGEST_READ = 8 << 10
_MARKED = re.compile(rb"(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?##\[error\]")
# Source that is shown beside an error: a numbered line of it, a comment, or what would raise or print a message.
_SOURCE_LINE = re.compile(rb"(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?[ \t]*(?:>[ \t]*)?(?:\d+[ \t]+(?:\||\xe2\x94\x82) |//[ \t])")
_SOURCE = re.compile(
    rb"\b(?:throw (?:new )?[A-Z]\w*|raise [A-Z][\w.]*|reject|panic!?|core\.\w+|console\.\w+|log(?:ger|ging)?\.\w+)\("
    rb"|\becho (?:-\w+ )*[\"'$]"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A match of a pattern.

    Offset in the log of the block that holds it; where its line begins and ends in that block without its escape
    sequences; the line; the text that identifies it; and whether a group of the pattern named that text.
    """

    block: int
    begin: int
    end: int
    text: bytes
    capture: bytes
    is_named: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One pattern of a rule's ordered AND; ``order`` is the rule's place in the rule set."""

    rule: Rule
    order: int
    number: int
    pattern: Any


class Matcher:
    """The patterns of a rule set, compiled. ``entries`` are all that are looked for in the output of steps."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.entries: list[Entry] = []
        self.of_rule: dict[str, tuple[int, ...]] = {}
        self._ignored = {rule.id: [compile_pattern(text) for text in rule.ignore_if] for rule in rules.rules}
        for order, rule in enumerate(rules.rules):
            first = 1 if rule.scope == "command" else 0
            self.of_rule[rule.id] = tuple(range(len(self.entries), len(self.entries) + len(rule.patterns) - first))
            for number in range(first, len(rule.patterns)):
                self.entries.append(Entry(rule, order, number, compile_pattern(rule.patterns[number])))
        self.lookups = [(rule, self.of_rule[rule.id]) for rule in rules.rules]
        """By a rule's place in the rule set, the rule and its entries."""
        self.orders = [entry.order for entry in self.entries]
        """By an entry's number, its rule's place in the rule set."""
        self._prefilter = Prefilter([entry.rule.patterns[entry.number] for entry in self.entries])
        self._commands = [(rule, compile_pattern(rule.patterns[0])) for rule in rules.rules if rule.scope == "command"]
        self._command_prefilter = Prefilter([rule.patterns[0] for rule, _ in self._commands])

    def candidates_in(self, data: bytes) -> dict[int, int]:
        """Return the numbers of the entries that may occur in data without escape sequences, each with an offset.

        No match is on a line that ends before it.
        """
        return self._prefilter.candidates_in(data)

    def last(
        self, number: int, text: bytes, first: int, end: int, baseline: Baseline = frozenset()
    ) -> tuple[int, int, bytes, bool] | None:
        """Return the last match of an entry between two offsets of a text, in a line that counts.

        Where that line begins and ends, what identifies the failure, and whether a group of the pattern named it.
        """
        entry = self.entries[number]
        start = text.rfind(b"\n", 0, first) + 1
        for match in reversed(list(entry.pattern.finditer(text, start, end))):
            line = self._line_that_counts(entry.rule, text, match, baseline)
            if line is not None:
                return *line, *_capture(match, entry.rule.capture)
        return None

    def is_in(self, number: int, line: bytes, baseline: Baseline = frozenset()) -> bool:
        """Return whether an entry matches a line that counts."""
        entry = self.entries[number]
        match = entry.pattern.search(line)
        return match is not None and self._line_that_counts(entry.rule, line, match, baseline) is not None

    def first(
        self, number: int, text: bytes, first: int, last: Match, baseline: Baseline = frozenset()
    ) -> tuple[int, int] | None:
        """Return the first match of an entry in a text that says the same as its last one, from an offset's line on.

        The same is what a group of the pattern takes from the log (a package, a code); where it takes no more than
        words of the pattern, all from there to the end of the line. Where its line begins and ends.
        """
        entry = self.entries[number]
        for match in entry.pattern.finditer(text, text.rfind(b"\n", 0, first) + 1):
            capture, is_named = _capture(match, entry.rule.capture)
            if capture != last.capture or is_named != last.is_named:
                continue
            line = self._line_that_counts(entry.rule, text, match, baseline)
            if line is None:
                continue
            rest = last.text[last.text.rfind(capture) :]
            is_from_log = last.is_named and capture.decode("utf-8", "replace") not in entry.rule.patterns[entry.number]
            if is_from_log or text[line[0] : line[1]].rstrip().endswith(rest.rstrip()):
                return line
        return None

    def _line_that_counts(self, rule: Rule, text: bytes, match: Any, baseline: Baseline) -> tuple[int, int] | None:
        """Return where the line of a match begins and ends; None where it is no message, or is ignored."""
        start, _ = match.span()
        begin = text.rfind(b"\n", 0, start) + 1
        newline = text.find(b"\n", start)
        stop = len(text) if newline < 0 else newline
        line = text[begin:stop]
        return (begin, stop) if _is_message(line, start - begin) and self._counts(rule, line, baseline) else None

    def _counts(self, rule: Rule, line: bytes, baseline: Baseline) -> bool:
        return not any(pattern.search(line) for pattern in self._ignored[rule.id]) and not (
            baseline and is_in_baseline(line, baseline)
        )

    def commands(self, command: bytes) -> dict[str, bytes]:
        """Return the command rules whose first pattern is found in a step's command, with the text that matched.

        By their identifiers.
        """
        found: dict[str, bytes] = {}
        for place in sorted(self._command_prefilter.candidates_in(command)):
            rule, pattern = self._commands[place]
            for match in pattern.finditer(command):
                end = command.find(b"\n", match.start())
                text = command[command.rfind(b"\n", 0, match.start()) + 1 : end if end >= 0 else len(command)]
                if not any(ignored.search(text) for ignored in self._ignored[rule.id]):
                    found[rule.id] = text
                    break
        return found


def _is_message(line: bytes, position: int) -> bool:
    """Return whether a tool says what stands from a position of a line on.

    If not, it is source or data that the tool shows.
    """
    if position == 0:
        return True
    if position > _FARTHEST:
        return _MARKED.match(line) is not None
    return _SOURCE_LINE.match(line) is None and _SOURCE.search(line, 0, position) is None


def _beginning(line: bytes) -> bytes:
    """Return the as much of a line as is read: all of what GitHub marks as an error."""
    return line if len(line) <= _LONGEST_READ or _MARKED.match(line) else line[:_LONGEST_READ]


def _capture(match: Any, group: int) -> tuple[bytes, bool]:
    """Return what identifies a failure, and whether a group of the pattern named anything."""
    groups: tuple[bytes | None, ...] = match.groups() if match.re.groups else ()
    named = next((text for text in groups if text), None)
    text = groups[group - 1] if group else named
    return text or match[0] or b"", named is not None


class Search:
    """A search of a rule set in one span of a log, read from its end: as much of it as :meth:`read` was told to."""

    def __init__(self, matcher: Matcher, log: bytes, start: int, end: int, baseline: Baseline = frozenset()) -> None:
        self._matcher = matcher
        self._log = log
        self._end = end
        self._baseline = baseline
        self.start = start
        self.reached = end
        """Offset in the log down to which was read."""
        # The blocks, the last first, each with the entries that it may hold and the offset that none of an entry's
        # matches is on a line before.
        self._blocks: list[tuple[int, Mapping[int, int]]] = []
        self._where: set[int] = set()
        self._ends: dict[int, int] = {}
        self._candidates: list[Rule] | None = None
        self._chains: dict[tuple[int, ...], tuple[Match, ...]] = {}
        self._texts: dict[int, bytes] = {}
        # By entry, how many of the blocks were searched for its last match, and didn't hold it.
        self._misses: dict[int, int] = {}

    def read(self, least: int | None = None) -> None:
        """Read on until at least so many bytes before the span's end were read; without a number, all."""
        target = self.start if least is None else max(self.start, self._end - least)
        self._candidates = None
        self._chains.clear()
        while self.reached > target:
            start = self._block_start(self.reached)
            for begin in self._parts(start, self.reached):
                self._ends[begin] = self.reached
                self.reached = begin
                candidates = self._matcher.candidates_in(self._text(begin))
                self._blocks.append((begin, candidates))
                self._where.update(candidates)

    def _block_start(self, end: int) -> int:
        """Return where the block of whole lines that ends at ``end`` begins.

        A line longer than a block may be is cut.
        """
        start = max(self.start, end - BLOCK)
        if start == self.start:
            return start
        newline = self._log.find(b"\n", start, end - 1)
        if newline < 0:
            start = max(self.start, end - _LONGEST_BLOCK)
            newline = self._log.rfind(b"\n", start, end - 1)
        return newline + 1 if newline >= 0 else start

    def _parts(self, start: int, end: int) -> Iterator[int]:
        """Yield where the parts of a block begin, the last first: each of whole lines, none of a long line."""
        if end - start <= BLOCK:
            while end - start > _PART:
                end = self._log.rfind(b"\n", start, end - _PART) + 1
                if end <= start:
                    break
                yield end
        yield start

    def candidates(self) -> Sequence[Rule]:
        """Return the rules that may be found in what was read, the highest priority first."""
        if self._candidates is None:
            orders, lookups, where = self._matcher.orders, self._matcher.lookups, self._where
            possible = [lookups[order] for order in sorted({orders[number] for number in where})]
            self._candidates = [
                rule for rule, numbers in possible if len(numbers) == 1 or all(number in where for number in numbers)
            ]
        return self._candidates

    def rule(self, rule: Rule) -> Match | None:
        """Return the evidence of a rule in what was read: its last match, in the order its patterns demand."""
        numbers = self._matcher.of_rule[rule.id]
        chain = self._chain(numbers)
        return chain[rule.evidence - (len(rule.patterns) - len(numbers))] if chain else None

    def first(self, rule: Rule) -> Match | None:
        """Return the first line of what was read that says the same as the evidence of a rule of one pattern.

        Tools repeat a message in what they say at the end, with more and more around it. Those that look at code list
        what they found: of lines that follow each other and all match, it is the first. None for other rules.
        """
        numbers = self._matcher.of_rule[rule.id]
        last = self.rule(rule)
        if last is None or len(numbers) > 1:
            return None
        match = last
        number = numbers[0]
        for start, candidates in reversed(self._blocks):
            if number not in candidates:
                continue
            first_line = self._matcher.first(number, self._text(start), candidates[number], last, self._baseline)
            if first_line is not None:
                match = Match(start, *first_line, self._text(start)[slice(*first_line)], last.capture, last.is_named)
                break
        above = self._above(match) if rule.lists_findings else None
        while above is not None:
            block, begin, stop = above
            line = self._text(block)[begin:stop]
            if is_headline(line) or not self._matcher.is_in(numbers[0], line, self._baseline):
                break
            match = Match(block, begin, stop, line, last.capture, last.is_named)
            above = self._above(match)
        return match

    def _above(self, match: Match) -> tuple[int, int, int] | None:
        """Return the line before a match's: its block's offset, where it begins and ends there; None at the top."""
        block, end = match.block, match.begin - 1
        if end < 0:
            earlier = [start for start, stop in self._ends.items() if stop == block]
            if not earlier:
                return None
            block = earlier[0]
            end = len(self._text(block)) - 1
        return block, self._text(block).rfind(b"\n", 0, end) + 1, end

    def proofs(self, rule: Rule) -> list[Match]:
        """Return the lines by which a rule, or the patterns it begins with, would be found again without all others."""
        numbers = self._matcher.of_rule[rule.id]
        matches = {match for most in range(1, len(numbers) + 1) for match in self._chain(numbers[:most])}
        first = self.first(rule)
        if first is not None:
            matches.add(first)
        return sorted(matches, key=lambda match: (match.block, match.begin))

    def begun(self) -> list[Rule]:
        """Return the rules whose first pattern may be found in what was read, in the order of their priority."""
        numbers = sorted(self._where, key=lambda number: self._matcher.entries[number].order)
        rules = {entry.rule.id: entry.rule for entry in (self._matcher.entries[number] for number in numbers)}
        return [rule for rule in rules.values() if self._matcher.of_rule[rule.id][0] in self._where]

    def line(self, match: Match) -> int:
        """Return the number of a match's line (from 0), counted from the beginning of its block."""
        return self._text(match.block).count(b"\n", 0, match.begin)

    def offset(self, match: Match) -> int:
        """Return the offset in the log of the first byte of a match's line."""
        position = match.block
        for _ in range(self.line(match)):
            position = self._log.index(b"\n", position) + 1
        return position

    def _text(self, start: int) -> bytes:
        """Return a block without its escape sequences, and without what stands too far in to be read in a line."""
        text = self._texts.get(start)
        if text is None:
            if len(self._texts) >= _PARTS_KEPT:
                self._texts.clear()
            text = self._log[start : self._ends[start]]
            if len(text) > BLOCK:  # a line of it is longer than that
                text = b"\n".join(map(_beginning, text.split(b"\n")))
            text = self._texts[start] = without_escapes(text)
        return text

    def _chain(self, numbers: tuple[int, ...]) -> tuple[Match, ...]:
        """Return the last match of each of these entries, each on the line of the next one or before it.

        It is empty where one of them has no match.
        """
        chain = self._chains.get(numbers)
        if chain is None:
            chain = self._chains[numbers] = self._find(numbers)
        return chain

    def _find(self, numbers: tuple[int, ...]) -> tuple[Match, ...]:
        if not all(number in self._where for number in numbers):
            return ()
        matches: list[Match] = []
        for number in reversed(numbers):
            match = self._last(number, matches[-1] if matches else None)
            if match is None:
                return ()
            matches.append(match)
        return tuple(reversed(matches))

    def _last(self, number: int, limit: Match | None) -> Match | None:
        blocks = self._blocks
        for place in range(self._misses.get(number, 0), len(blocks)):
            start, candidates = blocks[place]
            if number in candidates and (limit is None or start <= limit.block):
                text = self._text(start)
                end = limit.end if limit is not None and start == limit.block else len(text)
                last = self._matcher.last(number, text, candidates[number], end, self._baseline)
                if last is not None:
                    begin, stop, capture, is_named = last
                    return Match(start, begin, stop, text[begin:stop], capture, is_named)
            if limit is None:
                self._misses[number] = place + 1
        return None
