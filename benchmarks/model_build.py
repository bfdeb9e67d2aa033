"""How long it takes to build and test all SQL models, from the raw tables as they lie.

    python benchmarks/model_build.py

On the simulated organisation and on 100,000 synthetic runs of 8 jobs. Every build is a process of its own.
"""

import argparse
import json
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measuring import call, environment, project_copy, roadmap, spread, table

from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.models import build, load_project, project_directory
from roadmap_pipeline.warehouse.parameters import store_parameters

TIMES = 3
RUNS = 100_000
JOBS = 8
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
REPOSITORIES = ("acme/payments", "acme/storefront", "acme/platform")
SLOWEST_SHOWN = 5

# Five workflows a commit, four commits in ten on the default branch, one run in eight fails, one in twenty runs twice; a
# day has as many runs whatever the history. Everything follows from the number of the run, so that every build (of one
# version of DuckDB) has the same rows.
_RUNS = """
create or replace temp macro pick(x, n) as cast(hash(x) % n as integer);

create or replace temp table attempts as
select
    i as run_id, attempt as run_attempt, i // 5 as commit_number, i % 5 as workflow,
    ['acme/payments', 'acme/storefront', 'acme/platform'][1 + (i // 5) % 3] as repo,
    timestamp '{now}' - to_seconds(3600 + (86400 * ({runs} - i)) // {per_day}) as created_at,
    case
        when pick(i // 5, 10) < 4 then 'main'
        when pick(i // 200, 10) < 2 then 'feature/stage-' || (i // 200) % 12
        else 'topic-' || i // 50
    end as branch,
    case
        when attempt = 1 and (i % 20 = 0 or pick(i + 0.1, 8) = 0) then 'failure'
        when pick(i + 0.2, 30) = 0 then 'cancelled'
        else 'success'
    end as conclusion
from range({first}, {last}) as r(i), (values (1), (2)) as a(attempt)
where attempt = 1 or i % 20 = 0
order by i;

insert into raw.workflow_runs by name
select
    repo, run_id, run_attempt, workflow as workflow_id, '.github/workflows/w' || workflow || '.yml' as workflow_path,
    'Workflow ' || workflow as workflow_name, run_id as run_number, 'Change ' || commit_number as display_title,
    case when branch = 'main' then 'push' else 'pull_request' end as event, 'completed' as status, conclusion,
    branch as head_branch, md5(commit_number::varchar) || '00000000' as head_sha, repo as head_repo,
    'Change ' || commit_number as head_commit_message, 'Person ' || commit_number % 40 as head_commit_author,
    'GitHub' as head_commit_committer, 'person-' || commit_number % 40 as actor, 'User' as actor_type,
    'person-' || commit_number % 40 as triggering_actor, 'User' as triggering_actor_type,
    []::integer[] as pull_request_numbers, created_at,
    created_at + to_minutes(30 * (run_attempt - 1)) as run_started_at,
    created_at + to_minutes(30 * run_attempt) as updated_at, 'https://github.com/' || repo as html_url,
    timestamp '{now}' as read_at, 'synthetic' as source
from attempts;

create or replace temp table new_jobs as
select
    repo, run_id * 100 + run_attempt * 10 + job as job_id, run_id, run_attempt, 'job (' || job || ')' as name,
    'Workflow ' || workflow as workflow_name, branch as head_branch,
    md5(commit_number::varchar) || '00000000' as head_sha, 'completed' as status,
    case when conclusion = 'failure' and job <> pick(run_id, {jobs}) then 'success' else conclusion end as conclusion,
    created_at + to_minutes(30 * (run_attempt - 1)) as created_at,
    created_at + to_minutes(30 * (run_attempt - 1)) + to_seconds(20) as started_at,
    created_at + to_minutes(30 * (run_attempt - 1)) + to_seconds(80 + pick(run_id * 10 + job, 900)) as completed_at,
    'runner' as runner_name, ['ubuntu-latest'] as labels,
    case when conclusion = 'failure' and job = pick(run_id, {jobs}) then ['Run tests'] else [] end as failed_steps,
    '[]' as steps, timestamp '{now}' as read_at, 'synthetic' as source
from attempts, range({jobs}) as j(job);

insert into raw.workflow_jobs by name from new_jobs;

insert into derived.failure_verdicts by name
select
    repo, job_id, run_id, run_attempt, ['test', 'compile', 'lint_format', 'network'][1 + pick(run_id, 4)] as category,
    case when pick(run_id, 4) = 3 then 'platform' else 'code' end as domain, 'synthetic' as rule_id,
    md5((run_id % 500)::varchar) as fingerprint, 10 as line, 'failed' as evidence, false as retryable,
    '1' as ruleset_version
from new_jobs where conclusion = 'failure';

drop table new_jobs;
"""
_REST = """
insert into raw.repositories by name
select ['acme/payments', 'acme/storefront', 'acme/platform'][i] as repo, i as repository_id, 'main' as default_branch,
    timestamp '{now}' as read_at, 'synthetic' as source
from range(1, 4) as r(i);

insert into raw.milestones by name
select
    repo, i as number, i as milestone_id, 'Stage ' || i as title, 'open' as state, 5 as open_issues, 5 as closed_issues,
    timestamp '2025-11-01' as created_at, timestamp '2026-11-01' as updated_at,
    timestamp '{now}' as read_at, 'synthetic' as source
from raw.repositories, range(12) as r(i);

insert into raw.issues by name
select
    repo, 1000000 + i as number, i as issue_id, 'Issue ' || i as title,
    case when i % 2 = 0 then 'open' else 'closed' end as state, i % 12 as milestone_number, []::varchar[] as labels,
    timestamp '2025-11-01' + to_hours(i) as created_at, timestamp '2025-11-02' + to_hours(i) as updated_at,
    case when i % 2 = 1 then timestamp '2025-11-02' + to_hours(i) end as closed_at,
    timestamp '{now}' as read_at, 'synthetic' as source
from raw.repositories, range(2000) as r(i);

insert into derived.branch_milestones by name
select repo, 'feature/stage-' || i as branch, 'Stage ' || i as milestone, 'branch_name' as rule
from raw.repositories, range(12) as r(i);
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--build", metavar="WAREHOUSE", help="build the models of a warehouse once, print figures")
    warehouse = parser.parse_args().build
    if warehouse is not None:
        build_once(warehouse)
        return
    with project_copy() as copy:
        call(roadmap("run", "--json"), environment(copy), copy)
        simulated, synthetic = copy / "data" / "roadmap.duckdb", copy / "data" / "synthetic.duckdb"
        fill(synthetic)
        measured = [(name, path, measure(path, copy)) for name, path in (
            ("simulated organisation", simulated), (f"synthetic, {RUNS:,} runs of {JOBS} jobs", synthetic),
        )]  # fmt: skip
    print("## Building the models\n")
    print(
        f"All SQL models with their tests, in one process as `roadmap build` does it, from rows that are stored; median"
        f" of {TIMES} builds, each a process of its own on the tables of the one before. Peak memory is the whole"
        " process's, Python included.\n"
    )
    print(
        table(
            ["warehouse", "attempts", "jobs", "models", "tests", "seconds", "peak memory"],
            [
                [
                    name,
                    f"{found[0]['attempts']:,}",
                    f"{found[0]['jobs']:,}",
                    found[0]["models"],
                    found[0]["tests"],
                    spread([one["seconds"] for one in found], "s"),
                    f"{max(one['peak_mb'] for one in found):,.0f} MB",
                ]
                for name, _, found in measured
            ],
        )
    )
    slowest = measured[-1][2][-1]["slowest"]
    print(f"\nThe slowest of {RUNS:,} runs:", ", ".join(f"`{name}` {seconds:.2f} s" for name, seconds in slowest) + ".")


def fill(path: Path) -> None:
    """A warehouse of synthetic rows, without recorded payloads."""
    settings = load_settings(
        {"GITHUB_TOKEN": "none", "GITHUB_REPOSITORY": ",".join(REPOSITORIES), "ROADMAP_NOW": NOW.isoformat()},
        path.parent,
    )
    with connect(path) as con:
        con.execute(_SYNTHETIC.format(runs=RUNS, jobs=JOBS))
        store_parameters(con, settings)


def measure(path: Path, copy: Path) -> list[dict[str, Any]]:
    """What each of several builds took."""
    own = path.with_name(f"{path.stem}-build.duckdb")
    shutil.copyfile(path, own)
    command = [sys.executable, str(Path(__file__).resolve()), "--build", str(own)]
    return [json.loads(call(command, environment(copy), copy)[1]) for _ in range(TIMES)]


def build_once(path: str) -> None:
    """Build all models of a warehouse and print what it took as JSON."""
    import resource

    project = load_project(project_directory())
    start = time.perf_counter()
    with connect(path) as con:
        results = build(con, project)
    seconds = time.perf_counter() - start
    with connect(path, read_only=True) as con:
        attempts, jobs = (
            con.execute(f"select count(*) from raw.{name}").fetchall()[0][0]
            for name in ("workflow_runs", "workflow_jobs")
        )
    # Kilobytes, but bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    slowest = sorted(results, key=lambda result: -result.seconds)[:SLOWEST_SHOWN]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peak_mb": peak,
                "models": len(results),
                "tests": sum(len(result.tests) for result in results),
                "attempts": attempts,
                "jobs": jobs,
                "slowest": [(result.model.qualified_name, result.seconds) for result in slowest],
            }
        )
    )


if __name__ == "__main__":
    main()
