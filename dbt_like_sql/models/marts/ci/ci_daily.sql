-- One row per repository and day, days without runs included; '*' is all repositories together.
-- Counts only add up: weeks and quarters are sums of these rows, rates are taken from the sums.
with run_days as (
    select days.* from intermediate.int_run_days as days
), failure_days as (
    select failures.repo, failures.day, count(*) as failed_job_attempts
    from marts.ci_failures as failures
    where failures.day is not null
    group by failures.repo, failures.day
), autofix_days as (
    select
        attempts.repo,
        attempts.day,
        count(*) as autofix_attempts,
        count(*) filter (where attempts.outcome = 'fixed') as autofix_fixed,
        count(*) filter (where attempts.outcome = 'failed') as autofix_failed,
        count(*) filter (
            where attempts.outcome = 'fixed'
            and attempts.repair_kind = 'retry_recovered'
        ) as autofix_retry_recovered,
        count(*) filter (where attempts.outcome = 'fixed' and attempts.repair_kind = 'repaired') as autofix_repaired
    from marts.autofix_attempts as attempts
    where attempts.day is not null
    group by attempts.repo, attempts.day
), episode_days as (
    select
        episodes.repo,
        episodes.day,
        count(*) filter (where not episodes.is_open) as episodes_closed,
        count(*) filter (where episodes.is_open) as episodes_open
    from marts.red_episodes as episodes
    group by episodes.repo, episodes.day
), commit_days as (
    select
        default_branch_commits.repo,
        default_branch_commits.day,
        count(*) filter (where default_branch_commits.state = 'red') as red_commits,
        count(*) filter (where default_branch_commits.state = 'flaky') as flaky_commits,
        count(*) filter (where default_branch_commits.state = 'green') as green_commits,
        count(*) filter (where default_branch_commits.state = 'pending') as pending_commits
    from marts.default_branch_commits as default_branch_commits
    where default_branch_commits.day is not null
    group by default_branch_commits.repo, default_branch_commits.day
), eventful_days as (
    select run_days.repo, run_days.day from run_days
    union
    select failure_days.repo, failure_days.day from failure_days
    union
    select episode_days.repo, episode_days.day from episode_days
    union
    select job_time.repo, job_time.day from marts.job_time_daily as job_time where job_time.repo <> '*'
), last_day as (
    select greatest(max(eventful_days.day), max(cast(parameters.as_of as date)) - 1) as day
    from eventful_days
    cross join config.parameters as parameters
), spine as (
    -- From a repository's first day to yesterday, so that one that fell silent shows zeros; today and what a replay
    -- calls the future only where something happened.
    select
        eventful_days.repo,
        cast(unnest(generate_series(min(eventful_days.day), max(last_day.day), interval 1 day)) as date) as day
    from eventful_days
    cross join last_day
    group by eventful_days.repo
), totals as (
    select
        coalesce(spine.repo, '*') as repo,
        spine.day,
        cast(coalesce(sum(run_days.runs), 0) as bigint) as runs,
        cast(coalesce(sum(run_days.conclusive_runs), 0) as bigint) as conclusive_runs,
        cast(coalesce(sum(run_days.passed_runs), 0) as bigint) as passed_runs,
        cast(coalesce(sum(run_days.failed_runs), 0) as bigint) as failed_runs,
        cast(coalesce(sum(run_days.void_runs), 0) as bigint) as void_runs,
        cast(coalesce(sum(run_days.pending_runs), 0) as bigint) as pending_runs,
        coalesce(sum(run_days.due_runs), 0) as due_runs,
        cast(coalesce(sum(run_days.conclusive_first_attempts), 0) as bigint) as conclusive_first_attempts,
        cast(coalesce(sum(run_days.passed_first_attempts), 0) as bigint) as passed_first_attempts,
        cast(coalesce(sum(failure_days.failed_job_attempts), 0) as bigint) as failed_job_attempts,
        cast(coalesce(sum(autofix_days.autofix_attempts), 0) as bigint) as autofix_attempts,
        cast(coalesce(sum(autofix_days.autofix_fixed), 0) as bigint) as autofix_fixed,
        cast(coalesce(sum(autofix_days.autofix_failed), 0) as bigint) as autofix_failed,
        cast(coalesce(sum(autofix_days.autofix_retry_recovered), 0) as bigint) as autofix_retry_recovered,
        cast(coalesce(sum(autofix_days.autofix_repaired), 0) as bigint) as autofix_repaired,
        cast(coalesce(sum(episode_days.episodes_closed), 0) as bigint) as episodes_closed,
        cast(coalesce(sum(episode_days.episodes_open), 0) as bigint) as episodes_open,
        cast(coalesce(sum(commit_days.red_commits), 0) as bigint) as red_commits,
        cast(coalesce(sum(commit_days.flaky_commits), 0) as bigint) as flaky_commits,
        cast(coalesce(sum(commit_days.green_commits), 0) as bigint) as green_commits,
        cast(coalesce(sum(commit_days.pending_commits), 0) as bigint) as pending_commits
    from spine
    left join run_days on run_days.repo = spine.repo and run_days.day = spine.day
    left join failure_days on failure_days.repo = spine.repo and failure_days.day = spine.day
    left join autofix_days on autofix_days.repo = spine.repo and autofix_days.day = spine.day
    left join episode_days on episode_days.repo = spine.repo and episode_days.day = spine.day
    left join commit_days on commit_days.repo = spine.repo and commit_days.day = spine.day
    group by grouping sets ((spine.repo, spine.day), (spine.day))
)
select
    totals.repo,
    totals.day,
    strftime(totals.day, '%G-W%V') as week,
    strftime(totals.day, '%Y') || '-Q' || quarter(totals.day) as quarter,
    totals.runs,
    totals.conclusive_runs,
    totals.passed_runs,
    totals.failed_runs,
    totals.void_runs,
    totals.pending_runs,
    totals.conclusive_first_attempts,
    totals.passed_first_attempts,
    totals.passed_first_attempts / nullif(totals.conclusive_first_attempts, 0) as first_attempt_pass_rate,
    totals.passed_runs / nullif(totals.conclusive_runs, 0) as final_pass_rate,
    totals.failed_job_attempts,
    totals.autofix_attempts,
    totals.autofix_fixed,
    totals.autofix_failed,
    totals.autofix_retry_recovered,
    totals.autofix_repaired,
    totals.autofix_fixed / nullif(totals.autofix_fixed + totals.autofix_failed, 0) as autofix_success_rate,
    totals.episodes_closed,
    totals.episodes_open,
    totals.red_commits,
    totals.flaky_commits,
    totals.green_commits,
    totals.pending_commits,
    totals.red_commits / nullif(
        totals.red_commits + totals.flaky_commits + totals.green_commits,
        0
    ) as default_branch_failure_rate,
    coalesce(job_time.job_seconds, 0) as job_seconds,
    coalesce(job_time.made_green_seconds, 0) as made_green_seconds,
    coalesce(job_time.superseded_seconds, 0) as superseded_seconds,
    coalesce(job_time.timeout_seconds, 0) as timeout_seconds,
    coalesce(job_time.rerun_seconds, 0) as rerun_seconds,
    coalesce(
        job_time.made_green_seconds + job_time.superseded_seconds + job_time.timeout_seconds + job_time.rerun_seconds,
        0
    ) / 60.0
        as wasted_minutes,
    speed.duration_p50_seconds,
    speed.duration_p95_seconds,
    speed.queue_p50_seconds,
    speed.queue_p95_seconds,
    totals.day < cast(parameters.as_of as date)
    and totals.due_runs = 0
    and coalesce(
        ingest_coverage.listed_from <= totals.day and ingest_coverage.listed_until >= totals.day + 1,
        ingest_coverage.repo is null
    ) as is_complete
from totals
cross join config.parameters as parameters
left join marts.ingest_coverage as ingest_coverage
    on ingest_coverage.repo = totals.repo and ingest_coverage.week_start = cast(date_trunc('week', totals.day) as date)
left join marts.job_time_daily as job_time on job_time.repo = totals.repo and job_time.day = totals.day
left join marts.speed_by_period as speed
    on speed.repo = totals.repo
    and speed.grain = 'day'
    and speed.period = cast(totals.day as varchar)
