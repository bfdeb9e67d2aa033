-- Rows of the Notion database Engineering Roadmap: one per milestone of GitHub, open or closed.
with latest_report as (
    -- Of those that are published: never of a week that is still running.
    select max_by(r.report_name, r.report_date) as report_name
    from publish.notion_ci_reports as r
    where r.analysis_period = 7
), recommendations as (
    -- What gives the most points first.
    select
        p.repo,
        p.number,
        string_agg(
            upper(p.next_step[1]) || p.next_step[2:] || ' (' || p.reason || ').',
            chr(10)
            order by p.points_possible desc, p.rule
        ) as text
    from marts.milestone_progress as p
    where p.next_step is not null and p.points_possible > 0
    group by p.repo, p.number
)
select
    m.repo,
    m.number,
    m.milestone,
    m.notion_title as title,
    m.due_date as target_date,
    m.status,
    round(k.progress, 4) as progress,
    l.report_name as latest_report_name,
    m.related_pr_url as related_pr,
    round(k.pass_rate, 4) as workflow_pass_rate,
    round(k.autofix_success_rate, 4) as autofix_success,
    round(k.mttr_hours, 2) as mttr_hours,
    k.trend,
    -- Nothing is left to recommend for a milestone that is done.
    case when m.status <> 'Completed' then n.text end as notes
from marts.milestones as m
inner join marts.milestone_metrics as k on k.repo = m.repo and k.number = m.number
left join recommendations as n on n.repo = m.repo and n.number = m.number
left join latest_report as l on true
