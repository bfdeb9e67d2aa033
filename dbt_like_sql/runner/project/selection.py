"""Choosing models by dbt's selection syntax: ``marts.ci_weekly+``, ``+marts``, ``state:modified+``.

Belongs here: the meaning of a selection. Which models changed since they were last built is for the caller to know.

https://docs.getdbt.com/reference/node-selection/syntax: spaces unite, commas intersect, ``+x`` adds all parents of x,
``x+`` its children, ``2+x`` and ``x+1`` only so many steps.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping

from dbt_like_sql.runner.errors import SelectionError
from dbt_like_sql.runner.project.project import Key, Project, SqlModel

_SPEC = re.compile(r"(?:(?P<up>\d*)\+)?(?P<name>[^+@\s]+?)(?:\+(?P<down>\d*))?")


def select_models(project: Project, specs: Iterable[str], is_modified: Callable[[SqlModel], bool]) -> set[Key]:
    """Return the keys of the models that any of ``specs`` names.

    Each is ``schema.name``, ``name``, a folder (``marts``, ``marts.ci``), ``tag:…`` or ``state:modified`` (those that
    ``is_modified`` accepts), with ``+`` before or after it.

    Raises:
        SelectionError: A selection can't be read, or names what no model has.
    """
    selected: set[Key] = set()
    for spec in (part for text in specs for part in text.split()):
        selected |= set.intersection(*(_one(project, part, is_modified) for part in spec.split(",")))
    return selected


def _one(project: Project, spec: str, is_modified: Callable[[SqlModel], bool]) -> set[Key]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise SelectionError(f"--select: {spec!r} is no selection such as marts.ci_weekly+, +marts or state:modified+")
    chosen = {model.key for model in _named(project, match["name"], is_modified)}
    keys = {model.key for model in project.models}
    parents = {model.key: {dep for dep in model.deps if dep in keys} for model in project.models}
    children: dict[Key, set[Key]] = {key: set() for key in parents}
    for key, deps in parents.items():
        for dep in deps:
            children[dep].add(key)
    selected = set(chosen)
    if match["up"] is not None:
        selected |= _reached(chosen, parents, match["up"])
    if match["down"] is not None:
        selected |= _reached(chosen, children, match["down"])
    return selected


def _named(project: Project, name: str, is_modified: Callable[[SqlModel], bool]) -> list[SqlModel]:
    method, _, value = name.rpartition(":")
    if method == "state" and value == "modified":
        return [model for model in project.models if is_modified(model)]
    if method == "tag":
        return _some(name, [model for model in project.models if value in model.tags], project)
    if method == "path":
        path = value.rstrip("/").removeprefix("dbt_like_sql/").removeprefix("models/")
        return _some(name, [model for model in project.models if path in _places(project, model)], project)
    if method:
        raise SelectionError(f"--select: unknown method {method}: in {name}; known are path, state:modified and tag")
    value = value.removesuffix(".*")
    # A table goes before a folder of the same name (marts.milestones).
    named = [model for model in project.models if value in (model.name, model.qualified_name)]
    folder = value.replace(".", "/")
    return _some(name, named or [model for model in project.models if folder in _places(project, model)], project)


def _places(project: Project, model: SqlModel) -> list[str]:
    """Return the folders that hold the model, the file, and the file without its ending.

    ``marts``, ``marts/ci``, …
    """
    _, *parts = model.path.relative_to(project.directory).parts
    folders = ["/".join(parts[:end]) for end in range(1, len(parts))]
    return [*folders, "/".join(parts), "/".join([*parts[:-1], model.name])]


def _some(name: str, models: list[SqlModel], project: Project) -> list[SqlModel]:
    if not models:
        names = [name for model in project.models for name in (model.schema, model.name, model.qualified_name)]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise SelectionError(f"--select: no model is called {name}{hint}")
    return models


def _reached(start: set[Key], edges: Mapping[Key, set[Key]], steps: str) -> set[Key]:
    """Return all that can be reached from ``start`` in at most ``steps`` (a number, or empty for any) steps."""
    reached, front = set(start), set(start)
    left = int(steps) if steps else len(edges)
    while front and left:
        front = {key for node in front for key in edges[node]} - reached
        reached |= front
        left -= 1
    return reached
