"""Python: pytest and unittest (also as Django, nose and others run it)."""

import re

from roadmap_pipeline.failures.failed_tests.framework import Framework, listed, named_by, next_line
from roadmap_pipeline.failures.failed_tests.names import path

# A file, what is in it, and parameters, which may hold anything.
_NODE = r"(?P<test>[^\s:\[]+\.(?:py|ipynb|md|rst|txt)(?:::(?:[^\s\[]|\[.*?\](?= - |$| +\[|\[|\S))+)?)"
_SUBTEST = r"SUBFAIL(?:ED)?(?:\([^)]*\)|\[[^\]]*\])*"
_EXCEPTION = r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Exit|Interrupt|Warning|Failed|Timeout)\b"
_DOTTED = re.compile(r"(?P<test>\S+) \((?P<where>[\w.]+)\)(?P<sub>(?: [(\[].*)?)")


def _node(groups: dict[str, str]) -> str:
    file, colons, rest = groups["test"].partition("::")
    return path(file) + colons + rest


def _dotted(groups: dict[str, str]) -> str:
    """Return ``package.Class.test``: from Python 3.11 on what stands in parentheses ends with the test's own name."""
    match = _DOTTED.fullmatch(groups["test"])
    if match is None:
        return groups["test"]
    test, where = match["test"], match["where"]
    return (where if where.endswith(f".{test}") else f"{where}.{test}") + match["sub"]


PYTEST = Framework(
    "pytest",
    ("FAILED", "ERROR", "SUBFAIL", " FAILURES ", " ERRORS "),
    (
        # PyTorch's, after it ran each test that had failed again.
        named_by("FAILED", pattern=rf"^FAILED CONSISTENTLY: {_NODE}$", name=_node),
        named_by(
            "FAILED",
            "ERROR",
            "SUBFAIL",
            pattern=rf"^(?:\[gw\d+\] )?(?:\[ *\d+%\] )?(?:FAILED|ERROR|\[[^\]]*\] {_SUBTEST}|{_SUBTEST})"
            rf"(?: \[[\d.]+s\])? {_NODE}(?: - (?P<why>.*))?$",
            name=_node,
        ),
        named_by("FAILED", "ERROR", pattern=rf"^{_NODE} (?:FAILED|ERROR)(?: +\[ *\d+%\])?$", name=_node),
        listed(
            " FAILURES ",
            " ERRORS ",
            start=r"^={3,} (?:FAILURES|ERRORS) ={3,}$",
            item=r"^_{3,} (?P<test>[^\s_].*?) _{3,}$",
            end=r"^={3,} (?!FAILURES|ERRORS)\S.* ={3,}$|^(?:\d+ \w+, )*\d+ (?:failed|errors?)\b.* in [\d.]+s",
        ),
    ),
)

UNITTEST = Framework(
    "unittest",
    (r"FAIL\b", "ERROR: "),
    (
        named_by(
            r"FAIL\b",
            "ERROR",
            pattern=r"^(?:FAIL|ERROR): (?P<test>[^\s()]+ \([\w.]+\)(?: [(\[].*)?)$",
            name=_dotted,
            why=next_line(_EXCEPTION, most=60, stop=r"^={20,}$|^Ran \d+ tests?"),
        ),
    ),
)

FRAMEWORKS = (PYTEST, UNITTEST)
