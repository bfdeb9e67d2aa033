"""Failures of a single request below and beyond HTTP, the same for every API.

Belongs here: errors that the clients' own errors derive from or are made of. What an API's responses mean belongs
to its client, when a request is sent again to ``retry``.
"""

from roadmap_pipeline.errors import RoadmapError


class UnreachableError(Exception):
    """No connection could be made: the request never went out."""


class DroppedError(Exception):
    """The connection broke after the request went out: whether it was carried out is unknown."""


class AmbiguousWrite(RoadmapError):
    """A write went out and its outcome is unknown: read back before writing again."""
