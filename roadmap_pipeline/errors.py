"""The errors people see, each with the exit code of the contract.

Belongs here: exception types that several packages raise or the command line catches. Errors of one client stay beside
that client and derive from these.
"""

from collections.abc import Sequence


class RoadmapError(Exception):
    """Something failed: one line that names what and the remedy. The command line prints it and exits with 1."""

    exit_code = 1


class ConfigurationError(RoadmapError):
    """Wrong usage, configuration or credentials. Holds every problem that was found; exit code 2."""

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems: Sequence[str] = problems
        super().__init__("; ".join(problems))
