-- Figures of published quarters that are others now: data came late, runs were run again, or a definition changed.
select
    figures.quarter,
    figures.figure,
    published.value as published_value,
    figures.value as present_value,
    figures.value - published.value as change,
    published.published_at,
    figures.is_complete,
    figures.first_whole_day,
    figures.last_whole_day
from marts.quarterly_figures as figures
inner join sync.published_quarterly_figures as published
    on published.quarter = figures.quarter
    and published.figure = figures.figure
where not coalesce(abs(figures.value - published.value) < 1e-9, figures.value is null and published.value is null)
