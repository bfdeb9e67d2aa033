select days.repo, min(days.day) as first_day, max(days.day) as last_day, count(*) as days
from marts.ci_daily as days
group by days.repo
having days <> date_diff('day', first_day, last_day) + 1
