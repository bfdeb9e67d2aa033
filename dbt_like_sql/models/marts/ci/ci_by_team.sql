-- CI of each team's repositories together, by ISO week and quarter.
select
    teams.team,
    figures.grain,
    figures.period,
    figures.period_start,
    count(*) filter (where figures.runs > 0) as repositories,
    cast(sum(figures.runs) as bigint) as runs,
    cast(sum(figures.conclusive_runs) as bigint) as conclusive_runs,
    cast(sum(figures.passed_runs) as bigint) as passed_runs,
    sum(figures.passed_runs) / nullif(sum(figures.conclusive_runs), 0) as final_pass_rate,
    cast(sum(figures.conclusive_first_attempts) as bigint) as conclusive_first_attempts,
    cast(sum(figures.passed_first_attempts) as bigint) as passed_first_attempts,
    sum(figures.passed_first_attempts) / nullif(sum(figures.conclusive_first_attempts), 0) as first_attempt_pass_rate,
    cast(sum(figures.failed_job_attempts) as bigint) as failed_job_attempts
from intermediate.int_period_figures as figures
inner join intermediate.int_repository_teams as teams on teams.repo = figures.repo
group by teams.team, figures.grain, figures.period, figures.period_start
