"""`roadmap doctor`: the token, the clocks, the schedules, and the checklist, each with its remedy."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._daemon.types import DaemonHeartbeat

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.orchestration.event_log import open_instance
from roadmap_pipeline.pipeline import access, findings
from roadmap_pipeline.pipeline.automation import read_automation
from roadmap_pipeline.pipeline.checklist import SECRETS, Seen
from roadmap_pipeline.pipeline.diagnosis import _check_clock
from roadmap_pipeline.pipeline.instance_file import renew
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.source_tables import replace_rows
from roadmap_pipeline_tests.cli.test_cli import root, served  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran
from roadmap_sandbox.github.repository_records import RepositoryRecords


@pytest.fixture
def environment(ran: Ran, root: Path) -> dict[str, str]:  # noqa: F811
    return served(ran, root, DAGSTER_HOME=str(root / "dagster"))


@pytest.fixture
def records(ran: Ran) -> Iterator[RepositoryRecords]:
    """Yield a repository of the simulator whose secrets and workflows are put back afterwards."""
    found = ran.served.github.store.repository("acme/payments")
    assert found is not None
    secrets, workflows = list(found.secrets), dict(found.workflows)
    yield found
    found.secrets[:], found.workflows = secrets, workflows
    ran.served.github.scopes.clear()


def doctor(environment: dict[str, str], code: int = 0) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
    assert result.exit_code == code, result.output
    return {row["subject"]: row for row in map(json.loads, result.stdout.splitlines())}


def test_a_new_project_has_everything_open_that_it_lacks(environment: dict[str, str], ran: Ran) -> None:
    found = doctor(environment)
    assert {subject: row["state"] for subject, row in found.items()} == {
        "configuration": "note", "GitHub": "ok", "token scopes": "note", "rate limit": "ok", "GraphQL": "ok",
        "Notion": "ok",
        "warehouse": "ok", "clock": "ok", "schedules": "note", "Notion key configured": "ok",
        "Notion databases created": "ok", "repository secrets set": "open", "CI database initialised": "open",
        "workflows enabled": "open", "two-way sync configured": "ok", "quarterly reports scheduled": "open",
        "custom milestone mapping": "open", "advanced progress calculation": "open",
    }  # fmt: skip
    assert "`gh secret set NOTION_API_KEY --repo acme/payments`" in found["repository secrets set"]["message"]
    assert "roadmap run" in found["CI database initialised"]["message"]
    assert "roadmap init --workflows" in found["workflows enabled"]["message"]
    shown = CliRunner().invoke(main, ["doctor"], env=environment).output
    assert "\nChecklist\n✓ Notion key configured: " in shown
    assert "\n☐ CI database initialised: `roadmap run` reads the history\n" in shown
    assert "\nIf you like\n✓ two-way sync configured: " in shown
    assert not Path(environment["ROADMAP_WAREHOUSE"]).exists()


def test_all_of_it_ticked_off(environment: dict[str, str], ran: Ran, records: RepositoryRecords, root: Path) -> None:  # noqa: F811
    shutil.copyfile(ran.settings.warehouse, environment["ROADMAP_WAREHOUSE"])
    with connect(environment["ROADMAP_WAREHOUSE"]) as con:
        at = datetime.fromisoformat("2026-08-18 06:00")
        row = {"table_name": "job_logs", "column_name": "excerpt", "dropped_rows": 3, "older_than": at}
        replace_rows(con, "raw.retention", [row])
    records.secrets += SECRETS
    template = (
        next(iter(records.workflows.values()), None)
        or ran.served.github.request("GET", "/repos/acme/payments/actions/workflows")[1]["workflows"][0]
    )
    for number, name in enumerate(("notion-roadmap-sync.yml", "ci-intelligence-report.yml"), start=990_001):
        path = f".github/workflows/{name}"
        records.workflows[number] = {**template, "id": number, "name": name, "path": path, "state": "active"}
    (root / "roadmap.toml").write_text(
        '[milestones.mapping]\n"feature/*" = "Stage 7.3"\n[progress]\npass_rate_threshold = 0.9\n'
    )
    found = doctor(environment)
    assert {row["state"] for row in found.values() if row["section"] != "checks"} == {"ok"}
    told = found["retention"]["message"]
    assert told == "dropped so far: excerpts of 3 rows of raw.job_logs from before 2026-08-18"
    assert found["quarterly reports scheduled"]["message"] == "by ci-intelligence-report.yml"
    records.workflows[990_001] = {**records.workflows[990_001], "state": "disabled_inactivity"}
    off = doctor(environment)["workflows enabled"]
    assert (off["state"], "gh workflow enable notion-roadmap-sync.yml" in off["message"]) == ("open", True)


@pytest.mark.parametrize(
    ("scopes", "state", "said"),
    [
        (("repo", "workflow"), "ok", "classic token with repo, workflow"),
        (("public_repo",), "note", "private repositories can't be read"),
        (("gist",), "problem", "without repo: make one with the scope repo"),
        ((), "problem", "classic token with no scope"),
    ],
)
def test_scopes_of_a_classic_token(
    scopes: tuple[str, ...], state: str, said: str, environment: dict[str, str], ran: Ran, records: RepositoryRecords
) -> None:
    ran.served.github.scopes[environment["GITHUB_TOKEN"]] = scopes
    found = doctor(environment, 2 if state == "problem" else 0)["token scopes"]
    assert (found["state"], said in found["message"]) == (state, True)


def test_a_clock_that_is_off_is_set_right() -> None:
    (fine,) = _check_clock(Seen(seconds_ahead={"GitHub": 2.0, "Notion": -29.0}))
    assert fine.state == "ok"
    (wrong,) = _check_clock(Seen(seconds_ahead={"GitHub": 95.0, "Notion": -3600.0}))
    assert wrong.state == "problem"
    assert "95 s behind GitHub's, 3,600 s ahead of Notion's: set it" in wrong.message
    assert _check_clock(Seen()) == []


def _switch_on(home: Path, name: str, *, heartbeat_at: datetime | None, off: str = "automation") -> None:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("roadmap_pipeline"), "__repository__")
    origin = RemoteInstigatorOrigin(repository, name)
    home.mkdir(exist_ok=True)
    with open_instance(str(home)) as instance:
        data = ScheduleInstigatorData("0 7 * * 1", datetime(2026, 11, 16, tzinfo=UTC).timestamp())
        state = InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, data)
        instance.add_instigator_state(state)
        other = RemoteInstigatorOrigin(repository, off)
        stopped = InstigatorState(other, InstigatorType.SENSOR, InstigatorStatus.STOPPED)
        if instance.get_instigator_state(stopped.instigator_origin_id, stopped.selector_id) is None:
            instance.add_instigator_state(stopped)
        if heartbeat_at is not None:
            instance.add_daemon_heartbeat(DaemonHeartbeat(heartbeat_at.timestamp(), "SCHEDULER", "one", []))


def test_schedules_as_dagsters_own_files_tell(environment: dict[str, str], root: Path) -> None:  # noqa: F811
    home = root / "dagster"
    _switch_on(home, "quarterly_report_schedule", heartbeat_at=None)
    dead = doctor(environment, 2)["schedules"]
    assert (dead["state"], "it never gave a sign" in dead["message"]) == ("problem", True)
    now = datetime.now(UTC)
    _switch_on(home, "weekly_report_schedule", heartbeat_at=now)
    found = doctor(environment)
    assert found["schedules"]["message"] == "quarterly_report_schedule, weekly_report_schedule"
    assert found["workflows enabled"]["message"].startswith("not needed: Dagster's schedules and sensors are on")
    assert found["quarterly reports scheduled"]["message"] == "by quarterly_report_schedule"
    automation = read_automation(home)
    assert automation is not None
    assert automation.heartbeat_at is not None
    assert abs(automation.heartbeat_at - now) < timedelta(seconds=1)
    assert not automation.is_alive(now + timedelta(minutes=6))


def test_schedules_that_the_configuration_switches_on_unless_a_person_switched_them_off(
    environment: dict[str, str],
    root: Path,  # noqa: F811
) -> None:
    (root / "roadmap.toml").write_text('[automation]\nrunning = ["weekly_report_schedule", "on_merge"]\n')
    _switch_on(root / "dagster", "hourly_ingest_schedule", heartbeat_at=datetime.now(UTC), off="on_merge")
    assert doctor(environment)["schedules"]["message"] == "hourly_ingest_schedule, weekly_report_schedule"


def test_a_dagster_that_keeps_its_state_elsewhere(environment: dict[str, str], root: Path) -> None:  # noqa: F811
    (root / "dagster").mkdir()
    (root / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\nstorage:\n  postgres: {}\n")
    found = doctor(environment)["schedules"]
    assert (found["state"], "keeps Dagster's state elsewhere" in found["message"]) == ("note", True)


def test_an_instance_that_a_person_set_up_otherwise(environment: dict[str, str], root: Path) -> None:  # noqa: F811
    home = root / "dagster"
    renew(home)
    assert "Dagster's instance" not in doctor(environment)
    with (home / "dagster.yaml").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    finding = doctor(environment)["Dagster's instance"]
    assert finding["state"] == "note"
    assert finding["message"].startswith(f"{home}/dagster.yaml isn't the project's: remove it")


def test_files_of_dagster_that_tell_nothing(tmp_path: Path) -> None:
    assert read_automation(tmp_path) is None
    (tmp_path / "schedules").mkdir()
    (tmp_path / "schedules" / "schedules.db").write_text("no database")
    assert read_automation(tmp_path) is None
    (tmp_path / "schedules" / "schedules.db").unlink()
    sqlite3.connect(tmp_path / "schedules" / "schedules.db").close()
    assert read_automation(tmp_path) is None


def test_secrets_that_this_token_may_not_see(environment: dict[str, str], ran: Ran) -> None:
    token = "no-push-token"
    callers = ran.served.github._callers
    callers[token] = type(callers[environment["GITHUB_TOKEN"]])(ran.served.github.store.viewer, may_push=False)
    try:
        found = doctor({**environment, "GITHUB_TOKEN": token})["repository secrets set"]
    finally:
        del callers[token]
    assert (found["state"], found["message"][:32]) == ("open", "can't be seen with this token (i")


def test_of_very_many_repositories_some_are_asked_and_few_named(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_ASKED", 2)
    monkeypatch.setattr(findings, "MOST_NAMED", 1)
    message = doctor(environment)["GitHub"]["message"]
    assert re.fullmatch(r"acme/\w+ and 1 others at http\S+( \(sandbox\))?; 1 further repository not asked for", message)
