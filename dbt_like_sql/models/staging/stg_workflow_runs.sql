-- Run attempts with their outcome, times and what kind of run they are.
with job_summary as (
    select
        jobs.run_id,
        jobs.run_attempt,
        count(*) as jobs,
        count(*) filter (where jobs.outcome = 'fail') as failed_jobs,
        bool_or(jobs.outcome_reason = 'timeout_as_cancelled') as has_timeout,
        min(jobs.started_at) filter (where not jobs.is_carried_over) as first_started_at,
        max(jobs.completed_at) as last_completed_at,
        min(jobs.completed_at) filter (where jobs.outcome = 'fail') as first_failed_at
    from staging.stg_workflow_jobs as jobs
    group by jobs.run_id, jobs.run_attempt
), bots as (
    -- A commit carries the bot's name with or without its suffix.
    select coalesce(list(lower(bots.login)) || list(replace(lower(bots.login), '[bot]', '')), []) as names
    from config.autofix_bots as bots
), timed as (
    select
        runs.repo,
        runs.run_id,
        runs.run_attempt,
        -- The path is the key of a workflow (its name changes), and a renamed file's runs go by its present one;
        -- payloads from before 2022 have none.
        coalesce(
            workflows.workflow_path,
            nullif(split_part(runs.workflow_path, '@', 1), ''),
            'workflow:' || runs.workflow_id,
            runs.workflow_name,
            'unknown'
        ) as workflow_path,
        runs.workflow_name,
        runs.run_number,
        runs.display_title,
        lower(runs.event) as event,
        lower(runs.status) as status,
        lower(runs.conclusion) as conclusion,
        runs.head_branch as branch,
        runs.head_sha,
        -- Only a pull request's fork can be gone: a push or schedule without head repository ran in the repository
        -- itself.
        coalesce(runs.head_repo, case when lower(runs.event) in ('push', 'schedule') then runs.repo end) as head_repo,
        runs.head_commit_message,
        lower(runs.head_commit_author) as commit_author,
        lower(runs.head_commit_committer) as commit_committer,
        runs.actor,
        runs.actor_type,
        runs.triggering_actor,
        runs.triggering_actor_type,
        runs.pull_request_numbers,
        coalesce(runs.created_at, runs.run_started_at, job_summary.first_started_at, runs.updated_at) as created_at,
        coalesce(runs.run_started_at, job_summary.first_started_at, runs.created_at) as started_at,
        -- updated_at moves when the run is touched later: a last resort for attempts without jobs, never for durations.
        coalesce(job_summary.last_completed_at, runs.updated_at, runs.run_started_at, runs.created_at) as ended_at,
        job_summary.first_failed_at,
        case
            when job_summary.first_started_at is not null and job_summary.last_completed_at is not null
                then greatest(epoch(job_summary.last_completed_at) - epoch(job_summary.first_started_at), 0.0)
        end as job_span_seconds,
        coalesce(job_summary.jobs, 0) as jobs,
        coalesce(job_summary.failed_jobs, 0) as failed_jobs,
        -- GitHub ends a run, with what still waits in it, after 35 days.
        coalesce(
            job_summary.has_timeout or job_summary.last_completed_at >= runs.run_started_at + interval 35 day,
            false
        ) as has_timeout,
        service.run_id is not null as is_service,
        runs.html_url,
        runs.deleted_upstream_at is not null as is_deleted_upstream,
        run_details.run_id is not null as has_details,
        -- The question that the ingest asks of a run's last attempt: does it stand otherwise than when that was read?
        coalesce(starts_with(runs.source, 'http'), false)
        and runs.deleted_upstream_at is null
        and runs.run_attempt >= coalesce(run_details.run_attempt, 0)
        and (
            run_details.run_id is null
            or run_details.run_attempt <> runs.run_attempt
            or run_details.status is distinct from runs.status
            or run_details.conclusion is distinct from runs.conclusion
            or run_details.updated_at is distinct from runs.updated_at
        ) as is_due
    from raw.workflow_runs as runs
    left join job_summary on job_summary.run_id = runs.run_id and job_summary.run_attempt = runs.run_attempt
    left join staging.stg_service_runs as service on service.run_id = runs.run_id
    left join staging.stg_workflows as workflows
        on workflows.repo = runs.repo
        and workflows.workflow_id = runs.workflow_id
    left join raw.run_details as run_details on run_details.run_id = runs.run_id
), newest as (
    select timed.repo, timed.workflow_path, timed.branch, timed.head_repo, max(timed.created_at) as created_at
    from timed
    group by timed.repo, timed.workflow_path, timed.branch, timed.head_repo
), reasoned as (
    select
        timed.*,
        case
            when timed.is_service then 'service'
            when timed.conclusion = 'cancelled' and timed.has_timeout then 'timeout_as_cancelled'
            when timed.conclusion = 'cancelled' and newest.created_at > timed.created_at then 'superseded'
            else timed.conclusion
        end as outcome_reason
    from timed
    left join newest
        on newest.repo = timed.repo
        and newest.workflow_path = timed.workflow_path
        and newest.branch is not distinct from timed.branch
        and newest.head_repo is not distinct from timed.head_repo
), judged as (
    select
        reasoned.*,
        case
            when reasoned.outcome_reason is null then 'pending'
            when reasoned.outcome_reason = 'success' then 'pass'
            when reasoned.outcome_reason in (
                    'failure',
                    'timed_out',
                    'startup_failure',
                    'timeout_as_cancelled'
                ) then 'fail'
            else 'void'
        end as outcome
    from reasoned
), successions as (
    -- Most runs run once: sorting them all into their attempts would cost more than everything else here.
    select
        timed.run_id,
        timed.run_attempt,
        lead(timed.run_attempt) over attempts is null as is_latest_attempt,
        lead(timed.started_at) over attempts as next_started_at
    from timed
    semi join (
        select reruns.run_id from timed as reruns where reruns.run_attempt > 1
    ) as again on again.run_id = timed.run_id
    window attempts as (partition by timed.run_id order by timed.run_attempt)
)
select
    judged.repo,
    judged.run_id,
    judged.run_attempt,
    judged.workflow_path,
    judged.workflow_name,
    judged.run_number,
    judged.display_title,
    judged.event,
    judged.status,
    judged.conclusion,
    judged.outcome,
    coalesce(judged.outcome_reason, judged.status, 'unknown') as outcome_reason,
    judged.run_attempt = 1 as is_first_attempt,
    coalesce(successions.is_latest_attempt, true) as is_latest_attempt,
    judged.branch,
    judged.head_sha,
    judged.head_repo,
    coalesce(
        default_branches.branch is not null
        and lower(judged.head_repo) = lower(judged.repo)
        and judged.event is distinct from 'pull_request'
        and judged.event is distinct from 'pull_request_target'
        and judged.event is distinct from 'merge_group',
        false
    ) as is_default_branch,
    judged.head_commit_message,
    case
        when list_contains(bots.names, judged.commit_author)
            or list_contains(bots.names, judged.commit_committer) then 'autofix_bot'
        -- A commit that declares itself a repair is the automation's, whoever's name it bears.
        when regexp_matches(judged.head_commit_message, '(?im)^auto-fix-for:\s*\d+') then 'autofix_bot'
        when ends_with(judged.commit_author, '[bot]') then 'bot'
        when coalesce(judged.commit_author, judged.commit_committer) is not null then 'human'
        when list_contains(bots.names, lower(judged.actor)) then 'autofix_bot'
        when judged.actor_type = 'Bot' or ends_with(judged.actor, '[bot]') then 'bot'
        when judged.actor is not null then 'human'
    end as commit_by,
    judged.actor,
    judged.triggering_actor,
    coalesce(
        judged.triggering_actor_type = 'Bot'
        or ends_with(judged.triggering_actor, '[bot]')
        or list_contains(bots.names, lower(judged.triggering_actor)),
        false
    ) as is_triggered_by_bot,
    judged.pull_request_numbers,
    judged.created_at,
    cast(judged.created_at as date) as day,
    strftime(judged.created_at, '%G-W%V') as week,
    judged.started_at,
    case when judged.conclusion is not null then judged.ended_at end as completed_at,
    -- When the attempt was known to fail or pass: the first failing job, not the last job to end, tells a repairer.
    -- At the latest when the next attempt started, which the times of an attempt without jobs may exceed.
    case
        when judged.outcome = 'fail'
            then least(
                    coalesce(judged.first_failed_at, judged.ended_at),
                    successions.next_started_at
                )
        when judged.outcome = 'pass' then least(judged.ended_at, successions.next_started_at)
    end as decided_at,
    case when judged.conclusion is not null then judged.job_span_seconds end as duration_seconds,
    judged.jobs,
    judged.failed_jobs,
    judged.html_url,
    judged.is_deleted_upstream,
    judged.is_due and coalesce(successions.is_latest_attempt, true) as is_due,
    not judged.is_due and (judged.has_details or judged.jobs > 0)
    and coalesce(successions.is_latest_attempt, true) as has_jobs
from judged
cross join bots
left join staging.stg_default_branches as default_branches
    on default_branches.repo = judged.repo
    and default_branches.branch = judged.branch
    and coalesce(judged.created_at >= default_branches.counts_from, true)
    and coalesce(judged.created_at < default_branches.counts_until, true)
left join successions on successions.run_id = judged.run_id and successions.run_attempt = judged.run_attempt
