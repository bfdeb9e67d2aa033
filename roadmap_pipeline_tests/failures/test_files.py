"""``roadmap classify FILE…``: plain, gzip and standard input give the contract's object."""

import gzip
import io
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.cli import main
from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.files import classify_file
from roadmap_pipeline.failures.rules import default_rules
from roadmap_pipeline_tests.failures.logs import FAILED, job, line_of, step

KEYS = ["file", "category", "domain", "rule_id", "fingerprint", "line", "evidence", "ruleset_version"]
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
    }
    path.write_bytes(job(step("./x", "strange", FAILED)))
    unknown = classify_file(str(path))
    assert (unknown["category"], unknown["domain"], unknown["rule_id"]) == ("unknown", "unknown", None)
    assert unknown["evidence"] == "strange"


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
