"""GitHub's Markdown in Notion's dialect, and fitting text into Notion's limits.

Belongs here: pure functions on text. Notion takes Markdown itself and makes its blocks from it, but reads some of it
differently: lines of a quote are quotes of their own, children are indented by tabs, alerts, footnotes and HTML
comments are unknown, and ``<``, ``{``, ``$`` and ``^`` in prose begin mark-up of its own. Code is never touched.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

TEXT_UNITS = 2000
"""Most UTF-16 code units in one text object."""

REPORT_UNITS = 190_000
"""Most UTF-16 code units of a report, so that it fits the 100 text objects of a property."""

_BODY_BYTES = 480_000
"""Most bytes of a report as JSON; Notion refuses requests above 512,000."""

_GRAPHEME_LOOK_BACK = 32
_DEEPEST = 20

_ALERTS = {
    "NOTE": ("ℹ️", "blue_bg"),
    "TIP": ("💡", "green_bg"),
    "IMPORTANT": ("📌", "purple_bg"),
    "WARNING": ("⚠️", "yellow_bg"),
    "CAUTION": ("🛑", "red_bg"),
}

_FENCE = re.compile(r"^ {0,3}(?:(`{3,})(?!.*`)|(~{3,}))")
_CONTAINERS = re.compile(r"^(?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*")
_HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(\1[ \t]*){2,}$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_ITEM = re.compile(r"^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$")
_QUOTE = re.compile(r"^ {0,3}> ?")
_ALERT = re.compile(r"^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*$", re.IGNORECASE)
_DELIMITER_ROW = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_DETAILS = re.compile(r"^ {0,3}<details\b[^>]*>", re.IGNORECASE)
_DETAILS_TAG = re.compile(r"<(/?)details\b[^>]*>", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*<summary\b[^>]*>(.*?)</summary>", re.IGNORECASE | re.DOTALL)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$")

_INLINE = re.compile(
    r"""
      (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:.+?)(?<!`)(?P=ticks)(?!`))
    | <(?P<autolink>https?://[^\s<>]+)>
    | (?P<target>\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:[ ]"[^"]*")?\))
    | (?P<url>https?://[^\s<>|)\]`]+)
    | \[\^(?P<footnote>[^\]\s]+)\]
    | <(?P<close>/?)(?P<tag>[A-Za-z]+)[ ]*/?>
    | (?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)
    | (?P<special>[<{$^])
    """,
    re.VERBOSE | re.DOTALL,
)
_TAGS = {
    "b": "**",
    "strong": "**",
    "i": "*",
    "em": "*",
    "s": "~~",
    "del": "~~",
    "code": "`",
    "kbd": "`",
    "sub": "",
    "sup": "",
    "br": "<br>",
}
"""What inline HTML becomes; other tags are shown as they are written."""

_LITERAL = frozenset("\\*~`$[]<>{}|^_#")


def to_notion(gfm: str) -> str:
    """GitHub-flavoured Markdown as Notion's Markdown endpoints take it.

    Alerts become callouts; quotes keep their lines together; the bodies of ``<details>`` and what belongs to a list
    item or callout are indented by tabs; footnotes stand where they are referred to; HTML comments go; lines of a
    paragraph are joined, as GitHub shows them; stray ``<``, ``{``, ``$`` and ``^`` are escaped. Headings, pipe tables
    and fenced code stay.
    """
    lines = gfm.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines, footnotes = _without_footnotes(_without_comments(_with_spaces(lines)))
    return "\n".join(_blocks(lines, _Place(footnotes)))


# --- blocks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where blocks stand: the texts of the footnotes they may refer to, and in how many other blocks they are."""

    footnotes: Mapping[str, str]
    depth: int = 0

    def inside(self) -> "_Place":
        """The place of a block's children."""
        return _Place(self.footnotes, self.depth + 1)


def _blocks(lines: Sequence[str], place: _Place) -> Iterator[str]:
    """The lines of Notion's dialect for a sequence of blocks, an empty line between them except in a list."""
    after: str | None = None
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        # Nobody nests so deep; whatever does is not worth its structure.
        kind, end = _next_block(lines, at) if place.depth < _DEEPEST else ("text", at + 1)
        if after is not None and not (after == kind == "item"):
            yield ""
        yield from _converted(kind, lines[at:end], place)
        after, at = kind, end


def _next_block(lines: Sequence[str], start: int) -> tuple[str, int]:
    """The kind of the block that begins at ``start``, and one past its last line."""
    line, at = lines[start], start + 1
    if _fence(line):
        return "fence", _fence_end(lines, start)
    if line.startswith("    "):
        while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
            at += 1
        return "indented code", at
    if _HEADING.match(line):
        return "heading", at
    if _RULE.match(line):
        return "rule", at
    if _QUOTE.match(line):
        while at < len(lines) and (_QUOTE.match(lines[at]) or _continues(lines, at)):
            at += 1
        return "quote", at
    if _DETAILS.match(line):
        return "details", _details_end(lines, start)
    if _ITEM.match(line):
        return "item", _item_end(lines, start)
    if _is_table(lines, start):
        while at < len(lines) and lines[at].strip() and (at < start + 2 or not _begins_block(lines, at)):
            at += 1
        return "table", at
    while at < len(lines) and _continues(lines, at) and not _UNDERLINE.match(lines[at]):
        at += 1
    if at < len(lines) and _UNDERLINE.match(lines[at]):
        return "underlined", at + 1
    return "paragraph", at


def _converted(kind: str, lines: Sequence[str], place: _Place) -> Iterator[str]:
    """The lines of one block, its children indented by a tab more."""
    if kind == "fence":
        yield from lines
    elif kind == "indented code":
        yield from _fenced([line[4:] for line in lines])
    elif kind == "rule":
        yield "---"
    elif kind == "quote":
        yield from _quote([_QUOTE.sub("", line, count=1) for line in lines], place)
    elif kind == "details":
        yield from _details(lines, place)
    elif kind == "item":
        yield from _item(lines, place)
    elif kind == "underlined":
        yield ("# " if "=" in lines[-1] else "## ") + _inline(_joined(lines[:-1]), place.footnotes)
    elif kind == "paragraph":
        yield _inline(_joined(lines), place.footnotes)
    else:
        yield from (_inline(line.strip(), place.footnotes) for line in lines)


def _begins_block(lines: Sequence[str], at: int) -> bool:
    """Whether a line begins something that ends the paragraph before it."""
    line = lines[at]
    item = _ITEM.match(line)
    return bool(
        _fence(line)
        or _HEADING.match(line)
        or _RULE.match(line)
        or _QUOTE.match(line)
        or _DETAILS.match(line)
        # As in CommonMark: only a list that starts with 1, and not with an empty item, may interrupt a paragraph.
        or (item and len(item[1]) < 4 and item[4] and (item[2] in "-*+" or item[2][:-1] == "1"))
        or _is_table(lines, at)
    )


def _continues(lines: Sequence[str], at: int) -> bool:
    """Whether a line goes on with the paragraph of the line before."""
    return at > 0 and bool(lines[at].strip() and lines[at - 1].strip()) and not _begins_block(lines, at)


def _joined(lines: Sequence[str]) -> str:
    """The lines of one paragraph in one line; hard breaks stay breaks."""
    text = ""
    for line in lines:
        stripped = line.strip()
        if line.endswith("  "):
            text += stripped + "<br>"
        elif stripped.endswith("\\") and not stripped.endswith("\\\\"):
            text += stripped[:-1] + "<br>"
        else:
            text += stripped + " "
    return text.removesuffix(" ").removesuffix("<br>")


def _fence(line: str) -> str | None:
    """The characters that open a fence, or None."""
    match = _FENCE.match(line)
    return (match[1] or match[2]) if match else None


def _fence_end(lines: Sequence[str], start: int) -> int:
    """One past the line that closes the fence opened at ``start``; a fence left open goes to the end."""
    marker = _fence(lines[start]) or ""
    closing = re.compile(rf"^ {{0,3}}{re.escape(marker[0])}{{{len(marker)},}}[ \t]*$")
    for at in range(start + 1, len(lines)):
        if closing.match(lines[at]):
            return at + 1
    return len(lines)


def _fenced(code: list[str]) -> list[str]:
    while code and not code[-1].strip():
        code.pop()
    longest = max((len(run) for line in code for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *code, fence]


def _is_table(lines: Sequence[str], at: int) -> bool:
    return (
        at + 1 < len(lines)
        and "|" in lines[at]
        and "|" in lines[at + 1]
        and _DELIMITER_ROW.match(lines[at + 1]) is not None
    )


def _quote(lines: Sequence[str], place: _Place) -> Iterator[str]:
    alert = _ALERT.match(lines[0].strip())
    if alert:
        icon, color = _ALERTS[alert[1].upper()]
        yield f'<callout icon="{icon}" color="{color}">'
        yield from _indented(_blocks(lines[1:], place.inside()))
        yield "</callout>"
        return
    # Paragraphs at the start share the quote's own text; what is no paragraph becomes its children.
    at = 0
    paragraphs: list[str] = []
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if _begins_block(lines, at) or _ITEM.match(lines[at]) or lines[at].startswith("    "):
            break
        start = at
        while at < len(lines) and (at == start or _continues(lines, at)):
            at += 1
        paragraphs.append("<br>".join(_inline(_joined([line]), place.footnotes) for line in lines[start:at]))
    yield "> " + "<br><br>".join(paragraphs)
    yield from _indented(_blocks(lines[at:], place.inside()))


def _details_end(lines: Sequence[str], start: int) -> int:
    """One past the line that closes the ``<details>`` of line ``start``; one left open goes to the end."""
    depth, at = 0, start
    while at < len(lines):
        if _fence(lines[at]):
            at = _fence_end(lines, at)
            continue
        for tag in _DETAILS_TAG.finditer(lines[at]):
            depth += -1 if tag[1] else 1
        at += 1
        if depth <= 0:
            return at
    return at


def _details(lines: Sequence[str], place: _Place) -> Iterator[str]:
    text = "\n".join(lines)
    inner = text[text.index(">") + 1 :]
    if inner.rstrip().lower().endswith("</details>"):
        inner = inner.rstrip()[: -len("</details>")]
    summary = _SUMMARY.match(inner)
    if summary:
        inner = inner[summary.end() :]
    title = _inline(_joined(summary[1].strip().split("\n")), place.footnotes) if summary else "Details"
    yield "<details>"
    yield f"<summary>{title}</summary>"
    yield from _indented(_blocks(inner.split("\n"), place.inside()))
    yield "</details>"


def _item_end(lines: Sequence[str], start: int) -> int:
    """One past the last line of the list item that begins at ``start``."""
    inside = _content_indent(lines[start])
    at = start + 1
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            following = next((later for later in lines[at:] if later.strip()), "")
            if _indent(following) < inside:
                return at
        elif _indent(line) < inside and (_ITEM.match(line) or not _continues(lines, at)):
            return at
        at += 1
    return at


def _content_indent(line: str) -> int:
    """The column at which the text of a list item begins."""
    item = _ITEM.match(line)
    if item is None:
        raise ValueError(f"no list item: {line!r}")
    gap = len(item[3])
    return len(item[1]) + len(item[2]) + (gap if 1 <= gap <= 4 and item[4] else 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _item(lines: Sequence[str], place: _Place) -> Iterator[str]:
    inside = _content_indent(lines[0])
    marker = lines[0].strip().split(" ", 1)[0]
    content = [lines[0][inside:], *(line[min(inside, _indent(line)) :] for line in lines[1:])]
    children = list(_blocks(content, place.inside()))
    # Where the item begins with a block that is no text, its own line stays empty and the block becomes a child.
    has_text = bool(content[0].strip()) and not (
        _begins_block(content, 0) or _ITEM.match(content[0]) or content[0].startswith("    ")
    )
    own = children.pop(0) if has_text else ""
    if children and not children[0]:
        del children[0]
    yield f"{'-' if marker in '*+' else marker.replace(')', '.')} {own}".rstrip()
    yield from _indented(children)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return ("\t" + line if line else line for line in lines)


# --- lines that go ----------------------------------------------------------------------------------------------------


def _fenced_lines(lines: Sequence[str]) -> set[int]:
    """The lines of fenced code at any depth of quotes and lists, fences included."""
    inside: set[int] = set()
    marker: str | None = None
    for at, line in enumerate(lines):
        bare = line[_CONTAINERS.match(line).end() :] if marker is None else line.lstrip(" \t>")  # type: ignore[union-attr]
        if marker is None:
            marker = _fence(bare)
            if marker is not None:
                inside.add(at)
            continue
        inside.add(at)
        if bare.startswith(marker) and not bare.strip().strip(marker[0]):
            marker = None
    return inside


def _with_spaces(lines: Sequence[str]) -> list[str]:
    """The lines indented by spaces only; inside code tabs stay."""
    code = _fenced_lines(lines)
    indent = re.compile(r"^[ \t]+")
    return [
        line if at in code and not _fence(line.lstrip()) else indent.sub(lambda found: found[0].expandtabs(4), line)
        for at, line in enumerate(lines)
    ]


def _without_comments(lines: Sequence[str]) -> list[str]:
    """The lines without HTML comments; those inside code stay."""
    code = _fenced_lines(lines)
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        was_blank = not line.strip()
        begin = None if at in code else _comment_start(line)
        while begin is not None:
            end = line.find("-->", begin + 4)
            while end < 0 and at + 1 < len(lines):
                at += 1
                line += "\n" + lines[at]
                end = line.find("-->", begin + 4)
            line = line[:begin] + (line[end + 3 :] if end >= 0 else "")
            begin = _comment_start(line)
        if line.strip() or was_blank or at in code:
            kept.append(line)
        at += 1
    return kept


def _comment_start(line: str) -> int | None:
    """Where a comment begins in a line, outside code spans and not escaped."""
    at = 0
    while (start := line.find("<!--", at)) >= 0:
        inside = next(
            (match for match in _INLINE.finditer(line) if match["code"] and match.start() < start < match.end()), None
        )
        if inside is None and (start == 0 or line[start - 1] != "\\"):
            return start
        at = inside.end() if inside else start + 4
    return None


def _without_footnotes(lines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The lines without the definitions of footnotes, and their texts by name."""
    code = _fenced_lines(lines)
    kept: list[str] = []
    footnotes: dict[str, str] = {}
    at = 0
    while at < len(lines):
        definition = None if at in code else _FOOTNOTE.match(lines[at])
        if definition is None:
            kept.append(lines[at])
            at += 1
            continue
        text = [definition[2]]
        at += 1
        while at < len(lines) and lines[at].startswith("    "):
            text.append(lines[at])
            at += 1
        footnotes[definition[1]] = _joined(text).strip()
    return kept, footnotes


# --- inline -----------------------------------------------------------------------------------------------------------


def _inline(text: str, footnotes: Mapping[str, str]) -> str:
    """One line of prose with everything escaped that Notion would take for mark-up of its own."""

    def replaced(match: re.Match[str]) -> str:
        kind = match.lastgroup
        whole = match[0]
        if kind == "special":
            return "\\" + whole
        if kind == "autolink":
            return f"[{match['autolink']}]({match['autolink']})"
        if kind == "footnote":
            note = footnotes.get(match["footnote"])
            # Its own references are dropped: footnotes may refer to each other in a circle.
            return f"[\\^{match['footnote']}]" if note is None else f" ({_inline(note, {})})"
        if kind == "tag":
            tag = _TAGS.get(match["tag"].lower())
            return "\\" + whole if tag is None else tag
        if kind == "entity":
            character = html.unescape(whole)
            return "".join("\\" + c if c in _LITERAL else c for c in character) if character != whole else whole
        return whole

    return _INLINE.sub(replaced, text)


# --- limits -----------------------------------------------------------------------------------------------------------


def utf16_units(text: str) -> int:
    """Length of ``text`` in UTF-16 code units, in which Notion counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_utf16(text: str, limit: int = TEXT_UNITS) -> list[str]:
    """``text`` in pieces of at most ``limit`` UTF-16 code units whose concatenation is ``text``; none for no text.

    No character is cut, and within reason nothing that shows as one sign either (an emoji with its modifiers, a letter
    with its accents, a flag). ``limit`` is at least 2.
    """
    if limit < 2:
        raise ValueError("a character can take two UTF-16 units")
    pieces = []
    start = 0
    while start < len(text):
        end = min(len(text), start + limit)
        excess = utf16_units(text[start:end]) - limit
        while excess > 0:
            end -= 1
            excess -= 2 if text[end] > "\uffff" else 1
        end = _between_signs(text, start, end)
        pieces.append(text[start:end])
        start = end
    return pieces


def _between_signs(text: str, start: int, end: int) -> int:
    """The last place up to ``end`` at which no sign is cut; ``end`` itself when there is none near."""
    at = end
    while at < len(text) and at > max(start + 1, end - _GRAPHEME_LOOK_BACK):
        if not _joins(text[at - 1], text[at]):
            return at
        at -= 1
    return end


def _joins(before: str, after: str) -> bool:
    if before == "\r" and after == "\n":
        return True
    if "\u200d" in (before, after) or unicodedata.category(after).startswith("M") or "🏻" <= after <= "🏿":
        return True
    return "🇦" <= before <= "🇿" and "🇦" <= after <= "🇿"


def fit(markdown: str, whole: str, limit_units: int = REPORT_UNITS) -> str:
    """``markdown`` itself where it fits ``limit_units`` UTF-16 code units and Notion's size of a request, else as many
    of its sections as do, cut before a heading, and a last line saying where the whole is (``whole``: a path or URL).
    """
    if _fits(markdown, limit_units):
        return markdown
    note = f"\n\n---\n\n*This report was cut here to fit. The whole is at {whole}.*\n"
    lines = markdown.splitlines(keepends=True)
    cuts = [at for at in _headings(lines) if at > 0]
    # Sections only get longer, so the last cut that fits is found by halving.
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits("".join(lines[: cuts[middle - 1]]).rstrip() + note, limit_units):
            low = middle
        else:
            high = middle - 1
    if low > 0:
        return "".join(lines[: cuts[low - 1]]).rstrip() + note
    # Not even the first section fits: keep the lines that do, so that the reader sees at least its beginning.
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(_closed(lines[:middle]) + note, limit_units):
            low = middle
        else:
            high = middle - 1
    return (_closed(lines[:low]) + note).lstrip()


def _fits(markdown: str, limit_units: int) -> bool:
    return utf16_units(markdown) <= limit_units and all(
        len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) <= _BODY_BYTES
        for text in (markdown, to_notion(markdown))
    )


def _headings(lines: Sequence[str]) -> list[int]:
    """The lines that are headings, outside code and ``<details>``."""
    found = []
    at = 0
    while at < len(lines):
        if _fence(lines[at]):
            at = _fence_end(lines, at)
        elif _DETAILS.match(lines[at]):
            at = _details_end(lines, at)
        else:
            if _HEADING.match(lines[at]):
                found.append(at)
            at += 1
    return found


def _closed(lines: Sequence[str]) -> str:
    """The lines, with a fence that was cut open closed again."""
    text = "".join(lines).rstrip()
    at = 0
    while at < len(lines):
        marker = _fence(lines[at])
        if marker is None:
            at += 1
            continue
        end = _fence_end(lines, at)
        if end == len(lines) and not re.match(rf"^ {{0,3}}{re.escape(marker)}", lines[-1]):
            return f"{text}\n{marker}"
        at = end
    return text
