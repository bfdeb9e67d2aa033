"""Everything the simulated GitHub knows: repositories by name and id, the clock, ids, and what one change entails.

Belongs here: what a change of an issue sets off (events, webhooks). Reading requests and wording responses belongs to
the routes, the tables of a repository to ``repository_records``.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush
from typing import Any, Literal

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent, Payload
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.storage import LogStorage
from roadmap_sandbox.github.switches import Switches


class Store:
    """The store of everything the simulated GitHub knows.

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
        self.annotations: dict[int, list[Payload]] = {
            job: list(annotations) for job, annotations in content.annotations.items()
        }
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
        """Return the repository of this present name, whatever its case."""
        return self._by_name.get(full_name.lower())

    def moved(self, full_name: str) -> RepositoryRecords | None:
        """Return the repository that once had this name."""
        present = self._renamed.get(full_name.lower())
        return None if present is None else self._by_name.get(present)

    def repository_by_id(self, repository_id: int) -> RepositoryRecords | None:
        """Return the repository of this id."""
        return self._by_id.get(repository_id)

    def now(self) -> str:
        """Return the clock as the API writes it."""
        return payloads.timestamp(self.clock)

    def next_id(self, kind: Literal["comments", "issues", "milestones", "labels", "events", "jobs"]) -> int:
        """Return an id that no object of this kind has; the same ones in the same order at every start."""
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
            if kind == "milestones":
                yield from records.deleted_milestones

    def has_issue(self, issue_id: int) -> bool:
        """Return whether any repository has an issue or pull request of this id."""
        return any(issue["id"] == issue_id for issue in self._all("issues"))

    def find_user(self, login: str) -> Payload | None:
        """Return someone who owns a repository, wrote an issue or is the viewer."""
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
        """Return the repository's label of this name, whatever its case; made in grey when there is none."""
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
    """Return a milestone or label by its id, since its other fields may have moved on."""
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
