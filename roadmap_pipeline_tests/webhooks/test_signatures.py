"""Signatures of deliveries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.webhooks.signatures import is_signed, signature

PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_of_githubs_documentation() -> None:
    assert is_signed("It's a Secret to Everybody", b"Hello, World!", PUBLISHED)


@pytest.mark.parametrize(
    "header",
    [None, "", "sha256=", PUBLISHED[7:], PUBLISHED.upper(), PUBLISHED[:-1], f"{PUBLISHED} ", "sha1=" + "0" * 40, "é"],
)
def test_anything_else_is_no_signature(header: str | None) -> None:
    assert not is_signed("It's a Secret to Everybody", b"Hello, World!", header)


@given(st.text(), st.binary(), st.binary(), st.text())
def test_a_signature_is_of_one_secret_and_one_body(secret: str, body: bytes, other: bytes, guess: str) -> None:
    header = signature(secret, body)
    assert is_signed(secret, body, header)
    assert is_signed(secret, other, header) == (other == body)
    assert not is_signed(secret, body, guess)
    # HMAC fills short keys up with zeros
    assert is_signed(guess, body, header) == (guess.rstrip("\0") == secret.rstrip("\0"))
