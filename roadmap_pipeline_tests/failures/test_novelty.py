"""What passing runs of a job say is no evidence of why one failed."""

from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.novelty import baseline, is_said
from roadmap_pipeline_tests.failures.logs import FAILED, job, step

FLAKY_WORDS = "curl: (6) Could not resolve host: mirror.example"
PASSING = [job(step("make ci", FLAKY_WORDS, "compiled 3 parts in 4 s", "0 failed, 12 passed"))]


def test_a_line_is_known_whatever_its_time_colours_and_numbers() -> None:
    said = baseline(PASSING)
    assert is_said(b"2025-01-02T03:04:05.6Z \x1b[32mcompiled 77 parts in 1.5 s\x1b[0m", said)
    assert not is_said(b"linked 3 parts in 4 s", said)


def test_none_is_not_some() -> None:
    said = baseline(PASSING)
    assert is_said(b"0 failed, 15 passed", said)
    assert not is_said(b"2 failed, 13 passed", said)


def test_evidence_that_passing_runs_show_too_does_not_count() -> None:
    log = job(step("make ci", FLAKY_WORDS, "./b.sh: line 1: foo: command not found", FAILED))
    alone, compared = classify(log), classify(log, None, baseline(PASSING))
    assert alone is not None
    assert compared is not None
    assert alone.category == "network"
    assert compared.category == "script_error"


def test_an_unknown_failure_shows_the_line_that_is_news() -> None:
    noise = "error-like words that every run says"
    log = job(step("./x.sh", "the moon was in the wrong phase", noise, FAILED))
    verdict = classify(log, None, baseline([job(step("./x.sh", noise))]))
    assert verdict is not None
    assert (verdict.category, verdict.evidence) == ("unknown", "the moon was in the wrong phase")


def test_an_empty_baseline_changes_nothing() -> None:
    log = job(step("make ci", FLAKY_WORDS, FAILED))
    assert classify(log, None, baseline([])) == classify(log)
