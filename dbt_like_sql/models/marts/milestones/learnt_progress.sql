-- How much of an open milestone's time has passed, as finished milestones with such signals tell (learnt_v3): the mean
-- of these, and what each signal adds to it or takes from it.
with readings as (
    select
        signals.repo,
        signals.number,
        signals.milestone,
        signals.as_of,
        signals.work_done,
        model.signal,
        model.base,
        model.coefficient,
        model.centre,
        model.definition_version,
        case model.signal
            when 'work_done' then signals.work_done
            when 'target_elapsed' then signals.target_elapsed
            when 'scope_growth' then signals.scope_growth
            when 'pace_ratio' then signals.pace_ratio
            when 'open_pull_requests' then signals.open_pull_requests
        end as reading
    from intermediate.int_milestone_signals as signals
    cross join derived.learnt_model as model
    where signals.is_open and signals.work_done is not null
), terms as (
    select
        readings.*,
        -- What is not known of it counts as usual. To a tenth of a point, as it is shown; adding 0 makes no -0 of it.
        round(readings.coefficient * (coalesce(readings.reading, readings.centre) - readings.centre), 3) + 0 as term
    from readings
), summed as (
    select
        terms.repo,
        terms.number,
        terms.milestone,
        terms.as_of,
        terms.base,
        terms.definition_version,
        terms.work_done,
        terms.base + sum(terms.term) as unlimited,
        max(terms.term) filter (where terms.signal = 'work_done') as work_done_term,
        max(terms.term) filter (where terms.signal = 'target_elapsed') as target_elapsed_term,
        max(terms.term) filter (where terms.signal = 'scope_growth') as scope_growth_term,
        max(terms.term) filter (where terms.signal = 'pace_ratio') as pace_ratio_term,
        max(terms.term) filter (where terms.signal = 'open_pull_requests') as open_pull_requests_term
    from terms
    group by
        terms.repo,
        terms.number,
        terms.milestone,
        terms.as_of,
        terms.base,
        terms.definition_version,
        terms.work_done
)
select
    summed.repo,
    summed.number,
    summed.milestone,
    summed.as_of,
    summed.as_of = max(summed.as_of) over (partition by summed.repo, summed.number) as is_latest,
    least(greatest(summed.unlimited, 0), 1) as share,
    summed.work_done,
    summed.base,
    summed.work_done_term,
    summed.target_elapsed_term,
    summed.scope_growth_term,
    summed.pace_ratio_term,
    summed.open_pull_requests_term,
    least(greatest(summed.unlimited, 0), 1) - summed.unlimited as limit_term,
    accuracy.is_published,
    summed.definition_version,
    format(
        '{:.0f} % of its time has passed by what finished milestones were like: {:.1f} on average; in points {:+.1f}'
        || ' for work done, {:+.1f} for the time to the target, {:+.1f} for scope growth, {:+.1f} for the pace of the'
        || ' last four weeks, {:+.1f} for open pull requests{}',
        100 * least(greatest(summed.unlimited, 0), 1),
        100 * summed.base,
        100 * summed.work_done_term,
        100 * summed.target_elapsed_term,
        100 * summed.scope_growth_term,
        100 * summed.pace_ratio_term,
        100 * summed.open_pull_requests_term,
        case when summed.unlimited between 0 and 1 then '' else '; held within 0 and 100 %' end
    ) as reason
from summed
cross join marts.learnt_progress_accuracy as accuracy
