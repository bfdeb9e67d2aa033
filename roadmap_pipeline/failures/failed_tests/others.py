"""Frameworks of one form or two each.

ExUnit, Dart and Flutter, XCTest and Swift Testing, Bazel, TAP, Julia, R's testthat.
"""

import re

from roadmap_pipeline.failures.failed_tests.framework import Framework, listed, named_by, next_line
from roadmap_pipeline.failures.failed_tests.names import path

_OBJECTIVE = re.compile(r"-\[(?P<suite>\S+) (?P<test>\S+)\]")

_TESTTHAT = (r"\bFailure", "─ Error", "- Error", ". Error: ", "Error\x1b")


def _swift(groups: dict[str, str]) -> str:
    """Return ``Module.Class.test``, as Swift writes it; Objective-C has it in brackets."""
    name = _OBJECTIVE.sub(r"\g<suite>.\g<test>", groups["test"])
    return name.removesuffix("()")


def _testthat(groups: dict[str, str]) -> str:
    return f"{groups['file']} {groups['test']}".strip()


FRAMEWORKS = (
    Framework(
        "exunit",
        (") test ", ") property ", ") doctest ", ") feature "),
        (
            named_by(
                ") test ",
                ") property ",
                ") doctest ",
                ") feature ",
                pattern=r"^ *\d+\) (?P<test>(?:test|property|doctest|feature) \S.*) \((?P<module>[\w.]+)\)$",
                name=lambda groups: f"{groups['module']} {groups['test']}",
                why=next_line(r"^ {5}(?!\S+:\d+$)\S", most=3),
            ),
        ),
    ),
    Framework(
        "dart",
        ("[E]", "(failed)"),
        (
            named_by(
                "[E]",
                pattern=r"^\d\d:\d\d (?:\+\d+ )?(?:~\d+ )?-\d+: (?P<test>\S.*?) \[E\]$",
                name=lambda groups: path(groups["test"]),
                why=next_line(most=2),
            ),
            named_by("(failed)", pattern=r"^(?:##\[group\])?❌ (?P<test>\S.*) \(failed\)$", why=next_line(most=2)),
        ),
    ),
    Framework(
        "xctest",
        ("' failed ", ": error: ", "Failing tests:", "✖"),
        (
            named_by(
                "' failed ",
                pattern=r"^ *Test [Cc]ase '(?P<test>[^']+)' failed (?:on '.*' )?\([\d.]+ seconds\)",
                name=_swift,
            ),
            named_by(
                ": error: ",
                pattern=r": error: (?P<test>-\[\S+ \S+\]|[\w.]+\.test\w+) : (?P<why>.*)$",
                name=_swift,
            ),
            listed(
                "Failing tests:",
                start=r"^Failing tests:$",
                item=r"^\s+(?P<test>-\[\S+ \S+\]|[\w.]+\.\w+\(\)|[\w./-]+: .+)$",
                end=r"^\*\* TEST|^\S",
                name=_swift,
            ),
            named_by("✖", pattern=r"^ +✖ (?P<test>test\w+(?:\(\))?), (?P<why>.*)$", name=_swift),
        ),
    ),
    Framework(
        "swift-testing",
        (" failed after ", " recorded an issue at "),
        (
            named_by(
                " failed after ",
                pattern=r"^\S+ +Test (?P<test>\".*\"|\S+\(.*?\)) failed after [\d.]+ seconds",
                name=_swift,
            ),
            named_by(
                " recorded an issue at ",
                pattern=r"^\S+ +Test (?P<test>\".*?\"|\S+\(.*?\)) recorded an issue(?: with .*?)? at \S+: (?P<why>.*)$",
                name=_swift,
            ),
        ),
    ),
    Framework(
        "bazel",
        (r"FAIL\b", "FAILED", "REMOTE FAILURE", "TIMEOUT", "NO STATUS"),
        (
            named_by(
                "FAILED",
                "REMOTE FAILURE",
                "TIMEOUT",
                "NO STATUS",
                pattern=r"^(?P<test>@{0,2}[\w.+-]*//\S+) +(?:\(cached\) )?"
                r"(?P<why>FAILED|TIMEOUT|FAILED TO BUILD|NO STATUS|REMOTE FAILURE)(?: in .*)?$",
            ),
            named_by(r"FAIL\b", "TIMEOUT", pattern=r"^(?P<why>FAIL|TIMEOUT): (?P<test>@{0,2}[\w.+-]*//\S+) \("),
        ),
    ),
    Framework(
        "tap",
        ("not ok", "Failed test ", "(Wstat: ", "Dubious, ", "Failed "),
        (
            named_by(
                "not ok",
                pattern=r"^ *not ok(?: \d+)?(?: -)? (?P<test>\S.*?)(?: # (?:time|duration)\S* ?\S*)?$",
                why=next_line(
                    r"^ +(?:message|error|failureType|operator): ?['\"|>]?[^>|\s]", most=8, stop=r"^ *(?:not )?ok "
                ),
                unless=r"(?i)# (?:todo|skip)",
            ),
            named_by(
                "Failed test ",
                pattern=r"^ *# +Failed test '(?P<test>.+)'",
                why=next_line(r"^ *# +((?!at |in )\S.*)$", most=2),
            ),
            named_by("(Wstat: ", pattern=r"^(?P<test>\S+\.t) +\(Wstat: .*$"),
            named_by("Dubious, ", "Failed ", pattern=r"^(?P<test>\S+\.t) \.{2,}.*(?:Failed|Dubious)"),
        ),
    ),
    Framework(
        "julia",
        ("Test Failed", "Error During Test"),
        (
            named_by(
                "Test Failed",
                "Error During Test",
                pattern=r"^(?P<test>\S.*): (?:Test Failed|Error During Test) at (?P<file>\S+?):\d+$",
                name=lambda groups: f"{path(groups['file'])} {groups['test']}",
                why=next_line(r"^ +(?:Expression|Test threw exception|Got exception)", most=2),
            ),
        ),
    ),
    Framework(
        "testthat",
        _TESTTHAT,
        (
            named_by(
                *_TESTTHAT,
                pattern=r"^ *(?:──|--) (?:\d+\. )?(?:Failure|Error)(?: \('?(?P<file>[^:'@)#]+)[^)]*\))?: "
                r"(?P<test>\S.*?)(?: \(@(?P<old>[^#)]+)[^)]*\))?(?: [─-]+)?$",
                name=_testthat,
                why=next_line(most=1),
            ),
        ),
    ),
)
