"""Rich text: what a request may hold, and the form in which the API gives it back.

Text and equations with annotations and links; mentions are refused, nothing of this project writes them.
"""

from collections.abc import Iterable
from typing import Any
from unicodedata import category, normalize

from roadmap_sandbox.notion.validation import (
    MAX_TEXT_UNITS,
    Shape,
    anything,
    array,
    boolean,
    cut_units,
    literal,
    nullable,
    record,
    tagged,
    text,
)

RichText = list[dict[str, Any]]

COLOURS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
BLOCK_COLOURS = (*COLOURS, "default_background", *(f"{colour}_background" for colour in COLOURS[1:]))
STYLES = ("bold", "italic", "strikethrough", "underline", "code")

_ANNOTATIONS = record(optional={**dict.fromkeys(STYLES, boolean), "color": literal(*BLOCK_COLOURS)})

RICH_TEXT: Shape = array(
    tagged(
        {
            "text": record(
                {"content": text(most=MAX_TEXT_UNITS)},
                {"link": nullable(record({"url": text(least=1, most=MAX_TEXT_UNITS)}, {"type": literal("url")}))},
            ),
            "equation": record({"expression": text(most=1000)}),
        },
        {"annotations": _ANNOTATIONS, "plain_text": anything, "href": anything},
    )
)
"""A rich-text array of at most 100 items."""


def run(content: str, url: str | None = None, *, color: str = "default", **styles: bool) -> dict[str, Any]:
    """Return one text object as responses show it; ``styles`` are the names in :data:`STYLES`."""
    return {
        "type": "text",
        "text": {"content": content, "link": None if url is None else {"url": url}},
        "annotations": {**{style: styles.get(style, False) for style in STYLES}, "color": color},
        "plain_text": content,
        "href": url,
    }


def normalise(items: Iterable[dict[str, Any]]) -> RichText:
    """Return checked request items in the form of responses; empty texts vanish."""
    result: RichText = []
    for item in items:
        annotations = dict(item.get("annotations") or {})
        color = annotations.pop("color", "default")
        if "equation" in item:
            expression = item["equation"]["expression"]
            blank = run(expression, None, color=color, **annotations)
            result.append(
                {
                    "type": "equation",
                    "equation": {"expression": expression},
                    "annotations": blank["annotations"],
                    "plain_text": expression,
                    "href": None,
                }
            )
            continue
        content = item["text"]["content"]
        link = item["text"].get("link")
        if content:
            result.append(run(content, link["url"] if link else None, color=color, **annotations))
    return result


def normalised_title(items: RichText) -> RichText:
    """Return a title trimmed, composed (NFC) and without control characters; what is empty then vanishes."""
    texts = [
        "".join(one for one in normalize("NFC", item["plain_text"]) if category(one) != "Cc")
        for item in items
        if item["type"] == "text"
    ]
    if len(texts) < len(items):
        return items
    if texts:
        texts[0] = texts[0].lstrip()
        texts[-1] = texts[-1].rstrip()
    return [
        {**item, "text": {**item["text"], "content": content}, "plain_text": content}
        for item, content in zip(items, texts, strict=True)
        if content
    ]


def plain(items: Iterable[dict[str, Any]]) -> str:
    """Return the text without its annotations."""
    return "".join(item["plain_text"] for item in items)


def style_of(item: dict[str, Any]) -> tuple[Any, ...]:
    """Return what two neighbouring text objects must share to be one."""
    return (item["type"], item["href"], *item["annotations"].values())


def joined(items: Iterable[dict[str, Any]]) -> RichText:
    """Return neighbours of one style joined, then split again so that no text is longer than 2000 UTF-16 units."""
    merged: RichText = []
    for item in items:
        if merged and item["type"] == "text" and style_of(merged[-1]) == style_of(item):
            content = merged[-1]["plain_text"] + item["plain_text"]
            merged[-1] = {**merged[-1], "text": {**merged[-1]["text"], "content": content}, "plain_text": content}
        else:
            merged.append(item)
    result: RichText = []
    for item in merged:
        rest = item["plain_text"]
        if item["type"] != "text":
            result.append(item)
            continue
        while rest:
            piece = cut_units(rest, MAX_TEXT_UNITS)
            result.append({**item, "text": {**item["text"], "content": piece}, "plain_text": piece})
            rest = rest[len(piece) :]
    return result


def from_plain(content: str) -> RichText:
    """Return unstyled text of any length."""
    return joined([run(content)]) if content else []
