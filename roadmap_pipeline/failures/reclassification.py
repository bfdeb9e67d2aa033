"""Reclassification: the stored failures that get another cause when they are judged again, by week.

Belongs here: comparing verdicts with those there were, which people look at before they are published. Judging again
belongs to :mod:`roadmap_pipeline.failures.stored_jobs`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

WEEK = "strftime(coalesce(runs.created_at, jobs.created_at, jobs.completed_at), '%G-W%V')"
JOBS = """
join raw.workflow_jobs as jobs on jobs.job_id = verdicts.job_id
left join raw.workflow_runs as runs on runs.run_id = jobs.run_id and runs.run_attempt = jobs.run_attempt
"""
_CHANGED = f"""
select {WEEK}, before.category, verdicts.category, verdicts.rule_id, before.fingerprint, verdicts.fingerprint,
       jobs.repo, jobs.name, jobs.html_url
from derived.failure_verdicts as verdicts
join temp.verdicts_before as before on before.job_id = verdicts.job_id
{JOBS}
where (before.category, before.rule_id, before.fingerprint)
    is distinct from (verdicts.category, verdicts.rule_id, verdicts.fingerprint)
order by verdicts.job_id desc
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Moved:
    """Failures of one ISO week that another cause, rule or group (fingerprint) is found for, and the newest of them.

    ``before`` and ``week`` are None for passing logs that would be taken for failures. ``groups_before`` and
    ``groups_after``: how many different failures (fingerprints) they were and are taken for.
    """

    week: str | None
    before: str | None
    after: str
    rule_id: str | None
    failures: int
    groups_before: int
    groups_after: int
    example: str
    url: str | None

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "week": self.week,
            "before": self.before,
            "after": self.after,
            "rule_id": self.rule_id,
            "failures": self.failures,
            "groups_before": self.groups_before,
            "groups_after": self.groups_after,
            "example": self.example,
            "url": self.url,
        }


Change = tuple[str | None, str | None, str, str | None, str | None, str | None, str | None, str | None, str | None]
"""Week, category before and after, rule after, fingerprint before and after, repository (None: ``job`` is a file), job,
address."""


def grouped(changes: Iterable[Change]) -> list[Moved]:
    """Return the changes of one kind together, by week and then by category; the first of each kind is its example."""
    kinds: dict[tuple[str | None, str | None, str, str | None], list[Change]] = {}
    for change in changes:
        kinds.setdefault(change[:4], []).append(change)
    moves = []
    for (week, before, after, rule_id), alike in kinds.items():
        repo, job, url = alike[0][6:]
        groups_before, groups_after = ({one[place] for one in alike} - {None} for place in (4, 5))
        example = f"{job or 'a job'} of {repo}" if repo else job or "a job"
        groups = len(groups_before), len(groups_after)
        moves.append(Moved(week, before, after, rule_id, len(alike), *groups, example, url))
    return sorted(moves, key=lambda one: (one.week or "", one.before or "", one.after, one.rule_id or ""))


@contextmanager
def noting_moves(con: "duckdb.DuckDBPyConnection", moved: list[Moved]) -> Iterator[None]:
    """Put into ``moved`` what becomes of the verdicts that are stored now until the block ends. Writes nothing."""
    con.execute(
        "create or replace temp table verdicts_before as"
        " select verdicts.job_id, verdicts.category, verdicts.rule_id, verdicts.fingerprint"
        " from derived.failure_verdicts as verdicts"
    )
    yield
    moved += grouped(con.execute(_CHANGED).fetchall())
    con.execute("drop table temp.verdicts_before")
