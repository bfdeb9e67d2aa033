"""Helpers around a connection, where the database that names mean is not the one that was opened first."""

import duckdb

from dbt_like_sql.runner.database import cursor_of


def test_another_connection_finds_the_tables_of_an_attached_database() -> None:
    with duckdb.connect() as con:
        con.execute('attach \':memory:\' as "a lake"; use "a lake".main')
        con.execute("create schema raw; create table raw.runs (id int)")
        con.execute("insert into raw.runs values (1), (2)")
        with cursor_of(con) as cursor:
            cursor.execute("from raw.runs order by id")
            assert con.execute("select count(*) from raw.runs").fetchall() == [(2,)]
            assert cursor.fetchmany(1) + cursor.fetchmany(5) == [(1,), (2,)]  # a result of its own
