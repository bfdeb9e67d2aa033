"""Folders of recorded payloads into the warehouse."""

import gzip
import io
import json
import random
import tarfile
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.stored_jobs import classify_failures
from roadmap_pipeline.github.dump.loading import ingest_dump, read_dump
from roadmap_pipeline.github.payloads.shapes import Kind, find_records
from roadmap_pipeline_tests.github.conftest import (
    ANA,
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
from roadmap_sandbox import payloads

READ_AT = datetime(2026, 11, 16, 6, tzinfo=UTC)
LOG = b"2026-11-15T00:00:00.0000000Z ##[error]Process completed with exit code 1.\n"


def write(folder, name, *values, separator="\n"):
    text = separator.join(json.dumps(value) for value in values).encode()
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)


def load(folder, con):
    return ingest_dump(folder, con, READ_AT)


def test_every_arrangement_of_files_is_read(tmp_path, con):
    served = small_world()
    folder = tmp_path / "dump"
    runs, jobs = served.runs[REPO], served.jobs[REPO]
    write(
        folder,
        "a.json",
        {"total_count": 131, "workflow_runs": runs[:40]},
        {"total_count": 131, "workflow_runs": runs[40:]},
    )
    write(folder, "deep/er/b.jsonl.gz", *jobs[:60])
    write(folder, "b.json.gz", {"total_count": 9, "jobs": jobs[60:100]}, separator="")
    write(folder, "c.ndjson", *({"action": "completed", "workflow_job": item, "sender": ANA} for item in jobs[100:]))
    write(folder, "d.json", served.pull_requests[REPO], served.issues[REPO], separator="")
    write(folder, "e.json", {str(item["number"]): item for item in served.milestones[REPO]})
    write(folder, "f.json", served.issue_events[REPO], [], FULL)
    summary = load(folder, con)
    assert summary.read == {
        "repositories": 1,
        "workflows": 1,
        "workflow_runs": 131,
        "workflow_jobs": 134,
        "job_logs": 0,
        "passing_logs": 0,
        "pull_requests": 3,
        "commits": 0,
        "issues": 2,
        "milestones": 1,
        "issue_events": 3,
        "code_owners": 0,
    }
    assert summary.notes == []
    assert summary.requests == 0
    assert set(load(folder, con).read.values()) == {0}


@pytest.mark.parametrize(
    "told",
    [
        "##[error]The job running on runner GitHub Actions 5 has exceeded the maximum execution time of 15 minutes.",
        "##[error]The job has exceeded the maximum execution time of 6h0m0s",
        "The job has exceeded the maximum execution time of 15m0s",
    ],
)
def test_the_log_of_a_cancelled_job_tells_whether_it_timed_out(tmp_path, con, told):
    folder = tmp_path / "dump"
    write(folder, "runs.json", *(run(n, ago(days=2), conclusion="cancelled") for n in (1, 2)))
    write(folder, "jobs.json", *(job(10 * n, n, ago(days=2), conclusion="cancelled") for n in (1, 2)))
    stamp, canceled = "2026-11-14T06:15:0", "##[error]The operation was canceled."
    before = "".join(f"2026-11-14T06:00:0{n}.0000000Z line {n}\n" for n in range(10))
    (folder / "10.txt").write_text(f"{before}{stamp}1.0000000Z {told}\n{stamp}2.0000000Z {canceled}\n")
    (folder / "20.log").write_text(f"{before}{stamp}2.0000000Z {canceled}\n")
    summary = load(folder, con)
    assert (summary.read["job_logs"], summary.notes) == (2, [])
    classify_failures(con)
    judged = table(con, "select job_id, category, evidence from derived.failure_verdicts")
    assert judged == [(10, "timeout", told.removeprefix("##[error]"))]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_records_are_packed_they_are_all_found(seed, tmp_path_factory):
    chance = random.Random(seed)
    served = small_world()
    shelves = (served.runs, served.jobs, served.pull_requests, served.issues, served.milestones, served.issue_events)
    things = [item for shelf in shelves for item in shelf[REPO]]
    chance.shuffle(things)
    folder = tmp_path_factory.mktemp("packed")
    number = 0
    while things:
        taken = [things.pop() for _ in range(min(len(things), chance.randint(1, 60)))]
        kind = chance.randrange(4)
        name = f"{number}.{'jsonl' if kind == 0 else 'json'}{chance.choice(['', '.gz'])}"
        values = {0: taken, 1: [taken], 2: [{"total_count": len(taken), "items": taken}], 3: taken}[kind]
        write(folder, name, *values, separator="\n" if kind == 0 else chance.choice(["", "\n", "\r\n  "]))
        number += 1
    found = read_dump(folder).records
    counts = {kind: len(items) for kind, items in found.items() if items}
    assert counts == {
        Kind.RUN: 131,
        Kind.JOB: 134,
        Kind.PULL_REQUEST: 3,
        Kind.ISSUE: 2,
        Kind.MILESTONE: 1,
        Kind.ISSUE_EVENT: 3,
    }


def test_of_several_records_of_one_thing_the_newest_counts(tmp_path, con):
    folder = tmp_path / "dump"
    new = pull_request(7, updated_at=ago(days=1), title="new")
    write(folder, "1.json", new)
    write(folder, "2.json", pull_request(7, updated_at=ago(days=3), title="old"))
    write(
        folder,
        "3.json",
        run(5, ago(days=2)),
        run(5, ago(days=2), run_attempt=2),
        run(5, ago(days=2), updated_at=ago(days=1)),
    )
    assert load(folder, con).read["pull_requests"] == 1
    assert table(con, "select title from raw.pull_requests") == [("new",)]
    assert table(con, "select run_attempt from raw.workflow_runs order by 1") == [(1,), (2,)]
    (folder / "1.json").unlink()
    assert load(folder, con).read["pull_requests"] == 0  # what is stored is newer
    assert table(con, "select title from raw.pull_requests") == [("new",)]


def test_jobs_without_their_run_and_repositories_told_by_addresses(tmp_path, con):
    write(tmp_path / "dump", "jobs.json", job(5, 8, ago(days=900)))
    summary = load(tmp_path / "dump", con)
    assert summary.read["workflow_jobs"] == 1
    assert table(con, "select repo, run_id from raw.workflow_jobs") == [(REPO, 8)]


def test_the_default_branch_is_that_of_scheduled_runs_where_nothing_tells_it(tmp_path, con):
    write(tmp_path / "dump", "runs.json", run(5, ago(days=2), event="schedule", head_branch="trunk"))
    load(tmp_path / "dump", con)
    assert table(con, "select repo, repository_id, default_branch from raw.repositories") == [(REPO, 101, "trunk")]


def test_what_is_not_stored_is_named_file_by_file(tmp_path, con):
    folder = tmp_path / "dump"
    commit = {"sha": "a" * 40, "node_id": "C_1", "url": "https://api.github.com/repos/a/b/commits/a", "author": ANA}
    write(folder, "mixed.json", [run(5, ago(days=2)), commit, commit, {"message": "Not Found"}])
    write(folder, "views.json", issue(3, updated_at=ago(days=1), pull_request=pull_request(3, updated_at=ago(days=1))))
    nowhere = {**run(6, ago(days=2)), "repository": None, "url": None, "html_url": None}
    write(folder, "nowhere.json", nowhere, {**run(7, ago(days=2)), "created_at": "yesterday"})
    comment = payloads.comment(FULL, id=4, number=3, user=ANA, body="hello", created_at=ago(days=1))
    write(folder, "comments.json", comment)
    (folder / "notes.md").write_text("not a record")
    (folder / "77.log").write_bytes(LOG)
    summary = load(folder, con)
    assert {table: n for table, n in summary.read.items() if n} == {
        "repositories": 1,
        "workflows": 1,
        "workflow_runs": 1,
    }
    notes = "\n".join(summary.notes)
    assert "mixed.json: 2 not stored (no kind has this shape: sha" in notes
    assert "mixed.json: 1 not stored (no kind has this shape: message)" in notes
    assert "views.json: 1 not stored (view of a pull request" in notes
    assert "nowhere.json: 1 not stored (nothing tells its repository), number 1" in notes
    assert "nowhere.json: 1 not stored (its created_at can't be used), number 2" in notes
    assert "comments.json: 1 not stored (comment" in notes
    assert "77.log: 1 not stored (no job 77 is known)" in notes
    assert "notes.md" in notes


def test_broken_files_are_all_named_with_the_place(tmp_path, con):
    folder = tmp_path / "dump"
    write(folder, "good.json", run(5, ago(days=2)))
    (folder / "cut.json").write_text('[{"id": 1},\n {"id": ')
    (folder / "lines.jsonl").write_text('\n{"id": nope}\n')
    (folder / "cut.json.gz").write_bytes(gzip.compress(b"[]" * 5000)[:9])
    (folder / "empty.json").write_text(" ")
    (folder / "empty.jsonl").write_bytes(b"\xff\xfe\n\0")
    (folder / "logs.zip").write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError) as caught:
        load(folder, con)
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 6
    assert "cut.json: line 2, column 9 is not JSON" in problems
    assert "lines.jsonl: line 2, column" in problems
    assert "cut.json.gz: it can't be read" in problems
    assert "empty.jsonl: it is empty" in problems
    assert table(con, "select count(*) from raw.workflow_runs") == [(0,)]


def test_of_a_file_that_is_broken_in_one_place_the_rest_is_stored(tmp_path, con):
    folder = tmp_path / "dump"
    folder.mkdir()
    runs = [json.dumps(run(n, ago(days=2))) for n in range(1, 6)]
    (folder / "lines.jsonl").write_text(f"{runs[0]}\n{{nope\n{runs[1]}\n")
    (folder / "pages.json").write_text(f"{runs[2]}{{nope")
    lines = "\n".join([runs[4], *(json.dumps({"sha": "a" * n, "url": "x"}) for n in range(900))]).encode()
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(lines)[:-200])
    summary = load(folder, con)
    assert table(con, "select run_id from raw.workflow_runs order by 1") == [(1,), (2,), (3,), (5,)]
    notes = "\n".join(summary.notes)
    assert "lines.jsonl: 1 not stored (line 2, column 2 is not JSON: " in notes
    assert f"pages.json: 1 not stored (line 1, column {len(runs[2]) + 2} is not JSON: " in notes
    assert "cut.jsonl.gz: 1 not stored (it can't be read (" in notes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("name", ["runs.json", "runs.jsonl", "runs.json.gz"])
def test_json_in_every_encoding(tmp_path, con, encoding, name):
    title = "Größe – überschritten" if encoding == "cp1252" else "Größe 🎉 überschritten"
    values = [json.dumps(run(n, ago(days=2), display_title=title), ensure_ascii=False) for n in (1, 2)]
    data = "\r\n".join(values).encode(encoding)
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    summary = load(folder, con)
    assert table(con, "select run_id, display_title from raw.workflow_runs order by 1") == [(1, title), (2, title)]
    assert summary.notes == []


def test_what_can_be_read_of_broken_logs_is_stored(tmp_path, con):
    folder = tmp_path / "dump"
    names = {1: "cut", 2: "nothing", 3: "build", 4: "lint", 5: "plain"}
    write(folder, "jobs.json", [job(n, 10, ago(days=1), name=name, conclusion="failure") for n, name in names.items()])
    (folder / "1.log.gz").write_bytes(gzip.compress(LOG * 4000)[:-30])
    (folder / "2.log.gz").write_bytes(b"\x1f\x8b nothing")
    (folder / "5.txt").write_bytes(LOG.decode().encode("utf-16"))
    with zipfile.ZipFile(folder / "logs_10.zip", "w") as archive:
        archive.writestr("0_build.txt", LOG)
        archive.writestr("-2147483648_lint.txt", LOG.replace(b"exit code 1", b"exit code 2"))
    packed = (folder / "logs_10.zip").read_bytes()
    (folder / "logs_10.zip").write_bytes(packed.replace(b"exit code 1", b"exit code 9"))  # its checksum doesn't fit
    summary = load(folder, con)
    assert table(con, "select job_id, log_bytes > 0, log_lines from raw.job_logs where job_id > 1 order by 1") == [
        (4, True, 1),
        (5, True, 1),
    ]
    assert 0 < table(con, "select log_lines from raw.job_logs where job_id = 1")[0][0] <= 4000
    notes = "\n".join(summary.notes)
    assert "1.log.gz: 1 stored as far as it could be read (it can't be read (" in notes
    assert "2.log.gz: 1 not stored (it can't be read (" in notes
    assert "logs_10.zip: 1 not stored (0_build.txt can't be unpacked (" in notes
    assert len(summary.notes) == 3


@pytest.mark.parametrize("folder_inside", ["", "./", "logs/"])
def test_an_archive_may_hold_its_logs_in_a_folder(tmp_path, con, folder_inside):
    write(tmp_path / "dump", "jobs.json", job(1, 10, ago(days=1), name="build", conclusion="failure"))
    with tarfile.open(tmp_path / "dump" / "logs.tgz", "w:gz") as archive:
        for name in ("0_build.txt", "build/1_Set up job.txt", "build/2_Run tests.txt"):
            member = tarfile.TarInfo(folder_inside + name)
            member.size = len(LOG)
            archive.addfile(member, io.BytesIO(LOG))
    assert load(tmp_path / "dump", con).notes == []
    assert table(con, "select job_id from raw.job_logs") == [(1,)]


def test_an_archive_of_steps_alone_holds_no_log_of_a_job(tmp_path, con):
    write(tmp_path / "dump", "jobs.json", job(1, 10, ago(days=1), name="Set up job", conclusion="failure"))
    with zipfile.ZipFile(tmp_path / "dump" / "logs_10.zip", "w") as archive:
        archive.writestr("build/1_Set up job.txt", LOG)
    assert load(tmp_path / "dump", con).notes == ["files that hold no records: logs_10.zip"]
    assert table(con, "select count(*) from raw.job_logs") == [(0,)]


def test_a_missing_or_empty_folder_is_an_error(tmp_path, con):
    with pytest.raises(ConfigurationError, match="is not a folder"):
        load(tmp_path / "missing", con)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="holds no records"):
        load(tmp_path / "empty", con)


def test_logs_by_job_id_and_in_archives_of_runs(tmp_path, con):
    folder = tmp_path / "dump"
    failed = {"conclusion": "failure"}
    write(
        folder,
        "jobs.json",
        [
            job(1, 10, ago(days=1), **failed),
            job(2, 11, ago(days=1), name="build / a:b", **failed),
            job(3, 11, ago(days=1), name="lint"),
            job(4, 12, ago(days=1), name="deploy", **failed),
            job(5, 12, ago(days=1), run_attempt=2, name="deploy", **failed),
        ],
    )
    (folder / "1.txt.gz").write_bytes(gzip.compress(LOG))
    with zipfile.ZipFile(folder / "logs_11.zip", "w") as archive:
        archive.writestr("0_build  ab.txt", LOG)
        archive.writestr("1_lint.txt", LOG)
        archive.writestr("build  ab/1_Set up job.txt", LOG)
    with tarfile.open(folder / "run_12_attempt_2.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("0_deploy.txt")
        member.size = len(LOG)
        archive.addfile(member, io.BytesIO(LOG))
    summary = load(folder, con)
    assert table(con, "select job_id, run_id, run_attempt, state, log_bytes from raw.job_logs order by 1") == [
        (1, 10, 1, "stored", len(LOG)),
        (2, 11, 1, "stored", len(LOG)),
        (5, 12, 2, "stored", len(LOG)),
    ]
    assert summary.notes == ["logs_11.zip: 1 not stored (log of a job that did not fail), number 2"]


def test_names_follow_the_repository_that_is_stored(tmp_path, con):
    write(tmp_path / "one", "repository.json", FULL)
    load(tmp_path / "one", con)
    write(
        tmp_path / "two",
        "milestones.json",
        {**small_world().milestones[REPO][0], "url": "https://api.github.com/repos/Acme/Payments/milestones/3"},
    )
    load(tmp_path / "two", con)
    assert table(con, "select repo from raw.milestones") == [(REPO,)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["id", "url", "name", "event", "head", "base", "number", "title", "items"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_taken_apart_without_an_error(value):
    list(find_records(value))
