"""Ids and names as Notion writes them: dashed or not, bare or inside a URL, percent-encoded or not.

Belongs here: bringing them into the one form in which they are compared.
"""

import re
import unicodedata
from urllib.parse import unquote

_AT_END = re.compile(r"[0-9a-fA-F]{32}/?$")
_VARIATION_SELECTOR_16 = "\ufe0f"


def notion_id(text: str) -> str:
    """Return the id in ``text``, dashed and lower case: a bare id, or the one that ends the path of an object's URL.

    Any domain is taken, because Notion has changed the one its links use.

    Raises:
        ValueError: There is none.
    """
    path = text.strip().partition("?")[0].partition("#")[0]
    match = _AT_END.search(path.replace("-", ""))
    if match is None:
        raise ValueError(f"{text!r} holds no Notion id (32 hexadecimal digits, with or without dashes)")
    digits = match.group().rstrip("/").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def stable_url(url: str) -> str:
    """Return the address of a page without its title, which is part of it and may change."""
    head, _, last = url.rpartition("/")
    return f"{head}/{match.group()}" if (match := _AT_END.search(last)) else url


def property_key(property_id: str) -> str:
    """Return a property's id in the form to compare: Notion percent-encodes it in some responses and not in others."""
    return unquote(property_id)


def name_key(name: str) -> str:
    """Return a name in the form to compare: how Notion normalises emoji names is not documented."""
    return unicodedata.normalize("NFC", name.replace(_VARIATION_SELECTOR_16, "")).strip()
