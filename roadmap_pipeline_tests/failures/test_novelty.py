"""A line that passing runs of a job say, too, is no evidence of why one failed."""

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline import decoding
from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.matching.novelty import (
    MOST_LINES,
    baseline_of,
    baseline_of_stream,
    is_in_baseline,
    joined,
    packed,
    unpacked,
)
from roadmap_pipeline_tests.failures.logs import FAILED, job, step

FLAKY_WORDS = "curl: (6) Could not resolve host: mirror.example"
PASSING = [job(step("make ci", FLAKY_WORDS, "compiled 3 parts in 4 s", "0 failed, 12 passed"))]


def test_a_line_is_known_whatever_its_time_colours_and_numbers() -> None:
    said = baseline_of(PASSING)
    assert is_in_baseline(b"2025-01-02T03:04:05.6Z \x1b[32mcompiled 77 parts in 1.5 s\x1b[0m", said)
    assert not is_in_baseline(b"linked 3 parts in 4 s", said)


def test_none_is_not_some() -> None:
    said = baseline_of(PASSING)
    assert is_in_baseline(b"0 failed, 15 passed", said)
    assert not is_in_baseline(b"2 failed, 13 passed", said)


def test_evidence_that_passing_runs_show_too_does_not_count() -> None:
    log = job(step("make ci", FLAKY_WORDS, "./b.sh: line 1: foo: command not found", FAILED))
    alone, compared = classify(log), classify(log, None, baseline_of(PASSING))
    assert alone is not None
    assert compared is not None
    assert alone.category == "network"
    assert compared.category == "script_error"


def test_an_unknown_failure_shows_the_line_that_is_news() -> None:
    noise = "error-like words that every run says"
    log = job(step("./x.sh", "the moon was in the wrong phase", noise, FAILED))
    verdict = classify(log, None, baseline_of([job(step("./x.sh", noise))]))
    assert verdict is not None
    assert (verdict.category, verdict.evidence) == ("unknown", "the moon was in the wrong phase")


def test_an_empty_baseline_changes_nothing() -> None:
    log = job(step("make ci", FLAKY_WORDS, FAILED))
    assert classify(log, None, baseline_of([])) == classify(log)


@given(st.lists(st.binary(max_size=60), max_size=30), st.integers(1, 50))
def test_a_log_in_pieces_says_what_it_says_as_a_whole(lines: list[bytes], size: int) -> None:
    log = b"\n".join(lines)
    said = baseline_of_stream(log[start : start + size] for start in range(0, len(log), size))
    assert said == baseline_of([b"".join(decoding.log([log]))])
    assert unpacked(packed(said)) == said


def _word(number: int) -> bytes:
    """Return a word for each number; numbers themselves make no difference between lines."""
    return bytes(103 + int(digit) for digit in f"{number:06d}")


def test_what_is_kept_of_a_log_is_bounded_and_its_end_counts() -> None:
    lines = [b"about " + _word(number) for number in range(MOST_LINES + 100)]
    said = baseline_of_stream([b"\n".join(lines)])
    assert len(said) == MOST_LINES
    assert (is_in_baseline(lines[99], said), is_in_baseline(lines[100], said)) == (False, True)
    one = baseline_of([b"one more"])
    assert joined(said, one) == said
    assert joined(one, baseline_of([b"another"])) == baseline_of([b"one more\nanother"])


def test_a_line_is_known_in_a_log_and_in_its_excerpt() -> None:
    """The runner's time goes when a line is kept; the tool's own time, colours and secrets must not tell them apart."""
    lines = [
        "2026-11-10T09:00:00.000Z \x1b[33mthe server is up\x1b[0m",
        "password=hunter2hunter2 was taken",
        "a long line " + "of words " * 1_000,
    ]
    said = baseline_of_stream([job(step("./x.sh", *lines))])
    excerpt = make_excerpt(job(step("./x.sh", *lines, "the moon is wrong", FAILED))).text
    news = [line for line in excerpt.encode().split(b"\n") if not is_in_baseline(line, said)]
    assert news == [b"the moon is wrong", FAILED.encode()]


def test_no_secret_can_be_found_again_by_its_digest() -> None:
    said = baseline_of_stream([b"password=hunter2hunter2 was taken"])
    assert said == baseline_of_stream([b"password=swordfish12345 was taken"])
