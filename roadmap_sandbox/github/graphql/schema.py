"""The schema as it is executed: GitHub's types with the functions that answer fields, and its own ideas of numbers.

Belongs here: what makes the text of ``sdl/`` executable. What a field answers belongs to the module of its type.
"""

from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

from roadmap_sandbox.github.graphql import issues, roots

_FOLDER = Path(__file__).parent / "sdl"
_RESOLVERS = {
    ("Query", "node"): roots.node,
    ("Query", "nodes"): roots.nodes,
    ("Query", "repository"): roots.repository,
    ("Query", "viewer"): roots.viewer,
    ("Query", "rateLimit"): roots.rate_limit,
    ("Repository", "pullRequest"): issues.numbered_pull_request,
    ("Repository", "pullRequests"): issues.list_pull_requests,
    ("Repository", "issue"): issues.numbered_issue,
    ("Repository", "issues"): issues.list_issues,
    ("Repository", "issueOrPullRequest"): issues.issue_or_pull_request,
}
"""Functions of the fields that nothing before them has answered."""


def schema_text() -> str:
    """Return the schema as it is written down."""
    return "\n".join(path.read_text() for path in sorted(_FOLDER.glob("*.graphql")))


@cache
def executable_schema() -> GraphQLSchema:
    """Return the schema to execute."""
    schema = build_schema(schema_text())
    for (type_name, field), resolver in _RESOLVERS.items():
        owner = schema.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType)
        owner.fields[field].resolve = resolver
    # GitHub declares its ids Int, which ends at 2³¹, and gives larger ones all the same.
    wide = GraphQLScalarType("WideInt", serialize=lambda value: value)
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and "databaseId" in owner.fields:
            field_of_id = owner.fields["databaseId"]
            field_of_id.type = _widened(field_of_id.type, wide)
    big = schema.type_map["BigInt"]
    assert isinstance(big, GraphQLScalarType)
    # Written as text, for the sake of clients whose numbers end somewhere.
    big.serialize = _text  # type: ignore[method-assign]
    return schema


def _text(value: Any) -> str:
    return str(value)


def _widened(declared: Any, wide: GraphQLScalarType) -> Any:
    if isinstance(declared, GraphQLNonNull):
        return GraphQLNonNull(_widened(declared.of_type, wide))
    return wide if declared is GraphQLInt else declared
