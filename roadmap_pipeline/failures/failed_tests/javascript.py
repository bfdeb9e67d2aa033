"""JavaScript: Jest, Vitest, Mocha, Cypress, Playwright, Karma and Jasmine, Node's own runner, AVA, Bun and Deno.

Mocha's form is also that of what reports as it does; Cypress has a table besides.
"""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import (
    MOST_IN_SECTION,
    Framework,
    Mention,
    listed,
    named_by,
    next_line,
)
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines
from roadmap_pipeline.failures.failed_tests.names import path

_SOURCE = r"[\w@./\\()\[\]+-]+\.(?:[cm]?[jt]sx?|vue|svelte)"
_BAR = r"(?:\|[^|]+\| +|[\w@./-]+ )?"
_JEST_FILE = re.compile(rf"^ *FAIL +(?P<project>{_BAR})(?P<file>{_SOURCE})(?: \([\d.]+ ?m?s.*\))?$")
_JEST_TEST = re.compile(r"^ {0,4}● (?P<test>\S.*)$")
_NOT_A_TEST = re.compile(
    r"^(?:Console|Deprecation Warning|Validation (?:Warning|Error)|Cannot log after tests|Test suite failed to run"
    r"|Process from config|Multiple configurations|\d+ snapshots?|process\.exit)\b"
)
_SUITE_FAILED = "Test suite failed to run"
_NEXT = next_line(most=4)


def _vitest(groups: dict[str, str]) -> str:
    return " > ".join(part for part in (groups["project"].strip("| "), path(groups["file"]), groups["test"]) if part)


def _jest(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``FAIL file``, then ``● suite › test`` for each that failed in it."""
    file: Line | None = None
    name = ""
    for line in lines.marked(r"FAIL\b", "●"):
        match = _JEST_FILE.match(line.text)
        if match is not None:
            file, name = line, path(match["file"])
            continue
        match = _JEST_TEST.match(line.text)
        if match is None or (_NOT_A_TEST.match(match["test"]) and match["test"] != _SUITE_FAILED):
            continue
        why, looked_at = _NEXT(lines, line)
        read = (line, *looked_at) if file is None else (file, line, *looked_at)
        shown = file if match["test"] == _SUITE_FAILED and file is not None else line
        test = name if match["test"] == _SUITE_FAILED else match["test"]
        if test:
            whole = f"{name} › {test}" if name and test != name else test
            yield Mention(whole, shown, why, read)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


_MOCHA_START = re.compile(r"^ *(?P<count>\d+) failing$")
_MOCHA_ITEM = re.compile(r"^(?P<indent> *)\d+\) (?P<test>\S.*)$")
_MOST_TITLES = 12


def _mocha(lines: Lines) -> Iterator[Mention]:
    """Yield the tests listed after ``3 failing``.

    For each there is a number and the titles of its suites and its own, each further in than the last.
    """
    reached = -1
    for first in lines.marked(" failing"):
        start = _MOCHA_START.match(first.text)
        if start is None or first.start <= reached:
            continue
        left = int(start["count"])
        for line in lines.after(first, MOST_IN_SECTION):
            match = _MOCHA_ITEM.match(line.text)
            if left <= 0 or _MOCHA_START.match(line.text):
                break
            reached = line.start
            if match is None:
                continue
            left -= 1
            titles, read = [match["test"]], [line]
            message = ""
            for following in lines.after(line, _MOST_TITLES):
                # Titles are five columns in, and two more each; the message is five in, too, but after an empty line.
                if following.text and _indent(following.text) == len(match["indent"]) + 3 + 2 * len(titles):
                    titles.append(following.text.strip())
                    read.append(following)
                    continue
                read.append(following)
                if following.text:
                    message = following.text.strip()
                    break
            titles[-1] = titles[-1].removesuffix(":")
            yield Mention(" › ".join(titles), read[len(titles) - 1], message, (first, *read))


def _playwright(groups: dict[str, str]) -> str:
    return groups["project"] + path(groups["file"]) + groups["test"]


_SPEC = r"(?P<project>(?:\[[^\]]+\] › )?)(?P<file>[^\s:][^:›]*?):\d+:\d+(?P<test> › .+?)(?: [─━═]+)?$"

FRAMEWORKS = (
    Framework(
        "vitest",
        (r"FAIL\b", "●", "×", "✗"),
        (
            named_by(
                r"FAIL\b",
                pattern=rf"^ *FAIL +(?P<project>(?:\|[^|]+\| +)?)(?P<file>{_SOURCE})(?: > (?P<test>.+)| \[ .+ \])$",
                name=_vitest,
                why=next_line(most=2),
            ),
            _jest,
            named_by(r"FAIL\b", pattern=rf"^ *FAIL +(?P<project>{_BAR})(?P<test>{_SOURCE})(?: .*)?$"),
            named_by("×", pattern=r"^ +× (?P<test>\S.*?)(?: +\d+ ?ms)?$", why=next_line(r"^ +→ \S", most=1)),
        ),
    ),
    Framework(
        "mocha",
        (" failing", "✖"),
        (
            _mocha,
            # Cypress' table of specifications at the end.
            named_by("✖", pattern=r"^ *│ ✖ +(?P<test>\S+\.\w+) +[\d:]+(?:ms)? .*│$", name=lambda g: path(g["test"])),
        ),
    ),
    Framework(
        "playwright",
        ("›", r"\d failed"),
        (
            listed(
                r"\d failed",
                start=r"^ *\d+ failed$",
                item=rf"^ {{2,6}}{_SPEC}",
                end=r"^ *\d+ (?:flaky|skipped|passed|interrupted|did not run|errors? )\b|^ *\[[^\]]+\] ›(?!.*:\d+:\d+)",
                name=_playwright,
            ),
            named_by(
                "›",
                pattern=rf"^ *\d+\) {_SPEC}",
                name=_playwright,
                why=next_line(r"^ +(?:\w*Error\b|Test timeout|Expected|expect\()", most=8),
            ),
        ),
    ),
    Framework(
        "karma",
        ("FAILED$",),
        (
            named_by(
                "FAILED$",
                pattern=r"^[\w ]*(?:Chrome|Chromium|Firefox|Safari|Edge|Opera|PhantomJS|Electron|jsdom)[^()]*"
                r"\([^()]*\) (?P<test>.+?) FAILED$",
                why=next_line(most=2),
                unless=r"Executed \d+ of",
            ),
        ),
    ),
    Framework(
        "node",
        ("✖", "(fail)", " => "),
        (
            listed(
                "✖",
                start=r"^✖ failing tests:$",
                item=r"^ *✖ (?P<test>(?!failing tests:$)\S.*?)(?: \([\d.]+m?s\))?$",
                end=r"^##\[",
            ),
            named_by("✖", pattern=r"^ *✖ (?:\[fail\]: )?(?P<test>\S.*?) \([\d.]+ ?m?s\)$"),
            named_by("✖", pattern=r"^ *✖ \[fail\]: (?P<test>\S.*)$"),
            named_by("(fail)", pattern=r"^\(fail\) (?P<test>\S.*?)(?: \[[\d.]+ ?m?s\])?$"),
            named_by(" => ", pattern=r"^(?P<test>\S.* => \S+\.[cm]?[jt]sx?):\d+:\d+$", why=next_line(most=2)),
        ),
    ),
)
