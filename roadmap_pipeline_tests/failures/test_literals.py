"""The strings read from a pattern are in everything it matches, so ruling out by them loses nothing."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.matching.literals import Literal, required_literals
from roadmap_pipeline.failures.matching.prefilter import Prefilter
from roadmap_pipeline.failures.patterns import compile_pattern
from roadmap_pipeline.failures.rules.rule_set import default_rules


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("no space", [{"no space"}]),
        ("lab.*bad", [{"lab"}, {"bad"}]),
        ("(?:alpha|beta) x", [{"alpha x", "beta x"}]),
        ("(?:alpha|b.) x", [{" x"}]),
        ("a{5,}b", [{"aaaaa"}]),
        ("ab?cd", [{"abcd", "acd"}]),
        ("(?:ab?|c)d", [{"abd", "ad", "cd"}]),
        ("[Ee]xit codes?: 1", [{"Exit code: 1", "exit code: 1", "Exit codes: 1", "exit codes: 1"}]),
        ("(?:error|warning)s?", [{"error", "warning"}]),
        (r"^FAILED\b.(?:ab|a[^b])", [{"FAILED"}]),
        ("x[=:]{1,2}137", [{"=137", ":137"}]),
        ("[äö]b[a-c]de", [{"de"}]),
        ("wxä?yz", [{"yz"}, {"wx"}]),
        ("(?:optional)?needed", [{"needed"}]),
        (r"\[error\]\d+", [{"[error]"}]),
        ("[xyz]long{2}er", [{"xlongg", "ylongg", "zlongg"}]),
        ("x(?:maybe)*yz", [{"yz"}]),
        (r"code 12345.*(?:status|reply)", [{"code 12345"}]),
        ("exclusively .*error", [{"exclusively "}]),
    ],
)
def test_what_every_match_holds(pattern: str, expected: list[set[str]]) -> None:
    (conjunction,) = required_literals(pattern)
    assert [{literal.text for literal in one} for one in conjunction] == expected


def test_alternatives_are_told_apart() -> None:
    for pattern in ("one.*lad|gamma+", "(?:one.*lad)|(?:gamma+)", "(?:one.*lad|gamma+)"):
        found = required_literals(pattern)
        assert [[{literal.text for literal in one} for one in conjunction] for conjunction in found] == [
            [{"one"}, {"lad"}],
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


ATOMS = st.sampled_from(["a", "b", "ab", " x", "E", ":", "12", "[ab]", "[^b]", "[a-d]", r"\d", r"\[", ".", "A"])
REPEATED = st.sampled_from(["", "", "", "?", "+", "*", "{2}", "{1,3}", "{2,}", "+?"])
# Python's own engine, which the texts are made with, would take for ever for repeated repetitions.
GROUP_REPEATED = st.sampled_from(["", "", "?", "{2}"])


def _joined(parts: list[tuple[str, str]]) -> str:
    return "".join(f"{atom if len(atom) == 1 else f'(?:{atom})'}{repeated}" for atom, repeated in parts)


def _grouped(patterns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    alternatives = st.lists(patterns, min_size=1, max_size=3).map("|".join)
    group = st.tuples(st.sampled_from(["(?:", "(", "(?i:"]), alternatives).map(lambda one: f"{one[0]}{one[1]})")
    part = st.one_of(st.tuples(ATOMS, REPEATED), st.tuples(group, GROUP_REPEATED))
    return st.lists(part, min_size=1, max_size=4).map(_joined)


PATTERNS = st.recursive(
    st.lists(st.tuples(ATOMS, REPEATED), min_size=1, max_size=4).map(_joined), _grouped, max_leaves=6
)
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


# A pattern and a text that it matches.
CASES = PATTERNS.flatmap(
    lambda pattern: st.tuples(st.just(pattern), st.from_regex(pattern, fullmatch=True, alphabet=PRINTABLE))
)


@given(CASES)
def test_the_prefilter_names_every_pattern_that_occurs(case: tuple[str, str]) -> None:
    pattern, text = case
    assert re.search(pattern, text)
    assert list(Prefilter([pattern]).candidates_in(text.encode())) == [0]


@given(CASES, st.lists(st.text("abcdeABE12:[] xé", max_size=12), min_size=1, max_size=4), st.data())
def test_no_match_lies_before_the_line_that_the_prefilter_names(
    case: tuple[str, str], lines: list[str], data: st.DataObject
) -> None:
    """Alone and beside other patterns, against RE2 on the whole text."""
    pattern, match = case
    place = data.draw(st.integers(0, len(lines)))
    text = "\n".join([*lines[:place], match, *lines[place:]]).encode()
    starts = [found.start() for found in compile_pattern(pattern).finditer(text) if found[0]]
    for patterns in ([pattern], ["ab", pattern, "(?i)E"]):
        first = Prefilter(patterns).candidates_in(text)[patterns.index(pattern)]
        assert all(start > text.rfind(b"\n", 0, first) for start in starts)


MARK_PATTERNS = st.sampled_from(
    [
        "<<error>>",
        "(?i)<<error>>",
        r"##\[error\]",
        "(?:<<error>>|b)",
        "(?:<<error>>)?",
        ".*<<error>>.*",
        "(?:ab|12)|<<error>>",
    ]
)
LINE_BEGINNINGS = st.sampled_from(
    [
        "",
        "##[error]",
        "##[ERROR]",
        "::error::",
        "::error file=a.py,line=1::",
        "Error: ",
        "error: ",
        "x Error: ",
        "2026-11-10T09:00:00.1Z Error: ",
        "2026-11-10T09:00:00Z ##[error]",
        "12 ::error::",
    ]
)


@given(
    MARK_PATTERNS,
    CASES,
    st.lists(st.tuples(LINE_BEGINNINGS, st.text("abcdeABE12:[] xé", max_size=6)).map("".join), max_size=4),
    LINE_BEGINNINGS,
    st.sampled_from(["", "a", " x", "12"]),
    st.data(),
)
def test_what_is_said_of_marked_lines_is_named_wherever_it_occurs(
    mark: str, case: tuple[str, str], lines: list[str], beginning: str, between: str, data: st.DataObject
) -> None:
    """Alone and beside other patterns, against RE2 on the whole text."""
    pattern = f"{mark}.{{0,3}}(?:{case[0]})"
    place = data.draw(st.integers(0, len(lines)))
    text = "\n".join([*lines[:place], beginning + between + case[1], *lines[place:]]).encode()
    starts = [found.start() for found in compile_pattern(pattern).finditer(text) if found[0]]
    for patterns in ([pattern], ["ab", pattern, "(?i)<<error>>.*E"]):
        named = Prefilter(patterns).candidates_in(text)
        if starts:
            first = named[patterns.index(pattern)]
            assert all(start > text.rfind(b"\n", 0, first) for start in starts)


def test_words_beside_the_mark_of_an_error_are_looked_for_in_marked_lines_alone() -> None:
    prefilter = Prefilter(["(?i)<<error>>.{0,80}title", "title"])
    assert prefilter.candidates_in(b"##[error]no\nthe title\n") == {1: 20}
    assert prefilter.candidates_in(b"the title\n##[ERROR]no Title\n") == {0: 10, 1: 8}
    assert prefilter.candidates_in(b"Error: no title") == {0: 0, 1: 14}
    assert prefilter.candidates_in(b"2026-11-10T09:00:00.1Z error: no title") == {0: 0, 1: 37}
    assert prefilter.candidates_in(b"an error: no title") == {1: 17}


def test_characters_of_a_pattern_are_not_taken_for_the_mark_of_an_error() -> None:
    assert list(Prefilter(["total\ue000"]).candidates_in("total\ue000".encode())) == [0]
    assert list(Prefilter(["[\ue000]total"]).candidates_in("\ue000total".encode())) == [0]
    assert list(Prefilter([r"\##\[error\]total"]).candidates_in(b"##[error]total")) == [0]


def test_letters_that_ascii_lacks_demand_nothing_in_any_case() -> None:
    (conjunction,) = required_literals("(?i)naïve échec")
    assert {literal.text for one in conjunction for literal in one} == {"na", "ve ", "chec"}
    assert Prefilter(["(?i)éé", "éé"]).candidates_in("ÉÉ".encode()) == {0: 0}


def test_threads_use_one_prefilter() -> None:
    prefilter = Prefilter(["alpha", "beta"])
    texts = [b"alpha" * 5_000, b"beta" * 5_000, b"gamma" * 5_000] * 50
    with ThreadPoolExecutor(4) as pool:
        assert [list(found) for found in pool.map(prefilter.candidates_in, texts)] == [[0], [1], []] * 50


def test_the_prefilter_rules_out_most_rules_on_an_ordinary_line() -> None:
    patterns = [pattern for rule in default_rules().rules for pattern in rule.patterns]
    assert len(Prefilter(patterns).candidates_in(b"2026-11-10T09:00:00Z compiled 3 things")) < len(patterns) / 10
