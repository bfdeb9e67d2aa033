"""The strings read from a framework's pattern are in whatever the pattern matches."""

import pytest

from roadmap_pipeline.failures.failed_tests.demands import demanded


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^FAILED CONSISTENTLY: (?P<test>x|y)$", ("FAILED CONSISTENTLY: ",)),
        (r"^ *Failed (?P<test>\S.*?) \[(?:a)\]$", ("Failed ", " [", "]")),
        (r"^={3,} (?:FAILURES|ERRORS) ={3,}$", (" ",)),
        (r"^\d+\) (?:Failed|Error) : (?P<test>\S.*)$", (" : ", ") ")),
        (r"-\[(?P<suite>\S+) (?P<test>\S+)\]", ("-[", " ", "]")),
        ("ab+c", ("ab", "c")),
        ("ab*c?d{0,2}ef{2}", ("a", "e")),
        ("[abc]de(?!f)gh", ("de", "gh")),
        ("^(?:ab)?cd(?i:ef)", ("cd",)),
    ],
)
def test_what_stands_outside_of_groups_is_demanded(pattern: str, expected: tuple[str, ...]) -> None:
    assert demanded(pattern) == expected


@pytest.mark.parametrize("pattern", ["ab|cd", "^ab$|^cd$", "(?i)ab", r"^\s+(?P<test>\w+)$", "(?:ab|cd)"])
def test_nothing_is_demanded_where_that_can_not_be_told(pattern: str) -> None:
    assert demanded(pattern) == ()
