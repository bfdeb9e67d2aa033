-- The figures of each ISO week and each calendar quarter, summed from days, with what days can't be summed to.
-- '*' is all repositories together. What a week and a quarter have in common is computed here, once.
with periods as (
    select days.*, 'week' as grain, days.week as period from marts.ci_daily as days
    union all
    select days.*, 'quarter' as grain, days.quarter as period from marts.ci_daily as days
), sums as (
    select
        periods.repo,
        periods.grain,
        periods.period,
        cast(date_trunc(periods.grain, min(periods.day)) as date) as period_start,
        count(*) filter (where periods.runs > 0) as days_with_runs,
        cast(sum(periods.runs) as bigint) as runs,
        cast(sum(periods.conclusive_runs) as bigint) as conclusive_runs,
        cast(sum(periods.passed_runs) as bigint) as passed_runs,
        cast(sum(periods.failed_runs) as bigint) as failed_runs,
        cast(sum(periods.void_runs) as bigint) as void_runs,
        cast(sum(periods.pending_runs) as bigint) as pending_runs,
        cast(sum(periods.conclusive_first_attempts) as bigint) as conclusive_first_attempts,
        cast(sum(periods.passed_first_attempts) as bigint) as passed_first_attempts,
        cast(sum(periods.failed_job_attempts) as bigint) as failed_job_attempts,
        cast(sum(periods.autofix_attempts) as bigint) as autofix_attempts,
        cast(sum(periods.autofix_fixed) as bigint) as autofix_fixed,
        cast(sum(periods.autofix_failed) as bigint) as autofix_failed,
        cast(sum(periods.autofix_retry_recovered) as bigint) as autofix_retry_recovered,
        cast(sum(periods.autofix_repaired) as bigint) as autofix_repaired,
        cast(sum(periods.episodes_closed) as bigint) as episodes_closed,
        cast(sum(periods.episodes_open) as bigint) as episodes_open,
        cast(sum(periods.red_commits) as bigint) as red_commits,
        cast(sum(periods.flaky_commits) as bigint) as flaky_commits,
        cast(sum(periods.green_commits) as bigint) as green_commits,
        cast(sum(periods.pending_commits) as bigint) as pending_commits,
        cast(sum(periods.job_seconds) as bigint) as job_seconds,
        cast(sum(periods.made_green_seconds) as bigint) as made_green_seconds,
        cast(sum(periods.superseded_seconds) as bigint) as superseded_seconds,
        cast(sum(periods.timeout_seconds) as bigint) as timeout_seconds,
        cast(sum(periods.rerun_seconds) as bigint) as rerun_seconds
    from periods
    group by periods.repo, periods.grain, periods.period
), rates as (
    select
        sums.*,
        cast(
            case sums.grain
                when 'week' then sums.period_start + interval 7 day
                else sums.period_start + interval 3 month
            end as date
        ) as next_period_start,
        sums.passed_first_attempts / nullif(sums.conclusive_first_attempts, 0) as first_attempt_pass_rate,
        sums.passed_runs / nullif(sums.conclusive_runs, 0) as final_pass_rate,
        sums.autofix_fixed / nullif(sums.autofix_fixed + sums.autofix_failed, 0) as autofix_success_rate
    from sums
), lasting as (
    -- Of the many episodes few last until another week or quarter begins.
    select episodes.repo, episodes.started_at, episodes.ended_at
    from marts.red_episodes as episodes
    cross join config.parameters as parameters
    where coalesce(episodes.ended_at >= parameters.as_of, true)
        or date_trunc('week', episodes.started_at) < date_trunc('week', episodes.ended_at)
        or date_trunc('quarter', episodes.started_at) < date_trunc('quarter', episodes.ended_at)
), episodes as (
    select lasting.* from lasting
    union all
    select lasting.* replace ('*' as repo) from lasting
), red_at_end as (
    -- Whenever they started, and whatever became of them since.
    select rates.repo, rates.grain, rates.period, count(*) as episodes
    from rates
    cross join config.parameters as parameters
    inner join episodes
        on episodes.repo = rates.repo
        and episodes.started_at < rates.next_period_start
        and (episodes.ended_at is null or episodes.ended_at >= least(rates.next_period_start, parameters.as_of))
    group by rates.repo, rates.grain, rates.period
)
select
    rates.repo,
    rates.grain,
    rates.period,
    rates.period_start,
    rates.next_period_start,
    rates.days_with_runs,
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
    coalesce(coverage.is_complete, rates.next_period_start <= parameters.as_of) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day,
    coalesce(red_at_end.episodes, 0) as episodes_red_at_end
from rates
cross join config.parameters as parameters
left join marts.period_coverage as coverage
    on coverage.repo = rates.repo
    and coverage.grain = rates.grain
    and coverage.period = rates.period
left join marts.recovery_by_period as recovery
    on recovery.repo = rates.repo
    and recovery.grain = rates.grain
    and recovery.period = rates.period
left join marts.pass_rate_trends as trends
    on trends.repo = rates.repo
    and trends.grain = rates.grain
    and trends.period = rates.period
left join marts.autofix_by_period as autofix
    on autofix.repo = rates.repo
    and autofix.grain = rates.grain
    and autofix.period = rates.period
left join marts.speed_by_period as speed
    on speed.repo = rates.repo
    and speed.grain = rates.grain
    and speed.period = rates.period
left join intermediate.int_failures_by_period as failures
    on failures.repo = rates.repo
    and failures.grain = rates.grain
    and failures.period = rates.period
left join red_at_end
    on red_at_end.repo = rates.repo
    and red_at_end.grain = rates.grain
    and red_at_end.period = rates.period
