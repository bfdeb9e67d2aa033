"""Finding, checking and making the two databases in Notion.

Belongs here: what is there (:func:`look`), what is wrong with it (:func:`check`), what has to be made (:func:`plan`,
:func:`apply`), and by which ids rows are read and written (:func:`resolve`). What the databases should look like is
declared in ``layout``.

Everything is addressed by id once found. A database or property that a person renamed is recognised by the id known
from before (:class:`Database`), else by its description. A database's description is written last, after its views, so
it tells whether making it was finished.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.notion.client import NotFound, NotionClient, NotionError
from roadmap_pipeline.notion.creation import create_once
from roadmap_pipeline.notion.ids import name_key, notion_id, property_key
from roadmap_pipeline.notion.layout import (
    CI_REPORTS,
    ENGINEERING_ROADMAP,
    SCHEMAS,
    DatabaseSchema,
    Option,
    PropertySpec,
    ViewSpec,
    show_schema,
)

__all__ = [
    "CI_REPORTS",
    "ENGINEERING_ROADMAP",
    "SCHEMAS",
    "AddOptions",
    "AddProperty",
    "AddView",
    "CreateDatabase",
    "Database",
    "Found",
    "FoundProperty",
    "Observed",
    "RenameTitle",
    "SchemaChange",
    "SchemaError",
    "SchemaProblem",
    "SetDescription",
    "apply",
    "check",
    "find",
    "look",
    "plan",
    "resolve",
    "resolve_present",
    "show_schema",
]


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Something about a database that forbids writing to it. ``missing`` ones are mended by :func:`plan`."""

    database: str
    property: str | None
    problem: str
    remedy: str
    missing: bool = False

    def describe(self) -> str:
        """One line."""
        where = f"{self.database}: {self.property}" if self.property else self.database
        return f"{where} {self.problem} ({self.remedy})"


class SchemaError(RoadmapError):
    """Databases that are out of shape; nothing was written. Holds every problem that was found."""

    def __init__(self, problems: Sequence[SchemaProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.describe() for problem in problems))


@dataclass(frozen=True, slots=True)
class FoundProperty:
    """A property as it is: ``id`` as Notion writes it, ``options`` of a select by id, ``target`` of a relation."""

    id: str
    name: str
    type: str
    description: str
    options: Mapping[str, Option]
    target: str | None


@dataclass(slots=True)
class Found:
    """A database as it is. ``properties`` are by :func:`~.ids.property_key`; ``views`` maps names to ids, None when
    they were not looked at; ``is_finished`` tells that making it had come to its end.
    """

    database_id: str
    data_source_id: str
    url: str
    title: str
    description: str
    is_finished: bool
    properties: dict[str, FoundProperty]
    views: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is in shape, and the ids by which it is addressed. Keep it (:meth:`as_dict`): with it, whatever
    people rename in Notion is still recognised.

    ``property_ids`` and ``option_ids`` are by our names; ``option_names`` gives the names that options bear now.
    """

    schema: DatabaseSchema
    database_id: str
    data_source_id: str
    url: str
    property_ids: Mapping[str, str]
    option_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    option_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For storing as JSON."""
        return {
            "schema": self.schema.key,
            "database_id": self.database_id,
            "data_source_id": self.data_source_id,
            "url": self.url,
            "property_ids": dict(self.property_ids),
            "option_ids": {name: dict(ids) for name, ids in self.option_ids.items()},
            "option_names": {name: dict(names) for name, names in self.option_names.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Database":
        """The reverse of :meth:`as_dict`."""
        return cls(**{**stored, "schema": SCHEMAS[stored["schema"]]})


@dataclass(slots=True)
class Observed:
    """Both databases as they are, by key (None: not there yet), and what was known of them before."""

    parent_page_id: str
    databases: dict[str, Found | None]
    known: Mapping[str, Database]

    def problems(self) -> list[SchemaProblem]:
        """What is wrong with the databases that are there."""
        return [
            problem
            for key, found in self.databases.items()
            if found is not None
            for problem in check(found, SCHEMAS[key], self.known.get(key), self._targets())
        ]

    def _targets(self) -> dict[str, str]:
        # What points to a database that isn't there points to a wrong one.
        return {key: "" if found is None else found.data_source_id for key, found in self.databases.items()}


# --- looking ----------------------------------------------------------------------------------------------------------


def look(
    client: NotionClient,
    parent_page_id: str,
    database_ids: Mapping[str, str | None] | None = None,
    known: Mapping[str, Database] | None = None,
    *,
    thorough: bool = False,
) -> Observed:
    """Read both databases. ``database_ids`` (by key, e.g. from the environment) and then ``known`` say which they are.

    ``thorough`` reads the views also of databases that are finished. Raises what :func:`find` raises.
    """
    known = known or {}
    found: dict[str, Found | None] = {}
    for key, schema in SCHEMAS.items():
        given = (database_ids or {}).get(key)
        previous = known[key].database_id if key in known else None
        found[key] = find(client, schema, parent_page_id, given or previous, thorough=thorough)
    return Observed(parent_page_id, found, known)


def find(
    client: NotionClient,
    schema: DatabaseSchema,
    parent_page_id: str,
    database_id: str | None = None,
    *,
    thorough: bool = False,
) -> Found | None:
    """The database of ``schema``: the one with ``database_id``, else the parent page's child of that title, else the
    child with that description (renamed). None when there is none. Notion's search is never asked: it lags.

    Raises ConfigurationError when the parent page cannot be seen, NotionError when the database cannot be seen or is in
    the trash, SchemaError when several could be meant.
    """
    if database_id is not None:
        return _retrieve(client, schema, database_id, thorough=thorough)
    children = _child_databases(client, parent_page_id)
    same_title = [child for child, title in children if name_key(title) == name_key(schema.title)]
    if len(same_title) == 1:
        return _retrieve(client, schema, same_title[0], thorough=thorough)
    candidates = same_title or [child for child, _ in children]
    described = [child for child in candidates if _is_ours(client, schema, child)]
    if len(described) == 1:
        return _retrieve(client, schema, described[0], thorough=thorough)
    if not same_title and not described:
        return None
    several = ", ".join(described or same_title)
    raise SchemaError(
        [
            SchemaProblem(
                schema.title,
                None,
                f"exists several times under the parent page: {several}",
                f"name the right one in {schema.environment}, or delete the others",
            )
        ]
    )


def _is_ours(client: NotionClient, schema: DatabaseSchema, child: str) -> bool:
    try:
        return _is_described(client.request("GET", f"databases/{child}"), schema)
    except NotFound:
        # A linked view of a database is listed like one, but is none.
        return False


def _child_databases(client: NotionClient, parent_page_id: str) -> list[tuple[str, str]]:
    """(id, title) of the databases that are blocks of the page, in order."""
    try:
        page = notion_id(parent_page_id)
    except ValueError as error:
        raise ConfigurationError(f"NOTION_PARENT_PAGE_ID: {error}") from None
    try:
        blocks = client.paginate("GET", f"blocks/{page}/children")
    except NotFound as error:
        raise ConfigurationError(
            f"NOTION_PARENT_PAGE_ID: Notion knows no page {page} that the integration may see ({error.code});"
            " share the page with the integration (page menu → Connections) or correct the id"
        ) from None
    return [
        (notion_id(block["id"]), block["child_database"]["title"])
        for block in blocks
        if block["type"] == "child_database" and not block.get("in_trash")
    ]


def _get_database(client: NotionClient, schema: DatabaseSchema, database_id: str) -> dict[str, Any]:
    try:
        wanted = notion_id(database_id)
    except ValueError as error:
        raise ConfigurationError(f"{schema.environment}: {error}") from None
    try:
        database = client.request("GET", f"databases/{wanted}")
    except NotFound as error:
        raise NotionError(
            f"The Notion database {schema.title} ({wanted}) was deleted or is not shared with the integration:"
            f" share it again, or name another one in {schema.environment}",
            status=error.status,
            code=error.code,
        ) from None
    if database.get("in_trash"):
        raise NotionError(
            f"The Notion database {schema.title} ({wanted}) is in the trash: restore it in Notion,"
            f" or name another one in {schema.environment}",
            code="in_trash",
        )
    return database


def _retrieve(client: NotionClient, schema: DatabaseSchema, database_id: str, *, thorough: bool) -> Found:
    return _observe(client, schema, _get_database(client, schema, database_id), thorough=thorough)


def _observe(client: NotionClient, schema: DatabaseSchema, database: Mapping[str, Any], *, thorough: bool) -> Found:
    sources = [
        client.request("GET", f"data_sources/{reference['id']}") for reference in database.get("data_sources") or ()
    ]
    if len(sources) > 1:
        wanted = name_key(schema.title_property.name)
        sources = [
            source
            for source in sources
            if any(item["type"] == "title" and name_key(item["name"]) == wanted for item in _configurations(source))
        ]
    if len(sources) != 1:
        raise SchemaError(
            [
                SchemaProblem(
                    schema.title,
                    None,
                    f"has {len(database.get('data_sources') or ())} data sources, not one of which is clearly meant",
                    f"keep one with the title property {schema.title_property.name}",
                )
            ]
        )
    found = Found(
        database_id=notion_id(database["id"]),
        data_source_id=notion_id(sources[0]["id"]),
        url=database.get("url") or "",
        title=_plain(database.get("title")),
        description=_plain(database.get("description")),
        is_finished=_is_described(database, schema),
        properties=_properties(sources[0]),
    )
    if thorough or not found.is_finished:
        found.views = _views(client, found.database_id)
    return found


def _views(client: NotionClient, database_id: str) -> dict[str, str]:
    references = client.paginate("GET", "views", query={"database_id": database_id})
    views = [client.request("GET", f"views/{reference['id']}") for reference in references]
    return {name_key(view["name"]): view["id"] for view in views}


def _configurations(source: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The properties of a data source's answer, each with its name."""
    return ({**configuration, "name": name} for name, configuration in source["properties"].items())


def _properties(source: Mapping[str, Any]) -> dict[str, FoundProperty]:
    found = {}
    for item in _configurations(source):
        details = item.get(item["type"]) or {}
        target = details.get("data_source_id") if item["type"] == "relation" else None
        found[property_key(item["id"])] = FoundProperty(
            id=item["id"],
            name=item["name"],
            type=item["type"],
            description=item.get("description") or "",
            options={option["id"]: Option(option["name"], option["color"]) for option in details.get("options") or ()},
            target=notion_id(target) if target else None,
        )
    return found


def _is_described(database: Mapping[str, Any], schema: DatabaseSchema) -> bool:
    return schema.description in _plain(database.get("description"))


def _plain(rich_text: Sequence[Mapping[str, Any]] | None) -> str:
    return "".join(item["plain_text"] for item in rich_text or ())


# --- checking ---------------------------------------------------------------------------------------------------------


def check(
    found: Found,
    schema: DatabaseSchema,
    known: Database | None = None,
    targets: Mapping[str, str] | None = None,
) -> list[SchemaProblem]:
    """Every problem of a database: properties missing, of another type, ambiguous, or related to another database.

    ``targets`` gives the data source ids of the databases by key. Numbers' formats and additional properties, options
    and views are people's business and no problem.
    """
    problems = []
    for spec in schema.properties:
        candidates = _candidates(spec, found, known)
        if not candidates:
            problems.append(
                SchemaProblem(
                    schema.title,
                    spec.name,
                    "is missing",
                    "restore the property in Notion, or run `roadmap setup-notion --create-databases`",
                    missing=True,
                )
            )
        elif len(candidates) > 1:
            names = ", ".join(repr(candidate.name) for candidate in candidates)
            problems.append(
                SchemaProblem(
                    schema.title, spec.name, f"could be any of {names}", "rename or delete all but one of them"
                )
            )
        elif candidates[0].type != spec.type:
            problems.append(
                SchemaProblem(
                    schema.title,
                    spec.name,
                    f"is of type {candidates[0].type} instead of {spec.type}",
                    "change its type back in Notion",
                )
            )
        elif spec.relation_to:
            wanted = (targets or {}).get(spec.relation_to)
            if wanted is not None and candidates[0].target != wanted:
                problems.append(
                    SchemaProblem(
                        schema.title,
                        spec.name,
                        f"does not point to {SCHEMAS[spec.relation_to].title}",
                        "delete the property, then run `roadmap setup-notion --create-databases`",
                    )
                )
    return problems


def _candidates(spec: PropertySpec, found: Found, known: Database | None) -> list[FoundProperty]:
    """The properties that may be the one of ``spec``: by known id, else by name, else by description."""
    if spec.type == "title":
        # A database has exactly one, whatever people call it.
        return [item for item in found.properties.values() if item.type == "title"]
    if known is not None and spec.name in known.property_ids:
        previous = found.properties.get(property_key(known.property_ids[spec.name]))
        if previous is not None:
            return [previous]
    named = [item for item in found.properties.values() if name_key(item.name) == name_key(spec.name)]
    ours = {spec.description, spec.former_description} - {None}
    return named or [item for item in found.properties.values() if item.description in ours]


def resolve(observed: Observed) -> dict[str, Database]:
    """Both databases with the ids to address them by, keyed by schema. Raises SchemaError unless both are in shape."""
    problems = observed.problems()
    problems += [
        SchemaProblem(schema.title, None, "does not exist yet", "run `roadmap setup-notion --create-databases`")
        for key, schema in SCHEMAS.items()
        if observed.databases[key] is None
    ]
    if problems:
        raise SchemaError(problems)
    return resolve_present(observed)


def resolve_present(observed: Observed) -> dict[str, Database]:
    """The databases that are there and in shape, as :func:`resolve` gives them; others are left out."""
    out_of_shape = {problem.database for problem in observed.problems()}
    return {
        key: _resolved(SCHEMAS[key], found, observed.known.get(key))
        for key, found in observed.databases.items()
        if found is not None and SCHEMAS[key].title not in out_of_shape
    }


def _resolved(schema: DatabaseSchema, found: Found, known: Database | None) -> Database:
    properties = {spec.name: _candidates(spec, found, known)[0] for spec in schema.properties}
    options = {
        spec.name: _options(spec, properties[spec.name], known) for spec in schema.properties if spec.type == "select"
    }
    return Database(
        schema=schema,
        database_id=found.database_id,
        data_source_id=found.data_source_id,
        url=found.url,
        property_ids={name: item.id for name, item in properties.items()},
        option_ids={
            name: {ours: option_id for ours, (option_id, _) in found.items()} for name, found in options.items()
        },
        option_names={name: {ours: theirs for ours, (_, theirs) in found.items()} for name, found in options.items()},
    )


def _options(spec: PropertySpec, found: FoundProperty, known: Database | None) -> dict[str, tuple[str, str]]:
    """Our option names, each with the option's id and the name it bears now; options that are gone are left out."""
    previous = known.option_ids.get(spec.name, {}) if known is not None else {}
    by_name = {name_key(option.name): option_id for option_id, option in found.options.items()}
    ids = {
        option.name: previous[option.name] if previous.get(option.name) in found.options else by_name.get(option.name)
        for option in spec.options
    }
    return {ours: (option_id, found.options[option_id].name) for ours, option_id in ids.items() if option_id}


# --- making -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """Make a database with all its properties."""

    schema: DatabaseSchema

    def describe(self) -> str:
        """One line."""
        return f"create database {self.schema.title} with {len(self.schema.properties)} properties"


@dataclass(frozen=True, slots=True)
class AddProperty:
    """Add a property that a database lacks."""

    schema: DatabaseSchema
    spec: PropertySpec

    def describe(self) -> str:
        """One line."""
        kind = f"{self.spec.type} ({self.spec.format})" if self.spec.format else self.spec.type
        return f"add property {self.spec.name}, {kind}, to {self.schema.title}"


@dataclass(frozen=True, slots=True)
class RenameTitle:
    """Give the title property of a database that someone else made its name."""

    schema: DatabaseSchema
    before: str

    def describe(self) -> str:
        """One line."""
        return f"rename property {self.before} of {self.schema.title} to {self.schema.title_property.name}"


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Add the options that a select lacks; those that are there stay."""

    schema: DatabaseSchema
    spec: PropertySpec
    options: tuple[Option, ...]

    def describe(self) -> str:
        """One line."""
        names = ", ".join(option.name for option in self.options)
        return f"add options {names} to {self.spec.name} of {self.schema.title}"


@dataclass(frozen=True, slots=True)
class AddView:
    """Save a view that a database lacks."""

    schema: DatabaseSchema
    view: ViewSpec

    def describe(self) -> str:
        """One line."""
        return f"add view {self.view.name}, {self.view.type}, to {self.schema.title}"


@dataclass(frozen=True, slots=True)
class SetDescription:
    """Write a database's description; the last step of making it."""

    schema: DatabaseSchema

    def describe(self) -> str:
        """One line."""
        return f"describe database {self.schema.title}"


@dataclass(frozen=True, slots=True)
class DescribeProperties:
    """Bring descriptions that an older version wrote up to date; those that people changed stay."""

    schema: DatabaseSchema
    specs: tuple[PropertySpec, ...]

    def describe(self) -> str:
        """One line."""
        return f"describe {', '.join(spec.name for spec in self.specs)} of {self.schema.title} anew"


SchemaChange = CreateDatabase | AddProperty | RenameTitle | AddOptions | AddView | SetDescription | DescribeProperties


def plan(observed: Observed) -> list[SchemaChange]:
    """What to make, in order, so that both databases are whole; empty when they are.

    Goes on where making them had stopped. Options and views are only added while a database is unfinished or after a
    thorough look: what people deleted stays deleted. Raises SchemaError for problems that adding does not mend.
    """
    problems = [problem for problem in observed.problems() if not problem.missing]
    if problems:
        raise SchemaError(problems)
    changes: list[SchemaChange] = []
    for key, schema in SCHEMAS.items():
        found = observed.databases[key]
        if found is None:
            changes.append(CreateDatabase(schema))
            changes += [AddView(schema, view) for view in schema.views]
            changes.append(SetDescription(schema))
            continue
        changes += _completions(schema, found, observed.known.get(key))
        if not found.is_finished and not found.description.strip():
            changes.append(SetDescription(schema))
    return changes


def _completions(schema: DatabaseSchema, found: Found, known: Database | None) -> list[SchemaChange]:
    changes: list[SchemaChange] = []
    resolved = {spec.name: _candidates(spec, found, known) for spec in schema.properties}
    changes += [AddProperty(schema, spec) for spec in schema.properties if not resolved[spec.name]]
    outdated = tuple(
        spec
        for spec in schema.properties
        if spec.former_description and any(item.description == spec.former_description for item in resolved[spec.name])
    )
    if outdated:
        changes.append(DescribeProperties(schema, outdated))
    if found.views is None:
        return changes
    title = resolved[schema.title_property.name][0]
    if not found.is_finished and name_key(title.name) != name_key(schema.title_property.name):
        changes.append(RenameTitle(schema, title.name))
    for spec in schema.properties:
        if spec.type == "select" and resolved[spec.name]:
            present = _options(spec, resolved[spec.name][0], known)
            missing = tuple(option for option in spec.options if option.name not in present)
            if missing:
                changes.append(AddOptions(schema, spec, missing))
    changes += [AddView(schema, view) for view in schema.views if name_key(view.name) not in found.views]
    return changes


def apply(client: NotionClient, change: SchemaChange, observed: Observed) -> None:
    """Carry out one change of a plan, in its order, and bring ``observed`` up to date with Notion's answer."""
    schema = change.schema
    if isinstance(change, CreateDatabase):
        observed.databases[schema.key] = _create_database(client, schema, observed)
        return
    found = observed.databases[schema.key]
    if found is None:
        raise ValueError(f"{change.describe()}: the database has to be created first")
    if isinstance(change, AddView):
        _add_view(client, change, found, observed.known.get(schema.key))
    elif isinstance(change, SetDescription):
        client.request("PATCH", f"databases/{found.database_id}", body={"description": _rich_text(schema.description)})
        found.description, found.is_finished = schema.description, True
    else:
        answer = client.request(
            "PATCH",
            f"data_sources/{found.data_source_id}",
            body={"properties": _property_change(change, found, observed)},
        )
        found.properties = _properties(answer)


def _property_change(
    change: AddProperty | RenameTitle | AddOptions | DescribeProperties, found: Found, observed: Observed
) -> dict[str, dict[str, Any]]:
    if isinstance(change, AddProperty):
        return {change.spec.name: _configuration(change.spec, observed)}
    if isinstance(change, RenameTitle):
        title = change.schema.title_property
        return {
            item.id: {"name": title.name, "description": title.description}
            for item in found.properties.values()
            if item.type == "title"
        }
    known = observed.known.get(change.schema.key)
    if isinstance(change, DescribeProperties):
        return {_candidates(spec, found, known)[0].id: {"description": spec.description} for spec in change.specs}
    (item,) = _candidates(change.spec, found, known)
    # The list replaces the stored one: an option left out would vanish together with the rows' values.
    kept = [{"id": option_id, "name": option.name, "color": option.color} for option_id, option in item.options.items()]
    return {item.id: {"select": {"options": kept + _new_options(change.options)}}}


def _create_database(client: NotionClient, schema: DatabaseSchema, observed: Observed) -> Found:
    body = {
        "parent": {"type": "page_id", "page_id": notion_id(observed.parent_page_id)},
        "title": _rich_text(schema.title),
        "initial_data_source": {
            "properties": {spec.name: _configuration(spec, observed) for spec in schema.properties}
        },
    }

    def look_up(_committed_id: str | None) -> dict[str, Any] | None:
        # Whatever id Notion names for a lost answer (database or data source): the page's children tell.
        found = find(client, schema, observed.parent_page_id)
        return None if found is None else client.request("GET", f"databases/{found.database_id}")

    database, _ = create_once(client, lambda: client.request("POST", "databases", body=body), look_up)
    return _observe(client, schema, database, thorough=True)


def _add_view(client: NotionClient, change: AddView, found: Found, known: Database | None) -> None:
    body = _view_body(change.view, found, _resolved(change.schema, found, known))

    def look_up(_committed_id: str | None) -> dict[str, Any] | None:
        view_id = _views(client, found.database_id).get(name_key(change.view.name))
        return None if view_id is None else {"id": view_id}

    view, _ = create_once(client, lambda: client.request("POST", "views", body=body), look_up)
    found.views = {**(found.views or {}), name_key(change.view.name): view["id"]}


def _view_body(view: ViewSpec, found: Found, database: Database) -> dict[str, Any]:
    ids = database.property_ids
    configuration: dict[str, Any] = {"type": view.type}
    if view.group_by:
        configuration["group_by"] = {"type": "select", "property_id": ids[view.group_by], "sort": {"type": "manual"}}
    if view.date:
        configuration["date_property_id"] = ids[view.date]
        configuration["preference"] = {"zoom_level": "month"}
    if view.columns:
        configuration["properties"] = [{"property_id": ids[name], "visible": True} for name in view.columns]
    body: dict[str, Any] = {
        "database_id": found.database_id,
        "data_source_id": found.data_source_id,
        "name": view.name,
        "type": view.type,
        "configuration": configuration,
    }
    if view.number_filter:
        name, condition, number = view.number_filter
        body["filter"] = {"property": ids[name], "number": {condition: number}}
    if view.newest_first:
        key = "timestamp" if view.newest_first == "last_edited_time" else "property"
        body["sorts"] = [{key: ids.get(view.newest_first, view.newest_first), "direction": "descending"}]
    return body


def _configuration(spec: PropertySpec, observed: Observed) -> dict[str, Any]:
    """The property as the API takes it when it is created."""
    details: dict[str, Any] = {}
    if spec.format:
        details["format"] = spec.format
    if spec.options:
        details["options"] = _new_options(spec.options)
    if spec.relation_to:
        target = observed.databases[spec.relation_to]
        if target is None:
            raise ValueError(f"{spec.name} points to {SCHEMAS[spec.relation_to].title}, which has to be created first")
        details = {"data_source_id": target.data_source_id, "type": "single_property", "single_property": {}}
    return {spec.type: details, "description": spec.description}


def _new_options(options: Iterable[Option]) -> list[dict[str, str]]:
    return [{"name": option.name, "color": option.color} for option in options]


def _rich_text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}}]
