-- One row per repository and ISO week of the history that is read: what is known of it rests on which of its runs.
-- '*' is all repositories together.
with newest_look as (
    -- The sweep of a day begins at the top of the list: nothing was created between its newest run and that time.
    select i.repo, i.watermark as looked_at
    from raw.ingest_state as i
    where i.walk = 'run_sweep'
), spans as (
    select
        c.repo,
        c.covered_from as listed_from,
        c.covered_to + interval 1 second as known_until,
        case
            when row_number() over (partition by c.repo order by c.covered_to desc) = 1
                then greatest(c.covered_to + interval 1 second, l.looked_at)
            else c.covered_to + interval 1 second
        end as listed_until
    from raw.read_coverage as c
    left join newest_look as l on l.repo = c.repo
    where c.walk = 'runs'
), run_weeks as (
    select
        d.repo,
        cast(date_trunc('week', d.day) as date) as week_start,
        sum(d.runs) as runs,
        sum(d.runs_with_jobs) as runs_with_jobs,
        sum(d.due_runs) as due_runs,
        sum(d.due_failed_runs) as due_failed_runs
    from intermediate.int_run_days as d
    group by all
), list_failures as (
    select
        f.repo,
        bool_or(f.endpoint = 'runs' and f.is_setting) as is_switched_off,
        bool_or(not f.is_setting) as is_refused
    from raw.read_failures as f
    where f.endpoint in ('repository', 'runs')
    group by f.repo
), of_runs as (
    select f.repo, f.endpoint, try_cast(split_part(f.item, '/', 1) as bigint) as run_id
    from raw.read_failures as f
    where f.endpoint in ('run', 'attempt', 'jobs') and not f.is_setting
), of_jobs as (
    select f.repo, f.endpoint, try_cast(f.item as bigint) as job_id
    from raw.read_failures as f
    where f.endpoint in ('log', 'annotations') and not f.is_setting
), refusals as (
    select r.repo, r.week, f.run_id
    from of_runs as f
    inner join marts.ci_runs as r on r.repo = f.repo and r.run_id = f.run_id and r.is_latest_attempt
    union all
    select j.repo, j.week, null
    from of_jobs as f
    inner join marts.ci_jobs as j on j.repo = f.repo and j.job_id = f.job_id
), refused_weeks as (
    select r.repo, r.week, count(*) as refused, count(distinct r.run_id) as refused_runs
    from refusals as r
    group by r.repo, r.week
), known as (
    -- A repository whose record or runs came by HTTP is read.
    select k.repo from raw.repositories as k
    union
    select d.repo from intermediate.int_run_days as d
    union
    select f.repo from raw.read_failures as f where f.endpoint = 'repository'
    union
    -- Not asked for yet, where GitHub is read: a dump holds what it holds, whatever is configured.
    select c.repo
    from config.repositories as c
    where exists (select 1 from raw.repositories as k where starts_with(k.source, 'http'))
        or not exists (select 1 from intermediate.int_run_days as d)
), first_runs as (
    select d.repo, min(d.day) as day, max(d.day) as last_day from intermediate.int_run_days as d group by d.repo
), repositories as (
    select
        n.repo,
        r.day as first_day,
        r.last_day,
        coalesce(starts_with(k.source, 'http'), k.repo is null and r.repo is null)
        or s.repo is not null
        or l.repo is not null as is_read,
        -- Files may begin and end within a day: what they hold is whole after the first and before the last one.
        regexp_matches(k.source, '(?i)[.](json|jsonl|ndjson)([.]gz)?$') and s.repo is null and l.repo is null and r.repo is not null as is_import,
        coalesce(l.is_switched_off, false) as is_switched_off,
        coalesce(l.is_refused, false) as is_refused,
        s.listed_until
    from known as n
    left join first_runs as r on r.repo = n.repo
    left join raw.repositories as k on k.repo = n.repo
    left join (
        select c.repo, max(c.listed_until) as listed_until from spans as c group by c.repo
    ) as s on s.repo = n.repo
    left join list_failures as l on l.repo = n.repo
), spine as (
    select
        r.repo,
        r.is_read,
        coalesce(r.is_import, false) as is_import,
        r.first_day + 1 as import_from,
        r.last_day as import_until,
        r.is_switched_off,
        r.is_refused,
        r.listed_until,
        p.as_of,
        date_trunc('second', p.as_of - to_days(p.history_days)) as history_start,
        cast(unnest(generate_series(
            date_trunc('week', least(r.first_day, case when r.is_read then p.as_of - to_days(p.history_days) end)),
            date_trunc('week', greatest(r.last_day, p.as_of)),
            interval 7 day
        )) as date) as week_start
    from repositories as r
    cross join config.parameters as p
), weeks as (
    select
        s.*,
        strftime(s.week_start, '%G-W%V') as week,
        s.week_start + interval 7 day as next_week_start,
        s.week_start + interval 7 day <= s.as_of as is_over,
        greatest(s.import_from, s.week_start) < least(s.import_until, s.week_start + interval 7 day) as is_imported
    from spine as s
), listed_weeks as (
    select
        w.repo,
        w.week_start,
        arg_max(greatest(s.listed_from, w.week_start), s.listed_until) as listed_from,
        max(least(s.listed_until, w.next_week_start)) as looked_until,
        -- Within a week the newest run that is known, not the time of reading.
        max(
            case
                when s.listed_until >= w.next_week_start then w.next_week_start
                else greatest(s.known_until, w.week_start)
            end
        ) as listed_until,
        sum(
            epoch(least(s.listed_until, w.next_week_start)) - epoch(greatest(s.listed_from, w.week_start))
        ) as listed_seconds
    from weeks as w
    inner join spans as s
        on s.repo = w.repo and s.listed_from < w.next_week_start and s.listed_until > w.week_start
    group by w.repo, w.week_start
), told as (
    select
        w.repo,
        w.week,
        w.week_start,
        coalesce(r.runs, 0) as runs,
        coalesce(r.runs_with_jobs, 0) as runs_with_jobs,
        coalesce(r.due_runs, 0) as due_runs,
        coalesce(r.due_failed_runs, 0) as due_failed_runs,
        coalesce(f.refused, 0) as refused,
        coalesce(f.refused_runs, 0) as refused_runs,
        case
            when w.is_import and not w.is_imported then null
            when w.is_import then greatest(w.week_start, w.import_from)
            when w.is_read and not w.is_switched_off then l.listed_from
            else w.week_start
        end as listed_from,
        case
            when w.is_import and not w.is_imported then null
            when w.is_import then least(w.next_week_start, w.import_until)
            when w.is_read and not w.is_switched_off then l.listed_until
            else w.next_week_start
        end as listed_until,
        w.is_import and not (w.import_from <= w.week_start and w.import_until >= w.next_week_start) as is_cut_import,
        w.is_over,
        w.is_refused,
        w.history_start,
        w.week_start < w.history_start as is_cut_off,
        -- What a week holds that is not over ends where the list was last looked at.
        not w.is_read
        or w.is_switched_off
        or coalesce(
            l.listed_seconds
            >= epoch(case when w.is_over then w.next_week_start else l.looked_until end) - epoch(w.week_start),
            false
        ) as is_listed
    from weeks as w
    left join listed_weeks as l on l.repo = w.repo and l.week_start = w.week_start
    left join run_weeks as r on r.repo = w.repo and r.week_start = w.week_start
    left join refused_weeks as f on f.repo = w.repo and f.week = w.week
), reasoned as (
    select
        t.*,
        case
            when t.is_cut_off and (not t.is_listed or t.due_runs > 0) then 'before_history'
            when t.is_cut_import then 'import'
            when t.is_refused and not t.is_listed then 'refused'
            when not t.is_listed then 'list'
            when t.due_runs > t.refused_runs then 'jobs'
            when t.due_runs > 0 or t.refused > 0 then 'refused'
            when not t.is_over then 'not_over'
        end as reason
    from told as t
)
select
    coalesce(t.repo, '*') as repo,
    t.week,
    t.week_start,
    cast(sum(t.runs) as bigint) as runs,
    cast(sum(t.runs_with_jobs) as bigint) as runs_with_jobs,
    bool_and(t.reason is null) as is_complete,
    -- Of all together the one that explains most.
    arg_min(
        t.reason, list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], t.reason)
    ) as reason,
    cast(sum(t.due_runs) as bigint) as due_runs,
    cast(sum(t.due_failed_runs) as bigint) as due_failed_runs,
    cast(sum(t.refused) as bigint) as refused,
    case
        when count(*) = count(t.listed_from)
            -- How far beyond the history the list happens to be known depends on when it was read first.
            then max(case when t.is_cut_off and not t.is_listed then greatest(t.listed_from, t.history_start) else t.listed_from end)
    end as listed_from,
    case when count(*) = count(t.listed_until) then min(t.listed_until) end as listed_until
from reasoned as t
group by grouping sets ((t.repo, t.week, t.week_start), (t.week, t.week_start))
