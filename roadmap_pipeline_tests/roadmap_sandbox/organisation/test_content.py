"""Rules for every organisation, and the content that this one must have."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from roadmap_sandbox.content import API_ROOT, HTML_ROOT, GitHubContent, Payload
from roadmap_sandbox.organisation import GroundTruth, generate

from .payload_outcomes import is_service, jobs_by_attempt, run_outcome

_DIGEST = """
import hashlib, orjson
from roadmap_sandbox.organisation import generate
content, truth = generate(seed={seed}, weeks=26)
digest = hashlib.sha256()
names = "viewer repositories runs jobs pull_requests commits issues milestones issue_events labels"
for name in names.split():
    digest.update(orjson.dumps(getattr(content, name)))
for name in ("pull_request_files", "comments"):
    digest.update(orjson.dumps([[*key, value] for key, value in getattr(content, name).items()]))
digest.update(orjson.dumps(sorted(content.expired_logs)))
for job in truth.failed_jobs:
    digest.update(content.logs.get(job.job_id, b""))
digest.update(truth.to_json().encode())
print(digest.hexdigest())
"""


def _digests(*runs: tuple[int, str]) -> list[str]:
    """Return digests of organisations, each made in a process of its own: (seed, seed of Python's string hashes)."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _DIGEST.format(seed=seed)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": hashes},
        )
        for seed, hashes in runs
    ]
    outputs = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(runs)
    return outputs


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    first, again, other = _digests((7, "1"), (7, "2"), (8, "1"))
    assert first == again
    assert first != other


def _all(payloads: dict[str, list[Payload]]) -> list[Payload]:
    return [payload for each in payloads.values() for payload in each]


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key, value


def test_ids_are_unique(content: GitHubContent) -> None:
    for payloads in (content.jobs, content.pull_requests, content.issues, content.milestones, content.issue_events):
        ids = [payload["id"] for payload in _all(payloads)]
        assert len(ids) == len(set(ids))
    attempts = [(run["id"], run["run_attempt"]) for run in _all(content.runs)]
    assert len(attempts) == len(set(attempts))
    comments = [comment["id"] for each in content.comments.values() for comment in each]
    assert len(comments) == len(set(comments))
    for repo in content.repositories:
        numbers = [item["number"] for item in content.issues[repo] + content.pull_requests[repo]]
        assert len(numbers) == len(set(numbers))


def test_run_numbers_count_up_within_a_workflow(content: GitHubContent) -> None:
    for repo in content.runs:
        by_path: dict[str, list[tuple[int, int]]] = {}
        for run in content.runs[repo]:
            if run["run_attempt"] == 1:
                by_path.setdefault(run["path"], []).append((run["id"], run["run_number"]))
        for pairs in by_path.values():
            numbers = [number for _, number in sorted(pairs)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_attempts_follow_each_other_and_run_again_only_what_was_not_green(content: GitHubContent) -> None:
    jobs = jobs_by_attempt(content)
    runs = {(run["id"], run["run_attempt"]): run for run in _all(content.runs)}
    assert set(jobs) <= set(runs)
    for (run_id, attempt), run in runs.items():
        if attempt == 1:
            assert run["previous_attempt_url"] is None
            continue
        before = runs[run_id, attempt - 1]
        assert run["created_at"] == before["created_at"]
        assert run["run_started_at"] > before["run_started_at"]
        conclusions = {job["name"]: job["conclusion"] for job in jobs[run_id, attempt - 1]}
        for job in jobs[run_id, attempt]:
            assert conclusions[job["name"]] in ("failure", "skipped", "cancelled")
        names = {job["name"] for job in jobs[run_id, attempt]}
        assert {name for name, conclusion in conclusions.items() if conclusion == "failure"} <= names


def test_times_are_ordered_and_nothing_happens_after_the_clock(content: GitHubContent) -> None:
    now = content.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    everything = [content.runs, content.jobs, content.pull_requests, content.issues, content.issue_events]
    for payloads in everything:
        for payload in _all(payloads):
            for key, value in _leaves({name: inner for name, inner in payload.items() if name != "milestone"}):
                if isinstance(value, str) and stamp.fullmatch(value):
                    assert value <= now, (key, value)
    for run in _all(content.runs):
        assert run["head_commit"]["timestamp"] <= run["created_at"] <= run["run_started_at"] <= run["updated_at"]
    for job in _all(content.jobs):
        assert job["created_at"] <= job["started_at"] <= (job["completed_at"] or now)
        times = [
            time for step in job["steps"] for time in (step["started_at"], step["completed_at"]) if time is not None
        ]
        assert times == sorted(times)
        assert all(job["started_at"] <= time <= (job["completed_at"] or now) for time in times)
        assert [step["number"] for step in job["steps"]] == sorted({step["number"] for step in job["steps"]})
    for item in [*_all(content.issues), *_all(content.pull_requests)]:
        assert item["created_at"] <= item["updated_at"]
        assert item["closed_at"] is None or item["created_at"] <= item["closed_at"] <= item["updated_at"]
        assert (item["state"] == "closed") == (item["closed_at"] is not None)
    for milestone in _all(content.milestones):
        assert milestone["created_at"] <= milestone["updated_at"] <= now
    for comments in content.comments.values():
        assert all(comment["created_at"] <= now for comment in comments)


def test_jobs_lie_within_their_attempts(content: GitHubContent) -> None:
    jobs = jobs_by_attempt(content)
    for run in _all(content.runs):
        for job in jobs.get((run["id"], run["run_attempt"]), []):
            assert job["created_at"] >= run["run_started_at"]
            assert job["head_sha"] == run["head_sha"]
            assert job["head_branch"] == run["head_branch"]
            assert run["status"] != "completed" or job["completed_at"] <= run["updated_at"]


def test_urls_start_with_the_roots(content: GitHubContent) -> None:
    elsewhere = ("https://avatars.githubusercontent.com/",)
    samples = [
        *content.repositories.values(),
        *_all(content.runs)[::50],
        *_all(content.jobs)[::200],
        *_all(content.pull_requests)[::10],
        *_all(content.issues)[::10],
        *_all(content.milestones),
        *_all(content.issue_events)[::50],
        *(file for files in content.pull_request_files.values() for file in files),
        *(comment for comments in content.comments.values() for comment in comments),
    ]
    for payload in samples:
        for key, value in _leaves(payload):
            if isinstance(value, str) and value.startswith("http") and key != "body":
                assert value.startswith((f"{API_ROOT}/", f"{HTML_ROOT}/", *elsewhere)), (key, value)


def test_counts_and_rates_are_plausible(content: GitHubContent) -> None:
    runs, jobs = _all(content.runs), jobs_by_attempt(content)
    assert 2_700 <= len({run["id"] for run in runs}) <= 3_400
    assert 10_000 <= sum(map(len, jobs.values())) <= 12_000
    assert 180 <= len(_all(content.pull_requests)) <= 260
    assert 7 <= sum(item["state"] == "open" for item in _all(content.pull_requests)) <= 13
    outcomes = {
        (run["id"], run["run_attempt"]): run_outcome(content, run, jobs.get((run["id"], run["run_attempt"]), []))
        for run in runs
    }
    first = Counter(outcome for (_, attempt), outcome in outcomes.items() if attempt == 1)
    last = Counter({key[0]: outcome for key, outcome in sorted(outcomes.items())}.values())
    assert 0.80 <= first["pass"] / (first["pass"] + first["fail"]) <= 0.89
    assert 0.88 <= last["pass"] / (last["pass"] + last["fail"]) <= 0.94


def test_payments_has_a_bad_september(content: GitHubContent) -> None:
    rates: dict[str, Counter[str]] = {}
    for run in content.runs["acme/payments"]:
        if run["run_attempt"] == 1 and run["conclusion"] in ("success", "failure"):
            rates.setdefault(run["created_at"][:7], Counter())[run["conclusion"]] += 1
    share = {month: counts["success"] / counts.total() for month, counts in rates.items()}
    assert min(share, key=lambda month: share[month]) == "2026-09"
    assert share["2026-09"] < share["2026-08"] - 0.05
    assert share["2026-10"] > share["2026-09"] + 0.05


def test_people_work_on_weekdays_in_the_daytime(content: GitHubContent) -> None:
    times = [
        datetime.fromisoformat(run["created_at"])
        for run in _all(content.runs)
        if run["event"] in ("push", "pull_request") and run["actor"]["type"] == "User"
    ]
    assert sum(time.weekday() < 5 for time in times) / len(times) > 0.9
    assert sum(7 <= time.hour < 19 for time in times) / len(times) > 0.85


def test_what_must_occur_occurs(content: GitHubContent) -> None:
    runs, jobs = _all(content.runs), jobs_by_attempt(content)
    conclusions = {run["conclusion"] for run in runs}
    assert conclusions >= {
        "success",
        "failure",
        "cancelled",
        "skipped",
        "neutral",
        "action_required",
        "startup_failure",
    }
    assert {run["status"] for run in runs} == {"completed", "in_progress", "queued"}
    events = {"push", "pull_request", "schedule", "merge_group", "workflow_dispatch", "dynamic"}
    assert {run["event"] for run in runs} == events
    assert not any(
        (run["id"], 1) in jobs for run in runs if run["conclusion"] in ("startup_failure", "action_required")
    )
    names = {job["name"] for job in _all(content.jobs)}
    assert {"test (3.12, ubuntu-latest)", "e2e (1/3)", "all green", "cluster (1.34)"} <= names
    assert any(
        [job["conclusion"] for job in jobs[run["id"], 1]] == ["skipped"] * len(jobs[run["id"], 1])
        for run in runs
        if run["conclusion"] == "skipped"
    )
    cut_off = [run for run in runs if run["conclusion"] == "cancelled" and run["head_branch"] == "main"]
    assert [run_outcome(content, run, jobs[run["id"], 1]) for run in cut_off] == ["fail", "fail"]
    twins = [each for each in jobs.values() if len({job["name"] for job in each}) < len(each)]
    assert sorted(sorted(job["conclusion"] for job in each) for each in twins) == [
        ["failure", "success"],
        ["failure", "success"],
        ["success", "success"],
    ]
    services = [run["conclusion"] for run in runs if is_service(run)]
    assert services == ["success", "failure"]
    queue = [run for run in runs if run["event"] == "merge_group"]
    assert all(re.fullmatch(r"gh-readonly-queue/main/pr-\d+-[0-9a-f]{40}", run["head_branch"]) for run in queue)
    assert all(run["pull_requests"] == [] for run in queue)
    bots = {run["triggering_actor"]["login"] for run in runs if run["run_attempt"] > 1}
    assert "github-actions[bot]" in bots and any(not login.endswith("[bot]") for login in bots)
    lost = [job for job in _all(content.jobs) if any(step["status"] == "in_progress" for step in job["steps"])]
    assert any(job["conclusion"] == "failure" and job["id"] not in content.logs for job in lost)


def test_forks_and_foreign_pull_requests(content: GitHubContent) -> None:
    gone = [item for item in _all(content.pull_requests) if item["head"]["repo"] is None]
    assert len(gone) == 1
    forks = [run for run in _all(content.runs) if run["head_repository"]["id"] != run["repository"]["id"]]
    assert {run["repository"]["name"] for run in forks} == {"payments", "storefront"}
    assert all(run["pull_requests"] == [] for run in forks)
    foreign = [
        entry
        for run in _all(content.runs)
        for entry in run["pull_requests"]
        if entry["base"]["repo"]["id"] != run["repository"]["id"]
    ]
    assert len({entry["id"] for entry in foreign}) == 1


def test_milestones(content: GitHubContent) -> None:
    now = content.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    titles = Counter(milestone["title"] for milestone in _all(content.milestones))
    assert {title for title, number in titles.items() if number > 1} == {"Observability"}
    assert {"Stage 7.1", "Stage 7.2", "Stage 7.3", "Checkout v2"} <= set(titles)
    assert all(2 <= len(milestones) <= 4 for milestones in content.milestones.values())
    due = [milestone["due_on"] for milestone in _all(content.milestones)]
    assert due.count(None) == 1
    assert all(time is None or time.endswith(("T07:00:00Z", "T08:00:00Z")) for time in due)
    late = [
        item for item in _all(content.milestones) if item["state"] == "open" and item["due_on"] and item["due_on"] < now
    ]
    assert len(late) == 1
    for repo, milestones in content.milestones.items():
        items = content.issues[repo] + content.pull_requests[repo]
        for milestone in milestones:
            inside = [
                item for item in items if item["milestone"] and item["milestone"]["number"] == milestone["number"]
            ]
            states = Counter(item["state"] for item in inside)
            assert (milestone["open_issues"], milestone["closed_issues"]) == (states["open"], states["closed"])
            assert milestone["title"] != "Cost controls" or not inside
            assert milestone["state"] == "open" or states["open"] == 0


def test_one_milestone_is_worked_off_week_by_week(content: GitHubContent) -> None:
    """A forecast can rest on it; the others go by fits and starts."""
    items = [one for one in content.issues["acme/payments"] if (one["milestone"] or {}).get("title") == "Stage 7.3"]
    weeks = [content.clock - timedelta(weeks=number) for number in range(7)]
    for end, begin in pairwise(weeks):
        times = [
            [one[name] and datetime.fromisoformat(one[name]) for one in items] for name in ("closed_at", "created_at")
        ]
        closed, came_in = (sum(time is not None and begin <= time < end for time in column) for column in times)
        assert 4 <= closed <= 6
        assert came_in <= 3


def test_issue_events_tell_the_state_of_every_item(content: GitHubContent) -> None:
    for repo in content.repositories:
        items = {item["number"]: item for item in content.issues[repo] + content.pull_requests[repo]}
        state: dict[int, str] = dict.fromkeys(items, "open")
        milestone: dict[int, str | None] = dict.fromkeys(items)
        labels: dict[int, set[str]] = {number: set() for number in items}
        events = content.issue_events[repo]
        assert [event["created_at"] for event in events] == sorted(event["created_at"] for event in events)
        for event in events:
            number, kind = event["issue"]["number"], event["event"]
            assert event["created_at"] >= items[number]["created_at"]
            if kind in ("closed", "reopened"):
                state[number] = "closed" if kind == "closed" else "open"
            elif kind == "milestoned":
                milestone[number] = event["milestone"]["title"]
            elif kind == "demilestoned":
                assert milestone[number] == event["milestone"]["title"]
                milestone[number] = None
            elif kind == "labeled":
                labels[number].add(event["label"]["name"])
        for number, item in items.items():
            assert item["state"] == state[number]
            assert (item["milestone"] or {}).get("title") == milestone[number]
            assert {label["name"] for label in item["labels"]} == labels[number]
    kinds = {event["event"] for event in _all(content.issue_events)}
    assert kinds >= {"closed", "reopened", "labeled", "milestoned", "demilestoned", "merged"}


def test_labels_that_steer(content: GitHubContent) -> None:
    tracking = {
        item["milestone"]["title"]: {label["name"] for label in item["labels"]}
        for item in _all(content.issues)
        if any(label["name"] == "tracking" for label in item["labels"])
    }
    assert tracking["Checkout v2"] == {"tracking", "status: blocked"}
    assert tracking["Stage 7.3"] == {"tracking", "status: in progress"}
    outside = [
        item
        for item in _all(content.pull_requests)
        if any(label["name"] == "milestone: Stage 7.2" for label in item["labels"])
    ]
    assert [item["milestone"] for item in outside] == [None]
    for repo, labels in content.labels.items():
        known = {label["name"] for label in labels}
        used = {
            label["name"] for item in content.issues[repo] + content.pull_requests[repo] for label in item["labels"]
        }
        assert used <= known


def test_merged_pull_requests_have_files_some_of_them_documents(content: GitHubContent) -> None:
    merged = {
        (repo, item["number"])
        for repo, items in content.pull_requests.items()
        for item in items
        if item["merged_at"] is not None
    }
    assert set(content.pull_request_files) == merged
    documents = [
        any(file["filename"].startswith("docs/") or file["filename"].endswith(".md") for file in files)
        for files in content.pull_request_files.values()
    ]
    assert 0.05 < sum(documents) / len(documents) < 0.5
    open_items = {
        (repo, item["number"])
        for repo, items in content.pull_requests.items()
        for item in items
        if item["state"] == "open"
    }
    assert len(open_items & set(content.comments)) >= 3


@pytest.mark.parametrize(
    ("seed", "weeks", "clock"),
    [
        (1, 6, datetime(2026, 11, 16, 6, tzinfo=UTC)),
        (2, 2, datetime(2027, 3, 1, 17, 30, tzinfo=UTC)),
    ],
)
def test_other_times_and_seeds(seed: int, weeks: int, clock: datetime) -> None:
    content, truth = generate(seed, weeks, clock)
    now = clock.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert all(run["created_at"] <= now for run in _all(content.runs))
    assert all(event["created_at"] <= now for event in _all(content.issue_events))
    assert {job.run_id for job in truth.failed_jobs} <= {run["id"] for run in _all(content.runs)}


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 weeks, not 1"):
        generate(weeks=1)
    with pytest.raises(ValueError, match="time zone"):
        generate(clock=datetime(2026, 11, 16, 6))  # noqa: DTZ001


def test_the_truth_is_json(truth: GroundTruth) -> None:
    import orjson

    written = orjson.loads(truth.to_json())
    assert len(written["failed_jobs"]) == len(truth.failed_jobs)
    assert written["red_episodes"][0]["repo"] == truth.red_episodes[0].repo
