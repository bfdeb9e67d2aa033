-- How long the default branch of each repository was red on each day, and whether that makes it a red working day: a
-- day on which teams work, red for four hours or more, which is half of a day's work.
with days as (
    select
        intervals.*,
        cast(unnest(generate_series(
            date_trunc('day', intervals.started_at), date_trunc('day', intervals.ended_at), interval 1 day
        )) as date) as day
    from intermediate.int_red_intervals as intervals
), summed as (
    select
        days.repo,
        days.day,
        cast(sum(date_diff(
            'second',
            greatest(days.started_at, days.day),
            least(days.ended_at, days.day + interval 1 day)
        )) as bigint) as red_seconds
    from days
    where days.ended_at > days.day
    group by days.repo, days.day
)
select
    summed.repo,
    summed.day,
    summed.red_seconds,
    summed.red_seconds >= 4 * 3600
    and isodow(summed.day) in (select working.weekday from config.working_days as working)
    and summed.day not in (select blackout.day from config.blackout_days as blackout) as is_red_working_day
from summed
