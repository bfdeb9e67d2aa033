"""Acceptance tests in sentences: Cucumber and its kin (Behave, Behat, Reqnroll), Robot Framework."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, listed, named_by
from roadmap_pipeline.failures.failed_tests.lines import Lines
from roadmap_pipeline.failures.failed_tests.names import path

_ROBOT = re.compile(r"^(?P<test>\S.*?)(?: :: .*)? +\| FAIL \|$")
_ROBOT_COUNTS = re.compile(r"^\d+ (?:critical )?tests?(?: total)?, \d+ passed")


def _robot(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``test | FAIL |`` and then why.

    A suite's own line is followed by how many of its tests failed.
    """
    for line in lines.marked("| FAIL |"):
        match = _ROBOT.match(line.text)
        if match is None:
            continue
        message = next(lines.after(line, 1), None)
        # A suite repeats why its set-up failed before it counts.
        is_suite = any(_ROBOT_COUNTS.match(below.text) for below in lines.after(line, 4))
        if message is not None and not is_suite:
            yield Mention(match["test"], line, message.text.strip(), (line, message))


def _scenario(groups: dict[str, str]) -> str:
    return f"{path(groups['file'])} {groups['test']}".strip()


FRAMEWORKS = (
    Framework("robot", ("| FAIL |",), (_robot,)),
    Framework(
        "cucumber",
        ("ailing scenarios:", "ailing Scenarios:", "ailed scenarios:", ") Scenario: "),
        (
            listed(
                "ailing scenarios:",
                "ailing Scenarios:",
                "ailed scenarios:",
                start=r"^(?:-+ )?Fail(?:ing|ed) [sS]cenarios:$",
                item=r"^ *(?:cucumber (?:-p \S+ )*)?(?:file://)?(?P<file>\S+\.feature):\d+(?: *#)?"
                r"(?: +(?P<test>\S.*))?$",
                end=r"^\d+ (?:scenarios?|features?|passed)\b|^##\[",
                name=_scenario,
            ),
            named_by(
                ") Scenario: ",
                pattern=r"^ *\d+\) Scenario: (?P<test>\S.*?) +# (?P<file>\S+\.feature):\d+$",
                name=_scenario,
            ),
        ),
    ),
)
