"""Of an address only its scheme is shown, and its host where that is no token."""

import pytest
from pydantic import SecretStr

from roadmap_pipeline.notifications.addresses import Address
from roadmap_pipeline.notifications.delivery import is_known


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("slack://TokenAAAA/TokenBBBB/TokenCCCC/#roadmap", "slack://…"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord://…"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazk", "https://hooks.slack.com"),
        ("mailtos://ada:pa55word@example.com?smtp=smtp.example.com&to=b@example.com", "mailtos://example.com"),
        ("json://user:pass@localhost:8080/path?token=abcd", "json://localhost:8080"),
        ("workflows://prod.example.com:443/WORKFLOWID/SIGNATURE", "workflows://prod.example.com:443"),
        ("ntfys://secret-topic", "ntfys://…"),
        ("json://host:notaport/x", "json://…"),
    ],
)
def test_what_is_shown(address: str, shown: str) -> None:
    one = Address(SecretStr(address))
    assert one.shown == shown
    assert address not in repr(one) and len(one.key) == 16


def test_nothing_of_an_address_is_left_in_a_text() -> None:
    one = Address(SecretStr("json://ada:pa%2055word@localhost:8080/hook/T0ken?sig=Sign%20ature"))
    text = "POST http://ada:pa 55word@localhost:8080/hook/T0ken?sig=Sign ature failed, pa%2055word"
    left = one.without_secrets(text)
    assert not any(secret in left for secret in ("55word", "T0ken", "Sign ature", "hook"))


def test_a_service_that_nobody_knows() -> None:
    assert not is_known(Address(SecretStr("nosuchservice://host/token")))
    assert is_known(Address(SecretStr("json://localhost")))
