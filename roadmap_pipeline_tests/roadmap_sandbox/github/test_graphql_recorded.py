"""GitHub's own schema, beside the project: ours is a part of it, and the product's queries are valid there."""

import gzip

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    Undefined,
    build_schema,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    parse,
    validate,
)

from roadmap_pipeline_tests.recorded import DATA, needs_recorded
from roadmap_pipeline_tests.roadmap_sandbox.github.test_graphql_queries import QUERIES
from roadmap_sandbox.github.graphql.schema import schema_text

pytestmark = needs_recorded


@pytest.fixture(scope="module")
def theirs():
    text = gzip.decompress((DATA / "github_graphql" / "schema.graphql.gz").read_bytes()).decode()
    return build_schema(text, assume_valid=True)


def differences(ours, theirs):
    """Yield where a schema says other than a larger one."""
    for name, own in ours.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(own):
            continue
        other = theirs.type_map.get(name)
        if type(other) is not type(own):
            yield f"{name}: {type(other).__name__}"
        elif isinstance(own, GraphQLEnumType):
            yield from (f"{name}.{value}" for value in own.values.keys() - other.values.keys())
        elif isinstance(own, GraphQLUnionType):
            yield from (f"{name}: {it}" for it in {it.name for it in own.types} - {it.name for it in other.types})
        elif isinstance(own, GraphQLInputObjectType):
            yield from differing(name, own.fields, other.fields, is_required_input_field)
        elif isinstance(own, GraphQLObjectType | GraphQLInterfaceType):
            implemented = {it.name for it in own.interfaces} - {it.name for it in other.interfaces}
            yield from (f"{name} implements {it}" for it in implemented)
            for field, definition in own.fields.items():
                there = other.fields.get(field)
                if there is None or str(there.type) != str(definition.type):
                    yield f"{name}.{field}: {definition.type}, and there {there and there.type}"
                else:
                    yield from differing(f"{name}.{field}", definition.args, there.args, is_required_argument)


def differing(place, own, other, is_required):
    for name, definition in own.items():
        there = other.get(name)
        if there is None or str(there.type) != str(definition.type):
            yield f"{place}({name}: {definition.type}), and there {there and there.type}"
        elif definition.default_value is not Undefined and definition.default_value != there.default_value:
            yield f"{place}({name} = {definition.default_value})"
    yield from (f"{place}({name}) is required" for name in other.keys() - own.keys() if is_required(other[name]))


def test_the_simulators_schema_is_a_part_of_githubs(theirs):
    assert list(differences(build_schema(schema_text()), theirs)) == []


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (("type RateLimit {", "type RateLimit {\n  left: Int!"), "RateLimit.left: Int!, and there None"),
        (("totalCount: Int!", "totalCount: Int"), "CheckRunConnection.totalCount: Int, and there Int!"),
        (("  ALL\n", "  ALL\n  SOME\n"), "CheckRunType.SOME"),
        (("node(id: ID!)", "node(id: String!)"), "Query.node(id: String!), and there ID!"),
        (("name: String!, owner: String!", "name: String!"), "Query.repository(owner) is required"),
    ],
)
def test_a_mistake_in_it_would_show(theirs, mistake, said):
    text = schema_text()
    assert mistake[0] in text
    assert said in list(differences(build_schema(text.replace(*mistake)), theirs))


@pytest.mark.parametrize("name", QUERIES)
def test_the_products_queries_are_valid_by_githubs_schema(theirs, name):
    assert validate(theirs, parse(QUERIES[name])) == []
