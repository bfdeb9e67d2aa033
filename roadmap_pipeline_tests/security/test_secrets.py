"""Secrets that are planted where people and servers put them by mistake: shown nowhere. Whole runs: `whole_runs`."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.logs.redaction import redact, shown_response
from roadmap_pipeline.warehouse.connection import shown_path
from roadmap_pipeline_tests.github.conftest import REPO
from roadmap_pipeline_tests.security.planted import (
    GITHUB_TOKEN,
    IN_LOGS,
    NOTION_KEY,
    everything_planted,
    leaks,
    log_lines,
)
from roadmap_pipeline_tests.security.whole_runs import assert_nothing_shown, content
from roadmap_sandbox.defaults import PARENT_PAGE_ID


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    """Otherwise nothing would be said by its finding nothing."""
    secrets = everything_planted()
    text = "\n".join(log_lines())
    assert {found.partition(": …")[0] for found in leaks(text, secrets)} == set(secrets)
    assert not leaks("nothing here", secrets)
    (tmp_path / "a.log").write_text(f"{GITHUB_TOKEN[:20]}\n{GITHUB_TOKEN[20:]}")
    with pytest.raises(AssertionError, match="token"):
        assert_nothing_shown(tmp_path, {"token": GITHUB_TOKEN})


def test_no_excerpt_of_a_log_gives_a_secret_away() -> None:
    for log in content().logs.values():
        excerpt = make_excerpt(log)
        assert not leaks(excerpt.text, everything_planted())
        assert excerpt.redactions > len(IN_LOGS)


def test_the_log_of_requests_shows_no_secret_of_a_response() -> None:
    for template, secret in IN_LOGS.values():
        line = template.format(secret)
        body = json.dumps({"message": f"\x1b[31m{line}\x1b[0m", "title": line})
        assert not leaks(shown_response(body), everything_planted()), line


ENCODED = st.sampled_from(["ghp_", "ghs_", "github_pat_", "glpat-", "ntn_", "xoxb-", "npm_"])


@given(st.text("abc:@ ", max_size=7), ENCODED, st.text("aB3dE5fG7hJ9", min_size=24, max_size=60), st.booleans())
def test_a_token_within_base64_is_known_whatever_stands_before_it(before, beginning, rest, is_for_urls) -> None:
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode
    encoded = encode(f"{before}{beginning}{rest}".encode()).decode()
    redacted = redact(f"value {encoded} end")
    assert encoded[8:-8] not in redacted.text
    assert redacted.text.startswith("value ")


@pytest.mark.parametrize(
    "text",
    [
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "integrity sha512-4bWmkvXmYVjUu0MxmIPU8vLpPWQv0ZbLWQk5nUuBNkWPSlmhoBSJLDdtIwW1zhCJjJ3yaVMMB2nQ==",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUMrekNDQWVPZ0F3SUJBZ0lKQUo=",
        "https://deploy@git.example/acme/site.git",
        "ssh://a-very-long-name-of-a-user@host/path",
        '{"auth": ""}',
    ],
)
def test_hashes_certificates_and_names_stay(text: str) -> None:
    assert redact(text).text == text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/data/password=x/roadmap.duckdb", "/data/password=x/roadmap.duckdb"),
        ("ducklake:postgres:dbname=lake password=a1b2c3 host=h", "ducklake:postgres:dbname=lake password=*** host=h"),
        ("ducklake:postgres:password='a b' host=h", "ducklake:postgres:password=*** host=h"),
        ("ducklake:postgresql://ci:a1b2@db/lake", "ducklake:postgresql://ci:***@db/lake"),
        ("md:lake?motherduck_token=abc&x=1", "md:lake?motherduck_token=***&x=1"),
    ],
)
def test_a_warehouse_is_named_without_its_credentials(path: str, shown: str) -> None:
    assert shown_path(path) == shown


@pytest.mark.parametrize(
    "mistake",
    [
        {"GITHUB_REPOSITORY": GITHUB_TOKEN},
        {"NOTION_PARENT_PAGE_ID": NOTION_KEY},
        {"GITHUB_API_URL": f"x-access-token:{GITHUB_TOKEN}@github.example"},
        {"ROADMAP_NOW": NOTION_KEY},
        {"ROADMAP_WAREHOUSE": f"ducklake:nowhere:host=db.example password={GITHUB_TOKEN[4:]}"},
        {"ROADMAP_WAREHOUSE": f"ducklake:nowhere:postgresql://ci:{GITHUB_TOKEN[4:]}@db.example/lake"},
        {"ROADMAP_CONFIG": f"/no/such/{GITHUB_TOKEN}"},
    ],
    ids=lambda mistake: next(iter(mistake)),
)
def test_a_secret_in_the_wrong_variable(mistake: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Name a wrong value, but do not show it where it looks like a secret."""
    environment = {
        "GITHUB_TOKEN": GITHUB_TOKEN, "GITHUB_REPOSITORY": REPO, "NOTION_API_KEY": NOTION_KEY,
        "NOTION_PARENT_PAGE_ID": PARENT_PAGE_ID, "ROADMAP_WAREHOUSE": str(tmp_path / "roadmap.duckdb"),
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["--verbose", "status"], env={**environment, **mistake})
    assert result.exit_code in (1, 2), result.output
    assert "error: " in result.output
    secrets = {"GITHUB_TOKEN": GITHUB_TOKEN[4:], "NOTION_API_KEY": NOTION_KEY}
    assert not leaks(result.output, secrets)
