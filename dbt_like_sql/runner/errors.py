"""The errors of the runner that a person can do something about.

Belongs here: their base, and what several modules raise. An error of one module stays beside what raises it. Each is
one line that names what is wrong, with its place; what a program exits with is for whoever calls the runner.
"""


class RunnerError(Exception):
    """Something about the project or its tables is wrong: one line that names what and where."""


class SelectionError(RunnerError):
    """A selection can't be read, or names what no model has."""
