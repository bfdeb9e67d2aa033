"""Variants that a client has to stand, where GitHub's behaviour is uncertain or now and then wrong.

Belongs here: what can be switched. What a switch does is where the behaviour is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(slots=True)
class Switches:
    """The variants a client has to stand, where GitHub's behaviour is uncertain or now and then wrong."""

    unfiltered_cap: int = 40_000
    """The number of runs a list without a filter gives; fewer on an Enterprise Server, ..."""
    beyond_unfiltered_cap: Literal["empty", "422"] = "422"
    """... what a page behind them answers, ..."""
    clamp_unfiltered_total: bool = True
    """... and whether ``total_count`` says no more than that."""
    beyond_filtered_cap: Literal["empty", "422"] = "empty"
    """The answer of a page after the 1,000th result of a filtered list of runs."""
    clamp_filtered_total: bool = False
    """``total_count`` of a filtered list says 1,000 at most."""
    stale_index: timedelta | None = None
    """The lag of the index behind filtered lists of runs."""
    stale_responses: Sequence[Literal["missing", "empty", "old"]] = ("missing",)
    """A filtered list while the index lags, drawn for each request: without the runs created since; nothing;
    or the page of back then, on which runs are as they were and deleted ones still stand."""
    stale_chance: float = 1.0
    """The probability (0 to 1) that a lagging index shows; drawn for each request, the same ones at every start."""
    empty_filtered_responses: int = 0
    """So many of the next filtered lists of runs come back empty."""
    limit_status: Literal[403, 429] = 403
    """The status for an exhausted primary rate limit."""
    secondary_status: Literal[403, 429] = 403
    """The status for an exceeded secondary limit, ..."""
    secondary_retry_after: int | None = 60
    """... and how many seconds its ``Retry-After`` names; None leaves it out."""
    carried_over_jobs: bool = False
    """A re-run of failed jobs copies those that passed into the new attempt, as GitHub did before May 2025."""
    unwritten_log: Literal["redirect", "404"] = "redirect"
    """A log that was never written: a redirect to nothing, or 404 at once."""
    search_delay: timedelta = timedelta(0)
    """Searches don't find what was created in this span before the clock."""
    graphql: Literal["on", "404", "401", "403"] = "on"
    """GraphQL, or the status with which it is refused: by an old Enterprise Server, or to a token that may not."""
    graphql_nodes_in_time: int | None = 10_000
    """The nodes that a query gets through within GitHub's ten seconds, None for any number, ..."""
    graphql_timeout: Literal["502", "504", "errors", "partial", "resource_limits"] = "502"
    """... and the answer to one that asks for more: a status, 200 without data, or 200 with what was read by then, said
    to be a timeout or too much."""
    graphql_sso: frozenset[str] = frozenset()
    """Owners (in lower case) whose single sign-on keeps this token from their repositories by GraphQL."""
    due_day_of: Literal["date", "instant"] = "date"
    """The day that a milestone is due on: the date of the time that was sent, or the day that it was then on GitHub's
    coast, which may be the one before."""
    run_waits: timedelta = timedelta(0)
    """The time for which a queued run waits for a runner, ..."""
    run_takes: timedelta | None = None
    """... and how long it runs then, by the clock. None: it goes on only when told (``activity.start_run``)."""
    run_ends: str = "success"
    """The conclusion of what the clock completes."""
