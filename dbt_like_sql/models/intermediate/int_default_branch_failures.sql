-- Failing results of each job on the default branch: since when the job fails in this way, and how long that stood.
-- Failures elsewhere are held against it (marts.ci_failures, marts.ci_verdicts).
with results as (
    -- One result at a time.
    select
        jobs.repo,
        jobs.workflow_path,
        jobs.job_name,
        jobs.completed_at,
        max_by(jobs.outcome, jobs.job_id) as outcome,
        max(jobs.job_id) as job_id
    from marts.ci_jobs as jobs
    where jobs.is_default_branch
        and jobs.outcome in ('pass', 'fail')
        and not jobs.has_failed_twin
        and jobs.completed_at is not null
    group by jobs.repo, jobs.workflow_path, jobs.job_name, jobs.completed_at
), sequenced as (
    select
        results.*,
        max(case when results.outcome = 'pass' then results.completed_at end) over line as passed_at,
        lead(results.completed_at) over line as next_result_at
    from results
    window line as (partition by results.repo, results.workflow_path, results.job_name order by results.completed_at)
), failures as (
    select
        sequenced.*,
        jobs.run_id,
        jobs.head_sha,
        jobs.html_url,
        verdicts.fingerprint,
        verdicts.known_by,
        verdicts.failed_tests,
        verdicts.failed_tests_count
    from sequenced
    inner join marts.ci_jobs as jobs
        on jobs.job_id = sequenced.job_id
        and jobs.outcome = 'fail'
        and jobs.is_default_branch
    left join derived.failure_verdicts as verdicts on verdicts.job_id = sequenced.job_id
    where sequenced.outcome = 'fail'
)
select
    failures.repo,
    failures.workflow_path,
    failures.job_name,
    failures.completed_at,
    failures.job_id,
    failures.run_id,
    failures.fingerprint,
    failures.known_by,
    failures.failed_tests,
    failures.failed_tests_count,
    failures.next_result_at,
    min(failures.completed_at) over red as red_since_at,
    min(failures.completed_at) over alike as since_at,
    first_value(failures.head_sha) over alike as since_sha,
    first_value(failures.html_url) over alike as since_url,
    count(*) over alike as results,
    count(*) over red as red_results
from failures
window
    red as (
        partition by failures.repo, failures.workflow_path, failures.job_name, failures.passed_at
        order by failures.completed_at
    ),
    alike as (
        partition by failures.repo, failures.workflow_path, failures.job_name, failures.passed_at, failures.fingerprint
        order by failures.completed_at
    )
