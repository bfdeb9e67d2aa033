"""Scanners: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import SCANNER, Kind

KINDS = [
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
