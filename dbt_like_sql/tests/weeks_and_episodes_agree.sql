select weeks.repo, weeks.week
from marts.ci_weekly as weeks
left join marts.recovery_by_period as recovery
    on recovery.repo = weeks.repo
    and recovery.grain = 'week'
    and recovery.period = weeks.week
where weeks.episodes_closed <> coalesce(recovery.episodes_closed, 0)
    or weeks.episodes_open <> coalesce(recovery.episodes_open, 0)
