"""The table of routes: from method and path to the handler."""

from collections.abc import Callable
from urllib.parse import unquote

from roadmap_sandbox.github.messages import Response

Handler = Callable[..., Response]


class Router:
    """The routes by method and path. A segment in braces is an argument, given decoded.

    Segments ``{name:int}`` match digits only and are given as ``int``.
    """

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], Handler]]] = {}

    def add(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated handler."""
        segments = tuple(path.strip("/").split("/"))

        def register(handler: Handler) -> Handler:
            self._routes.setdefault((method, len(segments)), []).append((segments, handler))
            return handler

        return register

    def include(self, other: "Router") -> None:
        """Take over another router's routes, after the own ones."""
        for key, routes in other._routes.items():
            self._routes.setdefault(key, []).extend(routes)

    def match(self, method: str, segments: tuple[str, ...]) -> tuple[Handler, list[str | int]] | None:
        """Return the handler for a path's segments (percent-encoded) and its arguments."""
        for pattern, handler in self._routes.get((method, len(segments)), ()):
            arguments: list[str | int] = []
            for wanted, segment in zip(pattern, segments, strict=True):
                if wanted[0] != "{":
                    if wanted != segment:
                        break
                elif wanted.endswith(":int}"):
                    if not (segment.isascii() and segment.isdigit()):
                        break
                    arguments.append(int(segment))
                else:
                    arguments.append(unquote(segment))
            else:
                return handler, arguments
        return None
