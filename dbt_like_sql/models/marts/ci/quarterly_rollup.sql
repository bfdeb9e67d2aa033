-- One row per repository and calendar quarter, summed from days; '*' is all repositories together.
with quarters as (
    select
        d.repo,
        d.quarter,
        cast(date_trunc('quarter', min(d.day)) as date) as quarter_start,
        count(*) filter (where d.runs > 0) as days_with_runs,
        cast(sum(d.runs) as bigint) as runs,
        cast(sum(d.conclusive_runs) as bigint) as conclusive_runs,
        cast(sum(d.passed_runs) as bigint) as passed_runs,
        cast(sum(d.failed_runs) as bigint) as failed_runs,
        cast(sum(d.void_runs) as bigint) as void_runs,
        cast(sum(d.pending_runs) as bigint) as pending_runs,
        cast(sum(d.conclusive_first_attempts) as bigint) as conclusive_first_attempts,
        cast(sum(d.passed_first_attempts) as bigint) as passed_first_attempts,
        cast(sum(d.failed_job_attempts) as bigint) as failed_job_attempts,
        cast(sum(d.autofix_attempts) as bigint) as autofix_attempts,
        cast(sum(d.autofix_fixed) as bigint) as autofix_fixed,
        cast(sum(d.autofix_failed) as bigint) as autofix_failed,
        cast(sum(d.autofix_retry_recovered) as bigint) as autofix_retry_recovered,
        cast(sum(d.autofix_repaired) as bigint) as autofix_repaired,
        cast(sum(d.episodes_closed) as bigint) as episodes_closed,
        cast(sum(d.episodes_open) as bigint) as episodes_open,
        cast(sum(d.red_commits) as bigint) as red_commits,
        cast(sum(d.flaky_commits) as bigint) as flaky_commits,
        cast(sum(d.green_commits) as bigint) as green_commits,
        cast(sum(d.pending_commits) as bigint) as pending_commits,
        cast(sum(d.job_seconds) as bigint) as job_seconds,
        cast(sum(d.made_green_seconds) as bigint) as made_green_seconds,
        cast(sum(d.superseded_seconds) as bigint) as superseded_seconds,
        cast(sum(d.timeout_seconds) as bigint) as timeout_seconds,
        cast(sum(d.rerun_seconds) as bigint) as rerun_seconds
    from marts.ci_daily as d
    group by d.repo, d.quarter
), rates as (
    select
        q.*,
        cast(q.quarter_start + interval 3 month as date) as next_quarter_start,
        q.passed_first_attempts / nullif(q.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        q.passed_runs / nullif(q.conclusive_runs, 0) as final_pass_rate,
        q.autofix_fixed / nullif(q.autofix_fixed + q.autofix_failed, 0) as autofix_success_rate
    from quarters as q
), episodes as (
    select e.repo, e.started_at, e.ended_at from marts.red_episodes as e
    union all
    select '*', e.started_at, e.ended_at from marts.red_episodes as e
), red_at_end as (
    -- Whenever they started, and whatever became of them since.
    select q.repo, q.quarter, count(*) as episodes
    from rates as q
    cross join config.parameters as p
    inner join episodes as e
        on e.repo = q.repo
        and e.started_at < q.next_quarter_start
        and (e.ended_at is null or e.ended_at >= least(q.next_quarter_start, p.as_of))
    group by q.repo, q.quarter
)
select
    q.quarter,
    q.repo,
    q.quarter_start,
    date_diff('day', q.quarter_start, q.next_quarter_start) as days,
    q.days_with_runs,
    q.runs,
    q.conclusive_runs,
    q.passed_runs,
    q.failed_runs,
    q.void_runs,
    q.pending_runs,
    q.conclusive_first_attempts,
    q.passed_first_attempts,
    q.first_attempt_pass_rate,
    q.final_pass_rate,
    q.failed_job_attempts,
    q.autofix_attempts,
    q.autofix_fixed,
    q.autofix_failed,
    q.autofix_retry_recovered,
    q.autofix_repaired,
    q.autofix_success_rate,
    r.recovery_mean_hours,
    r.recovery_median_hours,
    r.recovery_p90_hours,
    q.episodes_closed,
    q.episodes_open,
    r.oldest_open_hours,
    coalesce(f.flaky_jobs, 0) as flaky_jobs,
    f.top_failure_category,
    f.top_failure_count,
    (q.final_pass_rate + coalesce(q.autofix_success_rate, q.final_pass_rate)) / 2 as ci_health_score,
    t.trend,
    t.previous_n as previous_conclusive_runs,
    t.previous_pass_rate as previous_final_pass_rate,
    t.delta as final_pass_rate_delta,
    t.delta_low as final_pass_rate_delta_low,
    t.delta_high as final_pass_rate_delta_high,
    a.success_rate_low as autofix_success_rate_low,
    a.success_rate_high as autofix_success_rate_high,
    coalesce(a.durable, 0) as autofix_durable,
    coalesce(a.returned, 0) as autofix_returned,
    q.red_commits,
    q.flaky_commits,
    q.green_commits,
    q.pending_commits,
    q.red_commits / nullif(q.red_commits + q.flaky_commits + q.green_commits, 0) as default_branch_failure_rate,
    q.job_seconds,
    q.made_green_seconds,
    q.superseded_seconds,
    q.timeout_seconds,
    q.rerun_seconds,
    (q.made_green_seconds + q.superseded_seconds + q.timeout_seconds + q.rerun_seconds) / 60.0 as wasted_minutes,
    s.duration_p50_seconds,
    s.duration_p95_seconds,
    s.queue_p50_seconds,
    s.queue_p95_seconds,
    coalesce(c.is_complete, q.next_quarter_start <= p.as_of) as is_complete,
    c.first_whole_day,
    c.last_whole_day,
    coalesce(o.episodes, 0) as episodes_red_at_end
from rates as q
cross join config.parameters as p
left join marts.period_coverage as c on c.repo = q.repo and c.grain = 'quarter' and c.period = q.quarter
left join marts.recovery_by_period as r on r.repo = q.repo and r.grain = 'quarter' and r.period = q.quarter
left join marts.pass_rate_trends as t on t.repo = q.repo and t.grain = 'quarter' and t.period = q.quarter
left join marts.autofix_by_period as a on a.repo = q.repo and a.grain = 'quarter' and a.period = q.quarter
left join marts.speed_by_period as s on s.repo = q.repo and s.grain = 'quarter' and s.period = q.quarter
left join intermediate.int_failures_by_period as f on f.repo = q.repo and f.grain = 'quarter' and f.period = q.quarter
left join red_at_end as o on o.repo = q.repo and o.quarter = q.quarter
