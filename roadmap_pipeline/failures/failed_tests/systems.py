"""Languages that are compiled, beside C, C++, Go, Rust and Swift: Zig, Nim, Solidity."""

from roadmap_pipeline.failures.failed_tests.framework import Framework, named_by

FRAMEWORKS = (
    Framework(
        "zig",
        ("' failed: ", "FAIL ("),
        (
            named_by("' failed: ", pattern=r"^error: '(?P<test>[^']+)' failed: (?P<why>.+)$"),
            named_by("FAIL (", pattern=r"^(?:Test )?\[?\d+/\d+\]? (?P<test>\S.*?) ?\.\.\. ?FAIL \((?P<why>.+)\)$"),
            named_by("FAIL (", pattern=r"^\d+/\d+ (?P<test>\S.*?)\.\.\.FAIL \((?P<why>.+)\)$"),
        ),
    ),
    Framework(
        "nim",
        ("[FAILED]", "FAIL: "),
        (
            named_by("[FAILED]", pattern=r"^ *\[FAILED\] (?P<test>\S.*)$"),
            named_by("FAIL: ", pattern=r"^FAIL: (?P<test>tests?/\S+\.nim)\b"),
        ),
    ),
    Framework(
        "foundry",
        ("[FAIL",),
        (
            named_by(
                "[FAIL",
                # A test of a fuzzer says which values it met; they differ from run to run.
                pattern=r"^\[FAIL(?:(?:\. Reason)?: (?P<why>.*?))?(?:[;.] ?[cC]ounterexample: .*)?\]"
                r" (?P<test>\w+\([^)]*\)) \((?:gas|runs): ",
            ),
        ),
    ),
)
