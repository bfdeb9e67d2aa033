"""Haskell: tasty and HUnit. What hspec lists stands with the other numbered lists."""

import re
from collections.abc import Iterator

from roadmap_pipeline.failures.failed_tests.framework import Framework, Mention, named_by, next_line
from roadmap_pipeline.failures.failed_tests.lines import Lines

_FAILED = re.compile(r"^(?P<indent> {2,})(?P<test>\S.*?): +FAIL(?: \([\d.]+m?s\))?$")
_WHY = next_line(most=1)
_FURTHEST = 200


def _tasty(lines: Lines) -> Iterator[Mention]:
    """Yield the tests named by ``test: FAIL`` in a tree whose branches are told by how far they are in."""
    for line in lines.marked(r"FAIL\b"):
        match = _FAILED.match(line.text)
        if match is None:
            continue
        names, read, indent = [match["test"]], [line], len(match["indent"])
        for above in lines.before(line, _FURTHEST):
            if indent == 0:
                break
            in_by = len(above.text) - len(above.text.lstrip(" "))
            if above.text and in_by < indent:
                names.append(above.text.strip())
                read.append(above)
                indent = in_by
        why, looked_at = _WHY(lines, line)
        yield Mention(".".join(reversed(names)), line, why, (*read, *looked_at))


FRAMEWORKS = (
    Framework(
        "tasty",
        (r"FAIL\b", "### "),
        (_tasty, named_by("### ", pattern=r"^### (?:Failure|Error) in: (?P<test>\S.*)$")),
    ),
)
