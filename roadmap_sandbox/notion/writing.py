"""Values that requests give to pages: their shapes, the checks against the schema, and storing them.

:func:`prepare` changes nothing and may fail; what it returns is stored by :func:`store`, which can't fail.
"""

from collections.abc import Callable
from typing import Any, Final

from roadmap_sandbox.notion.dates import fold, iso_date
from roadmap_sandbox.notion.errors import invalid, not_found
from roadmap_sandbox.notion.properties import find_option, new_option, synced
from roadmap_sandbox.notion.records import BARE_PAGE, USERS, DataSource, Json, Page, Property
from roadmap_sandbox.notion.richtext import RICH_TEXT, normalise, normalised_title
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    UNDEFINED,
    Check,
    Shape,
    anything,
    array,
    boolean,
    dashed,
    literal,
    mapping,
    nullable,
    number,
    record,
    tag,
    tagged,
    text,
    uuid,
)

Prepared = list[tuple[Property, Callable[[], Any]]]
"""Properties with what computes the value to keep (and makes missing options)."""


def _option(check: Check, path: str, value: Any, optional: bool) -> None:
    if isinstance(value, dict) and "id" not in value and "name" not in value:
        check.fail(f"{path}.name", "defined", UNDEFINED)
        return
    _OPTION(check, path, value, optional)


_OPTION = record(optional={"id": text(), "name": text(least=1), "color": anything, "description": anything})
_OPTION_REFERENCE: Final[Shape] = _option

VALUES: Final[dict[str, Shape]] = {
    "title": RICH_TEXT,
    "rich_text": RICH_TEXT,
    "number": nullable(number),
    "select": nullable(_OPTION_REFERENCE),
    "multi_select": array(_OPTION_REFERENCE),
    "status": nullable(_OPTION_REFERENCE),
    "date": nullable(record({"start": iso_date}, {"end": nullable(iso_date), "time_zone": nullable(text())})),
    "url": nullable(text(least=1, most=2000)),
    "email": nullable(text(least=1, most=200)),
    "phone_number": nullable(text(least=1, most=200)),
    "checkbox": boolean,
    "relation": array(record({"id": uuid})),
    "people": array(record({"id": uuid}, dict.fromkeys(("object", "name", "avatar_url", "type"), anything))),
    "files": array(
        record(
            {"name": text(most=100), "external": record({"url": text(least=1, most=2000)})},
            {"type": literal("external")},
        )
    ),
}
"""Property types whose values a request may set, each with the shape of the value."""

PROPERTIES: Final = mapping(tagged(VALUES, {"id": anything, "has_more": anything}))
"""``properties`` of POST and PATCH /pages."""


def prepare(store: Store, source: DataSource | None, raw: Json) -> Prepared:
    """Check values (shapes already checked) against a schema.

    Raises:
        ApiError: 400 for unknown names and wrong types (all of them in one message), bad options, dates, users;
            404 for related pages that aren't there.
    """
    pairs: list[tuple[Property, Json]] = []
    problems: list[str] = []
    for name, value in raw.items():
        prop = source.find(name) if source else _bare(name)
        if prop is None:
            problems.append(f"{name} is not a property that exists.")
        elif prop.type not in value:
            problems.append(f"{name} is expected to be {prop.type}.")
        else:
            pairs.append((prop, value))
    if problems:
        raise invalid(" ".join(problems))
    twice = {prop.name for prop, _ in pairs if sum(other is prop for other, _ in pairs) > 1}
    if twice:
        raise invalid(f"{', '.join(sorted(twice))} is given more than once.")
    return [(prop, _prepare_one(store, prop, value[tag(value, VALUES)])) for prop, value in pairs]


def _bare(name: str) -> Property | None:
    return BARE_PAGE if name == BARE_PAGE.name else None


def _prepare_one(store: Store, prop: Property, value: Any) -> Callable[[], Any]:
    match prop.type:
        case "title" | "rich_text":
            texts = normalise(value)
            if prop.type == "title" and store.normalises_titles:
                texts = normalised_title(texts)
            return lambda: texts
        case "select" | "status":
            return _option_setter(store, prop, value) if value is not None else lambda: None
        case "multi_select":
            setters = [_option_setter(store, prop, one) for one in value]
            return lambda: list(dict.fromkeys(setter() for setter in setters))
        case "date":
            kept = _date(value)
            return lambda: kept
        case "relation":
            ids = _related_ids(store, prop, value)
            return lambda: ids
        case "people":
            people = [_user(one["id"]) for one in value]
            return lambda: people
        case "files":
            files = [{"name": one["name"], "type": "external", "external": one["external"]} for one in value]
            return lambda: files
        case _:
            return lambda: value


def _option_setter(store: Store, prop: Property, value: Json) -> Callable[[], str]:
    name = value.get("name")
    known = find_option(prop, name=name, id_=value.get("id"))
    if known is None:
        if prop.type == "status":
            raise invalid(f'Invalid status option. Status option "{name or value.get("id")}" does not exist".')
        if name is None:
            raise invalid(f'Invalid {prop.type} option. Option with id "{value["id"]}" does not exist.')
        if "," in name:
            raise invalid(f"Invalid select option, commas not allowed: {name}")

    def option_id() -> str:
        # Looked up again: another value of the same request may have made the option by now.
        option = known or find_option(prop, name=name) or new_option(store, prop, str(name))
        return str(option["id"])

    return option_id


def _date(value: Json | None) -> Json | None:
    if value is None:
        return None
    zone = value.get("time_zone")
    end = value.get("end")
    return {"start": fold(value["start"], zone), "end": None if end is None else fold(end, zone), "time_zone": None}


def _related_ids(store: Store, prop: Property, value: list[Json]) -> list[str]:
    ids: list[str] = []
    for one in value:
        id_ = dashed(one["id"]) or ""
        page = store.pages.get(id_)
        if page is None or not store.visible(page):
            raise not_found("page", id_)
        if page.parent.id != prop.config["data_source_id"]:
            raise invalid(f"{prop.name} relates to another data source than that of the page with ID: {id_}.")
        if id_ not in ids:
            ids.append(id_)
    return ids


def _user(id_: str) -> str:
    user = dashed(id_) or ""
    if user not in USERS:
        raise not_found("user", user)
    return user


def set_values(store: Store, page: Page, prepared: Prepared) -> None:
    """Keep prepared values; the other sides of dual relations follow."""
    for prop, value_of in prepared:
        value = value_of()
        other = synced(store, prop)
        if other is not None:
            _follow(store, page, other, set(page.values.get(prop.id) or []), set(value))
        if value is None:
            page.values.pop(prop.id, None)
        else:
            page.values[prop.id] = value


def _follow(store: Store, page: Page, other: Property, before: set[str], after: set[str]) -> None:
    for id_ in sorted(before ^ after):
        values = store.pages[id_].values
        rest = [one for one in values.get(other.id) or [] if one != page.id]
        values[other.id] = [*rest, page.id] if id_ in after else rest
