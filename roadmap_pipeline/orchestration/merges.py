"""The choice of the merges that are new: the decision under the on-merge sensor, without Dagster.

Belongs here: the cursor and what follows from it. Asking GitHub and requesting runs is the sensor's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged pull request. ``merged_at`` is GitHub's text, which sorts by time."""

    repo: str
    number: int
    merged_at: str
    sha: str

    @property
    def run_key(self) -> str:
        """The name of the merge itself, so that a lost cursor asks for no run twice."""
        return f"merge:{self.repo}#{self.number}@{self.sha}"


@dataclass(frozen=True, slots=True)
class Decision:
    """New merges, oldest first, and the cursor to keep."""

    merges: tuple[Merge, ...]
    cursor: str


def merges_of(repo: str, pulls: Iterable[Mapping[str, Any]]) -> list[Merge]:
    """Return the merged ones of a page of closed pull requests as GitHub lists them."""
    return [
        Merge(repo, pull["number"], pull["merged_at"], pull.get("merge_commit_sha") or pull["head"]["sha"])
        for pull in pulls
        if pull.get("merged_at")
    ]


def new_merges(merges: Iterable[Merge], cursor: str | None) -> Decision:
    """Return the merges after ``cursor``, which holds the newest one seen by repository.

    A repository without one starts at its newest merge: switching the sensor on asks for no run about the past.
    """
    seen: dict[str, str] = json.loads(cursor) if cursor else {}
    after = dict(seen)
    new = []
    for merge in sorted(merges, key=lambda merge: (merge.merged_at, merge.repo, merge.number)):
        if merge.repo in seen and merge.merged_at > seen[merge.repo]:
            new.append(merge)
        after[merge.repo] = max(after.get(merge.repo, ""), merge.merged_at)
    return Decision(tuple(new), json.dumps(after, sort_keys=True))
