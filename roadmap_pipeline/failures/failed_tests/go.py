"""Go: its own runner, gotestsum, Ginkgo."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, named_by, next_line
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

_TEST = re.compile(r"^ *--- FAIL: (?P<test>\S+)(?: \([\d.hms]+\))?$")
_PACKAGE = re.compile(r"^FAIL\s+(?P<package>[\w.~/-]+)\s+(?P<result>[\d.]+s|\(cached\)|\[[\w ]+\])$")
_RUNNING = re.compile(r"^\s+(?P<test>(?:Test|Fuzz|Benchmark|Example)\S*) \(")
_WHY = next_line(r"^\s+(?:[\w./-]+\.go:\d+:(?: \d+:)? )?(\S.*)$", most=1, stop=r"^\s*(?:--- |=== )")
_SUMMED = re.compile(r"^=== FAIL: (?P<package>\S+) (?P<test>\S+)(?: \([\d.]+s\))?(?: \(re-run \d+\))?$")


def _tests(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``--- FAIL: Test``.

    After all of a package comes ``FAIL package``, which is alone where it couldn't be built.
    """
    waiting: list[Mention] = []
    for line in lines.marked(r"FAIL\b", "running tests:"):
        test = _TEST.match(line.text)
        if test is not None:
            why, looked_at = _WHY(lines, line)
            waiting.append(Mention(test["test"], line, why, (line, *looked_at)))
        elif line.text.strip() == "running tests:":
            # Those that a panic over the time limit found at work.
            for running in lines.after(line, 20):
                match = _RUNNING.match(running.text)
                if match is None:
                    break
                waiting.append(Mention(match["test"], running, "test timed out", (line, running)))
        elif (package := _PACKAGE.match(line.text)) is not None:
            yield from _of_package(waiting, package["package"], line)
            if not waiting:
                result = package["result"]
                name = package["package"] + (f" {result}" if result.startswith("[") else "")
                yield Mention(name, line, "", (line,))
            waiting = []
    yield from _leaves(waiting)


def _of_package(tests: list[Mention], package: str, line: Line) -> Iterator[Mention]:
    for test in _leaves(tests):
        yield test._replace(name=f"{package} {test.name}", read=(*test.read, line))


def _leaves(tests: list[Mention]) -> Iterator[Mention]:
    """Return the tests without those that failed because a part of them did."""
    parents = {test.name[:at] for test in tests for at in range(len(test.name)) if test.name[at] == "/"}
    return (test for test in tests if test.name not in parents)


def _summed(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by gotestsum's ``=== FAIL: package Test``."""
    mentions: list[Mention] = []
    for line in lines.marked(r"FAIL\b"):
        match = _SUMMED.match(line.text)
        if match is not None:
            why, looked_at = _WHY(lines, line)
            mentions.append(Mention(f"{match['package']} {match['test']}", line, why, (line, *looked_at)))
    # The slashes of a package are none of a test's.
    packages: dict[str, list[Mention]] = {}
    for test in mentions:
        package, _, name = test.name.partition(" ")
        packages.setdefault(package, []).append(test._replace(name=name))
    for package, tests in packages.items():
        yield from (test._replace(name=f"{package} {test.name}") for test in _leaves(tests))


FRAMEWORKS = (
    Framework("go", (r"FAIL\b", "running tests:"), (_summed, _tests)),
    Framework("ginkgo", ("[FAIL]",), (named_by("[FAIL]", pattern=r"^ *\[FAIL\] (?P<test>\S.*)$"),)),
)
