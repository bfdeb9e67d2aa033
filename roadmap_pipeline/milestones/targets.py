"""Keeps ``derived.milestone_targets``: the history of target dates, from the first run on.

Belongs here: telling that a date is another one than before. GitHub says neither in events nor elsewhere what a target
date was; what is not noted when it is read is lost.
"""

from typing import TYPE_CHECKING

from roadmap_pipeline.warehouse.connection import transaction

if TYPE_CHECKING:
    import duckdb

_NEW = """
    insert into derived.milestone_targets by name
    select milestones.repo, milestones.number, cast(milestones.due_on as date) as target_date,
        -- A milestone that was made anew under an old number can't have been changed before it was read before.
        case
            when latest.seen_at is null then coalesce(milestones.created_at, milestones.updated_at, milestones.read_at)
            else greatest(coalesce(milestones.updated_at, milestones.read_at), latest.seen_at)
        end as valid_from,
        -- Two rows of one milestone are told apart by it, whatever clock they were read by.
        case
            when latest.seen_at is null or milestones.read_at > latest.seen_at
                then coalesce(milestones.read_at, milestones.updated_at, timestamp '1970-01-01')
            else latest.seen_at + interval 1 microsecond
        end as seen_at
    from raw.milestones as milestones
    left join (
        select targets.repo, targets.number, max(targets.seen_at) as seen_at,
            arg_max(struct_pack(target_date := targets.target_date), targets.seen_at).target_date as target_date
        from derived.milestone_targets as targets
        group by targets.repo, targets.number
    ) as latest on latest.repo = milestones.repo and latest.number = milestones.number
    where latest.seen_at is null or latest.target_date is distinct from cast(milestones.due_on as date)
"""


def note_targets(con: "duckdb.DuckDBPyConnection") -> int:
    """Note every target date that differs from the one noted last; return how many did."""
    with transaction(con):
        ((noted,),) = con.execute(_NEW).fetchall()
    return int(noted)
