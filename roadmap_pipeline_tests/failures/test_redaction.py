"""One secret of each kind, built here so that no scanner takes the file for a leak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.failures.logs.redaction import PLACEHOLDER, redact

LETTERS = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xY"
SECRETS = {
    "github classic": "ghp_" + LETTERS + "wxyz",
    "github server": "ghs_" + LETTERS + "wxyz",
    "github fine-grained": "github_pat_" + LETTERS + "_" + LETTERS,
    "gitlab": "glpat-" + LETTERS,
    "notion old": "secret_" + LETTERS + "abcdefghijk",
    "notion": "ntn_" + LETTERS + "abcdefghijk1234",
    "slack bot": "xoxb-" + "123456789012-" + LETTERS,
    "slack app": "xapp-1-" + LETTERS,
    "aws key": "AKIA" + "ABCDEFGH12345678",
    "google api": "AIza" + LETTERS + "abc",
    "google oauth": "ya29." + LETTERS,
    "azure client secret": "abc8Q~" + LETTERS,
    "npm": "npm_" + LETTERS + "wxyz",
    "pypi": "pypi-" + LETTERS + LETTERS,
    "stripe": "sk_live_" + LETTERS,
    "docker": "dckr_pat_" + LETTERS,
    "hugging face": "hf_" + LETTERS + "ab",
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0." + LETTERS,
}
IN_CONTEXT = {
    "url": ("fetching https://ci:{}@git.example/acme/site.git", "hunter2hunter"),
    "authorization header": ("> Authorization: Basic {}", "Y2k6aHVudGVyMg=="),
    "bearer": ("curl -H 'X: Bearer {}'", LETTERS),
    "proxy": ("Proxy-Authorization: Digest {}", LETTERS),
    "password assignment": ("DB_PASSWORD={}", "hunter2"),
    "password mapping": ('  "password": "{}",', "correct horse"),
    "token mapping": ("api_token: {}", "a1b2c3d4e5"),
    "client secret": ("client_secret = '{}'", "not so secret"),
    "aws secret": ("aws_secret_access_key = {}", LETTERS + "ab/+cdef"),
    "azure storage": ("AccountName=acme;AccountKey={};", LETTERS + "=="),
    "azure signature": ("https://acme.blob.example/c?sv=1&sig={}&se=2", "abc%2Bdef12345"),
    "signed url": ("https://s3.example/b?X-Amz-Signature={}", "0123456789abcdef"),
    "npmrc": ("//registry.example/:_authToken={}", "0a1b2c3d-4e5f"),
    "slack hook": ("https://hooks.slack.com/{}", "services/T000/B000/" + LETTERS),
    "flag": ("deploy --token {} --now", "a1b2c3d4"),
    "cookie": ("Set-Cookie: {}", "sid=0123456789"),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_tokens(secret: str) -> None:
    redacted = redact(f"before {secret} after")
    assert redacted.text == f"before {PLACEHOLDER} after"
    assert redacted.count == 1


@pytest.mark.parametrize(("line", "secret"), IN_CONTEXT.values(), ids=IN_CONTEXT.keys())
def test_secrets_told_by_what_stands_around_them(line: str, secret: str) -> None:
    redacted = redact(line.format(secret))
    assert secret not in redacted.text
    assert PLACEHOLDER in redacted.text
    assert redacted.text.startswith(line.split("{}")[0][:8])
    assert redacted.count == 1


def test_a_private_key_keeps_its_number_of_lines() -> None:
    text = "\n".join(
        ["a", "-----BEGIN RSA " + "PRIVATE KEY-----", "MII", "abc", "-----END RSA " + "PRIVATE KEY-----", "b"]
    )
    redacted = redact(text)
    assert "MII" not in redacted.text
    assert redacted.text.count("\n") == text.count("\n")
    assert redacted.text.endswith("\nb")
    assert redacted.count == 1


@pytest.mark.parametrize(
    "text",
    [
        "token: ***",
        "password: ${{ secrets.DB_PASSWORD }}",
        "GITHUB_TOKEN=${GITHUB_TOKEN}",
        "Input required and not supplied: token",
        "unexpected token: expected a comma",
        "https://git.example/acme/site.git",
        "git@git.example:acme/site.git",
        "FAILED tests/test_tokens.py::test_password - assert 1 == 2",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "Could not find secret_manager in registry",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text).text == text


PIECES = st.sampled_from([*SECRETS.values(), "password=hunter22", "token:", " ", "\n", "=", '"', "x", "://a:b1c2@c"])


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))
def test_lines_stay_and_twice_is_once(text: str) -> None:
    once = redact(text)
    assert once.text.count("\n") == text.count("\n")
    assert redact(once.text).text == once.text
