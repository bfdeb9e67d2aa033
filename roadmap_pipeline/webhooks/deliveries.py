"""The deliveries that were accepted, so that one that comes again is told apart: a small SQLite file.

Belongs here: the file, which several threads and processes may share, and how much it keeps.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

KEPT = 10_000
"""Deliveries that are remembered; the oldest are forgotten. GitHub lets one be sent again for three days."""

FILE = "webhook_deliveries.sqlite"
_LONGEST_ID = 200
_LOCK_TIMEOUT_S = 5.0
_TABLE = """
create table if not exists deliveries (
    number integer primary key autoincrement,
    source text not null,
    id text not null,
    digest blob not null,
    unique (source, id),
    unique (source, digest)
)
"""


class Deliveries:
    """The accepted deliveries, in a file that survives restarts.

    A delivery is known by its id, and by its body: GitHub's id stands in a header that nobody signs, so that somebody
    who got hold of a signed body could send it again under another one.
    """

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self._path, self._kept = path, kept
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as con:
            con.execute("pragma journal_mode = wal")
            con.execute(_TABLE)

    def accept(self, source: str, id_: str, body: bytes, act: Callable[[], None]) -> bool:
        """Act on a delivery and remember it; return False, and do neither, where it is known.

        One whose ``act`` fails isn't remembered: sent again, it is as new. ``act`` may happen twice where the process
        is killed between the two.

        Raises:
            sqlite3.Error: The file can't be written; ``act`` may have happened.
        """
        digest = hashlib.sha256(body).digest()
        with self._connection() as con:
            con.execute("begin immediate")
            try:
                added = con.execute(
                    "insert or ignore into deliveries (source, id, digest) values (?, ?, ?)",
                    (source, id_[:_LONGEST_ID], digest),
                )
                is_new = added.rowcount == 1
                if is_new:
                    act()
                    con.execute(
                        "delete from deliveries where number <= (select max(number) from deliveries) - ?", (self._kept,)
                    )
            except BaseException:
                con.execute("rollback")
                raise
            con.execute("commit")
        return is_new

    def count(self) -> int:
        """Return how many are remembered."""
        with self._connection() as con:
            ((rows,),) = con.execute("select count(*) from deliveries").fetchall()
        return int(rows)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One for each use: threads of the server come and go, and a delivery a second costs nothing.
        with closing(sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)) as con:
            con.execute("pragma synchronous = normal")  # a power cut may forget the last ones, which costs a read
            yield con
