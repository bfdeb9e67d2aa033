-- Run attempts with their outcome, times and what kind of run they are.
with job_summary as (
    select
        j.run_id,
        j.run_attempt,
        count(*) as jobs,
        count(*) filter (where j.outcome = 'fail') as failed_jobs,
        bool_or(j.outcome_reason = 'timeout_as_cancelled') as has_timeout,
        min(j.started_at) filter (where not j.is_carried_over) as first_started_at,
        max(j.completed_at) as last_completed_at,
        min(j.completed_at) filter (where j.outcome = 'fail') as first_failed_at
    from staging.stg_workflow_jobs as j
    group by j.run_id, j.run_attempt
), bots as (
    -- A commit carries the bot's name with or without its suffix.
    select coalesce(list(lower(b.login)) || list(replace(lower(b.login), '[bot]', '')), []) as names
    from config.autofix_bots as b
), timed as (
    select
        r.repo,
        r.run_id,
        r.run_attempt,
        -- The path is the key of a workflow (its name changes), and a renamed file's runs go by its present one;
        -- payloads from before 2022 have none.
        coalesce(
            w.workflow_path,
            nullif(split_part(r.workflow_path, '@', 1), ''),
            'workflow:' || r.workflow_id,
            r.workflow_name,
            'unknown'
        ) as workflow_path,
        r.workflow_name,
        r.run_number,
        r.display_title,
        lower(r.event) as event,
        lower(r.status) as status,
        lower(r.conclusion) as conclusion,
        r.head_branch as branch,
        r.head_sha,
        -- Only a pull request's fork can be gone: a push or schedule without head repository ran in the repository itself.
        coalesce(r.head_repo, case when lower(r.event) in ('push', 'schedule') then r.repo end) as head_repo,
        r.head_commit_message,
        lower(r.head_commit_author) as commit_author,
        lower(r.head_commit_committer) as commit_committer,
        r.actor,
        r.actor_type,
        r.triggering_actor,
        r.triggering_actor_type,
        r.pull_request_numbers,
        coalesce(r.created_at, r.run_started_at, j.first_started_at, r.updated_at) as created_at,
        coalesce(r.run_started_at, j.first_started_at, r.created_at) as started_at,
        -- updated_at moves when the run is touched later: a last resort for attempts without jobs, never for durations.
        coalesce(j.last_completed_at, r.updated_at, r.run_started_at, r.created_at) as ended_at,
        j.first_failed_at,
        case
            when j.first_started_at is not null and j.last_completed_at is not null
                then greatest(epoch(j.last_completed_at) - epoch(j.first_started_at), 0.0)
        end as job_span_seconds,
        coalesce(j.jobs, 0) as jobs,
        coalesce(j.failed_jobs, 0) as failed_jobs,
        -- GitHub ends a run, with what still waits in it, after 35 days.
        coalesce(j.has_timeout or j.last_completed_at >= r.run_started_at + interval 35 day, false) as has_timeout,
        service.run_id is not null as is_service,
        r.html_url,
        r.deleted_upstream_at is not null as is_deleted_upstream,
        d.run_id is not null as has_details,
        -- The question that the ingest asks of a run's last attempt: does it stand otherwise than when that was read?
        coalesce(starts_with(r.source, 'http'), false)
        and r.deleted_upstream_at is null
        and r.run_attempt >= coalesce(d.run_attempt, 0)
        and (
            d.run_id is null
            or d.run_attempt <> r.run_attempt
            or d.status is distinct from r.status
            or d.conclusion is distinct from r.conclusion
            or d.updated_at is distinct from r.updated_at
        ) as is_due
    from raw.workflow_runs as r
    left join job_summary as j on j.run_id = r.run_id and j.run_attempt = r.run_attempt
    left join staging.stg_service_runs as service on service.run_id = r.run_id
    left join staging.stg_workflows as w on w.repo = r.repo and w.workflow_id = r.workflow_id
    left join raw.run_details as d on d.run_id = r.run_id
), newest as (
    select t.repo, t.workflow_path, t.branch, t.head_repo, max(t.created_at) as created_at
    from timed as t
    group by t.repo, t.workflow_path, t.branch, t.head_repo
), reasoned as (
    select
        t.*,
        case
            when t.is_service then 'service'
            when t.conclusion = 'cancelled' and t.has_timeout then 'timeout_as_cancelled'
            when t.conclusion = 'cancelled' and n.created_at > t.created_at then 'superseded'
            else t.conclusion
        end as outcome_reason
    from timed as t
    left join newest as n
        on n.repo = t.repo
        and n.workflow_path = t.workflow_path
        and n.branch is not distinct from t.branch
        and n.head_repo is not distinct from t.head_repo
), judged as (
    select
        t.*,
        case
            when t.outcome_reason is null then 'pending'
            when t.outcome_reason = 'success' then 'pass'
            when t.outcome_reason in ('failure', 'timed_out', 'startup_failure', 'timeout_as_cancelled') then 'fail'
            else 'void'
        end as outcome
    from reasoned as t
), successions as (
    -- Most runs run once: sorting them all into their attempts would cost more than everything else here.
    select
        t.run_id,
        t.run_attempt,
        lead(t.run_attempt) over attempts is null as is_latest_attempt,
        lead(t.started_at) over attempts as next_started_at
    from timed as t
    semi join (select a.run_id from timed as a where a.run_attempt > 1) as again on again.run_id = t.run_id
    window attempts as (partition by t.run_id order by t.run_attempt)
)
select
    t.repo,
    t.run_id,
    t.run_attempt,
    t.workflow_path,
    t.workflow_name,
    t.run_number,
    t.display_title,
    t.event,
    t.status,
    t.conclusion,
    t.outcome,
    coalesce(t.outcome_reason, t.status, 'unknown') as outcome_reason,
    t.run_attempt = 1 as is_first_attempt,
    coalesce(s.is_latest_attempt, true) as is_latest_attempt,
    t.branch,
    t.head_sha,
    t.head_repo,
    coalesce(
        k.branch is not null
        and lower(t.head_repo) = lower(t.repo)
        and t.event is distinct from 'pull_request'
        and t.event is distinct from 'pull_request_target'
        and t.event is distinct from 'merge_group',
        false
    ) as is_default_branch,
    t.head_commit_message,
    case
        when list_contains(b.names, t.commit_author) or list_contains(b.names, t.commit_committer) then 'autofix_bot'
        -- A commit that declares itself a repair is the automation's, whoever's name it bears.
        when regexp_matches(t.head_commit_message, '(?im)^auto-fix-for:\s*\d+') then 'autofix_bot'
        when ends_with(t.commit_author, '[bot]') then 'bot'
        when coalesce(t.commit_author, t.commit_committer) is not null then 'human'
        when list_contains(b.names, lower(t.actor)) then 'autofix_bot'
        when t.actor_type = 'Bot' or ends_with(t.actor, '[bot]') then 'bot'
        when t.actor is not null then 'human'
    end as commit_by,
    t.actor,
    t.triggering_actor,
    coalesce(
        t.triggering_actor_type = 'Bot'
        or ends_with(t.triggering_actor, '[bot]')
        or list_contains(b.names, lower(t.triggering_actor)),
        false
    ) as is_triggered_by_bot,
    t.pull_request_numbers,
    t.created_at,
    cast(t.created_at as date) as day,
    strftime(t.created_at, '%G-W%V') as week,
    t.started_at,
    case when t.conclusion is not null then t.ended_at end as completed_at,
    -- When the attempt was known to fail or pass: the first failing job, not the last job to end, tells a repairer.
    -- At the latest when the next attempt started, which the times of an attempt without jobs may exceed.
    case
        when t.outcome = 'fail' then least(coalesce(t.first_failed_at, t.ended_at), s.next_started_at)
        when t.outcome = 'pass' then least(t.ended_at, s.next_started_at)
    end as decided_at,
    case when t.conclusion is not null then t.job_span_seconds end as duration_seconds,
    t.jobs,
    t.failed_jobs,
    t.html_url,
    t.is_deleted_upstream,
    t.is_due and coalesce(s.is_latest_attempt, true) as is_due,
    not t.is_due and (t.has_details or t.jobs > 0) and coalesce(s.is_latest_attempt, true) as has_jobs
from judged as t
cross join bots as b
left join staging.stg_default_branches as k
    on k.repo = t.repo
    and k.branch = t.branch
    and coalesce(t.created_at >= k.counts_from, true)
    and coalesce(t.created_at < k.counts_until, true)
left join successions as s on s.run_id = t.run_id and s.run_attempt = t.run_attempt
