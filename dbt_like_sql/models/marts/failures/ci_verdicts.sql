-- What to make of a failing job attempt: was it the change, was it luck, was the default branch broken before, or was it
-- the infrastructure. Of the last 90 days, and of the latest commit of open pull requests whatever its age.
-- Broken goes before flaky, what was seen before what is likely.
with failures as (
    select f.*
    from marts.ci_failures as f
    cross join config.parameters as p
    where f.run_created_at >= p.as_of - interval 90 day
        or f.head_sha in (select r.head_sha from staging.stg_pull_requests as r where r.state = 'open')
), histories as (
    -- How often the same failure of the job, with the same failing tests, came and went in the 30 days up to the run.
    select
        f.job_id,
        count(distinct f.head_sha) over same as commits_hit,
        count(distinct f.head_sha) filter (where f.is_flaky) over same as commits_flaked
    from failures as f
    where f.fingerprint is not null and f.known_by is distinct from 'job'
    window same as (
        partition by
            f.repo, f.workflow_path, f.job_base_name, f.fingerprint, f.failed_tests, f.failed_tests_count
        order by f.run_created_at range between interval 30 day preceding and current row
    )
), known as (
    select
        f.*,
        s.since_at,
        s.since_sha,
        s.since_url,
        s.results,
        -- Whether the job's latest result on the default branch was a failure, too, and which tests failed there.
        s.job_id is not null and coalesce(s.next_result_at >= f.run_created_at, true) as is_red_there,
        s.fingerprint is null or coalesce(s.known_by = 'job', false) as is_vague_there,
        f.fingerprint is null or coalesce(f.known_by = 'job', false) as is_vague,
        case
            when s.job_id is not null and coalesce(s.next_result_at >= f.run_created_at, true)
                then len(list_intersect(f.failed_tests, coalesce(s.failed_tests, [])))
            else 0
        end as tests_failing_there,
        greatest(h.commits_hit, 1) as commits_hit,  -- of an unknown commit, or without a fingerprint, this one
        coalesce(h.commits_flaked, 0) as commits_flaked,
        k.flake_rate,
        k.commits as flake_commits,
        case
            when k.commits >= 10 then format(  -- of fewer a rate says nothing
                '; the job flaked on {} of its latest {} commits ({:.1f} %)',
                k.flaky_commits, k.commits, 100 * k.flake_rate
            )
            else ''
        end as job_flakes
    from failures as f
    asof left join intermediate.int_default_branch_failures as s
        on s.repo = f.repo
        and s.workflow_path = f.workflow_path
        and s.job_name = f.job_name
        and s.completed_at < f.run_created_at
    left join histories as h on h.job_id = f.job_id
    left join marts.flaky_jobs as k
        on k.repo = f.repo and k.workflow_path = f.workflow_path and k.job_name = f.job_base_name
), judged as (
    select
        k.*,
        case
            when k.is_preexisting then 'default_branch_fails'
            when k.is_flaky then 'passed_too'
            -- Tests that failed beside it may be the change's.
            when k.domain = 'platform' and k.is_retryable and k.failed_tests_count = 0 then 'retryable'
            -- Two commits make a flake (metrics.md, section 5); at most every second time it is real.
            when k.commits_flaked >= 2 and k.commits_flaked >= 0.5 * (k.commits_hit - 1) then 'failure_flakes'
            -- The job fails there, too, but nobody can tell whether by the same.
            when k.domain = 'code' and k.is_red_there and (k.is_vague or k.is_vague_there) then 'default_branch_red'
            -- A job's flake rate alone blames nobody: what is left of its failures are mostly those that were real.
            when k.domain in ('code', 'pipeline') then 'code'
            else 'open'
        end as grounds
    from known as k
)
select
    j.repo,
    j.run_id,
    j.run_attempt,
    j.job_id,
    j.job_name,
    j.workflow_path,
    j.head_sha,
    j.is_default_branch,
    j.pull_request_number,
    j.category,
    j.domain,
    j.rule_id,
    j.ruleset_version,
    j.fingerprint,
    j.known_by,
    j.failed_tests,
    j.failed_tests_count,
    j.tests_failing_there,
    case j.grounds
        when 'default_branch_fails' then 'already_failing'
        when 'passed_too' then 'known_flaky'
        when 'failure_flakes' then 'known_flaky'
        when 'retryable' then 'infrastructure'
        when 'code' then 'this_change'
        else 'unclear'
    end as verdict,
    j.grounds,
    case j.grounds
        when 'default_branch_fails' then format(
            'the default branch fails in this way since {} UTC{}, {}',
            strftime(j.since_at, '%Y-%m-%d %H:%M'),
            coalesce(' (commit ' || left(j.since_sha, 7) || ')', ''),
            case when j.results = 1 then 'once' else j.results || ' times in a row' end
        )
        when 'passed_too' then 'the same job passed on this commit' || j.job_flakes
        when 'failure_flakes' then format(
            'this failure came and went on {} of {} other commits in 30 days{}',
            j.commits_flaked, greatest(j.commits_hit - 1, j.commits_flaked), j.job_flakes
        )
        when 'retryable' then replace(j.category, '_', ' ') || ' says nothing about the code, and may be gone next time'
        when 'default_branch_red' then 'the default branch fails in this job, too, but '
            || case when j.is_vague then 'this log' else 'its log' end
            || ' does not tell by what: it may be the same or not' || j.job_flakes
        when 'code' then case
            when j.tests_failing_there > 0 then format(
                '{} of {} failing tests also fail on the default branch, the others do not',
                j.tests_failing_there, j.failed_tests_count
            )
            else 'the default branch did not fail like this'
        end || ', and the job did not pass on this commit' || j.job_flakes
        else case
            when j.category = 'unknown' then 'the cause was not recognised'
            when j.domain = 'platform' and j.is_retryable then format(
                '{} may be gone next time, but {} failed, too', replace(j.category, '_', ' '),
                case when j.failed_tests_count = 1 then 'a test' else j.failed_tests_count || ' tests' end
            )
            else replace(j.category, '_', ' ') || ' may come from the change or from what it runs on'
        end
    end as reason,
    case j.grounds
        when 'default_branch_fails' then j.results
        when 'passed_too' then j.flake_commits
        else j.commits_hit
    end as n,
    j.flake_rate,
    j.flake_commits,
    case when j.is_preexisting then j.since_at end as since_at,
    case when j.is_preexisting then j.since_sha end as since_sha,
    case when j.is_preexisting then j.since_url end as since_url,
    j.run_created_at,
    j.week,
    j.html_url
from judged as j
