"""The messages in words: plain text, which reads alike in a chat and in a mail.

Belongs here: titles and bodies, and keeping what strangers wrote (titles of milestones, names of workflows) from being
more than text: no mention, no link of its own, no second line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.notifications.changes import Change, OpenRisk
from roadmap_pipeline.reports import format as fmt

MOST_LINES = 20
"""Risks that a digest names; the others are counted."""

MOST_PLACES = 5
_TITLE_CHARS = 100
_SENTENCE_CHARS = 300

_WORD_JOINER = "\u2060"
_MENTION = re.compile(r"[@#!](?=\w)")
_URL = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}(?=://)|www(?=\.)|mailto(?=:))")
_MARKS = str.maketrans(
    {"<": "‹", ">": "›", "`": "'", "*": "∗", "_": "ˍ", "~": "∼", "|": "│", "[": "(", "]": ")", "\\": "/"}
)
"""Characters that have a meaning somewhere, and ones that look like them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and the changes of which it tells."""

    kind: Literal["change", "digest", "alert", "test"]
    title: str
    body: str
    changes: tuple[Change, ...] = ()


def plain(text: str, most: int = _TITLE_CHARS) -> str:
    """Return a stranger's text so that it is text wherever it is read: one line, no mention, no markup, no link."""
    text = as_plain(text, most).translate(_MARKS)
    text = _MENTION.sub(lambda found: found[0] + _WORD_JOINER, text)
    return _URL.sub(lambda found: found[0] + _WORD_JOINER, text)


def message_of(change: Change) -> Message:
    """Return the message about one change."""
    one = change.now or change.before
    assert one is not None
    places = _places(one.places)
    if change.kind == "cleared":
        assert change.before is not None
        title = f"Cleared: {change.before.label.lower()} · {places}"
        lines = [f"No longer {change.before.label.lower()}{_rest(change)}."]
    else:
        assert change.now is not None
        title = f"{'Worse: ' if change.kind == 'worse' else ''}{change.now.label} · {places}"
        lines = list(_sentences(change.now))
    return Message("change", title, "\n".join([*lines, *one.urls]), (change,))


def digest_of(changes: Sequence[Change], open_risks: Sequence[OpenRisk]) -> Message:
    """Return one message about several changes, gravest first, and how many risks are open in all."""
    groups: list[tuple[str, list[Change]]] = [
        (name, [change for change in changes if change.kind == kind])
        for name, kind in (("New", "opened"), ("Worse", "worse"), ("Cleared", "cleared"))
    ]
    counts = [f"{len(members)} {name.lower()}" for name, members in groups if members]
    lines: list[str] = []
    left = MOST_LINES
    for name, members in groups:
        if members:
            lines += ["", f"{name}:"] if lines else [f"{name}:"]
            lines += [_line(change) for change in members[:left]]
            if len(members) > left:
                lines.append(f"… and {len(members) - left} more")
            left = max(0, left - len(members))
    title = f"Roadmap: {', '.join(counts)} · {fmt.several(len(open_risks), 'risk')} open"
    return Message("digest", title, "\n".join(lines), tuple(changes))


def message_for_trial() -> Message:
    """Return a message that says only that messages arrive."""
    return Message("test", "Roadmap: a test", "Messages about risks of milestones arrive here. Nothing happened.")


def _line(change: Change) -> str:
    one = change.now or change.before
    assert one is not None
    address = f" {one.urls[0]}" if one.urls else ""
    if change.kind == "cleared":
        assert change.before is not None
        return f"- {change.before.label} · {_places(one.places)}{_rest(change)}{address}"
    assert change.now is not None
    return f"- {change.now.label} · {_places(one.places)}, {_since(change.now)}: {_cause(change.now)}{address}"


def _sentences(risk: OpenRisk) -> Iterator[str]:
    yield f"{_cause(risk)} ({risk.severity} severity, {_since(risk)})"
    yield f"What clears it: {plain(risk.clears_when, _SENTENCE_CHARS)}"
    if risk.owner:
        yield f"Whom to ask: {plain(risk.owner)}"


def _cause(risk: OpenRisk) -> str:
    return plain(risk.cause, _SENTENCE_CHARS)


def _since(risk: OpenRisk) -> str:
    return f"since {risk.since}{'' if risk.is_since_known else ' or before'}"


def _rest(change: Change) -> str:
    """Return what is left of a risk that eased."""
    return f", still {change.now.label.lower()}" if change.now is not None else ""


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(plain(place) for place in places[:MOST_PLACES])
    return shown + (f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else "")
