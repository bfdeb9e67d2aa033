"""The life of workflows, as the repository's list tells it from reading to reading."""

import json
from datetime import timedelta

import pytest

from roadmap_pipeline.github.dump.loading import ingest_dump
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline_tests.github.conftest import CLOCK, FULL, REPO, ago, run, small_world, table
from roadmap_sandbox import payloads
from roadmap_sandbox.github.faults import Fault

PATH = f"/repos/{REPO}/actions/workflows"
NOW = CLOCK.replace(tzinfo=None)
ROWS = "select workflow_id, path, state, removed_at from raw.workflows order by 1"
CI = ".github/workflows/ci.yml"


def read(served, con, now=CLOCK):
    return ingest(served.client(), con, [REPO], history_days=400, now=now)


def workflow(workflow_id, path=CI, **changes):
    fields = {"name": "CI", "created_at": ago(days=200), **changes}
    return payloads.workflow(FULL, id=workflow_id, path=path, **fields)


def gone(workflow_id, state="deleted", **changes):
    return workflow(workflow_id, state=state, updated_at=ago(days=3), **changes)


def asked(served):
    """Return how the list was answered, in order."""
    return [status for _, path, status in served.journal() if path.split("?")[0] == PATH]


def test_the_list_is_read_once_and_then_costs_nothing(serve, con):
    content = small_world()
    content.workflows[REPO] = [workflow(number, f".github/workflows/{number}.yml") for number in range(1000, 1150)]
    served = serve(content)
    read(served, con)
    assert asked(served) == [200, 200]  # 151 with the one that ran
    assert table(con, "select count(*), count(removed_at) from raw.workflows") == [(151, 0)]
    client = served.client()
    ingest(client, con, [REPO], history_days=400, now=CLOCK)
    assert asked(served) == [304, 304]
    served.state.activity.change_workflow(REPO, 1149, state="disabled_manually")
    assert read(served, con).read["workflows"] == 1
    assert asked(served) == [304, 200, 200, 200]  # a page that changed may have moved the others


@pytest.mark.parametrize(
    ("listed", "removed_at"),
    [
        ({**gone(7), "deleted_at": "2026-11-12T05:00:00.000Z"}, ago(days=4, hours=1)),
        (gone(7), ago(days=3)),
        (gone(7, "disabled_inactivity"), ago(days=3)),
        (workflow(7), None),
    ],
)
def test_since_when_a_workflow_is_gone(listed, removed_at, serve, con):
    content = small_world()
    content.workflows[REPO] = [listed]
    served = serve(content)
    read(served, con)
    expected = None if removed_at is None else removed_at.replace(tzinfo=None)
    assert table(con, ROWS) == [(7, CI, listed["state"], expected)]
    read(served, con, CLOCK + timedelta(days=1))
    assert table(con, "select removed_at from raw.workflows") == [(expected,)]


def test_a_workflow_that_the_list_does_not_name_any_more_is_gone_when_first_missed(serve, con):
    content = small_world()
    content.workflows[REPO] = [workflow(8, ".github/workflows/lint.yml")]
    served = serve(content)
    read(served, con)
    served.state.activity.change_workflow(REPO, 7)
    for days in (1, 2):
        read(served, con, CLOCK + timedelta(days=days))
        assert table(con, ROWS) == [
            (7, CI, "active", NOW + timedelta(days=1)),
            (8, ".github/workflows/lint.yml", "active", None),
        ]
    served.journal()
    read(served, con, CLOCK + timedelta(days=2))
    assert asked(served) == [304]


def test_a_run_of_a_workflow_that_no_list_named_says_nothing_of_its_end(serve, con):
    """Those that an organisation requires live in another repository."""
    served = serve(small_world())
    served.state.activity.change_workflow(REPO, 7)
    read(served, con)
    read(served, con, CLOCK + timedelta(days=1))
    assert table(con, ROWS) == []


def test_a_workflow_that_comes_back_is_alive_and_its_absence_remembered(serve, con):
    content = small_world()
    content.workflows[REPO] = [gone(7, "disabled_manually")]
    served = serve(content)
    read(served, con)
    back = (NOW + timedelta(hours=20)).isoformat() + "Z"
    served.state.activity.change_workflow(REPO, 7, state="active", updated_at=back)
    read(served, con, CLOCK + timedelta(days=1))
    assert table(con, ROWS) == [(7, CI, "active", None)]
    returns = "select workflow_id, removed_at, returned_at from raw.workflow_returns order by 2"
    first = (7, NOW - timedelta(days=3), NOW + timedelta(hours=20))
    assert table(con, returns) == [first]
    served.state.activity.change_workflow(REPO, 7)  # and is missed, and listed as before
    read(served, con, CLOCK + timedelta(days=2))
    served.state.activity.change_workflow(REPO, 7, **workflow(7, updated_at=NOW + timedelta(hours=20)))
    read(served, con, CLOCK + timedelta(days=3))
    assert table(con, returns) == [first, (7, NOW + timedelta(days=2), NOW + timedelta(days=3))]
    assert table(con, ROWS) == [(7, CI, "active", None)]


def test_a_list_that_gives_less_than_it_counts_lets_nothing_go(serve, con):
    """One goes while the list is read, and with it another one slips to the page that was read already."""
    content = small_world()
    content.workflows[REPO] = [workflow(number, f".github/workflows/{number}.yml") for number in range(1000, 1100)]
    served = serve(content)
    served.state.faults.before(
        lambda: served.state.activity.change_workflow(REPO, 7), path=r"/actions/workflows$", skip=1
    )
    summary = read(served, con)
    assert any("GitHub counts 101 and lists 100" in note for note in summary.notes)
    assert table(con, "select count(*) from raw.workflows where removed_at is null") == [(100,)]
    served.journal()
    read(served, con)
    assert 200 in asked(served)  # it isn't taken for read
    assert table(con, "select count(*) from raw.workflows where removed_at is null") == [(100,)]


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("status", [404, 451, 500])
def test_a_list_that_is_refused_costs_only_itself(status, serve, con):
    served = serve(small_world())
    served.state.faults.add(Fault("refusal", status), path=r"/actions/workflows$", times=99)
    summary = read(served, con)
    assert summary.unreadable == {}
    assert table(con, "select endpoint, item, status from raw.read_failures") == [("workflows", "", status)]
    assert table(con, "select count(*) from raw.workflow_jobs") == [(134,)]


def _load(folder, con, *values):
    folder.mkdir()
    (folder / "dump.json").write_text(json.dumps(values, default=str))
    return ingest_dump(folder, con, CLOCK)


@pytest.mark.parametrize(
    ("fields", "removed_at"),
    [
        ({"state": "disabled_something_new"}, NOW - timedelta(days=3)),
        ({"updated_at": None}, NOW),
        ({"state": "active"}, None),
        ({"state": None}, None),
    ],
)
def test_unusual_workflows_of_a_dump(fields, removed_at, tmp_path, con):
    _load(tmp_path / "dump", con, FULL, {**gone(7), **fields})
    assert table(con, "select removed_at from raw.workflows") == [(removed_at,)]


def test_dumps_tell_of_workflows_in_any_order(tmp_path, con):
    listed = {"total_count": 1, "workflows": [gone(7)]}
    _load(tmp_path / "new", con, FULL, listed)
    assert table(con, ROWS) == [(7, CI, "deleted", NOW - timedelta(days=3))]
    _load(tmp_path / "old", con, FULL, workflow(7, ".github/workflows/old.yml"))
    assert table(con, ROWS) == [(7, CI, "deleted", NOW - timedelta(days=3))]
    assert table(con, "from raw.workflow_returns") == []


def test_runs_of_a_dump_tell_what_the_file_is_called_now(tmp_path, con):
    old = ".github/workflows/old.yml"
    _load(tmp_path / "dump", con, FULL, run(2, ago(days=1)), run(1, ago(days=9), path=old))
    assert table(con, ROWS) == [(7, CI, None, None)]
    _load(tmp_path / "older", con, FULL, run(3, ago(days=20), path=old))
    assert table(con, ROWS) == [(7, CI, None, None)]
    _load(tmp_path / "list", con, FULL, workflow(7, ".github/workflows/listed.yml"))
    _load(tmp_path / "later", con, FULL, run(4, ago(hours=1)))
    assert table(con, ROWS) == [(7, ".github/workflows/listed.yml", "active", None)]
