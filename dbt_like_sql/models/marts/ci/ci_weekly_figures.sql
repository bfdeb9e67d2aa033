-- The figures of weekly reports, one row each: what is noted when a report is published, and compared afterwards.
with figures as (
    select
        weeks.repo,
        weeks.week,
        weeks.is_complete,
        weeks.first_whole_day,
        weeks.last_whole_day,
        unnest([
            {'figure': 'runs', 'value': cast(weeks.runs as double)},
            {'figure': 'failed_runs', 'value': cast(weeks.failed_runs as double)},
            {'figure': 'failed_job_attempts', 'value': cast(weeks.failed_job_attempts as double)},
            {'figure': 'first_attempt_pass_rate', 'value': weeks.first_attempt_pass_rate},
            {'figure': 'final_pass_rate', 'value': weeks.final_pass_rate},
            {'figure': 'autofix_success_rate', 'value': weeks.autofix_success_rate},
            {'figure': 'recovery_mean_hours', 'value': weeks.recovery_mean_hours},
            {'figure': 'flaky_jobs', 'value': cast(weeks.flaky_jobs as double)},
            {'figure': 'ci_health_score', 'value': weeks.ci_health_score}
        ]) as item
    from marts.ci_weekly as weeks
)
select
    figures.repo,
    figures.week,
    figures.is_complete,
    figures.item.figure,
    figures.item.value,
    figures.first_whole_day,
    figures.last_whole_day
from figures
