"""Building a model as a whole: beside its table, tested, and put in the table's place.

Belongs here: the steps of that one transaction, the order of the rows, and the difference to what was there. Whether a
model is built whole is decided in ``building``.

In a lake every new table makes a new version of the catalog, which every process then reads anew, and every row that is
written a file or a part of one: there the rows are computed in a temporary table, and only those of a table that has
changed are put into it.
"""

from typing import TYPE_CHECKING

from dbt_like_sql.runner.build.audit import accepted, accepted_across_models, checked_columns
from dbt_like_sql.runner.build.model_sql import create, describe
from dbt_like_sql.runner.build.results import ModelResult
from dbt_like_sql.runner.build.state import BuildState, Inputs, Kind
from dbt_like_sql.runner.database import (
    columns_of,
    count_rows,
    identifier,
    is_lake,
    relation_name,
    scalar,
    transaction,
)
from dbt_like_sql.runner.project.project import SqlModel
from dbt_like_sql.runner.testing.data_tests import run_singular_test, run_tests

if TYPE_CHECKING:
    import duckdb

_BUILDING = "__building"
_UNSORTED = "__unsorted"
_ROW_GROUP = 122_880
"""Rows that DuckDB keeps the smallest and largest values of, and skips together."""
_OVERLAP = 16.0
"""A row of a sorted table lies in the time span of 1 row group; a table is sorted when it is more on average. Some more
cost little to scan: each thread that wrote the table leaves a few that mix what it had left over."""
_COMPARED_ROWS = 20_000
"""A table built whole is compared with what it was up to this size: it takes as long as building most of them."""
_DIFFERENCE = "temp.model_difference"


def build_whole(
    con: "duckdb.DuckDBPyConnection", state: BuildState, model: SqlModel, inputs: Inputs, reason: str
) -> ModelResult:
    """Build all rows of ``model`` anew; ``reason`` says in words why.

    Raises:
        ModelBuildError: The SQL fails or gives other columns than are described.
        ModelTestFailed: A test of severity error fails. Either way the table is as it was before.
    """
    stored = state.kind(model)
    in_place = model.stored_as == "table" and stored == "table" and is_lake(con)
    place = "temp" if in_place else identifier(model.schema)
    beside = f"{place}.{identifier(model.name + _BUILDING)}"
    with transaction(con):
        con.execute(f"create schema if not exists {identifier(model.schema)}")
        create(con, model, beside, model.materialized)
        columns = checked_columns(con, model, beside)
        _put_in_order(con, model, place)
        tests = accepted(model, run_tests(con, beside, model.tests, of=model.key))
        rows = count_rows(con, beside) if model.stored_as == "table" else None
        changed_rows = _log_difference(con, state, model, beside, rows)
        if in_place and columns_of(con, model.relation) == columns:
            _fill(con, state, model, beside, changed_rows)
        else:
            beside = _in_the_warehouse(con, model, beside)
            describe(con, model, beside)
            _swap(con, model, beside, stored)
        # They name the table, so that it must be in its place; what fails takes it back.
        tests += accepted_across_models(state, model, lambda test: run_singular_test(con, test))
        state.store(model, inputs, tests)
    return ModelResult(model, rows, columns, tests, 0.0, "full", reason, changed_rows)


def _fill(
    con: "duckdb.DuckDBPyConnection", state: BuildState, model: SqlModel, beside: str, changed_rows: int | None
) -> None:
    """Put the rows of ``beside`` into the model's table, where they differ from those that are there."""
    if changed_rows != 0:
        con.execute(f"delete from {model.relation}")  # noqa: S608
        con.execute(f"insert into {model.relation} from {beside}")
    con.execute(f"drop table {beside}")
    known = state.last_build(model)
    if known is None or known.described != model.described:
        describe(con, model, model.relation)


def _in_the_warehouse(con: "duckdb.DuckDBPyConnection", model: SqlModel, beside: str) -> str:
    """Return the name of ``beside`` within the warehouse, where a temporary table is copied to."""
    relation = relation_name(model.schema, model.name + _BUILDING)
    if beside != relation:
        con.execute(f"create table {relation} as from {beside}")
        con.execute(f"drop table {beside}")
    return relation


def _log_difference(
    con: "duckdb.DuckDBPyConnection", state: BuildState, model: SqlModel, beside: str, rows: int | None
) -> int | None:
    """Log how the newly built ``beside`` differs from the model's table.

    Returns:
        How many rows differ, None when that isn't known.
    """
    old = model.relation
    comparable = (
        rows is not None
        and rows <= _COMPARED_ROWS
        and state.kind(model) == "table"
        and columns_of(con, old) == columns_of(con, beside)
        and count_rows(con, old) <= _COMPARED_ROWS
    )
    if not comparable:
        state.note_rebuilt(model)
        return None
    # Two passes over two small tables, and most tables that are built whole turn out to be what they were.
    con.execute(
        f"create or replace temp table model_difference as"  # noqa: S608
        f" (select true as is_old, * from (from {old} except all from {beside}))"
        f" union all (select false, * from (from {beside} except all from {old}))"
    )
    changed = count_rows(con, _DIFFERENCE)
    if changed:
        state.log_changes(model, _DIFFERENCE)
    con.execute(f"drop table {_DIFFERENCE}")
    return changed


def _put_in_order(con: "duckdb.DuckDBPyConnection", model: SqlModel, place: str) -> None:
    """Sort by the event time what isn't nearly sorted, so that scans for recent rows skip the rest.

    Most models keep the order of the rows they read, and sorting wide rows takes longer than computing them. ``place``
    is the schema, as an SQL name, that the newly built table is in.
    """
    beside = f"{place}.{identifier(model.name + _BUILDING)}"
    if model.event_time is None:
        return
    time_ = identifier(model.event_time)
    overlap = scalar(
        con,
        f"""select sum(epoch(last) - epoch(first)) / nullif(epoch(max(last)) - epoch(min(first)), 0)
        from (
            select min({time_}) as first, max({time_}) as last from {beside} group by rowid // {_ROW_GROUP}
        )""",  # noqa: S608
    )
    if overlap is not None and overlap > _OVERLAP:
        con.execute(f"alter table {beside} rename to {identifier(model.name + _UNSORTED)}")
        unsorted = f"{place}.{identifier(model.name + _UNSORTED)}"
        kind = "temp table" if place == "temp" else "table"
        con.execute(f"create {kind} {beside} as from {unsorted} order by {time_}")
        con.execute(f"drop table {unsorted}")


def _swap(con: "duckdb.DuckDBPyConnection", model: SqlModel, beside: str, stored: Kind | None) -> None:
    if stored:
        con.execute(f"drop {stored} {model.relation}")
    con.execute(f"alter {model.stored_as} {beside} rename to {identifier(model.name)}")
