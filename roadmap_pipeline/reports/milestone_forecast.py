"""The paragraphs of a milestone's page that say when it will be finished, and how far to trust that.

Belongs here: words around one row of ``marts.milestone_forecast_days``. The sentence that says why is in the row. The
target date is not named: people change it where the row shows it.
"""

from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row

# As in milestones/forecast, which reports don't import.
DRAWS = 5_000
LEAST_MILESTONES = 20
_BEYOND = "more than two years from now"


def forecast_paragraphs(row: Row) -> list[str]:
    """Return the paragraphs of a row of figures, Markdown; none for a milestone that wasn't forecast."""
    if row["forecast_state"] is None:
        return []
    if row["forecast_state"] != "forecast":
        return [f"No date can be told. {row['forecast_reason']}"]
    dates = f"**By {_day(row['p85_date'])} in 85 % of {fmt.count(DRAWS)} simulated courses**"
    dates += f", by {_day(row['p50_date'])} in half of them, by {_day(row['p95_date'])} in 95 %."
    if row["probability_on_time"] is not None:
        dates += f" The target date is met in {fmt.percent(row['probability_on_time'], 0)}."
    return [dates, row["forecast_reason"], _trust(row)]


def _trust(row: Row) -> str:
    judged = row["forecast_accuracy"] or "no date has been judged yet"
    trust = f"How far to trust it: of past forecasts, {judged}."
    if row["is_calibrated"]:
        return f"{trust} The dates are calibrated on {fmt.several(row['calibrated_on'], 'finished milestone')}."
    return f"{trust} The dates are uncalibrated: that takes {LEAST_MILESTONES} finished milestones."


def _day(day: object) -> str:
    return _BEYOND if day is None else str(day)
