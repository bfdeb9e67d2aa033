"""Text in any encoding, whole or in pieces, becomes UTF-8, line for line."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadmap_pipeline import decoding

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
STAMP = "2026-11-10T10:00:00.0000000Z "
LOG = "".join(
    f"{STAMP}{line}\n" for line in ("Zażółć gęślą jaźń, naïve", "Collecting foo==9", "ERROR: nothing found", "")
)


def read(data, size=64 << 10):
    return b"".join(decoding.log(data[start : start + size] for start in range(0, len(data), size)))


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-16-be with a mark"])
def test_a_log_is_the_same_in_every_encoding(encoding):
    mark = codecs.BOM_UTF16_BE if encoding.endswith("mark") else b""
    data = mark + LOG.encode(encoding.split()[0])
    for size in (1, 3, 100, 64 << 10):
        assert read(data, size).decode().removeprefix("\ufeff") == LOG
    assert decoding.text(data) == LOG


ANY_LINES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), max_size=8).map("\n".join)


@given(ANY_LINES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.integers(1, 50))
@example("", "utf-16", 1)
@example("\ufeffa", "utf-16", 1)
def test_text_with_a_mark_or_in_utf_8_comes_back(text, encoding, size):
    data = text.encode(encoding)
    assert decoding.text(data).removeprefix("\ufeff") == text.removeprefix("\ufeff")
    assert read(data, size).decode().removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(
    st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1), min_size=1), st.integers(1, 99)
)
def test_utf_16_without_a_mark_is_told_by_its_zeros(lines, size):
    text = "\r\n".join([*lines, ""])
    for encoding in ("utf-16-le", "utf-16-be"):
        assert read(text.encode(encoding), size).decode() == text


@given(st.binary(max_size=400), st.integers(1, 70))
def test_any_bytes_are_taken_and_their_lines_are_kept(data, size):
    data = b"a log\n" + data  # no mark of an encoding
    assert read(data, size).count(b"\n") == data.count(b"\n")
    decoding.text(data)


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\0" not in line), max_size=30).map(b"\n".join))
def test_a_log_without_zeros_is_passed_on_as_it_is(data):
    data = b"a log\n" + data
    assert read(data, 7) == data


def test_text_of_the_west_is_read_where_it_is_no_utf_8():
    assert decoding.text("déjà vu – naïve".encode("cp1252")) == "déjà vu – naïve"
    assert decoding.text(b"\x81\xe9") == "\x81é"  # Windows-1252 has no 81
    assert decoding.text("déjà vu".encode() + b" \xe9") == "déjà vu \ufffd"  # UTF-8, but for one byte


WIDE = "The process tried to write to a nonexistent pipe. Über\r\n".encode("utf-16-le")


def test_utf_16_lines_within_a_log_become_text():
    """A tool's output put after others' by ``>>``: the second half of each newline begins the next line."""
    lines = f"{STAMP}before\n".encode() + WIDE + WIDE + f"{STAMP}after\n".encode()
    lines = lines.replace(b"\0" + STAMP.encode(), STAMP.encode())
    told = "The process tried to write to a nonexistent pipe. Über\r\n"
    for size in (30, 64 << 10):
        assert read(lines, size).decode() == f"{STAMP}before\n{told}{told}{STAMP}after\n"


def test_utf_16_that_a_runner_took_for_utf_8_becomes_text():
    """A runner ends lines at CR as well as at LF, and puts a time before each."""
    said = "Catastrophic failure é"
    taken = "\r\n".join([said, "Error code: 7"]).encode("utf-16-le").decode("utf-8", "replace")
    lines = [line for part in taken.split("\r") for line in part.split("\n")]
    log = "".join(f"{STAMP}{line}\n" for line in lines).encode()
    assert read(log).decode() == f"{STAMP}Catastrophic failure \ufffd\n{STAMP}\n{STAMP}Error code: 7\n"


@pytest.mark.parametrize("step", ["UNKNOWN STEP", "Run tests"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_gh_prints_before_each_line_is_taken_away(step, mark, encoding):
    printed = "".join(f"build (3.12)\t{step}\t{mark * (not n)}{line}\n" for n, line in enumerate(LOG.splitlines()))
    for size in (5, 64 << 10):
        assert read(printed.encode(encoding), size).decode().removeprefix("\ufeff") == LOG


def test_lines_without_a_time_and_tabs_of_the_log_itself_are_told_apart():
    said = [f"{STAMP}##[group]Run go test ./...", "ok  \tacme/shop\t0.01s", f"{STAMP}FAIL\tacme/shop/cart\t0.02s", ""]
    printed = "".join(f"test\tRun go test ./...\t{line}\n" for line in said)
    assert read(printed.encode()).decode() == "".join(f"{line}\n" for line in said)
    plain = "".join(f"{STAMP}{line}\n" for line in ("ok\tacme/shop\t0.01s", "a\tb\t2026-11-10T10:00:00Z c"))
    assert read(plain.encode()).decode() == plain


def test_what_is_held_of_a_log_is_bounded():
    def pieces():
        for _ in range(400):
            yield b"x\0" * (32 << 10)

    assert max(map(len, decoding.log(pieces()))) < 1 << 20
