-- The default branch of each repository and its former ones, with the time in which each counts as it. Nothing else
-- compares branches with the default one.
with seen as (
    select
        default_branches.repo,
        default_branches.branch,
        default_branches.until,
        lag(default_branches.until) over (
            partition by default_branches.repo
            order by default_branches.first_seen_at, default_branches.until nulls last
        ) as since
    from raw.default_branches as default_branches
), spans as (
    select seen.repo, seen.branch, seen.since, seen.until from seen
    anti join config.default_branches as configured on configured.repo = seen.repo and configured.branch = seen.branch
    union all
    -- Whoever configures it knows better than readings, which find a change hours or years later.
    select configured.repo, configured.branch, seen.since, configured.until
    from config.default_branches as configured
    left join seen on seen.repo = configured.repo and seen.branch = configured.branch
), former as (
    select
        spans.repo,
        spans.branch,
        case when count(spans.since) = count(*) then min(spans.since) end as counts_from,
        max(spans.until) as counts_until
    from spans
    anti join staging.stg_repositories as repositories
        on repositories.repo = spans.repo
        and repositories.default_branch = spans.branch
    where spans.until is not null
    group by spans.repo, spans.branch
)
select
    repositories.repo,
    repositories.default_branch as branch,
    true as is_present,
    cast(null as timestamp) as counts_from,
    cast(null as timestamp) as counts_until
from staging.stg_repositories as repositories
union all
select former.repo, former.branch, false, former.counts_from, former.counts_until from former
