"""The signatures of deliveries: HMAC-SHA256 over the raw bytes, as GitHub and Notion alike make them.

Belongs here: making and checking one. Which header holds it is the application's.
"""

import hashlib
import hmac

GITHUB_HEADER = "X-Hub-Signature-256"
NOTION_HEADER = "X-Notion-Signature"


def signature(secret: str, body: bytes) -> str:
    """Return the header's value: ``sha256=`` and 64 hexadecimal digits."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def is_signed(secret: str, body: bytes, header: str | None) -> bool:
    """Return whether ``header`` is the signature of ``body``; how long that takes says nothing about the right one."""
    # As bytes: texts with other characters than ASCII can't be compared in constant time.
    return hmac.compare_digest(signature(secret, body).encode(), (header or "").encode("utf-8", "surrogateescape"))
