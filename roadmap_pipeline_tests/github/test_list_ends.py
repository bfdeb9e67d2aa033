"""The end of a list is told by no single sign: proxies drop headers and repeat pages, servers miscount and cut."""

import json
from datetime import timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.client.paging import may_be_followed, smaller_page_size
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline_tests.github.conftest import (
    ANA,
    CLOCK,
    FULL,
    REPO,
    ago,
    everything,
    issue,
    job,
    pull_request,
    run,
    small_world,
    table,
)
from roadmap_sandbox import payloads

pytestmark = pytest.mark.slow

RUNS = f"/repos/{REPO}/actions/runs"


class Proxy:
    """Stands between client and simulator: drops ``headers``, and changes queries and answers."""

    def __init__(self, app, headers=(), query=None, body=None):
        self.app, self.headers = app, {name.encode() for name in headers}
        self.query, self.body = query, body

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = dict(parse_qsl(scope["query_string"].decode()))
        if self.query is not None:
            scope = {**scope, "query_string": urlencode(self.query(scope["path"], dict(asked))).encode()}
        # what isn't compressed can be changed
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        messages = []

        async def hold(message):
            messages.append(message)

        await self.app(scope, receive, hold)
        start, content = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
        if self.body is not None and start["status"] == 200 and content:
            content = json.dumps(self.body(scope["path"], asked, json.loads(content))).encode()
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in self.headers and name.lower() != b"content-length"
        ]
        await send({**start, "headers": [*kept, (b"content-length", str(len(content)).encode())]})
        await send({"type": "http.response.body", "body": content})


def long_lists():
    """More than one page of everything that has pages: 250 runs, 150 jobs of one, 130 of the rest."""
    content = small_world()
    content.runs[REPO] = [run(n, ago(hours=300 - n)) for n in range(1, 251)]
    content.jobs[REPO] = [job(1_000 + n, 250, ago(hours=50), name=f"test ({n})") for n in range(150)]
    content.logs, content.expired_logs = {}, set()
    merged = {"state": "closed", "closed_at": ago(days=3), "merged_at": ago(days=3)}
    content.pull_requests[REPO] = [pull_request(n, updated_at=ago(hours=n), **merged) for n in range(1, 131)]
    content.pull_request_files = {
        (REPO, n): [
            payloads.pull_request_file(FULL, f"src/{k}.py", head_sha="a" * 40) for k in range(120 if n == 1 else 1)
        ]
        for n in range(1, 131)
    }
    content.issues[REPO] = [issue(n, updated_at=ago(hours=n)) for n in range(1001, 1131)]
    content.issue_events[REPO] = [
        payloads.issue_event(
            FULL, id=n, number=1001, event="closed", actor=ANA, created_at=ago(hours=200 - n), details={}
        )
        for n in range(1, 131)
    ]
    content.milestones[REPO] = [
        payloads.milestone(
            FULL, id=n, number=n, title=f"Stage {n}", creator=ANA, created_at=ago(days=60), updated_at=ago(days=2)
        )
        for n in range(1, 131)
    ]
    return content


def read(served, con, now=CLOCK):
    return ingest(served.client(), con, [REPO], history_days=400, now=now)


@pytest.fixture
def behind(serve, tmp_path_factory):
    """``behind(content, con, **options of Proxy)``: a world whose answers pass a proxy."""

    def start(content, **options):
        return serve(content, proxy=lambda app: Proxy(app, **options))

    return start


def read_directly(serve, tmp_path, content):
    from roadmap_pipeline.warehouse.connection import connect

    with connect(tmp_path / "direct.duckdb") as con:
        assert read(serve(content), con).notes == []
        return everything(con)


def test_lists_are_complete_without_link_headers(serve, behind, con, tmp_path):
    served = behind(long_lists(), headers=("link",))
    assert read(served, con).notes == []
    assert everything(con) == read_directly(serve, tmp_path, long_lists())


def test_a_full_last_page_without_link_header_costs_one_request_more(behind, con):
    content = small_world()
    content.issues[REPO] = [issue(n, updated_at=ago(hours=n)) for n in range(1001, 1101)]
    served = behind(content, headers=("link",))
    read(served, con)
    assert table(con, "select count(*) from raw.issues") == [(100,)]
    asked = [entry for entry in served.state.journal if entry.path == f"/repos/{REPO}/issues"]
    assert len(asked) == 2


def repeated(last):
    """Return a server that gives page ``last`` again for every page behind it."""

    def query(path, asked):
        if "page" in asked and int(asked["page"]) > last:
            asked["page"] = str(last)
        return asked

    return query


def test_a_page_that_repeats_ends_the_walk_and_is_not_taken_for_all(behind, con):
    """Page 1 for ever: what has no other way to be read is said to be incomplete, and nothing is taken for deleted."""
    direct = behind(long_lists())
    read(direct, con)
    milestones = table(con, "select count(*) from raw.milestones")
    for name in ("workflow_runs", "workflow_jobs", "run_details", "read_coverage", "pull_requests", "http_cache"):
        con.execute(f"delete from raw.{name}")
    served = behind(long_lists(), query=repeated(1))
    summary = read(served, con)
    assert table(con, "select count(*) from raw.workflow_runs") == [(250,)], "by slices of creation time"
    assert table(con, "select count(*) from raw.workflow_jobs") == [(100,)]
    assert table(con, "select count(*) from raw.pull_requests") == [(100,)]
    assert table(con, "select count(*) from raw.milestones") == milestones
    assert len(served.state.journal) < 700
    found = table(con, "select distinct endpoint from raw.read_failures order by 1")
    assert found == [("files",), ("issue_events",), ("jobs",), ("milestones",), ("pull_requests",)]
    assert any("again" in note for note in summary.notes)


@pytest.mark.parametrize("key", ["workflow_runs", "jobs"])
def test_a_count_that_says_more_is_noted_and_not_taken_for_complete(behind, con, key):
    def miscounted(_path, asked, answer):
        if isinstance(answer, dict) and key in answer and "created" not in asked:
            answer["total_count"] += 7
        return answer

    served = behind(long_lists(), body=miscounted)
    summary = read(served, con)
    assert table(con, "select count(distinct run_id) from raw.workflow_runs") == [(250,)]
    assert table(con, "select count(*) from raw.workflow_jobs") == [(150,)]
    assert any("GitHub counts" in note for note in summary.notes)
    endpoint = "runs" if key == "workflow_runs" else "jobs"
    assert table(con, "select distinct endpoint from raw.read_failures") == [(endpoint,)]
    if key == "jobs":
        assert table(con, "select count(*) from raw.run_details") == [(0,)]


def test_a_count_that_says_too_little_loses_nothing(serve, behind, con, tmp_path):
    def miscounted(_path, _asked, answer):
        if isinstance(answer, dict) and "total_count" in answer:
            answer["total_count"] = min(answer["total_count"], 90)
        return answer

    read(behind(long_lists(), body=miscounted), con)
    assert everything(con) == read_directly(serve, tmp_path, long_lists())


@pytest.mark.parametrize("beyond", ["422", "empty"])
@pytest.mark.parametrize("clamped", [True, False])
@pytest.mark.parametrize("cap", [100, 200, 1_000])
def test_a_limit_of_the_list_is_known_by_behaviour_at_any_number(serve, con, cap, clamped, beyond):
    content = small_world()
    content.runs[REPO] = [run(n, ago(minutes=20 * (1_400 - n) + 1)) for n in range(1, 1_401)]
    content.jobs[REPO] = []
    served = serve(content)
    served.state.switches.unfiltered_cap = cap
    served.state.switches.clamp_unfiltered_total = clamped
    served.state.switches.beyond_unfiltered_cap = beyond
    client = served.client()
    with client.spending_at_most(120):
        summary = ingest(client, con, [REPO], history_days=400, now=CLOCK)
    assert table(con, "select count(*) from raw.workflow_runs") == [(1_400,)]
    assert table(con, "select count(*) from raw.read_failures") == [(0,)]
    assert summary.paused is not None, "the jobs of 1,400 runs are more than the budget"


@pytest.mark.parametrize("told", [0, 900, 999])
def test_a_slice_whose_first_count_is_stale_is_cut_once_it_turns_out_too_long(behind, con, told):
    """GitHub counts fewer than it lists of a filter, and then more: what is behind its limit isn't left out."""
    content = small_world()
    content.runs[REPO] = [run(n, ago(minutes=20 * (1_400 - n) + 1)) for n in range(1, 1_401)]
    content.jobs[REPO] = []
    counted = set()

    def stale(_path, asked, answer):
        if "created" in asked and asked["created"] not in counted and "workflow_runs" in answer:
            counted.add(asked["created"])
            answer["total_count"] = min(answer["total_count"], told)
        return answer

    served = behind(content, body=stale)
    served.state.switches.unfiltered_cap = 100
    client = served.client()
    with client.spending_at_most(300):
        ingest(client, con, [REPO], history_days=400, now=CLOCK)
    assert table(con, "select count(*) from raw.workflow_runs") == [(1_400,)]
    assert table(con, "select item from raw.read_failures") == []


def test_a_moving_list_is_not_taken_for_one_that_repeats(serve, con):
    """A page's worth of runs comes between two pages: the second is the first one again, and yet not the last."""
    content = small_world()
    content.runs[REPO] = [run(n, ago(hours=500 - n)) for n in range(1, 251)]
    content.jobs[REPO] = []
    served = serve(content)

    def come():
        for n in range(1_001, 1_101):
            served.state.put_run(REPO, run(n, ago(minutes=1)))

    served.state.faults.before(come, path=r"/actions/runs$", skip=1)
    read(served, con)
    read(served, con, CLOCK + timedelta(hours=1))
    assert table(con, "select count(distinct run_id) from raw.workflow_runs") == [(350,)]


@given(st.integers(0, 250), st.integers(0, 250), st.booleans())
def test_what_speaks_for_a_further_page(listed, total, has_link):
    size = min(listed, 100)
    headers = {"link": '<x>; rel="next"'} if has_link else {}
    assert may_be_followed(Response(200, headers, {"total_count": total}), size, listed) == (has_link or total > listed)
    assert may_be_followed(Response(200, headers, []), size, listed) == (has_link or size == 100)


def test_smaller_pages_make_up_a_bigger_one():
    sizes, size = [], 100
    while size is not None:
        sizes.append(size)
        size = smaller_page_size(size)
    assert sizes == [100, 50, 25, 5, 1]
    assert all(bigger % less == 0 for bigger, less in pairwise(sizes))
