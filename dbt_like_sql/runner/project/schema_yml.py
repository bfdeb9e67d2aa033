"""The subset of dbt's ``schema.yml`` that this project uses, as typed records with line numbers.

Belongs here: reading one file and refusing what we would otherwise ignore. Whether the names in it exist is checked
where models and files come together (``parser``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dbt_like_sql.runner.project.doc_blocks import resolved, unknown_blocks
from dbt_like_sql.runner.project.problems import Problem, ProjectError
from dbt_like_sql.runner.project.project import Severity, TestKind

# libyaml's parser is four times faster; wheels for common platforms have it.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Location = tuple[str | int, ...]

# What each test needs besides its column.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "not_null": (),
    "unique": (),
    "accepted_values": ("values",),
    "relationships": ("to", "field"),
    "expression_is_true": ("expression",),
    "unique_combination_of_columns": ("combination_of_columns",),
}
_OTHER_NAMES = {
    "expression": "expression_is_true",
    "unique_combination": "unique_combination_of_columns",
}
_COMMON_KEYS = ("name", "description", "config", "arguments")
_REF = re.compile(r"\s*ref\(\s*(['\"])(?P<name>\w+)\1\s*\)\s*")
_SOURCE = re.compile(r"\s*source\(\s*(['\"])(?P<source>\w+)\1\s*,\s*(['\"])(?P<name>\w+)\3\s*\)\s*")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Reference:
    """A table as dbt names it: ``ref('name')``, or ``source('source', 'name')``."""

    source: str | None
    name: str


def _reference(text: object) -> object:
    if not isinstance(text, str):
        return text
    if match := _REF.fullmatch(text):
        return Reference(None, match["name"])
    if match := _SOURCE.fullmatch(text):
        return Reference(match["source"], match["name"])
    raise ValueError(f"{text!r} is neither ref('model') nor source('schema', 'table')")


class DataTest(_Record):
    """A data test in any of dbt's spellings.

    ``not_null``, ``{unique: {config: …}}``, with or without ``arguments``, with or without the prefix ``dbt_utils.``.
    """

    kind: TestKind
    name: str | None = None
    description: str = ""
    severity: Severity = "error"
    where: str | None = None
    values: tuple[bool | int | float | str, ...] = ()
    to: Reference | None = None
    field: str | None = None
    expression: str | None = None
    combination_of_columns: tuple[str, ...] = ()

    _to = field_validator("to", mode="before")(_reference)

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, value: object) -> object:
        body: object = {}
        if isinstance(value, str):
            spelled = value
        elif isinstance(value, dict) and len(value) == 1:
            spelled, body = next(iter(value.items()))
            body = {} if body is None else body
        else:
            raise ValueError("a test is a name, or one name with its arguments below it")
        kind = str(spelled).removeprefix("dbt_utils.")
        kind = _OTHER_NAMES.get(kind, kind)
        if kind not in _ARGUMENTS:
            raise ValueError(f"unknown test {spelled}; known are {', '.join(_ARGUMENTS)}")
        if not isinstance(body, dict):
            raise ValueError(f"what stands below {spelled} is no mapping")
        given = {key: body[key] for key in body if key not in _COMMON_KEYS}
        arguments = body.get("arguments") or {}
        config = body.get("config") or {}
        if not isinstance(arguments, dict) or not isinstance(config, dict):
            raise ValueError(f"arguments and config of {spelled} are mappings")
        given |= arguments
        given.pop("quote", None)  # dbt's way to say what the values' own types say here
        if unknown := [str(key) for key in given if key not in _ARGUMENTS[kind]]:
            raise ValueError(f"{spelled} takes no {', '.join(unknown)}")
        if missing := [key for key in _ARGUMENTS[kind] if not given.get(key)]:
            raise ValueError(f"{spelled} needs {', '.join(missing)}")
        if unknown := [str(key) for key in config if key not in ("severity", "where")]:
            raise ValueError(f"config of {spelled} takes severity and where, not {', '.join(unknown)}")
        config = {key: value.lower() if key == "severity" else value for key, value in config.items()}
        named = {key: body[key] for key in ("name", "description") if key in body}
        return {"kind": kind, **given, **config, **named}


class ColumnEntry(_Record):
    """A column of a model."""

    name: str
    description: str = ""
    data_tests: tuple[DataTest, ...] = ()


class IncrementalEntry(_Record):
    """``config.meta.incremental``; what its parts mean is said at ``project.Incremental``."""

    affected_keys: str | None = None
    dependent_keys: str | None = None
    input_filters: dict[str, str] = Field(default_factory=dict)
    untracked_inputs: tuple[str, ...] = ()


class Meta(BaseModel):
    """``config.meta``: dbt leaves it to the project; ``incremental`` is ours, all else is free."""

    model_config = ConfigDict(extra="allow", frozen=True)

    incremental: IncrementalEntry = IncrementalEntry()


class ModelConfig(_Record):
    """The way a model is stored."""

    materialized: Literal["table", "view", "incremental"] = "table"
    incremental_strategy: Literal["delete+insert"] | None = None
    unique_key: tuple[str, ...] = ()
    event_time: str | None = None
    tags: tuple[str, ...] = ()
    meta: Meta = Meta()

    @field_validator("unique_key", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> "ModelConfig":
        if self.materialized == "incremental" and not self.unique_key:
            raise ValueError("an incremental model needs unique_key: the columns by which its rows are replaced")
        return self


class ModelEntry(_Record):
    """A model: what it holds, its columns, and tests over several columns."""

    name: str
    description: str = ""
    config: ModelConfig = ModelConfig()
    columns: tuple[ColumnEntry, ...] = ()
    data_tests: tuple[DataTest, ...] = ()


class SeedConfig(_Record):
    """DuckDB types of a seed's columns; text where none is given."""

    column_types: dict[str, str] = Field(default_factory=dict)


class SeedEntry(_Record):
    """A CSV file that is loaded as a table."""

    name: str
    description: str = ""
    config: SeedConfig = SeedConfig()
    columns: tuple[ColumnEntry, ...] = ()
    data_tests: tuple[DataTest, ...] = ()

    def as_model(self) -> ModelEntry:
        """Return what it declares in common with models."""
        return ModelEntry(
            name=self.name, description=self.description, columns=self.columns, data_tests=self.data_tests
        )


class SourceTableEntry(_Record):
    """A source table; its columns are described where it is declared to the runner."""

    name: str
    description: str = ""


class SourceEntry(_Record):
    """A source: a schema of source tables."""

    name: str
    description: str = ""
    tables: tuple[SourceTableEntry, ...] = ()


class Given(_Record):
    """Rows that stand in for a table in a unit test; columns left out are NULL."""

    input: Reference
    rows: tuple[dict[str, Any], ...] = ()
    format: Literal["dict"] = "dict"

    _input = field_validator("input", mode="before")(_reference)


class Expect(_Record):
    """Rows that the model must give, in any order; only the columns named here are compared."""

    rows: tuple[dict[str, Any], ...] = ()
    format: Literal["dict"] = "dict"


class UnitTestEntry(_Record):
    """A unit test: the model on given rows."""

    name: str
    model: str
    description: str = ""
    given: tuple[Given, ...]
    expect: Expect


class SingularTestMeta(_Record):
    """``config.meta`` of a test across models."""

    by: tuple[str, ...] = ()

    @field_validator("by", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class SingularTestConfig(_Record):
    """The severity of a failure, and by which columns the rows can be looked at apart."""

    severity: Severity = "error"
    meta: SingularTestMeta = SingularTestMeta()


class SingularTestEntry(_Record):
    """A test across models: a file of the folder ``tests``."""

    name: str
    description: str = ""
    config: SingularTestConfig = SingularTestConfig()


class SchemaDocument(_Record):
    """One ``schema.yml``."""

    version: Literal[2] = 2
    models: tuple[ModelEntry, ...] = ()
    seeds: tuple[SeedEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    unit_tests: tuple[UnitTestEntry, ...] = ()
    data_tests: tuple[SingularTestEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A document, where it came from, and the line of each of its parts."""

    path: Path
    document: SchemaDocument
    lines: Mapping[Location, int]

    def line(self, *location: str | int) -> int:
        """Return the line (from 1) of the part at ``location``, or of the nearest around it.

        A location is ``("models", 0, "columns", 2)``, for instance.
        """
        return _nearest_line(self.lines, location)


def read_schema(path: Path, doc_blocks: Mapping[str, str] = MappingProxyType({})) -> SchemaFile:
    """Read and validate one file; its descriptions may name any of ``doc_blocks``.

    Raises:
        ProjectError: Every problem, each with its line.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Parser)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ProjectError([Problem(path, mark.line + 1 if mark else 1, f"no valid YAML: {error.problem}")]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError([Problem(path, 1, f"no valid YAML: {error}")]) from error
    if node is None:
        return SchemaFile(path, SchemaDocument(), {})
    lines = dict(_lines(node, ()))
    if missing := list(_resolve_descriptions(node, doc_blocks)):
        raise ProjectError([Problem(path, line, f"there is no block {name} of docs") for name, line in missing])
    if doubled := list(_doubled_keys(node)):
        raise ProjectError([Problem(path, line, f"{key} stands here twice") for key, line in doubled])
    loader = yaml.SafeLoader("")
    try:
        document = SchemaDocument.model_validate(loader.construct_document(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ProjectError([Problem(path, mark.line + 1 if mark else 1, f"no valid YAML: {error.problem}")]) from error
    except ValidationError as error:
        raise ProjectError(
            [
                Problem(path, _nearest_line(lines, item["loc"]), _text(item["type"], item["loc"], item["msg"]))
                for item in error.errors(include_url=False)
            ]
        ) from error
    finally:
        loader.dispose()
    return SchemaFile(path, document, lines)


def _lines(node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            yield from _lines(value, inner)
            yield inner, key.start_mark.line + 1  # the key's line, also where the value starts on the next one
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*location, index))


def _resolve_descriptions(node: yaml.Node, doc_blocks: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Put the blocks of docs into all descriptions. Yields the names and lines of those that don't exist."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode) and key.value == "description":
                line = value.start_mark.line + 1
                yield from ((name, line) for name in unknown_blocks(value.value, doc_blocks))
                value.value = resolved(value.value, doc_blocks)
            yield from _resolve_descriptions(value, doc_blocks)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _resolve_descriptions(value, doc_blocks)


def _doubled_keys(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
            yield from _doubled_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubled_keys(value)


def _nearest_line(lines: Mapping[Location, int], location: Location) -> int:
    for end in range(len(location), -1, -1):
        if (line := lines.get(location[:end])) is not None:
            return line
    return 1


def _text(kind: str, location: Location, message: str) -> str:
    where = ".".join(str(part) for part in location if not isinstance(part, int))
    if kind == "extra_forbidden":
        return f"unknown key {location[-1]} ({where})"
    return f"{where or 'the file'}: {message.removeprefix('Value error, ')}"
