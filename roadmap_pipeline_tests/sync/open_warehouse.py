"""A warehouse that is kept open while a sync runs in this process: its many steps open it again in no time then.

Belongs here: that alone, which changes nothing but how long tests take.
"""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import duckdb


def kept_open(warehouse: Path, *, is_looked_at: bool) -> AbstractContextManager[object]:
    """Keep a warehouse open, unless its file is looked at then (``is_looked_at``): it shows what was written to it."""
    return nullcontext() if is_looked_at else duckdb.connect(str(warehouse))
