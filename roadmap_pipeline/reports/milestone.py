"""The page of a milestone's row in Notion, as Markdown: what a manager asks of it.

Why this progress, what would give more, how much of the work is done and when the rest will be, what CI cost it, what
is in the way, where to look further. Says neither title, status nor target date: they stand in the row itself, where
people edit them.
"""

from collections.abc import Sequence

from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.milestone_ci import NO_PROOF
from roadmap_pipeline.reports.milestone_facts import MilestoneFacts
from roadmap_pipeline.reports.milestone_forecast import forecast_paragraphs
from roadmap_pipeline.reports.tables import Row
from roadmap_pipeline.reports.template import render


def milestone_pages(milestones: Sequence[MilestoneFacts]) -> list[Row]:
    """Return the rows of ``derived.milestone_pages``: one per milestone, open or closed."""
    return [
        {
            "repo": milestone.row["repo"],
            "number": milestone.row["number"],
            "page": render(
                "milestone.md.j2",
                milestone.row
                | {
                    "milestone": milestone,
                    "forecast": forecast_paragraphs(milestone.row),
                    "NO_PROOF": NO_PROOF,
                    "links": _links(milestone),
                },
            ).strip(),
        }
        for milestone in milestones
    ]


def _links(milestone: MilestoneFacts) -> list[str]:
    row = milestone.row
    links = [fmt.link("Milestone on GitHub", row["html_url"])]
    if row["related_pr_number"]:
        links.append(fmt.link(f"Pull request {row['related_pr_number']}", row["related_pr_url"]))
    if row["own_tracking_url"]:
        links.append(fmt.link("Tracking issue", row["own_tracking_url"]))
    elif row["tracking_issues_url"]:
        # Its number is not known before it is written, which must be no reason to write this page again.
        links.append(fmt.link("Tracking issues of the repository", row["tracking_issues_url"]))
    return [*links, "Latest weekly report: the property 📎 Latest CI Health"]
