"""The command line: what people read when something is wrong, exit codes, and data as JSON."""

import gzip
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline import settings as settings_module
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.reports.html import page as html_page
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.conftest import Ran

NAMES = (
    "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL", "NOTION_API_KEY", "NOTION_PARENT_PAGE_ID", "NOTION_API_URL",
    "NOTION_CI_REPORTS_DB_ID", "NOTION_ROADMAP_DB_ID", "ROADMAP_NOW", "ROADMAP_WAREHOUSE", "ROADMAP_CONFIG",
    "ROADMAP_MILESTONE", "DAGSTER_HOME",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project: nothing of this machine's environment or of this checkout's data is seen."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings_module, "project_root", lambda: tmp_path)
    return tmp_path


def call(*words: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, words, env=dict(env or {}), input=stdin)


def served(ran: Ran, root: Path, **changes: str) -> dict[str, str]:
    """Return the environment for the sandbox that is up, with a warehouse of its own."""
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
        ({"GITHUB_REPOSITORY": "acme/nowhere"}, "acme/nowhere"),
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


def test_report_of_a_quarter_and_of_none(ran: Ran, root: Path) -> None:
    environment = served(ran, root)
    shutil.copyfile(ran.settings.warehouse, environment["ROADMAP_WAREHOUSE"])
    last = call("quarterly", env=environment)
    assert last.output.startswith("# Roadmap report Q3 2026\n\n**3 of 4 planned milestones were completed**;")
    assert call("quarterly", "--quarter", "2026-Q3", env=environment).output == last.output
    now = json.loads(call("quarterly", "--auto-quarter", "--json", env=environment).output)
    assert (now["report_name"], now["period"]) == ("roadmap-report-Q4-2026.md", "2026-Q4")
    assert "**the quarter is not over**" in now["content"]
    nothing = call("quarterly", "--quarter", "Q1-2019", env=environment)
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    (line,) = nothing.stderr.splitlines()
    assert "nothing to report on Q1-2019: the warehouse holds runs from 2026-05-18 to 2026-11-16" in line
    for words in (("--quarter", "Q5-2026"), ("--quarter", "Q3-2026", "--auto-quarter"), ("--output", "page.html")):
        assert call("quarterly", *words, env=environment).exit_code == 2


def test_reports_as_one_html_file(ran: Ran, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = served(ran, root)
    shutil.copyfile(ran.settings.warehouse, environment["ROADMAP_WAREHOUSE"])
    page = call("report", "--html", env=environment).output
    assert page.startswith("<!doctype html>\n")
    assert "<title>CI report 2026-W46</title>" in page
    written = call("quarterly", "--html", "--output", str(root / "q.html"), env=environment)
    assert written.output == f"Written: {root / 'q.html'}\n"
    assert "<title>Roadmap report Q3 2026</title>" in (root / "q.html").read_text(encoding="utf-8")
    nowhere = call("report", "--html", "--output", str(root / "none" / "q.html"), env=environment)
    assert (nowhere.exit_code, len(nowhere.stderr.splitlines())) == (2, 1)
    html_page._library.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    missing = call("report", "--html", env=environment)
    assert missing.exit_code == 2
    assert missing.stderr.splitlines() == [f"error: {html_page.NOT_INSTALLED}"]


def test_whoever_looks_leaves_everything_as_it_was(ran: Ran, root: Path) -> None:
    """A report that was looked at isn't queued for publication, and no file changes, not even in its time."""
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}
    folder, writes = Path(ran.settings.warehouse).parent, ran.writes()

    def state() -> dict[Path, tuple[int, int]]:
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}

    before = state()
    for words in (
        ("report",), ("quarterly",), ("quarterly", "--auto-quarter"),
        ("report", "--week", "2026-W40"), ("report", "--week", "2026-W47"), ("status",),
        ("query", "select 1"), ("failures", "unknown"), ("failures", "test-rule", "boom"), ("docs",),
        ("setup-notion", "--show-schema"),
    ):  # fmt: skip
        result = call(*words, env=environment)
        assert (result.exit_code, state()) == (0, before), words
    plan = json.loads(call("sync", "--dry-run", "--json", env=environment).stdout)
    assert plan["changes"] == []
    asked = json.loads(call("sync", "--week", "2026-W40", "--dry-run", "--json", env=environment).stdout)
    assert [(change["kind"], change["title"]) for change in asked["changes"]] == [
        ("create_row", "ci-report-2026-W40.md")
    ]
    running = call("sync", "--week", "2026-W47", "--dry-run", env=environment)
    assert running.exit_code == 2
    assert "2026-W47 has not ended" in running.output
    assert ran.writes() == writes
    missing = call("report", env={"ROADMAP_WAREHOUSE": str(root / "none.duckdb")})
    assert (missing.exit_code, (root / "none.duckdb").exists()) == (1, False)


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
        "file", "category", "domain", "rule_id", "fingerprint", "line", "evidence", "ruleset_version",
        "known_by", "failed_tests", "failed_tests_count",
    }  # fmt: skip
    missing = call("classify", str(root / "nowhere.txt"))
    assert missing.exit_code == 2
    assert "nowhere.txt" in missing.output


def test_setup_notion_shows_the_schema_without_any_credentials(root: Path) -> None:
    result = call("setup-notion", "--show-schema", "--json")
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert len(rows) == 9 + 21
    assert call("setup-notion", "--show-schema", "--create-databases").exit_code == 2


def _store_a_row(warehouse: Path) -> None:
    with connect(warehouse) as con:
        replace_rows(con, "raw.repositories", [{"repo": "acme/payments", "repository_id": 1}])


def test_real_data_never_joins_the_sandboxs(ran: Ran, root: Path) -> None:
    from roadmap_pipeline.warehouse.origin import claim, stored_origin

    warehouse = root / "data" / "roadmap.duckdb"
    assert claim(warehouse, "sandbox") is None
    assert stored_origin(warehouse) is None, "a file without rows stands for nothing"
    _store_a_row(warehouse)
    note = claim(warehouse, "real")
    assert note is not None
    assert "roadmap.sandbox.duckdb. To go back, rename it" in note
    assert stored_origin(warehouse) is None
    _store_a_row(warehouse)
    assert stored_origin(warehouse) == "real"
    assert (root / "data" / "roadmap.sandbox.duckdb").exists()
    result = call("run")
    assert result.exit_code == 2
    assert "holds real data" in result.output
    aside = str(root / "data" / "roadmap.sandbox.duckdb")
    refused = call("sync", env=served(ran, root, ROADMAP_WAREHOUSE=aside, GITHUB_TOKEN="another"))
    assert refused.exit_code == 2
    assert "simulated" in refused.output


def test_the_loop_for_unknown_failures(ran: Ran, root: Path) -> None:
    environment = {"ROADMAP_WAREHOUSE": ran.settings.warehouse}
    rows = [json.loads(line) for line in call("failures", "unknown", "--json", env=environment).stdout.splitlines()]
    assert len(rows) == 10
    told = [row for row in rows if row["is_told"]]
    assert told == rows[: len(told)]
    for row in told:
        assert row["draft"] is None or row["draft"]["hits_unknown"] >= 1
    for part in (told, rows[len(told) :]):
        assert [row["people"] for row in part] == sorted((row["people"] for row in part), reverse=True)
    shown = call("failures", "unknown", "--limit", "3", env=environment).output
    assert "failed jobs without a known cause" in shown
    assert "roadmap failures test-rule" in shown

    (root / "passing.txt").write_text("npm error code ECONNRESET\n")
    words = ("failures", "test-rule", "npm error code E", "--passing", str(root / "passing.txt"))
    hits = json.loads(call(*words, "--json", env=environment).stdout)
    assert hits["hits_elsewhere"] == sum(hits["hits"].values()) > 1
    assert hits["hits_passing"] == [str(root / "passing.txt")]
    assert "too loose: it hits passing logs" in call(*words, env=environment).output


@pytest.mark.slow
def test_a_rules_file_is_tried_before_it_judges(ran: Ran, root: Path) -> None:
    warehouse = root / "w.duckdb"
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        shutil.copyfile(ran.settings.warehouse, root / name)
    rules = (
        '[[rule]]\nid = "own.npm"\ncategory = "lint_format"\npriority = 950\npatterns = ["npm error code E"]\n'
        'example = "npm error code E1"\nnegative_example = "fine"\n'
    )
    (root / "own.toml").write_text(rules)
    environment = {"ROADMAP_WAREHOUSE": str(warehouse)}
    tried = call("failures", "test-rule", "--rules", str(root / "own.toml"), "--json", env=environment)
    moved = [json.loads(line) for line in tried.stdout.splitlines()]
    assert {(row["before"], row["after"], row["rule_id"]) for row in moved} == {("network", "lint_format", "own.npm")}

    (root / "roadmap.toml").write_text('[failures]\nrules = "own.toml"\n')
    environment |= {"ROADMAP_CONFIG": str(root / "roadmap.toml")}
    previewed = [json.loads(line) for line in call("build", "--diff", "--json", env=environment).stdout.splitlines()]
    assert [row for row in previewed if row["table"] == "derived.failure_verdicts"] == [
        {"table": "derived.failure_verdicts"} | row for row in moved
    ]
    shown = call("build", "--diff", env=environment).output
    week = moved[0]["week"]
    assert re.search(rf"{week}: .*lint format \d+ → \d+.*network \d+ → \d+", shown)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("select count(*) from derived.failure_verdicts where rule_id = 'own.npm'").fetchone() == (0,)


def test_a_pull_request_that_breaks_another_test_than_the_default_branch_is_not_acquitted(ran: Ran) -> None:
    """From the logs to the verdict: one test fails on the default branch, and meanwhile another in a pull request."""
    red, mine = "tests/test_webhooks.py::test_retry", "tests/test_settlement.py::test_defaults"
    verdicts = "select is_default_branch, verdict, known_by from marts.ci_verdicts where failed_tests = [?]"
    with duckdb.connect(str(ran.settings.warehouse), read_only=True) as con:
        assert con.execute(verdicts, [red]).fetchall() == [(True, "this_change", "tests")]
        assert con.execute(verdicts, [mine]).fetchall() == [(False, "this_change", "tests")]
        grounds = "select grounds, tests_failing_there from marts.ci_verdicts where failed_tests = [?]"
        assert con.execute(grounds, [mine]).fetchall() == [("code", 0)]


@pytest.mark.slow
def test_failures_that_go_to_other_groups_are_shown_before_and_what_stays_is_told_since_the_first(
    ran: Ran, root: Path
) -> None:
    """All failures by tests were one for older rules; the build shows that they are several, and finds those again."""
    warehouse = root / "w.duckdb"
    shutil.copyfile(ran.settings.warehouse, warehouse)
    environment = {"ROADMAP_WAREHOUSE": str(warehouse)}
    groups = "select fingerprint, first_seen_at from marts.failure_groups where category = 'test' order by all"
    with duckdb.connect(str(warehouse)) as con:
        before = con.execute(groups).fetchall()
        tests = con.execute("select count(*) from derived.failure_verdicts where category = 'test'").fetchone()
        con.execute("update derived.failure_verdicts set fingerprint = 'of-old' where category = 'test'")
        con.execute("update derived.failure_verdicts set ruleset_version = '1.1.0+old'")
    lines = call("build", "--diff", "--json", env=environment).stdout.splitlines()
    moved = [row for row in map(json.loads, lines) if row["table"] == "derived.failure_verdicts"]
    assert {(row["before"], row["after"], row["groups_before"]) for row in moved} == {("test", "test", 1)}
    assert (sum(row["failures"] for row in moved),) == tests
    assert max(row["groups_after"] for row in moved) > 1
    assert re.search(r"cause or group", call("build", "--diff", env=environment).output)
    with duckdb.connect(str(warehouse)) as con:
        assert con.execute("select distinct ruleset_version from derived.failure_verdicts").fetchall() == [
            ("1.1.0+old",)
        ]
    assert call("build", env=environment).exit_code == 0
    with duckdb.connect(str(warehouse)) as con:
        assert con.execute(groups).fetchall() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("test-rule",), 2, "give a PATTERN or --rules FILE"),
        (("test-rule", "x", "--rules", "y.toml"), 2, "give a PATTERN or --rules FILE"),
        (("test-rule", "(x"), 2, "bad pattern '(x'"),
        (("test-rule", "x", "--passing", "nowhere.txt"), 2, "nowhere.txt"),
        (("unknown", "--limit", "0"), 2, "--limit"),
    ],
)
def test_wrong_words_for_the_loop(ran: Ran, root: Path, words: tuple[str, ...], code: int, said: str) -> None:
    result = call("failures", *words, env={"ROADMAP_WAREHOUSE": ran.settings.warehouse})
    assert result.exit_code == code
    assert said in result.output


def test_the_loop_asks_for_a_run_first_and_for_a_build_of_this_version(root: Path) -> None:
    result = call("failures", "unknown")
    assert (result.exit_code, "roadmap run" in result.output) == (1, True)
    (root / "data").mkdir()
    duckdb.connect(str(root / "data" / "roadmap.snapshot.duckdb")).close()
    result = call("failures", "unknown")
    assert (result.exit_code, "roadmap build" in result.output) == (1, True)
