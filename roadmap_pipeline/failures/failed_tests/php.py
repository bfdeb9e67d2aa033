"""PHP: PHPUnit and Pest."""

import re

from roadmap_pipeline.failures.failed_tests.framework import Framework, listed, named_by, next_line

_ARGUMENTS = re.compile(r"( with data set (?:#\d+|\".*?\")).*$")


def _method(groups: dict[str, str]) -> str:
    """Return a method with the name of its data set; the values follow it in parentheses."""
    return _ARGUMENTS.sub(r"\1", groups["test"])


FRAMEWORKS = (
    Framework(
        "phpunit",
        ("There was ", "There were ", "FAILED", "⨯", "✘"),
        (
            listed(
                "There was ",
                "There were ",
                start=r"^There (?:was|were) \d+ (?:failures?|errors?):$",
                item=r"^\d+\) (?P<test>[\w\\]+::\S.*)$",
                end=r"^There (?:was|were) \d+ (?!failure|error)|^(?:FAILURES|ERRORS|WARNINGS|OK, but|Tests: \d+)",
                name=_method,
                why=next_line(most=2),
            ),
            named_by(
                "FAILED",
                pattern=r"^ *FAILED +(?P<test>[\w\\]+ > \S.*?)(?: {2,}(?P<why>[\w\\]+(?:Exception|Error|Failed)?.*))?$",
            ),
            named_by(
                "⨯",
                "✘",
                pattern=r"^ *[⨯✘] (?P<test>\S.*?)(?: +[\d.]+s)?$",
                unless=r"^ *✘ +(?:Test|Suite) .*(?: failed after | recorded an issue )",
            ),
        ),
    ),
)
