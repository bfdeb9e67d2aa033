"""The tables of schema ``derived``: what Python computes that SQL can't, such as classified failures and forecasts.

Belongs here: their columns, keys and descriptions. Metrics belong to the SQL models.
"""

from roadmap_pipeline.warehouse.source_tables.declaration import ATTEMPT, REPO, SourceTable, columns

TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        "derived",
        "failure_verdicts",
        "Why each failed job failed, by the rules of roadmap_pipeline/failures.",
        ("job_id",),
        columns(
            REPO,
            ("job_id", "BIGINT", "Job."),
            *ATTEMPT,
            (
                "category",
                "VARCHAR",
                "Leaf of the failure taxonomy, e.g. dependency_install; unknown when not recognised.",
            ),
            ("domain", "VARCHAR", "code, pipeline, platform or unknown."),
            ("rule_id", "VARCHAR", "Rule that decided; NULL for unknown."),
            ("fingerprint", "VARCHAR", "What the failure is known by: equal for the same failure in other runs."),
            (
                "known_by",
                "VARCHAR",
                "What the fingerprint stands for: tests (the set of those that failed), cause (what the log names) or"
                " job (the log says no more than that the job failed in some such way: two such failures may differ).",
            ),
            (
                "failed_tests",
                "VARCHAR[]",
                "The tests that failed, by name, at most 50; empty where the log names none.",
            ),
            (
                "failed_tests_why",
                "VARCHAR[]",
                "First line of why each failed test failed; empty text where it isn't told.",
            ),
            ("failed_tests_count", "INTEGER", "How many tests failed, those beyond 50 included."),
            ("line", "BIGINT", "Line of the log that proves it (1-based); NULL when judged without a log."),
            ("evidence", "VARCHAR", "Log line that proves the cause, redacted and shortened."),
            ("retryable", "BOOLEAN", "Whether running again without a change may help."),
            ("ruleset_version", "VARCHAR", "Version of the rules."),
            (
                "judged_from",
                "VARCHAR",
                "What there was to judge by: log (its excerpt), annotations (no log, but failures GitHub noted) or job"
                " (conclusion and steps only). When there is more, the job is judged again.",
            ),
            (
                "compared_with",
                "BIGINT",
                "For unknown: the passing job of raw.passing_logs; the evidence is no line that passing runs say, too."
                " NULL where there was none, and where a rule decided.",
            ),
        ),
    ),
    SourceTable(
        "derived",
        "branch_milestones",
        "Milestone that a branch's name stands for.",
        ("repo", "branch"),
        columns(
            REPO,
            ("branch", "VARCHAR", "Branch."),
            ("milestone", "VARCHAR", "Title of the milestone; NULL when the name stands for none that is known."),
            (
                "rule",
                "VARCHAR",
                "mapping (roadmap.toml), branch_name, or unknown (looks like one, but none has that title).",
            ),
            ("closest", "VARCHAR[]", "For unknown: the known titles that come closest, best first."),
        ),
    ),
    SourceTable(
        "derived",
        "pull_request_milestones",
        "Milestone of each pull request.",
        ("repo", "number"),
        columns(
            REPO,
            ("number", "INTEGER", "Pull request."),
            ("milestone", "VARCHAR", "Title of the milestone; NULL for none."),
            ("rule", "VARCHAR", "mapping, github_milestone, label, branch_name or unknown."),
            ("closest", "VARCHAR[]", "For unknown: the known titles that come closest, best first."),
            (
                "label_title",
                "VARCHAR",
                "The title that a milestone: label asks for where the repository has no such milestone; else NULL.",
            ),
        ),
    ),
    SourceTable(
        "derived",
        "reports",
        "Rendered reports.",
        ("report_name",),
        columns(
            ("report_name", "VARCHAR", "Name of the report, e.g. ci-report-2026-W46.md."),
            ("kind", "VARCHAR", "weekly or quarterly."),
            ("period", "VARCHAR", "ISO week (2026-W46) or quarter (2026-Q4)."),
            ("report_date", "DATE", "Day after the period's last day."),
            ("content", "VARCHAR", "The report as Markdown."),
            (
                "is_over",
                "BOOLEAN",
                "The period had ended when it was rendered; NULL when an older version rendered it.",
            ),
        ),
    ),
    SourceTable(
        "derived",
        "quarterly_reports",
        "Rendered quarterly roadmap reports of quarters that have ended.",
        ("report_name",),
        columns(
            ("report_name", "VARCHAR", "Name of the report, e.g. roadmap-report-Q4-2026.md."),
            ("kind", "VARCHAR", "quarterly."),
            ("period", "VARCHAR", "Calendar quarter, e.g. 2026-Q4."),
            ("report_date", "DATE", "Day after the quarter's last day."),
            ("content", "VARCHAR", "The report as Markdown."),
            ("is_over", "BOOLEAN", "The quarter had ended when it was rendered."),
            ("is_whole", "BOOLEAN", "All of the quarter had been read by then, but for what GitHub refused to give."),
        ),
    ),
    SourceTable(
        "derived",
        "pull_request_comments",
        "Rendered sticky comments of open pull requests.",
        ("repo", "number"),
        columns(
            REPO,
            ("number", "INTEGER", "Pull request."),
            ("body", "VARCHAR", "Comment as Markdown, without its marker line."),
            (
                "body_when_new",
                "VARCHAR",
                "Comment that is made where there is none, and kept where there is one of a line only: a single line"
                " unless something failed.",
            ),
            (
                "state",
                "VARCHAR",
                "State of the runs of the latest commit: red (a job or run failed), going (none has, and not all"
                " ended), green or none (no run yet).",
            ),
            ("going_since", "TIMESTAMP", "When the newest run that has not ended was created (UTC); NULL for none."),
        ),
    ),
    SourceTable(
        "derived",
        "milestone_pages",
        "Rendered pages of the roadmap's rows: why the progress, what would give more, what is in the way.",
        ("repo", "number"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            ("page", "VARCHAR", "Page as Markdown; it tells neither title, status nor target date."),
        ),
    ),
    SourceTable(
        "derived",
        "tracking_issues",
        "Rendered texts of the tracking issues of open milestones.",
        ("repo", "number"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            (
                "body",
                "VARCHAR",
                "Text below the issue's first lines, as Markdown; it tells neither title, status nor target date.",
            ),
        ),
    ),
    SourceTable(
        "derived",
        "milestone_targets",
        "Target dates of milestones as they were found from the first run on: GitHub keeps no history of them. The"
        " first row of a milestone is what was found first; a further one is added when another date is found.",
        ("repo", "number", "seen_at"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            ("target_date", "DATE", "Target date; NULL without one."),
            (
                "valid_from",
                "TIMESTAMP",
                "When the target date was set, as far as GitHub tells: when the milestone was made, and for a further"
                " row when it was last changed before it was read (UTC).",
            ),
            ("seen_at", "TIMESTAMP", "First reading with this target date (UTC)."),
        ),
    ),
    SourceTable(
        "derived",
        "milestone_forecasts",
        "When milestones are likely to be finished, as forecast on a day from what was known when it began. Rows of"
        " past days stay; the last two weeks are forecast from the first run on.",
        ("repo", "number", "as_of"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            ("as_of", "DATE", "Day of the forecast; what happened on it is not in it."),
            (
                "state",
                "VARCHAR",
                "forecast (there are dates), or why there are none: closed, no_items, all_items_closed, target_passed,"
                " insufficient_history (under 4 weeks of work or 5 closed items), no_progress_4w (nothing closed in 4"
                " weeks), scope_outpaces_throughput (over 20 % of the draws don't end within two years).",
            ),
            ("reason", "VARCHAR", "The state and what drives it in one plain sentence."),
            ("target_date", "DATE", "Target date when the row was made; NULL without one."),
            (
                "measured_by",
                "VARCHAR",
                "What is counted: issues (where the milestone has 5 and one is open), else items, which are issues and"
                " pull requests.",
            ),
            ("open_items", "BIGINT", "Open ones of those that are counted."),
            ("closed_items", "BIGINT", "Closed ones of those that are counted."),
            ("active_weeks", "INTEGER", "Weeks since its first item was closed, begun ones included."),
            ("history", "VARCHAR", "What tells its course: events, or dates (in part those of the items themselves)."),
            ("weekly_closed", "DOUBLE", "Items that are closed a working week at present: median of the draws' rates."),
            ("weekly_added", "DOUBLE", "Items that came in a working week since work began, less those taken out."),
            ("share_of_throughput", "DOUBLE", "Fraction of what is closed in the repository's milestones."),
            ("p50_date", "DATE", "Finished by then in half of the draws; NULL: no forecast, or beyond two years."),
            ("p85_date", "DATE", "Finished by then in 85 % of the draws; NULL: no forecast, or beyond two years."),
            ("p95_date", "DATE", "Finished by then in 95 % of the draws; NULL: no forecast, or beyond two years."),
            ("raw_p50_date", "DATE", "p50_date before calibration."),
            ("raw_p85_date", "DATE", "p85_date before calibration."),
            ("raw_p95_date", "DATE", "p95_date before calibration."),
            ("probability_on_time", "DOUBLE", "Fraction of the draws that end by the target date; NULL without one."),
            ("probability_never", "DOUBLE", "Fraction of the draws that don't end within two years."),
            ("calibrated_on", "INTEGER", "Finished milestones that the dates are calibrated on; 0: uncalibrated."),
            ("definition_version", "VARCHAR", "Version of the way in which forecasts are made."),
            ("fingerprint", "VARCHAR", "Changes when anything does that the row rests on."),
        ),
    ),
    SourceTable(
        "derived",
        "forecast_backtest",
        "What would have been forecast on every Monday of every milestone's course from what was known then, beside"
        " simpler forecasts. Target dates forbid none here.",
        ("repo", "number", "as_of"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            ("as_of", "DATE", "Day of the forecast, a Monday; what happened on it is not in it."),
            ("state", "VARCHAR", "As in derived.milestone_forecasts; never closed or target_passed."),
            ("measured_by", "VARCHAR", "What is counted: issues, or items (issues and pull requests)."),
            ("open_items", "BIGINT", "Open ones of those that are counted."),
            ("weekly_closed", "DOUBLE", "Items closed in a full working week, as forecast; NULL without dates."),
            ("weekly_added", "DOUBLE", "Items added less taken out in a full week, as forecast; NULL without dates."),
            ("target_date", "DATE", "Target date of the milestone as it is now; NULL without one."),
            ("p50_date", "DATE", "Finished by then in half of the draws; NULL: no forecast, or beyond two years."),
            ("p85_date", "DATE", "Finished by then in 85 % of the draws; NULL: no forecast, or beyond two years."),
            ("p95_date", "DATE", "Finished by then in 95 % of the draws; NULL: no forecast, or beyond two years."),
            ("raw_p50_date", "DATE", "p50_date before calibration."),
            ("raw_p85_date", "DATE", "p85_date before calibration."),
            ("raw_p95_date", "DATE", "p95_date before calibration."),
            ("bootstrap_p50_date", "DATE", "What drawing from the past weeks' closings says at 50 %, scope left out."),
            ("bootstrap_p85_date", "DATE", "What drawing from the past weeks' closings says at 85 %, scope left out."),
            ("bootstrap_p95_date", "DATE", "What drawing from the past weeks' closings says at 95 %, scope left out."),
            ("velocity_date", "DATE", "What is open over the mean of the last four weeks' closings."),
            ("calibrated_on", "INTEGER", "Finished milestones that the dates are calibrated on; 0: uncalibrated."),
            ("fingerprint", "VARCHAR", "Changes when anything does that the row rests on."),
        ),
    ),
    SourceTable(
        "derived",
        "learnt_model",
        "What finished milestones teach about the share of time that has passed (learnt_v3): one row a signal. Empty"
        " while it is off, or under 8 milestones are finished.",
        ("signal",),
        columns(
            ("signal", "VARCHAR", "A column of intermediate.int_milestone_signals."),
            ("coefficient", "DOUBLE", "Share that one unit more of the signal adds."),
            ("centre", "DOUBLE", "Mean of the signal over finished milestones; there, and where unknown, it adds 0."),
            ("base", "DOUBLE", "Mean share of time over finished milestones; the same in each row."),
            ("definition_version", "VARCHAR", "Version of the way in which it is learnt."),
            ("fingerprint", "VARCHAR", "Changes when anything does that the rows rest on."),
        ),
    ),
    SourceTable(
        "derived",
        "learnt_backtest",
        "What learnt progress would have said of finished milestones on each Monday, learnt from all others.",
        ("repo", "number", "as_of"),
        columns(
            REPO,
            ("number", "INTEGER", "Milestone."),
            ("as_of", "DATE", "Monday; what happened on it is not in it."),
            ("share", "DOUBLE", "Fraction of the milestone's time that has passed, as learnt from the others."),
            ("fingerprint", "VARCHAR", "Changes when anything does that the rows rest on."),
        ),
    ),
)
