"""Databases in Notion: as they are addressed, as they were observed, and what can be wrong with them.

Belongs here: values that the steps (observing, checking, planning, making) hand on. What the databases should look like
is declared in ``layout``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.notion.ids import name_key
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """A reason not to write to a database. ``missing`` ones are repaired by :func:`.planning.plan`.

    ``is_new`` tells a missing property that was never made, because an older version made the database or making it was
    interrupted, from one that people deleted: an ordinary run adds it. ``emptied_id`` is the id of a property of which
    people changed the type, which empties it.
    """

    database: str
    property: str | None
    problem: str
    remedy: str
    missing: bool = False
    is_new: bool = False
    emptied_id: str | None = None

    def describe(self) -> str:
        """Return the problem in one line."""
        where = f"{self.database}: {self.property}" if self.property else self.database
        return f"{where} {self.problem} ({self.remedy})"


class SchemaError(RoadmapError):
    """Databases that are out of shape; nothing was written. Holds every problem that was found."""

    def __init__(self, problems: Sequence[SchemaProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.describe() for problem in problems))


@dataclass(frozen=True, slots=True)
class ObservedProperty:
    """A property as it is: ``id`` as Notion writes it, ``options`` of a select by id, ``target`` of a relation."""

    id: str
    name: str
    type: str
    description: str
    options: Mapping[str, Option]
    target: str | None


@dataclass(frozen=True, slots=True)
class ObservedView:
    """A saved view as it is.

    ``created_by`` and ``last_edited_by`` are ids of users, also of the integration; ``created_time`` has milliseconds.
    ``definition`` holds filter, sorts and configuration as Notion gives them.
    """

    id: str
    name: str
    type: str
    created_by: str = ""
    last_edited_by: str = ""
    created_time: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view of one's own as it was saved: its ``id``, and the ``digest`` of its description then."""

    id: str
    digest: str


@dataclass(slots=True)
class ObservedDatabase:
    """A database as it is.

    Attributes:
        version: The version of its schema that it was brought to; 0 while it isn't finished, or people described it.
        is_finished: Whether that is the newest version.
        properties: By :func:`~roadmap_pipeline.notion.ids.property_key`.
        views: None when they were not read.
        is_thorough: Whether views were read because somebody asked for all that may be missing.
        duplicates: Ids of other databases of ours that double it.
        integration: The integration's own id; empty where it doesn't matter.
        saved_views: The views of one's own that are saved as they are described, by name.
    """

    database_id: str
    data_source_id: str
    url: str
    title: str
    description: str
    version: int
    is_finished: bool
    properties: dict[str, ObservedProperty]
    views: list[ObservedView] | None = None
    is_thorough: bool = False
    duplicates: tuple[str, ...] = ()
    integration: str = ""
    saved_views: dict[str, SavedView] = field(default_factory=dict)

    def views_named(self, name: str) -> list[ObservedView]:
        """Return the views of that name; there may be several."""
        return [view for view in self.views or () if name_key(view.name) == name_key(name)]


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is in shape, and the ids by which it is addressed.

    Keep it (:meth:`as_dict`): with it, whatever people rename in Notion is still recognised.

    Attributes:
        property_ids: By our names; without those that an older version didn't make and that are still to be added.
        option_ids: By our names of property and option.
        option_names: The names that options bear now, by our names.
        views: The views of one's own that were saved, by name.
    """

    schema: DatabaseSchema
    database_id: str
    data_source_id: str
    url: str
    property_ids: Mapping[str, str]
    option_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    option_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    views: Mapping[str, SavedView] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the database as it is stored as JSON."""
        return {
            "schema": self.schema.key,
            "database_id": self.database_id,
            "data_source_id": self.data_source_id,
            "url": self.url,
            "property_ids": dict(self.property_ids),
            "option_ids": {name: dict(ids) for name, ids in self.option_ids.items()},
            "option_names": {name: dict(names) for name, names in self.option_names.items()},
            "views": {name: {"id": view.id, "digest": view.digest} for name, view in self.views.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Database":
        """Return the database that :meth:`as_dict` was made of."""
        views = {name: SavedView(**view) for name, view in stored.get("views", {}).items()}
        return cls(**{**stored, "schema": SCHEMAS[stored["schema"]], "views": views})
