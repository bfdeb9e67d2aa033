"""All records of the simulated workspace, and the questions every request asks of them.

Belongs here: does it exist, is it shared, is it in the trash. Rules of requests are with the requests.

Ids are uuid5 of a counter: the same requests in the same order give the same ids.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import uuid5

from roadmap_sandbox.notion.errors import INTEGRATION_ID, archived, not_found
from roadmap_sandbox.notion.records import (
    BARE_PAGE,
    ID_NAMESPACE,
    PERSON_ID,
    Block,
    Database,
    DataSource,
    Json,
    Page,
    Parent,
    Property,
    Record,
    Stamps,
    View,
)
from roadmap_sandbox.notion.richtext import from_plain, plain
from roadmap_sandbox.notion.scans import Scans

_BEGINNING: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


_ID_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:;<=>?@[]^_`{|}~"


class Store:
    """All records by id. What :meth:`dump` shows survives a restart; see ``state`` for how."""

    def __init__(self, clock: datetime, parent_page_id: str) -> None:
        self.clock = clock
        self.actor = INTEGRATION_ID
        self.counter = 0
        self.pages: dict[str, Page] = {}
        self.databases: dict[str, Database] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.views: dict[str, View] = {}
        self.blocks: dict[str, Block] = {}
        self.hidden: set[str] = set()
        """Ids of pages and databases that aren't shared with the integration."""
        self.deleted: set[str] = set()
        """Ids of pages and databases that people deleted for good; nobody sees them any more."""
        self.normalises_titles = False
        """True where titles of pages are kept trimmed, composed (NFC) and without control characters."""
        self.query_lag = timedelta(0)
        self.query_cap = 10_000
        self.scans = Scans()
        stamps = Stamps(_BEGINNING, PERSON_ID, _BEGINNING, PERSON_ID)
        root = Page(parent_page_id, Parent("workspace", ""), stamps, 0, {"title": from_plain("Engineering")})
        root.listed.append((_BEGINNING, True))
        self.pages[root.id] = root

    def dump(self) -> Json:
        """Return the whole state as plain data; equal for equal histories."""
        return {
            "clock": self.clock,
            "counter": self.counter,
            "hidden": sorted(self.hidden),
            "deleted": sorted(self.deleted),
            "normalises_titles": self.normalises_titles,
            **{
                kind: {id_: asdict(record) for id_, record in getattr(self, kind).items()}
                for kind in ("pages", "databases", "data_sources", "views", "blocks")
            },
        }

    # -- making

    def new_id(self) -> str:
        """Return the next id."""
        self.counter += 1
        return str(uuid5(ID_NAMESPACE, str(self.counter)))

    def new_property_id(self, used: dict[str, Property]) -> str:
        """Return four characters, some of which need percent-encoding, as Notion's."""
        while True:
            self.counter += 1
            digest = sha256(f"property {self.counter}".encode()).digest()
            id_ = "".join(_ID_CHARACTERS[byte % len(_ID_CHARACTERS)] for byte in digest[:4])
            if id_ not in used:
                return id_

    def stamps(self) -> Stamps:
        """Return the stamps of something made now by the acting user."""
        return Stamps(self.clock, self.actor, self.clock, self.actor)

    def touch(self, record: Record | View) -> None:
        """Mark a record as edited now by the acting user."""
        record.stamps.edited = self.clock
        record.stamps.edited_by = self.actor

    # -- asking

    def parent_of(self, record: Record) -> Record | None:
        """Return the record above; None above the workspace's top."""
        if isinstance(record, DataSource):
            return self.databases[record.database_id]
        parent = record.parent
        match parent.kind:
            case "page_id":
                return self.pages[parent.id]
            case "data_source_id":
                return self.data_sources[parent.id]
            case "block_id":
                return self.blocks[parent.id]
            case _:
                return None

    def line(self, record: Record) -> Iterator[Record]:
        """Yield the record and all above it."""
        above: Record | None = record
        while above is not None:
            yield above
            above = self.parent_of(above)

    def in_trash(self, record: Record) -> bool:
        """Return whether the record or something above it is in the trash."""
        return any(one.in_trash for one in self.line(record))

    def visible(self, record: Record) -> bool:
        """Return whether the integration may see it."""
        if not self.hidden and not self.deleted:
            return True
        return not any(one.id in self.hidden or one.id in self.deleted for one in self.line(record))

    def page(self, id_: str) -> Page:
        """Return the page; 404 when there is none or it isn't shared."""
        page = self.pages.get(id_)
        if page is None or not self.visible(page):
            raise not_found("page", id_)
        return page

    def database(self, id_: str) -> Database:
        """Return the database; 404 when there is none or it isn't shared."""
        database = self.databases.get(id_)
        if database is None or not self.visible(database):
            raise not_found("database", id_)
        return database

    def data_source(self, id_: str) -> DataSource:
        """Return the data source; 404 when there is none or it isn't shared."""
        source = self.data_sources.get(id_)
        if source is None or not self.visible(source):
            raise not_found("data_source", id_)
        return source

    def view(self, id_: str) -> View:
        """Return the view; 404 when there is none or its database isn't shared."""
        view = self.views.get(id_)
        if view is None or not self.visible(self.databases[view.database_id]):
            raise not_found("view", id_)
        return view

    def block(self, id_: str) -> Block | Page | Database:
        """Return what has this id and stands in a body: a block, a child page, a child database."""
        record = self.blocks.get(id_) or self.pages.get(id_) or self.databases.get(id_)
        if record is None or not self.visible(record):
            raise not_found("block", id_)
        return record

    def editable(self, record: Record) -> None:
        """Raise 400 when it is in the trash."""
        if self.in_trash(record):
            raise archived()

    def schema(self, page: Page) -> dict[str, Property]:
        """Return the properties a page has, by id."""
        if page.parent.kind == "data_source_id":
            return self.data_sources[page.parent.id].properties
        return {BARE_PAGE.id: BARE_PAGE}

    def title(self, page: Page) -> str:
        """Return a page's title as plain text."""
        return plain(page.values.get("title") or [])

    def list_row(self, page: Page, listed: bool) -> None:
        """Let queries list the row from now on, or not."""
        page.listed.append((self.clock, listed))

    def holder(self, record: Block) -> Page | None:
        """Return the page in whose body a block stands."""
        return next((one for one in self.line(record) if isinstance(one, Page)), None)
