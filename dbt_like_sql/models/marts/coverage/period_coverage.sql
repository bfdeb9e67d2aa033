-- One row per repository and ISO week, month and quarter of the history: were all of its days read whole, and which were.
-- '*' is all repositories together. What is read of a week is said in marts.ingest_coverage; this is the same by days.
with coverage as (
    select c.* from marts.ingest_coverage as c where c.repo <> '*'
), starts as (
    select
        c.repo,
        min(c.week_start) as first_day,
        -- Rows that came neither by HTTP nor from files are all that there is to know.
        coalesce(bool_or(
            starts_with(k.source, 'http')
            or regexp_matches(k.source, '(?i)[.](json|jsonl|ndjson)([.]gz)?$')
            or r.repo is not null
            or f.repo is not null
        ), false) as is_bounded,
        bool_or(
            regexp_matches(k.source, '(?i)[.](json|jsonl|ndjson)([.]gz)?$') and r.repo is null and f.repo is null
        ) as is_import
    from coverage as c
    left join raw.repositories as k on k.repo = c.repo
    left join (select distinct e.repo from raw.read_coverage as e) as r on r.repo = c.repo
    left join (
        select distinct e.repo from raw.read_failures as e where e.endpoint in ('repository', 'runs')
    ) as f on f.repo = c.repo
    group by c.repo
), covered_days as (
    select
        c.*,
        cast(unnest(generate_series(c.week_start, c.week_start + interval 6 day, interval 1 day)) as date) as day
    from coverage as c
), days as (
    select
        c.repo,
        c.day,
        c.reason,
        c.day < cast(p.as_of as date) as is_over,
        c.day < cast(p.as_of as date)
        and (
            c.is_complete
            or (coalesce(c.listed_from <= c.day and c.listed_until >= c.day + 1, false) and coalesce(d.due_runs, 0) = 0)
        ) as is_whole,
        -- What GitHub refuses of a day whose list was read is missing in some figures, but cuts nothing off.
        c.reason = 'refused' and coalesce(c.listed_from <= c.day and c.listed_until >= c.day + 1, false) as is_listed
    from covered_days as c
    cross join config.parameters as p
    left join intermediate.int_run_days as d on d.repo = c.repo and d.day = c.day
), periods as (
    select
        d.*,
        'week' as grain,
        strftime(d.day, '%G-W%V') as period,
        cast(date_trunc('week', d.day) as date) as period_start,
        cast(date_trunc('week', d.day) + interval 7 day as date) as next_period_start
    from days as d
    union all
    select
        d.*,
        'month',
        strftime(d.day, '%Y-%m'),
        cast(date_trunc('month', d.day) as date),
        cast(date_trunc('month', d.day) + interval 1 month as date)
    from days as d
    union all
    select
        d.*,
        'quarter',
        strftime(d.day, '%Y') || '-Q' || quarter(d.day),
        cast(date_trunc('quarter', d.day) as date),
        cast(date_trunc('quarter', d.day) + interval 3 month as date)
    from days as d
), counted as (
    select
        p.repo,
        p.grain,
        p.period,
        p.period_start,
        p.next_period_start,
        s.is_bounded,
        s.is_import,
        min(p.day) as first_day,
        count(*) filter (where p.is_whole) as whole_days,
        min(p.day) filter (where p.is_whole) as first_whole_day,
        max(p.day) filter (where p.is_whole) as last_whole_day,
        bool_or(p.reason = 'refused') as is_refused,
        bool_or(p.is_over and not p.is_whole and not coalesce(p.is_listed, false)) as has_gap,
        arg_min(
            p.reason, list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], p.reason)
        ) filter (where (p.is_over and not p.is_whole) or p.reason = 'refused') as reason
    from periods as p
    inner join starts as s on s.repo = p.repo
    group by p.repo, p.grain, p.period, p.period_start, p.next_period_start, s.is_bounded, s.is_import
), bounded as (
    select
        c.*,
        c.first_day > c.period_start and c.is_bounded as starts_within,
        case when c.is_bounded then 0 else date_diff('day', c.period_start, c.first_day) end as days_before
    from counted as c
), judged as (
    select
        b.*,
        b.whole_days + b.days_before = date_diff('day', b.period_start, b.next_period_start)
        and not coalesce(b.is_refused, false) as is_complete
    from bounded as b
), reasoned as (
    select
        j.repo,
        j.grain,
        j.period,
        j.period_start,
        j.next_period_start,
        j.is_complete,
        case
            when j.is_complete then null
            when j.reason <> 'not_over' then j.reason
            when j.starts_within and j.is_import then 'import'
            when j.starts_within then 'before_history'
            else 'not_over'
        end as reason,
        j.is_complete
        or (coalesce(j.reason, 'not_over') = 'not_over' and not j.starts_within)
        or (j.reason = 'refused' and not j.has_gap and not j.starts_within) as is_comparable,
        case when j.days_before > 0 then j.period_start else j.first_whole_day end as first_whole_day,
        case
            when j.days_before > 0 then coalesce(j.last_whole_day, j.first_day - 1) else j.last_whole_day
        end as last_whole_day
    from judged as j
), totals as (
    select
        coalesce(r.repo, '*') as repo,
        r.grain,
        r.period,
        r.period_start,
        r.next_period_start,
        bool_and(r.is_complete) as is_complete,
        bool_and(r.is_comparable) as is_comparable,
        arg_min(
            r.reason, list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], r.reason)
        ) as reason,
        case when count(*) = count(r.first_whole_day) then max(r.first_whole_day) end as first_whole_day,
        case when count(*) = count(r.last_whole_day) then min(r.last_whole_day) end as last_whole_day
    from reasoned as r
    group by grouping sets (
        (r.repo, r.grain, r.period, r.period_start, r.next_period_start),
        (r.grain, r.period, r.period_start, r.next_period_start)
    )
)
select
    t.repo,
    t.grain,
    t.period,
    t.period_start,
    t.next_period_start,
    t.is_complete,
    t.reason,
    t.is_comparable,
    case when t.first_whole_day <= t.last_whole_day then t.first_whole_day end as first_whole_day,
    case when t.first_whole_day <= t.last_whole_day then t.last_whole_day end as last_whole_day
from totals as t
