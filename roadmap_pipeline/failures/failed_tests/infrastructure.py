"""Tests of infrastructure and data: Terraform and OpenTofu, OPA and Conftest, dbt."""

from roadmap_pipeline.failures.failed_tests.framework import Framework, named_by, next_line

FRAMEWORKS = (
    Framework(
        "terraform",
        ("... fail",),
        (
            named_by(
                "... fail", pattern=r'^ *(?P<test>run "[^"]+")\.\.\. fail$', why=next_line(r"^. Error: (.+)$", most=3)
            ),
        ),
    ),
    Framework(
        "opa",
        (": FAIL (", "FAIL - "),
        (
            named_by(": FAIL (", pattern=r"^(?P<test>data\.[\w.]+): FAIL \("),
            named_by("FAIL - ", pattern=r"^FAIL - (?P<test>\S+ - \S+) - (?P<why>.+)$"),
        ),
    ),
    Framework(
        "dbt",
        ("Failure in test ", "Failure in unit_test "),
        (
            named_by(
                "Failure in test ",
                "Failure in unit_test ",
                pattern=r"^(?:\d\d:\d\d:\d\d +)?Failure in (?:unit_)?test (?P<test>\S+) \(.+\)$",
                why=next_line(r"(Got \d+ results?.*|actual differs.*)", most=2),
            ),
        ),
    ),
)
