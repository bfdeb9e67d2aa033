-- What a quarter opened and closed beside its rates, over all repositories: flaky jobs that came and went, and the time
-- of people that automatic repair spared, by the assumption that is configured.
with flaky as (
    select distinct
        strftime(failures.day, '%Y') || '-Q' || quarter(failures.day) as quarter,
        failures.repo,
        failures.workflow_path,
        failures.job_base_name
    from marts.ci_failures as failures
    where failures.is_flaky and failures.day is not null
), quarters as (
    select
        rollup.quarter,
        strftime(rollup.quarter_start - interval 1 day, '%Y')
        || '-Q' || quarter(rollup.quarter_start - interval 1 day) as previous_quarter,
        rollup.autofix_repaired,
        rollup.autofix_retry_recovered
    from marts.quarterly_rollup as rollup
    where rollup.repo = '*'
), opened as (
    select quarters.quarter, count(*) as jobs
    from quarters
    inner join flaky on flaky.quarter = quarters.quarter
    anti join flaky as before
        on before.quarter = quarters.previous_quarter
        and before.repo = flaky.repo
        and before.workflow_path = flaky.workflow_path
        and before.job_base_name = flaky.job_base_name
    group by quarters.quarter
), closed as (
    select quarters.quarter, count(*) as jobs
    from quarters
    inner join flaky on flaky.quarter = quarters.previous_quarter
    anti join flaky as now
        on now.quarter = quarters.quarter
        and now.repo = flaky.repo
        and now.workflow_path = flaky.workflow_path
        and now.job_base_name = flaky.job_base_name
    group by quarters.quarter
)
select
    quarters.quarter,
    coalesce(opened.jobs, 0) as flaky_jobs_opened,
    coalesce(closed.jobs, 0) as flaky_jobs_closed,
    parameters.minutes_per_repair as minutes_a_repair,
    parameters.minutes_per_rerun as minutes_a_rerun,
    (
        quarters.autofix_repaired * parameters.minutes_per_repair
        + quarters.autofix_retry_recovered * parameters.minutes_per_rerun
    ) / 60.0 as autofix_hours_spared,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from quarters
cross join config.parameters as parameters
left join marts.period_coverage as coverage
    on coverage.repo = '*'
    and coverage.grain = 'quarter'
    and coverage.period = quarters.quarter
left join opened on opened.quarter = quarters.quarter
left join closed on closed.quarter = quarters.quarter
