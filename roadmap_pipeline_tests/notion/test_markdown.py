"""GitHub's Markdown in Notion's dialect, and text cut to Notion's limits."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from roadmap_pipeline.notion.markdown import fit, split_utf16, to_notion, utf16_units

SIGNS = st.sampled_from(
    ["a", " ", "\n", "é", "e\u0301", "ש", "\u200f", "語", "👩‍👩‍👧‍👦", "👍🏽", "🇰🇷", "⏱️", "\u200d", "\U0010ffff", "\r\n"]
)
TEXTS = st.one_of(st.text(), st.lists(SIGNS, max_size=400).map("".join))


def lines_of(gfm: str) -> list[str]:
    """Return what the text becomes, without the empty lines that Notion ignores."""
    return [line for line in to_notion(gfm).split("\n") if line]


@pytest.mark.parametrize(
    ("gfm", "notion"),
    [
        ("a < b, {x}, $5, x^2", "a \\< b, \\{x}, \\$5, x\\^2"),
        ("`a < {b} $c^2` and ``x ` $``", "`a < {b} $c^2` and ``x ` $``"),
        ("an unpaired ` and <tag>", "an unpaired ` and \\<tag>"),
        (r"already \< \{ \$ \^", r"already \< \{ \$ \^"),
        ("[l](https://a.b/{c}^d) ![i](x.png)", "[l](https://a.b/{c}^d) ![i](x.png)"),
        ("https://a.b/?q={c}&d=$e", "https://a.b/?q={c}&d=$e"),
        ("<https://a.b/c>", "[https://a.b/c](https://a.b/c)"),
        ("<b>bold</b><br/>H<sub>2</sub>O <kbd>Esc</kbd>", "**bold**<br>H2O `Esc`"),
        ("&lt;b&gt; &amp; &#36; &nonsense;", "\\<b\\> & \\$ &nonsense;"),
        ("**b** *i* ~~s~~ __u__", "**b** *i* ~~s~~ __u__"),
    ],
)
def test_prose(gfm: str, notion: str) -> None:
    assert to_notion(gfm) == notion


def test_lines_of_a_paragraph_are_joined_and_hard_breaks_kept() -> None:
    assert lines_of("one\ntwo  \nthree\\\nfour\n\nnext") == ["one two<br>three<br>four", "next"]


def test_headings() -> None:
    assert lines_of("# One $x\n## Two ##\nThree\n=====\nFour\n----\ntext") == [
        "# One \\$x",
        "## Two ##",
        "# Three",
        "## Four",
        "text",
    ]


@pytest.mark.parametrize(
    ("word", "icon"), [("NOTE", "ℹ️"), ("TIP", "💡"), ("IMPORTANT", "📌"), ("WARNING", "⚠️"), ("CAUTION", "🛑")]
)
def test_alerts_become_callouts(word: str, icon: str) -> None:
    first, *inside, last = lines_of(f"> [!{word}]\n> Over {{budget}}\n> by 5\n>\n> - one\n> - two")
    assert first.startswith(f'<callout icon="{icon}" color="')
    assert inside == ["\tOver \\{budget} by 5", "\t- one", "\t- two"]
    assert last == "</callout>"


def test_a_quote_stays_one_quote() -> None:
    assert lines_of("> one\n> two\n>\n> three\nlazy") == ["> one<br>two<br><br>three<br>lazy"]


def test_blocks_in_a_quote_become_its_children() -> None:
    assert lines_of("> see\n> ```\n> a < b\n> ```\n> > inner") == ["> see", "\t```", "\ta < b", "\t```", "\t> inner"]


def test_details_are_indented_by_tabs() -> None:
    gfm = """<details>
<summary><b>Logs</b> of $x</summary>

text

```sh
echo "<b>" $HOME
</details>
```

<details><summary>inner</summary>
deep
</details>
</details>
after"""
    assert lines_of(gfm) == [
        "<details>",
        "<summary>**Logs** of \\$x</summary>",
        "\ttext",
        "\t```sh",
        '\techo "<b>" $HOME',
        "\t</details>",
        "\t```",
        "\t<details>",
        "\t<summary>inner</summary>",
        "\t\tdeep",
        "\t</details>",
        "</details>",
        "after",
    ]


def test_lists_are_indented_by_tabs() -> None:
    gfm = """- one
  goes on
  - nested
    1) numbered

       own paragraph
* two
  ```py
  if a < b:
      pass
  ```
10. ten
"""
    assert lines_of(gfm) == [
        "- one goes on",
        "\t- nested",
        "\t\t1. numbered",
        "\t\t\town paragraph",
        "- two",
        "\t```py",
        "\tif a < b:",
        "\t    pass",
        "\t```",
        "10. ten",
    ]


def test_task_lists_stay() -> None:
    assert lines_of("- [ ] open\n- [x] done") == ["- [ ] open", "- [x] done"]


def test_footnotes_stand_where_they_are_referred_to() -> None:
    gfm = "Rate[^n] and again[^n], unknown[^z].\n\n[^n]: of 5 < 6\n    runs\n\nend"
    assert lines_of(gfm) == ["Rate (of 5 \\< 6 runs) and again (of 5 \\< 6 runs), unknown[\\^z].", "end"]


def test_footnotes_that_refer_to_each_other_end() -> None:
    assert lines_of("x[^a]\n\n[^a]: see[^b]\n[^b]: see[^a]") == ["x (see[\\^b])"]


def test_tables_stay_pipe_tables() -> None:
    gfm = "before\n| a | b |\n|:--|--:|\n| `x|<y>` | 5 < 6 \\| 7 |\n| {z} | $1 |\n\nafter"
    assert lines_of(gfm) == [
        "before",
        "| a | b |",
        "|:--|--:|",
        "| `x|<y>` | 5 \\< 6 \\| 7 |",
        "| \\{z} | \\$1 |",
        "after",
    ]


def test_comments_go_but_not_from_code() -> None:
    gfm = """<!-- marker -->
<!-- two
lines --> text `<!-- a -->`<!-- b -->

```
<!-- c -->
```
- x
  ```
  <!-- d -->
  ```"""
    assert lines_of(gfm) == ["text `<!-- a -->`", "```", "<!-- c -->", "```", "- x", "\t```", "\t<!-- d -->", "\t```"]


def test_indented_code_is_fenced() -> None:
    assert lines_of("text\n\n    a < b\n    ```\n\nmore") == ["text", "````", "a < b", "```", "````", "more"]


MERMAID = '```mermaid\nxychart-beta\n\ttitle "Rate {x} < $5"\n    bar [1, 2^3]\n```'


@pytest.mark.parametrize("code", [MERMAID, "~~~\n# no < heading\n\n\n> no quote\n~~~", "````md\n```\n{a}\n```\n````"])
def test_fenced_code_is_untouched(code: str) -> None:
    assert f"\n{code}\n" in to_notion(f"before\n{code}\nafter")


def test_open_constructs_do_not_swallow_the_conversion() -> None:
    assert lines_of("```\na < b") == ["```", "a < b"]
    assert lines_of("<details>\ntext") == ["<details>", "<summary>Details</summary>", "\ttext", "</details>"]
    assert lines_of("<!-- open\ntext") == []
    assert lines_of("") == []
    assert "word" in to_notion("> " * 500 + "word")
    assert "word" in to_notion("- " * 500 + "word")
    assert "word" in to_notion("<details>" * 500 + "word")


@given(st.text("ab1 <>{}$^&;|-_'\".,:()é🇰🇷", max_size=80))
def test_prose_says_the_same_once_notion_has_unescaped_it(text: str) -> None:
    # Bare words between, so that no line begins a block; entities and tags are what other tests are about.
    text = "word " + re.sub(r"<(?=/?[A-Za-z])|&(?=\w+;)|_", "", text) + " word"
    inline = MarkdownIt("commonmark").parseInline(to_notion(text))[0].children or []
    shown = "".join(token.content for token in inline)
    assert shown == " ".join(text.split(" ")).strip()


@given(st.text("a <{$^\n`*|", max_size=60))
def test_code_in_fences_survives_anything(code: str) -> None:
    fence = "`" * (max((len(run) for run in re.findall("`+", code)), default=2) + 3)
    block = f"{fence}text\n{code}\n{fence}"
    assert to_notion(f"{block}\n") == block


@settings(max_examples=300)
@given(st.text("xy \t\n#>-*+1.)`~<>{}$^[|=\\:&;", max_size=120))
def test_no_word_is_lost_or_moved(text: str) -> None:
    # The alphabet leaves out what makes comments and footnotes, which do go or move.
    assert re.findall("[xy]", to_notion(text).replace("<br>", "")) == re.findall("[xy]", text)


# --- limits -----------------------------------------------------------------------------------------------------------


@given(TEXTS, st.integers(2, 50))
def test_pieces_are_whole_and_short_enough(text: str, limit: int) -> None:
    pieces = split_utf16(text, limit)
    assert "".join(pieces) == text
    for piece in pieces:
        # Encoding fails where a surrogate pair was cut.
        assert 0 < len(piece.encode("utf-16-le")) // 2 <= limit


@pytest.mark.parametrize("sign", ["👩‍👩‍👧‍👦", "👍🏽", "🇰🇷", "e\u0301\u0323", "⏱️", "\r\n"])
def test_signs_of_several_characters_stay_together(sign: str) -> None:
    text = "x" * 1999 + sign + "y"
    assert split_utf16(text) == ["x" * 1999, sign + "y"]


def test_a_report_of_full_length_fits_one_property() -> None:
    assert len(split_utf16("👍🏽" * 47_500)) <= 100
    assert len(split_utf16("x" * 190_000)) == 95


def test_what_fits_is_left_alone() -> None:
    text = "# A\n\n" + "x" * 189_995
    assert utf16_units(text) == 190_000
    assert fit(text, "reports/a.md") is text


def sections(count: int, size: int, body: str = "x") -> str:
    return "".join(f"## Section {n}\n\n{body * size}\n\n" for n in range(count))


def test_a_long_report_is_cut_before_a_heading_and_says_where_the_whole_is() -> None:
    cut = fit(sections(30, 10_000), "printed by `roadmap report --week 2026-W46`")
    assert utf16_units(cut) <= 190_000
    assert re.findall(r"## Section (\d+)", cut) == [str(n) for n in range(18)]
    assert cut.startswith(sections(18, 10_000).rstrip())
    end = "*This report was cut here to fit. The whole is printed by `roadmap report --week 2026-W46`.*\n"
    assert cut.endswith(end)


def test_headings_in_code_are_no_place_to_cut() -> None:
    text = "# A\n\ntext\n\n## B\n\n```sh\n" + "# comment\n" * 50 + "```\n"
    assert fit(text, "here", 300).startswith("# A\n\ntext\n\n---")


def test_one_section_that_is_too_long_is_cut_between_lines_and_its_fence_closed() -> None:
    cut = fit("# A\n```\n" + "line\n" * 100 + "```\n", "here", 300)
    assert utf16_units(cut) <= 300
    assert cut.count("```") == 2
    assert cut.count("line\n") > 30


def test_units_are_not_bytes() -> None:
    cut = fit(sections(18, 10_000, "語"), "here")
    assert len(cut.encode()) < 500_000
    assert re.findall(r"## Section (\d+)", cut)[-1] == "14"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["# h\n", "text 👍\n", "```\n", "<details>\n", "\n", "a" * 90 + "\n"]), max_size=60))
def test_whatever_is_cut_fits(lines: list[str]) -> None:
    text = "".join(lines)
    cut = fit(text, "here", 400)
    assert cut == text or (utf16_units(cut) <= 400 and "The whole is here." in cut)
