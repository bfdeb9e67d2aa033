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


Required = frozenset[Literal] | None
"""Strings one of which every match contains; None when nothing is known."""


def required_literals(pattern: str) -> Required:
    """Strings one of which occurs in every match of ``pattern``; None when it demands no string of two characters."""
    return _Reader(pattern).alternatives()


def _weight(required: Required) -> tuple[int, int]:
    """How telling: the length of the shortest, then how few they are."""
    return (min(len(literal.text) for literal in required), -len(required)) if required else (0, 0)


class _Reader:
    """A recursive descent over one pattern."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._ignore_case = False

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def alternatives(self) -> Required:
        """One group's content, up to its closing parenthesis or the end."""
        found: list[Required] = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence())
        if any(one is None for one in found):
            return None
        return frozenset(literal for one in found if one for literal in one)

    def _sequence(self) -> Required:
        best: Required = None
        run = ""

        def close() -> None:
            nonlocal best, run
            if len(run) >= 2:
                candidate = frozenset({Literal(run.lower() if self._ignore_case else run, self._ignore_case)})
                best = max(best, candidate, key=_weight)
            run = ""

        while (character := self._peek()) and character not in "|)":
            case_before = self._ignore_case
            literal, required = self._atom()
            least = self._least_repetitions()
            if self._ignore_case is not case_before and literal is None and required is None:
                # A flag for the rest of the group: what was read so far keeps the old one.
                now, self._ignore_case = self._ignore_case, case_before
                close()
                self._ignore_case = now
                continue
            if literal is not None and least is None:
                run += literal
                continue
            if literal is not None and least:
                run += literal * least
            close()
            if required is not None and least != 0:
                best = max(best, required, key=_weight)
        close()
        return best

    def _atom(self) -> tuple[str | None, Required]:
        """The next item: a literal character, or what a group demands; (None, None) for anything else."""
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

    def _group(self) -> Required:
        case_before = self._ignore_case
        if self._peek() == "?":
            end = min(i for i in (self._text.find(":", self._at), self._text.find(")", self._at)) if i >= 0)
            flags = self._text[self._at + 1 : end]
            self._ignore_case = self._ignore_case or "i" in flags
            self._at = end + 1
            if self._text[end] == ")":
                return None
        required = self.alternatives()
        self._at += 1
        self._ignore_case = case_before
        return required

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
