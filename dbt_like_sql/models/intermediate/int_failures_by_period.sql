-- What each week and quarter says about its failures that days can't be summed to: how many jobs were flaky, and what
-- most job attempts failed of. '*' is all repositories together.
with failures as (
    select
        failures.repo,
        'week' as grain,
        failures.week as period,
        failures.workflow_path,
        failures.job_name,
        failures.category,
        failures.pull_request_number,
        failures.is_flaky
    from marts.ci_failures as failures
    where failures.day is not null
    union all
    select
        failures.repo,
        'quarter',
        strftime(failures.day, '%Y') || '-Q' || quarter(failures.day),
        failures.workflow_path,
        failures.job_name,
        failures.category,
        failures.pull_request_number, failures.is_flaky
    from marts.ci_failures as failures
    where failures.day is not null
), flaky as (
    select
        coalesce(failures.repo, '*') as repo,
        failures.grain,
        failures.period,
        count(distinct row(failures.repo, failures.workflow_path, failures.job_name))
        filter (where failures.is_flaky) as flaky_jobs
    from failures
    group by grouping sets ((failures.repo, failures.grain, failures.period), (failures.grain, failures.period))
), categories as (
    select
        coalesce(failures.repo, '*') as repo,
        failures.grain,
        failures.period,
        failures.category,
        count(*) as failed_job_attempts,
        count(distinct case
            when failures.pull_request_number is not null then (failures.repo, failures.pull_request_number)
        end) as pull_requests
    from failures
    group by grouping sets (
        (failures.repo, failures.grain, failures.period, failures.category),
        (failures.grain, failures.period, failures.category)
    )
), top_categories as (
    select categories.*
    from categories
    qualify row_number() over (
            partition by categories.repo, categories.grain, categories.period
            order by
                categories.failed_job_attempts desc,
                categories.pull_requests desc,
                categories.category = 'unknown',
                categories.category
        ) = 1
)
select
    flaky.repo,
    flaky.grain,
    flaky.period,
    flaky.flaky_jobs,
    top_categories.category as top_failure_category,
    top_categories.failed_job_attempts as top_failure_count
from flaky
inner join top_categories
    on top_categories.repo = flaky.repo
    and top_categories.grain = flaky.grain
    and top_categories.period = flaky.period
