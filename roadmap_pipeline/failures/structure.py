"""Where a job's log holds what: steps, their commands, and the spans that hold errors.

Belongs here: GitHub's own log format. What the lines mean belongs to :mod:`.rules` and :mod:`.classifier`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

from roadmap_pipeline.failures.cleaning import without_escapes

Log = bytes | mmap
"""A raw log: bytes, or a mapped file."""

ERROR = b"##[error]"
GROUP_RUN = b"##[group]Run "
END_GROUP = b"##[endgroup]"
POST_JOB = b"Post job cleanup."

# A step's header repeats its whole script, its inputs and its environment.
LONGEST_HEADER = 256 << 10
# A message of several lines has the marker on its first line only.
LINES_AFTER_ERROR = 12

_ACTION = re.compile(rb"##\[group\]Run (?:docker://|\./|\.\./|[\w.-]+/[\w./-]+@)\S*")
_SHELL = re.compile(rb"(?m)^(?:\S+Z )?shell: \S")
_LINE_START = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?\Z")
_ENDS_MESSAGE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?"
    rb"(?:##\[|Post job cleanup\.|Cleaning up orphan processes|Prepare all required actions)"
)
_RUNNER_SAYS = re.compile(
    rb"Process completed with exit code|The operation was canceled|has timed out after|has received a shutdown signal"
    rb"|lost communication|has exceeded the maximum|An error occurred trying to start process|No space left"
    rb"|received SIG|No such file or directory|Exception|Executing the custom container|The process '"
)
# How a runner's log begins and ends.
_ENDED = b"Cleaning up orphan processes"
_WHOLE = (b"Current runner version: ", _ENDED)


@dataclass(frozen=True, slots=True)
class Span:
    """A step in a log, as byte offsets: ``start`` of its header, ``body`` (its output), ``end`` (exclusive)."""

    start: int
    body: int
    end: int


def line_start(log: Log, position: int) -> int:
    """Offset of the first byte of the line that holds ``position``."""
    return log.rfind(b"\n", 0, position) + 1


def line_end(log: Log, position: int) -> int:
    """Offset of the newline that ends the line holding ``position``, or the log's length."""
    found = log.find(b"\n", position)
    return len(log) if found < 0 else found


def is_step_header(header: bytes) -> bool:
    """Whether text that starts with a ``##[group]Run`` line opens a step; scripts may open groups called Run, too.

    ``header`` reaches to the end of the group. A step names an action or tells its shell.
    """
    group = header.find(GROUP_RUN)
    return group >= 0 and (_ACTION.match(header, group) is not None or _SHELL.search(header) is not None)


def starts_line(prefix: bytes) -> bool:
    """Whether ``prefix`` is what may stand before a marker: nothing, or a timestamp."""
    return _LINE_START.match(prefix) is not None


def is_whole(log: Log) -> bool:
    """Whether the log is a job's, as a runner begins or ends it, not a fragment or another tool's output."""
    return any(log.find(marker) >= 0 for marker in _WHOLE)


def is_ended(log: Log) -> bool:
    """Whether the log holds the end of its job."""
    return log.rfind(_ENDED) >= 0


def steps(log: Log) -> list[Span]:
    """All steps in order; the first span, possibly empty, is what stands before the first step."""
    starts = sorted({*_headers(log), *_posts(log)})
    bounds = [(0, 0), *((start, _body(log, start)) for start in starts)]
    ends = [*starts, len(log)]
    return [Span(start, min(body, end), end) for (start, body), end in zip(bounds, ends, strict=True)]


def _headers(log: Log) -> Iterator[int]:
    position = log.find(GROUP_RUN)
    while position >= 0:
        start = line_start(log, position)
        if position - start < 64 and starts_line(log[start:position]):
            end = log.find(END_GROUP, position, position + LONGEST_HEADER)
            if end >= 0 and is_step_header(log[position:end]):
                yield start
        position = log.find(GROUP_RUN, position + len(GROUP_RUN))


def _posts(log: Log) -> Iterator[int]:
    position = log.find(POST_JOB)
    while position >= 0:
        start = line_start(log, position)
        if position - start < 64 and starts_line(log[start:position]):
            yield start
        position = log.find(POST_JOB, position + len(POST_JOB))


def _body(log: Log, start: int) -> int:
    if log.find(GROUP_RUN, start, start + 64 + len(GROUP_RUN)) < 0:
        return start
    return line_end(log, log.find(END_GROUP, start, start + 64 + LONGEST_HEADER))


def failing(log: Log, all_steps: list[Span]) -> list[Span]:
    """The steps whose output holds an error marker, in order, each cut after its last error message."""
    found: list[Span] = []
    bodies = [step.body for step in all_steps]
    position = log.find(ERROR)
    while position >= 0:
        index = bisect_right(bodies, position) - 1
        step = all_steps[index]
        if position < step.end:
            last = log.rfind(ERROR, step.body, step.end)
            found.append(Span(step.start, step.body, _end_of_message(log, last, step.end)))
        following = all_steps[index + 1].body if index + 1 < len(all_steps) else len(log)
        position = log.find(ERROR, max(following, position + 1))
    return found


def stopped(log: Log, step: Span) -> bool:
    """Whether the step itself failed, rather than a tool in it that printed an error marker and was content.

    The runner says so at the end of a script that fails; what an action says is taken as it is.
    """
    if not _SHELL.search(log[step.start : step.body]):
        return True
    last = log.rfind(ERROR, step.body, step.end)
    return _RUNNER_SAYS.search(log[last : step.end]) is not None


def _end_of_message(log: Log, position: int, limit: int) -> int:
    end = line_end(log, position)
    for _ in range(LINES_AFTER_ERROR):
        following = line_end(log, end + 1)
        if end + 1 >= limit or _ENDS_MESSAGE.match(log[end + 1 : min(following, end + 128)]):
            break
        end = following
    return min(end, limit)


def command(log: Log, step: Span) -> bytes:
    """What a step runs: its header without markers and colours, up to its shell or environment."""
    lines = without_escapes(bytes(log[step.start : step.body])).split(b"\n")
    kept: list[bytes] = []
    for line in lines:
        text = re.sub(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?", b"", line)
        if text.startswith((b"shell: ", b"env:")):
            break
        kept.append(text)
    return b"\n".join(kept)
