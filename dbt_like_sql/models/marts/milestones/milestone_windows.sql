-- The runs of each milestone in the window that ends now, and in the equal window before it.
with limits as (
    select
        p.as_of,
        p.as_of - p.window_days * interval 1 day as starts_at,
        p.as_of - 2 * p.window_days * interval 1 day as previous_starts_at
    from config.parameters as p
), runs as (
    select
        r.repo,
        r.milestone,
        count(distinct r.run_id) filter (where r.created_at >= l.starts_at) as runs,
        count(*) filter (where r.created_at >= l.starts_at and r.outcome = 'fail') as failing_attempts,
        count(*) filter (
            where r.created_at >= l.starts_at and r.is_latest_attempt and r.outcome in ('pass', 'fail')
        ) as conclusive_runs,
        count(*) filter (
            where r.created_at >= l.starts_at and r.is_latest_attempt and r.outcome = 'pass'
        ) as passed_runs,
        count(*) filter (
            where r.created_at < l.starts_at and r.is_latest_attempt and r.outcome in ('pass', 'fail')
        ) as previous_conclusive_runs,
        count(*) filter (
            where r.created_at < l.starts_at and r.is_latest_attempt and r.outcome = 'pass'
        ) as previous_passed_runs
    from marts.ci_runs as r
    cross join limits as l
    where r.milestone is not null
        and r.outcome_reason <> 'service'
        and r.created_at >= l.previous_starts_at
        and r.created_at <= l.as_of
    group by r.repo, r.milestone
), repairs as (
    select
        a.repo,
        a.milestone,
        count(*) as autofix_attempts,
        count(*) filter (where a.outcome = 'fixed') as autofix_fixed,
        count(*) filter (where a.outcome = 'failed') as autofix_failed
    from marts.autofix_attempts as a
    cross join limits as l
    where a.milestone is not null and a.run_created_at between l.starts_at and l.as_of
    group by a.repo, a.milestone
), episodes as (
    select
        s.repo,
        s.milestone,
        count(*) filter (where not s.is_open) as spells_closed,
        count(*) filter (where s.is_open) as spells_open,
        sum(cast(round(s.hours * 3600 * 1000) as bigint)) filter (where not s.is_open) / 3600000.0 as closed_hours
    from intermediate.int_red_episodes as s
    cross join limits as l
    where s.milestone is not null and s.started_at between l.starts_at and l.as_of
    group by s.repo, s.milestone
)
select
    m.repo,
    m.number,
    m.milestone,
    l.as_of,
    l.starts_at as window_starts_at,
    coalesce(r.runs, 0) as runs,
    coalesce(r.conclusive_runs, 0) as conclusive_runs,
    coalesce(r.passed_runs, 0) as passed_runs,
    coalesce(r.failing_attempts, 0) as failing_attempts,
    r.passed_runs / nullif(r.conclusive_runs, 0) as pass_rate,
    coalesce(r.previous_conclusive_runs, 0) as previous_conclusive_runs,
    coalesce(r.previous_passed_runs, 0) as previous_passed_runs,
    coalesce(a.autofix_attempts, 0) as autofix_attempts,
    coalesce(a.autofix_fixed, 0) as autofix_fixed,
    coalesce(a.autofix_failed, 0) as autofix_failed,
    a.autofix_fixed / nullif(a.autofix_fixed + a.autofix_failed, 0) as autofix_success_rate,
    coalesce(s.spells_closed, 0) as spells_closed,
    coalesce(s.spells_open, 0) as spells_open,
    s.closed_hours / nullif(s.spells_closed, 0) as mttr_hours
from staging.stg_milestones as m
cross join limits as l
left join runs as r on r.repo = m.repo and r.milestone = m.milestone
left join repairs as a on a.repo = m.repo and a.milestone = m.milestone
left join episodes as s on s.repo = m.repo and s.milestone = m.milestone
