"""Logs have GitHub's form, show what failed, and are there exactly when they should be."""

import re
from datetime import datetime, timedelta

from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.organisation import GroundTruth
from roadmap_sandbox.organisation.causes import CAUSES

_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z) (.*)")


def _jobs(content: GitHubContent) -> dict[int, Payload]:
    return {job["id"]: job for jobs in content.jobs.values() for job in jobs}


def test_logs_of_failed_jobs_have_the_form_of_githubs(content: GitHubContent, truth: GroundTruth) -> None:
    jobs = _jobs(content)
    for failed in truth.failed_jobs:
        if failed.log != "stored":
            continue
        text = content.logs[failed.job_id].decode()
        assert text.endswith("\n")
        lines = text[:-1].split("\n")
        assert 40 <= len(lines) <= 600
        matches = [_LINE.fullmatch(line) for line in lines]
        assert all(matches)
        times = [match[1] for match in matches if match is not None]
        job = jobs[failed.job_id]
        assert job["started_at"][:19] <= times[0][:19] and times[-1][:19] <= job["completed_at"][:19]
        assert times == sorted(times)
        contents = [match[2] for match in matches if match is not None]
        errors = [line for line in contents if line.startswith("##[error]")]
        assert errors
        opened = sum(line.startswith("##[group]") for line in contents)
        assert opened == contents.count("##[endgroup]")


def test_logs_show_the_cause_before_the_exit_code(content: GitHubContent, truth: GroundTruth) -> None:
    for failed in truth.failed_jobs:
        if failed.log != "stored":
            continue
        contents = [line.partition(" ")[2] for line in content.logs[failed.job_id].decode().splitlines()]
        cause = CAUSES[failed.cause]
        cause_lines = cause.lines(failed.detail, failed.repo.partition("/")[2])
        end = len(contents) - 1 - contents[::-1].index(cause_lines[-1])
        assert contents[end - len(cause_lines) + 1 : end + 1] == cause_lines
        if cause.exit_code is not None:
            assert contents[end + 1] == f"##[error]Process completed with exit code {cause.exit_code}."


def test_logs_of_passing_jobs_show_no_error(content: GitHubContent) -> None:
    passing = [id for id, job in _jobs(content).items() if job["conclusion"] == "success" and id in content.logs]
    assert len(passing) > 4_000
    for id in passing[::60]:
        assert b"##[error]" not in content.logs[id]


def test_a_log_is_the_same_whenever_it_is_read(content: GitHubContent, truth: GroundTruth) -> None:
    stored = [failed.job_id for failed in truth.failed_jobs if failed.log == "stored"]
    assert [content.logs[id] for id in stored[:9]] == [content.logs[id] for id in stored[:9]]


def test_jobs_without_a_log(content: GitHubContent) -> None:
    jobs = _jobs(content)
    assert set(content.logs).isdisjoint(content.expired_logs)
    retention = content.clock - timedelta(days=90)
    for id in content.expired_logs:
        assert datetime.fromisoformat(jobs[id]["completed_at"]) < retention
    for id, job in jobs.items():
        never_ran = job["conclusion"] in ("skipped", None) or job["runner_id"] is None
        if never_ran:
            assert id not in content.logs and id not in content.expired_logs
    assert any(id not in content.logs and job["steps"] and job["conclusion"] == "failure" for id, job in jobs.items())


def test_a_couple_of_logs_show_a_token_that_must_be_hidden(content: GitHubContent, truth: GroundTruth) -> None:
    stored = [failed.job_id for failed in truth.failed_jobs if failed.log == "stored"]
    leaking = [id for id in stored if re.search(rb"\bghp_[A-Za-z0-9]{36}\b", content.logs[id])]
    assert 1 <= len(leaking) <= 12


def test_colours_appear_in_some_logs(content: GitHubContent, truth: GroundTruth) -> None:
    stored = [failed.job_id for failed in truth.failed_jobs if failed.log == "stored"]
    assert any(b"\x1b[31m" in content.logs[id] for id in stored)
