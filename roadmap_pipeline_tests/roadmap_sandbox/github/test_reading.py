"""Everything that reading clients meet: pages, filters and their caps, attempts, logs, ETags, redirects."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from github import Auth, Github
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import (
    ANA,
    BOT,
    CLOCK,
    REPO,
    ago,
    full_repository,
    job_payload,
    run_payload,
)
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.paging import Page
from roadmap_sandbox.github.run_index import RunIndex
from roadmap_sandbox.github.search_dates import parse_range
from roadmap_sandbox.github.state import TOKEN, GitHubState
from roadmap_sandbox.payloads import timestamp

RUNS = f"/repos/{REPO}/actions/runs"


def ids(response, name="workflow_runs"):
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()[name]]


def test_runs_come_newest_first_as_of_their_last_attempt(client):
    response = client.get(RUNS)
    assert ids(response) == [6, 5, 4, 3, 2, 1]
    assert response.json()["total_count"] == 6
    rerun = response.json()["workflow_runs"][3]
    assert (rerun["run_attempt"], rerun["conclusion"]) == (2, "success")
    assert rerun["previous_attempt_url"].endswith("/actions/runs/3/attempts/1")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("branch=feature/1", [2]),
        ("event=push", [6, 5, 4, 3, 1]),
        ("status=failure", [2]),
        ("status=completed", [6, 5, 4, 3, 2, 1]),
        ("status=queued", []),
        ("actor=roadmap-pipeline%5Bbot%5D", [2]),
        (f"head_sha={5:040x}", [5]),
        ("check_suite_id=10000000004", [4]),
        ("created=2026-11-12T07:00:00Z..2026-11-12T08:00:00Z", []),
        ("created=2026-11-12T05:00:00Z..2026-11-12T06:00:00Z", [4, 3]),
        ("created=%3E2026-11-12T05:00:00Z", [6, 5, 4]),
        ("created=2026-11-12&event=push", [6, 5, 4, 3, 1]),
        ("created=*..2026-11-12T03:00:00Z", [1]),
    ],
)
def test_filters(serve, make_content_of_a_day, query, expected):
    client = serve(GitHubState(make_content_of_a_day))
    assert ids(client.get(f"{RUNS}?{query}")) == expected


@pytest.fixture
def make_content_of_a_day():
    """Return six runs on 2026-11-12 from 03:00 to 08:00, less two hours from run 3 on."""
    hours = {1: 3, 2: 4, 3: 5, 4: 6, 5: 9, 6: 10}
    runs = [run_payload(n, created_at=datetime(2026, 11, 12, hour, tzinfo=UTC)) for n, hour in hours.items()]
    runs[1] |= {"event": "pull_request", "head_branch": "feature/1", "conclusion": "failure", "actor": BOT}
    return GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: full_repository()}, runs={REPO: runs})


def test_a_workflow_is_known_by_id_and_by_file_name(client):
    assert ids(client.get(f"/repos/{REPO}/actions/workflows"), "workflows") == [7, 8]
    assert ids(client.get(f"/repos/{REPO}/actions/workflows/release.yml/runs")) == [4]
    assert ids(client.get(f"/repos/{REPO}/actions/workflows/7/runs?status=failure")) == [2]
    assert client.get(f"/repos/{REPO}/actions/workflows/nothing.yml/runs").status_code == 404


@pytest.mark.refused_requests("GitHub ignores what it doesn't know, and so must the simulator")
def test_an_unknown_filter_is_ignored(client):
    assert ids(client.get(f"{RUNS}?nonsense=1")) == [6, 5, 4, 3, 2, 1]


@pytest.mark.refused_requests("a status that there isn't")
def test_bad_filters_are_refused(client):
    for query in ("status=maybe", "created=yesterday"):
        response = client.get(f"{RUNS}?{query}")
        assert response.status_code == 422
        assert response.json()["errors"][0]["code"] == "invalid"


def test_attempts_and_their_jobs(client):
    assert client.get(f"{RUNS}/3/attempts/1").json()["conclusion"] == "failure"
    assert client.get(f"{RUNS}/3/attempts/1").json()["jobs_url"] == f"{client.root}{RUNS}/3/attempts/1/jobs"
    assert [client.get(f"{RUNS}/3/attempts/{n}").status_code for n in (0, 1, 2, 3)] == [404, 200, 200, 404]
    assert ids(client.get(f"{RUNS}/3/jobs"), "jobs") == [33]
    assert ids(client.get(f"{RUNS}/3/jobs?filter=all"), "jobs") == [31, 32, 33]
    assert ids(client.get(f"{RUNS}/3/attempts/1/jobs"), "jobs") == [31, 32]
    assert client.get(f"{RUNS}/99/jobs").status_code == 404


def test_pages_are_linked_under_the_repository_id_with_all_parameters(client):
    first = client.get(f"{RUNS}?per_page=4&event=push")
    links = {name: link["url"] for name, link in first.links.items()}
    assert set(links) == {"next", "last"}
    assert links["next"].startswith(f"{client.root}/repositories/101/actions/runs?")
    second = client.get(links["next"])
    assert (ids(first), ids(second)) == ([6, 5, 4, 3], [1])
    assert set(second.links) == {"prev", "first"}
    assert ids(client.get(f"{RUNS}?page=50")) == []


@pytest.mark.refused_requests("pages that are no numbers")
def test_a_page_that_is_none_is_the_first(client):
    assert len(ids(client.get(f"{RUNS}?per_page=junk&page=0"))) == 6


@given(st.sampled_from(["0", "-1", "x", "", "1.5", "٣"]) | st.integers(1, 500).map(str), st.integers(0, 700))
def test_page_size_is_clamped_and_pages_cover_everything_once(per_page, total):
    size = Page.of({"per_page": per_page}).size
    assert size == (min(int(per_page), 100) if per_page.isascii() and per_page.isdigit() and int(per_page) else 30)
    pages = [Page(number, size).cut(range(total)) for number in range(1, total // size + 3)]
    assert [item for page in pages for item in page] == list(range(total))


BASE = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 5 * 86_400).map(lambda offset: BASE + timedelta(seconds=offset))


@given(st.lists(MOMENTS, max_size=30), MOMENTS, MOMENTS)
def test_created_ranges_hold_both_ends(times, low, high):
    index = RunIndex({"id": n, "created_at": timestamp(moment)} for n, moment in enumerate(times))

    def selected(text):
        return sorted(run["id"] for run in index.newest_first(*parse_range(text)))

    def expected(condition):
        return [n for n, moment in enumerate(times) if condition(moment)]

    assert selected(f"{timestamp(low)}..{timestamp(high)}") == expected(lambda at: low <= at <= high)
    assert selected(f">{timestamp(low)}") == expected(lambda at: at > low)
    assert selected(f"<={timestamp(low)}") == expected(lambda at: at <= low)
    assert selected(f"<{low:%Y-%m-%d}") == expected(lambda at: at.date() < low.date())
    assert selected(f"{low:%Y-%m-%d}") == expected(lambda at: at.date() == low.date())
    assert selected(f"{low:%Y-%m-%d}..*") == expected(lambda at: at.date() >= low.date())
    newest_first = [run["created_at"] for run in index.newest_first()]
    assert newest_first == sorted(newest_first, reverse=True)


@pytest.fixture(scope="module")
def many_runs():
    """Return 41,000 runs, ten a minute."""
    start = CLOCK - timedelta(days=5)
    template = run_payload(1, created_at=start)
    runs = [
        template | {"id": n, "created_at": timestamp(start + timedelta(seconds=6 * n)), "event": "push"}
        for n in range(41_000)
    ]
    return GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: full_repository()}, runs={REPO: runs})


def test_caps_of_run_lists(serve, many_runs):
    state = GitHubState(many_runs)
    client = serve(state)
    last = client.get(f"{RUNS}?per_page=100&page=400")
    assert last.json()["total_count"] == 40_000
    assert ids(last) == list(range(1_099, 999, -1))
    assert "next" not in last.links
    refused = client.get(f"{RUNS}?per_page=100&page=401")
    assert refused.status_code == 422
    assert refused.json()["message"].startswith("In order to keep the API fast for everyone")

    filtered = f"{RUNS}?event=push&per_page=100"
    assert client.get(filtered).json()["total_count"] == 41_000
    assert len(ids(client.get(f"{filtered}&page=10"))) == 100
    assert "next" not in client.get(f"{filtered}&page=10").links
    assert ids(client.get(f"{filtered}&page=11")) == []
    state.switches.beyond_filtered_cap = "422"
    state.switches.clamp_filtered_total = True
    assert client.get(f"{filtered}&page=11").status_code == 422
    assert client.get(filtered).json()["total_count"] == 1_000


def test_a_stale_index_hides_runs_from_filtered_lists_only(client, state):
    state.switches.stale_index = timedelta(hours=96)
    assert ids(client.get(f"{RUNS}?status=completed")) == [4, 3, 2, 1]
    assert ids(client.get(RUNS)) == [6, 5, 4, 3, 2, 1]
    state.switches.stale_index = None
    state.switches.empty_filtered_responses = 1
    assert [len(ids(client.get(f"{RUNS}?event=push"))) for _ in range(2)] == [0, 5]


def test_a_log_is_reached_by_a_signed_url_without_token(client, state):
    response = client.get(f"/repos/{REPO}/actions/jobs/31/logs")
    assert (response.status_code, response.content) == (302, b"")
    location = response.headers["Location"]
    assert not location.startswith(client.root)
    log = requests.get(location, timeout=5)
    assert log.content == state.store.storage.log(31)
    assert log.headers["Content-Type"].startswith("text/plain")
    assert requests.get(location, headers={"Authorization": "Bearer x"}, timeout=5).status_code == 400
    tampered = requests.get(location.replace("/31.txt", "/33.txt"), timeout=5)
    assert (tampered.status_code, b"AuthenticationFailed" in tampered.content) == (403, True)


def test_logs_that_are_not_there(serve, make_state):
    seconds_now = [1_000.0]
    state = make_state(now=lambda: seconds_now[0])
    client = serve(state)
    logs = f"/repos/{REPO}/actions/jobs/{{}}/logs"
    expired = client.get(logs.format(33))
    assert (expired.status_code, expired.json()["message"]) == (410, "Server Error")
    assert client.get(logs.format(61)).status_code == 404
    assert client.get(logs.format(999)).status_code == 404
    never_written = requests.get(client.get(logs.format(32)).headers["Location"], timeout=5)
    assert (never_written.status_code, b"<Code>BlobNotFound</Code>" in never_written.content) == (404, True)
    location = client.get(logs.format(31)).headers["Location"]
    seconds_now[0] = 1_061.0
    assert requests.get(location, timeout=5).status_code == 403


def test_etags_differ_by_token_and_304_is_free(serve, make_state):
    state = make_state(read_only_tokens=frozenset({"other"}))
    client = serve(state)
    first = client.get(RUNS)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    before = int(first.headers["X-RateLimit-Remaining"])
    for _ in range(3):
        again = client.get(RUNS, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert int(again.headers["X-RateLimit-Remaining"]) == before
    other = client.get(RUNS, headers={"Authorization": "Bearer other"})
    assert other.json() == first.json()
    assert other.headers["ETag"] != etag
    state.put_run(REPO, run_payload(7, created_at=CLOCK))
    changed = client.get(RUNS, headers={"If-None-Match": etag})
    assert (changed.status_code, ids(changed)[0]) == (200, 7)
    assert int(changed.headers["X-RateLimit-Remaining"]) == before - 1


def test_names_in_any_case_ids_and_former_names(serve, make_state):
    client = serve(make_state(renamed={"acme/checkout": REPO}))
    assert client.get("/repos/ACME/Payments").json()["full_name"] == REPO
    assert client.get("/repositories/101/actions/runs/3").json()["id"] == 3
    moved = client.get("/repos/acme/checkout/actions/runs?event=push&per_page=2")
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"{client.root}/repositories/101/actions/runs?event=push&per_page=2"
    assert moved.json()["message"] == "Moved Permanently"
    assert ids(client.get(moved.headers["Location"])) == [6, 5]


def test_urls_follow_the_host_asked_but_written_text_stays(client):
    text = '{"url":"https://api.github.com/x"} https://api.github.com/y'
    created = client("POST", f"/repos/{REPO}/issues/1/comments", {"body": text}).json()
    assert created["body"] == text
    assert created["url"].startswith(client.root)
    assert created["html_url"].startswith("https://github.com/")
    named = client.get(f"/repos/{REPO}", headers={"Host": "localhost:1"}).json()
    assert named["url"] == f"http://localhost:1/repos/{REPO}"


def test_gzip_only_when_asked(client):
    plain = client.get(RUNS, headers={"Accept-Encoding": "identity"})
    packed = client.get(RUNS)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content


def test_pull_requests(client):
    pulls = f"/repos/{REPO}/pulls"
    assert [pull["number"] for pull in client.get(pulls).json()] == [1]
    both = client.get(f"{pulls}?state=all&sort=updated&direction=desc").json()
    assert [pull["number"] for pull in both] == [2, 1]
    assert "merged" not in both[0]
    assert both[0]["head"]["repo"] is None
    assert [pull["number"] for pull in client.get(f"{pulls}?head=acme:feature/1").json()] == [1]
    full = client.get(f"{pulls}/2").json()
    assert (full["merged"], full["additions"], full["deletions"], full["changed_files"]) == (True, 13, 1, 2)
    assert [file["filename"] for file in client.get(f"{pulls}/2/files").json()] == ["docs/a.md", "src/b.py"]
    assert client.get(f"{pulls}/3").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 5, 1]),
        ("state=all", [3, 4, 5, 2, 1]),
        ("state=closed&milestone=1", [4, 2]),
        ("milestone=none", [5]),
        ("milestone=*&labels=BUG", [3]),
        ("labels=bug,other", []),
        ("state=all&sort=updated&direction=asc", [1, 2, 5, 4, 3]),
        ("state=all&since=2026-11-16T02:00:00Z", [3, 4]),
        ("creator=ana&assignee=none", [3, 5, 1]),
        ("creator=bob", []),
    ],
)
def test_issue_lists_hold_pull_requests_too(client, query, expected):
    response = client.get(f"/repos/{REPO}/issues?{query}")
    assert [issue["number"] for issue in response.json()] == expected


def test_the_issue_view_of_a_pull_request(client):
    view = client.get(f"/repos/{REPO}/issues/2").json()
    assert view["pull_request"]["merged_at"] is not None
    assert view["pull_request"]["url"] == f"{client.root}/repos/{REPO}/pulls/2"
    assert client.get(f"/repos/{REPO}/issues/1").json()["comments"] == 1


def test_milestones_count_issues_and_pull_requests(client):
    milestones = client.get(f"/repos/{REPO}/milestones?state=all").json()
    counts = {item["title"]: (item["open_issues"], item["closed_issues"]) for item in milestones}
    assert counts == {"Stage 7.3": (2, 2), "Stage 7.2": (0, 0)}
    assert client.get(f"/repos/{REPO}/issues/3").json()["milestone"]["open_issues"] == 2


def test_a_milestone_counts_items_that_the_content_does_not_hold(serve, make_state):
    state = make_state()
    content_milestone = state.store.repository(REPO).milestones[1]
    content = GitHubContent(
        clock=CLOCK,
        viewer=BOT,
        repositories={REPO: full_repository()},
        milestones={REPO: [content_milestone | {"open_issues": 2, "closed_issues": 118}]},
    )
    client = serve(GitHubState(content))
    client("POST", f"/repos/{REPO}/issues", {"title": "One more", "milestone": 1})
    milestone = client.get(f"/repos/{REPO}/milestones/1").json()
    assert (milestone["open_issues"], milestone["closed_issues"]) == (3, 118)


def test_pygithub_reads_everything(client):
    with Github(auth=Auth.Token(TOKEN), base_url=client.root, per_page=2, seconds_between_requests=None) as github:
        assert github.get_user().login == "roadmap-pipeline[bot]"
        repo = github.get_repo(REPO)
        assert [run.id for run in repo.get_workflow_runs()] == [6, 5, 4, 3, 2, 1]
        run = repo.get_workflow_run(3)
        assert [job.id for job in run.jobs("all")] == [31, 32, 33]
        assert run.get_attempt(1).conclusion == "failure"
        assert [file.filename for file in repo.get_pull(2).get_files()] == ["docs/a.md", "src/b.py"]
        assert [event.event for event in repo.get_issue(3).get_timeline()] == ["labeled"]
        assert repo.get_workflow_job(31).logs_url().startswith("http://127.0.0.1:")
        assert repo.get_milestone(1).due_on == datetime(2026, 12, 16, 6, tzinfo=UTC)
        assert github.get_rate_limit().resources.core.limit == 5_000


def test_the_world_can_change_between_two_reads(client, state):
    new = run_payload(7, created_at=ago(hours=1))
    state.faults.before(lambda: state.put_run(REPO, new, [job_payload(71, 7)]), path=r"/actions/runs$", skip=1)
    pages = [ids(client.get(f"{RUNS}?per_page=3&page={page}")) for page in (1, 2, 3)]
    assert pages == [[6, 5, 4], [4, 3, 2], [1]]
    assert ids(client.get(f"{RUNS}/7/jobs"), "jobs") == [71]
    state.delete_run(REPO, 7)
    assert client.get(f"{RUNS}/7").status_code == 404
    assert client.get(f"/repos/{REPO}/actions/jobs/71").status_code == 404


def test_users_are_shared_not_copied(state):
    """A run with its own copies of what it holds would take ten times the memory."""
    assert state.store.repository(REPO).runs.latest(6)["actor"] is ANA
