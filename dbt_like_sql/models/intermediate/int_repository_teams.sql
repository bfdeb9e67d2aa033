-- The team of each repository: that of the first configured pattern which takes it, else what a topic of its own names.
with candidates as (
    select repositories.repo, teams.team, teams.position
    from raw.repositories as repositories
    inner join config.teams as teams on lower(repositories.repo) glob lower(teams.value)
    where teams.kind = 'pattern'
    union all
    select named.repo, substr(named.topic, len(teams.value) + 1) as team, teams.position
    from (
        select repositories.repo, lower(unnest(repositories.topics)) as topic from raw.repositories as repositories
    ) as named
    inner join config.teams as teams on starts_with(named.topic, teams.value) and len(named.topic) > len(teams.value)
    where teams.kind = 'topic_prefix'
)
select candidates.repo, arg_min(candidates.team, (candidates.position, candidates.team)) as team
from candidates
group by candidates.repo
