"""Drafted patterns find the same failure in other runs, are escaped, and are not drafted from too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.patterns import compile_pattern
from roadmap_pipeline.failures.rules.drafting import draft_pattern


@pytest.mark.parametrize(
    ("line", "again", "other"),
    [
        (
            "frobnicator (v2.1) refused 17 widgets",
            "Frobnicator (v3.0) refused 4,012 widgets",
            "frobnicator (v2.1) took 17 widgets",
        ),
        (
            "sync of deadbeef1234567 to /home/runner/work/a/a/out.bin took 12s: gave up",
            "sync of 0123456789abcde to /var/tmp/b/out.bin took 3 min: gave up",
            "sync of deadbeef1234567 to /home/runner/work/a/a/other.bin took 12s: gave up",
        ),
        (
            "2026-11-01T10:00:00Z gave up on https://a.example/x after 3 tries",
            "2025-01-02T03:04:05Z gave up on https://b.example/x after 5 tries",
            "2026-11-01T10:00:00Z gave up on https://a.example/y after 3 tries",
        ),
        ("what is a+b*c [really]?", "what is a+b*c  [really]?", "what is aab*c [really]?"),
    ],
)
def test_what_differs_between_runs_is_a_wildcard(line: str, again: str, other: str) -> None:
    pattern = draft_pattern(line)
    assert pattern is not None
    expression = compile_pattern(pattern)
    assert expression.search(line.encode())
    assert expression.search(again.encode())
    assert not expression.search(other.encode())


@pytest.mark.parametrize("line", ["", "exit 1", "0x1234 5678 /a/b/c", "!!! ... ???"])
def test_nothing_is_drafted_from_too_little(line: str) -> None:
    assert draft_pattern(line) is None


def test_a_draft_is_bounded() -> None:
    pattern = draft_pattern("the same words over and over " * 100)
    assert pattern is not None
    assert len(pattern) < 400


@given(st.text(max_size=200))
def test_a_draft_finds_its_own_line_or_there_is_none(line: str) -> None:
    pattern = draft_pattern(line)
    if pattern is not None:
        assert compile_pattern(pattern).search(line.encode("utf-8", "replace"))
