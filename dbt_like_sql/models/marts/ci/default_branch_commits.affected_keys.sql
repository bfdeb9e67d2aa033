-- No run of a commit is older than the commit's first.
with runs as (
    select c.run_id from changes.ci_runs as c
    union
    select c.run_id from changes.ci_jobs as c
    union
    select c.run_id from changes.ci_failures as c
), attempts as (
    select c.repo, c.head_sha, c.created_at
    from changes.ci_runs as c
    where c.is_default_branch and c.head_sha is not null
    union all
    select r.repo, r.head_sha, r.created_at
    from marts.ci_runs as r
    semi join runs as n on n.run_id = r.run_id
    where r.is_default_branch and r.head_sha is not null
)
select a.repo, a.head_sha, least(min(a.created_at), min(k.created_at)) as since
from attempts as a
left join marts.default_branch_commits as k on k.repo = a.repo and k.head_sha = a.head_sha
group by a.repo, a.head_sha
