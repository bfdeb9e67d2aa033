"""The line on what a report rests on: for one repository, for several, and for each reason."""

from datetime import date
from typing import Any

import pytest

from roadmap_pipeline.reports.coverage import Unread, rests_on, unread_lines
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import at

MONDAY = date(2026, 11, 9)
NEXT = at("11-16 00:00")


def row(
    repo: str = "*", reason: str | None = None, runs: int = 10, with_jobs: int = 10, **values: Any
) -> dict[str, Any]:
    return {
        "repo": repo,
        "is_all": repo == "*",
        "reason": reason,
        "runs": runs,
        "runs_with_jobs": with_jobs,
        "due_failed_runs": 0,
        "refused": 0,
        "listed_from": at("11-09 00:00"),
        "listed_until": NEXT,
    } | values


def told(*parts: dict[str, Any]) -> str:
    whole = row(
        reason=next((part["reason"] for part in parts if part["reason"]), None),
        runs=sum(part["runs"] for part in parts),
        with_jobs=sum(part["runs_with_jobs"] for part in parts),
        due_failed_runs=sum(part["due_failed_runs"] for part in parts),
        refused=sum(part["refused"] for part in parts),
    )
    return rests_on([whole, *parts], MONDAY).removeprefix("**Not all of this week was read**: the report ")


@pytest.mark.parametrize("reason", [None, "not_over"])
def test_a_week_that_was_read_needs_no_words(reason: str | None) -> None:
    assert told(row("acme/a", reason)) == ""


def test_without_a_row_of_the_week_nothing_is_known_and_nothing_said() -> None:
    assert rests_on([], MONDAY) == ""


def test_jobs_that_are_still_to_be_read() -> None:
    assert told(row("acme/a", "jobs", 380, 212, due_failed_runs=1)) == (
        "rests on 212 of 380 runs with jobs; 1 failed run among the others; the rest follows."
    )


def test_how_far_the_lists_are_read_is_said_by_repository() -> None:
    assert told(
        row("acme/a", "list", 3, 3, listed_from=at("11-11 00:00")),
        row("acme/b", "list", 4, 4, listed_from=at("11-11 00:00")),
        row("acme/c", "list", 0, 0, listed_from=None, listed_until=None),
        row("acme/d"),
    ) == (
        "rests on 17 of 17 runs with jobs; read so far from 2026-11-11 (acme/a, acme/b); nothing read yet (acme/c);"
        " the rest follows."
    )


def test_a_list_that_was_last_read_within_the_week() -> None:
    part = row("acme/a", "list", listed_until=at("11-13 09:05"))
    assert told(part) == "rests on 10 of 10 runs with jobs; read up to 2026-11-13 09:05; the rest follows."


def test_what_github_refuses_does_not_follow() -> None:
    assert told(row("acme/a", "refused", refused=2)) == (
        "rests on 10 of 10 runs with jobs; GitHub did not give 2 things (named below)."
    )


def test_a_week_that_history_cuts_off() -> None:
    assert told(row("acme/a", "before_history", listed_from=at("11-12 00:00"))) == (
        "rests on 10 of 10 runs with jobs; the week begins before the history that is read (history_days)."
    )


def test_what_could_not_be_read_is_named_by_kind_and_safe_to_render() -> None:
    when = at("11-14 07:30")
    log = Unread("acme/a_b", "log", False, False, 3, 500, "<b>Oops</b> `x`", when, at("11-17 08:00"))
    issues = Unread("acme/a_b", "issues", True, True, 1, 410, "Issues are disabled", when, when)
    assert unread_lines([log, issues]) == [
        r"Could not be read: 3 logs of jobs of acme/a\_b (`` 500 <b>Oops</b> `x` ``, since 2026-11-14, asked for again"
        " from 2026-11-17 on).",
        r"Switched off on GitHub: issues of acme/a\_b.",
    ]
    assert unread_lines([]) == []


@pytest.mark.parametrize(
    ("endpoint", "status", "message", "remedy"),
    [
        ("annotations", 403, "Forbidden", "grant the token Checks: read"),
        ("log", 403, "Forbidden", "grant the token Actions: read"),
        ("files", 403, "Resource protected by organization SAML enforcement", "single sign-on"),
        ("log", 500, "Server Error", None),
    ],
)
def test_the_remedy(endpoint: str, status: int, message: str, remedy: str | None) -> None:
    when = at("11-14 07:30")
    found = Unread("acme/a", endpoint, False, False, 1, status, message, when, when).remedy
    assert found == remedy or (found and remedy and remedy in found)
