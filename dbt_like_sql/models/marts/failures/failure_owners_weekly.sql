-- Whom to ask about each failure of a week, the test that fails, and what the failure cost: the author of the suspect
-- change or of all pull requests that fail so, the code owner of the file, the author of its latest change, and where
-- nobody knows the file the code owner of everything or of the workflow.
with failures as (
    select
        failures.*,
        coalesce(failures.failed_tests[1], '') as test,
        coalesce(verdicts.is_consequence, false) as is_consequence
    from marts.ci_failures as failures
    left join marts.ci_verdicts as verdicts on verdicts.job_id = failures.job_id
    where failures.week is not null and failures.fingerprint is not null
), summed as (
    select
        failures.repo,
        failures.week,
        failures.fingerprint,
        nullif(arg_max(failures.test, failures.job_id), '') as test,
        arg_max(failures.failed_tests_count, failures.job_id) as tests,
        arg_max(failures.workflow_path, failures.job_id) as workflow_path,
        regexp_extract(
            arg_max(coalesce(nullif(failures.test, ''), failures.evidence, ''), failures.job_id),
            '[A-Za-z0-9_.@/-]+\.[A-Za-z]{1,6}'
        ) as file,
        coalesce(sum(failures.duration_seconds), 0.0) / 60.0 as minutes_lost,
        bool_or(failures.is_flaky) as is_flaky,
        bool_and(failures.is_consequence) as is_consequence,
        -- A flaky failure that shows after a change need not come from it.
        arg_min(failures.head_sha, (failures.run_created_at, failures.job_id)) filter (
            where failures.is_default_branch and not failures.is_flaky
        ) as suspect_sha,
        case
            when count(distinct pull_requests.author) = 1 then max(pull_requests.author)
        end as pull_request_author,
        max_by(pull_requests.html_url, failures.job_id) as pull_request_url
    from failures
    left join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = failures.repo
        and pull_requests.number = failures.pull_request_number
        and not pull_requests.is_by_bot
    group by failures.repo, failures.week, failures.fingerprint
), asked as (
    select
        summed.*,
        changes.author as change_author,
        changes.html_url as change_url,
        files.author as file_author,
        files.html_url as file_url,
        coalesce(owners.owner, workflow_owners.owner) as code_owner,
        case when owners.owner is not null then owners.html_url else workflow_owners.html_url end as code_owner_url,
        case
            when changes.author is not null then 'suspect_change'
            when summed.pull_request_author is not null and not summed.is_flaky and summed.suspect_sha is null
                then 'pull_request'
            when owners.owner is not null and not owners.is_catch_all then 'code_owner'
            when files.author is not null then 'file'
            when owners.owner is not null or workflow_owners.owner is not null then 'code_owner'
        end as owner_basis
    from summed
    left join intermediate.int_change_authors as changes
        on changes.repo = summed.repo
        and changes.head_sha = summed.suspect_sha
    left join intermediate.int_file_authors as files on files.repo = summed.repo and files.file = summed.file
    left join intermediate.int_code_owners as owners on owners.repo = summed.repo and owners.file = summed.file
    left join intermediate.int_code_owners as workflow_owners
        on workflow_owners.repo = summed.repo and workflow_owners.file = summed.workflow_path
)
select
    asked.repo,
    asked.week,
    asked.fingerprint,
    asked.test,
    asked.tests,
    asked.workflow_path,
    asked.is_consequence,
    asked.minutes_lost,
    case asked.owner_basis
        when 'suspect_change' then asked.change_author
        when 'pull_request' then asked.pull_request_author
        when 'code_owner' then asked.code_owner
        when 'file' then asked.file_author
    end as owner,
    asked.owner_basis,
    case asked.owner_basis
        when 'suspect_change' then asked.change_url
        when 'pull_request' then asked.pull_request_url
        when 'code_owner' then asked.code_owner_url
        when 'file' then asked.file_url
    end as owner_url,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from asked
left join marts.period_coverage as coverage
    on coverage.repo = asked.repo
    and coverage.grain = 'week'
    and coverage.period = asked.week
