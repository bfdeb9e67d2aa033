-- One row per repository and ISO week of the history that is read: what is known of it rests on which of its runs.
-- '*' is all repositories together.
with newest_look as (
    -- The sweep of a day begins at the top of the list: nothing was created between its newest run and that time.
    select ingest_state.repo, ingest_state.watermark as looked_at
    from raw.ingest_state as ingest_state
    where ingest_state.walk = 'run_sweep'
), spans as (
    select
        read_coverage.repo,
        read_coverage.covered_from as listed_from,
        read_coverage.covered_to + interval 1 second as known_until,
        case
            when row_number() over (partition by read_coverage.repo order by read_coverage.covered_to desc) = 1
                then greatest(read_coverage.covered_to + interval 1 second, newest_look.looked_at)
            else read_coverage.covered_to + interval 1 second
        end as listed_until
    from raw.read_coverage as read_coverage
    left join newest_look on newest_look.repo = read_coverage.repo
    where read_coverage.walk = 'runs'
), run_weeks as (
    select
        days.repo,
        cast(date_trunc('week', days.day) as date) as week_start,
        sum(days.runs) as runs,
        sum(days.runs_with_jobs) as runs_with_jobs,
        sum(days.due_runs) as due_runs,
        sum(days.due_failed_runs) as due_failed_runs
    from intermediate.int_run_days as days
    group by all
), list_failures as (
    select
        read_failures.repo,
        bool_or(read_failures.endpoint = 'runs' and read_failures.is_setting) as is_switched_off,
        bool_or(not read_failures.is_setting) as is_refused
    from raw.read_failures as read_failures
    where read_failures.endpoint in ('repository', 'runs')
    group by read_failures.repo
), of_runs as (
    select
        read_failures.repo,
        read_failures.endpoint,
        try_cast(split_part(read_failures.item, '/', 1) as bigint) as run_id
    from raw.read_failures as read_failures
    where read_failures.endpoint in ('run', 'attempt', 'jobs') and not read_failures.is_setting
), of_jobs as (
    select read_failures.repo, read_failures.endpoint, try_cast(read_failures.item as bigint) as job_id
    from raw.read_failures as read_failures
    where read_failures.endpoint in ('log', 'annotations') and not read_failures.is_setting
), refusals as (
    select runs.repo, runs.week, of_runs.run_id
    from of_runs
    inner join marts.ci_runs as runs
        on runs.repo = of_runs.repo
        and runs.run_id = of_runs.run_id
        and runs.is_latest_attempt
    union all
    select jobs.repo, jobs.week, null
    from of_jobs
    inner join marts.ci_jobs as jobs on jobs.repo = of_jobs.repo and jobs.job_id = of_jobs.job_id
), refused_weeks as (
    select refusals.repo, refusals.week, count(*) as refused, count(distinct refusals.run_id) as refused_runs
    from refusals
    group by refusals.repo, refusals.week
), known as (
    -- A repository whose record or runs came by HTTP is read.
    select repositories.repo from raw.repositories as repositories
    union
    select days.repo from intermediate.int_run_days as days
    union
    select read_failures.repo from raw.read_failures as read_failures where read_failures.endpoint = 'repository'
    union
    -- Not asked for yet, where GitHub is read: a dump holds what it holds, whatever is configured.
    select configured.repo
    from config.repositories as configured
    where exists (select 1 from raw.repositories as repositories where starts_with(repositories.source, 'http'))
        or not exists (select days.repo from intermediate.int_run_days as days)
), first_runs as (
    select days.repo, min(days.day) as day, max(days.day) as last_day
    from intermediate.int_run_days as days
    group by days.repo
), repositories as (
    select
        known.repo,
        first_runs.day as first_day,
        first_runs.last_day,
        coalesce(starts_with(repositories.source, 'http'), repositories.repo is null and first_runs.repo is null)
        or listed.repo is not null
        or list_failures.repo is not null as is_read,
        -- Files may begin and end within a day: what they hold is whole after the first and before the last one.
        regexp_matches(repositories.source, '(?i)[.](json|jsonl|ndjson)([.]gz)?$') and listed.repo is null
        and list_failures.repo is null and first_runs.repo is not null as is_import,
        coalesce(list_failures.is_switched_off, false) as is_switched_off,
        coalesce(list_failures.is_refused, false) as is_refused,
        listed.listed_until
    from known
    left join first_runs on first_runs.repo = known.repo
    left join raw.repositories as repositories on repositories.repo = known.repo
    left join (
        select spans.repo, max(spans.listed_until) as listed_until from spans group by spans.repo
    ) as listed on listed.repo = known.repo
    left join list_failures on list_failures.repo = known.repo
), spine as (
    select
        repositories.repo,
        repositories.is_read,
        coalesce(repositories.is_import, false) as is_import,
        repositories.first_day + 1 as import_from,
        repositories.last_day as import_until,
        repositories.is_switched_off,
        repositories.is_refused,
        repositories.listed_until,
        parameters.as_of,
        date_trunc('second', parameters.as_of - to_days(parameters.history_days)) as history_start,
        cast(unnest(generate_series(
            date_trunc(
                'week',
                least(
                    repositories.first_day,
                    case when repositories.is_read then parameters.as_of - to_days(parameters.history_days) end
                )
            ),
            date_trunc('week', greatest(repositories.last_day, parameters.as_of)),
            interval 7 day
        )) as date) as week_start
    from repositories
    cross join config.parameters as parameters
), weeks as (
    select
        spine.*,
        strftime(spine.week_start, '%G-W%V') as week,
        spine.week_start + interval 7 day as next_week_start,
        spine.week_start + interval 7 day <= spine.as_of as is_over,
        greatest(spine.import_from, spine.week_start)
        < least(spine.import_until, spine.week_start + interval 7 day) as is_imported
    from spine
), listed_weeks as (
    select
        weeks.repo,
        weeks.week_start,
        arg_max(greatest(spans.listed_from, weeks.week_start), spans.listed_until) as listed_from,
        max(least(spans.listed_until, weeks.next_week_start)) as looked_until,
        -- Within a week the newest run that is known, not the time of reading.
        max(
            case
                when spans.listed_until >= weeks.next_week_start then weeks.next_week_start
                else greatest(spans.known_until, weeks.week_start)
            end
        ) as listed_until,
        sum(
            epoch(least(spans.listed_until, weeks.next_week_start))
            - epoch(greatest(spans.listed_from, weeks.week_start))
        ) as listed_seconds
    from weeks
    inner join spans
        on spans.repo = weeks.repo and spans.listed_from < weeks.next_week_start and spans.listed_until
        > weeks.week_start
    group by weeks.repo, weeks.week_start
), told as (
    select
        weeks.repo,
        weeks.week,
        weeks.week_start,
        coalesce(run_weeks.runs, 0) as runs,
        coalesce(run_weeks.runs_with_jobs, 0) as runs_with_jobs,
        coalesce(run_weeks.due_runs, 0) as due_runs,
        coalesce(run_weeks.due_failed_runs, 0) as due_failed_runs,
        coalesce(refused_weeks.refused, 0) as refused,
        coalesce(refused_weeks.refused_runs, 0) as refused_runs,
        case
            when weeks.is_import and not weeks.is_imported then null
            when weeks.is_import then greatest(weeks.week_start, weeks.import_from)
            when weeks.is_read and not weeks.is_switched_off then listed_weeks.listed_from
            else weeks.week_start
        end as listed_from,
        case
            when weeks.is_import and not weeks.is_imported then null
            when weeks.is_import then least(weeks.next_week_start, weeks.import_until)
            when weeks.is_read and not weeks.is_switched_off then listed_weeks.listed_until
            else weeks.next_week_start
        end as listed_until,
        weeks.is_import and not (
            weeks.import_from <= weeks.week_start
            and weeks.import_until >= weeks.next_week_start
        ) as is_cut_import,
        weeks.is_over,
        weeks.is_refused,
        weeks.history_start,
        weeks.week_start < weeks.history_start as is_cut_off,
        -- What a week holds that is not over ends where the list was last looked at.
        not weeks.is_read
        or weeks.is_switched_off
        or coalesce(
            listed_weeks.listed_seconds
            >= epoch(
                case when weeks.is_over then weeks.next_week_start else listed_weeks.looked_until end
            ) - epoch(weeks.week_start),
            false
        ) as is_listed
    from weeks
    left join listed_weeks on listed_weeks.repo = weeks.repo and listed_weeks.week_start = weeks.week_start
    left join run_weeks on run_weeks.repo = weeks.repo and run_weeks.week_start = weeks.week_start
    left join refused_weeks on refused_weeks.repo = weeks.repo and refused_weeks.week = weeks.week
), reasoned as (
    select
        told.*,
        case
            when told.is_cut_off and (not told.is_listed or told.due_runs > 0) then 'before_history'
            when told.is_cut_import then 'import'
            when told.is_refused and not told.is_listed then 'refused'
            when not told.is_listed then 'list'
            when told.due_runs > told.refused_runs then 'jobs'
            when told.due_runs > 0 or told.refused > 0 then 'refused'
            when not told.is_over then 'not_over'
        end as reason
    from told
)
select
    coalesce(reasoned.repo, '*') as repo,
    reasoned.week,
    reasoned.week_start,
    cast(sum(reasoned.runs) as bigint) as runs,
    cast(sum(reasoned.runs_with_jobs) as bigint) as runs_with_jobs,
    bool_and(reasoned.reason is null) as is_complete,
    -- Of all together the one that explains most.
    arg_min(
        reasoned.reason,
        list_position(['list', 'jobs', 'refused', 'before_history', 'import', 'not_over'], reasoned.reason)
    ) as reason,
    cast(sum(reasoned.due_runs) as bigint) as due_runs,
    cast(sum(reasoned.due_failed_runs) as bigint) as due_failed_runs,
    cast(sum(reasoned.refused) as bigint) as refused,
    case
        when count(*) = count(reasoned.listed_from)
            -- How far beyond the history the list happens to be known depends on when it was read first.
            then max(
                    case
                        when reasoned.is_cut_off
                            and not reasoned.is_listed then greatest(reasoned.listed_from, reasoned.history_start)
                        else reasoned.listed_from
                    end
                )
    end as listed_from,
    case when count(*) = count(reasoned.listed_until) then min(reasoned.listed_until) end as listed_until
from reasoned
group by grouping sets ((reasoned.repo, reasoned.week, reasoned.week_start), (reasoned.week, reasoned.week_start))
