"""Kinds of failures of many tools, in whole jobs of our own wording: the category and the line that shows the cause.

Belongs here: that a kind is known at all, and what resembles it and must not be taken for it. How the cause is chosen
among several belongs to :mod:`.test_classifier`.
"""

from collections import Counter

import pytest

from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.verdict import JobFacts
from roadmap_pipeline_tests.failures.kinds import KINDS, Kind
from roadmap_pipeline_tests.failures.logs import FAILED, job, step


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family}: {kind.cause or kind.command}"[:70])
def test_the_category_and_the_line_of_the_cause(kind: Kind) -> None:
    lines = kind.output.split("\n")
    ends = [] if any("##[error]" in line for line in lines) else [FAILED]
    verdict = classify(job(step("actions/checkout@v5", "Fetching"), step(kind.command, *lines, *ends)))
    assert verdict is not None
    assert verdict.category == kind.category, (verdict.rule_id, verdict.evidence)
    assert kind.cause in verdict.evidence


def test_a_service_that_was_waited_for_is_not_the_cause_of_what_failed_then() -> None:
    waited = ["curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server"] * 3
    verdict = classify(job(step("./smoke.sh", *waited, "up", "./smoke.sh: line 9: jqq: command not found", FAILED)))
    assert verdict is not None
    assert verdict.rule_id == "script.command_not_found"


@pytest.mark.parametrize(
    "said",
    [
        "HttpError: Reference already exists",
        "a release with the same tag name already exists: v1.4.0",
        "Dependency review is not supported on this repository",
        "fetching ambient OIDC credentials: none",
        "ERR_PNPM_FETCH_401  GET https://example.com/x: Unauthorized - 401",
        "error: No profiles for 'com.acme.app' were found",
        "de.json: 3 missing translation keys",
        "Error: connect ECONNREFUSED 127.0.0.1:3999",
        "zipfile.BadZipFile: File is not a zip file",
        "Error: INSTALLATION FAILED: context deadline exceeded",
        "unit: failure",
    ],
)
def test_what_a_failing_test_prints_is_of_the_test(said: str) -> None:
    summary = "FAILED tests/test_client.py::test_reply - AssertionError"
    verdict = classify(job(step("pytest", said, summary, "1 failed, 3 passed in 0.20s", FAILED)))
    assert verdict is not None
    assert verdict.category == "test"


def test_every_family_has_several_kinds() -> None:
    assert min(Counter(kind.family for kind in KINDS).values()) >= 3
    assert len({kind.family for kind in KINDS}) == 15


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family}: {kind.cause or kind.command}"[:70])
def test_a_job_that_passed_may_say_all_of_it(kind: Kind) -> None:
    lines = [line.replace("##[error]", "") for line in kind.output.split("\n") if "Process completed" not in line]
    assert classify(job(step(kind.command, *lines), step("make ci", "ok"))) is None
    assert classify(job(step(kind.command, *lines, FAILED)), JobFacts("success")) is None


NEAR_MISSES = [
    ("Error: No valid credential sources found is what users see; see docs/faq.md", "Terraform has been initialized"),
    ('ok: [web-1] => {"msg": "UNREACHABLE hosts are skipped"}', "PLAY RECAP: failed=0 unreachable=0"),
    ("Skipping code signing: no provisioning profile is needed for the simulator", "validateSigningDebug UP-TO-DATE"),
    ("No broken links, no missing translations", "0 missing translation keys"),
    ("unit: success", "needs.unit.result = success"),
    ("connected to 127.0.0.1:5432", "port 8080 on localhost is open"),
    ("checking whether tag v2.0.0 exists already: no", "release v2.0.0 will be created"),
    ("Dependency graph is enabled", "No vulnerabilities found by dependency review"),
    ("id-token: write", "permissions of the token: contents: read, id-token: write"),
    ("0 of 14 files need formatting", "Ran 200 rules on 41 files: 0 findings."),
    ("unzip: dist.zip holds 12 files", "gzip: stdin is fine"),
    ('cluster "kind" was created', "the connection to the server was not refused"),
]


@pytest.mark.parametrize("lines", NEAR_MISSES, ids=lambda lines: lines[0][:50])
def test_words_of_a_kind_are_not_the_kind(lines: tuple[str, ...]) -> None:
    """A failure that no rule knows stays unknown, whatever was said before it."""
    verdict = classify(job(step("./frobnicate.sh", *lines, "the moon was in the wrong phase", FAILED)))
    assert verdict is not None
    assert (verdict.category, verdict.rule_id) == ("unknown", None), verdict.evidence


SOURCE = [
    "    throw new Error('Resource not accessible by integration')",
    '      raise RuntimeError("No space left on device")',
    "  12 |   core.setFailed(`Input required and not supplied: ${name}`)",
    "> 48 |     reject(Error('API rate limit exceeded'))",
    '   |   panic!("Could not resolve host: {}", host)',
    "   // Unable to find any artifacts: tell the user",
    "+ echo 'Permission to acme/web denied to bot'",
    '    console.error("JavaScript heap out of memory")',
    "  logger.error('Credentials could not be loaded')",
    "!function(e){" + "var t=e;" * 300 + "throw Error('No space left on device')}(window)",
    '{"sources":["' + 'a.js","' * 300 + '"],"sourcesContent":["The job was not acquired by Runner"]}',
]


@pytest.mark.parametrize("line", SOURCE, ids=lambda line: line.strip()[:40])
def test_dumped_source_is_no_message(line: str) -> None:
    """Source that a tool shows beside its error speaks of failures that did not happen."""
    verdict = classify(job(step("./frobnicate.sh", line, "the moon was in the wrong phase", FAILED)))
    assert verdict is not None
    assert (verdict.category, verdict.rule_id) == ("unknown", None), verdict.evidence


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("Error: No space left on device, write" + " 'x'" * 2000, "disk_full"),
        ("##[error]Resource not accessible by integration " + '{"a":1},' * 400, "permissions_auth"),
        ("ValueError('No space left on device') was raised by the disk", "disk_full"),
        ("db-1  | initdb: No space left on device", "disk_full"),
    ],
)
def test_what_begins_like_a_message_is_one_however_long(line: str, category: str) -> None:
    verdict = classify(job(step("./frobnicate.sh", line, FAILED)))
    assert verdict is not None
    assert verdict.category == category
