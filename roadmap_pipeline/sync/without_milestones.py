"""Repositories of which the tables say that they have no milestones, so that a sync needn't ask GitHub for them.

Belongs here: which of an organisation's many repositories are taken for such. What is asked of the others, and of one
in which a milestone is going to be made, belongs to ``github_target``.
"""

from dataclasses import dataclass

from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.status_labels import TRACKING
from roadmap_pipeline.runtime import Runtime

FEWEST = 50
"""Configured repositories from which on the tables are believed: of fewer all are asked, three free requests each."""

MILESTONES_QUERY = {"per_page": 100, "state": "all", "page": 1}
"""The parameters by which a sync asks for a list of milestones."""

# The list of milestones was read and is empty, nothing could not be read, and no open issue may be one of ours.
_WITHOUT = """
with listed as (
    select distinct regexp_extract(kept.url, '/repos/([^/]+/[^/]+)/milestones[?]', 1) as repo
    from raw.http_cache as kept
    where starts_with(kept.url, $root)
)

select repository.repo, repository.repository_id, coalesce(repository.is_archived, false)
from raw.repositories as repository
semi join listed on listed.repo = repository.repo
anti join raw.milestones as milestone on milestone.repo = repository.repo
anti join (
    select issue.repo from raw.issues as issue
    where issue.state = 'open' and (issue.tracks_milestone is not null or list_contains(issue.labels, $label))
) as tracking on tracking.repo = repository.repo
anti join (
    select failure.repo from raw.read_failures as failure
    where failure.endpoint in ('repository', 'milestones', 'issues')
) as unread on unread.repo = repository.repo
"""


@dataclass(frozen=True, slots=True)
class WithoutMilestones:
    """The tables' word on a repository that needn't be asked."""

    repository_id: int | None
    is_archived: bool


def repositories_without_milestones(runtime: Runtime, cache: ResponseCache) -> dict[str, WithoutMilestones]:
    """Return the repositories that needn't be asked, by name.

    None of them was ever looked at by a sync as far as ``cache`` remembers: where it made a milestone a moment ago, the
    tables don't know of it yet.
    """
    if len(runtime.settings.repositories) < FEWEST:
        return {}
    with runtime.warehouse.connect() as con:
        rows = con.execute(_WITHOUT, {"root": runtime.github.url("/repos/"), "label": TRACKING}).fetchall()
    return {
        repo: WithoutMilestones(repository_id, is_archived)
        for repo, repository_id, is_archived in rows
        if not cache.holds(runtime.github, f"/repos/{repo}/milestones", MILESTONES_QUERY)
    }
