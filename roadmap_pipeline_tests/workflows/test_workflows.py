"""The workflow templates and the reusable action: what they promise, and their steps, run against the simulators."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline_tests.cli.test_cli import NAMES
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.workflows.runner import Contexts, Runner, evaluate, filled_in, load

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {path.name: load(path) for path in sorted((ROOT / "deploy" / "github").glob("*.yml"))}
ACTION = load(ROOT / "action.yml")
SECRETS = {"NOTION_API_KEY", "NOTION_PARENT_PAGE_ID"}


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_both_templates_start_as_promised() -> None:
    assert list(TEMPLATES) == ["ci-intelligence-report.yml", "notion-roadmap-sync.yml"]
    report, sync = TEMPLATES.values()
    assert {"schedule", "workflow_dispatch"} == set(report["on"])
    assert "17 7 * * 1" in [one["cron"] for one in report["on"]["schedule"]]
    assert sync["on"]["workflow_run"]["workflows"] == [report["name"]]
    assert sync["on"]["push"] == {"branches": ["main"]}
    assert "workflow_dispatch" in sync["on"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_least_rights_one_at_a_time_and_a_limit_of_time(name: str) -> None:
    workflow = TEMPLATES[name]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"] == {"group": "roadmap-pipeline", "cancel-in-progress": False}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {
            "actions": "read", "checks": "read", "contents": "read", "issues": "write", "pull-requests": "write",
        }  # fmt: skip
        assert job["timeout-minutes"] <= 120
    text = (ROOT / "deploy" / "github" / name).read_text(encoding="utf-8")
    assert set(re.findall(r"secrets\.(\w+)", text)) == SECRETS


@pytest.mark.parametrize("steps", [ACTION["runs"]["steps"], *map(steps_of, TEMPLATES.values())])
def test_actions_of_others_are_pinned_and_no_input_is_part_of_a_script(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        uses = step.get("uses", "")
        assert not uses or uses.startswith("OWNER/") or re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40}", uses), uses
        assert "${{" not in step.get("run", ""), step.get("name")


def test_the_inputs_of_the_action_are_described_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "github-actions.md").read_text(encoding="utf-8")
    for name, described in ACTION["inputs"].items():
        assert described["description"], name
        assert f"inputs.{name}" in text, name
        assert f"| `{name}` |" in page, name


def test_the_runner_reads_expressions_as_github_does() -> None:
    contexts: Contexts = {"inputs": {"a": "x", "none": ""}, "github": {"event_name": "push"}}
    assert evaluate("inputs.a == 'x' && inputs.none != ''", contexts) is False
    assert evaluate("github.event_name != 'workflow_run' || github.event.x == github.y", contexts) is True
    assert filled_in("${{ inputs.none || false }}-${{ inputs.missing }}-${{ inputs.a }}", contexts) == "false--x"


@pytest.fixture
def runner(ran: Ran, tmp_path: Path) -> Runner:
    """Return a machine whose GitHub and Notion are the simulators, with nothing of this machine's environment."""
    served = ran.served.environment
    folders = {name: tmp_path / name for name in ("workspace", "cache", "home")}
    for folder in folders.values():
        folder.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folders["home"]),
        "LANG": "C.UTF-8",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/payments",
        **{name: served[name] for name in ("GITHUB_API_URL", "NOTION_API_URL", "ROADMAP_NOW")},
    }
    assert not {"GITHUB_TOKEN", "NOTION_API_KEY", "ROADMAP_WAREHOUSE"} & environment.keys()
    assert set(served) <= {*NAMES}
    return Runner(folders["workspace"], folders["cache"], environment, ROOT / "action.yml")


def contexts_of(ran: Ran, run_id: int, event: str, **inputs: Any) -> Contexts:
    served = ran.served.environment
    github = {"run_id": run_id, "run_attempt": 1, "event_name": event, "repository": "acme/payments"}
    return {
        "github": {**github, "token": served["GITHUB_TOKEN"], "event": {}},
        "secrets": {name: served[name] for name in SECRETS},
        "inputs": inputs,
    }


def keep(ran: Ran, runner: Runner) -> None:
    """Put the warehouse of the main job where an earlier run would have kept it."""
    folder = runner.cache / "roadmap-warehouse-1-1"
    folder.mkdir()
    shutil.copyfile(ran.settings.warehouse, folder / "roadmap.duckdb")
    repositories = ", ".join(f'"{name}"' for name in ran.settings.repositories)
    (runner.workspace / "roadmap.toml").write_text(f"repositories = [{repositories}]\n")


@pytest.mark.slow
def test_the_weekly_report_then_the_roadmap_of_one_milestone(ran: Ran, runner: Runner) -> None:
    """Both templates in a row, as a completed report starts the sync: the warehouse goes from one to the other."""
    keep(ran, runner)
    writes = ran.writes()
    report, sync = TEMPLATES.values()
    assert runner.run_job(report["jobs"]["report"], contexts_of(ran, 2, "schedule")), "\n".join(runner.output)
    assert runner.summary.startswith("## Roadmap and CI · 2026-W46\n\n**88.1 % of 118 runs passed in the end**")
    assert re.search(r"\| \[Stage 7\.3\]\(https://\S+\) \| 2026-12-11 \| In Progress \|", runner.summary)
    assert re.search(r"In Notion: \[Engineering Roadmap\]\(https://\S+\) · \[CI Intelligence", runner.summary)
    kept = runner.cache / "roadmap-warehouse-2-1" / "roadmap.duckdb"
    assert kept.is_file()
    shutil.rmtree(runner.workspace / "data")  # another machine
    runner.summary = ""
    dispatched = contexts_of(ran, 3, "workflow_dispatch", milestone="Stage 7.3", **{"dry-run": False})
    assert runner.run_job(sync["jobs"]["sync"], dispatched), "\n".join(runner.output)
    assert "Nothing to write: Notion and GitHub already say what they should." in "\n".join(runner.output)
    assert "Stage 7.3" in runner.summary
    assert (runner.cache / "roadmap-warehouse-3-1" / "roadmap.duckdb").is_file()
    assert ran.writes() == writes
    for secret in (ran.served.environment["NOTION_API_KEY"], ran.served.environment["GITHUB_TOKEN"]):
        assert secret not in "\n".join([*runner.output, runner.summary])


def test_the_roadmap_does_not_follow_a_report_of_a_fork(ran: Ran, runner: Runner) -> None:
    contexts = contexts_of(ran, 2, "workflow_run")
    contexts["github"]["event"] = {"workflow_run": {"head_repository": {"full_name": "someone/payments"}}}
    assert runner.run_job(TEMPLATES["notion-roadmap-sync.yml"]["jobs"]["sync"], contexts)
    assert runner.output == ["the job was skipped"]


def act(ran: Ran, runner: Runner, **inputs: str) -> bool:
    values = {name.replace("_", "-"): value for name, value in inputs.items()}
    step = {"uses": "OWNER/roadmap_pipeline@v1", "with": values}
    return runner.run_job({"steps": [step]}, contexts_of(ran, 5, "push"))


def test_a_quarter_in_the_summary_and_a_job_that_there_is_none_of(ran: Ran, runner: Runner) -> None:
    keep(ran, runner)
    assert act(ran, runner, job="quarterly"), runner.output
    assert runner.summary.startswith("# Roadmap report Q4 2026\n")
    runner.summary = ""
    assert not act(ran, runner, job="dance", cache="")
    assert "::error::job: dance is none of run, sync, two-way, quarterly" in "\n".join(runner.output)
    assert runner.summary == "Nothing was built.\n"


def test_a_refused_token_fails_the_job_and_keeps_what_there_is(ran: Ran, runner: Runner) -> None:
    keep(ran, runner)
    (runner.workspace / "roadmap.toml").write_text("")
    notion = {name.lower(): ran.served.environment[name] for name in SECRETS}
    assert not act(ran, runner, job="two-way", dry_run="true", github_token="wrong", **notion)
    assert "error: GITHUB_TOKEN: not accepted by" in "\n".join(runner.output)
    assert (runner.cache / "roadmap-warehouse-5-1" / "roadmap.duckdb").is_file()
