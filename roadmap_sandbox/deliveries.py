"""Sending the messages of webhooks, as unreliably as is wanted.

Belongs here: the way to the receiver. What messages say, and how they are signed, is each simulator's.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A request to a receiver; two with the same text are two."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def send(
    messages: Sequence[Message], *, lose: float = 0.0, duplicate: float = 0.0, shuffle: bool = False, seed: int = 0
) -> list[tuple[Message, int]]:
    """Send messages, and return those that were sent, each with the receiver's status (0: it was not reached).

    Each is lost or doubled with the given probability (0–1). Nothing is sent again: a receiver that refuses or can't be
    reached loses the message.
    """
    import requests

    chance = random.Random(seed)  # noqa: S311
    sent = [message for message in messages if chance.random() >= lose]
    sent += [message for message in sent if chance.random() < duplicate]
    if shuffle:
        chance.shuffle(sent)
    statuses: list[tuple[Message, int]] = []
    with requests.Session() as session:
        for message in sent:
            try:
                status = session.post(
                    message.url, data=message.body, headers=message.headers, timeout=_TIMEOUT_SECONDS
                ).status_code
            except requests.RequestException:
                status = 0
            statuses.append((message, status))
    return statuses
