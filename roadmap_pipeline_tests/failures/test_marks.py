"""A mark finds every line whose text, once colours and times are gone, holds it where its signs say."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadmap_pipeline.failures.failed_tests.lines import Line, Lines, Marks
from roadmap_pipeline.failures.failed_tests.reading import FRAMEWORKS

SIGNS = {
    "FAILED": re.compile("FAILED"),
    r"\bFAILED": re.compile(r"\bFAILED"),
    r"\dFAILED": re.compile(r"\dFAILED"),
    "^FAILED": re.compile(r"^ *FAILED"),
    r"FAILED\b": re.compile(r"FAILED\b"),
    "FAILED$": re.compile(r"FAILED$"),
    "^FAILED$": re.compile(r"^ *FAILED$"),
}
"""Marks with each sign, and the slow way: what they say of a line in the words of ``re``."""

PIECES = st.sampled_from(
    [
        b"FAILED",
        b"FAILED",
        b"2026-11-10T09:00:00.1234567Z ",
        b"2026-11-10T09:00:00Z",
        b"\xef\xbb\xbf",
        b"##[error]",
        b"#12 0.5 ",
        b"pkg> ",
        b"web-1 | ",
        b"@a/b:test: ",
        b"\x1b[31m",
        b"\x1b[0;1m",
        b"\x1b[K",
        b"\x1b[1 q",
        b"\x1bM",
        b"\x1b\\",
        b"\x1b]0;title\x07",
        b"\x1b",
        b"\r",
        b"\t",
        b"\x00",
        b" ",
        b"  ",
        b"3",
        b"x",
        b"Z",
        b"_",
        b":",
        "é".encode(),
        b"\xe9",
        "\u200b\x85\xa0".encode(),
    ]
)
LINES = st.lists(st.lists(PIECES, max_size=7).map(b"".join), min_size=1, max_size=4)


@given(LINES)
@example([b"\x1b[31mFAILED\x1b[0m"])
@example([b"2026-11-10T09:00:00ZFAILED \r"])
@example([b"x\x00 FAILED", b"3\x1b[KFAILED   ", b"pkg>    FAILED\xe9"])
def test_no_line_is_missed_where_a_mark_stands_as_its_signs_say(lines: list[bytes]) -> None:
    marks = Marks(SIGNS)
    found = Lines(b"\n".join(lines), marks)
    for mark, says in SIGNS.items():
        marked = {line.start for line in found.marked(mark)}
        start = 0
        for line in lines:
            shown = next(Lines(b"\n" + line + b"\n", marks).after(Line(0, ""), 1)).text
            # What comes about only where colours are taken out of a word is no mark.
            if line.count(b"FAILED") == shown.count("FAILED") and says.search(shown):
                assert start in marked, (mark, line)
            start += len(line) + 1


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        (r"\bFAILED", b"xFAILED"),
        (r"\dFAILED", b"x FAILED"),
        ("^FAILED", b"the test FAILED"),
        (r"FAILED\b", b"FAILEDx"),
        ("FAILED$", b"FAILED tests/test_cart.py::test_total"),
    ],
)
def test_common_words_are_left_out(mark: str, line: bytes) -> None:
    assert list(Lines(line, Marks([mark, "FAILED"])).marked("FAILED"))
    assert not Lines(line, Marks([mark, "FAILED"])).marked(mark)


def test_every_mark_that_a_reading_starts_at_is_looked_for() -> None:
    """A reading whose mark no framework lists would find nothing, and say nothing of it."""
    asked: set[str] = set()

    class Asking(Lines):
        def marked(self, *marks: str) -> list[Line]:
            asked.update(marks)
            return []

    listed = Marks(mark for framework in FRAMEWORKS for mark in framework.marks)
    for framework in FRAMEWORKS:
        for reading in framework.readings:
            list(reading(Asking(b"", listed)))
    assert asked <= set(listed.marks)
