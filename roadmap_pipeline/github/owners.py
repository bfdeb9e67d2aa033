"""The repositories of an organisation or a user, as GitHub lists them.

Belongs here: asking for the list. Which of them a pattern takes belongs to :mod:`roadmap_pipeline.discovery`.
"""

from datetime import datetime

from roadmap_pipeline.discovery import ListedRepository, OwnerList
from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.client.errors import NotFoundError


def list_repositories(client: GitHubClient, owner: str, now: datetime) -> OwnerList:
    """Return all repositories of ``owner`` that the credentials may see; of a user's the public ones.

    Raises:
        NotFoundError: There is no such owner.
        GitHubError: The list is refused or cut.
    """
    try:
        return _listed(client, f"/orgs/{owner}/repos", now)
    except NotFoundError:
        return _listed(client, f"/users/{owner}/repos", now)


def _listed(client: GitHubClient, path: str, now: datetime) -> OwnerList:
    return OwnerList(
        now,
        tuple(
            ListedRepository(str(one["full_name"]), bool(one.get("archived")), bool(one.get("fork")))
            for page in client.pages(path, {"type": "all", "sort": "full_name"})
            for one in page
            if isinstance(one.get("full_name"), str)
        ),
    )
