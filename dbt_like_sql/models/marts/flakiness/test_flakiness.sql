-- How often a test fails, and how often luck alone did it, over all stored history.
select
    f.repo,
    f.test,
    count(*) as failed_job_attempts,
    count(*) filter (where f.is_flaky) as flaky_job_attempts,
    count(distinct f.head_sha) as commits_failed,
    count(distinct f.head_sha) filter (where f.is_flaky) as commits_passed_too,
    count(distinct f.pull_request_number) as pull_requests,
    count(distinct (f.workflow_path, f.job_name)) as jobs,
    bool_or(f.is_default_branch) as hit_default_branch,
    coalesce(sum(f.duration_seconds / f.tests_failed_with_it), 0.0) / 60.0 as minutes_lost,
    min(f.run_created_at) as first_failed_at,
    max(f.run_created_at) as last_failed_at,
    arg_max(f.why, f.job_id) as why,
    arg_max(f.html_url, f.job_id) as example_url
from marts.failed_tests as f
group by f.repo, f.test
