"""Comments on pull requests in a merge queue, and the links to what a comment judges."""

from collections.abc import Iterator
from typing import Any

import pytest

from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory
from roadmap_pipeline_tests.reports.histories import fails
from roadmap_pipeline_tests.reports.test_pull_request import FOOTER

PAGE = f"https://github.com/{REPO}/actions/runs"


class Queue:
    """Pull requests whose runs passed on Thursday at 10:00, and what the merge queue said of them."""

    def __init__(self) -> None:
        self.history = StoredHistory()

    def pull(self, number: int) -> None:
        self.history.pull_request(number, head_sha=f"{number:07d}abc")
        self.history.run("11-12 10:00", sha=f"{number:07d}abc", branch=f"branch-{number}", event="pull_request",
                       html_url=f"{PAGE}/{number}")  # fmt: skip

    def queued(self, number: int, time: str, conclusion: str | None = "success", **values: Any) -> None:
        """Add a run of the queue; of a commit of its own."""
        sha = f"q{number}{time}"
        common = {"branch": f"gh-readonly-queue/main/pr-{number}-{'a' * 40}", "event": "merge_group"} | values
        common["html_url"] = f"{PAGE}/q{number}"
        if conclusion == "failure":
            fails(self.history, time, sha=sha, job="integration", **common)
        else:
            self.history.run(time, conclusion, sha=sha, **common)


@pytest.fixture(scope="module")
def bodies() -> Iterator[dict[int, str]]:
    queue = Queue()
    for number in range(1, 7):
        queue.pull(number)
    queue.queued(2, "11-12 12:00", "failure")
    queue.queued(3, "11-12 12:00", "failure")
    queue.queued(3, "11-12 14:00")  # taken in again: the last time counts
    queue.queued(4, "11-11 12:00", "failure")  # of the commit before
    queue.queued(5, "11-12 12:00", None)
    queue.queued(6, "11-12 12:00", "cancelled", jobs={})  # a group that was made anew
    queue.history.pull_request(7, head_sha="0000007abc")  # runs in the queue only
    queue.queued(7, "11-12 12:00", "failure")
    with queue.history.built() as warehouse:
        yield {row["number"]: row["body"] for row in pull_request_comments(warehouse.con)}


def test_a_failure_in_the_merge_queue_counts_and_is_named(bodies: dict[int, str]) -> None:
    head, _, failure, _, footer = bodies[2].splitlines()
    assert footer == FOOTER
    assert head == (
        f"**CI: 1 failing job, probably from this change** · commit `0000002` · [merge queue]({PAGE}/q2): failed"
    )
    assert failure.startswith(f"- 🔴 [`integration`](https://github.com/{REPO}/actions/runs/")
    assert ") in the merge queue · test: `AssertionError: 1 != 2` · **probably this change**: main did not" in failure
    assert bodies[7].startswith("**CI: 1 failing job, probably from this change** · commit `0000007` · [merge queue](")


def test_the_last_time_in_the_queue_counts_and_only_for_the_latest_commit(bodies: dict[int, str]) -> None:
    assert bodies[3] == (
        f"**CI: both runs passed** · commit `0000003` · [`ci.yml`]({PAGE}/3) · [merge queue]({PAGE}/q3): passed"
        f"\n\n{FOOTER}"
    )
    for number in (1, 4, 6):
        assert bodies[number] == (f"**CI: passed** · commit `000000{number}` · [`ci.yml`]({PAGE}/{number})\n\n{FOOTER}")
    assert bodies[5] == (
        f"**CI: 1 of 2 runs passed, 1 still going** · commit `0000005` · [`ci.yml`]({PAGE}/5)"
        f" · [merge queue]({PAGE}/q5): still going\n\n{FOOTER}"
    )
