"""Sticky comments: one comment of our own on a pull request or issue, created once and edited from then on.

Belongs here: recognising it and keeping it single. What a comment says belongs to ``reports``, whether it is written to
``sync``; the marker to ``markers``, the length of a body to ``truncation``.

A sticky comment starts with a marker line, which is invisible, and counts only when we wrote it: anybody can copy a
marker. Every function may raise ConfigurationError, RateLimited and GitHubError as the client does.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from roadmap_pipeline.github.client.client import AmbiguousWrite, GitHubClient, GitHubError, NotFoundError
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.markers import Marker, content_hash, normal
from roadmap_pipeline.github.truncation import LONGEST_BODY, cut
from roadmap_pipeline.github.write_refusals import WRITE_TRIES, final_reason
from roadmap_pipeline.http.ambiguous_writes import repeat_until_certain

PULL_REQUEST_STATUS = "pr-status"

_REFUSALS = (403, 404, 410)


class CommentRefused(GitHubError):
    """GitHub will not take a comment here (locked, read-only token, gone): skip it and say why, don't try again."""

    def __init__(self, repo: str, number: int, error: GitHubError) -> None:
        reason = error.message or f"status {error.status}"
        super().__init__(f"no comment on {repo}#{number}: {reason}", status=error.status, message=error.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StickyComment:
    """A comment of ours as it stands on GitHub."""

    id: int
    marker: Marker
    body: str
    """The text below the marker."""
    author: str
    html_url: str

    @property
    def is_edited_by_others(self) -> bool:
        """True when somebody changed the text since we wrote it."""
        return content_hash(self.body) != self.marker.sha256


def render(marker: Marker, body: str) -> str:
    """Return the comment as it is sent: the marker line with the body's hash, then the body.

    The body is cut to what :data:`LONGEST_BODY` leaves.
    """
    room = LONGEST_BODY - len(str(replace(marker, sha256="0" * 64))) - 1
    body = cut(normal(body), room)
    return f"{replace(marker, sha256=content_hash(body))}\n{body}"


def find(
    client: GitHubClient,
    repo: str,
    number: int,
    author: str,
    *,
    kind: str = PULL_REQUEST_STATUS,
    cache: ResponseCache | None = None,
) -> StickyComment | None:
    """Return the oldest comment of ``kind`` that ``author`` wrote on a pull request or issue; None when there is none.

    Reads all pages: a comment that is overlooked is written a second time. The marker's repository may be an old name.

    Args:
        client: The client to read with.
        repo: owner/name.
        number: Of the pull request or issue.
        author: A login.
        kind: As in the marker.
        cache: Gives the pages that didn't change; keeps nothing of what others wrote.

    Raises:
        NotFoundError: There is no such pull request.
    """
    return next(iter(_find_all(client, repo, number, author, kind, cache)), None)


def create(client: GitHubClient, repo: str, number: int, body: str, author: str, *, marker: Marker) -> StickyComment:
    """Write the comment where none of ours stands yet, and look whether it is the only one.

    Where another writer of ours was quicker, the oldest is kept and takes the body, and later ones are deleted. Where
    GitHub does not say whether it took the comment, it is looked up first and only written again when it isn't there.

    Raises:
        CommentRefused: GitHub takes no comment here.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    path = f"/repos/{repo}/issues/{number}/comments"
    text = render(marker, body)
    failure: AmbiguousWrite | None = None
    for _ in range(WRITE_TRIES):
        written = None
        try:
            written = _parsed(client.post(path, {"body": text}).data)
        except AmbiguousWrite as error:
            failure = error
        except GitHubError as error:
            raise _refused(repo, number, error) from error
        if written is not None and written.author != author:
            # it would not be found again and written anew by every run
            raise GitHubError(f"{written.html_url}: the token writes as {written.author}, not as {author}")
        ours = _find_all(client, repo, number, author, marker.kind)
        if written is not None and written.id not in {comment.id for comment in ours}:
            ours.append(written)  # lists may lag a little behind
        if ours:
            return _keep_oldest(client, repo, number, ours, body, author)
    raise failure or AmbiguousWrite(f"POST {path}: the outcome is unknown")


def edit(client: GitHubClient, repo: str, number: int, comment: StickyComment, body: str, author: str) -> StickyComment:
    """Give the comment a new body. Without a change nothing is written; deleted meanwhile, it is written anew once.

    Raises:
        CommentRefused: GitHub takes no comment here.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    text = render(comment.marker, body)
    marker = Marker.parse(text)
    assert marker is not None
    if comment.marker == marker and not comment.is_edited_by_others:
        return comment
    path = f"/repos/{repo}/issues/comments/{comment.id}"
    try:
        # an edit may be repeated: it sets the same text
        response = repeat_until_certain(lambda: client.patch(path, {"body": text}), attempts=WRITE_TRIES)
    except AmbiguousWrite:
        raise
    except NotFoundError:
        other = find(client, repo, number, author, kind=comment.marker.kind)
        if other is not None and other.id != comment.id:
            return edit(client, repo, number, other, body, author)
        return create(client, repo, number, body, author, marker=comment.marker)
    except GitHubError as error:
        raise _refused(repo, number, error) from error
    return _parsed(response.data) or comment


def put(client: GitHubClient, repo: str, number: int, body: str, author: str, *, marker: Marker) -> StickyComment:
    """Make the sticky comment say ``body``: created, edited or left alone.

    Raises:
        CommentRefused: GitHub takes no comment here.
    """
    try:
        comment = find(client, repo, number, author, kind=marker.kind)
    except NotFoundError as error:
        raise _refused(repo, number, error) from error
    if comment is None:
        return create(client, repo, number, body, author, marker=marker)
    return edit(client, repo, number, comment, body, author)


def _find_all(
    client: GitHubClient, repo: str, number: int, author: str, kind: str, cache: ResponseCache | None = None
) -> list[StickyComment]:
    """Return our comments of a kind, oldest first."""
    get = None if cache is None else partial(cache.get, client, keep=partial(_without_others, author))
    pages = client.pages(f"/repos/{repo}/issues/{number}/comments", get=get)
    comments = (_parsed(payload) for page in pages for payload in page)
    ours = [comment for comment in comments if comment and comment.author == author and comment.marker.kind == kind]
    return sorted({comment.id: comment for comment in ours}.values(), key=lambda comment: comment.id)


def _without_others(author: str, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a page of comments of which only ours say anything; others are left as places in it."""
    return [
        {name: payload.get(name) for name in ("id", "body", "html_url")} | {"user": {"login": author}}
        if (payload.get("user") or {}).get("login") == author
        else {}
        for payload in page
    ]


def _keep_oldest(
    client: GitHubClient, repo: str, number: int, ours: list[StickyComment], body: str, author: str
) -> StickyComment:
    oldest, *later = ours
    kept = edit(client, repo, number, oldest, body, author)
    for comment in later:
        path = f"/repos/{repo}/issues/comments/{comment.id}"
        # a deletion may be repeated; what is still there in the end is deleted by the next run
        with suppress(NotFoundError, AmbiguousWrite):
            repeat_until_certain(partial(client.delete, path), attempts=WRITE_TRIES)
    return kept


def _parsed(payload: Mapping[str, Any]) -> StickyComment | None:
    text = str(payload.get("body") or "").replace("\r\n", "\n")
    marker = Marker.parse(text)
    if marker is None:
        return None
    login = (payload.get("user") or {}).get("login") or ""
    body = text.partition("\n")[2]
    return StickyComment(int(payload["id"]), marker, body, str(login), str(payload.get("html_url") or ""))


def _refused(repo: str, number: int, error: GitHubError) -> GitHubError:
    """Return the error as CommentRefused where it is final."""
    return error if final_reason(error, _REFUSALS) is None else CommentRefused(repo, number, error)
