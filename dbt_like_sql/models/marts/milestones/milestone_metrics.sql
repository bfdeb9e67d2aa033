-- One row per milestone: progress and the CI figures of its runs in the window.
with progress as (
    select
        p.repo,
        p.number,
        min(p.formula) as formula,
        cast(sum(p.points) as bigint) as points,
        -- Configured points need not add up to 100.
        coalesce(sum(p.points) / nullif(sum(p.points_possible), 0), 0.0) as progress
    from marts.milestone_progress as p
    group by p.repo, p.number
)
select
    m.repo,
    m.number,
    m.milestone,
    w.as_of,
    p.formula,
    p.progress,
    p.points,
    m.status,
    w.pass_rate,
    w.autofix_success_rate,
    w.mttr_hours,
    coalesce(t.trend, 'Stable') as trend,
    w.runs,
    w.conclusive_runs,
    w.failing_attempts,
    w.autofix_attempts,
    w.autofix_fixed,
    w.autofix_failed,
    w.spells_closed,
    w.spells_open,
    w.window_starts_at
from marts.milestones as m
inner join marts.milestone_windows as w on w.repo = m.repo and w.number = m.number
inner join progress as p on p.repo = m.repo and p.number = m.number
left join marts.pass_rate_trends as t
    on t.repo = m.repo and t.grain = 'milestone' and t.period = m.milestone
