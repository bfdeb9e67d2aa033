"""The tables of schema ``config``: settings and origin of a warehouse, as the SQL models see them.

Belongs here: their columns, keys and descriptions. Reading it belongs to ``configuration``.
"""

from roadmap_pipeline.warehouse.source_tables.declaration import REPO, SourceTable, columns

TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        "config",
        "parameters",
        "The settings that metrics depend on; one row.",
        (),
        columns(
            ("as_of", "TIMESTAMP", "The time that stands for now in every model (UTC)."),
            ("history_days", "INTEGER", "Days of history that are read."),
            ("progress_formula", "VARCHAR", "Formula of milestone progress."),
            ("progress_learnt", "BOOLEAN", "Whether progress is learnt from finished milestones, too (learnt_v3)."),
            ("window_days", "INTEGER", "Days a milestone's rates look back."),
            ("pass_rate_threshold", "DOUBLE", "Pass rate from which the rule is met (≥)."),
            ("autofix_threshold", "DOUBLE", "Auto-fix success above which the rule is met (>)."),
            ("points_pass_rate", "INTEGER", "Points of the rule pass_rate."),
            ("points_autofix_success", "INTEGER", "Points of the rule autofix_success."),
            ("points_critical_workflows_green", "INTEGER", "Points of the rule critical_workflows_green."),
            ("points_docs_and_pr_merged", "INTEGER", "Points of the rule docs_and_pr_merged."),
            ("autofix_horizon_hours", "DOUBLE", "Hours after a failure within which a repair counts."),
            ("comments_create", "VARCHAR", "Whether new comments on pull requests are made: always or never."),
            (
                "comments_when_green",
                "VARCHAR",
                "Which green pull requests get a new comment: milestone (those of one), always or edit_only (none).",
            ),
            (
                "tracking_issues_create",
                "VARCHAR",
                "Which open milestones get a tracking issue: always, when_needed or never.",
            ),
            (
                "milestones_create_from_labels",
                "BOOLEAN",
                "Whether a milestone: label of an open pull request that names no milestone makes one on GitHub.",
            ),
            ("cost_currency", "VARCHAR", "Currency of config.runner_prices, e.g. USD; NULL without a price."),
            ("minutes_per_repair", "INTEGER", "Minutes that a person would spend on what a bot's change repairs."),
            ("minutes_per_rerun", "INTEGER", "Minutes that a person would spend on what passes when run again."),
        ),
    ),
    SourceTable(
        "config",
        "teams",
        "Which team a repository belongs to: by a pattern of its name, else a custom property, else a topic. Empty: no"
        " report is by team.",
        ("position",),
        columns(
            ("position", "INTEGER", "Place in the configuration, from 1; the first pattern that matches counts."),
            ("kind", "VARCHAR", "pattern, property, or topic_prefix."),
            (
                "value",
                "VARCHAR",
                "Pattern of owner/name, name of a custom property, or what topics begin with that name a team.",
            ),
            (
                "team",
                "VARCHAR",
                "Team of the pattern's repositories; NULL for a property, whose value names it, and for a prefix,"
                " behind which topics name it.",
            ),
        ),
    ),
    SourceTable(
        "config",
        "progress_rules",
        "Rules of progress of one's own, beside those of the formula.",
        ("rule",),
        columns(
            ("rule", "VARCHAR", "Name of the rule: a value of marts.milestone_progress.rule."),
            ("position", "INTEGER", "Place in the configuration, from 1."),
            ("metric", "VARCHAR", "The figure of the milestone that is judged, e.g. work_done or mttr_hours."),
            ("comparison", "VARCHAR", "at_least (≥), above (>), at_most (≤) or below (<)."),
            ("threshold", "DOUBLE", "What the figure is compared with; rates are fractions 0–1."),
            ("points", "INTEGER", "Points the rule gives, all or none."),
        ),
    ),
    SourceTable(
        "config",
        "risks",
        "The thresholds of risks of milestones; one row.",
        (),
        columns(
            ("consecutive_days", "INTEGER", "Days in a row after which a condition counts, or counts no more."),
            ("off_track_below", "DOUBLE", "Probability of the target date below which a milestone is off track (<)."),
            ("at_risk_below", "DOUBLE", "Probability of the target date below which a milestone is at risk (<)."),
            ("slip_days", "INTEGER", "Days by which the 85 % date moves later within a week of a slip (>)."),
            (
                "scope_growth",
                "DOUBLE",
                "Growth of the issues since work began, as a fraction, from which on it counts (≥).",
            ),
            ("stalled_days", "INTEGER", "Days without a closed item from which on a milestone is stalled (≥)."),
            ("target_moves", "INTEGER", "Changes of the target date from which on it is a moving one (≥)."),
            ("target_moves_days", "INTEGER", "Days within which changes of the target date are counted."),
            ("red_hours", "DOUBLE", "Hours that a critical workflow is red on the default branch (>)."),
            ("blocked_labels", "VARCHAR[]", "Labels, lower case, of items that are blocked; status: blocked always."),
        ),
    ),
    SourceTable(
        "config",
        "repositories",
        "Repositories that are configured, in order.",
        ("repo",),
        columns(
            REPO,
            ("position", "INTEGER", "Place in the configuration, from 1; the first one's Actions page is linked."),
        ),
    ),
    SourceTable(
        "config",
        "critical_workflows",
        "Critical workflows by repository; a repository without rows: all on its default branch.",
        ("repo", "workflow_path"),
        columns(
            REPO,
            ("workflow_path", "VARCHAR", "Path of the workflow, .github/workflows/ added where a file name was given."),
        ),
    ),
    SourceTable(
        "config",
        "default_branches",
        "Former default branches that the configuration names.",
        ("repo", "branch"),
        columns(
            REPO,
            ("branch", "VARCHAR", "Name of the branch."),
            ("until", "TIMESTAMP", "When the branch stopped being the default one (UTC)."),
        ),
    ),
    SourceTable(
        "config",
        "autofix_bots",
        "Logins that count as automatic repair.",
        ("login",),
        columns(
            ("login", "VARCHAR", "Login, e.g. pre-commit-ci[bot]."),
        ),
    ),
    SourceTable(
        "config",
        "runner_prices",
        "What a minute of a runner costs, in config.parameters.cost_currency; no row: nothing is said of cost.",
        ("label",),
        columns(
            ("label", "VARCHAR", "Label that jobs ask a runner for, or a glob of labels; case doesn't count."),
            ("position", "INTEGER", "Place in the configuration, from 1: of several that match the first counts."),
            ("per_minute", "DOUBLE", "Price of a minute."),
        ),
    ),
    SourceTable(
        "config",
        "working_days",
        "Days of the week on which teams work.",
        ("weekday",),
        columns(("weekday", "INTEGER", "1 for Monday to 7 for Sunday.")),
    ),
    SourceTable(
        "config",
        "blackout_days",
        "Days on which nobody works.",
        ("day",),
        columns(("day", "DATE", "Day, whatever day of the week it is.")),
    ),
    SourceTable(
        "config",
        "origin",
        "What the rows of this warehouse stand for; one row. Simulated and real data never mix.",
        (),
        columns(
            ("origin", "VARCHAR", "sandbox (the simulated organisation) or real (GitHub, or a dump of its answers)."),
        ),
    ),
)
