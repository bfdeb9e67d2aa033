"""A form in which a test framework prints which tests failed.

A form is a list of what is printed once (a text) and of what is printed for each test that failed (a list of one text).
``{c}`` is the test's file, class or suite, ``{t}`` the test; ``{n}`` a number that changes from run to run (a line, a
time) and ``{v}`` a value that the test met; ``{i}`` counts the tests, ``{many}`` is how many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Test = tuple[str, str]
"""File, class or suite, and the test's own name."""


@dataclass(frozen=True)
class Form:
    """A form; what a test is called that it names; what is said of why (empty: nothing)."""

    parts: Sequence[str | list[str]]
    name: str
    why: str = ""

    def output(self, tests: Sequence[Test], number: int = 4, value: str = "3") -> list[str]:
        """Return what is printed when these tests fail."""
        lines: list[str] = []
        for part in self.parts:
            texts = [part] if isinstance(part, str) else [part[0] for _ in tests]
            for index, text in enumerate(texts):
                suite, test = tests[index]
                filled = text.replace("{c}", suite).replace("{t}", test).replace("{n}", str(number))
                filled = filled.replace("{v}", value).replace("{i}", str(index + 1)).replace("{many}", str(len(tests)))
                lines += filled.split("\n")
        return lines

    def of(self, test: Test, value: str = "3") -> tuple[str, str]:
        """Return the name of a test, and what is said of why it failed."""
        suite, name = test
        return (
            self.name.replace("{c}", suite).replace("{t}", name),
            self.why.replace("{c}", suite).replace("{t}", name).replace("{v}", value),
        )
