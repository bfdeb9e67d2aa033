"""The choice of what is new on GitHub: the decision under the sensors for merges and finished runs, without Dagster.

Belongs here: events, the cursor, and what follows from them. Asking GitHub and requesting runs is the sensors'. Edits
in Notion, whose times are whole minutes, are in ``notion_edits``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

REPOSITORIES_A_TICK = 30
"""Repositories that one tick asks at most; those that wait longest come first."""


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happened in a repository.

    Attributes:
        at: GitHub's text of the time, which sorts by time.
        repo: ``owner/name``.
        run_key: The name of the event itself, so that a lost cursor asks for no run twice.
        name: The event as a person would call it.
    """

    at: str
    repo: str
    run_key: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest events of a repository that were seen.

    Attributes:
        at: Their time.
        run_keys: Those of that second: another one of the same second may be listed later.
        etag: The entity tag of the list they were in.
    """

    at: str = ""
    run_keys: tuple[str, ...] = ()
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The memory of earlier looks; Dagster keeps one a tick, so that of most repositories it is in ``seen_events``.

    Attributes:
        seen: The events that were seen, by repository.
        asked_last: The repository that was asked last in turn.
        polled_at: When repositories were last asked in turn, POSIX seconds.
        noted: By repository the note of a webhook that was seen to (``webhook_notes``).
        begun_at: When a sensor without a cursor made its first, POSIX seconds; of those from before this was kept 0.
    """

    seen: Mapping[str, Seen] = field(default_factory=dict)
    asked_last: str = ""
    polled_at: float = 0.0
    noted: Mapping[str, float] = field(default_factory=dict)
    begun_at: float = 0.0

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Return the cursor that Dagster kept as a text; None is one that has seen nothing."""
        if not text:
            return cls()
        data = json.loads(text)
        seen = {repo: Seen(at, tuple(run_keys), etag) for repo, (at, run_keys, etag) in data["seen"].items()}
        times = data.get("polled_at", 0.0), data.get("begun_at", 0.0)
        return cls(seen, data["asked_last"], times[0], data.get("noted", {}), times[1])

    def __str__(self) -> str:
        seen = {repo: [one.at, one.run_keys, one.etag] for repo, one in sorted(self.seen.items())}
        times = {"polled_at": self.polled_at, "begun_at": self.begun_at}
        kept = {"seen": seen, "asked_last": self.asked_last, **times, "noted": dict(self.noted)}
        return json.dumps(kept, separators=(",", ":"))

    def to_ask(self, repositories: Sequence[str], at_most: int = REPOSITORIES_A_TICK) -> list[str]:
        """Return the repositories to ask in this tick: in turn, beginning behind the one that was asked last."""
        ordered = sorted(set(repositories))
        behind = [repo for repo in ordered if repo > self.asked_last]
        return [*behind, *(repo for repo in ordered if repo <= self.asked_last)][:at_most]

    def etag(self, repo: str) -> str | None:
        """Return the entity tag to ask a repository with."""
        return self.seen[repo].etag if repo in self.seen else None

    def having_seen_to(self, repo: str, note: float) -> "Cursor":
        """Return the cursor for which the note of a repository is none to look at any more."""
        return replace(self, noted={**self.noted, repo: note})

    def after(self, repo: str, events: Iterable[Event] | None, etag: str | None = None) -> tuple[list[Event], "Cursor"]:
        """Return the new ones of what a repository lists, oldest first, and the cursor that has seen them.

        A repository that was never asked starts at its newest event: switching a sensor on asks for no run about the
        past. ``events`` is None where the list is as before.
        """
        before = self.seen.get(repo)
        if events is None:
            return [], replace(self, asked_last=repo)
        listed = sorted(events)
        known = before or Seen()
        new = [one for one in listed if one.at > known.at or (one.at == known.at and one.run_key not in known.run_keys)]
        newest = max([known.at, *(one.at for one in listed)])
        run_keys = {one.run_key for one in listed if one.at == newest}
        run_keys |= set(known.run_keys) if newest == known.at else set()
        seen = {**self.seen, repo: Seen(newest, tuple(sorted(run_keys)), etag)}
        return new if before is not None else [], replace(self, seen=seen, asked_last=repo)


def merges_of(repo: str, pulls: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return the merged ones of a page of closed pull requests as GitHub lists them."""
    return [
        Event(
            at=pull["merged_at"],
            repo=repo,
            run_key=f"merge:{repo}#{pull['number']}@{pull.get('merge_commit_sha') or pull['head']['sha']}",
            name=f"{repo}#{pull['number']}",
        )
        for pull in pulls
        if pull.get("merged_at")
    ]


def completions_of(repo: str, runs: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return the finished ones of a page of a workflow's runs as GitHub lists them; each attempt is an event."""
    return [
        Event(
            at=run["updated_at"],
            repo=repo,
            run_key=f"completed:{repo}#{run['id']}.{run.get('run_attempt') or 1}",
            name=f"{repo} {run.get('name') or run['path']} #{run['run_number']}",
        )
        for run in runs
        if run["status"] == "completed" and run["event"] != "pull_request"
    ]
