"""Commits, whole and as runs hold them."""

from collections.abc import Sequence

from roadmap_sandbox.content import Payload
from roadmap_sandbox.payloads.basics import Time, timestamp


def head_commit(sha: str, *, message: str, at: Time, author: str, email: str) -> Payload:
    """Return the *simple commit* that a workflow run holds; the committer is the author."""
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
    """Return a *commit*, as lists of a pull request's commits hold it.

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
