-- How often a test fails, and how often luck alone did it, over all stored history.
select
    failed_tests.repo,
    failed_tests.test,
    count(*) as failed_job_attempts,
    count(*) filter (where failed_tests.is_flaky) as flaky_job_attempts,
    count(distinct failed_tests.head_sha) as commits_failed,
    count(distinct failed_tests.head_sha) filter (where failed_tests.is_flaky) as commits_passed_too,
    count(distinct failed_tests.pull_request_number) as pull_requests,
    count(distinct row(failed_tests.workflow_path, failed_tests.job_name)) as jobs,
    bool_or(failed_tests.is_default_branch) as hit_default_branch,
    coalesce(sum(failed_tests.duration_seconds / failed_tests.tests_failed_with_it), 0.0) / 60.0 as minutes_lost,
    min(failed_tests.run_created_at) as first_failed_at,
    max(failed_tests.run_created_at) as last_failed_at,
    arg_max(failed_tests.why, failed_tests.job_id) as why,
    arg_max(failed_tests.html_url, failed_tests.job_id) as example_url
from marts.failed_tests as failed_tests
group by failed_tests.repo, failed_tests.test
