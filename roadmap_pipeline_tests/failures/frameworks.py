"""Forms in which the most used test frameworks print failing tests, in our own words and in each one's real form."""

from roadmap_pipeline_tests.failures.form import Form

FORMS = {
    "pytest": Form(
        [
            "collected 9 items",
            "tests/cart.py ..F.F                                                      [ 40%]",
            "=================================== FAILURES ===================================",
            [
                "_________________________________ {c}.{t} _________________________________\n"
                "self = <tests.shop.{c} object at 0x7f0a{n}b2c4d5e>\n\n    def {t}(self):\n"
                ">       assert total() == 2\n"
                "E       assert {v} == 2\n\ntests/shop.py:{n}: AssertionError"
            ],
            "=========================== short test summary info ============================",
            ["FAILED tests/shop.py::{c}::{t} - assert {v} == 2"],
            "========================= {many} failed, 7 passed in 0.{n}s =========================",
        ],
        "tests/shop.py::{c}::{t}",
        "assert {v} == 2",
    ),
    "pytest without a summary": Form(
        [
            "=================================== FAILURES ===================================",
            [
                "_________________________________ {c}.{t} _________________________________\n"
                ">       assert total() == 2"
            ],
            "{many} failed, 7 passed in 0.{n}s",
        ],
        "{c}.{t}",
    ),
    "pytest, many processes": Form(
        ["gw0 [9] / gw1 [9]", ["[gw{i}] [ 1{n}%] FAILED tests/shop.py::{c}::{t}[a b-{c}] "], "{many} failed in {n}s"],
        "tests/shop.py::{c}::{t}[a b-{c}]",
    ),
    "unittest": Form(
        [
            "..F.F",
            [
                "======================================================================\n"
                "FAIL: {t} (tests.shop.{c}.{t})\n"
                "----------------------------------------------------------------------\n"
                "Traceback (most recent call last):\n"
                '  File "/home/runner/work/shop/shop/tests/shop.py", line {n}, in {t}\n'
                "    self.assertEqual(total(), 2)\nAssertionError: {v} != 2\n"
            ],
            "Ran 9 tests in 0.{n}s\n\nFAILED (failures={many})",
        ],
        "tests.shop.{c}.{t}",
        "AssertionError: {v} != 2",
    ),
    "unittest before Python 3.11": Form(
        [["ERROR: {t} (tests.shop.{c})\n------------------------------\nKeyError: {v}\n"], "FAILED (errors={many})"],
        "tests.shop.{c}.{t}",
    ),
    "jest": Form(
        [
            [
                "FAIL src/{c}.test.js ({n}.2 s)\n  {c}\n    ✓ loads (2 ms)\n    ✕ {t} ({n} ms)\n\n  ● {c} › {t}\n\n"
                "    expect(received).toBe(expected) // Object.is equality\n\n    Expected: 2\n    Received: {v}\n\n"
                "      at Object.<anonymous> (src/{c}.test.js:{n}:5)\n"
            ],
            "Test Suites: {many} failed, 3 passed, 5 total\nTests:       {many} failed, 30 passed, 32 total\n"
            "Time:        2.{n} s",
        ],
        "src/{c}.test.js › {c} › {t}",
        "expect(received).toBe(expected) // Object.is equality",
    ),
    "jest, a file that can't be loaded": Form(
        [
            [
                "FAIL src/{c}_{t}.test.ts\n  ● Test suite failed to run\n\n"
                "    Cannot find module './tax{v}' from 'src/x.ts'\n"
            ],
            "Test Suites: {many} failed, 4 passed, 6 total\nTests:       30 passed, 30 total",
        ],
        "src/{c}_{t}.test.ts",
        "Cannot find module './tax{v}' from 'src/x.ts'",
    ),
    "vitest": Form(
        [
            [" ❯ src/{c}.test.ts (4 tests | 1 failed) {n}ms\n   × {t} {n}ms\n     → expected {v} to be 2"],
            "⎯⎯⎯⎯⎯⎯⎯ Failed Tests {many} ⎯⎯⎯⎯⎯⎯⎯\n",
            [
                " FAIL  src/{c}.test.ts > {c} > {t}\nAssertionError: expected {v} to be 2 // Object.is equality\n"
                " ❯ src/{c}.test.ts:{n}:5\n⎯⎯⎯⎯⎯⎯⎯⎯[{i}/{many}]⎯\n"
            ],
            " Test Files  {many} failed | 3 passed (5)\n      Tests  {many} failed | 30 passed (32)\n"
            "   Duration  1.{n}s",
        ],
        "src/{c}.test.ts > {c} > {t}",
        "AssertionError: expected {v} to be 2 // Object.is equality",
    ),
    "mocha": Form(
        [
            "  30 passing ({n}s)\n  {many} failing\n",
            [
                "  {i}) {c}\n       with tax\n         {t}:\n\n      AssertionError [ERR_ASSERTION]: {v} == 2\n"
                "      + expected - actual\n\n      at Context.<anonymous> (test/{c}.js:{n}:14)\n"
            ],
        ],
        "{c} › with tax › {t}",
        "AssertionError [ERR_ASSERTION]: {v} == 2",
    ),
    "cypress": Form(
        [
            [
                "  Running:  {c}.cy.js                                    ({i} of 2)\n\n  {c}\n    1) {t}\n\n"
                "  2 passing (3s)\n"
                "  1 failing\n\n  1) {c}\n       {t}:\n"
                "     AssertionError: Timed out retrying after 4000ms: expected {v}\n"
                "      at Context.eval (webpack:///./cypress/e2e/{c}.cy.js:{n}:8)\n\n  (Results)\n"
            ],
            "  (Run Finished)\n",
            ["  │ ✖  {c}.cy.js                      00:0{n}        3        2        1        -        - │"],
            "    ✖  {many} of 9 failed (22%)              00:12       27       25        2        -        -",
        ],
        "{c} › {t}",
        "AssertionError: Timed out retrying after 4000ms: expected {v}",
    ),
    "playwright": Form(
        [
            "Running 12 tests using 2 workers\n",
            [
                "  {i}) [chromium] › tests/{c}.spec.ts:{n}:3 › {c} › {t} ────────────────\n\n"
                "    Error: expect(locator).toHaveText(expected) failed\n\n    Received: {v}\n\n"
                "    Retry #1 ───────────────────────────────────────\n\n"
                "    Error: expect(locator).toHaveText(expected) failed\n"
            ],
            "  {many} failed",
            ["    [chromium] › tests/{c}.spec.ts:{n}:3 › {c} › {t} ─────────"],
            "  1 flaky\n    [chromium] › tests/other.spec.ts:3:3 › other › comes and goes ─────\n  9 passed (30.{n}s)",
        ],
        "[chromium] › tests/{c}.spec.ts › {c} › {t}",
        "Error: expect(locator).toHaveText(expected) failed",
    ),
    "karma": Form(
        [
            [
                "Chrome Headless 120.0.{n}.0 (Linux x86_64) {c} {t} FAILED\n\tExpected {v} to be 2.\n"
                "\t    at UserContext.<anonymous> (src/app/{c}.spec.ts:{n}:20)"
            ],
            "Chrome Headless 120.0.{n}.0 (Linux x86_64): Executed 20 of 20 ({many} FAILED) (1.{n} secs / 1.1 "
            "secs)\nTOTAL: {many} FAILED, 18 SUCCESS",
        ],
        "{c} {t}",
        "Expected {v} to be 2.",
    ),
    "jasmine": Form(
        [
            "Started\n..F.F\n\nFailures:",
            ["{i}) {c} {t}\n  Message:\n    Expected {v} to be 2.\n  Stack:\n        at <Jasmine>\n"],
            "20 specs, {many} failures\nFinished in 0.{n} seconds",
        ],
        "{c} {t}",
    ),
    "node": Form(
        [
            ["▶ {c}\n  ✖ {t} ({n}.17ms)"],
            "ℹ tests 9\nℹ fail {many}\n\n✖ failing tests:\n",
            ["test at test/{c}.js:{n}:3\n✖ {t} ({n}.17ms)\n  AssertionError [ERR_ASSERTION]: {v} == 2\n"],
        ],
        "{t}",
    ),
    "bun": Form(
        [
            ["test/{c}.test.ts:\nerror: expect(received).toBe(expected)\n(fail) {c} > {t} [{n}.00ms]"],
            " 7 pass\n {many} fail",
        ],
        "{c} > {t}",
    ),
    "go": Form(
        [
            "ok  \tacme.example/shop/tax\t0.01{n}s",
            [
                "=== RUN   {t}\n--- FAIL: {t} (0.{n}s)\n    --- FAIL: {t}/of_{c} (0.{n}s)\n"
                "        shop_test.go:{n}: got {v}, want 2\n"
                "FAIL\nFAIL\tacme.example/shop/{c}\t0.5{n}s"
            ],
            "FAIL",
        ],
        "acme.example/shop/{c} {t}/of_{c}",
        "got {v}, want 2",
    ),
    "go, packages that end before any test": Form(
        [
            ["panic: no database\n\ngoroutine {n} [running]:\nmain.init()\nFAIL\tacme.example/{c}/{t}\t0.0{n}s"],
            "ok  \tacme.example/shop/tax\t0.01{n}s\nFAIL",
        ],
        "acme.example/{c}/{t}",
    ),
    "gotestsum": Form(
        [
            "✓  shop/tax ({n}ms)\n✖  shop (12ms)\n\n=== Failed",
            ["=== FAIL: shop/{c} {t} (0.{n}s)\n    shop_test.go:{n}: got {v}, want 2\n"],
            "DONE 12 tests, {many} failures in 1.{n}s",
        ],
        "shop/{c} {t}",
        "got {v}, want 2",
    ),
    "ginkgo": Form(
        [
            "Summarizing {many} Failures:",
            ["  [FAIL] {c} [It] {t}\n  /home/runner/work/shop/shop/x_test.go:{n}"],
            "FAIL! -- 9 Passed",
        ],
        "{c} [It] {t}",
    ),
    "cargo": Form(
        [
            "running 9 tests\ntest tax::ok ... ok",
            ["test {c}::{t} ... FAILED"],
            "\nfailures:\n",
            [
                "---- {c}::{t} stdout ----\n\nthread '{c}::{t}' ({n}71) panicked at src/{c}.rs:{n}:9:\n"
                "assertion `left == right` failed: total\n  left: {v}\n right: 2\n"
            ],
            "\nfailures:",
            ["    {c}::{t}"],
            "\ntest result: FAILED. 7 passed; {many} failed; 0 ignored; 0 measured; 0 filtered out; finished in "
            "0.{n}s\n",
            "error: test failed, to rerun pass `--lib`",
        ],
        "{c}::{t}",
        "assertion `left == right` failed: total",
    ),
    "cargo, examples in documentation": Form(
        [["test src/{c}.rs - {c}::{t} (line {n}) ... FAILED"], "test result: FAILED. 7 passed; {many} failed"],
        "src/{c}.rs - {c}::{t}",
    ),
    "nextest": Form(
        [
            "    Starting 12 tests across 2 binaries",
            ["        FAIL [   0.00{n}s] ({i}/12) shop::{c} {t}\n  stdout ───"],
            "  TRY 1 FAIL [   0.00{n}s] shop::other comes_and_goes\n"
            "   FLAKY 2/3 [   0.00{n}s] shop::other comes_and_goes",
            "     Summary [   0.0{n}s] 12 tests run: 10 passed, {many} failed, 0 skipped",
            ["        FAIL [   0.00{n}s] ({i}/12) shop::{c} {t}"],
            "error: test run failed",
        ],
        "shop::{c} {t}",
    ),
    "maven": Form(
        [
            "[INFO] Running acme.shop.TaxTest",
            [
                "[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.{n} s <<< FAILURE! "
                "-- in acme.{c}\n"
                "[ERROR] acme.{c}.{t} -- Time elapsed: 0.0{n} s <<< FAILURE!\n"
                "org.opentest4j.AssertionFailedError: expected: <2> but was: <{v}>\n\tat acme.{c}.{t}({c}.java:{n})\n"
            ],
            "[INFO] Results:\n[INFO] \n[ERROR] Failures: ",
            ["[ERROR]   {c}.{t}:{n} expected: <2> but was: <{v}>"],
            "[INFO] \n[ERROR] Tests run: 40, Failures: {many}, Errors: 0, Skipped: 0\n[INFO] BUILD FAILURE",
        ],
        "acme.{c}.{t}",
        "org.opentest4j.AssertionFailedError: expected: <2> but was: <{v}>",
    ),
    "maven, of old": Form(
        [
            [
                "{t}(acme.{c})  Time elapsed: 0.0{n} sec  <<< FAILURE!\njava.lang.AssertionError: {v}\n"
                "\tat acme.{c}.{t}({c}.java:{n})\n"
            ],
            "Results :\n\nFailed tests: ",
            ["  {c}.{t}:{n} expected 2"],
            "\nTests run: 40, Failures: {many}, Errors: 0, Skipped: 0",
        ],
        "acme.{c}.{t}",
        "java.lang.AssertionError: {v}",
    ),
    "gradle": Form(
        [
            "> Task :shop:compileTestJava UP-TO-DATE\n> Task :shop:test\n",
            ["{c} > {t}() FAILED\n    org.opentest4j.AssertionFailedError at {c}.java:{n}\n"],
            "12 tests completed, {many} failed\n\n> Task :shop:test FAILED\n\n"
            "FAILURE: Build failed with an exception.\n",
            "* What went wrong:\nExecution failed for task ':shop:test'.\n"
            "> There were failing tests. See the report at: file:///x/index.html",
        ],
        "{c} > {t}()",
        "org.opentest4j.AssertionFailedError",
    ),
    "kotlin, several platforms": Form(
        [
            "> Task :shop:jvmTest\n",
            ["acme.{c}[jvm] > {t}[jvm] FAILED\n    java.lang.AssertionError at {c}.kt:{n}\n"],
            "12 tests completed, {many} failed\n> There were failing tests. See the report at: file:///x/index.html",
        ],
        "acme.{c}[jvm] > {t}[jvm]",
        "java.lang.AssertionError",
    ),
    "scalatest": Form(
        [
            ["[info] {c}:\n[info] - works\n[info] - {t} *** FAILED ***\n[info]   {v} did not equal 2 ({c}.scala:{n})"],
            "[info] Run completed in {n} seconds.\n[info] Tests: succeeded 9, failed {many}, canceled 0\n"
            "[info] *** {many} TESTS FAILED ***\n[error] Failed tests:",
            ["[error] \tacme.{c}"],
            "[error] (Test / test) sbt.TestsFailedException: Tests unsuccessful",
        ],
        "{c} {t}",
        "{v} did not equal 2",
    ),
    "munit": Form(
        [
            ["==> X acme.{c}.{t}  0.0{n}s munit.ComparisonFailException: /x/{c}.scala:{n}\n{v} != 2"],
            "[error] Failed: Total 9, Failed {many}, Errors 0, Passed 7\n[error] Failed tests:",
            ["[error] \tacme.{c}"],
        ],
        "acme.{c}.{t}",
    ),
    "dotnet": Form(
        [
            [
                "[xUnit.net 00:00:0{n}.51]     Acme.{c}.{t} [FAIL]\n  Failed Acme.{c}.{t} [{n} ms]\n  Error Message:\n"
                "   Assert.Equal() Failure: Values differ\nExpected: 2\nActual:   {v}\n  Stack Trace:\n"
                "     at Acme.{c}.{t}() in /home/runner/work/shop/shop/{c}.cs:line {n}"
            ],
            "\nFailed!  - Failed:     {many}, Passed:    40, Skipped:     0, Total:    42, Duration: {n} s - "
            "Acme.dll (net9.0)",
        ],
        "Acme.{c}.{t}",
        "Assert.Equal() Failure: Values differ",
    ),
    "xunit": Form(
        [
            ["    Acme.{c}.{t} [FAIL]\n      Assert.Equal() Failure: {v}"],
            "   Total: 12, Errors: 0, Failed: {many}, Skipped: 0\nTest Run Failed.",
        ],
        "Acme.{c}.{t}",
        "Assert.Equal() Failure: {v}",
    ),
    "nunit": Form(
        [
            "Errors, Failures and Warnings\n",
            [
                "{i}) Failed : Acme.{c}.{t}\n  Expected: 2\n  But was:  {v}\n"
                "   at Acme.{c}.{t}() in C:\\x\\{c}.cs:line {n}\n"
            ],
            "Test Run Summary\n  Overall result: Failed\n  Test Count: 12, Passed: 10, Failed: {many}",
        ],
        "Acme.{c}.{t}",
        "Expected: 2",
    ),
    "dotnet's testing platform": Form(
        [
            ["failed Acme.{c}.{t} ({n}ms)\n  Assert.AreEqual failed. Actual: {v}"],
            "Test run summary: Failed!\n  total: 12\n  failed: {many}",
        ],
        "Acme.{c}.{t}",
        "Assert.AreEqual failed. Actual: {v}",
    ),
    "phpunit": Form(
        [
            "There were {many} failures:\n",
            [
                "{i}) Tests\\{c}::test{t}\nFailed asserting that {v} is identical to 2.\n\n"
                "/home/runner/work/shop/shop/tests/{c}.php:{n}\n"
            ],
            "--\n\nThere was 1 risky test:\n\n1) Tests\\OtherTest::testNothing\n"
            "This test did not perform any assertions\n",
            "FAILURES!\nTests: 12, Assertions: 40, Failures: {many}, Risky: 1.",
        ],
        "Tests\\{c}::test{t}",
        "Failed asserting that {v} is identical to 2.",
    ),
    "pest": Form(
        [
            ["   FAIL  Tests\\Unit\\{c}\n  ⨯ it {t}                                     0.0{n}s"],
            "  ──────────────────────────────────────────────",
            [
                "   FAILED  Tests\\Unit\\{c} > it {t}\n  Failed asserting that {v} is identical to 2.\n\n"
                "  at tests/Unit/{c}.php:{n}\n"
            ],
            "  Tests:    {many} failed, 10 passed (12 assertions)",
        ],
        "Tests\\Unit\\{c} > it {t}",
    ),
    "rspec": Form(
        [
            "Failures:\n",
            [
                "  {i}) {c} {t}\n     Failure/Error: expect(total).to eq(2)\n\n       expected: 2\n"
                "            got: {v}\n     # ./spec/shop_spec.rb:{n}\n"
            ],
            "Finished in 0.{n} seconds\n40 examples, {many} failures\n\nFailed examples:\n",
            ["rspec ./spec/shop_spec.rb:{n} # {c} {t}"],
        ],
        "spec/shop_spec.rb {c} {t}",
    ),
    "minitest": Form(
        [
            "# Running:\n\n..F.F\n\nFinished in 0.{n}s",
            ["  {i}) Failure:\n{c}#test_{t} [test/shop_test.rb:{n}]:\nExpected: 2\n  Actual: {v}\n"],
            "12 runs, 40 assertions, {many} failures, 0 errors, 0 skips",
        ],
        "{c}#test_{t}",
        "Expected: 2",
    ),
    "test-unit": Form(
        [["Failure: test_{t}({c}): <2> expected but was <{v}>."], "12 tests, 40 assertions, {many} failures, 0 errors"],
        "test_{t}({c})",
        "<2> expected but was <{v}>.",
    ),
    "ctest": Form(
        [
            ["{i}/12 Test #{i}: {c}.{t} ..........................***Failed    0.{n} sec"],
            "\n83% tests passed, {many} tests failed out of 12\n\nTotal Test time (real) =   0.{n} sec\n\n"
            "The following tests FAILED:",
            ["\t 1{i} - {c}.{t} (Failed)"],
            "Errors while running CTest",
        ],
        "{c}.{t}",
        "Failed",
    ),
    "googletest": Form(
        [
            [
                "[ RUN      ] {c}.{t}\n/home/runner/work/shop/shop/x_test.cc:{n}: Failure\n"
                "Expected equality of these values:\n"
                "  total()\n    Which is: {v}\n  2\n[  FAILED  ] {c}.{t} ({n} ms)"
            ],
            "[==========] 12 tests from 3 test suites ran. ({n} ms total)\n[  PASSED  ] 10 tests.\n"
            "[  FAILED  ] {many} tests, listed below:",
            ["[  FAILED  ] {c}.{t}"],
            "\n {many} FAILED TESTS",
        ],
        "{c}.{t}",
        "Expected equality of these values:",
    ),
    "catch2": Form(
        [
            [
                "-" * 79
                + "\n{c}\n  {t}\n"
                + "-" * 79
                + "\n/home/runner/work/shop/shop/x_test.cpp:{n}\n"
                + "." * 79
                + "\n\n/home/runner/work/shop/shop/x_test.cpp:1{n}: FAILED:\n  CHECK( total() == 2 )\n"
                "with expansion:\n  {v} == 2\n"
            ],
            "=" * 79 + "\ntest cases: 12 | 10 passed | {many} failed\nassertions: 40 | 38 passed | 2 failed",
        ],
        "{c} / {t}",
        "CHECK( total() == 2 )",
    ),
}
"""By a framework's name, and what is special, the form in which it prints failures."""
