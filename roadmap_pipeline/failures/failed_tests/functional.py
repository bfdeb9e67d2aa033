"""Functional languages beside Haskell: Elm, OCaml's Alcotest, Clojure, Erlang's EUnit and Common Test."""

from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, named_by, next_line
from roadmap_pipeline.failures.failed_tests.lines import Line, Lines

_ELM_FURTHEST = 20


def _elm(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``↓ suite`` for each suite that holds a test, then ``✗ test``."""
    for line in lines.marked("✗"):
        if not line.text.startswith("✗ "):
            continue
        suites: list[Line] = []
        for above in lines.before(line, _ELM_FURTHEST):
            if not above.text.startswith("↓ "):
                break
            suites.append(above)
        if suites:
            names = [above.text[2:].strip() for above in reversed(suites)]
            yield Mention(" › ".join([*names, line.text[2:].strip()]), line, "", (line, *suites))


FRAMEWORKS = (
    Framework("elm", ("✗",), (_elm,)),
    Framework(
        "alcotest",
        ("[FAIL]",),
        (
            named_by(
                "[FAIL]",
                pattern=r"^[^\w\[]*\[FAIL\] +(?P<suite>\S.*?) {2,}\d+ +(?P<test>\S.*?)\.?(?: *[│|])?$",
                name=lambda groups: f"{groups['suite']} {groups['test']}",
            ),
        ),
    ),
    Framework(
        "clojure",
        ("FAIL in ", "ERROR in "),
        (
            named_by(
                "FAIL in ",
                "ERROR in ",
                pattern=r"^(?:FAIL|ERROR) in \(?(?P<test>[\w./?!*<>=+-]+)\)? \((?P<file>[^():]+):\d+\)$",
                name=lambda groups: f"{groups['file']} {groups['test']}",
                why=next_line(r"^(?:expected|\s+actual): ", most=4),
            ),
        ),
    ),
    Framework(
        "eunit",
        ("*failed*", "%%% "),
        (
            named_by(
                "*failed*",
                pattern=r"^\s*(?P<module>[a-z]\w*):(?:\d+(?:-\d+)?:)? ?(?P<test>\w+)\b.*\*failed\*$",
                name=lambda groups: f"{groups['module']}:{groups['test']}",
                why=next_line(r"\*\*(?:error|exit|throw):", most=8),
            ),
            named_by("%%% ", pattern=r"^%%% (?P<test>\w+ ==> [\w.]+): (?P<why>FAILED)$"),
        ),
    ),
)
