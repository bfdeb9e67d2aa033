"""A query from its text to its response: parsed, validated, priced, carried out.

Belongs here: the order of these steps and the form of errors. HTTP belongs to ``endpoint``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.graphql import problems
from roadmap_sandbox.github.graphql.pricing import Price, price_of
from roadmap_sandbox.github.graphql.problems import Problem
from roadmap_sandbox.github.graphql.query import Query
from roadmap_sandbox.github.graphql.schema import executable_schema
from roadmap_sandbox.github.messages import Quota, Request
from roadmap_sandbox.github.store import Store

_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_DOCUMENTS_KEPT = 256


class Refusal(Exception):
    """A query that isn't carried out, with its errors; it costs a point all the same."""

    def __init__(self, errors: list[Payload]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid query with its price."""

    document: DocumentNode
    operation_name: str | None
    variables: Mapping[str, Any]
    price: Price


def prepare(text: str, variables: Mapping[str, Any], operation_name: str | None = None) -> Prepared:
    """Return a query that may be carried out.

    Raises:
        Refusal: It is no query of this schema, its variables don't fit, or it asks for too much at once.
    """
    document, errors = _document(text)
    if errors:
        raise Refusal(list(errors))
    operations = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
    named = [part for part in operations if operation_name in (None, part.name.value if part.name else None)]
    if len(named) != 1:
        raise Refusal([{"message": f"No operation named {operation_name!r}" if operation_name else "Which operation?"}])
    schema = executable_schema()
    coerced = get_variable_values(schema, named[0].variable_definitions, dict(variables))
    if isinstance(coerced, list):
        raise Refusal([_entry(error) for error in coerced])
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}
    try:
        price = price_of(schema, named[0], fragments, coerced)
    except Problem as problem:
        raise Refusal([problem.payload()]) from problem
    return Prepared(document, operation_name, variables, price)


@lru_cache(_DOCUMENTS_KEPT)
def _document(text: str) -> tuple[DocumentNode, tuple[Payload, ...]]:
    try:
        document = parse(text, no_location=False)
    except GraphQLError as error:
        return DocumentNode(definitions=()), (_entry(error),)
    return document, tuple(_entry(error) for error in validate(executable_schema(), document))


def carry_out(store: Store, request: Request, prepared: Prepared, quota: Quota) -> tuple[Payload, bool]:
    """Return the response to a query that was charged, and whether time was up before it was done."""
    limit, remaining, used, reset = quota
    query = Query(
        store,
        request,
        {
            "cost": prepared.price.points,
            "limit": limit,
            "nodeCount": prepared.price.nodes,
            "remaining": remaining,
            "used": used,
            "resetAt": payloads.timestamp(datetime.fromtimestamp(reset, UTC)),
        },
        *_patience(store, request),
    )
    result = execute_sync(
        executable_schema(),
        prepared.document,
        context_value=query,
        variable_values=dict(prepared.variables),
        operation_name=prepared.operation_name,
    )
    response: Payload = {"data": result.data}
    if result.errors:
        response["errors"] = [_entry(error) for error in result.errors]
    if query.timed_out and query.timeout_answer == "errors":
        response = {"data": None, "errors": [problems.timed_out().payload()]}
    return response, query.timed_out


def _patience(store: Store, request: Request) -> tuple[int | None, Any]:
    if request.nodes_in_time is not None:
        return request.nodes_in_time, "partial"
    return store.switches.graphql_nodes_in_time, store.switches.graphql_timeout


def _entry(error: GraphQLError) -> Payload:
    """Return an error as GitHub puts it: its type beside the message, the place in the query and in the data."""
    cause = error.original_error
    entry: Payload = cause.payload() if isinstance(cause, Problem) else {"message": error.message}
    if cause is not None and not isinstance(cause, Problem):
        raise cause
    unknown = _UNKNOWN_FIELD.match(error.message)
    if unknown is not None:
        field, owner = unknown.groups()
        entry = {
            "path": ["query", *_selected(error.nodes or ())],
            "extensions": {"code": "undefinedField", "typeName": owner, "fieldName": field},
            "message": f"Field '{field}' doesn't exist on type '{owner}'",
        }
    if error.path is not None:
        entry["path"] = error.path
    if error.locations:
        entry["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return entry


def _selected(nodes: Iterable[Any]) -> list[str]:
    return [node.name.value for node in nodes if getattr(node, "name", None) is not None]
