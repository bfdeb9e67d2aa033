-- Milestones of one title in several repositories, their contributions added up; the rows of each stay as they are.
with named as (
    select
        milestones.*,
        trim(regexp_replace(lower(milestones.milestone), '[^\p{L}\p{N}]+', ' ', 'g')) as milestone_key
    from marts.milestones as milestones
)
select
    coalesce(nullif(named.milestone_key, ''), named.milestone) as milestone_key,
    min_by(named.milestone, (named.repo, named.number)) as milestone,
    count(distinct named.repo) as repositories,
    list(distinct named.repo order by named.repo) as repos,
    count(*) as milestones,
    count(*) filter (where named.state = 'open') as open_milestones,
    max(named.due_date) as due_date,
    cast(sum(work.open_items) as bigint) as open_items,
    cast(sum(work.closed_items) as bigint) as closed_items,
    cast(sum(work.items) as bigint) as items,
    sum(work.done_weight) / nullif(sum(work.weight), 0) as work_done,
    sum(work.items_per_week) as items_per_week,
    avg(metrics.progress) as progress,
    cast(sum(windows.runs) as bigint) as runs,
    cast(sum(windows.conclusive_runs) as bigint) as conclusive_runs,
    cast(sum(windows.passed_runs) as bigint) as passed_runs,
    sum(windows.passed_runs) / nullif(sum(windows.conclusive_runs), 0) as pass_rate,
    cast(sum(windows.failing_attempts) as bigint) as failing_attempts,
    cast(sum(windows.autofix_attempts) as bigint) as autofix_attempts,
    cast(sum(windows.autofix_fixed) as bigint) as autofix_fixed,
    cast(sum(windows.autofix_failed) as bigint) as autofix_failed,
    sum(windows.autofix_fixed) / nullif(sum(windows.autofix_fixed + windows.autofix_failed), 0) as autofix_success_rate,
    cast(sum(windows.spells_open) as bigint) as episodes_open
from named
inner join marts.milestone_work as work on work.repo = named.repo and work.number = named.number
inner join marts.milestone_windows as windows on windows.repo = named.repo and windows.number = named.number
inner join marts.milestone_metrics as metrics on metrics.repo = named.repo and metrics.number = named.number
group by coalesce(nullif(named.milestone_key, ''), named.milestone)
