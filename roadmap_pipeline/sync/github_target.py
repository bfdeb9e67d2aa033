"""The GitHub side of a sync: milestones and tracking issues as they are now, and changing them.

Brings together :mod:`roadmap_pipeline.github` with the shared fields. What to change is decided in ``roadmap`` and
``tracking``; pull-request comments have a module of their own.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.github.client.errors import GitHubError, Paused, UnknownRepository
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself
from roadmap_pipeline.github.milestones import Milestone, list_milestones, read_milestone
from roadmap_pipeline.github.tracking_issues import (
    TrackingIssue,
    TrackingIssueRefused,
    duplicates_of,
    list_tracking_issues,
    tracking_issue_of,
)
from roadmap_pipeline.progress import task
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.merge import GitHubStatus
from roadmap_pipeline.sync.shared_fields import GitHubMilestone
from roadmap_pipeline.sync.without_milestones import repositories_without_milestones

MILESTONE_KEY = "milestone:"
"""Before a milestone's node id: the sync key of its row."""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """One repository: its milestones, and its tracking issues; None where it has no issues (they are switched off).

    ``id`` is GitHub's, which outlives names, and ``node_id`` its global one. ``is_presumed`` where GitHub was not
    asked, since the tables say that it has neither; they don't tell the global id.
    """

    repo: str
    id: int | None
    node_id: str
    milestones: Sequence[Milestone]
    issues: Sequence[TrackingIssue] | None
    is_archived: bool = False
    is_presumed: bool = False


@dataclass
class GitHubTarget:
    """All configured repositories, observed once.

    Attributes:
        repositories: By canonical name.
        unread: Why a configured repository could not be read, by its configured name.
        pause: Why GitHub could not be asked (to the end), where it could not.
    """

    runtime: Runtime
    cache: ResponseCache = field(default_factory=ResponseCache)
    repositories: dict[str, RepositoryState] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    pause: str | None = None

    @classmethod
    def look(cls, runtime: Runtime, cache: ResponseCache) -> "GitHubTarget":
        """Read the milestones and tracking issues of each configured repository; what can't be read is noted.

        ``cache`` gives what didn't change, so that looking often costs nothing of the quota. Of many repositories
        those without milestones aren't asked.
        """
        side = cls(runtime, cache)
        presumed = repositories_without_milestones(runtime, cache)
        without = {repo.lower(): repo for repo in presumed}
        names = []
        for name in runtime.settings.repositories:
            if (repo := without.get(name.lower())) is None:
                names.append(name)
            else:
                known = presumed[repo]
                side.repositories[repo] = RepositoryState(
                    repo, known.repository_id, "", (), (), known.is_archived, is_presumed=True
                )
        with task("Looking at milestones", total=len(names)) as progress:
            for position, name in enumerate(names):
                try:
                    side._observe(name)
                except Paused as pause:
                    side.pause = str(pause)
                    side.unread.update(dict.fromkeys(names[position:], str(pause)))
                    break
                progress.advance()
        return side

    def _observe(self, name: str) -> RepositoryState | None:
        """Read a repository; None where it can't be read, which is noted."""
        try:
            state = _read(self.runtime, name, self.cache)
        except UnknownRepository as error:
            self.unread[name] = "; ".join(error.problems)
        except Paused:
            raise
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            self.unread[name] = str(error)
        else:
            self.repositories[state.repo] = state
            return state
        return None

    def confirmed(self, repo: str) -> RepositoryState | None:
        """Return a repository as GitHub has it, asked now where it was not; None where it can't be read.

        Whoever is going to make a milestone there has to know.
        """
        state = self.repositories.get(repo)
        if state is None or not state.is_presumed:
            return state
        del self.repositories[repo]
        try:
            return self._observe(repo)
        except Paused as pause:
            self.pause = self.unread[repo] = str(pause)
            return None

    def milestones(self) -> dict[str, tuple[Milestone, GitHubMilestone]]:
        """Return every milestone by sync key, as it is and as it is merged."""
        create = self.runtime.settings.configuration.tracking_issues.create
        merged = {}
        for state in self.repositories.values():
            for milestone in state.milestones:
                issue = self.issue(milestone)
                may_have_issue = state.issues is not None and not state.is_archived and create != "never"
                merged[key_of(milestone)] = (
                    milestone,
                    GitHubMilestone(
                        key_of(milestone),
                        milestone.repo,
                        milestone.number,
                        milestone.title,
                        milestone.due_date.isoformat() if milestone.due_date else None,
                        GitHubStatus(
                            milestone.is_closed,
                            issue.status if issue else None,
                            "In Progress" if milestone.closed_items else "Planned",
                        ),
                        is_fresh=not state.is_archived,
                        carries_status=issue is not None or may_have_issue,
                        updated_at=milestone.updated_at,
                    ),
                )
        return merged

    def issue(self, milestone: Milestone) -> TrackingIssue | None:
        """Return the tracking issue of a milestone: ours, else one that people made; the lowest number counts."""
        return tracking_issue_of(self._issues(milestone.repo), milestone.node_id, milestone.number)

    def issue_numbers(self) -> dict[str, int]:
        """Return the number of the tracking issue by sync key."""
        return {
            key: issue.number
            for key, (milestone, _) in self.milestones().items()
            if (issue := self.issue(milestone)) is not None
        }

    def duplicates(self, milestone: Milestone) -> list[TrackingIssue]:
        """Return further tracking issues of ours, which two runs at once had made."""
        kept = self.issue(milestone)
        return [] if kept is None else duplicates_of(self._issues(milestone.repo), kept)

    def orphaned_issues(self, repo: str, node_id: str) -> list[TrackingIssue]:
        """Return the open tracking issues of ours of a milestone that is gone."""
        return [issue for issue in self._issues(repo) if issue.key == node_id and not issue.is_closed]

    def _issues(self, repo: str) -> Sequence[TrackingIssue]:
        return self.repositories[repo].issues or ()

    def is_gone(self, repo: str, number: int) -> bool:
        """Return whether a milestone that no list shows is gone for good: asked for by itself, it isn't there."""
        return read_milestone(self.runtime.github, repo, number) is None


def key_of(milestone: Milestone) -> str:
    """Return the sync key of a milestone's row."""
    return MILESTONE_KEY + milestone.node_id


def _read(runtime: Runtime, name: str, cache: ResponseCache) -> RepositoryState:
    repository: Mapping[str, Any] = cache.repository(runtime.github, name).data
    repo = str(repository["full_name"])
    milestones = list_milestones(runtime.github, repo, cache)
    issues: Sequence[TrackingIssue] | None = None
    with suppress(TrackingIssueRefused):  # switched off
        if repository.get("has_issues", True):
            issues = _tracking_issues(runtime, repo, milestones, cache)
    return RepositoryState(
        repo, int(repository["id"]), str(repository["node_id"]), milestones, issues, bool(repository.get("archived"))
    )


def _tracking_issues(
    runtime: Runtime, repo: str, milestones: Sequence[Milestone], cache: ResponseCache
) -> Sequence[TrackingIssue]:
    """Return the tracking issues; where one seems to be missing, also those that people took the label from."""
    author = runtime.github.viewer_login()
    issues = list_tracking_issues(runtime.github, repo, author, is_thorough=False, cache=cache)
    tracked = {issue.key for issue in issues if not issue.is_duplicate}
    if all(one.node_id in tracked for one in milestones if not one.is_closed):
        return issues
    return list_tracking_issues(runtime.github, repo, author, cache=cache)
