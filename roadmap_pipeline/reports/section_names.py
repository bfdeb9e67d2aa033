"""The names of the reports' sections, and what is wrong with ``[[reports.sections]]`` of ``roadmap.toml``.

Belongs here: names alone, as the templates' headings give them. Making sections of one's own is ``own_sections``'s.
"""

import difflib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from roadmap_pipeline.customization import ReportSection

FOOTER = "about_these_numbers"
"""The section on what the numbers rest on: the last one, which can't be left out."""

MOST_OWN = 10
"""Sections of one's own in a report, so that it keeps to its budget."""

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_OTHER = re.compile(r"[^a-z0-9]+")


def name_of(heading: str) -> str:
    """Return the name of the section under a heading: ``Flaky jobs`` → ``flaky_jobs``."""
    return _OTHER.sub("_", heading.lower()).strip("_")


@cache
def section_names(report: str) -> tuple[str, ...]:
    """Return the names of a report's sections, in order; ``report`` is ``weekly`` or ``quarterly``."""
    template = (files("roadmap_pipeline.reports") / "templates" / f"{report}.md.j2").read_text(encoding="utf-8")
    return tuple(map(name_of, _HEADING.findall(template)))


def section_problems(sections: Sequence[ReportSection]) -> list[str]:
    """Return what is wrong with the sections that are left out or added, each with its remedy."""
    problems = []
    for index, section in enumerate(sections):
        known, before = section_names(section.report), sections[:index]
        for key, name in (("name", section.name), ("after", section.after)):
            if name is not None and name not in known:
                problems.append(
                    (index, f"{key}: the {section.report} report has no section {name!r}; {_hint(name, known)}")
                )
            elif name == FOOTER:
                remedy = "it can't be left out" if key == "name" else "nothing comes after it"
                problems.append((index, f"{key}: {FOOTER} says what all numbers rest on: {remedy}"))
        if section.title is not None:
            problems += [(index, problem) for problem in _title_problems(section, known, before)]
        if any(line.lstrip().startswith("#") for line in section.text.splitlines()):
            problems.append((index, "text: a heading would begin another section; leave out the #"))
    for report in ("weekly", "quarterly"):
        if (count := sum(one.is_own and one.report == report for one in sections)) > MOST_OWN:
            problems.append((0, f"the {report} report has {count} sections of your own, more than {MOST_OWN}"))
    return [f"reports.sections.{index}: {problem}" for index, problem in problems]


def _title_problems(section: ReportSection, known: Sequence[str], before: Sequence[ReportSection]) -> list[str]:
    name = name_of(section.title or "")
    taken = {*known, *(name_of(one.title) for one in before if one.title and one.report == section.report)}
    if not name or "\n" in (section.title or ""):
        return [f"title: {section.title!r} is no line with a letter or digit"]
    return [f"title: the {section.report} report has a section {section.title!r} already"] if name in taken else []


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name_of(name), known, n=1)
    return f"did you mean {close[0]}?" if close else f"choose one of {', '.join(known)}"
