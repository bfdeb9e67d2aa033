"""Views of one's own: what ``[[notion.views]]`` of ``roadmap.toml`` says, held against the databases as declared.

Belongs here: finding the property that a name means, and Notion's words for a condition; no requests. Saving views is
``schema``'s.
"""

import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from roadmap_pipeline.customization import View, ViewFilter
from roadmap_pipeline.notion import layout
from roadmap_pipeline.notion.ids import name_key
from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP, DatabaseSchema, PropertySpec, ViewSpec

DATABASES: Mapping[str, DatabaseSchema] = {"reports": CI_REPORTS, "roadmap": ENGINEERING_ROADMAP}
"""By the names that ``roadmap.toml`` has for them."""

PERIODS = ("this_week", "past_week", "past_month", "past_year", "next_week", "next_month", "next_year")
"""The periods that ``within`` takes, counted from today."""

_TEXT = {
    "is": "equals",
    "is_not": "does_not_equal",
    "contains": "contains",
    "does_not_contain": "does_not_contain",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
}
_NUMBER = {
    "is": "equals",
    "is_not": "does_not_equal",
    "above": "greater_than",
    "at_least": "greater_than_or_equal_to",
    "below": "less_than",
    "at_most": "less_than_or_equal_to",
}
_DATE = {
    "is": "equals",
    "before": "before",
    "on_or_before": "on_or_before",
    "after": "after",
    "on_or_after": "on_or_after",
}
_CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "title": _TEXT,
    "rich_text": _TEXT,
    "url": _TEXT,
    "number": _NUMBER,
    "select": {"is": "equals", "is_not": "does_not_equal"},
    "date": _DATE,
    "relation": {},
}
_GROUPED = ("board", "table")
_DATED = ("calendar", "timeline")
_SHOWN_NAMES = 3


def resolve_views(views: Sequence[View], problems: list[str]) -> dict[str, tuple[ViewSpec, ...]]:
    """Return the views by the key of their database; append what is wrong with any to ``problems``."""
    resolved: dict[str, list[ViewSpec]] = {schema.key: [] for schema in DATABASES.values()}
    for index, view in enumerate(views):
        schema = DATABASES[view.database]
        found: list[str] = []
        spec = _Reader(schema, found).view(view)
        names = {name_key(one.name) for one in resolved[schema.key]}
        if name_key(view.name) in {name_key(one.name) for one in schema.views}:
            found.append(f"{schema.title} has a view of that name, which the project keeps; choose another name")
        elif name_key(view.name) in names:
            found.append(f"{schema.title} has two views of that name here; choose another one")
        problems.extend(f"notion.views.{index} ({view.name}): {problem}" for problem in found)
        resolved[schema.key].append(spec)
    return {key: tuple(specs) for key, specs in resolved.items()}


class _Reader:
    """The reader of the views of one database; what is wrong is appended to ``problems``."""

    def __init__(self, schema: DatabaseSchema, problems: list[str]) -> None:
        self.schema = schema
        self.problems = problems

    def view(self, view: View) -> ViewSpec:
        """Return the view as it is declared; what could not be read is left out of it."""
        if view.name != view.name.strip():
            self.problems.append("the name begins or ends with a space")
        columns = [prop.name for name in view.properties if (prop := self.property(name, "properties"))]
        sorts = [
            layout.ViewSort(prop.name, sort.direction)
            for sort in view.sort
            if (prop := self.property(sort.property, "sort"))
        ]
        filters = [one for each in view.filter if (one := self._filter(each))]
        return ViewSpec(
            view.name,
            view.type,
            group_by=self._group(view),
            date=self._date(view),
            filters=tuple(filters),
            match=view.match,
            sorts=tuple(sorts),
            columns=tuple(dict.fromkeys(columns)),
        )

    def property(self, name: str, key: str, fits: Callable[[PropertySpec], bool] | None = None) -> PropertySpec | None:
        """Return the property that a name means, also without its emoji; None where it is not clear, or doesn't fit."""
        candidates = [spec for spec in self.schema.properties if name_key(spec.name) == name_key(name)]
        candidates = candidates or [spec for spec in self.schema.properties if _words(spec.name) == _words(name)]
        if len(candidates) == 1 and (fits is None or fits(candidates[0])):
            return candidates[0]
        possible = [spec.name for spec in self.schema.properties if fits is None or fits(spec)]
        if len(candidates) == 1:
            problem = f"{candidates[0].name} is of type {candidates[0].type}"
        elif candidates:
            problem, possible = f"{name!r} could be any of several", [spec.name for spec in candidates]
        else:
            problem = f"{self.schema.title} has no property {name!r}"
            possible = _closest(name, possible) or possible
        self.problems.append(f"{key}: {problem}; {_choice(possible)}")
        return None

    def _group(self, view: View) -> str | None:
        selects = [spec.name for spec in self.schema.properties if spec.type == "select"]
        if view.group is None:
            if view.type == "board":
                choice = _choice(selects) if selects else f"{self.schema.title} has none, so choose another type"
                self.problems.append(f"a board needs a select in group; {choice}")
            return None
        if view.type not in _GROUPED:
            self.problems.append(f"group: Notion groups {' and '.join(_GROUPED)} views, no {view.type}")
            return None
        spec = self.property(view.group, "group", lambda one: one.type == "select")
        return None if spec is None else spec.name

    def _date(self, view: View) -> str | None:
        if view.type not in _DATED:
            if view.date is not None:
                self.problems.append(f"date: it belongs to {' and '.join(_DATED)} views, not to a {view.type}")
            return None
        if view.date is None:
            return next(spec.name for spec in self.schema.properties if spec.type == "date")
        spec = self.property(view.date, "date", lambda one: one.type == "date")
        return None if spec is None else spec.name

    def _filter(self, condition: ViewFilter) -> layout.ViewFilter | None:
        spec = self.property(condition.property, "filter")
        if spec is None:
            return None
        known = _CONDITIONS[spec.type]
        words, value = condition.condition, condition.value
        try:
            if words == "is_empty":
                return layout.ViewFilter(spec.name, "is_empty" if _flag(value) else "is_not_empty", True)
            if words == "within" and spec.type == "date":
                return layout.ViewFilter(spec.name, _one_of(value, PERIODS), {})
            if words not in known:
                own = [*known, *(["within"] if spec.type == "date" else []), "is_empty"]
                raise ValueError(f"{words} does not fit its type {spec.type}; {_choice(own)}")
            read: Callable[[Any, PropertySpec], Any] = _VALUES.get(spec.type, _text)
            return layout.ViewFilter(spec.name, known[words], read(value, spec))
        except ValueError as error:
            self.problems.append(f"filter: {spec.name}: {error}")
            return None


def _words(name: str) -> str:
    """Return a name without its emoji, in the form to compare."""
    kept = (char for char in name_key(name) if not unicodedata.category(char).startswith(("S", "C", "M")))
    return " ".join("".join(kept).casefold().split())


def _closest(name: str, names: Sequence[str]) -> list[str]:
    by_words = {_words(one): one for one in names}
    return [by_words[one] for one in difflib.get_close_matches(_words(name), by_words, n=_SHOWN_NAMES)]


def _choice(names: Sequence[str]) -> str:
    return f"did you mean {names[0]}?" if len(names) == 1 else f"choose one of {', '.join(names)}"


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is_empty is true or false, not {value!r}")
    return value


def _one_of(value: Any, names: Sequence[str]) -> str:
    same = [
        name for name in names if isinstance(value, str) and name_key(name).casefold() == name_key(value).casefold()
    ]
    if len(same) != 1:
        raise ValueError(f"there is no {value!r}; choose one of {', '.join(names)}")
    return same[0]


def _text(value: Any, _spec: PropertySpec) -> str:
    if not isinstance(value, str):
        raise ValueError(f"give a text, not {value!r}")
    return value


def _number(value: Any, spec: PropertySpec) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"give a number, not {value!r}")
    if spec.format == "percent" and not 0 <= value <= 1:
        raise ValueError(f"it is a percentage: give a fraction such as 0.8 for 80 %, not {value!r}")
    return value


def _option(value: Any, spec: PropertySpec) -> str | list[str]:
    names = [option.name for option in spec.options]
    if isinstance(value, tuple):
        if not value:
            raise ValueError("the list is empty")
        return [_one_of(one, names) for one in value]
    return _one_of(value, names)


def _day(value: Any, _spec: PropertySpec) -> str:
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no day such as 2026-12-24") from None
    return (day.date() if isinstance(day, datetime) else day).isoformat()


_VALUES: Mapping[str, Callable[[Any, PropertySpec], Any]] = {"number": _number, "select": _option, "date": _day}
