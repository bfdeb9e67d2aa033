"""Failures that no rule knows: which hurt most people, and a rule that might know them.

Belongs here: what ``roadmap failures unknown`` lists. Drafts are made by ``failures.rules.drafting`` and measured by
``failures.back_test``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.failures.back_test import try_patterns
from roadmap_pipeline.failures.rules.drafting import draft_pattern
from roadmap_pipeline.reports.tables import rows

if TYPE_CHECKING:
    import duckdb

_GROUPS = """
    select g.repo, g.fingerprint, g.evidence, g.workflow_path, g.job_base_name as job, g.people, g.pull_requests,
        g.failed_runs, g.failed_job_attempts, round(g.minutes_lost, 1) as minutes_lost, g.weeks_active, g.is_new,
        strftime(g.first_seen_at, '%Y-%m-%d') as first_seen, strftime(g.last_seen_at, '%Y-%m-%d') as last_seen,
        -- A step's name is no text of a tool.
        coalesce(
            v.line is not null or (v.judged_from = 'annotations' and not starts_with(g.evidence, 'Failed step: ')),
            false
        ) as is_told,
        g.example_url
    from marts.failure_groups as g
    left join derived.failure_verdicts as v on v.job_id = g.example_job_id
    where g.category = 'unknown'
    order by is_told desc, g.people desc, g.pull_requests desc, g.failed_job_attempts desc, g.last_seen_at desc,
        g.fingerprint, g.repo
    limit ?
"""
_SHARE = """
    select count(*) as failures, count(*) filter (where f.category = 'unknown') as unknown,
        count(distinct (f.repo, f.fingerprint)) filter (where f.category = 'unknown') as groups
    from marts.ci_failures as f
"""


def unknown_failures(
    con: "duckdb.DuckDBPyConnection", *, limit: int, passing: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the unknown failures, by people hit, each with a drafted pattern and where that is found.

    At most ``limit``. Those of which there is neither a log nor a note come last: no rule will tell them. ``draft`` is
    None for them, and where there is too little text in the line that proves it. ``passing`` are files of passing logs
    in which no draft should be found.
    """
    groups = rows(con, _GROUPS, [limit])
    drafts = [draft_pattern(group["evidence"]) if group["is_told"] else None for group in groups]
    patterns = list(dict.fromkeys(draft for draft in drafts if draft is not None))
    measured = {hits.pattern: hits.to_json() for hits in try_patterns(con, patterns, passing)}
    return [
        group | {"draft": None if draft is None else measured[draft]}
        for group, draft in zip(groups, drafts, strict=True)
    ]


def unknown_share(con: "duckdb.DuckDBPyConnection") -> dict[str, int]:
    """Return ``{failures, unknown, groups}``.

    Failing job attempts of all history, those without a cause, and their kinds.
    """
    return rows(con, _SHARE)[0]
