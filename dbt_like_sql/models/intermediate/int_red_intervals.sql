-- When the default branch was red: from when to when at least one critical workflow was, each moment once however many
-- of them were. What is still red lasts until now.
with red as (
    select
        episodes.repo,
        episodes.started_at,
        least(coalesce(episodes.ended_at, parameters.as_of), parameters.as_of) as ended_at,
        episodes.ended_at is null as is_open
    from marts.red_episodes as episodes
    semi join marts.critical_workflows as critical
        on critical.repo = episodes.repo and critical.workflow_path = episodes.workflow_path
    cross join config.parameters as parameters
    where episodes.started_at < parameters.as_of
), marked as (
    select
        red.*,
        coalesce(
            red.started_at > max(red.ended_at) over (
                partition by red.repo
                order by red.started_at, red.ended_at
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_first
    from red
), numbered as (
    select
        marked.*,
        count(case when marked.is_first then 1 end) over (
            partition by marked.repo
            order by marked.started_at, marked.ended_at
            rows between unbounded preceding and current row
        ) as position
    from marked
)
select
    numbered.repo,
    min(numbered.started_at) as started_at,
    max(numbered.ended_at) as ended_at,
    bool_or(numbered.is_open) as is_open,
    count(*) as episodes
from numbered
group by numbered.repo, numbered.position
