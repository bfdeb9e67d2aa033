"""The structure of a job's log: steps, their commands, and the steps that hold errors.

Belongs here: GitHub's own log format. What the lines mean belongs to :mod:`roadmap_pipeline.failures.rules` and
:mod:`roadmap_pipeline.failures.classifier`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from roadmap_pipeline.failures.logs.cleaning import without_escapes
from roadmap_pipeline.failures.patterns import compile_literal

ERROR = b"##[error]"
GROUP_RUN = b"##[group]Run "
END_GROUP = b"##[endgroup]"
POST_JOB = b"Post job cleanup."

# A step's header repeats its whole script, its inputs and its environment.
LONGEST_HEADER = 256 << 10
# A message of several lines has the marker on its first line only.
LINES_AFTER_ERROR = 12
# Of a step's first line as much is looked at as names an action.
_LONGEST_START = 500

_ACTION = re.compile(rb"##\[group\]Run (?:docker://|\./|\.\./|[\w.-]+/[\w./-]+@)\S*")
_SHELL_NAMED, _SHELL = b"shell: ", re.compile(rb"(?m)^(?:\S+Z )?shell: \S")
_LINE_START = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?\Z")
_ENDS_MESSAGE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?"
    rb"(?:##\[|Post job cleanup\.|Cleaning up orphan processes|Prepare all required actions)"
)
_RUNNER_SAYS = re.compile(
    rb"##\[error\](?:Process completed with exit code|The operation was canceled"
    rb"|The action '.{0,300}' has timed out after|The runner has received a shutdown signal"
    rb"|.{0,80}lost communication|.{0,80}has exceeded the maximum|An error occurred trying to start process"
    rb"|.{0,80}No space left|received SIG|No such file or directory|[\w.]*Exception|Executing the custom container)"
)
# How a runner's log begins and ends: after the end only the processes that were left are named.
_BEGUN, _ENDED = b"Current runner version: ", b"Cleaning up orphan processes"
_BEGINNING, _ENDING = 64 << 10, 256 << 10
# What actions that keep a cache say when they are done. The last part of GitHub's own runs only in jobs without a
# failure; that of others runs always, so the key must be one of theirs.
_KEPT = compile_literal(b"Cache hit occurred on the primary key ", b"Cache saved with key: ")
_CACHED = re.compile(
    rb"(?:Cache hit occurred on the primary key |Cache saved with key: )(?P<key>"
    rb"(?P<setup>(?:setup-(?:go|python|java|uv)|node-cache|dotnet-cache)-)?[^\r\n]*?)(?:, not saving cache\.?)?\r?$",
    re.MULTILINE,
)
# The first thing that is said of a step in a container.
_CONTAINER, _BEGINNING_OF_STEP = b"##[command]/usr/bin/docker run ", 2 << 10
_CACHE_STEP = compile_literal(b"##[group]Run actions/cache@")
# What nobody does after a failure, whatever else they do always: checks, reports and even installing go on.
_PUBLISHES = re.compile(
    rb"##\[group\]Run (?:actions/deploy-pages@|pypa/gh-action-pypi-publish@"
    rb"|(?:(?:npm|yarn|pnpm|cargo|poetry|uv) publish|twine upload|docker push)\b)"
)
# GitHub's own actions by when they clean up after the job's steps: whatever happened; only in jobs without a failure,
# though they may have nothing to say then; never.
_CLEANS_UP_ALWAYS = frozenset({b"actions/checkout"})
_CLEANS_UP_WHEN_WELL = frozenset(
    {b"actions/cache", b"actions/setup-dotnet", b"actions/setup-go", b"actions/setup-node", b"actions/setup-python"}
)
_CLEANS_UP_NEVER = frozenset(
    {
        b"actions/cache/restore",
        b"actions/cache/save",
        b"actions/download-artifact",
        b"actions/github-script",
        b"actions/upload-artifact",
    }
)
# What retrying actions say when a later attempt was a success.
_RETRIED = compile_literal(b"Command completed after ")
_RETRY_TELLS = 64 << 10
# Steps that run whatever happened before report on failures; they are seldom the cause of one.
_REPORTING = re.compile(
    rb"(?i)upload|codecov|coveralls|report|notify|notification|slack|discord|mattermost|artifact|summary|comment|cleanup"
    rb"|clean up|publish-unit-test|test-results"
)
# RE2 looks for a plain string several times faster than bytes.find does.
_FIND_ERROR, _FIND_GROUP, _FIND_POST = (compile_literal(text) for text in (ERROR, GROUP_RUN, POST_JOB))


class Span(NamedTuple):
    """A step in a log, as byte offsets: ``start`` of its header, ``body`` (its output), ``end`` (exclusive)."""

    start: int
    body: int
    end: int


def line_start(log: bytes, position: int) -> int:
    """Return the offset of the first byte of the line that holds ``position``."""
    return log.rfind(b"\n", 0, position) + 1


def line_end(log: bytes, position: int) -> int:
    """Return the offset of the newline that ends the line holding ``position``, or the log's length."""
    end = log.find(b"\n", position)
    return len(log) if end < 0 else end


def line_starts(log: bytes, numbers: Iterable[int]) -> dict[int, int]:
    """Return the offset of the first byte of each line, by the numbers of the lines (from 0)."""
    starts: dict[int, int] = {}
    number = start = 0
    for wanted in sorted(set(numbers)):
        for _ in range(wanted - number):
            start = line_end(log, start) + 1
        number = wanted
        starts[number] = start
    return starts


def is_step_header(header: bytes) -> bool:
    """Return whether text that starts with a ``##[group]Run`` line opens a step.

    Scripts may open groups called Run, too.

    ``header`` reaches to the end of the group. A step names an action or tells its shell.
    """
    group = header.find(GROUP_RUN)
    return group >= 0 and (_ACTION.match(header, group) is not None or _tells_shell(header, 0, len(header)))


def _tells_shell(log: bytes, start: int, end: int) -> bool:
    """Return whether a line between two offsets, the first that of a line's beginning, tells the shell of a script."""
    # Looked for as a string first: the expression is tried at every line.
    named = log.find(_SHELL_NAMED, start, end)
    return named >= 0 and _SHELL.search(log, max(start, line_start(log, named)), end) is not None


def starts_line(prefix: bytes) -> bool:
    """Return whether ``prefix`` is what may stand before a marker: nothing, or a timestamp."""
    return _LINE_START.match(prefix) is not None


def is_whole(log: bytes) -> bool:
    """Return whether the log is a job's, as a runner begins or ends it, not a fragment or another tool's output."""
    return log.find(_BEGUN, 0, _BEGINNING) >= 0 or is_ended(log)


def is_ended(log: bytes) -> bool:
    """Return whether the log holds the end of its job."""
    return log.rfind(_ENDED, max(0, len(log) - _ENDING)) >= 0


def steps(log: bytes) -> list[Span]:
    """Return all steps in order; the first span, possibly empty, is what stands before the first step."""
    bodies = dict(_posts(log)) | dict(_headers(log))
    starts = sorted(bodies)
    bounds = [(0, 0), *((start, bodies[start]) for start in starts)]
    ends = [*starts, len(log)]
    return [Span(start, min(body, end), end) for (start, body), end in zip(bounds, ends, strict=True)]


def _headers(log: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each step's header begins, and where its output does: at the end of the group that the header is."""
    for match in _FIND_GROUP.finditer(log):
        position = match.start()
        start = line_start(log, position)
        if position - start < 64 and starts_line(log[start:position]):
            end = log.find(END_GROUP, position, position + LONGEST_HEADER)
            if end >= 0 and is_step_header(log[position:end]):
                yield start, line_end(log, end)


def _posts(log: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each action's cleaning up begins, and where its output does.

    The output begins below a group that follows at once, if there is one.
    """
    for match in _FIND_POST.finditer(log):
        start = line_start(log, match.start())
        if match.start() - start < 64 and starts_line(log[start : match.start()]):
            has_group = log.find(GROUP_RUN, start, start + 64 + len(GROUP_RUN)) >= 0
            yield start, line_end(log, log.find(END_GROUP, start, start + 64 + LONGEST_HEADER)) if has_group else start


def failing(log: bytes, all_steps: list[Span]) -> list[Span]:
    """Return the steps whose output holds an error marker, in order, each cut after its last error message."""
    failed: list[Span] = []
    bodies = [step.body for step in all_steps]
    match = _FIND_ERROR.search(log)
    while match is not None:
        position = match.start()
        index = bisect_right(bodies, position) - 1
        step = all_steps[index]
        if position < step.end:
            last = log.rfind(ERROR, step.body, step.end)
            failed.append(Span(step.start, step.body, _end_of_message(log, last, step.end)))
        following = all_steps[index + 1].body if index + 1 < len(all_steps) else len(log)
        match = _FIND_ERROR.search(log, max(following, position + 1))
    return failed


def errors(log: bytes, step: Span) -> list[int]:
    """Return the offsets of the first bytes of the lines of a step's output that hold an error marker, in order."""
    return list(
        dict.fromkeys(line_start(log, match.start()) for match in _FIND_ERROR.finditer(log, step.body, step.end))
    )


def stopped(log: bytes, step: Span) -> bool:
    """Return whether the step itself failed, rather than a tool in it that printed an error marker and was content.

    The runner says so at the end of a script that fails; what an action says is taken as it is, unless it tried again.
    """
    last = log.rfind(ERROR, step.body, step.end)
    if not _tells_shell(log, step.start, step.body):
        return _RETRIED.search(log[last : last + _RETRY_TELLS]) is None
    return _RUNNER_SAYS.search(log[last : step.end]) is not None


def is_post(log: bytes, step: Span) -> bool:
    """Return whether the step is the cleaning up that an action does after the job's own steps."""
    return log.find(POST_JOB, step.start, step.start + 64 + len(POST_JOB)) >= 0


def reports(log: bytes, step: Span) -> bool:
    """Return whether the step only tells others what happened, or keeps it."""
    return _REPORTING.search(first_line(log, step)) is not None


def ended_well(log: bytes, after: Span, all_steps: list[Span]) -> bool:
    """Return whether something that only jobs without a failure do was done after a step: it was allowed to fail."""
    later = all_steps[bisect_right([step.start for step in all_steps], after.start) :]
    return any(
        any(_is_of_well(log, kept.start()) for kept in _KEPT.finditer(log, step.start, step.end))
        if is_post(log, step)
        else _PUBLISHES.search(first_line(log, step)) is not None
        for step in later
    ) or _cleaned_up_well(log, all_steps)


def _cleaned_up_well(log: bytes, all_steps: list[Span]) -> bool:
    """Return whether actions cleaned up that do so only in jobs without a failure; false where that can't be told.

    It can be told only where the log begins with the job's first step, each action is one whose cleaning up is known,
    and as many cleaned up as these do when all is well.
    """
    cleanups = sum(is_post(log, step) for step in all_steps)
    if cleanups < 2 or log.find(_BEGUN, 0, _BEGINNING) < 0:
        return False
    actions = [
        match[0].removeprefix(GROUP_RUN).partition(b"@")[0]
        for step in all_steps
        if (match := _ACTION.search(log, step.start, min(step.body, step.start + _LONGEST_START)))
        and not _tells_shell(log, step.start, step.body)
    ]
    always = sum(action in _CLEANS_UP_ALWAYS for action in actions)
    when_well = sum(action in _CLEANS_UP_WHEN_WELL for action in actions)
    is_known = always + when_well == sum(action not in _CLEANS_UP_NEVER for action in actions)
    return is_known and always > 0 and when_well > 0 and cleanups == always + when_well


def _is_of_well(log: bytes, message: int) -> bool:
    """Return whether the cache of a message was kept by an action that does so only when all is well."""
    cached = _CACHED.match(log, message)
    if cached is None:
        return False
    if cached["setup"] is not None:
        return True
    keys = b"key: " + cached["key"]
    return any(
        keys in log[match.start() : log.find(END_GROUP, match.start(), match.start() + LONGEST_HEADER)]
        for match in _CACHE_STEP.finditer(log)
    )


def is_silent(log: bytes, step: Span) -> bool:
    """Return whether the step runs in a container of its own and has no error marker.

    The runner says nothing if it fails.
    """
    return (
        log.find(_CONTAINER, step.body, min(step.end, step.body + _BEGINNING_OF_STEP)) >= 0
        and _FIND_ERROR.search(log, step.body, step.end) is None
    )


def first_line(log: bytes, step: Span) -> bytes:
    """Return the line that opens a step without colours, cut when it is very long."""
    return without_escapes(log[step.start : min(line_end(log, step.start), step.start + _LONGEST_START)])


def _end_of_message(log: bytes, position: int, limit: int) -> int:
    end = line_end(log, position)
    for _ in range(LINES_AFTER_ERROR):
        following = line_end(log, end + 1)
        if end + 1 >= limit or _ENDS_MESSAGE.match(log[end + 1 : min(following, end + 128)]):
            break
        end = following
    return min(end, limit)


def command(log: bytes, step: Span) -> bytes:
    """Return what a step runs: its header without markers and colours, up to its shell or environment."""
    lines = without_escapes(log[step.start : step.body]).split(b"\n")
    kept: list[bytes] = []
    for line in lines:
        text = re.sub(rb"\A(?:\xef\xbb\xbf)?(?:\d{4}-\d\d-\d\dT[\d:.]+Z )?", b"", line)
        if text.startswith((b"shell: ", b"env:")):
            break
        kept.append(text)
    return b"\n".join(kept)
