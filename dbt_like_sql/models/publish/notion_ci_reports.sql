-- Rows of the Notion database CI Intelligence Reports: one per report that is published, with its period's figures.
-- This is the one place that says which are. A report that somebody only looked at, or filled in later, isn't.
with newest_week as (
    select cast(date_trunc('week', parameters.as_of) as date) as report_date from config.parameters as parameters
), newest_quarter as (
    select cast(date_trunc('quarter', parameters.as_of) as date) as report_date from config.parameters as parameters
), reports as (
    -- The week that ended last, as it was rendered last; one that was rendered while it ran waits to be rendered again.
    select reports.report_name, reports.kind, reports.period, reports.report_date, reports.content
    from derived.reports as reports
    left join newest_week on newest_week.report_date = reports.report_date
    where reports.kind <> 'weekly' or (newest_week.report_date is not null and reports.is_over is distinct from false)
    union all
    -- Earlier weeks as they were given out.
    select
        released_reports.report_name,
        released_reports.kind,
        released_reports.period,
        released_reports.report_date,
        released_reports.content
    from sync.released_reports as released_reports
    inner join newest_week on newest_week.report_date > released_reports.report_date
    where released_reports.kind = 'weekly'
    union all
    -- The quarter that ended last, as it was rendered last, once all of it had been read.
    select
        quarterly_reports.report_name,
        quarterly_reports.kind,
        quarterly_reports.period,
        quarterly_reports.report_date,
        quarterly_reports.content
    from derived.quarterly_reports as quarterly_reports
    inner join newest_quarter on newest_quarter.report_date = quarterly_reports.report_date
    where quarterly_reports.is_over and quarterly_reports.is_whole
    union all
    -- Earlier quarters as they were given out.
    select
        released_reports.report_name,
        released_reports.kind,
        released_reports.period,
        released_reports.report_date,
        released_reports.content
    from sync.released_reports as released_reports
    inner join newest_quarter on newest_quarter.report_date > released_reports.report_date
    where released_reports.kind = 'quarterly'
    union all
    -- In Notion since before it was noted what was given out.
    select reports.report_name, reports.kind, reports.period, reports.report_date, reports.content
    from derived.reports as reports
    inner join newest_week on newest_week.report_date > reports.report_date
    semi join sync.row_bases as row_bases on row_bases.sync_key = 'report:' || reports.report_name
    anti join sync.released_reports as released_reports on released_reports.report_name = reports.report_name
    where reports.kind = 'weekly'
), periods as (
    select
        'weekly' as kind, weeks.week as period, 7 as days, weeks.failed_job_attempts, weeks.autofix_success_rate,
        weeks.recovery_mean_hours, weeks.top_failure_category, weeks.top_failure_count
    from marts.ci_weekly as weeks
    where weeks.repo = '*'
    union all
    select
        'quarterly',
        quarters.quarter,
        cast(quarters.days as integer),
        quarters.failed_job_attempts,
        quarters.autofix_success_rate,
        quarters.recovery_mean_hours, quarters.top_failure_category, quarters.top_failure_count
    from marts.quarterly_rollup as quarters
    where quarters.repo = '*'
), first_repository as (
    select repositories.html_url
    from staging.stg_repositories as repositories
    order by repositories.position nulls last, repositories.repo
    limit 1
)
select
    reports.report_name,
    reports.report_date,
    -- A quarter without a run has no figures, but its length is known.
    coalesce(
        periods.days,
        case when reports.kind = 'weekly' then 7 end,
        date_diff('day', cast(reports.report_date - interval 3 month as date), reports.report_date)
    ) as analysis_period,
    coalesce(periods.failed_job_attempts, 0) as total_failures,
    round(periods.autofix_success_rate, 4) as autofix_success_rate,
    round(periods.recovery_mean_hours, 2) as average_mttr_hours,
    case
        when periods.top_failure_category = 'unknown'
            then format('unknown ({} of {})', periods.top_failure_count, periods.failed_job_attempts)
        else periods.top_failure_category
    end as top_failure_category,
    reports.content as report_content,
    first_repository.html_url || '/actions' as github_link
from reports
left join periods on periods.kind = reports.kind and periods.period = reports.period
left join first_repository on true
