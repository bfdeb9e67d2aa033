"""Pages of any list and any filter, drawn at random: no item lost, none twice, as many as were counted."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    CLOCK,
    OWNER,
    REPO,
    full_repository,
    job_payload,
    run_payload,
)
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.state import GitHubState

QUERY = """
query($id: ID!, $first: Int, $last: Int, $after: String, $before: String, $filter: CheckRunFilter) {
  node(id: $id) {
    ... on CheckSuite {
      checkRuns(first: $first, last: $last, after: $after, before: $before, filterBy: $filter) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { databaseId name conclusion }
        edges { cursor node { databaseId } }
      }
    }
  }
}
"""
OUTCOMES = ("success", "failure", "cancelled")
JOBS = st.lists(
    st.tuples(st.sampled_from(("test", "lint", "build")), st.sampled_from(OUTCOMES), st.integers(1, 3)), max_size=12
)


def world(drawn):
    attempts = max((attempt for _, _, attempt in drawn), default=1)
    runs = [run_payload(1, created_at=CLOCK - timedelta(days=1), run_attempt=number + 1) for number in range(attempts)]
    jobs = [
        job_payload(100 + at, 1, name=name, conclusion=outcome, run_attempt=attempt)
        for at, (name, outcome, attempt) in enumerate(drawn)
    ]
    content = GitHubContent(CLOCK, OWNER, {REPO: full_repository()}, runs={REPO: runs}, jobs={REPO: jobs})
    return GitHubState(content), runs[0]["check_suite_node_id"]


def page_of(state, suite, **variables):
    status, told = state.request("POST", "/graphql", {"query": QUERY, "variables": {"id": suite, **variables}})
    assert (status, "errors" in told) == (200, False)
    page = told["data"]["node"]["checkRuns"]
    assert [edge["node"]["databaseId"] for edge in page["edges"]] == [node["databaseId"] for node in page["nodes"]]
    assert [edge["cursor"] for edge in page["edges"]][-1:] == [page["pageInfo"]["endCursor"]][: len(page["edges"])]
    return page


@given(JOBS, st.integers(1, 5), st.booleans())
def test_pages_forwards_and_backwards_hold_every_check_run_once(drawn, size, forwards):
    state, suite = world(drawn)
    seen, cursor, more = [], None, True
    while more:
        ends = {"first": size, "after": cursor} if forwards else {"last": size, "before": cursor}
        page = page_of(state, suite, filter={"checkType": "ALL"}, **ends)
        assert page["totalCount"] == len(drawn)
        numbers = [node["databaseId"] for node in page["nodes"]]
        seen = seen + numbers if forwards else numbers + seen
        more = page["pageInfo"]["hasNextPage" if forwards else "hasPreviousPage"]
        cursor = page["pageInfo"]["endCursor" if forwards else "startCursor"]
    assert seen == [100 + at for at in range(len(drawn))]


@given(JOBS, st.sets(st.sampled_from(OUTCOMES), min_size=1), st.sampled_from((None, "ALL", "LATEST")))
def test_filters_choose_as_rest_does(drawn, outcomes, check_type):
    state, suite = world(drawn)
    wanted = {"conclusions": sorted(outcome.upper() for outcome in outcomes)}
    wanted |= {} if check_type is None else {"checkType": check_type}
    page = page_of(state, suite, first=100, filter=wanted)
    path = f"/repos/{REPO}/actions/runs/1/jobs?filter=all&per_page=100"
    jobs = state.request("GET", path)[1]["jobs"]
    if check_type != "ALL":
        last = {job["name"]: max(it["run_attempt"] for it in jobs if it["name"] == job["name"]) for job in jobs}
        jobs = [job for job in jobs if job["run_attempt"] == last[job["name"]]]
    assert [node["databaseId"] for node in page["nodes"]] == [
        job["id"] for job in jobs if job["conclusion"] in outcomes
    ]
