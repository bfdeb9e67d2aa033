-- The team of each repository: that of the first configured pattern which takes it, else the one that its custom
-- property names, else what a topic of its own names.
with candidates as (
    select repositories.repo, teams.team, teams.position
    from raw.repositories as repositories
    inner join config.teams as teams on lower(repositories.repo) glob lower(teams.value)
    where teams.kind = 'pattern'
    union all
    select chosen.repo, chosen.team, chosen.position
    from (
        -- One text, or several where the organisation allows that.
        select
            properties.repo,
            properties.position,
            trim(
                unnest(
                    case json_type(properties.value)
                        when 'ARRAY' then cast(properties.value as varchar[])
                        else [properties.value ->> '$']
                    end
                )
            ) as team
        from (
            select
                repositories.repo,
                teams.position,
                json_extract(repositories.custom_properties, '$."' || teams.value || '"') as value
            from raw.repositories as repositories
            inner join config.teams as teams on teams.kind = 'property'
        ) as properties
    ) as chosen
    where chosen.team <> ''
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
