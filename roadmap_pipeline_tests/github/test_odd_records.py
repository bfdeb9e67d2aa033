"""One record with values that GitHub never gives costs itself alone: in dumps, in what GitHub answers, in replays."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.dump.loading import ingest_dump
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.sandbox import load_recording
from roadmap_pipeline_tests.github.conftest import (
    ANA,
    CLOCK,
    FULL,
    REPO,
    ago,
    issue,
    job,
    pull_request,
    run,
    small_world,
    table,
)
from roadmap_pipeline_tests.github.odd import ANY_JSON, ODD, places, with_value
from roadmap_sandbox import payloads
from roadmap_sandbox.github.app import create_app
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.server import Server

STAGE = payloads.milestone(
    FULL, id=70, number=3, title="Stage 7.3", creator=ANA, created_at=ago(days=60), updated_at=ago(days=2)
)
EVENT = payloads.issue_event(FULL, id=90, number=6, event="closed", actor=ANA, created_at=ago(days=9))
COMMENT = payloads.comment(FULL, id=4, number=6, user=ANA, body="hello", created_at=ago(days=1))
COMMIT = payloads.commit(
    FULL,
    "c" * 40,
    message="m",
    author=ANA,
    author_name="Ana",
    email="ana@example.org",
    at=ago(days=2),
    parents=["a" * 40],
)
GOOD = {
    "repositories": [FULL],
    "workflow_runs": [run(1, ago(days=2)), run(2, ago(days=1), event="schedule")],
    "workflow_jobs": [job(10, 1, ago(days=2)), job(20, 2, ago(days=1), conclusion="failure")],
    "pull_requests": [pull_request(7, updated_at=ago(days=1), milestone=STAGE)],
    "issues": [issue(6, updated_at=ago(days=1), labels=[payloads.label(FULL, id=9, name="bug")])],
    "milestones": [STAGE],
    "issue_events": [EVENT],
}
ODD_ONES = [
    run(3, ago(hours=5), head_commit=payloads.head_commit("a", message="m", at=ago(days=1), author="A", email="a@b.c")),
    job(30, 3, ago(hours=5), conclusion="failure"),
    pull_request(8, updated_at=ago(hours=5), milestone=STAGE, labels=[payloads.label(FULL, id=9, name="bug")]),
    issue(9, updated_at=ago(hours=5), milestone=STAGE, user=ANA),
    {**STAGE, "number": 4, "id": 71, "url": f"{FULL['url']}/milestones/4"},
    {**EVENT, "id": 91, "url": f"{FULL['url']}/issues/events/91"},
    COMMENT,
    COMMIT,
    payloads.repository("acme/other", 102, FULL["owner"], created_at=CLOCK, updated_at=CLOCK, pushed_at=CLOCK),
]
KEYS = {
    "repositories": "repo",
    "workflow_runs": "run_id",
    "workflow_jobs": "job_id",
    "pull_requests": "number",
    "issues": "number",
    "milestones": "number",
    "issue_events": "event_id",
}
GOOD_KEYS = {
    "repositories": {REPO},
    "workflow_runs": {1, 2},
    "workflow_jobs": {10, 20},
    "pull_requests": {7},
    "issues": {6},
    "milestones": {3},
    "issue_events": {90},
}


@st.composite
def odd_records(draw: st.DrawFn) -> list[Any]:
    """Return some records with one or two fields of another kind."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        payload = draw(st.sampled_from(ODD_ONES))
        for _ in range(draw(st.integers(1, 2))):
            place = draw(st.sampled_from([*places(payload), *((name,) for name in payload)]))
            payload = with_value(payload, place, draw(st.sampled_from(ODD) | ANY_JSON))
        found.append(payload)
    return found


def write(folder, records, *, as_lines=False):
    folder.mkdir(exist_ok=True)
    text = "\n".join(map(json.dumps, records)) if as_lines else json.dumps(records)
    (folder / f"all.json{'l' if as_lines else ''}").write_text(text)
    return folder


def emptied(con):
    """Return a warehouse in which nothing was read yet; making a new one takes far longer."""
    for (name,) in table(con, "select table_name from duckdb_tables() where schema_name = 'raw'"):
        con.execute(f"delete from raw.{name}")
    return con


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=odd_records(), as_lines=st.booleans())
def test_whatever_a_field_holds_the_other_records_of_a_dump_are_stored(odd, as_lines, tmp_path_factory, con):
    good = [item for items in GOOD.values() for item in items]
    dump = write(tmp_path_factory.mktemp("odd"), [*odd, *good], as_lines=as_lines)
    ingest_dump(dump, emptied(con), CLOCK)
    for name, key in KEYS.items():
        assert {row[0] for row in table(con, f"select {key} from raw.{name}")} >= GOOD_KEYS[name]


@pytest.mark.slow
@pytest.mark.odd_payloads
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=odd_records())
def test_whatever_a_field_holds_a_dump_can_be_served(odd, tmp_path_factory, con):
    dump = write(tmp_path_factory.mktemp("odd"), [*odd, *(item for items in GOOD.values() for item in items)])
    content, _ = load_recording(dump)
    with Server(create_app(GitHubState(content, rate_limit=None))) as server:
        client = GitHubClient(TOKEN, base_url=server.base_url, points_per_minute=None)
        ingest(client, emptied(con), [REPO], history_days=4000, now=CLOCK)
        client.close()
    for name, key in KEYS.items():
        assert {row[0] for row in table(con, f"select {key} from raw.{name}")} >= GOOD_KEYS[name]


def test_what_was_converted_left_empty_and_left_out_is_counted(tmp_path, con):
    records = [
        {**run(1, ago(days=2)), "id": "1", "workflow_id": {"$numberLong": "77"}},
        {**run(2, ago(days=2)), "actor": "ana"},
        {**run(3, ago(days=2)), "actor": 5},
        {**run(4, ago(days=2)), "id": "four"},
        {**run(5, ago(days=2)), "id": 2**63},
        {**run(6, ago(days=2)), "display_title": "half \ud83d, and \0"},
        {**job(7, 6, ago(days=2)), "id": float("nan")},
    ]
    summary = ingest_dump(write(tmp_path / "dump", records), con, CLOCK)
    assert table(con, "select run_id, workflow_id, actor, display_title from raw.workflow_runs order by 1") == [
        (1, 77, "ana", "Change something"),
        (2, 7, None, "Change something"),
        (3, 7, None, "Change something"),
        (6, 7, "ana", "half \ufffd, and \ufffd"),
    ]
    assert summary.notes == [
        "all.json: 2 not stored (its id can't be used), number 4, 5",
        "all.json: 1 not stored (it has no id), number 7",
        "all.json: 2 stored without what can't be used (actor), number 2, 3",
    ]


def test_the_same_run_under_a_number_and_a_text_is_one(tmp_path, con):
    old = {**run(1, ago(days=2)), "id": "1", "conclusion": "failure"}
    ingest_dump(write(tmp_path / "dump", [run(1, ago(days=2), updated_at=ago(days=1)), old]), con, CLOCK)
    assert table(con, "select run_id, conclusion from raw.workflow_runs") == [(1, "success")]


def test_values_nested_without_end_cost_nothing_else(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    deep: Any = []
    for _ in range(700):
        deep = [deep]
    folder = write(tmp_path / "dump", [{**run(1, ago(days=2)), "odd": deep}, run(2, ago(days=2))])
    (folder / "deeper.jsonl").write_text("[" * 100_000 + "\n" + json.dumps(run(3, ago(days=2))))
    (folder / "lists.jsonl").write_text("[" * 900 + "]" * 900 + "\n" + json.dumps(run(4, ago(days=2))))
    ingest_dump(folder, con, CLOCK)
    assert table(con, "select run_id from raw.workflow_runs order by 1") == [(1,), (2,), (3,), (4,)]


class Changed:
    """An application whose JSON answers are changed: ``change(path, data)`` gives what is sent in place of ``data``."""

    def __init__(self, app, change):
        self._app = app
        self._change = change

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = {}

        async def changed(message):
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message["body"]
            headers = dict(start["headers"])
            if headers.get(b"Content-Encoding") == b"gzip":
                body = gzip.decompress(body)
                del headers[b"Content-Encoding"]
            if start["status"] == 200 and headers.get(b"Content-Type", b"").startswith(b"application/json"):
                body = json.dumps(self._change(scope["path"], json.loads(body))).encode()
                headers[b"Content-Length"] = str(len(body)).encode()
            await send({**start, "headers": list(headers.items())})
            await send({**message, "body": body})

        await self._app(scope, receive, changed)


def read_changed(con, change, served=None):
    """Return what an ingest reads of a world (the small one) while its answers are changed."""
    with Server(Changed(create_app(GitHubState(served or small_world(), rate_limit=None)), change)) as server:
        client = GitHubClient(TOKEN, base_url=server.base_url, points_per_minute=None)
        summary = ingest(client, con, [REPO], history_days=4000, now=CLOCK)
        client.close()
    return summary


def tiny_world():
    """Return the small world with its five newest runs."""
    content = small_world()
    content.runs[REPO] = [one for one in content.runs[REPO] if one["id"] > 125]
    content.jobs[REPO] = [one for one in content.jobs[REPO] if one["run_id"] > 125]
    return content


WORLD_KEYS = {
    "workflow_runs": set(range(126, 131)),
    "pull_requests": {1, 2, 4},
    "issues": {5, 6},
    "milestones": {3},
    "issue_events": {90, 91, 92},
}
LISTS = {
    f"/repos/{REPO}/actions/runs": ("workflow_runs", "workflow_runs", "id", 128),
    f"/repos/{REPO}/pulls": (None, "pull_requests", "number", 2),
    f"/repos/{REPO}/issues": (None, "issues", "number", 5),
    f"/repos/{REPO}/issues/events": (None, "issue_events", "id", 91),
}


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_odd_item_of_a_list_of_githubs_ends_no_list(data, con):
    path = data.draw(st.sampled_from(list(LISTS)))
    key, name, id_field, odd_id = LISTS[path]
    value = data.draw(st.sampled_from(ODD) | ANY_JSON)
    field = data.draw(
        st.sampled_from(["id", "number", "created_at", "updated_at", "name", "labels", "milestone", "actor", "whole"])
    )

    def change(asked, answer):
        if asked != path:
            return answer
        items = answer[key] if key else answer
        for position, item in enumerate(items):
            if isinstance(item, dict) and item.get(id_field) == odd_id:
                items[position] = value if field == "whole" else {**item, field: value}
        return answer

    read_changed(emptied(con), change, tiny_world())
    for table_name, keys in WORLD_KEYS.items():
        stored = {row[0] for row in table(con, f"select {KEYS[table_name]} from raw.{table_name}")}
        assert stored >= (keys - {odd_id} if table_name == name else keys)
    assert table(con, "select count(*) from raw.workflow_jobs")[0][0] >= 4


def test_what_is_left_out_of_githubs_answers_is_counted(con):
    def change(path, answer):
        if path.endswith("/actions/runs"):
            for item in answer["workflow_runs"]:
                if item["id"] in {20, 30}:
                    item["id"] = f"no {item['id']}"
                if item["id"] == 40:
                    item["display_title"] = "half \ud83d"
        if path.endswith("/jobs"):
            for item in answer["jobs"]:
                if item["id"] in {500, 600}:
                    item["steps"] = "none"
        return answer

    summary = read_changed(con, change)
    notes = [note.partition("/repos/")[2] for note in summary.notes]
    assert f"{REPO}/actions/runs: 2 not stored (its id can't be used)" in notes
    assert f"{REPO}/actions/runs/…/jobs: 2 stored without what can't be used (steps)" in notes
    assert table(con, "select count(distinct run_id) from raw.workflow_runs") == [(128,)]
    assert table(con, "select display_title from raw.workflow_runs where run_id = 40") == [("half \ufffd",)]
    assert table(con, "select count(*) from raw.workflow_jobs where job_id in (500, 600) and steps = '[]'") == [(2,)]


def test_a_milestone_whose_number_can_not_be_read_is_not_taken_for_a_deleted_one(con, serve):
    served = serve(small_world())
    ingest(served.client(), con, [REPO], history_days=4000, now=CLOCK)

    def change(path, answer):
        return [{**item, "number": "?"} for item in answer] if path.endswith("/milestones") else answer

    read_changed(con, change)
    assert table(con, "select number from raw.milestones") == [(3,)]


@pytest.mark.parametrize("answer", [{"id": 5}, {"id": "x", "full_name": REPO}, {"id": 5, "full_name": 7}, []])
def test_a_repository_whose_answer_can_not_be_used_is_named(con, answer):
    with pytest.raises(ConfigurationError, match="can't be used"):
        read_changed(con, lambda path, told: answer if path == f"/repos/{REPO}" else told)
