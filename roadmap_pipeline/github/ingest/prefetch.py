"""Producing the next items of an iteration while the present one is still being used.

Belongs here: nothing that knows what the items are.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextvars import copy_context
from queue import Queue
from typing import TypeVar, cast

T = TypeVar("T")

_END = object()


def ahead(items: Iterator[T], pool: Executor, depth: int = 8) -> Iterator[T]:
    """Yield ``items`` in their order, up to ``depth`` of them produced beforehand in a thread of ``pool``.

    An error of ``items`` is raised where its item would have come, after those before it. Whoever stops early waits for
    the item that is being produced.
    """
    produced: Queue[object] = Queue(depth)
    stopped = threading.Event()

    def produce() -> None:
        try:
            for item in items:
                if stopped.is_set():
                    return
                produced.put(item)
        finally:
            produced.put(_END)

    work = pool.submit(copy_context().run, produce)
    item: object = None
    try:
        while (item := produced.get()) is not _END:
            yield cast(T, item)
    finally:
        stopped.set()
        while item is not _END:  # a full queue would hold the producer
            item = produced.get()
    work.result()
