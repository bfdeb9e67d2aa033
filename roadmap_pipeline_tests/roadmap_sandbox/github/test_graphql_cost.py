"""The cost of queries, by examples reckoned by hand: requests of connections, a hundred of them a point."""

import pytest

from roadmap_sandbox.github.graphql.execution import Refusal, prepare

STEPS = "steps(first: 50) { nodes { name } }"


def suites(inner="databaseId", first=100):
    return f"""
        query($ids: [ID!]!) {{
            nodes(ids: $ids) {{ ... on CheckSuite {{ checkRuns(first: {first}) {{ nodes {{ {inner} }} }} }} }}
        }}"""


def ten_suites_by_alias():
    one = f"... on CheckSuite {{ checkRuns(first: 20) {{ nodes {{ name {STEPS} }} }} }}"
    return "{" + " ".join(f'suite{at}: node(id: "CS_{at}") {{ {one} }}' for at in range(10)) + "}"


def pulls(inner):
    return f'{{ repository(owner: "acme", name: "payments") {{ pullRequests(first: 100) {{ nodes {{ {inner} }} }} }} }}'


IDS = [f"CS_{number}" for number in range(100)]


@pytest.mark.parametrize(
    ("text", "variables", "points", "nodes"),
    [
        ("{ viewer { login } }", {}, 1, 0),
        # the suites themselves, and the check runs of each of them: 1 + 50
        (suites(), {"ids": IDS[:50]}, 1, 50 + 5_000),
        # 1 + 100
        (suites(), {"ids": IDS}, 1, 100 + 10_000),
        # 1 + 50 + 50 × 100
        (suites(STEPS), {"ids": IDS[:50]}, 51, 50 + 5_000 + 250_000),
        # 1 + 49 + 49 × 1 = 99, and 1 + 99 + 99 = 199, which is nearer to two hundred
        (suites(STEPS, first=1), {"ids": IDS[:49]}, 1, 49 + 49 + 49 * 50),
        (suites(STEPS, first=1), {"ids": IDS[:99]}, 2, 99 + 99 + 99 * 50),
        # 10 + 10 × 20: what ten runs cost with twenty jobs each and their steps
        (ten_suites_by_alias(), {}, 2, 200 + 10_000),
        # GitHub's own example with other connections: 1 + 100 + 100 × 50
        (
            pulls("commits(first: 50) { nodes { commit { parents(first: 60) { totalCount } } } }"),
            {},
            51,
            100 + 5_000 + 300_000,
        ),
    ],
    ids=["no connection", "50", "100", "50 with steps", "99 requests", "199 requests", "10 by alias", "three deep"],
)
def test_points_and_nodes(text, variables, points, nodes):
    price = prepare(text, variables).price
    assert (price.points, price.nodes) == (points, nodes)


def test_a_connection_counts_once_however_often_it_is_selected_and_not_at_all_when_left_out():
    twice = pulls("... on PullRequest { files(first: 10) { totalCount } } files(first: 10) { nodes { path } }")
    assert prepare(twice, {}).price.requests == 1 + 100
    other_names = pulls("one: files(first: 10) { totalCount } other: files(first: 20) { totalCount }")
    assert prepare(other_names, {}).price.requests == 1 + 100 + 100
    asked = "query($files: Boolean!) " + pulls("files(first: 10) @include(if: $files) { totalCount }")
    assert [prepare(asked, {"files": wanted}).price.requests for wanted in (True, False)] == [101, 1]
    fragment = pulls("...Files") + "fragment Files on PullRequest { files(first: 10) { totalCount } }"
    assert prepare(fragment, {}).price.requests == 1 + 100


@pytest.mark.parametrize(
    ("text", "variables", "kind", "message"),
    [
        (
            suites(first=101),
            {"ids": IDS[:1]},
            "EXCESSIVE_PAGINATION",
            "Requesting 101 records on the `checkRuns` connection exceeds the `first` limit of 100 records.",
        ),
        (
            pulls("files { totalCount }"),
            {},
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `files` connection.",
        ),
        (
            pulls("commits(first: 100) { nodes { commit { parents(last: 100) { totalCount } } } }"),
            {},
            "MAX_NODE_LIMIT_EXCEEDED",
            "This query requests up to 1,010,100 possible nodes which exceeds the maximum limit of 500,000.",
        ),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {}, None, "Variable '$ids' of required type '[ID!]!'"),
        ("{ viewer { login ", {}, None, "Syntax Error"),
        ("{ viewer { shoeSize } }", {}, None, "Field 'shoeSize' doesn't exist on type 'User'"),
        ('{ node(id: "CS_1") { ... on CheckSuite { status(x: 1) } } }', {}, None, "Unknown argument 'x'"),
        ("query A { viewer { login } } query B { viewer { login } }", {}, None, "Which operation?"),
    ],
    ids=["page", "no page", "nodes", "variable", "syntax", "field", "argument", "operation"],
)
def test_refusals(text, variables, kind, message):
    with pytest.raises(Refusal) as refused:
        prepare(text, variables)
    (error,) = refused.value.errors
    assert error.get("type") == kind
    assert error["message"].startswith(message)


def test_one_of_several_operations_is_chosen_by_its_name():
    text = "query A { viewer { login } } query B " + pulls("number")
    assert [prepare(text, {}, name).price.requests for name in ("A", "B")] == [0, 1]
