-- How long runs take, and how long jobs wait for a runner, by the day, week and quarter the run was created in.
-- Percentiles don't add up: those of each period and of all repositories together ('*') come from the rows themselves.
with passed as (
    -- What failed or was cancelled ended early: only passing attempts say how long the work takes.
    select
        r.repo,
        r.day,
        date_trunc('week', r.day) as week_start,
        date_trunc('quarter', r.day) as quarter_start,
        r.duration_seconds
    from marts.ci_runs as r
    where r.outcome = 'pass' and r.duration_seconds is not null and r.day is not null
), durations as (
    select
        coalesce(p.repo, '*') as repo,
        p.day,
        p.week_start,
        p.quarter_start,
        count(*) as timed_attempts,
        quantile_cont(p.duration_seconds, [0.5, 0.95]) as duration_seconds
    from passed as p
    group by grouping sets (
        (p.repo, p.day), (p.day), (p.repo, p.week_start), (p.week_start), (p.repo, p.quarter_start), (p.quarter_start)
    )
), taken as (
    select
        j.repo,
        j.day,
        date_trunc('week', j.day) as week_start,
        date_trunc('quarter', j.day) as quarter_start,
        j.queue_seconds
    from marts.ci_jobs as j
    where j.queue_seconds is not null and j.day is not null
), queues as (
    select
        coalesce(t.repo, '*') as repo,
        t.day,
        t.week_start,
        t.quarter_start,
        count(*) as queued_jobs,
        quantile_cont(t.queue_seconds, [0.5, 0.95]) as queue_seconds
    from taken as t
    group by grouping sets (
        (t.repo, t.day), (t.day), (t.repo, t.week_start), (t.week_start), (t.repo, t.quarter_start), (t.quarter_start)
    )
), periods as (
    select
        coalesce(d.repo, q.repo) as repo,
        coalesce(d.day, q.day) as day,
        coalesce(d.week_start, q.week_start) as week_start,
        coalesce(d.quarter_start, q.quarter_start) as quarter_start,
        d.timed_attempts,
        d.duration_seconds,
        q.queued_jobs,
        q.queue_seconds
    from durations as d
    full join queues as q
        on q.repo = d.repo
        and q.day is not distinct from d.day
        and q.week_start is not distinct from d.week_start
        and q.quarter_start is not distinct from d.quarter_start
)
select
    p.repo,
    case when p.day is not null then 'day' when p.week_start is not null then 'week' else 'quarter' end as grain,
    case
        when p.day is not null then cast(p.day as varchar)
        when p.week_start is not null then strftime(p.week_start, '%G-W%V')
        else strftime(p.quarter_start, '%Y') || '-Q' || quarter(p.quarter_start)
    end as period,
    coalesce(p.timed_attempts, 0) as timed_attempts,
    p.duration_seconds[1] as duration_p50_seconds,
    p.duration_seconds[2] as duration_p95_seconds,
    coalesce(p.queued_jobs, 0) as queued_jobs,
    p.queue_seconds[1] as queue_p50_seconds,
    p.queue_seconds[2] as queue_p95_seconds
from periods as p
