"""Loading the SQL project, from its files or as it was parsed before.

Belongs here: the one entrance. Reading the files is in ``parser``, which a process that finds the project kept never
imports; when what is kept is still right is in ``cache``.
"""

from pathlib import Path

from dbt_like_sql.runner.project.cache import cached
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.sources import Sources


def load_project(directory: Path, sources: Sources, own_folder: Path | None = None) -> Project:
    """Read the models, seeds and tests of a project with their ``.yml`` files.

    They are ``models/<schema>/**/<table>.sql``, ``seeds/<schema>/**/<table>.csv`` and ``tests/*.sql``. A seed is a
    model whose SELECT reads its file. While nothing has changed, the files aren't parsed again.

    Args:
        directory: The folder that holds ``models``.
        sources: The tables that models may read besides each other.
        own_folder: The folder in which the parsed project may be kept if nothing can be written beside its files.

    Raises:
        ProjectError: Every problem found, each with file and line: SQL that isn't one plain SELECT, unknown tables,
            cycles, names that aren't unique, models or columns without a description, tests of columns that don't
            exist.
        RunnerError: There is no folder ``models``.
    """
    return cached(directory, sources, _parse, own_folder)


def _parse(directory: Path, sources: Sources) -> Project:
    # With sqlglot, PyYAML and the models of pydantic behind it.
    from dbt_like_sql.runner.project.parser import parse_project

    return parse_project(directory, sources)
