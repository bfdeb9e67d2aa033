"""What the simulated GitHub knows, indexed for answering, and the changes that keep it consistent.

Belongs here: tables, ids, and what one change entails (an issue that is closed moves its milestone's counts and leaves
an event). Reading requests and wording answers belongs to the routes. Payloads of the content are shared and never
changed in place: a change puts a new payload in the old one's place.
"""

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Literal

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.github.renaming import Renaming
from roadmap_sandbox.github.search_dates import normalised, seconds
from roadmap_sandbox.github.storage import LogStorage

_RunKey = tuple[str, int]
"""Creation time and id: the order of run lists, reversed."""

_SELECTIONS_KEPT = 16

_ISSUE_VIEW_BASE = 2_000_000_000
"""The issue view of a pull request has an id of its own, which a payload of the pull request doesn't tell."""


@dataclass(slots=True)
class Switches:
    """Where GitHub's behaviour is uncertain or now and then wrong: the variants a client has to stand."""

    unfiltered_cap: int = 40_000
    """How many runs a list without a filter gives; fewer on an Enterprise Server, ..."""
    beyond_unfiltered_cap: Literal["empty", "422"] = "422"
    """... what a page behind them answers, ..."""
    clamp_unfiltered_total: bool = True
    """... and whether ``total_count`` says no more than that."""
    beyond_filtered_cap: Literal["empty", "422"] = "empty"
    """What a page after the 1,000th result of a filtered list of runs answers."""
    clamp_filtered_total: bool = False
    """``total_count`` of a filtered list says 1,000 at most."""
    stale_index: timedelta | None = None
    """How far the index behind filtered lists of runs lags behind the clock."""
    stale_answers: Sequence[Literal["missing", "empty", "old"]] = ("missing",)
    """What a filtered list says while the index lags, drawn for each request: without the runs created since; nothing;
    or the page of back then, on which runs are as they were and deleted ones still stand."""
    stale_chance: float = 1.0
    """How often a lagging index shows (0 to 1); drawn for each request, the same ones at every start."""
    empty_filtered_answers: int = 0
    """So many of the next filtered lists of runs come back empty."""
    limit_status: Literal[403, 429] = 403
    """How an exhausted primary rate limit is answered."""
    secondary_status: Literal[403, 429] = 403
    """How an exceeded secondary limit is answered, ..."""
    secondary_retry_after: int | None = 60
    """... and how many seconds its ``Retry-After`` names; None leaves it out."""
    carried_over_jobs: bool = False
    """A re-run of failed jobs copies those that passed into the new attempt, as GitHub did before May 2025."""
    unwritten_log: Literal["redirect", "404"] = "redirect"
    """A log that was never written: a redirect to nothing, or 404 at once."""
    search_delay: timedelta = timedelta(0)
    """Searches don't find what was created in this span before the clock."""
    run_waits: timedelta = timedelta(0)
    """How long a queued run waits for a runner, ..."""
    run_takes: timedelta | None = None
    """... and how long it runs then, by the clock. None: it goes on only when told (``world.start_run``)."""
    run_ends: str = "success"
    """The conclusion of what the clock completes."""


class RunIndex:
    """The runs of one repository: every attempt, and the latest ones in the order of lists."""

    def __init__(self, attempts: Iterable[Payload]) -> None:
        self._attempts: dict[int, dict[int, Payload]] = {}
        for payload in attempts:
            self._attempts.setdefault(payload["id"], {})[payload.get("run_attempt", 1)] = payload
        self._keys = sorted(self._key(run_id) for run_id in self._attempts)
        self._workflows: dict[int, tuple[Payload, Payload]] | None = None
        self._by_sha: dict[str, dict[int, None]] = {}
        for run_id in self._attempts:
            self._by_sha.setdefault(self[run_id].get("head_sha", ""), {})[run_id] = None
        self._selections: dict[Hashable, Sequence[Payload]] = {}
        self._deleted: dict[int, Payload] = {}

    def _key(self, run_id: int) -> _RunKey:
        return normalised(self[run_id]["created_at"]), run_id

    def __getitem__(self, run_id: int) -> Payload:
        attempts = self._attempts[run_id]
        return attempts[max(attempts)]

    def latest(self, run_id: int) -> Payload | None:
        """The run as of its last attempt."""
        return self[run_id] if run_id in self._attempts else None

    def attempt(self, run_id: int, number: int) -> Payload | None:
        """The run as of one attempt."""
        return self._attempts.get(run_id, {}).get(number)

    def attempts(self, run_id: int) -> list[Payload]:
        """The run as of all its attempts, oldest first."""
        attempts = self._attempts.get(run_id, {})
        return [attempts[number] for number in sorted(attempts)]

    def of_commit(self, sha: str) -> list[Payload]:
        """The runs of a commit, newest first."""
        keys = sorted((self._key(run_id) for run_id in self._by_sha.get(sha, ())), reverse=True)
        return [self[run_id] for _, run_id in keys]

    @property
    def deleted(self) -> Iterable[Payload]:
        """The runs that were there once, as they were last."""
        return self._deleted.values()

    def selection(self, key: Hashable, choose: Callable[[], Sequence[Payload]]) -> Sequence[Payload]:
        """What ``choose`` gives, kept under ``key`` until a run changes: the pages of a list ask for the same again."""
        if key not in self._selections:
            if len(self._selections) >= _SELECTIONS_KEPT:
                self._selections.clear()
            self._selections[key] = choose()
        return self._selections[key]

    def put(self, run: Payload) -> None:
        """Add an attempt or replace it."""
        run_id = run["id"]
        self._take_out(run_id)
        self._attempts.setdefault(run_id, {})[run.get("run_attempt", 1)] = run
        self._deleted.pop(run_id, None)
        insort(self._keys, self._key(run_id))
        self._by_sha.setdefault(self[run_id].get("head_sha", ""), {})[run_id] = None

    def delete(self, run_id: int) -> None:
        """Take a run with all its attempts out of everything; nothing happens to an unknown one."""
        self._take_out(run_id)
        if run_id in self._attempts:
            self._deleted[run_id] = self[run_id]
            del self._attempts[run_id]

    def rewrite(self, change: Callable[[Payload], Payload]) -> None:
        """Put another payload in the place of every attempt, the same in id, times and commit."""
        for attempts in self._attempts.values():
            for number, run in attempts.items():
                attempts[number] = change(run)
        self._deleted = {run_id: change(run) for run_id, run in self._deleted.items()}
        self._workflows = None
        self._selections.clear()

    def _take_out(self, run_id: int) -> None:
        self._workflows = None
        self._selections.clear()
        if run_id in self._attempts:
            self._keys.pop(bisect_left(self._keys, self._key(run_id)))
            self._by_sha[self[run_id].get("head_sha", "")].pop(run_id)

    def workflows(self) -> dict[int, tuple[Payload, Payload]]:
        """The oldest and the newest run of every workflow, by workflow id."""
        if self._workflows is None:
            found: dict[int, tuple[Payload, Payload]] = {}
            for _, run_id in self._keys:
                run = self[run_id]
                oldest = found.get(run["workflow_id"], (run, run))[0]
                found[run["workflow_id"]] = (oldest, run)
            self._workflows = found
        return self._workflows

    def newest_first(self, first: str | None = None, last: str | None = None) -> "RunSlice":
        """The runs created from ``first`` to ``last`` (inclusive, form of ``search_dates.seconds``), newest first."""
        low = 0 if first is None else bisect_left(self._keys, (first, -1))
        high = len(self._keys) if last is None else bisect_right(self._keys, (last, 1 << 63))
        return RunSlice(self, self._keys, low, max(low, high))


class RunSlice(Sequence[Payload]):
    """Latest attempts within a span of creation times, newest first; nothing is copied until it is looked at."""

    def __init__(self, index: RunIndex, keys: list[_RunKey], low: int, high: int) -> None:
        self._index, self._keys, self._low, self._high = index, keys, low, high

    def __len__(self) -> int:
        return self._high - self._low

    def _at(self, position: int) -> Payload:
        return self._index[self._keys[self._high - 1 - position][1]]

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self._at(index) for index in range(*position.indices(len(self)))]
        return self._at(range(len(self))[position])

    def __iter__(self) -> Iterator[Payload]:
        return (self._at(index) for index in range(len(self)))


class RepositoryRecords:
    """One repository's tables. Numbers of issues and pull requests are shared; ``issues`` holds the view of both."""

    def __init__(self, content: GitHubContent, full_name: str) -> None:
        self.payload = content.repositories[full_name]
        self.id: int = self.payload["id"]
        self._renamings: list[Renaming] = []
        self.workflows: dict[int, Payload] = {item["id"]: item for item in content.workflows.get(full_name, ())}
        self.runs = RunIndex(content.runs.get(full_name, ()))
        self.jobs: dict[int, Payload] = {}
        self.jobs_of_run: dict[int, list[Payload]] = {}
        for job in content.jobs.get(full_name, ()):
            self.put_job(job)
        self.pulls: dict[int, Payload] = {pull["number"]: pull for pull in content.pull_requests.get(full_name, ())}
        self.commits: dict[str, Payload] = {commit["sha"]: commit for commit in content.commits.get(full_name, ())}
        self.files: dict[int, list[Payload]] = {}
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
        """The path below this repository that ``Link`` headers name: by id, whatever name was asked."""
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
        """The number of the issue or pull request that a comment is on."""
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
        """A milestone as it is now, with its counts. ``KeyError`` if there is none."""
        unseen_open, unseen_closed = self._unseen.get(number, (0, 0))
        seen_open, seen_closed = self._milestone_counts().get(number, (0, 0))
        counts = {"open_issues": unseen_open + seen_open, "closed_issues": unseen_closed + seen_closed}
        return {**self.milestones[number], **counts}

    def with_milestone(self, item: Payload) -> Payload:
        """An issue or pull request with its milestone as it is now."""
        milestone = item["milestone"]
        if milestone is None or self.milestones.get(milestone["number"], {}).get("id") != milestone["id"]:
            return item
        return {**item, "milestone": self.milestone(milestone["number"])}

    def issue(self, number: int) -> Payload | None:
        """The issue view as it is now."""
        issue = self.issues.get(number)
        return None if issue is None else self.with_milestone(issue)

    def delete_issue(self, number: int) -> None:
        """Forget an issue with its comments; its number is not given again."""
        del self.issues[number]
        self._counts = None
        for comment_id in self.comments_of.pop(number, ()):
            del self.comments[comment_id]

    def next_number(self) -> int:
        """The number of the next issue."""
        return max((*self.issues, *self.deleted_issues, *self.transferred_issues), default=0) + 1

    def knows_commit(self, sha: str) -> bool:
        """Whether this commit is there, or a run or a pull request names it."""
        named = (
            sha in (pull["head"]["sha"], pull["base"]["sha"], pull["merge_commit_sha"]) for pull in self.pulls.values()
        )
        return sha in self.commits or bool(self.runs.of_commit(sha)) or any(named)

    def commit(self, sha: str) -> Payload | None:
        """A commit, made up from the run or the pull request that names it where it isn't there itself."""
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
        """The commits of a pull request, oldest first: what leads from its base to its head."""
        pull = self.pulls[number]
        found: list[Payload] = []
        seen = {pull["base"]["sha"]}
        ahead = [pull["head"]["sha"]]
        while ahead:
            sha = ahead.pop()
            if sha in seen:
                continue
            seen.add(sha)
            commit = self.commit(sha) if sha == pull["head"]["sha"] else self.commits.get(sha)
            if commit is not None:
                found.append(commit)
                ahead += [parent["sha"] for parent in commit["parents"]]
        return found[::-1]


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


class Store:
    """Everything the simulated GitHub knows.

    ``renamed`` maps a former ``owner/name`` to the present one. ``now`` gives real seconds since the epoch, for signed
    URLs only.
    """

    def __init__(self, content: GitHubContent, *, renamed: Mapping[str, str], now: Callable[[], float]) -> None:
        self._clock: datetime = content.clock
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._appointments = 0
        self.random = random.Random(0)  # noqa: S311
        self.notify: Callable[[RepositoryRecords, str, str, Payload, Payload], None] = lambda *_: None
        """Told of everything that a webhook tells: repository, event, action, who did it, what the event adds."""
        self.viewer: Payload = content.viewer
        self.switches = Switches()
        self.storage = LogStorage(content.logs, now)
        self.expired_logs: set[int] = set(content.expired_logs)
        self.annotations: dict[int, list[Payload]] = {job: list(found) for job, found in content.annotations.items()}
        self._by_name = {name.lower(): RepositoryRecords(content, name) for name in content.repositories}
        self._by_id = {records.id: records for records in self._by_name.values()}
        self._renamed = {old.lower(): new.lower() for old, new in renamed.items()}
        self._last_ids: dict[str, int] = {}

    @property
    def repositories(self) -> Iterable[RepositoryRecords]:
        """All of them."""
        return self._by_name.values()

    @property
    def clock(self) -> datetime:
        """The time here; setting it makes happen, in order and each at its own time, what was due until then."""
        return self._clock

    @clock.setter
    def clock(self, moment: datetime) -> None:
        while self._due and self._due[0][0] <= moment:
            due, _, action = heappop(self._due)
            self._clock = max(self._clock, due)
            action()
        self._clock = moment

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Have something happen once the clock gets there; at once if it is there already."""
        self._appointments += 1
        heappush(self._due, (moment, self._appointments, action))
        self.clock = self._clock

    def rename(self, records: RepositoryRecords, payload: Payload) -> None:
        """Give a repository another name or owner; the former name leads to it from now on."""
        old, new = records.full_name.lower(), payload["full_name"].lower()
        records.rename(payload)
        del self._by_name[old]
        self._by_name[new] = records
        self._renamed.pop(new, None)
        self._renamed = {former: new if now == old else now for former, now in self._renamed.items()} | {old: new}

    def repository(self, full_name: str) -> RepositoryRecords | None:
        """By present name, whatever its case."""
        return self._by_name.get(full_name.lower())

    def moved(self, full_name: str) -> RepositoryRecords | None:
        """By a former name."""
        present = self._renamed.get(full_name.lower())
        return None if present is None else self._by_name.get(present)

    def repository_by_id(self, repository_id: int) -> RepositoryRecords | None:
        """By id."""
        return self._by_id.get(repository_id)

    def now(self) -> str:
        """The clock as the API writes it."""
        return seconds(self.clock)

    def next_id(self, kind: Literal["comments", "issues", "milestones", "labels", "events", "jobs"]) -> int:
        """An id that no object of this kind has; the same ones in the same order at every start."""
        if kind not in self._last_ids:
            self._last_ids[kind] = max((item["id"] for item in self._all(kind)), default=0)
        self._last_ids[kind] += 1
        while any(self._last_ids[kind] in getattr(records, kind) for records in self._by_name.values()):
            self._last_ids[kind] += 1
        return self._last_ids[kind]

    def _all(self, kind: str) -> Iterator[Payload]:
        for records in self._by_name.values():
            items = getattr(records, kind)
            yield from items if isinstance(items, list) else items.values()

    def find_user(self, login: str) -> Payload | None:
        """Someone who owns a repository, wrote an issue or is the viewer."""
        wanted = login.lower()
        if self.viewer["login"].lower() == wanted:
            return self.viewer
        for records in self._by_name.values():
            owner: Payload = records.payload["owner"]
            if owner["login"].lower() == wanted:
                return owner
            for issue in records.issues.values():
                for person in (issue["user"], *issue["assignees"]):
                    if person is not None and person["login"].lower() == wanted:
                        return dict(person)
        return None

    def add_event(
        self, records: RepositoryRecords, number: int, event: str, actor: Payload, details: Payload | None = None
    ) -> None:
        """Leave an event on an issue."""
        records.events.append(
            payloads.issue_event(
                records.payload,
                id=self.next_id("events"),
                number=number,
                event=event,
                actor=actor,
                created_at=self.clock,
                details=details,
            )
        )

    def ensure_label(self, records: RepositoryRecords, name: str) -> Payload:
        """The repository's label of this name, whatever its case; made in grey when there is none."""
        label = records.labels.get(name.casefold())
        if label is None:
            label = payloads.label(records.payload, id=self.next_id("labels"), name=name)
            records.labels[name.casefold()] = label
        return label

    def change_issue(
        self, records: RepositoryRecords, number: int, actor: Payload, changes: Mapping[str, Any]
    ) -> Payload:
        """Change fields of an issue or pull request and leave the events this gives; nothing changes, nothing happens.

        ``changes`` may hold title, body, state, state_reason (heeded only where the state changes), milestone (payload
        or None), labels and assignees (lists of payloads), locked and active_lock_reason.
        """
        before = records.issues[number]
        after = {**before, **changes}
        if after["state"] == before["state"]:
            after["state_reason"] = before.get("state_reason")
        after["assignee"] = after["assignees"][0] if after["assignees"] else None
        if all(_comparable(after[name]) == _comparable(before.get(name)) for name in after):
            return before
        happened = list(_events_of_change(before, after))
        for event, details in happened:
            self.add_event(records, number, event, actor, details)
        if after["state"] != before["state"]:
            closed = after["state"] == "closed"
            after["closed_at"] = self.now() if closed else None
            after["closed_by"] = actor if closed else None
            default = None if "pull_request" in after else "completed" if closed else "reopened"
            after["state_reason"] = changes.get("state_reason") or default
        after["updated_at"] = self.now()
        records.put_issue(after)
        for event, details in happened:
            self.tell_of_issue(records, number, "edited" if event == "renamed" else event, actor, details)
        if after["body"] != before["body"]:
            self.tell_of_issue(records, number, "edited", actor)
        return after

    def tell_of_issue(
        self, records: RepositoryRecords, number: int, action: str, actor: Payload, details: Payload | None = None
    ) -> None:
        """Let webhooks tell what happened to an issue or pull request."""
        if number in records.pulls:
            subject = {"number": number, "pull_request": records.with_milestone(records.pulls[number])}
            self.notify(records, "pull_request", action, actor, {**subject, **(details or {})})
        else:
            issue = {"issue": records.with_milestone(records.issues[number])}
            self.notify(records, "issues", action, actor, {**issue, **(details or {})})


def _comparable(value: Any) -> Any:
    """A milestone or label by its id, since its other fields may have moved on."""
    if isinstance(value, dict):
        return value.get("id", value)
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return value


def _events_of_change(before: Payload, after: Payload) -> Iterator[tuple[str, Payload | None]]:
    if after["title"] != before["title"]:
        yield "renamed", {"rename": {"from": before["title"], "to": after["title"]}}
    if after["state"] != before["state"]:
        yield ("closed", None) if after["state"] == "closed" else ("reopened", None)
    for event, this, other in (("unlabeled", before, after), ("labeled", after, before)):
        others = {label["name"] for label in other["labels"]}
        for label in this["labels"]:
            if label["name"] not in others:
                yield event, {"label": {"name": label["name"], "color": label["color"]}}
    old, new = before["milestone"], after["milestone"]
    if _comparable(old) != _comparable(new):
        if old is not None:
            yield "demilestoned", {"milestone": {"title": old["title"]}}
        if new is not None:
            yield "milestoned", {"milestone": {"title": new["title"]}}
    for event, this, other in (("unassigned", before, after), ("assigned", after, before)):
        others = {person["login"] for person in other["assignees"]}
        for person in this["assignees"]:
            if person["login"] not in others:
                yield event, {"assignee": person}
    if after["locked"] != before["locked"]:
        yield ("locked", {"lock_reason": after["active_lock_reason"]}) if after["locked"] else ("unlocked", None)
