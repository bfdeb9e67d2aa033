"""The same failure has the same fingerprint, in every run and every process."""

import os
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadmap_pipeline.failures.fingerprint import fingerprint, normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("failed after 3 attempts in 1.25s", "failed after 12 attempts in 9s"),
        ("commit 0a1b2c3d4e5f missing", "commit ffee99aa1122 missing"),
        ("at 2026-11-10T09:00:01.5Z", "at 2025-01-02 23:59:59"),
        ("/home/runner/work/shop/shop/src/cart.py broke", "/Users/runner/work/site/site/src/cart.py broke"),
        (r"D:\a\shop\cart.py broke", "/home/runner/work/shop/cart.py broke"),
        ("dial 10.0.0.7:443", "dial 172.16.3.4:8080"),
        ("GET https://eu1.mirror.example/x", "GET https://us9.mirror.example/x"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-4000-8000-000000000001"),
        ("unit (shard 2 of 7)", "unit (shard 5 of 9)"),
        ("suite test_cart 1/4 failed", "suite test_cart 3/4 failed"),
        ("\x1b[31mFAILED\x1b[0m x", "FAILED x"),
        ("pointer 0xdeadbeef", "pointer 0x0"),
    ],
)
def test_what_differs_between_runs_is_taken_out(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests/test_cart.py::test_total", "tests/test_cart.py::test_tax"),
        ("No module named 'left'", "No module named 'right'"),
        ("src/cart.py broke", "src/shop.py broke"),
        ("could not resolve mirror.example", "could not resolve other.example"),
    ],
)
def test_what_tells_failures_apart_stays(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_category_and_rule_count() -> None:
    prints = {fingerprint(category, rule, "x") for category in ("test", "lint_format") for rule in (None, "a", "b")}
    assert len(prints) == 6


def test_golden_value() -> None:
    # printf 'test\x1ftest.go\x1ftest<n>' | sha1sum
    assert fingerprint("test", "test.go", "Test42") == "c58817f18c23"


def test_another_process_gives_the_same() -> None:
    code = "from roadmap_pipeline.failures.fingerprint import fingerprint as f; print(f('test', 'test.go', 'Tést 42'))"
    results = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert results == {fingerprint("test", "test.go", "Tést 42") + "\n"}


TEXT = st.lists(
    st.one_of(
        st.sampled_from(["/a/b/c", "C:\\x\\y", "0a1b2c3d", "12", ".", ":", "/", " ", "http://h/p", "x"]),
        st.text(max_size=4),
    ),
    max_size=15,
).map("".join)


@given(TEXT)
@example("/a/1/b")
@example("x" * 500)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert len(once) <= 400


@given(TEXT, st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_never_count(text: str, one: int, other: int) -> None:
    assert normalise(f"{text} took {one} ms") == normalise(f"{text} took {other} ms")
