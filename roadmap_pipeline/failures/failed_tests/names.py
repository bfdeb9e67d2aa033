"""Names of tests, and when two of them stand for the same test.

A test is its file, class or suite, its own name, and its parameters: a test that fails for one set of parameters is
another than one that fails for the next. Left out is what differs between two runs of one test: the folder that the
repository is checked out into, temporary folders, line numbers, addresses and ids of objects, times, the number of the
shard, and which attempt it was.

Belongs here: that rule. How a framework writes names belongs to the frameworks.
"""

import re

from roadmap_pipeline.failures.patterns import compile_pattern

_HEX = "[0-9a-fA-F]"
_LONGEST = 300
_WORKSPACES = (
    r"/home/runner/work/[^/\s]+/[^/\s]+/|/Users/runner/work/[^/\s]+/[^/\s]+/|/__w/[^/\s]+/[^/\s]+/|/github/workspace/"
    r"|[A-Za-z]:[\\/]a[\\/][^\\/\s]+[\\/][^\\/\s]+[\\/]"
)
_REPLACEMENTS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (marks, re.compile(pattern), replacement)
    for marks, pattern, replacement in (
        (("/runner/work/", "/__w/", "/github/", ":\\", ":/"), rf"(?:file://)?(?:{_WORKSPACES})", ""),
        (
            ("/tmp/", "/var/folders/", "Temp"),  # noqa: S108
            r"(?:/private)?(?:/tmp|/var/folders)/[^\s'\")\]]*/|[A-Za-z]:[\\/][^\s'\")\]]*[\\/]Temp[\\/]",
            "<tmp>/",
        ),
        (("-",), rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", "<uuid>"),
        (("0x",), rf"\b0x{_HEX}{{6,16}}\b", "<address>"),
        # The hash code that Java's objects print.
        (("@",), rf"(?<=[a-zA-Z;])@{_HEX}{{5,8}}\b", "@<address>"),
        (
            ("-",),
            r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?",
            "<time>",
        ),
        # A file's line and column, not the port of a host.
        ((":",), r"(\.[A-Za-z]{1,6}):\d+(?::\d+)?(?=\W|$)", r"\1"),
        (("(", "["), r" ?[(\[](?:line|L) ?\d+[)\]]", ""),
        (("(", "["), r"(?i) ?[(\[](?:shard|chunk|partition|part) ?#?\d+(?: ?(?:of|/) ?\d+)?[)\]]", ""),
        (("of", "oF", "Of", "OF"), r"(?i)\b(shard|chunk|partition)[ _-]\d+[_-]of[_-]\d+", r"\1"),
        (("(", "["), r"(?i) ?[(\[](?:(?:retry|attempt|try|re-?run|run) ?[#x]?\d+(?: ?(?:of|/) ?\d+)?)[)\]]", ""),
        (
            (")", "]"),
            r" ?[(\[]<? ?\d+(?:[.,]\d+)* ?(?:ms|µs|us|ns|s|sec|seconds|m|min)(?: ?\d+(?:[.,]\d+)* ?(?:ms|s))?[)\]]\Z",
            "",
        ),
        (("./",), r"\A\./|(?<=\s)\./(?=\S)", ""),
    )
)
"""Plain strings without which a pattern is nowhere (most are in few names), the pattern, and what replaces it."""

# One look decides for most names that nothing is replaced: some part of what each pattern demands, in ASCII.
_HINT = compile_pattern(
    rf"/runner/work/|/__w/|/github/workspace/|[A-Za-z]:[\\/]a[\\/]|/tmp/|/var/folders/|Temp[\\/]|{_HEX}{{8}}-{_HEX}{{4}}-"
    rf"|0x{_HEX}{{6}}|@{_HEX}{{5}}|\d{{4}}-\d\d-\d\d[T ]|\.[A-Za-z]{{1,6}}:\d|\./"
    r"|[(\[](?i:line|l|shard|chunk|partition|part|retry|attempt|try|re-?run|run) ?[#x]?\d"
    r"|(?i:shard|chunk|partition)[ _-]\d|\d ?(?:ms|us|ns|s|sec|seconds|m|min)[)\]]$"
)


def same_name(name: str) -> str:
    """Return the name that all runs of a test share; of a very long one, a beginning that is cut at the same place."""
    if not all_are_same(name):
        for marks, pattern, replacement in _REPLACEMENTS:
            for mark in marks:
                if mark in name:
                    name = pattern.sub(replacement, name)
                    break
    return with_single_spaces(name)


def all_are_same(names: str) -> bool:
    """Return whether nothing differs between runs in any of some names, one a line."""
    return names.isascii() and _HINT.search(names.encode()) is None


def with_single_spaces(name: str) -> str:
    """Return a name in one line, cut where it is very long."""
    return " ".join(name.split())[:_LONGEST].rstrip()


def path(file: str) -> str:
    """Return a file's path with forward slashes."""
    return file.replace("\\", "/")
