"""The parts of ``roadmap.toml`` that add things of one's own: views in Notion, sections of reports.

Belongs here: their shape. Holding names against databases and reports is ``notion.configured_views``' and
``reports.section_names``'; the file as a whole is in ``configuration``.
"""

import difflib
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


ViewCondition = Literal[
    "is",
    "is_not",
    "contains",
    "does_not_contain",
    "starts_with",
    "ends_with",
    "above",
    "at_least",
    "below",
    "at_most",
    "before",
    "on_or_before",
    "after",
    "on_or_after",
    "within",
    "is_empty",
]
"""The conditions of a view's filter; those that fit depend on the property's type."""


class ViewFilter(_Section):
    """A condition on one property, written ``{ property = "✅ Status", is = "Blocked" }``."""

    property: str
    condition: ViewCondition
    value: bool | int | float | str | date | tuple[str, ...]

    @model_validator(mode="before")
    @classmethod
    def _has_one_condition(cls, value: object) -> object:
        if not isinstance(value, dict) or "condition" in value:
            return value
        conditions = [key for key in value if key != "property"]
        known: tuple[str, ...] = get_args(ViewCondition)
        for name in conditions:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
                raise ValueError(f"unknown condition {name}; {hint}")
        if "property" not in value or len(conditions) != 1:
            raise ValueError('give a property and one condition, such as { property = "✅ Status", is = "Blocked" }')
        return {"property": value["property"], "condition": conditions[0], "value": value[conditions[0]]}


class ViewSort(_Section):
    """A property to sort by."""

    property: str
    direction: Literal["ascending", "descending"] = "ascending"


class View(_Section):
    """A view of one's own. Properties are named as people see them; their emoji may be left out.

    ``match``: rows that meet all conditions of ``filter``, or any. ``group`` names a select (board, table), ``date``
    a date (calendar, timeline); ``properties`` are those that are shown, first to last.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    database: Literal["reports", "roadmap"]
    type: Literal["table", "board", "list", "calendar", "timeline", "gallery"] = "table"
    filter: tuple[ViewFilter, ...] = ()
    match: Literal["all", "any"] = "all"
    sort: tuple[ViewSort, ...] = ()
    group: str | None = None
    date: str | None = None
    properties: tuple[str, ...] = ()


class NotionSection(_Section):
    """The things in Notion that are made beside those of the project."""

    views: tuple[View, ...] = ()


class ReportSection(_Section):
    """A section of a report that is left out (``name``, ``show = false``), or one of one's own (``title``, ``sql``).

    ``sql`` is a file, relative to the configuration file; ``after`` names the section behind which it comes, ``text``
    (Markdown) stands above its table, which has at most ``limit`` rows.
    """

    report: Literal["weekly", "quarterly"]
    name: str | None = None
    show: bool = True
    title: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    sql: Annotated[str, Field(min_length=1)] | None = None
    after: str | None = None
    text: Annotated[str, Field(max_length=1000)] = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 12

    @property
    def is_own(self) -> bool:
        """The state of being made by SQL of one's own; else it names one that is left out."""
        return self.sql is not None

    @model_validator(mode="after")
    def _is_left_out_or_added(self) -> "ReportSection":
        is_left_out = self.name is not None and not self.show
        is_added = self.title is not None and self.sql is not None
        others = (self.title, self.sql, self.after, self.text or None) if is_left_out else (self.name,)
        if is_left_out == is_added or any(one is not None for one in others):
            raise ValueError(
                "give name and show = false to leave a section out, or title and sql to add one of your own"
            )
        return self


class Reports(_Section):
    """The sections of reports that are left out or added."""

    sections: tuple[ReportSection, ...] = ()
