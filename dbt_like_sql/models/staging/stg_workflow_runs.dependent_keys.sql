-- A cancelled run is superseded once its workflow ran again on its branch: a new run says so of the last one
-- before it, a corrected one may say so of all; and of a cancelled run the newest after it is needed.
with stored as (
    select runs.*
    from staging.stg_workflow_runs as runs
    semi join affected.keys as affected on affected.run_id = runs.run_id
), lines as (
    select recomputed.repo, recomputed.workflow_path, recomputed.branch, recomputed.head_repo
    from affected.recomputed as recomputed
    union
    select stored.repo, stored.workflow_path, stored.branch, stored.head_repo from stored
), moved as (
    select stored.*
    from stored
    anti join affected.recomputed as recomputed
        on recomputed.run_id = stored.run_id and recomputed.run_attempt = stored.run_attempt
        and recomputed.created_at is not distinct from stored.created_at
        and recomputed.repo = stored.repo and recomputed.workflow_path = stored.workflow_path
        and recomputed.branch is not distinct from stored.branch
        and recomputed.head_repo is not distinct from stored.head_repo
), cancelled as (
    select recomputed.* from affected.recomputed as recomputed where recomputed.conclusion = 'cancelled'
)
select runs.run_id
from staging.stg_workflow_runs as runs
semi join lines
    on lines.repo = runs.repo
    and lines.workflow_path = runs.workflow_path
    and lines.branch is not distinct from runs.branch
    and lines.head_repo is not distinct from runs.head_repo
where runs.outcome_reason = 'cancelled'
union all
select runs.run_id
from staging.stg_workflow_runs as runs
semi join moved
    on moved.repo = runs.repo
    and moved.workflow_path = runs.workflow_path
    and moved.branch is not distinct from runs.branch
    and moved.head_repo is not distinct from runs.head_repo
union all
select arg_max(runs.run_id, runs.created_at)
from staging.stg_workflow_runs as runs
semi join cancelled
    on cancelled.repo = runs.repo
    and cancelled.workflow_path = runs.workflow_path
    and cancelled.branch is not distinct from runs.branch
    and cancelled.head_repo is not distinct from runs.head_repo
where runs.created_at >= (select min(earliest.created_at) from cancelled as earliest)
group by runs.repo, runs.workflow_path, runs.branch, runs.head_repo
