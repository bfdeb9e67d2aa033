-- The same failure (fingerprint) of a repository over all stored history. Nothing here depends on the time of the
-- build, so that a group is computed again only when its failures change.
select
    failures.repo,
    failures.fingerprint,
    arg_max(failures.category, failures.job_id) as category,
    arg_max(failures.domain, failures.job_id) as domain,
    arg_max(failures.rule_id, failures.job_id) as rule_id,
    arg_max(failures.workflow_path, failures.job_id) as workflow_path,
    arg_max(failures.job_base_name, failures.job_id) as job_base_name,
    arg_max(failures.evidence, failures.job_id) as evidence,
    arg_max(failures.html_url, failures.job_id) as example_url,
    max(failures.job_id) as example_job_id,
    min(failures.run_created_at) as first_seen_at,
    max(failures.run_created_at) as last_seen_at,
    count(distinct failures.week) as weeks_active,
    count(*) as failed_job_attempts,
    count(*) filter (where failures.is_flaky) as flaky_job_attempts,
    count(distinct failures.run_id) as failed_runs,
    count(distinct row(failures.workflow_path, failures.job_base_name)) as jobs,
    count(distinct failures.branch) as branches,
    count(distinct failures.head_sha) as commits,
    count(distinct failures.pull_request_number) as pull_requests,
    count(distinct failures.actor) filter (where not ends_with(failures.actor, '[bot]')) as people,
    bool_or(failures.is_default_branch) as hit_default_branch,
    coalesce(sum(failures.duration_seconds), 0.0) / 60.0 as minutes_lost
from marts.ci_failures as failures
where failures.fingerprint is not null
group by failures.repo, failures.fingerprint
