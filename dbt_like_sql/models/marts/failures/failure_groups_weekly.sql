-- The same failure (fingerprint), week by week: how often, whom it hit, an example, and since when it is known.
with seen as (
    select g.fingerprint, min(g.first_seen_at) as first_seen_at
    from intermediate.int_failure_groups as g
    group by g.fingerprint
)
select
    f.repo,
    f.week,
    f.fingerprint,
    max_by(f.category, f.job_id) as category,
    max_by(f.job_base_name, f.job_id) as job_base_name,
    max_by(f.evidence, f.job_id) as evidence,
    max_by(f.html_url, f.job_id) as example_url,
    count(*) as failed_job_attempts,
    count(distinct f.run_id) as failed_runs,
    count(distinct f.pull_request_number) as pull_requests,
    bool_or(f.is_default_branch) as hit_default_branch,
    min(s.first_seen_at) as first_seen_at,
    coalesce(bool_or(p.is_complete), false) as is_complete,
    max(p.first_whole_day) as first_whole_day,
    max(p.last_whole_day) as last_whole_day
from marts.ci_failures as f
join seen as s on s.fingerprint = f.fingerprint
left join marts.period_coverage as p on p.repo = f.repo and p.grain = 'week' and p.period = f.week
where f.week is not null
group by f.repo, f.week, f.fingerprint
