"""Choosing the cause: structure first, then priorities, never a wrapper line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.failed_tests import FailedTest
from roadmap_pipeline.failures.logs.fingerprint import fingerprint_of_tests
from roadmap_pipeline.failures.matching import search
from roadmap_pipeline.failures.verdict import JobFacts, StepFacts
from roadmap_pipeline_tests.failures.logs import END, FAILED, job, line_of, raw, step

PASSED = "FAILED tests/test_a.py::test_sum - assert 1 == 2"


def test_a_failed_test_is_found_with_its_line() -> None:
    log = job(step("make setup", "ok"), step("make ci", "collecting", PASSED, "1 failed in 0.10s", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert (verdict.category, verdict.domain, verdict.rule_id) == ("test", "code", "test.pytest.failed_line")
    assert verdict.line == line_of(log, PASSED)
    assert verdict.evidence == PASSED
    assert verdict.fingerprint == fingerprint_of_tests(["tests/test_a.py::test_sum"])
    assert verdict.failed_tests == (FailedTest("tests/test_a.py::test_sum", "assert 1 == 2", verdict.line),)
    assert not verdict.retryable


def test_a_passing_log_has_no_verdict_even_when_it_speaks_of_errors() -> None:
    assert classify(job(step("make ci", PASSED, "error: nothing", "Killed", "No space left on device"))) is None
    assert classify(b"") is None
    assert classify(None) is None


def test_a_wrapper_line_alone_is_unknown_and_the_telling_line_is_shown() -> None:
    log = job(step("./release.sh", "starting", "the moon was in the wrong phase: giving up", "", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert (verdict.category, verdict.domain, verdict.rule_id) == ("unknown", "unknown", None)
    assert verdict.evidence == "the moon was in the wrong phase: giving up"
    assert verdict.line == line_of(log, "moon")


def test_the_script_of_a_step_is_not_its_output() -> None:
    log = job(step("./notify.sh\necho 'No space left on device'", "nothing to see", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.category == "unknown"


def test_an_error_marker_in_a_script_that_went_on_is_no_failure() -> None:
    content = step("./check.sh", "##[error]src/a.ts(1,1): error TS2304: Cannot find name 'x'", "carrying on")
    assert classify(job(content)) is None
    verdict = classify(job(content, step("./b.sh", "./b.sh: line 1: foo: command not found", FAILED)))
    assert verdict is not None
    assert verdict.category == "script_error"
    known = classify(job(content), JobFacts("failure"))
    assert known is not None
    assert known.category == "type_check"


def test_earlier_steps_without_errors_do_not_count() -> None:
    log = job(
        step("./a.sh", "No space left on device"), step("./b.sh", "./b.sh: line 1: foo: command not found", FAILED)
    )
    verdict = classify(log)
    assert verdict is not None
    assert verdict.rule_id == "script.command_not_found"


def test_a_step_that_may_fail_is_not_the_cause_but_one_that_reports_is_neither() -> None:
    allowed = step("./flaky.sh", "npm error code ERESOLVE", FAILED)
    broken = step("./b.sh", "./b.sh: line 1: foo: command not found", FAILED)
    report = step("acme/upload-report@v1", "##[error]API rate limit exceeded")
    last = classify(job(allowed, broken))
    assert last is not None
    assert last.category == "script_error"
    reported = classify(job(broken, report))
    assert reported is not None
    assert reported.category == "script_error"


@pytest.mark.parametrize("later", ["npm publish", "actions/deploy-pages@v4", "twine upload dist/*", "docker push a/b"])
def test_a_step_that_was_followed_by_what_nobody_does_after_a_failure_was_allowed_to_fail(later: str) -> None:
    log = job(step("./try.sh", "./try.sh: line 3: foo: command not found", FAILED), step(later, "done"))
    assert classify(log) is None
    known = classify(log, JobFacts("failure"))
    assert known is not None
    assert known.category == "script_error"


@pytest.mark.parametrize(
    "later",
    [
        "actions/upload-artifact@v4",
        "make clean",
        "npm test",
        "docker compose down",
        "python -m pip install asv",
        "npm ci",
        "actions/checkout@v4",
        "actions/setup-node@v4",
    ],
)
def test_what_runs_after_a_failure_too_does_not_excuse_it(later: str) -> None:
    verdict = classify(job(step("./try.sh", "./try.sh: line 3: foo: command not found", FAILED), step(later, "done")))
    assert verdict is not None
    assert verdict.category == "script_error"


CACHED = "Cache hit occurred on the primary key {}, not saving cache."
SAVED = "Cache saved with key: {}"


@pytest.mark.parametrize("said", [CACHED, SAVED])
@pytest.mark.parametrize("key", ["Linux-deps-1a2b", "setup-go-Linux-x64-go-1.23-77", "node-cache-Linux-x64-npm-12"])
def test_a_cache_that_is_kept_only_when_all_is_well_excuses_a_failed_step(said: str, key: str) -> None:
    cache = step("actions/cache@v4\nwith:\n  path: deps\n  key: Linux-deps-1a2b", "Cache not found")
    broken = step("./try.sh", "./try.sh: line 3: foo: command not found", FAILED)
    assert classify(job(cache, broken, ["Post job cleanup.", said.format(key)])) is None


@pytest.mark.parametrize("said", [CACHED, SAVED])
@pytest.mark.parametrize("key", ["golangci-lint.cache-Linux-2884-70ff", "v0-rust-build-Linux-77", "Linux-other-9"])
def test_a_cache_that_is_kept_always_does_not(said: str, key: str) -> None:
    cache = step("actions/cache@v4\nwith:\n  path: deps\n  key: Linux-deps-1a2b", "Cache not found")
    broken = step("acme/lint@v7", "##[error]pkg/a.go:3:1: Error return value is not checked (errcheck)")
    verdict = classify(job(cache, broken, ["Post job cleanup.", said.format(key)]))
    assert verdict is not None
    assert verdict.category == "lint_format"


CHECKOUT, NODE = step("actions/checkout@v4", "Syncing repository"), step("actions/setup-node@v4", "node: v22.1.0")
AUDIT = step("node audit.js", "Vulnerability (low): gravel 1.0.0", FAILED)
LOCAL = ["##[group]Run ./.github/actions/login", "with:", "  user: me", "##[endgroup]", "ok"]
# The last clean-up, that of the check-out, is at the end of every log here.
CLEANED_UP = ["Post job cleanup."]


def test_a_clean_up_that_only_jobs_without_a_failure_do_shows_that_a_step_was_allowed_to_fail() -> None:
    assert classify(job(CHECKOUT, NODE, AUDIT, CLEANED_UP)) is None
    assert classify(job(CHECKOUT, AUDIT, NODE, CLEANED_UP)) is None
    assert classify(job(CHECKOUT, NODE, AUDIT, CLEANED_UP), JobFacts("failure")) is not None


@pytest.mark.parametrize(
    "steps",
    [
        # Only what cleans up whatever happened did so.
        [CHECKOUT, NODE, AUDIT],
        [CHECKOUT, CHECKOUT, NODE, AUDIT, CLEANED_UP],
        [CHECKOUT, AUDIT],
        # An action that isn't known may have cleaned up.
        [CHECKOUT, NODE, step("acme/login@v2", "ok"), AUDIT, CLEANED_UP],
        [CHECKOUT, NODE, LOCAL, AUDIT, CLEANED_UP],
    ],
)
def test_a_clean_up_that_every_job_may_do_shows_nothing(steps: list[list[str]]) -> None:
    verdict = classify(job(*steps))
    assert verdict is not None
    assert verdict.evidence == "Vulnerability (low): gravel 1.0.0"


def test_a_log_without_its_beginning_does_not_show_which_actions_cleaned_up() -> None:
    cut = raw(*CHECKOUT, *NODE, *AUDIT, *CLEANED_UP, *END)
    assert classify(cut) is not None


CONTAINER = "##[command]/usr/bin/docker run --name x --rm x"


@pytest.mark.parametrize(
    ("output", "category"),
    [
        (["CONFLICT (content): Merge conflict in setup.sh", "error: could not apply 9cd2dd0..."], "git_checkout"),
        (["FAILED tests/test_a.py::test_sum - assert 1 == 2", "1 failed in 0.10s"], "test"),
        (["reading the plan", "error: the moon is in the wrong phase"], "unknown"),
        (
            ["Traceback (most recent call last):", '  File "/x.py", line 3, in main', "MoonError: wrong phase"],
            "unknown",
        ),
    ],
)
@pytest.mark.parametrize("later", [[], step("actions/upload-artifact@v4", "done")])
def test_a_container_that_failed_without_a_word_of_the_runner(
    output: list[str], category: str, later: list[str]
) -> None:
    verdict = classify(job(step("make setup", "ok"), step("acme/rebase@v1", CONTAINER, *output), later))
    assert verdict is not None
    assert verdict.category in (category, "script_error")
    assert verdict.evidence in output


@pytest.mark.parametrize("output", [["0 errors", "done"], ["error: tried again", *["fine"] * 20], []])
def test_a_container_that_ended_well_is_no_failure(output: list[str]) -> None:
    assert classify(job(step("acme/check@v1", CONTAINER, *output))) is None
    assert classify(job(step("make setup", *output, "error: not in a container"))) is None


def test_a_failed_attempt_that_was_tried_again_is_no_failure() -> None:
    attempts = ["##[error]Attempt 1 failed: Timeout of 60000ms hit", "fine"]
    assert classify(job(step("acme/retry@v3", *attempts, "Command completed after 2 attempt(s)."))) is None
    verdict = classify(job(step("acme/retry@v3", *attempts, "##[error]Final attempt failed. Timeout of 60000ms hit")))
    assert verdict is not None


@pytest.mark.parametrize(
    ("output", "evidence"),
    [
        (["Not all required jobs passed:", "  see the table"], "Not all required jobs passed:"),
        (["All required jobs must be green to merge."], "All required jobs must be green to merge."),
        (["Some of the required to succeed jobs failed"], "Some of the required to succeed jobs failed"),
        (['{"lint": {', '  "result": "failure",', '  "outputs": {}', "}}"], '"result": "failure",'),
    ],
)
def test_a_gate_that_looks_at_other_jobs_is_a_policy(output: list[str], evidence: str) -> None:
    verdict = classify(job(step("./gate.sh", *output, FAILED)))
    assert verdict is not None
    assert (verdict.category, verdict.evidence) == ("policy_gate", evidence)


def test_a_step_that_github_names_as_failed_comes_first() -> None:
    first = step("./a.sh", "npm error code ERESOLVE", FAILED)
    second = step("./b.sh", "./b.sh: line 1: foo: command not found", FAILED)
    facts = JobFacts("failure", [StepFacts("Run ./a.sh", "completed", "failure"), StepFacts("Run ./b.sh")])
    verdict = classify(job(first, second), facts)
    assert verdict is not None
    assert verdict.category == "dependency_install"


def test_a_script_may_print_a_group_called_run() -> None:
    log = job(step("./ci.sh", "npm error code ERESOLVE", "##[group]Run part two", "quiet", "##[endgroup]", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.category == "dependency_install"


def test_the_rest_of_an_error_message_belongs_to_it() -> None:
    message = ["##[error]Request failed due to the following:", " - Resource not accessible by integration"]
    log = job(step("acme/add-item@v1", *message))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.rule_id == "auth.integration"
    assert verdict.line == line_of(log, "Resource not accessible")


def test_patterns_of_one_rule_must_stand_in_order() -> None:
    crash = ["Traceback (most recent call last):", '  File "x.py", line 1', "KeyError: 'stage'"]
    right = classify(job(step("python x.py", *crash, FAILED)))
    wrong = classify(job(step("python x.py", *reversed(crash), FAILED)))
    assert right is not None
    assert wrong is not None
    assert right.rule_id == "script.python_traceback"
    assert wrong.rule_id is None


def test_what_failed_is_told_by_the_task_then_by_the_command() -> None:
    task = classify(job(step("./ci.sh", "strange words", "make: *** [Makefile:3: lint] Error 1", FAILED)))
    command = classify(job(step("npm run lint", "strange words", FAILED)))
    assert task is not None
    assert command is not None
    assert (task.category, task.rule_id) == ("lint_format", "task.lint")
    assert (command.category, command.rule_id) == ("lint_format", "command.lint")
    assert command.evidence == "strange words"


def test_colours_timestamps_and_marks_are_taken_off_the_evidence() -> None:
    log = job(step("make ci", "\x1b[31m\x1b[1mFAILED\x1b[0m tests/\x1b[1mtest_a.py\x1b[0m::test_sum - no", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert verdict.evidence == "FAILED tests/test_a.py::test_sum - no"


def test_evidence_is_redacted_and_short() -> None:
    token = "ghp_" + "a1B2" * 9
    log = job(step("./x.sh", f"FAILED tests/test_a.py::test_x - got {token} {'y' * 900}", FAILED))
    verdict = classify(log)
    assert verdict is not None
    assert token not in verdict.evidence
    assert "[redacted]" in verdict.evidence
    assert len(verdict.evidence) <= 300


def test_bytes_that_are_no_text_and_windows_line_ends() -> None:
    log = job(step("make ci", PASSED, FAILED)).replace(b"\n", b"\r\n").replace(b"collecting", b"\xff\xfe\x00")
    verdict = classify(log)
    assert verdict is not None
    assert verdict.rule_id == "test.pytest.failed_line"


def test_a_fragment_without_markers_is_judged_by_content_or_not_at_all() -> None:
    verdict = classify(b"collected 3 items\nFAILED tests/test_a.py::test_sum - assert\n")
    assert verdict is not None
    assert verdict.line == 2
    assert classify(b"all is well\nbye\n") is None


def test_a_log_without_errors_of_a_job_that_failed() -> None:
    log = raw("Current runner version: '2'", *step("make ci", PASSED))
    assert classify(log) is None
    verdict = classify(log, JobFacts("failure"))
    assert verdict is not None
    assert verdict.category == "test"


@pytest.mark.parametrize("conclusion", ["success", "skipped", "neutral"])
def test_a_job_that_did_not_fail_has_no_verdict(conclusion: str) -> None:
    assert classify(job(step("make ci", PASSED, FAILED)), JobFacts(conclusion)) is None


def test_without_a_log_the_job_itself_tells() -> None:
    startup = classify(None, JobFacts("startup_failure", has_log=False))
    assert startup is not None
    assert (startup.category, startup.rule_id, startup.line) == ("workflow_config", "job.startup_failure", None)
    stuck = [StepFacts("Set up job", "completed", "success"), StepFacts("Build", "in_progress")]
    lost = classify(None, JobFacts("failure", stuck, has_log=False))
    assert lost is not None
    assert (lost.category, lost.retryable, lost.line) == ("runner_lost", True, None)
    late = classify(None, JobFacts("timed_out", has_log=False))
    assert late is not None
    assert late.category == "timeout"
    nothing = classify(None, JobFacts("failure", [StepFacts("Build", "completed", "failure")], has_log=False))
    assert nothing is not None
    assert (nothing.category, nothing.rule_id, nothing.evidence) == ("unknown", None, "Failed step: Build")


def test_annotations_that_leave_no_doubt_beat_the_log_others_help_out() -> None:
    log = job(step("make ci", PASSED, FAILED))
    lost = classify(log, JobFacts("failure", annotations=["The hosted runner lost communication with the server."]))
    assert lost is not None
    assert (lost.category, lost.line) == ("runner_lost", None)
    annotation = ["src/a.ts(1,1): error TS2304: Cannot find name 'x'."]
    assert classify(log, JobFacts("failure", annotations=annotation)).category == "test"  # type: ignore[union-attr]
    helped = classify(None, JobFacts("failure", annotations=annotation, has_log=False))
    assert helped is not None
    assert helped.category == "type_check"


def test_an_excerpt_gives_lines_of_the_whole_log() -> None:
    excerpt = "\n".join(["head", "FAILED tests/test_a.py::test_sum - no", FAILED])
    verdict = classify_excerpt(excerpt, [[1, 1], [900, 2]])
    assert verdict is not None
    assert verdict.line == 900


def test_the_same_failure_of_another_run_has_the_same_fingerprint() -> None:
    one = classify(job(step("x.sh", "curl: (6) Could not resolve host: mirror.example", FAILED)))
    two = classify(job(step("a", "b"), step("x.sh", "1", "curl: (6) Could not resolve host: mirror.example", FAILED)))
    assert one is not None
    assert two is not None
    assert one.fingerprint == two.fingerprint
    assert one.line != two.line


FRAGMENT = st.sampled_from(
    [
        b"##[group]Run ",
        b"##[endgroup]",
        b"##[error]",
        b"shell: x",
        b"\n",
        b"Post job cleanup.",
        b"2026-11-10T09:00:00.1Z ",
        b"\x1b[31m",
        b"Cleaning up orphan processes",
        b"FAILED a.py::b",
        b"a/b@v1",
        b"\xff\x00",
        b"Process completed with exit code 1.",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(FRAGMENT, st.binary(max_size=20)), max_size=40).map(b"".join))
def test_no_bytes_make_it_raise_and_the_line_exists(log: bytes) -> None:
    for facts in (None, JobFacts("failure")):
        verdict = classify(log, facts)
        if verdict is not None and verdict.line is not None:
            assert 1 <= verdict.line <= log.count(b"\n") + 1


_OUTPUT = st.sampled_from(
    [
        *("cart.c:3:1: error: no such total", "cart.c:4:1: error: no such tax", "src/cart.ts(3,5): error TS2304: no"),
        *("npm ERR! code ERESOLVE", "npm ERR! ERESOLVE unable to resolve dependency tree", "1 failed in 0.10s", PASSED),
        *("\x1b[31mError\x1b[0m: Cannot find module 'cart'", "3 dead links found", "make: *** [ci] Error 2"),
        *("compiling part 3 of many, with no error", "x" * 120, ""),
    ]
)


@given(st.lists(_OUTPUT, min_size=1, max_size=60), st.integers(1, 400))
def test_a_verdict_is_the_same_in_whatever_parts_a_block_is_searched(output: list[str], part: int) -> None:
    log = job(step("make ci", *output, FAILED))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(search, "_PART", len(log))
        whole = classify(log)
        patched.setattr(search, "_PART", part)
        assert classify(log) == whole
