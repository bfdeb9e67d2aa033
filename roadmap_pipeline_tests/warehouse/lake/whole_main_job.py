"""The main job and every command on a lake, beside the same on a file: the same rows, pages, comments and words.

A suite of its own (`make test-lake`), as ``whole_lake``: whole processes, against both simulators.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest

from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.origin import claim
from roadmap_pipeline_tests.stopped import ROADMAP, SmallWorld, small
from roadmap_pipeline_tests.unattended import CONFIGURATION, PULLS, instance_of, merge, organisation, work_done
from roadmap_pipeline_tests.warehouse.lake.servers import LakeServers

MILESTONE = "Stage 7.3"
_WAREHOUSE = re.compile(r"ducklake:postgres:[^\s\"',;]*|/\S*/roadmap(?:\.snapshot)?\.duckdb")
_PLACES = re.compile(r"http://127\.0\.0\.1:\d+|\b\d+(?:\.\d+)? (?:s|ms)\b|\"\w*seconds\": [\d.]+")
_TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[:\d.+Z]*")


@dataclass(frozen=True)
class Twins:
    """One organisation twice, each with its own GitHub and Notion: one's warehouse is a file, the other's a lake."""

    file: SmallWorld
    lake: SmallWorld

    @property
    def both(self) -> tuple[SmallWorld, SmallWorld]:
        """Both of them, the file's first."""
        return self.file, self.lake

    def say(self, *words: str) -> "tuple[Said, Said]":
        """Run a command in both at once; return what came of it, the file's first."""
        with ThreadPoolExecutor(2) as pool:
            file, lake = pool.map(lambda world: said(world, *words), self.both)
        return file, lake


@pytest.fixture(scope="module")
def twins(servers: LakeServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    folders = [tmp_path_factory.mktemp(name) for name in ("file", "lake")]
    for folder in folders:
        (folder / "roadmap.toml").write_text(CONFIGURATION)
    with small(folders[0], organisation(), PULLS) as file, small(folders[1], organisation(), PULLS) as lake:
        for world in (file, lake):
            world.environment["ROADMAP_CONFIG"] = str(world.folder / "roadmap.toml")
        environment = {**lake.environment, "ROADMAP_WAREHOUSE": servers.address("main_job")}
        made = Twins(file, replace(lake, environment=environment))
        for done in made.say("run"):
            assert done.code == 0, done.errors
        yield made


@dataclass(frozen=True)
class Said:
    """The end of a command: its exit code, and what it printed."""

    code: int
    output: str
    errors: str


def said(world: SmallWorld, *words: str, **environment: str) -> Said:
    """Run a command to its end."""
    done = subprocess.run(
        [ROADMAP, *words],
        env={**os.environ, "COLUMNS": "400", **world.environment, **environment},
        cwd=world.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def without_places(text: str, world: SmallWorld) -> str:
    """Return a text without what differs between any two runs: where things are, when it was, and how long it took."""
    for pattern, shown in ((_WAREHOUSE, "the warehouse"), (_PLACES, "…"), (_TIMES, "then")):
        text = pattern.sub(shown, text)
    return " ".join(text.replace(str(world.folder), "the folder").split())


def writes(world: SmallWorld) -> int:
    """Return how many requests to write both sides have seen."""
    return sum(entry.mutating for side in (world.github, world.notion) for entry in side.journal)


def history(world: SmallWorld) -> tuple[list[str], dict[str, bool]]:
    """Return what Dagster has of the first run: the assets that were made, and what each check said."""
    with instance_of(world) as instance:
        run = instance.get_runs()[-1]
        assert run.status == dg.DagsterRunStatus.SUCCESS
        entries = instance.all_logs(run.run_id)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    made = [event.asset_key for event in events if event.is_step_materialization]
    checked = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return (
        sorted(key.to_user_string() for key in made if key),
        {f"{one.asset_key.to_user_string()}: {one.check_name}": one.passed for one in checked},
    )


def test_people_see_the_same(twins: Twins) -> None:
    file, lake = (world.seen() for world in twins.both)
    assert lake == file
    assert all(lake["comments"].values())
    assert lake["databases"]["Engineering Roadmap"]["rows"]


def test_every_table_holds_the_rows_of_a_file(twins: Twins) -> None:
    file, lake = (world.tables() for world in twins.both)
    assert sum(name.startswith("marts.") for name in lake) > 60
    assert sum(map(len, lake.values())) > 500
    assert {name for name in file | lake if lake.get(name) != file.get(name)} == set()


def test_every_asset_is_made_and_every_check_says_the_same(twins: Twins) -> None:
    (made, checks), (made_of_file, checks_of_file) = history(twins.lake), history(twins.file)
    assert made == made_of_file
    assert checks == checks_of_file
    assert len(made) > 100 and len(checks) > 100


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--json"),
        ("query", "select * from marts.ci_weekly order by all", "--json"),
        ("query", "select * from"),
        ("query", "delete from marts.ci_weekly"),
        ("explain", MILESTONE),
        ("explain", MILESTONE, "--what-if", "points.pass_rate=40", "--json"),
        ("explain", "2026-W46", "final_pass_rate"),
        ("doctor",),
        ("sync", "--dry-run"),
        ("two-way", "--dry-run"),
        ("report",),
        ("quarterly",),
        ("failures", "unknown"),
        ("failures", "test-rule", "error"),
        ("export-parquet", "exported"),
        ("export-dbt", "dbt"),
    ],
    ids=" ".join,
)
def test_commands_say_what_they_say_of_a_file(twins: Twins, words: Sequence[str]) -> None:
    file, lake = twins.say(*words)
    assert lake.code == file.code, lake.errors
    assert without_places(lake.output, twins.lake) == without_places(file.output, twins.file)
    if file.code:
        assert without_places(lake.errors, twins.lake) == without_places(file.errors, twins.file)


def test_the_same_tables_are_listed(twins: Twins) -> None:
    """Their numbers of rows are estimates: a lake's count rows that were replaced, too."""
    file, lake = (
        [(row["name"], row["description"]) for row in map(json.loads, done.output.splitlines())]
        for done in twins.say("query", "show tables", "--json")
    )
    assert lake == file
    assert len(lake) > 150


def test_further_runs_write_what_they_write_on_a_file_and_then_nothing(twins: Twins) -> None:
    """The second run reads what the first one wrote: its tracking issues."""
    before = [writes(world) for world in twins.both]
    assert [done.code for done in twins.say("run")] == [0, 0]
    second = [writes(world) for world in twins.both]
    assert second[1] - before[1] == second[0] - before[0]
    for done in twins.say("run", "--json"):
        assert done.code == 0, done.errors
        assert json.loads(done.output.splitlines()[-1])["writes"] == {"notion": 0, "github": 0}
    for words in (("sync",), ("two-way",)):
        assert said(twins.lake, *words).code == 0
    assert [writes(world) for world in twins.both] == second


def test_a_merge_arrives_everywhere(twins: Twins) -> None:
    before = work_done(twins.lake)
    for world in twins.both:
        merge(world, PULLS[0])
    assert [done.code for done in twins.say("run")] == [0, 0]
    assert work_done(twins.lake) != before
    test_people_see_the_same(twins)
    test_every_table_holds_the_rows_of_a_file(twins)


def test_a_dump_is_read_into_a_lake(servers: LakeServers, twins: Twins, tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    for name, path in (("runs", "actions/runs"), ("pulls", "pulls?state=all"), ("milestones", "milestones?state=all")):
        repo = twins.file.environment["GITHUB_REPOSITORY"]
        status, answer = twins.file.github.request("GET", f"/repos/{repo}/{path}")
        assert status == 200
        (dump / f"{name}.json").write_text(json.dumps(answer))
    counts = []
    for name, world in (("file", twins.file), ("lake", twins.lake)):
        warehouse = str(tmp_path / "dump.duckdb") if name == "file" else servers.address("dump")
        for words in (("ingest", "--from", str(dump)), ("build",), ("report",)):
            done = said(world, *words, ROADMAP_WAREHOUSE=warehouse)
            assert done.code == 0, done.errors
        sql = (
            "select (select count(*) from staging.stg_workflow_runs) as runs,"
            " (select count(*) from staging.stg_pull_requests) as pulls"
        )
        done = said(world, "query", sql, "--json", ROADMAP_WAREHOUSE=warehouse)
        assert done.code == 0, done.errors
        counts.append(json.loads(done.output))
    assert counts[0] == counts[1]
    assert counts[0]["runs"] > 0


def test_sections_of_ones_own_are_refused_with_the_remedy(twins: Twins, tmp_path: Path) -> None:
    (tmp_path / "own.sql").write_text("select 1 as one")
    configuration = tmp_path / "roadmap.toml"
    configuration.write_text(
        f'{CONFIGURATION}\n[[reports.sections]]\nreport = "weekly"\ntitle = "Own"\nsql = "own.sql"\n'
    )
    remedy = "made from a warehouse in a file only: remove the section from roadmap.toml"
    for words in (("report",), ("doctor",)):
        done = said(twins.lake, *words, ROADMAP_CONFIG=str(configuration))
        assert remedy in done.output + done.errors, words
    assert "| one |" in said(twins.file, "report", ROADMAP_CONFIG=str(configuration)).output


def test_the_sandboxs_data_in_a_lake_are_not_mixed_with_real_ones(
    servers: LakeServers, twins: Twins, tmp_path: Path
) -> None:
    lake = servers.address("simulated")
    with connect(lake) as con:
        con.execute("insert into raw.milestones by name select 'acme/payments' as repo, 1 as number")
    claim(lake, "sandbox")
    _, answer = twins.lake.github.request("GET", f"/repos/{twins.lake.environment['GITHUB_REPOSITORY']}/milestones")
    (tmp_path / "milestones.json").write_text(json.dumps(answer))
    done = said(twins.lake, "ingest", "--from", str(tmp_path), ROADMAP_WAREHOUSE=lake)
    assert done.code == 2
    assert "holds the sandbox's data: set ROADMAP_WAREHOUSE to another database" in done.errors
