-- Which tests failed, by the names that the jobs' logs give: one row per failing job attempt and test.
with named as (
    select f.*, v.failed_tests_why
    from marts.ci_failures as f
    inner join derived.failure_verdicts as v on v.job_id = f.job_id and v.run_id = f.run_id
    where f.failed_tests_count > 0
), tests as (
    select n.* exclude (failed_tests_why, failed_tests), unnest(n.failed_tests) as test, unnest(n.failed_tests_why) as why
    from named as n
)
select
    t.repo,
    t.run_id,
    t.run_attempt,
    t.job_id,
    t.job_name,
    t.workflow_path,
    t.test,
    nullif(t.why, '') as why,
    t.failed_tests_count as tests_failed_with_it,
    t.head_sha,
    t.branch,
    t.is_default_branch,
    t.pull_request_number,
    t.is_flaky,
    t.duration_seconds,
    t.run_created_at,
    t.week,
    t.html_url
from tests as t
