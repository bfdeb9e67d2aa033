"""The SQL of ``config.meta.incremental`` that lies in files beside its model: ``ci_failures.affected_keys.sql``.

Belongs here: which files these are, and putting their text where a short one may stand in the ``.yml``. What the parts
mean is said in ``build/incremental.py``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dbt_like_sql.runner.project.problems import Problem
from dbt_like_sql.runner.project.schema_yml import IncrementalEntry

Places = Mapping[str, tuple[Path, int]]

_QUERIES = ("affected_keys", "dependent_keys")
_FILTERS = "input_filters"


def is_incremental_sql(path: Path) -> bool:
    """Return whether ``path`` belongs to a model by its name instead of being one: ``<model>.<part>.sql``."""
    return path.suffix == ".sql" and "." in path.stem


def misplaced(path: Path) -> Iterator[Problem]:
    """Yield what is wrong with the name of such a file: its model isn't beside it, or there is no such part."""
    model, part = path.stem.split(".", 1)
    if not path.with_name(f"{model}.sql").is_file():
        yield Problem(path, 1, f"there is no {model}.sql beside it that it could belong to")
    if not _is_part(part):
        parts = f"{', '.join(_QUERIES)} and {_FILTERS}.<schema>.<table>"
        yield Problem(path, 1, f"a model has no part {part}; known are {parts}")


def with_files(
    entry: IncrementalEntry, declared_at: Places, model: Path
) -> tuple[IncrementalEntry, Places, list[Problem]]:
    """Add the files beside ``model`` to what the ``.yml`` says.

    Args:
        entry: ``config.meta.incremental`` as the ``.yml`` has it.
        declared_at: File and line of each of its parts (``affected_keys``, ``input_filters.marts.ci_jobs``, …).
        model: The model's own SQL file.

    Returns:
        The whole entry, where each of its parts stands, and problems: parts that are said twice, unreadable files.
    """
    queries: dict[str, str] = {}
    filters: dict[str, str] = {}
    places = dict(declared_at)
    problems = []
    for path in sorted(model.parent.glob(f"{model.stem}.*.sql")):
        part = path.stem.split(".", 1)[1]
        if not _is_part(part):  # reported as misplaced
            continue
        if part in places:
            problems.append(Problem(path, 1, f"{part} stands in {places[part][0].name}, too"))
        places[part] = path, 1
        try:
            sql = path.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            problems.append(Problem(path, 1, "the file is not UTF-8"))
            continue
        if part in _QUERIES:
            queries[part] = sql
        else:
            filters[part.removeprefix(f"{_FILTERS}.")] = sql
    update = {**queries, _FILTERS: {**entry.input_filters, **filters}}
    return entry.model_copy(update=update), places, problems


def _is_part(name: str) -> bool:
    return name in _QUERIES or name.startswith(f"{_FILTERS}.")
