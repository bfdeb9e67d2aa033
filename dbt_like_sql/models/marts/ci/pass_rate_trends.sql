-- Final pass rate against the equal period before: Improving or Degrading only when the difference is at least two
-- percentage points, its 95 % interval (Newcombe, from Wilson intervals) excludes 0, and both periods have 20 runs.
-- A period that history, an import or the ingest's coverage cuts off is compared with none.
with sums as (
    select
        days.repo, 'week' as grain, days.week as period, null as workflow_path, null as job_base_name,
        min(days.day) as first_day, sum(days.conclusive_runs) as runs, sum(days.passed_runs) as passed
    from marts.ci_daily as days
    group by days.repo, days.week
    union all
    select
        days.repo,
        'quarter',
        days.quarter,
        null,
        null,
        min(days.day),
        sum(days.conclusive_runs),
        sum(days.passed_runs)
    from marts.ci_daily as days
    group by days.repo, days.quarter
    union all
    select
        workflow_weeks.repo,
        'workflow_week',
        workflow_weeks.week,
        workflow_weeks.workflow_path,
        '*',
        workflow_weeks.week_start,
        workflow_weeks.conclusive_runs,
        workflow_weeks.passed_runs
    from intermediate.int_workflow_weeks as workflow_weeks
    union all
    select
        job_weeks.repo,
        'workflow_week',
        job_weeks.week,
        job_weeks.workflow_path,
        job_weeks.job_base_name,
        job_weeks.week_start,
        job_weeks.conclusive_runs,
        job_weeks.passed_runs
    from intermediate.int_job_weeks as job_weeks
    where job_weeks.job_base_name <> '*'
), covered as (
    select
        sums.*,
        coverage.is_complete,
        coverage.first_whole_day,
        coverage.last_whole_day,
        coalesce(coverage.is_comparable, true) as is_comparable
    from sums
    left join marts.period_coverage as coverage
        on coverage.repo = sums.repo
        and coverage.grain = case when sums.grain = 'workflow_week' then 'week' else sums.grain end
        and coverage.period = sums.period
), compared as (
    -- Days have no gaps, so the row before is the period before; a workflow doesn't run in every week.
    select
        covered.*,
        covered.is_comparable
        and coalesce(lag(covered.is_comparable) over earlier, false)
        and (
            covered.grain <> 'workflow_week'
            or lag(covered.first_day) over earlier = covered.first_day - 7
        ) as has_previous,
        lag(covered.runs) over earlier as previous_runs,
        lag(covered.passed) over earlier as previous_passed
    from covered
    window earlier as (
        partition by
            covered.repo,
            covered.grain,
            covered.workflow_path,
            covered.job_base_name
        order by covered.first_day
    )
), windows as (
    select
        compared.repo,
        compared.grain,
        compared.period,
        compared.workflow_path,
        compared.job_base_name,
        cast(compared.runs as bigint) as n,
        cast(compared.passed as bigint) as passed,
        cast(case when compared.has_previous then compared.previous_runs else 0 end as bigint) as previous_n,
        cast(case when compared.has_previous then compared.previous_passed else 0 end as bigint) as previous_passed,
        coalesce(compared.is_complete, false) as is_complete,
        compared.first_whole_day,
        compared.last_whole_day
    from compared
    union all
    select
        windows.repo,
        'milestone',
        windows.milestone,
        null,
        null,
        windows.conclusive_runs,
        windows.passed_runs,
        windows.previous_conclusive_runs,
        windows.previous_passed_runs, null, null, null
    from marts.milestone_windows as windows
), rates as (
    select
        windows.*,
        windows.passed / nullif(windows.n, 0) as p1,
        windows.previous_passed / nullif(windows.previous_n, 0) as p0,
        1.96 as z
    from windows
), centres as (
    select
        rates.*,
        (rates.p1 + rates.z * rates.z / (2 * rates.n)) / (1 + rates.z * rates.z / rates.n) as centre1,
        rates.z * sqrt(
            rates.p1 * (1 - rates.p1) / rates.n + rates.z * rates.z / (4.0 * rates.n * rates.n)
        ) / (1 + rates.z * rates.z / rates.n) as half1,
        (rates.p0 + rates.z * rates.z / (2 * rates.previous_n)) / (1 + rates.z * rates.z / rates.previous_n) as centre0,
        rates.z * sqrt(
            rates.p0 * (1 - rates.p0) / rates.previous_n + rates.z * rates.z
            / (4.0 * rates.previous_n * rates.previous_n)
        )
        / (1 + rates.z * rates.z / rates.previous_n) as half0
    from rates
), intervals as (
    select
        centres.*,
        centres.p1 - centres.p0 as delta,
        centres.p1 - centres.p0
        - sqrt(
            power(centres.p1 - (centres.centre1 - centres.half1), 2)
            + power(centres.centre0 + centres.half0 - centres.p0, 2)
        ) as delta_low,
        centres.p1 - centres.p0
        + sqrt(
            power(centres.centre1 + centres.half1 - centres.p1, 2)
            + power(centres.p0 - (centres.centre0 - centres.half0), 2)
        ) as delta_high
    from centres
)
select
    intervals.repo,
    intervals.grain,
    intervals.period,
    intervals.n,
    intervals.previous_n,
    intervals.p1 as pass_rate,
    intervals.p0 as previous_pass_rate,
    intervals.delta,
    intervals.delta_low,
    intervals.delta_high,
    case
        when intervals.n < 20 or intervals.previous_n < 20 then 'Stable'
        when intervals.delta >= 0.02 - 1e-9 and intervals.delta_low > 0 then 'Improving'
        when intervals.delta <= -0.02 + 1e-9 and intervals.delta_high < 0 then 'Degrading'
        else 'Stable'
    end as trend,
    intervals.is_complete,
    intervals.first_whole_day,
    intervals.last_whole_day,
    intervals.workflow_path,
    intervals.job_base_name
from intervals
