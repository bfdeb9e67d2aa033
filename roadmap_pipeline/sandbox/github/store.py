"""What the simulated GitHub knows, indexed for answering, and the changes that keep it consistent.

Belongs here: tables, ids, and what one change entails (an issue that is closed moves its milestone's counts and leaves
an event). Reading requests and wording answers belongs to the routes. Payloads of the content are shared and never
changed in place: a change puts a new payload in the old one's place.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from roadmap_pipeline.sandbox import payloads
from roadmap_pipeline.sandbox.content import GitHubContent, Payload
from roadmap_pipeline.sandbox.github.search_dates import normalised, seconds
from roadmap_pipeline.sandbox.github.storage import LogStorage

_RunKey = tuple[str, int]
"""Creation time and id: the order of run lists, reversed."""

_ISSUE_VIEW_BASE = 2_000_000_000
"""The issue view of a pull request has an id of its own, which a payload of the pull request doesn't tell."""


@dataclass(slots=True)
class Switches:
    """Where GitHub's behaviour is uncertain or now and then wrong: the variants a client has to stand."""

    beyond_filtered_cap: Literal["empty", "422"] = "empty"
    """What a page after the 1,000th result of a filtered list of runs answers."""
    clamp_filtered_total: bool = False
    """``total_count`` of a filtered list says 1,000 at most."""
    stale_index: timedelta | None = None
    """Filtered lists of runs miss what was created in this span before the clock."""
    empty_filtered_answers: int = 0
    """So many of the next filtered lists of runs come back empty."""
    limit_status: Literal[403, 429] = 403
    """How an exhausted primary rate limit is answered."""


class RunIndex:
    """The runs of one repository: every attempt, and the latest ones in the order of lists."""

    def __init__(self, attempts: Iterable[Payload]) -> None:
        self._attempts: dict[int, dict[int, Payload]] = {}
        for payload in attempts:
            self._attempts.setdefault(payload["id"], {})[payload.get("run_attempt", 1)] = payload
        self._keys = sorted(self._key(run_id) for run_id in self._attempts)
        self._workflows: dict[int, tuple[Payload, Payload]] | None = None

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

    def put(self, run: Payload) -> None:
        """Add an attempt or replace it."""
        run_id = run["id"]
        self.delete(run_id, forget_attempts=False)
        self._attempts.setdefault(run_id, {})[run.get("run_attempt", 1)] = run
        insort(self._keys, self._key(run_id))

    def delete(self, run_id: int, *, forget_attempts: bool = True) -> None:
        """Take a run out of the lists, and with its attempts out of everything; nothing happens to an unknown one."""
        self._workflows = None
        if run_id in self._attempts:
            self._keys.pop(bisect_left(self._keys, self._key(run_id)))
            if forget_attempts:
                del self._attempts[run_id]

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
        self.full_name: str = self.payload["full_name"]
        self.id: int = self.payload["id"]
        self.runs = RunIndex(content.runs.get(full_name, ()))
        self.jobs: dict[int, Payload] = {}
        self.jobs_of_run: dict[int, list[Payload]] = {}
        for job in content.jobs.get(full_name, ()):
            self.put_job(job)
        self.pulls: dict[int, Payload] = {pull["number"]: pull for pull in content.pull_requests.get(full_name, ())}
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

    def path(self, rest: str) -> str:
        """The path below this repository that ``Link`` headers name: by id, whatever name was asked."""
        return f"/repositories/{self.id}/{rest}"

    def put_job(self, job: Payload) -> None:
        """Add a job or replace it."""
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
        number = int(self.comments.pop(comment_id)["issue_url"].rpartition("/")[2])
        self.comments_of[number].remove(comment_id)
        return number

    def put_issue(self, issue: Payload) -> None:
        """Add an issue, plain or the view of a pull request, or replace it; the pull request follows."""
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

    def next_number(self) -> int:
        """The number of the next issue."""
        return max(self.issues, default=0) + 1


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
        self.clock: datetime = content.clock
        self.viewer: Payload = content.viewer
        self.switches = Switches()
        self.storage = LogStorage(content.logs, now)
        self.expired_logs: set[int] = set(content.expired_logs)
        self._by_name = {name.lower(): RepositoryRecords(content, name) for name in content.repositories}
        self._by_id = {records.id: records for records in self._by_name.values()}
        self._renamed = {old.lower(): new.lower() for old, new in renamed.items()}
        self._last_ids: dict[str, int] = {}

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

    def next_id(self, kind: Literal["comments", "issues", "milestones", "labels", "events"]) -> int:
        """An id that no object of this kind has; the same ones in the same order at every start."""
        if kind not in self._last_ids:
            self._last_ids[kind] = max((item["id"] for item in self._all(kind)), default=0)
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
        for event, details in _events_of_change(before, after):
            self.add_event(records, number, event, actor, details)
        if after["state"] != before["state"]:
            closed = after["state"] == "closed"
            after["closed_at"] = self.now() if closed else None
            after["closed_by"] = actor if closed else None
            default = None if "pull_request" in after else "completed" if closed else "reopened"
            after["state_reason"] = changes.get("state_reason") or default
        after["updated_at"] = self.now()
        records.put_issue(after)
        return after


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
