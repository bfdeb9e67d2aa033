"""Incremental builds: only the rows of a model that changes of its tables touch are computed and replaced.

Belongs here: which keys changes affect, computing their rows with the model's own SQL, and replacing what differs. The
decision to do so is in ``building``.

A model declares by ``unique_key`` which rows belong together: rows of one key are computed from rows of that key, so
the SQL run on *some* keys gives those keys' rows of the whole. Where that alone isn't true, ``config.meta.incremental``
says the rest in SQL, which may read

* ``changes.NAME``: the rows of a table it reads that changed since, as they were (``is_old``) and as they are; of the
  big source tables only their change keys (run ids, say);
* ``affected.keys``: the affected keys (in ``dependent_keys`` and ``input_filters``), ``affected.recomputed``: their
  rows (in ``dependent_keys``);
* every table under its own name, the model's as it was; and ``getvariable('since')``.

``affected_keys`` gives the keys that changes touch; by default those of all changed rows. A column ``since`` beside the
key limits it to rows from that ``event_time`` on. ``dependent_keys`` gives further keys whose rows depend on the rows
just computed. ``input_filters`` restrict a table that is read, by a condition on ``input`` or a SELECT; by default to
the rows of the keys. ``untracked_inputs`` are small tables that keep no log of their changes, but whose changes
``affected_keys`` looks after.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build.audit import accepted, accepted_across_models
from dbt_like_sql.runner.build.change_log import log_of
from dbt_like_sql.runner.build.model_sql import ModelBuildError, describe, run_sql
from dbt_like_sql.runner.build.results import ModelResult, Policy
from dbt_like_sql.runner.build.state import BuildState, Inputs, LastBuild
from dbt_like_sql.runner.database import (
    columns_of,
    count_rows,
    first_line,
    identifier,
    relation_name,
    scalar,
    transaction,
)
from dbt_like_sql.runner.project.project import GenericTest, Key, Project, SingularTest, SqlModel
from dbt_like_sql.runner.testing.data_tests import TestResult, run_singular_test, run_tests

if TYPE_CHECKING:
    import duckdb

_OVERLAY = "roadmap_overlay"
_SELECT = re.compile(r"(\s|--[^\n]*\n)*(select|with)\b", re.IGNORECASE)


class CannotApply(Exception):
    """The change can't be applied row by row; says why, in words for people."""


def apply_incremental(
    con: "duckdb.DuckDBPyConnection",
    state: BuildState,
    project: Project,
    model: SqlModel,
    known: LastBuild,
    inputs: Inputs,
    policy: Policy,
) -> ModelResult:
    """Replace the rows of ``model`` that changes since the build ``known`` touch.

    Raises:
        CannotApply: The model must be built whole.
        ModelBuildError: The SQL fails, or SQL of ``config.meta.incremental``.
        ModelTestFailed: A test of severity error fails; the table is then as it was before.
    """
    changed = known.changed(inputs, (*model.deps, *model.tested_against))
    because = f"{changed[0]}{f' and {len(changed) - 1} more' if len(changed) > 1 else ''} changed"
    if model.materialized != "incremental" or not policy.incremental:
        raise CannotApply(because)
    rows = count_rows(con, model.relation)
    views = {other.key for other in project.models if other.stored_as == "view"}  # to count would be to compute
    read = (count_rows(con, relation_name(*key)) for key in model.deps if key not in views)
    if max(rows, *read) < policy.small_rows:
        raise CannotApply(because)
    _check_logs(state, project, model, known, changed)
    with _overlay(con, project) as home:
        update = _IncrementalUpdate(con, state, project, model, home)
        update.show_changes(known)
        if not update.find_keys(changed):
            tests = update.accept(known, inputs)
            columns = columns_of(con, model.relation)
            return ModelResult(model, rows, columns, tests, 0.0, "skipped", f"{because}, none of its rows", 0)
        update.compute(policy, rows)
        return update.replace(known, inputs, because)


def _check_logs(state: BuildState, project: Project, model: SqlModel, known: LastBuild, changed: Sequence[str]) -> None:
    """Refuse what changed and has no log back to the last build.

    Raises:
        CannotApply: There is such a table.
    """
    computed = {other.qualified_name: other for other in project.models}
    for name in changed:
        if name in model.incremental.untracked_inputs:
            continue
        before = known.inputs.get(name)
        if name in computed and not state.is_followed(computed[name]) and name not in _only_tested(model):
            raise CannotApply(f"{name} changed")
        if (name not in computed and name not in project.sources.change_keys) or not isinstance(before, int):
            raise CannotApply(f"{name} changed")
        if state.versions.of(name)[1] > before:
            raise CannotApply(f"{name} was built whole" if name in computed else f"much of {name} changed")


def _only_tested(model: SqlModel) -> set[str]:
    return {f"{schema}.{name}" for schema, name in model.tested_against}


@contextmanager
def _overlay(con: "duckdb.DuckDBPyConnection", project: Project) -> Iterator[str]:
    """Attach an empty database in memory beside the warehouse; leaves no trace.

    Yields:
        The name of the warehouse's own database.
    """
    home = str(scalar(con, "select current_database()"))
    con.execute(f"attach ':memory:' as {_OVERLAY}")
    try:
        for schema in ("affected", "changes", *project.schemas):
            con.execute(f"create schema {_OVERLAY}.{identifier(schema)}")
        yield home
    finally:
        con.execute("reset search_path")
        con.execute(f"use {identifier(home)}.main")
        con.execute(f"detach {_OVERLAY}")


class _IncrementalUpdate:
    """An update of one model's changed rows, step by step."""

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
        """Make names of ``schemas`` mean the overlay first; all others mean the warehouse."""
        path = [f"{_OVERLAY}.{identifier(schema)}" for schema in schemas]
        path += [f"{identifier(self.home)}.{identifier(schema)}" for schema in (*self.project.schemas, "main")]
        self.con.execute(f"set search_path = '{','.join(path)}'")

    def show_changes(self, known: LastBuild) -> None:
        """Make ``changes.NAME`` for every followed table that the model reads."""
        computed = {model.key for model in self.project.models}
        for key in (*self.model.deps, *self.model.tested_against):
            schema, name = key
            shown = f"{_OVERLAY}.changes.{identifier(name)}"
            own = f"{identifier(self.home)}.{relation_name(*key)}"
            since = known.inputs.get(f"{schema}.{name}")
            if name in self.state.logs and isinstance(since, int):
                self.con.execute(
                    f"create view {shown} as select * exclude (version)"  # noqa: S608
                    f" from {identifier(self.home)}.{log_of(f'{schema}.{name}')} where version > {since}"
                )
            elif key in computed:  # nothing of it has changed row by row yet
                self.con.execute(f"create table {shown} as select false as is_old, * from {own} limit 0")  # noqa: S608

    def find_keys(self, changed: Sequence[str]) -> int:
        """Fill ``affected.keys``; return how many there are."""
        self._look("affected", "changes")
        sql = self.model.incremental.affected_keys
        if sql is None:
            sql = self._keys_of_changed_rows(changed)
        self._configured("affected_keys", f"create table {_OVERLAY}.affected.candidates as from ({sql}\n)")
        columns = [name for name, _ in columns_of(self.con, f"{_OVERLAY}.affected.candidates")]
        self.has_since = "since" in columns
        if set(columns) - {"since"} != set(self.model.unique_key):
            raise self._wrong(
                "affected_keys", f"it must give the columns {self.key} (and since), not {', '.join(columns)}"
            )
        since = ", min(since) as since" if self.has_since else ""
        self.con.execute(
            f"create table {_OVERLAY}.affected.keys as"  # noqa: S608
            f" select {self.key}{since} from {_OVERLAY}.affected.candidates group by all"
        )
        return self._note_since()

    def _note_since(self) -> int:
        if self.has_since:
            self.con.execute(f"set variable since = (select min(since) from {_OVERLAY}.affected.keys)")  # noqa: S608
        return count_rows(self.con, f"{_OVERLAY}.affected.keys")

    def _keys_of_changed_rows(self, changed: Sequence[str]) -> str:
        parts = []
        for name in changed:
            if name in _only_tested(self.model):
                continue
            log = log_of(name)
            if not set(self.model.unique_key) <= {column for column, _ in columns_of(self.con, log)}:
                raise CannotApply(f"{name} changed")
            parts.append(f"select {self.key} from {log}")  # noqa: S608
        if not parts:  # tests look at something that changed
            raise CannotApply(f"{', '.join(changed)} changed")
        return " union ".join(parts)

    def compute(self, policy: Policy, rows: int) -> None:
        """Fill ``affected.recomputed`` with the rows of the affected keys as they should be, ``stored`` as they are.

        Raises:
            CannotApply: They are too many of the ``rows`` that the model has.
        """
        self._shadow()
        self._run_select()
        if self.model.incremental.dependent_keys is not None and self._add_dependent_keys():
            self.con.execute(f"drop table {_OVERLAY}.affected.recomputed")
            self._run_select()
        self.con.execute(
            f"create table {_OVERLAY}.affected.stored as select input.* from {self._own()} as input {self._of_keys()}"  # noqa: S608
        )
        stored = count_rows(self.con, f"{_OVERLAY}.affected.stored")
        if stored > policy.share * rows:
            raise CannotApply(f"{stored:,} of its {rows:,} rows are touched")

    def _own(self) -> str:
        return f"{identifier(self.home)}.{self.model.relation}"

    def _shadow(self) -> None:
        """Make views in the overlay that give the model only the rows it needs."""
        for schema, name in self.model.deps:
            table = f"{schema}.{name}"
            input_filter = self.model.incremental.input_filters.get(table)
            own = f"{identifier(self.home)}.{relation_name(schema, name)}"
            relation = f"{_OVERLAY}.{relation_name(schema, name)}"
            if input_filter is not None and _SELECT.match(input_filter):
                # Rows, not a view of them: what it reads under its own name would be itself.
                self._configured(f"input_filters.{table}", f"create table {relation} as {input_filter}")
                continue
            if input_filter is not None:
                restriction = f"where {input_filter}\n"
            elif set(self.model.unique_key) <= self._columns_of_dep((schema, name)):
                restriction = self._join(alias="input")
            else:
                continue
            self._configured(
                f"input_filters.{table}",
                f"create view {relation} as select input.* from {own} as input {restriction}",  # noqa: S608
            )

    def _columns_of_dep(self, key: Key) -> set[str]:
        if source := self.project.sources.by_name.get(f"{key[0]}.{key[1]}"):
            return {column.name for column in source.columns}
        return {column for column, _ in columns_of(self.con, relation_name(*key))}

    def _run_select(self) -> None:
        self._look("affected", "changes", *self.project.schemas)
        try:
            run_sql(self.con, self.model, f"create table {_OVERLAY}.affected.recomputed as {self.model.sql}")
        finally:
            self._look("affected", "changes")

    def _add_dependent_keys(self) -> int:
        before = count_rows(self.con, f"{_OVERLAY}.affected.keys")
        names = f"{self.key}, since" if self.has_since else self.key
        dependent = self.model.incremental.dependent_keys
        self._configured(
            "dependent_keys",
            f"create or replace table {_OVERLAY}.affected.keys as select distinct {names} from ("  # noqa: S608
            f"select {names} from {_OVERLAY}.affected.keys union all by name (from ({dependent}\n)))",
        )
        return self._note_since() - before

    def _join(self, alias: str, *, since: bool = False) -> str:
        conditions = _same(alias, "k", self.model.unique_key)
        if since and self.has_since and self.model.event_time is not None:
            conditions += f" and {alias}.{identifier(self.model.event_time)} >= k.since"
        return f"semi join {_OVERLAY}.affected.keys as k on {conditions}"

    def _of_keys(self) -> str:
        return self._join("input", since=True)

    def replace(self, known: LastBuild, inputs: Inputs, because: str) -> ModelResult:
        """Put ``recomputed`` in place of ``stored`` where they differ, test it, and log it: one transaction.

        Raises:
            CannotApply: The columns aren't those of the table.
            ModelTestFailed: A test of severity error fails.
        """
        affected = f"{_OVERLAY}.affected"
        columns = columns_of(self.con, self._own())
        if columns_of(self.con, f"{affected}.recomputed") != columns:
            raise CannotApply("its columns changed")
        of_keys = f"from {affected}.recomputed as input {self._of_keys()}"
        counted = f"select count(*) = (select count(*) from {affected}.recomputed) {of_keys}"  # noqa: S608
        if scalar(self.con, counted):
            self.con.execute(f"alter table {affected}.recomputed rename to expected")
        else:
            self.con.execute(f"create table {affected}.expected as select input.* {of_keys}")
        # Most are new, and rows whose key is nowhere in the table need no comparing: it takes long where rows are wide.
        there = _same("e", "s", self.model.unique_key)
        self.con.execute(
            f"create table {affected}.difference as"  # noqa: S608
            f" with expected as (select e.* from {affected}.expected as e semi join {affected}.stored as s on {there})"
            f" select true as is_old, * from (from {affected}.stored except all from expected)"
            f" union all select false, * from (from expected except all from {affected}.stored)"
            f" union all select false, e.* from {affected}.expected as e anti join {affected}.stored as s on {there}"
        )
        changed = count_rows(self.con, f"{affected}.difference")
        tests = self.accept(known, inputs, changed)
        rows = count_rows(self.con, self.model.relation)
        return ModelResult(self.model, rows, columns, tests, 0.0, "incremental", because, changed)

    def accept(self, known: LastBuild, inputs: Inputs, changed: int = 0) -> tuple[TestResult, ...]:
        """Write the ``changed`` rows (a number), test them and note them, all or nothing; return the test results."""
        self.leave()
        model = self.model
        with transaction(self.con):
            tests = known.tests[: len(model.tests)]
            if changed:
                self._write()
                tests = self._test(known)
                self.state.log_changes(model, f"{_OVERLAY}.affected.difference")
            tests += accepted_across_models(self.state, model, lambda test: self._compare(test, known, inputs))
            if known.described != model.described:
                describe(self.con, model, model.relation)
            self.state.store(model, inputs, tests)
        return tests

    def _compare(self, test: SingularTest, known: LastBuild, inputs: Inputs) -> TestResult:
        """Run a test across models: on all rows, or on those that share with changed ones what it looks at apart."""
        by = ", ".join(map(identifier, test.by))
        keys = [f"select {by} from {_OVERLAY}.affected.keys"]  # noqa: S608
        changed = known.changed(inputs, (key for key in test.deps if key != self.model.key))
        if not test.by or not all(self._is_logged_by(test.by, table, known) for table in changed):
            return run_singular_test(self.con, test)
        logs = (f"{log_of(table)} where version > {known.inputs[table]}" for table in changed)
        keys += [f"select {by} from {log}" for log in logs]  # noqa: S608
        for schema, name in test.deps:
            self.con.execute(
                f"create or replace temp view {identifier(f'{schema}.{name}')} as"  # noqa: S608
                f" select input.* from {relation_name(schema, name)} as input"
                f" semi join ({' union '.join(keys)}) as k on {_same('input', 'k', test.by)}"
            )
        return run_singular_test(self.con, test, on_views=True)

    def _is_logged_by(self, columns: Sequence[str], table: str, known: LastBuild) -> bool:
        """Return whether the log has ``columns`` for each change of ``table`` since the build ``known``."""
        name, since = table.split(".")[1], known.inputs.get(table)
        if name not in self.state.logs or not isinstance(since, int) or self.state.versions.of(table)[1] > since:
            return False
        return set(columns) <= {column for column, _ in columns_of(self.con, log_of(table))}

    def _write(self) -> None:
        """Replace all rows of each key that differs: whole rows are compared, but only keys find them again."""
        affected = f"{_OVERLAY}.affected"
        names = self.model.unique_key
        if self.has_since and self.model.event_time is not None:
            names = tuple(dict.fromkeys((*names, self.model.event_time)))  # rows before `since` share the key and stay
        same = _same("input", "d", names)
        keys = f"(select distinct {', '.join(map(identifier, names))} from {affected}.difference)"  # noqa: S608
        self.con.execute(f"delete from {self.model.relation} as input using {keys} as d where {same}")  # noqa: S608
        order = f" order by input.{identifier(self.model.event_time)}" if self.model.event_time else ""
        self.con.execute(
            f"insert into {self.model.relation} by name"  # noqa: S608
            f" select input.* from {affected}.expected as input semi join {keys} as d on {same}{order}"
        )

    def _test(self, known: LastBuild) -> tuple[TestResult, ...]:
        """Test the rows that are new; keys that must be unique, against the whole table.

        A warning that was there is looked for in the whole table again: it may be gone.
        """
        affected = f"{_OVERLAY}.affected"
        self.con.execute(
            f"create or replace temp view new_rows as select * exclude (is_old)"  # noqa: S608
            f" from {affected}.difference where not is_old"
        )
        return self._tested(known, f"{affected}.expected")

    def _tested(self, known: LastBuild, rows_of_keys: str) -> tuple[TestResult, ...]:
        model = self.model
        warned = {test.name for test in known.tests if not test.passed}
        results: dict[str, TestResult] = {}
        for test in model.tests:
            if test.name in warned:
                relation = model.relation
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

    def _rows_like_new_ones(self, test: GenericTest) -> str:
        """Return the rows of the whole table that share the unique columns of ``test`` with a new row, as a view."""
        same = _same("input", "n", test.columns)
        self.con.execute(
            f"create or replace temp view like_new_rows as select input.* from {self.model.relation} as input"  # noqa: S608
            f" semi join temp.new_rows as n on {same}"
        )
        return "temp.like_new_rows"

    def leave(self) -> None:
        """Make names mean the warehouse alone from here on."""
        self.con.execute("reset search_path")
        self.con.execute(f"use {identifier(self.home)}.main")

    def _configured(self, what: str, statement: str) -> None:
        import duckdb

        try:
            self.con.execute(statement)
        except duckdb.Error as error:
            raise self._wrong(what, first_line(error), str(error)) from error

    def _wrong(self, what: str, text: str, details: str = "") -> ModelBuildError:
        path, line = self.model.incremental.places.get(what, (self.model.path, 1))
        return ModelBuildError(self.model, line, f"{what}: {text}", details, path=path)


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    """Return the condition that ``columns`` are equal.

    A column alone is a key that is never NULL: by ``=`` only recent rows are scanned for it.
    """
    compare = "=" if len(columns) == 1 else "is not distinct from"
    return " and ".join(f"{left}.{identifier(name)} {compare} {right}.{identifier(name)}" for name in columns)
