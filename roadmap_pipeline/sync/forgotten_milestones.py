"""Milestones of which a row in Notion is all that is left: deleted on GitHub while this warehouse remembered nothing.

Belongs here: telling by the key that a row bears which milestone it is of, and that this is gone. What becomes of the
row is decided in ``roadmap``, as for a milestone whose deletion was seen.
"""

from collections.abc import Iterable, Mapping, Sequence

from roadmap_pipeline.github.client.errors import GitHubError
from roadmap_pipeline.github.milestones import absent_nodes
from roadmap_pipeline.github.node_ids import repository_id_in
from roadmap_pipeline.notion.rows import Row
from roadmap_pipeline.sync.canonical import TITLE, canonical_title
from roadmap_pipeline.sync.github_target import MILESTONE_KEY, GitHubTarget, RepositoryState
from roadmap_pipeline.sync.roadmap_entities import Entities, Entity
from roadmap_pipeline.sync.row_matching import Rows


def find_forgotten(rows: Rows, entities: Sequence[Entity], target: GitHubTarget) -> Entities:
    """Return what rows stand for whose key nothing else speaks of, where that is gone from GitHub.

    A row is left as it is unless its key names a repository that is configured and was read to the end, and GitHub,
    asked for this very milestone, says that it isn't there: lists lag, and may leave out one that is edited meanwhile.
    """
    forgotten = Entities()
    spoken_of = {key for one in entities for key in (one.key, *one.former_keys)}
    unknown: dict[str, Row] = {}
    for row in rows.listed:
        key = rows.key_of(row)
        if key is not None and key.startswith(MILESTONE_KEY) and key not in spoken_of:
            unknown.setdefault(key, row)
    repositories = _repositories(unknown, target)
    try:
        gone = _gone(repositories, target)
    except GitHubError as error:
        count = "1 row" if len(repositories) == 1 else f"{len(repositories):,} rows"
        forgotten.notes.append(
            f"{count} of milestones that GitHub doesn't list: whether they were deleted can't be asked ({error})"
        )
        return forgotten
    for key in sorted(gone):
        repo = repositories[key].repo
        title = canonical_title(str(unknown[key].values.get(TITLE) or ""), repo)
        forgotten.entities.append(Entity(key, repo, None, title or "a row without a title", None))
    return forgotten


def _repositories(keys: Iterable[str], target: GitHubTarget) -> dict[str, RepositoryState]:
    """Return the repository that a key names, by key; only of those that were read, now at the latest."""
    names: dict[int | None, str] = {
        state.id: repo for repo, state in target.repositories.items() if state.id is not None
    }
    found: dict[str, RepositoryState] = {}
    for key in keys:
        repo = names.get(repository_id_in(key.removeprefix(MILESTONE_KEY)))
        if repo is not None and (state := target.confirmed(repo)) is not None:
            found[key] = state
    return found


def _gone(repositories: Mapping[str, RepositoryState], target: GitHubTarget) -> set[str]:
    """Return the keys of the milestones that GitHub says are gone, while it shows their repositories."""
    present = target.milestones()
    unlisted = {key: state for key, state in repositories.items() if key not in present}
    ids = {key: key.removeprefix(MILESTONE_KEY) for key in unlisted}
    asked = {*ids.values(), *(state.node_id for state in unlisted.values())}
    absent = absent_nodes(target.runtime.github, sorted(asked))
    return {key for key, state in unlisted.items() if ids[key] in absent and state.node_id not in absent}
