-- The figures of quarterly reports over all repositories, one row each: what is noted when a report is published, and
-- compared afterwards.
with milestones as (
    select
        milestones.quarter,
        count(*) filter (where milestones.outcome <> 'later') as planned,
        count(*) filter (where milestones.outcome = 'completed') as completed,
        count(*) filter (where milestones.is_on_time) as on_time,
        count(*) filter (where milestones.is_on_time is not null) as with_target,
        count(*) filter (where milestones.outcome = 'carried') as carried,
        count(*) filter (where milestones.outcome = 'dropped') as dropped
    from marts.quarterly_milestones as milestones
    group by milestones.quarter
), figures as (
    select
        rollup.quarter,
        unnest([
            {'figure': 'milestones_planned', 'value': cast(coalesce(milestones.planned, 0) as double)},
            {'figure': 'milestones_completed', 'value': cast(coalesce(milestones.completed, 0) as double)},
            {'figure': 'milestones_on_time', 'value': cast(coalesce(milestones.on_time, 0) as double)},
            {'figure': 'milestones_with_target', 'value': cast(coalesce(milestones.with_target, 0) as double)},
            {'figure': 'on_time_rate', 'value': milestones.on_time / nullif(milestones.with_target, 0)},
            {'figure': 'milestones_carried', 'value': cast(coalesce(milestones.carried, 0) as double)},
            {'figure': 'milestones_dropped', 'value': cast(coalesce(milestones.dropped, 0) as double)},
            {'figure': 'runs', 'value': cast(rollup.runs as double)},
            {'figure': 'failed_runs', 'value': cast(rollup.failed_runs as double)},
            {'figure': 'failed_job_attempts', 'value': cast(rollup.failed_job_attempts as double)},
            {'figure': 'first_attempt_pass_rate', 'value': rollup.first_attempt_pass_rate},
            {'figure': 'final_pass_rate', 'value': rollup.final_pass_rate},
            {'figure': 'recovery_mean_hours', 'value': rollup.recovery_mean_hours},
            {'figure': 'autofix_success_rate', 'value': rollup.autofix_success_rate},
            {'figure': 'flaky_jobs', 'value': cast(rollup.flaky_jobs as double)},
            {'figure': 'ci_health_score', 'value': rollup.ci_health_score}
        ]) as item
    from marts.quarterly_rollup as rollup
    left join milestones on milestones.quarter = rollup.quarter
    where rollup.repo = '*'
)
select
    figures.quarter,
    figures.item.figure,
    figures.item.value,
    coalesce(coverage.is_complete, false) as is_complete,
    coverage.first_whole_day,
    coverage.last_whole_day
from figures
left join marts.period_coverage as coverage
    on coverage.repo = '*'
    and coverage.grain = 'quarter'
    and coverage.period = figures.quarter
