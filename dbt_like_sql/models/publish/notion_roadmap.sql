-- Rows of the Notion database Engineering Roadmap: one per milestone of GitHub, open or closed.
with latest_report as (
    -- Of those that are published: never of a week that is still running.
    select max_by(notion_ci_reports.report_name, notion_ci_reports.report_date) as report_name
    from publish.notion_ci_reports as notion_ci_reports
    where notion_ci_reports.analysis_period = 7
), recommendations as (
    -- What gives the most points first.
    select
        progress.repo,
        progress.number,
        string_agg(
            upper(progress.next_step[1]) || progress.next_step[2:] || ' (' || progress.reason || ').',
            chr(10)
            order by progress.points_possible desc, progress.rule
        ) as text
    from marts.milestone_progress as progress
    where progress.next_step is not null and progress.points_possible > 0
    group by progress.repo, progress.number
)
select
    milestones.repo,
    milestones.number,
    milestones.node_id,
    milestones.milestone,
    milestones.notion_title as title,
    milestones.due_date as target_date,
    milestones.status,
    round(metrics.progress, 4) as progress,
    latest_report.report_name as latest_report_name,
    milestones.related_pr_url as related_pr,
    round(metrics.pass_rate, 4) as workflow_pass_rate,
    round(metrics.autofix_success_rate, 4) as autofix_success,
    round(metrics.mttr_hours, 2) as mttr_hours,
    metrics.trend,
    -- Nothing is left to recommend for a milestone that is done.
    case when milestones.status <> 'Completed' then recommendations.text end as notes,
    round(work.work_done, 4) as work_done,
    forecasts.state as forecast_state,
    forecasts.reason as forecast_reason,
    forecasts.p50_date as forecast_p50_date,
    forecasts.p85_date as forecast_date,
    round(forecasts.probability_on_time, 2) as probability_on_time,
    case when milestones.state = 'open' then coalesce(risks.text, '–') end as risk,
    pages.page
from marts.milestones as milestones
inner join marts.milestone_metrics as metrics on metrics.repo = milestones.repo and metrics.number = milestones.number
inner join marts.milestone_work as work on work.repo = milestones.repo and work.number = milestones.number
left join marts.milestone_forecast_days as forecasts
    on forecasts.repo = milestones.repo
    and forecasts.number = milestones.number
    and forecasts.is_published
    and milestones.state = 'open'
left join marts.milestone_risk_summary as risks
    on risks.repo = milestones.repo and risks.number = milestones.number
left join derived.milestone_pages as pages on pages.repo = milestones.repo and pages.number = milestones.number
left join recommendations on recommendations.repo = milestones.repo and recommendations.number = milestones.number
left join latest_report on true
