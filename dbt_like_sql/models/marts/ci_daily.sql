-- One row per repository and day, days without runs included; '*' is all repositories together.
-- Counts only add up: weeks and quarters are sums of these rows, rates are taken from the sums.
with run_days as (
    select d.* from staging.stg_run_days as d
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
), eventful_days as (
    select d.repo, d.day from run_days as d
    union
    select d.repo, d.day from failure_days as d
    union
    select d.repo, d.day from episode_days as d
), spine as (
    -- From a repository's first day to the last day of all, so that a repository that fell silent shows zeros.
    select
        e.repo,
        cast(unnest(generate_series(min(e.day), (select max(x.day) from eventful_days as x), interval 1 day)) as date) as day
    from eventful_days as e
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
        cast(coalesce(sum(r.conclusive_first_attempts), 0) as bigint) as conclusive_first_attempts,
        cast(coalesce(sum(r.passed_first_attempts), 0) as bigint) as passed_first_attempts,
        cast(coalesce(sum(f.failed_job_attempts), 0) as bigint) as failed_job_attempts,
        cast(coalesce(sum(a.autofix_attempts), 0) as bigint) as autofix_attempts,
        cast(coalesce(sum(a.autofix_fixed), 0) as bigint) as autofix_fixed,
        cast(coalesce(sum(a.autofix_failed), 0) as bigint) as autofix_failed,
        cast(coalesce(sum(a.autofix_retry_recovered), 0) as bigint) as autofix_retry_recovered,
        cast(coalesce(sum(a.autofix_repaired), 0) as bigint) as autofix_repaired,
        cast(coalesce(sum(e.episodes_closed), 0) as bigint) as episodes_closed,
        cast(coalesce(sum(e.episodes_open), 0) as bigint) as episodes_open
    from spine as s
    left join run_days as r on r.repo = s.repo and r.day = s.day
    left join failure_days as f on f.repo = s.repo and f.day = s.day
    left join autofix_days as a on a.repo = s.repo and a.day = s.day
    left join episode_days as e on e.repo = s.repo and e.day = s.day
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
    t.day < cast(p.as_of as date) as is_complete
from totals as t
cross join config.parameters as p
