"""The repositories of a report where they are many: those at both ends, and what belongs to each team.

Belongs here: which ones are shown. Their figures are those of the marts.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.reports.tables import Row, rows

if TYPE_CHECKING:
    import duckdb

MANY = 20
"""Of more repositories only those at both ends are shown."""
AT_EACH_END = 10
LEAST_RUNS = 5
"""Runs that passed or failed without which a repository is not among those that pass most often."""
MOST_TEAMS = 30

_TEAMS = """
    select t.team, t.repositories, t.runs, t.conclusive_runs, t.final_pass_rate, t.conclusive_first_attempts,
        t.first_attempt_pass_rate, t.failed_job_attempts
    from marts.ci_by_team as t
    where t.grain = $grain and t.period = $period and t.runs > 0
    order by t.failed_job_attempts desc, t.team
"""


def repository_facts(
    con: "duckdb.DuckDBPyConnection", figures: Sequence[Row], grain: str, period: str
) -> Mapping[str, Any]:
    """Return what templates say of repositories.

    Args:
        con: The warehouse.
        figures: A row a repository and period, those with most failed jobs first; also of other periods, and of all
            repositories together.
        grain: week or quarter.
        period: The week or quarter, as marts name it.
    """
    repositories = [row for row in figures if row["repo"] != "*" and row[grain] == period]
    others = [row for row in repositories[AT_EACH_END:] if row["conclusive_runs"] >= LEAST_RUNS]
    passing = sorted(others, key=lambda row: (-row["final_pass_rate"], -row["conclusive_runs"], row["repo"]))
    return {
        "repositories": repositories,
        "are_many": len(repositories) > MANY,
        "failing": repositories[:AT_EACH_END],
        "passing": passing[:AT_EACH_END],
        "least_runs": LEAST_RUNS,
        "teams": rows(con, _TEAMS, {"grain": grain, "period": period}),
        "most_teams": MOST_TEAMS,
    }
