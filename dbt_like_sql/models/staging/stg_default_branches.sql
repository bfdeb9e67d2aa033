-- The default branch of each repository and its former ones, with the time in which each counts as it. Nothing else
-- compares branches with the default one.
with seen as (
    select
        b.repo,
        b.branch,
        b.until,
        lag(b.until) over (partition by b.repo order by b.first_seen_at, b.until nulls last) as since
    from raw.default_branches as b
), spans as (
    select s.repo, s.branch, s.since, s.until from seen as s
    anti join config.default_branches as c on c.repo = s.repo and c.branch = s.branch
    union all
    -- Whoever configures it knows better than readings, which find a change hours or years later.
    select c.repo, c.branch, s.since, c.until
    from config.default_branches as c
    left join seen as s on s.repo = c.repo and s.branch = c.branch
), former as (
    select
        s.repo,
        s.branch,
        case when count(s.since) = count(*) then min(s.since) end as counts_from,
        max(s.until) as counts_until
    from spans as s
    anti join staging.stg_repositories as k on k.repo = s.repo and k.default_branch = s.branch
    where s.until is not null
    group by s.repo, s.branch
)
select
    k.repo,
    k.default_branch as branch,
    true as is_present,
    cast(null as timestamp) as counts_from,
    cast(null as timestamp) as counts_until
from staging.stg_repositories as k
union all
select f.repo, f.branch, false, f.counts_from, f.counts_until from former as f
