"""The journal of messages, ``sync.notifications``: what was told to whom.

Belongs here: noting a message before it goes out and what became of it. What was noted counts as told unless it is
known that it wasn't delivered: a message whose run was killed before the answer is never sent twice, and may be lost
(at most once). Such a message is named by ``roadmap doctor``.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from roadmap_pipeline.notifications.addresses import Address
from roadmap_pipeline.notifications.changes import Announced, announced_from
from roadmap_pipeline.notifications.messages import Message
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb

TABLE = "sync.notifications"
INTERRUPTED = "interrupted before the answer was read: it may not have arrived, and is not sent again"

_TOLD = "state in ('intended', 'interrupted', 'sent')"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A message that did not arrive, or may not have."""

    address: str
    title: str
    state: str
    error: str
    at: datetime


def announced(con: "duckdb.DuckDBPyConnection", address: Address) -> dict[str, Announced]:
    """Return by subject what was last told to ``address``."""
    told: dict[str, Announced] = {}
    for (changes,) in con.execute(
        f"select changes from {TABLE} where target = ? and {_TOLD} order by intended_at, notification_id",  # noqa: S608
        [address.key],
    ).fetchall():
        for entry in json.loads(changes or "[]"):
            told[entry["subject"]] = announced_from(entry)
    return told


def was_told_before(con: "duckdb.DuckDBPyConnection", address: Address) -> bool:
    """Return whether risks were ever told of to ``address``."""
    return bool(
        con.execute(
            f"select 1 from {TABLE} where target = ? and kind in ('change', 'digest') and {_TOLD} limit 1",  # noqa: S608
            [address.key],
        ).fetchall()
    )


def has_sent(con: "duckdb.DuckDBPyConnection", address: Address, alert_key: str) -> bool:
    """Return whether the alert of that key was told to ``address``."""
    return bool(
        con.execute(
            f"select 1 from {TABLE} where target = ? and alert_key = ? and {_TOLD} limit 1",  # noqa: S608
            [address.key, alert_key],
        ).fetchall()
    )


def last_digest(con: "duckdb.DuckDBPyConnection", address: Address) -> datetime | None:
    """Return the time (aware, as of which it spoke) of the last digest that ``address`` got."""
    ((last,),) = con.execute(
        f"select max(as_of) from {TABLE} where target = ? and kind = 'digest' and {_TOLD}",  # noqa: S608
        [address.key],
    ).fetchall()
    return None if last is None else last.replace(tzinfo=UTC)


def hold(con: "duckdb.DuckDBPyConnection", address: Address, count: int, as_of: datetime) -> None:
    """Note that changes are held back until the quiet hours are over."""
    row = _row(address, Message("digest", f"{count} held until quiet hours are over", ""), as_of)
    replace_rows(con, TABLE, [row | {"notification_id": f"held-{address.key}", "kind": "held", "state": "held"}])


def is_holding(con: "duckdb.DuckDBPyConnection", address: Address) -> bool:
    """Return whether anything is held back for ``address``."""
    return bool(
        con.execute(f"select 1 from {TABLE} where target = ? and state = 'held'", [address.key]).fetchall()  # noqa: S608
    )


def release(con: "duckdb.DuckDBPyConnection", address: Address) -> None:
    """Forget that anything was held back for ``address``: it is told now."""
    con.execute(f"delete from {TABLE} where target = ? and state = 'held'", [address.key])  # noqa: S608


def intend(
    con: "duckdb.DuckDBPyConnection", address: Address, message: Message, as_of: datetime, alert_key: str | None = None
) -> str:
    """Note a message before it goes out; return its id."""
    row = _row(address, message, as_of) | {"alert_key": alert_key}
    replace_rows(con, TABLE, [row])
    return str(row["notification_id"])


def settle(con: "duckdb.DuckDBPyConnection", notification_id: str, error: str | None) -> None:
    """Note that a message was delivered, or why it wasn't: what it told of is told again then."""
    con.execute(
        f"update {TABLE} set state = ?, error = ?, settled_at = ? where notification_id = ?",  # noqa: S608
        ["sent" if error is None else "failed", error, _clock(), notification_id],
    )


def settle_interrupted(con: "duckdb.DuckDBPyConnection") -> None:
    """Settle what a run that was killed had intended."""
    con.execute(
        f"update {TABLE} set state = 'interrupted', error = ?, settled_at = ? where state = 'intended'",  # noqa: S608
        [INTERRUPTED, _clock()],
    )


def troubles(con: "duckdb.DuckDBPyConnection") -> list[Trouble]:
    """Return what did not arrive at each address since something last did, newest first and one an address."""
    rows = con.execute(
        f"""
        select address, title, state, error, intended_at from {TABLE}
        where state <> 'held'
        qualify row_number() over (partition by target order by intended_at desc, notification_id desc) = 1
        order by intended_at desc
        """  # noqa: S608
    ).fetchall()
    return [Trouble(*row) for row in rows if row[2] in ("failed", "interrupted")]


def _row(address: Address, message: Message, as_of: datetime) -> dict[str, Any]:
    return {
        "notification_id": uuid4().hex,
        "target": address.key,
        "address": address.shown,
        "kind": message.kind,
        "title": message.title,
        "body": message.body,
        "changes": json.dumps([change.announced() for change in message.changes], ensure_ascii=False),
        "state": "intended",
        "as_of": as_of.astimezone(UTC).replace(tzinfo=None),
        "intended_at": _clock(),
    }


def _clock() -> datetime:
    # The journal says when something was sent: the clock's time, whatever ROADMAP_NOW stands for.
    return datetime.now(UTC).replace(tzinfo=None)
