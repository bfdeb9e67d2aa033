-- The same failure (fingerprint), week by week: how often, whom it hit, an example, and since when it is known.
with seen as (
    select failure_groups.fingerprint, min(failure_groups.first_seen_at) as first_seen_at
    from intermediate.int_failure_groups as failure_groups
    group by failure_groups.fingerprint
)
select
    failures.repo,
    failures.week,
    failures.fingerprint,
    max_by(failures.category, failures.job_id) as category,
    max_by(failures.job_base_name, failures.job_id) as job_base_name,
    max_by(failures.evidence, failures.job_id) as evidence,
    max_by(failures.html_url, failures.job_id) as example_url,
    count(*) as failed_job_attempts,
    count(distinct failures.run_id) as failed_runs,
    count(distinct failures.pull_request_number) as pull_requests,
    bool_or(failures.is_default_branch) as hit_default_branch,
    min(seen.first_seen_at) as first_seen_at,
    coalesce(bool_or(coverage.is_complete), false) as is_complete,
    max(coverage.first_whole_day) as first_whole_day,
    max(coverage.last_whole_day) as last_whole_day
from marts.ci_failures as failures
inner join seen on seen.fingerprint = failures.fingerprint
left join marts.period_coverage as coverage
    on coverage.repo = failures.repo
    and coverage.grain = 'week'
    and coverage.period = failures.week
where failures.week is not null
group by failures.repo, failures.week, failures.fingerprint
