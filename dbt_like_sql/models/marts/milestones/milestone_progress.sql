-- The ledger of seed_v1: one row per milestone and rule, with what was measured and what would give the points.
with rates as (
    -- Rates in words: "83 %", "66.67 %".
    select
        w.*,
        p.progress_formula,
        p.pass_rate_threshold,
        p.autofix_threshold,
        p.points_pass_rate,
        p.points_autofix_success,
        p.points_critical_workflows_green,
        p.points_docs_and_pr_merged,
        p.window_days,
        rtrim(rtrim(format('{:.2f}', 100 * w.pass_rate), '0'), '.') || ' %' as pass_rate_text,
        rtrim(rtrim(format('{:.2f}', 100 * w.autofix_success_rate), '0'), '.') || ' %' as autofix_text,
        rtrim(rtrim(format('{:.2f}', 100 * p.pass_rate_threshold), '0'), '.') || ' %' as pass_rate_threshold_text,
        rtrim(rtrim(format('{:.2f}', 100 * p.autofix_threshold), '0'), '.') || ' %' as autofix_threshold_text
    from marts.milestone_windows as w
    cross join config.parameters as p
), pass_rate as (
    select
        r.*,
        'pass_rate' as rule,
        r.points_pass_rate as points_possible,
        coalesce(r.pass_rate >= r.pass_rate_threshold, false) as is_met,
        r.pass_rate as value,
        r.pass_rate_threshold as threshold,
        case
            when r.runs = 0 then format('no runs in the last {} days', r.window_days)
            when r.conclusive_runs = 0 then format('no run of the last {} days passed or failed yet', r.window_days)
            else
                'pass rate ' || r.pass_rate_text
                || case when r.pass_rate >= r.pass_rate_threshold then ' ≥ ' else ' < ' end
                || r.pass_rate_threshold_text || format(' ({} of {} runs)', r.passed_runs, r.conclusive_runs)
        end as reason,
        -- k more passes lift (passed + k) / (n + k) to the threshold.
        case
            when r.conclusive_runs > 0 and r.pass_rate_threshold < 1 then cast(ceil(
                round((r.pass_rate_threshold * r.conclusive_runs - r.passed_runs) / (1 - r.pass_rate_threshold), 9)
            ) as bigint)
        end as missing
    from rates as r
), autofix as (
    select
        r.*,
        'autofix_success' as rule,
        r.points_autofix_success as points_possible,
        case
            when r.runs = 0 then false
            when r.failing_attempts = 0 then true
            else coalesce(r.autofix_success_rate > r.autofix_threshold, false)
        end as is_met,
        r.autofix_success_rate as value,
        r.autofix_threshold as threshold,
        case
            when r.runs = 0 then format('no runs in the last {} days', r.window_days)
            when r.failing_attempts = 0 then format('no failure in the last {} days: nothing to fix', r.window_days)
            when r.autofix_attempts = 0
                then format('failing attempts: {}, none repaired automatically', r.failing_attempts)
            when r.autofix_success_rate is null
                then format('automatic repairs: {}, none with a result yet', r.autofix_attempts)
            else
                'auto-fix success ' || r.autofix_text
                || case when r.autofix_success_rate > r.autofix_threshold then ' > ' else ' ≤ ' end
                || r.autofix_threshold_text
                || format(' ({} of {} repairs)', r.autofix_fixed, r.autofix_fixed + r.autofix_failed)
        end as reason,
        -- k more repairs must lift the rate above the threshold, not to it.
        case
            when r.failing_attempts > 0 and r.autofix_threshold < 1 then cast(floor(
                round(
                    (r.autofix_threshold * (r.autofix_fixed + r.autofix_failed) - r.autofix_fixed)
                    / (1 - r.autofix_threshold),
                    9
                )
            ) as bigint) + 1
        end as missing
    from rates as r
), workflows as (
    select
        c.repo,
        count(*) filter (where not c.is_removed) as critical,
        count(*) filter (where c.is_green and not c.is_removed) as green,
        string_agg(parse_filename(c.workflow_path), ', ' order by c.workflow_path)
        filter (where c.is_removed) as removed,
        string_agg(parse_filename(c.workflow_path), ', ' order by c.workflow_path)
        filter (where not c.is_green and not c.is_removed) as not_green,
        string_agg(
            parse_filename(c.workflow_path)
            || case when c.latest_outcome is null then ' (no result)' else ' (failing)' end,
            ', '
            order by c.workflow_path
        ) filter (where not c.is_green and not c.is_removed) as not_green_because
    from marts.critical_workflows as c
    group by c.repo
), critical_green as (
    select
        r.*,
        'critical_workflows_green' as rule,
        r.points_critical_workflows_green as points_possible,
        coalesce(w.critical > 0 and w.green = w.critical, false) as is_met,
        w.green / nullif(w.critical, 0) as value,
        cast(1 as double) as threshold,
        case
            when w.critical is null
                then format('no workflow ran on the default branch in the last {} days', r.window_days)
            else
                format('critical workflows green: {} of {}', w.green, w.critical)
                || coalesce(', not ' || w.not_green_because, '')
                || coalesce('; configured, but deleted or disabled: ' || w.removed, '')
        end as reason,
        w.not_green
    from rates as r
    left join workflows as w on w.repo = r.repo
), merged as (
    select
        p.repo,
        p.milestone,
        p.number,
        p.changed_files is not null as is_known,
        coalesce(len(list_filter(
            p.changed_files, lambda path: starts_with(path, 'docs/') or ends_with(path, '.md')
        )) > 0, false) as has_docs
    from staging.stg_pull_requests as p
    where p.merged_at is not null and p.milestone is not null
), documented as (
    select
        m.repo,
        m.milestone,
        count(*) as merged_prs,
        bool_and(m.is_known) as is_known,
        min(m.number) filter (where m.has_docs) as docs_pr
    from merged as m
    group by m.repo, m.milestone
), docs_merged as (
    select
        r.*,
        'docs_and_pr_merged' as rule,
        r.points_docs_and_pr_merged as points_possible,
        d.docs_pr is not null as is_met,
        -- Unread file lists leave it open, unless one that was read decides.
        case when d.docs_pr is not null then 1.0 when coalesce(d.is_known, true) then 0.0 end as value,
        cast(1 as double) as threshold,
        case
            when d.docs_pr is not null then format('#{} merged with documentation', d.docs_pr)
            when d.merged_prs is null then 'no pull request of the milestone merged'
            when d.is_known then format('merged pull requests: {}, none with documentation', d.merged_prs)
            else format('merged pull requests: {}, which files they change is not known', d.merged_prs)
        end as reason
    from rates as r
    left join documented as d on d.repo = r.repo and d.milestone = r.milestone
), ledger as (
    select
        a.repo, a.number, a.milestone, a.as_of, a.progress_formula, a.rule, a.points_possible, a.is_met, a.value,
        a.threshold, a.reason,
        case
            when a.missing = 1 then '1 more passing run would give'
            when a.missing > 1 then format('{} more passing runs would give', a.missing)
            when a.conclusive_runs > 0 then 'every run passing would give'
            else 'a passing run would give'
        end as next_step
    from pass_rate as a
    union all
    select
        a.repo, a.number, a.milestone, a.as_of, a.progress_formula, a.rule, a.points_possible, a.is_met, a.value,
        a.threshold, a.reason,
        case
            when a.runs = 0 then 'a run without failures would give'
            when a.missing = 1 then '1 more repair would give'
            when a.missing > 1 then format('{} more repairs would give', a.missing)
            else 'every repair succeeding would give'
        end
    from autofix as a
    union all
    select
        a.repo, a.number, a.milestone, a.as_of, a.progress_formula, a.rule, a.points_possible, a.is_met, a.value,
        a.threshold, a.reason,
        case
            when a.not_green is null then 'a green run of the default branch would give'
            else 'getting ' || a.not_green || ' green would give'
        end
    from critical_green as a
    union all
    select
        a.repo, a.number, a.milestone, a.as_of, a.progress_formula, a.rule, a.points_possible, a.is_met, a.value,
        a.threshold, a.reason,
        'merging a pull request that changes documentation (docs/ or *.md) would give'
    from docs_merged as a
)
select
    l.repo,
    l.number,
    l.milestone,
    l.as_of,
    l.progress_formula as formula,
    l.rule,
    l.points_possible,
    case when l.is_met then l.points_possible else 0 end as points,
    l.value,
    l.threshold,
    l.reason,
    case when not l.is_met then l.next_step || ' +' || l.points_possible end as next_step
from ledger as l
