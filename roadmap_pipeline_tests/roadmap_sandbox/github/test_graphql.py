"""GraphQL over the same store as REST: the same jobs, pull requests and issues; quotas; what is refused or fails."""

import orjson
import pytest
import requests

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import ANA, REPO, ago, job_payload, run_payload
from roadmap_sandbox import payloads
from roadmap_sandbox.github.faults import FAULT_KINDS, GRAPHQL_FAULT_KINDS, Fault
from roadmap_sandbox.github.graphql.schema import executable_schema
from roadmap_sandbox.github.graphql.timeline import TYPES
from roadmap_sandbox.github.messages import Caller, Request
from roadmap_sandbox.github.state import TOKEN

JOBS = """
query($suites: [ID!]!, $first: Int = 100, $after: String, $filter: CheckRunFilter = {checkType: ALL}) {
  rateLimit { cost limit remaining used resetAt nodeCount }
  nodes(ids: $suites) {
    ... on CheckSuite {
      databaseId status conclusion createdAt updatedAt app { slug } workflowRun { databaseId runNumber event }
      checkRuns(first: $first, after: $after, filterBy: $filter) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage endCursor }
        nodes {
          id databaseId name status conclusion startedAt completedAt detailsUrl
          steps(first: 10) { totalCount nodes { number name status conclusion secondsToCompletion } }
        }
      }
    }
  }
}
"""


@pytest.fixture
def ask(client):
    """Return a function that sends a query and gives what came, which is JSON of status 200."""

    def send(query, **variables):
        response = client("POST", "/graphql", {"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        return response.json()

    return send


@pytest.fixture
def suite_of(client):
    """Return a function that gives the global id of a run's check suite, as REST names it."""
    return lambda run: client.get(f"/repos/{REPO}/actions/runs/{run}").json()["check_suite_node_id"]


def names(suite):
    return [check["name"] for check in suite["checkRuns"]["nodes"]]


def ids(suite):
    return [check["databaseId"] for check in suite["checkRuns"]["nodes"]]


def test_check_runs_are_the_jobs_that_rest_gives(client, ask, suite_of):
    data = ask(JOBS, suites=[suite_of(3), suite_of(6)])["data"]
    for run_id, suite in zip((3, 6), data["nodes"], strict=True):
        run = client.get(f"/repos/{REPO}/actions/runs/{run_id}").json()
        jobs = client.get(f"/repos/{REPO}/actions/runs/{run_id}/jobs?filter=all").json()["jobs"]
        assert suite["databaseId"] == run["check_suite_id"]
        assert (suite["status"], suite["conclusion"]) == (run["status"].upper(), run["conclusion"].upper())
        assert (suite["createdAt"], suite["updatedAt"]) == (run["created_at"], run["updated_at"])
        assert suite["app"] == {"slug": "github-actions"}
        assert suite["workflowRun"] == {"databaseId": run_id, "runNumber": run_id, "event": "push"}
        assert suite["checkRuns"]["totalCount"] == len(jobs)
        for check, job in zip(suite["checkRuns"]["nodes"], jobs, strict=True):
            assert (check["id"], check["databaseId"], check["name"]) == (job["node_id"], job["id"], job["name"])
            assert check["status"] == job["status"].upper()
            assert check["conclusion"] == (job["conclusion"] and job["conclusion"].upper())
            assert (check["startedAt"], check["completedAt"]) == (job["started_at"], job["completed_at"])
            assert check["detailsUrl"] == job["html_url"]
            assert check["detailsUrl"].endswith(f"/actions/runs/{run_id}/job/{job['id']}")
            (step,) = check["steps"]["nodes"]
            assert step == {
                "number": 1,
                "name": "Set up job",
                "status": "COMPLETED",
                "conclusion": "SUCCESS",
                "secondsToCompletion": 0,
            }


def test_attempts_and_filters(ask, suite_of):
    # run 3: test failed and lint passed at first, then test alone ran again
    def chosen(**wanted):
        return ids(ask(JOBS, suites=[suite_of(3)], filter=wanted)["data"]["nodes"][0])

    assert chosen(checkType="ALL") == [31, 32, 33]
    assert chosen(checkType="LATEST") == chosen() == [32, 33]
    assert chosen(checkType="ALL", conclusions=["FAILURE", "CANCELLED"]) == [31]
    assert chosen(checkType="ALL", checkName="test", status="COMPLETED") == [31, 33]
    assert chosen(checkType="ALL", statuses=["QUEUED"]) == chosen(checkType="ALL", appId=1) == []


def test_pages_of_a_suite_follow_its_cursor(ask, suite_of, state):
    jobs = [job_payload(900 + at, 9, name=f"job {at}") for at in range(7)]
    state.put_run(REPO, run_payload(9, created_at=ago(hours=1)), jobs)
    suite, seen, cursor = suite_of(9), [], None
    for expected in (3, 3, 1):
        page = ask(JOBS, suites=[suite], first=3, after=cursor)["data"]["nodes"][0]["checkRuns"]
        assert (page["totalCount"], len(page["nodes"])) == (7, expected)
        assert page["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        seen += [check["name"] for check in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (len(seen) < 7)
    assert seen == [job["name"] for job in jobs]
    backwards = '{ node(id: "%s") { ... on CheckSuite { checkRuns(last: 2, before: "%s") { nodes { name } } } } }'
    assert names(ask(backwards % (suite, cursor))["data"]["node"]) == ["job 4", "job 5"]
    wrong = ask(JOBS, suites=[suite], after="7")
    assert wrong["data"]["nodes"] == [{**wrong["data"]["nodes"][0], "checkRuns": None}]
    assert wrong["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_ids_go_beyond_an_int(ask, suite_of, state):
    run, job = 30_433_642, 9_267_762_757
    state.put_run(
        REPO, run_payload(run, created_at=ago(hours=1), check_suite_id=19_876_543_210), [job_payload(job, run)]
    )
    (suite,) = ask(JOBS, suites=[suite_of(run)])["data"]["nodes"]
    assert (suite["databaseId"], ids(suite)) == (19_876_543_210, [job])
    query = "query($id: ID!) { node(id: $id) { ... on CheckRun { checkSuite { databaseId } } } }"
    single = ask(query, id=suite["checkRuns"]["nodes"][0]["id"])
    assert single["data"]["node"]["checkSuite"] == {"databaseId": 19_876_543_210}


def test_nodes_that_are_not_there_are_null_in_their_place(ask, suite_of, state):
    suites = [suite_of(3), suite_of(6), "CS_kwDOunknown", payloads.node_id("CS", 1)]
    state.delete_run(REPO, 3)
    told = ask(JOBS, suites=suites)
    assert [node and node["databaseId"] for node in told["data"]["nodes"]] == [None, 10_000_000_006, None, None]
    assert [(error["type"], error["path"]) for error in told["errors"]] == [
        ("NOT_FOUND", ["nodes", at]) for at in (0, 2, 3)
    ]
    assert told["errors"][0]["message"] == f"Could not resolve to a node with the global id of '{suites[0]}'"
    too_many = ask(JOBS, suites=suites * 26)
    assert too_many["errors"][0]["message"] == "You may not provide more than 100 node ids; you provided 104."


PULLS = """
query($after: String) {
  repository(owner: "acme", name: "payments") {
    nameWithOwner isPrivate owner { login }
    pullRequests(first: 1, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id fullDatabaseId number title state merged mergedAt author { __typename login } milestone { title state }
        mergeCommit { oid } headRefOid baseRefName additions changedFiles
        files(first: 10) { nodes { path additions deletions changeType } }
        commits(first: 10) { totalCount nodes { commit { oid messageHeadline author { name user { login } } } } }
        comments(first: 10) { nodes { fullDatabaseId body author { login } pullRequest { number } } }
      }
    }
  }
}
"""


def test_pull_requests_with_files_commits_and_comments(client, ask):
    first = ask(PULLS)["data"]["repository"]
    assert (first["nameWithOwner"], first["owner"]) == (REPO, {"login": "acme"})
    page = first["pullRequests"]
    (merged,) = page["nodes"]
    (open_one,) = ask(PULLS, after=page["pageInfo"]["endCursor"])["data"]["repository"]["pullRequests"]["nodes"]
    assert (page["totalCount"], merged["number"], open_one["number"]) == (2, 2, 1)
    assert (merged["state"], merged["merged"], merged["mergeCommit"]) == ("MERGED", True, {"oid": "e" * 40})
    assert (open_one["state"], open_one["mergedAt"], open_one["mergeCommit"]) == ("OPEN", None, None)
    assert open_one["milestone"] == {"title": "Stage 7.3", "state": "OPEN"}
    assert merged["files"]["nodes"] == [
        {"path": "docs/a.md", "additions": 3, "deletions": 1, "changeType": "MODIFIED"},
        {"path": "src/b.py", "additions": 10, "deletions": 0, "changeType": "ADDED"},
    ]
    assert (merged["additions"], merged["changedFiles"]) == (13, 2)
    for number, pull in ((1, open_one), (2, merged)):
        commits = client.get(f"/repos/{REPO}/pulls/{number}/commits").json()
        assert [node["commit"]["oid"] for node in pull["commits"]["nodes"]] == [commit["sha"] for commit in commits]
        assert pull["fullDatabaseId"] == str(201 + number)
        same = ask("query($id: ID!) { node(id: $id) { ... on PullRequest { number } } }", id=pull["id"])
        assert same["data"]["node"] == {"number": number}
    assert open_one["comments"]["nodes"] == [
        {"fullDatabaseId": "501", "body": "Nice", "author": {"login": "ana"}, "pullRequest": {"number": 1}}
    ]


def test_timelines_hold_the_issue_events_of_rest(client, state, ask):
    path = f"/repos/{REPO}/issues/5"
    for body in (
        {"title": "Better", "labels": ["bug"], "milestone": 1, "assignees": ["ana"]},
        {"labels": [], "milestone": None, "assignees": [], "state": "closed", "state_reason": "not_planned"},
        {"state": "open"},
    ):
        assert client("PATCH", path, body).status_code == 200
    client("POST", f"{path}/comments", {"body": "Why?"})
    client("PUT", f"{path}/lock", {"lock_reason": "too heated"})
    query = """
    query($number: Int!, $types: [IssueTimelineItemsItemType!]) {
      repository(owner: "acme", name: "payments") {
        issue(number: $number) {
          state stateReason
          timelineItems(first: 50, itemTypes: $types) {
            totalCount filteredCount
            nodes {
              __typename
              ... on RenamedTitleEvent { previousTitle currentTitle actor { login } }
              ... on LabeledEvent { label { name color } createdAt }
              ... on MilestonedEvent { milestoneTitle }
              ... on AssignedEvent { assignee { ... on User { login } } }
              ... on LockedEvent { lockReason }
              ... on IssueComment { body }
            }
          }
        }
      }
    }"""
    issue = ask(query, number=5)["data"]["repository"]["issue"]
    items = issue["timelineItems"]["nodes"]
    _, events = state.request("GET", f"{path}/events")
    told = [item["__typename"] for item in items]
    words = {"renamed": "RenamedTitle"}
    assert told == [*(f"{words.get(it['event'], it['event'].capitalize())}Event" for it in events), "IssueComment"]
    assert {"previousTitle": "Issue 5", "currentTitle": "Better", "actor": {"login": "roadmap-pipeline"}}.items() <= (
        items[0].items()
    )
    assert {"__typename": "LockedEvent", "lockReason": "TOO_HEATED"} in items
    assert {"__typename": "MilestonedEvent", "milestoneTitle": "Stage 7.3"} in items
    assert {"__typename": "AssignedEvent", "assignee": {"login": "ana"}} in items
    narrowed = ask(query, number=5, types=["LABELED_EVENT"])["data"]["repository"]["issue"]["timelineItems"]
    assert (narrowed["filteredCount"], narrowed["totalCount"]) == (1, len(items))
    assert narrowed["nodes"][0]["label"] == {"name": "bug", "color": "d73a4a"}
    missing = ask(query, number=1)
    assert missing["data"] == {"repository": {"issue": None}}
    assert missing["errors"][0]["message"] == "Could not resolve to an Issue with the number of 1."


def test_a_repository_by_its_former_name_and_one_that_is_not_there(serve, make_state):
    client = serve(make_state(renamed={"acme/billing": REPO}))
    query = """
    query($name: String!, $follow: Boolean!) {
      repository(owner: "acme", name: $name, followRenames: $follow) { name }
    }"""

    def named(name, follow=True):
        return client("POST", "/graphql", {"query": query, "variables": {"name": name, "follow": follow}}).json()

    assert named("billing") == {"data": {"repository": {"name": "payments"}}}
    for gone in (named("nothing"), named("billing", follow=False)):
        assert gone["data"] == {"repository": None}
        assert gone["errors"][0]["type"] == "NOT_FOUND"


def test_the_quota_is_graphqls_own(serve, make_state, state):
    clock = [1_000.0]
    state = make_state(now=lambda: clock[0])
    state.limits.graphql_limit = 60
    client = serve(state)
    suite = client.get(f"/repos/{REPO}/actions/runs/3").json()["check_suite_node_id"]

    def ask(**variables):
        return client("POST", "/graphql", {"query": JOBS, "variables": variables})

    # 1 + 51 + 51 × 100 requests
    first = ask(suites=[suite] * 51)
    assert first.headers["X-RateLimit-Resource"] == "graphql"
    assert first.json()["data"]["rateLimit"] == {
        "cost": 52,
        "limit": 60,
        "used": 52,
        "remaining": 8,
        "nodeCount": 51 + 5_100 + 51_000,
        "resetAt": "1970-01-01T01:16:40Z",
    }
    refused = ask(suites=[suite] * 51)
    assert refused.status_code == 200
    assert refused.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert "data" not in refused.json()
    assert ask(suites=[suite]).json()["data"]["rateLimit"]["remaining"] == 7
    resources = client.get("/rate_limit").json()["resources"]
    assert (resources["core"]["used"], resources["graphql"]["used"]) == (1, 53)
    assert [entry.cost for entry in state.journal] == [1, 52, 0, 1, 0]
    clock[0] += 3_600
    assert ask(suites=[suite]).headers["X-RateLimit-Remaining"] == "59"


def test_the_secondary_limit_is_its_own_too(client, state, ask, suite_of):
    suite = suite_of(3)
    state.limits.secondary.points_per_minute = 0
    state.limits.secondary.graphql_points_per_minute = 2
    ask(JOBS, suites=[suite])
    ask(JOBS, suites=[suite])
    refused = client("POST", "/graphql", {"query": JOBS, "variables": {"suites": [suite]}})
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "60")
    state.let_pass(61)
    ask(JOBS, suites=[suite])


@pytest.mark.parametrize("answer", ["502", "504"])
def test_a_query_too_large_for_ten_seconds_is_a_bad_gateway(client, state, suite_of, answer):
    state.switches.graphql_nodes_in_time, state.switches.graphql_timeout = 8, answer
    suites = [suite_of(3), suite_of(6)]
    late = client("POST", "/graphql", {"query": JOBS, "variables": {"suites": suites}})
    assert late.status_code == int(answer)
    assert late.json()["errors"][0]["message"].startswith("Something went wrong while executing your query.")
    # two suites, four jobs, four steps: ten; one suite with three of each: seven
    smaller = client("POST", "/graphql", {"query": JOBS, "variables": {"suites": suites[:1]}})
    assert smaller.status_code == 200
    assert "errors" not in smaller.json()


@pytest.mark.parametrize(
    ("answer", "kind"), [("errors", None), ("partial", None), ("resource_limits", "RESOURCE_LIMITS_EXCEEDED")]
)
def test_or_it_tells_so_with_or_without_a_part_of_the_data(state, ask, suite_of, answer, kind):
    suites = [suite_of(3), suite_of(6)]
    state.switches.graphql_nodes_in_time, state.switches.graphql_timeout = 8, answer
    told = ask(JOBS, suites=suites)
    assert {error.get("type") for error in told["errors"]} == {kind}
    if answer == "errors":
        assert told["data"] is None
    else:
        whole, cut = told["data"]["nodes"]
        assert (ids(whole), cut["databaseId"], cut["checkRuns"]) == ([31, 32, 33], 10_000_000_006, None)
        assert told["errors"][0]["path"] == ["nodes", 1, "checkRuns"]


def test_faults_of_a_query_are_told_with_status_200(client, state, ask, suite_of):
    suites = [suite_of(3), suite_of(6)]
    state.faults.add("graphql_error")
    state.faults.add(Fault("graphql_partial", nodes=1))
    state.faults.add(Fault("rate_limit", seconds=9), path="graphql")
    assert client.get(f"/repos/{REPO}").status_code == 200
    assert ask(JOBS, suites=suites)["data"] is None
    partial = ask(JOBS, suites=suites)
    assert [node and node["checkRuns"] for node in partial["data"]["nodes"]] == [None, None]
    limited = client("POST", "/graphql", {"query": JOBS, "variables": {"suites": suites}})
    assert (limited.status_code, limited.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert limited.headers["X-RateLimit-Resource"] == "graphql"
    assert limited.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert "errors" not in ask(JOBS, suites=suites)
    assert not set(GRAPHQL_FAULT_KINDS) & set(FAULT_KINDS)


def test_faults_of_any_request_strike_queries_too(client, state, suite_of):
    body = {"query": JOBS, "variables": {"suites": [suite_of(3)]}}
    state.faults.add(Fault("bad_gateway", status=504), path="graphql")
    state.faults.add("drop", path="graphql")
    assert client("POST", "/graphql", body).status_code == 504
    with pytest.raises(requests.ConnectionError):
        client("POST", "/graphql", body)
    state.faults.randomly(1.0, kinds=GRAPHQL_FAULT_KINDS)
    assert client.get(f"/repos/{REPO}").status_code == 200
    assert client("POST", "/graphql", body).json()["errors"]


@pytest.mark.parametrize("status", [404, 401, 403])
def test_graphql_can_be_switched_off(client, state, status):
    state.switches.graphql = str(status)
    assert client("POST", "/graphql", {"query": "{ viewer { login } }"}).status_code == status


def test_without_a_token_there_is_none(serve, state):
    assert serve(state, token=None)("POST", "/graphql", {"query": "{ viewer { login } }"}).status_code == 401


def test_single_sign_on_keeps_a_token_out(state, ask, suite_of):
    suite = suite_of(3)
    state.switches.graphql_sso = frozenset({"acme"})
    for told in (ask(JOBS, suites=[suite]), ask('{ repository(owner: "acme", name: "payments") { name } }')):
        (error,) = told["errors"]
        assert (error["type"], error["extensions"]) == ("FORBIDDEN", {"saml_failure": True})
        assert told["data"].get("repository") is None


@pytest.mark.parametrize(
    ("permissions", "repositories", "kind"),
    [
        ({"checks": "read"}, {"acme/secret"}, None),
        ({"issues": "write"}, {"acme/secret"}, "FORBIDDEN"),
        ({"checks": "read"}, {REPO}, "NOT_FOUND"),
    ],
    ids=["granted", "another permission", "another repository"],
)
def test_an_installation_reads_what_it_was_granted(state, permissions, repositories, kind):
    run = run_payload(70, created_at=ago(hours=1), repo="acme/secret")
    state.put_run("acme/secret", run)
    caller = Caller(ANA, permissions=permissions, repositories=frozenset(repositories))
    body = orjson.dumps({"query": JOBS, "variables": {"suites": [run["check_suite_node_id"]]}})
    told = orjson.loads(state.carry_out(Request("POST", "/graphql", "", body, caller)).body)
    assert [error["type"] for error in told.get("errors", ())] == ([] if kind is None else [kind])
    assert (told["data"]["nodes"] == [None]) == (kind is not None)


def test_an_enterprise_server_has_it_below_its_own_root(client):
    assert client("POST", "/api/graphql", {"query": "{ viewer { login } }"}).json()["data"]["viewer"]
    repository = client.get(f"/api/v3/repos/{REPO}").json()
    assert repository["url"] == f"{client.root}/api/v3/repos/{REPO}"
    page = client.get(f"/api/v3/repos/{REPO}/actions/runs?per_page=2")
    assert page.links["next"]["url"].startswith(f"{client.root}/api/v3/repositories/")
    assert client.get(page.links["next"]["url"]).status_code == 200


def test_a_query_changes_nothing_and_is_not_written_down(state, ask):
    ask("{ viewer { login } }")
    assert [(entry.path, entry.mutating, entry.charged) for entry in state.journal] == [("/graphql", False, True)]
    assert state.request("POST", "/graphql", {"query": "{ rateLimit { cost } }"})[1] == {
        "data": {"rateLimit": {"cost": 1}}
    }
    assert TOKEN not in str(state.journal)


def test_every_kind_of_event_is_a_type_of_the_schema():
    schema = executable_schema()
    names = ("Issue", "PullRequest")
    members = {name: {it.name for it in schema.type_map[f"{name}TimelineItems"].types} for name in names}
    kinds = {
        name: {
            "".join(word.capitalize() for word in value.split("_"))
            for value in schema.type_map[f"{name}TimelineItemsItemType"].values
        }
        for name in members
    }
    assert members == kinds
    assert set(TYPES.values()) | {"IssueComment"} == members["Issue"] | members["PullRequest"]
