-- Rows of the Notion database CI Intelligence Reports: one per rendered report, with the figures of its period.
with periods as (
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
from derived.reports as r
left join periods as p on p.kind = r.kind and p.period = r.period
left join first_repository as f on true
