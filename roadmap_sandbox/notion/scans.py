"""Queries under way: what the cursors of their further pages stand for."""

from dataclasses import dataclass
from uuid import uuid5

from roadmap_sandbox.notion.errors import invalid
from roadmap_sandbox.notion.records import ID_NAMESPACE


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of one query, for its further pages."""

    id: str
    ids: list[str]
    query_key: str


class Scans:
    """The queries under way. A cursor is good for the scan that issued it and for the same filter and sorts only."""

    _KEPT = 100

    def __init__(self) -> None:
        self._count = 0
        self._scans: dict[str, Scan] = {}

    def start(self, ids: list[str], query_key: str) -> Scan:
        """Add a scan; the oldest of 100 is forgotten."""
        self._count += 1
        scan = Scan(str(uuid5(ID_NAMESPACE, f"scan {self._count}")), ids, query_key)
        self._scans[scan.id] = scan
        if len(self._scans) > self._KEPT:
            del self._scans[next(iter(self._scans))]
        return scan

    def resume(self, cursor: str, query_key: str) -> tuple[Scan, int]:
        """Return the scan of a cursor ``s:<scan>:<row>`` and the row's index; 400 for a cursor of no such scan."""
        _, _, rest = cursor.partition(":")
        scan_id, _, row = rest.partition(":")
        scan = self._scans.get(scan_id)
        if scan is None or scan.query_key != query_key or row not in scan.ids:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        return scan, scan.ids.index(row)

    def invalidate(self) -> None:
        """Make every cursor issued so far a stale one."""
        self._scans.clear()
