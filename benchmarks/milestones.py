"""The roadmap's share of a build: progress, forecasts, back-tests and risks of many milestones, and asking about one.

    python benchmarks/milestones.py [--milestones 100 1000]

Ten milestones a repository, one after the other with two under way at a time, and 40 issues and pull requests in each;
no CI. Each build is `roadmap build` as a process of its own: from nothing, a day later with what was closed and opened
in it, and once more with nothing new.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measuring import call, environment, project_copy, roadmap, spread, table

MILESTONES = (100, 1_000)
A_REPOSITORY, ITEMS = 10, 40
WEEKS_APART, WEEKS_LONG = 5, 10
ASKED = 5
SLOWEST_SHOWN = 5
NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)

# The same history from every day that it is looked at: what is to come isn't there yet.
_HISTORY = f"""
create or replace temp macro pick(x, n) as cast(hash(x) % n as integer);

create or replace temp table planned as
select
    'acme/service-' || (i // {A_REPOSITORY}) as repo, 1 + i % {A_REPOSITORY} as number, i as milestone_id,
    'Stage ' || (i // {A_REPOSITORY}) || '.' || (1 + i % {A_REPOSITORY}) as title,
    timestamp '2026-11-16 06:00:00' - to_days(7 * {WEEKS_APART} * ({A_REPOSITORY} - i % {A_REPOSITORY}))
        - to_hours(pick(i, 100)) as begun
from range({{milestones}}) as r(i);

create or replace temp table items as
select
    planned.repo, planned.milestone_id * {ITEMS} + j as item_id, 1 + (planned.number - 1) * {ITEMS} + j as number,
    planned.number as milestone_number, planned.title, j % 2 = 0 as is_pull_request,
    planned.begun + to_hours(pick(planned.milestone_id * 100 + j, 24 * 7 * 5)) as created_at,
    planned.begun
        + to_hours(24 * 7 * 5 + pick(planned.milestone_id * 100.5 + j, 24 * 7 * {WEEKS_LONG - 4})) as closed_at
from planned, range({ITEMS}) as r(j);

create or replace temp table known as
select * replace (case when closed_at <= timestamp '{{now}}' then closed_at end as closed_at) from items
where created_at <= timestamp '{{now}}';
"""
_ROWS = {
    "raw.repositories": """
        select distinct on (repo) repo, milestone_id as repository_id, 'main' as default_branch,
            timestamp '{now}' as read_at, 'synthetic' as source from planned order by repo, number""",
    "raw.milestones": """
        select planned.repo, planned.number, planned.milestone_id, planned.title,
            case when bool_and(known.closed_at is not null) then 'closed' else 'open' end as state,
            count(*) filter (where known.closed_at is null) as open_issues,
            count(*) filter (where known.closed_at is not null) as closed_issues,
            planned.begun + to_days(7 * 10) as due_on, planned.begun as created_at,
            max(coalesce(known.closed_at, known.created_at)) as updated_at,
            case when bool_and(known.closed_at is not null) then max(known.closed_at) end as closed_at,
            timestamp '{now}' as read_at, 'synthetic' as source
        from planned inner join known on known.repo = planned.repo and known.milestone_number = planned.number
        group by all""",
    "raw.issues": """
        select repo, number, item_id as issue_id, 'Issue ' || number as title,
            case when closed_at is null then 'open' else 'closed' end as state, milestone_number,
            title as milestone_title, []::varchar[] as labels, created_at,
            coalesce(closed_at, created_at) as updated_at, closed_at,
            timestamp '{now}' as read_at, 'synthetic' as source
        from known where not is_pull_request""",
    "raw.pull_requests": """
        select repo, number, item_id as pull_request_id, 'Change ' || number as title,
            case when closed_at is null then 'open' else 'closed' end as state, false as is_draft,
            'person-' || number % 9 as author, 'User' as author_type, 'main' as base_branch,
            'topic-' || number as head_branch, md5(item_id::varchar) || '00000000' as head_sha, repo as head_repo,
            milestone_number, title as milestone_title, []::varchar[] as labels, created_at,
            coalesce(closed_at, created_at) as updated_at, closed_at, closed_at as merged_at,
            timestamp '{now}' as read_at, 'synthetic' as source
        from known where is_pull_request""",
    "raw.issue_events": """
        select repo, item_id * 2 as event_id, number as issue_number, 'milestoned' as event, title as milestone_title,
            created_at, timestamp '{now}' as read_at, 'synthetic' as source from known
        union all by name
        select repo, item_id * 2 + 1 as event_id, number as issue_number, 'closed' as event, closed_at as created_at,
            timestamp '{now}' as read_at, 'synthetic' as source from known where closed_at is not null""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--milestones", type=int, nargs="*", default=MILESTONES, help="(default: %(default)s)")
    parser.add_argument("--build", metavar="WAREHOUSE", help="build once, and print what it took")
    arguments = parser.parse_args()
    if arguments.build:
        print(json.dumps(build_once(arguments.build)))
    else:
        show({count: measure(count) for count in arguments.milestones})


def measure(milestones: int) -> dict[str, Any]:
    """Return the figures of an organisation with so many milestones."""
    with project_copy() as copy:
        warehouse = copy / "roadmap.duckdb"
        found: dict[str, Any] = {}
        known_until = datetime(2000, 1, 1, tzinfo=UTC)
        for name, now in (
            ("first", NOW),
            ("day", NOW + timedelta(days=1)),
            ("hour", NOW + timedelta(days=1, hours=1)),
        ):
            env = environment(copy) | {
                "GITHUB_TOKEN": "none",
                "GITHUB_REPOSITORY": "acme/service-0",
                "ROADMAP_NOW": now.isoformat(),
                "ROADMAP_WAREHOUSE": str(warehouse),
                "DAGSTER_HOME": str(copy),
            }
            if name != "hour":
                fill(warehouse, milestones, known_until, now)
                known_until = now
            print(f"{milestones:,} milestones: {name} …", file=sys.stderr, flush=True)
            command = [sys.executable, str(Path(__file__).resolve()), "--build", str(warehouse)]
            found[name] = json.loads(call(command, env, copy)[1])
        found["explain"] = [call(roadmap("explain", f"Stage 0.{A_REPOSITORY}"), env, copy)[0] for _ in range(ASKED)]
    return found


def fill(warehouse: Path, milestones: int, since: datetime, now: datetime) -> None:
    """Write what changed after ``since`` up to ``now``."""
    from roadmap_pipeline.warehouse.connection import connect, transaction
    from roadmap_pipeline.warehouse.source_tables import BY_NAME, replace_rows

    with connect(warehouse) as con:
        values = {"milestones": milestones, "now": f"{now:%Y-%m-%d %H:%M:%S}"}
        con.execute(_HISTORY.format(**values))
        for name, sql in _ROWS.items():
            changed = next(
                column for column in ("updated_at", "created_at", "read_at") if column in BY_NAME[name].column_names
            )
            found = con.sql(
                f"select * from ({sql.format(**values)}) where {changed} > timestamp '{since:%Y-%m-%d %H:%M:%S}'"
            ).to_arrow_table()
            with transaction(con):
                replace_rows(con, name, found.to_pylist())


def build_once(warehouse: str) -> dict[str, Any]:
    """Bring all that is derived up to date."""
    import resource

    from roadmap_pipeline.pipeline import build_all, snapshot
    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.settings import load_settings
    from roadmap_pipeline.warehouse.connection import connect

    start = time.perf_counter()
    with Runtime(load_settings()) as runtime:
        built = build_all(runtime)
        seconds = time.perf_counter() - start
        snapshot(runtime)
    with connect(warehouse, read_only=True) as con:
        counts = con.sql(
            "select (select count(*) from derived.milestone_forecasts),"
            " (select count(*) from derived.forecast_backtest)"
        ).fetchall()[0]
    return {
        "seconds": seconds,
        "models": sum(result.seconds for result in built.models),
        "forecasts": counts[0],
        "backtest": counts[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "slowest": [
            (result.model.qualified_name, result.seconds)
            for result in sorted(built.models, key=lambda result: -result.seconds)[:SLOWEST_SHOWN]
        ],
    }


def show(found: Mapping[int, Mapping[str, Any]]) -> None:
    """Print the section."""
    print("## Many milestones\n")
    print(
        f"Progress, forecasts, back-tests and risks: {A_REPOSITORY} milestones a repository, {ITEMS} issues and pull"
        " requests in each; no CI. Of the seconds, *models* are spent in SQL and its tests.\n"
    )
    rows = []
    for milestones, figures in found.items():
        for name, text in (("first", "from nothing"), ("day", "a day later"), ("hour", "with nothing new")):
            one = figures[name]
            rows.append(
                [
                    f"{milestones:,}",
                    text,
                    f"{one['seconds']:.1f} s",
                    f"{one['models']:.1f} s",
                    f"{one['forecasts']:,}",
                    f"{one['backtest']:,}",
                    f"{one['peak_mb']:,.0f} MB",
                ]
            )
    print(
        table(["milestones", "build", "whole", "models", "forecasts stored", "back-tested", "peak memory"], rows),
        end="\n\n",
    )
    for milestones, figures in found.items():
        slowest = ", ".join(f"`{name}` {seconds:.2f} s" for name, seconds in figures["first"]["slowest"])
        print(f"Slowest of {milestones:,} milestones, from nothing: {slowest}.\n")
        print(f"`roadmap explain` of one of them, a whole process: {spread(figures['explain'], 's')}.\n")


if __name__ == "__main__":
    main()
