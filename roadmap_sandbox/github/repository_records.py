"""The tables of one repository, and what keeps them consistent with each other.

Belongs here: an issue and the pull request it is a view of, milestones and their counts, comments and their issue.
What reaches beyond one repository belongs to ``store``. Payloads of the content are shared and never changed in place:
a change puts a new payload in the old one's place.
"""

from bisect import insort
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.github.renaming import Renaming
from roadmap_sandbox.github.run_index import RunIndex

_ISSUE_VIEW_BASE = 2_000_000_000
"""The issue view of a pull request has an id of its own, which a payload of the pull request doesn't tell."""


_SHARED_WITH_PULL = (
    "title",
    "body",
    "state",
    "labels",
    "milestone",
    "assignee",
    "assignees",
    "locked",
    "active_lock_reason",
    "updated_at",
    "closed_at",
)


class RepositoryRecords:
    """The tables of one repository. Issues and pull requests share their numbers; ``issues`` holds the view of both."""

    def __init__(self, content: GitHubContent, full_name: str) -> None:
        self.payload = content.repositories[full_name]
        self.id: int = self.payload["id"]
        self._renamings: list[Renaming] = []
        self.workflows: dict[int, Payload] = {item["id"]: item for item in content.workflows.get(full_name, ())}
        self.secrets: list[str] = []
        """Names of its Actions secrets, ..."""
        self.organization_secrets: list[str] = []
        """... and of those that its owner shares with it."""
        self.runs = RunIndex(content.runs.get(full_name, ()))
        self.jobs: dict[int, Payload] = {}
        self.jobs_of_run: dict[int, list[Payload]] = {}
        for job in content.jobs.get(full_name, ()):
            self.put_job(job)
        self.pulls: dict[int, Payload] = {pull["number"]: pull for pull in content.pull_requests.get(full_name, ())}
        self.commits: dict[str, Payload] = {commit["sha"]: commit for commit in content.commits.get(full_name, ())}
        self.files: dict[int, list[Payload]] = {}
        self.texts: dict[str, str] = dict(content.files.get(full_name, {}))
        """Files of the default branch by path."""
        self.comments: dict[int, Payload] = {}
        self.comments_of: dict[int, list[int]] = {}
        for (name, number), files in content.pull_request_files.items():
            if name == full_name:
                self.files[number] = list(files)
        for (name, number), comments in content.comments.items():
            if name == full_name:
                for comment in comments:
                    self.put_comment(number, comment)
        self.labels: dict[str, Payload] = {
            label["name"].casefold(): label for label in content.labels.get(full_name, ())
        }
        self.milestones: dict[int, Payload] = {item["number"]: item for item in content.milestones.get(full_name, ())}
        self.deleted_milestones: list[Payload] = []
        """Their numbers and ids are never given again."""
        self.events: list[Payload] = sorted(content.issue_events.get(full_name, ()), key=lambda event: event["id"])
        self.deleted_issues: set[int] = set()
        self.transferred_issues: dict[int, str] = {}
        """Numbers of issues that are elsewhere now, with their new address."""
        self.asked_for_merge: set[int] = set()
        """Open pull requests whose mergeability GitHub has worked out, which it does once somebody asks."""
        self.issues: dict[int, Payload] = {}
        for number, pull in self.pulls.items():
            self.issues[number] = self._view_of_pull(pull)
        for issue in content.issues.get(full_name, ()):
            self.issues[issue["number"]] = issue
        for number, issue in self.issues.items():
            held = len(self.comments_of.get(number, ()))
            if issue["comments"] < held:
                self.issues[number] = {**issue, "comments": held}
        self._counts: dict[int, list[int]] | None = None
        counts = self._milestone_counts()
        # Recorded content may hold fewer items than a milestone counted; those it doesn't hold still count.
        self._unseen = {
            number: [
                max(0, item["open_issues"] - counts.get(number, [0, 0])[0]),
                max(0, item["closed_issues"] - counts.get(number, [0, 0])[1]),
            ]
            for number, item in self.milestones.items()
        }

    def _view_of_pull(self, pull: Payload) -> Payload:
        return payloads.issue(
            self.payload,
            id=_ISSUE_VIEW_BASE + pull["id"],
            number=pull["number"],
            title=pull["title"],
            user=pull["user"],
            created_at=pull["created_at"],
            updated_at=pull["updated_at"],
            body=pull["body"],
            state=pull["state"],
            closed_at=pull["closed_at"],
            labels=pull["labels"],
            milestone=pull["milestone"],
            assignees=pull["assignees"],
            locked=pull["locked"],
            author_association=pull["author_association"],
            pull_request=pull,
        )

    @property
    def full_name(self) -> str:
        """The present name."""
        name: str = self.payload["full_name"]
        return name

    def path(self, rest: str) -> str:
        """Return the path below this repository that ``Link`` headers name: by id, whatever name was asked."""
        return f"/repositories/{self.id}/{rest}"

    def rename(self, payload: Payload) -> None:
        """Take another name, which everything held follows, and whatever is still put here under the former one."""
        renaming = Renaming(self.full_name, payload)
        self.payload = payload
        self._renamings.append(renaming)
        self.runs.rewrite(renaming.of)
        for siblings in self.jobs_of_run.values():
            siblings[:] = [renaming.of(job) for job in siblings]
        self.jobs = {job["id"]: job for siblings in self.jobs_of_run.values() for job in siblings}
        tables = (self.workflows, self.pulls, self.commits, self.files, self.comments, self.milestones, self.issues)
        for table in tables:
            held: dict[Any, Any] = table
            for key, item in held.items():
                held[key] = renaming.of(item)
        self.labels = {name: renaming.of(label) for name, label in self.labels.items()}
        self.events[:] = [renaming.of(event) for event in self.events]

    def _present(self, item: Payload) -> Payload:
        for renaming in self._renamings:
            item = renaming.of(item)
        return item

    def put_run(self, run: Payload) -> None:
        """Add an attempt of a run or replace it."""
        self.runs.put(self._present(run))

    def put_pull(self, pull: Payload) -> None:
        """Add a pull request or replace it; its issue view follows."""
        pull = self._present(pull)
        number = pull["number"]
        self.pulls[number] = pull
        self.asked_for_merge.discard(number)
        known = self.issues.get(number)
        view = self._view_of_pull(pull)
        self.issues[number] = view if known is None else {**view, "id": known["id"], "comments": known["comments"]}
        self._counts = None

    def put_commit(self, commit: Payload) -> None:
        """Add a commit."""
        self.commits[commit["sha"]] = self._present(commit)

    def put_job(self, job: Payload) -> None:
        """Add a job or replace it."""
        job = self._present(job)
        siblings = self.jobs_of_run.setdefault(job["run_id"], [])
        if job["id"] in self.jobs:
            siblings[:] = [sibling for sibling in siblings if sibling["id"] != job["id"]]
        insort(siblings, job, key=lambda sibling: sibling["id"])
        self.jobs[job["id"]] = job

    def jobs_of_attempt(self, run: Payload) -> list[Payload]:
        """Return the jobs of the attempt that ``run`` is of."""
        attempt = run.get("run_attempt", 1)
        return [job for job in self.jobs_of_run.get(run["id"], ()) if job.get("run_attempt", 1) == attempt]

    def delete_run(self, run_id: int) -> None:
        """Forget a run with its attempts and jobs."""
        self.runs.delete(run_id)
        for job in self.jobs_of_run.pop(run_id, ()):
            del self.jobs[job["id"]]

    def put_comment(self, number: int, comment: Payload) -> None:
        """Add a comment to an issue or replace it."""
        if comment["id"] not in self.comments:
            insort(self.comments_of.setdefault(number, []), comment["id"])
        self.comments[comment["id"]] = comment

    def delete_comment(self, comment_id: int) -> int:
        """Forget a comment; gives the number of its issue."""
        number = self.issue_number_of(self.comments.pop(comment_id))
        self.comments_of[number].remove(comment_id)
        return number

    def issue_number_of(self, comment: Payload) -> int:
        """Return the number of the issue or pull request that a comment is on."""
        return int(comment["issue_url"].rpartition("/")[2])

    def put_issue(self, issue: Payload) -> None:
        """Add an issue, plain or the view of a pull request, or replace it; the pull request follows."""
        issue = self._present(issue)
        number = issue["number"]
        self.issues[number] = issue
        self._counts = None
        pull = self.pulls.get(number)
        if pull is not None:
            self.pulls[number] = {**pull, **{name: issue[name] for name in _SHARED_WITH_PULL if name in issue}}

    def _milestone_counts(self) -> dict[int, list[int]]:
        if self._counts is None:
            self._counts = {}
            for issue in self.issues.values():
                if issue["milestone"] is not None:
                    pair = self._counts.setdefault(issue["milestone"]["number"], [0, 0])
                    pair[issue["state"] != "open"] += 1
        return self._counts

    def milestone(self, number: int) -> Payload:
        """Return a milestone as it is now, with its counts. ``KeyError`` if there is none."""
        unseen_open, unseen_closed = self._unseen.get(number, (0, 0))
        seen_open, seen_closed = self._milestone_counts().get(number, (0, 0))
        counts = {"open_issues": unseen_open + seen_open, "closed_issues": unseen_closed + seen_closed}
        return {**self.milestones[number], **counts}

    def with_milestone(self, item: Payload) -> Payload:
        """Return an issue or pull request with its milestone as it is now."""
        milestone = item["milestone"]
        if milestone is None or self.milestones.get(milestone["number"], {}).get("id") != milestone["id"]:
            return item
        return {**item, "milestone": self.milestone(milestone["number"])}

    def issue(self, number: int) -> Payload | None:
        """Return the issue view as it is now."""
        issue = self.issues.get(number)
        return None if issue is None else self.with_milestone(issue)

    def delete_issue(self, number: int) -> None:
        """Forget an issue with its comments; its number is not given again."""
        del self.issues[number]
        self._counts = None
        for comment_id in self.comments_of.pop(number, ()):
            del self.comments[comment_id]

    def next_number(self) -> int:
        """Return the number of the next issue."""
        return max((*self.issues, *self.deleted_issues, *self.transferred_issues), default=0) + 1

    def knows_commit(self, sha: str) -> bool:
        """Return whether this commit is there, or a run or a pull request names it."""
        named = (
            sha in (pull["head"]["sha"], pull["base"]["sha"], pull["merge_commit_sha"]) for pull in self.pulls.values()
        )
        return sha in self.commits or bool(self.runs.of_commit(sha)) or any(named)

    def commit(self, sha: str) -> Payload | None:
        """Return a commit, made up from the run or the pull request that names it where it isn't there itself."""
        if sha in self.commits:
            return self.commits[sha]
        for run in self.runs.of_commit(sha):
            if (simple := run["head_commit"]) is not None:
                return payloads.commit(
                    self.payload,
                    sha,
                    message=simple["message"],
                    author=None,
                    author_name=simple["author"]["name"],
                    email=simple["author"]["email"],
                    at=simple["timestamp"],
                )
        for pull in self.pulls.values():
            if sha == pull["head"]["sha"]:
                user = pull["user"] or self.payload["owner"]
                return payloads.commit(
                    self.payload,
                    sha,
                    message=pull["title"],
                    author=user,
                    author_name=user["login"],
                    email=f"{user['login']}@users.noreply.github.com",
                    at=pull["created_at"],
                    parents=[pull["base"]["sha"]],
                )
        return None

    def commits_of_pull(self, number: int) -> list[Payload]:
        """Return the commits of a pull request, oldest first: what leads from its base to its head."""
        pull = self.pulls[number]
        commits: list[Payload] = []
        seen = {pull["base"]["sha"]}
        ahead = [pull["head"]["sha"]]
        while ahead:
            sha = ahead.pop()
            if sha in seen:
                continue
            seen.add(sha)
            commit = self.commit(sha) if sha == pull["head"]["sha"] else self.commits.get(sha)
            if commit is not None:
                commits.append(commit)
                ahead += [parent["sha"] for parent in commit["parents"]]
        return commits[::-1]
