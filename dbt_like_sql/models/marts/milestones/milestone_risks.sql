-- What threatens each milestone, or did: one row a risk, as it stands, with its cause, whom to ask and what clears it.
with episodes as (
    select
        episodes.*,
        count(*) over (partition by episodes.repo, episodes.number, episodes.risk) as episodes
    from intermediate.int_milestone_risk_episodes as episodes
    where episodes.level = 'met'
    qualify row_number() over (
            partition by episodes.repo, episodes.number, episodes.risk order by episodes.since desc
        ) = 1
), graver as (
    select grave.repo, grave.number, grave.risk, max(grave.since) as grave_since
    from intermediate.int_milestone_risk_episodes as grave
    where grave.level = 'grave' and grave.over_on is null
    group by grave.repo, grave.number, grave.risk
), standing as (
    select
        episodes.repo,
        episodes.number,
        milestones.milestone,
        milestones.notion_title,
        milestones.html_url,
        episodes.risk,
        episodes.since,
        episodes.is_since_known,
        episodes.episodes,
        milestones.state = 'open' and episodes.over_on is null as is_open,
        coalesce(
            episodes.over_on, case when milestones.state = 'closed' then cast(milestones.closed_at as date) end
        ) as cleared_on,
        graver.grave_since is not null and milestones.state = 'open' and episodes.over_on is null as is_grave
    from episodes
    inner join marts.milestones as milestones
        on milestones.repo = episodes.repo and milestones.number = episodes.number
    left join graver
        on graver.repo = episodes.repo and graver.number = episodes.number and graver.risk = episodes.risk
), latest as (
    -- The last day on which the condition held.
    select days.*
    from intermediate.int_milestone_risk_days as days
    inner join standing
        on standing.repo = days.repo
        and standing.number = days.number
        and standing.risk = days.risk
        and days.as_of >= standing.since
        and coalesce(days.as_of < standing.cleared_on, true)
    where days.is_met
    qualify row_number() over (partition by days.repo, days.number, days.risk order by days.as_of desc) = 1
), blocked as (
    select
        latest.repo,
        latest.number,
        count(distinct items.item_number) as items,
        array_to_string(
            list_sort(list(
                distinct '#' || items.item_number
                || case when milestones.item_number is not null then ' (the tracking issue)' else '' end
            )),
            ', '
        ) as names,
        list_sort(list(distinct coalesce(issues.html_url, pulls.html_url))) as urls,
        mode(coalesce(issues.assignees, pulls.assignees)[1]) as assignee
    from latest
    inner join intermediate.int_milestone_blocked_items as items
        on items.repo = latest.repo
        and items.number = latest.number
        and items.blocked_from < latest.as_of
        and coalesce(items.blocked_until >= latest.as_of, true)
    left join (
        select marked.repo, marked.number, marked.tracking_issue_number as item_number
        from marts.milestones as marked
    ) as milestones
        on milestones.repo = items.repo
        and milestones.number = items.number
        and milestones.item_number = items.item_number
    left join staging.stg_issues as issues
        on issues.repo = items.repo and issues.number = items.item_number and not items.is_pull_request
    left join staging.stg_pull_requests as pulls
        on pulls.repo = items.repo and pulls.number = items.item_number and items.is_pull_request
    where latest.risk = 'blocked'
    group by latest.repo, latest.number
), red as (
    select
        latest.repo,
        latest.number,
        string_agg(
            parse_filename(episodes.workflow_path)
            || ' (since '
            || strftime(episodes.started_at, '%Y-%m-%d %H:%M')
            || ')',
            ', '
            order by episodes.started_at, episodes.workflow_path
        ) as workflows,
        count(*) as workflow_count,
        list(episodes.first_html_url order by episodes.started_at, episodes.workflow_path) as urls,
        arg_min(coalesce(authors.author, owners.owner), episodes.started_at) as owner,
        arg_min(
            case
                when authors.author is not null then 'suspect_change'
                when owners.owner is not null then 'code_owner'
            end,
            episodes.started_at
        ) as owner_basis
    from latest
    cross join config.risks as risks
    inner join marts.red_episodes as episodes
        on episodes.repo = latest.repo
        and date_diff('minute', episodes.started_at, cast(latest.as_of as timestamp)) / 60 > risks.red_hours
        and coalesce(episodes.ended_at >= latest.as_of, true)
    semi join marts.critical_workflows as critical
        on critical.repo = episodes.repo and critical.workflow_path = episodes.workflow_path and not critical.is_removed
    left join intermediate.int_change_authors as authors
        on authors.repo = episodes.repo and authors.head_sha = episodes.first_head_sha
    left join intermediate.int_code_owners as owners
        on owners.repo = episodes.repo and owners.file = episodes.workflow_path
    where latest.risk = 'red_main'
    group by latest.repo, latest.number
), moved as (
    select
        targets.repo,
        targets.number,
        list(targets.target_date order by targets.seen_at) as dates
    from derived.milestone_targets as targets
    group by targets.repo, targets.number
), assigned as (
    select items.repo, items.milestone_number as number, unnest(items.assignees) as login
    from staging.stg_issues as items
    where items.state = 'open' and items.milestone_number is not null and items.tracks_milestone is null
    union all
    select items.repo, items.milestone_number, unnest(items.assignees)
    from staging.stg_pull_requests as items
    where items.state = 'open' and items.milestone_number is not null
), assignees as (
    select counted.repo, counted.number, counted.login
    from (
        select assigned.repo, assigned.number, assigned.login, count(*) as items
        from assigned
        where not ends_with(assigned.login, '[bot]')
        group by assigned.repo, assigned.number, assigned.login
    ) as counted
    qualify row_number() over (
            partition by counted.repo, counted.number order by counted.items desc, counted.login
        ) = 1
), described as (
    select
        standing.*,
        latest.value,
        latest.threshold,
        -- None names the title or the target date: people change them in the row that shows the sentence.
        case standing.risk
            when 'overdue'
                then format(
                        'The target date has passed with {} open item{}.',
                        latest.open_items, case when latest.open_items = 1 then '' else 's' end
                    )
            when 'off_track'
                then format(
                        'The target date is met in {:.0f} % of the simulated courses.', 100 * latest.value
                    )
            when 'at_risk'
                then coalesce(
                        format(
                            'The target date is met in {:.0f} % of the simulated courses.', 100 * latest.value
                        ),
                        'Items come in faster than they are closed: over 20 % of the simulated courses never end.'
                    )
            when 'blocked'
                then case
                        when blocked.items = 1 then format('1 open item is blocked: {}.', blocked.names)
                        else format('{} open items are blocked: {}.', blocked.items, blocked.names)
                    end
            when 'slipping'
                then format(
                        'The 85 % date moved from {} to {} within a week.',
                        coalesce(cast(latest.former_p85_date as varchar), 'beyond two years'),
                        coalesce(cast(latest.p85_date as varchar), 'beyond two years')
                    )
            when 'stalled'
                then coalesce(
                        format(
                            'Nothing was closed since {}, {} open.',
                            latest.last_closed_on, latest.open_items
                        ),
                        format('Nothing was closed yet, {} open.', latest.open_items)
                    )
            when 'red_main'
                then format(
                        '{} {} red on the default branch.',
                        red.workflows, case when red.workflow_count = 1 then 'is' else 'are' end
                    )
            when 'scope_growth'
                then format(
                        'The issues grew from {} to {} since work began (+{:.0f} %).',
                        latest.planned_issues, latest.issues, 100 * latest.value
                    )
            else format(
                    'The target date changed {:.0f} times in {} days, last from {}.',
                    latest.value,
                    risks.target_moves_days,
                    coalesce(cast(moved.dates[-2] as varchar), 'none')
                )
        end as cause,
        case standing.risk
            when 'overdue' then 'A later target date, or closing the milestone.'
            when 'off_track'
                then format(
                        'At least {:.0f} % of the courses ending by the target date: fewer open items, more closed a'
                        || ' week, or a later date.',
                        100 * risks.off_track_below
                    )
            when 'at_risk'
                then format(
                        'At least {:.0f} % of the courses ending by the target date: fewer open items, more closed a'
                        || ' week, or a later date.',
                        100 * risks.at_risk_below
                    )
            when 'blocked' then 'Taking the label off, or closing the items.'
            when 'slipping'
                then format(
                        'An 85 % date that moves by {} days a week at most.', risks.slip_days
                    )
            when 'stalled' then 'Closing an item.'
            when 'red_main' then 'A green run of the workflow on the default branch.'
            when 'scope_growth'
                then format(
                        'Fewer than {:.0f} issues: taking some out.',
                        ceil(latest.planned_issues * (1 + risks.scope_growth))
                    )
            else format(
                    'Fewer than {} changes of the target date in {} days.', risks.target_moves, risks.target_moves_days
                )
        end as clears_when,
        case standing.risk
            when 'blocked' then blocked.urls
            when 'red_main' then red.urls
            else [standing.html_url]
        end as evidence_urls,
        case standing.risk
            when 'red_main' then red.owner
            when 'blocked' then blocked.assignee
        end as own_owner,
        case
            when standing.risk = 'red_main' then red.owner_basis
            when blocked.assignee is not null then 'assignee_of_blocked'
        end as own_owner_basis,
        assignees.login as assignee,
        milestones.creator
    from standing
    cross join config.risks as risks
    inner join staging.stg_milestones as milestones
        on milestones.repo = standing.repo and milestones.number = standing.number
    left join latest
        on latest.repo = standing.repo and latest.number = standing.number and latest.risk = standing.risk
    left join blocked on blocked.repo = standing.repo and blocked.number = standing.number
    left join red on red.repo = standing.repo and red.number = standing.number
    left join moved on moved.repo = standing.repo and moved.number = standing.number
    left join assignees on assignees.repo = standing.repo and assignees.number = standing.number
), graded as (
    select
        described.*,
        case
            when described.risk in ('overdue', 'off_track') then 'high'
            when described.risk in ('scope_growth', 'target_moved') and not described.is_grave then 'low'
            when described.risk in ('scope_growth', 'target_moved') or not described.is_grave then 'medium'
            else 'high'
        end as severity
    from described
)
select
    graded.repo,
    graded.number,
    graded.milestone,
    graded.risk,
    case graded.risk
        when 'red_main' then 'Default branch red'
        when 'scope_growth' then 'Scope growing'
        else upper(graded.risk[1]) || replace(graded.risk[2:], '_', ' ')
    end as label,
    graded.severity,
    graded.is_open,
    graded.is_open and (
        (
            graded.risk = 'at_risk'
            and bool_or(graded.is_open and graded.risk in ('off_track', 'overdue')) over by_milestone
        )
        or (graded.risk = 'off_track' and bool_or(graded.is_open and graded.risk = 'overdue') over by_milestone)
    ) as is_covered,
    graded.since,
    graded.is_since_known,
    graded.cleared_on,
    graded.episodes,
    graded.value,
    graded.threshold,
    graded.cause,
    graded.evidence_urls,
    coalesce(
        graded.own_owner,
        graded.assignee,
        case when not ends_with(graded.creator, '[bot]') then graded.creator end
    ) as owner,
    case
        when graded.own_owner is not null then graded.own_owner_basis
        when graded.assignee is not null then 'assignee'
        when not ends_with(graded.creator, '[bot]') then 'milestone_creator'
    end as owner_basis,
    graded.clears_when,
    list_position(
        [
            'overdue', 'off_track', 'at_risk', 'blocked', 'slipping', 'stalled', 'red_main', 'scope_growth',
            'target_moved'
        ],
        graded.risk
    ) as position
from graded
window by_milestone as (partition by graded.repo, graded.number)
