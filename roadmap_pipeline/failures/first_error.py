"""The first error that a compiler, type checker or linter points at: what the others often only follow from.

Belongs here: how such tools say where. Whether a job failed by them, and which failures are alike, belongs to
:mod:`.rules` and :mod:`.classifier`.
"""

from roadmap_pipeline.failures.cleaning import without_escapes
from roadmap_pipeline.failures.novelty import Baseline, is_said
from roadmap_pipeline.failures.patterns import compile_pattern
from roadmap_pipeline.failures.structure import Span, line_end, line_start

CATEGORIES = frozenset({"compile", "type_check", "lint_format"})
"""Failures of which the first error is shown."""

_FILE = r"(?:[A-Za-z]:)?[\w./\\@+~-]+\.[A-Za-z]\w{0,7}"
_ERROR = compile_pattern(
    "|".join(
        (
            # gcc, clang, swiftc, javac, mypy: a.c:1:2: error: …; tsc: a.ts:1:2 - error, a.ts(1,2): error; MSVC, Roslyn.
            rf"<<start>>(?:\[\w+\] )?{_FILE}(?::\d+(?::\d+)?|\(\d+(?:,\d+)*\))(?: ?:| -)?"
            r" (?:fatal )?[Ee]rror(?::| [A-Z]+\d+:)",
            # What Maven, sbt and Kotlin's compiler make of it.
            r"<<start>>\[ERROR\] \S+\.(?:java|kt|scala|groovy):\[\d+,\d+\] ",
            r"<<start>>\[error\] \S+\.scala:\d+",
            r"<<start>>e: (?:file://)?\S+\.kts?:",
            r"<<start>>error\[E\d{4}\]: ",
            # webpack, esbuild.
            r"<<start>>ERROR in \S+",
            r"<<start>>✘ \[ERROR\] ",
            # Go says no word of error, neither do golangci-lint and the linters of Python.
            r"<<start>>(?:vet: )?[\w./-]+\.go:\d+:\d+: ",
            r"<<start>>[\w./-]+\.(?:py|pyi|ipynb):(?:cell \d+:)?\d+:\d+:? (?:\[\*\] )?[A-Z]{1,4}\d{2,5}\b",
            r"<<start>>would reformat:? ",
            r"<<start>>\d+:\d+ +error +\S",
            r"<<start>>\[warn\] \S+\.(?:[cm]?[jt]sx?|css|scss|less|json5?|mdx?|ya?ml|html|vue|svelte)\r?$",
        )
    )
)


def first_error(log: bytes, span: Span, said: Baseline = frozenset()) -> int | None:
    """Offset in the log of the first byte of the first line of a step that points at an error; None without one.

    A line that is ``said`` by passing runs doesn't count.
    """
    text = without_escapes(log[span.body : span.end])
    for found in _ERROR.finditer(text):
        start = line_start(text, found.start())
        if said and is_said(text[start : line_end(text, start)], said):
            continue
        if len(text) == span.end - span.body:
            return span.body + start
        position = span.body
        for _ in range(text.count(b"\n", 0, start)):
            position = log.index(b"\n", position) + 1
        return position
    return None
