-- Milestones by the quarter of their target date: what was delivered, and what of it on time.
with due as (
    select
        milestones.repo,
        year(milestones.due_date) || '-Q' || quarter(milestones.due_date) as quarter,
        cast(date_trunc('quarter', milestones.due_date) as date) as quarter_start,
        milestones.state = 'closed' as is_closed,
        -- The whole day of the target counts; a milestone closed on it is on time.
        cast(milestones.closed_at as date) <= milestones.due_date as is_on_time,
        milestones.due_date < cast(parameters.as_of as date) as is_past,
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
    count(*) filter (where scoped.is_closed) as completed,
    count(*) filter (where scoped.is_closed and scoped.is_on_time) as completed_on_time,
    count(*) filter (where scoped.is_closed and not scoped.is_on_time) as completed_late,
    count(*) filter (where not scoped.is_closed and scoped.is_past) as overdue,
    -- Of those whose date has come or that were closed before: what is still to come is neither.
    count(*) filter (where scoped.is_closed or scoped.is_past) as judged,
    count(*) filter (where scoped.is_closed and scoped.is_on_time)
    / nullif(count(*) filter (where scoped.is_closed or scoped.is_past), 0) as on_time_rate,
    median(scoped.days_late) filter (where scoped.is_closed) as days_late_median
from scoped
group by scoped.scope, scoped.quarter, scoped.quarter_start
