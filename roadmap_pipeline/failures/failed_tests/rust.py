"""Rust: cargo's own runner and nextest."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

_FAILED = re.compile(r"\btest (?P<test>\S.*?)(?: - should panic)? \.\.\. FAILED$")
_OUTPUT = re.compile(r"^---- (?P<test>\S.*?)(?: - should panic)? stdout ----$")
_PANIC = re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at (?:'(?P<old>.*)', )?\S+$")
_RESULTS = (r"FAIL\b", "ABORT", "TIMEOUT", "TMT", " SIG", "FLAKY", "FLKY")
_NEXTEST = re.compile(
    r"^ *(?:TRY \d+ )?(?P<result>FAIL|ABORT|SIG[A-Z]+|TIMEOUT|LEAK-FAIL|TMT|FLKY|FLAKY)(?: \+ \w+| \d+/\d+)?"
    r" \[ *>?[\d.]+s\] (?:\( *\d+/\d+\) )?(?P<test>\S+ +\S.*)$"
)


def _cargo(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``test name ...

    FAILED``, whose beginning other threads may have taken apart, and the output of each.
    """
    for line in lines.marked("FAILED$", " stdout ----"):
        match = _FAILED.search(line.text) if line.text.endswith(" ... FAILED") else None
        if match is not None:
            yield Mention(match["test"], line, "", (line,))
            continue
        match = _OUTPUT.match(line.text)
        if match is None:
            continue
        why, read = _panic(lines, line)
        yield Mention(match["test"], line, why, (line, *read))


def _panic(lines: Lines, line: Line) -> tuple[str, list[Line]]:
    """Return what a test's thread panicked with, and the lines that were looked at."""
    following = list(lines.after(line, 8))
    for number, one in enumerate(following):
        if _OUTPUT.match(one.text):
            return "", following[: number + 1]
        match = _PANIC.match(one.text)
        if match is not None:
            message = following[: number + 2]
            return match["old"] or message[-1].text.strip(), message
    return "", following


def _nextest(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``FAIL [ 0.1s] binary test``; a test that a later attempt passed is ``FLAKY``."""
    found: list[Mention] = []
    flaky: list[Mention] = []
    for line in lines.marked(*_RESULTS):
        match = _NEXTEST.match(line.text)
        if match is not None:
            name = " ".join(match["test"].split())
            (flaky if match["result"] in ("FLAKY", "FLKY") else found).append(Mention(name, line, "", (line,)))
    passed = {test.name for test in flaky}
    kept = [test for test in found if test.name not in passed]
    # The lines that say which were flaky are needed to know which were not.
    needed = tuple(test.line for test in (*flaky, *found) if test.name in passed)
    for number, test in enumerate(kept):
        yield test if number else test._replace(read=(test.line, *needed))


FRAMEWORKS = (
    Framework("cargo", ("FAILED$", " stdout ----"), (_cargo,)),
    Framework("nextest", _RESULTS, (_nextest,)),
)
