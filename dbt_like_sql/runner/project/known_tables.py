"""The tables that files of the SQL project may refer to, and the problems of references to others.

Belongs here: looking names up. Which files there are, and what they declare, is for ``parser`` to find out.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dbt_like_sql.runner.project.problems import Problem
from dbt_like_sql.runner.project.project import Key, SqlModel
from dbt_like_sql.runner.project.schema_yml import Reference
from dbt_like_sql.runner.project.sources import Sources
from dbt_like_sql.runner.project.sql_files import SelectFile


class KnownTables:
    """The models and source tables of a project by name; wrong references are added to ``problems``."""

    def __init__(self, sources: Sources, models: Iterable[Key], problems: list[Problem]) -> None:
        self._sources = sources
        self._models = {name: (schema, name) for schema, name in models}
        self._keys = {*self._models.values(), *((table.schema, table.name) for table in sources.tables)}
        self._problems = problems

    def problem(self, path: Path, line: int, text: str) -> None:
        """Add a problem."""
        self._problems.append(Problem(path, line, text))

    def model(self, name: str) -> Key | None:
        """Return the key of the model called ``name``, if there is one."""
        return self._models.get(name)

    def resolve(self, reference: Reference, path: Path, line: int) -> Key | None:
        """Return the table that ``reference`` means; None, and a problem more, when there is none."""
        if reference.source is None:
            if key := self.model(reference.name):
                return key
            self.problem(path, line, f"there is no model {reference.name}")
        elif f"{reference.source}.{reference.name}" in self._sources.by_name:
            return reference.source, reference.name
        else:
            self.problem(path, line, f"there is no source table {reference.source}.{reference.name}")
        return None

    def check_references(self, select: SelectFile) -> bool:
        """Return whether all tables that ``select`` reads are known; the others are problems."""
        unknown = [place for place in select.references if (place.schema, place.name) not in self._keys]
        for place in unknown:
            text = f"{place.schema}.{place.name} is neither a model nor a table that Python fills"
            self.problem(select.path, place.line, text)
        return not unknown

    def columns(self, key: Key, models: Mapping[Key, SqlModel]) -> frozenset[str] | None:
        """Return the columns of a table; None for a model that isn't in ``models``, whose own problems are reported."""
        if key in models:
            return models[key].column_names
        source = self._sources.by_name.get(f"{key[0]}.{key[1]}")
        return source.column_names if source else None
