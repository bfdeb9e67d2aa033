"""The changes that make both databases whole.

Belongs here: the changes, each with a line that describes it, and their order; no requests. Carrying them out belongs
to ``making``.
"""

from dataclasses import dataclass

from roadmap_pipeline.notion.ids import name_key
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option, PropertySpec, ViewSpec
from roadmap_pipeline.notion.schema.checking import Observed, match_options, matching_properties
from roadmap_pipeline.notion.schema.model import Database, ObservedDatabase, ObservedView, SchemaError
from roadmap_pipeline.notion.schema.views import compare_views


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """The change that makes a database with all its properties."""

    schema: DatabaseSchema

    def describe(self) -> str:
        """Return the change in one line."""
        return f"create database {self.schema.title} with {len(self.schema.properties)} properties"


@dataclass(frozen=True, slots=True)
class AddProperty:
    """The change that adds a property that a database lacks."""

    schema: DatabaseSchema
    spec: PropertySpec

    def describe(self) -> str:
        """Return the change in one line."""
        kind = f"{self.spec.type} ({self.spec.format})" if self.spec.format else self.spec.type
        return f"add property {self.spec.name}, {kind}, to {self.schema.title}"


@dataclass(frozen=True, slots=True)
class RenameTitle:
    """The change that gives the title property of a database that someone else made its name."""

    schema: DatabaseSchema
    before: str

    def describe(self) -> str:
        """Return the change in one line."""
        return f"rename property {self.before} of {self.schema.title} to {self.schema.title_property.name}"


@dataclass(frozen=True, slots=True)
class AddOptions:
    """The change that adds the options that a select lacks; those that are there stay."""

    schema: DatabaseSchema
    spec: PropertySpec
    options: tuple[Option, ...]

    def describe(self) -> str:
        """Return the change in one line."""
        names = ", ".join(option.name for option in self.options)
        return f"add options {names} to {self.spec.name} of {self.schema.title}"


@dataclass(frozen=True, slots=True)
class AddView:
    """The change that saves a view that a database lacks.

    ``replaces`` is the id of the view that an older version saved under that name; it is deleted once the new one is
    there.
    """

    schema: DatabaseSchema
    view: ViewSpec
    replaces: str | None = None

    def describe(self) -> str:
        """Return the change in one line."""
        former = self.view.type_before or "one"
        instead = f" in place of the {former} of that name" if self.replaces else ""
        return f"add view {self.view.name}, {self.view.type}, to {self.schema.title}{instead}"


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The change that brings a view of one's own to its new description."""

    schema: DatabaseSchema
    view: ViewSpec
    view_id: str

    def describe(self) -> str:
        """Return the change in one line."""
        return f"change view {self.view.name}, {self.view.type}, of {self.schema.title}"


@dataclass(frozen=True, slots=True)
class SetDescription:
    """The change that writes a database's description; the last step of making it."""

    schema: DatabaseSchema

    def describe(self) -> str:
        """Return the change in one line."""
        return f"describe database {self.schema.title}"


@dataclass(frozen=True, slots=True)
class DescribeProperties:
    """The change that brings descriptions up to date that an older version wrote; those that people changed stay."""

    schema: DatabaseSchema
    specs: tuple[PropertySpec, ...]

    def describe(self) -> str:
        """Return the change in one line."""
        return f"describe {', '.join(spec.name for spec in self.specs)} of {self.schema.title} anew"


@dataclass(frozen=True, slots=True)
class TrashDuplicate:
    """The change that puts a database into the trash that doubles another one and holds nothing of people."""

    schema: DatabaseSchema
    database_id: str

    def describe(self) -> str:
        """Return the change in one line."""
        return f"put {self.database_id}, which doubles {self.schema.title}, into the trash"


SchemaChange = (
    CreateDatabase
    | AddProperty
    | RenameTitle
    | AddOptions
    | AddView
    | ChangeView
    | SetDescription
    | DescribeProperties
    | TrashDuplicate
)


def plan(observed: Observed) -> list[SchemaChange]:
    """Return what to make, in order, so that both databases are whole; empty when they are.

    Goes on where making them had stopped, and brings a database that an older version made up to date. Options and
    views are only added while a database is unfinished or after a thorough look: what people deleted stays deleted.

    Raises:
        SchemaError: There are problems that adding does not repair.
    """
    problems = [problem for problem in observed.problems() if not problem.missing]
    if problems:
        raise SchemaError(problems)
    changes: list[SchemaChange] = []
    for key, schema in SCHEMAS.items():
        database = observed.databases[key]
        if database is None:
            changes.append(CreateDatabase(schema))
            changes += [AddView(schema, view) for view in (*schema.views, *observed.own_views.get(key, ()))]
            changes.append(SetDescription(schema))
            continue
        changes += [TrashDuplicate(schema, database_id) for database_id in database.duplicates]
        changes += _completions(schema, database, observed.known.get(key))
        own = compare_views(observed.own_views.get(key, ()), schema, database, observed.known.get(key))
        changes += [AddView(schema, view, replaces) for view, replaces in own.to_add]
        changes += [ChangeView(schema, view, view_id) for view, view_id in own.to_change]
        if not database.is_finished and (database.version or not database.description.strip()):
            changes.append(SetDescription(schema))
    return changes


def settle_views(observed: Observed) -> list[str]:
    """Note which views of one's own need no change; return what is to be said of views that are left alone."""
    notes: list[str] = []
    for key, schema in SCHEMAS.items():
        if (database := observed.databases[key]) is not None:
            own = compare_views(observed.own_views.get(key, ()), schema, database, observed.known.get(key))
            described = {view.name for view in observed.own_views.get(key, ())}
            kept = {name: saved for name, saved in database.saved_views.items() if name in described}
            database.saved_views = {**kept, **own.settled}
            notes += own.notes
    return notes


def _completions(schema: DatabaseSchema, database: ObservedDatabase, known: Database | None) -> list[SchemaChange]:
    changes: list[SchemaChange] = []
    resolved = {spec.name: matching_properties(spec, database, known) for spec in schema.properties}
    changes += [AddProperty(schema, spec) for spec in schema.properties if not resolved[spec.name]]
    outdated = tuple(
        spec
        for spec in schema.properties
        if spec.former_description and any(item.description == spec.former_description for item in resolved[spec.name])
    )
    if outdated:
        changes.append(DescribeProperties(schema, outdated))
    if database.views is None:
        return changes
    title = resolved[schema.title_property.name][0]
    if not database.version and name_key(title.name) != name_key(schema.title_property.name):
        changes.append(RenameTitle(schema, title.name))
    if not database.version or database.is_thorough:
        for spec in schema.properties:
            if spec.type == "select" and resolved[spec.name]:
                present = match_options(spec, resolved[spec.name][0], known)
                missing = tuple(option for option in spec.options if option.name not in present)
                if missing:
                    changes.append(AddOptions(schema, spec, missing))
    return changes + _missing_views(schema, database)


def _missing_views(schema: DatabaseSchema, database: ObservedDatabase) -> list[SchemaChange]:
    """Return the views to add.

    A view of an older version that nobody edited gives way to the one that has its name now. One that people made or
    edited stays, also where it is of another type: then there is no new one.
    """
    changes: list[SchemaChange] = []
    for view in schema.views:
        if view.since <= database.version and not database.is_thorough:
            continue
        named = database.views_named(view.name)
        outdated = [one.id for one in named if database.version < view.since and _is_outdated(one, view, database)]
        if outdated:
            changes.append(AddView(schema, view, outdated[0]))
        elif not named:
            changes.append(AddView(schema, view))
    return changes


def _is_outdated(observed: ObservedView, view: ViewSpec, database: ObservedDatabase) -> bool:
    is_untouched = {observed.created_by, observed.last_edited_by} == {database.integration}
    return observed.type == view.type_before and is_untouched
