"""From desired comments to changes on GitHub, and carrying such a change out.

Belongs here: what is written where, and what is left alone and why. What GitHub refused lately is ``refusals``'; how a
sticky comment is recognised, kept single and read back is :mod:`roadmap_pipeline.github.comments`'.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from roadmap_pipeline.github.client.client import GitHubError, MovedError, NotFoundError, UnknownRepository
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.comments import (
    PULL_REQUEST_STATUS,
    CommentRefused,
    StickyComment,
    find,
    put,
    render,
)
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself
from roadmap_pipeline.github.markers import Marker, content_hash
from roadmap_pipeline.progress import task
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.desired import DesiredComment, SkippedComment, timeless
from roadmap_pipeline.sync.plan import Change, FieldChange, Kind, Plan
from roadmap_pipeline.sync.refusals import Refusals


@dataclass(frozen=True, slots=True)
class _Write:
    """The data that applying a change of a comment needs."""

    comment: DesiredComment
    author: str
    was_refused: bool
    text: str = ""


def plan_comments(
    runtime: Runtime,
    desired: Sequence[DesiredComment],
    skipped: Sequence[SkippedComment],
    cache: ResponseCache,
) -> Plan:
    """Return what to create and edit so that every open pull request has the comment it should.

    Compared is the text as it stands on GitHub: a comment that somebody else edited is set right, and a note says so.
    Nothing is planned, and a note says why, for repositories that aren't configured (any more), for pull requests on
    which nobody can comment (``skipped``), and where GitHub refused a comment lately. ``cache`` gives the comments that
    didn't change.
    """
    if not desired and not skipped:
        return Plan()
    client = runtime.github
    may_be_written = _configured(runtime, {one.repo for one in desired} | {one.repo for one in skipped}, cache)
    notes = list(_notes_on_repositories(desired, skipped, may_be_written))
    wanted = [one for one in desired if one.repo in may_be_written]
    if not wanted:
        return Plan(notes=tuple(notes))
    refusals = _refusals(runtime).known()
    author = client.viewer_login()
    changes: list[Change] = []
    with task("Looking at pull-request comments", total=len(wanted)) as progress:
        for one in wanted:
            progress.advance()
            refusal = refusals.get((one.repo, one.number))
            if refusal is not None and refusal.holds:
                notes.append(
                    f"{_title(one)}: GitHub refused a comment at {refusal.refused_at:%Y-%m-%d %H:%M} UTC"
                    f" ({refusal.reason}); it is tried again after a day, or with other credentials"
                )
                continue
            try:
                comment = find(client, one.repo, one.number, author, cache=cache)
            except NotFoundError:
                notes.append(f"{_title(one)} is gone from GitHub: no comment")
            except MovedError:
                notes.append(f"{one.repo} has another name now: the comment on {_title(one)} waits for the next ingest")
            except GitHubError as error:
                if not costs_only_itself(error):
                    raise
                notes.append(f"{_title(one)}: its comments can't be read ({error}); no comment this time")
            else:
                changes.extend(_changes(_Write(one, author, refusal is not None), comment, notes))
    return Plan(tuple(changes), notes=tuple(notes))


def _changes(write: _Write, existing: StickyComment | None, notes: list[str]) -> Iterator[Change]:
    """Yield the change that makes the comment that is there say what it should; none where it does."""
    wanted = write.comment
    if existing is None and not wanted.may_create:
        return
    text = wanted.text(existing=None if existing is None else existing.body)
    # Compared with what would be sent, which is shorter when the text exceeds GitHub's limit.
    sent = render(_marker(wanted), text).partition("\n")[2]
    if existing is not None and content_hash(timeless(existing.body)) == content_hash(timeless(sent)):
        return
    if existing is not None and existing.is_edited_by_others:
        notes.append(f"{_title(wanted)}: somebody edited the comment; it is written anew")
    kind: Kind = "create_comment" if existing is None else "edit_comment"
    fields = (FieldChange("body", None if existing is None else existing.body, text),)
    yield Change("github", kind, wanted.repo, _title(wanted), fields, replace(write, text=text))


def _configured(runtime: Runtime, repos: Collection[str], cache: ResponseCache) -> set[str]:
    """Return those of ``repos`` (canonical names) that are configured now, be it by a former name."""
    by_name = {repo.casefold(): repo for repo in repos}
    configured = {name.casefold(): name for name in runtime.settings.repositories}
    known = {repo for name, repo in by_name.items() if name in configured}
    others = [repo for repo in repos if repo not in known]
    for name in (configured[key] for key in configured.keys() - by_name.keys()) if others else ():
        # It may be the former name of one of them, which GitHub alone can tell.
        try:
            present = str(cache.repository(runtime.github, name).data["full_name"])
        except UnknownRepository:
            continue
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            continue
        known |= {repo for repo in others if repo.casefold() == present.casefold()}
    return known


def _notes_on_repositories(
    desired: Sequence[DesiredComment], skipped: Sequence[SkippedComment], configured: Collection[str]
) -> Iterator[str]:
    """Yield a note for each repository whose pull requests get no comment, and for those that are locked."""
    counts = Counter([one.repo for one in desired] + [one.repo for one in skipped])
    for repo, count in sorted((repo, count) for repo, count in counts.items() if repo not in configured):
        yield f"{repo} is not configured (any more): no comment on its {_pull_requests(count)}"
    archived = Counter(one.repo for one in skipped if one.reason == "archived" and one.repo in configured)
    for repo, count in sorted(archived.items()):
        yield f"{repo} is archived: no comment on its {_pull_requests(count)}"
    for one in skipped:
        if one.reason == "locked" and one.repo in configured:
            yield f"{one.repo}#{one.number} is locked: no comment"


def _pull_requests(count: int) -> str:
    return "open pull request" if count == 1 else f"{count} open pull requests"


def _title(comment: DesiredComment) -> str:
    return f"{comment.repo}#{comment.number}"


def _refusals(runtime: Runtime) -> Refusals:
    return Refusals(runtime.warehouse, runtime.github, runtime.settings.now())


def _marker(comment: DesiredComment) -> Marker:
    # The hash is filled in when the comment is rendered.
    return Marker(comment.repo, PULL_REQUEST_STATUS, f"pr-{comment.number}", "0" * 64)


def apply_comment(runtime: Runtime, change: Change) -> str | None:
    """Write one comment. Returns why GitHub refuses it (locked, read-only token), None when it was written."""
    write: _Write = change.detail
    comment = write.comment
    refusal: str | None = None
    try:
        # Looks again before it writes: another run may have been quicker since the plan was made.
        put(runtime.github, comment.repo, comment.number, write.text, write.author, marker=_marker(comment))
    except CommentRefused as error:
        refusal = error.reason
    if refusal is not None or write.was_refused:
        _refusals(runtime).note(comment.repo, comment.number, refusal)
    return refusal
