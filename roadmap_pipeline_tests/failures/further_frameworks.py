"""Forms in which further test frameworks print failing tests, in our own words and in each one's real form."""

from roadmap_pipeline_tests.failures.form import Form

FORMS = {
    "exunit": Form(
        [
            "..\n",
            [
                "  {i}) test {t} (Shop.{c})\n     test/shop_test.exs:{n}\n     Assertion with == failed\n"
                "     code:  assert total() == 2\n     left:  {v}\n     right: 2\n     stacktrace:\n"
                "       test/shop_test.exs:{n}: (test)\n"
            ],
            "Finished in 0.{n} seconds (0.00s async, 0.0{n}s sync)\n12 tests, {many} failures",
        ],
        "Shop.{c} test {t}",
        "Assertion with == failed",
    ),
    "flutter": Form(
        [
            "00:01 +9: loading /home/runner/work/shop/shop/test/tax_test.dart",
            [
                "00:0{n} +9 -{i}: /home/runner/work/shop/shop/test/{c}.dart: {c} {t} [E]\n  Expected: <2>\n"
                "    Actual: <{v}>\n"
            ],
            "00:0{n} +10 -{many}: Some tests failed.",
        ],
        "test/{c}.dart: {c} {t}",
        "Expected: <2>",
    ),
    "xctest on Linux": Form(
        [
            [
                "Test Case '{c}.{t}' started at 2026-11-10 09:00:0{n}.123\n"
                "/home/runner/work/shop/shop/Tests/{c}.swift:{n}: error: {c}.{t} : XCTAssertEqual failed: "
                '("{v}") is not equal to ("2")\n'
                "Test Case '{c}.{t}' failed (0.{n} seconds)"
            ],
            "\t Executed 12 tests, with {many} failures (0 unexpected) in 0.{n} (0.{n}) seconds",
        ],
        "{c}.{t}",
    ),
    "xcodebuild": Form(
        [
            [
                "/Users/runner/work/shop/shop/Tests/{c}.swift:{n}: error: -[Shop.{c} {t}] : XCTAssertEqual "
                'failed: ("{v}")\n'
                "Test Case '-[Shop.{c} {t}]' failed (0.{n} seconds)."
            ],
            "Executed 12 tests, with {many} failures (0 unexpected) in 0.{n} (0.{n}) seconds\nFailing tests:",
            ["\t{c}.{t}()"],
            "** TEST FAILED **",
        ],
        "Shop.{c}.{t}",
        'XCTAssertEqual failed: ("{v}")',
    ),
    "swift testing": Form(
        [
            [
                '✘ Test "{t} of {c}" recorded an issue at {c}.swift:{n}:9: Expectation failed: (total → {v}) == 2\n'
                '✘ Test "{t} of {c}" failed after 0.00{n} seconds with 1 issue.'
            ],
            "✘ Suite ShopTests failed after 0.00{n} seconds with {many} issues.\n"
            "✘ Test run with 12 tests failed after 0.{n} seconds with {many} issues.",
        ],
        '"{t} of {c}"',
        "Expectation failed: (total → {v}) == 2",
    ),
    "bazel": Form(
        [
            "FAIL: //shop:x_test (see /home/runner/.cache/bazel/x/test.log)\n"
            "//shop:ok_test                      PASSED in 1.3s".replace("//shop:x_test", "//{c}:{t}"),
            [
                "//{c}:{t}                         FAILED in 2 out of 3 in {n}.3s\n"
                "  Stats over 3 runs: max = {n}.3s\n  /x/test.log"
            ],
            "\nExecuted 12 out of 12 tests: 10 tests pass and {many} fail locally.",
        ],
        "//{c}:{t}",
        "FAILED",
    ),
    "tap": Form(
        [
            "TAP version 13\nok 1 - loads",
            ["not ok 1{i} - {c} {t}\n  ---\n  operator: equal\n  actual: {v}\n  ..."],
            "# fail  {many}",
        ],
        "{c} {t}",
    ),
    "perl": Form(
        [
            ["#   Failed test '{t} of {c}'\n#   at t/{c}.t line {n}.\n#          got: '{v}'\n#     expected: '2'"],
            "Result: FAIL\nFailed 1/3 test programs. {many}/12 subtests failed.",
        ],
        "{t} of {c}",
        "got: '{v}'",
    ),
    "julia": Form(
        [
            [
                "{c} {t}: Test Failed at /home/runner/work/shop/shop/test/runtests.jl:{n}\n"
                "  Expression: total() == 2\n   Evaluated: {v} == 2\n"
            ],
            "Test Summary: | Pass  Fail  Total\n"
            "ERROR: LoadError: Some tests did not pass: 10 passed, {many} failed, 0 errored, 0 broken.",
        ],
        "test/runtests.jl {c} {t}",
        "Expression: total() == 2",
    ),
    "testthat": Form(
        [
            "══ Failed tests ════════════════════════════════════",
            [
                "── Failure ('test-{c}.R:{n}:3'): {t} ────────────────\n"
                "`total()` (`actual`) not equal to 2 (`expected`).\n\n  `actual`: {v}"
            ],
            "[ FAIL {many} | WARN 0 | SKIP 1 | PASS 40 ]\nError: Test failures",
        ],
        "test-{c}.R {t}",
        "`total()` (`actual`) not equal to 2 (`expected`).",
    ),
    "tasty": Form(
        [
            "Shop",
            [
                "  {c}\n    loads:  OK\n    {t}: FAIL (0.0{n}s)\n      test/{c}.hs:{n}:\n      expected: 2\n"
                "       but got: {v}"
            ],
            "{many} out of 12 tests failed (0.0{n}s)",
        ],
        "Shop.{c}.{t}",
    ),
    "hspec": Form(
        [
            "Failures:\n",
            [
                "  test/ShopSpec.hs:{n}:5: \n  {i}) {c} {t}\n       expected: 2\n        but got: {v}\n\n"
                '  To rerun use: --match "/{c}/{t}/" --seed 1{n}\n'
            ],
            "Finished in 0.00{n} seconds\n12 examples, {many} failures",
        ],
        "/{c}/{t}/",
    ),
    "robot": Form(
        [
            "==============================================================================\n"
            "Shop :: Acceptance tests\n==============================================================================",
            [
                "{c} {t}                                                      | FAIL |\n"
                "{v} != 2\n------------------------------------------------------------------------------"
            ],
            "Loads                                                                 | PASS |\n"
            "Shop :: Acceptance tests                                              | FAIL |\n"
            "12 tests, 10 passed, {many} failed",
        ],
        "{c} {t}",
        "{v} != 2",
    ),
    "cucumber": Form(
        [
            "Failing Scenarios:",
            ["cucumber features/{c}.feature:{n} # Scenario: {t}"],
            "\n12 scenarios ({many} failed, 10 passed)",
        ],
        "features/{c}.feature Scenario: {t}",
    ),
    "cucumber-js": Form(
        [
            "Failures:\n",
            ["{i}) Scenario: {t} # features/{c}.feature:{n}\n   ✖ Then it is 2 # steps.js:{n}\n       {v}\n"],
            "12 scenarios ({many} failed, 10 passed)",
        ],
        "features/{c}.feature {t}",
    ),
    "behave": Form(
        [
            "Failing scenarios:",
            ["  features/{c}.feature:{n}  {t}"],
            "\n0 features passed, 1 failed, 0 skipped\n10 scenarios passed, {many} failed, 0 skipped",
        ],
        "features/{c}.feature {t}",
    ),
    "pester": Form(
        [
            "Running tests from 'tests/Shop.Tests.ps1'",
            ["[-] {c}.{t} {n}ms ({n}ms|1ms)\n Expected 2, but got {v}.\n at Shop.Tests.ps1:{n}"],
            "Tests completed in 1.{n}s\nTests Passed: 10, Failed: {many}, Skipped: 0, Inconclusive: 0, NotRun: 0",
        ],
        "{c}.{t}",
        "Expected 2, but got {v}.",
    ),
    "bats": Form(
        [
            " ✓ loads",
            [" ✗ {c} {t}\n   (in test file test/shop.bats, line {n})\n     `[ {v} -eq 2 ]' failed"],
            "\n12 tests, {many} failures",
        ],
        "{c} {t}",
    ),
    "shellspec": Form(
        ["Failures:", ["shellspec spec/{c}_spec.sh:{n} # {i}) {t} FAILED"], "12 examples, {many} failures"],
        "{t}",
    ),
    "busted": Form(
        [
            ["Failure → spec/shop_spec.lua @ {n}\n{c} {t}\nspec/shop_spec.lua:{n}: Expected objects to be equal."],
            "10 successes / {many} failures / 0 errors / 0 pending : 0.{n} seconds",
        ],
        "spec/shop_spec.lua {c} {t}",
    ),
    "plenary": Form(
        [
            "Testing:\ttests/shop_spec.lua\nSuccess\t||\tloads\t",
            ["Fail\t||\t{c} {t}\t\n            ...shop/tests/shop_spec.lua:{n}: Expected objects to be the same."],
            "Success:\t10\nFailed :\t{many}\nErrors :\t0\nTests Failed. Exit: 1",
        ],
        "{c} {t}",
    ),
    "luaunit": Form(
        [
            "Failed tests:\n-------------",
            ["{i}) Test{c}.test_{t}\nshop.lua:{n}: expected: 2, actual: {v}"],
            "Ran 12 tests in 0.{n} seconds, 10 successes, {many} failures",
        ],
        "Test{c}.test_{t}",
    ),
    "elm": Form(
        [
            ["↓ Shop\n↓ {c}\n✗ {t}\n\n    {v}\n    ╷\n    │ Expect.equal\n    ╵\n    2\n"],
            "TEST RUN FAILED\n\nFailed: {many}",
        ],
        "Shop › {c} › {t}",
    ),
    "alcotest": Form(
        [
            "Testing `Shop'.\n  [OK]          {c}          0   loads.",
            ["> [FAIL]        {c}          {n}   {t}."],
            "{many} failures! in 0.00{n}s. 12 tests run.",
        ],
        "{c} {t}",
    ),
    "clojure": Form(
        [
            "Testing shop.core-test",
            ["FAIL in ({t}) ({c}.clj:{n})\nadds it up\nexpected: (= 2 (total))\n  actual: (not (= 2 {v}))\n"],
            "Ran 12 tests containing 40 assertions.\n{many} failures, 0 errors.",
        ],
        "{c}.clj {t}",
        "expected: (= 2 (total))",
    ),
    "eunit": Form(
        [
            "======================== EUnit ========================",
            ["shop_{c}_tests: {t}_test...*failed*\nin function shop:total/1 (shop.erl)\n**error:{badmatch,{v}}"],
            "=======================================================\n  Failed: {many}.  Skipped: 0.  Passed: 10.",
        ],
        "shop_{c}_tests:{t}_test",
    ),
    "common test": Form(
        [
            ["%%% shop_{c}_SUITE ==> {t}: FAILED\n%%% shop_SUITE ==> {badmatch,{v}}"],
            "Failed {many} tests. Passed 10 tests.",
        ],
        "shop_{c}_SUITE ==> {t}",
    ),
    "zig": Form(
        [
            ["error: 'shop.{c}.test.{t}' failed: expected 2, found {v}\n/usr/lib/zig/std/testing.zig:{n}:17: 0x10{n}"],
            "Build Summary: 3/5 steps succeeded; 1 failed; 10/12 tests passed; {many} failed",
        ],
        "shop.{c}.test.{t}",
        "expected 2, found {v}",
    ),
    "zig test": Form(
        [
            ["{i}/12 shop.{c}.test.{t}...FAIL (TestExpectedEqual)\nexpected 2, found {v}"],
            "10 passed; 0 skipped; {many} failed.",
        ],
        "shop.{c}.test.{t}",
        "TestExpectedEqual",
    ),
    "nim": Form(
        [
            "[Suite] {c}\n  [OK] loads",
            ["    /shop/tests/tshop.nim({n}, 10): Check failed: total() == 2\n  [FAILED] {c} {t}"],
            "Error: execution of an external program failed: 'tests/tshop'\nfailed tests: {many}",
        ],
        "{c} {t}",
    ),
    "crystal": Form(
        [
            "Failures:\n",
            ["  {i}) {c} {t}\n     Failure/Error: total.should eq(2)\n\n       Expected: 2\n            got: {v}\n"],
            "12 examples, {many} failures, 0 errors, 0 pending\n\nFailed examples:\n",
            ["crystal spec spec/shop_spec.cr:{n} # {c} {t}"],
        ],
        "spec/shop_spec.cr {c} {t}",
    ),
    "foundry": Form(
        [
            "Failing tests:\nEncountered {many} failing tests in test/Shop.t.sol:ShopTest",
            ["[FAIL: assertion failed: {v} != 2] test_{c}_{t}() (gas: 9{n})"],
            "Encountered a total of {many} failing tests, 10 tests succeeded",
        ],
        "test_{c}_{t}()",
        "assertion failed: {v} != 2",
    ),
    "foundry, fuzzed": Form(
        [
            "Failing tests:",
            [
                "[FAIL. Reason: total is wrong; counterexample: calldata=0x7f{n} args=[{v}]] test_{c}_{t}(uint256)"
                " (runs: 1{n}, μ: 8{n}, ~: 9{n})"
            ],
            "Encountered a total of {many} failing tests, 10 tests succeeded",
        ],
        "test_{c}_{t}(uint256)",
        "total is wrong",
    ),
    "terraform": Form(
        [
            "tests/shop.tftest.hcl... in progress",
            ['  run "{c}_{t}"... fail\n╷\n│ Error: Test assertion failed\n│ \n│   on shop.hcl line {n}:\n╵'],
            "tests/shop.tftest.hcl... fail\n\nFailure! 10 passed, {many} failed.",
        ],
        'run "{c}_{t}"',
        "Test assertion failed",
    ),
    "opa": Form(
        [["data.shop.{c}.test_{t}: FAIL ({n}.1µs)"], "-------------------\nPASS: 10/12\nFAIL: {many}/12"],
        "data.shop.{c}.test_{t}",
    ),
    "conftest": Form(
        [
            ["FAIL - {c}-{t}.yaml - main - total must be 2"],
            "\n12 tests, 10 passed, 0 warnings, {many} failures, 0 exceptions",
        ],
        "{c}-{t}.yaml - main",
        "total must be 2",
    ),
    "dbt": Form(
        [
            "09:00:0{n}  Completed with {many} errors, 0 partial successes, and 0 warnings:",
            [
                "09:00:0{n}  Failure in test not_null_{c}_{t} (models/schema.yml)\n"
                "09:00:0{n}    Got {v} results, configured to fail if != 0"
            ],
            "09:00:0{n}  Done. PASS=10 WARN=0 ERROR={many} SKIP=0 TOTAL=12",
        ],
        "not_null_{c}_{t}",
        "Got {v} results, configured to fail if != 0",
    ),
}
"""By a framework's name, and what is special, the form in which it prints failures."""
