"""Views of one's own: which of them to save, which to bring up to date, and which people keep.

Belongs here: comparing what ``roadmap.toml`` describes with what is saved, and the payload of a view; no requests. A
view is known by the id under which it was saved and the digest of its description then, so that an ordinary run reads
no views where no description changed. People's own views, and those of ours that they edited, are left alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roadmap_pipeline.notion.layout import DatabaseSchema, ViewSpec
from roadmap_pipeline.notion.schema.checking import resolve_database
from roadmap_pipeline.notion.schema.model import Database, ObservedDatabase, ObservedView, SavedView

_FOR_GOOD = "; to have it back as roadmap.toml describes it, delete it in Notion and run"
_SETUP = " `roadmap setup-notion --create-databases`"


@dataclass(slots=True)
class ViewComparison:
    """The views to add, those to change, and notes; each ``(view, id)``: of one to replace or None, of one to change.

    ``settled`` are the views of which nothing has to be written, as they are remembered from now on.
    """

    to_add: list[tuple[ViewSpec, str | None]] = field(default_factory=list)
    to_change: list[tuple[ViewSpec, str]] = field(default_factory=list)
    settled: dict[str, SavedView] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def digest(view: ViewSpec) -> str:
    """Return the digest of a view's description."""
    return hashlib.sha256(repr(view).encode()).hexdigest()[:16]


def must_be_read(own: Sequence[ViewSpec], saved: Mapping[str, SavedView]) -> bool:
    """Return whether a view is described that was not saved so."""
    return any(view.name not in saved or saved[view.name].digest != digest(view) for view in own)


def compare_views(
    own: Sequence[ViewSpec], schema: DatabaseSchema, database: ObservedDatabase, known: Database | None
) -> ViewComparison:
    """Return what to do so that one's own views are saved as they are described.

    Args:
        own: The views of this database that ``roadmap.toml`` describes.
        schema: What the database should look like.
        database: The database as it is.
        known: What was known of it before, with the views that were saved.
    """
    comparison = ViewComparison()
    saved = {} if known is None else known.views
    for name in sorted(saved.keys() - {view.name for view in own}):
        comparison.notes.append(f"the view {name} of {database.title} is no longer in roadmap.toml: it stays in Notion")
    for view in own:
        _compare(view, schema, database, known, comparison)
    return comparison


def _compare(
    view: ViewSpec,
    schema: DatabaseSchema,
    database: ObservedDatabase,
    known: Database | None,
    comparison: ViewComparison,
) -> None:
    now, saved = digest(view), None if known is None else known.views.get(view.name)
    if saved is not None and (database.views is None or (saved.digest == now and not database.is_thorough)):
        comparison.settled[view.name] = saved
        return
    present = next((one for one in database.views or () if saved is not None and one.id == saved.id), None)
    if present is not None and saved is not None and saved.digest == now:
        comparison.settled[view.name] = saved
        return
    named = [present] if present is not None else database.views_named(view.name)
    ours = [one for one in named if _is_untouched(one, database)]
    if not named:
        comparison.to_add.append((view, None))
    elif not ours:
        # Remembered, so that it is said once and no view is read for it again.
        comparison.settled[view.name] = SavedView(named[0].id, now)
        comparison.notes.append(
            f"the view {named[0].name} of {database.title} stays as people made or edited it{_FOR_GOOD}{_SETUP}"
        )
    elif ours[0].type != view.type:
        comparison.to_add.append((view, ours[0].id))
    elif _is_same(view, ours[0], schema, database, known):
        comparison.settled[view.name] = SavedView(ours[0].id, now)
    else:
        comparison.to_change.append((view, ours[0].id))


def _is_untouched(view: ObservedView, database: ObservedDatabase) -> bool:
    return {view.created_by, view.last_edited_by} == {database.integration}


def _is_same(
    view: ViewSpec, observed: ObservedView, schema: DatabaseSchema, database: ObservedDatabase, known: Database | None
) -> bool:
    address = resolve_database(schema, database, known)
    is_whole = set(_property_names(view)) <= address.property_ids.keys()
    return is_whole and _covers(observed.definition, changed_body(view, address))


def _property_names(view: ViewSpec) -> list[str]:
    names = [*view.columns, *(one.property for one in view.filters), *(one.property for one in view.sorts)]
    return [*names, *filter(None, (view.group_by, view.date))]


def _covers(observed: Any, wanted: Any) -> bool:
    """Return whether all that is wanted was observed; Notion may have added to it, and leaves out what is null."""
    if isinstance(wanted, Mapping):
        return isinstance(observed, Mapping) and all(_covers(observed.get(key), one) for key, one in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(observed, list)
            and len(observed) == len(wanted)
            and all(_covers(*pair) for pair in zip(observed, wanted, strict=True))
        )
    return bool(observed == wanted)


def view_body(view: ViewSpec, address: Database) -> dict[str, Any]:
    """Return a view's filter, sorts and configuration as they are sent when it is made."""
    ids = address.property_ids
    body: dict[str, Any] = {"configuration": _configuration(view, address)}
    conditions = [
        {"property": ids[one.property], address.schema.property(one.property).type: {one.condition: one.value}}
        for one in view.filters
    ]
    if conditions:
        joint = "and" if view.match == "all" else "or"
        body["filter"] = conditions[0] if len(conditions) == 1 else {joint: conditions}
    if view.sorts:
        body["sorts"] = [{"property": ids[one.property], "direction": one.direction} for one in view.sorts]
    return body


def changed_body(view: ViewSpec, address: Database) -> dict[str, Any]:
    """Return the same as it is sent to change a view: what the new description doesn't say is cleared."""
    body = {"filter": None, "sorts": None, **view_body(view, address)}
    cleared = {"properties": None, **({"group_by": None} if view.type == "table" else {})}
    return {**body, "configuration": {**cleared, **body["configuration"]}}


def _configuration(view: ViewSpec, address: Database) -> dict[str, Any]:
    ids = address.property_ids
    configuration: dict[str, Any] = {"type": view.type}
    if view.group_by:
        configuration["group_by"] = {"type": "select", "property_id": ids[view.group_by], "sort": {"type": "manual"}}
    if view.date:
        configuration["date_property_id"] = ids[view.date]
        if view.type == "timeline":
            configuration["preference"] = {"zoom_level": "month"}
    if view.columns:
        # What is not named would be shown, too; the title always is.
        hidden = ids.keys() - {*view.columns, address.schema.title_property.name}
        configuration["properties"] = [
            {"property_id": ids[name], "visible": name not in hidden}
            for name in (*view.columns, *(name for name in ids if name in hidden))
        ]
    return configuration
