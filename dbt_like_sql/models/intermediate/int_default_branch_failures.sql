-- Failing results of each job on the default branch: since when the job fails in this way, and how long that stood.
-- Failures elsewhere are held against it (marts.ci_failures, marts.ci_verdicts).
with results as (
    -- One result at a time.
    select d.repo, d.workflow_path, d.job_name, d.completed_at, max_by(d.outcome, d.job_id) as outcome, max(d.job_id) as job_id
    from marts.ci_jobs as d
    where d.is_default_branch
        and d.outcome in ('pass', 'fail')
        and not d.has_failed_twin
        and d.completed_at is not null
    group by d.repo, d.workflow_path, d.job_name, d.completed_at
), sequenced as (
    select
        r.*,
        max(r.completed_at) filter (where r.outcome = 'pass') over line as passed_at,
        lead(r.completed_at) over line as next_result_at
    from results as r
    window line as (partition by r.repo, r.workflow_path, r.job_name order by r.completed_at)
), failures as (
    select s.*, d.run_id, d.head_sha, d.html_url, v.fingerprint, v.known_by, v.failed_tests, v.failed_tests_count
    from sequenced as s
    inner join marts.ci_jobs as d on d.job_id = s.job_id and d.outcome = 'fail' and d.is_default_branch
    left join derived.failure_verdicts as v on v.job_id = s.job_id
    where s.outcome = 'fail'
)
select
    f.repo,
    f.workflow_path,
    f.job_name,
    f.completed_at,
    f.job_id,
    f.run_id,
    f.fingerprint,
    f.known_by,
    f.failed_tests,
    f.failed_tests_count,
    f.next_result_at,
    min(f.completed_at) over red as red_since_at,
    min(f.completed_at) over alike as since_at,
    first_value(f.head_sha) over alike as since_sha,
    first_value(f.html_url) over alike as since_url,
    count(*) over alike as results
from failures as f
window
    red as (partition by f.repo, f.workflow_path, f.job_name, f.passed_at order by f.completed_at),
    alike as (partition by f.repo, f.workflow_path, f.job_name, f.passed_at, f.fingerprint order by f.completed_at)
