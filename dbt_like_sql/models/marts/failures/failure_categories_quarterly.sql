-- Failed job attempts by category and quarter; '*' is all repositories together.
with counted as (
    select
        coalesce(failures.repo, '*') as repo,
        strftime(failures.day, '%Y') || '-Q' || quarter(failures.day) as quarter,
        failures.category,
        count(*) as failed_job_attempts,
        count(distinct case
            when failures.pull_request_number is not null then (failures.repo, failures.pull_request_number)
        end) as pull_requests
    from marts.ci_failures as failures
    where failures.day is not null
    group by grouping sets (
        (failures.repo, strftime(failures.day, '%Y') || '-Q' || quarter(failures.day), failures.category),
        (strftime(failures.day, '%Y') || '-Q' || quarter(failures.day), failures.category)
    )
)
select
    counted.repo,
    counted.quarter,
    counted.category,
    counted.failed_job_attempts,
    counted.failed_job_attempts / sum(counted.failed_job_attempts) over whole as share,
    counted.pull_requests,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from counted
left join marts.period_coverage as coverage
    on coverage.repo = counted.repo
    and coverage.grain = 'quarter'
    and coverage.period = counted.quarter
window whole as (partition by counted.repo, counted.quarter)
