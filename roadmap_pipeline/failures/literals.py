"""Which plain strings a pattern's matches must contain, so that one automaton of strings can rule most patterns out.

Belongs here: reading the subset of RE2's syntax that the rules use. A set of whole patterns with gaps
(``error.*label``) needs a state for every combination of beginnings seen on a line, which runs hundreds of times slower
than a set of strings.
"""

from dataclasses import dataclass

_CLASSES = frozenset("dDwWsSbBAzpP")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Literal:
    """A string that must occur; ``ignore_case``: in any case."""

    text: str
    ignore_case: bool


Conjunction = tuple[frozenset[Literal], ...]
"""Sets of strings: of each, one occurs in every match; the most telling first. Empty when nothing is known."""

# More strings than these rule out little more.
_MOST_SETS = 3
_TELLING = 8
_MOST_STRINGS = 20
_COMMON = ("##[", "error", "fail", "test", "found", "code", "version", "required", "warning", "http", " in ", "::")


def required_literals(pattern: str) -> tuple[Conjunction, ...]:
    """What the alternatives of ``pattern`` demand: every match fulfils one of the conjunctions.

    Strings have at least two characters.
    """
    return tuple(_Reader(pattern).alternatives())


def _weight(required: frozenset[Literal]) -> tuple[bool, bool, int, int]:
    """How telling: digits least, which timestamps hold by chance, then words that any log is full of; then by the
    length of the shortest, then how few they are."""
    return (
        not any(one.text.isdigit() for one in required),
        not any(word in one.text.lower() for one in required for word in _COMMON),
        min(len(one.text) for one in required),
        -len(required),
    )


def _is_telling(required: frozenset[Literal]) -> bool:
    return _weight(required) >= (True, True, _TELLING, -_MOST_STRINGS)


def _best_of_each(alternatives: list[Conjunction]) -> frozenset[Literal] | None:
    """Strings one of which occurs whichever alternative matches; None when one of them demands nothing."""
    if not all(alternatives):
        return None
    return frozenset(literal for one in alternatives for literal in one[0])


class _Reader:
    """A recursive descent over one pattern."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._ignore_case = False

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def alternatives(self) -> list[Conjunction]:
        """One group's content, up to its closing parenthesis or the end."""
        found = self._sequence()
        while self._peek() == "|":
            self._at += 1
            found += self._sequence()
        return found

    def _sequence(self) -> list[Conjunction]:
        """What one alternative demands; one that is a group and nothing else is that group's alternatives."""
        sets: set[frozenset[Literal]] = set()
        run = ""
        alone: list[Conjunction] | None = None
        items = 0

        def close() -> None:
            nonlocal run
            if len(run) >= 2:
                sets.add(frozenset({Literal(run.lower() if self._ignore_case else run, self._ignore_case)}))
            run = ""

        while (character := self._peek()) and character not in "|)":
            case_before = self._ignore_case
            literal, group = self._atom()
            least = self._least_repetitions()
            if self._ignore_case is not case_before and literal is None and group is None:
                # A flag for the rest of the group: what was read so far keeps the old one.
                now, self._ignore_case = self._ignore_case, case_before
                close()
                self._ignore_case = now
                continue
            items += 1
            if literal is not None and least is None:
                run += literal
                continue
            if literal is not None and least:
                run += literal * least
            close()
            if group is not None and least != 0:
                alone = group if least is None and items == 1 else None
                best = _best_of_each(group)
                if best is not None:
                    sets.add(best)
        close()
        if items == 1 and alone is not None:
            return alone
        ranked = sorted(sets, key=lambda one: (_weight(one), sorted(map(str, one))), reverse=True)
        return [tuple(ranked[: 1 if ranked and _is_telling(ranked[0]) else _MOST_SETS])]

    def _atom(self) -> tuple[str | None, list[Conjunction] | None]:
        """The next item: a literal character, or a group's alternatives; (None, None) for anything else."""
        character = self._peek()
        self._at += 1
        if character == "\\":
            escaped = self._peek()
            self._at += 1
            if escaped == "x":
                self._at += 2
                return None, None
            return (None, None) if escaped in _CLASSES else (_ESCAPED.get(escaped, escaped), None)
        if character == "[":
            self._skip_class()
            return None, None
        if character == "(":
            return None, self._group()
        if character in ".^$":
            return None, None
        return character, None

    def _skip_class(self) -> None:
        self._at += self._peek() == "^"
        self._at += self._peek() == "]"
        while self._peek() != "]":
            self._at += 2 if self._peek() == "\\" else 1
        self._at += 1

    def _group(self) -> list[Conjunction] | None:
        case_before = self._ignore_case
        if self._peek() == "?":
            end = min(i for i in (self._text.find(":", self._at), self._text.find(")", self._at)) if i >= 0)
            flags = self._text[self._at + 1 : end]
            self._ignore_case = self._ignore_case or "i" in flags
            self._at = end + 1
            if self._text[end] == ")":
                return None
        found = self.alternatives()
        self._at += 1
        self._ignore_case = case_before
        return found

    def _least_repetitions(self) -> int | None:
        """How often the item just read must occur; None when it stands alone, once."""
        character = self._peek()
        if character not in ("*", "+", "?", "{"):
            return None
        least = 1 if character == "+" else 0
        if character == "{":
            end = self._text.find("}", self._at)
            least = int(self._text[self._at + 1 : end].split(",")[0] or 0)
            self._at = end
        self._at += 1
        self._at += self._peek() == "?"
        return least
