-- One row per repository and ISO week, weeks without runs included; '*' is all repositories together.
with weeks as (
    select
        days.repo,
        days.week,
        cast(date_trunc('week', min(days.day)) as date) as week_start,
        cast(sum(days.runs) as bigint) as runs,
        cast(sum(days.conclusive_runs) as bigint) as conclusive_runs,
        cast(sum(days.passed_runs) as bigint) as passed_runs,
        cast(sum(days.failed_runs) as bigint) as failed_runs,
        cast(sum(days.void_runs) as bigint) as void_runs,
        cast(sum(days.pending_runs) as bigint) as pending_runs,
        cast(sum(days.conclusive_first_attempts) as bigint) as conclusive_first_attempts,
        cast(sum(days.passed_first_attempts) as bigint) as passed_first_attempts,
        cast(sum(days.failed_job_attempts) as bigint) as failed_job_attempts,
        cast(sum(days.autofix_attempts) as bigint) as autofix_attempts,
        cast(sum(days.autofix_fixed) as bigint) as autofix_fixed,
        cast(sum(days.autofix_failed) as bigint) as autofix_failed,
        cast(sum(days.autofix_retry_recovered) as bigint) as autofix_retry_recovered,
        cast(sum(days.autofix_repaired) as bigint) as autofix_repaired,
        cast(sum(days.episodes_closed) as bigint) as episodes_closed,
        cast(sum(days.episodes_open) as bigint) as episodes_open,
        cast(sum(days.red_commits) as bigint) as red_commits,
        cast(sum(days.flaky_commits) as bigint) as flaky_commits,
        cast(sum(days.green_commits) as bigint) as green_commits,
        cast(sum(days.pending_commits) as bigint) as pending_commits,
        cast(sum(days.job_seconds) as bigint) as job_seconds,
        cast(sum(days.made_green_seconds) as bigint) as made_green_seconds,
        cast(sum(days.superseded_seconds) as bigint) as superseded_seconds,
        cast(sum(days.timeout_seconds) as bigint) as timeout_seconds,
        cast(sum(days.rerun_seconds) as bigint) as rerun_seconds
    from marts.ci_daily as days
    group by days.repo, days.week
), rates as (
    select
        weeks.*,
        weeks.passed_first_attempts / nullif(weeks.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        weeks.passed_runs / nullif(weeks.conclusive_runs, 0) as final_pass_rate,
        weeks.autofix_fixed / nullif(weeks.autofix_fixed + weeks.autofix_failed, 0) as autofix_success_rate
    from weeks
), episodes as (
    select episodes.repo, episodes.started_at, episodes.ended_at from marts.red_episodes as episodes
    union all
    select '*', episodes.started_at, episodes.ended_at from marts.red_episodes as episodes
), red_at_end as (
    -- Whenever they started, and whatever became of them since.
    select rates.repo, rates.week, count(*) as episodes
    from rates
    cross join config.parameters as parameters
    inner join episodes
        on episodes.repo = rates.repo
        and episodes.started_at < rates.week_start + interval 7 day
        and (
            episodes.ended_at is null
            or episodes.ended_at >= least(rates.week_start + interval 7 day, parameters.as_of)
        )
    group by rates.repo, rates.week
)
select
    rates.repo,
    rates.week,
    rates.week_start,
    rates.runs,
    rates.conclusive_runs,
    rates.void_runs,
    rates.first_attempt_pass_rate,
    rates.final_pass_rate,
    rates.failed_runs,
    rates.failed_job_attempts,
    rates.autofix_attempts,
    rates.autofix_fixed,
    rates.autofix_success_rate,
    recovery.recovery_mean_hours,
    recovery.recovery_median_hours,
    recovery.recovery_p90_hours,
    rates.episodes_closed,
    rates.episodes_open,
    coalesce(failures.flaky_jobs, 0) as flaky_jobs,
    failures.top_failure_category,
    -- seed_v1: the mean of both rates; without a judged repair the pass rate alone.
    (rates.final_pass_rate + coalesce(rates.autofix_success_rate, rates.final_pass_rate)) / 2 as ci_health_score,
    trends.trend,
    rates.passed_runs,
    rates.pending_runs,
    rates.conclusive_first_attempts,
    rates.passed_first_attempts,
    rates.autofix_failed,
    rates.autofix_retry_recovered,
    rates.autofix_repaired,
    recovery.oldest_open_hours,
    failures.top_failure_count,
    trends.previous_n as previous_conclusive_runs,
    trends.previous_pass_rate as previous_final_pass_rate,
    trends.delta as final_pass_rate_delta,
    trends.delta_low as final_pass_rate_delta_low,
    trends.delta_high as final_pass_rate_delta_high,
    autofix.success_rate_low as autofix_success_rate_low,
    autofix.success_rate_high as autofix_success_rate_high,
    coalesce(autofix.durable, 0) as autofix_durable,
    coalesce(autofix.returned, 0) as autofix_returned,
    rates.red_commits,
    rates.flaky_commits,
    rates.green_commits,
    rates.pending_commits,
    rates.red_commits / nullif(
        rates.red_commits + rates.flaky_commits + rates.green_commits,
        0
    ) as default_branch_failure_rate,
    rates.job_seconds,
    rates.made_green_seconds,
    rates.superseded_seconds,
    rates.timeout_seconds,
    rates.rerun_seconds,
    (
        rates.made_green_seconds + rates.superseded_seconds + rates.timeout_seconds + rates.rerun_seconds
    ) / 60.0 as wasted_minutes,
    speed.duration_p50_seconds,
    speed.duration_p95_seconds,
    speed.queue_p50_seconds,
    speed.queue_p95_seconds,
    coalesce(coverage.is_complete, rates.week_start + interval 7 day <= parameters.as_of) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day,
    coalesce(red_at_end.episodes, 0) as episodes_red_at_end
from rates
cross join config.parameters as parameters
left join marts.period_coverage as coverage
    on coverage.repo = rates.repo
    and coverage.grain = 'week'
    and coverage.period = rates.week
left join marts.recovery_by_period as recovery
    on recovery.repo = rates.repo
    and recovery.grain = 'week'
    and recovery.period = rates.week
left join marts.pass_rate_trends as trends
    on trends.repo = rates.repo
    and trends.grain = 'week'
    and trends.period = rates.week
left join marts.autofix_by_period as autofix
    on autofix.repo = rates.repo
    and autofix.grain = 'week'
    and autofix.period = rates.week
left join marts.speed_by_period as speed
    on speed.repo = rates.repo
    and speed.grain = 'week'
    and speed.period = rates.week
left join intermediate.int_failures_by_period as failures
    on failures.repo = rates.repo
    and failures.grain = 'week'
    and failures.period = rates.week
left join red_at_end on red_at_end.repo = rates.repo and red_at_end.week = rates.week
