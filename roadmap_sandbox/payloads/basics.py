"""Parts that several kinds of payloads need: times, node ids, empty reactions."""

import base64
import struct
from datetime import UTC, datetime

Time = datetime | str


REACTIONS = {"+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0}


def timestamp(moment: Time) -> str:
    """Return an instant as the API writes it: ``2026-11-16T06:00:00Z``, whole seconds, UTC. Strings pass through."""
    if isinstance(moment, str):
        return moment
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_timestamp(moment: Time | None) -> str | None:
    """Return a :func:`timestamp`, or None for None."""
    return None if moment is None else timestamp(moment)


def timestamps(**moments: Time | None) -> dict[str, str | None]:
    """Return an :func:`optional_timestamp` for each field."""
    return {name: optional_timestamp(moment) for name, moment in moments.items()}


def node_id(kind: str, number: int) -> str:
    """Return a global id of the form ``WFR_kwDO…``: kind, then the number in base 64."""
    packed = base64.urlsafe_b64encode(number.to_bytes(9, "big")).decode().rstrip("=")
    return f"{kind}_kwDO{packed}"


def node_id_within(kind: str, repository_id: int, number: int) -> str:
    """Return a global id as GitHub really forms it: it names the repository, too (MessagePack of three numbers)."""
    packed = struct.pack(">BBBIBI", 0x93, 0, 0xCE, repository_id, 0xCE, number)
    return f"{kind}_{base64.urlsafe_b64encode(packed).decode()}"
