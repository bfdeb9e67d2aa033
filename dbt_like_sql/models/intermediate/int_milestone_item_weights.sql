-- How much work each issue and pull request of a milestone is, and how much of it is done, where somebody said so.
with items as (
    select
        issues.repo,
        issues.milestone_number,
        issues.number,
        false as is_pull_request,
        issues.state = 'closed' as is_closed,
        issues.labels,
        issues.tasks,
        issues.tasks_done,
        issues.created_at,
        issues.closed_at,
        issues.html_url
    from staging.stg_issues as issues
    where issues.milestone_number is not null
    union all
    -- A pull request's boxes are a template's, to be ticked before it is reviewed: they say nothing of its size.
    select
        pull_requests.repo,
        pull_requests.milestone_number,
        pull_requests.number,
        true,
        pull_requests.state = 'closed',
        list_transform(pull_requests.labels, lambda label: lower(trim(label))),
        0,
        0,
        pull_requests.created_at,
        pull_requests.closed_at,
        pull_requests.html_url
    from staging.stg_pull_requests as pull_requests
    where pull_requests.milestone_number is not null
), named as (
    select
        items.repo,
        items.number,
        -- "size: S", "size/L", "t-shirt XL", "S"
        nullif(
            regexp_extract(labels.label, '^(?:(?:size|effort|estimate|t-?shirt)[ :/_-]+)?(xxs|xs|s|m|l|xl|xxl)$', 1), ''
        )
            as shirt,
        nullif(regexp_extract(labels.label, '^(?:size|effort|estimate)[ :/_-]+(small|medium|large)$', 1), '') as word,
        -- "points: 3", "story points/5", "sp 8", "size: 2", "5 points"
        nullif(
            regexp_extract(
                labels.label, '^(?:(?:story[ -]?)?points?|sp|size|effort|estimate)[ :/=_-]+(\d{1,3}(?:\.\d+)?)$', 1
            ), ''
        ) as points_after,
        nullif(
            regexp_extract(labels.label, '^(\d{1,3}(?:\.\d+)?)[ _-]*(?:(?:story[ -]?)?points?|pts?|sp)$', 1), ''
        ) as points_before
    from items
    cross join lateral unnest(items.labels) as labels (label)
), sized as (
    select
        named.repo,
        named.number,
        max(
            coalesce(
                cast(named.points_after as double),
                cast(named.points_before as double),
                case coalesce(named.shirt, named.word)
                    when 'xxs' then 1
                    when 'xs' then 1
                    when 's' then 2
                    when 'small' then 2
                    when 'm' then 3
                    when 'medium' then 3
                    when 'l' then 5
                    when 'large' then 5
                    when 'xl' then 8
                    when 'xxl' then 13
                end
            )
        ) as size
    from named
    group by named.repo, named.number
), weighed as (
    select
        items.*,
        nullif(sized.size, 0) as size,
        -- What nobody sized is as much work as the middle of what somebody did.
        coalesce(
            nullif(sized.size, 0),
            median(nullif(sized.size, 0)) over (partition by items.repo, items.milestone_number),
            1
        ) as weight
    from items
    left join sized on sized.repo = items.repo and sized.number = items.number
)
select
    weighed.repo,
    weighed.milestone_number,
    weighed.number,
    weighed.is_pull_request,
    weighed.is_closed,
    weighed.size,
    weighed.tasks,
    weighed.tasks_done,
    cast(weighed.weight as double) as weight,
    cast(
        case
            when weighed.is_closed then weighed.weight
            when weighed.tasks > 0 then weighed.weight * weighed.tasks_done / weighed.tasks
            else 0
        end
        as double
    ) as done_weight,
    weighed.created_at,
    weighed.closed_at,
    weighed.html_url
from weighed
