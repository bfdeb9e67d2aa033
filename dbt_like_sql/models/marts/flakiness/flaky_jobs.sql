-- Jobs that pass and fail on one commit, ranked by the Wilson lower bound of their flake rate, so that few commits
-- with much luck don't lead. Sample: the latest 100 commits of the last 90 days.
with recent as (
    select job_runs.*, parameters.as_of
    from intermediate.int_job_runs as job_runs
    cross join config.parameters as parameters
    where job_runs.run_created_at between parameters.as_of - interval 90 day and parameters.as_of
), broken_weeks as (
    -- When most of a workflow fails, something else broke: a release upstream, an outage.
    select days.repo, days.workflow_path, strftime(days.day, '%G-W%V') as week
    from intermediate.int_workflow_days as days
    where days.day is not null
    group by days.repo, days.workflow_path, strftime(days.day, '%G-W%V')
    having sum(days.conclusive_attempts) >= 10 and sum(days.passed_attempts) < 0.5 * sum(days.conclusive_attempts)
), considered as (
    select recent.*
    from recent
    anti join broken_weeks
        on broken_weeks.repo = recent.repo
        and broken_weeks.workflow_path = recent.workflow_path
        and broken_weeks.week = recent.week
), commits as (
    select
        considered.repo,
        considered.workflow_path,
        considered.job_name,
        considered.head_sha,
        bool_or(considered.has_failed) and bool_or(considered.has_passed) as is_flaky,
        not bool_or(considered.has_passed) as is_red,
        max(considered.run_created_at) as seen_at,
        max(considered.pull_request_number) as pull_request_number,
        max(considered.html_url) as html_url,
        max(considered.as_of) as as_of
    from considered
    group by considered.repo, considered.workflow_path, considered.job_name, considered.head_sha
), latest as (
    select
        commits.*,
        row_number() over (
            partition by commits.repo, commits.workflow_path, commits.job_name
            order by commits.seen_at desc, commits.head_sha
        ) as age
    from commits
    qualify age <= 100
), jobs as (
    select
        latest.repo,
        latest.workflow_path,
        latest.job_name,
        count(*) as commits,
        count(*) filter (where latest.is_flaky) as flaky_commits,
        count(*) filter (where latest.is_red) as red_commits,
        count(*) filter (
            where latest.is_flaky
            and latest.seen_at >= latest.as_of - interval 30 day
        ) as flaky_commits_30d,
        count(distinct latest.pull_request_number) filter (where latest.is_flaky) as pull_requests,
        max(latest.seen_at) filter (where latest.is_flaky) as last_flaky_at,
        arg_max(latest.html_url, (latest.seen_at, latest.head_sha)) filter (where latest.is_flaky) as example_url,
        count(*) >= 3 and bool_and(latest.is_red or latest.age > 3) as is_broken,
        max(latest.as_of) as as_of
    from latest
    group by latest.repo, latest.workflow_path, latest.job_name
), rates as (
    select jobs.*, jobs.flaky_commits / nullif(jobs.commits, 0) as flake_rate
    from jobs
    where jobs.flaky_commits > 0
        -- Gates and summaries repeat what people or other jobs decide; they don't flake themselves.
        and not regexp_matches(
            jobs.job_name,
            '(?i)\b(cla|dco|pr[ -]?title|pull[ -]request[ -]title|semantic[ -]pull[ -]request|labell?(s|er)?|changelog|all[ -](green|checks?|jobs?|tests?)([ -](passed|green|succeeded))?|(ci|required|status)[ -](success|passed|gate|checks?|status)|required|conclusion|gate)\b'  -- noqa: LT05
        )
), bounds as (
    -- Wilson score interval, z = 1.96.
    select
        rates.*,
        (
            rates.flake_rate + 1.96 * 1.96 / (2 * rates.commits)
            - 1.96 * sqrt(
                rates.flake_rate * (1 - rates.flake_rate) / rates.commits + 1.96 * 1.96
                / (4.0 * rates.commits * rates.commits)
            )
        ) / (1 + 1.96 * 1.96 / rates.commits) as wilson_lower_bound
    from rates
)
select
    bounds.repo,
    bounds.workflow_path,
    bounds.job_name,
    bounds.commits,
    bounds.flaky_commits,
    bounds.red_commits,
    bounds.flake_rate,
    -- Of the commits that were not broken, and of those that looked broken at first.
    bounds.flaky_commits / (bounds.commits - bounds.red_commits) as flaky_share_of_passes,
    bounds.flaky_commits / (bounds.flaky_commits + bounds.red_commits) as flaky_share_of_reds,
    bounds.wilson_lower_bound,
    case
        when bounds.commits >= 10 then row_number() over (
                partition by bounds.commits >= 10
                order by
                    bounds.wilson_lower_bound desc,
                    bounds.pull_requests desc,
                    bounds.repo,
                    bounds.workflow_path,
                    bounds.job_name
            )
    end as flake_rank,
    bounds.flaky_commits_30d,
    bounds.pull_requests,
    bounds.last_flaky_at,
    bounds.example_url,
    case
        when bounds.is_broken then 'broken'
        when bounds.last_flaky_at < bounds.as_of - interval 7 day then 'healthy'
        when bounds.flaky_commits_30d >= 2 or (bounds.commits >= 10 and bounds.flake_rate >= 0.02) then 'flaky'
        else 'healthy'
    end as status
from bounds
