"""Showing text from logs and titles where Markdown, HTML, mentions or control characters have a meaning.

Belongs here: neutralising foreign text for GitHub, Notion and terminals. Secrets belong to
:mod:`roadmap_pipeline.failures.logs.redaction`.
"""

import re

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SPACE = re.compile(r"[\t\r\n\u2028\u2029 ]+")
_BACKTICKS = re.compile(r"`+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$^=-])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# A character that shows nothing keeps GitHub from seeing a mention, a cross-reference, a URL or a commit.
_WORD_JOINER = "\u2060"
_MENTION = re.compile(r"@(?=[\w-])")
_REFERENCE = re.compile(r"(?i)(\\?#|gh\\?-)(?=\d)")
_URL = re.compile(r"(?i)\b(https?|ftp)(?=://)|\bwww(?=\.)")
_COMMIT = re.compile(r"\b([0-9a-f]{6})(?=[0-9a-f]{1,34}\b)")


def as_code(text: str, max_chars: int) -> str:
    """Return ``text`` as inline code on one line, at most ``max_chars`` characters of it (cut with …).

    Safe in a table cell: no line break, and a vertical bar becomes U+2502. Mentions and references do not fire in code.
    """
    text = _shortened(_plain(text).replace("|", "│"), max_chars)
    if not text:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def escape_markdown(text: str) -> str:
    """Return ``text`` on one line so that it reads as written.

    Nothing in it is formatting, HTML, a mention, a reference or a table column.
    """
    text = _plain(text)
    text = _MARKDOWN.sub(r"\\\1", "".join(_HTML.get(character, character) for character in text))
    text = _MENTION.sub(f"@{_WORD_JOINER}", text)
    text = _REFERENCE.sub(rf"\1{_WORD_JOINER}", text)
    text = _URL.sub(lambda match: match[0] + _WORD_JOINER, text)
    text = _COMMIT.sub(rf"\1{_WORD_JOINER}", text)
    return re.sub(r"\A(\d+)([.)])", rf"\1{_WORD_JOINER}\2", text)


def as_plain(text: str, max_chars: int) -> str:
    """Return ``text`` for a terminal.

    It is on one line, without control and invisible characters, cut with … to ``max_chars``.
    """
    return _shortened(_plain(text), max_chars)


def without_controls(text: str) -> str:
    """Return ``text`` for a terminal, lines kept.

    Nothing in it moves the cursor, colours or turns the direction around.
    """
    return _INVISIBLE.sub("", text)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _INVISIBLE.sub("", _SPACE.sub(" ", text))).strip()


def _shortened(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else text[: max(0, max_chars - 1)].rstrip() + "…"
