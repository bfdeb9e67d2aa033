"""`--verbose`: every request and the beginning of its answer, without secrets; nothing of it stays behind."""

import json
import logging
import string

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.failures.logs.redaction import shown_response
from roadmap_pipeline_tests.cli.test_cli import root, served  # noqa: F401 - an empty project
from roadmap_pipeline_tests.conftest import Ran

_LETTERS = string.ascii_letters + string.digits


@pytest.mark.parametrize("words", [("doctor", "--verbose"), ("--verbose", "doctor")])
def test_requests_and_answers_of_both_sides(words, ran: Ran, root) -> None:  # noqa: F811
    levels = {name: logging.getLogger(name).level for name in (None, "roadmap_pipeline", "httpx")}
    handlers = list(logging.getLogger().handlers)
    environment = served(ran, root)
    result = CliRunner().invoke(main, words, env=environment)
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    for line in (
        "DEBUG roadmap_pipeline.github.requests: GET http://127.0.0.1:",
        'DEBUG roadmap_pipeline.github.responses: GET /repos/acme/payments answered {"id":',
        "DEBUG roadmap_pipeline.notion.requests: GET /v1/",
        "DEBUG roadmap_pipeline.notion.responses: GET /v1/",
    ):
        assert [one for one in lines if one.startswith(line)], line
    assert max(map(len, lines)) < 1_000
    for name in ("GITHUB_TOKEN", "NOTION_API_KEY"):
        assert environment[name] not in result.output
    assert {name: logging.getLogger(name).level for name in levels} == levels
    assert logging.getLogger().handlers == handlers
    assert "DEBUG" not in CliRunner().invoke(main, ["doctor"], env=environment).output


@given(
    st.sampled_from(["token", "access_token", "client_secret", "password", "private_key", "webhook_secret", "API_KEY"]),
    st.text(_LETTERS, min_size=12, max_size=60).map(lambda text: f"s3cr3t{text}"),
    st.text(max_size=200),
    st.sampled_from([None, 1]),
)
def test_secrets_of_fields_named_after_one_are_not_shown(name, secret, before, indent) -> None:
    shown = shown_response(json.dumps({"note": before, name: secret, "id": 1}, indent=indent))
    assert secret[:10] not in shown.replace(before, "")
    assert len(shown) <= 601
    assert "\n" not in shown


@given(
    st.sampled_from(["ghp_", "ghs_", "github_pat_", "ntn_"]),
    st.text(_LETTERS, min_size=40, max_size=50),
    st.text(string.ascii_lowercase + " ", min_size=450, max_size=620),
)
def test_secrets_are_known_by_their_shape_wherever_they_stand(prefix, rest, before) -> None:
    shown = shown_response(json.dumps({"body": f"{before} {prefix}{rest} end"}))
    assert rest[:12] not in shown


def test_queries_of_addresses_are_left_out() -> None:
    body = json.dumps({"archive_url": "https://host/path?se=2026&sp=r&sr=b&sig=abc%2Bdef", "q": "why? because"})
    assert shown_response(body) == '{"archive_url": "https://host/path?…", "q": "why? because"}'
