"""Pull requests and their files."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from roadmap_sandbox.content import Payload
from roadmap_sandbox.payloads.basics import Time, node_id, timestamps


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
    """Return a *simple pull request*, as lists hold it; the simulator adds what only the single one has.

    ``repository`` and ``head_repository`` (default: the same) are full repositories; with ``fork_is_gone`` the head's
    ``repo`` is null, as GitHub answers once the fork was deleted. A merged one needs ``state="closed"``, ``closed_at``
    and ``merged_at``. A pull request and an issue never share a number within a repository.
    """
    links = _links(repository, number, head_sha)
    head = _end(repository if head_repository is None else head_repository, head_ref, head_sha)
    return {
        "url": links["self"],
        "id": id,
        "node_id": node_id("PR", id),
        **_pages(links),
        "number": number,
        "state": state,
        "locked": locked,
        "title": title,
        "user": user,
        "body": body,
        **timestamps(created_at=created_at, updated_at=updated_at, closed_at=closed_at, merged_at=merged_at),
        "merge_commit_sha": merge_commit_sha,
        **_responsible(assignees),
        "labels": list(labels),
        "milestone": milestone,
        "draft": draft,
        **{f"{name}_url": links[name] for name in _LINKED_BELOW},
        "head": {**head, "repo": None} if fork_is_gone else head,
        "base": _end(repository, base_ref, base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": author_association,
        "auto_merge": None,
        "active_lock_reason": None,
    }


_LINKED_BELOW = ("commits", "review_comments", "review_comment", "comments", "statuses")


def _links(repository: Payload, number: int, head_sha: str) -> dict[str, str]:
    root = repository["url"]
    url, issue_url = f"{root}/pulls/{number}", f"{root}/issues/{number}"
    return {
        "self": url,
        "html": f"{repository['html_url']}/pull/{number}",
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{head_sha}",
    }


def _pages(links: Mapping[str, str]) -> Payload:
    page = links["html"]
    return {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch", "issue_url": links["issue"]}


def _responsible(assignees: Sequence[Payload]) -> Payload:
    return {
        "assignee": assignees[0] if assignees else None,
        "assignees": list(assignees),
        "requested_reviewers": [],
        "requested_teams": [],
    }


def _end(repository: Payload, ref: str, sha: str) -> Payload:
    owner = repository["owner"]
    return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": repository}


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
    """Return a *diff entry*: one file of a pull request, without its patch."""
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
