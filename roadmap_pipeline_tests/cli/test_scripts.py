"""The five command lines of `scripts/`: each to the letter, and what the three troubleshooting cases say."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline.cli import scripts
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.pipeline import parts_of
from roadmap_pipeline.pipeline.publishing import Area
from roadmap_pipeline_tests.cli.test_cli import nothing_written, root, served  # noqa: F401 - fixtures
from roadmap_pipeline_tests.conftest import Ran

FOLDER = Path(__file__).resolve().parents[2] / "scripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def call(line: str, env: Mapping[str, str]) -> Result:
    """Run a command line as it is documented, in this process."""
    name, *words = [word.strip('"') for word in _split(line)]
    return CliRunner().invoke(getattr(scripts, name.removesuffix(".py")), words, env=dict(env))


def _split(line: str) -> Iterator[str]:
    for part, word in enumerate(line.split('"')):
        yield from [word] if part % 2 else word.split()


@pytest.fixture
def environment(ran: Ran, root: Path) -> dict[str, str]:  # noqa: F811
    """Return the environment for the sandbox that is up, with a copy of its warehouse."""
    for name in ("w.duckdb", "w.snapshot.duckdb"):
        shutil.copyfile(ran.settings.warehouse, root / name)
    return served(ran, root)


def test_there_are_the_five() -> None:
    assert NAMES == [
        "ci_agent_cli", "generate_quarterly_roadmap_report", "notion_two_way_sync", "setup_notion_databases",
        "sync_ci_report_to_notion",
    ]  # fmt: skip
    for name in NAMES:
        assert os.access(FOLDER / f"{name}.py", os.X_OK), name


NOTHING_TO_WRITE = "Nothing to write: Notion and GitHub already say what they should."
LINES = {
    "ci_agent_cli.py --generate-report": "# CI report 2026-W46\n",
    "ci_agent_cli.py --sync-notion": NOTHING_TO_WRITE,
    'ci_agent_cli.py --sync-roadmap --milestone "Stage 7.3"': NOTHING_TO_WRITE,
    "ci_agent_cli.py --roadmap-status": "Stage 7.3",
    "sync_ci_report_to_notion.py --sync-notion": NOTHING_TO_WRITE,
    'sync_ci_report_to_notion.py --include-roadmap --milestone "Stage 7.3"': NOTHING_TO_WRITE,
    'sync_ci_report_to_notion.py --sync-notion --include-roadmap --milestone "Stage 7.3"': NOTHING_TO_WRITE,
    "sync_ci_report_to_notion.py --roadmap-status": "Stage 7.3",
    "setup_notion_databases.py --show-schema": "🧩 Milestone",
    "setup_notion_databases.py --create-databases": NOTHING_TO_WRITE,
    "generate_quarterly_roadmap_report.py --auto-quarter": "# Roadmap report Q4 2026\n",
    "generate_quarterly_roadmap_report.py --quarter Q3-2026": "# Roadmap report Q3 2026\n",
    "notion_two_way_sync.py --full-sync --dry-run": NOTHING_TO_WRITE,
    "notion_two_way_sync.py --full-sync": NOTHING_TO_WRITE,
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("line", LINES)
def test_the_original_command_lines_to_the_letter(line: str, environment: dict[str, str]) -> None:
    result = call(line, environment)
    assert result.exit_code == 0, result.output
    assert LINES[line] in result.output


def test_a_quarter_before_the_first_stored_run_says_the_stored_span(environment: dict[str, str]) -> None:
    result = call("generate_quarterly_roadmap_report.py --quarter Q4-2024", environment)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "nothing to report on Q4-2024: the warehouse holds runs from 2026-05-18 to 2026-11-16" in line


@pytest.mark.parametrize(
    "line",
    [
        "ci_agent_cli.py",
        "ci_agent_cli.py --generate-report --roadmap-status",
        "ci_agent_cli.py --sync-notion --milestone x",
        "sync_ci_report_to_notion.py --milestone x",
        "setup_notion_databases.py --show-schema --create-databases",
        "generate_quarterly_roadmap_report.py --auto-quarter --quarter Q4-2026",
        "generate_quarterly_roadmap_report.py --quarter Q5-2026",
        "notion_two_way_sync.py --dry-run",
        "notion_two_way_sync.py --whole-sync",
    ],
)
def test_wrong_words_end_with_2(line: str, root: Path) -> None:  # noqa: F811
    result = call(line, {})
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].lower().startswith("error: ")


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--only", "comments"), 0),
        (("--only", "reports", "--only", "roadmap", "--milestone", "Stage 7.3"), 0),
        (("--only", "reports", "--milestone", "Stage 7.3"), 2),
        (("--only", "everything"), 2),
    ],
)
def test_one_part_of_a_sync_alone(words: tuple[str, ...], code: int, environment: dict[str, str]) -> None:
    result = CliRunner().invoke(main, ["sync", "--dry-run", *words], env=environment)
    assert result.exit_code == code, result.output
    assert (NOTHING_TO_WRITE in result.output) == (code == 0)


@pytest.mark.parametrize(
    ("areas", "parts"),
    [
        ((), None),
        (("reports",), ["databases", "reports"]),
        (("comments", "roadmap"), ["databases", "roadmap", "tracking_issues", "comments"]),
    ],
)
def test_the_parts_of_a_sync_are_planned_in_order(areas: tuple[Area, ...], parts: list[str] | None) -> None:
    assert parts_of(areas) == parts


def test_help_teaches_by_examples_that_can_be_run() -> None:
    for name in NAMES:
        shown = call(f"{name}.py --help", {})
        assert shown.exit_code == 0
        examples = [line.split("scripts/")[1] for line in shown.output.splitlines() if "python scripts/" in line]
        assert len(examples) >= 2, name
        for option in ("--verbose", "--json"):
            assert option in shown.output


def test_data_as_json_and_requests_with_verbose(environment: dict[str, str]) -> None:
    rows = call("setup_notion_databases.py --show-schema --json", environment).stdout.splitlines()
    assert {json.loads(row)["database"] for row in rows} == {"CI Intelligence Reports", "Engineering Roadmap"}
    status = json.loads(call("ci_agent_cli.py --roadmap-status --json", environment).stdout)
    assert status["latest_week"]["week"] == "2026-W46"
    shown = call("sync_ci_report_to_notion.py --roadmap-status --verbose", environment).stderr
    assert "DEBUG roadmap_pipeline.notion.requests: GET /v1/" in shown
    assert environment["NOTION_API_KEY"] not in shown


NOWHERE = "0" * 31 + "1"
CASES = {
    "Notion: a wrong key": ("--roadmap-status", {"NOTION_API_KEY": "wrong"}, 2, "NOTION_API_KEY was refused"),
    "Notion: a wrong database": (
        "--roadmap-status",
        {"NOTION_ROADMAP_DB_ID": NOWHERE},
        1,
        "The Notion database Engineering Roadmap (00000000-0000-0000-0000-000000000001) was deleted or is not shared"
        " with the integration: share it again, or name another one in NOTION_ROADMAP_DB_ID",
    ),
    "Notion: no database id": (
        "--roadmap-status",
        {"NOTION_CI_REPORTS_DB_ID": "the reports"},
        2,
        "NOTION_CI_REPORTS_DB_ID: 'the reports' holds no Notion id",
    ),
    "milestones: a wrong title": (
        '--include-roadmap --milestone "stage 7.3"',
        {},
        2,
        "--milestone: no milestone is called 'stage 7.3'; did you mean 'Stage 7.3'?",
    ),
    "sync: a wrong token": ("--full-sync --dry-run", {"GITHUB_TOKEN": "wrong"}, 2, "GITHUB_TOKEN: not accepted by"),
    "sync: a wrong repository": (
        "--full-sync --dry-run",
        {"GITHUB_REPOSITORY": "acme/paymets"},
        2,
        "GITHUB_REPOSITORY: acme/paymets does not exist or GITHUB_TOKEN may not read it",
    ),
}


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("case", CASES)
def test_troubleshooting_says_what_is_wrong(case: str, environment: dict[str, str]) -> None:
    words, changes, code, said = CASES[case]
    script = "notion_two_way_sync.py" if "--full-sync" in words else "sync_ci_report_to_notion.py"
    result = call(f"{script} {words}", {**environment, **changes})
    assert result.exit_code == code, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert said in line


def test_looking_at_notion_before_the_first_run_leaves_no_file(ran: Ran, root: Path) -> None:  # noqa: F811
    result = call("ci_agent_cli.py --roadmap-status", served(ran, root))
    assert (result.exit_code, list(root.glob("*.duckdb"))) == (1, [])
    assert "Notion: both databases are in shape" in result.stderr
    assert "roadmap run" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", NAMES)
def test_from_a_clone_in_an_interpreter_without_the_package(name: str, tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: PLW1510 - the exit code is looked at
        [sys.executable, "-S", FOLDER / f"{name}.py", "--help"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"roadmap_pipeline is not installed for {sys.executable}" in line
    assert f"`.venv/bin/python scripts/{name}.py`" in line


def test_from_a_clone_in_the_right_interpreter(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: PLW1510 - the exit code is looked at
        [sys.executable, FOLDER / "setup_notion_databases.py", "--show-schema", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 9 + 21
