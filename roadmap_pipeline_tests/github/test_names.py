"""Repositories over time: every name and default branch they had, in whatever order it is told."""

import json
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.dump.loading import ingest_dump
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.github.ingest.repository_names import Period, validity_periods
from roadmap_pipeline.github.ingest.store import IngestSummary, Store
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import (
    CLOCK,
    MINIMAL,
    OWNER,
    REPO,
    ago,
    full_repository,
    pull_request,
    run,
    small_world,
    table,
)
from roadmap_sandbox import payloads

UMBRELLA = payloads.user("umbrella", 4, type="Organization")
HERE = datetime(2026, 11, 1)  # noqa: DTZ001 - naive, as all times of the warehouse


def read(served, con, *repositories, now=CLOCK):
    return ingest(served.client(), con, list(repositories or (REPO,)), history_days=400, now=now)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_what_was_so_when_does_not_hang_on_the_order_it_is_told_in(history, random):
    """Each stretch is told a few times; a value comes back only after another one."""
    told, expected, moment = [], [], HERE
    for value, times in history:
        for _ in range(times):
            told.append((moment, value))
            moment += timedelta(hours=1)
        if not expected or expected[-1].value != value:
            if expected:
                expected[-1] = Period(expected[-1].value, expected[-1].first_seen_at, told[-times][0])
            expected.append(Period(value, told[-times][0], None))
    random.shuffle(told)
    assert validity_periods(told) == expected


def test_of_one_time_what_was_told_last_holds():
    assert validity_periods([(HERE, "master"), (HERE, "main")]) == [
        Period("master", HERE, HERE),
        Period("main", HERE, None),
    ]
    assert validity_periods([]) == []


def _value(column, old):
    """Something that fits the column's type, and holds the name where names stand."""
    if column.name in ("repo", "head_repo", "place", "name"):
        return old
    if column.name == "sync_key":
        return f"after writing:milestone:{old}#7"
    if column.name == "url":
        return f"https://api.github.com/repos/{old}/actions/runs"
    if column.name == "source":
        return "a.json"
    return {
        "VARCHAR": "x",
        "JSON": "{}",
        "BOOLEAN": True,
        "DATE": HERE.date(),
        "TIMESTAMP": HERE,
        "DOUBLE": 1.0,
        "VARCHAR[]": ["x"],
        "INTEGER[]": [1],
    }.get(column.type, 1)


def _fill(con, name):
    for source in source_tables.TABLES:
        if source.schema != "config":
            row = {column.name: _value(column, name) for column in source.columns}
            if "sync_key" in row and source.name != "row_bases":
                row["sync_key"] = "milestone:MI_kwDO7"  # Only bases of older versions were kept by a name.
            source_tables.replace_rows(con, source.qualified_name, [row])


def _mentions(con, name):
    """Columns in which ``name`` stands, wherever."""
    found = set()
    for source in source_tables.TABLES:
        for column in source.columns:
            query = f'select 1 from {source.qualified_name} where contains(cast("{column.name}" as varchar), ?)'
            if table(con, query, name):
                found.add(f"{source.qualified_name}.{column.name}")
    return found


def test_a_renaming_moves_every_column_that_holds_the_name(con):
    _fill(con, "acme/old")
    before = _mentions(con, "acme/old")
    assert {"raw.workflow_runs.head_repo", "raw.pull_requests.head_repo", "sync.row_bases.sync_key"} < before
    Store(con, IngestSummary(), CLOCK).rename({"acme/old": "acme/new"})
    is_history = {"raw.repository_names.name"}
    is_name_of_something_else = {
        f"raw.{name}" for name in ("workflows.name", "workflow_jobs.name", "pull_requests.name", "milestones.name")
    }
    assert _mentions(con, "acme/old") <= is_history | is_name_of_something_else
    assert _mentions(con, "acme/new") >= before - is_history - is_name_of_something_else - {"raw.http_cache.url"}
    assert table(con, "from raw.http_cache") == []
    assert table(con, "select sync_key from sync.row_bases") == [("after writing:milestone:acme/new#7",)]


def test_a_name_that_begins_another_name_stays(con):
    _fill(con, "acme/old-shop")
    before = _mentions(con, "acme/old-shop")
    Store(con, IngestSummary(), CLOCK).rename({"acme/old": "acme/new"})
    assert _mentions(con, "acme/old-shop") == before


def test_names_can_be_swapped(con):
    for name, number in (("acme/a", 1), ("acme/b", 2)):
        source_tables.replace_rows(con, "raw.milestones", [{"repo": name, "number": number, "title": name}])
        source_tables.replace_rows(
            con, "raw.workflow_runs", [{"repo": name, "run_id": number, "run_attempt": 1, "head_repo": name}]
        )
    Store(con, IngestSummary(), CLOCK).rename({"acme/a": "acme/b", "acme/b": "acme/a"})
    assert table(con, "select repo, title from raw.milestones order by 1") == [
        ("acme/a", "acme/b"),
        ("acme/b", "acme/a"),
    ]
    assert table(con, "select run_id, repo, head_repo from raw.workflow_runs order by 1") == [
        (1, "acme/b", "acme/b"),
        (2, "acme/a", "acme/a"),
    ]


def test_of_two_rows_for_one_thing_the_one_under_the_new_name_stays(con):
    rows = [{"repo": name, "number": 1, "title": name} for name in ("acme/old", "acme/new")]
    source_tables.replace_rows(con, "raw.milestones", [*rows, {"repo": "acme/old", "number": 2, "title": "only there"}])
    Store(con, IngestSummary(), CLOCK).rename({"acme/old": "acme/new"})
    assert table(con, "select repo, number, title from raw.milestones order by 2") == [
        ("acme/new", 1, "acme/new"),
        ("acme/new", 2, "only there"),
    ]


def _heads(con):
    runs = table(con, "select distinct repo, head_repo from raw.workflow_runs order by all")
    return runs, table(con, "select distinct repo, head_repo from raw.pull_requests order by all")


def test_renamings_and_a_transfer_between_readings_move_head_repositories_too(serve, con):
    served = serve(small_world())
    read(served, con)
    assert _heads(con) == ([(REPO, REPO)], [(REPO, REPO)])
    served.state.activity.rename(REPO, "acme/checkout")
    served.state.activity.rename("acme/checkout", "umbrella/checkout", UMBRELLA)
    summary = read(served, con)
    assert summary.canonical == {REPO: "umbrella/checkout"}
    assert _heads(con) == ([("umbrella/checkout",) * 2], [("umbrella/checkout",) * 2])
    names = "select name from raw.repository_names where repository_id = 101 order by seen_at, name"
    assert table(con, names) == [(REPO,), ("umbrella/checkout",)]
    assert read(served, con, "umbrella/checkout").canonical == {"umbrella/checkout": "umbrella/checkout"}
    assert table(con, "select distinct repo from raw.read_coverage") == [("umbrella/checkout",)]


def test_two_repositories_that_swap_their_names_keep_their_rows(serve, con):
    content = small_world()
    second = payloads.minimal_repository("acme/shop", 102, OWNER)
    content.repositories["acme/shop"] = full_repository("acme/shop", 102)
    content.runs["acme/shop"] = [
        payloads.workflow_run(
            second, id=9_000, run_number=1, workflow_id=8, name="CI", path=".github/workflows/ci.yml",
            head_branch="main", head_sha="f" * 40, event="push", status="completed", conclusion="success",
            created_at=ago(days=1), updated_at=ago(days=1), actor=OWNER, display_title="x",
            head_commit=payloads.head_commit("f" * 40, message="x", at=ago(days=1), author="A", email="a@example.org"),
        )
    ]  # fmt: skip
    served = serve(content)
    read(served, con, REPO, "acme/shop")
    served.state.activity.rename("acme/shop", "acme/between")
    served.state.activity.rename(REPO, "acme/shop")
    served.state.activity.rename("acme/between", REPO)
    read(served, con, REPO, "acme/shop")
    assert table(con, "select repo, repository_id from raw.repositories order by 1") == [
        (REPO, 102),
        ("acme/shop", 101),
    ]
    assert table(
        con, "select repo, head_repo, count(distinct run_id) from raw.workflow_runs group by all order by 1"
    ) == [
        (REPO, REPO, 1),
        ("acme/shop", "acme/shop", 130),
    ]


def test_a_renamed_fork_is_followed_by_its_id(serve, con):
    content = small_world()
    fork = payloads.repository(
        "ana/payments",
        555,
        payloads.user("ana", 11),
        created_at=ago(days=9),
        updated_at=ago(days=1),
        pushed_at=ago(days=1),
    )
    content.runs[REPO].append(run(131, ago(hours=129), head_branch="fix", head_repository=fork, event="pull_request"))
    content.pull_requests[REPO].append(pull_request(9, updated_at=ago(hours=2), head_repository=fork))
    served = serve(content)
    read(served, con)
    con.execute(
        "update raw.workflow_runs set head_repository_id = null where run_id = 131"
    )  # from before ids were kept
    renamed = {**fork, "name": "pay", "full_name": "ana/pay"}
    served.state.activity.put_run(
        REPO, run(132, ago(hours=1), head_branch="fix", head_repository=renamed, event="pull_request")
    )
    read(served, con)
    assert table(con, "select run_id, head_repo from raw.workflow_runs where run_id > 130 order by 1") == [
        (131, "ana/pay"),
        (132, "ana/pay"),
    ]
    assert table(con, "select head_repo from raw.pull_requests where number = 9") == [("ana/pay",)]
    assert table(con, "select name, repo from raw.repository_names where repository_id = 555 order by 1") == [
        ("ana/pay", "ana/pay"),
        ("ana/payments", "ana/pay"),
    ]


def _dump(folder, name, day, *, branch=None, repository_id=101, run_id):
    """Write a dump of that day: a run, an issue without an id of its repository, and perhaps the repository."""
    folder.mkdir()
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    repository = {**MINIMAL, "full_name": name, "id": repository_id}
    one = {**run(run_id, moment), "repository": repository, "head_repository": repository}
    root = f"https://api.github.com/repos/{name}"
    issue = {
        "id": run_id,
        "number": run_id,
        "title": "x",
        "state": "open",
        "user": None,
        "url": f"{root}/issues/{run_id}",
    }
    full = {**full_repository(name, repository_id), "updated_at": f"{day}T12:00:00Z", "default_branch": branch}
    (folder / "dump.json").write_text(json.dumps([one, issue, *([full] if branch else [])], default=str))
    return folder


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_dumps_under_several_names_are_one_repository_in_any_order(order, tmp_path):
    dumps = [
        _dump(tmp_path / "1", "acme/old", "2026-11-01", branch="master", run_id=1),
        _dump(tmp_path / "2", "acme/newer", "2026-11-05", branch="master", run_id=2),
        _dump(tmp_path / "3", "umbrella/newest", "2026-11-09", branch="main", run_id=3),
    ]
    with connect(tmp_path / "roadmap.duckdb") as con:
        for number in order:
            ingest_dump(dumps[number], con, CLOCK)
        assert table(con, "select repo, default_branch from raw.repositories") == [("umbrella/newest", "main")]
        assert table(con, "select run_id, repo, head_repo from raw.workflow_runs order by 1") == [
            (number, "umbrella/newest", "umbrella/newest") for number in (1, 2, 3)
        ]
        assert table(con, "select number, repo from raw.issues order by 1") == [
            (number, "umbrella/newest") for number in (1, 2, 3)
        ]
        assert table(con, "select branch, until from raw.default_branches order by first_seen_at") == [
            ("master", datetime(2026, 11, 9, 12)),  # noqa: DTZ001
            ("main", None),
        ]
        again = ingest_dump(dumps[0], con, CLOCK)
        assert sum(again.read.values()) == 0


def test_one_dump_under_two_names_is_one_repository(tmp_path, con):
    both = tmp_path / "both"
    both.mkdir()
    _dump(both / "a", "acme/new", "2026-11-09", branch="main", run_id=2)
    _dump(both / "b", "acme/old", "2026-11-01", run_id=1)
    ingest_dump(both, con, CLOCK)
    assert table(con, "select distinct repo, head_repo from raw.workflow_runs") == [("acme/new", "acme/new")]
    assert table(con, "select distinct repo from raw.issues") == [("acme/new",)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_dumps_of_a_name_that_another_repository_took_are_kept_apart(order, tmp_path, con):
    dumps = [
        _dump(tmp_path / "1", "acme/shop", "2026-11-01", branch="main", run_id=1),
        _dump(tmp_path / "2", "acme/shop", "2026-11-09", branch="main", repository_id=202, run_id=2),
    ]
    for number in order:
        ingest_dump(dumps[number], con, CLOCK)
    assert table(con, "select run_id, repo from raw.workflow_runs order by 1") == [
        (1, "acme/shop (formerly, 101)"),
        (2, "acme/shop"),
    ]


@pytest.mark.parametrize("odd", [1e40, 5, "payments", "acme/payments/x", {"name": "acme/payments"}])
def test_a_name_that_no_repository_can_have_is_no_rename(odd, tmp_path, con):
    """Neither of the repository itself nor of the one that a run came from."""
    told = run(1, ago(days=1))
    for place in ("repository", "head_repository"):
        told = {**told, place: {**told[place], "full_name": odd}}
    (tmp_path / "runs.json").write_text(json.dumps([run(2, ago(days=2)), told]))
    ingest_dump(tmp_path, con, CLOCK)
    assert table(con, "select distinct repo from raw.repositories") == [(REPO,)]
    assert table(con, "select distinct repo from raw.workflow_runs") == [(REPO,)]
    assert str(odd) not in {name for (name,) in table(con, "select name from raw.repository_names")}


def test_a_dump_from_before_a_renaming_goes_under_the_name_that_was_read_since(serve, tmp_path, con):
    served = serve(small_world())
    served.state.activity.rename(REPO, "acme/pay")
    read(served, con, "acme/pay")
    ingest_dump(_dump(tmp_path / "1", REPO, "2026-10-01", branch="master", run_id=999), con, CLOCK)
    assert table(con, "select repo, head_repo from raw.workflow_runs where run_id = 999") == [("acme/pay", "acme/pay")]
    assert table(con, "select repo, default_branch from raw.repositories") == [("acme/pay", "main")]


def test_scheduled_runs_of_a_dump_tell_the_default_branch_over_time(tmp_path, con):
    folder = tmp_path / "dump"
    folder.mkdir()
    runs = [
        run(number, ago(days=10 - number), event="schedule", head_branch=branch)
        for number, branch in enumerate(["master", "master", "main", "main"])
    ]
    (folder / "runs.json").write_text(json.dumps(runs[::-1], default=str))
    ingest_dump(folder, con, CLOCK)
    assert table(con, "select branch, first_seen_at, until from raw.default_branches order by 2") == [
        ("master", ago(days=10).replace(tzinfo=None), ago(days=8).replace(tzinfo=None)),
        ("main", ago(days=8).replace(tzinfo=None), None),
    ]
    assert table(con, "select default_branch from raw.repositories") == [("main",)]


@pytest.mark.parametrize("waits", [timedelta(days=1), timedelta(0)])
def test_a_change_of_the_default_branch_is_remembered(waits, serve, con):
    """Also when both readings bear one time."""
    served = serve(small_world())
    read(served, con)
    served.state.activity.change_default_branch(REPO, "trunk")
    read(served, con, now=CLOCK + waits)
    changed = (CLOCK + waits).replace(tzinfo=None)
    assert table(con, "select branch, until from raw.default_branches order by until nulls last") == [
        ("main", changed),
        ("trunk", None),
    ]


def test_the_default_branch_of_a_warehouse_from_before_is_remembered(serve, con):
    served = serve(small_world())
    read(served, con)
    con.execute("delete from raw.default_branches")
    served.state.activity.change_default_branch(REPO, "trunk")
    read(served, con, now=CLOCK + timedelta(days=1))
    assert table(con, "select branch from raw.default_branches order by first_seen_at") == [("main",), ("trunk",)]


def test_what_github_says_holds_even_where_the_clock_stood_later_before(serve, con):
    served = serve(small_world())
    read(served, con)
    served.state.activity.rename(REPO, "acme/pay")
    served.state.activity.change_default_branch("acme/pay", "trunk")
    read(served, con, now=CLOCK - timedelta(days=30))
    assert table(con, "select repo, default_branch from raw.repositories") == [("acme/pay", "trunk")]
    assert table(con, "select branch from raw.default_branches where until is null") == [("trunk",)]
    assert table(con, "select distinct repo, head_repo from raw.workflow_runs") == [("acme/pay", "acme/pay")]
