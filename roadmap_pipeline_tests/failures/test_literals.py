"""The strings read from a pattern are in everything it matches, so ruling out by them loses nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.literals import Literal, required_literals
from roadmap_pipeline.failures.patterns import Prefilter
from roadmap_pipeline.failures.rules import default_rules


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("no space", [{"no space"}]),
        ("error.*label", [{"label"}, {"error"}]),
        ("(?:alpha|beta) x", [{"alpha", "beta"}, {" x"}]),
        ("(?:alpha|b.) x", [{" x"}]),
        ("a{5,}b", [{"aaaaa"}]),
        ("ab?cd", [{"cd"}]),
        ("(?:optional)?needed", [{"needed"}]),
        (r"\[error\]\d+", [{"[error]"}]),
        ("[xyz]long{2}er", [{"longg"}, {"er"}]),
        ("x(?:maybe)*yz", [{"yz"}]),
        (r"code 12345.*(?:status|reply)", [{"reply", "status"}, {"code 12345"}]),
        ("exclusively .*error", [{"exclusively "}]),
    ],
)
def test_what_every_match_holds(pattern: str, expected: list[set[str]]) -> None:
    (conjunction,) = required_literals(pattern)
    assert [{literal.text for literal in one} for one in conjunction] == expected


def test_alternatives_are_told_apart() -> None:
    for pattern in ("alpha.*beta|gamma+", "(?:alpha.*beta)|(?:gamma+)", "(?:alpha.*beta|gamma+)"):
        found = required_literals(pattern)
        assert [[{literal.text for literal in one} for one in conjunction] for conjunction in found] == [
            [{"alpha"}, {"beta"}],
            [{"gamma"}],
        ]


@pytest.mark.parametrize("pattern", [r"\d+", "[ab]c?", "alpha|.", "(?:abc)?", "x*"])
def test_patterns_that_demand_nothing(pattern: str) -> None:
    assert () in required_literals(pattern)


def test_case_is_kept_where_it_matters() -> None:
    assert required_literals("(?i)ERROR") == ((frozenset({Literal("error", ignore_case=True)}),),)
    assert required_literals("(?:(?i:Word)s|Words)x") == (
        (frozenset({Literal("word", True), Literal("Words", False)}),),
    )


SAFE = st.sampled_from(
    [
        "error.*label",
        "err.*(?:lab|tag).*x",
        "(?:foo|ba+r)[0-9]x?",
        "ab{2,3}c|(?:de)+f",
        r"\[w\]\s?done",
        "(?i)fail(?:ed|ure)",
        "a[^b]*cd",
    ]
)


@given(SAFE.flatmap(lambda pattern: st.tuples(st.just(pattern), st.from_regex(pattern))))
def test_the_prefilter_names_every_pattern_that_occurs(case: tuple[str, str]) -> None:
    pattern, text = case
    assert re.search(pattern, text)
    assert list(Prefilter([pattern]).found_in(text.encode())) == [0]


def test_the_prefilter_rules_out_most_rules_on_an_ordinary_line() -> None:
    patterns = [pattern for rule in default_rules().rules for pattern in rule.patterns]
    assert len(Prefilter(patterns).found_in(b"2026-11-10T09:00:00Z compiled 3 things")) < len(patterns) / 10
