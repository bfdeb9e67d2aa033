-- What the tracking issue of each open milestone should say below its first lines, which tell status and target date.
with latest_report as (
    select max_by(notion_ci_reports.report_name, notion_ci_reports.report_date) as report_name
    from publish.notion_ci_reports as notion_ci_reports
    where notion_ci_reports.analysis_period = 7
)
select
    milestones.repo,
    milestones.number,
    milestones.node_id,
    milestones.milestone,
    tracking_issues.body,
    latest_report.report_name as latest_report_name
from derived.tracking_issues as tracking_issues
inner join staging.stg_milestones as milestones
    on milestones.repo = tracking_issues.repo
    and milestones.number = tracking_issues.number
left join latest_report on true
where milestones.state = 'open'
