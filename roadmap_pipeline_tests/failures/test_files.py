"""``roadmap classify FILE…``: plain, gzip and standard input give the contract's object."""

import gzip
import io
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("content", [b"\x1f\x8b broken", gzip.compress(LOG)[:-20]])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(content)
    with pytest.raises(RoadmapError, match=r"log\.gz") as raised:
        classify_file(str(path))
    assert raised.value.exit_code == 1


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for wrong in (tmp_path / "log.gz", tmp_path):
        with pytest.raises(ConfigurationError, match=wrong.name) as raised:
            classify_file(str(wrong))
        assert raised.value.exit_code == 2
