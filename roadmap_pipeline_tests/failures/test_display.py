"""Foreign text is shown as it reads and does nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.display import as_code, escape_markdown

JOINER = "\u2060"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "`plain`"),
        ("a `b` c", "``a `b` c``"),
        ("`b`", "`` `b` ``"),
        ("a ``` b", "````a ``` b````"),
        ("a|b\nc\td", "`a│b c d`"),
        ("@team see #12 <b>", "`@team see #12 <b>`"),
        ("red\x1b\x07\u202e", "`red`"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_as_code(text: str, expected: str) -> None:
    assert as_code(text, 100) == expected


def test_as_code_is_cut() -> None:
    assert as_code("x" * 50, 10) == "`" + "x" * 9 + "…`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words.", "plain words."),
        ("*bold* _it_ `code`", r"\*bold\* \_it\_ \`code\`"),
        ("[x](y)", r"\[x\]\(y\)"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("a | b\nc", r"a \| b c"),
        ("@team", f"@{JOINER}team"),
        ("fixes #12 and GH-7", rf"fixes \#{JOINER}12 and GH\-{JOINER}7"),
        ("1. item", f"1{JOINER}. item"),
        ("# title", r"\# title"),
        ("https://x.example", f"https{JOINER}://x.example"),
        ("in 0123456789abcdef", f"in 012345{JOINER}6789abcdef"),
    ],
)
def test_escape_markdown(text: str, expected: str) -> None:
    assert escape_markdown(text) == expected


NASTY = st.lists(
    st.one_of(
        st.sampled_from(["@", "#", "|", "`", "<", ">", "\n", "\r", "GH-", "1", "a", "http://", "\u202e", "\\"]),
        st.text(max_size=3),
    ),
    max_size=20,
).map("".join)


@given(NASTY)
def test_nothing_fires(text: str) -> None:
    shown = escape_markdown(text)
    assert not re.search(r"@[\w-]", shown)
    assert not re.search(r"(?i)(?:#|gh-)\d", re.sub(r"\\(.)", r"\1", shown))
    assert not re.search(r"[<>\n\r]", shown)
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", shown)
    assert not any(ord(character) < 32 for character in shown)


@given(NASTY, st.integers(1, 30))
def test_code_is_closed_by_its_own_fence(text: str, limit: int) -> None:
    shown = as_code(text, limit)
    if shown:
        fence = re.match("`+", shown)[0].rstrip() if not shown.startswith("` ") else "`"  # type: ignore[index]
        inner = shown[len(fence) : -len(fence)]
        assert shown.endswith(fence)
        assert fence not in re.findall("`+", inner)
        assert "|" not in shown
        assert "\n" not in shown
