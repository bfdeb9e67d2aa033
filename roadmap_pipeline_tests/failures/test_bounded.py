"""A log bigger than what is held is judged like the whole, in memory that doesn't grow with it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures import bounded, suspects
from roadmap_pipeline.failures.bounded import read
from roadmap_pipeline.failures.classifier import classify, default_classifier
from roadmap_pipeline.failures.matching import search
from roadmap_pipeline.failures.verdict import Verdict
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, raw, step

NOISE = [f"compiling part {n} of many" for n in range(400)]
TELLING = [
    "FAILED tests/test_a.py::test_sum - no",
    "Traceback (most recent call last):",
    "KeyError: 'stage'",
    "curl: (6) Could not resolve host: mirror.example",
    "make: *** [Makefile:3: lint] Error 1",
    "./b.sh: line 1: foo: command not found",
    "##[error]src/a.ts(1,1): error TS2304: Cannot find name 'x'",
]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so low that logs of some kilobytes are thinned several times; blocks stay shorter than a window."""
    monkeypatch.setattr(bounded, "_MOST_BYTES", 6_000)
    monkeypatch.setattr(bounded, "_PIECE", 700)
    monkeypatch.setattr(bounded, "WINDOW", 1_000)
    monkeypatch.setattr(suspects, "WINDOW", 1_000)
    monkeypatch.setattr(search, "BLOCK", 500)


def judged(log: bytes) -> Verdict | None:
    """Return the verdict on what is kept of a log, with the line of the whole."""
    kept = read([log], default_classifier())
    assert (kept.size, kept.lines) == (len(log), log.count(b"\n") + (not log.endswith(b"\n")))
    verdict = classify(kept.log)
    if verdict is None or verdict.line is None:
        return verdict
    tests = tuple(test._replace(line=kept.original([test.line - 1])[0]) for test in verdict.failed_tests)
    return replace(verdict, line=kept.original([verdict.line - 1])[0], failed_tests=tests)


def test_a_small_log_is_kept_as_it_is() -> None:
    log = job(step("make ci", *NOISE, FAILED))
    kept = read([log], default_classifier())
    assert kept.log == log
    assert kept.original([0, 7, 300]) == [1, 8, 301]


@pytest.mark.usefixtures("small")
def test_what_is_held_is_bounded_and_the_proof_is_kept() -> None:
    log = job(step("make ci", *NOISE, TELLING[0], *(NOISE * 20), FAILED), step("./report.sh", *NOISE))
    kept = read([log], default_classifier())
    assert len(kept.log) < 12_000
    verdict = judged(log)
    assert verdict == classify(log)
    assert verdict is not None
    assert verdict.line == line_of(log, TELLING[0])


@pytest.mark.usefixtures("small")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.one_of(st.sampled_from(TELLING), st.sampled_from(["noise", "quiet"])), max_size=6),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 3),
)
def test_the_verdict_is_that_of_the_whole_log(steps: list[list[str]], failing: int) -> None:
    parts = [
        step(f"./part{n}.sh", *(line for one in lines for line in (one, *NOISE[:150])), *([FAILED] * (n == failing)))
        for n, lines in enumerate(steps)
    ]
    log = job(*parts)
    assert judged(log) == classify(log)


@pytest.mark.usefixtures("small")
def test_a_fragment_without_markers_too() -> None:
    log = raw(*NOISE, TELLING[0], *NOISE)
    assert judged(log) == classify(log) is not None


@pytest.mark.usefixtures("small")
def test_a_private_key_is_gone_wherever_it_is_cut() -> None:
    key = ["-----BEGIN " + "PRIVATE KEY-----", *("Qk" * 30 for _ in range(60)), "-----END " + "PRIVATE KEY-----"]
    kept = read([job(step("make ci", *NOISE, *key, *NOISE, *key, FAILED))], default_classifier())
    assert b"QkQk" not in kept.log
    assert kept.redactions == 2


def test_one_endless_line() -> None:
    kept = read((b"x" * 100_000 for _ in range(200)), default_classifier())
    assert kept.size == 20_000_000
    assert len(kept.log) < 1 << 20
    assert kept.lines == 1


MEASURE = """
import sys
sys.path.insert(0, {root!r})
from roadmap_pipeline.failures.files import classify_file
def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024
before = peak()
found = classify_file("-")
print(found["rule_id"], found["line"], peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_log_of_100_mb_takes_little_memory_on_the_command_line() -> None:
    """One step of 100 MB with its telling line in the middle, through standard input."""
    block = b"".join(b"2026-11-10T09:00:00.%07dZ %s\n" % (n, line.encode()) for n, line in enumerate(NOISE)) * 25
    half = 50_000_000 // len(block)

    def log() -> Iterator[bytes]:
        yield raw(*step("make ci"))
        yield from (block for _ in range(half))
        yield b"--- FAIL: TestTotal (0.01s)\n"
        yield from (block for _ in range(half))
        yield raw(FAILED, "Cleaning up orphan processes")

    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", MEASURE.format(root=root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for piece in log():
            process.stdin.write(piece)
        out, _ = process.communicate()
    rule, line, megabytes = out.split()
    assert rule == b"test.go"
    assert int(line) == 4 + half * 25 * len(NOISE) + 1
    assert int(megabytes) < 64
