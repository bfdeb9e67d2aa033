-- Figures of published weeks that are others now: runs were run again, data came late, or a definition changed.
select
    figures.repo,
    figures.week,
    figures.figure,
    published.value as published_value,
    figures.value as present_value,
    figures.value - published.value as change,
    published.published_at
from marts.ci_weekly_figures as figures
inner join sync.published_figures as published
    on published.repo = figures.repo
    and published.week = figures.week
    and published.figure = figures.figure
where not coalesce(abs(figures.value - published.value) < 1e-9, figures.value is null and published.value is null)
