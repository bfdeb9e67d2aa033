select d.repo, min(d.day) as first_day, max(d.day) as last_day, count(*) as days
from marts.ci_daily as d
group by d.repo
having days <> date_diff('day', first_day, last_day) + 1
