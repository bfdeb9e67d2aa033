-- Failed job attempts by category and week; '*' is all repositories together. Rank 1 is the top category.
with counted as (
    select
        coalesce(f.repo, '*') as repo,
        f.week,
        f.category,
        min(f.domain) as domain,
        count(*) as failed_job_attempts,
        count(distinct f.run_id) as failed_runs,
        count(distinct case when f.pull_request_number is not null then (f.repo, f.pull_request_number) end) as pull_requests,
        count(*) filter (where f.is_flaky) as flaky_job_attempts,
        count(*) filter (where f.is_preexisting) as preexisting_job_attempts
    from marts.ci_failures as f
    where f.week is not null
    group by grouping sets ((f.repo, f.week, f.category), (f.week, f.category))
)
select
    c.repo,
    c.week,
    c.category,
    c.domain,
    c.failed_job_attempts,
    cast(sum(c.failed_job_attempts) over whole as bigint) as week_failed_job_attempts,
    c.failed_job_attempts / nullif(sum(c.failed_job_attempts) over whole, 0) as share,
    c.failed_runs,
    c.pull_requests,
    c.flaky_job_attempts,
    c.preexisting_job_attempts,
    -- The more pull requests were hit, the worse; a known cause goes before an unknown one.
    row_number() over (
        partition by c.repo, c.week
        order by c.failed_job_attempts desc, c.pull_requests desc, c.category = 'unknown', c.category
    ) as category_rank,
    coalesce(p.is_complete, false) as is_complete,
    p.first_whole_day,
    p.last_whole_day
from counted as c
left join marts.period_coverage as p on p.repo = c.repo and p.grain = 'week' and p.period = c.week
window whole as (partition by c.repo, c.week)
