"""The first error that a compiler, type checker or linter points at: what the others often only follow from.

Belongs here: how such tools say where. Whether a job failed by them, and which failures are alike, belongs to
:mod:`roadmap_pipeline.failures.rules` and :mod:`roadmap_pipeline.failures.classifier`.
"""

import re

from roadmap_pipeline.failures.logs.cleaning import without_escapes
from roadmap_pipeline.failures.logs.structure import Span, line_end, line_start
from roadmap_pipeline.failures.matching.novelty import Baseline, is_in_baseline
from roadmap_pipeline.failures.patterns import compile_pattern

CATEGORIES = frozenset({"compile", "type_check", "lint_format"})
"""Failures of which the first error is shown."""

# Most first errors stand far from a step's end: the rest need not be looked at.
_PIECE = 64 << 10
_FILE = r"(?:[A-Za-z]:)?[\w./\\@+~-]+\.[A-Za-z]\w{0,7}"
_ERROR = compile_pattern(
    "|".join(
        (
            # gcc, clang, swiftc, javac, mypy: a.c:1:2: error: …; tsc: a.ts:1:2 - error, a.ts(1,2): error; MSVC, Roslyn.
            rf"<<start>>(?:\[\w+\] |[\w.-]+:/)?{_FILE}(?::\d+(?::\d+)?|\(\d+(?:, ?\d+)*\))(?: ?:| -)?"
            r" (?:[Ff]atal )?(?:[Ee]rror|ERROR)(?::| [A-Z]+\d+:)",
            # What Maven, sbt and Kotlin's compiler make of it.
            r"<<start>>\[ERROR\] \S+\.(?:java|kt|scala|groovy):(?:\[\d+,\d+\]|\d+:)",
            r"<<start>>\[error\] (?:\S+\.scala:\d+|-- )",
            r"<<start>>e: (?:file://)?\S+\.kts?:",
            r"<<start>>error(?:\[E\d{4}\])?: ",
            # webpack, Rollup, Vite, esbuild, Next.js.
            r"<<start>>ERROR in \S+",
            r"<<start>>✘ \[ERROR\] ",
            r"<<start>>(?:\[!\] |\[vite\]: |Type error: |Module not found: |SyntaxError: |Could not resolve )",
            r"<<start>>\S+\.\w+ \(\d+:\d+\): |<<start>>ERROR render of ",
            # Linkers.
            r"undefined reference to |<<start>>(?:(?:\S*/)?ld(?:64|\.\w+)?: |Undefined symbols? )"
            r"|multiple definition of |unresolved external symbol ",
            # CMake, Autoconf, TeX, Elm, Flow, OCaml, Crystal, Fortran, Solidity, Elixir, PHP, Verilator, Dart, Psalm.
            r"<<start>>CMake Error at \S+:\d+|<<start>>configure: error: |<<start>>! [A-Z]",
            r"<<start>>-- [A-Z][A-Z ]{3,40} -{5,}|<<start>>Error -{5,} \S+:\d+:\d+",
            r"<<start>>(?:Fatal |[A-Z]\w+)?Error(?: \(\d+\))?: +\S|<<start>>(?:nvcc|ptxas) fatal +: ",
            r"<<start>>\*\* \(\w+Error\) |<<start>>PHP (?:Parse|Fatal) error: ",
            r"<<start>>%(?:Error|Warning)[\w-]*: \S+:\d+|<<start>>(?:error|ERROR) [•-] |<<start>>ERROR: \w+ - \S+:\d+",
            # Sphinx and MkDocs, whose warnings stop a build that is told so.
            r"<<start>>\S+\.(?:rst|md|ipynb|txt|py)(?::docstring of \S+)?(?::\d+)?: (?:WARNING|ERROR|CRITICAL): ",
            r"<<start>>(?:WARNING|ERROR) +-  ",
            # Linters that say no word of error: a place and what is wrong there, a rule, a file.
            r"<<start>>[\w./-]+\.(?:py|pyi|ipynb):(?:cell \d+:)?\d+:\d+:? (?:\[\*\] )?[A-Z]{1,4}\d{2,5}\b",
            r"<<start>>would reformat:? ",
            r"<<start>>\d+:\d+ +error +\S",
            r"<<start>>\[warn\] \S+\.(?:[cm]?[jt]sx?|css|scss|less|json5?|mdx?|ya?ml|html|vue|svelte)\r?$",
            r"<<start>>[a-z][a-z-]{2,40}\[[a-z0-9_-]+\]: ",
            r"<<start>>In \S+ line \d+:|<<start>>\S+:\d+ (?:DL|SC)\d{4}\b|<<start>>Diff in \S+:\d+",
            rf"<<start>>(?:vet: )?(?:\./)?{_FILE}(?::\d+){{1,2}}(?:: ?| )[A-Za-z'\"`‘(\[]",
        )
    )
)
# Where Rust, Gleam and Elixir say what stands at the place that the next line names; others say no more than it failed.
_WITHOUT_PLACE = re.compile(rb"(?:^|Z |\])error: ")
_PLACE = re.compile(rb"-->|\xe2\x94\x8c\xe2\x94\x80|\xe2\x94\x82")
# A place that is only pointed at, and the words in which tools say that something failed, not what.
_NOT_THE_FIRST = compile_pattern(
    r"(?i)\.\w{1,8}(?::\d+){1,2}:? ?\(?\[?(?:warning|warn|note|info|remark|hint|suggestion|in |from |required )"
    r"|error: (?:(?:could not|failed to) (?:compile|build)|aborting due|process didn't exit|command |recipe |script "
    r"|\d+ errors?\b|build failed|linker command failed|the process |exit)|\d+ (?:errors?|warnings?|problems?)\b"
    r"|ld returned \d+ exit status|: in function |\bbuilder for '"
)
# What says that something failed, above or below what says why.
_HEADLINE = compile_pattern(
    r"(?i)\bfailed to compile|build failed|compilation (?:error|failed)|\bFAILED: |error during build"
    r"|resource linking failed|compiling \S+ failed|compiler run failed|error: *\r?\z|File \"[^\"]+\", lines? \d+"
    r"|unable to build website|execution failed for task|failed to execute goal"
)


def is_headline(line: bytes) -> bool:
    """Return whether a line says that something failed and leaves what it was to others, perhaps to later ones."""
    return _HEADLINE.search(line) is not None


def first_error(log: bytes, span: Span, baseline: Baseline = frozenset(), *, before: int | None = None) -> int | None:
    """Return the offset in the log of the first byte of the first line of a step that points at an error.

    It is None where no line does. A line that passing runs say, too, doesn't count.

    Args:
        before: The offset of a line's first byte: only lines before it are of interest.
    """
    start, stop = span.body, span.end if before is None else min(before, span.end)
    while start < stop:
        end = min(line_end(log, start + _PIECE) + 1, stop)
        piece = log[start:end]
        text = without_escapes(piece)
        for match in _ERROR.finditer(text):
            begin = line_start(text, match.start())
            line = text[begin : line_end(text, begin)]
            if _NOT_THE_FIRST.search(line) or is_headline(line) or (baseline and is_in_baseline(line, baseline)):
                continue
            position = start + begin
            if len(text) != len(piece):
                position = start
                for _ in range(text.count(b"\n", 0, begin)):
                    position = log.index(b"\n", position) + 1
            if not _WITHOUT_PLACE.search(line) or _PLACE.search(_following(log, position, span.end)):
                return position
        start = end
    return None


def _following(log: bytes, position: int, end: int) -> bytes:
    """Return the line that follows the one at a position, without its escape sequences; empty at a step's end."""
    following = min(line_end(log, position) + 1, end)
    return without_escapes(log[following : min(line_end(log, following), end)])
