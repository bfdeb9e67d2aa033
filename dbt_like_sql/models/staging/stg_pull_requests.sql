-- Pull requests with the milestone they belong to.
select
    pull_requests.repo,
    pull_requests.number,
    pull_requests.title,
    pull_requests.state,
    pull_requests.is_draft,
    pull_requests.author,
    coalesce(
        pull_requests.author_type = 'Bot'
        or ends_with(pull_requests.author, '[bot]')
        or lower(pull_requests.author) in (select lower(bots.login) from config.autofix_bots as bots),
        false
    ) as is_by_bot,
    pull_requests.base_branch,
    pull_requests.head_branch,
    pull_requests.head_sha,
    pull_requests.head_repo,
    pull_requests.merge_commit_sha,
    -- A mapping goes before GitHub's milestone, which is read by number: its title may have changed since.
    coalesce(
        case when pull_request_milestones.rule = 'mapping' then pull_request_milestones.milestone end,
        milestones.title,
        pull_request_milestones.milestone,
        pull_requests.milestone_title
    ) as milestone,
    pull_requests.milestone_number,
    coalesce(pull_requests.labels, []) as labels,
    coalesce(json_extract_string(pull_requests.payload, '$.assignees[*].login'), []) as assignees,
    coalesce(pull_requests.body, '') as body,
    pull_requests.changed_files,
    pull_requests.created_at,
    pull_requests.updated_at,
    pull_requests.closed_at,
    pull_requests.merged_at,
    coalesce(pull_requests.is_locked, false) as is_locked,
    pull_requests.html_url
from raw.pull_requests as pull_requests
left join derived.pull_request_milestones as pull_request_milestones
    on pull_request_milestones.repo = pull_requests.repo
    and pull_request_milestones.number = pull_requests.number
left join raw.milestones as milestones
    on milestones.repo = pull_requests.repo
    and milestones.number = pull_requests.milestone_number
