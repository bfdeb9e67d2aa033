"""Parameters of which ``make test`` tries some and ``make test-slow`` the others.

Belongs here: for tests whose every case costs a second and differs from the first ones in its values alone.
"""

from collections.abc import Sequence
from typing import Any

import pytest


def mostly_slow(values: Sequence[Any], *, fast: int) -> list[Any]:
    """Return one parameter a value, of which all but the first ``fast`` are slow tests."""
    rest = [pytest.param(value, marks=pytest.mark.slow) for value in values[fast:]]
    return [*values[:fast], *rest]
