"""Commits of pull requests that no run tested: which are asked for, how often, and what is kept of them."""

import json

import pytest

from roadmap_pipeline.github.dump.loading import ingest_dump
from roadmap_pipeline.github.ingest import commits
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.sandbox import load_recording
from roadmap_pipeline_tests.github.conftest import (
    ANA,
    BOT,
    CLOCK,
    FULL,
    REPO,
    ago,
    everything,
    job,
    pull_request,
    run,
    table,
)
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.faults import Fault

FIXER = payloads.user("autofix-ci[bot]", 12, type="Bot")
FAILED, BY_BOT, BY_PERSON = "a" * 40, "b" * 40, "c" * 40


def commit(sha, *parents, author=ANA, hours=2, **changes):
    fields = {
        "message": "Change something",
        "author": author,
        "author_name": author["login"] if author else "Nobody",
        "email": "x@example.org",
        "at": ago(hours=hours),
        **changes,
    }
    return payloads.commit(FULL, sha, parents=parents, **fields)


def one_pull_request(head=BY_BOT, conclusion="failure", **changes):
    """Return a run of the first commit, and a pull request that has moved on to ``head``."""
    content = GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL})
    failed = {"head_sha": FAILED, "head_branch": "feature/1", "event": "pull_request", "conclusion": conclusion}
    content.runs[REPO] = [run(1, ago(hours=4), **failed)]
    content.jobs[REPO] = [job(10, 1, ago(hours=4), conclusion=conclusion)]
    content.pull_requests[REPO] = [pull_request(1, updated_at=ago(hours=2), head_sha=head, **changes)]
    content.commits[REPO] = [
        commit(FAILED, "0" * 40, hours=5),
        commit(BY_BOT, FAILED, author=FIXER, message="[autofix.ci] apply automated fixes"),
        commit(BY_PERSON, BY_BOT, hours=1, message="Reword [skip ci]"),
    ]
    return content


def read(served, con):
    served.journal()
    return ingest(served.client(), con, [REPO], history_days=400, now=CLOCK)


def asked(served):
    return [path.removeprefix(f"/repos/{REPO}") for _, path, _ in served.journal() if "/commits" in path]


def test_who_made_a_commit_and_on_what_is_kept(serve, con):
    served = serve(one_pull_request())
    assert read(served, con).read["commits"] == 2
    assert asked(served) == ["/pulls/1/commits"]
    assert table(
        con,
        "select sha, pull_request_numbers, parents, author, author_type, committer, message, committed_at"
        " from raw.commits order by sha desc",
    ) == [
        (
            BY_BOT, [1], [FAILED], "autofix-ci[bot]", "Bot", "autofix-ci[bot]", "[autofix.ci] apply automated fixes",
            ago(hours=2).replace(tzinfo=None),
        ),
        (FAILED, [1], ["0" * 40], "ana", "User", "ana", "Change something", ago(hours=5).replace(tzinfo=None)),
    ]  # fmt: skip


def test_they_are_read_once_for_each_latest_commit(serve, con):
    served = serve(one_pull_request())
    read(served, con)
    before = everything(con)
    assert set(read(served, con).read.values()) == {0}
    assert asked(served) == []
    assert everything(con) == before
    served.state.activity.put_pull_request(REPO, pull_request(1, updated_at=ago(minutes=1), head_sha=BY_PERSON))
    assert read(served, con).read["commits"] == 1
    assert asked(served) == ["/pulls/1/commits"]
    read(served, con)
    assert asked(served) == []


@pytest.mark.parametrize(
    ("head", "conclusion", "changes"),
    [
        pytest.param(FAILED, "failure", {}, id="the latest commit was tested"),
        pytest.param(BY_BOT, "success", {}, id="nothing failed"),
        pytest.param(BY_BOT, "cancelled", {}, id="it was only called off"),
        pytest.param(BY_BOT, "failure", {"head_ref": "other"}, id="another branch failed"),
        pytest.param(BY_BOT, "failure", {"fork_is_gone": True}, id="the fork is gone"),
    ],
)
def test_others_are_not_asked_for(serve, con, head, conclusion, changes):
    served = serve(one_pull_request(head, conclusion, **changes))
    read(served, con)
    assert asked(served) == []


@pytest.mark.parametrize("conclusion", ["timed_out", "startup_failure"])
def test_whatever_counts_as_failed_makes_them_wanted(serve, con, conclusion):
    content = one_pull_request(conclusion=conclusion)
    if conclusion == "startup_failure":
        content.jobs[REPO] = []
    served = serve(content)
    read(served, con)
    assert asked(served) == ["/pulls/1/commits"]


def test_a_commit_of_two_pull_requests_is_kept_once_with_both(serve, con):
    content = one_pull_request()
    second = pull_request(2, updated_at=ago(hours=1), head_sha=BY_PERSON, head_ref="feature/2")
    content.pull_requests[REPO].append(second)
    more = {"head_sha": "d" * 40, "head_branch": "feature/2", "event": "pull_request", "conclusion": "failure"}
    content.runs[REPO].append(run(2, ago(hours=3), **more))
    served = serve(content)
    read(served, con)
    assert sorted(asked(served)) == ["/pulls/1/commits", "/pulls/2/commits"]
    assert dict(table(con, "select sha, pull_request_numbers from raw.commits")) == {
        FAILED: [1, 2], BY_BOT: [1, 2], BY_PERSON: [2]
    }  # fmt: skip
    # a third one comes later, by a request of its own
    third = pull_request(3, updated_at=ago(minutes=1), head_sha=BY_BOT, head_ref="feature/3")
    served.state.activity.put_pull_request(REPO, third)
    served.state.put_run(REPO, run(3, ago(hours=3), **more | {"head_branch": "feature/3"}))
    read(served, con)
    assert asked(served) == ["/pulls/3/commits"]
    assert dict(table(con, "select sha, pull_request_numbers from raw.commits"))[FAILED] == [1, 2, 3]


def test_of_more_commits_than_github_lists_the_latest_is_read_by_itself(serve, con):
    content = one_pull_request(head=f"{300:040x}")
    content.commits[REPO] = [commit(f"{n:040x}", f"{n - 1:040x}" if n > 1 else "0" * 40) for n in range(1, 301)]
    served = serve(content)
    summary = read(served, con)
    assert asked(served) == ["/pulls/1/commits"] * 3 + [f"/commits/{300:040x}"]
    assert table(con, "select count(*), bool_or(sha = ?) from raw.commits", f"{300:040x}") == [
        (commits.LISTED_AT_MOST + 1, True)
    ]
    assert [note for note in summary.notes if "250 commits" in note and f"{REPO}#1" in note]
    read(served, con)
    assert asked(served) == []


def test_a_branch_that_moved_on_while_it_was_read_is_read_again_next_time(serve, con):
    served = serve(one_pull_request())
    moved = pull_request(1, updated_at=ago(minutes=1), head_sha="e" * 40)
    served.state.activity.put_commit(REPO, commit("e" * 40, "0" * 40))
    served.state.faults.before(
        lambda: served.state.activity.put_pull_request(REPO, moved), method="GET", path="/pulls/1/commits"
    )
    read(served, con)
    assert asked(served) == ["/pulls/1/commits", f"/commits/{BY_BOT}"]
    read(served, con)
    assert asked(served) == []  # the new latest commit came with the first list
    assert table(con, "select sha from raw.commits order by all") == [(BY_BOT,), ("e" * 40,)]


def test_an_author_without_an_account_is_kept_by_name(serve, con):
    content = one_pull_request()
    content.commits[REPO][1] = commit(
        BY_BOT, FAILED, author=None, author_name="pre-commit-ci[bot]", committer_name="GitHub",
        committer=payloads.user("web-flow", 19), committed_at=ago(hours=1),
    )  # fmt: skip
    read(serve(content), con)
    assert table(
        con,
        "select author, author_name, committer, committer_name, authored_at, committed_at from raw.commits"
        " where sha = ?",
        BY_BOT,
    ) == [
        (None, "pre-commit-ci[bot]", "web-flow", "GitHub", ago(hours=2).replace(tzinfo=None),
         ago(hours=1).replace(tzinfo=None)),
    ]  # fmt: skip


def test_they_follow_a_repository_to_its_new_name(serve, con):
    served = serve(one_pull_request())
    read(served, con)
    served.state.activity.rename(REPO, "acme/pay")
    read(served, con)
    assert asked(served) == []
    assert table(con, "select distinct repo from raw.commits") == [("acme/pay",)]


def unread(con):
    return table(con, "select item, status from raw.read_failures where endpoint = 'commits' order by all")


def refuse(served, number, status):
    """From now on the list of this pull request's commits is not there, or fails."""
    path = rf"/pulls/{number}/commits"
    if status >= 500:
        served.state.faults.add(Fault("bad_gateway", status), path=path, times=99)
        return
    pulls, held = served.state.store.repository(REPO).pulls, {}
    served.state.faults.before(lambda: held.update({number: pulls.pop(number)}), path=path, times=99)
    served.state.faults.after(lambda: pulls.update(held), path=path, times=99)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("status", [404, 500, 503])
def test_commits_that_are_refused_cost_only_themselves(serve, con, status):
    content = one_pull_request()
    content.pull_requests[REPO].append(pull_request(2, updated_at=ago(hours=1), head_sha=BY_PERSON, head_ref="other"))
    more = {"head_sha": "d" * 40, "head_branch": "other", "event": "pull_request", "conclusion": "failure"}
    content.runs[REPO].append(run(2, ago(hours=3), **more))
    served = serve(content)
    refuse(served, 1, status)
    summary = read(served, con)
    assert (unread(con), summary.unreadable) == ([("1", status)], {})
    assert any("commits of pull requests" in note for note in summary.notes)
    assert table(con, "select distinct pull_request_numbers from raw.commits") == [([2],)]
    served.state.faults.clear()
    read(served, con)
    assert unread(con) == []
    assert table(con, "select pull_request_numbers from raw.commits where sha = ?", BY_BOT) == [([1, 2],)]


def test_what_was_listed_is_kept_when_the_latest_commit_is_gone(serve, con):
    """Its branch was pushed over between the list of pull requests and that of the commits."""
    served = serve(one_pull_request(head="f" * 40))
    moved = pull_request(1, updated_at=ago(minutes=1), head_sha=BY_PERSON)
    served.state.faults.before(
        lambda: served.state.activity.put_pull_request(REPO, moved), method="GET", path="/pulls/1/commits"
    )
    assert read(served, con).read["commits"] == 3
    assert asked(served) == ["/pulls/1/commits", f"/commits/{'f' * 40}"]
    assert unread(con) == [("1", 422)]
    read(served, con)
    assert (asked(served), unread(con)) == ([], [])


def test_a_pull_request_that_moved_on_to_a_tested_commit_is_no_failure_any_more(serve, con):
    served = serve(one_pull_request())
    refuse(served, 1, 404)
    read(served, con)
    assert unread(con) == [("1", 404)]
    served.state.put_run(REPO, run(2, ago(hours=1), head_sha=BY_BOT, head_branch="feature/1"))
    read(served, con)
    assert unread(con) == []


@pytest.fixture
def dumped(tmp_path):
    """Return a folder with what GitHub answers for one pull request."""
    content = one_pull_request()
    for name in ("repositories", "runs", "jobs", "pull_requests", "commits"):
        found = getattr(content, name)[REPO]
        (tmp_path / "dump" / f"{name}.json").parent.mkdir(exist_ok=True)
        (tmp_path / "dump" / f"{name}.json").write_text(json.dumps(found))
    return tmp_path / "dump"


def test_commits_of_a_dump_are_stored_without_their_pull_request(dumped, con):
    summary = ingest_dump(dumped, con, CLOCK)
    assert (summary.read["commits"], summary.notes) == (3, [])
    assert table(con, "select repo, sha, pull_request_numbers, parents from raw.commits order by sha") == [
        (REPO, FAILED, [], ["0" * 40]), (REPO, BY_BOT, [], [FAILED]), (REPO, BY_PERSON, [], [BY_BOT])
    ]  # fmt: skip


def test_a_replayed_dump_answers_with_its_commits(dumped, serve, con):
    content, report = load_recording(dumped)
    assert report.served["commit"] == 3
    read(serve(content), con)
    assert table(con, "select sha, pull_request_numbers from raw.commits order by sha") == [
        (FAILED, [1]), (BY_BOT, [1])
    ]  # fmt: skip


def test_a_dump_takes_away_nothing_that_was_read(dumped, serve, con):
    read(serve(one_pull_request()), con)
    ingest_dump(dumped, con, CLOCK)
    assert dict(table(con, "select sha, pull_request_numbers from raw.commits")) == {
        FAILED: [1], BY_BOT: [1], BY_PERSON: []
    }  # fmt: skip
