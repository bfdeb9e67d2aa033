"""Labels of a repository and of its issues: made, added and removed one by one.

Belongs here: the requests, so that labels of other things survive. What a label stands for belongs to
``status_labels``.
"""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from roadmap_pipeline.github.client.client import GitHubClient, GitHubError, NotFoundError
from roadmap_pipeline.github.status_labels import looks
from roadmap_pipeline.github.write_refusals import WRITE_TRIES, final_reason
from roadmap_pipeline.http.ambiguous_writes import repeat_until_certain


def repository_labels(client: GitHubClient, repo: str) -> list[str]:
    """Return the names of all labels that a repository has."""
    return [str(label["name"]) for page in client.pages(f"/repos/{repo}/labels") for label in page]


def make_labels(
    client: GitHubClient, repo: str, labels: Sequence[str], known: Sequence[str], *, may_fail: bool = False
) -> list[str]:
    """Return labels as the repository spells them, after making those that it lacks.

    Args:
        client: The client to write with.
        repo: owner/name.
        labels: Names, in any case.
        known: The repository's labels.
        may_fail: Goes on where GitHub refuses to make one.
    """
    spellings = {label.casefold(): label for label in known}
    for label in labels:
        if label.casefold() in spellings:
            continue
        make = partial(client.post, f"/repos/{repo}/labels", {"name": label, **looks(label)})
        try:
            repeat_until_certain(make, attempts=WRITE_TRIES)
        except GitHubError as error:
            # somebody else may have made it meanwhile, or we with a request whose response was lost
            is_there = error.status == 422 and "already_exists" in error.message
            if not is_there and not (may_fail and final_reason(error) is not None):
                raise
    return [spellings.get(label.casefold(), label) for label in labels]


def add_label(client: GitHubClient, repo: str, number: int, label: str) -> list[str]:
    """Add a label to an issue and return all that it bears then: GitHub drops it where the token may not push."""
    add = partial(client.post, f"/repos/{repo}/issues/{number}/labels", {"labels": [label]})
    return [str(one["name"]) for one in repeat_until_certain(add, attempts=WRITE_TRIES).data]


def remove_label(client: GitHubClient, repo: str, number: int, label: str, labels: Sequence[str]) -> list[str]:
    """Remove a label from an issue that bears ``labels``, and return those that it bears then."""
    remove = partial(client.delete, f"/repos/{repo}/issues/{number}/labels/{quote(label, safe='')}")
    try:
        response = repeat_until_certain(remove, attempts=WRITE_TRIES)
    except NotFoundError:  # somebody else was quicker
        return [other for other in labels if other != label]
    return [str(one["name"]) for one in response.data or ()]
