"""Listing runs completely behind GitHub's limits on lists."""

from datetime import timedelta

import pytest

from roadmap_pipeline.github.ingest.intervals import Interval, gaps
from roadmap_pipeline.github.ingest.runs import RunList
from roadmap_pipeline_tests.github.conftest import BOT, CLOCK, FULL, REPO, ago, run
from roadmap_sandbox.content import GitHubContent

EPOCH = ago(days=400).replace(tzinfo=None)


def world_of(serve, runs):
    return serve(GitHubContent(clock=CLOCK, viewer=BOT, repositories={REPO: FULL}, runs={REPO: runs}))


def listed(served, oldest=EPOCH, *, cap=300):
    """Ids of the runs, what is said about them, and the spans that are left out."""
    served.state.switches.unfiltered_cap = cap
    runs = RunList(served.client(), REPO)
    first = runs.first()
    whole = Interval(oldest, max(map(runs.time_of, runs.items(first))))
    pages = list(runs.walk(whole, first=first))
    holes = [hole.interval for hole in runs.holes]
    read = [part for page in pages if page.covered for part in gaps(holes, page.covered)]
    told = [*runs.notes, *(str(hole.error) for hole in runs.holes)]
    return {item["id"] for page in pages for item in page.items}, told, gaps(read, whole)


def test_what_lies_behind_the_unfiltered_list_is_read_by_slices(serve):
    served = world_of(serve, [run(n, ago(minutes=2600 - n)) for n in range(1, 2601)])
    assert listed(served) == (set(range(1, 2601)), [], [])
    filtered = [entry for entry in served.state.journal if "created=" in entry.query]
    assert filtered and all("page=11" not in entry.query.split("&") for entry in filtered)


@pytest.mark.parametrize("beyond", ["empty", "422"])
def test_over_a_thousand_runs_within_one_second_are_read_by_workflow(serve, beyond):
    crowd = [run(n, ago(days=9), workflow_id=7 + n % 2) for n in range(1, 1501)]
    served = world_of(serve, crowd + [run(n, ago(days=1)) for n in range(1501, 1901)])
    served.state.switches.beyond_filtered_cap = beyond
    served.state.switches.clamp_filtered_total = True
    assert listed(served) == (set(range(1, 1901)), [], [])


def test_more_than_github_lists_is_told_and_not_taken_for_read(serve):
    crowd = [run(n, ago(days=9)) for n in range(1, 1201)]
    older = [run(n, ago(days=20)) for n in range(2001, 2011)]
    served = world_of(serve, older + crowd + [run(n, ago(days=1)) for n in range(1201, 1601)])
    found, told, left_out = listed(served)
    second = ago(days=9).replace(tzinfo=None)
    assert found >= set(range(1201, 1601)) | set(range(2001, 2011))
    assert any("does not list completely" in text for text in told)
    assert left_out == [Interval(second, second)]


def test_a_filtered_list_that_answers_nothing_is_asked_again(serve):
    served = world_of(serve, [run(n, ago(hours=500 - n)) for n in range(1, 501)])
    served.state.switches.empty_filtered_responses = 1
    assert listed(served)[0] == set(range(1, 501))


def test_the_list_ends_where_it_is_told_to(serve):
    served = world_of(serve, [run(n, ago(hours=510 - n)) for n in range(1, 511)])
    found, *_ = listed(served, (CLOCK - timedelta(hours=150)).replace(tzinfo=None), cap=40_000)
    assert found == set(range(311, 511))
    assert len(served.state.journal) == 2
