-- One row per milestone: progress and the CI figures of its runs in the window.
with progress as (
    select
        progress.repo,
        progress.number,
        min(progress.formula) as formula,
        cast(sum(progress.points) as bigint) as points,
        -- Configured points need not add up to 100.
        coalesce(sum(progress.points) / nullif(sum(progress.points_possible), 0), 0.0) as progress
    from marts.milestone_progress as progress
    group by progress.repo, progress.number
)
select
    milestones.repo,
    milestones.number,
    milestones.milestone,
    windows.as_of,
    progress.formula,
    progress.progress,
    progress.points,
    milestones.status,
    windows.pass_rate,
    windows.autofix_success_rate,
    windows.mttr_hours,
    coalesce(trends.trend, 'Stable') as trend,
    windows.runs,
    windows.conclusive_runs,
    windows.failing_attempts,
    windows.autofix_attempts,
    windows.autofix_fixed,
    windows.autofix_failed,
    windows.spells_closed,
    windows.spells_open,
    windows.window_starts_at
from marts.milestones as milestones
inner join marts.milestone_windows as windows on windows.repo = milestones.repo and windows.number = milestones.number
inner join progress on progress.repo = milestones.repo and progress.number = milestones.number
left join marts.pass_rate_trends as trends
    on trends.repo = milestones.repo and trends.grain = 'milestone' and trends.period = milestones.milestone
