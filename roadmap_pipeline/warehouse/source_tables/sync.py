"""The tables of schema ``sync``: what is known of the published databases, rows and comments, and the journal.

Belongs here: their columns, keys and descriptions. Planning and writing changes belongs to the package ``sync``.
"""

from roadmap_pipeline.warehouse.source_tables.declaration import REPO, SourceTable, columns

TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        "sync",
        "databases",
        "The Notion databases and the ids by which their properties are addressed, so that people may rename them.",
        ("database",),
        columns(
            ("database", "VARCHAR", "ci_reports or roadmap."),
            ("definition", "JSON", "Ids of database, data source, properties and options, as Notion gave them."),
        ),
    ),
    SourceTable(
        "sync",
        "row_bases",
        "What each field of a Notion row held when both sides last agreed: the base of the three-way merge.",
        ("sync_key", "field"),
        columns(
            (
                "sync_key",
                "VARCHAR",
                "What the row stands for: report:NAME or milestone:owner/name#NUMBER; after writing: values that were"
                " about to be written and are not confirmed yet.",
            ),
            ("page_id", "VARCHAR", "Page of the row in Notion."),
            ("field", "VARCHAR", "Property."),
            ("value", "JSON", "Value of the field in plain form, as Notion confirmed it."),
        ),
    ),
    SourceTable(
        "sync",
        "released_reports",
        "Reports that were given out for publication, as they were then: the newest ended week's each time it was"
        " rendered, others when somebody asked for them.",
        ("report_name",),
        columns(
            ("report_name", "VARCHAR", "Name of the report, e.g. ci-report-2026-W46.md."),
            ("kind", "VARCHAR", "weekly."),
            ("period", "VARCHAR", "ISO week (2026-W46)."),
            ("report_date", "DATE", "Day after the period's last day."),
            ("content", "VARCHAR", "The report as Markdown."),
            ("released_at", "TIMESTAMP", "When the report was given out for publication last (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "published_figures",
        "Figures of weekly reports as they were when the report was first in Notion.",
        ("repo", "week", "figure"),
        columns(
            ("repo", "VARCHAR", "Repository as owner/name; * for all together."),
            ("week", "VARCHAR", "ISO week of the report."),
            ("figure", "VARCHAR", "Column of marts.ci_weekly."),
            ("value", "DOUBLE", "Value of the figure when the report was first in Notion; NULL when there was none."),
            ("published_at", "TIMESTAMP", "When the figure was noted (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "refused_comments",
        "Pull requests on which GitHub refused a comment of ours; it isn't tried again for a while.",
        ("repo", "number"),
        columns(
            REPO,
            ("number", "INTEGER", "Pull request."),
            ("reason", "VARCHAR", "Why, in GitHub's words."),
            (
                "asked_as",
                "VARCHAR",
                "Digest of credentials and address, from which no secret can be read: others are tried at once.",
            ),
            ("refused_at", "TIMESTAMP", "When GitHub last refused a comment on the pull request (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "changes",
        "Journal of writes to Notion and GitHub: noted before a write goes out, settled after it was read back.",
        ("change_id",),
        columns(
            ("change_id", "VARCHAR", "Change."),
            ("target", "VARCHAR", "notion or github."),
            ("kind", "VARCHAR", "create_database, add_property, add_view, create_row, update_row, create_comment, …"),
            ("place", "VARCHAR", "Database or repository that is written to."),
            ("title", "VARCHAR", "Row or pull request."),
            ("fields", "JSON", "[{field, before, after}, …]; long texts shortened."),
            ("state", "VARCHAR", "intended, done, refused (skipped, with the reason in error) or failed."),
            ("error", "VARCHAR", "Why the change failed or was refused."),
            ("intended_at", "TIMESTAMP", "When the change was about to be written (UTC)."),
            ("settled_at", "TIMESTAMP", "When the write was read back, or had failed (UTC)."),
        ),
    ),
)
