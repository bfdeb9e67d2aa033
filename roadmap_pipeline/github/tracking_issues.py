"""Tracking issues: the one issue in which a milestone's status is shown and set by labels.

Belongs here: finding them, keeping one a milestone, and writing our section, the title, the state and the status label
of one. What a section says belongs to ``reports``; when something is written, and to whose issue, to ``sync``.

A tracking issue bears the label ``tracking``, which only people of the repository can give, or was opened by us and
bears our marker. In an issue that anybody may have opened, the marker alone means nothing. Every function may raise
ConfigurationError, RateLimited and GitHubError as the client does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from roadmap_pipeline.github.client.client import AmbiguousWrite, GitHubClient, GitHubError, MovedError, NotFoundError
from roadmap_pipeline.github.client.response_cache import ResponseCache
from roadmap_pipeline.github.labels import add_label, make_labels, remove_label, repository_labels
from roadmap_pipeline.github.markers import Marker
from roadmap_pipeline.github.sections import MILESTONE_SECTION, Section, find_section, put_section
from roadmap_pipeline.github.status_labels import TRACKING, label_of, status_by_labels, status_of
from roadmap_pipeline.github.write_refusals import WRITE_TRIES, final_reason
from roadmap_pipeline.http.ambiguous_writes import repeat_until_certain

LONGEST_TITLE = 256

_GONE = frozenset({404, 410})


class TrackingIssueRefused(GitHubError):
    """GitHub will not take this write to this one issue: skip it and say why, don't try again.

    Issues are switched off, the issue is gone or locked, the repository is archived, the token may not write.
    """

    def __init__(self, place: str, reason: str, *, status: int = 0, message: str = "") -> None:
        super().__init__(f"{place}: {reason}", status=status, message=message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TrackingIssue:
    """A tracking issue as it stands on GitHub, ours or one that people made."""

    repo: str
    number: int
    id: int
    node_id: str
    title: str
    is_closed: bool
    is_duplicate: bool
    """Closed as a duplicate: it tracks nothing any more."""
    is_locked: bool
    labels: tuple[str, ...]
    milestone_number: int | None
    """The milestone that it is an item of."""
    key: str | None
    """The node id of the milestone in our marker; None without one that counts."""
    section: str | None
    """The text of our section."""
    body: str
    """The whole body, people's text included."""
    html_url: str
    author: str

    @property
    def statuses(self) -> set[str]:
        """The statuses that its labels tell: Planned, In Progress, Blocked."""
        return {status for label in self.labels if (status := status_of(label)) is not None}

    @property
    def status(self) -> str | None:
        """The status that counts."""
        return status_by_labels(self.labels)

    @property
    def is_edited_by_others(self) -> bool:
        """True when somebody changed our section since we wrote it."""
        section = self._section
        return section is not None and section.is_edited_by_others

    def says(self, section: str) -> bool:
        """Return whether writing this section would change nothing."""
        present = self._section
        return present is not None and present.says(section, self.body)

    @property
    def _section(self) -> Section | None:
        return None if self.key is None else find_section(self.body, MILESTONE_SECTION, self.key)


def list_tracking_issues(
    client: GitHubClient,
    repo: str,
    author: str | None = None,
    *,
    is_thorough: bool = True,
    cache: ResponseCache | None = None,
) -> list[TrackingIssue]:
    """Return the tracking issues of a repository, open and closed, by their numbers.

    Args:
        client: The client to read with.
        repo: owner/name.
        author: The login that we write as; None asks GitHub.
        is_thorough: Look also for issues of ours that lost the label, among all that we opened: that may be many.
        cache: Gives the pages that didn't change.

    Raises:
        MovedError: The repository has another name now.
        TrackingIssueRefused: Issues are switched off.
    """
    author = author or client.viewer_login()
    try:
        return _list(client, repo, author, is_thorough=is_thorough, cache=cache)
    except GitHubError as error:
        raise (_refused(f"issues of {repo}", error) if error.status == 410 else error) from error


def read_tracking_issue(client: GitHubClient, repo: str, number: int) -> TrackingIssue | None:
    """Return an issue as it is now; None when it was deleted, moved to another repository or can't be seen.

    The caller knows the number as a tracking issue's: its marker counts, whoever opened it.

    Raises:
        MovedError: The repository has another name now.
    """
    try:
        return _parsed(repo, client.get(f"/repos/{repo}/issues/{number}").data)
    except MovedError as moved:
        repository_id = client.repository(repo).data["id"]
        if f"/repositories/{repository_id}/" in moved.location:
            raise
        return None
    except GitHubError as error:
        if error.status in _GONE:
            return None
        raise


def tracking_issue_of(
    issues: Iterable[TrackingIssue], key: str, milestone_number: int | None = None
) -> TrackingIssue | None:
    """Return the issue that tracks a milestone; None when there is none.

    It is the one with our marker, else a person's with the label in the milestone; of several the lowest number.

    Args:
        issues: Of the milestone's repository.
        key: The milestone's node id.
        milestone_number: None leaves people's issues out.
    """
    living = [issue for issue in issues if not issue.is_duplicate]
    ours = [issue for issue in living if issue.key == key]
    people = [
        issue
        for issue in living
        if issue.key is None and milestone_number is not None and issue.milestone_number == milestone_number
    ]
    return min(ours or people, key=lambda issue: issue.number, default=None)


def duplicates_of(issues: Iterable[TrackingIssue], issue: TrackingIssue) -> list[TrackingIssue]:
    """Return further issues with the marker of ``issue``, by their numbers, that aren't closed as its duplicates.

    Somebody may have copied the marker: only those that we opened are ours to close.
    """
    others = [other for other in issues if other.key == issue.key is not None and not other.is_duplicate]
    return sorted((other for other in others if other.number != issue.number), key=lambda other: other.number)


def create_tracking_issue(
    client: GitHubClient,
    repo: str,
    *,
    key: str,
    title: str,
    section: str,
    labels: Sequence[str] = (TRACKING,),
    author: str | None = None,
    newest_known: int = 0,
) -> TrackingIssue:
    """Open the tracking issue of a milestone that has none, and look whether it is the only one.

    Where another writer was quicker, the oldest is kept and takes the section, and ours is closed as its duplicate.
    Where GitHub does not say whether it took the issue, it is looked up by its marker and only opened again when it
    isn't there.

    Args:
        client: The client to write with.
        repo: owner/name.
        key: The milestone's node id.
        title: Cut to what GitHub takes.
        section: The text of our section.
        labels: Those that the repository lacks are made. GitHub drops them all where the token may not push.
        author: The login that we write as; None asks GitHub.
        newest_known: The highest number of an issue among which the caller looked for this one: only later ones are
            looked through afterwards.

    Raises:
        TrackingIssueRefused: GitHub takes no issue here.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    place = f"tracking issue of {repo} for “{title}”"
    author = author or client.viewer_login()
    body = put_section("", Marker(repo, MILESTONE_SECTION, key, ""), section)
    failure: AmbiguousWrite | None = None
    try:
        names = make_labels(client, repo, labels, repository_labels(client, repo), may_fail=True)
        path = f"/repos/{repo}/issues"
        for _ in range(WRITE_TRIES):
            written = None
            try:
                response = client.post(path, {"title": single_line(title), "body": body, "labels": names})
                written = _parsed(repo, response.data)
            except AmbiguousWrite as error:
                failure = error
            issues = {
                issue.number: issue
                for issue in _list(client, repo, author, newest_known)
                if issue.key == key and not issue.is_duplicate
            }
            if written is not None:
                issues.setdefault(written.number, written)  # lists may lag a little behind
            if issues:
                return _keep_oldest(client, [issues[number] for number in sorted(issues)], section, author)
    except GitHubError as error:
        raise _refused(place, error) from error
    raise failure or AmbiguousWrite(f"POST {path}: the outcome is unknown")


def edit_tracking_issue(
    client: GitHubClient,
    issue: TrackingIssue,
    *,
    title: str | None = None,
    section: str | None = None,
    is_closed: bool | None = None,
    key: str | None = None,
) -> TrackingIssue:
    """Write fields of a tracking issue and return it as it is then; without a change nothing is written.

    The issue is read once more first, so that what people wrote meanwhile stays.

    Args:
        client: The client to write with.
        issue: As it was read before.
        title: None keeps it.
        section: The text of our section, which an issue without one gets at its end; None keeps it.
        is_closed: None keeps the state.
        key: The milestone's node id, for a person's issue that gets its first section.

    Raises:
        TrackingIssueRefused: GitHub takes none of it.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    key = key or issue.key
    if section is not None and key is None:
        raise ValueError("a section needs the node id of its milestone")
    failure: AmbiguousWrite | None = None
    try:
        for _ in range(WRITE_TRIES):
            fresh = read_tracking_issue(client, issue.repo, issue.number)
            if fresh is None:
                raise NotFoundError(f"GET {_path(issue)}", status=404, message="it was deleted or moved")
            changes = _changes(fresh, key, title, section, is_closed)
            if not changes:
                return fresh
            try:
                return _parsed(issue.repo, client.patch(_path(issue), changes).data)
            except AmbiguousWrite as error:
                failure = error
    except GitHubError as error:
        raise _refused(_place(issue), error) from error
    raise failure or AmbiguousWrite(f"PATCH {_path(issue)}: the outcome is unknown")


def set_status_label(client: GitHubClient, issue: TrackingIssue, status: str | None) -> TrackingIssue:
    """Make the labels of an issue tell a status, and return it as it is then; labels of other things stay.

    Labels are added and removed one by one, never the whole list. The repository's own spelling of a label is used;
    one that it lacks is made.

    Args:
        client: The client to write with.
        issue: As it was read before.
        status: Planned, In Progress or Blocked; None removes them all.

    Raises:
        TrackingIssueRefused: The token may not set labels here.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    labels: Sequence[str] = issue.labels
    kept = next((label for label in labels if status is not None and status_of(label) == status), None)
    try:
        if status is not None and kept is None:
            known = repository_labels(client, issue.repo)
            kept = label_of(status, known)
            make_labels(client, issue.repo, [kept], known)
            labels = add_label(client, issue.repo, issue.number, kept)
            if kept not in labels:
                raise TrackingIssueRefused(_place(issue), "GitHub left the label out: the token may not set labels")
        for label in [label for label in labels if status_of(label) is not None and label != kept]:
            labels = remove_label(client, issue.repo, issue.number, label, labels)
            if label in labels:
                raise TrackingIssueRefused(_place(issue), "GitHub left the label there: the token may not set labels")
    except GitHubError as error:
        raise _refused(_place(issue), error) from error
    return replace(issue, labels=tuple(labels))


def close_duplicate(client: GitHubClient, issue: TrackingIssue, of: TrackingIssue) -> None:
    """Close an issue of ours as a duplicate of the one that stays; our section names that.

    Raises:
        TrackingIssueRefused: GitHub takes none of it.
        AmbiguousWrite: GitHub's responses stay unclear.
    """
    note = f"Closed as a duplicate of #{of.number}, which tracks the milestone."
    try:
        # state and note in one write, so that there is no one without the other; it may be repeated
        body = put_section(issue.body, Marker(issue.repo, MILESTONE_SECTION, issue.key or of.key or "", ""), note)
        reason = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": of.id}
        if issue.is_closed:  # GitHub heeds the reason only where the state changes
            repeat_until_certain(lambda: client.patch(_path(issue), {"state": "open"}), attempts=WRITE_TRIES)
        repeat_until_certain(lambda: client.patch(_path(issue), {"body": body, **reason}), attempts=WRITE_TRIES)
    except GitHubError as error:
        raise _refused(_place(issue), error) from error


def _list(
    client: GitHubClient,
    repo: str,
    author: str,
    newest_known: int = 0,
    *,
    is_thorough: bool = True,
    cache: ResponseCache | None = None,
) -> list[TrackingIssue]:
    """Return the tracking issues with higher numbers than ``newest_known``.

    Newest first, with pages that only shift towards their end when something is opened meanwhile.
    """
    issues: dict[int, TrackingIssue] = {}
    for params in ({"labels": TRACKING}, *([{"creator": author}] if is_thorough else [])):
        query = {**params, "state": "all", "sort": "created", "direction": "desc"}
        for page in client.pages(
            f"/repos/{repo}/issues", query, get=None if cache is None else partial(cache.get, client)
        ):
            for payload in page:
                if payload.get("pull_request") is None and payload["number"] > newest_known:
                    issue = _counted(_parsed(repo, payload), author)
                    if issue is not None:
                        issues[issue.number] = issue
            if any(payload["number"] <= newest_known for payload in page):
                break
    return [issues[number] for number in sorted(issues)]


def _counted(issue: TrackingIssue, author: str) -> TrackingIssue | None:
    """Return an issue if it is a tracking issue."""
    if TRACKING in (label.casefold() for label in issue.labels):
        return issue
    return issue if issue.author == author and issue.key is not None else None


def _keep_oldest(client: GitHubClient, issues: Sequence[TrackingIssue], section: str, author: str) -> TrackingIssue:
    oldest, *later = issues
    kept = edit_tracking_issue(client, oldest, section=section) if later else oldest
    for issue in later:
        # others' are closed by those who opened them, once they look
        if issue.author == author:
            close_duplicate(client, issue, kept)
    return kept


def _changes(
    issue: TrackingIssue, key: str | None, title: str | None, section: str | None, is_closed: bool | None
) -> dict[str, Any]:
    """Return what to write so that an issue is as wanted. Raises TrackingIssueRefused where a section finds no room."""
    changes: dict[str, Any] = {}
    if title is not None and single_line(title) != issue.title:
        changes["title"] = single_line(title)
    if section is not None and key is not None and not (issue.key == key and issue.says(section)):
        try:
            changes["body"] = put_section(issue.body, Marker(issue.repo, MILESTONE_SECTION, key, ""), section)
        except ValueError:
            raise TrackingIssueRefused(_place(issue), "people's text leaves no room for our section") from None
    if is_closed is not None and is_closed != issue.is_closed:
        changes |= (
            {"state": "closed", "state_reason": "completed"}
            if is_closed
            else {"state": "open", "state_reason": "reopened"}
        )
    return changes


def _parsed(repo: str, payload: Mapping[str, Any]) -> TrackingIssue:
    body = str(payload.get("body") or "")
    section = find_section(body, MILESTONE_SECTION)
    return TrackingIssue(
        repo=repo,
        number=int(payload["number"]),
        id=int(payload["id"]),
        node_id=str(payload.get("node_id") or ""),
        title=str(payload.get("title") or ""),
        is_closed=payload.get("state") == "closed",
        is_duplicate=payload.get("state") == "closed" and payload.get("state_reason") == "duplicate",
        is_locked=bool(payload.get("locked")),
        labels=tuple(str(label["name"]) for label in payload.get("labels") or ()),
        milestone_number=(payload.get("milestone") or {}).get("number"),
        key=None if section is None else section.marker.key,
        section=None if section is None else section.text,
        body=body,
        html_url=str(payload.get("html_url") or ""),
        author=str((payload.get("user") or {}).get("login") or ""),
    )


def single_line(title: str) -> str:
    """Return a title as GitHub takes it: one line of at most 256 characters."""
    line = " ".join("".join(sign if sign.isprintable() or sign.isspace() else " " for sign in title).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def _path(issue: TrackingIssue) -> str:
    return f"/repos/{issue.repo}/issues/{issue.number}"


def _place(issue: TrackingIssue) -> str:
    return f"{issue.repo}#{issue.number}"


def _refused(place: str, error: GitHubError) -> GitHubError:
    """Return the error as TrackingIssueRefused where it is final."""
    reason = None if isinstance(error, TrackingIssueRefused) else final_reason(error)
    if reason is None:
        return error
    return TrackingIssueRefused(place, reason, status=error.status, message=error.message)
