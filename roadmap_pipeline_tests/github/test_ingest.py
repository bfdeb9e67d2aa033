"""Ingest from the simulated GitHub into a real warehouse."""

import json
from datetime import timedelta

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.rules.own_rules import classifier_with
from roadmap_pipeline.github.dump.loading import ingest_dump
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect
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
from roadmap_sandbox.github.faults import Fault


def read(served, con, now=CLOCK, history_days=400, repositories=(REPO,), client=None):
    return ingest(client or served.client(), con, list(repositories), history_days=history_days, now=now)


def test_everything_is_read(serve, con):
    summary = read(serve(small_world()), con)
    assert summary.read == {
        "repositories": 1,
        "workflows": 1,
        "workflow_runs": 131,
        "workflow_jobs": 134,
        "job_logs": 4,
        "passing_logs": 0,
        "pull_requests": 2,
        "commits": 0,
        "issues": 2,
        "milestones": 1,
        "issue_events": 3,
        "code_owners": 0,
    }
    assert summary.canonical == {REPO: REPO}
    assert table(con, "select run_attempt, conclusion from raw.workflow_runs where run_id = 100 order by 1") == [
        (1, "failure"),
        (2, "success"),
    ]
    assert table(con, "select job_id, state from raw.job_logs order by 1") == [
        (1000, "stored"),
        (1002, "expired"),
        (1003, "missing"),
        (1004, "not_yet"),
    ]
    assert table(con, "select number, changed_files, milestone_title from raw.pull_requests order by 1") == [
        (1, ["docs/index.md", "src/app.py"], "Stage 7.3"),
        (2, None, None),
    ]
    assert table(con, "select failed_steps from raw.workflow_jobs where job_id = 1000") == [(["Run tests"],)]


def test_what_own_rules_go_by_is_kept_of_logs_and_dumps_of_logs(serve, con, tmp_path):
    """A line in the middle of a long step that none of the project's rules knows."""
    content = small_world()
    lines = ["##[group]Run ./x.sh", "##[endgroup]", *(f"quiet line {number}" for number in range(500))]
    lines[100] = "the release train blue is closed"
    content.logs = {1000: "\n".join([*lines, "##[error]Process completed with exit code 1."]).encode()}
    served = serve(content)
    (tmp_path / "own.toml").write_text(
        '[[rule]]\nid = "acme.train"\ncategory = "policy_gate"\npriority = 950\n'
        'patterns = ["release train (\\\\w+) is closed"]\nexample = "the release train blue is closed"\n'
        'negative_example = "the release train blue is open"\n'
    )
    kept = "select contains(excerpt, 'release train') from raw.job_logs where job_id = 1000"
    read(served, con)
    assert table(con, kept) == [(False,)]
    con.execute("delete from raw.job_logs")
    own = classifier_with(tmp_path / "own.toml")
    ingest(served.client(), con, [REPO], history_days=400, now=CLOCK, classifier=own)
    assert table(con, kept) == [(True,)]
    con.execute("delete from raw.job_logs")
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "1000.txt").write_bytes(content.logs[1000])
    ingest_dump(tmp_path / "dump", con, CLOCK, classifier=own)
    assert table(con, kept) == [(True,)]


def test_a_second_ingest_with_nothing_new_writes_nothing_and_asks_little(serve, con):
    served = serve(small_world())
    read(served, con)
    before = everything(con)
    served.journal()
    for _ in range(2):
        summary = read(served, con)
        assert set(summary.read.values()) == {0}
        journal = served.journal()
        assert len(journal) == summary.requests
    assert [(path, status) for _, path, status in journal if status == 200] == []  # a log that was not there: 404
    assert everything(con) == before


def test_new_runs_are_read_from_the_head_of_the_list(serve, con):
    served = serve(small_world())
    read(served, con)
    served.journal()
    served.state.put_run(REPO, run(131, ago(minutes=1)), [job(1310, 131, ago(minutes=1))])
    summary = read(served, con)
    assert (summary.read["workflow_runs"], summary.read["workflow_jobs"]) == (1, 1)
    asked = [path for _, path, status in served.journal() if "/actions/runs" in path]
    assert asked == [f"/repos/{REPO}/actions/runs", f"/repos/{REPO}/actions/runs/131/jobs"]


def test_a_rerun_of_an_old_run_is_seen_the_next_day(serve, con):
    served = serve(small_world())
    read(served, con)
    tomorrow = CLOCK + timedelta(days=1)
    again = run(1, ago(hours=130), run_attempt=2, run_started_at=tomorrow, updated_at=tomorrow, conclusion="failure")
    served.state.put_run(REPO, again, [job(13000, 1, tomorrow, run_attempt=2)])
    assert read(served, con).read["workflow_runs"] == 0
    assert read(served, con, now=tomorrow).read["workflow_runs"] == 1
    assert table(con, "select run_attempt, conclusion from raw.workflow_runs where run_id = 1 order by 1") == [
        (1, "success"),
        (2, "failure"),
    ]
    assert table(con, "select run_attempt from raw.workflow_jobs where run_id = 1 order by 1") == [(1,), (2,)]


def test_an_attempt_that_was_stored_unfinished_gets_its_end(serve, con):
    content = small_world()
    content.runs[REPO].append(run(200, ago(minutes=5), status="in_progress", conclusion=None))
    served = serve(content)
    read(served, con)
    served.state.put_run(REPO, run(200, ago(minutes=5), conclusion="failure", updated_at=CLOCK))
    served.state.put_run(
        REPO, run(200, ago(minutes=5), run_attempt=2, run_started_at=CLOCK, updated_at=CLOCK, conclusion="success")
    )
    assert read(served, con).read["workflow_runs"] == 2
    assert table(con, "select status, conclusion from raw.workflow_runs where run_id = 200 order by run_attempt") == [
        ("completed", "failure"),
        ("completed", "success"),
    ]


def test_an_unfinished_run_behind_the_tail_is_read_again_by_id(serve, con):
    content = small_world()
    content.runs[REPO].append(run(300, ago(days=20), status="in_progress", conclusion=None))
    served = serve(content)
    read(served, con)
    served.state.put_run(REPO, run(300, ago(days=20), conclusion="timed_out", updated_at=CLOCK))
    assert read(served, con).read["workflow_runs"] == 1
    assert table(con, "select conclusion from raw.workflow_runs where run_id = 300") == [("timed_out",)]


def test_a_deleted_run_is_marked_once_and_kept(serve, con):
    served = serve(small_world())
    read(served, con)
    served.state.delete_run(REPO, 50)
    tomorrow = CLOCK + timedelta(days=1)
    assert read(served, con, now=tomorrow).read["workflow_runs"] == 1
    assert table(
        con, "select run_id, deleted_upstream_at from raw.workflow_runs where deleted_upstream_at is not null"
    ) == [(50, tomorrow.replace(tzinfo=None))]
    assert read(served, con, now=tomorrow + timedelta(days=1)).read["workflow_runs"] == 0


def test_runs_that_come_and_go_between_two_pages_are_not_missed(serve, con):
    served = serve(small_world())
    page_2 = {"method": "GET", "path": r"/actions/runs$", "skip": 1}
    served.state.faults.before(lambda: served.state.delete_run(REPO, 120), **page_2)
    served.state.faults.before(lambda: served.state.delete_run(REPO, 121), **page_2)
    read(served, con)
    assert table(con, "select count(distinct run_id) from raw.workflow_runs where run_id not in (120, 121)") == [(128,)]


def test_history_limits_runs_and_closed_pull_requests_only(serve, con):
    read(serve(small_world()), con, history_days=2)
    assert table(con, "select min(created_at) >= ? from raw.workflow_runs", ago(days=2).replace(tzinfo=None)) == [
        (True,)
    ]
    assert table(con, "select number from raw.pull_requests order by 1") == [(1,), (2,)]
    assert table(con, "select number from raw.issues order by 1") == [(5,), (6,)]
    assert table(con, "select number from raw.milestones") == [(3,)]


def test_changes_of_pull_requests_issues_and_milestones_are_followed(serve, con):
    served = serve(small_world())
    read(served, con)
    served.state.clock = CLOCK + timedelta(hours=2)
    served.state.request("PATCH", f"/repos/{REPO}/issues/6", {"state": "closed", "state_reason": "completed"})
    served.state.request("PATCH", f"/repos/{REPO}/issues/2", {"title": "Renamed"})
    served.state.request("POST", f"/repos/{REPO}/milestones", {"title": "Stage 8"})
    read(served, con)
    assert table(con, "select state, state_reason from raw.issues where number = 6") == [("closed", "completed")]
    assert table(con, "select title from raw.pull_requests where number = 2") == [("Renamed",)]
    assert table(con, "select title, open_issues, closed_issues from raw.milestones order by number") == [
        ("Stage 7.3", 0, 2),
        ("Stage 8", 0, 0),
    ]
    assert table(con, "select event from raw.issue_events where issue_number = 6 order by event_id")[-1] == ("closed",)
    number = table(con, "select number from raw.milestones where title = 'Stage 8'")[0][0]
    served.state.request("DELETE", f"/repos/{REPO}/milestones/{number}")
    summary = read(served, con)
    assert table(con, "select title from raw.milestones") == [("Stage 7.3",)]
    assert any("deleted" in note for note in summary.notes)


def test_many_issues_changed_within_one_second_are_all_read(serve, con):
    content = small_world()
    content.issues[REPO] = [issue(n, updated_at=ago(days=9)) for n in range(10, 260)]
    content.issues[REPO] += [issue(n, updated_at=ago(days=8, seconds=-n)) for n in range(300, 420)]
    read(serve(content), con)
    assert table(con, "select count(*) from raw.issues") == [(370,)]


def test_a_renamed_repository_keeps_its_rows(serve, tmp_path, con):
    read(serve(small_world()), con)
    content = small_world()
    renamed = payloads.repository(
        "acme/pay", 101, FULL["owner"], created_at=ago(days=900), updated_at=ago(days=1), pushed_at=ago(days=1)
    )
    moved = type(content)(
        clock=content.clock,
        viewer=content.viewer,
        repositories={"acme/pay": renamed},
        runs={"acme/pay": content.runs[REPO]},
        jobs={"acme/pay": content.jobs[REPO]},
        logs=content.logs,
    )
    served = serve(moved, renamed={REPO: "acme/pay"})
    summary = read(served, con)
    assert summary.canonical == {REPO: "acme/pay"}
    assert any("acme/pay" in note for note in summary.notes)
    assert table(con, "select distinct repo from raw.workflow_runs") == [("acme/pay",)]
    assert table(con, "select count(*) from raw.workflow_runs") == [(131,)]
    assert table(con, "select repo from raw.repositories") == [("acme/pay",)]


def test_all_unknown_repositories_are_named_at_once(serve, con):
    with pytest.raises(ConfigurationError) as caught:
        read(serve(small_world()), con, repositories=("acme/one", "acme/two"))
    assert ["acme/one" in caught.value.problems[0], "acme/two" in caught.value.problems[1]] == [True, True]


def test_a_quota_that_ends_midway_loses_nothing(serve, tmp_path):
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "resumed.duckdb") as con:
        stopped = 0
        for skip in (3, 30, 30, 2, 5):
            served.state.faults.add(Fault("rate_limit", 403, 3600), skip=skip)
            stopped += read(served, con).paused is not None
            served.state.faults.clear()
        read(served, con)
        assert stopped >= 4
        assert everything(con) == undisturbed


@pytest.mark.parametrize("path", [r"/jobs/\d+/logs", "/annotations"])
def test_a_quota_that_ends_among_logs_is_not_taken_for_a_missing_right(serve, tmp_path, path):
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "resumed.duckdb") as con:
        served.state.faults.add(Fault("rate_limit", 403, 3600), path=path)
        paused = read(served, con).paused
        assert paused is not None and "try again in 60 min" in paused
        assert read(served, con).notes == []
        assert everything(con) == undisturbed


@pytest.mark.slow
def test_random_faults_change_nothing(serve, tmp_path):
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    kinds = [Fault("secondary_limit", 429, 0), "bad_gateway", "drop", "drop_after_commit"]
    served.state.faults.randomly(0.2, seed=3, kinds=kinds)
    with connect(tmp_path / "disturbed.duckdb") as con:
        for _ in range(5):
            if not read(served, con).notes:
                break
        assert everything(con) == undisturbed
    assert len(served.state.faults.injected) > 20


def test_pull_requests_merged_later_get_their_files(serve, con):
    content = small_world()
    served = serve(content)
    read(served, con)
    later = pull_request(
        2, updated_at=ago(minutes=1), state="closed", closed_at=ago(minutes=1), merged_at=ago(minutes=1)
    )
    content.pull_requests[REPO][1] = later
    content.pull_request_files[REPO, 2] = [payloads.pull_request_file(FULL, "README.md", head_sha="b" * 40)]
    read(serve(content), con)
    assert table(con, "select changed_files from raw.pull_requests where number = 2") == [(["README.md"],)]
    assert table(con, "select changed_files from raw.pull_requests where number = 1") == [
        (["docs/index.md", "src/app.py"],)
    ]


def test_runs_that_a_dump_left_without_jobs_get_them(serve, con, tmp_path):
    content = small_world()
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "runs.json").write_text(json.dumps(content.runs[REPO]))
    ingest_dump(tmp_path / "dump", con, CLOCK)
    served = serve(content)
    assert read(served, con).read["workflow_jobs"] == 134
    assert set(read(served, con).read.values()) == {0}


def test_foreign_pull_requests_of_a_commit_are_not_linked(serve, con):
    content = small_world()
    own = payloads.run_pull_request(content.pull_requests[REPO][0])
    foreign = {**own, "number": 77, "base": {**own["base"], "repo": {**own["base"]["repo"], "id": 999}}}
    content.runs[REPO].append(run(400, ago(minutes=3), event="pull_request", pull_requests=[foreign, own], actor=ANA))
    read(serve(content), con)
    assert table(con, "select pull_request_numbers from raw.workflow_runs where run_id = 400") == [([1],)]


def test_a_budget_ends_the_reading_with_a_note_and_the_next_one_goes_on(serve, tmp_path):
    served = serve(small_world())
    with connect(tmp_path / "undisturbed.duckdb") as con:
        read(served, con)
        undisturbed = everything(con)
    with connect(tmp_path / "resumed.duckdb") as con:
        charged = []
        for _ in range(20):
            client = served.client()
            with client.spending_at_most(25):
                summary = read(served, con, client=client)
            charged.append(client.charged)
            if not any("github_requests_per_run" in note for note in summary.notes):
                break
            failed = table(con, "select run_id from raw.workflow_runs where conclusion = 'failure'")
            with_jobs = {run_id for (run_id,) in table(con, "select distinct run_id from raw.workflow_jobs")}
            assert {run_id for (run_id,) in failed} <= with_jobs or len(with_jobs) == 0  # what failed comes first
        assert max(charged) <= 25
        assert len(charged) > 3
        assert everything(con) == undisturbed


def test_what_failed_and_is_new_is_read_first(serve, con, monkeypatch):
    monkeypatch.setattr(
        "roadmap_pipeline.github.ingest.repositories.WORKERS", 1
    )  # several threads overtake one another
    content = small_world()
    content.runs[REPO][39] = run(40, ago(hours=91), conclusion="failure")
    served = serve(content)
    read(served, con)
    asked = [path for _, path, _ in served.journal() if path.endswith("/jobs")]
    # one was run again and one failed; the rest follows, newest first
    rest = [number for number in range(130, 0, -1) if number not in (100, 40)]
    assert [int(path.split("/")[-2]) for path in asked] == [100, 40, *rest]


def test_several_repositories_are_read_and_one_that_fails_does_not_hold_up_the_others(serve, con):
    content = small_world()
    others = [f"acme/service-{n}" for n in range(6)]
    for n, name in enumerate(others):
        content.repositories[name] = payloads.repository(
            name, 200 + n, FULL["owner"], created_at=ago(days=900), updated_at=ago(days=1), pushed_at=ago(days=1)
        )
    served = serve(content)
    served.state.faults.add(Fault("refusal", 404), path="^/repos/acme/service-2$", times=100)
    summary = read(served, con, repositories=(*others, REPO))
    assert list(summary.unreadable) == ["acme/service-2"]
    assert "grant GITHUB_TOKEN access" in summary.unreadable["acme/service-2"] or "grant access" in str(
        summary.unreadable
    )
    assert table(con, "select count(*) from raw.workflow_runs") == [(131,)]
    served.state.faults.clear()
    assert len(read(served, con, repositories=(*others, REPO)).canonical) == 7
    assert len(table(con, "select repo from raw.repositories")) == 7


def test_a_repository_renamed_while_it_is_read_is_read_under_its_new_name(serve, con):
    served = serve(small_world())
    served.state.faults.before(
        lambda: served.state.activity.rename(REPO, "acme/pay"), path=r"/actions/runs/\d+/jobs$", skip=9
    )
    summary = read(served, con)
    assert any("acme/pay" in note for note in summary.notes)
    assert table(con, "select repo, count(distinct run_id) from raw.workflow_runs group by repo") == [("acme/pay", 130)]
    assert table(con, "select count(*) from raw.workflow_jobs") == [(134,)]


def test_a_name_that_another_repository_has_taken_keeps_both_apart(serve, con):
    content = small_world()
    served = serve(content)
    read(served, con)
    served.state.activity.rename(REPO, "acme/payments-old")
    taken = payloads.repository(
        REPO, 999, FULL["owner"], created_at=ago(days=1), updated_at=ago(days=1), pushed_at=ago(days=1)
    )
    second = serve(
        type(content)(
            clock=CLOCK,
            viewer=content.viewer,
            repositories={REPO: taken, "acme/payments-old": {**FULL, "full_name": "acme/payments-old"}},
        )
    )
    summary = read(second, con)
    assert any("another repository" in note for note in summary.notes)
    assert sorted(table(con, "select repo, repository_id from raw.repositories")) == [
        ("acme/payments", 999),
        ("acme/payments-old", 101),
    ]
    assert table(con, "select distinct repo from raw.workflow_runs") == [("acme/payments-old",)]


def test_a_dump_of_the_same_records_gives_the_same_rows(serve, tmp_path):
    content = small_world()
    folder = tmp_path / "dump"
    folder.mkdir()
    served = serve(content)
    with connect(tmp_path / "read.duckdb") as con:
        read(served, con)
        over_http = everything(con)
        payload_tables = ("workflow_runs", "workflow_jobs", "issues", "milestones", "issue_events")
        over_http_payloads = {name: sorted(table(con, f"select payload from raw.{name}")) for name in payload_tables}
    # what GitHub itself would answer, list by list
    for name, path in (
        ("repository", f"/repos/{REPO}"),
        *((f"runs{page}", f"/repos/{REPO}/actions/runs?per_page=100&page={page}") for page in (1, 2)),
        ("attempt", f"/repos/{REPO}/actions/runs/100/attempts/1"),
        *((f"jobs{n}", f"/repos/{REPO}/actions/runs/{n}/jobs?filter=all") for n in range(1, 131)),
        ("pulls", f"/repos/{REPO}/pulls?state=all"),
        ("issues", f"/repos/{REPO}/issues?state=all"),
        ("milestones", f"/repos/{REPO}/milestones?state=all"),
        ("events", f"/repos/{REPO}/issues/events"),
    ):
        status, answer = served.state.request("GET", path)
        assert status == 200
        (folder / f"{name}.json").write_text(json.dumps(answer))
    (folder / "1000.txt").write_bytes(content.logs[1000])
    with connect(tmp_path / "dumped.duckdb") as con:
        ingest_dump(folder, con, CLOCK)
        from_dump = everything(con)
        from_dump_payloads = {name: sorted(table(con, f"select payload from raw.{name}")) for name in payload_tables}
    for name in ("repositories", *payload_tables):
        assert from_dump[name] == over_http[name], name
    # addresses within the answers name the server that gave them
    for name in payload_tables:
        plain = [payload.replace(served.base_url, "https://api.github.com") for (payload,) in over_http_payloads[name]]
        assert sorted(plain) == sorted(payload for (payload,) in from_dump_payloads[name]), name


def test_a_list_without_items_has_been_read_too(serve, con):
    """Many repositories have no runs: that is known then, and what comes later is read."""
    content = small_world()
    content.runs[REPO], content.jobs[REPO], content.issue_events[REPO] = [], [], []
    served = serve(content)
    read(served, con)
    covered = "select walk, covered_from, covered_to from raw.read_coverage where walk in ('runs', 'issue_events')"
    beginning = ago(days=400).replace(tzinfo=None)
    assert sorted(table(con, covered)) == [("issue_events", beginning, beginning), ("runs", beginning, beginning)]
    read(served, con, now=CLOCK + timedelta(days=1))
    assert len(table(con, covered)) == 2
    served.state.put_run(REPO, run(131, ago(days=30)), [])
    read(served, con, now=CLOCK + timedelta(days=1))
    assert table(con, "select run_id from raw.workflow_runs") == [(131,)]
