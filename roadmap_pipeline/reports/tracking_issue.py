"""The text of an open milestone's tracking issue below its first lines, as Markdown.

Progress with its ledger, CI health, what is next and in the way, pull requests, the report, and how to switch it off.
Says neither title, status nor target date: the first lines tell those, from both sides' values as they were merged.
"""

import re
from collections.abc import Sequence

from roadmap_pipeline.reports.milestone_facts import MilestoneFacts
from roadmap_pipeline.reports.tables import Row
from roadmap_pipeline.reports.template import render

# The section ends at a comment of ours: what strangers named so must not end it, though it stands in code.
_COMMENT = re.compile(r"<(?=!--)|-(?=->)")
_WORD_JOINER = "\u2060"


def tracking_issues(milestones: Sequence[MilestoneFacts]) -> list[Row]:
    """Return the rows of ``derived.tracking_issues``: one per open milestone."""
    return [
        {
            "repo": milestone.row["repo"],
            "number": milestone.row["number"],
            "body": _COMMENT.sub(
                rf"\g<0>{_WORD_JOINER}",
                render("tracking_issue.md.j2", milestone.row | {"milestone": milestone}).strip(),
            ),
        }
        for milestone in milestones
        if milestone.row["state"] == "open"
    ]
