"""Plain strings that a pattern's matches must contain, so that one automaton of strings can rule most patterns out.

Belongs here: reading the subset of RE2's syntax that the rules use. A set of whole patterns with gaps
(``error.*label``) needs a state for every combination of beginnings seen on a line, which runs hundreds of times slower
than a set of strings.
"""

import re
from dataclasses import dataclass
from math import log2

_CLASSES = frozenset("dDwWsSpP")
_BORDERS = frozenset("bBAz")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Literal:
    """A string that must occur; ``ignore_case``: in any case."""

    text: str
    ignore_case: bool


MARK = "\ue000"
"""Stands in a pattern for what a line begins with that GitHub, or who writes as it does, marks as an error."""
MARKED = frozenset({Literal(MARK, ignore_case=False)})
"""Demanded where a pattern matches on marked lines only; such a set comes last, for what else the pattern demands is
sought in those lines. In another set the mark is one of several strings."""

Conjunction = tuple[frozenset[Literal], ...]
"""Sets of strings: of each, one occurs in every match; the most telling first. Empty when nothing is known."""

# How rare a string is, in bits: that much each character and each common word says. Strings that any log is full of
# cost more time where they are found than they save. Digits are in every timestamp.
_BITS = {" ": 2, **dict.fromkeys("0123456789", 1), **dict.fromkeys("-_=.,:/[]()", 3)}
_BITS_OF_LETTER, _BITS_OF_OTHER, _BITS_OF_WORD = 4, 5, 8
_WORDS = re.compile(
    "required|version|warning|build|error|found|code|fail|file|http|test|with|and|for|not|the|in|is|no|of|to"
)
# A number of at least three digits that begins where no timestamp has one.
_NUMBERS = re.compile(r"(?<=[^\d.])\d{3,}")
_BITS_OF_DIGIT = 3
# From here on a set needs no second one; below that, a second one has to be worth looking for.
_TELLING, _WORTH_WHILE = 20, 8
_MOST_SETS = 3
_SHORTEST = 2
# Strings that parts of a pattern, one after another, may stand for together, and characters of a class.
_MOST_STRINGS, _MOST_OF_CLASS = 24, 4


def required_literals(pattern: str) -> tuple[Conjunction, ...]:
    """Return what the alternatives of ``pattern`` demand: every match fulfils one of the conjunctions.

    Strings have at least two characters.
    """
    return tuple(_Reader(pattern).alternatives())


def _rarity(required: frozenset[Literal]) -> float:
    """Return the bits that the most common of the strings says, less for each of the others."""
    return min(_bits(one.text.lower()) for one in required) - log2(len(required))


def _bits(text: str) -> int:
    known = _BITS_OF_WORD * len(_WORDS.findall(text)) + _BITS_OF_DIGIT * sum(map(len, _NUMBERS.findall(text)))
    return known + sum(
        _BITS.get(character, _BITS_OF_LETTER if character.isalpha() else _BITS_OF_OTHER)
        for character in _NUMBERS.sub("", _WORDS.sub("", text))
    )


def _best_of_each(alternatives: list[Conjunction]) -> frozenset[Literal] | None:
    """Return the strings one of which occurs whichever alternative matches; None when one of them demands nothing."""
    if not all(alternatives):
        return None
    return frozenset(literal for one in alternatives for literal in one[0])


def _choose(sets: set[frozenset[Literal]]) -> Conjunction:
    ranked = sorted(sets - {MARKED}, key=lambda one: (_rarity(one), sorted(map(str, one))), reverse=True)
    others = [] if not ranked or _rarity(ranked[0]) >= _TELLING else ranked[1:_MOST_SETS]
    mark = [MARKED] if MARKED in sets else []
    return (*ranked[:1], *(one for one in others if _rarity(one) >= _WORTH_WHILE), *mark)


@dataclass(frozen=True, slots=True)
class _Item:
    """A part of a pattern.

    All strings that it stands for (None when they are many), and what its alternatives demand (None for anything but a
    group).
    """

    strings: frozenset[str] | None = None
    alternatives: list[Conjunction] | None = None


_NOTHING = _Item(frozenset({""}))


class _Reader:
    """A recursive descent over one pattern."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._ignore_case = False

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def alternatives(self) -> list[Conjunction]:
        """Return what the whole pattern demands."""
        return self._alternatives().alternatives or []

    def _alternatives(self) -> _Item:
        """Return one group's content, up to its closing parenthesis or the end."""
        one = self._sequence()
        strings, alternatives = one.strings, one.alternatives or []
        while self._peek() == "|":
            self._at += 1
            one = self._sequence()
            alternatives += one.alternatives or []
            strings = None if strings is None or one.strings is None else strings | one.strings
        return _Item(strings, alternatives)

    def _sequence(self) -> _Item:
        """Return what one alternative demands; one that is a group and nothing else is that group's alternatives."""
        sets: set[frozenset[Literal]] = set()
        run = _NOTHING.strings or frozenset()
        is_whole = True  # the run is all there is
        alone: list[Conjunction] | None = None
        items = 0

        def close(then: frozenset[str]) -> None:
            nonlocal run, is_whole
            shortest = _without_longer(run)
            if min(map(len, shortest)) >= _SHORTEST:
                sets.add(frozenset(Literal(self._cased(text), self._ignore_case) for text in shortest))
            run, is_whole = then, False

        while (character := self._peek()) and character not in "|)":
            case_before = self._ignore_case
            item = self._atom()
            if self._ignore_case is not case_before:
                # A flag for the rest of the group: what was read so far keeps the old one.
                now, self._ignore_case = self._ignore_case, case_before
                close(frozenset({""}))
                self._ignore_case = now
                continue
            least, most = self._repetitions()
            items += 1
            if most != 1 or least != 1:
                alone = None
            strings = _repeated(item.strings, least, most)
            if item.alternatives is not None and (least, most) == (1, 1):
                alone = item.alternatives if items == 1 else None
            if strings is not None:
                product = frozenset(before + after for before in run for after in strings)
                if len(product) <= _MOST_STRINGS:
                    run = product
                else:
                    close(strings)
                continue
            # Before what is repeated stands its first, after it its last occurrence.
            repeated = item.strings if item.strings is not None and least else frozenset({""})
            first = frozenset(text * least for text in repeated) if len(repeated) == 1 else repeated
            product = frozenset(before + after for before in run for after in first)
            run = product if len(product) <= _MOST_STRINGS else run
            close(repeated)
            if item.alternatives and least and item.strings is None:
                best = _best_of_each(item.alternatives)
                if best is not None:
                    sets.add(best)
        exact = run if is_whole else None
        close(frozenset({""}))
        if items == 1 and alone is not None:
            return _Item(exact, alone)
        return _Item(exact, [_choose(sets)])

    def _cased(self, text: str) -> str:
        return text.lower() if self._ignore_case else text

    def _atom(self) -> _Item:
        """Return the next item."""
        character = self._peek()
        self._at += 1
        if character == "\\":
            escaped = self._peek()
            self._at += 1
            if escaped == "x":
                self._at += 2
                return _Item()
            if escaped in _BORDERS:
                return _NOTHING
            return _Item() if escaped in _CLASSES else self._plain(_ESCAPED.get(escaped, escaped))
        if character == "[":
            return self._class()
        if character == "(":
            return self._group()
        if character in "^$":
            return _NOTHING
        if character == MARK:
            return _Item(None, [(MARKED,)])
        return _Item() if character == "." else self._plain(character)

    def _plain(self, character: str) -> _Item:
        # bytes are characters: in any case, those of other letters than ASCII's are others
        return _Item() if self._ignore_case and not character.isascii() else _Item(frozenset({character}))

    def _class(self) -> _Item:
        start = self._at
        self._at += self._peek() == "^"
        self._at += self._peek() == "]"
        while self._peek() != "]":
            self._at += 2 if self._peek() == "\\" else 1
        content = self._text[start : self._at]
        self._at += 1
        # bytes are characters: of one that takes several, a class would hold each
        is_plain = len(content) <= _MOST_OF_CLASS and content.isascii() and not set(content) & set("^\\-[")
        return _Item(frozenset(content) if is_plain else None)

    def _group(self) -> _Item:
        case_before = self._ignore_case
        if self._peek() == "?":
            end = min(i for i in (self._text.find(":", self._at), self._text.find(")", self._at)) if i >= 0)
            flags = self._text[self._at + 1 : end]
            self._ignore_case = self._ignore_case or "i" in flags
            self._at = end + 1
            if self._text[end] == ")":
                return _NOTHING
        group = self._alternatives()
        self._at += 1
        is_same = self._ignore_case is case_before
        self._ignore_case = case_before
        return group if is_same else _Item(None, group.alternatives)

    def _repetitions(self) -> tuple[int, int | None]:
        """Return how often the item just read must and may occur; None is any number of times."""
        before = self._text[self._at - 1]
        character = self._peek()
        if character not in ("*", "+", "?", "{"):
            return 1, 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1), "{": (0, None)}[character]
        if character == "{":
            end = self._text.find("}", self._at)
            numbers = self._text[self._at + 1 : end].split(",")
            least = int(numbers[0] or 0)
            most = int(numbers[-1]) if numbers[-1] else None
            self._at = end
        self._at += 1
        self._at += self._peek() == "?"
        # bytes are characters: of one that takes several, only the last is repeated
        return (0, None) if not before.isascii() else (least, most)


def _repeated(strings: frozenset[str] | None, least: int, most: int | None) -> frozenset[str] | None:
    if strings is None or (least, most) == (1, 1):
        return strings
    return strings | {""} if (least, most) == (0, 1) else None


def _without_longer(strings: frozenset[str]) -> list[str]:
    """Return the without those that hold another one."""
    return [text for text in strings if not any(other in text for other in strings if other != text)]
