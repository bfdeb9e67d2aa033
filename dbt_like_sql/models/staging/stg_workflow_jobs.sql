-- Jobs of all attempts with their outcome (metrics: outcome map).
with names as (
    select distinct j.name from raw.workflow_jobs as j
), base_names as (
    -- Many jobs have few names. Tests move between shards and matrix values come and go:
    -- "test (3.12, 2/4) / unit shard 3" is "test / unit".
    select
        n.name,
        coalesce(
            nullif(
                trim(
                    regexp_replace(
                        regexp_replace(n.name, '\s*[(\[][^()\[\]]*[)\]]', '', 'g'),
                        '(?i)[\s,_#:-]*(?:\b(?:shard|part|chunk|group|split)[\s_#-]*)?(?:\d+\s*(?:/|of)\s*\d+|\b(?:shard|part|chunk|group|split)[\s_#-]*\d+)\s*$',
                        ''
                    )
                ),
                ''
            ),
            n.name
        ) as base_name
    from names as n
), time_outs as (
    -- Time-outs hide as cancelled. GitHub says why it stopped a job that ran past its limit: at the job's check run, and in
    -- most logs. Without a word of it its default job limit decides: 6 hours, after which a job is gone within minutes.
    -- Only on runners of one's own one lasts longer, and notes, which also tell of people and newer runs, say why it ended.
    select cancelled.job_id, cancelled.run_id, cancelled.run_attempt, cancelled.name
    from raw.workflow_jobs as cancelled
    left join raw.job_logs as log on log.job_id = cancelled.job_id
    where lower(cancelled.conclusion) = 'cancelled'
        and (
            contains(log.excerpt, 'exceeded the maximum execution time')
            or contains(cast(log.annotations as varchar), 'exceeded the maximum execution time')
            or (
                epoch(cancelled.completed_at) - epoch(cancelled.started_at) >= 360 * 60
                and (
                    epoch(cancelled.completed_at) - epoch(cancelled.started_at) < 370 * 60
                    or coalesce(json_array_length(log.annotations), 0) = 0
                )
            )
        )
), failed_names as (
    select failed.run_id, failed.run_attempt, failed.name
    from raw.workflow_jobs as failed
    where lower(failed.conclusion) in ('failure', 'timed_out', 'startup_failure')
    union all
    select late.run_id, late.run_attempt, late.name from time_outs as late
), outvoted as (
    -- Jobs of one full name in one attempt are counted together: it failed there when one of them did.
    select passed.job_id
    from raw.workflow_jobs as passed
    semi join failed_names as failed
        on failed.run_id = passed.run_id and failed.run_attempt = passed.run_attempt and failed.name = passed.name
    where lower(passed.conclusion) = 'success'
), timed as (
    select
        j.repo,
        j.job_id,
        j.run_id,
        j.run_attempt,
        j.name as job_name,
        j.workflow_name,
        j.head_branch as branch,
        j.head_sha,
        lower(j.status) as status,
        lower(j.conclusion) as conclusion,
        coalesce(j.created_at, j.started_at) as created_at,
        j.started_at,
        j.completed_at,
        -- greatest() passes over NULL: without both times there is no duration. Clocks of runners may run backwards.
        case
            when j.started_at is not null and j.completed_at is not null
                then greatest(epoch(j.completed_at) - epoch(j.started_at), 0.0)
        end as duration_seconds,
        -- Later attempts wait for whoever presses re-run: only the first says how long a runner took to come. GitHub
        -- gives a start also to jobs that no runner ever took: those that wait, were skipped, or cancelled in the queue.
        case
            when j.run_attempt = 1
                and j.created_at is not null
                and j.started_at is not null
                and coalesce(lower(j.status), 'completed') in ('in_progress', 'completed')
                and lower(j.conclusion) is distinct from 'skipped'
                and (lower(j.conclusion) is distinct from 'cancelled' or j.runner_name <> '')
                then greatest(epoch(j.started_at) - epoch(j.created_at), 0.0)
        end as queue_seconds,
        -- A partial re-run may list what was not run again: a copy with the old times, created after it had ended.
        j.run_attempt > 1 and j.completed_at < j.created_at as is_carried_over,
        j.labels,
        j.failed_steps,
        j.html_url,
        late.job_id is not null as is_time_out,
        twin.job_id is not null as has_failed_twin,
        service.run_id is not null as is_service
    from raw.workflow_jobs as j
    left join time_outs as late on late.job_id = j.job_id
    left join outvoted as twin on twin.job_id = j.job_id
    left join staging.stg_service_runs as service on service.run_id = j.run_id
), reasoned as (
    select
        j.*,
        case
            when j.is_service then 'service'
            when j.is_time_out then 'timeout_as_cancelled'
            else j.conclusion
        end as outcome_reason
    from timed as j
)
select
    j.repo,
    j.job_id,
    j.run_id,
    j.run_attempt,
    j.job_name,
    n.base_name as job_base_name,
    j.workflow_name,
    j.branch,
    j.head_sha,
    j.status,
    j.conclusion,
    case
        when j.outcome_reason is null then 'pending'
        when j.outcome_reason = 'success' then 'pass'
        when j.outcome_reason in ('failure', 'timed_out', 'startup_failure', 'timeout_as_cancelled') then 'fail'
        else 'void'
    end as outcome,
    coalesce(j.outcome_reason, j.status, 'unknown') as outcome_reason,
    j.created_at,
    j.started_at,
    j.completed_at,
    j.duration_seconds,
    j.queue_seconds,
    coalesce(j.is_carried_over, false) as is_carried_over,
    j.has_failed_twin and not j.is_service as has_failed_twin,
    j.labels,
    j.failed_steps,
    j.html_url
from reasoned as j
left join base_names as n on n.name = j.job_name
