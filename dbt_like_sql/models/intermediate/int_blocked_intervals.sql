-- When pull requests of milestones were held up by others' failures: the latest result of a critical workflow on the
-- pull request is a failure that isn't its own, and the workflow is red on the default branch, as it was when that run
-- was created. A failure isn't its own where every failed job either failed there by the same, too (the verdict
-- already_failing), or does not tell by what it failed; gates that fail because another job did are left out.
with attempts as (
    select
        runs.repo,
        runs.milestone,
        runs.pull_request_number,
        runs.workflow_path,
        runs.run_id,
        runs.run_attempt,
        runs.outcome,
        runs.created_at,
        runs.completed_at,
        lead(runs.completed_at) over (
            partition by runs.repo, runs.pull_request_number, runs.workflow_path
            order by runs.completed_at, runs.run_id, runs.run_attempt
        ) as next_at
    from marts.ci_runs as runs
    semi join marts.critical_workflows as critical
        on critical.repo = runs.repo and critical.workflow_path = runs.workflow_path
    where runs.pull_request_number is not null
        and runs.milestone is not null
        and not runs.is_default_branch
        and runs.outcome in ('pass', 'fail')
        and runs.completed_at is not null
), judged as (
    select failures.run_id, failures.run_attempt
    from marts.ci_failures as failures
    where failures.category <> 'policy_gate' and failures.pull_request_number is not null
    group by failures.run_id, failures.run_attempt
    having bool_and(
            coalesce(failures.is_preexisting, false)
            or failures.fingerprint is null
            or coalesce(failures.known_by = 'job', false)
        )
), blocked as (
    select
        attempts.repo,
        attempts.milestone,
        attempts.pull_request_number,
        attempts.completed_at as started_at,
        least(attempts.next_at, episodes.ended_at, pull_requests.closed_at, parameters.as_of) as ended_at
    from attempts
    semi join judged on judged.run_id = attempts.run_id and judged.run_attempt = attempts.run_attempt
    inner join marts.red_episodes as episodes
        on episodes.repo = attempts.repo
        and episodes.workflow_path = attempts.workflow_path
        and episodes.started_at <= attempts.created_at
        and coalesce(episodes.ended_at > attempts.created_at, true)
    cross join config.parameters as parameters
    left join staging.stg_pull_requests as pull_requests
        on pull_requests.repo = attempts.repo and pull_requests.number = attempts.pull_request_number
    where attempts.outcome = 'fail'
), marked as (
    select
        blocked.*,
        coalesce(
            blocked.started_at > max(blocked.ended_at) over (
                partition by blocked.repo, blocked.milestone, blocked.pull_request_number
                order by blocked.started_at, blocked.ended_at
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_first
    from blocked
    where blocked.ended_at > blocked.started_at
), numbered as (
    select
        marked.*,
        count(case when marked.is_first then 1 end) over (
            partition by marked.repo, marked.milestone, marked.pull_request_number
            order by marked.started_at, marked.ended_at
            rows between unbounded preceding and current row
        ) as position
    from marked
)
select
    numbered.repo,
    numbered.milestone,
    numbered.pull_request_number,
    min(numbered.started_at) as started_at,
    max(numbered.ended_at) as ended_at
from numbered
group by numbered.repo, numbered.milestone, numbered.pull_request_number, numbered.position
