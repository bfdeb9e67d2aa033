"""The Markdown dialect: what is normalised, what is lost, and that normalised text stays as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_sandbox.notion.markdown import Node, read, rich, write
from roadmap_sandbox.notion.richtext import from_plain, plain
from roadmap_sandbox.notion.validation import utf16_units


def _kept(source: str) -> str:
    return write(read(source))[0]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("## New Section\n\nHello", "## New Section\nHello"),
        ("__b__ and _i_", "**b** and *i*"),
        ("##### five\n###### six", "#### five\n#### six"),
        ("3. a\n7. b", "1. a\n2. b"),
        ("* a\n+ b", "- a\n- b"),
        ("- a\n  - b", "- a\n- b"),
        ("- a\n\t- b\n\t\t- c", "- a\n\t- b\n\t\t- c"),
        ("> a\n> b", "> a\n> b"),
        ("> a<br>b", "> a<br>b"),
        ("```ts\nlet x = `1`\n```", "```typescript\nlet x = `1`\n```"),
        ("```\n\n\tx\n```", "```plain text\n\n\tx\n```"),
        ("````md\n```\n````", "````markdown\n```\n````"),
        ("```mermaid\npie\n```", "```mermaid\npie\n```"),
        ("$5 < {6} and | [x] ~", r"\$5 \< \{6\} and \| \[x\] \~"),
        ("snake_case _ x", r"snake_case \_ x"),
        ("<empty-block/>", "<empty-block/>"),
        ("a\nb\n\nc", "a\nb\nc"),
        ("***", "---"),
        ("[t](https://x.example/a_b)", "[t](https://x.example/a_b)"),
        ("<https://x.example>", "[https://x.example](https://x.example)"),
        ("![alt](https://x.example/i.png)", "![alt](https://x.example/i.png)"),
        ("a &amp; b &copy;", "a & b ©"),
        (r"\&amp;", r"\&amp;"),
        ("**bold **x", "\\*\\*bold \\*\\*x"),
        ("# Title {color=\"red\"}", "# Title {color=\"red\"}"),
        ("| a | b |\n|---|---|\n| 1 |", '<table header-row="true">\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n'
         "<tr>\n<td>1</td>\n<td></td>\n</tr>\n</table>"),
        ("<details>\n<summary>S</summary>\n\tinner\n</details>\nx",
         "<details>\n<summary>S</summary>\n\tinner\n</details>\nx"),
        ("<details>\n<summary>S</summary>\nflat\n</details>\nx",
         "<details>\n<summary>S</summary>\n</details>\nflat\nx"),
        ("> [!WARNING]\n> careful", "> \\[!WARNING\\]\n> careful"),
        ("$$\nx^2\n$$", "$$\nx^2\n$$"),
        ("- [ ] a\n- [X] b", "- [ ] a\n- [x] b"),
        (r"1\. not a list", r"1\. not a list"),
    ],
)  # fmt: skip
def test_normalisation(source: str, kept: str) -> None:
    assert _kept(source) == kept
    assert _kept(kept) == kept


def test_a_table_cell_keeps_its_pipe_and_styles() -> None:
    table = read("| a \\| b | **c** |\n|:--|--:|\n| `x` | y |")[0]
    assert [plain(cell) for cell in table.children[0].data["cells"]] == ["a | b", "c"]
    assert table.children[0].data["cells"][1][0]["annotations"]["bold"] is True
    assert table.children[1].data["cells"][0][0]["annotations"]["code"] is True
    assert table.data["has_column_header"] is True


def test_long_lines_become_texts_of_2000_units() -> None:
    block = read("🧩" * 3000)[0]
    texts = [item["text"]["content"] for item in block.data["rich_text"]]
    assert [utf16_units(text) for text in texts] == [2000, 2000, 2000]
    assert "".join(texts) == "🧩" * 3000


def test_reading_stops_at_20000_blocks() -> None:
    text, cut = write(read("\n".join("x" for _ in range(20_001))))
    assert cut is True
    assert text.count("\n") == 19_999
    assert write(read("x"))[1] is False


_WORDS = st.text("ab1 _*~`$[]<>{}|^\\#-+.!()&;:/é🧩\"'", max_size=12)
_LINES = st.one_of(
    _WORDS,
    st.builds("{}{}".format, st.sampled_from(["# ", "###### ", "- ", "1. ", "> ", "- [ ] ", "\t- ", "\t"]), _WORDS),
    st.builds("a **{}** b".format, st.sampled_from(["x", "x y", "é", "1"])),
    st.builds("[{}](https://x.example)".format, st.sampled_from(["x", "x*y"])),
    st.builds("`{}`".format, st.text("ab |<", min_size=1, max_size=5)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_LINES, max_size=6).map("\n".join))
def test_normalised_text_settles(source: str) -> None:
    """Reading and writing never fails, and what has been normalised twice doesn't change any more."""
    twice = _kept(_kept(source))
    assert _kept(twice) == twice


@settings(max_examples=300, deadline=None)
@given(st.text("ab1 _*~`$[]<>{}|^\\#-+.!()&;:/é🧩\"'=", min_size=1, max_size=20).filter(lambda t: t == t.strip()))
def test_escaped_text_comes_back_literally(literal: str) -> None:
    """Text that a block holds without styles survives the way to Markdown and back."""
    source, _ = write([Node("paragraph", rich(from_plain(literal), icon=None))])
    back = read(source)
    assert [node.type for node in back] == ["paragraph"]
    assert plain(back[0].data["rich_text"]) == literal
