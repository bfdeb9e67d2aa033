"""The command line: what people read when something is wrong, exit codes, and data as JSON."""

import gzip
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli import main
from roadmap_pipeline_tests.conftest import Ran

NAMES = (
    "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL", "NOTION_API_KEY", "NOTION_PARENT_PAGE_ID", "NOTION_API_URL",
    "NOTION_CI_REPORTS_DB_ID", "NOTION_ROADMAP_DB_ID", "ROADMAP_NOW", "ROADMAP_WAREHOUSE", "ROADMAP_CONFIG",
    "ROADMAP_MILESTONE", "DAGSTER_HOME",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project: nothing of this machine's environment or of this checkout's data is seen."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)
    return tmp_path


def call(*words: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, words, env=dict(env or {}), input=stdin)


def served(ran: Ran, root: Path, **changes: str) -> dict[str, str]:
    """The environment for the sandbox that is up, with a warehouse of its own."""
    return {**ran.served.environment, "ROADMAP_WAREHOUSE": str(root / "w.duckdb"), **changes}


@pytest.fixture
def nothing_written(ran: Ran) -> Iterator[None]:
    before = ran.writes()
    yield
    assert ran.writes() == before


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"GITHUB_TOKEN": "wrong"}, "GITHUB_TOKEN"),
        ({"NOTION_API_KEY": "wrong"}, "NOTION_API_KEY"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9"}, "GITHUB_API_URL"),
        ({"NOTION_API_URL": "http://127.0.0.1:9"}, "NOTION_API_URL"),
        ({"GITHUB_REPOSITORY": "acme/payments,acme/nowhere"}, "acme/nowhere"),
        ({"NOTION_PARENT_PAGE_ID": "0" * 32}, "NOTION_PARENT_PAGE_ID"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY"),
        ({"NOTION_PARENT_PAGE_ID": ""}, "NOTION_PARENT_PAGE_ID"),
    ],
)
def test_wrong_settings_give_one_clear_line_and_exit_2(
    changes: dict[str, str], named: str, ran: Ran, root: Path
) -> None:
    result = call("run", env=served(ran, root, **changes))
    assert result.exit_code == 2, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert named in lines[0]
    assert "Traceback" not in result.output
    if "PARENT" not in named:
        assert not (root / "w.duckdb").exists()


def test_three_mistakes_in_the_configuration_are_three_lines(root: Path) -> None:
    (root / "roadmap.toml").write_text("history_days = -1\nrepos = []\n[limits]\ngithub_points_per_minute = 0\n")
    result = call("run")
    assert result.exit_code == 2
    lines = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(lines) == 3
    assert not (root / "data").exists()


@pytest.mark.parametrize(
    ("without", "message"),
    [("NOTION_API_KEY", "Notion is skipped: NOTION_API_KEY"), ("GITHUB_TOKEN", "GitHub is skipped: GITHUB_TOKEN")],
)
def test_one_side_alone_skips_the_other_and_says_which_variables(
    without: str, message: str, ran: Ran, root: Path
) -> None:
    environment = served(ran, root)
    del environment[without]
    result = call("doctor", env=environment)
    assert result.exit_code == 0, result.output
    assert message in result.output


def test_doctor_names_every_problem(ran: Ran, root: Path) -> None:
    result = call("doctor", "--json", env=served(ran, root, GITHUB_TOKEN="wrong", NOTION_API_KEY="wrong"))
    assert result.exit_code == 2
    found = {row["subject"]: row["state"] for row in map(json.loads, result.output.splitlines())}
    assert found["GitHub"] == found["Notion"] == "problem"


def test_doctor_with_new_credentials_does_not_look_for_the_sandboxs_databases(ran: Ran, root: Path) -> None:
    environment = served(ran, root, GITHUB_TOKEN="another")
    shutil.copyfile(ran.settings.warehouse, environment["ROADMAP_WAREHOUSE"])
    with duckdb.connect(environment["ROADMAP_WAREHOUSE"]) as con:
        # Another Notion than the sandbox's doesn't know the ids that the warehouse remembers.
        gone = '\'{"database_id": "' + "0" * 32 + "\"}'"
        con.execute(f"update sync.databases set definition = json_merge_patch(definition, {gone})")
    result = call("doctor", "--json", env=environment)
    found = {row["subject"]: row["state"] for row in map(json.loads, result.output.splitlines())}
    assert (found["GitHub"], found["Notion"]) == ("problem", "ok")


def test_status_and_query_ask_for_a_run_first(root: Path) -> None:
    for words in (("status",), ("query", "select 1")):
        result = call(*words)
        assert result.exit_code == 1
        assert "roadmap run" in result.output


def test_status_and_query_read_the_snapshot(ran: Ran, root: Path) -> None:
    environment = {"ROADMAP_WAREHOUSE": ran.settings.warehouse}
    status = json.loads(call("status", "--json", env=environment).output)
    assert status["latest_week"]["week"] == "2026-W46"
    assert {row["title"] for row in status["milestones"]} >= {"Stage 7.3", "Checkout v2"}
    rows = call("query", "--json", "select repo, runs from marts.ci_weekly where week = '2026-W46'", env=environment)
    assert {json.loads(line)["repo"] for line in rows.output.splitlines()} == {"*", *ran.settings.repositories}
    assert call("query", "drop table marts.ci_weekly", env=environment).exit_code != 0
    assert "Stage 7.3" in call("status", env=environment).output


def test_export_dbt_writes_a_project_and_leaves_other_folders_alone(root: Path) -> None:
    first = call("export-dbt", str(root / "new" / "dbt"), "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["models"] == len(list((root / "new" / "dbt" / "models").rglob("*/*.sql")))
    again = call("export-dbt", str(root / "new" / "dbt"))
    assert again.exit_code == 0, again.output
    assert "dbt build" in again.stdout
    (root / "mine").mkdir()
    (root / "mine" / "file").touch()
    refused = call("export-dbt", str(root / "mine"))
    assert refused.exit_code == 2
    assert "is not empty" in refused.output
    assert [path.name for path in (root / "mine").iterdir()] == ["file"]


def test_export_parquet_writes_what_readers_see(ran: Ran, root: Path) -> None:
    environment = {"ROADMAP_WAREHOUSE": ran.settings.warehouse}
    exported = call("export-parquet", str(root / "files"), "--json", env=environment)
    rows = {row["table"]: row for row in map(json.loads, exported.stdout.splitlines())}
    assert {name.split(".")[0] for name in rows} == {"marts", "publish"}
    weeks = duckdb.read_parquet(rows["marts.ci_weekly"]["file"])
    assert weeks.columns[:2] == ["repo", "week"]
    assert len(weeks.fetchall()) == rows["marts.ci_weekly"]["rows"] > 0
    shown = call("export-parquet", str(root / "files"), "--schema", "config", env=environment)
    assert "config/parameters.parquet" in shown.stdout
    unknown = call("export-parquet", str(root / "files"), "--schema", "mart", env=environment)
    assert unknown.exit_code == 2
    assert "no schema mart;" in unknown.output
    assert call("export-parquet", str(root / "other")).exit_code == 1


def test_report_of_a_week_and_of_none(ran: Ran, root: Path) -> None:
    environment = served(ran, root)
    shutil.copyfile(ran.settings.warehouse, environment["ROADMAP_WAREHOUSE"])
    shown = call("report", "--week", "2026-W40", env=environment)
    assert shown.output.startswith("# CI report 2026-W40")
    assert call("report", "--week", "yesterday", env=environment).exit_code == 2
    nothing = call("report", "--week", "2019-W01", env=environment)
    assert nothing.exit_code == 1
    assert "2019-W01" in nothing.output


def test_an_unknown_milestone_is_named(ran: Ran, root: Path) -> None:
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}
    result = call("sync", "--milestone", "Stage 99", "--dry-run", env=environment)
    assert result.exit_code == 2
    assert "Stage 99" in result.output


def test_classify_prints_one_object_a_file(root: Path) -> None:
    log = b"2026-01-01T00:00:00.0000000Z ##[group]Run ruff check\n2026-01-01T00:00:01.0000000Z ##[endgroup]\n"
    log += b"2026-01-01T00:00:01.0000000Z a.py:1:1: F401 `os` imported but unused\n"
    log += b"2026-01-01T00:00:02.0000000Z ##[error]Process completed with exit code 1.\n"
    plain, packed, empty = root / "job.txt", root / "job.txt.gz", root / "fine.txt"
    plain.write_bytes(log)
    packed.write_bytes(gzip.compress(log))
    empty.write_bytes(b"2026-01-01T00:00:00.0000000Z all good\n")
    result = call("classify", "--json", str(plain), str(packed), str(empty))
    assert result.exit_code == 0, result.output
    first, second, third = map(json.loads, result.output.splitlines())
    assert first["category"] == second["category"] == "lint_format"
    assert first["line"] == 3
    assert third["category"] is None
    assert set(first) == {
        "file", "category", "domain", "rule_id", "fingerprint", "line", "evidence", "ruleset_version"
    }  # fmt: skip
    missing = call("classify", str(root / "nowhere.txt"))
    assert missing.exit_code == 2
    assert "nowhere.txt" in missing.output


def test_setup_notion_shows_the_schema_without_any_credentials(root: Path) -> None:
    result = call("setup-notion", "--show-schema", "--json")
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert len(rows) == 9 + 11
    assert call("setup-notion", "--show-schema", "--create-databases").exit_code == 2


def test_real_data_never_joins_the_sandboxs(ran: Ran, root: Path) -> None:
    from roadmap_pipeline.warehouse.origin import claim, stored_origin

    warehouse = root / "data" / "roadmap.duckdb"
    assert claim(warehouse, "sandbox") is None
    note = claim(warehouse, "real")
    assert note is not None
    assert "roadmap.sandbox.duckdb" in note
    assert stored_origin(warehouse) == "real"
    assert (root / "data" / "roadmap.sandbox.duckdb").exists()
    result = call("run")
    assert result.exit_code == 2
    assert "holds real data" in result.output
    aside = str(root / "data" / "roadmap.sandbox.duckdb")
    refused = call("sync", env=served(ran, root, ROADMAP_WAREHOUSE=aside, GITHUB_TOKEN="another"))
    assert refused.exit_code == 2
    assert "simulated" in refused.output
