"""A small GitHub history in the raw tables, and the models built on it by the project's own runner.

Belongs here: making rows with sensible defaults. What the models should say about them belongs to the tests.
"""

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.testing.data_tests import run_singular_test, run_tests
from roadmap_pipeline.warehouse.models import Key, Project, SqlModel, create, load_project, project_directory
from roadmap_pipeline.warehouse.source_tables import create_source_tables, replace_rows

if TYPE_CHECKING:
    import duckdb

REPO = "acme/payments"
CI = ".github/workflows/ci.yml"
AS_OF = datetime.fromisoformat(
    "2026-11-16 06:00"
)  # a Monday: the last complete ISO week is 2026-W46 (9 to 15 November)
BOT = "autofix-ci[bot]"

_NAMES = re.compile(r"\b(\w+)\.(\w+)")
_project: list[Project] = []


def project() -> Project:
    """Return the project's models, read once."""
    if not _project:
        _project.append(load_project(project_directory()))
    return _project[0]


def at(text: str) -> datetime:
    """``"11-10 12:30"``: a time in 2026, UTC; a full ISO time is taken as it is."""
    return datetime.fromisoformat(text if len(text) > 11 else f"2026-{text}")


@cache
def _empty_warehouse() -> Path:
    """Return a file with all source tables and no row."""
    import duckdb

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    with duckdb.connect(str(folder / "empty.duckdb")) as con:
        create_source_tables(con)
    return folder / "empty.duckdb"


@dataclass
class StoredHistory:
    """Rows by table. Times are naive UTC; jobs and attempts take ``minutes`` from their start."""

    as_of: datetime = AS_OF
    default_branch: str | None = "main"
    source: str | None = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    last_id: int = 0

    def add(self, table: str, **values: Any) -> dict[str, Any]:
        """One row of any table."""
        self.rows.setdefault(table, []).append(values)
        return values

    def next_id(self) -> int:
        """Return an id that nothing has yet."""
        self.last_id += 1
        return self.last_id

    def run(
        self,
        time: str,
        conclusion: str | None = "success",
        *,
        sha: str | None = "a1",
        branch: str | None = "main",
        event: str | None = "push",
        attempt: int = 1,
        run_id: int | None = None,
        started: str | None = None,
        minutes: float = 10,
        jobs: Mapping[str, str | None] | None = None,
        author: str | None = "Ada",
        **values: Any,
    ) -> int:
        """One attempt created at ``time``; ``jobs`` gives conclusions by name (one job ``test`` unless told; ``{}`` for
        none). Returns the run's id."""
        run_id = run_id or self.next_id()
        begin = at(started or time)
        end = begin + timedelta(minutes=minutes)
        row: dict[str, Any] = {
            "repo": REPO,
            "run_id": run_id,
            "run_attempt": attempt,
            "workflow_path": CI,
            "workflow_name": "CI",
            "event": event,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "head_branch": branch,
            "head_sha": sha,
            "head_repo": values.get("repo", REPO),
            "head_commit_message": "Change",
            "head_commit_author": author,
            "head_commit_committer": "GitHub",
            "actor": "ada",
            "actor_type": "User",
            "triggering_actor": "ada",
            "triggering_actor_type": "User",
            "pull_request_numbers": [],
            "created_at": at(time),
            "run_started_at": begin,
            "updated_at": end + timedelta(days=3),  # somebody touched the run later: never the end of it
        } | values
        self.add("raw.workflow_runs", **row)
        for name, job_conclusion in ({"test": conclusion} if jobs is None else jobs).items():
            self.job(name, job_conclusion, row, begin, end)
        return run_id

    def job(
        self, name: str, conclusion: str | None, run: Mapping[str, Any], begin: datetime, end: datetime | None
    ) -> int:
        """One job of the attempt ``run``."""
        job_id = self.next_id()
        self.add(
            "raw.workflow_jobs",
            repo=run["repo"],
            job_id=job_id,
            run_id=run["run_id"],
            run_attempt=run["run_attempt"],
            name=name,
            workflow_name=run["workflow_name"],
            head_branch=run["head_branch"],
            head_sha=run["head_sha"],
            status="completed" if conclusion else "in_progress",
            conclusion=conclusion,
            created_at=begin,
            started_at=begin,
            completed_at=end if conclusion else None,
        )
        return job_id

    def milestone(self, title: str = "Stage 7.3", number: int = 1, **values: Any) -> None:
        """Return an open milestone."""
        row = {"repo": REPO, "number": number, "title": title, "state": "open", "open_issues": 3, "closed_issues": 0}
        self.add("raw.milestones", **row | values)

    def belongs(self, branch: str, milestone: str, rule: str = "branch_name") -> None:
        """``branch`` stands for ``milestone``."""
        self.add("derived.branch_milestones", repo=REPO, branch=branch, milestone=milestone, rule=rule)

    def pull_request(self, number: int, **values: Any) -> None:
        """Return an open pull request of a person."""
        row = {
            "repo": REPO,
            "number": number,
            "state": "open",
            "author": "ada",
            "author_type": "User",
            "base_branch": "main",
            "head_branch": f"branch-{number}",
            "head_sha": f"head{number}",
            "head_repo": REPO,
            "created_at": at("11-01 00:00"),
            "html_url": f"https://github.com/{REPO}/pull/{number}",
        }
        self.add("raw.pull_requests", **row | values)

    def commit(self, sha: str, parent: str, time: str, *, pull_requests: Sequence[int] = (7,), **values: Any) -> None:
        """Return a person's commit that was read with the others of its pull requests."""
        row = {
            "repo": REPO,
            "sha": sha,
            "pull_request_numbers": list(pull_requests),
            "parents": [parent],
            "author": "ada",
            "author_type": "User",
            "author_name": "Ada",
            "committer": "web-flow",
            "committer_type": "User",
            "committer_name": "GitHub",
            "message": "Change",
            "authored_at": at("11-01 00:00"),
            "committed_at": at(time),
        }
        self.add("raw.commits", **row | values)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """All rows, with the configuration and the repository's own record (unless ``default_branch`` is None), which
        came from ``source``."""
        parameters = {
            "as_of": self.as_of,
            "history_days": 400,
            "progress_formula": "seed_v1",
            "window_days": 28,
            "pass_rate_threshold": 0.80,
            "autofix_threshold": 0.70,
            "points_pass_rate": 25,
            "points_autofix_success": 15,
            "points_critical_workflows_green": 30,
            "points_docs_and_pr_merged": 30,
            "autofix_horizon_hours": 24.0,
            "comments_create": "always",
            "comments_when_green": "milestone",
            "tracking_issues_create": "always",
            "milestones_create_from_labels": False,
            "cost_currency": None,
            "minutes_per_repair": 30,
            "minutes_per_rerun": 10,
        } | self.parameters
        tables = dict(self.rows)
        tables["config.parameters"] = [parameters]
        tables["config.working_days"] = [{"weekday": day} for day in range(1, 6)]
        tables["config.autofix_bots"] = [{"login": BOT}, {"login": "github-actions[bot]"}]
        if self.default_branch:
            repositories = sorted(
                {row["repo"] for rows in self.rows.values() for row in rows if "repo" in row} | {REPO}
            )
            tables["raw.repositories"] = [
                {"repo": repo, "default_branch": self.default_branch, "source": self.source} for repo in repositories
            ]
            tables.setdefault("config.repositories", [{"repo": REPO, "position": 1}])
        return tables

    @contextmanager
    def built(self, *, checked: bool = False) -> Iterator["Warehouse"]:
        """Yield the models on these rows, in memory: each is built when a query reads it, or one that rests on it.

        ``checked`` runs the data tests of all that was built in the end, which must hold.
        """
        import duckdb

        with duckdb.connect(":memory:") as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"attach '{_empty_warehouse()}' as empty_one (read_only)")
            con.execute("copy from database empty_one to memory")  # three times as fast as making its tables
            con.execute("detach empty_one")
            for table, rows in self.tables().items():
                replace_rows(con, table, rows)
            for schema in sorted({model.schema for model in project().models}):
                con.execute(f"create schema {schema}")
            warehouse = Warehouse(con, project().models)
            yield warehouse
            if checked:
                assert warehouse.failed_data_tests() == []


class Warehouse:
    """Reading what is built; ``unbuilt`` models are built before a query reads them."""

    def __init__(self, con: "duckdb.DuckDBPyConnection", unbuilt: Sequence[SqlModel] = ()) -> None:
        self._con = con
        self._unbuilt = {model.key: model for model in unbuilt}

    @property
    def con(self) -> "duckdb.DuckDBPyConnection":
        """The connection, with all models."""
        self._build(list(self._unbuilt))
        return self._con

    def _build(self, tables: Sequence[Key]) -> None:
        for model in project().upstream(tables):
            if self._unbuilt.pop(model.key, None) is not None:
                create(self._con, model, model.qualified_name, model.materialized)

    def failed_data_tests(self) -> list[str]:
        """Return the failed tests of the models that are built, and of those across models of which all are."""
        built = [model for model in project().models if model.key not in self._unbuilt]
        self._build([key for model in built for key in model.tested_against])
        of_models = [
            f"{model.qualified_name}.{test.name}"
            for model in built
            for test in run_tests(self._con, model.qualified_name, model.tests, of=model.key)
            if not test.passed
        ]
        across = [test for test in project().singular_tests if self._unbuilt.keys().isdisjoint(test.deps)]
        return of_models + [test.name for test in across if not run_singular_test(self._con, test).passed]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        if self._unbuilt:
            self._build([(schema, name) for schema, name in _NAMES.findall(sql)])
        return self._con.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return the only row of a query."""
        (row,) = self.rows(sql)
        return row

    def one(self, sql: str) -> Any:
        """Return the only value of a query."""
        (value,) = self.row(sql)
        return value

    def weekly(self, columns: str, week: str = "2026-W46", repo: str = "*") -> tuple[Any, ...]:
        """Columns of one row of ``marts.ci_weekly``."""
        return self.row(f"select {columns} from marts.ci_weekly where repo = '{repo}' and week = '{week}'")
