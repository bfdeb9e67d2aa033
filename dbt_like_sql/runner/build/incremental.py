"""Taking in what changed: only the rows of a model that changes of its tables touch are computed and replaced.

Belongs here: which keys are touched, computing their rows with the model's own SQL, and replacing what differs. The
decision to do so is in ``building``.

A model declares by ``unique_key`` which rows belong together: rows of one key are computed from rows of that key, so
the SQL run on *some* keys gives those keys' rows of the whole. Where that alone isn't true, ``config.meta.incremental``
says the rest in SQL, which may read

* ``changes.NAME``: the rows of a table it reads that changed since, as they were (``is_old``) and as they are; of the
  big tables that Python fills the run ids only;
* ``touched.keys``: the affected keys (in ``dependent_keys`` and ``input_filters``), ``touched.fresh``: their rows (in
  ``dependent_keys``);
* every table under its own name, the model's as it was; and ``getvariable('since')``.

``affected_keys`` gives the keys that changes touch; by default those of all changed rows. A column ``since`` beside the
key limits it to rows from that ``event_time`` on. ``dependent_keys`` gives further keys whose rows depend on the rows
just computed. ``input_filters`` restrict a table that is read, by a condition on ``given`` or a SELECT; by default to
the rows of the keys. ``untracked_inputs`` are small tables that keep no log of their changes, but whose changes
``affected_keys`` looks after.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.build.building import (
    ModelResult,
    Policy,
    accepted,
    columns_of,
    comments,
    compared,
    is_followed,
    log_changes,
    qualified,
)
from dbt_like_sql.runner.build.model_sql import ModelBuildError, run_sql
from dbt_like_sql.runner.build.state import BuildState, Inputs, LastBuild
from dbt_like_sql.runner.project.project import Key, Project, SingularTest, SqlModel
from dbt_like_sql.runner.testing.data_tests import ModelTest, TestResult, identifier, run_singular_test, run_tests
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import scalar, transaction

if TYPE_CHECKING:
    import duckdb

_OVERLAY = "roadmap_overlay"
_SELECT = re.compile(r"(\s|--[^\n]*\n)*(select|with)\b", re.IGNORECASE)


class Impossible(Exception):
    """The change can't be taken in row by row; says why, in words for people."""


def take_in_changes(
    con: "duckdb.DuckDBPyConnection",
    state: BuildState,
    project: Project,
    model: SqlModel,
    known: LastBuild,
    inputs: Inputs,
    policy: Policy,
) -> ModelResult:
    """Replace the rows of ``model`` that changes since the build ``known`` touch.

    Raises Impossible when the model must be built whole, ModelBuildError and ModelTestFailed as ``build_model``.
    """
    changed = known.changed(inputs, (*model.deps, *model.tested_against))
    because = f"{changed[0]}{f' and {len(changed) - 1} more' if len(changed) > 1 else ''} changed"
    if model.materialized != "incremental" or not policy.incremental:
        raise Impossible(because)
    rows = int(scalar(con, f"select count(*) from {qualified(model)}"))  # noqa: S608
    if max(rows, *(_rows(con, key) for key in model.deps)) < policy.small_rows:
        raise Impossible(because)
    _check_logs(state, project, model, known, changed)
    with _overlay(con, project) as home:
        work = _Work(con, state, project, model, home)
        work.show_changes(known)
        if not work.find_keys(changed):
            tests = work.accept(known, inputs)
            columns = columns_of(con, qualified(model))
            return ModelResult(model, rows, columns, tests, 0.0, "skipped", f"{because}, none of its rows", 0)
        work.compute(policy, rows)
        return work.replace(known, inputs, because)


def _rows(con: "duckdb.DuckDBPyConnection", key: Key) -> int:
    return int(scalar(con, f"select count(*) from {identifier(key[0])}.{identifier(key[1])}"))  # noqa: S608


def _check_logs(state: BuildState, project: Project, model: SqlModel, known: LastBuild, changed: Sequence[str]) -> None:
    """Everything that changed must have a log back to the last build."""
    computed = {other.qualified_name: other for other in project.models}
    for name in changed:
        if name in model.incremental.untracked_inputs:
            continue
        before = known.inputs.get(name)
        if name in computed and not is_followed(project, computed[name]) and name not in _only_tested(model):
            raise Impossible(f"{name} changed")
        if (name not in computed and name not in change_log.LOGGED) or not isinstance(before, int):
            raise Impossible(f"{name} changed")
        if state.versions.of(name)[1] > before:
            raise Impossible(f"{name} was built whole" if name in computed else f"much of {name} changed")


def _only_tested(model: SqlModel) -> set[str]:
    return {f"{schema}.{name}" for schema, name in model.tested_against}


@contextmanager
def _overlay(con: "duckdb.DuckDBPyConnection", project: Project) -> Iterator[str]:
    """An empty database in memory, beside the warehouse. Yields the warehouse's name; leaves no trace."""
    home = str(scalar(con, "select current_database()"))
    con.execute(f"attach ':memory:' as {_OVERLAY}")
    try:
        for schema in ("touched", "changes", *_schemas(project)):
            con.execute(f"create schema {_OVERLAY}.{identifier(schema)}")
        yield home
    finally:
        con.execute("reset search_path")
        con.execute(f"use {identifier(home)}.main")
        con.execute(f"detach {_OVERLAY}")


def _schemas(project: Project) -> list[str]:
    return sorted({table.schema for table in source_tables.TABLES} | {model.schema for model in project.models})


class _Work:
    """One model's changes, step by step."""

    def __init__(
        self, con: "duckdb.DuckDBPyConnection", state: BuildState, project: Project, model: SqlModel, home: str
    ) -> None:
        self.con = con
        self.state = state
        self.project = project
        self.model = model
        self.home = home
        self.key = ", ".join(map(identifier, model.unique_key))
        self.has_since = False

    def _look(self, *schemas: str) -> None:
        """Names of ``schemas`` mean the overlay first; all others mean the warehouse."""
        path = [f"{_OVERLAY}.{identifier(schema)}" for schema in schemas]
        path += [f"{identifier(self.home)}.{identifier(schema)}" for schema in (*_schemas(self.project), "main")]
        self.con.execute(f"set search_path = '{','.join(path)}'")

    def show_changes(self, known: LastBuild) -> None:
        """``changes.NAME`` for every followed table that the model reads."""
        computed = {model.key for model in self.project.models}
        for key in (*self.model.deps, *self.model.tested_against):
            schema, name = key
            shown = f"{_OVERLAY}.changes.{identifier(name)}"
            own = f"{identifier(self.home)}.{identifier(schema)}.{identifier(name)}"
            since = known.inputs.get(f"{schema}.{name}")
            if name in self.state.logs and isinstance(since, int):
                self.con.execute(
                    f"create view {shown} as select * exclude (version)"  # noqa: S608
                    f" from {identifier(self.home)}.changes.{identifier(name)} where version > {since}"
                )
            elif key in computed:  # nothing of it has changed row by row yet
                self.con.execute(f"create table {shown} as select false as is_old, * from {own} limit 0")  # noqa: S608

    def find_keys(self, changed: Sequence[str]) -> int:
        """Fill ``touched.keys``; returns how many there are."""
        self._look("touched", "changes")
        sql = self.model.incremental.affected_keys
        if sql is None:
            sql = self._keys_of_changed_rows(changed)
        self._configured("affected_keys", f"create table {_OVERLAY}.touched.found as from ({sql}\n)")
        columns = [name for name, _ in columns_of(self.con, f"{_OVERLAY}.touched.found")]
        self.has_since = "since" in columns
        if set(columns) - {"since"} != set(self.model.unique_key):
            raise self._wrong(
                "affected_keys", f"it must give the columns {self.key} (and since), not {', '.join(columns)}"
            )
        since = ", min(since) as since" if self.has_since else ""
        self.con.execute(
            f"create table {_OVERLAY}.touched.keys as"  # noqa: S608
            f" select {self.key}{since} from {_OVERLAY}.touched.found group by all"
        )
        return self._note_since()

    def _note_since(self) -> int:
        if self.has_since:
            self.con.execute(f"set variable since = (select min(since) from {_OVERLAY}.touched.keys)")  # noqa: S608
        return int(scalar(self.con, f"select count(*) from {_OVERLAY}.touched.keys"))  # noqa: S608

    def _keys_of_changed_rows(self, changed: Sequence[str]) -> str:
        parts = []
        for name in changed:
            if name in _only_tested(self.model):
                continue
            log = f"changes.{identifier(name.split('.')[1])}"
            if not set(self.model.unique_key) <= {column for column, _ in columns_of(self.con, log)}:
                raise Impossible(f"{name} changed")
            parts.append(f"select {self.key} from {log}")  # noqa: S608
        if not parts:  # tests look at something that changed
            raise Impossible(f"{', '.join(changed)} changed")
        return " union ".join(parts)

    def compute(self, policy: Policy, rows: int) -> None:
        """Fill ``touched.fresh`` with the rows of the touched keys as they should be, ``stored`` as they are."""
        self._shadow()
        self._run_select()
        if self.model.incremental.dependent_keys is not None and self._reach():
            self.con.execute(f"drop table {_OVERLAY}.touched.fresh")
            self._run_select()
        self.con.execute(
            f"create table {_OVERLAY}.touched.stored as select given.* from {self._own()} as given {self._of_keys()}"  # noqa: S608
        )
        stored = int(scalar(self.con, f"select count(*) from {_OVERLAY}.touched.stored"))  # noqa: S608
        if stored > policy.share * rows:
            raise Impossible(f"{stored:,} of its {rows:,} rows are touched")

    def _own(self) -> str:
        return f"{identifier(self.home)}.{qualified(self.model)}"

    def _shadow(self) -> None:
        """Views in the overlay that give the model only the rows it needs."""
        for schema, name in self.model.deps:
            table = f"{schema}.{name}"
            given = self.model.incremental.input_filters.get(table)
            own = f"{identifier(self.home)}.{identifier(schema)}.{identifier(name)}"
            relation = f"{_OVERLAY}.{identifier(schema)}.{identifier(name)}"
            if given is not None and _SELECT.match(given):
                # Rows, not a view of them: what it reads under its own name would be itself.
                self._configured(f"input_filters.{table}", f"create table {relation} as {given}")
                continue
            if given is not None:
                restriction = f"where {given}\n"
            elif set(self.model.unique_key) <= self._columns_of_dep((schema, name)):
                restriction = self._join(alias="given")
            else:
                continue
            self._configured(
                f"input_filters.{table}",
                f"create view {relation} as select given.* from {own} as given {restriction}",  # noqa: S608
            )

    def _columns_of_dep(self, key: Key) -> set[str]:
        name = f"{key[0]}.{key[1]}"
        if name in source_tables.BY_NAME:
            return {column.name for column in source_tables.BY_NAME[name].columns}
        return {column for column, _ in columns_of(self.con, f"{identifier(key[0])}.{identifier(key[1])}")}

    def _run_select(self) -> None:
        self._look("touched", "changes", *_schemas(self.project))
        try:
            run_sql(self.con, self.model, f"create table {_OVERLAY}.touched.fresh as {self.model.sql}")
        finally:
            self._look("touched", "changes")

    def _reach(self) -> int:
        before = int(scalar(self.con, f"select count(*) from {_OVERLAY}.touched.keys"))  # noqa: S608
        names = f"{self.key}, since" if self.has_since else self.key
        dependent = self.model.incremental.dependent_keys
        self._configured(
            "dependent_keys",
            f"create or replace table {_OVERLAY}.touched.keys as select distinct {names} from ("  # noqa: S608
            f"select {names} from {_OVERLAY}.touched.keys union all by name (from ({dependent}\n)))",
        )
        return self._note_since() - before

    def _join(self, alias: str, *, since: bool = False) -> str:
        conditions = _same(alias, "k", self.model.unique_key)
        if since and self.has_since and self.model.event_time is not None:
            conditions += f" and {alias}.{identifier(self.model.event_time)} >= k.since"
        return f"semi join {_OVERLAY}.touched.keys as k on {conditions}"

    def _of_keys(self) -> str:
        return self._join("given", since=True)

    def replace(self, known: LastBuild, inputs: Inputs, because: str) -> ModelResult:
        """Put ``fresh`` in place of ``stored`` where they differ, test it, and log it: one transaction."""
        touched = f"{_OVERLAY}.touched"
        columns = columns_of(self.con, self._own())
        if columns_of(self.con, f"{touched}.fresh") != columns:
            raise Impossible("its columns changed")
        of_keys = f"from {touched}.fresh as given {self._of_keys()}"
        counted = f"select count(*) = (select count(*) from {touched}.fresh) {of_keys}"  # noqa: S608
        if scalar(self.con, counted):
            self.con.execute(f"alter table {touched}.fresh rename to expected")
        else:
            self.con.execute(f"create table {touched}.expected as select given.* {of_keys}")
        # Most are new, and rows whose key is nowhere in the table need no comparing: it takes long where rows are wide.
        there = _same("e", "s", self.model.unique_key)
        self.con.execute(
            f"create table {touched}.difference as"  # noqa: S608
            f" with expected as (select e.* from {touched}.expected as e semi join {touched}.stored as s on {there})"
            f" select true as is_old, * from (from {touched}.stored except all from expected)"
            f" union all select false, * from (from expected except all from {touched}.stored)"
            f" union all select false, e.* from {touched}.expected as e anti join {touched}.stored as s on {there}"
        )
        changed = int(scalar(self.con, f"select count(*) from {touched}.difference"))  # noqa: S608
        tests = self.accept(known, inputs, changed)
        rows = int(scalar(self.con, f"select count(*) from {qualified(self.model)}"))  # noqa: S608
        return ModelResult(self.model, rows, columns, tests, 0.0, "incremental", because, changed)

    def accept(self, known: LastBuild, inputs: Inputs, changed: int = 0) -> tuple[TestResult, ...]:
        """Write what ``changed`` (a number of rows), test it and note it, all or nothing; returns what tests found."""
        self.leave()
        model = self.model
        with transaction(self.con):
            tests = known.tests[: len(model.tests)]
            if changed:
                self._write()
                tests = self._test(known)
                log_changes(self.con, self.state, self.project, model, f"{_OVERLAY}.touched.difference")
            tests += compared(self.state, self.project, model, lambda test: self._compare(test, known, inputs))
            if known.described != model.described:
                self.con.execute(comments(model, qualified(model)))
            self.state.store(model, inputs, tests)
        return tests

    def _compare(self, test: SingularTest, known: LastBuild, inputs: Inputs) -> TestResult:
        """Run a test across models: on all rows, or on those that share with changed ones what it looks at apart."""
        by = ", ".join(map(identifier, test.by))
        keys = [f"select {by} from {_OVERLAY}.touched.keys"]  # noqa: S608
        changed = known.changed(inputs, (key for key in test.deps if key != self.model.key))
        if not test.by or not all(self._is_logged_by(test.by, table, known) for table in changed):
            return run_singular_test(self.con, test)
        for table in changed:
            log = f"changes.{identifier(table.split('.')[1])}"
            keys.append(f"select {by} from {log} where version > {known.inputs[table]}")  # noqa: S608
        for schema, name in test.deps:
            self.con.execute(
                f"create or replace temp view {identifier(f'{schema}.{name}')} as"  # noqa: S608
                f" select given.* from {identifier(schema)}.{identifier(name)} as given"
                f" semi join ({' union '.join(keys)}) as k on {_same('given', 'k', test.by)}"
            )
        return run_singular_test(self.con, test, on_views=True)

    def _is_logged_by(self, columns: Sequence[str], table: str, known: LastBuild) -> bool:
        """Whether the log says of each change of ``table`` since ``known`` which values of ``columns`` it concerns."""
        name, since = table.split(".")[1], known.inputs.get(table)
        if name not in self.state.logs or not isinstance(since, int) or self.state.versions.of(table)[1] > since:
            return False
        return set(columns) <= {column for column, _ in columns_of(self.con, f"changes.{identifier(name)}")}

    def _write(self) -> None:
        """Whole rows are compared, but only keys find them again: all rows of a key that differs are replaced."""
        touched = f"{_OVERLAY}.touched"
        names = self.model.unique_key
        if self.has_since and self.model.event_time is not None:
            names = tuple(dict.fromkeys((*names, self.model.event_time)))  # rows before `since` share the key and stay
        same = _same("given", "d", names)
        keys = f"(select distinct {', '.join(map(identifier, names))} from {touched}.difference)"  # noqa: S608
        self.con.execute(f"delete from {qualified(self.model)} as given using {keys} as d where {same}")  # noqa: S608
        order = f" order by given.{identifier(self.model.event_time)}" if self.model.event_time else ""
        self.con.execute(
            f"insert into {qualified(self.model)} by name"  # noqa: S608
            f" select given.* from {touched}.expected as given semi join {keys} as d on {same}{order}"
        )

    def _test(self, known: LastBuild) -> tuple[TestResult, ...]:
        """Test the rows that are new; keys that must be unique, against the whole table.

        A warning that was there is looked for in the whole table again: it may be gone.
        """
        touched = f"{_OVERLAY}.touched"
        self.con.execute(
            f"create or replace temp view new_rows as select * exclude (is_old)"  # noqa: S608
            f" from {touched}.difference where not is_old"
        )
        return self._tested(known, f"{touched}.expected")

    def _tested(self, known: LastBuild, rows_of_keys: str) -> tuple[TestResult, ...]:
        model = self.model
        warned = {test.name for test in known.tests if not test.passed}
        results: dict[str, TestResult] = {}
        for test in model.tests:
            if test.name in warned:
                relation = qualified(model)
            elif not test.kind.startswith("unique"):
                continue
            elif set(model.unique_key) <= set(test.columns) and not self.has_since:
                relation = rows_of_keys
            else:
                relation = self._rows_like_new_ones(test)
            results |= {result.name: result for result in run_tests(self.con, relation, [test], of=model.key)}
        rest = [test for test in model.tests if test.name not in results]
        results |= {result.name: result for result in run_tests(self.con, "temp.new_rows", rest, of=model.key)}
        return accepted(model, [results[test.name] for test in model.tests])

    def _rows_like_new_ones(self, test: ModelTest) -> str:
        """The rows of the whole table that share the unique columns of ``test`` with a new row."""
        same = _same("given", "n", test.columns)
        self.con.execute(
            f"create or replace temp view like_new_rows as select given.* from {qualified(self.model)} as given"  # noqa: S608
            f" semi join temp.new_rows as n on {same}"
        )
        return "temp.like_new_rows"

    def leave(self) -> None:
        """From here on names mean the warehouse alone."""
        self.con.execute("reset search_path")
        self.con.execute(f"use {identifier(self.home)}.main")

    def _configured(self, what: str, statement: str) -> None:
        import duckdb

        try:
            self.con.execute(statement)
        except duckdb.Error as error:
            raise self._wrong(what, str(error).split("\n", 1)[0], str(error)) from error

    def _wrong(self, what: str, text: str, details: str = "") -> ModelBuildError:
        path, line = self.model.incremental.places.get(what, (self.model.path, 1))
        return ModelBuildError(self.model, line, f"{what}: {text}", details, path=path)


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    """Equality of ``columns``. A column alone is a key that is never NULL: by = only recent rows are scanned for it."""
    compare = "=" if len(columns) == 1 else "is not distinct from"
    return " and ".join(f"{left}.{identifier(name)} {compare} {right}.{identifier(name)}" for name in columns)
