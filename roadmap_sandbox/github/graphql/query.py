"""One query while it is carried out: who asks, what may be seen, and how far it got in its ten seconds.

Belongs here: what every field needs. Fields belong to the modules of their types.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.access import may_see
from roadmap_sandbox.github.graphql import problems
from roadmap_sandbox.github.messages import Request
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.store import Store

Node = dict[str, Any]
"""An object of the schema: ``__typename``, values by field, and functions for the fields that take arguments or lead
to other objects."""

TimeoutAnswer = Literal["502", "504", "errors", "partial", "resource_limits"]
"""The answer to a query that isn't done in time: a status; 200 with ``data: null``; or with what was done by then,
said to be a timeout or too much of something."""


@dataclass(slots=True)
class Query:
    """A query that is being carried out.

    ``nodes_in_time`` is how many nodes it gets through within GitHub's ten seconds, None for any number.
    """

    store: Store
    request: Request
    rate_limit: Node
    nodes_in_time: int | None
    timeout_answer: TimeoutAnswer
    timed_out: bool = False
    _visited: int = field(default=0)

    def visit(self, nodes: int) -> None:
        """Count nodes that are about to be given.

        Raises:
            Problem: There is no time left for them, nor for anything later.
        """
        self._visited += nodes
        if self.nodes_in_time is not None and self._visited > self.nodes_in_time:
            self.timed_out = True
            if self.timeout_answer == "resource_limits":
                raise problems.resources_exceeded()
            raise problems.timed_out()

    def sees(self, records: RepositoryRecords) -> bool:
        """Return whether the caller gets to know of this repository."""
        return may_see(self.request, records)

    def check(self, records: RepositoryRecords, area: Sequence[str]) -> None:
        """Refuse what this token may not read of a repository that it sees.

        Raises:
            Problem: FORBIDDEN.
        """
        caller = self.request.caller
        if records.payload["owner"]["login"].lower() in self.store.switches.graphql_sso:
            raise problems.sso_required()
        if area and records.payload["private"] and caller is not None and not caller.may(area, "read"):
            raise problems.forbidden()


def enum(value: str | None) -> str | None:
    """Return a REST value as the enumerations spell it."""
    return None if value is None else value.upper().replace("-", "_").replace(" ", "_")


def moment(value: str | None) -> str | None:
    """Return a time as GraphQL writes it: whole seconds, UTC."""
    return value if value is None or value.endswith("Z") else value.replace("+00:00", "Z")


def global_id(payload: Payload) -> str:
    """Return the id that a payload of REST names as ``node_id``."""
    return str(payload["node_id"])
