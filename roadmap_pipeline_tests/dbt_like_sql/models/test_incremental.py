"""Taking in changes gives the tables that a full build gives, for any history and any correction of it.

The real models, on random histories: new runs, re-runs, corrections of any column of any run or job, verdicts, logs and
pull requests that come later, milestones of branches, renamed repositories, workflows that go, come back or get another
file, other default branches, another "now".
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.ingest.store import IngestSummary, Store
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.models import Policy, build
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, CI, StoredHistory, at, project

pytestmark = pytest.mark.slow

_CONCLUSIONS = ["success", "success", "failure", "failure", "cancelled", "cancelled", "skipped", "timed_out", None]
_REPOS = ["acme/payments", "acme/storefront"]
_PATHS = [CI, ".github/workflows/release.yml"]
_BY_CHANGES = Policy(small_rows=0, share=9)


def _day(random: Random) -> str:
    return f"11-{random.randint(1, 15):02d}"


def _run(history: StoredHistory, random: Random, run_id: int | None = None, attempt: int = 1) -> None:
    pick = random.choice
    history.run(
        f"{_day(random)} {random.randint(8, 14):02d}:0{random.randint(0, 5)}",
        pick(_CONCLUSIONS),
        attempt=attempt,
        run_id=run_id,
        started=f"{_day(random)} 15:0{random.randint(0, 9)}",
        minutes=pick([0, 1, 400]),
        sha=pick(["a", "b", "c", "d", None]),
        branch=pick(["main", "main", "main", "feature/stage-7-3", "other", None]),
        event=pick(["push", "push", "pull_request", "schedule", None]),
        author=pick(["Ada", BOT, "other[bot]", None]),
        triggering_actor=pick(["ada", "github-actions[bot]", None]),
        repo=pick(_REPOS),
        head_repo=pick([*_REPOS, "fork/x", None]),
        workflow_path=pick([*_PATHS, "dynamic/dependabot/dependabot-updates", None]),
        workflow_id=pick([1, 2, None]),
        head_commit_message=pick(["Change", "Revert x", "Auto-Fix-For: 3", "reverts aaaaaaa"]),
        source=pick(["https://api.github.com/repos/acme/payments/actions/runs", "dump.json", None]),
        jobs={name: pick(_CONCLUSIONS) for name in ("test (1)", "test (2)", "lint") if random.random() < 0.6},
    )
    if random.random() < 0.4:
        _twin(history, random)
    if random.random() < 0.15:
        history.rows["raw.workflow_runs"][-1] |= {"created_at": None, "run_started_at": None, "updated_at": None}


def _twin(history: StoredHistory, random: Random) -> None:
    """Another job of the same name in the same attempt."""
    jobs = history.rows.get("raw.workflow_jobs")
    if jobs:
        twin = random.choice(jobs) | {"job_id": history.next_id(), "conclusion": random.choice(_CONCLUSIONS)}
        history.add("raw.workflow_jobs", **twin)


def _rerun(history: StoredHistory, random: Random) -> None:
    row = random.choice(history.rows["raw.workflow_runs"])
    _run(history, random, row["run_id"], row["run_attempt"] + random.choice([0, 1]))


def _corrected_run(history: StoredHistory, random: Random) -> None:
    changed: dict[str, Any] = {"conclusion": random.choice(_CONCLUSIONS)}
    column = random.choice(["head_sha", "head_branch", "workflow_path", "head_repo", "event", "deleted_upstream_at"])
    if column == "deleted_upstream_at":
        changed[column] = at("11-15 00:00")
    elif column == "workflow_path":
        changed[column] = random.choice([CI, "dynamic/dependabot/dependabot-updates", None])
    else:
        changed[column] = random.choice(["a", "main", "other", "acme/payments", None])
    if random.random() < 0.3:
        changed["created_at"] = at(f"{_day(random)} 11:00")
    history.add("raw.workflow_runs", **(random.choice(history.rows["raw.workflow_runs"]) | changed))


def _job(history: StoredHistory, random: Random) -> dict[str, Any]:
    row = random.choice(history.rows["raw.workflow_jobs"])
    return {name: row[name] for name in ("repo", "job_id", "run_id", "run_attempt")}


def _corrected_job(history: StoredHistory, random: Random) -> None:
    row = random.choice(history.rows["raw.workflow_jobs"])
    history.add("raw.workflow_jobs", **(row | {"conclusion": random.choice(_CONCLUSIONS)}))


def _verdict(history: StoredHistory, random: Random) -> None:
    verdict: dict[str, Any] = {
        "category": random.choice(["test", "lint_format", "unknown"]),
        "domain": "code",
        "rule_id": "x",
    }
    fingerprint = random.choice(["f", "g", None])
    tests = random.sample(["cart", "login", "tax"], random.randint(0, 3))
    named = {
        "known_by": ("tests" if tests else random.choice(["cause", "job"])) if fingerprint else None,
        "failed_tests": tests if fingerprint else None,
        "failed_tests_why": [random.choice(["", "no"]) for _ in tests] if fingerprint else None,
        "failed_tests_count": len(tests) if fingerprint else None,
    }
    verdict |= named | {"fingerprint": fingerprint, "retryable": False}
    history.add("derived.failure_verdicts", **_job(history, random), **verdict)


def _log(history: StoredHistory, random: Random) -> None:
    told = random.choice(["x", "exceeded the maximum execution time"])
    if random.random() < 0.5:
        history.add("raw.job_logs", **_job(history, random), state="stored", excerpt=told)
    else:
        annotations = json.dumps([{"path": ".github", "line": 1, "title": "", "message": told}])
        history.add("raw.job_logs", **_job(history, random), state="not_asked", annotations=annotations)


def _read(history: StoredHistory, random: Random) -> None:
    """Read what hangs on a run, for the state that it is in or was in."""
    row = random.choice(history.rows["raw.workflow_runs"])
    state = {name: row[name] for name in ("repo", "run_id", "run_attempt", "status", "conclusion", "updated_at")}
    if random.random() < 0.3:
        state["conclusion"] = random.choice(_CONCLUSIONS)
    history.add("raw.run_details", **state)


def _listed(history: StoredHistory, random: Random) -> None:
    span = {"covered_from": at(f"{_day(random)} 00:00"), "covered_to": at("11-15 23:59")}
    history.add("raw.read_coverage", repo=random.choice(_REPOS), walk="runs", **span)
    history.add("raw.ingest_state", repo=random.choice(_REPOS), walk="run_sweep", watermark=at("11-16 05:00"))


def _refused(history: StoredHistory, random: Random) -> None:
    job = _job(history, random)
    endpoint, item = random.choice([("log", job["job_id"]), ("jobs", job["run_id"]), ("runs", "")])
    history.add("raw.read_failures", repo=job["repo"], endpoint=endpoint, item=str(item), is_setting=False)


def _pull_request(history: StoredHistory, random: Random) -> None:
    pick = random.choice
    history.pull_request(
        random.randint(1, 3),
        repo=pick(_REPOS),
        milestone_number=pick([1, 2, None]),
        head_branch=pick(["feature/stage-7-3", "other"]),
        head_sha=pick(["a", "b", "c"]),
        state=pick(["open", "closed"]),
        created_at=at(f"{_day(random)} 00:00"),
        updated_at=at(f"{_day(random)} 10:00"),
        closed_at=pick([None, at(f"{_day(random)} 20:00")]),
        body=pick(["", "Auto-Fix-For: 2", "actions/runs/5"]),
    )


def _commit(history: StoredHistory, random: Random) -> None:
    pick = random.choice
    history.commit(
        pick(["a", "b", "c", "e"]),
        pick(["a", "b", "d"]),
        f"{_day(random)} 15:0{random.randint(0, 9)}",
        pull_requests=pick([(1,), (1, 2), (3,), ()]),
        repo=pick(_REPOS),
        author=pick(["ada", BOT, None]),
        message=pick(["Change", "Auto-Fix-For: 3", "reverts aaaaaaa"]),
    )


def _branch(history: StoredHistory, random: Random) -> None:
    branch, milestone = random.choice(["feature/stage-7-3", "other"]), random.choice(["Stage 7.3", "Other"])
    history.belongs(branch, milestone, random.choice(["branch_name", "mapping"]))


def _another_now(history: StoredHistory, random: Random) -> None:
    history.parameters["as_of"] = at(f"11-{random.randint(10, 20)} 06:00")


def _workflow(history: StoredHistory, random: Random) -> None:
    """List a workflow anew: its file has another name, it is gone, or it is alive."""
    row = {"repo": random.choice(_REPOS), "workflow_id": random.randint(1, 2)}
    gone: dict[str, Any] = {"state": "disabled_manually", "removed_at": at(f"{_day(random)} 12:00")}
    state: dict[str, Any] = random.choice([{"state": "active"}, gone])
    path = random.choice(_PATHS)
    history.add("raw.workflows", **row, path=path, created_at=at(f"{_day(random)} 00:00"), **state)


def _return(history: StoredHistory, random: Random) -> None:
    gone = at(f"{_day(random)} 11:00")
    row = {"repo": random.choice(_REPOS), "workflow_id": random.randint(1, 2)}
    history.add("raw.workflow_returns", **row, removed_at=gone, returned_at=gone + timedelta(hours=30))


def _former_branch(history: StoredHistory, random: Random) -> None:
    repo, until = random.choice(_REPOS), at(f"{_day(random)} 13:00")
    table, first = random.choice([("raw", {"first_seen_at": at("11-01 00:00")}), ("config", {})])
    history.add(f"{table}.default_branches", repo=repo, branch=random.choice(["main", "other"]), until=until, **first)


_CHANGES: tuple[Callable[[StoredHistory, Random], None], ...] = (
    _run, _run, _run, _rerun, _rerun, _corrected_run, _corrected_run, _corrected_job,
    _twin, _verdict, _log, _log, _pull_request, _commit, _branch, _another_now,
    _workflow, _workflow, _return, _former_branch, _read, _read, _listed, _refused,
)  # fmt: skip


def _history(random: Random) -> StoredHistory:
    history = StoredHistory(default_branch=random.choice(["main", "main", None]))
    history.milestone("Stage 7.3", 1)
    history.milestone("Other", 2)
    for _ in range(random.randint(1, 20)):
        _run(history, random)
    history.run("11-09 10:00")  # at least one job to speak of
    _pull_request(history, random)
    _commit(history, random)
    _branch(history, random)
    return history


class _Written:
    """Writes a history as the ingest does: of big tables the rows that changed, of others all."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.known: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}

    def write(self, history: StoredHistory) -> None:
        for table, rows in history.tables().items():
            key = source_tables.BY_NAME[table].key
            latest = {tuple(row[name] for name in key): dict(row) for row in rows}
            if table in source_tables.SOURCES.change_keys:
                known = self.known.get(table, {})
                source_tables.replace_rows(
                    self.con, table, [row for at_, row in latest.items() if known.get(at_) != row]
                )
            else:
                source_tables.replace_table(self.con, table, list(latest.values()))
            self.known[table] = latest

    def rename(self, history: StoredHistory, old: str, new: str) -> None:
        """As GitHub tells it: the ingest moves all that is stored, and reads the new name from then on."""
        Store(self.con, IngestSummary(), datetime(2026, 11, 16, tzinfo=UTC)).rename({old: new})
        for rows in (*history.rows.values(), *(known.values() for known in self.known.values())):
            for row in rows:
                row |= {name: new for name in ("repo", "head_repo") if row.get(name) == old}


def _everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        model.qualified_name: con.execute(f"from {model.qualified_name} order by all").fetchall()
        for model in project().models
    }


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=True))
def test_taking_in_changes_equals_building_everything(random: Random) -> None:
    history = _history(random)
    incremental: set[str] = set()
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        source_tables.create_source_tables(con)
        written = _Written(con)
        written.write(history)
        build(con, project(), policy=_BY_CHANGES)
        for _ in range(2):
            for _ in range(random.randint(1, 4)):
                random.choice(_CHANGES)(history, random)
            written.write(history)
            results = build(con, project(), policy=_BY_CHANGES)
            incremental |= {result.model.name for result in results if result.action == "incremental"}
            found = _everything(con)
            with history.built() as full:
                assert found == _everything(full.con), incremental


def test_a_renamed_repository_moves_in_every_table() -> None:
    random = Random(7)
    history = _history(random)
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        source_tables.create_source_tables(con)
        written = _Written(con)
        written.write(history)
        build(con, project(), policy=_BY_CHANGES)
        written.rename(history, "acme/storefront", "acme/shop")
        history.run("11-10 10:00", "failure", repo="acme/shop")
        written.write(history)
        build(con, project(), policy=_BY_CHANGES)
        found = _everything(con)
        with history.built() as full:
            assert found == _everything(full.con)
    assert not any(value == "acme/storefront" for rows in found.values() for row in rows for value in row[:1])
