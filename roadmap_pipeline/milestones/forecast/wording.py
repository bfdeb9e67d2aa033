"""Sentences that say why a forecast is what it is, or why there is none.

Belongs here: words for one forecast. What reports put around them is the reports' business.
"""

from roadmap_pipeline.milestones.forecast.forecast import (
    LARGEST_CHANCE_OF_NEVER,
    LEAST_ACTIVE_WEEKS,
    LEAST_CLOSED_ITEMS,
    Forecast,
)


def reason(forecast: Forecast) -> str:
    """Return one plain sentence, without the day of the forecast: it stays the same as long as the facts do."""
    left = _several(forecast.open_items, forecast.measured_by)
    done = _several(forecast.closed_items, forecast.measured_by)
    match forecast.state:
        case "closed":
            return "The milestone is closed."
        case "no_items":
            return "No issue and no pull request belongs to it yet."
        case "all_items_closed":
            return f"All of its {done} are closed; the milestone itself is still open."
        case "target_passed":
            # Not which: people change it in Notion, where the row shows it.
            return f"The target date has passed with {left} open."
        case "insufficient_history":
            return (
                f"{left[:1].upper()}{left[1:]} open, {forecast.closed_items} closed in"
                f" {_several(forecast.active_weeks, 'weeks')} of work: a forecast needs {LEAST_CLOSED_ITEMS} in"
                f" {LEAST_ACTIVE_WEEKS} weeks."
            )
        case "no_progress_4w":
            return f"Nothing was closed in four weeks, with {left} open."
        case "scope_outpaces_throughput":
            return (
                f"{round(100 * (forecast.probability_never or 0))} % of the simulated courses don't end within two"
                f" years (over {round(100 * LARGEST_CHANCE_OF_NEVER)} %): {left} open, {_flow(forecast)}."
            )
        case "forecast":
            return f"{left[:1].upper()}{left[1:]} open; {_flow(forecast)}."


def _flow(forecast: Forecast) -> str:
    parts = [f"about {forecast.weekly_closed or 0:.1f} closed and {forecast.weekly_added or 0:.1f} added a week"]
    if forecast.share is not None and round(forecast.share, 2) < 1:
        parts.append(f"{round(100 * forecast.share)} % of what is closed in the repository's milestones")
    if forecast.history == "dates":
        parts.append("in part by the items' own dates, for want of events")
    return ", ".join(parts)


def _several(number: int, noun: str) -> str:
    """Return ``1 issue``, ``2 issues``; all items are issues and pull requests."""
    if noun == "items":
        return f"{number} issue{'' if number == 1 else 's'} and pull requests"
    return f"{number} {noun.removesuffix('s') if number == 1 else noun}"
