"""Whatever fails and wherever a run ends: the next one gets to where an undisturbed run gets, nothing twice."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.sync.journal import INTERRUPTED
from roadmap_pipeline.sync.reconciler import Reconciler
from roadmap_pipeline_tests.sync.conftest import Kill, KilledError, NewServices, SimulatedServices, Start
from roadmap_pipeline_tests.sync.disturbances import GITHUB_FAULTS, unsettled

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_waiting")]


def change_everything(services: SimulatedServices) -> None:
    """Make one change of each kind beside creations."""
    services.milestone("Stage 7.3", progress=0.7, notes="Other advice", page="## Why 70 %")
    services.label("Stage 7.3", "status: blocked")
    services.edit_milestone("Checkout v2", title="Checkout v3", due_on="2027-01-01")
    services.sql("update publish.tracking_issues set body = 'Other facts' where milestone = 'Polish'")
    services.sql("update publish.notion_ci_reports set report_content = '# All new', total_failures = 1")
    services.sql("update publish.pull_request_comments set body = 'new' where number = 2")
    services.notion.trash(services.page_id("Sunset v1"))


def add_milestone(services: SimulatedServices, title: str) -> None:
    """Make a milestone on GitHub that the tables know, too."""
    made = services.ask("POST", "/repos/acme/payments/milestones", {"title": title})
    services.sql(
        "insert into publish.notion_roadmap"
        " select repo, $number, $node_id, $title, $title, * exclude (repo, number, node_id, milestone, title)"
        " from publish.notion_roadmap where milestone = 'Checkout v2'",
        {"number": made["number"], "node_id": made["node_id"], "title": title},
    )


@pytest.mark.parametrize("after", [False, True], ids=["before it goes out", "after it was carried out"])
def test_a_kill_at_every_writing_request_of_a_first_run(after: bool, services: SimulatedServices, start: Start) -> None:
    """One run after the other is killed at its next write, until nothing is left to write: killed at each of them.

    Killed before its first write a run gets nowhere, so there each writes one thing and is killed before the second.
    The text of a page that isn't known to have arrived is written again, so every second one lives to its second write.
    """
    for kills in count():
        if not services.killed(Kill(at=kills % 2 if after else 1, after=after)):
            break
        assert kills <= 2 * start.writes
    assert kills >= start.writes / 2
    assert services.final() == start.final
    assert unsettled(services) == []
    services.writes()
    assert services.sync().plan.changes == ()
    assert services.writes() == []
    assert services.sql("select distinct error from sync.changes where state = 'failed'") == [(INTERRUPTED,)]


def test_a_kill_after_any_writing_request_of_a_later_run(
    new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    with new_services(tmp_path / "undisturbed", start.folder) as services:
        change_everything(services)
        services.writes()
        assert services.sync().failed == []
        writes, final = len(services.writes()), services.final()
    assert writes >= 6
    for at in range(writes):
        with new_services(tmp_path / str(at), start.folder) as services:
            change_everything(services)
            assert services.killed(Kill(at, after=True))
            result = services.sync()
            assert (result.failed, list(result.plan.conflicts)) == ([], [])
            assert services.final() == final
            assert unsettled(services) == []


@given(seed=st.integers(0, 10_000), kills=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=3))
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@example(seed=1, kills=[])
@example(seed=2, kills=[(2, True), (0, True), (5, False)])
def test_one_answer_in_five_failing_and_kills_change_nothing(
    seed: int,
    kills: list[tuple[int, bool]],
    new_services: NewServices,
    start: Start,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with new_services(tmp_path_factory.mktemp("services")) as services:
        services.notion.faults.at_random(0.2, seed)
        services.github.faults.randomly(0.2, seed=seed, kinds=GITHUB_FAULTS)
        for at, after in kills:
            services.killed(Kill(at, after))
        services.sync(kill=Kill())
        assert seed not in (1, 2) or services.notion.faults.happened + len(services.github.faults.injected) > 5
        services.notion.faults.clear()
        services.github.faults.clear()
        result = services.sync()
        assert (result.failed, result.refused, list(result.plan.conflicts)) == ([], [], [])
        assert services.final() == start.final
        assert services.sync().plan.changes == ()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("title", ["Stage 7.3", "New one"])
def test_what_changed_after_a_kill_is_no_persons_edit(title: str, after: bool, synced: SimulatedServices) -> None:
    """Our own value, found in Notion without having been confirmed, must neither conflict nor count as people's."""
    if title == "New one":
        add_milestone(synced, title)
    synced.edit_milestone(title, due_on="2027-01-01")
    synced.milestone(title, notes="First")
    assert synced.killed(Kill(0, after))
    synced.edit_milestone(title, due_on=None)
    synced.milestone(title, notes="Second")
    result = synced.sync()
    assert (list(result.plan.conflicts), list(result.plan.notes), result.failed) == ([], [], [])
    row = synced.row(title)
    assert (row["📝 Notes"], row["📆 Target Date"]) == ("Second", None)
    assert synced.sync().plan.changes == ()


def test_a_persons_edit_after_a_kill_is_theirs(synced: SimulatedServices) -> None:
    synced.label("Stage 7.3", "status: blocked")
    synced.milestone("Stage 7.3", notes="First")
    assert synced.killed(Kill(0, after=True))
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, "📝 Notes", "Mina's")
    synced.milestone("Stage 7.3", notes="Second")
    assert synced.sync().plan.conflicts == ()
    assert (synced.row("Stage 7.3")["📝 Notes"], synced.row("Stage 7.3")["✅ Status"]) == ("Mina's", "Blocked")
    # What was written and then confirmed is past: setting it again is an edit.
    synced.label("Stage 7.3", "status: in progress")
    synced.sync()
    synced.notion.set_property(page, "✅ Status", "Blocked")
    synced.sync()
    assert synced.row("Stage 7.3")["✅ Status"] == "Blocked"
    assert synced.on_github("Stage 7.3")["labels"] == ["status: blocked"]


def test_after_a_kill_in_a_creation_lists_are_waited_for(synced: SimulatedServices) -> None:
    synced.notion.advance(timedelta(minutes=1))
    synced.notion.query_lag = timedelta(seconds=8)
    add_milestone(synced, "New one")
    assert synced.killed(Kill(0, after=True))
    changes = synced.sync(lag=True).plan.changes
    assert [change.kind for change in changes if change.target == "notion"] == []
    assert synced.waited == [10]
    assert len(synced.rows()) == 5
    synced.sync(lag=True)
    assert synced.waited == [10]


def test_nothing_stays_intended_when_a_run_is_interrupted(synced: SimulatedServices) -> None:
    synced.milestone("Stage 7.3", progress=0.9)
    with synced.runtime(Kill(0)) as runtime:
        session = Reconciler(runtime)
        plan = session.plan()
        with pytest.raises(KilledError):
            session.apply(plan)
    assert unsettled(synced) == []
    assert synced.sql("select title, error from sync.changes where state = 'failed'") == [("Stage 7.3", INTERRUPTED)]
