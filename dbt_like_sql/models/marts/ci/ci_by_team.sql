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
    cast(sum(figures.failed_job_attempts) as bigint) as failed_job_attempts,
    bool_and(coalesce(coverage.is_complete, false)) as is_complete,
    case when count(*) = count(coverage.first_whole_day) then max(coverage.first_whole_day) end as first_whole_day,
    case when count(*) = count(coverage.last_whole_day) then min(coverage.last_whole_day) end as last_whole_day
from intermediate.int_period_figures as figures
inner join intermediate.int_repository_teams as teams on teams.repo = figures.repo
left join marts.period_coverage as coverage
    on coverage.repo = figures.repo
    and coverage.grain = figures.grain
    and coverage.period = figures.period
group by teams.team, figures.grain, figures.period, figures.period_start
