-- The runs of each milestone in the window that ends now, and in the equal window before it.
with limits as (
    select
        parameters.as_of,
        parameters.as_of - parameters.window_days * interval 1 day as starts_at,
        parameters.as_of - 2 * parameters.window_days * interval 1 day as previous_starts_at
    from config.parameters as parameters
), runs as (
    select
        runs.repo,
        runs.milestone,
        count(distinct runs.run_id) filter (where runs.created_at >= limits.starts_at) as runs,
        count(*) filter (where runs.created_at >= limits.starts_at and runs.outcome = 'fail') as failing_attempts,
        count(*) filter (
            where runs.created_at >= limits.starts_at and runs.is_latest_attempt and runs.outcome in ('pass', 'fail')
        ) as conclusive_runs,
        count(*) filter (
            where runs.created_at >= limits.starts_at and runs.is_latest_attempt and runs.outcome = 'pass'
        ) as passed_runs,
        count(*) filter (
            where runs.created_at < limits.starts_at and runs.is_latest_attempt and runs.outcome in ('pass', 'fail')
        ) as previous_conclusive_runs,
        count(*) filter (
            where runs.created_at < limits.starts_at and runs.is_latest_attempt and runs.outcome = 'pass'
        ) as previous_passed_runs
    from marts.ci_runs as runs
    cross join limits
    where runs.milestone is not null
        and runs.outcome_reason <> 'service'
        and runs.created_at >= limits.previous_starts_at
        and runs.created_at <= limits.as_of
    group by runs.repo, runs.milestone
), repairs as (
    select
        attempts.repo,
        attempts.milestone,
        count(*) as autofix_attempts,
        count(*) filter (where attempts.outcome = 'fixed') as autofix_fixed,
        count(*) filter (where attempts.outcome = 'failed') as autofix_failed
    from marts.autofix_attempts as attempts
    cross join limits
    where attempts.milestone is not null and attempts.run_created_at between limits.starts_at and limits.as_of
    group by attempts.repo, attempts.milestone
), episodes as (
    select
        episodes.repo,
        episodes.milestone,
        count(*) filter (where not episodes.is_open) as spells_closed,
        count(*) filter (where episodes.is_open) as spells_open,
        sum(cast(round(episodes.hours * 3600 * 1000) as bigint)) filter (where not episodes.is_open)
        / 3600000.0 as closed_hours
    from intermediate.int_red_episodes as episodes
    cross join limits
    where episodes.milestone is not null and episodes.started_at between limits.starts_at and limits.as_of
    group by episodes.repo, episodes.milestone
)
select
    milestones.repo,
    milestones.number,
    milestones.milestone,
    limits.as_of,
    limits.starts_at as window_starts_at,
    coalesce(runs.runs, 0) as runs,
    coalesce(runs.conclusive_runs, 0) as conclusive_runs,
    coalesce(runs.passed_runs, 0) as passed_runs,
    coalesce(runs.failing_attempts, 0) as failing_attempts,
    runs.passed_runs / nullif(runs.conclusive_runs, 0) as pass_rate,
    coalesce(runs.previous_conclusive_runs, 0) as previous_conclusive_runs,
    coalesce(runs.previous_passed_runs, 0) as previous_passed_runs,
    coalesce(repairs.autofix_attempts, 0) as autofix_attempts,
    coalesce(repairs.autofix_fixed, 0) as autofix_fixed,
    coalesce(repairs.autofix_failed, 0) as autofix_failed,
    repairs.autofix_fixed / nullif(repairs.autofix_fixed + repairs.autofix_failed, 0) as autofix_success_rate,
    coalesce(episodes.spells_closed, 0) as spells_closed,
    coalesce(episodes.spells_open, 0) as spells_open,
    episodes.closed_hours / nullif(episodes.spells_closed, 0) as mttr_hours
from staging.stg_milestones as milestones
cross join limits
left join runs on runs.repo = milestones.repo and runs.milestone = milestones.milestone
left join repairs on repairs.repo = milestones.repo and repairs.milestone = milestones.milestone
left join episodes on episodes.repo = milestones.repo and episodes.milestone = milestones.milestone
