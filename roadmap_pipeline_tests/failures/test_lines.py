"""Reading many lines at once gives what reading each of them does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.failed_tests import FailedTest, reading
from roadmap_pipeline.failures.failed_tests.demands import finder
from roadmap_pipeline.failures.logs import newlines
from roadmap_pipeline.failures.logs.cleaning import clean_line, clean_lines
from roadmap_pipeline.failures.logs.newlines import LineNumbers, count_newlines
from roadmap_pipeline.failures.logs.structure import Span, is_step_header

_PARTS = st.sampled_from(
    [
        b"2026-11-10T09:00:00.1234567Z ",
        b"2026-11-10T09:00:00Z",
        b"\xef\xbb\xbf",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b]0;title",
        b"\x1b",
        b"\x07",
        b"\r",
        b"\t",
        b"\x0b",
        b"error: caf\xc3\xa9",
        b"caf\xe9",
        "\u200b\u2028\x85".encode(),
        b" ",
        b"FAILED a.py",
    ]
)
_LINES = st.lists(st.one_of(st.lists(_PARTS, max_size=6).map(b"".join), st.binary(max_size=12)), max_size=6).map(
    lambda lines: [line.replace(b"\n", b"") for line in lines]
)


@given(_LINES)
def test_many_lines_are_cleaned_as_each_of_them(lines: list[bytes]) -> None:
    assert clean_lines(lines) == [clean_line(line) for line in lines]


@given(st.binary(max_size=60), st.integers(1, 4_000), st.integers(0, 500), st.integers(0, 500))
def test_newlines_are_counted_between_two_offsets(piece: bytes, times: int, before: int, after: int) -> None:
    log = (piece + b"\n") * times
    start, end = min(before, len(log)), max(min(before, len(log)), len(log) - after)
    assert count_newlines(log, start, end) == log.count(b"\n", start, end)


@given(st.binary(max_size=40), st.lists(st.integers(0, 200) | st.lists(st.integers(0, 200), max_size=4), max_size=12))
def test_lines_are_numbered_in_whatever_order_they_are_asked_for(piece: bytes, asked: list[int | list[int]]) -> None:
    log = (piece + b"\n") * 10
    numbers = LineNumbers(log)
    for some in asked:
        offsets = [min(offset, len(log)) for offset in ([some] if isinstance(some, int) else some)]
        expected = {offset: log[:offset].count(b"\n") for offset in offsets}
        assert numbers.of(offsets) == expected
        assert {offset: numbers.at(offset) for offset in offsets} == expected


_SHELL_LINE = re.compile(rb"(?m)^(?:\S+Z )?shell: \S")
_HEADER_PARTS = st.sampled_from(
    [b"shell: ", b"shell:", b"/bin/bash", b"2026-11-10T09:00:00.1Z ", b"\n", b" ", b"echo ", b"env:", b"\xef\xbb\xbf"]
)


@given(st.lists(_HEADER_PARTS, max_size=12).map(b"".join))
def test_a_script_is_known_by_a_line_that_tells_its_shell(text: bytes) -> None:
    header = b"##[group]Run make\n" + text
    assert is_step_header(header) is (_SHELL_LINE.search(header) is not None)


def test_newlines_are_counted_alike_with_and_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    log = b"\n".join(b"x" * (number % 90) for number in range(9_000))
    monkeypatch.setattr(newlines, "_WORTH_LOADING", 0)
    assert newlines._Counter().count(log, 3, len(log) - 5) == log.count(b"\n", 3, len(log) - 5)


@pytest.mark.parametrize(
    "pattern", ["^ab", "^a|b", "^(?:a|b)c", "^ *a", "^", r"^\|a", "^[|]a", "(?i)^a", r"a\Z", "^(a|^b)"]
)
@given(st.text("abcAB| ^", max_size=8))
def test_a_pattern_is_found_where_its_search_finds_it(pattern: str, text: str) -> None:
    searched, found = re.search(pattern, text), finder(pattern)(text)
    assert (searched and searched.span()) == (found and found.span())


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_step_is_read_without_what_stands_around_it(before: int, after: int) -> None:
    """Lines are those of the log, and no test is taken from another step, not even from a line that is cut in two."""
    other = b"FAILED tests/test_other.py::test_other - no\n"
    step = b"collected 2 items\nFAILED tests/test_cart.py::test_total - assert 3 == 4\n_____ and more"
    log = other * before + step + other * after
    span = Span(0, len(other) * before, len(other) * before + len(step))
    of_step, of_log = reading.failed_tests(step), reading.tests_in(log, span)
    assert of_log.tests == (FailedTest("tests/test_cart.py::test_total", "assert 3 == 4", before + 1),)
    assert of_log.lines == tuple(before + line for line in of_step.lines)
    assert of_log.first == of_step.first
