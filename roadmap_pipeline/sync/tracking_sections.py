"""The text of a tracking issue: status, target date and conflicts first, then the facts that the tables state.

Belongs here: composing our section from merged values, and reading back which side people chose in it. Where it is
written is decided in ``tracking``.
"""

import re
from collections.abc import Sequence
from typing import Any

from roadmap_pipeline.sync.canonical import SHARED
from roadmap_pipeline.sync.merge import Side
from roadmap_pipeline.sync.plan import shorten
from roadmap_pipeline.sync.shared_fields import Disagreement

_FACTS = "<!-- facts -->"
_CHOICE = re.compile(r"^- \[([ xX])\] .*<!-- take (github|notion) (\d) -->\s*$", re.MULTILINE)
ROW = "Row in Notion"
_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_REPORT = re.compile(r" · \[([\w.-]+\.md)\]\(")
_GONE = "The milestone was deleted on GitHub."


def section_of(
    status: str,
    target_date: str | None,
    row_url: str | None,
    report: tuple[str, str] | None,
    disagreements: Sequence[Disagreement],
    facts: str | None,
) -> str:
    """Return our section of a tracking issue.

    Args:
        status: As both sides will have it.
        target_date: Likewise; an ISO day.
        row_url: Address of the row in Notion; None where there is none.
        report: Name and address of the latest report; None where it has no page.
        disagreements: Fields that people have to decide.
        facts: What the tables state; None where they say nothing.
    """
    head = [f"**Status:** {status}", f"**Target:** {target_date or 'none'}"]
    if row_url:
        head.append(f"[{ROW}]({row_url})")
    if report:
        head.append("[{}]({})".format(*report))
    parts = [" · ".join(head)]
    parts += [_question(one) for one in disagreements]
    parts.append(f"{_FACTS}\n{facts or ''}".rstrip())
    return "\n\n".join(parts)


def section_of_deleted() -> str:
    """Return our section once the milestone is gone."""
    return f"{_GONE}\n\n{_FACTS}"


def facts_in(section: str) -> str | None:
    """Return the facts that a section states, for when the tables say nothing new."""
    _, found, facts = section.partition(_FACTS)
    return facts.strip() or None if found else None


def links_in(section: str) -> dict[str, str]:
    """Return the addresses of our links in a section, by their texts: they stay where Notion can't be asked."""
    return dict(_LINK.findall(section.partition(_FACTS)[0].partition("\n")[0]))


def report_in(section: str) -> str | None:
    """Return the name of the report that a section links to."""
    match = _REPORT.search(section.partition(_FACTS)[0])
    return match[1] if match else None


def says_completed(section: str | None) -> bool:
    """Return whether a section was written when the milestone was done: closing the issue was then ours."""
    return section is not None and section.lstrip().startswith("**Status:** Completed")


def choices_in(section: str) -> dict[str, Side]:
    """Return the side that people ticked for fields in conflict; both ticked is no choice."""
    ticked: dict[str, set[Side]] = {}
    for mark, side, field in _CHOICE.findall(section):
        if mark != " " and int(field) < len(SHARED):
            ticked.setdefault(SHARED[int(field)], set()).add(side)
    return {field: next(iter(sides)) for field, sides in ticked.items() if len(sides) == 1}


def _question(one: Disagreement) -> str:
    if one.reason is not None:
        return f"⚠️ **{one.field}**: Notion has {_code(one.notion)}, which GitHub does not take ({one.reason})."
    number = SHARED.index(one.field)
    return (
        f"⚠️ **{one.field}** was changed on both sides. Make both equal, or tick one:\n\n"
        f"- [ ] GitHub's {_code(one.github)} <!-- take github {number} -->\n"
        f"- [ ] Notion's {_code(one.notion)} <!-- take notion {number} -->"
    )


def _code(value: Any) -> str:
    """Return a value of people's as code: nothing in it mentions anybody, closes an issue or opens a comment."""
    if value is None:
        return "*nothing*"
    text = " ".join(str(shorten(value)).split()).replace("--", "-\u200b-")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
