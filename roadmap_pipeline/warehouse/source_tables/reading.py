"""The tables of schema ``raw`` that say how far each list has been read, and what could not be read.

Belongs here: what the ingest remembers for itself. What GitHub says is in ``raw``.
"""

from roadmap_pipeline.warehouse.source_tables.declaration import ATTEMPT, REPO, SourceTable, columns

TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        "raw",
        "http_cache",
        "Validators of conditional requests, so that an unchanged answer costs nothing.",
        ("cache_key",),
        columns(
            ("cache_key", "VARCHAR", "SHA-256 of token identity, URL and media type; no secret can be read from it."),
            ("url", "VARCHAR", "URL that was read."),
            ("etag", "VARCHAR", "Entity tag of the last answer."),
            ("read_at", "TIMESTAMP", "When the answer was read (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "code_owner_files",
        "Where CODEOWNERS was looked for, and whether it was there: each place is asked for once a day.",
        ("repo", "path"),
        columns(
            REPO,
            (
                "path",
                "VARCHAR",
                ".github/CODEOWNERS, CODEOWNERS or docs/CODEOWNERS; the first one there counts.",
            ),
            ("is_there", "BOOLEAN", "Whether the file was there."),
            ("asked_at", "TIMESTAMP", "When the file was last asked for (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "ingest_state",
        "How far each walk of the ingest has come.",
        ("repo", "walk"),
        columns(
            REPO,
            ("walk", "VARCHAR", "Walk through a list of GitHub: runs, pull_requests, issues, issue_events, …"),
            ("watermark", "TIMESTAMP", "Everything that changed before this time has been read (UTC)."),
            ("read_at", "TIMESTAMP", "When the walk last ended (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "read_coverage",
        "Spans of time for which a list has been read completely; what lies between them is read next.",
        ("repo", "walk", "covered_from"),
        columns(
            REPO,
            ("walk", "VARCHAR", "List of GitHub: runs, run_sweep (today's second look), pull_requests, issue_events."),
            ("covered_from", "TIMESTAMP", "First second of the span (UTC), by creation or, for pull requests, change."),
            ("covered_to", "TIMESTAMP", "Last second of the span (UTC), included."),
            ("read_at", "TIMESTAMP", "When the span last grew (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "run_details",
        "The state of a run for which its earlier attempts and its jobs were read; a run in another state is due.",
        ("run_id",),
        columns(
            REPO,
            *ATTEMPT,
            ("status", "VARCHAR", "Status of the attempt when its details were read."),
            ("conclusion", "VARCHAR", "Conclusion of the attempt when its details were read."),
            ("updated_at", "TIMESTAMP", "When GitHub had last touched it then (UTC)."),
            ("read_at", "TIMESTAMP", "When the details of the run were read (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "run_counts",
        "How many runs GitHub counts beside those that are stored: when that falls, runs were deleted.",
        ("repo",),
        columns(
            REPO,
            (
                "unlisted",
                "BIGINT",
                "Runs that GitHub counted beside the stored ones (older than what is read); negative where its count is"
                " at its limit.",
            ),
            ("looks", "INTEGER", "On how many days what GitHub counts less was looked for in vain."),
            ("looked_back_to", "TIMESTAMP", "Creation time from which the look goes on; NULL when it is done (UTC)."),
            ("read_at", "TIMESTAMP", "When the runs were counted (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "read_failures",
        "What GitHub refused or failed to give: left out, and asked for again at growing distance. A row goes when the"
        " thing was read after all.",
        ("repo", "endpoint", "item"),
        columns(
            REPO,
            (
                "endpoint",
                "VARCHAR",
                "What was asked for: repository, milestones, issues, issue_events, pull_requests, workflows, runs, run,"
                " attempt, jobs, log, annotations, files, commits, passing_log or code_owners.",
            ),
            (
                "item",
                "VARCHAR",
                "Thing that could not be read: the run, job (log, annotations), run/attempt or pull request; a"
                " span of time for a part of a list; empty for a whole list.",
            ),
            ("status", "INTEGER", "HTTP status of the last answer; 0 when there was none that could be used."),
            ("message", "VARCHAR", "GitHub's words."),
            ("is_setting", "BOOLEAN", "Whether the thing is switched off on GitHub, which is no fault."),
            ("tries", "INTEGER", "Ingests that asked in vain, one after the other."),
            ("first_failed_at", "TIMESTAMP", "When the thing was first asked for in vain (UTC)."),
            ("last_failed_at", "TIMESTAMP", "When the thing was last asked for in vain (UTC)."),
            ("next_try_at", "TIMESTAMP", "The first ingest from then on asks again (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "retention",
        "What [retention] of the configuration has dropped so far; none of it changes a number.",
        ("table_name",),
        columns(
            ("table_name", "VARCHAR", "Table of schema raw."),
            ("column_name", "VARCHAR", "What was dropped: payload (or cut to what models read) or excerpt."),
            ("dropped_rows", "BIGINT", "Rows that lost it; one that was read again and lost it again counts again."),
            ("older_than", "TIMESTAMP", "Only rows from before that time lost it (UTC)."),
            ("dropped_at", "TIMESTAMP", "When rows last lost it (UTC)."),
        ),
    ),
)
