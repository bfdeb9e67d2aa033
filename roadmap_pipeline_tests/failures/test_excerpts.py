"""An excerpt is small, clean and redacted, and is judged like the whole log."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.matching.rule import Rule
from roadmap_pipeline.failures.rules.rule_set import default_rules
from roadmap_pipeline.failures.verdict import Verdict
from roadmap_pipeline_tests.failures.logs import FAILED, job, of_example, step

NOISE = [f"compiling part {n} of many" for n in range(6_000)]


def judged(log: bytes) -> Verdict | None:
    excerpt = make_excerpt(log)
    assert excerpt.text.count("\n") + 1 == sum(count for _, count in excerpt.line_ranges)
    return classify_excerpt(excerpt.text, excerpt.line_ranges)


def test_what_is_kept_of_a_long_job() -> None:
    failing = step("make ci", *NOISE, "FAILED tests/test_a.py::test_sum - no", *NOISE, "the end", FAILED)
    log = job(step("make quiet", *NOISE), failing, step("make later", "later noise"))
    excerpt = make_excerpt(log)
    lines = excerpt.text.split("\n")
    assert lines[0].startswith("Current runner version")
    assert "##[group]Run make quiet" in lines
    assert "FAILED tests/test_a.py::test_sum - no" in lines
    assert lines[lines.index(FAILED) - 1] == "the end"
    assert "later noise" not in lines
    assert len(excerpt.text) < 20_000
    assert excerpt.log_bytes == len(log)
    assert excerpt.log_lines == log.count(b"\n")
    assert excerpt.redactions == 0
    assert judged(log) == classify(log)


def test_spans_say_where_the_lines_stood() -> None:
    log = job(step("make ci", *NOISE, "FAILED tests/test_a.py::test_sum - no", *NOISE, FAILED))
    excerpt = make_excerpt(log)
    whole = log.decode().split("\n")
    numbers = [first + i for first, count in excerpt.line_ranges for i in range(count)]
    assert numbers == sorted(set(numbers))
    for number, line in zip(numbers, excerpt.text.split("\n"), strict=True):
        assert whole[number - 1].endswith(line)


@pytest.mark.parametrize("rule", default_rules().rules, ids=lambda rule: rule.id)
def test_every_rule_finds_its_example_in_the_excerpt_too(rule: Rule) -> None:
    log = of_example(rule.example)
    assert judged(log) == classify(log)


def test_it_is_clean() -> None:
    excerpt = make_excerpt(
        job(step("make ci", "\x1b[31mred\x1b[0m\x07 and\x00 \x1b]8;;http://x\x07link\x1b]8;;\x07", FAILED))
    )
    assert "red and link" in excerpt.text.split("\n")
    assert "2026-11-10T" not in excerpt.text
    assert not any(ord(character) < 32 and character not in "\t\n" for character in excerpt.text)


def test_secrets_are_replaced_and_counted() -> None:
    token = "ghp_" + "a1B2" * 9
    key = ["-----BEGIN " + "PRIVATE KEY-----", "Qk" * 30, "Ww" * 30, "-----END " + "PRIVATE KEY-----"]
    excerpt = make_excerpt(job(step("make ci", f"token is {token}", *key, "after", FAILED)))
    assert token not in excerpt.text
    assert "QkQk" not in excerpt.text
    assert "WwWw" not in excerpt.text
    assert "after" in excerpt.text
    assert excerpt.redactions == 2


def test_a_key_is_hidden_even_where_only_its_middle_is_kept() -> None:
    key = ["-----BEGIN " + "PRIVATE KEY-----", *("Qk" * 30 for _ in range(150)), "-----END " + "PRIVATE KEY-----"]
    excerpt = make_excerpt(job(step("make ci", *key, FAILED)))
    assert "QkQk" not in excerpt.text


def test_the_limit_holds_and_the_proof_stays() -> None:
    log = job(
        step("make ci", *NOISE, "FAILED tests/test_a.py::test_sum - no", *("x" * 500 for _ in range(400)), FAILED)
    )
    excerpt = make_excerpt(log, limit_chars=3_000)
    assert len(excerpt.text) <= 3_000
    assert classify_excerpt(excerpt.text, excerpt.line_ranges) == classify(log)


def test_a_very_long_line_is_cut_but_counted() -> None:
    log = job(step("make ci", "y" * 300_000 + "tail", "FAILED tests/test_a.py::test_sum - no", FAILED))
    excerpt = make_excerpt(log)
    assert max(len(line) for line in excerpt.text.split("\n")) <= 2_000
    assert excerpt.log_bytes == len(log)
    assert excerpt.log_lines == log.count(b"\n")
    verdict = classify_excerpt(excerpt.text, excerpt.line_ranges)
    whole = classify(log)
    assert verdict is not None
    assert whole is not None
    assert verdict.line == whole.line


def test_a_log_without_errors_keeps_the_end_of_its_last_step() -> None:
    excerpt = make_excerpt(job(step("make one", "one"), step("make two", *NOISE, "the last words")))
    assert "the last words" in excerpt.text
    assert judged(job(step("make two", "fine"))) is None


def test_an_empty_log() -> None:
    excerpt = make_excerpt(b"")
    assert (excerpt.text, excerpt.line_ranges, excerpt.log_bytes, excerpt.log_lines) == ("", [], 0, 0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 70_000), min_size=1, max_size=6), st.integers(0, 3))
def test_the_size_of_the_pieces_changes_nothing(sizes: list[int], failing: int) -> None:
    steps = [
        step(f"make part{n}", *NOISE[:1500], *([f"npm error code E{n}", FAILED] if n == failing else []))
        for n in range(3)
    ]
    log = job(*steps)
    pieces: list[bytes] = []
    at = 0
    while at < len(log):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(log[at : at + size])
        at += size
    assert make_excerpt(iter(pieces)) == make_excerpt(log)


def test_memory_does_not_grow_with_the_log() -> None:
    line = b"2026-11-10T09:00:00.1234567Z compiling part of many, with error-like words and npm noise\n"
    make_excerpt(line)

    def stream() -> object:
        yield from (line * 1_000 for _ in range(300))
        yield b"##[error]Process completed with exit code 1.\n"

    tracemalloc.start()
    excerpt = make_excerpt(stream())  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert excerpt.log_lines == 300_001
    assert peak < 24 << 20
