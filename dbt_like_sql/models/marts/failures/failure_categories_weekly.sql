-- Failed job attempts by category and week; '*' is all repositories together. Rank 1 is the top category.
with counted as (
    select
        coalesce(failures.repo, '*') as repo,
        failures.week,
        failures.category,
        min(failures.domain) as domain,
        count(*) as failed_job_attempts,
        count(distinct failures.run_id) as failed_runs,
        count(distinct case
            when failures.pull_request_number is not null then (failures.repo, failures.pull_request_number)
        end) as pull_requests,
        count(*) filter (where failures.is_flaky) as flaky_job_attempts,
        count(*) filter (where failures.is_preexisting) as preexisting_job_attempts
    from marts.ci_failures as failures
    where failures.week is not null
    group by grouping sets ((failures.repo, failures.week, failures.category), (failures.week, failures.category))
)
select
    counted.repo,
    counted.week,
    counted.category,
    counted.domain,
    counted.failed_job_attempts,
    cast(sum(counted.failed_job_attempts) over whole as bigint) as week_failed_job_attempts,
    counted.failed_job_attempts / nullif(sum(counted.failed_job_attempts) over whole, 0) as share,
    counted.failed_runs,
    counted.pull_requests,
    counted.flaky_job_attempts,
    counted.preexisting_job_attempts,
    -- The more pull requests were hit, the worse; a known cause goes before an unknown one.
    row_number() over (
        partition by counted.repo, counted.week
        order by
            counted.failed_job_attempts desc,
            counted.pull_requests desc,
            counted.category = 'unknown',
            counted.category
    ) as category_rank,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from counted
left join marts.period_coverage as coverage
    on coverage.repo = counted.repo
    and coverage.grain = 'week'
    and coverage.period = counted.week
window whole as (partition by counted.repo, counted.week)
