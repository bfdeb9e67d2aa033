"""Comments that GitHub refused, so that not every run is refused again.

Belongs here: noting a refusal, and until when it holds. Some can be known beforehand (a locked conversation, an
archived repository): those are left out by ``publish.pull_request_comments``. Others only a refusal tells, such as a
token that may read but not comment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.session import WarehouseSession
from roadmap_pipeline.warehouse.source_tables import replace_rows

HOLDS_FOR = timedelta(days=1)
"""Time after a refusal in which the same credentials don't ask again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why GitHub refused a comment, and when (naive UTC). ``holds``: it isn't to be tried again yet."""

    reason: str
    refused_at: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refusals that one warehouse knows, for the credentials of ``client`` at the time ``now`` (aware)."""

    warehouse: WarehouseSession
    client: GitHubClient
    now: datetime

    @property
    def _now(self) -> datetime:
        return self.now.astimezone(UTC).replace(tzinfo=None)

    def known(self) -> Mapping[tuple[str, int], Refusal]:
        """Return all of them, by repository and number of the pull request."""
        with self.warehouse.connect() as con:
            rows = con.execute(
                "select repo, number, reason, refused_at, asked_as from sync.refused_comments"
            ).fetchall()
        return {
            (repo, number): Refusal(
                reason, at, holds=at > self._now - HOLDS_FOR and asked_as == self._asked_as(repo, number)
            )
            for repo, number, reason, at, asked_as in rows
        }

    def note(self, repo: str, number: int, reason: str | None) -> None:
        """Note that a comment was refused for ``reason``, or (None) that it was taken."""
        with self.warehouse.connect() as con, transaction(con):
            if reason is None:
                con.execute("delete from sync.refused_comments where repo = ? and number = ?", [repo, number])
                return
            row = {
                "repo": repo,
                "number": number,
                "reason": reason,
                "asked_as": self._asked_as(repo, number),
                "refused_at": self._now,
            }
            replace_rows(con, "sync.refused_comments", [row])

    def _asked_as(self, repo: str, number: int) -> str:
        return self.client.cache_key(f"/repos/{repo}/issues/{number}/comments")
