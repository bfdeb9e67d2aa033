-- Failing job attempts with cause, and whether the commit is to blame.
with failed as (
    -- What a partial re-run only lists again failed once.
    select j.* from marts.ci_jobs as j where j.outcome = 'fail' and not j.is_carried_over
), flaky as (
    -- Observed: the same job of the same commit also passed, in another attempt or run. Full names, nothing excluded.
    select distinct p.repo, p.head_sha, p.workflow_path, p.job_name
    from marts.ci_jobs as p
    semi join failed as f
        on f.repo = p.repo
        and f.head_sha = p.head_sha
        and f.workflow_path = p.workflow_path
        and f.job_name = p.job_name
    where p.outcome = 'pass' and not p.has_failed_twin
), judged as (
    select
        f.*,
        v.category is not null and v.category <> 'unknown' as is_recognised,
        f.outcome_reason in ('timed_out', 'timeout_as_cancelled') as is_timeout,
        v.category as verdict_category,
        v.domain as verdict_domain,
        v.rule_id as verdict_rule_id,
        v.fingerprint,
        v.known_by,
        v.failed_tests,
        v.failed_tests_count,
        v.line,
        v.evidence,
        v.retryable,
        v.ruleset_version
    from failed as f
    left join derived.failure_verdicts as v on v.job_id = f.job_id
)
select
    j.repo,
    j.run_id,
    j.run_attempt,
    j.job_id,
    j.job_name,
    j.job_base_name,
    j.workflow_path,
    j.branch,
    j.head_sha,
    j.event,
    j.actor,
    j.is_default_branch,
    j.outcome_reason,
    -- A job over its time limit needs no log to say why it failed.
    case when j.is_recognised then j.verdict_category when j.is_timeout then 'timeout' else 'unknown' end as category,
    case when j.is_recognised then j.verdict_domain when j.is_timeout then 'platform' else 'unknown' end as domain,
    case when j.is_recognised then j.verdict_rule_id when j.is_timeout then j.outcome_reason end as rule_id,
    j.fingerprint,
    j.known_by,
    coalesce(j.failed_tests, []) as failed_tests,
    coalesce(j.failed_tests_count, 0) as failed_tests_count,
    j.line,
    j.evidence,
    coalesce(j.retryable, false) as is_retryable,
    j.ruleset_version,
    k.job_name is not null as is_flaky,
    -- The default branch's latest result when the run was created was a failure, and by the same: all tests that failed
    -- failed there, too (of more than are listed the very same), also beside another cause. Of what has no verdict or is
    -- known by its job alone nobody can tell.
    d.job_id is not null
        and coalesce(d.next_result_at >= j.run_created_at, true)
        and case
            when j.fingerprint is null or d.fingerprint is null or 'job' in (j.known_by, d.known_by) then false
            when j.known_by = 'tests' and j.failed_tests_count > len(j.failed_tests) then d.fingerprint = j.fingerprint
            else (coalesce(j.known_by = 'tests', false) or d.fingerprint = j.fingerprint)
                and coalesce(j.failed_tests_count, 0) <= len(coalesce(j.failed_tests, []))
                and list_has_all(coalesce(d.failed_tests, []), coalesce(j.failed_tests, []))
        end as is_preexisting,
    j.failed_steps,
    j.run_created_at,
    j.day,
    j.week,
    j.completed_at,
    j.duration_seconds,
    j.pull_request_number,
    j.milestone,
    j.html_url
from judged as j
left join flaky as k
    on k.repo = j.repo
    and k.head_sha = j.head_sha
    and k.workflow_path = j.workflow_path
    and k.job_name = j.job_name
asof left join intermediate.int_default_branch_failures as d
    on d.repo = j.repo
    and d.workflow_path = j.workflow_path
    and d.job_name = j.job_name
    and d.completed_at < j.run_created_at
