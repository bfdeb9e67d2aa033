"""The file in which a simulator keeps what was written to it, one JSON line a write, to carry it out again.

Belongs here: appending lines, and what a process left that died within one. What a line means is the simulator's.
"""

from pathlib import Path


class WritesFile:
    """The lines at ``path``; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def append(self, line: bytes) -> None:
        """Keep one write."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(line + b"\n")

    def lines(self) -> list[bytes]:
        """Return the kept writes, oldest first.

        An unfinished last line goes: its process died while it wrote, so that write was never answered.
        """
        if self.path is None or not self.path.exists():
            return []
        written = self.path.read_bytes()
        *lines, unfinished = written.split(b"\n")
        if unfinished:
            self.path.write_bytes(written[: -len(unfinished)])
        return lines
