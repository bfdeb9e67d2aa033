"""Payloads of a repository that has another name or owner now: their addresses and names follow, as GitHub's do.

What people wrote stays as they wrote it: only fields that hold addresses are changed, and the repository's own payload
wherever it is nested.
"""

import re
from typing import Any

from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload

_OF_NAME = ("name", "full_name", "owner")


class Renaming:
    """The way from a former name to the present payload of a repository. Shared payloads stay shared."""

    def __init__(self, former_name: str, repository: Payload) -> None:
        self._repository = repository
        roots = f"{re.escape(API_ROOT)}/repos|{re.escape(HTML_ROOT)}"
        self._address = re.compile(f"({roots})/{re.escape(former_name)}(?=[/{{?.]|$)", re.IGNORECASE)
        self._present = rf"\1/{repository['full_name']}"
        self._done: dict[int, tuple[Any, Any]] = {}

    def of(self, part: Any) -> Any:
        """Return the payload, list or value under the present name."""
        if not isinstance(part, dict | list):
            return part
        if id(part) not in self._done:
            # The original is kept beside the copy: its id must not be given to something else meanwhile.
            self._done[id(part)] = (part, self._changed(part))
        return self._done[id(part)][1]

    def _changed(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self.of(item) for item in part]
        if part.get("id") == self._repository["id"] and "full_name" in part:
            following = (name for name in part if name in _OF_NAME or name.endswith("url"))
            return {**part, **{name: self._repository[name] for name in following if name in self._repository}}
        return {name: self._field(name, value) for name, value in part.items()}

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and name.endswith(("url", "href")):
            return self._address.sub(self._present, value)
        return self.of(value)
