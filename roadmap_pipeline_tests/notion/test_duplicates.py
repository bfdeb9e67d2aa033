"""Two machines that make the databases at once: one of each stays, whoever asks, and nothing of people is lost."""

import logging
from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.rows import create_row, read_rows
from roadmap_pipeline.notion.schema import (
    CI_REPORTS,
    CreateDatabase,
    Observed,
    SchemaError,
    TrashDuplicate,
    apply,
    observe,
    plan,
    resolve,
)
from roadmap_pipeline_tests.notion.conftest import (
    KEY,
    PARENT,
    Databases,
    Switch,
    Workspace,
    apply_all,
    empty_workspace,
    make,
)
from roadmap_pipeline_tests.notion.test_schema import assert_whole, views
from roadmap_sandbox.notion import faults

TITLES = {"CI Intelligence Reports": 1, "Engineering Roadmap": 1}


def living(client: NotionClient) -> Counter[str]:
    """Return how many databases of each title are below the parent page."""
    children = client.paginate("GET", f"blocks/{PARENT}/children")
    return Counter(block["child_database"]["title"] for block in children)


class _Meanwhile(httpx.HTTPTransport):
    """A way to Notion on which another machine does something just before the n-th writing request arrives."""

    def __init__(self, number: int, action: Any) -> None:
        super().__init__()
        self._number, self._action = number, action

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method in ("POST", "PATCH") and not request.url.path.endswith(("/query", "/search")):
            self._number -= 1
            if self._number == 0:
                self._action()
        return super().handle_request(request)


@pytest.mark.parametrize("number", range(1, 10))
def test_another_machine_makes_all_of_it_between_two_requests_of_ours(workspace: Workspace, number: int) -> None:
    theirs: list[Databases] = []
    meanwhile = _Meanwhile(number, lambda: theirs.append(make(workspace.client)))
    with NotionClient(KEY, base_url=workspace.base_url, requests_per_second=None, transport=meanwhile) as client:
        ours = make(client)
    assert living(workspace.client) == TITLES
    again = resolve(observe(workspace.client, PARENT))
    assert again == {"ci_reports": ours.reports, "roadmap": ours.roadmap}
    assert_whole(workspace.client, ours)
    # The other machine finds its way, too, with what it remembers.
    known = {"ci_reports": theirs[0].reports, "roadmap": theirs[0].roadmap}
    observed = observe(workspace.client, PARENT, known=known)
    assert plan(observed) == []
    assert {key: one.database_id for key, one in resolve(observed).items()} == {
        "ci_reports": ours.reports.database_id,
        "roadmap": ours.roadmap.database_id,
    }


def test_the_older_database_stays_and_it_is_said(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    client = workspace.client
    ours, theirs = observe(client, PARENT), observe(client, PARENT)
    plans = plan(ours), plan(theirs)
    apply(client, plans[0][0], ours)
    with caplog.at_level(logging.WARNING):
        apply(client, plans[1][0], theirs)
    first, second = ours.databases["ci_reports"], theirs.databases["ci_reports"]
    assert first is not None
    assert second is not None
    assert first.database_id == second.database_id
    assert "CI Intelligence Reports was made twice at the same time" in caplog.text
    assert living(client) == {"CI Intelligence Reports": 1}


def twice(client: NotionClient) -> list[Observed]:
    """Make the reports twice, as two machines do of which each was killed before it looked again."""
    observed = [observe(client, PARENT), observe(client, PARENT)]
    bodies: list[Any] = []

    class Recording(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                bodies.append((str(request.url), request.content, dict(request.headers)))
            return super().handle_request(request)

    with NotionClient(KEY, base_url=client.base_url, requests_per_second=None, transport=Recording()) as recorded:
        apply(recorded, plan(observed[0])[0], observed[0])
    url, content, headers = bodies[0]
    assert httpx.post(url, content=content, headers=headers, trust_env=False).status_code == 200
    return observed


def test_two_that_killed_runs_left_become_one(workspace: Workspace) -> None:
    client = workspace.client
    (first, _) = twice(client)
    kept = first.databases["ci_reports"]
    assert kept is not None
    assert living(client) == {"CI Intelligence Reports": 2}
    observed = observe(client, PARENT)
    changes = plan(observed)
    assert [type(change) for change in changes[:1]] == [TrashDuplicate]
    assert "which doubles CI Intelligence Reports, into the trash" in changes[0].describe()
    apply_all(client, observed)
    assert living(client) == TITLES
    assert resolve(observed)["ci_reports"].database_id == kept.database_id
    assert plan(observe(client, PARENT)) == []


@pytest.mark.parametrize("fault", [faults.internal(after_commit=True), faults.dropped(after_commit=True)], ids=str)
def test_a_duplicate_is_trashed_although_the_response_is_lost(workspace: Workspace, fault: faults.Fault) -> None:
    client = workspace.client
    twice(client)
    workspace.state.faults.add(fault, lambda asked: asked.mutating)
    apply_all(client, observe(client, PARENT))
    assert living(client) == TITLES


def test_the_one_in_which_people_wrote_stays_although_it_is_younger(workspace: Workspace) -> None:
    client = workspace.client
    twice(client)
    children = client.paginate("GET", f"blocks/{PARENT}/children")
    workspace.state.add_row(children[1]["id"], {"Report Name": "Mine"})
    apply_all(client, observe(client, PARENT))
    reports = resolve(observe(client, PARENT))["ci_reports"]
    assert reports.database_id == children[1]["id"]
    assert [row.values["Report Name"] for row in read_rows(client, reports)] == ["Mine"]


def test_where_people_wrote_in_both_nobody_decides_for_them(workspace: Workspace) -> None:
    client = workspace.client
    twice(client)
    for child in client.paginate("GET", f"blocks/{PARENT}/children"):
        workspace.state.add_row(child["id"], {"Report Name": "Mine"})
    before = workspace.mutations()
    with pytest.raises(SchemaError, match=r"exists several times.*NOTION_CI_REPORTS_DB_ID"):
        observe(client, PARENT)
    assert workspace.mutations() == before


def test_rows_of_ours_alone_do_not_keep_a_duplicate(workspace: Workspace, databases: Databases) -> None:
    """A lagging list hid the older one from the machine that finished the younger one and wrote its rows."""
    client = workspace.client
    create_row(client, databases.reports, {"Report Name": "ci-report-2026-W46.md"})
    younger = Observed(PARENT, {"ci_reports": None, "roadmap": None}, {})
    change = CreateDatabase(CI_REPORTS)
    apply(client, change, younger)
    assert living(client) == TITLES
    kept = younger.databases["ci_reports"]
    assert kept is not None
    assert kept.database_id == databases.reports.database_id
    assert len(read_rows(client, databases.reports)) == 1


def test_a_database_that_a_person_put_in_the_trash_is_no_duplicate(workspace: Workspace, databases: Databases) -> None:
    workspace.state.trash(databases.roadmap.database_id)
    known = {"ci_reports": databases.reports, "roadmap": databases.roadmap}
    with pytest.raises(NotionError, match="in the trash: restore it"):
        observe(workspace.client, PARENT, known=known)


def test_a_persons_database_of_the_same_title_is_left_alone(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    body = {
        "parent": {"type": "page_id", "page_id": PARENT},
        "title": [{"text": {"content": "Engineering Roadmap"}}],
        "initial_data_source": {"properties": {"Name": {"title": {}}}},
    }
    theirs = client.request("POST", "databases", body=body)
    observed = observe(client, PARENT)
    assert plan(observed) == []
    assert resolve(observed)["roadmap"].database_id == databases.roadmap.database_id
    assert not client.request("GET", f"databases/{theirs['id']}")["in_trash"]


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.booleans(), max_size=18))
def test_two_machines_in_any_order_make_one_of_each(served: tuple[Switch, str], order: list[bool]) -> None:
    with empty_workspace(served) as workspace:
        sides = [observe(workspace.client, PARENT), observe(workspace.client, PARENT)]
        todo = [plan(side) for side in sides]
        for which in [*order, *([False] * 9), *([True] * 9)]:
            if todo[which]:
                apply(workspace.client, todo[which].pop(0), sides[which])
        assert living(workspace.client) == TITLES
        found = [resolve(side) for side in sides]
        assert found[0].keys() == found[1].keys()
        for key in found[0]:
            assert found[0][key].database_id == found[1][key].database_id
            views(workspace.client, found[0][key])
        assert plan(observe(workspace.client, PARENT, thorough=True)) == []
