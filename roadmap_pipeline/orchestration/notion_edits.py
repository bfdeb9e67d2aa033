"""The choice of edits in Notion that are new: the decision under the sensor that watches the roadmap, without Dagster.

Belongs here: the cursor and what follows from it. Asking Notion and requesting runs is the sensor's.

Notion floors times to the minute, so an edit may follow within a minute that was seen already and leave no trace. A
minute that isn't over is therefore seen to at once, and once more when it is over.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Edit:
    """The last edit of a row: by whom (id of a user), and in which minute (aware)."""

    page_id: str
    edited_by: str
    minute: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edits that were seen.

    Attributes:
        minute: The newest one of which edits were seen.
        pages: Pages that were edited in it.
        is_over: Whether no edit can have followed unseen within it.
        data_source: Id of the roadmap's, found once.
        integration: Id of our own user, found once.
        polled_at: When Notion was last asked without a reason, POSIX seconds.
        noted: The note of a webhook that was seen to (``webhook_notes``).
    """

    minute: datetime | None = None
    pages: frozenset[str] = frozenset()
    is_over: bool = True
    data_source: str | None = None
    integration: str | None = None
    polled_at: float = 0.0
    noted: float | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Return the cursor that Dagster kept as a text; None is one that has seen nothing."""
        if not text:
            return cls()
        data = json.loads(text)
        data["minute"] = data["minute"] and datetime.fromisoformat(data["minute"])
        return cls(**{**data, "pages": frozenset(data["pages"])})

    def __str__(self) -> str:
        minute = None if self.minute is None else self.minute.isoformat()
        return json.dumps({**asdict(self), "minute": minute, "pages": sorted(self.pages)}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Decision:
    """The run key of the run to ask for, None where there is nothing new, and the cursor to keep."""

    run_key: str | None
    edits: int
    cursor: Cursor


def new_edits(edits: Iterable[Edit], cursor: Cursor, now: datetime) -> Decision:
    """Return what follows from the rows that were edited last.

    Our own writes are no news. The first look asks for nothing about the past.

    Args:
        edits: Those since the cursor's minute, in any order; older ones don't matter.
        cursor: What the last look kept.
        now: By Notion's clock, aware.
    """
    by_people = [edit for edit in edits if edit.edited_by != cursor.integration]
    ended = now - _MINUTE
    if cursor.minute is None:
        start = max((edit.minute for edit in by_people), default=now.replace(second=0, microsecond=0) - _MINUTE)
        pages = frozenset(edit.page_id for edit in by_people if edit.minute == start)
        return Decision(None, 0, replace(cursor, minute=start, pages=pages, is_over=start <= ended))
    new = [
        edit
        for edit in by_people
        if edit.minute > cursor.minute or (edit.minute == cursor.minute and edit.page_id not in cursor.pages)
    ]
    if not new and (cursor.is_over or cursor.minute > ended):
        return Decision(None, 0, _moved_on(cursor, now))
    minute = max([cursor.minute, *(edit.minute for edit in new)])
    at_minute = frozenset(edit.page_id for edit in by_people if edit.minute == minute)
    pages = at_minute | (cursor.pages if minute == cursor.minute else frozenset())
    after = replace(cursor, minute=minute, pages=pages, is_over=minute <= ended)
    if not new and not at_minute:
        return Decision(None, 0, after)  # what was edited then was seen to, and written to by us since
    state = "over" if after.is_over else f"begun:{len(pages)}"
    return Decision(f"notion:{minute:%Y-%m-%dT%H:%M}:{state}", len(new) or len(at_minute), after)


def _moved_on(cursor: Cursor, now: datetime) -> Cursor:
    """Return the cursor behind the minutes in which nobody but us wrote, so that the next look has few rows to list.

    Those of the last two minutes stay in sight: Notion's lists lag behind by seconds.
    """
    seen_to = now.replace(second=0, microsecond=0) - 2 * _MINUTE
    if not cursor.is_over or cursor.minute is None or seen_to <= cursor.minute:
        return cursor
    return replace(cursor, minute=seen_to, pages=frozenset())
