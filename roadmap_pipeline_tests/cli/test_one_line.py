"""Every command in states that go wrong says what is wrong in a line, with the remedy, and never by a traceback."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.orchestration.launch import free_port
from roadmap_pipeline.warehouse import connection
from roadmap_pipeline_tests.cli.test_cli import root  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran

COMMANDS = {
    "run": ("run",),
    "ingest": ("ingest",),
    "ingest --from": ("ingest", "--from", "dump"),
    "build": ("build",),
    "build --diff": ("build", "--diff"),
    "report": ("report",),
    "sync --dry-run": ("sync", "--dry-run"),
    "sync": ("sync",),
    "status": ("status",),
    "status --check": ("status", "--check"),
    "status --markdown": ("status", "--markdown"),
    "query": ("query", "select 1 as n"),
    "failures unknown": ("failures", "unknown"),
    "failures test-rule": ("failures", "test-rule", "x+"),
    "setup-notion": ("setup-notion", "--create-databases"),
    "doctor": ("doctor",),
    "export-parquet": ("export-parquet", "files"),
    "export-dbt": ("export-dbt", "dbt"),
    "compact": ("compact",),
}


def missing(_stack: ExitStack, folder: Path) -> Path:
    return folder / "w.duckdb"


def empty(_stack: ExitStack, folder: Path) -> Path:
    (folder / "w.duckdb").touch()
    (folder / "w.snapshot.duckdb").touch()
    return folder / "w.duckdb"


def not_built(_stack: ExitStack, folder: Path) -> Path:
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        with connection.connect(folder / name):
            pass
    return folder / "w.duckdb"


def no_duckdb_file(_stack: ExitStack, folder: Path) -> Path:
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        (folder / name).write_text("This is no database, and somebody keeps notes in it. " * 200)
    return folder / "w.duckdb"


def foreign(_stack: ExitStack, folder: Path) -> Path:
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        with duckdb.connect(str(folder / name)) as con:
            con.execute("create table recipes as select 'soup' as name")
    return folder / "w.duckdb"


def a_folder(_stack: ExitStack, folder: Path) -> Path:
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        (folder / name).mkdir()
    return folder / "w.duckdb"


def in_a_file(_stack: ExitStack, folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "w.duckdb"


def read_only(_stack: ExitStack, _folder: Path) -> Path:
    return Path("/proc/w.duckdb")  # where not even root may write


_HOLD = """
import duckdb, sys
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def locked(stack: ExitStack, folder: Path) -> Path:
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-c", _HOLD, folder / "w.duckdb"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return folder / "w.duckdb"


def half_built(_stack: ExitStack, folder: Path) -> Path:
    """As an interrupted first build leaves it."""
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        with connection.connect(folder / name) as con:
            con.execute("create schema marts; create table marts.milestones as select 1 as number")
    return folder / "w.duckdb"


STATES: dict[str, Callable[[ExitStack, Path], Path]] = {
    state.__name__: state
    for state in (
        missing,
        empty,
        not_built,
        half_built,
        no_duckdb_file,
        foreign,
        a_folder,
        in_a_file,
        read_only,
        locked,
    )
}


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits a minute for a lock here."""
    monkeypatch.setattr(connection, "LOCK_TIMEOUT_S", 0.01)
    yield


def assert_one_line(result: Result) -> None:
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert "Traceback" not in result.output
    if result.exit_code:
        assert result.exit_code in (1, 2), result.output
        said = [line for line in result.output.splitlines() if line.startswith(("error: ", "✗ "))]
        assert said, result.output


@pytest.mark.slow
@pytest.mark.usefixtures("no_patience")
@pytest.mark.parametrize("state", STATES)
def test_every_command_against_a_warehouse_in_every_state(
    state: str,
    ran: Ran,
    root: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(root)
    (root / "dump").mkdir()
    (root / "dump" / "things.json").write_text('[{"colour": "red"}]')
    begins = state in ("missing", "empty", "not_built", "half_built")
    with ExitStack() as stack:
        for command, words in COMMANDS.items():
            if begins and command in ("run", "ingest", "build", "build --diff", "sync", "setup-notion"):
                continue  # they make what is missing
            folder = root / (command.replace(" ", "_") if begins else state)
            if not folder.exists():
                folder.mkdir()
                path = STATES[state](stack, folder)
            before = {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()}
            environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": str(path)}
            assert_one_line(CliRunner().invoke(main, words, env=environment))
            if not begins:
                after = {file.name: file.read_bytes() for file in folder.glob("*") if file.is_file()}
                assert after == before, f"{command} changed another's file"


def test_a_port_that_is_taken_or_impossible(ran: Ran, root: Path) -> None:  # noqa: F811
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) <= port + 20
        refused = CliRunner().invoke(main, ["sandbox", "--port", str(port)], env={})
        assert_one_line(refused)
        assert f"port {port} on 127.0.0.1 can't be used" in refused.output
    for command in ("ui", "sandbox"):
        impossible = CliRunner().invoke(main, [command, "--port", "99999"], env=ran.served.environment)
        assert impossible.exit_code == 2
        assert "0<=x<=65535" in impossible.output
    elsewhere = CliRunner().invoke(main, ["ui", "--host", "203.0.113.7"], env=ran.served.environment)
    assert elsewhere.exit_code == 2
    assert_one_line(elsewhere)
    assert "--host 203.0.113.7 --port 3000: nothing can listen there" in elsewhere.output


def test_failing_rows_of_a_model_test_are_a_small_table(ran: Ran, root: Path) -> None:  # noqa: F811
    shutil.copyfile(ran.settings.warehouse, root / "w.duckdb")
    with duckdb.connect(str(root / "w.duckdb")) as con:
        con.execute(
            "insert into raw.workflow_runs by name select * replace (null as repo) from raw.workflow_runs limit 3"
        )
    result = CliRunner().invoke(main, ["build", "--full-refresh"], env={"ROADMAP_WAREHOUSE": str(root / "w.duckdb")})
    assert result.exit_code == 1
    assert_one_line(result)
    assert "keeps its previous content, since these tests failed" in result.output
    assert "rows, e.g." in result.output
