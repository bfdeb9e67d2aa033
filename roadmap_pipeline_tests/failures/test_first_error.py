"""The evidence of a compiler's, type checker's or linter's failure is the first error that it points at."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.logs.structure import Span
from roadmap_pipeline.failures.matching.first_error import first_error
from roadmap_pipeline.failures.matching.novelty import baseline_of
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, step

# Tool: command, category, then its output with the first error on the line that holds FIRST (or its own word for it).
TOOLS = {
    "gcc": (
        "make",
        "compile",
        [
            "cart.c:3:1: warning: unused FIRSTLY",
            "cart.c:9:5: error: 'FIRST' undeclared",
            "tax.c:4:1: error: expected ';'",
        ],
    ),
    "clang": (
        "make",
        "compile",
        ["src/a.cpp:9:5: fatal error: 'FIRST.h' file not found", "b.cpp:1:2: error: no member"],
    ),
    "msvc": (
        "msbuild shop.sln",
        "compile",
        [
            "D:\\a\\shop\\cart.cpp(12,5): error C2065: 'FIRST': undeclared",
            "D:\\a\\tax.cpp(3): error C2143: syntax error",
        ],
    ),
    "dotnet": (
        "dotnet build",
        "compile",
        [
            "/a/Cart.cs(3,5): error CS0103: The name 'FIRST' is unknown [/a/x.csproj]",
            "/a/Tax.cs(4,5): error CS1002: ; expected",
        ],
    ),
    "javac": (
        "ant",
        "compile",
        ["src/Cart.java:3: error: cannot find symbol FIRST", "src/Tax.java:4: error: ';' expected"],
    ),
    "maven": (
        "mvn compile",
        "compile",
        [
            "[ERROR] /a/Cart.java:[3,5] cannot find symbol FIRST",
            "[ERROR] /a/Tax.java:[4,5] ';' expected",
            "[ERROR] COMPILATION ERROR :",
        ],
    ),
    "kotlin": (
        "./gradlew build",
        "compile",
        ["e: file:///a/Cart.kt:3:5 Unresolved reference: FIRST", "e: file:///a/Tax.kt:4:5 Expecting an expression"],
    ),
    "sbt": (
        "sbt compile",
        "compile",
        [
            "[error] /a/Cart.scala:3:5: not found: value FIRST",
            "[error] (core / Compile / compileIncremental) Compilation failed",
        ],
    ),
    "go": ("go build ./...", "compile", ["./cart.go:3:5: undefined: FIRST", "./tax.go:4:5: undefined: rate"]),
    "rust": (
        "cargo build",
        "compile",
        [
            "error[E0425]: cannot find value `FIRST` in this scope",
            "error[E0308]: mismatched types",
            "error: could not compile `shop`",
        ],
    ),
    "webpack": (
        "npm run build",
        "compile",
        ["ERROR in ./src/FIRST.js 3:5", "ERROR in ./src/tax.js 4:5", "webpack 5.90.0 compiled with 2 errors in 900 ms"],
    ),
    "tsc": (
        "npx tsc --noEmit",
        "type_check",
        ["src/cart.ts(3,5): error TS2304: Cannot find name 'FIRST'.", "src/tax.ts(4,5): error TS1005: ';' expected."],
    ),
    "tsc pretty": (
        "npx tsc --noEmit",
        "type_check",
        [
            "src/cart.ts:3:5 - error TS2304: Cannot find name 'FIRST'.",
            "src/tax.ts:4:5 - error TS1005: ';' expected.",
            "Found 2 errors.",
        ],
    ),
    "mypy": (
        "mypy .",
        "type_check",
        [
            'cart.py:3: error: Name "FIRST" is not defined  [name-defined]',
            "Found 2 errors in 1 file (checked 9 source files)",
        ],
    ),
    "pyright": (
        "pyright",
        "type_check",
        [
            '  /a/cart.py:3:5 - error: "FIRST" is not defined (reportUndefinedVariable)',
            '  /a/tax.py:4:5 - error: "x" is possibly unbound (reportPossiblyUnbound)',
            "2 errors, 0 warnings, 0 informations",
        ],
    ),
    "eslint": (
        "npx eslint .",
        "lint_format",
        [
            "/a/cart.js",
            "  3:5  error  'FIRST' is not defined  no-undef",
            "  4:5  error  Missing  semi",
            "✖ 2 problems (2 errors, 0 warnings)",
        ],
    ),
    "prettier": (
        "npx prettier --check .",
        "lint_format",
        [
            "Checking formatting...",
            "[warn] src/FIRST.ts",
            "[warn] src/tax.ts",
            "[warn] Code style issues found in 2 files. Run Prettier to fix.",
        ],
    ),
    "flake8": (
        "flake8",
        "lint_format",
        ["./cart.py:3:5: F821 undefined name 'FIRST'", "./tax.py:4:80: E501 line too long"],
    ),
    "ruff": (
        "ruff check",
        "lint_format",
        ["cart.py:3:5: F401 [*] `FIRST` imported but unused", "tax.py:4:5: E741 Ambiguous"],
    ),
    "black": (
        "black --check .",
        "lint_format",
        ["would reformat /a/FIRST.py", "would reformat /a/tax.py", "Oh no! 2 files would be reformatted."],
    ),
    "golangci": (
        "golangci-lint run",
        "lint_format",
        ["cart.go:3:5: Error return value of `FIRST` is not checked (errcheck)", "tax.go:4:5: x is unused (unused)"],
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("dressed", ["{}", "\x1b[31m{}\x1b[0m", "{}\r"])
def test_the_first_error_is_the_evidence(tool: str, dressed: str) -> None:
    command, category, output = TOOLS[tool]
    noise = [f"compiling part {number} of many" for number in range(200)]
    log = job(step(command, *noise, *(dressed.format(line) for line in output), *noise[:50], FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.category == category
    number = next(
        number for number, line in enumerate(log.split(b"\n"), 1) if b"FIRST" in line and b"FIRSTLY" not in line
    )
    assert verdict.line == number
    assert verdict.evidence == next(line for line in output if "FIRST" in line and "FIRSTLY" not in line).strip()
    excerpt = make_excerpt(log, limit_chars=20_000)
    assert classify_excerpt(excerpt.text, excerpt.line_ranges) == verdict


def test_the_first_error_of_a_big_log_is_kept() -> None:
    noise = [f"compiling part {number} of many, and of what else there may be to say of it" for number in range(90_000)]
    log = job(step("make", "a.c:1:2: error: FIRST", *noise, "b.c:3:4: error: last", *noise[:9_000], FAILED))
    excerpt = make_excerpt(log)
    verdict = classify_excerpt(excerpt.text, excerpt.line_ranges)
    assert verdict is not None
    assert (verdict.evidence, verdict.line) == ("a.c:1:2: error: FIRST", line_of(log, "FIRST"))
    assert verdict == classify(log)


def test_only_what_stands_before_a_line_is_looked_at() -> None:
    log = b"building\nerror: no such total\n  --> src/cart.rs:3:1\ncart.c:9:5: error: undeclared\n"
    span, first, place, last = Span(0, 0, len(log)), log.index(b"error"), log.index(b"  -->"), log.index(b"cart.c")
    assert first_error(log, span) == first
    assert first_error(log, span, before=place) == first, "what points at the place may come later"
    assert first_error(log, span, before=first) is None
    assert first_error(log, Span(0, place, len(log)), before=last) is None
    assert first_error(log, Span(0, place, len(log)), before=10**9) == last


def test_an_error_in_an_earlier_step_is_none_of_this_one() -> None:
    log = job(step("make -k || true", "a.c:1:2: error: FIRST"), step("make", "b.c:3:4: error: last", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.evidence == "b.c:3:4: error: last"


def test_what_is_no_failure_of_a_compiler_keeps_its_own_line() -> None:
    output = ["a.c:1:2: error: FIRST", "FAILED tests/a.py::test_a - assert 1", "1 failed in 0.10s"]
    verdict = classify(job(step("pytest", *output, FAILED)))
    assert verdict is not None
    assert verdict.evidence == "FAILED tests/a.py::test_a - assert 1"


def test_what_passing_runs_say_is_no_first_error() -> None:
    log = b"a.c:1:2: error: always\nb.c:3:4: error: new\n"
    said = baseline_of([b"a.c:1:2: error: always\n"])
    assert first_error(log, Span(0, 0, len(log))) == 0
    assert first_error(log, Span(0, 0, len(log)), said) == log.index(b"b.c")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*(line for _, _, output in TOOLS.values() for line in output), "\x1b[1m", "", "fine"]))
)
def test_whatever_comes_the_offset_is_a_line_s_beginning(lines: list[str]) -> None:
    log = "\n".join(["head", *lines]).encode()
    found = first_error(log, Span(0, 5, len(log)) if lines else Span(0, len(log), len(log)))
    assert found is None or (found >= 5 and log[found - 1 : found] == b"\n")
