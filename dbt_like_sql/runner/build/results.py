"""The policy of a build, and its result for each model.

Belongs here: the types that building whole and by changed rows share. Errors are beside what raises them.
"""

from dataclasses import dataclass
from typing import Literal

from dbt_like_sql.runner.project.project import SqlModel
from dbt_like_sql.runner.testing.data_tests import TestResult

Action = Literal["full", "incremental", "skipped"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The way a build goes about it. ``full_refresh`` builds everything that is selected whole.

    What has fewer than ``small_rows`` rows, and reads only such tables, is built whole: that is faster than finding out
    what changed. So is what changes in more than ``share`` of its rows. ``incremental`` is off where nothing may be
    attached, that is within a transaction.
    """

    full_refresh: bool = False
    incremental: bool = True
    small_rows: int = 500_000
    share: float = 0.3


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class ModelResult:
    """A model that was built or needed no building.

    Attributes:
        model: The model.
        rows: How many it has now; None of a view, which would have to be computed for that.
        columns: Its columns as (name, DuckDB type).
        tests: The results of its data tests.
        seconds: How long it took.
        action: How it was built, if at all.
        reason: Why so, in words.
        changed_rows: How many rows differ from before; None when that isn't known.
    """

    model: SqlModel
    rows: int | None
    columns: tuple[tuple[str, str], ...]
    tests: tuple[TestResult, ...]
    seconds: float
    action: Action = "full"
    reason: str = ""
    changed_rows: int | None = None
