-- Final pass rate against the equal period before: Improving or Degrading only when the difference is at least two
-- percentage points, its 95 % interval (Newcombe, from Wilson intervals) excludes 0, and both periods have 20 runs.
-- A period that history, an import or the ingest's coverage cuts off is compared with none.
with sums as (
    select
        d.repo, 'week' as grain, d.week as period, null as workflow_path, null as job_base_name,
        min(d.day) as first_day, sum(d.conclusive_runs) as runs, sum(d.passed_runs) as passed
    from marts.ci_daily as d
    group by d.repo, d.week
    union all
    select d.repo, 'quarter', d.quarter, null, null, min(d.day), sum(d.conclusive_runs), sum(d.passed_runs)
    from marts.ci_daily as d
    group by d.repo, d.quarter
    union all
    select w.repo, 'workflow_week', w.week, w.workflow_path, '*', w.week_start, w.conclusive_runs, w.passed_runs
    from intermediate.int_workflow_weeks as w
    union all
    select
        j.repo, 'workflow_week', j.week, j.workflow_path, j.job_base_name, j.week_start, j.conclusive_runs, j.passed_runs
    from intermediate.int_job_weeks as j
    where j.job_base_name <> '*'
), covered as (
    select s.*, c.is_complete, c.first_whole_day, c.last_whole_day, coalesce(c.is_comparable, true) as is_comparable
    from sums as s
    left join marts.period_coverage as c
        on c.repo = s.repo
        and c.grain = case when s.grain = 'workflow_week' then 'week' else s.grain end
        and c.period = s.period
), compared as (
    -- Days have no gaps, so the row before is the period before; a workflow doesn't run in every week.
    select
        c.*,
        c.is_comparable
        and coalesce(lag(c.is_comparable) over earlier, false)
        and (c.grain <> 'workflow_week' or lag(c.first_day) over earlier = c.first_day - 7) as has_previous,
        lag(c.runs) over earlier as previous_runs,
        lag(c.passed) over earlier as previous_passed
    from covered as c
    window earlier as (
        partition by c.repo, c.grain, c.workflow_path, c.job_base_name order by c.first_day
    )
), windows as (
    select
        c.repo,
        c.grain,
        c.period,
        c.workflow_path,
        c.job_base_name,
        cast(c.runs as bigint) as n,
        cast(c.passed as bigint) as passed,
        cast(case when c.has_previous then c.previous_runs else 0 end as bigint) as previous_n,
        cast(case when c.has_previous then c.previous_passed else 0 end as bigint) as previous_passed,
        coalesce(c.is_complete, false) as is_complete,
        c.first_whole_day,
        c.last_whole_day
    from compared as c
    union all
    select
        m.repo, 'milestone', m.milestone, null, null, m.conclusive_runs, m.passed_runs, m.previous_conclusive_runs,
        m.previous_passed_runs, null, null, null
    from marts.milestone_windows as m
), rates as (
    select
        w.*,
        w.passed / nullif(w.n, 0) as p1,
        w.previous_passed / nullif(w.previous_n, 0) as p0,
        1.96 as z
    from windows as w
), centres as (
    select
        r.*,
        (r.p1 + r.z * r.z / (2 * r.n)) / (1 + r.z * r.z / r.n) as centre1,
        r.z * sqrt(r.p1 * (1 - r.p1) / r.n + r.z * r.z / (4.0 * r.n * r.n)) / (1 + r.z * r.z / r.n) as half1,
        (r.p0 + r.z * r.z / (2 * r.previous_n)) / (1 + r.z * r.z / r.previous_n) as centre0,
        r.z * sqrt(r.p0 * (1 - r.p0) / r.previous_n + r.z * r.z / (4.0 * r.previous_n * r.previous_n))
        / (1 + r.z * r.z / r.previous_n) as half0
    from rates as r
), intervals as (
    select
        c.*,
        c.p1 - c.p0 as delta,
        c.p1 - c.p0
        - sqrt(power(c.p1 - (c.centre1 - c.half1), 2) + power(c.centre0 + c.half0 - c.p0, 2)) as delta_low,
        c.p1 - c.p0
        + sqrt(power(c.centre1 + c.half1 - c.p1, 2) + power(c.p0 - (c.centre0 - c.half0), 2)) as delta_high
    from centres as c
)
select
    i.repo,
    i.grain,
    i.period,
    i.n,
    i.previous_n,
    i.p1 as pass_rate,
    i.p0 as previous_pass_rate,
    i.delta,
    i.delta_low,
    i.delta_high,
    case
        when i.n < 20 or i.previous_n < 20 then 'Stable'
        when i.delta >= 0.02 - 1e-9 and i.delta_low > 0 then 'Improving'
        when i.delta <= -0.02 + 1e-9 and i.delta_high < 0 then 'Degrading'
        else 'Stable'
    end as trend,
    i.is_complete,
    i.first_whole_day,
    i.last_whole_day,
    i.workflow_path,
    i.job_base_name
from intervals as i
