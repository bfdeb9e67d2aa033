"""Further kinds of failures: signing and licences, solvers of dependencies, wrappers around other tools, scanners."""

from roadmap_pipeline_tests.failures.kinds.kind import SCANNER, SIGNING, SOLVER, WRAPPER, Kind

KINDS = [
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane ios cert",
        "[!] Error cloning certificates repo, please make sure you have read access to the repository you want to use",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[!] No code signing identity found and can not create a new one because you enabled `readonly`",
        "",
    ),
    Kind(
        SIGNING, "permissions_auth", "fastlane beta", "[!] Could not find the newly generated certificate installed", ""
    ),
    Kind(SIGNING, "permissions_auth", "fastlane match", "[!] Invalid password passed via 'MATCH_PASSWORD'", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane deliver",
        "[!] Authentication credentials are missing or invalid. - Provide a properly configured and signed bearer"
        " token",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -exportArchive",
        'error: exportArchive: No signing certificate "iOS Distribution" found\n** EXPORT FAILED **',
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "CI Dev" doesn\'t include signing certificate "Apple Development: A (X)".\n**'
        " ARCHIVE FAILED **",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: "App" requires a provisioning profile. Select a provisioning profile in the Signing & Capabilities'
        " editor.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "Execution failed for task ':app:signReleaseBundle'.\n> A failure occurred while executing"
        " com.android.build.gradle.internal.tasks.FinalizeBundleTask$BundleToolRunnable\n   > java.io.IOException:"
        " keystore password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "flutter build appbundle --release",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nA problem occurred evaluating project"
        " ':app'.\n> path may not be null or empty string. path=''\nKeystore file not set for signing config release",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "electron-builder --mac",
        '  • skipped macOS application code signing  reason=cannot find valid "Developer ID Application" identity\n '
        " ⨯ Env vars APPLE_ID, APPLE_APP_SPECIFIC_PASSWORD missing: cannot notarize",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-test-runner@v4",
        "License activation failed: com.unity.editor.headless entitlement was not found\n##[error]There was an error"
        " while trying to activate the Unity license.",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda env create -f env.yml",
        "LibMambaUnsatisfiableError: Encountered problems while solving:\n  - nothing provides requested numpy 9.9**",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix deps.get",
        '** (Mix) Hex dependency resolution failed\nBecause "your app" depends on "phoenix ~> 9.0" which doesn\'t'
        " match any versions, version solving failed.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "opam install foo", "[ERROR] No package named foo found.", ""),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build",
        "Error: [Cabal-7107]\nCould not resolve dependencies:\n[__1] unknown package: acme-core (dependency of acme)",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "cabal build",
        "Building library for acme-0.1...\nsrc/Acme.hs:9:5: error: [GHC-88464]\n    Variable not in scope:"
        " fooo\nError: [Cabal-7125]\nFailed to build acme-0.1.",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "stack build",
        "acme> src/Lib.hs:4:8: error: [GHC-88464] Variable not in scope: x\n\nError: [S-7282]\n       Stack failed to"
        " execute the build plan.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "stack build", "Error: [S-4804]\nStack failed to construct a build plan.", ""),
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
        SCANNER,
        "workflow_config",
        "github/codeql-action/init@v4",
        "##[error]Did not recognize the following languages: cplus. Please check the languages input.",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/autobuild@v4",
        "##[error]Could not auto-detect a suitable build method\n",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v4",
        "##[error]Code Scanning could not process the submitted SARIF file:\nCodeQL analyses from advanced"
        " configurations cannot be processed when the default setup is enabled",
        "",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "github/codeql-action/upload-sarif@v4",
        "##[error]Resource not accessible by integration - https://docs.github.com/rest",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "semgrep scan --config rules/",
        "semgrep: error: invalid configuration file found (1 configs were invalid)",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "trivy fs --config trivy.yaml .",
        "FATAL\tFatal error\tconfig error: 'foo' is not a valid severity",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "aquasecurity/trivy-action@master",
        "package-lock.json (npm)\nTotal: 1 (HIGH: 1, CRITICAL: 0)\n##[error]Process completed with exit code 1.",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "grype dir:. --fail-on high",
        "[0001] ERROR discovered vulnerabilities at or above the severity threshold",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "Dist" has expired.\n** ARCHIVE FAILED **',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "App.app: errSecInternalComponent", ""),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "Developer ID Application: Acme: no identity found", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcrun notarytool submit a.zip",
        "Error: HTTP status code: 401. Invalid credentials. Username or password is incorrect.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "jarsigner a.apk k",
        "jarsigner: unable to open jar file / keystore load: Keystore was tampered with, or password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "apksigner sign",
        'Failed to load signer "signer #1"\njava.io.IOException: keystore password was incorrect',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "./gradlew publish", "> Could not read PGP secret key", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode",
        "Unity has not been activated with a valid License. Could be a new activation or renewal...",
        "",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "sdkmanager x",
        "Failed to install the following Android SDK packages as some licences have not been accepted.\n    "
        " platforms;android-36",
        "",
    ),
    Kind(
        SOLVER, "dependency_install", "pod install", '[!] CocoaPods could not find compatible versions for pod "A":', ""
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda install x",
        "PackagesNotFoundError: The following packages are not available from current channels:\n  - x=9",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift package resolve",
        "error: could not find a package at https://github.com/acme/x with version 9.0.0\nerror: Dependencies could"
        " not be resolved because root depends on 'x' 9.0.0",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "flutter pub get",
        "Because acme depends on foo from hosted which doesn't exist (could not find package foo at https://pub.dev),"
        " version solving failed.",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        "[ERROR] The following dependencies couldn't be met:\n  - acme -> lwt >= 9\n        no matching version",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        'The following actions failed\n+- build conf-gmp.4\n[ERROR] The compilation of conf-gmp.4 failed at "sh -exc'
        ' cc -c test.c".',
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop",
        "error: Package 'python-2.7' in /nix/store/a/default.nix:3 is marked as insecure, refusing to evaluate.",
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
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v3",
        "##[error]CodeQL detected code written in C# but not any written in Java. Confirm that there is some source"
        " code for Java in the project.",
        "",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "actions/dependency-review-action@v4",
        "##[error]Both a base ref and head ref must be provided, either via the `base_ref`/`head_ref` config options",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "actions/dependency-review-action@v4",
        "##[error]Dependency review detected incompatible licenses.",
        "",
    ),
    Kind(
        SCANNER,
        "rate_limit",
        "trivy image x",
        "FATAL\tFatal error\tinit error: DB error: failed to download vulnerability DB: database download error: GET"
        " https://mirror.gcr.io/v2: TOOMANYREQUESTS: Quota exceeded",
        "",
    ),
    Kind(
        SCANNER,
        "security",
        "trivy fs .",
        "Report Summary\nTotal: 2 (UNKNOWN: 0, LOW: 0, MEDIUM: 0, HIGH: 2, CRITICAL: 0)",
        "",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "sonarsource/sonarqube-scan-action@v6",
        "ERROR: Not authorized. Please check the user token in the property 'sonar.token' or the"
        " credentials\n##[error]Action failed: The process failed with exit code 3",
        "",
    ),
    Kind(SCANNER, "permissions_auth", "snyk code test", "Authentication error (SNYK-0005)", ""),
]
