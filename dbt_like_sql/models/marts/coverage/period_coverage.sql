-- One row per repository and ISO week, month and quarter of the history: were all of its days read whole, and which
-- were. '*' is all repositories together. What is read of a week is said in marts.ingest_coverage; this is the same by
-- days.
with coverage as (
    select ingest_coverage.* from marts.ingest_coverage as ingest_coverage where ingest_coverage.repo <> '*'
), starts as (
    select
        coverage.repo,
        min(coverage.week_start) as first_day,
        -- Rows that came neither by HTTP nor from files are all that there is to know.
        coalesce(bool_or(
            starts_with(repositories.source, 'http')
            or regexp_matches(repositories.source, '(?i)[.](json|jsonl|ndjson)([.]gz)?$')
            or listed.repo is not null
            or refused.repo is not null
        ), false) as is_bounded,
        bool_or(
            regexp_matches(
                repositories.source,
                '(?i)[.](json|jsonl|ndjson)([.]gz)?$'
            ) and listed.repo is null and refused.repo is null
        ) as is_import
    from coverage
    left join raw.repositories as repositories on repositories.repo = coverage.repo
    left join (select distinct read_coverage.repo from raw.read_coverage as read_coverage) as listed
        on listed.repo = coverage.repo
    left join (
        select distinct read_failures.repo
        from raw.read_failures as read_failures
        where read_failures.endpoint in ('repository', 'runs')
    ) as refused on refused.repo = coverage.repo
    group by coverage.repo
), covered_days as (
    select
        coverage.*,
        cast(
            unnest(generate_series(coverage.week_start, coverage.week_start + interval 6 day, interval 1 day)) as date
        ) as day
    from coverage
), days as (
    select
        covered_days.repo,
        covered_days.day,
        covered_days.reason,
        covered_days.day < cast(parameters.as_of as date) as is_over,
        covered_days.day < cast(parameters.as_of as date)
        and (
            covered_days.is_complete
            or (
                coalesce(
                    covered_days.listed_from <= covered_days.day and covered_days.listed_until >= covered_days.day + 1,
                    false
                )
                and coalesce(days.due_runs, 0) = 0
            )
        ) as is_whole,
        -- What GitHub refuses of a day whose list was read is missing in some figures, but cuts nothing off.
        covered_days.reason = 'refused' and coalesce(
            covered_days.listed_from <= covered_days.day and covered_days.listed_until >= covered_days.day + 1,
            false
        ) as is_listed
    from covered_days
    cross join config.parameters as parameters
    left join intermediate.int_run_days as days on days.repo = covered_days.repo and days.day = covered_days.day
), periods as (
    select
        days.*,
        'week' as grain,
        strftime(days.day, '%G-W%V') as period,
        cast(date_trunc('week', days.day) as date) as period_start,
        cast(date_trunc('week', days.day) + interval 7 day as date) as next_period_start
    from days
    union all
    select
        days.*,
        'month',
        strftime(days.day, '%Y-%m'),
        cast(date_trunc('month', days.day) as date),
        cast(date_trunc('month', days.day) + interval 1 month as date)
    from days
    union all
    select
        days.*,
        'quarter',
        strftime(days.day, '%Y') || '-Q' || quarter(days.day),
        cast(date_trunc('quarter', days.day) as date),
        cast(date_trunc('quarter', days.day) + interval 3 month as date)
    from days
), counted as (
    select
        periods.repo,
        periods.grain,
        periods.period,
        periods.period_start,
        periods.next_period_start,
        starts.is_bounded,
        starts.is_import,
        min(periods.day) as first_day,
        count(*) filter (where periods.is_whole) as whole_days,
        min(periods.day) filter (where periods.is_whole) as first_whole_day,
        max(periods.day) filter (where periods.is_whole) as last_whole_day,
        bool_or(periods.reason = 'refused') as is_refused,
        bool_or(periods.is_over and not periods.is_whole and not coalesce(periods.is_listed, false)) as has_gap,
        arg_min(
            periods.reason,
            list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], periods.reason)
        ) filter (where (periods.is_over and not periods.is_whole) or periods.reason = 'refused') as reason
    from periods
    inner join starts on starts.repo = periods.repo
    group by
        periods.repo,
        periods.grain,
        periods.period,
        periods.period_start,
        periods.next_period_start,
        starts.is_bounded,
        starts.is_import
), bounded as (
    select
        counted.*,
        counted.first_day > counted.period_start and counted.is_bounded as starts_within,
        case
            when counted.is_bounded then 0
            else date_diff('day', counted.period_start, counted.first_day)
        end as days_before
    from counted
), judged as (
    select
        bounded.*,
        bounded.whole_days + bounded.days_before = date_diff('day', bounded.period_start, bounded.next_period_start)
        and not coalesce(bounded.is_refused, false) as is_complete
    from bounded
), reasoned as (
    select
        judged.repo,
        judged.grain,
        judged.period,
        judged.period_start,
        judged.next_period_start,
        judged.is_complete,
        case
            when judged.is_complete then null
            when judged.reason <> 'not_over' then judged.reason
            when judged.starts_within and judged.is_import then 'import'
            when judged.starts_within then 'before_history'
            else 'not_over'
        end as reason,
        judged.is_complete
        or (coalesce(judged.reason, 'not_over') = 'not_over' and not judged.starts_within)
        or (judged.reason = 'refused' and not judged.has_gap and not judged.starts_within) as is_comparable,
        case when judged.days_before > 0 then judged.period_start else judged.first_whole_day end as first_whole_day,
        case
            when judged.days_before
                > 0 then coalesce(judged.last_whole_day, judged.first_day - 1)
            else judged.last_whole_day
        end as last_whole_day
    from judged
), totals as (
    select
        coalesce(reasoned.repo, '*') as repo,
        reasoned.grain,
        reasoned.period,
        reasoned.period_start,
        reasoned.next_period_start,
        bool_and(reasoned.is_complete) as is_complete,
        bool_and(reasoned.is_comparable) as is_comparable,
        arg_min(
            reasoned.reason,
            list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], reasoned.reason)
        ) as reason,
        case when count(*) = count(reasoned.first_whole_day) then max(reasoned.first_whole_day) end as first_whole_day,
        case when count(*) = count(reasoned.last_whole_day) then min(reasoned.last_whole_day) end as last_whole_day
    from reasoned
    group by grouping sets (
        (reasoned.repo, reasoned.grain, reasoned.period, reasoned.period_start, reasoned.next_period_start),
        (reasoned.grain, reasoned.period, reasoned.period_start, reasoned.next_period_start)
    )
)
select
    totals.repo,
    totals.grain,
    totals.period,
    totals.period_start,
    totals.next_period_start,
    totals.is_complete,
    totals.reason,
    totals.is_comparable,
    case when totals.first_whole_day <= totals.last_whole_day then totals.first_whole_day end as first_whole_day,
    case when totals.first_whole_day <= totals.last_whole_day then totals.last_whole_day end as last_whole_day
from totals
