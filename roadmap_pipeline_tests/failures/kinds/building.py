"""Signing and licences, solvers of dependencies, wrappers around other tools, and scanners: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import SCANNER, SIGNING, SOLVER, WRAPPER, Kind

KINDS = [
    # ----------------------------------------------------------------------------------- code signing and licences
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App archive",
        "/Users/runner/work/app/App.xcodeproj: error: No profiles for 'com.acme.app' were found: Xcode couldn't find"
        " any"
        " iOS App Development provisioning profiles matching 'com.acme.app'. (in target 'App' from project 'App')\n"
        "** ARCHIVE FAILED **",
        "No profiles for",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App build",
        'error: Signing for "App" requires a development team. Select a development team in the Signing &'
        " Capabilities editor. (in target 'App' from project 'App')\n** BUILD FAILED **\n\nThe following build commands"
        " failed:\n\tBuilding project App",
        "requires a development team",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[10:00:00]: ▸ App.app: errSecInternalComponent\n[10:00:01]: ▸ Command CodeSign failed with a nonzero exit code"
        "\n** ARCHIVE FAILED **",
        "errSecInternalComponent",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        'security import cert.p12 -P "$P"',
        "security: SecKeychainItemImport: MAC verification failed during PKCS12 import (wrong password?)",
        "MAC verification failed",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew assembleRelease",
        "> Task :app:validateSigningRelease FAILED\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\n"
        "Execution failed for task ':app:validateSigningRelease'.\n> Keystore file '/home/runner/release.jks' not found"
        " for signing config 'release'.\n\nBUILD FAILED in 40s",
        "Keystore file",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':app:packageReleaseBundle'.\n> Failed to read key upload from store \"/tmp/up.jks\": keystore password was"
        " incorrect",
        "Failed to read key",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew publish",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':core:signMavenPublication'.\n> Cannot perform signing task ':core:signMavenPublication' because it has no"
        " configured signatory",
        "no configured signatory",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-builder@v4",
        "##[error]Missing Unity License File and no Serial was found. If this is a personal license, make sure to"
        " follow"
        " the activation steps",
        "Missing Unity License",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode -buildTarget WebGL",
        "[Licensing::Module] Error: Access token is unavailable\nNo valid Unity Editor license found. Please activate"
        " your license.",
        "No valid Unity Editor license",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "signtool sign /sha1 %T% app.exe",
        "SignTool Error: No certificates were found that met all the given criteria.",
        "SignTool Error",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "xcodebuild -version",
        "You have not agreed to the Xcode license agreements. Please run 'sudo xcodebuild -license' from within a"
        " Terminal window to review and agree to the Xcode and Apple SDKs license.",
        "Xcode license agreements",
    ),
    # --------------------------------------------------------------------------------------------------------- solvers
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build all",
        "Resolving dependencies...\nError: [Cabal-7107]\nCould not resolve dependencies:\n[__0] trying: acme-0.1"
        " (user goal)\n[__1] rejecting: base-4.18.0.0 (conflict: acme => base>=4.19)",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal v2-build",
        "cabal: Could not resolve dependencies:\n[__0] trying: acme-0.1 (user goal)\n[__1] unknown package: warpish",
        "Could not resolve dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "stack build --test",
        "Error: [S-4804]\n       Stack failed to construct a build plan.\n\n       While constructing the build plan,"
        " Stack"
        " encountered the following errors.",
        "construct a build plan",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        "[ERROR] Package conflict!\n  * Missing dependency:\n    - ocaml >= 5.3\n      unmet availability"
        " conditions\n\n"
        "No solution found, exiting",
        "Package conflict",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        '[ERROR] The compilation of zarith.1.14 failed at "./configure".\n\n#=== ERROR while compiling zarith.1.14'
        " ====#\n# lib/gmp.c:3:10: fatal error: gmp.h: No such file or directory",
        "The compilation of",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mamba-org/setup-micromamba@v2",
        "error    libmamba Could not solve for environment specs\n    The following package could not be installed\n"
        "    └─ python 3.16**  does not exist (perhaps a typo or a missing channel).\ncritical libmamba Could not solve"
        " for environment specs\n##[error]The process '/usr/bin/bash' failed with exit code 1",
        "Could not solve for environment specs",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix test",
        "Unchecked dependencies for environment test:\n* jason (Hex package)\n  the dependency is not available, run"
        ' "mix deps.get"\n** (Mix) Can\'t continue due to errors on dependencies',
        "errors on dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "dart pub get",
        "Resolving dependencies...\nBecause acme requires SDK version ^3.9.0, version solving failed.",
        "version solving failed",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift build",
        "error: 'acme-kit': package 'acme-kit' is using Swift tools version 6.3.0 but the installed version is 6.0.2",
        "Swift tools version",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift test",
        "error: Failed to resolve dependencies Dependencies could not be resolved because no versions of 'swift-acme'"
        " match the requirement 9.0.0..<10.0.0",
        "could not be resolved",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop -c true",
        "error:\n       … while evaluating the attribute 'buildInputs'\n\n       error: Package ‘acme-fonts-1.0’ in"
        " /nix/store/abc/default.nix:9 has an unfree license (‘unfree’), refusing to evaluate.",
        "unfree license",
    ),
    # ------------------------------------------------------------------------------------------------------- wrappers
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
    # ------------------------------------------------------------------------------------------------------- scanners
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/analyze@v4",
        '##[error]Encountered a fatal error while running "codeql database finalize". Exit code was 32 and last log'
        " line was: CodeQL detected code written in Java but could not process any of it.",
        "could not process any of it",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "github/codeql-action/autobuild@v4",
        "##[error]We were unable to automatically build your code. Please replace the call to the autobuild action with"
        " your custom build steps.",
        "unable to automatically build",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "actions/dependency-review-action@v4",
        "##[error]Dependency review is not supported on this repository. Please ensure that Dependency graph is"
        " enabled,"
        " see https://github.com/acme/web/settings/security_analysis",
        "not supported on this repository",
    ),
    Kind(
        SCANNER,
        "security",
        "actions/dependency-review-action@v4",
        "package.json » lodashish@1.0.0 – Prototype pollution (high severity)\n##[error]Dependency review detected"
        " vulnerable packages.",
        "detected vulnerable packages",
    ),
    Kind(
        SCANNER,
        "rate_limit",
        "aquasecurity/trivy-action@master",
        "INFO [vulndb] Downloading vulnerability DB...\nFATAL Fatal error init error: DB error: failed to download"
        " vulnerability DB: OCI artifact error: GET https://ghcr.io/v2/aquasecurity/trivy-db/manifests/2:"
        " TOOMANYREQUESTS: retry-after: 322µs, allowed: 44000/minute\n##[error]Process completed with exit code 1.",
        "TOOMANYREQUESTS",
    ),
    Kind(
        SCANNER,
        "network",
        "aquasecurity/trivy-action@master",
        "FATAL Fatal error init error: DB error: failed to download vulnerability DB: OCI repository error: 1 error"
        ' occurred: Get "https://ghcr.io/v2/": context deadline exceeded\n'
        "##[error]Process completed with exit code 1.",
        "failed to download vulnerability DB",
    ),
    Kind(
        SCANNER,
        "registry_docker",
        "aquasecurity/trivy-action@master",
        "FATAL Fatal error run error: image scan error: scan error: unable to initialize a scanner: unable to find the"
        ' specified image "acme/web:dev" in ["docker" "containerd"]\n##[error]Process completed with exit code 1.',
        "unable to find the specified image",
    ),
    Kind(
        SCANNER,
        "security",
        "trivy image --exit-code 1 acme/web:dev",
        "acme/web:dev (debian 12.1)\nTotal: 3 (HIGH: 2, CRITICAL: 1)",
        "Total: 3",
    ),
    Kind(
        SCANNER,
        "security",
        "semgrep scan --error --config auto",
        "  src/area.py\n    ❯❯❱ python.lang.security.audit.eval-detected\n\n✅ Scan completed successfully.\n •"
        " Findings: 2"
        " (2 blocking)\n • Rules run: 200\nRan 200 rules on 41 files: 2 findings.",
        "2 findings",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "semgrep ci",
        "run `semgrep login` before using `semgrep ci` or use `semgrep scan` and set `--config`",
        "semgrep login",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "gitleaks/gitleaks-action@v2",
        "##[error]🛑 missing gitleaks license. Go grab one at gitleaks.io and store it as a GitHub Secret named"
        " GITLEAKS_LICENSE.",
        "missing gitleaks license",
    ),
    Kind(
        SCANNER,
        "permissions_auth",
        "snyk test",
        "`snyk` requires an authenticated account. Please run `snyk auth` and try again.",
        "authenticated account",
    ),
    Kind(
        SCANNER,
        "workflow_config",
        "google/osv-scanner-action@v2",
        "Scanning dir ./\nNo package sources found, --help for usage information.\n"
        "##[error]Process completed with exit code 128.",
        "No package sources found",
    ),
]
