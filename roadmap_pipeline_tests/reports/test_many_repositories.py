"""Reports of an organisation of 1,000 repositories: both ends and teams, short enough to be read and published."""

import re
from collections.abc import Iterator

import pytest

from roadmap_pipeline.notion.markdown import fit
from roadmap_pipeline.reports.html.page import page
from roadmap_pipeline.reports.quarterly import quarterly_report
from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, Warehouse
from roadmap_pipeline_tests.reports.histories import fails, passes
from roadmap_pipeline_tests.reports.test_budgets import units

REPOSITORIES = 1_000
SHORT = 30_000
TEAMS = {"acme/r-00*": "Payments", "acme/r-0?5*": "Store <b>"}


def organisation(repositories: int, *, teams: bool = False) -> StoredHistory:
    """Repository n has n // 100 + 1 failed runs, and six that pass, or three if it is an odd one."""
    history = StoredHistory(default_branch=None)
    for number in range(repositories):
        repo = f"acme/r-{number:04}"
        topics = ["library", "Team-platform"] if number % 10 == 7 else None
        history.add("raw.repositories", repo=repo, default_branch="main", topics=topics)
        for failed in range(number // 100 + 1):
            fails(history, "11-10 10:00", repo=repo, fingerprint=f"f{number}-{failed}")
        passes(history, "11-11 10:00", 3 if number % 2 else 6, repo=repo)
    if teams:
        for position, (pattern, team) in enumerate(TEAMS.items(), 1):
            history.add("config.teams", position=position, kind="pattern", value=pattern, team=team)
        history.add("config.teams", position=3, kind="topic_prefix", value="team-", team=None)
    return history


@pytest.fixture(scope="module")
def many() -> Iterator[Warehouse]:
    with organisation(REPOSITORIES, teams=True).built() as warehouse:
        yield warehouse


def first_cells(text: str) -> list[str]:
    """Return the first cells of all rows of tables but their headings."""
    return [row for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) if row != "repository"]


def test_the_weekly_report_shows_both_ends(many: Warehouse) -> None:
    content = weekly_report(many.con, "2026-W46").content
    assert units(content) < SHORT
    assert fit(content, "elsewhere") == content
    text, _, teams = section(content, "Repositories").partition("### By team")
    failing, _, passing = text.partition("those of which most passed in the end:")
    # Ten failed jobs each, and by name.
    assert first_cells(failing) == [f"acme/r-{number:04}" for number in range(900, 910)]
    # Six of seven runs passed; odd ones had four runs.
    assert first_cells(passing) == [f"acme/r-{number:04}" for number in range(0, 20, 2)]
    assert "… and 980 more repositories." in passing
    assert "1,000 repositories" in content
    assert len(page(content, {})) - len(page("", {})) < 4 * SHORT
    assert teams


def test_teams_are_added_up_by_the_first_pattern_and_else_by_topic(many: Warehouse) -> None:
    teams = {
        team: (repositories, runs, failed)
        for team, repositories, runs, failed in many.rows(
            "select team, repositories, runs, failed_job_attempts from marts.ci_by_team where grain = 'week'"
        )
    }
    # Payments: r-0000 to r-0099. The others by hand: r-0150 to r-0159, r-0250 to …, r-0950 to r-0959.
    assert teams["Payments"] == (100, 100 + 50 * 6 + 50 * 3, 100)
    store = sum(10 * (hundred + 1) for hundred in range(1, 10))
    assert teams["Store <b>"] == (90, store + 45 * 6 + 45 * 3, store)
    # Of each hundred from 100 on nine that end in 7, without that of the fifties.
    platform = sum(9 * (hundred + 1) for hundred in range(1, 10))
    assert teams["platform"] == (81, platform + 81 * 3, platform)
    assert len(teams) == 3
    ((by_week,), (by_quarter,)) = many.rows(
        "select sum(failed_job_attempts) from marts.ci_by_team group by grain order by grain desc"
    )
    assert by_week == by_quarter == 100 + store + platform


def test_a_custom_property_names_the_team_after_patterns_and_before_topics() -> None:
    history = StoredHistory(default_branch=None)
    properties = {
        "acme/by-pattern": '{"Squad": "Data"}',
        "acme/one": '{"Squad": "Data", "tier": "1"}',
        "acme/several": '{"Squad": ["Web", "Apps"]}',
        "acme/blank": '{"Squad": " "}',
        "acme/none": '{"Squad": null}',
        "acme/empty": '{"Squad": []}',
        "acme/another-spelling": '{"squad": "Data"}',
        "acme/untold": None,
    }
    for repo, text in properties.items():
        history.add("raw.repositories", repo=repo, topics=["team-topic"], custom_properties=text)
    history.add("config.teams", position=1, kind="pattern", value="acme/by-*", team="Named")
    history.add("config.teams", position=2, kind="property", value="Squad", team=None)
    history.add("config.teams", position=3, kind="topic_prefix", value="team-", team=None)
    with history.built() as warehouse:
        assert dict(warehouse.rows("select repo, team from intermediate.int_repository_teams")) == {
            "acme/by-pattern": "Named",
            "acme/one": "Data",
            "acme/several": "Apps",
            "acme/blank": "topic",
            "acme/none": "topic",
            "acme/empty": "topic",
            "acme/another-spelling": "topic",
            "acme/untold": "topic",
        }


def test_the_quarterly_report_shows_both_ends_and_teams(many: Warehouse) -> None:
    content = quarterly_report(many.con, "Q4-2026").content
    assert units(content) < SHORT
    text = section(content, "CI in the quarter")
    assert first_cells(text.partition("### Repositories")[2])[:10] == [
        f"acme/r-{number:04}" for number in range(900, 910)
    ]
    teams = first_cells(text.partition("### By team")[2].partition("### Time to green")[0])
    assert teams == ["team", "Store &lt;b&gt;", "platform", "Payments"]


@pytest.mark.parametrize(("repositories", "shown"), [(13, 12), (20, 12), (21, 16)])
def test_few_repositories_are_one_table_and_no_teams_are_none(repositories: int, shown: int) -> None:
    """Of the eleven others six ran often enough."""
    with organisation(repositories).built() as warehouse:
        text = section(weekly_report(warehouse.con, "2026-W46").content, "Repositories")
        quarterly = quarterly_report(warehouse.con, "Q4-2026").content
    assert len(first_cells(text)) == shown
    assert ("most failed jobs" in text) == (repositories > 20)
    assert ("### Repositories" in quarterly) == (repositories > 20)
    assert "By team" not in text + quarterly
