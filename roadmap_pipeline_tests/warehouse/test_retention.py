"""Old payloads and excerpts are dropped, and nothing that is published changes by it, whatever happens afterwards."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.pipeline.building import build_all
from roadmap_pipeline.pipeline.ingestion import ingest
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse import retention
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import project
from roadmap_pipeline.warehouse.retention import Dropped, drop_old, dropped_so_far
from roadmap_pipeline.warehouse.source_tables import create_source_tables, replace_rows
from roadmap_pipeline.warehouse_configuration import Retention
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.organisation import generate
from roadmap_sandbox.server import Server

REPO = "acme/payments"
NOW = datetime.fromisoformat("2026-11-16 06:00")
KEPT_A_DAY = "[retention]\nkeep_payload_days = 1\nkeep_excerpt_days = 1\n"
RULES = """
[[rule]]
id = "own.failed"
category = "policy_gate"
priority = 995
patterns = ["(?i)fail"]
retryable = false
example = "it failed"
negative_example = "all is well"
"""


class Both:
    """One organisation read into two warehouses, of which one drops what is old."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.content, _ = generate(seed=11, weeks=3)
        self.state = GitHubState(self.content, rate_limit=None)
        self.url = stack.enter_context(Server(create_app(self.state))).base_url
        self.now = self.content.clock
        self.folder = folder
        self.rules: Path | None = None

    def runtime(self, name: str) -> Runtime:
        """Return a run of the warehouse that ``kept`` or ``dropped`` what is old."""
        (self.folder / name).mkdir(exist_ok=True)
        rules = "" if self.rules is None else f'[failures]\nrules = "{self.rules}"\n'
        text = f'repositories = ["{REPO}"]\n{rules}{KEPT_A_DAY if name == "dropped" else ""}'
        (self.folder / name / "roadmap.toml").write_text(
            f"{text}[limits]\ngithub_points_per_minute = 10000000\n", encoding="utf-8"
        )
        environment = {
            "GITHUB_TOKEN": "sandbox-github-token",
            "GITHUB_API_URL": self.url,
            "ROADMAP_NOW": self.now.isoformat(),
        }
        return Runtime(load_settings(environment, self.folder / name))

    def read(self) -> Mapping[str, tuple[int, int]]:
        """Read into both, and return by warehouse how many requests were charged and how many rows changed."""
        found = {}
        for name in ("kept", "dropped"):
            with self.runtime(name) as runtime:
                summary = ingest(runtime)
                found[name] = runtime.github.charged, sum(summary.read.values())
        return found

    def build(self, *, full_refresh: bool = False) -> None:
        for name in ("kept", "dropped"):
            with self.runtime(name) as runtime:
                build_all(runtime, full_refresh=full_refresh)

    def query(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        path = self.runtime(name).settings.warehouse
        with duckdb.connect(path, read_only=True) as con:
            return con.execute(sql).fetchall()

    def models(self, name: str) -> dict[str, list[str]]:
        """Return all rows of all models."""
        with duckdb.connect(self.runtime(name).settings.warehouse, read_only=True) as con:
            return {
                model.qualified_name: sorted(map(repr, con.execute(f"from {model.qualified_name}").fetchall()))
                for model in project().models
            }


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with ExitStack() as stack:
        yield Both(tmp_path, stack)


def go_on(both: Both) -> None:
    """Two days pass, in which an old failed run is run again, and an old issue and an old pull request are edited."""
    state, content = both.state, both.content
    both.now += timedelta(days=2)
    state.clock = both.now - timedelta(hours=2)
    state.activity.rerun(REPO, next(run["id"] for run in content.runs[REPO] if run["conclusion"] == "failure"))
    for path, text in (
        (f"issues/{content.issues[REPO][0]['number']}", "- [x] done\n- [ ] to do"),
        (f"pulls/{content.pull_requests[REPO][0]['number']}", "Said otherwise"),
    ):
        assert state.request("PATCH", f"/repos/{REPO}/{path}", {"body": text})[0] == 200
    state.clock = both.now


@pytest.mark.slow
def test_no_model_changes_whatever_is_dropped(both: Both) -> None:
    first = both.read()
    assert first["kept"] == first["dropped"]
    both.build()
    both.now += timedelta(hours=1)
    second = both.read()
    assert second["dropped"] == second["kept"]
    assert second["dropped"][1] == 0, "nothing new: nothing is written"
    ((whole, logs),) = both.query(
        "kept", "select count(payload), (select count(excerpt) from raw.job_logs) from raw.workflow_jobs"
    )
    ((left, excerpts),) = both.query(
        "dropped", "select count(payload), (select count(excerpt) from raw.job_logs) from raw.workflow_jobs"
    )
    assert left < whole / 2
    assert 0 < excerpts < logs / 2
    both.build()
    assert both.models("dropped") == both.models("kept")
    both.build(full_refresh=True)
    assert both.models("dropped") == both.models("kept")
    go_on(both)
    again = both.read()
    assert again["dropped"] == again["kept"], "what comes is charged and written as if nothing had been dropped"
    assert again["kept"][1] > 0
    both.build()
    both.now += timedelta(hours=1)
    last = both.read()
    assert last["dropped"] == last["kept"]
    assert last["dropped"][1] == 0
    both.build(full_refresh=True)
    assert both.models("dropped") == both.models("kept")


@pytest.mark.slow
def test_a_failure_without_its_excerpt_keeps_its_verdict_under_other_rules(both: Both) -> None:
    both.read()
    both.build()
    both.read()
    verdicts = "select job_id, category, fingerprint, ruleset_version from derived.failure_verdicts order by all"
    before = both.query("dropped", verdicts)
    both.rules = both.folder / "rules.toml"
    both.rules.write_text(RULES, encoding="utf-8")
    both.build()
    gone = {
        job
        for (job,) in both.query(
            "dropped", "select job_id from raw.job_logs where state = 'stored' and excerpt is null"
        )
    }
    after = both.query("dropped", verdicts)
    assert gone
    assert {row for row in before if row[0] in gone} == {row for row in after if row[0] in gone}
    kept = both.query("kept", verdicts)
    assert {row for row in kept if row[0] not in gone} == {row for row in after if row[0] not in gone}
    assert {row[3] for row in kept} != {row[3] for row in before}
    both.build()
    assert both.query("dropped", verdicts) == after, "nothing is judged again and again"


def stored(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    replace_rows(con, f"raw.{table}", [{"repo": REPO, "source": "https://api.github.com/…", **values}])


lines = st.sampled_from(["- [ ] a", "* [x] b", "  + [X] c", "- [x]", "-[ ] d", "text - [ ] e", "- [ ] \t", "", "\r"])
bodies = st.none() | st.text(max_size=20) | st.lists(lines | st.text(max_size=5)).map("\n".join)
people = st.lists(st.fixed_dictionaries({"login": st.text(max_size=5), "id": st.integers(0, 9)}), max_size=3)
issues = st.fixed_dictionaries(
    {"number": st.integers(1, 3)},
    optional={
        "body": bodies,
        "assignees": people | st.none(),
        "sub_issues_summary": st.fixed_dictionaries({"total": st.integers(0, 5), "completed": st.integers(0, 5)}),
        "title": st.text(max_size=5),
    },
)


@pytest.fixture(scope="module")
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        create_source_tables(opened)
        yield opened


@settings(max_examples=25)
@given(payloads=st.lists(issues, max_size=12))
def test_what_models_read_of_issues_and_pull_requests_stays(
    in_memory: duckdb.DuckDBPyConnection, payloads: list[dict[str, Any]]
) -> None:
    views = [one.sql for one in project().models if one.name in ("stg_issues", "stg_pull_requests")]
    assert len(views) == 2
    for table in ("issues", "pull_requests"):
        in_memory.execute(f"delete from raw.{table}")
        for number, payload in enumerate(payloads, 1):
            values = {"number": number, "updated_at": NOW - timedelta(days=9), "payload": json.dumps(payload)}
            stored(in_memory, table, **values)
    before = [sorted(map(repr, in_memory.execute(sql).fetchall())) for sql in views]
    dropped = drop_old(in_memory, Retention(keep_payload_days=8), NOW)
    assert [one.rows for one in dropped] == [len(payloads)] * (2 if payloads else 0)
    assert [sorted(map(repr, in_memory.execute(sql).fetchall())) for sql in views] == before
    assert drop_old(in_memory, Retention(keep_payload_days=8), NOW) == []


@pytest.fixture
def con(new_warehouse: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    shutil.copyfile(new_warehouse, tmp_path / "roadmap.duckdb")
    with connect(tmp_path / "roadmap.duckdb") as opened:
        yield opened


def with_payload(con: duckdb.DuckDBPyConnection, table: str) -> list[int]:
    key = {"workflow_runs": "run_id", "workflow_jobs": "job_id", "job_logs": "job_id"}[table]
    column = "excerpt" if table == "job_logs" else "payload"
    sql = f"select {key} from raw.{table} where {column} is not null order by all"
    return [number for (number,) in con.execute(sql).fetchall()]


def test_a_payload_goes_by_the_age_of_what_it_tells_of(con: duckdb.DuckDBPyConnection) -> None:
    for number, days in enumerate((1, 6, 8, 300), 1):
        ended = NOW - timedelta(days=days)
        stored(con, "workflow_jobs", job_id=number, completed_at=ended, read_at=NOW, payload="{}")
    assert drop_old(con, Retention(), NOW) == []
    assert with_payload(con, "workflow_jobs") == [1, 2, 3, 4]
    assert drop_old(con, Retention(keep_payload_days=7), NOW) == [
        Dropped("workflow_jobs", "payload", 2, NOW - timedelta(days=7))
    ]
    assert with_payload(con, "workflow_jobs") == [1, 2]


def test_a_run_whose_jobs_are_not_read_yet_keeps_its_payload(con: duckdb.DuckDBPyConnection) -> None:
    for run_id in (1, 2, 3):
        stored(con, "workflow_runs", run_id=run_id, run_attempt=1, updated_at=NOW - timedelta(days=9), payload="{}")
    con.execute("update raw.workflow_runs set source = 'runs.json' where run_id = 3")
    replace_rows(con, "raw.run_details", [{"repo": REPO, "run_id": 1, "run_attempt": 1}])
    drop_old(con, Retention(keep_payload_days=1), NOW)
    assert with_payload(con, "workflow_runs") == [2]


@pytest.mark.parametrize(
    ("conclusion", "category", "judged_from", "stays"),
    [
        ("failure", "test", "log", False),
        ("timed_out", "timeout", "log", False),
        ("failure", "unknown", "log", True),  # what a new rule is made from, and passing logs are compared with
        ("failure", "test", "job", True),  # not judged by it yet
        ("failure", None, None, True),
        ("cancelled", "timeout", "log", True),  # by what it says the job counts as timed out
    ],
)
def test_an_excerpt_goes_once_a_rule_has_judged_by_it(
    con: duckdb.DuckDBPyConnection, conclusion: str, category: str | None, judged_from: str | None, stays: bool
) -> None:
    stored(con, "workflow_jobs", job_id=1, conclusion=conclusion, completed_at=NOW - timedelta(days=9))
    stored(con, "job_logs", job_id=1, state="stored", excerpt="all of it", excerpt_spans="[[1, 1]]")
    if category is not None:
        verdict = {"repo": REPO, "job_id": 1, "category": category, "judged_from": judged_from}
        replace_rows(con, "derived.failure_verdicts", [verdict])
    drop_old(con, Retention(keep_excerpt_days=10), NOW)
    assert with_payload(con, "job_logs") == [1]
    drop_old(con, Retention(keep_excerpt_days=8), NOW)
    assert with_payload(con, "job_logs") == ([1] if stays else [])
    assert con.execute("select state from raw.job_logs").fetchall() == [("stored",)]


def test_an_ingest_drops_so_many_and_the_next_one_goes_on(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_PER_TRANSACTION", 3)
    monkeypatch.setattr(retention, "MOST_ROWS", 6)
    for number in range(8):
        stored(con, "workflow_jobs", job_id=number, completed_at=NOW - timedelta(days=9), payload="{}")
    days = Retention(keep_payload_days=1)
    assert [one.rows for one in drop_old(con, days, NOW)] == [6]
    assert [one.rows for one in drop_old(con, days, NOW)] == [2]
    assert drop_old(con, days, NOW) == []
    assert dropped_so_far(con) == [Dropped("workflow_jobs", "payload", 8, NOW - timedelta(days=1))]
    assert dropped_so_far(con)[0].sentence() == "payloads of 8 rows of raw.workflow_jobs from before 2026-11-15"
