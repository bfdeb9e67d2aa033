"""Wrappers around other tools: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import WRAPPER, Kind

KINDS = [
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: builder for '/nix/store/h4-acme-1.0.drv' failed with exit code 2;\n       last 3 log lines:\n       >"
        " src/main.c:14:5: error: unknown type name 'siz_t'\n       > make: *** [Makefile:3: main.o] Error 1\n      "
        " For"
        " full logs, run:\n         nix log /nix/store/h4-acme-1.0.drv",
        "unknown type name",
    ),
    Kind(
        WRAPPER,
        "test",
        "nix flake check",
        "error: builder for '/nix/store/h5-acme-1.0.drv' failed with exit code 1;\n       last 4 log lines:\n       >"
        " =========== short test summary info ============\n       > FAILED tests/test_area.py::test_square - assert"
        " 4 == 5\n       > ========== 1 failed, 9 passed in 0.31s ==========",
        "FAILED tests/test_area.py",
    ),
    Kind(
        WRAPPER,
        "test",
        "nix build -L",
        "acme> running tests\nacme> test area::square ... FAILED\nacme> test result: FAILED. 3 passed; 1 failed; 0"
        " ignored\nerror: Cannot build '/nix/store/h6-acme-1.0.drv'.\n       Reason: builder failed with exit code"
        " 101.",
        "FAILED",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "./gradlew build",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nCould not resolve all files for configuration"
        " ':compileClasspath'.\n> Could not find com.acme:core:9.9.\n  Required by:\n      project :\n\nBUILD FAILED"
        " in 3s",
        "Could not find com.acme:core",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "./gradlew check",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':core:spotlessKotlinCheck'.\n> The following files had format violations:\n      src/main/kotlin/App.kt",
        "format violations",
    ),
    Kind(
        WRAPPER,
        "script_error",
        "./gradlew publishAll",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nTask 'publishAll' not found in root project"
        " 'acme' and its subprojects.",
        "Task 'publishAll' not found",
    ),
    Kind(
        WRAPPER,
        "compile",
        "./gradlew help",
        "FAILURE: Build failed with an exception.\n\n* Where:\nBuild file '/home/runner/work/acme/build.gradle' line: 9"
        "\n\n* What went wrong:\nA problem occurred evaluating root project 'acme'.\n> Could not find method"
        " implementaton()"
        " for arguments [x] on object of type DefaultDependencyHandler.",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "git ls-files '*.cpp' | xargs clang-format --dry-run -Werror",
        "src/area.cpp:3:9: error: code should be clang-formatted [-Wclang-format-violations]\n"
        "##[error]Process completed with exit code 123.",
        "clang-formatted",
    ),
    Kind(
        WRAPPER,
        "compile",
        "find examples -name '*.go' | xargs -n1 go build",
        "# command-line-arguments\nexamples/a/main.go:7:2: undefined: Area\n"
        "##[error]Process completed with exit code 123.",
        "undefined: Area",
    ),
    Kind(
        WRAPPER,
        "script_error",
        "ls *.tf | xargs -n1 tflintt",
        "xargs: tflintt: No such file or directory\n##[error]Process completed with exit code 127.",
        "tflintt",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "nix build",
        "error: flake 'path:/w' does not provide attribute 'packages.x86_64-linux.web'",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "nix build",
        "error: hash mismatch in fixed-output derivation '/nix/store/a-deps.drv':\n         specified: sha256-AAA=\n "
        "           got:    sha256-BBB=",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: builder for '/nix/store/aa-web.drv' failed with exit code 1;\n       last 2 log lines:\n       >"
        " error TS2304: Cannot find name 'Foo'.\n       > src/a.ts(1,1): error TS2304: Cannot find name 'Foo'.",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "./gradlew assemble",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nA problem occurred configuring root project"
        " 'acme'.\n> Could not resolve all artifacts for configuration 'classpath'.\n   > Could not find"
        " com.android.tools.build:gradle:9.9.9.",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "./gradlew assemble",
        "> Task :app:compileKotlin FAILED\ne: file:///w/A.kt:3:5 Unresolved reference 'foo'.\n\nFAILURE: Build failed"
        " with an exception.\n\n* What went wrong:\nExecution failed for task ':app:compileKotlin'.",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "./gradlew test",
        "AreaTest > square() FAILED\n    org.opentest4j.AssertionFailedError at AreaTest.java:9\n\nFAILURE: Build"
        " failed with an exception.\n\n* What went wrong:\nExecution failed for task ':test'.\n> There were failing"
        " tests.",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "find . -name '*.sh' | xargs shellcheck",
        "In a.sh line 3:\n  ^-- SC2086 (info): Double quote to prevent globbing",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "find t -name '*.t' | xargs -n1 prove",
        "not ok 2 - adds\n# Failed test 'adds'\nResult: FAIL",
        "",
    ),
    Kind(
        WRAPPER,
        "dependency_install",
        "docker build .",
        '#9 1.2 npm error code E404\n#9 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code:'
        ' 1\nERROR: failed to build: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit'
        " code: 1",
        "",
    ),
    Kind(
        WRAPPER, "compile", "nix build", "error: undefined variable 'pkgss'\n       at /nix/store/x/flake.nix:9:5:", ""
    ),
    Kind(
        WRAPPER,
        "compile",
        "nix build",
        "error: Cannot build '/nix/store/aa-web-1.drv'.\n       Reason: builder failed with exit code 2.\n       Last"
        " 3 log lines:\n       > main.go:3:2: undefined: foo",
        "",
    ),
    Kind(
        WRAPPER,
        "lint_format",
        "nix flake check",
        "error: builder for '/nix/store/a-treefmt-check.drv' failed with exit code 1;\n       last 2 log lines:\n    "
        "   > error: files would be changed\n       > Would reformat: src/a.py",
        "",
    ),
    Kind(
        WRAPPER,
        "compile",
        "npx turbo build",
        'web:build: error during build:\nweb:build: RollupError: Could not resolve "./x" from "src/a.ts"\n ERROR  run'
        " failed: command  exited (1)",
        "",
    ),
    Kind(
        WRAPPER,
        "test",
        "nick-fields/retry@v3",
        "--- FAIL: TestA (0.0s)\n##[error]Final attempt failed. Child_process exited with error code 1",
        "",
    ),
]
