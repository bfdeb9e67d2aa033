-- How long first attempts of jobs waited for a runner, by ISO week and the labels they asked for.
with waits as (
    select
        j.repo,
        j.week,
        -- The order in which labels are listed means nothing.
        case
            when len(j.labels) > 1 then array_to_string(list_sort(j.labels), ', ')
            else coalesce(nullif(j.labels[1], ''), 'unknown')
        end as runner,
        j.queue_seconds
    from marts.ci_jobs as j
    where j.queue_seconds is not null and j.week is not null
), queues as (
    select
        coalesce(w.repo, '*') as repo,
        w.week,
        w.runner,
        count(*) as queued_jobs,
        quantile_cont(w.queue_seconds, [0.5, 0.95]) as queue_seconds
    from waits as w
    group by grouping sets ((w.repo, w.week, w.runner), (w.week, w.runner))
)
select
    q.repo,
    q.week,
    q.runner,
    q.queued_jobs,
    q.queue_seconds[1] as queue_p50_seconds,
    q.queue_seconds[2] as queue_p95_seconds,
    coalesce(p.is_complete, false) as is_complete,
    p.first_whole_day,
    p.last_whole_day
from queues as q
left join marts.period_coverage as p on p.repo = q.repo and p.grain = 'week' and p.period = q.week
