"""Builders for the payloads of GitHub's REST API (2022-11-28) in their full shapes.

Belongs here: which fields an object has and which URLs it names. What the values are belongs to the simulated
organisation, what happens to an object later to the simulator. Every API URL starts with ``API_ROOT``, every page's
with ``HTML_ROOT``. Times may be given as aware datetimes or as the API's own strings.

Nested payloads (repository, user, milestone, labels) are put in as they are, not copied: build each once and share it,
since a run with its own copy of its repository takes ten times the memory. Nothing may be changed in a payload after
it was handed on.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload

Time = datetime | str

_REACTIONS = {"+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0}
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


def timestamp(moment: Time) -> str:
    """An instant as the API writes it: ``2026-11-16T06:00:00Z``, whole seconds, UTC. Strings pass through."""
    if isinstance(moment, str):
        return moment
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _optional(moment: Time | None) -> str | None:
    return None if moment is None else timestamp(moment)


def node_id(kind: str, number: int) -> str:
    """A global id of the form ``WFR_kwDO…``: kind, then the number in base 64."""
    packed = base64.urlsafe_b64encode(number.to_bytes(9, "big")).decode().rstrip("=")
    return f"{kind}_kwDO{packed}"


def user(login: str, id: int, *, type: str = "User") -> Payload:
    """A *simple user*. ``type`` is User, Bot or Organization; a bot's login ends in ``[bot]``."""
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
    """A *minimal repository*, as workflow runs hold it (``repository``, ``head_repository``)."""
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
    open_issues: int = 0,
) -> Payload:
    """A *full repository*, as ``GET /repos/{owner}/{repo}`` and a pull request's ``head`` and ``base`` hold it."""
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
        "visibility": "private" if private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": default_branch,
        "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        "network_count": 0,
        "subscribers_count": 0,
    }


def head_commit(sha: str, *, message: str, at: Time, author: str, email: str) -> Payload:
    """The *simple commit* that a workflow run holds; the committer is the author."""
    person = {"name": author, "email": email}
    return {
        "id": sha,
        "tree_id": sha[::-1],
        "message": message,
        "timestamp": timestamp(at),
        "author": person,
        "committer": person,
    }


def commit(
    repository: Payload,
    sha: str,
    *,
    message: str,
    author: Payload | None,
    author_name: str,
    email: str,
    at: Time,
    parents: Sequence[str] = (),
    committer: Payload | None = None,
    committer_name: str | None = None,
    committed_at: Time | None = None,
) -> Payload:
    """A *commit*, as lists of a pull request's commits hold it.

    ``author`` and ``committer`` are the accounts that the addresses belong to, None for unknown ones. Without a
    ``committer_name`` the author committed it.
    """
    root, page = repository["url"], repository["html_url"]
    git_author = {"name": author_name, "email": email, "date": timestamp(at)}
    git_committer = {
        "name": committer_name or author_name,
        "email": email if committer_name is None else "noreply@github.com",
        "date": timestamp(at if committed_at is None else committed_at),
    }
    return {
        "sha": sha,
        "node_id": f"C_kwDO{sha}",
        "commit": {
            "author": git_author,
            "committer": git_committer,
            "message": message,
            "tree": {"sha": sha[::-1], "url": f"{root}/git/trees/{sha[::-1]}"},
            "url": f"{root}/git/commits/{sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{root}/commits/{sha}",
        "html_url": f"{page}/commit/{sha}",
        "comments_url": f"{root}/commits/{sha}/comments",
        "author": author,
        "committer": author if committer_name is None else committer,
        "parents": [
            {"sha": parent, "url": f"{root}/commits/{parent}", "html_url": f"{page}/commit/{parent}"}
            for parent in parents
        ],
    }


def run_pull_request(pull_request: Payload) -> Payload:
    """A pull request as the ``pull_requests`` list of a workflow run names it."""

    def end(side: Payload) -> Payload:
        repo = side["repo"]
        return {
            "ref": side["ref"],
            "sha": side["sha"],
            "repo": {"id": repo["id"], "url": repo["url"], "name": repo["name"]},
        }

    return {
        "url": pull_request["url"],
        "id": pull_request["id"],
        "number": pull_request["number"],
        "head": end(pull_request["head"]),
        "base": end(pull_request["base"]),
    }


def workflow_run(
    repository: Payload,
    *,
    id: int,
    run_number: int,
    workflow_id: int,
    name: str,
    path: str,
    head_branch: str | None,
    head_sha: str,
    event: str,
    status: str,
    conclusion: str | None,
    created_at: Time,
    updated_at: Time,
    actor: Payload,
    display_title: str,
    run_attempt: int = 1,
    run_started_at: Time | None = None,
    triggering_actor: Payload | None = None,
    head_repository: Payload | None = None,
    head_commit: Payload | None = None,
    pull_requests: Sequence[Payload] = (),
    check_suite_id: int | None = None,
) -> Payload:
    """A *workflow run* as of one attempt.

    ``repository`` and ``head_repository`` (default: the same) are minimal repositories, ``pull_requests`` entries of
    :func:`run_pull_request`. ``run_started_at`` defaults to ``created_at``; a later attempt needs its own. ``jobs_url``
    and ``logs_url`` are the run's at every attempt; from the second on ``previous_attempt_url`` names the one before.
    """
    head = repository if head_repository is None else head_repository
    suite = id + 10_000_000_000 if check_suite_id is None else check_suite_id
    root = repository["url"]
    url = f"{root}/actions/runs/{id}"
    return {
        "id": id,
        "name": name,
        "node_id": node_id("WFR", id),
        "head_branch": head_branch,
        "head_sha": head_sha,
        "path": path,
        "display_title": display_title,
        "run_number": run_number,
        "event": event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": workflow_id,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        "url": url,
        "html_url": f"{repository['html_url']}/actions/runs/{id}",
        "pull_requests": list(pull_requests),
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "actor": actor,
        "run_attempt": run_attempt,
        "referenced_workflows": [],
        "run_started_at": timestamp(created_at if run_started_at is None else run_started_at),
        "triggering_actor": actor if triggering_actor is None else triggering_actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{root}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{run_attempt - 1}" if run_attempt > 1 else None,
        "workflow_url": f"{root}/actions/workflows/{workflow_id}",
        "head_commit": head_commit,
        "repository": repository,
        "head_repository": head,
    }


def workflow(
    repository: Payload,
    *,
    id: int,
    name: str,
    path: str,
    created_at: Time,
    state: str = "active",
    updated_at: Time | None = None,
) -> Payload:
    """A *workflow*; ``state`` is active, deleted, disabled_fork, disabled_inactivity or disabled_manually."""
    page = repository["html_url"]
    return {
        "id": id,
        "node_id": node_id("W", id),
        "name": name,
        "path": path,
        "state": state,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at if updated_at is None else updated_at),
        "url": f"{repository['url']}/actions/workflows/{id}",
        "html_url": f"{page}/blob/{repository.get('default_branch', 'main')}/{path}",
        "badge_url": f"{page}/workflows/{quote(name)}/badge.svg",
    }


def annotation(
    repository: Payload,
    *,
    head_sha: str,
    message: str,
    path: str = ".github",
    start_line: int = 1,
    end_line: int | None = None,
    level: str = "failure",
    title: str | None = None,
    raw_details: str | None = None,
) -> Payload:
    """An *annotation* of a check run; ``level`` is notice, warning or failure. Those about no file lie in .github."""
    return {
        "path": path,
        "blob_href": f"{repository['html_url']}/blob/{head_sha}/{quote(path)}",
        "start_line": start_line,
        "end_line": start_line if end_line is None else end_line,
        "start_column": None,
        "end_column": None,
        "annotation_level": level,
        "title": title,
        "message": message,
        "raw_details": raw_details,
    }


def merge_queue_branch(base: str, number: int, sha: str) -> str:
    """The branch on which a merge queue tests pull request ``number``: what runs there has ``event="merge_group"``."""
    return f"gh-readonly-queue/{base}/pr-{number}-{sha}"


def github_app(slug: str, id: int, owner: Payload, *, created_at: Time, permissions: Mapping[str, str]) -> Payload:
    """An *integration*: a GitHub App."""
    return {
        "id": id,
        "slug": slug,
        "node_id": node_id("A", id),
        "client_id": f"Iv1.{id:016x}",
        "owner": owner,
        "name": slug,
        "description": None,
        "external_url": f"{HTML_ROOT}/apps/{slug}",
        "html_url": f"{HTML_ROOT}/apps/{slug}",
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at),
        "permissions": dict(permissions),
        "events": [],
    }


def installation(app: Payload, *, id: int, account: Payload, selected: bool, created_at: Time) -> Payload:
    """An *installation* of an App in ``account``, on all of its repositories or on ``selected`` ones."""
    url = f"{API_ROOT}/app/installations/{id}"
    return {
        "id": id,
        "account": account,
        "repository_selection": "selected" if selected else "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{API_ROOT}/installation/repositories",
        "html_url": f"{HTML_ROOT}/organizations/{account['login']}/settings/installations/{id}",
        "app_id": app["id"],
        "app_slug": app["slug"],
        "target_id": account["id"],
        "target_type": account["type"],
        "permissions": app["permissions"],
        "events": app["events"],
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


def step(
    number: int,
    name: str,
    *,
    status: str = "completed",
    conclusion: str | None = "success",
    started_at: Time | None = None,
    completed_at: Time | None = None,
) -> Payload:
    """A step of a job. A dead runner leaves steps ``in_progress`` or ``pending`` with ``conclusion=None``."""
    return {
        "name": name,
        "status": status,
        "conclusion": conclusion,
        "number": number,
        "started_at": _optional(started_at),
        "completed_at": _optional(completed_at),
    }


def job(
    repository: Payload,
    *,
    id: int,
    run_id: int,
    name: str,
    workflow_name: str,
    head_branch: str | None,
    head_sha: str,
    status: str,
    conclusion: str | None,
    created_at: Time,
    started_at: Time,
    completed_at: Time | None,
    run_attempt: int = 1,
    steps: Sequence[Payload] = (),
    labels: Sequence[str] = ("ubuntu-latest",),
    runner_id: int | None = None,
    runner_name: str | None = None,
) -> Payload:
    """A *job* of one attempt of a run. A skipped job and one that no runner took have no ``runner_id``."""
    root = repository["url"]
    took = runner_id is not None
    return {
        "id": id,
        "run_id": run_id,
        "workflow_name": workflow_name,
        "head_branch": head_branch,
        "run_url": f"{root}/actions/runs/{run_id}",
        "run_attempt": run_attempt,
        "node_id": node_id("CR", id),
        "head_sha": head_sha,
        "url": f"{root}/actions/jobs/{id}",
        "html_url": f"{repository['html_url']}/actions/runs/{run_id}/job/{id}",
        "status": status,
        "conclusion": conclusion,
        "created_at": timestamp(created_at),
        "started_at": timestamp(started_at),
        "completed_at": _optional(completed_at),
        "name": name,
        "steps": list(steps),
        "check_run_url": f"{root}/check-runs/{id}",
        "labels": list(labels),
        "runner_id": runner_id,
        "runner_name": runner_name,
        "runner_group_id": 0 if took else None,
        "runner_group_name": "GitHub Actions" if took else None,
    }


def label(repository: Payload, *, id: int, name: str, color: str = "ededed", description: str | None = None) -> Payload:
    """A *label*; ``color`` is six hexadecimal digits without ``#``."""
    return {
        "id": id,
        "node_id": node_id("LA", id),
        "url": f"{repository['url']}/labels/{quote(name, safe='')}",
        "name": name,
        "color": color,
        "default": False,
        "description": description,
        "archived_at": None,
        "archived_by": None,
    }


def milestone(
    repository: Payload,
    *,
    id: int,
    number: int,
    title: str,
    creator: Payload,
    created_at: Time,
    updated_at: Time,
    state: str = "open",
    description: str | None = None,
    due_on: Time | None = None,
    closed_at: Time | None = None,
    open_issues: int = 0,
    closed_issues: int = 0,
) -> Payload:
    """A *milestone*. The simulator counts ``open_issues`` and ``closed_issues`` itself (pull requests included)."""
    url = f"{repository['url']}/milestones/{number}"
    return {
        "url": url,
        "html_url": f"{repository['html_url']}/milestone/{number}",
        "labels_url": f"{url}/labels",
        "id": id,
        "node_id": node_id("MI", id),
        "number": number,
        "title": title,
        "description": description,
        "creator": creator,
        "open_issues": open_issues,
        "closed_issues": closed_issues,
        "state": state,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "due_on": _optional(due_on),
        "closed_at": _optional(closed_at),
    }


def issue(
    repository: Payload,
    *,
    id: int,
    number: int,
    title: str,
    user: Payload,
    created_at: Time,
    updated_at: Time,
    body: str | None = None,
    state: str = "open",
    state_reason: str | None = None,
    closed_at: Time | None = None,
    closed_by: Payload | None = None,
    labels: Sequence[Payload] = (),
    milestone: Payload | None = None,
    assignees: Sequence[Payload] = (),
    comments: int = 0,
    locked: bool = False,
    author_association: str = "MEMBER",
    pull_request: Payload | None = None,
) -> Payload:
    """An *issue*; with ``pull_request`` (a payload of :func:`pull_request`) the issue view of that pull request."""
    url = f"{repository['url']}/issues/{number}"
    kind = "issues" if pull_request is None else "pull"
    answer: Payload = {
        "url": url,
        "repository_url": repository["url"],
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{repository['html_url']}/{kind}/{number}",
        "id": id,
        "node_id": node_id("I", id),
        "number": number,
        "title": title,
        "user": user,
        "labels": list(labels),
        "state": state,
        "locked": locked,
        "assignee": assignees[0] if assignees else None,
        "assignees": list(assignees),
        "milestone": milestone,
        "comments": comments,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "closed_at": _optional(closed_at),
        "author_association": author_association,
        "active_lock_reason": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
        "body": body,
        "closed_by": closed_by,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, **_REACTIONS},
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": state_reason,
    }
    if pull_request is not None:
        answer["draft"] = pull_request.get("draft", False)
        answer["pull_request"] = {
            **{name: pull_request[name] for name in ("url", "html_url", "diff_url", "patch_url")},
            "merged_at": pull_request["merged_at"],
        }
    return answer


def pull_request(
    repository: Payload,
    *,
    id: int,
    number: int,
    title: str,
    user: Payload,
    head_ref: str,
    head_sha: str,
    base_ref: str,
    base_sha: str,
    created_at: Time,
    updated_at: Time,
    body: str | None = None,
    state: str = "open",
    closed_at: Time | None = None,
    merged_at: Time | None = None,
    merge_commit_sha: str | None = None,
    head_repository: Payload | None = None,
    fork_is_gone: bool = False,
    labels: Sequence[Payload] = (),
    milestone: Payload | None = None,
    assignees: Sequence[Payload] = (),
    draft: bool = False,
    locked: bool = False,
    author_association: str = "MEMBER",
) -> Payload:
    """A *simple pull request*, as lists hold it; the simulator adds what only the single one has.

    ``repository`` and ``head_repository`` (default: the same) are full repositories; with ``fork_is_gone`` the head's
    ``repo`` is null, as GitHub answers once the fork was deleted. A merged one needs ``state="closed"``, ``closed_at``
    and ``merged_at``. A pull request and an issue never share a number within a repository.
    """
    head = repository if head_repository is None else head_repository
    root, page = repository["url"], f"{repository['html_url']}/pull/{number}"
    url, issue_url = f"{root}/pulls/{number}", f"{root}/issues/{number}"
    links = {
        "self": url,
        "html": page,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{head_sha}",
    }
    return {
        "url": url,
        "id": id,
        "node_id": node_id("PR", id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "number": number,
        "state": state,
        "locked": locked,
        "title": title,
        "user": user,
        "body": body,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(updated_at),
        "closed_at": _optional(closed_at),
        "merged_at": _optional(merged_at),
        "merge_commit_sha": merge_commit_sha,
        "assignee": assignees[0] if assignees else None,
        "assignees": list(assignees),
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": list(labels),
        "milestone": milestone,
        "draft": draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": {
            "label": f"{head['owner']['login']}:{head_ref}",
            "ref": head_ref,
            "sha": head_sha,
            "user": head["owner"],
            "repo": None if fork_is_gone else head,
        },
        "base": {
            "label": f"{repository['owner']['login']}:{base_ref}",
            "ref": base_ref,
            "sha": base_sha,
            "user": repository["owner"],
            "repo": repository,
        },
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": author_association,
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_request_file(
    repository: Payload,
    filename: str,
    *,
    head_sha: str,
    status: str = "modified",
    additions: int = 1,
    deletions: int = 0,
    sha: str | None = None,
) -> Payload:
    """A *diff entry*: one file of a pull request, without its patch."""
    path = quote(filename)
    return {
        "sha": head_sha if sha is None else sha,
        "filename": filename,
        "status": status,
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
        "blob_url": f"{repository['html_url']}/blob/{head_sha}/{path}",
        "raw_url": f"{repository['html_url']}/raw/{head_sha}/{path}",
        "contents_url": f"{repository['url']}/contents/{path}?ref={head_sha}",
    }


def issue_event(
    repository: Payload,
    *,
    id: int,
    number: int,
    event: str,
    actor: Payload,
    created_at: Time,
    commit_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Payload:
    """An *issue event* of issue or pull request ``number``.

    ``details`` holds what the kind of event adds: ``{"label": {"name", "color"}}`` for labeled and unlabeled,
    ``{"milestone": {"title"}}`` for milestoned and demilestoned, ``{"rename": {"from", "to"}}`` for renamed. The issue
    itself is named by number alone; the simulator puts the whole one in its place.
    """
    return {
        "id": id,
        "node_id": node_id("EV", id),
        "url": f"{repository['url']}/issues/events/{id}",
        "actor": actor,
        "event": event,
        "commit_id": commit_id,
        "commit_url": None if commit_id is None else f"{repository['url']}/commits/{commit_id}",
        "created_at": timestamp(created_at),
        **(details or {}),
        "performed_via_github_app": None,
        "issue": {"number": number},
    }


def comment(
    repository: Payload,
    *,
    id: int,
    number: int,
    user: Payload,
    body: str,
    created_at: Time,
    updated_at: Time | None = None,
    on_pull_request: bool = True,
    author_association: str = "MEMBER",
) -> Payload:
    """A *comment* on issue or pull request ``number``; ``updated_at`` defaults to ``created_at``."""
    url = f"{repository['url']}/issues/comments/{id}"
    kind = "pull" if on_pull_request else "issues"
    return {
        "url": url,
        "html_url": f"{repository['html_url']}/{kind}/{number}#issuecomment-{id}",
        "issue_url": f"{repository['url']}/issues/{number}",
        "id": id,
        "node_id": node_id("IC", id),
        "user": user,
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at if updated_at is None else updated_at),
        "body": body,
        "author_association": author_association,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, **_REACTIONS},
        "performed_via_github_app": None,
    }
