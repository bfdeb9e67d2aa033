"""The changes that make both databases whole.

Belongs here: the changes, each with a line that describes it, and their order; no requests. Carrying them out belongs
to ``making``.
"""

from dataclasses import dataclass

from roadmap_pipeline.notion.ids import name_key
from roadmap_pipeline.notion.layout import SCHEMAS, DatabaseSchema, Option, PropertySpec, ViewSpec
from roadmap_pipeline.notion.schema.checking import Observed, match_options, matching_properties
from roadmap_pipeline.notion.schema.model import Database, ObservedDatabase, SchemaError


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
    """The change that saves a view that a database lacks."""

    schema: DatabaseSchema
    view: ViewSpec

    def describe(self) -> str:
        """Return the change in one line."""
        return f"add view {self.view.name}, {self.view.type}, to {self.schema.title}"


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


SchemaChange = CreateDatabase | AddProperty | RenameTitle | AddOptions | AddView | SetDescription | DescribeProperties


def plan(observed: Observed) -> list[SchemaChange]:
    """Return what to make, in order, so that both databases are whole; empty when they are.

    Goes on where making them had stopped. Options and views are only added while a database is unfinished or after a
    thorough look: what people deleted stays deleted.

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
            changes += [AddView(schema, view) for view in schema.views]
            changes.append(SetDescription(schema))
            continue
        changes += _completions(schema, database, observed.known.get(key))
        if not database.is_finished and not database.description.strip():
            changes.append(SetDescription(schema))
    return changes


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
    if not database.is_finished and name_key(title.name) != name_key(schema.title_property.name):
        changes.append(RenameTitle(schema, title.name))
    for spec in schema.properties:
        if spec.type == "select" and resolved[spec.name]:
            present = match_options(spec, resolved[spec.name][0], known)
            missing = tuple(option for option in spec.options if option.name not in present)
            if missing:
                changes.append(AddOptions(schema, spec, missing))
    changes += [AddView(schema, view) for view in schema.views if name_key(view.name) not in database.views]
    return changes
