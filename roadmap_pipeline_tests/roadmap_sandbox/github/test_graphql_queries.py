"""The product's queries by the simulator's schema: each is valid there. Nothing executes one before it is asked."""

import pytest
from graphql import parse, validate

from roadmap_pipeline_tests.test_architecture import ROOT, loaded_after
from roadmap_sandbox.github.graphql.schema import executable_schema

_CLIENT = ROOT / "roadmap_pipeline" / "github" / "client"
QUERIES = {path.name: path.read_text("utf-8") for path in sorted((_CLIENT / "queries").glob("*.graphql"))}
"""The product's queries by the name of their file."""


@pytest.mark.parametrize("name", QUERIES)
def test_the_products_queries_are_valid_by_the_simulators_schema(name):
    assert validate(executable_schema(), parse(QUERIES[name])) == []


def test_nothing_imports_the_executor_before_the_first_query():
    assert "graphql" not in loaded_after("import roadmap_sandbox.github.app")
