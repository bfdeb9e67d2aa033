-- Failing job attempts with cause, and whether the commit is to blame.
with failed as (
    -- What a partial re-run only lists again failed once.
    select jobs.* from marts.ci_jobs as jobs where jobs.outcome = 'fail' and not jobs.is_carried_over
), flaky as (
    -- Observed: the same job of the same commit also passed, in another attempt or run. Full names, nothing excluded.
    select distinct jobs.repo, jobs.head_sha, jobs.workflow_path, jobs.job_name
    from marts.ci_jobs as jobs
    semi join failed
        on failed.repo = jobs.repo
        and failed.head_sha = jobs.head_sha
        and failed.workflow_path = jobs.workflow_path
        and failed.job_name = jobs.job_name
    where jobs.outcome = 'pass' and not jobs.has_failed_twin
), judged as (
    select
        failed.*,
        verdicts.category is not null and verdicts.category <> 'unknown' as is_recognised,
        failed.outcome_reason in ('timed_out', 'timeout_as_cancelled') as is_timeout,
        verdicts.category as verdict_category,
        verdicts.domain as verdict_domain,
        verdicts.rule_id as verdict_rule_id,
        verdicts.fingerprint,
        verdicts.known_by,
        verdicts.failed_tests,
        verdicts.failed_tests_count,
        verdicts.line,
        verdicts.evidence,
        verdicts.retryable,
        verdicts.ruleset_version
    from failed
    left join derived.failure_verdicts as verdicts on verdicts.job_id = failed.job_id
)
select
    judged.repo,
    judged.run_id,
    judged.run_attempt,
    judged.job_id,
    judged.job_name,
    judged.job_base_name,
    judged.workflow_path,
    judged.branch,
    judged.head_sha,
    judged.event,
    judged.actor,
    judged.is_default_branch,
    judged.outcome_reason,
    -- A job over its time limit needs no log to say why it failed.
    case
        when judged.is_recognised then judged.verdict_category
        when judged.is_timeout then 'timeout'
        else 'unknown'
    end as category,
    case
        when judged.is_recognised then judged.verdict_domain
        when judged.is_timeout then 'platform'
        else 'unknown'
    end as domain,
    case
        when judged.is_recognised then judged.verdict_rule_id
        when judged.is_timeout then judged.outcome_reason
    end as rule_id,
    judged.fingerprint,
    judged.known_by,
    coalesce(judged.failed_tests, []) as failed_tests,
    coalesce(judged.failed_tests_count, 0) as failed_tests_count,
    judged.line,
    judged.evidence,
    coalesce(judged.retryable, false) as is_retryable,
    judged.ruleset_version,
    flaky.job_name is not null as is_flaky,
    -- The default branch's latest result when the run was created was a failure, and by the same: all tests that failed
    -- failed there, too (of more than are listed the very same), also beside another cause. Of what has no verdict or
    -- is known by its job alone nobody can tell.
    default_branch.job_id is not null
    and coalesce(default_branch.next_result_at >= judged.run_created_at, true)
    and case
        when judged.fingerprint is null
            or default_branch.fingerprint is null
            or 'job' in (judged.known_by, default_branch.known_by) then false
        when judged.known_by = 'tests'
            and judged.failed_tests_count > len(
                judged.failed_tests
            )
            then default_branch.fingerprint
                = judged.fingerprint
        else (coalesce(judged.known_by = 'tests', false) or default_branch.fingerprint = judged.fingerprint)
            and coalesce(judged.failed_tests_count, 0) <= len(coalesce(judged.failed_tests, []))
            and list_has_all(coalesce(default_branch.failed_tests, []), coalesce(judged.failed_tests, []))
    end as is_preexisting,
    judged.failed_steps,
    judged.run_created_at,
    judged.day,
    judged.week,
    judged.completed_at,
    judged.duration_seconds,
    judged.pull_request_number,
    judged.milestone,
    judged.html_url
from judged
left join flaky
    on flaky.repo = judged.repo
    and flaky.head_sha = judged.head_sha
    and flaky.workflow_path = judged.workflow_path
    and flaky.job_name = judged.job_name
asof left join intermediate.int_default_branch_failures as default_branch
    on default_branch.repo = judged.repo
    and default_branch.workflow_path = judged.workflow_path
    and default_branch.job_name = judged.job_name
    and default_branch.completed_at < judged.run_created_at
