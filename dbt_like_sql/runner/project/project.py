"""The SQL project: which models there are, how they are declared, and in which order they are built.

Belongs here: what a loaded project is. Reading its files is in ``project_parser``, building tables in ``building``;
what a number means is in the models themselves.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dbt_like_sql.runner.project.cache import cached
from dbt_like_sql.runner.testing.data_tests import ModelTest, Severity
from roadmap_pipeline.errors import RoadmapError

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column and what a reader must know about it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A model on given rows. ``given`` holds the rows of every table that the model reads, by (schema, name); rows are
    dicts by column, columns left out are NULL. Only the columns that ``expect`` names are compared."""

    name: str
    description: str
    given: Mapping[Key, Sequence[Mapping[str, Any]]]
    expect: Sequence[Mapping[str, Any]]
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class SingularTest:
    """A SELECT over any tables whose rows are failures. It runs when the last model it reads is built.

    Where ``by`` names columns, rows with the same values in them are right or wrong whatever the others are: then only
    those that changed need a look. ``sql_on_views`` is the same SELECT over views ``temp."schema.name"`` of the
    tables, which show those rows. ``described_at`` is file and line in a ``.yml``, None where it is in none.
    """

    name: str
    path: Path
    sql: str
    deps: tuple[Key, ...]
    description: str
    severity: Severity
    by: tuple[str, ...]
    sql_on_views: str
    described_at: tuple[Path, int] | None


@dataclass(frozen=True, slots=True)
class Incremental:
    """What a change of this model's tables means for its rows (``config.meta.incremental``), where ``unique_key`` alone
    doesn't say it. All but ``untracked_inputs`` are SQL; see ``build/incremental.py`` for the tables they may read.
    ``places`` are file and line of each part: ``affected_keys``, ``dependent_keys``, ``input_filters.schema.name``."""

    affected_keys: str | None = None
    dependent_keys: str | None = None
    input_filters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    untracked_inputs: tuple[str, ...] = ()
    places: Mapping[str, tuple[Path, int]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SqlModel:
    """A table or view computed by one SELECT file, or (a seed) loaded from a CSV file.

    ``deps`` are the tables it reads, as (schema, name), ``columns_read`` which of their columns (None: all);
    ``version`` changes with what the SQL says, not with its layout or comments. ``unique_key`` names the columns by
    which rows of an incremental model are replaced, ``event_time`` the column in whose order they are stored.
    ``seed_types`` are the columns of a seed with their types, None for a SELECT. ``singular_tests`` are those that look
    at other tables, too, of which this model is built last.
    """

    schema: str
    name: str
    path: Path
    sql: str
    deps: tuple[Key, ...]
    version: str
    description: str
    columns: tuple[ModelColumn, ...]
    tests: tuple[ModelTest, ...]
    materialized: Literal["table", "view", "incremental"] = "table"
    columns_read: Mapping[Key, frozenset[str] | None] = dataclasses.field(default_factory=dict)
    unique_key: tuple[str, ...] = ()
    event_time: str | None = None
    incremental: Incremental = dataclasses.field(default_factory=Incremental)
    unit_tests: tuple[UnitTest, ...] = ()
    singular_tests: tuple[SingularTest, ...] = ()
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] | None = None
    seed_types: Mapping[str, str] | None = None

    @property
    def key(self) -> Key:
        """(schema, name)."""
        return self.schema, self.name

    @property
    def qualified_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def definition(self) -> str:
        """A hash of all that decides the rows and whether they are accepted: SQL, configuration and tests."""
        tests: list[object] = [
            (test.name, test.kind, test.severity, test.columns, test.where, test.values, test.expression, test.parent)
            for test in self.tests
        ]
        tests += [(test.name, test.severity, test.by, test.sql) for test in self.singular_tests]
        tests += [(test.name, test.given, test.expect) for test in self.unit_tests]
        parts = (self.version, self.materialized, self.unique_key, self.event_time, sorted(self.column_names), tests)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def described(self) -> str:
        """A hash of the descriptions, which are stored as comments."""
        parts = (self.description, [(column.name, column.description) for column in self.columns])
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def column_names(self) -> frozenset[str]:
        """Names of the columns it is declared to have."""
        return frozenset(column.name for column in self.columns)

    @property
    def tested_against(self) -> tuple[Key, ...]:
        """Other tables that its rows must be found in."""
        parents = {test.parent[:2] for test in self.tests if test.parent}
        return tuple(sorted(parents - {self.key, *self.deps}))

    @property
    def compared_with(self) -> tuple[Key, ...]:
        """Further tables that its singular tests look at."""
        others = {key for test in self.singular_tests for key in test.deps}
        return tuple(sorted(others - {self.key, *self.deps, *self.tested_against}))


@dataclass(frozen=True, slots=True)
class Project:
    """All models, every one after those it reads or is tested against."""

    directory: Path
    models: tuple[SqlModel, ...]
    singular_tests: tuple[SingularTest, ...] = ()

    def readers_of(self, key: Key) -> tuple[SqlModel, ...]:
        """The models that read the table ``key`` or are tested against it."""
        return tuple(model for model in self.models if key in model.deps or key in model.tested_against)

    def upstream(self, tables: Iterable[Key]) -> tuple[SqlModel, ...]:
        """The models among ``tables`` and all that they rest on, every one after those it reads."""
        reached = set(tables)
        for other in reversed(self.models):
            if other.key in reached:
                reached |= {*other.deps}
        return tuple(other for other in self.models if other.key in reached)

    def model(self, name: str) -> SqlModel:
        """The model called ``schema.name`` or, since names are unique over all schemas, ``name``.

        Raises KeyError when there is none.
        """
        for model in self.models:
            if name in (model.name, model.qualified_name):
                return model
        raise KeyError(name)


def project_directory() -> Path:
    """Where ``dbt_like_sql`` is: beside the package, in a checkout as in an installed wheel.

    Raises RoadmapError when it isn't there.
    """
    directory = Path(__file__).resolve().parents[2]
    if not directory.is_dir():
        raise RoadmapError(f"The SQL models are missing: {directory} is no folder; install the package again")
    return directory


def load_project(directory: Path, data_folder: Path | None = None) -> Project:
    """Read ``models/<schema>/**/<table>.sql`` and ``seeds/<schema>/**/<table>.csv`` with their ``.yml`` files, and
    ``tests/*.sql``. A seed is a model whose SELECT reads its file.

    Raises ProjectError with every problem found, each with file and line: SQL that isn't one plain SELECT, unknown
    tables, cycles, names that aren't unique, models or columns without a description, tests of columns that don't
    exist.

    While nothing has changed, the files aren't parsed again (``project_cache``, which may keep what was parsed in
    ``data_folder``).
    """
    return cached(directory, _parse, data_folder)


def _parse(directory: Path) -> Project:
    # With sqlglot, PyYAML and the models of pydantic behind it.
    from dbt_like_sql.runner.project.parser import parse_project

    return parse_project(directory)
