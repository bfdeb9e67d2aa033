"""Hostile names, titles and inputs at the command line: no SQL, no escape sequence, no path out of a folder.

Belongs here: the command line. Reports, comments and pages have their tests beside them (``test_hostile_logs``,
``test_hostile_rows``, ``test_html``), and so has ``roadmap query`` (``test_query``).
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from rich.padding import Padding

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.cli.context import console
from roadmap_pipeline.cli.rendering.tables import plain_table
from roadmap_pipeline_tests.cli.test_cli import root, served  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SQL = (
    "'; drop schema marts cascade; --",
    '"; delete from raw.milestones; --',
    "' or '1'='1",
    "$$; attach '/tmp/x' as x; $$",
    "{{ 1/0 }} {% raw %} ?? $1 :a %s",
    "\\",
)
STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp"

Ask = Callable[..., Result]


@pytest.fixture
def ask(ran: Ran, root: Path) -> Ask:  # noqa: F811
    """Return ``roadmap`` on the organisation's warehouse, as the main job left it."""
    environment: dict[str, Any] = served(ran, root)
    return lambda *words: CliRunner().invoke(main, list(words), env=environment)


def tables(ran: Ran) -> list[tuple[Any, ...]]:
    """Return what a hostile input might want to change: the tables, and their rows' number."""
    with duckdb.connect(
        ran.settings.warehouse.replace("roadmap.duckdb", "roadmap.snapshot.duckdb"), read_only=True
    ) as c:
        return c.execute("select schema_name, table_name, estimated_size from duckdb_tables() order by all").fetchall()


@pytest.mark.parametrize("nasty", [*SQL, STEERING])
@pytest.mark.parametrize(
    "words",
    [
        ("explain", "{}"),
        ("explain", "2026-W46", "{}"),
        ("explain", "Stage 7.3", "--what-if", "{}"),
        ("explain", "Stage 7.3", "--what-if", "pass_rate_threshold={}"),
        ("report", "--week", "{}"),
        ("quarterly", "--quarter", "{}"),
        ("query", "select '{}'; {}"),
    ],
    ids=" ".join,
)
def test_hostile_input_is_refused_and_told_harmlessly(words: tuple[str, ...], nasty: str, ask: Ask, ran: Ran) -> None:
    before = tables(ran)
    result = ask(*(word.replace("{}", nasty) for word in words))
    assert result.exit_code in (1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not CONTROLS.search(result.output)
    assert tables(ran) == before


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../b", "..", "", "marts/../..", "Marts'", 'x"y'])
def test_an_export_writes_nothing_beside_its_folder(name: str, ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "inner" / "files"
    result = ask("export-parquet", str(folder), "--schema", name)
    assert result.exit_code in (1, 2), result.output
    assert not list(tmp_path.rglob("*.parquet"))
    shutil.rmtree(tmp_path / "inner", ignore_errors=True)
    assert not list(tmp_path.iterdir())


def test_what_is_printed_for_people_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = console()
    for thing in (f"conflict: {STEERING}", Padding(STEERING, 1)):
        terminal.print(thing, highlight=False)
    table = plain_table(STEERING)
    table.add_column(STEERING)
    table.add_row(STEERING)
    terminal.print(table)
    terminal.rule(STEERING)
    shown = capsys.readouterr().out
    assert shown.count("owned") == 6
    assert not CONTROLS.search(shown)
