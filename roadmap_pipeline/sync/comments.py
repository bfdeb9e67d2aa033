"""From desired comments to changes on GitHub, and carrying such a change out.

How a sticky comment is recognised, kept single and read back is :mod:`roadmap_pipeline.github.comments`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from roadmap_pipeline.github.comments import (
    PULL_REQUEST_STATUS,
    CommentRefused,
    Marker,
    StickyComment,
    content_hash,
    find,
    put,
    render,
)
from roadmap_pipeline.github.transport import GitHubClient, NotFoundError
from roadmap_pipeline.progress import task
from roadmap_pipeline.sync.desired import DesiredComment
from roadmap_pipeline.sync.plan import Change, FieldChange, Kind, Plan
from roadmap_pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Write:
    """What applying a change of a comment needs."""

    comment: DesiredComment
    author: str


def plan_comments(client: GitHubClient, desired: Sequence[DesiredComment]) -> Plan:
    """What to create and edit so that every open pull request has the comment it should.

    Compared is the text as it stands on GitHub: a comment that somebody else edited is set right, and a note says so.
    """
    if not desired:
        return Plan()
    author = client.viewer_login()
    changes: list[Change] = []
    notes: list[str] = []
    with task("Looking at pull-request comments", total=len(desired)) as progress:
        for wanted in desired:
            place, title = wanted.repo, f"{wanted.repo}#{wanted.number}"
            try:
                found = find(client, wanted.repo, wanted.number, author)
            except NotFoundError:
                notes.append(f"{title} is gone from GitHub: no comment")
                continue
            finally:
                progress.advance()
            before = _before(found)
            # Compared with what would be sent, which is shorter when the text exceeds GitHub's limit.
            sent = render(_marker(wanted), wanted.body).partition("\n")[2]
            if found is not None and content_hash(found.body) == content_hash(sent):
                continue
            if found is not None and found.is_edited_by_others:
                notes.append(f"{title}: somebody edited the comment; it is written anew")
            kind: Kind = "create_comment" if found is None else "edit_comment"
            fields = (FieldChange("body", before, wanted.body),)
            changes.append(Change("github", kind, place, title, fields, _Write(wanted, author)))
    return Plan(tuple(changes), notes=tuple(notes))


def _before(found: StickyComment | None) -> str | None:
    return None if found is None else found.body


def _marker(comment: DesiredComment) -> Marker:
    # The hash is filled in when the comment is rendered.
    return Marker(comment.repo, PULL_REQUEST_STATUS, f"pr-{comment.number}", "0" * 64)


def apply_comment(workspace: Workspace, change: Change) -> str | None:
    """Write one comment. Returns why GitHub refuses it (locked, read-only token), None when it was written."""
    write: _Write = change.detail
    comment = write.comment
    try:
        # Looks again before it writes: another run may have been quicker since the plan was made.
        put(workspace.github, comment.repo, comment.number, comment.body, write.author, marker=_marker(comment))
    except CommentRefused as refusal:
        return refusal.reason
    return None
