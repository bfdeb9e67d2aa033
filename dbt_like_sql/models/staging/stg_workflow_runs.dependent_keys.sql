-- A cancelled run is superseded once its workflow ran again on its branch: a new run says so of the last one
-- before it, a corrected one may say so of all; and of a cancelled run the newest after it is needed.
with stored as (
    select s.* from staging.stg_workflow_runs as s semi join touched.keys as k on k.run_id = s.run_id
), lines as (
    select f.repo, f.workflow_path, f.branch, f.head_repo from touched.fresh as f
    union
    select s.repo, s.workflow_path, s.branch, s.head_repo from stored as s
), moved as (
    select s.*
    from stored as s
    anti join touched.fresh as f
        on f.run_id = s.run_id and f.run_attempt = s.run_attempt and f.created_at is not distinct from s.created_at
        and f.repo = s.repo and f.workflow_path = s.workflow_path
        and f.branch is not distinct from s.branch and f.head_repo is not distinct from s.head_repo
), cancelled as (
    select f.* from touched.fresh as f where f.conclusion = 'cancelled'
)
select s.run_id
from staging.stg_workflow_runs as s
semi join lines as l on l.repo = s.repo and l.workflow_path = s.workflow_path
        and l.branch is not distinct from s.branch and l.head_repo is not distinct from s.head_repo
where s.outcome_reason = 'cancelled'
union all
select s.run_id
from staging.stg_workflow_runs as s
semi join moved as m on m.repo = s.repo and m.workflow_path = s.workflow_path
        and m.branch is not distinct from s.branch and m.head_repo is not distinct from s.head_repo
union all
select arg_max(s.run_id, s.created_at)
from staging.stg_workflow_runs as s
semi join cancelled as c on c.repo = s.repo and c.workflow_path = s.workflow_path
        and c.branch is not distinct from s.branch and c.head_repo is not distinct from s.head_repo
where s.created_at >= (select min(c.created_at) from cancelled as c)
group by s.repo, s.workflow_path, s.branch, s.head_repo
