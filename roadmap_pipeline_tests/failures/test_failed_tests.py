"""Failed tests are read from each framework's own words, and make the fingerprint."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.failed_tests import failed_tests
from roadmap_pipeline.failures.failed_tests.names import same_name
from roadmap_pipeline.failures.logs.fingerprint import fingerprint_of_tests
from roadmap_pipeline.failures.verdict import JOB, TESTS, JobFacts, StepFacts, Verdict
from roadmap_pipeline_tests.failures import frameworks, further_frameworks
from roadmap_pipeline_tests.failures.form import Test
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, step

FORMS = {**frameworks.FORMS, **further_frameworks.FORMS}
CART: Test = ("CartTest", "totals")
LOGIN: Test = ("LoginTest", "refuses")


def verdict_on(output: Sequence[str], command: str = "make test") -> Verdict:
    verdict = classify(job(step(command, *output, FAILED)))
    assert verdict is not None
    return verdict


@pytest.mark.parametrize("framework", FORMS)
def test_the_tests_that_failed_are_named(framework: str) -> None:
    form = FORMS[framework]
    found = failed_tests("\n".join(form.output([CART, LOGIN])).encode()).tests
    assert sorted(test.name for test in found) == sorted(form.of(test)[0] for test in (CART, LOGIN))
    if form.why:
        assert {test.name: test.why for test in found} == dict(form.of(test) for test in (CART, LOGIN))


# Of tasty's tree, the branch that a test is on is looked for in so many lines above it.
@pytest.mark.parametrize("framework", [name for name in FORMS if name != "tasty"])
def test_many_tests_that_failed_are_named_each(framework: str) -> None:
    form = FORMS[framework]
    tests = [(f"Cart{a}{b}Test", f"totals{a}{b}") for a in "abcdefgh" for b in "vwxyz"]
    found = failed_tests("\n".join(form.output(tests)).encode()).tests
    assert sorted(test.name for test in found) == sorted(form.of(test)[0] for test in tests)


@pytest.mark.parametrize("framework", FORMS)
def test_a_failure_is_known_by_its_tests(framework: str) -> None:
    form = FORMS[framework]
    cart = verdict_on(form.output([CART]))
    assert (cart.category, cart.known_by, cart.failed_tests_count) == ("test", TESTS, 1)
    assert cart.fingerprint == fingerprint_of_tests([form.of(CART)[0]])
    assert CART[1] in cart.evidence or CART[0] in cart.evidence
    # Another run: other lines, times and values.
    assert verdict_on(form.output([CART], 7, "5")).fingerprint == cart.fingerprint
    assert verdict_on(form.output([LOGIN])).fingerprint != cart.fingerprint
    # More tests, in whatever order.
    both = verdict_on(form.output([CART, LOGIN]))
    assert both.failed_tests_count == 2
    assert both.fingerprint == verdict_on(form.output([LOGIN, CART], 6)).fingerprint
    assert both.fingerprint not in (cart.fingerprint, verdict_on(form.output([LOGIN])).fingerprint)


@pytest.mark.parametrize("framework", FORMS)
@pytest.mark.parametrize("dressed", ["\x1b[31m{}\x1b[0m", "{}\r"])
def test_colours_and_windows_line_ends_change_nothing(framework: str, dressed: str) -> None:
    form = FORMS[framework]
    plain = verdict_on(form.output([CART, LOGIN]))
    other = verdict_on([dressed.format(line) if line else line for line in form.output([CART, LOGIN])])
    assert other.failed_tests == plain.failed_tests
    assert (other.fingerprint, other.line) == (plain.fingerprint, plain.line)


@pytest.mark.parametrize("framework", FORMS)
def test_an_excerpt_names_the_same_tests(framework: str) -> None:
    form = FORMS[framework]
    output = form.output([CART, LOGIN])
    noise = [f"compiling part {n} of many" for n in range(300)]
    log = job(step("make test", *noise, *(text for line in output for text in (line,)), *noise, FAILED))
    excerpt = make_excerpt(log, limit_chars=20_000)
    assert classify_excerpt(excerpt.text, excerpt.line_ranges) == classify(log)


def test_the_evidence_is_the_line_of_the_first_test() -> None:
    output = FORMS["gradle"].output([CART, LOGIN])
    log = job(step("./gradlew test", *output, FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.evidence == "CartTest > totals() FAILED"
    assert verdict.line == line_of(log, "CartTest > totals() FAILED")
    assert [(test.name, test.line) for test in verdict.failed_tests] == [
        ("CartTest > totals()", verdict.line),
        ("LoginTest > refuses()", line_of(log, "LoginTest > refuses() FAILED")),
    ]


def test_errors_that_the_runner_marks_are_lines_like_others() -> None:
    verdict = verdict_on(["##[error]FAILED tests/test_a.py::test_sum - assert 1 == 2", "1 failed in 0.10s"])
    assert [test.name for test in verdict.failed_tests] == ["tests/test_a.py::test_sum"]
    assert verdict.evidence == "FAILED tests/test_a.py::test_sum - assert 1 == 2"


def test_a_summary_alone_is_known_by_its_job() -> None:
    gradle = "> There were failing tests. See the report at: file:///x/index.html"
    for output in ([gradle], ["Tests:       1 failed, 30 passed, 31 total"], ["=== 2 failed, 11 passed in 3.21s ==="]):
        verdict = verdict_on(output)
        assert (verdict.category, verdict.known_by, verdict.failed_tests) == ("test", JOB, ())
    log = job(step("./gradlew test", gradle, FAILED))
    one, other = (classify(log, JobFacts("failure", name=name)) for name in ("unit", "integration"))
    assert one is not None
    assert other is not None
    assert one.fingerprint != other.fingerprint


def test_what_only_a_command_tells_is_known_by_its_job() -> None:
    verdict = verdict_on(["nothing to see"], "npm test")
    assert (verdict.category, verdict.rule_id, verdict.known_by) == ("test", "command.test", JOB)


def test_a_later_attempt_adds_nothing() -> None:
    once = FORMS["pytest"].output([CART])
    assert verdict_on([*once, *once]).fingerprint == verdict_on(once).fingerprint


def test_all_steps_that_failed_by_their_tests_count() -> None:
    first = step("pytest a", "FAILED tests/a.py::test_a - assert 1", FAILED)
    last = step("pytest b", "FAILED tests/b.py::test_b - assert 1", FAILED)
    verdict = classify(job(first, last))
    assert verdict is not None
    assert [test.name for test in verdict.failed_tests] == ["tests/a.py::test_a", "tests/b.py::test_b"]


def test_tests_that_fail_before_a_step_that_fails_by_something_else_are_named() -> None:
    lint = step("ruff check", "a.py:1:1: F401 [*] `os` imported but unused", FAILED)
    log = job(step("pytest a", *FORMS["pytest"].output([CART, LOGIN]), FAILED), lint)
    verdict, alone = classify(log), classify(job(lint))
    assert verdict is not None
    assert alone is not None
    assert (verdict.category, verdict.rule_id, verdict.known_by) == ("lint_format", alone.rule_id, "cause")
    assert (verdict.fingerprint, verdict.evidence) == (alone.fingerprint, alone.evidence)
    names = {name for name, _ in map(FORMS["pytest"].of, (CART, LOGIN))}
    assert {test.name for test in verdict.failed_tests} == names
    assert verdict.failed_tests_count == 2
    assert all(test.name.encode() in log.split(b"\n")[test.line - 1] for test in verdict.failed_tests)
    assert alone.failed_tests == ()
    excerpt = make_excerpt(log)
    assert classify_excerpt(excerpt.text, excerpt.line_ranges) == verdict


@pytest.mark.parametrize(
    ("other", "conclusion", "known_by"),
    [
        (step("ruff check", "a.py:1:1: F401 [*] `os` imported but unused", FAILED), "failure", JOB),
        # One that may fail is none of the failures that GitHub lists.
        (step("ruff check", "a.py:1:1: F401 [*] `os` imported but unused", FAILED), "success", TESTS),
        # Nothing to upload is what follows from tests that failed.
        (
            step("Run actions/upload-artifact@v4", "##[error]No files were found with the provided path: x"),
            "failure",
            TESTS,
        ),
        (step("pytest b", "FAILED tests/b.py::test_b - assert 1", FAILED), "failure", TESTS),
    ],
)
def test_who_breaks_something_else_is_not_known_by_the_tests_alone(
    other: list[str], conclusion: str, known_by: str
) -> None:
    facts = JobFacts("failure", [StepFacts("Other", conclusion=conclusion), StepFacts("Tests", conclusion="failure")])
    verdict = classify(job(other, step("pytest a", *FORMS["pytest"].output([CART]), FAILED)), facts)
    assert verdict is not None
    assert (verdict.category, verdict.known_by) == ("test", known_by)


def test_tests_that_fail_beside_a_full_disk_are_named() -> None:
    output = [*FORMS["go"].output([CART]), "write /tmp/x: no space left on device"]
    verdict = verdict_on(output, "go test ./...")
    assert (verdict.category, verdict.failed_tests_count) == ("disk_full", 1)


def test_what_github_says_of_a_job_hides_no_test() -> None:
    log = job(step("pytest", "FAILED tests/a.py::test_a - assert 1", FAILED))
    excerpt = make_excerpt(log)
    lost = "The runner has received a shutdown signal."
    for facts, category in (
        (JobFacts("timed_out"), "timeout"),
        (JobFacts("failure", annotations=[lost]), "runner_lost"),
        (JobFacts("startup_failure"), "workflow_config"),
    ):
        verdict = classify_excerpt(excerpt.text, excerpt.line_ranges, facts)
        assert verdict is not None
        assert (verdict.category, verdict.line, verdict.failed_tests_count) == (category, None, 1)
        found = [(test.name, test.line) for test in verdict.failed_tests]
        assert found == [("tests/a.py::test_a", line_of(log, "FAILED tests"))]


def test_tests_in_a_step_are_named_where_no_rule_knows_the_last_one() -> None:
    log = job(step("./a", "not ok 1 - cart adds up", FAILED), step("./b", "the moon is wrong", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert [test.name for test in verdict.failed_tests] == ["cart adds up"]


def test_what_no_rule_knows_is_known_by_its_job_where_nothing_tells() -> None:
    failed = JobFacts("failure", [StepFacts("Unit", conclusion="failure")], has_log=False)
    noted = JobFacts("failure", annotations=["the frobnicator is sad"], has_log=False)
    for log, facts, known_by in (
        (None, failed, "job"),
        (None, noted, "cause"),
        (job(step("./x", FAILED)), None, "job"),
        (job(step("./x", "the moon is wrong", FAILED)), None, "cause"),
    ):
        verdict = classify(log, facts)
        assert verdict is not None
        assert (verdict.category, verdict.known_by) == ("unknown", known_by)


def test_more_than_fifty_tests_are_known_by_fifty_and_their_number() -> None:
    names = [f"tests/a.py::test_{number:03d}" for number in range(60)]
    verdict = verdict_on([f"FAILED {name} - assert 1" for name in reversed(names)])
    assert verdict.failed_tests_count == 60
    assert [test.name for test in verdict.failed_tests] == names[:50]
    assert verdict.fingerprint == fingerprint_of_tests(names)
    assert verdict.fingerprint != fingerprint_of_tests(names[:59])
    assert verdict.fingerprint != fingerprint_of_tests(names[:50])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests/a.py::test_x[<Cart object at 0x7f00aabbccdd>]", "tests/a.py::test_x[<Cart object at 0x7f3312345678>]"),
        ("test_x[/tmp/pytest-of-runner/pytest-0/a/b.txt]", "test_x[/tmp/pytest-of-me/pytest-7/c/b.txt]"),
        ("/home/runner/work/shop/shop/test/a.dart: totals", "test/a.dart: totals"),
        ("D:\\a\\shop\\shop\\test/a.dart: totals", "/__w/shop/shop/test/a.dart: totals"),
        ("src/a.spec.ts:12:3 › totals", "src/a.spec.ts:14:9 › totals"),
        ("totals (12 ms)", "totals (1.3 s)"),
        ("totals (shard 1 of 4)", "totals (shard 3 of 4)"),
        ("totals (retry #1)", "totals (attempt 2)"),
        ("CartTest > totals(Order@1b2c3d4e)", "CartTest > totals(Order@5f6a7b8)"),
        ("at 2026-11-10T09:00:00Z", "at 2026-11-11T10:12:33Z"),
        ("id 6fa459ea-ee8a-3ca4-894e-db77e160355e", "id 16fd2706-8baf-433b-82eb-8c7fada847da"),
        ("./spec/a_spec.rb totals", "spec/a_spec.rb totals"),
    ],
)
def test_two_names_of_one_test(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests/a.py::test_x[1]", "tests/a.py::test_x[2]"),
        ("CartTest.total1", "CartTest.total2"),
        ("cart/0.Total", "cart/1.Total"),
        ("serves localhost:80", "serves localhost:81"),
        ("adds (2 + 3)", "adds (2 + 4)"),
        ("CartTest.total", "carttest.total"),
    ],
)
def test_two_tests(one: str, other: str) -> None:
    assert same_name(one) != same_name(other)


@given(st.text(max_size=400))
def test_a_name_that_was_made_the_same_stays(name: str) -> None:
    assert same_name(same_name(name)) == same_name(name)


@settings(deadline=None)
@given(st.lists(st.sampled_from([line for form in FORMS.values() for line in form.output([CART, LOGIN])]), max_size=60))
def test_whatever_lines_come_together_nothing_breaks(lines: list[str]) -> None:
    found = failed_tests("\n".join(lines).encode())
    assert len({test.name for test in found.tests}) == len(found.tests)
    assert all(0 <= test.line < len(lines) for test in found.tests)
    assert found == failed_tests("\n".join(lines).encode())


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_whatever_bytes_come_nothing_breaks(output: bytes) -> None:
    failed_tests(output)


def test_secrets_are_in_no_name() -> None:
    token = "gh" + "p_" + "a1" * 18
    verdict = verdict_on([f"FAILED tests/a.py::test_login[{token}] - assert {token}"])
    assert token not in str(verdict.failed_tests)


@pytest.mark.parametrize(
    "line",
    [
        "=== 3 passed in 0.1s ===",
        "ERROR level logging enabled",
        "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test)",
        "Failed to connect to localhost port 80 after 1 ms",
        "> Task :shop:test FAILED",
        "✖ 3 problems (3 errors, 0 warnings)",
        "not ok 4 - rounding # TODO later",
        "[  FAILED  ] 2 tests, listed below:",
        "[error] (Test / test) sbt.TestsFailedException: Tests unsuccessful",
        "Test run with 12 tests failed after 0.5 seconds with 2 issues.",
        "1) [chromium] › loading",
        "FAIL",
    ],
)
def test_these_name_no_test(line: str) -> None:
    assert failed_tests(line.encode()).tests == ()
