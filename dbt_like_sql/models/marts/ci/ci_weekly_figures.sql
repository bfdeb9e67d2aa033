-- The figures of weekly reports, one row each: what is noted when a report is published, and compared afterwards.
with figures as (
    select
        w.repo,
        w.week,
        w.is_complete,
        w.first_whole_day,
        w.last_whole_day,
        unnest([
            {'figure': 'runs', 'value': cast(w.runs as double)},
            {'figure': 'failed_runs', 'value': cast(w.failed_runs as double)},
            {'figure': 'failed_job_attempts', 'value': cast(w.failed_job_attempts as double)},
            {'figure': 'first_attempt_pass_rate', 'value': w.first_attempt_pass_rate},
            {'figure': 'final_pass_rate', 'value': w.final_pass_rate},
            {'figure': 'autofix_success_rate', 'value': w.autofix_success_rate},
            {'figure': 'recovery_mean_hours', 'value': w.recovery_mean_hours},
            {'figure': 'flaky_jobs', 'value': cast(w.flaky_jobs as double)},
            {'figure': 'ci_health_score', 'value': w.ci_health_score}
        ]) as item
    from marts.ci_weekly as w
)
select f.repo, f.week, f.is_complete, f.item.figure as figure, f.item.value as value, f.first_whole_day, f.last_whole_day
from figures as f
