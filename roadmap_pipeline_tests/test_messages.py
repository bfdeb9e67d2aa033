"""Messages for people who mistyped something: what, where, and what was probably meant."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.milestones.derive import derive_milestones
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.cli.test_cli import root  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran


def call(*words: str, env: Mapping[str, str]) -> Result:
    return CliRunner().invoke(main, words, env=dict(env))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('repositories = "a/b"', 'repositories is a list, also of one: ["a/b"]'),
        ('[autofix]\nbots = "mend[bot]"', 'autofix.bots is a list, also of one: ["mend[bot]"]'),
    ],
)
def test_a_list_that_is_none(text: str, said: str, root: Path) -> None:  # noqa: F811
    (root / "roadmap.toml").write_text(text)
    result = call("status", env={})
    assert result.exit_code == 2
    assert said in result.output


def test_a_mistyped_milestone_is_blamed_on_where_it_stands(ran: Ran, root: Path) -> None:  # noqa: F811
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}
    flag = call("sync", "--dry-run", "--milestone", "stage 7.3", env=environment)
    assert flag.exit_code == 2
    assert "--milestone: no milestone is called 'stage 7.3'; did you mean 'Stage 7.3'?" in flag.output
    variable = call("sync", "--dry-run", env={**environment, "ROADMAP_MILESTONE": "stage 7.3"})
    assert "ROADMAP_MILESTONE: no milestone is called 'stage 7.3'; did you mean 'Stage 7.3'?" in variable.output


def test_one_line_of_the_mapping_that_misleads_many_branches_is_one_note(tmp_path: Path) -> None:
    with connect(tmp_path / "w.duckdb") as con:
        replace_rows(con, "raw.milestones", [{"repo": "a/b", "number": 1, "title": "Stage 7.3"}])
        runs = [{"run_id": n, "run_attempt": 1, "repo": "a/b", "head_branch": f"feature/{n}"} for n in range(32)]
        named = {"run_id": 99, "run_attempt": 1, "repo": "a/b", "head_branch": "stage-9-9"}
        replace_rows(con, "raw.workflow_runs", [*runs, named])
        notes = derive_milestones(con, {"feature/*": "Stage 73"})
    assert notes == [
        "a/b: branch stage-9-9 looks like a milestone that does not exist; closest: Stage 7.3",
        "milestones.mapping: 'feature/*' leads to 'Stage 73', which does not exist in a/b (32 branches);"
        " closest: Stage 7.3",
    ]


def test_doctor_shows_what_is_wrong_with_the_warehouse_under_the_warehouse(ran: Ran, root: Path) -> None:  # noqa: F811
    (root / "w.duckdb").write_text("no database " * 1000)
    result = call("doctor", env={**ran.served.environment, "ROADMAP_WAREHOUSE": str(root / "w.duckdb")})
    assert result.exit_code == 2
    lines = result.output.splitlines()
    assert [line for line in lines if line.startswith("✗")] == [
        line for line in lines if line.startswith("✗ warehouse")
    ]
    assert "· Notion: not looked at: the warehouse can't be opened" in lines


def test_a_section_of_no_repository_is_told_in_the_sandbox_too(ran: Ran, root: Path) -> None:  # noqa: F811
    (root / "roadmap.toml").write_text('[critical_workflows]\n"acme/paymens" = ["ci.yml"]\n')
    settings = load_settings({}, root)
    assert settings.warnings == ()
    (warning,) = settings.with_sandbox(ran.served.environment).warnings
    assert "critical_workflows names acme/paymens, which is not configured" in warning


def test_the_schema_shows_no_python(root: Path) -> None:  # noqa: F811
    shown = call("setup-notion", env={}).output
    assert "[" not in shown


def test_a_sync_with_nothing_to_write_does_not_say_that_it_writes(ran: Ran, root: Path) -> None:  # noqa: F811
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}
    result = call("sync", env=environment)
    assert result.exit_code == 0, result.output
    assert "Nothing to write" in result.output
    assert "Writing" not in result.output
