"""Responses that are kept with their entity tags: what didn't change costs nothing of GitHub's quota.

Belongs here: asking with the tag and giving back what is kept. Who keeps them from one run to the next is the caller's
business; the ingest keeps tags alone, since it stores the rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.client.paging import tag_covers_what_follows
from roadmap_pipeline.github.client.response import Response

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.client import GitHubClient


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response as it is kept: its tag, its Link header (empty without one) and its data."""

    etag: str
    link: str
    data: Any


class ResponseCache:
    """The kept responses, by :meth:`.GitHubClient.cache_key`; ``changed`` are those that weren't kept before."""

    def __init__(self, kept: Mapping[str, KeptResponse] | None = None) -> None:
        self._kept = dict(kept or {})
        self.changed: dict[str, KeptResponse] = {}

    def get(
        self,
        client: "GitHubClient",
        path: str,
        params: Mapping[str, Any] | None = None,
        keep: Callable[[Any], Any] | None = None,
    ) -> Response:
        """Return what is at ``path`` now. Raises as :meth:`.GitHubClient.get` does.

        ``keep`` makes of the data what is kept and given back, so that not more is stored than is needed.
        """
        response = client.get(path, params, self._etag(client, path, params))
        is_kept = _is_kept(response, params)
        if keep is not None and not response.unchanged:
            response = replace(response, data=keep(response.data))
        return self._fresh(client, path, params, response, is_kept=is_kept)

    def repository(self, client: "GitHubClient", name: str) -> Response:
        """Return a repository, by an old name too. Raises as :meth:`.GitHubClient.repository` does."""
        path = f"/repos/{name}"
        return self._fresh(client, path, None, client.repository(name, self._etag(client, path, None)))

    def holds(self, client: "GitHubClient", path: str, params: Mapping[str, Any] | None = None) -> bool:
        """Return whether a response of ``path`` is kept."""
        return client.cache_key(path, params) in self._kept

    def _etag(self, client: "GitHubClient", path: str, params: Mapping[str, Any] | None) -> str | None:
        kept = self._kept.get(client.cache_key(path, params))
        return None if kept is None else kept.etag

    def _fresh(
        self,
        client: "GitHubClient",
        path: str,
        params: Mapping[str, Any] | None,
        response: Response,
        *,
        is_kept: bool = True,
    ) -> Response:
        key = client.cache_key(path, params)
        if response.unchanged:
            kept = self._kept[key]
            return Response(200, {"etag": kept.etag, "link": kept.link}, kept.data, response.sent_at)
        if response.etag is not None and is_kept:
            self._kept[key] = self.changed[key] = KeptResponse(
                response.etag, response.headers.get("link", ""), response.data
            )
        return response


def _is_kept(response: Response, params: Mapping[str, Any] | None) -> bool:
    """Return whether a response may be given back until its tag changes: not a full page that ends its list."""
    per_page = (params or {}).get("per_page")
    if per_page is None or not isinstance(response.data, list):
        return True
    return tag_covers_what_follows(response, len(response.data), int(per_page))
