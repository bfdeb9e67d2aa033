"""CODEOWNERS of the default branch: which of its places holds the file, and what it says.

Belongs here: when each place is asked for. What the lines mean belongs to ``github.code_owners``.

A file that is there costs nothing while it stays as it is; that there is none GitHub counts. So each place is asked for
once a day, and from the second time on one place an ingest: no poll pays for more than one.
"""

import base64
import binascii
from datetime import timedelta
from typing import Any

from roadmap_pipeline.github.client.errors import GitHubError, NotFoundError
from roadmap_pipeline.github.client.response import Response
from roadmap_pipeline.github.code_owners import CATCH_ALL, LOCATIONS, OwnedFiles, parse_code_owners
from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

ASKED_AGAIN_AFTER = timedelta(days=1)


def read_code_owners(reader: RepositoryReader, progress: Task) -> None:
    """Look for the file where it is time to, in GitHub's order, and store what it says."""
    known: dict[str, tuple[bool, Any]] = {
        path: (is_there, asked_at)
        for path, is_there, asked_at in reader.store.query(
            "select path, is_there, asked_at from raw.code_owner_files where repo = ?", [reader.repo]
        )
    }
    for path in LOCATIONS:
        is_there, asked_at = known.get(path, (False, None))
        is_due = asked_at is None or asked_at <= reader.now - ASKED_AGAIN_AFTER
        was_there = is_there
        if is_due:
            is_there = _read_one(reader, path, was_there=was_there)
            progress.advance()
        # Of one that went away the place that counts now is looked for at once.
        if is_there or (is_due and asked_at is not None and not was_there):
            return


def _read_one(reader: RepositoryReader, location: str, *, was_there: bool) -> bool:
    """Read one place, and return whether the file is there."""
    path = f"{reader.root}/contents/{location}"
    # Without its rows the file has to be read whole, whatever is remembered of the answer.
    etag = reader.etag(path) if was_there else None
    try:
        response = reader.client.get(path, etag=etag)
    except NotFoundError:
        reader.store.put_code_owners(reader.repo, location, is_there=False, rows=[])
        return False
    if response.unchanged:
        reader.store.put_code_owners(reader.repo, location, is_there=True, rows=None)
        return True
    text = _text_of(response, path)
    provenance = reader.provenance(path)
    rows = [_row(reader, location, str(response.data.get("html_url") or ""), one) for one in parse_code_owners(text)]
    reader.store.put_code_owners(
        reader.repo, location, is_there=True, rows=[{**row, "source": provenance.source} for row in rows]
    )
    reader.remember(path, None, response)
    return True


def _text_of(response: Response, path: str) -> str:
    """Return the text of the file that ``path`` answered with.

    Raises:
        GitHubError: It is a folder, or larger than GitHub gives here.
    """
    data = response.data
    if not isinstance(data, dict) or data.get("encoding") != "base64":
        raise GitHubError(f"GET {path} answered no file that can be read", status=200)
    try:
        return base64.b64decode(str(data.get("content"))).decode("utf-8", "replace")
    except binascii.Error as error:
        raise GitHubError(f"GET {path} answered what is not base64: {error}", status=200) from error


def _row(reader: RepositoryReader, location: str, html_url: str, one: OwnedFiles) -> Row:
    return {
        "repo": reader.repo,
        "path": location,
        "line": one.line,
        "pattern": one.pattern,
        "owners": list(one.owners),
        "file_regex": one.file_regex,
        "is_catch_all": one.pattern in CATCH_ALL,
        "html_url": f"{html_url}#L{one.line}" if html_url else None,
        "read_at": reader.now,
    }
