-- One row per repository and ISO week, weeks without runs included; '*' is all repositories together.
with weeks as (
    select
        d.repo,
        d.week,
        cast(date_trunc('week', min(d.day)) as date) as week_start,
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
    group by d.repo, d.week
), rates as (
    select
        w.*,
        w.passed_first_attempts / nullif(w.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        w.passed_runs / nullif(w.conclusive_runs, 0) as final_pass_rate,
        w.autofix_fixed / nullif(w.autofix_fixed + w.autofix_failed, 0) as autofix_success_rate
    from weeks as w
), episodes as (
    select e.repo, e.started_at, e.ended_at from marts.red_episodes as e
    union all
    select '*', e.started_at, e.ended_at from marts.red_episodes as e
), red_at_end as (
    -- Whenever they started, and whatever became of them since.
    select w.repo, w.week, count(*) as episodes
    from rates as w
    cross join config.parameters as p
    inner join episodes as e
        on e.repo = w.repo
        and e.started_at < w.week_start + interval 7 day
        and (e.ended_at is null or e.ended_at >= least(w.week_start + interval 7 day, p.as_of))
    group by w.repo, w.week
)
select
    w.repo,
    w.week,
    w.week_start,
    w.runs,
    w.conclusive_runs,
    w.void_runs,
    w.first_attempt_pass_rate,
    w.final_pass_rate,
    w.failed_runs,
    w.failed_job_attempts,
    w.autofix_attempts,
    w.autofix_fixed,
    w.autofix_success_rate,
    r.recovery_mean_hours,
    r.recovery_median_hours,
    r.recovery_p90_hours,
    w.episodes_closed,
    w.episodes_open,
    coalesce(f.flaky_jobs, 0) as flaky_jobs,
    f.top_failure_category,
    -- seed_v1: the mean of both rates; without a judged repair the pass rate alone.
    (w.final_pass_rate + coalesce(w.autofix_success_rate, w.final_pass_rate)) / 2 as ci_health_score,
    t.trend,
    w.passed_runs,
    w.pending_runs,
    w.conclusive_first_attempts,
    w.passed_first_attempts,
    w.autofix_failed,
    w.autofix_retry_recovered,
    w.autofix_repaired,
    r.oldest_open_hours,
    f.top_failure_count,
    t.previous_n as previous_conclusive_runs,
    t.previous_pass_rate as previous_final_pass_rate,
    t.delta as final_pass_rate_delta,
    t.delta_low as final_pass_rate_delta_low,
    t.delta_high as final_pass_rate_delta_high,
    a.success_rate_low as autofix_success_rate_low,
    a.success_rate_high as autofix_success_rate_high,
    coalesce(a.durable, 0) as autofix_durable,
    coalesce(a.returned, 0) as autofix_returned,
    w.red_commits,
    w.flaky_commits,
    w.green_commits,
    w.pending_commits,
    w.red_commits / nullif(w.red_commits + w.flaky_commits + w.green_commits, 0) as default_branch_failure_rate,
    w.job_seconds,
    w.made_green_seconds,
    w.superseded_seconds,
    w.timeout_seconds,
    w.rerun_seconds,
    (w.made_green_seconds + w.superseded_seconds + w.timeout_seconds + w.rerun_seconds) / 60.0 as wasted_minutes,
    s.duration_p50_seconds,
    s.duration_p95_seconds,
    s.queue_p50_seconds,
    s.queue_p95_seconds,
    coalesce(c.is_complete, w.week_start + interval 7 day <= p.as_of) as is_complete,
    c.first_whole_day,
    c.last_whole_day,
    coalesce(o.episodes, 0) as episodes_red_at_end
from rates as w
cross join config.parameters as p
left join marts.period_coverage as c on c.repo = w.repo and c.grain = 'week' and c.period = w.week
left join marts.recovery_by_period as r on r.repo = w.repo and r.grain = 'week' and r.period = w.week
left join marts.pass_rate_trends as t on t.repo = w.repo and t.grain = 'week' and t.period = w.week
left join marts.autofix_by_period as a on a.repo = w.repo and a.grain = 'week' and a.period = w.week
left join marts.speed_by_period as s on s.repo = w.repo and s.grain = 'week' and s.period = w.week
left join intermediate.int_failures_by_period as f on f.repo = w.repo and f.grain = 'week' and f.period = w.week
left join red_at_end as o on o.repo = w.repo and o.week = w.week
