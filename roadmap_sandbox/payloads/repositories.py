"""Accounts and the repositories they own."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload
from roadmap_sandbox.payloads.basics import Time, node_id, timestamp

_REPOSITORY_LINKS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}


def user(login: str, id: int, *, type: str = "User") -> Payload:
    """Return a *simple user*. ``type`` is User, Bot or Organization; a bot's login ends in ``[bot]``."""
    url = f"{API_ROOT}/users/{quote(login)}"
    page = f"{HTML_ROOT}/apps/{login.removesuffix('[bot]')}" if type == "Bot" else f"{HTML_ROOT}/{login}"
    return {
        "login": login,
        "id": id,
        "node_id": node_id({"Bot": "BOT", "Organization": "O"}.get(type, "U"), id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": type,
        "user_view_type": "public",
        "site_admin": False,
    }


def minimal_repository(
    full_name: str,
    id: int,
    owner: Payload,
    *,
    private: bool = False,
    fork: bool = False,
    description: str | None = None,
) -> Payload:
    """Return a *minimal repository*, as workflow runs hold it (``repository``, ``head_repository``)."""
    url = f"{API_ROOT}/repos/{full_name}"
    return {
        "id": id,
        "node_id": node_id("R", id),
        "name": full_name.partition("/")[2],
        "full_name": full_name,
        "private": private,
        "owner": owner,
        "html_url": f"{HTML_ROOT}/{full_name}",
        "description": description,
        "fork": fork,
        "url": url,
        **{name: f"{url}{path}" for name, path in _REPOSITORY_LINKS.items()},
    }


def repository(
    full_name: str,
    id: int,
    owner: Payload,
    *,
    created_at: Time,
    updated_at: Time,
    pushed_at: Time,
    default_branch: str = "main",
    private: bool = False,
    fork: bool = False,
    description: str | None = None,
    language: str | None = None,
    topics: Sequence[str] = (),
    custom_properties: Mapping[str, str | list[str] | None] | None = None,
    open_issues: int = 0,
) -> Payload:
    """Return a *full repository*, as ``GET /repos/{owner}/{repo}`` and a pull request's two ends hold it."""
    page = f"{HTML_ROOT}/{full_name}"
    return {
        **minimal_repository(full_name, id, owner, private=private, fork=fork, description=description),
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "pushed_at": timestamp(pushed_at),
        "git_url": f"git://github.com/{full_name}.git",
        "ssh_url": f"git@github.com:{full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": 1024,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": language,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": list(topics),
        "custom_properties": dict(custom_properties or {}),
        "visibility": "private" if private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": default_branch,
        "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        "network_count": 0,
        "subscribers_count": 0,
    }
