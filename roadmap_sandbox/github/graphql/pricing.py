"""The cost of a query in points and the nodes it may ask for, from its text and variables alone.

By docs.github.com, "Rate limits and query limits for the GraphQL API": every connection is a request for each node of
its parent, supposing that ``first`` or ``last`` is used up; a hundred requests are a point, and a query is one at
least. ``nodes(ids:)`` is one request for as many nodes as ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.values import get_argument_values, get_directive_values

from roadmap_sandbox.github.graphql.problems import Problem

MAX_PAGE = 100
MAX_NODES = 500_000
_REQUESTS_A_POINT = 100
_Path = tuple[str, ...]


@dataclass(slots=True)
class Price:
    """The price of a query: ``requests`` of connections, and the nodes that it asks for at most."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """The points that it takes off the quota."""
        return max(1, (self.requests + _REQUESTS_A_POINT // 2) // _REQUESTS_A_POINT)


def price_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Price:
    """Return the price of a valid operation with its coerced variables.

    Raises:
        Problem: A connection has no page size or one above 100, or it is too many nodes altogether.
    """
    if schema.query_type is None:
        raise AssertionError("a schema without queries")
    reckoning = _Reckoning(schema, fragments, variables)
    reckoning.selections(operation.selection_set, schema.query_type, 1, (operation.operation.value,))
    if reckoning.price.nodes > MAX_NODES:
        raise Problem(
            f"This query requests up to {reckoning.price.nodes:,} possible nodes which exceeds the maximum limit of"
            f" {MAX_NODES:,}.",
            "MAX_NODE_LIMIT_EXCEEDED",
        )
    return reckoning.price


class _Reckoning:
    """A walk through a query. A connection that is selected twice at one place is one."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self.price = Price()
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._counted: set[_Path] = set()

    def selections(self, selection_set: SelectionSetNode, parent: Any, times: int, path: _Path) -> None:
        """Add up what is selected of ``times`` objects of a type."""
        for selection in selection_set.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                self._field(selection, parent, times, path)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                self.selections(fragment.selection_set, self._type(fragment.type_condition.name.value), times, path)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                narrowed = parent if condition is None else self._type(condition.name.value)
                self.selections(selection.selection_set, narrowed, times, path)

    def _type(self, name: str) -> Any:
        return self._schema.type_map[name]

    def _included(self, selection: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, selection, dict(self._variables))
        include = get_directive_values(GraphQLIncludeDirective, selection, dict(self._variables))
        return not (skip and skip["if"]) and (not include or include["if"])

    def _field(self, field: FieldNode, parent: Any, times: int, path: _Path) -> None:
        name = field.name.value
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or name not in parent.fields:
            return  # __typename
        definition = parent.fields[name]
        key = (*path, parent.name, field.alias.value if field.alias else name)
        arguments = get_argument_values(definition, field, dict(self._variables))
        if "first" in definition.args:
            size = _page_size(name, arguments)
        elif "ids" in definition.args:
            size = len(arguments["ids"])
        else:
            size = None
        if size is not None:
            if key not in self._counted:
                self._counted.add(key)
                self.price.requests += times
                self.price.nodes += times * size
            times *= size
        if field.selection_set is not None:
            self.selections(field.selection_set, get_named_type(definition.type), times, key)


def _page_size(connection: str, arguments: Mapping[str, Any]) -> int:
    for name in ("first", "last"):
        size = arguments.get(name)
        if size is None:
            continue
        if size < 1:
            raise Problem(f"`{name}` on the `{connection}` connection cannot be less than 1.", "EXCESSIVE_PAGINATION")
        if size > MAX_PAGE:
            raise Problem(
                f"Requesting {size} records on the `{connection}` connection exceeds the `{name}` limit of {MAX_PAGE}"
                " records.",
                "EXCESSIVE_PAGINATION",
            )
        return int(size)
    raise Problem(
        f"You must provide a `first` or `last` value to properly paginate the `{connection}` connection.",
        "MISSING_PAGINATION_BOUNDARIES",
    )
