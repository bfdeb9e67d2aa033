-- Which tests failed, by the names that the jobs' logs give: one row per failing job attempt and test.
with named as (
    select failures.*, verdicts.failed_tests_why
    from marts.ci_failures as failures
    inner join derived.failure_verdicts as verdicts
        on verdicts.job_id = failures.job_id
        and verdicts.run_id = failures.run_id
    where failures.failed_tests_count > 0
), tests as (
    select
        named.* exclude (failed_tests_why, failed_tests),
        unnest(named.failed_tests) as test,
        unnest(named.failed_tests_why) as why
    from named
)
select
    tests.repo,
    tests.run_id,
    tests.run_attempt,
    tests.job_id,
    tests.job_name,
    tests.workflow_path,
    tests.test,
    nullif(tests.why, '') as why,
    tests.failed_tests_count as tests_failed_with_it,
    tests.head_sha,
    tests.branch,
    tests.is_default_branch,
    tests.pull_request_number,
    tests.is_flaky,
    tests.duration_seconds,
    tests.run_created_at,
    tests.week,
    tests.html_url
from tests
