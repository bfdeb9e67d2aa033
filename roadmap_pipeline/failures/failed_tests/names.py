"""When two names stand for the same test.

A test is its file, class or suite, its own name, and its parameters: a test that fails for one set of parameters is
another than one that fails for the next. Left out is what differs between two runs of one test: the folder that the
repository is checked out into, temporary folders, line numbers, addresses and ids of objects, times, the number of the
shard, and which attempt it was.

Belongs here: that rule. How a framework writes names belongs to the frameworks.
"""

import re

_HEX = "[0-9a-fA-F]"
_LONGEST = 300
_WORKSPACES = (
    r"/home/runner/work/[^/\s]+/[^/\s]+/|/Users/runner/work/[^/\s]+/[^/\s]+/|/__w/[^/\s]+/[^/\s]+/|/github/workspace/"
    r"|[A-Za-z]:[\\/]a[\\/][^\\/\s]+[\\/][^\\/\s]+[\\/]"
)
_ANY = ""
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
        ((_ANY,), r"\s+", " "),
    )
)
"""Plain strings without which a pattern is nowhere (most are in few names), the pattern, and what replaces it."""


def same_name(name: str) -> str:
    """The name that all runs of a test share; of a very long one, a beginning that is cut at the same place."""
    for marks, pattern, replacement in _REPLACEMENTS:
        for mark in marks:
            if mark in name:
                name = pattern.sub(replacement, name)
                break
    return name.strip()[:_LONGEST].rstrip()


def path(file: str) -> str:
    """A file's path with forward slashes."""
    return file.replace("\\", "/")
