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
    select
        failures.repo,
        failures.workflow_path,
        failures.job_name,
        failures.test,
        regexp_extract(failures.test, '[A-Za-z0-9_.@/-]+\.[A-Za-z]{1,6}') as file
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
    -- An owner of that very file comes first, one of all files last.
    coalesce(
        case when not owners.is_catch_all then owners.owner end, files.author, owners.owner, workflow_owners.owner
    ) as owner,
    case
        when owners.owner is not null and not owners.is_catch_all then 'code_owner'
        when files.author is not null then 'file'
        when owners.owner is not null or workflow_owners.owner is not null then 'code_owner'
    end as owner_basis,
    coalesce(
        case when not owners.is_catch_all then owners.html_url end,
        files.html_url,
        owners.html_url,
        workflow_owners.html_url
    ) as owner_url
from jobs
left join tests
    on tests.repo = jobs.repo
    and tests.workflow_path = jobs.workflow_path
    and tests.job_name = jobs.job_name
left join intermediate.int_file_authors as files on files.repo = tests.repo and files.file = tests.file
left join intermediate.int_code_owners as owners on owners.repo = tests.repo and owners.file = tests.file
left join intermediate.int_code_owners as workflow_owners
    on workflow_owners.repo = jobs.repo and workflow_owners.file = jobs.workflow_path
