"""Reading the log of a job: an excerpt without secrets, or what GitHub noted where there is no log.

Belongs here: what is kept, as columns of ``raw.job_logs``. Which jobs are read belongs to ``actions`` and ``timeouts``,
downloading to ``client.job_logs``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.github.client.client import GitHubError, LogState
from roadmap_pipeline.github.payloads.records import Row

if TYPE_CHECKING:
    from roadmap_pipeline.failures.classifier import Classifier
    from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader

LOG_DELAY = timedelta(minutes=10)
"""The time after a job's end in which its log may still be on its way."""
LOG_TRIES = 3
ANNOTATIONS_KEPT = 20
MESSAGE_CHARACTERS = 2_000


def log_columns(log: Iterable[bytes], classifier: "Classifier | None" = None) -> Row:
    """Return the columns of ``raw.job_logs`` for a log that is there; lines that ``classifier`` goes by are kept."""
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


def read_log(reader: "RepositoryReader", job_id: int, completed_at: datetime | None) -> Row:
    """Return the columns of ``raw.job_logs`` for the log of a job that ended at ``completed_at`` (naive UTC)."""
    for remaining in reversed(range(LOG_TRIES)):
        log = reader.client.job_log(reader.repo, job_id)
        if isinstance(log, LogState):
            # GitHub answers the same for a log that was never written and one that is on its way
            is_late = completed_at is None or reader.now - completed_at < LOG_DELAY
            return {"state": "not_yet" if log is LogState.MISSING and is_late else str(log)}
        try:
            return log_columns(log, reader.classifier)
        except GitHubError:
            if not remaining:
                raise
    raise AssertionError("unreachable")


def read_annotations(reader: "RepositoryReader", job_id: int) -> Row:
    """Return the columns of ``raw.job_logs`` that tell the failures noted at a job's check run, which has its id."""
    path = f"{reader.root}/check-runs/{job_id}/annotations"
    return annotation_columns(
        annotation for page in reader.client.pages(path) for annotation in page if isinstance(annotation, dict)
    )


def annotation_columns(annotations: Iterable[Mapping[str, Any]]) -> Row:
    """Return the columns of ``raw.job_logs`` that tell the failures among a job's annotations."""
    import orjson

    from roadmap_pipeline.failures.logs.cleaning import without_escapes
    from roadmap_pipeline.failures.logs.redaction import redact
    from roadmap_pipeline.failures.time_limits import TOLD

    failures = [annotation for annotation in annotations if annotation.get("annotation_level") == "failure"]
    # a linter may note dozens of failures before the one that ended the job
    failures.sort(key=lambda annotation: TOLD not in str(annotation.get("message")))
    redactions = 0
    kept: list[dict[str, Any]] = []
    for annotation in failures[:ANNOTATIONS_KEPT]:
        # colours would hide where a secret begins
        file, title, message = (
            redact(without_escapes(str(annotation.get(name) or "").encode("utf-8", "replace")).decode())
            for name in ("path", "title", "message")
        )
        redactions += file.count + title.count + message.count
        kept.append(
            {
                "path": file.text or None,
                "line": annotation.get("start_line"),
                "title": title.text[:MESSAGE_CHARACTERS],
                "message": message.text[:MESSAGE_CHARACTERS],
            }
        )
    return {"annotations": orjson.dumps(kept).decode(), "redactions": redactions}
