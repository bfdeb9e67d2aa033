-- Figures of published weeks that are others now: runs were run again, data came late, or a definition changed.
select
    f.repo,
    f.week,
    f.figure,
    p.value as published_value,
    f.value as present_value,
    f.value - p.value as change,
    p.published_at
from marts.ci_weekly_figures as f
inner join sync.published_figures as p on p.repo = f.repo and p.week = f.week and p.figure = f.figure
where not coalesce(abs(f.value - p.value) < 1e-9, f.value is null and p.value is null)
