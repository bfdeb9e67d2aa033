-- The rules of progress that roadmap.toml adds, judged for each milestone: one figure, one comparison.
with figures as (
    select
        windows.repo,
        windows.number,
        windows.milestone,
        rules.rule,
        rules.metric,
        rules.comparison,
        rules.threshold,
        rules.points,
        replace(rules.metric, '_', ' ') as metric_text,
        list_contains(['pass_rate', 'autofix_success_rate', 'work_done'], rules.metric) as is_share,
        case rules.comparison when 'at_least' then '≥' when 'above' then '>' when 'at_most' then '≤' else '<' end
            as sign,
        case rules.comparison when 'at_least' then '<' when 'above' then '≤' when 'at_most' then '>' else '≥' end
            as missed_sign,
        case rules.metric
            when 'pass_rate' then windows.pass_rate
            when 'autofix_success_rate' then windows.autofix_success_rate
            when 'mttr_hours' then windows.mttr_hours
            when 'runs' then windows.runs
            when 'conclusive_runs' then windows.conclusive_runs
            when 'failing_attempts' then windows.failing_attempts
            when 'autofix_attempts' then windows.autofix_attempts
            when 'episodes_open' then windows.spells_open
            when 'work_done' then work.work_done
            when 'open_items' then work.open_items
            when 'closed_items' then work.closed_items
            when 'items_per_week' then work.items_per_week
        end as value
    from marts.milestone_windows as windows
    inner join marts.milestone_work as work on work.repo = windows.repo and work.number = windows.number
    cross join config.progress_rules as rules
), judged as (
    select
        figures.*,
        coalesce(
            case figures.comparison
                when 'at_least' then figures.value >= figures.threshold
                when 'above' then figures.value > figures.threshold
                when 'at_most' then figures.value <= figures.threshold
                else figures.value < figures.threshold
            end,
            false
        ) as is_met,
        rtrim(rtrim(format('{:.2f}', figures.value * case when figures.is_share then 100 else 1 end), '0'), '.')
        || case when figures.is_share then ' %' else '' end as value_text,
        rtrim(rtrim(format('{:.2f}', figures.threshold * case when figures.is_share then 100 else 1 end), '0'), '.')
        || case when figures.is_share then ' %' else '' end as threshold_text
    from figures
)
select
    judged.repo,
    judged.number,
    judged.milestone,
    judged.rule,
    judged.metric,
    judged.points as points_possible,
    judged.is_met,
    cast(judged.value as double) as value,
    judged.threshold,
    case
        when judged.value is null then 'no value of ' || judged.metric_text || ' to judge'
        else
            judged.metric_text || ' ' || judged.value_text || ' '
            || case when judged.is_met then judged.sign else judged.missed_sign end || ' ' || judged.threshold_text
    end as reason,
    judged.metric_text || ' ' || judged.sign || ' ' || judged.threshold_text || ' would give' as next_step
from judged
