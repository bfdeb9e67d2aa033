"""Milestones on GitHub: reading them afresh, and writing title, due date and state.

Belongs here: single milestones as they stand now, for a sync that writes to them. Milestones of the history belong to
``github.ingest``; what should be written belongs to ``sync``. Every function may raise ConfigurationError, RateLimited
and GitHubError as the client does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import partial
from typing import Any, Final

from roadmap_pipeline.github.client.client import GitHubClient, GitHubError
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.due_dates import due_date as parse_due_date
from roadmap_pipeline.github.due_dates import due_on
from roadmap_pipeline.github.write_refusals import WRITE_TRIES, final_reason
from roadmap_pipeline.http.ambiguous_writes import create_once, repeat_until_certain

_GONE = frozenset({404, 410})
_IDS_AT_ONCE = 100
"""Nodes for which GitHub lets a query ask."""


class Keep(Enum):
    """The argument of a field that is left as it is, where None would empty it."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


class MilestoneRefused(GitHubError):
    """GitHub will not take what was to be written to this one milestone: skip it and say why, don't try again.

    The title is empty, too long or taken, the milestone is gone, the repository is archived, the token may not write.
    """

    def __init__(self, place: str, reason: str, *, status: int, message: str = "") -> None:
        super().__init__(f"{place}: {reason}", status=status, message=message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone as it stands on GitHub."""

    repo: str
    number: int
    node_id: str
    """GitHub's global id: it survives renames of the milestone and of its repository."""
    title: str
    due_date: date | None
    is_closed: bool
    open_items: int
    closed_items: int
    html_url: str
    updated_at: str = ""
    """The time of its last change, as GitHub writes it; only ever compared for being the same."""


def list_milestones(client: GitHubClient, repo: str, cache: ResponseCache | None = None) -> list[Milestone]:
    """Return all milestones of a repository, open and closed, by their numbers.

    Args:
        client: The client to read with.
        repo: owner/name.
        cache: Gives the pages that didn't change.

    Raises:
        MovedError: The repository has another name now.
        NotFoundError: It is gone, or the credentials may not read it.
    """
    pages = client.pages(
        f"/repos/{repo}/milestones", {"state": "all"}, get=None if cache is None else partial(cache.get, client)
    )
    # one whose due date changes between two pages is listed twice, or not at all
    milestones = {payload["number"]: _parsed(repo, payload) for page in pages for payload in page}
    return [milestones[number] for number in sorted(milestones)]


def read_milestone(client: GitHubClient, repo: str, number: int) -> Milestone | None:
    """Return a milestone as it is now; None when it is gone, which holds only where the repository can be read."""
    try:
        return _parsed(repo, client.get(f"/repos/{repo}/milestones/{number}").data)
    except GitHubError as error:
        if error.status in _GONE:
            return None
        raise


def absent_nodes(client: GitHubClient, node_ids: Sequence[str]) -> set[str]:
    """Return those of the global ids of which GitHub says that nothing bears them (any more).

    It says so of what the credentials may not see, too: that a milestone was deleted it proves only while its
    repository, asked for beside it, is there.

    Raises:
        GitHubError: GraphQL can't be asked (a token is needed), or gave no response.
    """
    absent: set[str] = set()
    for start in range(0, len(node_ids), _IDS_AT_ONCE):
        asked = node_ids[start : start + _IDS_AT_ONCE]
        result = client.graphql.query("present", {"ids": list(asked)})
        absent |= {asked[place] for place in result.absent(len(asked))}
    return absent


def edit_milestone(
    client: GitHubClient,
    repo: str,
    number: int,
    *,
    title: str | None = None,
    due_date: date | Keep | None = KEEP,
    is_closed: bool | None = None,
) -> Milestone:
    """Write fields of a milestone and return it as GitHub holds it then; those that are left out stay.

    Args:
        client: The client to write with.
        repo: owner/name.
        number: Of the milestone.
        title: None keeps it.
        due_date: None removes it.
        is_closed: None keeps the state.

    Raises:
        MilestoneRefused: GitHub takes none of it; the milestone is as it was.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    place = f"milestone {number} of {repo}"
    body: dict[str, Any] = {} if title is None else {"title": title}
    if due_date is not KEEP:
        body["due_on"] = _due_on(place, due_date)
    if is_closed is not None:
        body["state"] = "closed" if is_closed else "open"
    path = f"/repos/{repo}/milestones/{number}"
    try:
        if not body:
            return _parsed(repo, client.get(path).data)
        # an edit may be repeated: it sets the same values
        response = repeat_until_certain(lambda: client.patch(path, body), attempts=WRITE_TRIES)
    except GitHubError as error:
        raise _refused(place, error) from error
    return _parsed(repo, response.data)


def create_milestone(client: GitHubClient, repo: str, title: str, due_date: date | None) -> Milestone:
    """Create an open milestone and return it.

    Where GitHub does not say whether it was created, it is looked up by its title, which no other one can have.

    Raises:
        MilestoneRefused: GitHub takes no such milestone.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    place = f"milestone “{title}” of {repo}"
    body: dict[str, Any] = {"title": title}
    if due_date is not None:
        body["due_on"] = _due_on(place, due_date)

    is_unclear = False

    def look_up(_: Exception) -> Milestone | None:
        nonlocal is_unclear
        is_unclear = True
        wanted = title.strip().casefold()
        return next((one for one in list_milestones(client, repo) if one.title.strip().casefold() == wanted), None)

    try:
        milestone, _ = create_once(
            lambda: _parsed(repo, client.post(f"/repos/{repo}/milestones", body).data), look_up, attempts=WRITE_TRIES
        )
    except GitHubError as error:
        if is_unclear and _TAKEN in error.message and (ours := look_up(error)) is not None:
            return ours  # the list lagged behind what GitHub had created
        raise _refused(place, error) from error
    return milestone


def _parsed(repo: str, payload: Mapping[str, Any]) -> Milestone:
    return Milestone(
        repo=repo,
        number=int(payload["number"]),
        node_id=str(payload["node_id"]),
        title=str(payload["title"]),
        due_date=parse_due_date(payload.get("due_on")),
        is_closed=payload.get("state") == "closed",
        open_items=int(payload.get("open_issues") or 0),
        closed_items=int(payload.get("closed_issues") or 0),
        html_url=str(payload.get("html_url") or ""),
        updated_at=str(payload.get("updated_at") or ""),
    )


def _due_on(place: str, day: date | Keep | None) -> str | None:
    assert not isinstance(day, Keep)
    try:
        return due_on(day)
    except ValueError as error:
        raise MilestoneRefused(place, str(error), status=422) from error


def _refused(place: str, error: GitHubError) -> GitHubError:
    """Return the error as MilestoneRefused where it is final."""
    message = final_reason(error)
    if message is None:
        return error
    reason = next((reason for sign, reason in _REASONS.items() if sign in message.lower()), message)
    if error.status in _GONE:
        reason = "it is gone, or the credentials may not write to it"
    return MilestoneRefused(place, reason, status=error.status, message=error.message)


_TAKEN = "title: already_exists"
_REASONS = {
    _TAKEN: "another milestone of the repository has this title",
    "title: missing_field": "a milestone needs a title",
    "title: missing": "a milestone needs a title",
    "title can't be blank": "a milestone needs a title",
}
"""By GitHub's words, in lower case: the reason in words for people. Other refusals are told in GitHub's."""
