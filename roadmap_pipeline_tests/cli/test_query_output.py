"""The input and output of `roadmap query`: SQL from three places, and rows for people and for other programs."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.snapshot import publish_snapshot

_ROWS = """
select * from (values
    (1, 'plain', [1, 2], true, timestamp '2026-11-09 10:00:00', date '2026-11-09', 0.5::double),
    (2, E'two\\nlines, a "quote" and \x1b[31mcolour', [], false, null, null, null)
) as given (id, text, list, truth, moment, day, rate) order by id
"""


@pytest.fixture(scope="module", autouse=True)
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("query") / "roadmap.duckdb"
    with connect(path) as con:
        con.execute("create schema marts")
        con.execute("create table marts.ci_weekly as select 'a/b' as repo, 7 as runs")
        con.execute("comment on table marts.ci_weekly is 'One row per week.'")
        con.execute("create view marts.sync_changes as select 1 as one")
        source_tables.replace_rows(con, "config.autofix_bots", [{"login": "a"}, {"login": "b"}])
    publish_snapshot(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADMAP_WAREHOUSE", str(path))
        yield path


def query(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["query", *words], input=stdin)


# Where the SQL comes from


def test_sql_comes_from_the_command_line_a_file_or_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "two.sql"
    file.write_text("select 1 as n -- one of two\nunion all select 2 order by n;\n", encoding="utf-8")
    given = [
        query(file.read_text(), "--csv"),
        query("--file", str(file), "--csv"),
        query("--csv", stdin=file.read_text()),
        query("-", "--csv", stdin=file.read_text()),
        query("-f", "-", "--csv", stdin=file.read_text()),
    ]
    assert {result.output for result in given} == {"n\n1\n2\n"}


def test_sql_that_cannot_be_had_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("select 1")
    (tmp_path / "latin.sql").write_bytes("select 'ä'".encode("latin-1"))
    for words, said in (
        (("-f", str(tmp_path / "none.sql")), "none.sql can't be read: No such file"),
        (("-f", str(tmp_path / "latin.sql")), "latin.sql can't be read: it isn't UTF-8"),
        (("select 1", "-f", str(tmp_path / "a.sql")), "two queries"),
        ((str(tmp_path / "a.sql"),), f"run it with `roadmap query --file {tmp_path / 'a.sql'}`"),
        (("select 1", "--csv", "--json"), "--csv and --json"),
        (("select 1", "-o", str(tmp_path / "out.txt")), "say --csv or --json"),
    ):
        result = query(*words)
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
        assert said in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sql", "latin.sql"]


# What comes out


def test_csv_is_read_back_as_it_was() -> None:
    result = query(_ROWS, "--csv")
    assert list(csv.reader(io.StringIO(result.output, newline=""))) == [
        ["id", "text", "list", "truth", "moment", "day", "rate"],
        ["1", "plain", "[1, 2]", "true", "2026-11-09 10:00:00", "2026-11-09", "0.5"],
        ["2", 'two\nlines, a "quote" and \x1b[31mcolour', "[]", "false", "", "", ""],
    ]


def test_two_columns_of_one_name_are_both_there() -> None:
    assert query("select 1 as n, 2 as n, 3 as n_1", "--csv").output == "n,n_1,n_1_1\n1,2,3\n"
    assert json.loads(query("select 1 as n, 2 as n", "--json").output) == {"n": 1, "n_1": 2}


def test_a_row_in_a_pipe_is_one_line_however_long_and_none_is_left_out() -> None:
    lines = query(_ROWS).output.splitlines()
    assert lines[0].split() == ["id", "text", "list", "truth", "moment", "day", "rate"]
    assert len(lines) == 4
    assert 'two lines, a "quote" and [31mcolour' in lines[3]
    assert lines[2].index("[1, 2]") == lines[3].index("[]") == lines[0].index("list")
    wide = ", ".join(f"repeat('x', 60) as column_{number}" for number in range(20))
    header, _, row = query(f"select {wide}").output.splitlines()
    assert header.split() == [f"column_{number}" for number in range(20)]
    assert row.split() == ["x" * 60] * 20
    assert len(query("select range as n from range(1700)").output.splitlines()) == 1702


def test_a_wide_answer_without_rows_still_names_its_columns() -> None:
    wide = ", ".join(f"1 as a_rather_long_name_{number}" for number in range(30))
    header = query(f"select {wide} where false").output.splitlines()[0]
    assert header.split() == [f"a_rather_long_name_{number}" for number in range(30)]
    assert query("select 1 as n where false", "--csv").output == "n\n"


def test_a_plan_keeps_its_lines() -> None:
    assert len(query("explain select 1").output.splitlines()) > 3


def test_output_goes_to_a_file_in_the_form_that_its_ending_or_an_option_says(tmp_path: Path) -> None:
    for name, options, content in (
        ("rows.csv", (), "n\n1\n"),
        ("rows.jsonl", (), '{"n": 1}\n'),
        ("rows.txt", ("--csv",), "n\n1\n"),
        ("rows.CSV", ("--json",), '{"n": 1}\n'),
    ):
        result = query("select 1 as n", "-o", str(tmp_path / name), *options)
        assert result.output == f"1 row written to {tmp_path / name}\n"
        assert (tmp_path / name).read_bytes() == content.encode()


def test_a_query_that_fails_and_a_folder_that_is_not_there_leave_files_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("old")
    assert query("select nope", "-o", str(tmp_path / "rows.csv")).exit_code == 1
    result = query("select 1", "-o", str(tmp_path / "nowhere" / "rows.csv"))
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "rows.csv can't be written: No such file" in result.output
    (tmp_path / "folder.csv").mkdir()
    assert "can't be written: Is a directory" in query("select 1", "-o", str(tmp_path / "folder.csv")).output
    assert (tmp_path / "rows.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "rows.csv"]


@pytest.mark.parametrize("sql", ["show tables", " SHOW  Tables ;\n", "show", "describe"])
def test_show_tables_shows_those_of_every_schema_with_what_they_hold(sql: str) -> None:
    rows = [json.loads(line) for line in query(sql, "--json").output.splitlines()]
    names = [row["name"] for row in rows]
    assert names[:2] == ["marts.ci_weekly", "marts.sync_changes"]
    assert names[2:] == sorted(table.qualified_name for table in source_tables.TABLES)
    assert rows[0] == {"name": "marts.ci_weekly", "rows": 1, "description": "One row per week."}
    assert rows[1]["rows"] is None


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "＝1", "--x"])
def test_text_that_a_spreadsheet_would_take_for_a_formula_is_text_in_csv(text: str, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(f"""select '{text.replace("'", "''")}' as "{text}" """, encoding="utf-8")
    header, row = csv.reader(io.StringIO(query("-f", str(tmp_path / "q.sql"), "--csv").output, newline=""))
    assert (header, row) == ([f"'{text}"], [f"'{text}"])
    assert json.loads(query("-f", str(tmp_path / "q.sql"), "--json").output) == {text: text}


def test_a_line_end_within_text_begins_no_row_of_csv() -> None:
    output = query(
        "select 'a' || chr(10) || 'b' as x, 'c' || chr(13) || 'd' as y, chr(13) || '=1' as z", "--csv"
    ).output
    assert list(csv.reader(io.StringIO(output, newline=""))) == [["x", "y", "z"], ["a\nb", "c\rd", "'\r=1"]]


def test_numbers_in_csv_stay_numbers() -> None:
    assert query("select -1 as a, -0.5 as b, '-3' as c, '+1.5' as d, 'a=b' as e", "--csv").output == (
        "a,b,c,d,e\n-1,-0.5,-3,+1.5,a=b\n"
    )
