-- How long first attempts of jobs waited for a runner, by ISO week and the labels they asked for.
with waits as (
    select
        jobs.repo,
        jobs.week,
        -- The order in which labels are listed means nothing.
        case
            when len(jobs.labels) > 1 then array_to_string(list_sort(jobs.labels), ', ')
            else coalesce(nullif(jobs.labels[1], ''), 'unknown')
        end as runner,
        jobs.queue_seconds
    from marts.ci_jobs as jobs
    where jobs.queue_seconds is not null and jobs.week is not null
), queues as (
    select
        coalesce(waits.repo, '*') as repo,
        waits.week,
        waits.runner,
        count(*) as queued_jobs,
        quantile_cont(waits.queue_seconds, [0.5, 0.95]) as queue_seconds
    from waits
    group by grouping sets ((waits.repo, waits.week, waits.runner), (waits.week, waits.runner))
)
select
    queues.repo,
    queues.week,
    queues.runner,
    queues.queued_jobs,
    queues.queue_seconds[1] as queue_p50_seconds,
    queues.queue_seconds[2] as queue_p95_seconds,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from queues
left join marts.period_coverage as coverage
    on coverage.repo = queues.repo
    and coverage.grain = 'week'
    and coverage.period = queues.week
