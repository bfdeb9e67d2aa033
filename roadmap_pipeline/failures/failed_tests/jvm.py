"""The JVM: Maven (Surefire and Failsafe), Gradle, sbt with ScalaTest, MUnit, specs2 and JUnit.

Gradle runs Kotlin's and Android's tests, too.
"""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, listed, named_by, next_line
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

_LEVEL = r"^(?:\[(?:ERROR|WARNING|INFO)\] )?"
_NAMED = re.compile(_LEVEL + r" *(?P<test>\S.*?)(?: -- |  +)Time elapsed: .*<<< (?:FAILURE|ERROR)!")
_OLD = re.compile(r"(?P<test>[^()]+(?:\(.*\))?(?:\[.*\])?)\((?P<name>[\w.$]+)\)")
_WHY = next_line(r"^[^\[\s].*", most=1)
_FLAKES = re.compile(_LEVEL + r"Flakes: ?$")
_FLAKE = re.compile(_LEVEL + r"(?P<test>[\w$]+(?:\.[\w$]+)+\S*)$")
_ENDS_FLAKES = re.compile(_LEVEL + r"Tests run: ")


def _surefire(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``Class.test -- Time elapsed: … <<< FAILURE!``.

    With re-runs, those that passed later are listed as flakes.
    """
    flaky, needed = _flakes(lines)
    for line in lines.marked("<<< FAILURE!", "<<< ERROR!"):
        match = _NAMED.match(line.text)
        if match is None or match["test"].startswith("Tests run:"):
            continue
        old = _OLD.fullmatch(match["test"])
        name = f"{old['name']}.{old['test']}" if old is not None else match["test"]
        if name in flaky:
            continue
        why, looked_at = _WHY(lines, line)
        yield Mention(name, line, why, (line, *looked_at, *needed))
        needed = ()


def _flakes(lines: Lines) -> tuple[set[str], tuple[Line, ...]]:
    names: set[str] = set()
    read: list[Line] = []
    for first in lines.marked("Flakes:"):
        if not _FLAKES.match(first.text):
            continue
        read.append(first)
        for line in lines.after(first, 2_000):
            match = _FLAKE.match(line.text)
            if match is not None:
                names.add(match["test"])
                read.append(line)
            elif _ENDS_FLAKES.match(line.text):
                read.append(line)
                break
    return names, tuple(read)


_SUITE = re.compile(r"^(?P<suite>[A-Za-z_$][\w.$ -]*):$")
_INFO = re.compile(r"^\[\w+\] ?")
_SCALA = re.compile(
    r"^\[\w+\] *(?:- )?(?P<test>\S.*?) \*\*\* FAILED \*\*\*|^ *(?:- )?(?P<bare>\S.*?) \*\*\* FAILED \*\*\*"
)
_SCALA_WHY = next_line(r"^(?:\[\w+\])?\s*(\S.*?)(?: \(\S+\.scala:\d+\))?$", most=1)
_FURTHEST_SUITE = 200


def _scalatest(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``Suite:``, and under it ``- test *** FAILED ***``."""
    for line in lines.marked("*** FAILED ***"):
        match = _SCALA.search(line.text)
        if match is None:
            continue
        test = match["test"] or match["bare"]
        why, looked_at = _SCALA_WHY(lines, line)
        read = [line, *looked_at]
        for above in lines.before(line, _FURTHEST_SUITE):
            suite = _SUITE.match(_INFO.sub("", above.text))
            if suite is not None:
                test = f"{suite['suite']} {test}"
                read.append(above)
                break
        yield Mention(test, line, why, tuple(read))


FRAMEWORKS = (
    Framework(
        "maven",
        ("<<< FAILURE!", "<<< ERROR!", "Flakes:", "Failures:", "Errors:", "Failed tests:", "Tests in error:"),
        (
            _surefire,
            listed(
                "Failures:",
                "Errors:",
                "Failed tests:",
                "Tests in error:",
                start=r"^(?:\[ERROR\] (?:Failures|Errors)|(?:\[ERROR\] )?(?:Failed tests|Tests in error)): *$",
                item=r"^(?:\[ERROR\] )? +(?P<test>[\w$]+(?:>[\w$]+)?\.[\w$]+(?:\([^)]*\))?(?:\[\S*\])?)"
                r"(?::\d+)?(?:->\S+)* (?P<why>\S.*)$",
                end=_LEVEL + r"(?:Tests run: |Flakes:)",
            ),
        ),
    ),
    Framework(
        "gradle",
        ("FAILED$",),
        (
            named_by(
                "FAILED$",
                pattern=r"^(?:Gradle suite > )?(?:Gradle Test \S+ > |Gradle test > )?(?P<test>[\w.$][^>]* > \S.*?|"
                r"[\w$]+(?:\.[\w$]+)+\[\S.*\]|(?:[\w$]+\.)+\w+Tests?\.\S+) FAILED$",
                why=next_line(r"^\s+(\S.*?)(?: at \S+\.\w+:\d+)?$", most=1),
                unless=r"^> Task|^ *FAILED|::|\.\.\. FAILED|^test |\bExecuted \d",
            ),
        ),
    ),
    Framework(
        "scala",
        ("*** FAILED ***", "==> X", " failed: ", "  x ", "  ! ", "Failed tests:"),
        (
            _scalatest,
            named_by(
                "==> X", pattern=r"==> X (?P<test>\S.*?)(?: +[\d.]+s)?(?: (?P<why>[\w.]+(?:Exception|Error): .*))?$"
            ),
            named_by(
                " failed: ", pattern=r"^\[error\] Test (?P<test>\S+) failed: (?P<why>.*?)(?:, took [\d.]+ s\w*)?$"
            ),
            named_by("  x ", "  ! ", pattern=r"^\[error\] +[x!] (?P<test>\S.*)$", why=next_line(most=1)),
            listed(
                "Failed tests:",
                start=r"^\[error\] Failed tests:$",
                item=r"^\[error\]\s+(?P<test>(?:\w+\.)+\w+)$",
                end=r"^\[error\] (?!\s)",
            ),
        ),
    ),
)
