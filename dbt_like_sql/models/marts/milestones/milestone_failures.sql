-- What is in a milestone's way: the jobs that fail in the latest result of each workflow on each of its branches.
-- Branches of pull requests that are closed are in nobody's way; the default branch is marts.critical_workflows'.
with latest as (
    select
        runs.repo,
        runs.milestone,
        runs.run_id,
        runs.run_attempt,
        runs.outcome,
        runs.pull_request_number,
        runs.branch,
        coalesce(runs.head_repo <> runs.repo, true) as is_fork
    from marts.ci_runs as runs
    cross join config.parameters as parameters
    left join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = runs.repo and pull_requests.number = runs.pull_request_number
    where runs.milestone is not null
        and not runs.is_default_branch
        and runs.is_latest_attempt
        and runs.outcome in ('pass', 'fail')
        and coalesce(pull_requests.state, 'open') = 'open'
        and runs.created_at between parameters.as_of - parameters.window_days * interval 1 day and parameters.as_of
    qualify row_number() over (
            partition by
                runs.repo,
                runs.milestone,
                runs.pull_request_number,
                case when runs.pull_request_number is null then runs.branch end,
                runs.workflow_path
            order by runs.created_at desc, runs.run_id desc
        ) = 1
), failing as (
    select
        latest.repo,
        milestones.number,
        latest.milestone,
        verdicts.job_id,
        verdicts.job_name,
        verdicts.workflow_path,
        latest.branch,
        latest.pull_request_number,
        latest.is_fork,
        verdicts.category,
        verdicts.verdict,
        verdicts.reason,
        verdicts.failed_tests_count,
        verdicts.run_created_at,
        verdicts.html_url
    from latest
    inner join staging.stg_milestones as milestones
        on milestones.repo = latest.repo and milestones.milestone = latest.milestone
    inner join marts.ci_verdicts as verdicts
        on verdicts.run_id = latest.run_id and verdicts.run_attempt = latest.run_attempt
    where latest.outcome = 'fail' and not verdicts.is_consequence
), tests as (
    -- Of these few jobs only: all tests that ever failed are many.
    select
        failed_tests.job_id,
        min_by(failed_tests.test, failed_tests.test) as first_test,
        min_by(failed_tests.why, failed_tests.test) as first_test_why
    from marts.failed_tests as failed_tests
    semi join failing on failing.job_id = failed_tests.job_id
    group by failed_tests.job_id
)
select
    failing.repo,
    failing.number,
    failing.milestone,
    failing.job_id,
    failing.job_name,
    failing.workflow_path,
    failing.branch,
    failing.pull_request_number,
    failing.is_fork,
    failing.category,
    failing.verdict,
    failing.reason,
    failures.evidence,
    tests.first_test,
    tests.first_test_why,
    failing.failed_tests_count,
    failing.run_created_at,
    failing.html_url
from failing
inner join marts.ci_failures as failures on failures.job_id = failing.job_id
left join tests on tests.job_id = failing.job_id
