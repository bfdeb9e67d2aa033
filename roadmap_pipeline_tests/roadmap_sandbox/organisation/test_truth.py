"""The truth agrees with what the payloads show, computed here once more and in another way."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.organisation import GroundTruth

from .payload_outcomes import is_service, job_outcome, jobs_by_attempt, run_outcome

BOTS = {"autofix-ci[bot]", "pre-commit-ci[bot]", "dependabot[bot]", "renovate[bot]", "github-actions[bot]"}


def _all(payloads: dict[str, list[Payload]]) -> list[Payload]:
    return [payload for each in payloads.values() for payload in each]


def test_outcomes(content: GitHubContent, truth: GroundTruth) -> None:
    jobs = jobs_by_attempt(content)
    shown = {
        (run["id"], run["run_attempt"]): run_outcome(content, run, jobs.get((run["id"], run["run_attempt"]), []))
        for run in _all(content.runs)
    }
    assert {(each.run_id, each.run_attempt): each.outcome for each in truth.outcomes} == shown


def test_failed_jobs(content: GitHubContent, truth: GroundTruth) -> None:
    services = {run["id"] for run in _all(content.runs) if is_service(run)}
    failed = [job for job in _all(content.jobs) if job_outcome(content, job) == "fail"]
    assert services & {job["run_id"] for job in failed}
    shown = {job["id"] for job in failed if job["run_id"] not in services}
    assert {job.job_id for job in truth.failed_jobs} == shown
    assert len(truth.failed_jobs) == len(shown)
    for job in truth.failed_jobs:
        assert (job.log == "stored") == (job.job_id in content.logs)
        assert (job.log == "expired") == (job.job_id in content.expired_logs)


def test_categories_lead_as_studies_say(truth: GroundTruth) -> None:
    counts = Counter(job.category for job in truth.failed_jobs)
    assert [category for category, _ in counts.most_common(2)] == ["test", "lint_format"]
    assert len(counts) >= 15
    assert counts["unknown"] > 0 and counts["policy_gate"] > 0
    assert 0.1 < sum(job.transient for job in truth.failed_jobs) / len(truth.failed_jobs) < 0.5


def test_flaky_jobs(content: GitHubContent, truth: GroundTruth) -> None:
    failed: dict[tuple[str, str, str, str], dict[tuple[int, int], bool]] = defaultdict(dict)
    for repo, runs in content.runs.items():
        paths = {run["id"]: run["path"] for run in runs if not is_service(run)}
        for job in content.jobs[repo]:
            outcome = job_outcome(content, job)
            if job["run_id"] in paths and outcome in ("pass", "fail"):
                results = failed[repo, job["head_sha"], paths[job["run_id"]], job["name"]]
                attempt = job["run_id"], job["run_attempt"]
                results[attempt] = results.get(attempt, False) or outcome == "fail"
    flaky = {key for key, results in failed.items() if len(set(results.values())) == 2}
    assert {(job.repo, job.head_sha, job.workflow_path, job.job_name) for job in truth.flaky_jobs} == flaky
    by_name = Counter(job.job_name for job in truth.flaky_jobs)
    assert by_name.most_common(1)[0][0].startswith("e2e")


def test_red_episodes(content: GitHubContent, truth: GroundTruth) -> None:
    jobs = jobs_by_attempt(content)
    steps: dict[tuple[str, str], list[tuple[str, int, str, Payload]]] = defaultdict(list)
    for repo, runs in content.runs.items():
        for run in runs:
            mine = jobs.get((run["id"], run["run_attempt"]), [])
            outcome = run_outcome(content, run, mine)
            on_main = run["head_branch"] == "main" and run["head_repository"]["full_name"] == repo
            if on_main and run["event"] not in ("pull_request", "merge_group") and outcome in ("pass", "fail"):
                end = max(job["completed_at"] for job in mine)
                steps[repo, run["path"]].append((end, run["id"], outcome, run))
    shown: set[tuple[str, str, str, str | None, str | None]] = set()
    for (repo, path), attempts in steps.items():
        attempts.sort(key=lambda step: step[:2])
        red: list[tuple[str, int, str, Payload]] = []
        for step in attempts:
            if step[2] == "fail":
                red.append(step)
            elif red:
                message, author = step[3]["head_commit"]["message"], step[3]["head_commit"]["author"]["name"]
                if step[3]["head_sha"] in {failed[3]["head_sha"] for failed in red}:
                    closed_by = "rerun_same_sha"
                elif message.startswith('Revert "') and "This reverts commit" in message:
                    closed_by = "revert"
                else:
                    closed_by = "bot_fix" if author in BOTS else "human_fix"
                shown.add((repo, path, red[0][0], step[0], closed_by))
                red = []
        if red:
            shown.add((repo, path, red[0][0], None, None))
    claimed = {
        (each.repo, each.workflow_path, each.started_at, each.ended_at, each.closed_by) for each in truth.red_episodes
    }
    assert claimed == shown
    assert {each.closed_by for each in truth.red_episodes} == {"rerun_same_sha", "revert", "bot_fix", "human_fix", None}


def test_the_planned_story_happened(truth: GroundTruth) -> None:
    still_open = [each for each in truth.red_episodes if each.ended_at is None]
    assert [(each.repo, each.planned) for each in still_open] == [("acme/platform", "open")]
    planned = Counter(each.planned for each in truth.red_episodes if each.planned is not None)
    assert planned == {"human_fix": 7, "revert": 4, "bot_fix": 3, "auto_revert": 1, "open": 1}
    for each in truth.red_episodes:
        if each.planned in ("revert", "auto_revert"):
            assert each.closed_by == "revert"
        elif each.planned == "bot_fix":
            assert each.closed_by == "bot_fix"


Shown = tuple[int, int, str, str]
"""Run, attempt, mechanism and verdict of an attempted repair that the payloads show."""


class _Evidence:
    """The payloads of one repository as far as they show repairs by apps."""

    def __init__(self, content: GitHubContent, repo: str, jobs: dict[tuple[int, int], list[Payload]]) -> None:
        self.content, self.repo, self.jobs, self.runs = content, repo, jobs, content.runs[repo]
        self.attempts: dict[int, list[Payload]] = defaultdict(list)
        for run in self.runs:
            self.attempts[run["id"]].append(run)
        for tries in self.attempts.values():
            tries.sort(key=lambda run: run["run_attempt"])
        keys = {(run["id"], run["run_attempt"]): run for run in self.runs}
        self.end = {
            key: max(
                (job["completed_at"] for job in jobs.get(key, []) if job["completed_at"]), default=run["updated_at"]
            )
            for key, run in keys.items()
        }
        self.outcome = {key: run_outcome(content, run, jobs.get(key, [])) for key, run in keys.items()}
        self.commits = self._commits_by_branch()
        self.named = {
            item["merge_commit_sha"]: int(item["body"].rpartition("Auto-Fix-For: ")[2])
            for item in content.pull_requests[repo]
            if item["merged_at"] and "Auto-Fix-For: " in (item["body"] or "")
        }

    def _commits_by_branch(self) -> dict[str, list[Payload]]:
        commits: dict[str, dict[str, Payload]] = defaultdict(dict)
        for run in self.runs:
            commits[run["head_branch"]].setdefault(run["head_sha"], run["head_commit"])
        own = {commit["sha"]: commit for commit in self.content.commits[self.repo]}
        tested = {run["head_sha"] for run in self.runs}
        for pull in self.content.pull_requests[self.repo]:
            sha = pull["head"]["sha"]
            # Of a pull request whose last commit nothing tested all commits are shown.
            while sha in own and pull["head"]["sha"] not in tested:
                commit = own[sha]["commit"]
                seen = {"id": sha, "timestamp": commit["author"]["date"], "message": commit["message"]}
                commits[pull["head"]["ref"]].setdefault(sha, seen | {"author": commit["author"]})
                sha = own[sha]["parents"][0]["sha"]
        return {
            branch: sorted(shas.values(), key=lambda commit: commit["timestamp"]) for branch, shas in commits.items()
        }

    def _names(self, key: tuple[int, int], outcome: str) -> set[str]:
        return {job["name"] for job in self.jobs.get(key, []) if job_outcome(self.content, job) == outcome}

    def _repaired(self, before: tuple[int, int], after: tuple[int, int]) -> str:
        return "fixed" if self._names(before, "fail") <= self._names(after, "pass") else "failed"

    def reruns(self) -> Iterator[Shown]:
        """Yield the re-runs of failed attempts by apps."""
        for run_id, tries in self.attempts.items():
            for before, after in pairwise(tries):
                key, next_key = (run_id, before["run_attempt"]), (run_id, after["run_attempt"])
                if self.outcome[key] == "fail" and after["triggering_actor"]["login"] in BOTS:
                    is_judged = self.outcome[next_key] in ("pass", "fail")
                    yield *key, "auto_rerun", self._repaired(key, next_key) if is_judged else "void"

    def repairs(self) -> Iterator[Shown]:
        """Yield the commits by apps on top of what had failed, at most a day before."""
        for line in self.commits.values():
            for index, (parent, commit) in enumerate(pairwise(line)):
                if commit["author"]["name"] in BOTS:
                    people = [later["timestamp"] for later in line[index + 2 :] if later["author"]["name"] not in BOTS]
                    for run_id in self._failing(parent, commit):
                        yield from self._repair(run_id, commit, people)

    def _failing(self, parent: Payload, commit: Payload) -> list[int]:
        return [
            run_id
            for run_id, tries in self.attempts.items()
            if (
                run_id == self.named[commit["id"]]
                if commit["id"] in self.named
                else tries[0]["head_sha"] == parent["id"]
            )
            and tries[0]["event"] != "merge_group"
        ]

    def _repair(self, run_id: int, commit: Payload, people: list[str]) -> Iterator[Shown]:
        """Yield the repair of a run by a commit; ``people`` are the times of later commits by people."""
        over = [
            (run_id, run["run_attempt"])
            for run in self.attempts[run_id]
            if self.outcome[run_id, run["run_attempt"]] in ("pass", "fail")
            and self.end[run_id, run["run_attempt"]] < commit["timestamp"]
        ]
        if not over or self.outcome[over[-1]] != "fail":
            return
        age = datetime.fromisoformat(commit["timestamp"]) - datetime.fromisoformat(self.end[over[-1]])
        if age > timedelta(hours=24):
            return
        first = self.attempts[run_id][0]
        after = sorted(
            (run["run_started_at"], run["id"], run["run_attempt"])
            for run in self.runs
            if run["head_sha"] == commit["id"] and run["path"] == first["path"]
        )
        conclusive = [key[1:] for key in after if self.outcome[key[1:]] in ("pass", "fail")]
        verdict = "void"
        if conclusive:
            verdict = self._repaired(over[-1], conclusive[0])
            if first["head_branch"] != "main" and people and people[0] < self.end[conclusive[0]]:
                verdict = "void"
        mechanism = (
            "bot_pr"
            if commit["id"] in self.named
            else "auto_revert"
            if "This reverts commit" in commit["message"]
            else "bot_commit"
        )
        yield *over[-1], mechanism, verdict


def test_autofix_attempts(content: GitHubContent, truth: GroundTruth) -> None:
    """Re-runs by apps, and commits by apps that are shown, recomputed from runs, jobs and pull requests."""
    jobs = jobs_by_attempt(content)
    shown = set()
    for repo in content.runs:
        evidence = _Evidence(content, repo, jobs)
        shown |= {*evidence.reruns(), *evidence.repairs()}
    judged = {"fixed", "failed"}
    claimed = {
        (each.run_id, each.run_attempt, each.mechanism, each.outcome if each.outcome in judged else "void")
        for each in truth.autofix_attempts
        if each.visible
    }
    assert claimed == shown


def test_autofix_attempts_have_every_mechanism_and_outcome(truth: GroundTruth) -> None:
    mechanisms = Counter(each.mechanism for each in truth.autofix_attempts)
    assert set(mechanisms) == {"auto_rerun", "bot_commit", "bot_pr", "auto_revert"}
    outcomes = Counter(each.outcome for each in truth.autofix_attempts if each.mechanism == "bot_commit")
    assert set(outcomes) >= {"fixed", "failed", "superseded_by_human", "unverified"}
    assert any(not each.visible for each in truth.autofix_attempts)
    assert all(each.outcome == "unverified" for each in truth.autofix_attempts if not each.visible)


def test_commits_that_start_no_run_are_a_repair_only_on_top_of_what_failed_and_by_an_app(
    content: GitHubContent, truth: GroundTruth
) -> None:
    repairs = {each.repair_sha: each for each in truth.autofix_attempts}
    stories = set()
    for repo, pulls in content.pull_requests.items():
        outcomes: dict[str, set[str]] = defaultdict(set)
        for run in content.runs[repo]:
            outcomes[run["head_sha"]].add(run["conclusion"])
        commits = {commit["sha"]: commit for commit in content.commits[repo]}
        for pull in pulls:
            sha = pull["head"]["sha"]
            if sha in outcomes:
                continue
            on_failure = "failure" in outcomes[commits[sha]["parents"][0]["sha"]]
            by_app = commits[sha]["author"]["login"] in BOTS
            stories.add((by_app, on_failure))
            assert (sha in repairs) == (by_app and on_failure)
            assert sha not in repairs or (repairs[sha].outcome, repairs[sha].visible) == ("unverified", True)
    assert stories >= {(True, True), (False, True), (True, False)}


def test_milestones_of_branches_and_pull_requests(content: GitHubContent, truth: GroundTruth) -> None:
    titles = {repo: {each["title"] for each in milestones} for repo, milestones in content.milestones.items()}
    named = [each for each in truth.branch_milestones if each.milestone is not None]
    assert all(each.milestone in titles[each.repo] for each in named)
    assert {each.milestone for each in named if each.branch.startswith("feature/stage-7-3")} == {"Stage 7.3"}
    unknown = [each for each in truth.branch_milestones if each.branch.startswith("feature/stage-7-9")]
    assert [each.milestone for each in unknown] == [None]
    assert Counter(each.rule for each in truth.pull_request_milestones).keys() == {
        "github_milestone",
        "label",
        "branch_name",
        None,
    }
    for each in truth.pull_request_milestones:
        item = next(item for item in content.pull_requests[each.repo] if item["number"] == each.number)
        if item["milestone"] is not None:
            assert each.milestone == item["milestone"]["title"]


def test_the_history_of_milestones_leads_to_their_contents(content: GitHubContent, truth: GroundTruth) -> None:
    inside: dict[tuple[str, str], set[int]] = defaultdict(set)
    for change in sorted(truth.milestone_history, key=lambda change: change.at):
        if change.change == "added":
            inside[change.repo, change.milestone].add(change.number)
        elif change.change == "removed":
            inside[change.repo, change.milestone].discard(change.number)
    for repo, milestones in content.milestones.items():
        for milestone in milestones:
            count = milestone["open_issues"] + milestone["closed_issues"]
            assert len(inside[repo, milestone["title"]]) == count
