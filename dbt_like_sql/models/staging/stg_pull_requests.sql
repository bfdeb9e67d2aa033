-- Pull requests with the milestone they belong to.
select
    p.repo,
    p.number,
    p.title,
    p.state,
    p.is_draft,
    p.author,
    coalesce(p.author_type = 'Bot' or ends_with(p.author, '[bot]') or lower(p.author) in (
        select lower(b.login) from config.autofix_bots as b
    ), false) as is_by_bot,
    p.base_branch,
    p.head_branch,
    p.head_sha,
    p.head_repo,
    p.merge_commit_sha,
    -- A mapping goes before GitHub's milestone, which is read by number: its title may have changed since.
    coalesce(
        case when d.rule = 'mapping' then d.milestone end,
        m.title,
        d.milestone,
        p.milestone_title
    ) as milestone,
    coalesce(p.labels, []) as labels,
    coalesce(p.body, '') as body,
    p.changed_files,
    p.created_at,
    p.updated_at,
    p.closed_at,
    p.merged_at,
    coalesce(p.is_locked, false) as is_locked,
    p.html_url
from raw.pull_requests as p
left join derived.pull_request_milestones as d on d.repo = p.repo and d.number = p.number
left join raw.milestones as m on m.repo = p.repo and m.number = p.milestone_number
