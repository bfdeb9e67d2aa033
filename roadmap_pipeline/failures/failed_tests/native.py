"""C and C++: CTest, GoogleTest, Catch2, doctest, Boost.Test, Qt Test, Meson, LLVM's lit."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, listed, named_by
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

_GOOGLE = re.compile(r"\[  FAILED  \] (?P<test>[A-Za-z_][\w/]*\.[\w/]+)(?:, where .*?)?(?: \([\d.]+ m?s\))?$")
_GOOGLE_RUN = re.compile(r"\[ RUN      \]")
_GOOGLE_SAID = re.compile(r"(?::\d+: Failure|\(\d+\): error: ?.*)$")
_STARRED = ("***Failed", "***Timeout", "***Exception", "***Not Run", "Subprocess")
_FURTHEST = 200


def _google(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``[  FAILED  ] Suite.Test``, before it ``file:line: Failure`` and what was expected."""
    explained: set[str] = set()
    for line in lines.marked("[  FAILED  ]"):
        match = _GOOGLE.search(line.text)
        if match is None:
            continue
        message: tuple[Line, ...] = ()
        if match["test"] not in explained:
            explained.add(match["test"])
            message = _message_before(lines, line)
        yield Mention(match["test"], line, message[0].text.strip() if message else "", (line, *message))


def _message_before(lines: Lines, line: Line) -> tuple[Line, ...]:
    """Return the first message of a failed test, the line that it began with, and the one that began the test."""
    following: Line | None = None
    message: tuple[Line, ...] = ()
    for above in lines.before(line, _FURTHEST):
        if _GOOGLE_RUN.search(above.text):
            return (*message, above) if message else ()
        if "[  FAILED  ]" in above.text or "[       OK ]" in above.text:
            return ()
        if _GOOGLE_SAID.search(above.text) and following is not None:
            message = (following, above)
        following = above
    return ()


_CATCH = re.compile(r":\d+: FAILED:$|\(\d+\): FAILED:$")
_DOCTEST = re.compile(r"(?::\d+:|\(\d+\):) (?:FATAL )?ERROR: (?P<why>.+)$")
_DASHES, _DOTS = re.compile(r"^-{60,}$"), re.compile(r"^\.{60,}$")
_CASE = re.compile(r"^(?:TEST CASE|SCENARIO): +(?P<test>\S.*)$")
_MOST_SECTIONS = 12


def _catch(lines: Lines) -> Iterator[Mention]:
    """Yield the failed tests with their sections.

    A test case stands between lines of dashes, then dots, then ``file:line: FAILED:`` for each check.
    """
    for line in lines.marked("FAILED:$"):
        if not line.text.endswith(": FAILED:") or not _CATCH.search(line.text):
            continue
        message = next(lines.after(line, 1), None)
        dots: Line | None = None
        for above in lines.before(line, _FURTHEST):
            if _DOTS.search(above.text):
                dots = above
                break
        if dots is None:
            continue
        dashes: list[Line] = []
        titles: list[Line] = []
        for above in lines.before(dots, _MOST_SECTIONS):
            if _DASHES.search(above.text):
                dashes.append(above)
                if len(dashes) > 1:
                    break
            elif dashes and above.text.strip():
                titles.append(above)
        if titles and len(dashes) > 1:
            titles.reverse()
            name = " / ".join(title.text.strip() for title in titles)
            read = (line, dots, *dashes, *titles, *((message,) if message is not None else ()))
            yield Mention(name, titles[-1], message.text.strip() if message is not None else "", read)


def _doctest(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``TEST CASE:`` with its subcases, then ``file:line: ERROR: CHECK(…)``."""
    for line in lines.marked("ERROR"):
        match = _DOCTEST.search(line.text)
        if match is None:
            continue
        between: list[Line] = []
        for above in lines.before(line, _FURTHEST):
            case = _CASE.match(above.text)
            if case is not None:
                yield Mention(case["test"], above, match["why"], (above, line))
                break
            between.append(above)


FRAMEWORKS = (
    Framework(
        "ctest",
        ("The following tests FAILED:", *_STARRED),
        (
            listed(
                "The following tests FAILED:",
                start=r"^The following tests FAILED:$",
                item=r"^\s*\d+ - (?P<test>\S.*?) \((?P<why>[\w .-]+)\)(?: +\S+)*$",
                end=r"^Errors while running CTest|^\S",
            ),
            named_by(
                *_STARRED,
                pattern=r"^ *\d+/\d+ Test +#\d+: (?P<test>\S+) \.*\*+"
                r"(?P<why>Failed|Timeout|Exception|Not Run|Subprocess)",
            ),
        ),
    ),
    Framework("googletest", ("[  FAILED  ]",), (_google,)),
    Framework("catch2", ("FAILED:$",), (_catch,)),
    Framework("doctest", ("ERROR",), (_doctest,)),
    Framework(
        "boost", ("error: in ",), (named_by("error: in ", pattern=r'error: in "(?P<test>[^"]+)": (?P<why>.*)$'),)
    ),
    Framework("qt", ("FAIL!",), (named_by("FAIL!", pattern=r"^FAIL!  : (?P<test>\S+\(.*?\))(?: (?P<why>\S.*))?$"),)),
    Framework(
        "meson",
        (r"FAIL\b", "TIMEOUT", "ERROR"),
        (
            named_by(
                r"FAIL\b",
                "TIMEOUT",
                "ERROR",
                pattern=r"^ *\d+/\d+ (?P<test>\S.*?) +(?:FAIL|TIMEOUT|ERROR) +[\d.]+s(?: +(?P<why>\S.*))?$",
            ),
        ),
    ),
    Framework(
        "lit",
        (r"FAIL\b", "TIMEOUT", "XPASS"),
        (
            named_by(
                r"FAIL\b", "TIMEOUT", "XPASS", pattern=r"^(?:FAIL|TIMEOUT|XPASS): (?P<test>\S+ :: \S+) \(\d+ of \d+\)$"
            ),
        ),
    ),
)
