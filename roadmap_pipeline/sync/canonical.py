"""The shared fields of a milestone in canonical form, so that both sides can be compared: title, target date, status.

Belongs here: what of a value counts. Which side's value stands is decided in ``merge`` and ``shared_fields``.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Literal, get_args

from roadmap_pipeline.notion.layout import ENGINEERING_ROADMAP

Status = Literal["Planned", "In Progress", "Blocked", "Completed"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""The statuses that GitHub has a place for: labels of the tracking issue carry all but the last, which the milestone's
own state says."""
DERIVED: tuple[Status, ...] = ("Planned", "In Progress")
"""The statuses of which one is shown where people gave none on GitHub."""

TITLE = ENGINEERING_ROADMAP.title_property.name
TARGET_DATE = "📆 Target Date"
STATUS = "✅ Status"
SHARED = (TITLE, TARGET_DATE, STATUS)

GITHUB_CLOSED = "github.closed"
GITHUB_LABEL = "github.label"
"""Fields of a base that only GitHub has: of both together its status is made."""
GITHUB_UPDATED = "github.updated"
"""Field of a base: when GitHub last changed the milestone, before or after a write of ours."""

SEPARATOR = " · "
"""Stands between a title and the repository that tells milestones of one name apart."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def canonical_title(title: str | None, repo: str | None = None) -> str | None:
    """Return what of a title counts, on either side; None where nothing is left.

    Composed (NFC), without control characters, trimmed, and without the suffix that tells milestones of one name apart:
    that is Notion's display, no part of the title.
    """
    text = _CONTROL.sub("", unicodedata.normalize("NFC", title or "")).strip()
    if repo is not None and text.casefold().endswith((SEPARATOR + repo).casefold()):
        text = text[: -len(SEPARATOR + repo)].rstrip()
    return text or None


def displayed_titles(titles: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the titles that the rows bear: those that several milestones have are told apart by their repository.

    Args:
        titles: Repository and canonical title, by sync key.
    """
    counts = Counter(title for _, title in titles.values())
    return {key: f"{title}{SEPARATOR}{repo}" if counts[title] > 1 else title for key, (repo, title) in titles.items()}
