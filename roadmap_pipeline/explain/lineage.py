"""The way of a number: the columns it is computed from, model by model, down to the rows that are counted.

Belongs here: walking the lineage that the runner reads off the SQL, with files and descriptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.warehouse.models import ColumnName, Key, Project, SqlModel, column_lineage
from roadmap_pipeline.warehouse.source_tables import BY_NAME

if TYPE_CHECKING:
    import duckdb

FACTS: frozenset[Key] = frozenset(
    ("marts", name)
    for name in (
        "ci_runs",
        "ci_jobs",
        "ci_failures",
        "ci_verdicts",
        "red_episodes",
        "autofix_attempts",
        "default_branch_commits",
        "failed_tests",
    )
)
"""The tables whose rows are things that happened: what is above them counts them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A table on the way. ``columns`` are those that matter, with their descriptions; empty where rows are counted."""

    level: int
    table: str
    file: str | None
    columns: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {"level": self.level, "table": self.table, "file": self.file, "columns": self.columns}


Lineage = Mapping[str, tuple[ColumnName, ...]]
"""Of a model: the columns that each of its columns is made of."""


def trace(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    table: str,
    column: str,
    known_lineage: dict[Key, Lineage] | None = None,
) -> list[Step]:
    """Return the tables that a column of ``table`` is computed from, level by level, itself first.

    The walk ends at :data:`FACTS`, at staging, and at what was read or configured. A table stands at the first level
    that reads it, with all its columns that any level reads. ``known_lineage`` keeps what was read off models, for
    those who trace many columns.
    """
    steps: dict[Key, Step] = {}
    wanted: dict[Key, set[str]] = {_key(table): {column}}
    lineage = {} if known_lineage is None else known_lineage
    level = 0
    while wanted:
        following: dict[Key, set[str]] = {}
        for key, names in sorted(wanted.items()):
            model = _model(project, key)
            known = steps.get(key)
            if known is not None and names <= known.columns.keys():
                continue
            fresh = _step(level if known is None else known.level, project, key, model, names)
            steps[key] = fresh if known is None else replace(known, columns={**known.columns, **fresh.columns})
            if model is None or key in FACTS or key[0] == "staging":
                continue
            for parent, read in _parents(con, model, names, lineage).items():
                following.setdefault(parent, set()).update(read)
        wanted = following
        level += 1
    return sorted(steps.values(), key=lambda step: (step.level, step.table))


def describe(project: Project, table: str, column: str) -> str:
    """Return the description of a column."""
    model = _model(project, _key(table))
    return "" if model is None else next((one.description for one in model.columns if one.name == column), "")


def _parents(
    con: "duckdb.DuckDBPyConnection", model: SqlModel, names: set[str], known_lineage: dict[Key, Lineage]
) -> dict[Key, set[str]]:
    """Return the columns that some columns of a model are made of, by table; of a bare count the tables counted."""
    if model.key not in known_lineage:
        known_lineage[model.key] = column_lineage(model, con)
    lineage = known_lineage[model.key]
    parents: dict[Key, set[str]] = {}
    for name in names:
        for schema, table, column in lineage.get(name, ()):
            parents.setdefault((schema, table), set()).add(column)
    counted = [key for key in model.deps if key in FACTS] or model.deps
    return parents or {key: set() for key in counted}


def _step(level: int, project: Project, key: Key, model: SqlModel | None, names: set[str]) -> Step:
    table = ".".join(key)
    if model is not None:
        known = {one.name: one.description for one in model.columns}
        file: str | None = str(model.path.relative_to(project.directory.parent))
    else:
        source = BY_NAME.get(table)
        known = {one.name: one.description for one in source.columns} if source else {}
        file = None
    return Step(level, table, file, {name: known.get(name, "") for name in sorted(names)})


def _model(project: Project, key: Key) -> SqlModel | None:
    return next((model for model in project.models if model.key == key), None)


def _key(table: str) -> Key:
    schema, separator, name = table.partition(".")
    if not separator:
        raise RoadmapError(f"{table} is no schema.table")
    return schema, name
