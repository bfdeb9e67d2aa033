"""Problems of the observed databases, and the ids by which they are addressed where there are none.

Belongs here: matching declared properties and options with observed ones; no requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from roadmap_pipeline.notion.ids import name_key, property_key
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, PropertySpec, ViewSpec
from roadmap_pipeline.notion.schema.model import (
    Database,
    ObservedDatabase,
    ObservedProperty,
    SchemaError,
    SchemaProblem,
)


@dataclass(slots=True)
class Observed:
    """Both databases as they are, by key (None: not there yet), and what was known of them before.

    ``own_views`` are the views of one's own as they are described, by the key of their database.
    """

    parent_page_id: str
    databases: dict[str, ObservedDatabase | None]
    known: Mapping[str, Database]
    own_views: Mapping[str, Sequence[ViewSpec]] = field(default_factory=dict)

    def problems(self) -> list[SchemaProblem]:
        """Return what is wrong with the databases that are there."""
        return [
            problem
            for key, database in self.databases.items()
            if database is not None
            for problem in check(database, SCHEMAS[key], self.known.get(key), self._targets())
        ]

    def _targets(self) -> dict[str, str]:
        # What points to a database that isn't there points to a wrong one.
        return {key: "" if database is None else database.data_source_id for key, database in self.databases.items()}


def check(
    database: ObservedDatabase,
    schema: DatabaseSchema,
    known: Database | None = None,
    targets: Mapping[str, str] | None = None,
) -> list[SchemaProblem]:
    """Return every problem of a database: properties missing, of another type, ambiguous, or related to another one.

    Numbers' formats and additional properties, options and views are people's business and no problem.

    Args:
        database: The database as it is.
        schema: What it should look like.
        known: What was known of it before.
        targets: The data source ids of the databases by key.
    """
    checked = (_check_property(spec, database, schema, known, targets or {}) for spec in schema.properties)
    return [problem for problem in checked if problem is not None]


def _check_property(
    spec: PropertySpec,
    database: ObservedDatabase,
    schema: DatabaseSchema,
    known: Database | None,
    targets: Mapping[str, str],
) -> SchemaProblem | None:
    def problem(text: str, remedy: str, *, missing: bool = False, emptied_id: str | None = None) -> SchemaProblem:
        is_new = missing and _is_new(spec, database, known)
        return SchemaProblem(schema.title, spec.name, text, remedy, missing, is_new, emptied_id)

    candidates = matching_properties(spec, database, known)
    if not candidates:
        remedy = "restore the property in Notion, or run `roadmap setup-notion --create-databases`"
        return problem("is missing", remedy, missing=True)
    if len(candidates) > 1:
        names = ", ".join(repr(candidate.name) for candidate in candidates)
        return problem(f"could be any of {names}", "rename or delete all but one of them")
    if candidates[0].type != spec.type:
        text = f"is of type {candidates[0].type} instead of {spec.type}"
        return problem(text, "change its type back in Notion", emptied_id=candidates[0].id)
    if spec.relation_to:
        target = targets.get(spec.relation_to)
        if target is not None and candidates[0].target != target:
            remedy = "delete the property, then run `roadmap setup-notion --create-databases`"
            return problem(f"does not point to {SCHEMAS[spec.relation_to].title}", remedy)
    return None


def _is_new(spec: PropertySpec, database: ObservedDatabase, known: Database | None) -> bool:
    """Return whether a property that is missing was never made; else people deleted it.

    What is remembered of the database tells it, and where that got lost, or another machine made the property, the
    version that the database's description names.
    """
    if known is not None and spec.name in known.property_ids:
        return False
    return database.version < spec.since


def matching_properties(
    spec: PropertySpec, database: ObservedDatabase, known: Database | None
) -> list[ObservedProperty]:
    """Return the properties that may be the one of ``spec``: by known id, else by name, else by description."""
    if spec.type == "title":
        # A database has exactly one, whatever people call it.
        return [item for item in database.properties.values() if item.type == "title"]
    if known is not None and spec.name in known.property_ids:
        previous = database.properties.get(property_key(known.property_ids[spec.name]))
        if previous is not None:
            return [previous]
    named = [item for item in database.properties.values() if name_key(item.name) == name_key(spec.name)]
    ours = {spec.description, spec.former_description} - {None}
    return named or [item for item in database.properties.values() if item.description in ours]


def resolve(observed: Observed) -> dict[str, Database]:
    """Return both databases with the ids to address them by, keyed by schema.

    Raises:
        SchemaError: One of them is not in shape, or not there.
    """
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
    """Return the databases that are there and in shape, as :func:`resolve` does; others are left out.

    Properties that are still to be made (:attr:`.SchemaProblem.is_new`) are left out of their ``property_ids``.
    """
    out_of_shape = {problem.database for problem in observed.problems() if not problem.is_new}
    return {
        key: resolve_database(SCHEMAS[key], database, observed.known.get(key))
        for key, database in observed.databases.items()
        if database is not None and SCHEMAS[key].title not in out_of_shape
    }


def resolve_database(schema: DatabaseSchema, database: ObservedDatabase, known: Database | None) -> Database:
    """Return the ids by which a database that is in shape is addressed."""
    properties = {
        spec.name: matches[0] for spec in schema.properties if (matches := matching_properties(spec, database, known))
    }
    options = {
        spec.name: match_options(spec, properties[spec.name], known)
        for spec in schema.properties
        if spec.type == "select" and spec.name in properties
    }
    return Database(
        schema=schema,
        database_id=database.database_id,
        data_source_id=database.data_source_id,
        url=database.url,
        property_ids={name: item.id for name, item in properties.items()},
        option_ids={
            name: {ours: option_id for ours, (option_id, _) in matches.items()} for name, matches in options.items()
        },
        option_names={
            name: {ours: theirs for ours, (_, theirs) in matches.items()} for name, matches in options.items()
        },
        views=dict(database.saved_views),
    )


def match_options(spec: PropertySpec, observed: ObservedProperty, known: Database | None) -> dict[str, tuple[str, str]]:
    """Return our option names, each with the option's id and its present name; options that are gone are left out."""
    previous = known.option_ids.get(spec.name, {}) if known is not None else {}
    by_name = {name_key(option.name): option_id for option_id, option in observed.options.items()}
    ids = {
        option.name: previous[option.name]
        if previous.get(option.name) in observed.options
        else by_name.get(option.name)
        for option in spec.options
    }
    return {ours: (option_id, observed.options[option_id].name) for ours, option_id in ids.items() if option_id}
