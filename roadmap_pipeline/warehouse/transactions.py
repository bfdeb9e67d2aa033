"""Whole transactions: what several processes write to a lake one after the other, and again when they conflicted.

Belongs here: doing a piece of work in one transaction, whatever the warehouse is. What is written is for others to say.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dbt_like_sql.runner.database import transaction
from roadmap_pipeline.http.retry import Backoff, RetriesExhausted, RetryPolicy, TransientError
from roadmap_pipeline.interruption import waits
from roadmap_pipeline.warehouse.errors import WarehouseError
from roadmap_pipeline.warehouse.lake.connections import address_of
from roadmap_pipeline.warehouse.lake.locks import WRITING, locked

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

RETRIES = 8
"""Of a transaction that conflicts: what our own processes write doesn't, since they write one after the other."""
LONGEST_WAIT_S = 2 * 3600.0
"""An ingest waits for a build of everything rather than to lose what it has read."""
_POLICY = RetryPolicy(Backoff(0.05, 2.0, (0.5, 1.5)))


def in_transaction(con: "duckdb.DuckDBPyConnection", work: Callable[[], T]) -> T:
    """Return what ``work`` returns, done in one transaction of ``con``.

    On a lake nobody else of ours writes meanwhile, and ``work`` is done again, from the start, when somebody else did:
    what it decides on, it must read itself.

    Raises:
        WarehouseError: Others wrote to the same tables too often.
    """
    address = address_of(con)
    if address is None:
        with transaction(con):
            return work()

    def attempt() -> T:
        import duckdb

        try:
            with transaction(con):
                return work()
        except duckdb.TransactionException as error:
            if not is_conflict(error):
                raise
            raise TransientError(str(error).split("\n", 1)[0], max_retries=RETRIES) from error

    with locked(address, WRITING, LONGEST_WAIT_S):
        try:
            return _POLICY.call(attempt, _say)
        except RetriesExhausted as error:
            raise WarehouseError(
                f"The lake was written to by another program {error.attempts} times while this one did:"
                f" {error.last.reason}; run this again when nothing else writes to its tables"
            ) from error


def is_conflict(error: Exception) -> bool:
    """Return whether a transaction failed because another one was committed before it."""
    text = str(error).lower()
    return "conflict" in text or "could not serialize" in text


def _say(error: TransientError, number: int, seconds: float) -> None:
    waits.warning("%s; the transaction is done again in %.1f s (attempt %d)", error.reason, seconds, number)
