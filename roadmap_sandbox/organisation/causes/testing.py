"""Tests that fail, and coverage that is too low, in the words of each framework."""

from collections.abc import Mapping

from .cause import Cause

CAUSES: Mapping[str, Cause] = {
    "pytest-assertion": Cause(
        "test",
        "main",
        """
=================================== FAILURES ===================================
_______________________________ test_{aspect} _______________________________

    def test_{aspect}():
        entry = build_{module}(amount={amount})
>       assert entry.total == {amount}
E       AssertionError: assert {wrong} == {amount}
E        +  where {wrong} = {Module}Entry(currency='EUR').total

tests/test_{module}.py:{line}: AssertionError
=========================== short test summary info ============================
FAILED tests/test_{module}.py::test_{aspect} - AssertionError: assert {wrong} == {amount}
1 failed, {passed} passed, 3 skipped in {seconds}.18s
""",
    ),
    "pytest-import": Cause(
        "test",
        "main",
        """
==================================== ERRORS ====================================
________________ ERROR collecting tests/test_{module}.py ________________
ImportError while importing test module '{work}/tests/test_{module}.py'.
Hint: make sure your test modules/packages have valid Python names.
tests/test_{module}.py:7: in <module>
    from {repository}.{module} import check_{aspect}
E   ImportError: cannot import name 'check_{aspect}' from '{repository}.{module}'
=========================== short test summary info ============================
ERROR tests/test_{module}.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
1 error in {small}.44s
""",
        2,
    ),
    "pytest-flaky": Cause(
        "test",
        "main",
        """
=================================== FAILURES ===================================
_____________________________ test_{module}_{aspect} _____________________________

    def test_{module}_{aspect}(worker, queue):
        queue.publish(message)
>       assert worker.wait_for(message, seconds=2)
E       assert False
E        +  where False = wait_for(<Message {module}>, seconds=2)

tests/integration/test_{module}.py:{line}: AssertionError
=========================== short test summary info ============================
FAILED tests/integration/test_{module}.py::test_{module}_{aspect} - assert False
1 failed, {passed} passed in {seconds}.07s
""",
    ),
    "pytest-coverage": Cause(
        "coverage",
        "main",
        """
---------- coverage: platform linux, python 3.12 ----------
Name                         Stmts   Miss  Cover
{repository}/{module}.py       {amount}    {line}    {percent}%
TOTAL                         8914    {number}    {percent}%
FAIL Required test coverage of 90% not reached. Total coverage: {percent}.37%
{passed} passed, 3 skipped in {seconds}.31s
""",
    ),
    "vitest-assertion": Cause(
        "test",
        "main",
        """
 \x1b[31m❯\x1b[39m src/{module}/{module}.test.ts \x1b[2m(14 tests | 1 failed)\x1b[22m {line}ms
   \x1b[31m×\x1b[39m {module} > handles {aspect}

\x1b[31m⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯\x1b[39m

\x1b[41m FAIL \x1b[49m src/{module}/{module}.test.ts > {module} > handles {aspect}
AssertionError: expected {small} to be {more} // Object.is equality

- Expected
+ Received

- {more}
+ {small}

 ❯ src/{module}/{module}.test.ts:{line}:23

 Test Files  1 failed | 74 passed (75)
      Tests  1 failed | {passed} passed
   Duration  {seconds}.52s
""",
    ),
    "jest-snapshot": Cause(
        "test",
        "main",
        """
FAIL src/{module}/{module}.snapshot.test.tsx
  ● {module} page › renders {aspect}

    expect(received).toMatchSnapshot()

    Snapshot name: `{module} page renders {aspect} 1`

    -   className="{module}-box"
    +   className="{module}-box wide"

 › 1 snapshot failed.
Snapshot Summary
 › 1 snapshot failed from 1 test suite. Inspect your code changes or run `npm test -- -u` to update them.

Test Suites: 1 failed, 74 passed, 75 total
Tests:       1 failed, {passed} passed
""",
    ),
    "playwright-timeout": Cause(
        "test",
        "main",
        """
  1) [chromium] › e2e/{module}.spec.ts:{line}:5 › {module} › survives {aspect} ─────────

    Error: expect(locator).toBeVisible() failed

    Locator: getByRole('button', {{ name: 'Continue to {module}' }})
    Expected: visible
    Timeout: 5000ms
    Error: element(s) not found

    Call log:
      - Expect "toBeVisible" with timeout 5000ms
      - waiting for getByRole('button', {{ name: 'Continue to {module}' }})

    attachment #1: screenshot (image/png) ──────────────────────────────────────────
    test-results/{module}-{aspect}-chromium/test-failed-1.png

  1 failed
    [chromium] › e2e/{module}.spec.ts:{line}:5 › {module} › survives {aspect}
  4{small} passed ({small}.4m)
""",
    ),
    "go-test": Cause(
        "test",
        "main",
        """
=== RUN   Test{Module}{Aspect}
    {module}_test.go:{line}: {aspect}: got {small} items, want {more}
--- FAIL: Test{Module}{Aspect} (0.{more}s)
FAIL
FAIL\tgithub.com/acme/{repository}/internal/{module}\t{small}.{seconds}s
FAIL
""",
    ),
    "go-race": Cause(
        "test",
        "main",
        """
==================
WARNING: DATA RACE
Write at 0x00c000{hex} by goroutine {seconds}:
  github.com/acme/{repository}/internal/{module}.(*Store).Put()
      {work}/internal/{module}/store.go:{line} +0x1e4
Previous read at 0x00c000{hex} by goroutine {more}:
  github.com/acme/{repository}/internal/{module}.(*Store).Get()
==================
    testing.go:1490: race detected during execution of test
--- FAIL: Test{Module}Concurrent{Aspect} (0.41s)
FAIL
FAIL\tgithub.com/acme/{repository}/internal/{module}\t2.118s
""",
        66,
    ),
    "cargo-test": Cause(
        "test",
        "main",
        """
test {module}::tests::{aspect} ... FAILED

failures:

---- {module}::tests::{aspect} stdout ----
thread '{module}::tests::{aspect}' panicked at agent/src/{module}.rs:{line}:9:
assertion `left == right` failed
  left: {small}
 right: {more}

test result: FAILED. {seconds} passed; 1 failed; 0 ignored; 0 measured; 0 filtered out

error: test failed, to rerun pass `-p agent --lib`
""",
        101,
    ),
}
