-- The ledger of automatic repairs: each attempt and what became of the jobs that had failed.
with results as (
    -- A re-run shows in its own attempt, a commit in the first conclusive attempt that tested it.
    select
        candidates.run_id,
        candidates.run_attempt,
        candidates.repair_sha,
        runs.run_id as result_run_id,
        runs.run_attempt as result_run_attempt,
        runs.outcome,
        runs.jobs,
        runs.completed_at,
        runs.html_url
    from intermediate.int_autofix_candidates as candidates
    inner join staging.stg_workflow_runs as runs
        on runs.repo = candidates.repo
        and runs.workflow_path = candidates.workflow_path
        and runs.head_sha = candidates.repair_sha
        and (
            candidates.repair_attempt is null
            or (runs.run_id = candidates.run_id and runs.run_attempt = candidates.repair_attempt)
        )
        -- The run that failed can't show that another commit or a declaration repaired it.
        and (candidates.repair_attempt is not null or runs.run_id <> candidates.run_id)
    qualify row_number() over (
            partition by candidates.run_id, candidates.run_attempt, candidates.repair_sha
            order by
                case runs.outcome when 'pass' then 1 when 'fail' then 1 when 'pending' then 2 else 3 end,
                runs.event is distinct from candidates.event,
                runs.completed_at,
                runs.run_id,
                runs.run_attempt
        ) = 1
), originally_failing as (
    select distinct candidates.run_id, candidates.run_attempt, candidates.repair_sha, jobs.job_name
    from intermediate.int_autofix_candidates as candidates
    inner join staging.stg_workflow_jobs as jobs
        on jobs.run_id = candidates.run_id
        and jobs.run_attempt = candidates.run_attempt
    where jobs.outcome = 'fail'
), job_sets as (
    select
        originally_failing.run_id,
        originally_failing.run_attempt,
        originally_failing.repair_sha,
        count(distinct originally_failing.job_name) as failing,
        count(distinct case when jobs.outcome = 'pass' then originally_failing.job_name end) as repaired,
        count(*) filter (where jobs.outcome = 'fail') as failing_again
    from originally_failing
    inner join results
        on results.run_id = originally_failing.run_id and results.run_attempt = originally_failing.run_attempt
        and results.repair_sha = originally_failing.repair_sha
    left join staging.stg_workflow_jobs as jobs
        on jobs.run_id = results.result_run_id and jobs.run_attempt = results.result_run_attempt and jobs.job_name
        = originally_failing.job_name
    group by originally_failing.run_id, originally_failing.run_attempt, originally_failing.repair_sha
), repair_commits as (
    select distinct candidates.repo, candidates.repair_sha from intermediate.int_autofix_candidates as candidates
), human_commits as (
    select commits.repo, commits.head_repo, commits.branch, commits.first_seen_at, max(commits.head_sha) as head_sha
    from intermediate.int_tested_commits as commits
    semi join (
        select candidates.repo, candidates.head_repo, candidates.branch
        from intermediate.int_autofix_candidates as candidates
    ) as branches
        on branches.repo = commits.repo
        and branches.head_repo = commits.head_repo
        and branches.branch = commits.branch
    anti join repair_commits on repair_commits.repo = commits.repo and repair_commits.repair_sha = commits.head_sha
    where commits.commit_by = 'human'
    group by commits.repo, commits.head_repo, commits.branch, commits.first_seen_at
), watched as (
    -- A person's commit counts as "between" until the result, or until the horizon when none came. On the default
    -- branch people push all the time: what they push after the repair spoils nothing there.
    select
        candidates.*,
        results.result_run_id,
        results.result_run_attempt,
        results.outcome as result_outcome,
        results.jobs as result_jobs,
        results.completed_at as result_at,
        results.html_url as result_html_url,
        case
            when candidates.is_default_branch then candidates.repaired_at
            when results.outcome in ('pass', 'fail') then results.completed_at
            else candidates.until
        end as watched_until
    from intermediate.int_autofix_candidates as candidates
    left join results
        on results.run_id = candidates.run_id and results.run_attempt = candidates.run_attempt
        and results.repair_sha = candidates.repair_sha
), crossed as (
    select
        watched.*,
        human_commits.first_seen_at > watched.failed_at as has_human_commit,
        human_commits.first_seen_at < watched.repaired_at as is_before_repair
    from watched
    asof left join human_commits
        on human_commits.repo = watched.repo
        and human_commits.head_repo = watched.head_repo
        and human_commits.branch = watched.branch
        and human_commits.first_seen_at < watched.watched_until
), green_again as (
    select distinct candidates.run_id, candidates.run_attempt, candidates.repair_sha
    from intermediate.int_autofix_candidates as candidates
    inner join staging.stg_workflow_runs as runs
        on runs.repo = candidates.repo
        and runs.workflow_path = candidates.workflow_path
        and runs.is_default_branch
        and runs.outcome = 'pass'
        and runs.head_sha <> candidates.repair_sha
        and runs.decided_at > candidates.failed_at
        and runs.decided_at < candidates.repaired_at
    where candidates.is_default_branch
), superseded as (
    select
        crossed.*,
        case
            -- A re-run tests the same commit again: what people push meanwhile can't change its result.
            when crossed.mechanism = 'auto_rerun'
                then coalesce(crossed.has_human_commit, false) and coalesce(crossed.result_outcome, 'void') = 'void'
            -- A repair that names what it repairs stands beside other commits to the default branch, unless it came
            -- too late.
            when crossed.is_default_branch and crossed.mechanism <> 'bot_commit' then green_again.run_id is not null
            -- Nobody tested the repair: that is what has to be said, whoever pushed afterwards.
            when crossed.result_outcome is null or (crossed.result_outcome = 'void' and crossed.result_jobs = 0)
                then coalesce(crossed.has_human_commit and crossed.is_before_repair, false)
            else coalesce(crossed.has_human_commit, false)
        end as is_superseded
    from crossed
    left join green_again
        on green_again.run_id = crossed.run_id and green_again.run_attempt = crossed.run_attempt
        and green_again.repair_sha = crossed.repair_sha
), ledger as (
    select
        superseded.repo,
        superseded.run_id,
        superseded.run_attempt,
        superseded.workflow_path,
        superseded.branch,
        superseded.head_sha,
        superseded.mechanism,
        case
            when superseded.is_superseded then 'superseded_by_human'
            when superseded.result_outcome = 'pass' then 'fixed'
            -- Something else may fail now: the attempt answers for the jobs that had failed.
            when superseded.result_outcome = 'fail'
                and job_sets.failing = job_sets.repaired
                and job_sets.failing_again = 0 then 'fixed'
            when superseded.result_outcome = 'fail' then 'failed'
            when superseded.result_outcome = 'pending' then 'pending'
            -- No run, or none with a verdict (a push with a workflow's token starts none): it can't be told.
            else 'unverified'
        end as outcome,
        case when superseded.mechanism = 'auto_rerun' then 'retry_recovered' else 'repaired' end as repair_kind,
        superseded.repaired_by,
        superseded.repair_sha,
        superseded.failed_at,
        superseded.repaired_at,
        superseded.result_run_id,
        superseded.result_run_attempt,
        superseded.result_at,
        superseded.result_html_url,
        runs.day,
        runs.week,
        runs.created_at as run_created_at,
        runs.is_default_branch,
        runs.pull_request_number,
        runs.milestone
    from superseded
    inner join marts.ci_runs as runs on runs.run_id = superseded.run_id and runs.run_attempt = superseded.run_attempt
    left join job_sets
        on job_sets.run_id = superseded.run_id and job_sets.run_attempt = superseded.run_attempt
        and job_sets.repair_sha = superseded.repair_sha
), fingerprints as (
    select
        ledger.run_id,
        ledger.run_attempt,
        ledger.repair_sha,
        ledger.repo,
        ledger.branch,
        ledger.result_at,
        failures.fingerprint
    from ledger
    inner join marts.ci_failures as failures
        on failures.run_id = ledger.run_id
        and failures.run_attempt = ledger.run_attempt
    where ledger.outcome = 'fixed' and failures.fingerprint is not null
), durability as (
    -- The same failure on the same branch within a week of the repair: it did not last.
    select
        fingerprints.run_id,
        fingerprints.run_attempt,
        fingerprints.repair_sha,
        bool_or(failures.job_id is not null) as has_returned
    from fingerprints
    left join marts.ci_failures as failures
        on failures.repo = fingerprints.repo
        and failures.branch = fingerprints.branch
        and failures.fingerprint = fingerprints.fingerprint
        and failures.completed_at > fingerprints.result_at
        and failures.completed_at <= fingerprints.result_at + interval 7 day
    group by fingerprints.run_id, fingerprints.run_attempt, fingerprints.repair_sha
)
select
    ledger.*,
    case
        when durability.has_returned then false
        when parameters.as_of >= ledger.result_at + interval 7 day then not durability.has_returned
    end as is_durable
from ledger
cross join config.parameters as parameters
left join durability
    on durability.run_id = ledger.run_id and durability.run_attempt = ledger.run_attempt and durability.repair_sha
    = ledger.repair_sha
