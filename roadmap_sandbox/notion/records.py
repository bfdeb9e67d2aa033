"""The records of the simulated workspace: pages, databases, data sources, views, blocks, users.

Plain records. Who may see them and whether they are in the trash is in ``store``, the form in which the API shows them
in ``objects``; rules of requests are with the requests.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from roadmap_sandbox.notion.errors import INTEGRATION_ID, INTEGRATION_NAME
from roadmap_sandbox.notion.richtext import RichText

Json = dict[str, Any]


PERSON_ID: Final = "5a11d0c5-0000-4000-8000-0000000000a1"


WORKSPACE_ID: Final = "5a11d0c5-0000-4000-8000-0000000000c0"


ID_NAMESPACE: Final = UUID("5a11d0c5-0000-4000-8000-000000000000")


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
    """Return a property id as answers show it (percent-encoded, as JavaScript does)."""
    return quote(property_id, safe="~-_.!*'()")


@dataclass(slots=True)
class Parent:
    """The place of a record; ``kind`` is workspace, page_id, block_id, database_id or data_source_id."""

    kind: str
    id: str


@dataclass(slots=True)
class Stamps:
    """The times and authors of making and the last edit (exact times; responses floor them to the minute)."""

    created: datetime
    created_by: str
    edited: datetime
    edited_by: str


@dataclass(slots=True)
class Property:
    """A column. ``config`` is what stands under the type's key; ``id`` is decoded."""

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
        """Return the property of this name or, failing that, of this id (decoded or as answers show it)."""
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
