"""``/search/issues``: its syntax, its own limit, its delay."""

from datetime import timedelta

import pytest

from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import ANA, REPO


def numbers(client, query, more=""):
    response = client.get("/search/issues", params={"q": query} | dict([more.split("=")] if more else []))
    assert response.status_code == 200, response.text
    assert response.json()["total_count"] == len(response.json()["items"])
    return [item["number"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("repo:acme/payments is:issue", [3, 4, 5]),
        ("is:pr is:merged", [2]),
        ("is:pr -is:merged", [1]),
        ("state:closed", [4, 2]),
        ('milestone:"Stage 7.3" is:open', [3, 1]),
        ("label:bug", [3]),
        ("-label:bug is:issue", [4, 5]),
        ("no:milestone", [5]),
        ("author:ana Pull", [2, 1]),
        ('"Issue 4" in:title', [4]),
        ("created:>=2026-11-13", [3]),
        ("merged:2026-11-12", [2]),
        ("closed:<2026-11-13", [2]),
        ("repo:acme/other", []),
        ("reviewed-by:ana", []),
    ],
)
def test_queries(client, query, expected):
    assert numbers(client, query) == expected


def test_order_and_pages(client):
    assert numbers(client, "is:issue", "order=asc") == [5, 4, 3]
    assert numbers(client, "is:issue", "sort=updated") == [3, 4, 5]
    first = client.get("/search/issues?q=is:issue&per_page=2")
    assert first.json()["total_count"] == 3
    assert [item["number"] for item in client.get(first.links["next"]["url"]).json()["items"]] == [5]


def test_what_is_new_is_found_later(client, state):
    state.switches.search_delay = timedelta(minutes=10)
    client("POST", f"/repos/{REPO}/issues", {"title": "Brand new"})
    assert numbers(client, "brand") == []
    state.advance(timedelta(minutes=10))
    assert numbers(client, "brand") == [6]


def test_searches_have_a_limit_of_their_own(client, state):
    responses = [client.get("/search/issues?q=bug") for _ in range(31)]
    assert [response.status_code for response in responses] == [200] * 30 + [403]
    assert responses[0].headers["X-RateLimit-Resource"] == "search"
    assert responses[0].headers["X-RateLimit-Limit"] == "30"
    assert responses[-1].headers["X-RateLimit-Remaining"] == "0"
    assert client.get(f"/repos/{REPO}").headers["X-RateLimit-Used"] == "1"
    resources = client.get("/rate_limit").json()["resources"]
    assert (resources["search"]["remaining"], resources["core"]["remaining"]) == (0, 4_999)
    state.let_pass(60)
    assert client.get("/search/issues?q=bug").status_code == 200


@pytest.mark.refused_requests("a search for nothing")
def test_bad_searches_are_refused(client):
    assert client.get("/search/issues?q=").status_code == 422
    assert client.get("/search/issues?q=created:soon").status_code == 422


def test_private_repositories_are_searched_by_those_who_may(client, state):
    state.request("POST", "/repos/acme/secret/issues", {"title": "Hush"}, user=ANA)
    assert numbers(client, "hush") == [1]
    anonymous = client.get("/search/issues?q=hush", headers={"Authorization": ""})
    assert anonymous.json()["items"] == []
