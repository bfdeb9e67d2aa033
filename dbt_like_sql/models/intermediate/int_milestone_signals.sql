-- What was known of a milestone when a day began: each Monday of its course, and today. Learnt progress is made of it.
with courses as (
    select
        days.repo,
        days.number,
        days.milestone,
        days.day,
        days.open_items,
        days.closed_items,
        days.open_items + days.closed_items as items,
        min(days.day) over until_then as first_day,
        -- What a milestone is filled with in its first week is its plan.
        min(case when days.open_items + days.closed_items > 0 then days.day end) over until_then as filled_on,
        sum(days.closed) over until_then as closed_so_far,
        sum(days.closed) over four_weeks as closed_28d
    from marts.milestone_days as days
    where days.is_complete
    window
        until_then as (
            partition by days.repo, days.number
            order by days.day
            rows between unbounded preceding and current row
        ),
        four_weeks as (
            partition by days.repo, days.number
            order by days.day
            rows between 27 preceding and current row
        )
), planned as (
    select
        courses.*,
        max(case when courses.day <= courses.filled_on + 6 then courses.items end) over until_then as planned_items
    from courses
    window until_then as (
        partition by courses.repo, courses.number
        order by courses.day
        rows between unbounded preceding and current row
    )
), pull_requests as (
    select days.repo, days.number, days.day, days.open_items as open_pull_requests
    from intermediate.int_milestone_kind_days as days
    where days.is_pull_request
), ends as (
    -- A milestone that was closed with most of it undone was given up: how far it was is nobody's guess.
    select
        days.repo,
        days.number,
        cast(milestones.closed_at as date) as finished_on
    from marts.milestone_days as days
    inner join staging.stg_milestones as milestones
        on milestones.repo = days.repo and milestones.number = days.number
    where milestones.state = 'closed'
    group by days.repo, days.number, milestones.closed_at
    having
        count(*) >= 14
        and arg_max(days.open_items + days.closed_items, days.day) >= 5
        and arg_max(days.closed_items, days.day) >= arg_max(days.open_items, days.day)
), known as (
    select planned.*, planned.day + 1 as as_of, planned.day + 1 - planned.first_day as elapsed_days
    from planned
    cross join config.parameters as parameters
    where isodow(planned.day + 1) = 1 or planned.day + 1 = cast(parameters.as_of as date)
)
select
    known.repo,
    known.number,
    known.milestone,
    known.as_of,
    milestones.state = 'open' as is_open,
    ends.finished_on is not null and known.items > 0 as is_training,
    known.elapsed_days,
    known.closed_items / nullif(known.items, 0) as work_done,
    case
        when milestones.due_date > known.first_day
            then least(known.elapsed_days / date_diff('day', known.first_day, milestones.due_date + 1), 2.0)
    end as target_elapsed,
    case
        when known.items > 0 then greatest(known.items - known.planned_items, 0) / known.items
    end as scope_growth,
    -- Per day of the last four weeks against per day of its whole course.
    case
        when known.closed_so_far > 0
            then least(
                    known.closed_28d / least(known.elapsed_days, 28) / (known.closed_so_far / known.elapsed_days), 3.0
                )
    end as pace_ratio,
    pull_requests.open_pull_requests / nullif(known.open_items, 0) as open_pull_requests,
    known.elapsed_days / (date_diff('day', known.first_day, ends.finished_on) + 1) as actual_share
from known
inner join staging.stg_milestones as milestones
    on milestones.repo = known.repo and milestones.number = known.number
left join pull_requests
    on pull_requests.repo = known.repo and pull_requests.number = known.number and pull_requests.day = known.day
left join ends on ends.repo = known.repo and ends.number = known.number
where milestones.state = 'open' or known.as_of <= cast(milestones.closed_at as date)
