-- Jobs of all attempts with their outcome (metrics: outcome map).
with names as (
    select distinct jobs.name from raw.workflow_jobs as jobs
), base_names as (
    -- Many jobs have few names. Tests move between shards and matrix values come and go:
    -- "test (3.12, 2/4) / unit shard 3" is "test / unit".
    select
        names.name,
        coalesce(
            nullif(
                trim(
                    regexp_replace(
                        regexp_replace(names.name, '\s*[(\[][^()\[\]]*[)\]]', '', 'g'),
                        '(?i)[\s,_#:-]*(?:\b(?:shard|part|chunk|group|split)[\s_#-]*)?(?:\d+\s*(?:/|of)\s*\d+|\b(?:shard|part|chunk|group|split)[\s_#-]*\d+)\s*$',  -- noqa: LT05
                        ''
                    )
                ),
                ''
            ),
            names.name
        ) as base_name
    from names
), time_outs as (
    -- Time-outs hide as cancelled. GitHub says why it stopped a job that ran past its limit: at the job's check run,
    -- and in most logs. Without a word of it its default job limit decides: 6 hours, after which a job is gone within
    -- minutes. Only on runners of one's own one lasts longer, and notes, which also tell of people and newer runs, say
    -- why it ended.
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
        jobs.repo,
        jobs.job_id,
        jobs.run_id,
        jobs.run_attempt,
        jobs.name as job_name,
        jobs.workflow_name,
        jobs.head_branch as branch,
        jobs.head_sha,
        lower(jobs.status) as status,
        lower(jobs.conclusion) as conclusion,
        jobs.created_at as job_created_at,
        coalesce(jobs.created_at, jobs.started_at) as created_at,
        jobs.started_at,
        jobs.completed_at,
        -- greatest() passes over NULL: without both times there is no duration. Clocks of runners may run backwards.
        case
            when jobs.started_at is not null and jobs.completed_at is not null
                then greatest(epoch(jobs.completed_at) - epoch(jobs.started_at), 0.0)
        end as duration_seconds,
        -- GitHub gives a start also to jobs that no runner ever took: those that wait, were skipped, or cancelled in
        -- the queue. Of one that was read in bulk the runner isn't known, but a runner leaves steps.
        coalesce(
            coalesce(lower(jobs.status), 'completed') in ('in_progress', 'completed')
            and coalesce(lower(jobs.conclusion) <> 'skipped', true)
            and (
                jobs.runner_name <> ''
                or (jobs.detail_state = 'bulk' and json_array_length(jobs.steps) > 0)
                or coalesce(lower(jobs.conclusion) <> 'cancelled', true)
            ),
            false
        ) as is_on_runner,
        -- A partial re-run may list what was not run again: a copy with the old times, created after it had ended.
        jobs.run_attempt > 1 and jobs.completed_at < jobs.created_at as is_carried_over,
        jobs.labels,
        jobs.failed_steps,
        jobs.html_url,
        late.job_id is not null as is_time_out,
        twin.job_id is not null as has_failed_twin,
        service.run_id is not null as is_service
    from raw.workflow_jobs as jobs
    left join time_outs as late on late.job_id = jobs.job_id
    left join outvoted as twin on twin.job_id = jobs.job_id
    left join staging.stg_service_runs as service on service.run_id = jobs.run_id
), reasoned as (
    select
        timed.*,
        case
            when timed.is_service then 'service'
            when timed.is_time_out then 'timeout_as_cancelled'
            else timed.conclusion
        end as outcome_reason,
        -- Later attempts wait for whoever presses re-run: only the first says how long a runner took to come.
        case
            when timed.is_on_runner
                and timed.run_attempt = 1
                and timed.job_created_at is not null
                and timed.started_at is not null
                then greatest(epoch(timed.started_at) - epoch(timed.job_created_at), 0.0)
        end as queue_seconds
    from timed
)
select
    reasoned.repo,
    reasoned.job_id,
    reasoned.run_id,
    reasoned.run_attempt,
    reasoned.job_name,
    base_names.base_name as job_base_name,
    reasoned.workflow_name,
    reasoned.branch,
    reasoned.head_sha,
    reasoned.status,
    reasoned.conclusion,
    case
        when reasoned.outcome_reason is null then 'pending'
        when reasoned.outcome_reason = 'success' then 'pass'
        when reasoned.outcome_reason in ('failure', 'timed_out', 'startup_failure', 'timeout_as_cancelled') then 'fail'
        else 'void'
    end as outcome,
    coalesce(reasoned.outcome_reason, reasoned.status, 'unknown') as outcome_reason,
    reasoned.created_at,
    reasoned.started_at,
    reasoned.completed_at,
    reasoned.duration_seconds,
    reasoned.queue_seconds,
    reasoned.is_on_runner,
    coalesce(reasoned.is_carried_over, false) as is_carried_over,
    reasoned.has_failed_twin and not reasoned.is_service as has_failed_twin,
    reasoned.labels,
    reasoned.failed_steps,
    reasoned.html_url
from reasoned
left join base_names on base_names.name = reasoned.job_name
