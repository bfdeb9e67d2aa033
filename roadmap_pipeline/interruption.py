"""Stopping because a person asked for it: at the next safe point, within seconds, whatever is under way.

Belongs here: noticing the signal, and telling all threads. Who works asks :func:`check` where stopping costs nothing,
waits with :func:`sleep`, and encloses in :func:`shielded` what must not be torn apart. What was kept is said by the
command line.

The signal's number is read from a file descriptor by a thread of its own: Python runs its handlers only between two
instructions of the main thread, which may be in a query or wait for others all the while.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar, copy_context
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

waits = logging.getLogger("roadmap_pipeline.waits")
"""Log of what is waited for; shown by the command line at once, and in the log of a run in the Dagster UI."""

EXIT_CODE = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LONGEST_S = 3.5
"""Seconds from the signal on; whatever hasn't stopped by then (it waits for a server that doesn't answer, say) is ended
as by a kill, after which everything can go on as well."""
_LAST_WORDS_S = 1.0

_stop_requested = threading.Event()
_shielded: ContextVar[bool] = ContextVar("shielded", default=False)
_lock = threading.Lock()
_first: dict[object, Callable[[], None]] = {}
_breakable: dict[object, Callable[[], None]] = {}
_last: dict[object, Callable[[], None]] = {}
_one_watches = threading.Lock()


class Interrupted(KeyboardInterrupt):
    """The work was asked to stop, and did."""


def requested() -> bool:
    """Return whether the work was asked to stop."""
    return _stop_requested.is_set()


def check() -> None:
    """Raise Interrupted if the work was asked to stop: a safe point. Within :func:`shielded` do nothing."""
    if _stop_requested.is_set() and not _shielded.get():
        raise Interrupted


def sleep(seconds: float) -> None:
    """Wait, or raise Interrupted as soon as the work is asked to stop: a safe point in any case."""
    if _stop_requested.wait(seconds):
        raise Interrupted


@contextmanager
def shielded() -> Iterator[None]:
    """Carry out what is inside to its end, but for waits; stop behind it if that was asked for meanwhile."""
    # Dagster, too, has handlers that raise in the main thread whatever it does.
    is_main = threading.current_thread() is threading.main_thread()
    previous = [(number, signal.signal(number, _ignore)) for number in SIGNALS] if is_main else []
    token = _shielded.set(True)
    try:
        yield
    finally:
        _shielded.reset(token)
        for number, handler in previous:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    check()


@contextmanager
def notify_first(callback: Callable[[], None]) -> Iterator[None]:
    """Call ``callback`` before any thread learns that it has to stop, in a thread of its own."""
    with _registered(_first, callback):
        yield


@contextmanager
def breaking_off(callback: Callable[[], None]) -> Iterator[None]:
    """Call ``callback`` when the work is asked to stop, from another thread: it breaks off what is under way inside.

    What is shielded isn't broken off.
    """
    if _shielded.get():
        yield
        return
    with _registered(_breakable, callback):
        yield


@contextmanager
def notify_last(callback: Callable[[], None]) -> Iterator[None]:
    """Call ``callback`` before the process is ended although something in it has not stopped."""
    with _registered(_last, callback):
        yield


@contextmanager
def _registered(callbacks: dict[object, Callable[[], None]], callback: Callable[[], None]) -> Iterator[None]:
    key = object()
    with _lock:
        callbacks[key] = callback
    try:
        yield
    finally:
        with _lock:
            callbacks.pop(key, None)


def stoppable(work: Callable[[], T]) -> T:
    """Do ``work``, which Ctrl+C, and SIGTERM as service managers send it, ask to stop; raises Interrupted when it did.

    It is done in a thread of its own, which no signal tears apart between any two instructions. In another thread than
    the main one, which signals don't reach, it is just done.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    with ExitStack() as stack:
        for number in SIGNALS:
            previous = signal.signal(number, _ignore)
            stack.callback(signal.signal, number, signal.SIG_DFL if previous is None else previous)
        stack.enter_context(watching())
        thread = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="work"))
        doing = thread.submit(copy_context().run, work)
        wait([doing])
        try:
            return doing.result()
        except Exception as error:
            if requested():
                raise Interrupted from error
            raise


@contextmanager
def watching() -> Iterator[None]:
    """Within the block these signals ask the work of all threads to stop, beside what their handlers do.

    Does nothing in another thread than the main one, and within another such block.
    """
    if threading.current_thread() is not threading.main_thread() or not _one_watches.acquire(blocking=False):
        yield
        return
    with ExitStack() as stack:
        stack.callback(_one_watches.release)
        stack.callback(_stop_requested.clear)
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(reader, ended), name="interruption", daemon=True)
        stack.callback(watcher.join)
        stack.callback(writer.close)
        stack.callback(ended.set)
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False))
        watcher.start()
        yield


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Let the signal be: the thread that watches notices it all the same."""


def _watch(reader: socket.socket, ended: threading.Event) -> None:
    with reader:
        while received := reader.recv(64):
            if any(number in SIGNALS for number in received) and not _stop_requested.is_set():
                _ask_all_to_stop()
                threading.Thread(target=_end_late, args=(ended,), name="interruption-end", daemon=True).start()


def _ask_all_to_stop() -> None:
    for callback in _now(_first):
        callback()
    _stop_requested.set()
    for callback in _now(_breakable):
        callback()


def _end_late(ended: threading.Event) -> None:
    if ended.wait(LONGEST_S):
        return
    deadline = threading.Timer(_LAST_WORDS_S, os._exit, (EXIT_CODE,))
    deadline.daemon = True
    deadline.start()
    try:
        with ExitStack() as stack:  # each of them, also when another one fails
            for callback in _now(_last):
                stack.callback(callback)
    finally:
        os._exit(EXIT_CODE)


def _now(callbacks: dict[object, Callable[[], None]]) -> list[Callable[[], None]]:
    with _lock:
        return list(callbacks.values())
