"""The addresses to which messages go, and what of them may be shown.

Belongs here: keeping what is secret in an address out of every text. For many services the host's place holds a token,
so a host is shown only where it is known to be one.
"""

import hashlib
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

_WITH_HOST = frozenset(
    scheme + secure
    for scheme in (
        "http", "json", "xml", "form", "apprise", "mailto", "gotify", "matrix", "mmost", "rocket", "workflow",
        "nctalk", "ncloud", "synology", "msteams-workflow",
    )
    for secure in ("", "s")
)  # fmt: skip
"""Schemes whose host is one."""

_LEAST_SECRET = 4
"""Characters from which on a part of an address is taken out of a text: shorter ones would take out half of it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of Apprise. ``shown`` is its scheme, and its host where that is no token."""

    secret: SecretStr = field(repr=False)

    @property
    def key(self) -> str:
        """The digest by which the journal knows the address; no secret can be read from it."""
        return hashlib.sha256(self.secret.get_secret_value().encode()).hexdigest()[:16]

    @property
    def shown(self) -> str:
        """The address as people may see it: ``slack://…``, ``json://localhost:8080``."""
        text = self.secret.get_secret_value()
        scheme = text.partition("://")[0].lower()
        if scheme not in _WITH_HOST:
            return f"{scheme}://…"
        try:
            parts = urlsplit(text)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return f"{scheme}://…"
        return f"{scheme}://{parts.hostname or '…'}{port}"

    def without_secrets(self, text: str) -> str:
        """Return ``text`` without anything that stands in the address, but for what is shown of it."""
        for part in self._secret_parts():
            text = text.replace(part, "…")
        return text

    def _secret_parts(self) -> list[str]:
        """Return all parts of the address that may be secret, longest first."""
        whole = self.secret.get_secret_value()
        scheme, _, rest = whole.partition("://")
        known = self.shown.partition("://")[2]
        parts = {
            whole,
            rest,
            *re.split(r"[/?&#@:=,]+", rest),
            *(value for _, value in parse_qsl(rest.partition("?")[2])),
        }
        parts |= {unquote(part) for part in parts}
        kept = {scheme, known, known.partition(":")[0]}
        return sorted((one for one in parts - kept if len(one) >= _LEAST_SECRET), key=len, reverse=True)
