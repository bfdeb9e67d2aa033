"""What exists in the simulated workspace: pages, databases, data sources, views, blocks, users, and who may see them.

Plain records and the questions every request asks of them (does it exist, is it shared, is it in the trash). The form
in which the API shows a record is in ``objects``; rules of requests are with the requests.

Ids are uuid5 of a counter: the same requests in the same order give the same ids.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from roadmap_sandbox.notion.errors import INTEGRATION_ID, INTEGRATION_NAME, archived, invalid, not_found
from roadmap_sandbox.notion.richtext import RichText, from_plain, plain

Json = dict[str, Any]

PERSON_ID: Final = "5a11d0c5-0000-4000-8000-0000000000a1"
WORKSPACE_ID: Final = "5a11d0c5-0000-4000-8000-0000000000c0"
_NAMESPACE: Final = UUID("5a11d0c5-0000-4000-8000-000000000000")
_BEGINNING: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_ID_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:;<=>?@[]^_`{|}~"

USERS: Final[dict[str, Json]] = {
    INTEGRATION_ID: {
        "object": "user",
        "id": INTEGRATION_ID,
        "name": INTEGRATION_NAME,
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": "Acme",
            "workspace_id": WORKSPACE_ID,
            "workspace_limits": {"max_file_upload_size_in_bytes": 5_242_880},
        },
    },
    PERSON_ID: {
        "object": "user",
        "id": PERSON_ID,
        "name": "Mina Park",
        "avatar_url": None,
        "type": "person",
        "person": {"email": "mina@acme.example", "email_verified": True},
    },
}


def encode_id(property_id: str) -> str:
    """A property id as answers show it (percent-encoded, as JavaScript does)."""
    return quote(property_id, safe="~-_.!*'()")


@dataclass(slots=True)
class Parent:
    """``kind`` is ``workspace``, ``page_id``, ``block_id``, ``database_id`` or ``data_source_id``."""

    kind: str
    id: str


@dataclass(slots=True)
class Stamps:
    """When and by whom something was made and last edited (exact times; answers floor them to the minute)."""

    created: datetime
    created_by: str
    edited: datetime
    edited_by: str


@dataclass(slots=True)
class Property:
    """One column. ``config`` is what stands under the type's key; ``id`` is decoded."""

    id: str
    name: str
    type: str
    config: Json
    description: str | None = None


@dataclass(slots=True)
class Page:
    """A page or a row. ``values`` by property id; ``children`` are block, page and database ids in order."""

    id: str
    parent: Parent
    stamps: Stamps
    serial: int
    values: dict[str, Any] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    icon: Json | None = None
    cover: Json | None = None
    in_trash: bool = False
    is_locked: bool = False
    listed: list[tuple[datetime, bool]] = field(default_factory=list)
    """From when on queries that see everything list the row (True) or not (False)."""


@dataclass(slots=True)
class Database:
    """The container: title and place, data sources, views."""

    id: str
    parent: Parent
    stamps: Stamps
    title: RichText
    description: RichText = field(default_factory=list)
    data_sources: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    icon: Json | None = None
    cover: Json | None = None
    is_inline: bool = False
    is_locked: bool = False
    in_trash: bool = False


@dataclass(slots=True)
class DataSource:
    """A schema and its rows, oldest first."""

    id: str
    database_id: str
    stamps: Stamps
    title: RichText
    properties: dict[str, Property]
    rows: list[str] = field(default_factory=list)
    icon: Json | None = None
    in_trash: bool = False
    next_unique: int = 1

    def find(self, name_or_id: str) -> Property | None:
        """The property of this name or, failing that, of this id (decoded or as answers show it)."""
        for prop in self.properties.values():
            if prop.name == name_or_id:
                return prop
        for prop in self.properties.values():
            if name_or_id in (prop.id, encode_id(prop.id)):
                return prop
        return None


@dataclass(slots=True)
class View:
    """A saved view; filter, sorts and configuration as they were sent."""

    id: str
    database_id: str
    data_source_id: str
    stamps: Stamps
    name: str
    type: str
    configuration: Json
    filter: Json | None = None
    sorts: list[Json] | None = None
    quick_filters: Json | None = None


@dataclass(slots=True)
class Block:
    """A block of a page's body."""

    id: str
    type: str
    data: Json
    parent: Parent
    stamps: Stamps
    children: list[str] = field(default_factory=list)
    in_trash: bool = False


Record = Page | Database | DataSource | Block

BARE_PAGE = Property("title", "title", "title", {})
"""The only property of a page that is no row."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one query found, for its further pages."""

    id: str
    ids: list[str]
    asked: str


class Scans:
    """Queries under way. A cursor is good for the scan that issued it and for the same filter and sorts only."""

    _KEPT = 100

    def __init__(self) -> None:
        self._count = 0
        self._scans: dict[str, Scan] = {}

    def start(self, ids: list[str], asked: str) -> Scan:
        """A new scan; the oldest of 100 is forgotten."""
        self._count += 1
        scan = Scan(str(uuid5(_NAMESPACE, f"scan {self._count}")), ids, asked)
        self._scans[scan.id] = scan
        if len(self._scans) > self._KEPT:
            del self._scans[next(iter(self._scans))]
        return scan

    def resume(self, cursor: str, asked: str) -> tuple[Scan, int]:
        """The scan of a cursor ``s:<scan>:<row>`` and the row's index; 400 for a cursor of no such scan."""
        _, _, rest = cursor.partition(":")
        scan_id, _, row = rest.partition(":")
        scan = self._scans.get(scan_id)
        if scan is None or scan.asked != asked or row not in scan.ids:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        return scan, scan.ids.index(row)

    def invalidate(self) -> None:
        """Make every cursor issued so far a stale one."""
        self._scans.clear()


class World:
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
        self.query_lag = timedelta(0)
        self.query_cap = 10_000
        self.scans = Scans()
        stamps = Stamps(_BEGINNING, PERSON_ID, _BEGINNING, PERSON_ID)
        root = Page(parent_page_id, Parent("workspace", ""), stamps, 0, {"title": from_plain("Engineering")})
        root.listed.append((_BEGINNING, True))
        self.pages[root.id] = root

    def dump(self) -> Json:
        """The whole state as plain data; equal for equal histories."""
        return {
            "clock": self.clock,
            "counter": self.counter,
            "hidden": sorted(self.hidden),
            **{
                kind: {id_: asdict(record) for id_, record in getattr(self, kind).items()}
                for kind in ("pages", "databases", "data_sources", "views", "blocks")
            },
        }

    # -- making

    def new_id(self) -> str:
        """The next id."""
        self.counter += 1
        return str(uuid5(_NAMESPACE, str(self.counter)))

    def new_property_id(self, taken: dict[str, Property]) -> str:
        """Four characters, some of which need percent-encoding, as Notion's."""
        while True:
            self.counter += 1
            digest = sha256(f"property {self.counter}".encode()).digest()
            id_ = "".join(_ID_CHARACTERS[byte % len(_ID_CHARACTERS)] for byte in digest[:4])
            if id_ not in taken:
                return id_

    def stamps(self) -> Stamps:
        """Made now by the acting user."""
        return Stamps(self.clock, self.actor, self.clock, self.actor)

    def touch(self, record: Record | View) -> None:
        """Edited now by the acting user."""
        record.stamps.edited = self.clock
        record.stamps.edited_by = self.actor

    # -- asking

    def parent_of(self, record: Record) -> Record | None:
        """The record above; None above the workspace's top."""
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
        """The record and all above it."""
        above: Record | None = record
        while above is not None:
            yield above
            above = self.parent_of(above)

    def in_trash(self, record: Record) -> bool:
        """The record or something above it is in the trash."""
        return any(one.in_trash for one in self.line(record))

    def visible(self, record: Record) -> bool:
        """The integration may see it."""
        return not self.hidden or not any(one.id in self.hidden for one in self.line(record))

    def page(self, id_: str) -> Page:
        """The page; 404 when there is none or it isn't shared."""
        page = self.pages.get(id_)
        if page is None or not self.visible(page):
            raise not_found("page", id_)
        return page

    def database(self, id_: str) -> Database:
        """The database; 404 when there is none or it isn't shared."""
        database = self.databases.get(id_)
        if database is None or not self.visible(database):
            raise not_found("database", id_)
        return database

    def data_source(self, id_: str) -> DataSource:
        """The data source; 404 when there is none or it isn't shared."""
        source = self.data_sources.get(id_)
        if source is None or not self.visible(source):
            raise not_found("data_source", id_)
        return source

    def view(self, id_: str) -> View:
        """The view; 404 when there is none or its database isn't shared."""
        view = self.views.get(id_)
        if view is None or not self.visible(self.databases[view.database_id]):
            raise not_found("view", id_)
        return view

    def block(self, id_: str) -> Block | Page | Database:
        """What has this id and stands in a body: a block, a child page, a child database."""
        record = self.blocks.get(id_) or self.pages.get(id_) or self.databases.get(id_)
        if record is None or not self.visible(record):
            raise not_found("block", id_)
        return record

    def editable(self, record: Record) -> None:
        """400 when it is in the trash."""
        if self.in_trash(record):
            raise archived()

    def schema(self, page: Page) -> dict[str, Property]:
        """The properties a page has, by id."""
        if page.parent.kind == "data_source_id":
            return self.data_sources[page.parent.id].properties
        return {BARE_PAGE.id: BARE_PAGE}

    def title(self, page: Page) -> str:
        """A page's title as plain text."""
        return plain(page.values.get("title") or [])

    def list_row(self, page: Page, listed: bool) -> None:
        """From now on queries list the row, or don't."""
        page.listed.append((self.clock, listed))

    def holder(self, record: Block) -> Page | None:
        """The page in whose body a block stands."""
        return next((one for one in self.line(record) if isinstance(one, Page)), None)
