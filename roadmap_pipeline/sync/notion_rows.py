"""One row of a Notion database as a change, and carrying such a change out.

Belongs here: what every row has in common. Which rows and values there should be is planned in ``roadmap`` and
``report_rows``. Applying re-reads the page just before it writes (Notion has no compare-and-set), writes only what
differs, and advances the base to what Notion answered.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.notion.ids import stable_url
from roadmap_pipeline.notion.layout import LAST_SYNCED, SYNC_BASE, SYNC_KEY
from roadmap_pipeline.notion.markdown import to_notion
from roadmap_pipeline.notion.rows import (
    Row,
    create_row,
    read_body,
    read_row,
    replace_body,
    restore_row,
    same,
    trash_row,
    update_row,
)
from roadmap_pipeline.notion.schema import Database
from roadmap_pipeline.sync.canonical import TITLE, canonical_title
from roadmap_pipeline.sync.desired import LATEST_CI_HEALTH
from roadmap_pipeline.sync.journal import NO_PAGE, Base, RowValues
from roadmap_pipeline.sync.merge import NO_BASE
from roadmap_pipeline.sync.plan import Change, ChangedMeanwhile, FieldChange, Kind

BODY = "page"
"""The field of a change that stands for the page's text."""

_SOURCE = "page.source"
_STORED = "page.stored"
"""Fields of a base: digests of the text that was written to a page, and of what Notion made of it."""


@dataclass(frozen=True, slots=True)
class RowWrite:
    """The data that applying a change of a row needs.

    Attributes:
        sync_key: What the row stands for.
        title: Its title.
        values: The values to write, by property.
        page_id: Its page; None where it is to be made.
        repo: The repository whose name may stand behind the title, which is no part of it.
        observed: What the plan was made for, by property.
        facts: Fields of the base that no property holds, agreed on with the write.
        body: The page's Markdown; None: as it is.
        is_body_ours: The body is written whatever stands there (a report); else only over what we wrote.
        base: What was agreed on before.
        restore: Take the row out of the trash first.
        after: Changes without which this one would not be true: it is left out where one of them wasn't carried out.
    """

    sync_key: str
    title: str
    values: Mapping[str, Any]
    page_id: str | None = None
    repo: str | None = None
    observed: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    body: str | None = None
    is_body_ours: bool = False
    base: Base = field(default_factory=lambda: Base(NO_PAGE))
    restore: bool = False
    after: tuple[Change, ...] = ()


def row_change(kind: Kind, place: str, write: RowWrite, row: Row | None) -> Change:
    """Return the change that carries out ``write``; ``row`` is what stands there now."""
    values = {**write.values, **({} if write.body is None or write.is_body_ours else {BODY: write.body})}
    fields = tuple(
        FieldChange(name, None if row is None or name == BODY else row.values.get(name), value)
        for name, value in values.items()
        # The time of writing is no change, and differs between a dry run and the run that follows. Digests say nothing.
        if name not in (LAST_SYNCED, SYNC_BASE) and (row is not None or value is not None)
    )
    return Change("notion", kind, place, write.title, fields, write)


def body_change(base: Base, body: str | None, read: Callable[[], str], agreed: dict[str, Any]) -> str | None:
    """Return the text to put on a page; None where the one last written is the same, or there is none.

    Where nothing is known of the page (a new warehouse), or a run ended while it wrote there, it is read: our text is
    recognised, and noted in ``agreed``.
    """
    if body is None or base.fields.get(_SOURCE) == _digest(body):
        return None
    if _SOURCE not in base.fields or _SOURCE in base.pending:
        present = read()
        if _letters(present) == _letters(to_notion(body)):
            agreed |= {_SOURCE: _digest(body), _STORED: _digest(present)}
            return None
    return body


def _letters(text: str) -> str:
    """Return what stays the same whatever Notion makes of a text: its letters and digits."""
    return re.sub(r"<[^<>]*>|\W", "", text)


def is_as_written(base: Base, name: str, ours: Any, theirs: Any) -> bool:
    """Return whether Notion holds what it made of our value when that was written: no reason to write it again."""
    return name in base.written and base.written[name] == ours and base.fields.get(name, NO_BASE) == theirs


def announced(change: Change) -> RowValues:
    """Return what a row will hold once ``change`` is carried out, as far as it is about it."""
    write: RowWrite = change.detail
    values = _with_bare_title(write, write.values) | dict(write.facts)
    if write.body is not None and not write.is_body_ours:
        values[_SOURCE] = _digest(write.body)
    # The time of writing is nobody's edit.
    values.pop(LAST_SYNCED, None)
    return RowValues(write.sync_key, write.page_id or NO_PAGE, values)


def _with_bare_title(write: RowWrite, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with the title as it is merged: without the suffix that tells rows of one name apart."""
    if write.repo is None or TITLE not in values:
        return dict(values)
    return {**values, TITLE: canonical_title(values[TITLE], write.repo)}


@dataclass(slots=True)
class RowWriter:
    """Carries out changes of rows of one database.

    Attributes:
        report_pages: Page by name of the report; grows as reports are created.
        note_page: Notes the page of a row as soon as it is made.
        row_urls: Address of the page by sync key; grows as rows are created.
        notes: Grows by what people should know.
    """

    client: NotionClient
    database: Database
    report_pages: dict[str, str]
    note_page: Callable[[str, str], None]
    row_urls: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def apply(self, change: Change) -> RowValues | None:
        """Write one row, and return what it then holds; None where nothing of it is to be remembered.

        Raises:
            ChangedMeanwhile: Somebody edited the row since the plan was made.
            NotionError: Notion refused the request or can't be reached.
        """
        write: RowWrite = change.detail
        if change.kind == "trash_duplicate":
            self._give_up(write, write.page_id or "")
            return None
        if write.page_id is None:
            row, facts = self._create(write)
        else:
            row, facts = self._update(write, self._look_again(write, write.page_id))
        if LATEST_CI_HEALTH not in self.database.property_ids:
            self.report_pages[write.title] = row.page_id
        self.row_urls[write.sync_key] = stable_url(row.url)
        return self._confirmed(write, row, facts)

    def _create(self, write: RowWrite) -> tuple[Row, dict[str, Any]]:
        has_key = SYNC_KEY in self.database.property_ids
        row = create_row(
            self.client,
            self.database,
            self._encoded(write.values),
            write.body,
            key_property=SYNC_KEY if has_key else None,
            on_created=lambda page_id: self.note_page(write.sync_key, page_id),
        )
        if write.body is None or write.is_body_ours:
            return row, dict(write.facts)
        return row, {**write.facts, **self._digests(write.body, read_body(self.client, row.page_id))}

    def _confirmed(self, write: RowWrite, row: Row, facts: Mapping[str, Any]) -> RowValues:
        """Return what is agreed on from now on: what Notion answered, and where it differs what was written."""
        title = self.database.schema.title_property.name
        values, written = {}, {}
        for name, value in write.values.items():
            if name == LAST_SYNCED:
                continue
            stored = self._plain(name, row.values.get(name))
            if name == title and write.repo is not None:
                stored = canonical_title(str(stored or ""), write.repo)
            if name == title or same(stored, value):
                values[name] = stored
            else:
                values[name], written[name] = stored, value
        if (
            title in values
            and write.repo is not None
            and values[title] != canonical_title(write.values[title], write.repo)
        ):
            written[title] = write.values[title]
        return RowValues(write.sync_key, row.page_id, {**values, **facts}, written)

    def _look_again(self, write: RowWrite, page_id: str) -> Row:
        """Return the row as it is; raise :class:`ChangedMeanwhile` when the plan was made for another state."""
        current = read_row(self.client, self.database, page_id)
        if current is None or current.in_trash is not write.restore:
            raise ChangedMeanwhile(f"{write.title}: its row was deleted or restored in Notion meanwhile")
        for name, before in write.observed.items():
            if self._plain(name, current.values.get(name)) != before:
                raise ChangedMeanwhile(f"{write.title}: {name} was changed in Notion while the plan was carried out")
        return current

    def _update(self, write: RowWrite, current: Row) -> tuple[Row, dict[str, Any]]:
        page_id = current.page_id
        if write.restore:
            restore_row(self.client, page_id)
        facts = dict(write.facts)
        if write.body is not None:
            # The body goes first: if the run is killed in between, the property still differs and the next run repeats.
            facts |= self._put_body(write, page_id, write.body)
        return update_row(self.client, self.database, page_id, self._encoded(write.values), current=current), facts

    def _put_body(self, write: RowWrite, page_id: str, body: str) -> dict[str, Any]:
        """Write the page's text, unless people have written there: then it is theirs."""
        if write.is_body_ours:
            replace_body(self.client, page_id, body)
            return {}
        present = read_body(self.client, page_id)
        is_pending = _SOURCE in write.base.pending
        if present.strip() and not is_pending and write.base.fields.get(_STORED) != _digest(present):
            self.notes.append(
                f"{write.title}: its page holds text that is not the sync's; it stays (emptied, it is written again)"
            )
            return {_SOURCE: _digest(body)}
        return self._digests(body, replace_body(self.client, page_id, body))

    @staticmethod
    def _digests(body: str, stored: str) -> dict[str, Any]:
        return {_SOURCE: _digest(body), _STORED: _digest(stored)}

    def _give_up(self, write: RowWrite, page_id: str) -> None:
        """Put a duplicate of ours in the trash, without its key: in the trash it is nobody's row."""
        current = read_row(self.client, self.database, page_id)
        if current is None or current.in_trash:
            return
        has_key = SYNC_KEY in self.database.property_ids
        title = canonical_title(str(current.values.get(self.database.schema.title_property.name) or ""))
        is_same = current.values.get(SYNC_KEY) == write.sync_key if has_key else title == canonical_title(write.title)
        if not is_same:
            raise ChangedMeanwhile(f"{write.title}: a second row of it was changed in Notion meanwhile")
        trash_row(self.client, page_id, database=self.database, key_property=SYNC_KEY if has_key else None)

    def _encoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        encoded = dict(values)
        if name := encoded.pop(LATEST_CI_HEALTH, None):
            # A report whose row could not be created is linked by a later run.
            encoded |= {LATEST_CI_HEALTH: [self.report_pages[name]]} if name in self.report_pages else {}
        return encoded

    def _plain(self, name: str, value: Any) -> Any:
        return plain_relation(value, self.report_pages) if name == LATEST_CI_HEALTH else value


def with_report_names(row: Row, report_pages: Mapping[str, str]) -> Row:
    """Return ``row`` with the names of reports in place of their page ids, as desired rows have it."""
    if LATEST_CI_HEALTH not in row.values:
        return row
    pages = row.values[LATEST_CI_HEALTH]
    names = plain_relation(pages if isinstance(pages, list) else None, report_pages)
    return replace(row, values={**row.values, LATEST_CI_HEALTH: names})


def plain_relation(page_ids: Sequence[str] | None, report_pages: Mapping[str, str]) -> str | None:
    """Return a relation to the reports as the report's name; several, or unknown ones, as their ids joined."""
    if not page_ids:
        return None
    names = {page_id: name for name, page_id in report_pages.items()}
    return ", ".join(names.get(page_id, page_id) for page_id in page_ids)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
