"""What is kept of a job's log: an excerpt without secrets, or what GitHub noted where there is no log."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.client.client import GitHubError, LogState
from roadmap_pipeline.github.payloads.records import Row

if TYPE_CHECKING:
    from roadmap_pipeline.failures.classifier import Classifier
    from roadmap_pipeline.github.ingest.reading import RepositoryReading

LOG_DELAY = timedelta(minutes=10)
"""How long after a job's end its log may still be on its way."""
LOG_TRIES = 3
ANNOTATIONS_KEPT = 20
MESSAGE_CHARACTERS = 2_000


def log_columns(log: Iterable[bytes], classifier: "Classifier | None" = None) -> Row:
    """Columns of ``raw.job_logs`` for a log that is there; lines that ``classifier`` goes by are kept."""
    import orjson

    from roadmap_pipeline.failures.excerpts import make_excerpt

    excerpt = make_excerpt(log, classifier=classifier)
    return {
        "state": "stored",
        "excerpt": excerpt.text,
        "excerpt_spans": orjson.dumps(excerpt.line_ranges).decode(),
        "log_bytes": excerpt.log_bytes,
        "log_lines": excerpt.log_lines,
        "redactions": excerpt.redactions,
    }


def read_log(reading: "RepositoryReading", job_id: int, completed_at: datetime | None) -> Row:
    """Return the columns of ``raw.job_logs`` for the log of a job that ended at ``completed_at`` (naive UTC).

    Raises GitHubError.
    """
    for remaining in reversed(range(LOG_TRIES)):
        log = reading.client.job_log(reading.repo, job_id)
        if isinstance(log, LogState):
            # GitHub answers the same for a log that was never written and one that is on its way
            is_late = completed_at is None or reading.now - completed_at < LOG_DELAY
            return {"state": "not_yet" if log is LogState.MISSING and is_late else str(log)}
        try:
            return log_columns(log, reading.classifier)
        except GitHubError:
            if not remaining:
                raise
    raise AssertionError("unreachable")


def read_annotations(reading: "RepositoryReading", job_id: int) -> Row:
    """Return the columns of ``raw.job_logs`` that tell the failures noted at a job's check run, whose id is the job's.

    Raises GitHubError.
    """
    import orjson

    from roadmap_pipeline.failures.logs.redaction import redact
    from roadmap_pipeline.failures.time_limits import TOLD

    path = f"{reading.root}/check-runs/{job_id}/annotations"
    found = (one for page in reading.client.pages(path) for one in page if isinstance(one, dict))
    noted = [one for one in found if one.get("annotation_level") == "failure"]
    # a linter may note dozens of failures before the one that ended the job
    noted.sort(key=lambda one: TOLD not in str(one.get("message")))
    redactions = 0
    kept: list[dict[str, Any]] = []
    for one in noted[:ANNOTATIONS_KEPT]:
        title, message = redact(str(one.get("title") or "")), redact(str(one.get("message") or ""))
        redactions += title.count + message.count
        kept.append(
            {
                "path": one.get("path"),
                "line": one.get("start_line"),
                "title": title.text[:MESSAGE_CHARACTERS],
                "message": message.text[:MESSAGE_CHARACTERS],
            }
        )
    return {"annotations": orjson.dumps(kept).decode(), "redactions": redactions}
