"""The state of earlier builds: what each model was last built from, so that a build knows what it may skip.

Belongs here: reading and writing ``build.models``, describing what is stored and the present state of a model's inputs,
so that they can be compared, and logging how a model's own rows changed. Deciding on it is in ``building``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import identifier, relation_name
from dbt_like_sql.runner.testing.data_tests import TestResult

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
        """Return the names of the tables ``among`` whose state was another one."""
        names = (f"{schema}.{name}" for schema, name in among)
        return [name for name in names if self.inputs.get(name) != inputs[name]]


class BuildState:
    """The state of the tables of ``project`` and of its earlier builds, read once: for whoever alone writes meanwhile.

    Not to be used any more after an exception that took written rows back. ``logs`` are the names of the logs in schema
    ``changes``.
    """

    def __init__(self, con: "duckdb.DuckDBPyConnection", project: "Project") -> None:
        self._con = con
        self._project = project
        self.versions = change_log.Versions(con, project.sources)
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
        """Return what is known of the last build of ``model``; None when there was none."""
        entry = self._models.get(model.qualified_name)
        if entry is None:
            return None
        definition, described, inputs, tests = entry
        return LastBuild(definition, described, json.loads(inputs), tuple(_test(test) for test in json.loads(tests)))

    def is_modified(self, model: "SqlModel") -> bool:
        """Return whether ``model`` was never built as it is declared now."""
        known = self._models.get(model.qualified_name)
        return known is None or known[0] != model.definition

    def kind(self, model: "SqlModel") -> Kind | None:
        """Return what is stored under the model's name, None for nothing."""
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
        self._kinds[model.key] = model.stored_as

    def drop_removed(self) -> list[str]:
        """Drop what was built of models that the project has no more, and return their names.

        Nobody would bring their rows up to date, and readers couldn't tell. Belongs into a transaction.
        """
        present = {model.qualified_name for model in self._project.models}
        removed = sorted(set(self._models) - present)
        for name in removed:
            schema, _, table = name.partition(".")
            if (kind := self._kinds.pop((schema, table), None)) is not None:
                self._con.execute(f"drop {kind} {relation_name(schema, table)}")
            # the log goes by the table's name alone, which a model in another schema may have now
            if table in self.logs and table not in {model.name for model in self._project.models}:
                self.logs.discard(table)
                self._con.execute(f"drop table {change_log.log_of(name)}")
            self._con.execute("delete from build.models where model = ?", [name])
            self._con.execute("delete from build.tables where table_name = ?", [name])
            del self._models[name]
        return removed

    def log_changes(self, model: "SqlModel", difference: str) -> None:
        """Note a new version of the model's table, and which rows differ where some model follows them.

        Args:
            model: The model whose table was written.
            difference: SQL name of the rows that differ, with ``is_old`` before the model's columns.
        """
        version = self.versions.advance(model.qualified_name, complete=True)
        if not self.is_followed(model):
            return
        log = change_log.log_of(model.qualified_name)
        # Whoever reads it was built whole when it began to, so what changed before the log began is in its rows.
        if model.name not in self.logs:
            self.logs.add(model.name)
            self._con.execute(f"create table {log} as select 0::bigint as version, * from {difference} limit 0")  # noqa: S608
            change_log.describe_log(self._con, model.qualified_name)
        self._con.execute(f"insert into {log} select {version}, * from {difference}")  # noqa: S608

    def note_rebuilt(self, model: "SqlModel") -> None:
        """Note a new version of the model's table of which nobody knows how it differs from the last one."""
        self.versions.advance(model.qualified_name, complete=False)
        if model.name in self.logs:
            self.logs.discard(model.name)
            self._con.execute(f"drop table {change_log.log_of(model.qualified_name)}")

    def is_followed(self, model: "SqlModel") -> bool:
        """Return whether some model takes in the changes of ``model`` row by row."""
        readers = self._project.readers_of(model.key)
        return model.materialized != "view" and any(reader.materialized == "incremental" for reader in readers)

    def outdated_input(self, model: "SqlModel", test: "SingularTest") -> str | None:
        """Return a model on the way to what ``test`` of ``model`` reads that would change if it were built now, if any.

        The two would then be compared in different states. What ``model`` itself reads is as it was built from.
        """
        if {*test.deps} <= {model.key, *model.deps}:
            return None
        upstream = self._project.upstream((*test.deps, *model.deps))
        outdated = (other for other in upstream if other.key != model.key and not self._is_up_to_date(other))
        return next((other.qualified_name for other in outdated), None)

    def _is_up_to_date(self, model: "SqlModel") -> bool:
        known = self.last_build(model)
        if known is None or known.definition != model.definition:
            return False
        return not known.changed(self.present_inputs(model), (*model.deps, *model.tested_against))

    def present_inputs(self, model: "SqlModel") -> dict[str, int | str]:
        """Return the state of everything that ``model`` or a test of it reads."""
        computed = {other.key for other in self._project.models}
        inputs: dict[str, int | str] = {}
        for key in (*model.deps, *model.tested_against, *model.compared_with):
            name = f"{key[0]}.{key[1]}"
            if key in computed or name in self._project.sources.change_keys:
                inputs[name] = self.versions.of(name)[0]
            else:
                inputs[name] = self._hash_of_rows(key, model.columns_read.get(key))
        return inputs

    def _hash_of_rows(self, key: "Key", columns: frozenset[str] | None) -> str:
        """Return a hash of a small table's rows in any order, over the columns that are read."""
        declared = [column.name for column in self._project.sources.by_name[f"{key[0]}.{key[1]}"].columns]
        read = [name for name in declared if columns is None or name in columns] or declared
        values = ", ".join(map(identifier, read))
        sql = f"select count(*), sum(hash({values})::hugeint) from {relation_name(*key)}"  # noqa: S608
        if sql not in self._hashes:
            ((rows, total),) = self._con.execute(sql).fetchall()
            self._hashes[sql] = f"{rows}:{total}"
        return self._hashes[sql]

    def forget_seen_changes(self) -> None:
        """Drop from the logs what every model that was ever built has taken in; belongs to the end of a build."""
        by_log = {model.name: model.qualified_name for model in self._project.models}
        by_log |= {table.split(".")[1]: table for table in self._project.sources.change_keys}
        seen: dict[str, int] = {}
        for model in self._project.models:
            known = self.last_build(model)
            for name, state in known.inputs.items() if known else ():
                if isinstance(state, int):
                    seen[name] = min(seen.get(name, state), state)
        for log in sorted(self.logs):
            table = by_log.get(log)
            if table is None:
                self._con.execute(f"drop table changes.{identifier(log)}")
            elif (until := seen.get(table)) is not None:
                change_log.forget(self._con, table, until)


def _test(stored: dict[str, object]) -> TestResult:
    sample = stored.pop("sample")
    assert isinstance(sample, list)
    return TestResult(**stored, sample=tuple(sample))  # type: ignore[arg-type]  # as asdict() wrote it
