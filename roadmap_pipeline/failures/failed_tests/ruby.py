"""Lists of numbered failures: RSpec, Jasmine and hspec; and minitest, test-unit, Cucumber."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, listed, named_by
from roadmap_pipeline.failures.failed_tests.lines import Lines

_HEAD = re.compile(r"^ *(?:\d+\) )?(?:Failure|Error):$")
_METHOD = re.compile(r"^ *(?P<test>[A-Z][\w:]*(?:Test|Spec|::\w+)?\w*#\S.*?)(?: \[\S+:\d+\])?:?$")


def _minitest(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``Failure:``, then ``Class#test [file:line]:``, then what was expected."""
    for head in lines.marked(r"\bFailure:", r"\bError:"):
        if not _HEAD.match(head.text):
            continue
        following = list(lines.after(head, 2))
        match = _METHOD.match(following[0].text) if following else None
        if match is not None:
            why = following[1].text.strip() if len(following) > 1 else ""
            yield Mention(match["test"], following[0], why, (head, *following))


FRAMEWORKS = (
    Framework(
        "rspec",
        ("rspec ", "crystal spec ", "--match ", "Failures:"),
        (
            named_by(
                "crystal spec ",
                pattern=r"^crystal spec (?P<file>\S+?\.cr):\d+ # (?P<test>\S.*)$",
                name=lambda groups: f"{groups['file']} {groups['test']}",
            ),
            named_by(
                "rspec ",
                pattern=r"^rspec '?(?P<file>\S+?)(?:\[[\d:]+\]|:\d+)'? # (?P<test>\S.*)$",
                name=lambda groups: f"{groups['file']} {groups['test']}",
            ),
            named_by("--match ", pattern=r'--match "(?P<test>/.+/)"'),
            listed(
                "Failures:",
                start=r"^Failures: *$",
                item=r"^ *\d+\) (?!Failure:|Error:|Failed : |Scenario: )(?P<test>\S.*)$",
                end=r"^Finished in |^\d+ (?:examples?|specs?), |^Randomized with seed",
            ),
        ),
    ),
    Framework(
        "minitest",
        (r"\bFailure:", r"\bError:", r"FAIL\b", "ERROR"),
        (
            _minitest,
            named_by(
                r"\bFailure:",
                r"\bError:",
                pattern=r"^(?:Failure|Error): (?P<test>\w+\([A-Z][\w:]*\))(?:: (?P<why>.*))?$",
            ),
            named_by(r"FAIL\b", "ERROR", pattern=r"^ *(?:FAIL|ERROR) (?P<test>[A-Z][\w:]*#\S+) \([\d.]+s\)$"),
        ),
    ),
)
