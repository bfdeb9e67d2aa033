-- One row per repository and day, days without runs included; '*' is all repositories together.
-- Counts only add up: weeks and quarters are sums of these rows, rates are taken from the sums.
with run_days as (
    select d.* from intermediate.int_run_days as d
), failure_days as (
    select f.repo, f.day, count(*) as failed_job_attempts
    from marts.ci_failures as f
    where f.day is not null
    group by f.repo, f.day
), autofix_days as (
    select
        a.repo,
        a.day,
        count(*) as autofix_attempts,
        count(*) filter (where a.outcome = 'fixed') as autofix_fixed,
        count(*) filter (where a.outcome = 'failed') as autofix_failed,
        count(*) filter (where a.outcome = 'fixed' and a.repair_kind = 'retry_recovered') as autofix_retry_recovered,
        count(*) filter (where a.outcome = 'fixed' and a.repair_kind = 'repaired') as autofix_repaired
    from marts.autofix_attempts as a
    where a.day is not null
    group by a.repo, a.day
), episode_days as (
    select
        e.repo,
        e.day,
        count(*) filter (where not e.is_open) as episodes_closed,
        count(*) filter (where e.is_open) as episodes_open
    from marts.red_episodes as e
    group by e.repo, e.day
), commit_days as (
    select
        c.repo,
        c.day,
        count(*) filter (where c.state = 'red') as red_commits,
        count(*) filter (where c.state = 'flaky') as flaky_commits,
        count(*) filter (where c.state = 'green') as green_commits,
        count(*) filter (where c.state = 'pending') as pending_commits
    from marts.default_branch_commits as c
    where c.day is not null
    group by c.repo, c.day
), eventful_days as (
    select d.repo, d.day from run_days as d
    union
    select d.repo, d.day from failure_days as d
    union
    select d.repo, d.day from episode_days as d
    union
    select d.repo, d.day from marts.job_time_daily as d where d.repo <> '*'
), last_day as (
    select greatest(max(e.day), max(cast(p.as_of as date)) - 1) as day
    from eventful_days as e
    cross join config.parameters as p
), spine as (
    -- From a repository's first day to yesterday, so that one that fell silent shows zeros; today and what a replay
    -- calls the future only where something happened.
    select
        e.repo,
        cast(unnest(generate_series(min(e.day), max(l.day), interval 1 day)) as date) as day
    from eventful_days as e
    cross join last_day as l
    group by e.repo
), totals as (
    select
        coalesce(s.repo, '*') as repo,
        s.day,
        cast(coalesce(sum(r.runs), 0) as bigint) as runs,
        cast(coalesce(sum(r.conclusive_runs), 0) as bigint) as conclusive_runs,
        cast(coalesce(sum(r.passed_runs), 0) as bigint) as passed_runs,
        cast(coalesce(sum(r.failed_runs), 0) as bigint) as failed_runs,
        cast(coalesce(sum(r.void_runs), 0) as bigint) as void_runs,
        cast(coalesce(sum(r.pending_runs), 0) as bigint) as pending_runs,
        coalesce(sum(r.due_runs), 0) as due_runs,
        cast(coalesce(sum(r.conclusive_first_attempts), 0) as bigint) as conclusive_first_attempts,
        cast(coalesce(sum(r.passed_first_attempts), 0) as bigint) as passed_first_attempts,
        cast(coalesce(sum(f.failed_job_attempts), 0) as bigint) as failed_job_attempts,
        cast(coalesce(sum(a.autofix_attempts), 0) as bigint) as autofix_attempts,
        cast(coalesce(sum(a.autofix_fixed), 0) as bigint) as autofix_fixed,
        cast(coalesce(sum(a.autofix_failed), 0) as bigint) as autofix_failed,
        cast(coalesce(sum(a.autofix_retry_recovered), 0) as bigint) as autofix_retry_recovered,
        cast(coalesce(sum(a.autofix_repaired), 0) as bigint) as autofix_repaired,
        cast(coalesce(sum(e.episodes_closed), 0) as bigint) as episodes_closed,
        cast(coalesce(sum(e.episodes_open), 0) as bigint) as episodes_open,
        cast(coalesce(sum(c.red_commits), 0) as bigint) as red_commits,
        cast(coalesce(sum(c.flaky_commits), 0) as bigint) as flaky_commits,
        cast(coalesce(sum(c.green_commits), 0) as bigint) as green_commits,
        cast(coalesce(sum(c.pending_commits), 0) as bigint) as pending_commits
    from spine as s
    left join run_days as r on r.repo = s.repo and r.day = s.day
    left join failure_days as f on f.repo = s.repo and f.day = s.day
    left join autofix_days as a on a.repo = s.repo and a.day = s.day
    left join episode_days as e on e.repo = s.repo and e.day = s.day
    left join commit_days as c on c.repo = s.repo and c.day = s.day
    group by grouping sets ((s.repo, s.day), (s.day))
)
select
    t.repo,
    t.day,
    strftime(t.day, '%G-W%V') as week,
    strftime(t.day, '%Y') || '-Q' || quarter(t.day) as quarter,
    t.runs,
    t.conclusive_runs,
    t.passed_runs,
    t.failed_runs,
    t.void_runs,
    t.pending_runs,
    t.conclusive_first_attempts,
    t.passed_first_attempts,
    t.passed_first_attempts / nullif(t.conclusive_first_attempts, 0) as first_attempt_pass_rate,
    t.passed_runs / nullif(t.conclusive_runs, 0) as final_pass_rate,
    t.failed_job_attempts,
    t.autofix_attempts,
    t.autofix_fixed,
    t.autofix_failed,
    t.autofix_retry_recovered,
    t.autofix_repaired,
    t.autofix_fixed / nullif(t.autofix_fixed + t.autofix_failed, 0) as autofix_success_rate,
    t.episodes_closed,
    t.episodes_open,
    t.red_commits,
    t.flaky_commits,
    t.green_commits,
    t.pending_commits,
    t.red_commits / nullif(t.red_commits + t.flaky_commits + t.green_commits, 0) as default_branch_failure_rate,
    coalesce(j.job_seconds, 0) as job_seconds,
    coalesce(j.made_green_seconds, 0) as made_green_seconds,
    coalesce(j.superseded_seconds, 0) as superseded_seconds,
    coalesce(j.timeout_seconds, 0) as timeout_seconds,
    coalesce(j.rerun_seconds, 0) as rerun_seconds,
    coalesce(j.made_green_seconds + j.superseded_seconds + j.timeout_seconds + j.rerun_seconds, 0) / 60.0
    as wasted_minutes,
    s.duration_p50_seconds,
    s.duration_p95_seconds,
    s.queue_p50_seconds,
    s.queue_p95_seconds,
    t.day < cast(p.as_of as date)
    and t.due_runs = 0
    and coalesce(c.listed_from <= t.day and c.listed_until >= t.day + 1, c.repo is null) as is_complete
from totals as t
cross join config.parameters as p
left join marts.ingest_coverage as c
    on c.repo = t.repo and c.week_start = cast(date_trunc('week', t.day) as date)
left join marts.job_time_daily as j on j.repo = t.repo and j.day = t.day
left join marts.speed_by_period as s on s.repo = t.repo and s.grain = 'day' and s.period = cast(t.day as varchar)
