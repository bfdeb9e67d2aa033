-- The same failure (fingerprint) of a repository over all stored history. Nothing here depends on the time of the build,
-- so that a group is computed again only when its failures change.
select
    f.repo,
    f.fingerprint,
    arg_max(f.category, f.job_id) as category,
    arg_max(f.domain, f.job_id) as domain,
    arg_max(f.rule_id, f.job_id) as rule_id,
    arg_max(f.workflow_path, f.job_id) as workflow_path,
    arg_max(f.job_base_name, f.job_id) as job_base_name,
    arg_max(f.evidence, f.job_id) as evidence,
    arg_max(f.html_url, f.job_id) as example_url,
    max(f.job_id) as example_job_id,
    min(f.run_created_at) as first_seen_at,
    max(f.run_created_at) as last_seen_at,
    count(distinct f.week) as weeks_active,
    count(*) as failed_job_attempts,
    count(*) filter (where f.is_flaky) as flaky_job_attempts,
    count(distinct f.run_id) as failed_runs,
    count(distinct (f.workflow_path, f.job_base_name)) as jobs,
    count(distinct f.branch) as branches,
    count(distinct f.head_sha) as commits,
    count(distinct f.pull_request_number) as pull_requests,
    count(distinct f.actor) filter (where not ends_with(f.actor, '[bot]')) as people,
    bool_or(f.is_default_branch) as hit_default_branch,
    coalesce(sum(f.duration_seconds), 0.0) / 60.0 as minutes_lost
from marts.ci_failures as f
where f.fingerprint is not null
group by f.repo, f.fingerprint
