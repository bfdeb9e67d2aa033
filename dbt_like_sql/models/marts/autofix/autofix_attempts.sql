-- The ledger of automatic repairs: each attempt and what became of the jobs that had failed.
with results as (
    -- A re-run shows in its own attempt, a commit in the first conclusive attempt that tested it.
    select
        c.run_id,
        c.run_attempt,
        c.repair_sha,
        r.run_id as result_run_id,
        r.run_attempt as result_run_attempt,
        r.outcome,
        r.jobs,
        r.completed_at,
        r.html_url
    from intermediate.int_autofix_candidates as c
    inner join staging.stg_workflow_runs as r
        on r.repo = c.repo
        and r.workflow_path = c.workflow_path
        and r.head_sha = c.repair_sha
        and (c.repair_attempt is null or (r.run_id = c.run_id and r.run_attempt = c.repair_attempt))
        -- The run that failed can't show that another commit or a declaration repaired it.
        and (c.repair_attempt is not null or r.run_id <> c.run_id)
    qualify row_number() over (
        partition by c.run_id, c.run_attempt, c.repair_sha
        order by
            case r.outcome when 'pass' then 1 when 'fail' then 1 when 'pending' then 2 else 3 end,
            r.event is distinct from c.event,
            r.completed_at,
            r.run_id,
            r.run_attempt
    ) = 1
), originally_failing as (
    select distinct c.run_id, c.run_attempt, c.repair_sha, j.job_name
    from intermediate.int_autofix_candidates as c
    inner join staging.stg_workflow_jobs as j on j.run_id = c.run_id and j.run_attempt = c.run_attempt
    where j.outcome = 'fail'
), job_sets as (
    select
        o.run_id,
        o.run_attempt,
        o.repair_sha,
        count(distinct o.job_name) as failing,
        count(distinct case when j.outcome = 'pass' then o.job_name end) as repaired,
        count(*) filter (where j.outcome = 'fail') as failing_again
    from originally_failing as o
    inner join results as r
        on r.run_id = o.run_id and r.run_attempt = o.run_attempt and r.repair_sha = o.repair_sha
    left join staging.stg_workflow_jobs as j
        on j.run_id = r.result_run_id and j.run_attempt = r.result_run_attempt and j.job_name = o.job_name
    group by o.run_id, o.run_attempt, o.repair_sha
), repair_commits as (
    select distinct c.repo, c.repair_sha from intermediate.int_autofix_candidates as c
), human_commits as (
    select h.repo, h.head_repo, h.branch, h.first_seen_at, max(h.head_sha) as head_sha
    from intermediate.int_tested_commits as h
    semi join (
        select c.repo, c.head_repo, c.branch from intermediate.int_autofix_candidates as c
    ) as b on b.repo = h.repo and b.head_repo = h.head_repo and b.branch = h.branch
    anti join repair_commits as k on k.repo = h.repo and k.repair_sha = h.head_sha
    where h.commit_by = 'human'
    group by h.repo, h.head_repo, h.branch, h.first_seen_at
), watched as (
    -- A person's commit counts as "between" until the result, or until the horizon when none came. On the default branch
    -- people push all the time: what they push after the repair spoils nothing there.
    select
        c.*,
        r.result_run_id,
        r.result_run_attempt,
        r.outcome as result_outcome,
        r.jobs as result_jobs,
        r.completed_at as result_at,
        r.html_url as result_html_url,
        case
            when c.is_default_branch then c.repaired_at
            when r.outcome in ('pass', 'fail') then r.completed_at
            else c.until
        end as watched_until
    from intermediate.int_autofix_candidates as c
    left join results as r
        on r.run_id = c.run_id and r.run_attempt = c.run_attempt and r.repair_sha = c.repair_sha
), crossed as (
    select w.*, h.first_seen_at > w.failed_at as has_human_commit, h.first_seen_at < w.repaired_at as is_before_repair
    from watched as w
    asof left join human_commits as h
        on h.repo = w.repo
        and h.head_repo = w.head_repo
        and h.branch = w.branch
        and h.first_seen_at < w.watched_until
), green_again as (
    select distinct c.run_id, c.run_attempt, c.repair_sha
    from intermediate.int_autofix_candidates as c
    inner join staging.stg_workflow_runs as r
        on r.repo = c.repo
        and r.workflow_path = c.workflow_path
        and r.is_default_branch
        and r.outcome = 'pass'
        and r.head_sha <> c.repair_sha
        and r.decided_at > c.failed_at
        and r.decided_at < c.repaired_at
    where c.is_default_branch
), superseded as (
    select
        c.*,
        case
            -- A re-run tests the same commit again: what people push meanwhile can't change its result.
            when c.mechanism = 'auto_rerun'
                then coalesce(c.has_human_commit, false) and coalesce(c.result_outcome, 'void') = 'void'
            -- A repair that names what it repairs stands beside other commits to the default branch, unless it came
            -- too late.
            when c.is_default_branch and c.mechanism <> 'bot_commit' then g.run_id is not null
            -- Nobody tested the repair: that is what has to be said, whoever pushed afterwards.
            when c.result_outcome is null or (c.result_outcome = 'void' and c.result_jobs = 0)
                then coalesce(c.has_human_commit and c.is_before_repair, false)
            else coalesce(c.has_human_commit, false)
        end as is_superseded
    from crossed as c
    left join green_again as g
        on g.run_id = c.run_id and g.run_attempt = c.run_attempt and g.repair_sha = c.repair_sha
), ledger as (
    select
        c.repo,
        c.run_id,
        c.run_attempt,
        c.workflow_path,
        c.branch,
        c.head_sha,
        c.mechanism,
        case
            when c.is_superseded then 'superseded_by_human'
            when c.result_outcome = 'pass' then 'fixed'
            -- Something else may fail now: the attempt answers for the jobs that had failed.
            when c.result_outcome = 'fail' and j.failing = j.repaired and j.failing_again = 0 then 'fixed'
            when c.result_outcome = 'fail' then 'failed'
            when c.result_outcome = 'pending' then 'pending'
            -- No run, or none with a verdict (a push with a workflow's token starts none): it can't be told.
            else 'unverified'
        end as outcome,
        case when c.mechanism = 'auto_rerun' then 'retry_recovered' else 'repaired' end as repair_kind,
        c.repaired_by,
        c.repair_sha,
        c.failed_at,
        c.repaired_at,
        c.result_run_id,
        c.result_run_attempt,
        c.result_at,
        c.result_html_url,
        r.day,
        r.week,
        r.created_at as run_created_at,
        r.is_default_branch,
        r.pull_request_number,
        r.milestone
    from superseded as c
    inner join marts.ci_runs as r on r.run_id = c.run_id and r.run_attempt = c.run_attempt
    left join job_sets as j
        on j.run_id = c.run_id and j.run_attempt = c.run_attempt and j.repair_sha = c.repair_sha
), fingerprints as (
    select l.run_id, l.run_attempt, l.repair_sha, l.repo, l.branch, l.result_at, f.fingerprint
    from ledger as l
    inner join marts.ci_failures as f on f.run_id = l.run_id and f.run_attempt = l.run_attempt
    where l.outcome = 'fixed' and f.fingerprint is not null
), durability as (
    -- The same failure on the same branch within a week of the repair: it did not last.
    select
        p.run_id,
        p.run_attempt,
        p.repair_sha,
        bool_or(f.job_id is not null) as has_returned
    from fingerprints as p
    left join marts.ci_failures as f
        on f.repo = p.repo
        and f.branch = p.branch
        and f.fingerprint = p.fingerprint
        and f.completed_at > p.result_at
        and f.completed_at <= p.result_at + interval 7 day
    group by p.run_id, p.run_attempt, p.repair_sha
)
select
    l.*,
    case
        when d.has_returned then false
        when p.as_of >= l.result_at + interval 7 day then not d.has_returned
    end as is_durable
from ledger as l
cross join config.parameters as p
left join durability as d
    on d.run_id = l.run_id and d.run_attempt = l.run_attempt and d.repair_sha = l.repair_sha
