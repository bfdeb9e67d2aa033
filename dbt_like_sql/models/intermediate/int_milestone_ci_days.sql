-- What CI cost each milestone, day by day, days on which it was open and nothing happened included: how long the
-- default branch was red, how long jobs of its own runs ran, how much of that was wasted or flaky, how long pull
-- requests were held up. A run counts on the day on which it was created, also where the milestone was not open then.
with spine as (
    select
        bounds.*,
        cast(unnest(generate_series(
            date_trunc('day', bounds.open_from), date_trunc('day', bounds.open_until), interval 1 day
        )) as date) as day
    from intermediate.int_milestone_bounds as bounds
    where bounds.open_from < bounds.open_until
), red as (
    select spine.repo, spine.number, spine.day, days.red_seconds as seconds
    from spine
    inner join intermediate.int_red_days as days on days.repo = spine.repo and days.day = spine.day
    where spine.open_from <= spine.day and spine.open_until >= spine.day + interval 1 day
    union all
    -- The days on which it was opened or ended.
    select
        spine.repo,
        spine.number,
        spine.day,
        sum(date_diff(
            'second',
            greatest(intervals.started_at, spine.open_from, spine.day),
            least(intervals.ended_at, spine.open_until, spine.day + interval 1 day)
        )) as seconds
    from spine
    inner join intermediate.int_red_intervals as intervals
        on intervals.repo = spine.repo
        and intervals.started_at < least(spine.open_until, spine.day + interval 1 day)
        and intervals.ended_at > greatest(spine.open_from, spine.day)
    where spine.open_from > spine.day or spine.open_until < spine.day + interval 1 day
    group by spine.repo, spine.number, spine.day
), jobs as (
    select
        milestones.repo,
        milestones.number,
        costs.day,
        sum(costs.job_attempts) as job_attempts,
        sum(costs.seconds) as seconds,
        sum(costs.wasted_seconds) as wasted_seconds,
        sum(costs.billed_minutes) as billed_minutes,
        sum(costs.cost) as cost,
        sum(costs.wasted_cost) as wasted_cost,
        sum(costs.unpriced_minutes) as unpriced_minutes
    from intermediate.int_ci_costs as costs
    inner join staging.stg_milestones as milestones
        on milestones.repo = costs.repo and milestones.milestone = costs.milestone
    group by milestones.repo, milestones.number, costs.day
), flaky as (
    select
        milestones.repo,
        milestones.number,
        failures.day,
        count(*) as job_attempts,
        coalesce(sum(cast(round(failures.duration_seconds) as bigint)), 0) as seconds
    from marts.ci_failures as failures
    inner join staging.stg_milestones as milestones
        on milestones.repo = failures.repo and milestones.milestone = failures.milestone
    where failures.is_flaky and failures.day is not null
    group by milestones.repo, milestones.number, failures.day
), blocked as (
    select days.repo, days.number, days.day, sum(days.blocked_seconds) as seconds
    from intermediate.int_blocked_days as days
    group by days.repo, days.number, days.day
), days as (
    select spine.repo, spine.number, spine.day from spine
    union
    select jobs.repo, jobs.number, jobs.day from jobs
    union
    select flaky.repo, flaky.number, flaky.day from flaky
)
select
    days.repo,
    days.number,
    milestones.milestone,
    days.day,
    strftime(days.day, '%G-W%V') as week,
    strftime(days.day, '%Y') || '-Q' || quarter(days.day) as quarter,
    cast(coalesce(red.seconds, 0) as bigint) as red_main_seconds,
    cast(coalesce(jobs.job_attempts, 0) as bigint) as job_attempts,
    cast(coalesce(jobs.seconds, 0) as bigint) as job_seconds,
    cast(coalesce(jobs.wasted_seconds, 0) as bigint) as wasted_seconds,
    cast(coalesce(flaky.job_attempts, 0) as bigint) as flaky_job_attempts,
    cast(coalesce(flaky.seconds, 0) as bigint) as flaky_seconds,
    cast(coalesce(blocked.seconds, 0) as bigint) as blocked_seconds,
    cast(coalesce(jobs.billed_minutes, 0) as bigint) as billed_minutes,
    parameters.cost_currency as currency,
    case when parameters.cost_currency is not null then coalesce(jobs.cost, 0) end as cost,
    case when parameters.cost_currency is not null then coalesce(jobs.wasted_cost, 0) end as wasted_cost,
    case when parameters.cost_currency is not null then cast(coalesce(jobs.unpriced_minutes, 0) as bigint) end
        as unpriced_minutes
from days
inner join staging.stg_milestones as milestones
    on milestones.repo = days.repo and milestones.number = days.number
cross join config.parameters as parameters
left join red on red.repo = days.repo and red.number = days.number and red.day = days.day
left join jobs on jobs.repo = days.repo and jobs.number = days.number and jobs.day = days.day
left join flaky on flaky.repo = days.repo and flaky.number = days.number and flaky.day = days.day
left join blocked on blocked.repo = days.repo and blocked.number = days.number and blocked.day = days.day
