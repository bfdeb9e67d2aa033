"""The same failure has the same fingerprint, in every run and every process."""

import os
import re
import subprocess
import sys
from datetime import datetime

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.failures.classifier import classify
from roadmap_pipeline.failures.logs import fingerprint as fingerprints
from roadmap_pipeline.failures.logs.fingerprint import REPLACEMENTS, fingerprint, normalise, without_differences
from roadmap_pipeline_tests.failures.logs import FAILED, job, step


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
        ("container abcdefabcdef exited", "container 3f4e5d6c7b8a exited"),
        ("open file:///home/runner/work/x/cart.py:12:3", "open file:///D:/a/x/cart.py:99:1"),
        ("at Tue Nov 10 09:00:01 2026", "at 10/Nov/2026:09:00:00 +0000"),
        ("at 9:00 AM", "at 20261110T090001Z"),
        ("host runner-abc12-xyz9 gone", "host runner-qwe98-rty1 gone"),
        ("host fv-az123-456 gone", "host fv-az9-12 gone"),
        ("dial [::1]:8080", "dial 127.0.0.1:443"),
        ("dial 2001:db8::1", "dial fe80::1ff:fe23:4567:890a"),
        ("connect ECONNREFUSED ::1:50100", "connect ECONNREFUSED 127.0.0.1:5432"),
        ("connect ECONNREFUSED ::1:5432", "connect ECONNREFUSED ::ffff:127.0.0.1:5432"),
        ("via [::ffff:223.117.60.172]:443", "via [2a3b:99c3:26a7:5c93:cfd6:fd18:2fcf:ea8c]:443"),
        ("via 64:ff9b::192.0.2.33", "via 192.0.2.7"),
        ("via 0:0:0:0:0:ffff:10.1.2.3", "via ::1"),
        ("dial [fe80::1%eth0]:443", "dial [fe80::aa:bb%en12]:8443"),
        ("dial fe80::1%eth0", "dial 10.0.0.7"),
        ("in use :::3000", "in use 0.0.0.0:54321"),
        ("took 1m23.4s", "took 350ms"),
        ("took 3h 4m 5s", "took 2 minutes, 3 seconds"),
        ("wrote 12.5 MB", "wrote 980 KiB"),
        ("pod web-7d4b9c6f5-x2x9z failed", "pod web-5f6d8b7c9-q8wrt failed"),
        ("asset main-BKx8f3Qz.js", "asset main-D9a_2kLm.js"),
        ("/tmp/tmp.Ab12Cd34Ef/x", "/tmp/tmp.ZZ99QQ11xx/x"),
        ("id ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB", "id 123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_what_differs_between_runs_is_taken_out(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


ADDRESSES = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda address: address.exploded),
    st.ip_addresses(v=4).map("::ffff:{}".format),
    st.ip_addresses(v=4).map("64:ff9b::{}".format),
    st.sampled_from(["::1", "fe80::1", "2001:db8::"]),
)


@given(
    ADDRESSES,
    st.integers(0, 65_535),
    st.sampled_from(["{0}", "{0}:{1}", "{0}%eth{1}", "[{0}]", "[{0}]:{1}", "[{0}%eth{1}]:{1}"]),
)
def test_every_address_is_a_host(address: str, port: int, form: str) -> None:
    """Without a digit, or with nothing behind the colons, it may be a name in a program."""
    assume("[" in form or (re.search(r"\d", address) is not None and not address.endswith("::")))
    assert normalise(f"via {form.format(address, port)} gone") == "via <host> gone"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tests/test_cart.py::test_total", "tests/test_cart.py::test_tax"),
        ("No module named 'left'", "No module named 'right'"),
        ("src/cart.py broke", "src/shop.py broke"),
        ("could not resolve mirror.example", "could not resolve other.example"),
        ("error[E0308]: mismatched", "error[E0425]: mismatched"),
        ("error TS2304: x", "error TS2322: x"),
        ("server answered with status 404", "server answered with status 503"),
        ("std::bad_alloc", "std::bad_cast"),
        ("ns::v1::cart", "ns::v1::shop"),
        ("tests/a.py::test_x", "tests/a.py::test_y"),
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
    code = "from roadmap_pipeline.failures.logs.fingerprint import fingerprint\n"
    code += "print(fingerprint('test', 'test.go', 'Tést 42'))"
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


FAILURES = {
    "pytest": "FAILED tests/test_{name}.py::test_total - took {duration} on {host} at {time}",
    "go": "--- FAIL: Test{Name} ({duration})",
    "npm": "npm error code ERESOLVE while resolving {name}@{number} in {path}",
    "resolve": "curl: (6) Could not resolve host: {name}.example",
    "gcc": "{path}/src/{name}.c:{number}:{number}: error: '{name}' undeclared",
    "rust": "error[E0308]: mismatched types in {name}",
    "rust_other": "error[E0425]: cannot find value {name}",
    "script": "Error: worker {uuid} of container {hash} lost {name} at {time} (pid {number}) via {host}",
    "script_other": "Error: {path}/{name}.bin is damaged, build {hash}, shard {number}/{number}, pointer {pointer}",
}
TIMES = st.datetimes(min_value=datetime(2000, 1, 1))  # noqa: DTZ001 (Hypothesis adds none)
DIGITS = st.integers(0, 99_999).map(str)
HEX = st.text("0123456789abcdef", min_size=12, max_size=12)
VARIES = st.fixed_dictionaries(
    {
        "number": DIGITS,
        "hash": HEX,
        "pointer": HEX.map("0x{}".format),
        "uuid": st.uuids().map(str),
        "path": st.sampled_from(
            ["/home/runner/work/shop/shop", "/__w/shop/shop", "/Users/runner/work/shop", "D:\\a\\shop"]
        ),
        "host": st.one_of(
            st.tuples(*[st.integers(1, 254)] * 4).map(lambda four: "{}.{}.{}.{}".format(*four)),
            st.integers(1024, 65_535).map("localhost:{}".format),
            st.ip_addresses(v=6).map("[{}]:443".format),
        ),
        "time": st.one_of(
            TIMES.map(lambda time: time.isoformat() + "Z"),
            TIMES.map(lambda time: f"{time:%a %b %d %H:%M:%S %Y}"),
        ),
        "duration": st.one_of(
            st.floats(0, 1_000).map("{:.2f}s".format), st.tuples(DIGITS, DIGITS).map(lambda two: "{}m{}s".format(*two))
        ),
    }
)


def fingerprint_of(kind: str, name: str, varies: dict[str, str], noise: int) -> str:
    line = FAILURES[kind].format(name=name, Name=name.title(), **varies)
    verdict = classify(job(step("./ci.sh", *(f"part {n}" for n in range(noise)), line, FAILED)))
    assert verdict is not None
    return verdict.fingerprint


@pytest.mark.parametrize("kind", FAILURES)
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(VARIES, min_size=20, max_size=20))
def test_twenty_variants_of_a_failure_are_one_group(kind: str, variants: list[dict[str, str]]) -> None:
    assert len({fingerprint_of(kind, "cart", varies, noise) for noise, varies in enumerate(variants)}) == 1


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(VARIES)
def test_different_failures_are_different_groups(varies: dict[str, str]) -> None:
    prints = {
        (kind, name): fingerprint_of(kind, name, varies, 0)
        for kind in FAILURES
        for name in ("cart", "tax")
        if (kind, name) not in (("npm", "tax"), ("rust", "tax"), ("rust_other", "tax"))  # told by their codes
    }
    assert len(set(prints.values())) == len(prints)


_PIECES = st.sampled_from(
    [
        *(
            "\x1b[31m",
            "2026-11-10t09:00:01z",
            "10 nov 2026 10:11:12",
            "20261110t091011z",
            "1:02 pm",
            "sha256:",
            "tmp.abc123",
        ),
        *(
            "123e4567-e89b-12d3-a456-426614174000",
            "::1",
            "::ffff:10.1.2.3",
            "%eth0",
            ":50100",
            "fe80::1",
            "[::]:80",
            "file:///a/b",
            "https://x",
            "localhost:80",
        ),
        *(
            "ip-1-2-3-4",
            "runner-a1",
            "-b2c4d6f8-x2z4b",
            "shard 1 of 2",
            "0x1f",
            "abcdefabcdef",
            "app-1a2b3c4d.js",
            "1/2",
        ),
        *("/home/x/y", "c:\\x\\y", "3 ms", "4 kb", "5,0", "٣", " ", "a", ".", ":", "-", "error", "HTTP 503", "E0308"),
    ]
)


@given(st.lists(_PIECES | st.text(max_size=4), max_size=8).map("".join))
def test_what_a_text_lacks_need_not_be_looked_for(text: str) -> None:
    """Every pattern is tried on what those before it left, whatever strings it demands."""
    expected = text.lower()
    for _, _, pattern, replacement in REPLACEMENTS:
        expected = pattern.sub(replacement, expected)
    assert without_differences(text.lower()) == expected


_CODED = st.sampled_from(
    [
        *("HTTP/1.1 503", "TS2304", "E0308", "PID4711", "status code: 404", "\ue003", "é", "A", "1", "-", " ", "error"),
        *("123e4567-e89b-12d3-a456-426614174000", "deadbeef-dead-beef-dead-beefdeadbeef"),
    ]
)


@given(st.lists(_CODED | st.text(max_size=4), max_size=8).map("".join))
def test_codes_and_identifiers_need_not_be_looked_for_either(text: str) -> None:
    """Each step is done whatever the text holds: digits of codes are set apart, and put back at the end."""
    kept = {digit: chr(0xE000 + digit) for digit in range(10)}
    expected = fingerprints._UUIDS.sub("<uuid>", "".join(one for one in text if one not in kept.values()))
    pieces = []
    reached = 0
    for code in fingerprints._CODES.finditer(expected):
        word = code[0] if code[0][0].isupper() and code[0].isalnum() else code[0].lower()
        apart = "".join(kept[int(one)] if one in "0123456789" else one for one in word)
        pieces += [expected[reached : code.start()].lower(), apart]
        reached = code.end()
    expected = without_differences("".join((*pieces, expected[reached:].lower())))
    for digit, character in kept.items():
        expected = expected.replace(character, str(digit))
    assert normalise(text) == expected.strip()
