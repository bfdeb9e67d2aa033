"""``roadmap classify FILE…``: plain, gzip and standard input give the contract's object."""

import gzip
import io
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.back_test import try_patterns
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.files import classify_file
from roadmap_pipeline.failures.matching.novelty import baseline_of_stream
from roadmap_pipeline.failures.rules.rule_set import default_rules
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, step

CONTRACT = ["file", "category", "domain", "rule_id", "fingerprint", "line", "evidence", "ruleset_version"]
KEYS = [*CONTRACT, "known_by", "failed_tests", "failed_tests_count"]
LOG = job(step("make ci", "--- FAIL: TestTotal (0.01s)", FAILED))


def test_plain_and_gzip_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(LOG)
    (tmp_path / "log.gz").write_bytes(gzip.compress(LOG))
    plain = classify_file(str(tmp_path / "log.txt"))
    assert list(plain) == KEYS
    assert plain["category"] == "test"
    assert plain["domain"] == "code"
    assert plain["rule_id"] == "test.go"
    assert plain["line"] == line_of(LOG, "--- FAIL")
    assert plain["evidence"] == "--- FAIL: TestTotal (0.01s)"
    assert classify_file(str(tmp_path / "log.gz")) == plain | {"file": str(tmp_path / "log.gz")}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG)))
    assert classify_file("-")["rule_id"] == "test.go"


def test_no_failure_and_unknown_failure(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(job(step("make ci", "fine")))
    assert classify_file(str(path)) == dict.fromkeys(KEYS) | {
        "file": str(path),
        "ruleset_version": default_rules().version,
        "failed_tests": [],
        "failed_tests_count": 0,
    }
    path.write_bytes(job(step("./x", "strange", FAILED)))
    unknown = classify_file(str(path))
    assert (unknown["category"], unknown["domain"], unknown["rule_id"]) == ("unknown", "unknown", None)
    assert unknown["evidence"] == "strange"
    assert (unknown["known_by"], unknown["failed_tests"], unknown["failed_tests_count"]) == ("cause", [], 0)


def test_the_tests_that_failed_are_named_with_their_lines_in_a_log_of_any_size(tmp_path: Path) -> None:
    noise = [f"compiling part {number} of many, and of what else there may be to say of it" for number in range(90_000)]
    output = ["FAILED tests/test_a.py::test_sum - assert 1 == 2", "FAILED tests/test_a.py::test_tax"]
    log = job(step("pytest", *noise, *output, *noise[:9_000], FAILED))
    assert len(log) > 7 << 20  # more than is kept of a log
    (tmp_path / "log.txt").write_bytes(log)
    found = classify_file(str(tmp_path / "log.txt"))
    assert (found["category"], found["known_by"], found["failed_tests_count"]) == ("test", "tests", 2)
    assert found["line"] == line_of(log, "test_sum")
    assert found["failed_tests"] == [
        {"name": "tests/test_a.py::test_sum", "line": line_of(log, "test_sum"), "assertion": "assert 1 == 2"},
        {"name": "tests/test_a.py::test_tax", "line": line_of(log, "test_tax"), "assertion": None},
    ]


def test_one_broken_file_of_several_is_named_after_the_others_were_judged(tmp_path: Path) -> None:
    (tmp_path / "broken.gz").write_bytes(gzip.compress(LOG)[:-20])
    (tmp_path / "good.txt").write_bytes(LOG)
    files = [str(tmp_path / name) for name in ("broken.gz", "good.txt")]
    result = CliRunner().invoke(main, ["classify", *files])
    assert result.exit_code == 1
    assert "good.txt: test (test.go" in result.output
    assert "broken.gz" in result.output
    assert CliRunner().invoke(main, ["classify", *files, str(tmp_path / "nowhere")]).exit_code == 2


@pytest.mark.parametrize("content", [b"\x1f\x8b broken", gzip.compress(LOG)[:-20]])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(content)
    with pytest.raises(RoadmapError, match=r"log\.gz") as raised:
        classify_file(str(path))
    assert raised.value.exit_code == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"\r progress 3%", b"\x00" * 40, b"\xff\xfe", b"x" * 70_000, b"\n", b"##[error]", b"\x1b["]
            ),
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_bytes_get_a_verdict_or_none_and_a_cut_archive_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(LOG + data)
    assert list(classify_file(str(path))) == KEYS
    path.write_bytes(b"x" + data)
    found = classify_file(str(path))
    assert found["line"] is None or 1 <= found["line"] <= data.count(b"\n") + 1
    path.write_bytes(gzip.compress(LOG + data)[:-9])
    with pytest.raises(RoadmapError, match="Can't read the log"):
        classify_file(str(path))


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for wrong in (tmp_path / "log.gz", tmp_path):
        with pytest.raises(ConfigurationError, match=wrong.name) as raised:
            classify_file(str(wrong))
        assert raised.value.exit_code == 2


def as_gh_prints(log: bytes, step: str = "UNKNOWN STEP") -> bytes:
    return b"".join(b"test (3.12)\t" + step.encode() + b"\t" + line + b"\n" for line in log.rstrip(b"\n").split(b"\n"))


OTHER_FORMS = {
    "utf-16": LOG.decode().encode("utf-16"),
    "utf-16 without a mark": LOG.decode().removeprefix("\ufeff").replace("\n", "\r\n").encode("utf-16-be"),
    "gh run view --log": as_gh_prints(LOG),
    "gh run view --log-failed": as_gh_prints(LOG, "make ci"),
    "gh in PowerShell": as_gh_prints(LOG).decode().replace("\n", "\r\n").encode("utf-16"),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_log_in_another_form_gets_the_same_verdict_line_and_evidence(tmp_path: Path, form: str) -> None:
    (tmp_path / "plain").write_bytes(LOG)
    (tmp_path / "other").write_bytes(OTHER_FORMS[form])
    plain = classify_file(str(tmp_path / "plain"))
    assert plain["evidence"] == "--- FAIL: TestTotal (0.01s)"
    assert classify_file(str(tmp_path / "other")) == plain | {"file": str(tmp_path / "other")}
    excerpt, usual = make_excerpt(OTHER_FORMS[form]), make_excerpt(LOG)
    assert (excerpt.text, excerpt.line_ranges, excerpt.log_lines) == (usual.text, usual.line_ranges, usual.log_lines)
    assert excerpt.log_bytes == len(OTHER_FORMS[form])
    assert baseline_of_stream([OTHER_FORMS[form]]) == baseline_of_stream([LOG])


def test_a_pattern_is_looked_for_in_passing_logs_of_any_form(tmp_path: Path) -> None:
    file = tmp_path / "passing.log"
    with connect(tmp_path / "roadmap.duckdb") as con:
        for content in OTHER_FORMS.values():
            file.write_bytes(content)
            assert try_patterns(con, [r"^\S+Z --- FAIL: \w+"], [str(file)])[0].found_in_passing == [str(file)]


def test_evidence_in_an_encoding_of_the_west_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(job(step("./x", "Größe überschritten", FAILED)).decode().encode("cp1252", "ignore"))
    assert classify_file(str(path))["evidence"] == "Größe überschritten"


def test_what_a_windows_tool_said_in_utf_16_is_found(tmp_path: Path) -> None:
    said = "error: linker `link.exe` not found\r\n".encode("utf-16-le")
    log = job(step("cargo build", "MARK", FAILED))
    path = tmp_path / "log.txt"
    path.write_bytes(log.replace(b"MARK\n", said))
    plain = tmp_path / "plain.txt"
    plain.write_bytes(log.replace(b"MARK\n", b"error: linker `link.exe` not found\n"))
    found, expected = classify_file(str(path)), classify_file(str(plain))
    assert expected["rule_id"] is not None
    assert found == expected | {"file": str(path)}
