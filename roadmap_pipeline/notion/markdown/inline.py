"""Lines of prose: escaping what Notion would take for mark-up of its own.

Belongs here: one line of text at a time.
"""

import html
import re
from collections.abc import Mapping

INLINE = re.compile(
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
"""The mark-up that inline HTML becomes; other tags are shown as they are written."""
_LITERAL = frozenset("\\*~`$[]<>{}|^_#")


def escape_inline(text: str, footnotes: Mapping[str, str]) -> str:
    """Return one line of prose with everything escaped that Notion would take for mark-up of its own."""

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
            return f"[\\^{match['footnote']}]" if note is None else f" ({escape_inline(note, {})})"
        if kind == "tag":
            tag = _TAGS.get(match["tag"].lower())
            return "\\" + whole if tag is None else tag
        if kind == "entity":
            character = html.unescape(whole)
            return "".join("\\" + c if c in _LITERAL else c for c in character) if character != whole else whole
        return whole

    return INLINE.sub(replaced, text)
