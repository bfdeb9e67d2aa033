with known as (
    select unnest(['pass_rate', 'autofix_success', 'critical_workflows_green', 'docs_and_pr_merged']) as rule
    union all
    select progress_rules.rule from config.progress_rules as progress_rules
), counted as (
    select count(*) as rules from known
)
select progress.repo, progress.number
from marts.milestone_progress as progress
cross join counted
left join known on known.rule = progress.rule
group by progress.repo, progress.number
having count(*) <> max(counted.rules)
    or count(*) <> count(known.rule)
    or bool_or(progress.points not in (0, progress.points_possible))
