-- What the flaky failures of a job cost in the last 28 days, the test that is to blame most often, and whom to ask.
with failures as (
    select
        failures.repo,
        failures.workflow_path,
        failures.job_base_name as job_name,
        failures.failed_tests[1] as test,
        failures.duration_seconds
    from marts.ci_failures as failures
    cross join config.parameters as parameters
    where failures.is_flaky and failures.run_created_at between parameters.as_of - interval 28 day and parameters.as_of
), tests as (
    select failures.repo, failures.workflow_path, failures.job_name, failures.test
    from failures
    where failures.test is not null
    group by failures.repo, failures.workflow_path, failures.job_name, failures.test
    qualify row_number() over (
            partition by failures.repo, failures.workflow_path, failures.job_name
            order by count(*) desc, failures.test
        ) = 1
), jobs as (
    select
        failures.repo,
        failures.workflow_path,
        failures.job_name,
        count(*) as flaky_job_attempts,
        coalesce(sum(failures.duration_seconds), 0.0) / 60.0 as minutes_lost
    from failures
    group by failures.repo, failures.workflow_path, failures.job_name
)
select
    jobs.repo,
    jobs.workflow_path,
    jobs.job_name,
    jobs.flaky_job_attempts,
    jobs.minutes_lost,
    tests.test,
    files.author as owner,
    case when files.author is not null then 'file' end as owner_basis,
    files.html_url as owner_url
from jobs
left join tests
    on tests.repo = jobs.repo
    and tests.workflow_path = jobs.workflow_path
    and tests.job_name = jobs.job_name
left join intermediate.int_file_authors as files
    on files.repo = jobs.repo
    and files.file = regexp_extract(tests.test, '[A-Za-z0-9_.@/-]+\.[A-Za-z]{1,6}')
