-- What threatens each open milestone, in one line: its open risks, gravest first, without those that another covers.
with shown as (
    select
        risks.*,
        row_number() over (
            partition by risks.repo, risks.number
            order by list_position(['high', 'medium', 'low'], risks.severity), risks.position
        ) as place,
        count(*) over (partition by risks.repo, risks.number) as open_risks
    from marts.milestone_risks as risks
    where risks.is_open and not risks.is_covered
)
select
    shown.repo,
    shown.number,
    shown.milestone,
    any_value(shown.open_risks) as open_risks,
    arg_min(shown.risk, shown.place) as worst_risk,
    arg_min(shown.label, shown.place) as worst_label,
    arg_min(shown.severity, shown.place) as worst_severity,
    arg_min(shown.since, shown.place) as worst_since,
    string_agg(
        shown.label || ' since ' || shown.since || case when shown.is_since_known then '' else ' or before' end,
        '; '
        order by shown.place
    ) filter (where shown.place <= 3)
    || case
        when any_value(shown.open_risks) > 3 then '; … and ' || (any_value(shown.open_risks) - 3) || ' more'
        else ''
    end as text
from shown
group by shown.repo, shown.number, shown.milestone
