-- Milestones by the quarter of their target date: what was delivered, and what of it on time.
with due as (
    select
        milestones.repo,
        year(milestones.due_date) || '-Q' || quarter(milestones.due_date) as quarter,
        cast(date_trunc('quarter', milestones.due_date) as date) as quarter_start,
        date_trunc('quarter', milestones.due_date) + interval 3 month <= parameters.as_of as is_complete,
        -- Closed with more left open than done: it was given up.
        milestones.state = 'closed' and milestones.open_items <= milestones.closed_items as is_completed,
        milestones.state = 'closed' and milestones.open_items > milestones.closed_items as is_dropped,
        -- The whole day of the target counts; a milestone closed on it is on time.
        cast(milestones.closed_at as date) <= milestones.due_date as is_on_time,
        milestones.state <> 'closed' and milestones.due_date < cast(parameters.as_of as date) as is_overdue,
        date_diff('day', milestones.due_date, cast(milestones.closed_at as date)) as days_late
    from staging.stg_milestones as milestones
    cross join config.parameters as parameters
    where milestones.due_date is not null
), scoped as (
    select due.repo as scope, due.*
    from due
    union all
    select '*', due.*
    from due
)
select
    scoped.scope as repo,
    scoped.quarter,
    scoped.quarter_start,
    count(*) as milestones,
    count(*) filter (where scoped.is_completed) as completed,
    count(*) filter (where scoped.is_completed and scoped.is_on_time) as completed_on_time,
    count(*) filter (where scoped.is_completed and not scoped.is_on_time) as completed_late,
    count(*) filter (where scoped.is_overdue) as overdue,
    count(*) filter (where scoped.is_dropped) as dropped,
    -- What is still to come is neither on time nor late, and what was given up has no date to keep.
    count(*) filter (where scoped.is_completed or scoped.is_overdue) as judged,
    count(*) filter (where scoped.is_completed and scoped.is_on_time)
    / nullif(count(*) filter (where scoped.is_completed or scoped.is_overdue), 0) as on_time_rate,
    median(scoped.days_late) filter (where scoped.is_completed) as days_late_median,
    scoped.is_complete
from scoped
group by scoped.scope, scoped.quarter, scoped.quarter_start, scoped.is_complete
