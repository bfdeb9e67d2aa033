-- Rows of the Notion database CI Intelligence Reports: one per report that is published, with its period's figures.
-- This is the one place that says which are. A report that somebody only looked at, or filled in later, isn't.
with newest_week as (
    select cast(date_trunc('week', p.as_of) as date) as report_date from config.parameters as p
), reports as (
    -- The week that ended last, as it was rendered last; one that was rendered while it ran waits to be rendered again.
    select r.report_name, r.kind, r.period, r.report_date, r.content
    from derived.reports as r
    left join newest_week as n on n.report_date = r.report_date
    where r.kind <> 'weekly' or (n.report_date is not null and r.is_over is distinct from false)
    union all
    -- Earlier weeks as they were given out.
    select g.report_name, g.kind, g.period, g.report_date, g.content
    from sync.released_reports as g
    inner join newest_week as n on n.report_date > g.report_date
    union all
    -- In Notion since before it was noted what was given out.
    select r.report_name, r.kind, r.period, r.report_date, r.content
    from derived.reports as r
    inner join newest_week as n on n.report_date > r.report_date
    semi join sync.row_bases as b on b.sync_key = 'report:' || r.report_name
    anti join sync.released_reports as g on g.report_name = r.report_name
    where r.kind = 'weekly'
), periods as (
    select
        'weekly' as kind, w.week as period, 7 as days, w.failed_job_attempts, w.autofix_success_rate,
        w.recovery_mean_hours, w.top_failure_category, w.top_failure_count
    from marts.ci_weekly as w
    where w.repo = '*'
    union all
    select
        'quarterly', q.quarter, cast(q.days as integer), q.failed_job_attempts, q.autofix_success_rate,
        q.recovery_mean_hours, q.top_failure_category, q.top_failure_count
    from marts.quarterly_rollup as q
    where q.repo = '*'
), first_repository as (
    select k.html_url
    from staging.stg_repositories as k
    order by k.position nulls last, k.repo
    limit 1
)
select
    r.report_name,
    r.report_date,
    -- A quarter without a run has no figures, but its length is known.
    coalesce(
        p.days,
        case when r.kind = 'weekly' then 7 end,
        date_diff('day', cast(r.report_date - interval 3 month as date), r.report_date)
    ) as analysis_period,
    coalesce(p.failed_job_attempts, 0) as total_failures,
    round(p.autofix_success_rate, 4) as autofix_success_rate,
    round(p.recovery_mean_hours, 2) as average_mttr_hours,
    case
        when p.top_failure_category = 'unknown'
            then format('unknown ({} of {})', p.top_failure_count, p.failed_job_attempts)
        else p.top_failure_category
    end as top_failure_category,
    r.content as report_content,
    f.html_url || '/actions' as github_link
from reports as r
left join periods as p on p.kind = r.kind and p.period = r.period
left join first_repository as f on true
