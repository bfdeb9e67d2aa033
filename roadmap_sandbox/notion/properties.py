"""Columns: the configurations a schema may hold, and making, changing and deleting properties.

Checks come first and change nothing; the functions that change a schema don't fail.
Values of rows are in ``reading`` and ``writing``.
"""

import re
from typing import Any, Final

from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.records import WORKSPACE_ID, DataSource, Json, Property, encode_id
from roadmap_sandbox.notion.richtext import COLOURS, from_plain, plain
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Check,
    Shape,
    anything,
    array,
    literal,
    nullable,
    record,
    tag,
    tagged,
    text,
    uuid,
)

NUMBER_FORMATS: Final = ("number", "number_with_commas", "percent", "dollar", "euro", "pound", "yen", "won")
ROLLUPS: Final = (
    "show_original",
    "show_unique",
    "count",
    "count_values",
    "unique",
    "empty",
    "not_empty",
    "percent_empty",
    "percent_not_empty",
    "checked",
    "unchecked",
    "percent_checked",
    "percent_unchecked",
    "sum",
    "average",
    "median",
    "min",
    "max",
    "range",
    "earliest_date",
    "latest_date",
)
_OPTION = record(
    optional={
        "id": text(),
        "name": text(least=1),
        "color": literal(*COLOURS),
        "description": nullable(text()),
    }
)
_NAMED = "relation_property_name", "rollup_property_name"
_BY_ID = "relation_property_id", "rollup_property_id"

CONFIGS: Final[dict[str, Shape]] = {
    **dict.fromkeys(
        (
            "title",
            "rich_text",
            "date",
            "url",
            "email",
            "phone_number",
            "checkbox",
            "people",
            "files",
            "created_time",
            "last_edited_time",
            "created_by",
            "last_edited_by",
        ),
        record(),
    ),
    "number": record(optional={"format": literal(*NUMBER_FORMATS)}),
    **dict.fromkeys(("select", "multi_select", "status"), record(optional={"options": array(_OPTION)})),
    "relation": record(
        {"data_source_id": uuid},
        {
            "database_id": anything,
            "type": literal("single_property", "dual_property"),
            "single_property": record(),
            "dual_property": record(optional={"synced_property_name": text(), "synced_property_id": text()}),
        },
    ),
    "rollup": record({"function": literal(*ROLLUPS)}, {key: text(least=1) for key in (*_NAMED, *_BY_ID)}),
    "formula": record({"expression": text(least=1)}),
    "unique_id": record(optional={"prefix": nullable(text())}),
}
"""Property types that the API can create, each with the shape of its configuration."""

PROPERTY: Final = tagged(CONFIGS, {"description": nullable(text()), "name": text(least=1), "id": anything})

STATUS_GROUPS: Final = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))
_STATUS_DEFAULTS: Final = (("Not started", "default", 0), ("In progress", "blue", 1), ("Done", "green", 2))


def new_schema(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check the ``properties`` of a new data source."""
    if not isinstance(value, dict):
        check.fail(path, "an object", value, optional=optional)
        return
    for name, config in value.items():
        PROPERTY(check, f"{path}.{name}", config, False)


def schema_changes(check: Check, path: str, value: Any, optional: bool) -> None:
    """Check ``properties`` in PATCH /data_sources: a configuration, a new name, or null to delete."""
    if not isinstance(value, dict):
        check.fail(path, "an object", value, optional=optional)
        return
    for name, config in value.items():
        if config is None:
            continue
        if isinstance(config, dict) and not any(kind in config for kind in CONFIGS):
            renaming = record(optional={"name": text(least=1), "description": nullable(text()), "id": anything})
            renaming(check, f"{path}.{name}", config, False)
        else:
            PROPERTY(check, f"{path}.{name}", config, False)


# ---------------------------------------------------------------- checks


def check_new_schema(store: Store, raw: Json) -> None:
    """Raise 400 or 404 unless ``raw`` (shape checked) can be the schema of a new data source."""
    titles = [name for name, config in raw.items() if tag(config, CONFIGS) == "title"]
    if len(titles) != 1:
        named = "none" if not titles else ", ".join(titles)
        raise invalid(f"Exactly one property of type title is required, found: {named}.")
    for name, config in raw.items():
        check_config(store, name, config, raw, None)


def check_config(store: Store, name: str, raw: Json, fresh: Json, source: DataSource | None) -> None:
    """Raise 400 or 404 unless a property can have this configuration; ``fresh`` are the properties made beside it."""
    kind = tag(raw, CONFIGS)
    config = raw[kind]
    if kind in ("select", "multi_select", "status"):
        _check_options(name, kind, config, source.find(name) if source else None)
    elif kind == "relation":
        store.data_source(_dashed(config["data_source_id"]))
        kinds = [way for way in ("single_property", "dual_property") if way in config]
        if len(kinds) != 1:
            raise invalid(
                f"body.properties.{name}.relation should have exactly one of single_property and dual_property."
            )
    elif kind == "rollup":
        _check_rollup(store, config, fresh, source)
    elif kind == "formula":
        _formula(config["expression"], fresh, source)


def _dashed(id_: str) -> str:
    digits = id_.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _check_options(name: str, kind: str, config: Json, existing: Property | None) -> None:
    held = {option["id"]: option for option in existing.config["options"]} if existing and existing.type == kind else {}
    by_name = {option["name"].casefold(): option for option in held.values()}
    seen: set[str] = set()
    for option in config.get("options", ()):
        known = held.get(option.get("id")) or by_name.get(option.get("name", "").casefold())
        if known is None and "name" not in option:
            raise invalid(f'Invalid {kind} option. Option with id "{option.get("id")}" does not exist.')
        label = option.get("name") or (known or {})["name"]
        if "," in label:
            raise invalid(f"Invalid {kind} option, commas not allowed: {label}")
        if label.casefold() in seen:
            raise invalid(f'Invalid {kind} option. Option "{label}" of {name} is given more than once.')
        if known is not None and option.get("color", known["color"]) != known["color"]:
            raise invalid(f"Cannot update color of {kind} with name: {label}.")
        seen.add(label.casefold())


def _check_rollup(store: Store, config: Json, fresh: Json, source: DataSource | None) -> None:
    over = config.get("relation_property_name") or config.get("relation_property_id")
    shown = config.get("rollup_property_name") or config.get("rollup_property_id")
    if over is None or shown is None:
        raise invalid("body.properties rollup needs relation_property_name or _id and rollup_property_name or _id.")
    target: str | None = None
    existing = source.find(over) if source else None
    if existing is not None and existing.type == "relation":
        target = existing.config["data_source_id"]
    elif "relation" in fresh.get(over, {}):
        target = _dashed(fresh[over]["relation"]["data_source_id"])
    if target is None:
        raise invalid(f"Could not find property with name or id: {over}")
    if store.data_source(target).find(shown) is None:
        raise invalid(f"Could not find property with name or id: {shown}")


_REFERENCE = re.compile(r"""prop\(\s*("(?:[^"\\]|\\.)*")\s*\)""")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false')


def _formula(expression: str, fresh: Json, source: DataSource | None) -> str | None:
    """Return the name a formula refers to, None for a literal. The sandbox evaluates no other formulas: 400."""
    reference = _REFERENCE.fullmatch(expression.strip())
    if reference is None:
        if _LITERAL.fullmatch(expression.strip()) is None:
            raise invalid("Type error with formula: the sandbox evaluates literals and prop() only.")
        return None
    name = reference[1][1:-1].replace('\\"', '"')
    existing = source.find(name) if source else None
    if existing is None and name not in fresh:
        raise invalid("Type error with formula")
    if (existing.type if existing else tag(fresh[name], CONFIGS)) in ("formula", "rollup"):
        raise invalid("Type error with formula")
    return name


# ---------------------------------------------------------------- changes


def add_property(store: Store, source: DataSource, name: str, raw: Json) -> Property:
    """Make a checked property; a dual relation makes its other side too."""
    kind = tag(raw, CONFIGS)
    id_ = "title" if kind == "title" else store.new_property_id(source.properties)
    prop = Property(id_, name, kind, {}, raw.get("description"))
    source.properties[id_] = prop
    set_config(store, source, prop, raw[kind])
    if kind == "unique_id":
        for row in source.rows:
            number_row(store, source, row)
    return prop


def add_schema(store: Store, source: DataSource, raw: Json) -> None:
    """Make all properties of a checked schema; those that refer to others last."""
    late = ("rollup", "formula")
    for name, config in sorted(raw.items(), key=lambda item: tag(item[1], CONFIGS) in late):
        add_property(store, source, name, config)


def number_row(store: Store, source: DataSource, row: str) -> None:
    """Give a row the next number of each ``unique_id`` property."""
    for prop in source.properties.values():
        if prop.type == "unique_id":
            store.pages[row].values[prop.id] = source.next_unique
            source.next_unique += 1


def set_config(store: Store, source: DataSource, prop: Property, config: Json) -> None:
    """Give a property of this type a checked configuration; option lists replace, as in the API."""
    match prop.type:
        case "number":
            prop.config = {"format": config.get("format", prop.config.get("format", "number"))}
        case "select" | "multi_select":
            if "options" in config or not prop.config:
                _replace_options(store, source, prop, config.get("options", []))
        case "status":
            _set_status(store, source, prop, config)
        case "relation":
            _set_relation(store, source, prop, config)
        case "rollup":
            _set_rollup(store, source, prop, config)
        case "formula":
            name = _formula(config["expression"], {}, source)
            referred = source.find(name) if name else None
            prop.config = {"expression": config["expression"], "property_id": referred.id if referred else None}
        case "unique_id":
            prop.config = {"prefix": config.get("prefix", prop.config.get("prefix"))}
        case _:
            prop.config = {}


def new_option(store: Store, prop: Property, name: str, color: str = "default", description: str | None = None) -> Json:
    """Append an option to a select, multi-select or status."""
    option = {"id": store.new_id(), "name": name, "color": color, "description": description}
    prop.config["options"].append(option)
    return option


def find_option(prop: Property, *, name: str | None = None, id_: str | None = None) -> Json | None:
    """Return the option of this id or name; names are unique whatever their case."""
    for option in prop.config["options"]:
        if (id_ is not None and option["id"] == id_) or (name is not None and option["name"] == name):
            return dict(option)
    if name is None:
        return None
    folded = name.casefold()
    return next((dict(option) for option in prop.config["options"] if option["name"].casefold() == folded), None)


def _replace_options(store: Store, source: DataSource, prop: Property, options: list[Json]) -> None:
    held = {option["id"]: option for option in prop.config.get("options", [])}
    by_name = {option["name"].casefold(): option for option in held.values()}
    prop.config["options"] = []
    for option in options:
        known = held.get(option.get("id", "")) or by_name.get(option.get("name", "").casefold())
        if known is None:
            new_option(store, prop, option["name"], option.get("color", "default"), option.get("description"))
        else:
            renamed = {**known, "name": option.get("name", known["name"])}
            prop.config["options"].append({**renamed, "description": option.get("description", known["description"])})
    kept = {option["id"] for option in prop.config["options"]}
    for row in source.rows:
        values = store.pages[row].values
        if prop.type == "multi_select":
            values[prop.id] = [id_ for id_ in values.get(prop.id) or [] if id_ in kept]
        elif values.get(prop.id) not in kept:
            values.pop(prop.id, None)


def _set_status(store: Store, source: DataSource, prop: Property, config: Json) -> None:
    if config.get("options"):
        groups = {id_: n for n, group in enumerate(prop.config.get("groups", ())) for id_ in group["option_ids"]}
        _replace_options(store, source, prop, config["options"])
        members = [(option["id"], groups.get(option["id"], 0)) for option in prop.config["options"]]
    elif prop.config:
        return
    else:
        prop.config = {"options": []}
        members = [(new_option(store, prop, name, color)["id"], group) for name, color, group in _STATUS_DEFAULTS]
    held = prop.config.get("groups")
    prop.config["groups"] = [
        {
            "id": held[n]["id"] if held else store.new_id(),
            "name": name,
            "color": color,
            "option_ids": [id_ for id_, group in members if group == n],
        }
        for n, (name, color) in enumerate(STATUS_GROUPS)
    ]


def _set_relation(store: Store, source: DataSource, prop: Property, config: Json) -> None:
    target = store.data_sources[_dashed(config["data_source_id"])]
    base = {"database_id": target.database_id, "data_source_id": target.id}
    unchanged = prop.config.get("data_source_id") == target.id
    if not unchanged:
        unlink(store, prop)
        for row in source.rows:
            store.pages[row].values.pop(prop.id, None)
    if "single_property" in config:
        unlink(store, prop)
        prop.config = {**base, "type": "single_property", "single_property": {}}
        return
    if unchanged and prop.config["type"] == "dual_property":
        return
    other = Property(
        store.new_property_id(target.properties),
        _free_name(target, f"Related to {plain(source.title) or 'Untitled'} ({prop.name})"),
        "relation",
        {
            "database_id": source.database_id,
            "data_source_id": source.id,
            "type": "dual_property",
            "dual_property": {"synced_property_id": prop.id},
        },
    )
    target.properties[other.id] = other
    prop.config = {**base, "type": "dual_property", "dual_property": {"synced_property_id": other.id}}


def _free_name(source: DataSource, name: str) -> str:
    used_names = {prop.name for prop in source.properties.values()}
    number = 1
    while (free := name if number == 1 else f"{name} {number}") in used_names:
        number += 1
    return free


def _set_rollup(store: Store, source: DataSource, prop: Property, config: Json) -> None:
    over = source.find(config.get("relation_property_name") or config["relation_property_id"])
    assert over is not None
    target = store.data_sources[over.config["data_source_id"]]
    shown = target.find(config.get("rollup_property_name") or config["rollup_property_id"])
    assert shown is not None
    prop.config = {"function": config["function"], "relation": over.id, "shown": shown.id}


def change_property(store: Store, source: DataSource, prop: Property, raw: Json) -> None:
    """Make a checked change: new name, description, configuration, or another type (which empties the values)."""
    prop.name = raw.get("name", prop.name)
    prop.description = raw.get("description", prop.description)
    kinds = [kind for kind in CONFIGS if kind in raw]
    if not kinds:
        return
    if kinds[0] != prop.type:
        unlink(store, prop)
        prop.type, prop.config = kinds[0], {}
        for row in source.rows:
            store.pages[row].values.pop(prop.id, None)
    set_config(store, source, prop, raw[prop.type])


def delete_property(store: Store, source: DataSource, prop: Property) -> None:
    """Delete a property with its values; the other side of a dual relation becomes a plain relation."""
    unlink(store, prop)
    del source.properties[prop.id]
    for row in source.rows:
        store.pages[row].values.pop(prop.id, None)


def unlink(store: Store, prop: Property) -> None:
    """End the link of a dual relation with its other side."""
    other = synced(store, prop)
    if other is not None:
        other.config.pop("dual_property")
        other.config.update({"type": "single_property", "single_property": {}})


def synced(store: Store, prop: Property) -> Property | None:
    """Return the other side of a dual relation."""
    if prop.type != "relation" or prop.config.get("type") != "dual_property":
        return None
    target = store.data_sources[prop.config["data_source_id"]]
    other = target.properties.get(prop.config["dual_property"]["synced_property_id"])
    return other if other is not None and other.config.get("type") == "dual_property" else None


# ---------------------------------------------------------------- as answers show them


def property_object(store: Store, source: DataSource, prop: Property) -> Json:
    """Return one entry of a data source's ``properties``."""
    return {
        "id": encode_id(prop.id),
        "name": prop.name,
        "description": prop.description,
        "type": prop.type,
        prop.type: _shown_config(store, source, prop),
    }


def _shown_config(store: Store, source: DataSource, prop: Property) -> Json:
    config = prop.config
    if prop.type == "relation" and config["type"] == "dual_property":
        other = synced(store, prop)
        assert other is not None
        both = {"synced_property_name": other.name, "synced_property_id": encode_id(other.id)}
        return {**config, "dual_property": both}
    if prop.type == "rollup":
        over = source.properties.get(config["relation"])
        target = store.data_sources[over.config["data_source_id"]] if over and over.type == "relation" else None
        shown = target.properties.get(config["shown"]) if target else None
        return {
            "rollup_property_name": shown.name if shown else "",
            "relation_property_name": over.name if over else "",
            "rollup_property_id": config["shown"],  # decoded, unlike everywhere else
            "relation_property_id": config["relation"],
            "function": config["function"],
        }
    if prop.type == "formula" and config["property_id"] is not None:
        referred = config["property_id"]
        return {"expression": f"{{{{notion:block_property:{encode_id(referred)}:{source.id}:{WORKSPACE_ID}}}}}"}
    if prop.type == "formula":
        return {"expression": config["expression"]}
    return config


def default_title() -> Json:
    """Return the schema of a database made without one."""
    return {"Name": {"title": {}}}


def new_database_title() -> list[Json]:
    """Return the title of a database made without one."""
    return from_plain("New database")
