"""Scripting languages beside the big ones: Pester, Bats, ShellSpec, and Lua's busted, Plenary and LuaUnit."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, named_by, next_line
from roadmap_pipeline.failures.failed_tests.lines import Lines

_BUSTED_MARKS = ("Failure →", "Error →", "Failure ->", "Error ->")
_BUSTED = re.compile(r"^(?:Failure|Error) (?:→|->) (?P<file>\S+\.lua) @ \d+$")


def _busted(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``Failure → file @ line``, then the test's name, then why."""
    for line in lines.marked(*_BUSTED_MARKS):
        match = _BUSTED.match(line.text)
        following = list(lines.after(line, 2))
        if match is not None and following:
            why = following[1].text.strip() if len(following) > 1 else ""
            yield Mention(f"{match['file']} {following[0].text.strip()}", following[0], why, (line, *following))


FRAMEWORKS = (
    Framework(
        "pester",
        ("[-]",),
        (
            named_by(
                "[-]",
                pattern=r"^ *\[-\] (?P<test>\S.*?)(?: \d[\d.,]*m?s(?: \([^()]*\))?)?$",
                why=next_line(most=1),
                unless=r"^\s*\[-\] (?:Describe|Context|Discovery) .* failed$",
            ),
        ),
    ),
    Framework("bats", ("✗",), (named_by("✗", pattern=r"^ ✗ (?P<test>\S.*?)(?: \[\d+ms\])?$", why=next_line(most=1)),)),
    Framework(
        "shellspec",
        ("shellspec ",),
        (named_by("shellspec ", pattern=r"^shellspec (?P<file>\S+?):\d+ # \d+\) (?P<test>\S.*?) FAILED$"),),
    ),
    Framework(
        "busted",
        (*_BUSTED_MARKS, "\t||\t"),
        (
            _busted,
            named_by("\t||\t", pattern=r"^(?:Fail|Error)\s*\|\|\s*(?P<test>\S.*?)\s*$", why=next_line(most=2)),
        ),
    ),
    Framework(
        "luaunit",
        (") Test",),
        (named_by(") Test", pattern=r"^\d+\) (?P<test>Test\w*\.test\w*)$", why=next_line(most=1)),),
    ),
)
