select w.repo, w.week
from marts.ci_weekly as w
left join marts.recovery_by_period as r on r.repo = w.repo and r.grain = 'week' and r.period = w.week
where w.episodes_closed <> coalesce(r.episodes_closed, 0) or w.episodes_open <> coalesce(r.episodes_open, 0)
