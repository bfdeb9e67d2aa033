"""A command that fails leaves everything as it was: the warehouse keeps its name, its content and its snapshot."""

import gzip
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.warehouse.origin import stored_origin
from roadmap_pipeline_tests.cli.test_cli import root  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.github.conftest import ago, full_repository, run


@pytest.fixture
def environment(ran: Ran, root: Path) -> dict[str, str]:  # noqa: F811
    """Return a warehouse of the sandbox with its snapshot, and no credentials."""
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        shutil.copyfile(ran.settings.warehouse, root / name)
    return {"ROADMAP_WAREHOUSE": str(root / "w.duckdb")}


def call(*words: str, env: Mapping[str, str]) -> Result:
    return CliRunner().invoke(main, words, env=dict(env))


def held(folder: Path) -> dict[str, int]:
    """By name of a warehouse or snapshot, how many runs it holds."""
    found = {}
    for file in folder.glob("*.duckdb*"):
        with duckdb.connect(str(file), read_only=True) as con:
            found[file.name] = con.execute("select count(*) from raw.workflow_runs").fetchall()[0][0]
    return found


DUMPS: dict[str, tuple[dict[str, bytes], int, str]] = {
    "no folder": ({}, 2, "is not a folder"),
    "an empty folder": ({"": b""}, 2, "holds no records"),
    "broken JSON": ({"runs.json": b'{"workflow_runs": [{'}, 2, "is not JSON"),
    "an empty file": ({"runs.json": b""}, 2, "it is empty"),
    "a cut archive": ({"runs.json.gz": gzip.compress(b"[1, 2, 3]")[:12]}, 2, "runs.json.gz"),
    "other files": ({"README.md": b"# Dump"}, 2, "holds no records"),
    "records of no kind": ({"things.json": b'[{"colour": "red"}, {"colour": "blue"}]'}, 1, "no kind has this shape"),
    "records of no repository": (
        {"jobs.json": json.dumps([{"id": 1, "run_id": 2, "name": "test", "steps": []}]).encode()},
        1,
        "could be stored",
    ),
    "a log of an unknown job": ({"17.txt": b"2026-01-01T00:00:00Z ##[error]it failed"}, 1, "could be stored"),
}


@pytest.mark.parametrize("name", DUMPS)
@pytest.mark.parametrize("stored", ["sandbox", "nothing"])
def test_a_dump_of_which_nothing_can_be_stored_changes_nothing(
    name: str,
    stored: str,
    environment: dict[str, str],
    root: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    files, exit_code, said = DUMPS[name]
    folder = tmp_path_factory.mktemp("dump") / "here"
    if files:
        folder.mkdir()
        for file, content in files.items():
            if file:
                (folder / file).write_bytes(content)
    if stored == "nothing":
        for path in root.glob("w.*"):
            path.unlink()
    before = held(root)
    result = call("ingest", "--from", str(folder), env=environment)
    assert result.exit_code == exit_code, result.output
    (error,) = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert said in error
    assert held(root) == before
    assert stored_origin(root / "w.duckdb") == ("sandbox" if stored == "sandbox" else None)


@pytest.mark.parametrize(
    "changes",
    [
        {"GITHUB_TOKEN": "refused", "GITHUB_REPOSITORY": "acme/payments"},
        {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "acme/payments", "GITHUB_API_URL": "http://127.0.0.1:9"},
    ],
)
@pytest.mark.parametrize("command", ["run", "ingest"])
def test_a_refused_token_changes_nothing(
    command: str,
    changes: dict[str, str],
    ran: Ran,
    environment: dict[str, str],
    root: Path,  # noqa: F811
) -> None:
    before = held(root)
    given = {"GITHUB_API_URL": ran.served.environment["GITHUB_API_URL"], **changes}
    result = call(command, env={**environment, **given})
    assert result.exit_code == 2, result.output
    assert held(root) == before
    assert stored_origin(root / "w.duckdb") == "sandbox"


def test_the_sandboxs_file_gives_way_to_the_first_real_row_and_can_come_back(
    environment: dict[str, str],
    root: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("dump")
    (folder / "runs.json").write_text(json.dumps({"workflow_runs": [run(1, ago(days=1))]}))
    (folder / "repository.json").write_text(json.dumps(full_repository()))
    before = held(root)["w.duckdb"]
    result = call("ingest", "--from", str(folder), env=environment)
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "it is now w.sandbox.duckdb. To go back, rename it to w.duckdb again and run `roadmap build`" in told
    assert held(root) == {"w.duckdb": 1, "w.sandbox.duckdb": before}
    assert stored_origin(root / "w.duckdb") == "real"
    again = call("ingest", "--from", str(folder), env=environment)
    assert again.exit_code == 0, "what is stored already is no failure"

    (root / "w.sandbox.duckdb").replace(root / "w.duckdb")
    assert call("build", env=environment).exit_code == 0
    assert held(root) == {"w.duckdb": before, "w.snapshot.duckdb": before}
