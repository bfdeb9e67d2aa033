-- Time to green of red episodes, by the week and the quarter they started in. Open episodes count as "at least so long"
-- (right-censored, Kaplan–Meier): leaving them out would make the figure better the longer things stay red. So do those
-- that ended without turning green, since the workflow or the branch went.
with ended as (
    select
        episodes.*,
        not episodes.is_open
        and coalesce(episodes.closed_by not in ('workflow_removed', 'renamed'), true) as is_recovered
    from marts.red_episodes as episodes
), periods as (
    select e.repo, 'week' as grain, e.week as period, e.hours, e.is_open, e.is_recovered from ended as e
    union all
    select
        e.repo,
        'quarter',
        strftime(e.started_at, '%Y') || '-Q' || quarter(e.started_at),
        e.hours,
        e.is_open,
        e.is_recovered
    from ended as e
), episodes as (
    select p.* from periods as p
    union all
    select '*', p.grain, p.period, p.hours, p.is_open, p.is_recovered from periods as p
), steps as (
    select
        e.repo,
        e.grain,
        e.period,
        e.hours,
        count(*) filter (where e.is_recovered) as closed,
        sum(count(*)) over (partition by e.repo, e.grain, e.period order by e.hours desc) as at_risk
    from episodes as e
    group by e.repo, e.grain, e.period, e.hours
), curve as (
    select
        s.repo,
        s.grain,
        s.period,
        s.hours,
        product(1 - s.closed / s.at_risk) over (
            partition by s.repo, s.grain, s.period order by s.hours
        ) as survival
    from steps as s
), quantiles as (
    -- The product of fractions misses a round 0.5 or 0.1 by a few 1e-16.
    select
        c.repo,
        c.grain,
        c.period,
        min(c.hours) filter (where c.survival <= 0.5 + 1e-9) as recovery_median_hours,
        min(c.hours) filter (where c.survival <= 0.1 + 1e-9) as recovery_p90_hours
    from curve as c
    group by c.repo, c.grain, c.period
), sums as (
    select
        e.repo,
        e.grain,
        e.period,
        count(*) filter (where not e.is_open) as episodes_closed,
        count(*) filter (where e.is_open) as episodes_open,
        count(*) filter (where e.is_recovered) as episodes_recovered,
        -- Exact integers first: the mean must not depend on the order in which rows are added.
        sum(cast(round(e.hours * 3600 * 1000) as bigint)) filter (where e.is_recovered) / 3600000.0 as closed_hours,
        max(e.hours) filter (where e.is_open) as oldest_open_hours
    from episodes as e
    group by e.repo, e.grain, e.period
)
select
    s.repo,
    s.grain,
    s.period,
    s.episodes_closed,
    s.episodes_open,
    s.closed_hours / nullif(s.episodes_recovered, 0) as recovery_mean_hours,
    q.recovery_median_hours,
    q.recovery_p90_hours,
    s.oldest_open_hours,
    coalesce(p.is_complete, false) as is_complete,
    p.first_whole_day,
    p.last_whole_day
from sums as s
inner join quantiles as q on q.repo = s.repo and q.grain = s.grain and q.period = s.period
left join marts.period_coverage as p on p.repo = s.repo and p.grain = s.grain and p.period = s.period
