-- From when to when each risk of a milestone held: a condition counts once it has held on risks.consecutive_days days
-- in a row, and is over once it hasn't on as many. Both for the condition and for three times its threshold.
with levels as (
    select
        days.repo,
        days.number,
        days.risk,
        days.as_of,
        unnest([{'level': 'met', 'holds': days.is_met}, {'level': 'grave', 'holds': days.is_grave}], recursive := true)
    from intermediate.int_milestone_risk_days as days
), marked as (
    select
        levels.*,
        coalesce(levels.holds <> lag(levels.holds) over by_day, true) as is_new,
        min(levels.as_of) over by_day as first_judged_on
    from levels
    window by_day as (partition by levels.repo, levels.number, levels.risk, levels.level order by levels.as_of)
), numbered as (
    select
        marked.*,
        count(case when marked.is_new then 1 end) over (
            partition by marked.repo, marked.number, marked.risk, marked.level
            order by marked.as_of
            rows between unbounded preceding and current row
        ) as stretch
    from marked
), stretches as (
    select
        numbered.repo,
        numbered.number,
        numbered.risk,
        numbered.level,
        any_value(numbered.holds) as holds,
        min(numbered.as_of) as first_day,
        max(numbered.as_of) as last_day,
        count(*) as days,
        min(numbered.first_judged_on) as first_judged_on
    from numbered
    group by numbered.repo, numbered.number, numbered.risk, numbered.level, numbered.stretch
), confirmed as (
    select stretches.*
    from stretches
    cross join config.risks as risks
    where stretches.days >= risks.consecutive_days
), followed as (
    select
        confirmed.*,
        lag(confirmed.holds) over (
            partition by confirmed.repo, confirmed.number, confirmed.risk, confirmed.level
            order by confirmed.first_day
        ) as held_before
    from confirmed
), changes as (
    select followed.*
    from followed
    where followed.holds <> coalesce(followed.held_before, false)
), episodes as (
    select
        changes.*,
        lead(changes.first_day) over (
            partition by changes.repo, changes.number, changes.risk, changes.level order by changes.first_day
        ) as over_on
    from changes
)
select
    episodes.repo,
    episodes.number,
    episodes.risk,
    episodes.level,
    episodes.first_day as since,
    episodes.first_day > episodes.first_judged_on as is_since_known,
    episodes.over_on
from episodes
where episodes.holds
