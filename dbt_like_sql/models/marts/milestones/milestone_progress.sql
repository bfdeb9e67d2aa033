-- The ledger of seed_v1 and of rules of one's own: a row per milestone and rule, with what would give the points.
with rates as (
    -- Rates in words: "83 %", "66.67 %".
    select
        windows.*,
        parameters.progress_formula,
        parameters.pass_rate_threshold,
        parameters.autofix_threshold,
        parameters.points_pass_rate,
        parameters.points_autofix_success,
        parameters.points_critical_workflows_green,
        parameters.points_docs_and_pr_merged,
        parameters.window_days,
        rtrim(rtrim(format('{:.2f}', 100 * windows.pass_rate), '0'), '.') || ' %' as pass_rate_text,
        rtrim(rtrim(format('{:.2f}', 100 * windows.autofix_success_rate), '0'), '.') || ' %' as autofix_text,
        rtrim(
            rtrim(format('{:.2f}', 100 * parameters.pass_rate_threshold), '0'),
            '.'
        ) || ' %' as pass_rate_threshold_text,
        rtrim(rtrim(format('{:.2f}', 100 * parameters.autofix_threshold), '0'), '.') || ' %' as autofix_threshold_text
    from marts.milestone_windows as windows
    cross join config.parameters as parameters
), pass_rate as (
    select
        rates.*,
        'pass_rate' as rule,
        rates.points_pass_rate as points_possible,
        coalesce(rates.pass_rate >= rates.pass_rate_threshold, false) as is_met,
        rates.pass_rate as value,
        rates.pass_rate_threshold as threshold,
        case
            when rates.runs = 0 then format('no runs in the last {} days', rates.window_days)
            when rates.conclusive_runs = 0
                then format(
                        'no run of the last {} days passed or failed yet',
                        rates.window_days
                    )
            else
                'pass rate ' || rates.pass_rate_text
                || case when rates.pass_rate >= rates.pass_rate_threshold then ' ≥ ' else ' < ' end
                || rates.pass_rate_threshold_text || format(
                    ' ({} of {} runs)',
                    rates.passed_runs,
                    rates.conclusive_runs
                )
        end as reason,
        -- k more passes lift (passed + k) / (n + k) to the threshold.
        case
            when rates.conclusive_runs > 0 and rates.pass_rate_threshold < 1 then cast(ceil(
                    round(
                        (
                            rates.pass_rate_threshold * rates.conclusive_runs - rates.passed_runs
                        ) / (1 - rates.pass_rate_threshold),
                        9
                    )
                ) as bigint)
        end as missing
    from rates
), autofix as (
    select
        rates.*,
        'autofix_success' as rule,
        rates.points_autofix_success as points_possible,
        case
            when rates.runs = 0 then false
            when rates.failing_attempts = 0 then true
            else coalesce(rates.autofix_success_rate > rates.autofix_threshold, false)
        end as is_met,
        rates.autofix_success_rate as value,
        rates.autofix_threshold as threshold,
        case
            when rates.runs = 0 then format('no runs in the last {} days', rates.window_days)
            when rates.failing_attempts = 0
                then format(
                        'no failure in the last {} days: nothing to fix',
                        rates.window_days
                    )
            when rates.autofix_attempts = 0
                then format('failing attempts: {}, none repaired automatically', rates.failing_attempts)
            when rates.autofix_success_rate is null
                then format('automatic repairs: {}, none with a result yet', rates.autofix_attempts)
            else
                'auto-fix success ' || rates.autofix_text
                || case when rates.autofix_success_rate > rates.autofix_threshold then ' > ' else ' ≤ ' end
                || rates.autofix_threshold_text
                || format(' ({} of {} repairs)', rates.autofix_fixed, rates.autofix_fixed + rates.autofix_failed)
        end as reason,
        -- k more repairs must lift the rate above the threshold, not to it.
        case
            when rates.failing_attempts > 0 and rates.autofix_threshold < 1 then cast(floor(
                    round(
                        (rates.autofix_threshold * (rates.autofix_fixed + rates.autofix_failed) - rates.autofix_fixed)
                        / (1 - rates.autofix_threshold),
                        9
                    )
                ) as bigint) + 1
        end as missing
    from rates
), workflows as (
    select
        critical_workflows.repo,
        count(*) filter (where not critical_workflows.is_removed) as critical,
        count(*) filter (where critical_workflows.is_green and not critical_workflows.is_removed) as green,
        string_agg(parse_filename(critical_workflows.workflow_path), ', ' order by critical_workflows.workflow_path)
        filter (where critical_workflows.is_removed) as removed,
        string_agg(parse_filename(critical_workflows.workflow_path), ', ' order by critical_workflows.workflow_path)
        filter (where not critical_workflows.is_green and not critical_workflows.is_removed) as not_green,
        string_agg(
            parse_filename(critical_workflows.workflow_path)
            || case when critical_workflows.latest_outcome is null then ' (no result)' else ' (failing)' end,
            ', '
            order by critical_workflows.workflow_path
        ) filter (where not critical_workflows.is_green and not critical_workflows.is_removed) as not_green_because
    from marts.critical_workflows as critical_workflows
    group by critical_workflows.repo
), critical_green as (
    select
        rates.*,
        'critical_workflows_green' as rule,
        rates.points_critical_workflows_green as points_possible,
        coalesce(workflows.critical > 0 and workflows.green = workflows.critical, false) as is_met,
        workflows.green / nullif(workflows.critical, 0) as value,
        cast(1 as double) as threshold,
        case
            when workflows.critical is null
                then format('no workflow ran on the default branch in the last {} days', rates.window_days)
            else
                format('critical workflows green: {} of {}', workflows.green, workflows.critical)
                || coalesce(', not ' || workflows.not_green_because, '')
                || coalesce('; configured, but deleted or disabled: ' || workflows.removed, '')
        end as reason,
        workflows.not_green
    from rates
    left join workflows on workflows.repo = rates.repo
), merged as (
    select
        pull_requests.repo,
        pull_requests.milestone,
        pull_requests.number,
        pull_requests.changed_files is not null as is_known,
        coalesce(len(list_filter(
            pull_requests.changed_files, lambda path: starts_with(path, 'docs/') or ends_with(path, '.md')
        )) > 0, false) as has_docs
    from staging.stg_pull_requests as pull_requests
    where pull_requests.merged_at is not null and pull_requests.milestone is not null
), documented as (
    select
        merged.repo,
        merged.milestone,
        count(*) as merged_prs,
        bool_and(merged.is_known) as is_known,
        min(merged.number) filter (where merged.has_docs) as docs_pr
    from merged
    group by merged.repo, merged.milestone
), docs_merged as (
    select
        rates.*,
        'docs_and_pr_merged' as rule,
        rates.points_docs_and_pr_merged as points_possible,
        documented.docs_pr is not null as is_met,
        -- Unread file lists leave it open, unless one that was read decides.
        case
            when documented.docs_pr is not null then 1.0
            when coalesce(documented.is_known, true) then 0.0
        end as value,
        cast(1 as double) as threshold,
        case
            when documented.docs_pr is not null then format('#{} merged with documentation', documented.docs_pr)
            when documented.merged_prs is null then 'no pull request of the milestone merged'
            when documented.is_known
                then format(
                        'merged pull requests: {}, none with documentation',
                        documented.merged_prs
                    )
            else format('merged pull requests: {}, which files they change is not known', documented.merged_prs)
        end as reason
    from rates
    left join documented on documented.repo = rates.repo and documented.milestone = rates.milestone
), ledger as (
    select
        pass_rate.repo,
        pass_rate.number,
        pass_rate.milestone,
        pass_rate.as_of,
        pass_rate.progress_formula,
        pass_rate.rule,
        pass_rate.points_possible,
        pass_rate.is_met,
        pass_rate.value,
        pass_rate.threshold, pass_rate.reason,
        case
            when pass_rate.missing = 1 then '1 more passing run would give'
            when pass_rate.missing > 1 then format('{} more passing runs would give', pass_rate.missing)
            when pass_rate.conclusive_runs > 0 then 'every run passing would give'
            else 'a passing run would give'
        end as next_step
    from pass_rate
    union all
    select
        autofix.repo,
        autofix.number,
        autofix.milestone,
        autofix.as_of,
        autofix.progress_formula,
        autofix.rule,
        autofix.points_possible,
        autofix.is_met,
        autofix.value,
        autofix.threshold, autofix.reason,
        case
            when autofix.runs = 0 then 'a run without failures would give'
            when autofix.missing = 1 then '1 more repair would give'
            when autofix.missing > 1 then format('{} more repairs would give', autofix.missing)
            else 'every repair succeeding would give'
        end
    from autofix
    union all
    select
        critical_green.repo,
        critical_green.number,
        critical_green.milestone,
        critical_green.as_of,
        critical_green.progress_formula,
        critical_green.rule,
        critical_green.points_possible,
        critical_green.is_met,
        critical_green.value,
        critical_green.threshold, critical_green.reason,
        case
            when critical_green.not_green is null then 'a green run of the default branch would give'
            else 'getting ' || critical_green.not_green || ' green would give'
        end
    from critical_green
    union all
    select
        docs_merged.repo,
        docs_merged.number,
        docs_merged.milestone,
        docs_merged.as_of,
        docs_merged.progress_formula,
        docs_merged.rule,
        docs_merged.points_possible,
        docs_merged.is_met,
        docs_merged.value,
        docs_merged.threshold, docs_merged.reason,
        'merging a pull request that changes documentation (docs/ or *.md) would give'
    from docs_merged
    union all
    select
        custom.repo,
        custom.number,
        custom.milestone,
        parameters.as_of,
        parameters.progress_formula,
        custom.rule,
        custom.points_possible,
        custom.is_met,
        custom.value,
        custom.threshold, custom.reason,
        custom.next_step
    from intermediate.int_custom_progress_rules as custom
    cross join config.parameters as parameters
)
select
    ledger.repo,
    ledger.number,
    ledger.milestone,
    ledger.as_of,
    ledger.progress_formula as formula,
    ledger.rule,
    ledger.points_possible,
    case when ledger.is_met then ledger.points_possible else 0 end as points,
    ledger.value,
    ledger.threshold,
    ledger.reason,
    case when not ledger.is_met then ledger.next_step || ' +' || ledger.points_possible end as next_step
from ledger
