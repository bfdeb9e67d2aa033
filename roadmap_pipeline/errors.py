"""The errors people see, each with the exit code of the contract.

Belongs here: exception types that several packages raise or the command line catches, and one line for what the system
and the database raise. Errors of one client stay beside that client and derive from these.
"""

from collections.abc import Sequence

from dbt_like_sql.runner.errors import RunnerError


class RoadmapError(Exception):
    """An expected failure, in one line that names the remedy. The command line prints it and exits with 1."""

    exit_code = 1


class ConfigurationError(RoadmapError):
    """An error of usage, configuration or credentials. It holds every problem that was found; exit code 2."""

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = problems
        super().__init__("; ".join(problems))


EXPECTED_ERRORS = (RoadmapError, RunnerError)
"""Errors that are shown as their one line: those of the product, and those of the runner of its SQL models."""


def in_one_line(error: BaseException) -> str | None:
    """Return what a person reads of an error of the operating system or of DuckDB; None for a fault of our own."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if type(error).__module__.partition(".")[0] not in ("duckdb", "_duckdb"):
        return None
    first = str(error).partition("\n")[0]
    if type(error).__name__ in ("CatalogException", "BinderException"):
        return f"The warehouse lacks what this command reads: run `roadmap build` first ({first})"
    return f"DuckDB: {first}"
