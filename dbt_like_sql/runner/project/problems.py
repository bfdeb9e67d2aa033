"""The problems of the files of the SQL project, each with its place.

Belongs here: the error that all of its readers share. Finding the problems is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_like_sql.runner.errors import RunnerError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that must be changed; ``line`` counts from 1."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class ProjectError(RunnerError):
    """The SQL project can't be loaded; holds every problem that was found, in order of files and lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (str(problem.path), problem.line, problem.text)))
        super().__init__("; ".join(map(str, self.problems)))
