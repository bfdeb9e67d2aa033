-- Jobs that pass and fail on one commit, ranked by the Wilson lower bound of their flake rate, so that few commits
-- with much luck don't lead. Sample: the latest 100 commits of the last 90 days.
with recent as (
    select j.*, p.as_of
    from intermediate.int_job_runs as j
    cross join config.parameters as p
    where j.run_created_at between p.as_of - interval 90 day and p.as_of
), broken_weeks as (
    -- When most of a workflow fails, something else broke: a release upstream, an outage.
    select d.repo, d.workflow_path, strftime(d.day, '%G-W%V') as week
    from intermediate.int_workflow_days as d
    where d.day is not null
    group by d.repo, d.workflow_path, strftime(d.day, '%G-W%V')
    having sum(d.conclusive_attempts) >= 10 and sum(d.passed_attempts) < 0.5 * sum(d.conclusive_attempts)
), considered as (
    select j.*
    from recent as j
    anti join broken_weeks as b on b.repo = j.repo and b.workflow_path = j.workflow_path and b.week = j.week
), commits as (
    select
        j.repo,
        j.workflow_path,
        j.job_name,
        j.head_sha,
        bool_or(j.has_failed) and bool_or(j.has_passed) as is_flaky,
        not bool_or(j.has_passed) as is_red,
        max(j.run_created_at) as seen_at,
        max(j.pull_request_number) as pull_request_number,
        max(j.html_url) as html_url,
        max(j.as_of) as as_of
    from considered as j
    group by j.repo, j.workflow_path, j.job_name, j.head_sha
), latest as (
    select
        c.*,
        row_number() over (
            partition by c.repo, c.workflow_path, c.job_name order by c.seen_at desc, c.head_sha
        ) as age
    from commits as c
    qualify age <= 100
), jobs as (
    select
        c.repo,
        c.workflow_path,
        c.job_name,
        count(*) as commits,
        count(*) filter (where c.is_flaky) as flaky_commits,
        count(*) filter (where c.is_red) as red_commits,
        count(*) filter (where c.is_flaky and c.seen_at >= c.as_of - interval 30 day) as flaky_commits_30d,
        count(distinct c.pull_request_number) filter (where c.is_flaky) as pull_requests,
        max(c.seen_at) filter (where c.is_flaky) as last_flaky_at,
        arg_max(c.html_url, (c.seen_at, c.head_sha)) filter (where c.is_flaky) as example_url,
        count(*) >= 3 and bool_and(c.is_red or c.age > 3) as is_broken,
        max(c.as_of) as as_of
    from latest as c
    group by c.repo, c.workflow_path, c.job_name
), rates as (
    select j.*, j.flaky_commits / nullif(j.commits, 0) as flake_rate
    from jobs as j
    where j.flaky_commits > 0
        -- Gates and summaries repeat what people or other jobs decide; they don't flake themselves.
        and not regexp_matches(
            j.job_name,
            '(?i)\b(cla|dco|pr[ -]?title|pull[ -]request[ -]title|semantic[ -]pull[ -]request|labell?(s|er)?|changelog|all[ -](green|checks?|jobs?|tests?)([ -](passed|green|succeeded))?|(ci|required|status)[ -](success|passed|gate|checks?|status)|required|conclusion|gate)\b'
        )
), bounds as (
    -- Wilson score interval, z = 1.96.
    select
        r.*,
        (
            r.flake_rate + 1.96 * 1.96 / (2 * r.commits)
            - 1.96 * sqrt(r.flake_rate * (1 - r.flake_rate) / r.commits + 1.96 * 1.96 / (4.0 * r.commits * r.commits))
        ) / (1 + 1.96 * 1.96 / r.commits) as wilson_lower_bound
    from rates as r
)
select
    b.repo,
    b.workflow_path,
    b.job_name,
    b.commits,
    b.flaky_commits,
    b.red_commits,
    b.flake_rate,
    -- Of the commits that were not broken, and of those that looked broken at first.
    b.flaky_commits / (b.commits - b.red_commits) as flaky_share_of_passes,
    b.flaky_commits / (b.flaky_commits + b.red_commits) as flaky_share_of_reds,
    b.wilson_lower_bound,
    case
        when b.commits >= 10 then row_number() over (
            partition by b.commits >= 10
            order by b.wilson_lower_bound desc, b.pull_requests desc, b.repo, b.workflow_path, b.job_name
        )
    end as flake_rank,
    b.flaky_commits_30d,
    b.pull_requests,
    b.last_flaky_at,
    b.example_url,
    case
        when b.is_broken then 'broken'
        when b.last_flaky_at < b.as_of - interval 7 day then 'healthy'
        when b.flaky_commits_30d >= 2 or (b.commits >= 10 and b.flake_rate >= 0.02) then 'flaky'
        else 'healthy'
    end as status
from bounds as b
