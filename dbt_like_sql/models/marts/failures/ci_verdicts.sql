-- What to make of a failing job attempt: was it the change, was it luck, was the default branch broken before, or was
-- it the infrastructure. Of the last 90 days, and of the latest commit of open pull requests whatever its age. Broken
-- goes before flaky, what was seen before what is likely.
with failures as (
    select failures.*
    from marts.ci_failures as failures
    cross join config.parameters as parameters
    where failures.run_created_at >= parameters.as_of - interval 90 day
        or failures.head_sha in (
            select pull_requests.head_sha
            from staging.stg_pull_requests as pull_requests
            where pull_requests.state = 'open'
        )
), histories as (
    -- How often the same failure of the job, with the same failing tests, came and went in the 30 days up to the run.
    select
        failures.job_id,
        count(distinct failures.head_sha) over same as commits_hit,
        count(distinct case when failures.is_flaky then failures.head_sha end) over same as commits_flaked
    from failures
    where failures.fingerprint is not null and failures.known_by is distinct from 'job'
    window same as (
        partition by
            failures.repo,
            failures.workflow_path,
            failures.job_base_name,
            failures.fingerprint,
            failures.failed_tests,
            failures.failed_tests_count
        order by failures.run_created_at range between interval 30 day preceding and current row
    )
), known as (
    select
        failures.*,
        default_branch.since_at,
        default_branch.since_sha,
        default_branch.since_url,
        default_branch.results,
        greatest(coalesce(default_branch.red_results, 1), default_branch.results) as red_results,
        coalesce(repositories.default_branch, 'the default branch') as default_branch_name,
        -- Whether the job's latest result on the default branch was a failure, too, and which tests failed there.
        default_branch.job_id is not null and coalesce(
            default_branch.next_result_at >= failures.run_created_at,
            true
        ) as is_red_there,
        default_branch.fingerprint is null or coalesce(default_branch.known_by = 'job', false) as is_vague_there,
        failures.fingerprint is null or coalesce(failures.known_by = 'job', false) as is_vague,
        case
            when default_branch.job_id is not null
                and coalesce(default_branch.next_result_at >= failures.run_created_at, true)
                then len(list_intersect(failures.failed_tests, coalesce(default_branch.failed_tests, [])))
            else 0
        end as tests_failing_there,
        greatest(histories.commits_hit, 1) as commits_hit,  -- of an unknown commit, or without a fingerprint, this one
        coalesce(histories.commits_flaked, 0) as commits_flaked,
        failures.category = 'policy_gate' and coalesce(
            failures.completed_at - failures.duration_seconds * interval 1 second
            >= min(case when failures.category <> 'policy_gate' then failures.completed_at end)
                over (partition by failures.run_id, failures.run_attempt),
            false
        ) as is_consequence,
        flaky_jobs.flake_rate,
        flaky_jobs.commits as flake_commits,
        case
            when flaky_jobs.commits >= 10
                then format(  -- of fewer a rate says nothing
                        '{} of {} commits ({:.1f} %)',
                        flaky_jobs.flaky_commits, flaky_jobs.commits, 100 * flaky_jobs.flake_rate
                    )
        end as job_flakes
    from failures
    asof left join intermediate.int_default_branch_failures as default_branch
        on default_branch.repo = failures.repo
        and default_branch.workflow_path = failures.workflow_path
        and default_branch.job_name = failures.job_name
        and default_branch.completed_at < failures.run_created_at
    left join histories on histories.job_id = failures.job_id
    left join staging.stg_repositories as repositories on repositories.repo = failures.repo
    left join marts.flaky_jobs as flaky_jobs
        on flaky_jobs.repo = failures.repo and flaky_jobs.workflow_path = failures.workflow_path
        and flaky_jobs.job_name = failures.job_base_name
), judged as (
    select
        known.*,
        coalesce('; the job is flaky: ' || known.job_flakes, '') as job_also_flakes,
        case
            when known.is_preexisting then 'default_branch_fails'
            when known.is_flaky then 'passed_too'
            -- Tests that failed beside it may be the change's.
            when known.domain = 'platform' and known.is_retryable and known.failed_tests_count = 0 then 'retryable'
            -- Two commits make a flake (metrics.md, section 5); at most every second time it is real.
            when known.commits_flaked >= 2
                and known.commits_flaked >= 0.5 * (known.commits_hit - 1) then 'failure_flakes'
            -- The job fails there, too, but nobody can tell whether by the same.
            when known.domain = 'code'
                and known.is_red_there
                and (known.is_vague or known.is_vague_there) then 'default_branch_red'
            -- A job's flake rate alone blames nobody: what is left of its failures are mostly those that were real.
            when known.domain in ('code', 'pipeline') then 'code'
            else 'open'
        end as grounds
    from known
)
select
    judged.repo,
    judged.run_id,
    judged.run_attempt,
    judged.job_id,
    judged.job_name,
    judged.workflow_path,
    judged.head_sha,
    judged.is_default_branch,
    judged.pull_request_number,
    judged.category,
    judged.domain,
    judged.rule_id,
    judged.ruleset_version,
    judged.fingerprint,
    judged.known_by,
    judged.failed_tests,
    judged.failed_tests_count,
    judged.tests_failing_there,
    case judged.grounds
        when 'default_branch_fails' then 'already_failing'
        when 'passed_too' then 'known_flaky'
        when 'failure_flakes' then 'known_flaky'
        when 'retryable' then 'infrastructure'
        when 'code' then 'this_change'
        else 'unclear'
    end as verdict,
    judged.grounds,
    case judged.grounds
        when 'default_branch_fails'
            then 'also failed on ' || judged.default_branch_name
                || case
                    when judged.red_results = 1 then ' in the last run, at '
                    else format(' in {} of the last {} runs, since ', judged.results, judged.red_results)
                end
                || strftime(judged.since_at, '%Y-%m-%d %H:%M') || ' UTC'
                || coalesce(' (commit ' || left(judged.since_sha, 7) || ')', '')
        when 'passed_too'
            then 'flaky: ' || coalesce(judged.job_flakes || ', and ', '') || 'the same job passed on this commit'
        when 'failure_flakes'
            then format(
                    'flaky: this failure came and went on {} of {} other commits in 30 days{}',
                    judged.commits_flaked,
                    greatest(judged.commits_hit - 1, judged.commits_flaked),
                    coalesce(', the job on ' || judged.job_flakes, '')
                )
        when 'retryable'
            then replace(judged.category, '_', ' ')
                || ' says nothing about the code, and may be gone next time'
        when 'default_branch_red'
            then 'this job fails on ' || judged.default_branch_name || ', too, but '
                || case when judged.is_vague then 'this log' else 'its log' end
                || ' does not tell by what: it may be the same or not' || judged.job_also_flakes
        when 'code'
            then case
                    when judged.tests_failing_there > 0
                        then format(
                                '{} of {} failing tests also fail on {}, the others do not',
                                judged.tests_failing_there, judged.failed_tests_count, judged.default_branch_name
                            )
                    else judged.default_branch_name || ' did not fail like this'
                end || ', and the job did not pass on this commit' || judged.job_also_flakes
        else case
                when judged.category = 'unknown' then 'the cause was not recognised'
                when judged.domain = 'platform' and judged.is_retryable
                    then format(
                            '{} may be gone next time, but {} failed, too', replace(judged.category, '_', ' '),
                            case
                                when judged.failed_tests_count = 1 then 'a test'
                                else judged.failed_tests_count || ' tests'
                            end
                        )
                else replace(judged.category, '_', ' ') || ' may come from the change or from what it runs on'
            end
    end as reason,
    case judged.grounds
        when 'default_branch_fails' then judged.results
        when 'passed_too' then judged.flake_commits
        else judged.commits_hit
    end as n,
    judged.flake_rate,
    judged.flake_commits,
    judged.is_consequence,
    case when judged.is_preexisting then judged.since_at end as since_at,
    case when judged.is_preexisting then judged.since_sha end as since_sha,
    case when judged.is_preexisting then judged.since_url end as since_url,
    judged.run_created_at,
    judged.week,
    judged.html_url
from judged
