"""Gates: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import GATE, Kind

KINDS = [
    Kind(
        GATE,
        "policy_gate",
        "./.github/scripts/all-green.sh",
        "build: success\ntest: failure\nlint: success",
        "test: failure",
    ),
    Kind(
        GATE,
        "policy_gate",
        'echo "$NEEDS"',
        "needs.integration.result = failure\n##[error]Process completed with exit code 1.",
        "integration",
    ),
    Kind(
        GATE,
        "policy_gate",
        "acme/gate@v1",
        "##[error]Job 'unit' finished with result 'failure'",
        "unit",
    ),
    Kind(
        GATE,
        "policy_gate",
        "lewagon/wait-on-check-action@v1",
        "unit: completed (failure)\nThe conclusion of one or more checks were not allowed. Allowed conclusions are:"
        " success, skipped. This can be configured with the 'allowed-conclusions' param.\n"
        "##[error]Process completed with exit code 1.",
        "conclusion of one or more checks",
    ),
    Kind(
        GATE,
        "policy_gate",
        "exit 1",
        "Not all jobs of this pipeline succeeded.",
        "Not all jobs",
    ),
    Kind(
        GATE,
        "policy_gate",
        "re-actors/alls-green@release/v1",
        "# ❌ Some of the required to succeed jobs failed 😢😢😢",
        "",
    ),
    Kind(GATE, "policy_gate", "echo done", "lint=success\nbuild=failure", ""),
    Kind(GATE, "policy_gate", "check", "One or more jobs failed or were cancelled", ""),
    Kind(GATE, "policy_gate", "check", "❌ build failed with result: failure", ""),
    Kind(GATE, "policy_gate", "check.sh", "Upstream job results: lint=success, test=failure", ""),
    Kind(GATE, "policy_gate", "check.sh", "Required jobs failed: test, build", ""),
    Kind(GATE, "policy_gate", "check.sh", "build: cancelled\ntest: success", ""),
]
