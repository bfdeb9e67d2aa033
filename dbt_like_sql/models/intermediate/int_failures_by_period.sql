-- What each week and quarter says about its failures that days can't be summed to: how many jobs were flaky, and what
-- most job attempts failed of. '*' is all repositories together.
with failures as (
    select f.repo, 'week' as grain, f.week as period, f.workflow_path, f.job_name, f.category, f.pull_request_number, f.is_flaky
    from marts.ci_failures as f
    where f.day is not null
    union all
    select
        f.repo, 'quarter', strftime(f.day, '%Y') || '-Q' || quarter(f.day), f.workflow_path, f.job_name, f.category,
        f.pull_request_number, f.is_flaky
    from marts.ci_failures as f
    where f.day is not null
), flaky as (
    select
        coalesce(f.repo, '*') as repo,
        f.grain,
        f.period,
        count(distinct (f.repo, f.workflow_path, f.job_name)) filter (where f.is_flaky) as flaky_jobs
    from failures as f
    group by grouping sets ((f.repo, f.grain, f.period), (f.grain, f.period))
), categories as (
    select
        coalesce(f.repo, '*') as repo,
        f.grain,
        f.period,
        f.category,
        count(*) as failed_job_attempts,
        count(distinct case when f.pull_request_number is not null then (f.repo, f.pull_request_number) end) as pull_requests
    from failures as f
    group by grouping sets ((f.repo, f.grain, f.period, f.category), (f.grain, f.period, f.category))
), top_categories as (
    select c.*
    from categories as c
    qualify row_number() over (
        partition by c.repo, c.grain, c.period
        order by c.failed_job_attempts desc, c.pull_requests desc, c.category = 'unknown', c.category
    ) = 1
)
select
    f.repo,
    f.grain,
    f.period,
    f.flaky_jobs,
    c.category as top_failure_category,
    c.failed_job_attempts as top_failure_count
from flaky as f
inner join top_categories as c on c.repo = f.repo and c.grain = f.grain and c.period = f.period
