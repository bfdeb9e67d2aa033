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
                "What the row stands for: report:NAME or milestone:NODE_ID; after writing: (to Notion) or"
                " writing-github: values that were about to be written and are not confirmed yet; after former:PAGE:"
                " those of a row that another one stands for now, should it come back.",
            ),
            ("page_id", "VARCHAR", "Page of the row in Notion."),
            (
                "field",
                "VARCHAR",
                "Id of the property, which outlives its name: a column that was deleted and made anew has another one."
                " github.closed and github.label are what GitHub alone says of a milestone's status, github.updated is"
                " when it had last changed the milestone before or after a write.",
            ),
            ("value", "JSON", "Value of the field in plain form, as it was read back."),
        ),
    ),
    SourceTable(
        "sync",
        "rows",
        "The rows of the Notion database Engineering Roadmap that stand for a milestone, as the last sync found them.",
        ("sync_key",),
        columns(
            ("sync_key", "VARCHAR", "What the row stands for: milestone:NODE_ID, with GitHub's node id."),
            REPO,
            (
                "number",
                "INTEGER",
                "Number of the milestone within its repository; NULL of a deleted one of which only the row tells.",
            ),
            ("title", "VARCHAR", "Title that the row bears."),
            ("page_id", "VARCHAR", "Page of the row in Notion."),
            ("page_url", "VARCHAR", "Address of the page."),
            (
                "state",
                "VARCHAR",
                "In step, Changed here (in Notion, and GitHub has no place for it or could not take it yet), Changed on"
                " GitHub (the milestone was deleted there), Conflict or Needs a person (a value that GitHub refuses).",
            ),
            ("note", "VARCHAR", "Reason for the state; NULL in step."),
            ("is_trashed", "BOOLEAN", "True while a person keeps the row in Notion's trash: nothing is written to it."),
            ("issue_number", "INTEGER", "Tracking issue of the milestone."),
            ("since", "TIMESTAMP", "When the row was first found in its state (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "conflicts",
        "Fields that people set differently on both sides: nothing is overwritten until they agree or one is chosen.",
        ("sync_key", "field"),
        columns(
            ("sync_key", "VARCHAR", "Row, as in sync.rows."),
            ("field", "VARCHAR", "Property of the Notion database."),
            ("github_value", "JSON", "Value on GitHub, in plain form."),
            ("notion_value", "JSON", "Value in Notion, in plain form."),
            ("base_value", "JSON", "Value that both sides last agreed on; NULL without one."),
            ("since", "TIMESTAMP", "When the conflict was found first (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "verifications",
        "Times at which a sync had compared both sides whole, also where nothing had to be written.",
        ("verified_at",),
        columns(
            (
                "verified_at",
                "TIMESTAMP",
                "When the sync had read back its last write, or found nothing to write (UTC).",
            ),
            ("rows", "INTEGER", "Roadmap rows that were compared."),
            ("changes", "INTEGER", "Changes that were due, to both sides."),
            ("verified", "INTEGER", "Changes that were written and read back."),
            ("conflicts", "INTEGER", "Fields in conflict."),
            ("quarantined", "INTEGER", "Rows with a value that GitHub refuses."),
            ("failed", "INTEGER", "Changes that failed or wait for the next run."),
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
        "published_quarterly_figures",
        "Figures of quarterly reports as they were when the report was first in Notion.",
        ("quarter", "figure"),
        columns(
            ("quarter", "VARCHAR", "Calendar quarter of the report, e.g. 2026-Q4."),
            ("figure", "VARCHAR", "Figure, as in marts.quarterly_figures."),
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
        "github_responses",
        "Responses of GitHub to the look before a sync, with their entity tags: what didn't change costs nothing.",
        ("cache_key",),
        columns(
            ("cache_key", "VARCHAR", "SHA-256 of token identity, URL and media type; no secret can be read from it."),
            ("etag", "VARCHAR", "Entity tag of the response."),
            ("link", "VARCHAR", "Link header of the response, which says whether a further page follows."),
            ("data", "JSON", "Data of the response."),
            ("read_at", "TIMESTAMP", "When the response was read (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "refused_edits",
        "Values of people in Notion that GitHub refused; each is tried again when it changes, or after a day.",
        ("sync_key", "field"),
        columns(
            ("sync_key", "VARCHAR", "Row, as in sync.rows."),
            ("field", "VARCHAR", "Property of the Notion database."),
            ("value", "JSON", "Value that was refused, in plain form."),
            ("reason", "VARCHAR", "Why, in GitHub's words."),
            (
                "asked_as",
                "VARCHAR",
                "Digest of credentials and address, from which no secret can be read: others are tried at once.",
            ),
            ("refused_at", "TIMESTAMP", "When GitHub refused it last (UTC)."),
        ),
    ),
    SourceTable(
        "sync",
        "notifications",
        "Journal of messages about risks: noted before one goes out, settled when the service took it or didn't. What"
        " was told is not told again.",
        ("notification_id",),
        columns(
            ("notification_id", "VARCHAR", "Message to one address."),
            ("target", "VARCHAR", "Digest of the address, from which no secret can be read."),
            ("address", "VARCHAR", "Scheme of the address, and its host where that is no token."),
            ("kind", "VARCHAR", "change (one), digest (several), alert, test or held."),
            ("title", "VARCHAR", "Title of the message."),
            ("body", "VARCHAR", "Text of the message."),
            ("changes", "JSON", "[{subject, change, risk, label, severity, places, urls}, …]: what it told of."),
            ("alert_key", "VARCHAR", "What an alert is about; of one key one message is sent. NULL for others."),
            (
                "state",
                "VARCHAR",
                "held (until quiet hours are over), intended, sent, failed (told again by the next run) or interrupted"
                " (it may not have arrived, and is not sent again).",
            ),
            ("error", "VARCHAR", "Why the message was not delivered, without secrets."),
            ("as_of", "TIMESTAMP", "The time that stood for now (UTC)."),
            ("intended_at", "TIMESTAMP", "When the message was about to be sent (UTC)."),
            ("settled_at", "TIMESTAMP", "When delivery was known to have succeeded or failed (UTC)."),
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
