-- Whether learnt progress tells better than work done how much of a milestone's time has passed: on finished ones, each
-- left out while the others were learnt from.
with errors as (
    select
        backtest.repo,
        backtest.number,
        count(*) as days,
        avg(abs(backtest.share - signals.actual_share)) as error_learnt,
        avg(abs(signals.work_done - signals.actual_share)) as error_work
    from derived.learnt_backtest as backtest
    inner join intermediate.int_milestone_signals as signals
        on signals.repo = backtest.repo and signals.number = backtest.number and signals.as_of = backtest.as_of
    where signals.is_training
    group by backtest.repo, backtest.number
), scored as (
    select
        count(*) as scored_milestones,
        coalesce(cast(sum(errors.days) as bigint), 0) as days,
        -- Of each milestone the same weight, however long it took.
        avg(errors.error_learnt) as mae_learnt,
        avg(errors.error_work) as mae_work,
        count(*) filter (where errors.error_learnt < errors.error_work) as better_milestones
    from errors
), finished as (
    select count(distinct signals.repo || ' ' || signals.number) as milestones
    from intermediate.int_milestone_signals as signals
    where signals.is_training
), judged as (
    select
        finished.milestones,
        scored.days,
        scored.mae_learnt,
        scored.mae_work,
        scored.better_milestones,
        case
            when coalesce(parameters.progress_learnt, false) is false then 'off'
            when finished.milestones < 8 then 'too_few_milestones'
            when scored.scored_milestones = 0 then 'not_learnt_yet'
            when scored.mae_learnt < scored.mae_work and 2 * scored.better_milestones > scored.scored_milestones
                then 'published'
            else 'not_better'
        end as state
    from finished
    cross join scored
    cross join config.parameters as parameters
)
select
    'learnt_v3' as formula,
    judged.state,
    judged.milestones,
    judged.days,
    judged.mae_learnt,
    judged.mae_work,
    judged.better_milestones,
    judged.state = 'published' as is_published,
    case
        when judged.state = 'off' then 'learnt progress is off (progress.learnt in roadmap.toml)'
        when judged.state = 'too_few_milestones'
            then format('{} of the 8 finished milestones that learning takes', judged.milestones)
        when judged.state = 'not_learnt_yet' then 'not learnt yet: the next build does it'
        else format(
                'on {} finished milestones, each left out in turn, it misses the share of time by {:.1f} points on'
                || ' average, work done by {:.1f}; it is closer in {} of them{}',
                judged.milestones,
                100 * judged.mae_learnt,
                100 * judged.mae_work,
                judged.better_milestones,
                case when judged.state = 'published' then '' else ', so it is not published' end
            )
    end as reason
from judged
