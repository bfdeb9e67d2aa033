-- How long each pull request of a milestone was held up by others' failures, day by day, while the milestone was open.
with clipped as (
    select
        bounds.repo,
        bounds.number,
        bounds.milestone,
        intervals.pull_request_number,
        greatest(intervals.started_at, bounds.open_from) as started_at,
        least(intervals.ended_at, bounds.open_until) as ended_at
    from intermediate.int_blocked_intervals as intervals
    inner join intermediate.int_milestone_bounds as bounds
        on bounds.repo = intervals.repo and bounds.milestone = intervals.milestone
    where intervals.started_at < bounds.open_until and intervals.ended_at > bounds.open_from
), days as (
    select
        clipped.*,
        unnest(generate_series(
            date_trunc('day', clipped.started_at), date_trunc('day', clipped.ended_at), interval 1 day
        )) as begins_at
    from clipped
)
select
    days.repo,
    days.number,
    days.milestone,
    days.pull_request_number,
    cast(days.begins_at as date) as day,
    strftime(days.begins_at, '%G-W%V') as week,
    strftime(days.begins_at, '%Y') || '-Q' || quarter(days.begins_at) as quarter,
    cast(sum(date_diff(
        'second',
        greatest(days.started_at, days.begins_at),
        least(days.ended_at, days.begins_at + interval 1 day)
    )) as bigint) as blocked_seconds
from days
where days.ended_at > days.begins_at
group by days.repo, days.number, days.milestone, days.pull_request_number, days.begins_at
