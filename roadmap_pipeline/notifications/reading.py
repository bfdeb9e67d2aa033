"""The open risks of the warehouse, as they are told of.

Belongs here: reading ``marts.milestone_risks`` into one risk a subject. A branch that is red threatens all milestones
of its repository: it is told of once.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.notifications.changes import ON_TIME, OpenRisk

if TYPE_CHECKING:
    import duckdb

_OPEN = """
    select risks.risk, risks.label, risks.severity, risks.since, risks.is_since_known, risks.cause, risks.clears_when,
        risks.owner, risks.evidence_urls, risks.repo, coalesce(milestones.node_id, risks.repo || '#' || risks.number),
        risks.milestone, coalesce(milestones.html_url, ''), rows.page_url
    from marts.milestone_risks as risks
    join marts.milestones as milestones on milestones.repo = risks.repo and milestones.number = risks.number
    left join (
        select shown.repo, shown.number, any_value(shown.page_url) as page_url
        from sync.rows as shown
        where not shown.is_trashed
        group by shown.repo, shown.number
    ) as rows on rows.repo = risks.repo and rows.number = risks.number
    where risks.is_open and not risks.is_covered
    order by milestones.due_date nulls last, risks.repo, risks.number, risks.position
"""


def open_risks(con: "duckdb.DuckDBPyConnection") -> list[OpenRisk] | None:
    """Return the open risks, one a subject; None where the models were not built yet."""
    if not con.execute(
        "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'milestone_risks'"
    ).fetchall():
        return None
    subjects: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in con.execute(_OPEN).fetchall():
        subjects[_subject(row)].append(row)
    return [_merged(subject, rows) for subject, rows in subjects.items()]


def _subject(row: Sequence[Any]) -> str:
    risk, repo, milestone = row[0], row[9], row[10]
    if risk == "red_main":
        return f"{repo}:{risk}"
    return f"{milestone}:{'on_time' if risk in ON_TIME else risk}"


def _merged(subject: str, rows: Sequence[Sequence[Any]]) -> OpenRisk:
    """Return several milestones' rows of one subject as one risk, the gravest's words first."""
    risks = [
        OpenRisk(
            subject, row[0], row[1], row[2], row[3], row[4], (f"{row[11]} ({row[9]})",), row[5], row[6], row[7],
            tuple(_urls(row)),
        )
        for row in rows
    ]  # fmt: skip
    worst = max(risks, key=lambda one: one.rank)
    if len(risks) == 1:
        return worst
    return OpenRisk(
        subject,
        worst.risk,
        worst.label,
        worst.severity,
        min(one.since for one in risks),
        worst.is_since_known,
        tuple(place for one in risks for place in one.places),
        worst.cause,
        worst.clears_when,
        worst.owner,
        worst.urls,
    )


def _urls(row: Sequence[Any]) -> Iterator[str]:
    """Yield the pages that say more: the evidence, the milestone's own, its row in Notion."""
    seen: set[str] = set()
    for address in (*(row[8] or [])[:2], row[12], row[13]):
        if address and address not in seen:
            seen.add(address)
            yield address
