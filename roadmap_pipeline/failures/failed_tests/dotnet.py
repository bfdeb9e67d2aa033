""".NET: ``dotnet test`` (VSTest and the testing platform), xUnit's and NUnit's own runners."""

from roadmap_pipeline.failures.failed_tests.framework import Framework, named_by, next_line

_TIME = r"<? ?[\d.,]+ ?(?:ms|s|m|min|h)\b[^\])]*"
_MESSAGE = next_line(r"^ +(?!Error Message:)\S", most=3)

FRAMEWORKS = (
    Framework(
        "dotnet",
        ("Failed ", r"^failed\b", "[FAIL]", ") Failed : ", ") Error : "),
        (
            named_by("Failed ", pattern=rf"^ *Failed (?P<test>\S.*?) \[{_TIME}\]$", why=_MESSAGE),
            named_by(r"^failed\b", pattern=rf"^ *failed (?P<test>\S.*?) \({_TIME}\)$", why=next_line(most=2)),
            named_by(
                "[FAIL]", pattern=r"^(?:\[xUnit\.net [\d:.]+\])? *(?P<test>\S.*?) \[FAIL\]$", why=next_line(most=1)
            ),
            named_by(
                ") Failed : ", ") Error : ", pattern=r"^\d+\) (?:Failed|Error) : (?P<test>\S.*)$", why=next_line()
            ),
        ),
    ),
)
