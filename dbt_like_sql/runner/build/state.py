"""What each model was last built from, so that a build knows what it may skip.

Belongs here: reading and writing ``build.models``, and describing what is stored and the present state of a model's
inputs, so that they can be compared. Deciding on it is in ``building``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.testing.data_tests import TestResult, identifier
from roadmap_pipeline.warehouse import source_tables

if TYPE_CHECKING:
    import duckdb

    from dbt_like_sql.runner.project.project import Key, Project, SingularTest, SqlModel

Kind = Literal["table", "view"]

Inputs = Mapping[str, int | str]
"""State of each table that a model or a test of it reads, by ``schema.name``: a version, or a hash of its rows."""


@dataclass(frozen=True, slots=True)
class LastBuild:
    """A model's entry in ``build.models``."""

    definition: str
    described: str
    inputs: Inputs
    tests: tuple[TestResult, ...]

    def changed(self, inputs: Inputs, among: Iterable["Key"]) -> list[str]:
        """Names of the tables ``among`` whose state was another one."""
        names = (f"{schema}.{name}" for schema, name in among)
        return [name for name in names if self.inputs.get(name) != inputs[name]]


class BuildState:
    """What is known of earlier builds and what is stored, read once: for whoever alone writes while it is used.

    Not to be used any more after an exception that took written rows back. ``logs`` are the names of the logs in schema
    ``changes``.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection") -> None:
        self._con = con
        self.versions = change_log.Versions(con)
        rows = con.execute("select model, definition, described, inputs, tests from build.models").fetchall()
        self._models: dict[str, tuple[str, str, str, str]] = {row[0]: row[1:] for row in rows}
        self._kinds: dict[tuple[str, str], Kind] = {
            (schema, name): kind
            for schema, name, kind in con.execute(
                "select schema_name, table_name, 'table' from duckdb_tables() where database_name = current_database()"
                " union all select schema_name, view_name, 'view' from duckdb_views()"
                " where database_name = current_database() and not internal"
            ).fetchall()
        }
        self._hashes: dict[str, str] = {}  # of tables that models don't write, by the SQL that asks for it
        self.logs = {name for schema, name in self._kinds if schema == "changes"}

    def last_build(self, model: "SqlModel") -> LastBuild | None:
        """What is known of the last build of ``model``; None when there was none."""
        found = self._models.get(model.qualified_name)
        if found is None:
            return None
        definition, described, inputs, tests = found
        return LastBuild(definition, described, json.loads(inputs), tuple(_test(test) for test in json.loads(tests)))

    def is_modified(self, model: "SqlModel") -> bool:
        """Whether ``model`` was never built as it is declared now."""
        known = self._models.get(model.qualified_name)
        return known is None or known[0] != model.definition

    def kind(self, model: "SqlModel") -> Kind | None:
        """What is stored under the model's name."""
        return self._kinds.get(model.key)

    def store(self, model: "SqlModel", inputs: Inputs, tests: Sequence[TestResult]) -> None:
        """Note that ``model`` is now built from ``inputs``; belongs into the transaction that wrote its rows."""
        name = model.qualified_name
        if any(test.not_run for test in tests):  # so that it is made up for
            compared = {f"{schema}.{table}" for schema, table in model.compared_with}
            inputs = {table: state for table, state in inputs.items() if table not in compared}
        if name in self._models:
            self._con.execute("delete from build.models where model = ?", [name])
        self._models[name] = (
            model.definition,
            model.described,
            json.dumps(inputs),
            json.dumps([asdict(test) for test in tests], default=str),
        )
        self._con.execute(
            "insert into build.models by name select ? as model, ? as definition, ? as described, ? as inputs,"
            " ? as tests, cast(now() at time zone 'UTC' as timestamp) as built_at",
            [name, *self._models[name]],
        )
        self._kinds[model.key] = "view" if model.materialized == "view" else "table"

    def behind(self, project: "Project", model: "SqlModel", test: "SingularTest") -> str | None:
        """A model that would change if it were built now, on the way to what ``test`` of ``model`` reads; None if none.

        The two would then be compared in different states. What ``model`` itself reads is as it was built from.
        """
        if {*test.deps} <= {model.key, *model.deps}:
            return None
        upstream = project.upstream((*test.deps, *model.deps))
        behind = (other for other in upstream if other.key != model.key and not self._is_up_to_date(project, other))
        return next((other.qualified_name for other in behind), None)

    def _is_up_to_date(self, project: "Project", model: "SqlModel") -> bool:
        known = self.last_build(model)
        if known is None or known.definition != model.definition:
            return False
        return not known.changed(self.present_inputs(project, model), (*model.deps, *model.tested_against))

    def present_inputs(self, project: "Project", model: "SqlModel") -> dict[str, int | str]:
        """The state of everything that ``model`` or a test of it reads."""
        computed = {other.key for other in project.models}
        inputs: dict[str, int | str] = {}
        for key in (*model.deps, *model.tested_against, *model.compared_with):
            name = f"{key[0]}.{key[1]}"
            if key in computed or name in change_log.LOGGED:
                inputs[name] = self.versions.of(name)[0]
            else:
                inputs[name] = self._hash_of_rows(key, model.columns_read.get(key))
        return inputs

    def _hash_of_rows(self, key: "Key", columns: frozenset[str] | None) -> str:
        """A hash of a small table's rows in any order, over the columns that are read."""
        known = [column.name for column in source_tables.BY_NAME[f"{key[0]}.{key[1]}"].columns]
        read = [name for name in known if columns is None or name in columns] or known
        values = ", ".join(map(identifier, read))
        sql = f"select count(*), sum(hash({values})::hugeint) from {key[0]}.{identifier(key[1])}"  # noqa: S608
        if sql not in self._hashes:
            ((rows, total),) = self._con.execute(sql).fetchall()
            self._hashes[sql] = f"{rows}:{total}"
        return self._hashes[sql]

    def forget_seen_changes(self, project: "Project") -> None:
        """Drop from the logs what every model that was ever built has taken in; belongs to the end of a build."""
        by_name = {model.name: model.qualified_name for model in project.models}
        by_name |= {log: table for table, log in change_log.LOGGED.items()}
        seen: dict[str, int] = {}
        for model in project.models:
            known = self.last_build(model)
            for name, state in known.inputs.items() if known else ():
                if isinstance(state, int):
                    seen[name] = min(seen.get(name, state), state)
        for log in sorted(self.logs):
            table = by_name.get(log)
            if table is None:
                self._con.execute(f"drop table changes.{identifier(log)}")
            elif (until := seen.get(table)) is not None:
                change_log.forget(self._con, log, until)


def _test(stored: dict[str, object]) -> TestResult:
    sample = stored.pop("sample")
    assert isinstance(sample, list)
    return TestResult(**stored, sample=tuple(sample))  # type: ignore[arg-type]  # as asdict() wrote it
