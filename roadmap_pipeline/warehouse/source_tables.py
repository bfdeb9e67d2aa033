"""The tables that Python fills.

What was read (``raw``), what Python derived (``derived``), settings (``config``) and the state of the sync (``sync``).

Belongs here: their columns, keys and descriptions, and loading rows into them. Tables computed in SQL are described in
``dbt_like_sql``. No indexes: rows are replaced by key, delete and insert in one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from dbt_like_sql.runner.project.sources import Column, Sources, SourceTable

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def _columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_REPO = ("repo", "VARCHAR", "Repository as owner/name, canonical.")
_READ = (
    ("read_at", "TIMESTAMP", "When the row was read (UTC)."),
    ("source", "VARCHAR", "Where the record was read from: the API's URL without its query, or the file of a dump."),
    ("payload", "JSON", "The answer as GitHub gave it; people and repositories inside it cut to what tells them."),
)
_ATTEMPT = (
    ("run_id", "BIGINT", "Workflow run; a re-run is another attempt of the same run_id."),
    ("run_attempt", "INTEGER", "Attempt of the run, from 1."),
)

TABLES: tuple[SourceTable, ...] = (
    SourceTable(
        "raw",
        "repositories",
        "Repositories that are read.",
        ("repo",),
        _columns(
            _REPO,
            ("repository_id", "BIGINT", "GitHub's id; stays when the repository is renamed."),
            ("default_branch", "VARCHAR", "Name of the default branch."),
            ("is_archived", "BOOLEAN", "Whether the repository is archived, so that nothing can be written to it."),
            ("html_url", "VARCHAR", "Page of the repository."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "repository_names",
        "What repositories are and were called: those that are read, and those that runs and pull requests come from.",
        ("repository_id", "name"),
        _columns(
            ("repo", "VARCHAR", "What the repository is called now, as owner/name."),
            ("repository_id", "BIGINT", "GitHub's id; stays when the repository is renamed."),
            ("name", "VARCHAR", "A name it has or had; another repository may have taken it since."),
            (
                "seen_at",
                "TIMESTAMP",
                "For which time it was found to be called so (UTC): the first reading that gave the name, or the newest"
                " change that a dump's records under it tell of. The latest one is the present name.",
            ),
        ),
    ),
    SourceTable(
        "raw",
        "default_branches",
        "Which branch was the default one, and when, as the answers of the repository showed it.",
        ("repo", "branch", "first_seen_at"),
        _columns(
            _REPO,
            ("branch", "VARCHAR", "Name of the branch."),
            ("first_seen_at", "TIMESTAMP", "When the branch was first found to be the default one (UTC)."),
            ("until", "TIMESTAMP", "When another one was first found to be it (UTC); NULL: it still is."),
        ),
    ),
    SourceTable(
        "raw",
        "workflows",
        "Workflows as the repository's list gives them; those that only runs of a dump tell of have no state.",
        ("repo", "workflow_id"),
        _columns(
            _REPO,
            ("workflow_id", "BIGINT", "Workflow; stays when its file is renamed."),
            ("name", "VARCHAR", "Display name."),
            ("path", "VARCHAR", "File of the workflow, as it is called now."),
            (
                "state",
                "VARCHAR",
                "active, deleted or disabled_fork, disabled_inactivity, disabled_manually; the last known one where the"
                " list doesn't name the workflow any more, NULL where no list was read.",
            ),
            ("created_at", "TIMESTAMP", "Created (UTC); its first run where no list was read."),
            ("updated_at", "TIMESTAMP", "Last changed (UTC)."),
            ("deleted_at", "TIMESTAMP", "Deleted, as GitHub says (UTC); NULL otherwise."),
            (
                "removed_at",
                "TIMESTAMP",
                "Since when it is deleted or disabled (UTC): when it was deleted, else last changed, else first read in"
                " that state or first missed in the list. NULL while it is alive.",
            ),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "workflow_returns",
        "Times in which a workflow was deleted or disabled, and which are over: it is alive again.",
        ("repo", "workflow_id", "removed_at"),
        _columns(
            _REPO,
            ("workflow_id", "BIGINT", "Workflow."),
            ("removed_at", "TIMESTAMP", "Since when it was deleted or disabled (UTC)."),
            ("returned_at", "TIMESTAMP", "When the workflow was alive again: last changed, else first read so (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "workflow_runs",
        "Workflow runs, one row per attempt.",
        ("run_id", "run_attempt"),
        _columns(
            _REPO,
            *_ATTEMPT,
            ("workflow_id", "BIGINT", "Workflow."),
            ("workflow_path", "VARCHAR", "File of the workflow without @ref, e.g. .github/workflows/ci.yml."),
            ("workflow_name", "VARCHAR", "Display name of the workflow; may change, never a key."),
            ("run_number", "BIGINT", "Number of the run within its workflow."),
            ("display_title", "VARCHAR", "Title of the commit or pull request."),
            ("event", "VARCHAR", "What triggered the run: push, pull_request, schedule, merge_group, …"),
            ("status", "VARCHAR", "queued, in_progress, completed, …"),
            ("conclusion", "VARCHAR", "success, failure, cancelled, …; NULL while the attempt is unfinished."),
            ("head_branch", "VARCHAR", "Branch of the commit."),
            ("head_sha", "VARCHAR", "Commit that was tested."),
            (
                "head_repo",
                "VARCHAR",
                "Repository the branch lives in, as it is called now; another one for forks, NULL when that is gone.",
            ),
            ("head_repository_id", "BIGINT", "GitHub's id of the head's repository; NULL where the record has none."),
            ("head_commit_message", "VARCHAR", "Message of the commit."),
            ("head_commit_author", "VARCHAR", "Name of the commit's author."),
            ("head_commit_committer", "VARCHAR", "Name of the commit's committer."),
            ("actor", "VARCHAR", "Login of who caused the run."),
            ("actor_type", "VARCHAR", "User or Bot."),
            ("triggering_actor", "VARCHAR", "Login of who started this attempt (who pressed re-run)."),
            ("triggering_actor_type", "VARCHAR", "User or Bot."),
            (
                "pull_request_numbers",
                "INTEGER[]",
                "Pull requests of this repository that GitHub linked; empty for forks.",
            ),
            ("created_at", "TIMESTAMP", "When the run was created (UTC); the same for all attempts."),
            ("run_started_at", "TIMESTAMP", "When the attempt started (UTC)."),
            ("updated_at", "TIMESTAMP", "When GitHub last touched the attempt (UTC); not its end."),
            ("html_url", "VARCHAR", "Page of the attempt."),
            (
                "deleted_upstream_at",
                "TIMESTAMP",
                "When the run was first found deleted on GitHub; NULL while it exists.",
            ),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "workflow_jobs",
        "Jobs of all attempts, with their steps.",
        ("job_id",),
        _columns(
            _REPO,
            ("job_id", "BIGINT", "Job; equals the id of its check run."),
            *_ATTEMPT,
            ("name", "VARCHAR", "Full name of the job, matrix values included."),
            ("workflow_name", "VARCHAR", "Display name of the workflow."),
            ("head_branch", "VARCHAR", "Branch of the commit."),
            ("head_sha", "VARCHAR", "Commit that was tested."),
            ("status", "VARCHAR", "queued, in_progress, completed, waiting, …"),
            ("conclusion", "VARCHAR", "success, failure, cancelled, skipped, …; NULL while unfinished."),
            ("created_at", "TIMESTAMP", "When the job was created (UTC); NULL in payloads before 2022."),
            ("started_at", "TIMESTAMP", "When a runner took it (UTC)."),
            ("completed_at", "TIMESTAMP", "When the job ended (UTC)."),
            ("runner_name", "VARCHAR", "Runner that ran it; empty when none did."),
            ("labels", "VARCHAR[]", "Labels the job asked a runner for, e.g. ubuntu-latest."),
            ("failed_steps", "VARCHAR[]", "Names of the steps whose conclusion is failure, in order."),
            ("steps", "JSON", "Steps as [{number, name, status, conclusion, started_at, completed_at}], times in UTC."),
            ("html_url", "VARCHAR", "Page of the job."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "job_logs",
        "Redacted excerpts of the logs of failed jobs, and what became of the log; of cancelled jobs that may have run"
        " into a time limit, what GitHub noted.",
        ("job_id",),
        _columns(
            _REPO,
            ("job_id", "BIGINT", "Job."),
            *_ATTEMPT,
            (
                "state",
                "VARCHAR",
                "stored, expired (past retention), missing (never written), not_yet (job unfinished) or not_asked (of a"
                " cancelled job: what GitHub noted says enough).",
            ),
            (
                "excerpt",
                "VARCHAR",
                "The kept lines, cleaned of colours and timestamps, secrets redacted; NULL unless stored.",
            ),
            (
                "excerpt_spans",
                "JSON",
                "[[first line of the log, number of lines], …]: where the excerpt's lines stood (1-based).",
            ),
            ("log_bytes", "BIGINT", "Size of the whole log in bytes, in the encoding it came in."),
            ("log_lines", "BIGINT", "Lines of the whole log."),
            ("redactions", "INTEGER", "Secrets that were replaced in excerpt and annotations."),
            (
                "annotations",
                "JSON",
                "Where there is no log, and of cancelled jobs: the failures GitHub noted at the job's check run, as"
                " [{path, line, title, message}], secrets redacted; NULL where a log is stored or they were not"
                " readable.",
            ),
            *_READ[:2],
        ),
    ),
    SourceTable(
        "raw",
        "passing_logs",
        "What a job says while it passes, for jobs that failed of something unknown: it can't be why. No text is kept.",
        ("repo", "workflow_path", "job_name"),
        _columns(
            _REPO,
            ("workflow_path", "VARCHAR", "File of the workflow."),
            ("job_name", "VARCHAR", "Full name of the job, matrix values included."),
            ("job_id", "BIGINT", "The newest passing job whose log was asked for."),
            *_ATTEMPT,
            ("completed_at", "TIMESTAMP", "When the passing job ended (UTC)."),
            (
                "state",
                "VARCHAR",
                "What became of the job's log: stored, expired (past retention) or missing (never written).",
            ),
            (
                "lines",
                "VARCHAR",
                "Digests of what the job's log and those read before say: base64 of 8 bytes for each different line"
                " without times, numbers, paths and secrets, at most 20,000 of them; NULL when no log was there.",
            ),
            *_READ[:2],
        ),
    ),
    SourceTable(
        "raw",
        "pull_requests",
        "Pull requests, their latest state.",
        ("repo", "number"),
        _columns(
            _REPO,
            ("number", "INTEGER", "Number of the pull request."),
            ("pull_request_id", "BIGINT", "GitHub's id."),
            ("title", "VARCHAR", "Title."),
            ("state", "VARCHAR", "open or closed."),
            ("is_draft", "BOOLEAN", "Whether the pull request is a draft."),
            ("author", "VARCHAR", "Login of the author."),
            ("author_type", "VARCHAR", "User or Bot."),
            ("base_branch", "VARCHAR", "Branch that the pull request goes into."),
            ("head_branch", "VARCHAR", "Branch that the pull request comes from."),
            ("head_sha", "VARCHAR", "Latest commit."),
            (
                "head_repo",
                "VARCHAR",
                "Repository it comes from, as it is called now; NULL when the fork was deleted.",
            ),
            ("head_repository_id", "BIGINT", "GitHub's id of the head's repository; NULL where the record has none."),
            ("merge_commit_sha", "VARCHAR", "Commit of the merge; of a test merge while it is open."),
            ("milestone_number", "INTEGER", "Milestone that the item is in."),
            ("milestone_title", "VARCHAR", "Title of the milestone when read."),
            ("labels", "VARCHAR[]", "Names of its labels."),
            ("body", "VARCHAR", "Description."),
            ("changed_files", "VARCHAR[]", "Paths it changes; NULL when not read (read for merged ones)."),
            ("created_at", "TIMESTAMP", "Opened (UTC)."),
            ("updated_at", "TIMESTAMP", "Last changed (UTC)."),
            ("closed_at", "TIMESTAMP", "Closed or merged (UTC)."),
            ("merged_at", "TIMESTAMP", "Merged (UTC); NULL when it was not."),
            ("is_locked", "BOOLEAN", "Whether the pull request's conversation is locked, so that nobody can comment."),
            ("lock_reason", "VARCHAR", "off-topic, too heated, resolved or spam; NULL where none was given."),
            ("html_url", "VARCHAR", "Page."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "commits",
        "Commits of pull requests on which a run failed and whose latest commit no run tested. What is known of others"
        " is in raw.workflow_runs.",
        ("repo", "sha"),
        _columns(
            _REPO,
            ("sha", "VARCHAR", "Commit."),
            (
                "pull_request_numbers",
                "INTEGER[]",
                "Pull requests that it was a commit of when they were read; empty where a dump doesn't say.",
            ),
            ("parents", "VARCHAR[]", "Commits that it was made on, the first being the branch it is on."),
            ("author", "VARCHAR", "Login of the author; NULL when no account has the address."),
            ("author_type", "VARCHAR", "User or Bot."),
            ("author_name", "VARCHAR", "Name of the author as the commit says."),
            ("committer", "VARCHAR", "Login of the committer; web-flow for commits made on GitHub's pages."),
            ("committer_type", "VARCHAR", "User or Bot."),
            ("committer_name", "VARCHAR", "Name of the committer as the commit says."),
            ("message", "VARCHAR", "Message."),
            ("authored_at", "TIMESTAMP", "When the commit was first written (UTC)."),
            ("committed_at", "TIMESTAMP", "When the commit was made as it is now (UTC), after a rebase for example."),
            ("html_url", "VARCHAR", "Page."),
            *_READ[:2],
        ),
    ),
    SourceTable(
        "raw",
        "issues",
        "Issues, their latest state; pull requests are in raw.pull_requests only.",
        ("repo", "number"),
        _columns(
            _REPO,
            ("number", "INTEGER", "Number of the issue."),
            ("issue_id", "BIGINT", "GitHub's id."),
            ("title", "VARCHAR", "Title."),
            ("state", "VARCHAR", "open or closed."),
            ("state_reason", "VARCHAR", "completed, not_planned, duplicate, reopened or NULL."),
            ("author", "VARCHAR", "Login of the author."),
            ("milestone_number", "INTEGER", "Milestone that the item is in."),
            ("milestone_title", "VARCHAR", "Title of the milestone when read."),
            ("labels", "VARCHAR[]", "Names of its labels."),
            ("created_at", "TIMESTAMP", "Opened (UTC)."),
            ("updated_at", "TIMESTAMP", "Last changed (UTC)."),
            ("closed_at", "TIMESTAMP", "Closed (UTC)."),
            ("html_url", "VARCHAR", "Page."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "milestones",
        "Milestones, their latest state.",
        ("repo", "number"),
        _columns(
            _REPO,
            ("number", "INTEGER", "Number of the milestone within its repository."),
            ("milestone_id", "BIGINT", "GitHub's id."),
            ("title", "VARCHAR", "Title, unique within the repository."),
            ("state", "VARCHAR", "open or closed."),
            ("description", "VARCHAR", "Description."),
            ("open_issues", "INTEGER", "Open issues and pull requests in it, as GitHub counts."),
            ("closed_issues", "INTEGER", "Closed issues and pull requests in it, as GitHub counts."),
            ("due_on", "TIMESTAMP", "Target as GitHub stores it (UTC); compare its date only."),
            ("created_at", "TIMESTAMP", "Created (UTC)."),
            ("updated_at", "TIMESTAMP", "Last changed (UTC)."),
            ("closed_at", "TIMESTAMP", "Closed (UTC)."),
            ("html_url", "VARCHAR", "Page."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "issue_events",
        "Events of issues and pull requests: closed, labeled, milestoned, …",
        ("event_id",),
        _columns(
            _REPO,
            ("event_id", "BIGINT", "Event."),
            ("issue_number", "INTEGER", "Issue or pull request; NULL when the payload does not say."),
            ("event", "VARCHAR", "closed, reopened, labeled, milestoned, demilestoned, renamed, …"),
            ("actor", "VARCHAR", "Login of who did it."),
            ("label", "VARCHAR", "Label of a labeled or unlabeled event."),
            ("milestone_title", "VARCHAR", "Milestone of a milestoned or demilestoned event."),
            ("commit_id", "VARCHAR", "Commit that closed or referenced it."),
            ("created_at", "TIMESTAMP", "When the event happened (UTC)."),
            *_READ,
        ),
    ),
    SourceTable(
        "raw",
        "http_cache",
        "Validators of conditional requests, so that an unchanged answer costs nothing.",
        ("cache_key",),
        _columns(
            ("cache_key", "VARCHAR", "SHA-256 of token identity, URL and media type; no secret can be read from it."),
            ("url", "VARCHAR", "URL that was read."),
            ("etag", "VARCHAR", "Entity tag of the last answer."),
            ("read_at", "TIMESTAMP", "When the answer was read (UTC)."),
        ),
    ),
    SourceTable(
        "raw",
        "ingest_state",
        "How far each walk of the ingest has come.",
        ("repo", "walk"),
        _columns(
            _REPO,
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
        _columns(
            _REPO,
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
        _columns(
            _REPO,
            *_ATTEMPT,
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
        _columns(
            _REPO,
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
        _columns(
            _REPO,
            (
                "endpoint",
                "VARCHAR",
                "What was asked for: repository, milestones, issues, issue_events, pull_requests, workflows, runs, run,"
                " attempt, jobs, log, annotations, files, commits or passing_log.",
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
        "derived",
        "failure_verdicts",
        "Why each failed job failed, by the rules of roadmap_pipeline/failures.",
        ("job_id",),
        _columns(
            _REPO,
            ("job_id", "BIGINT", "Job."),
            *_ATTEMPT,
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
        _columns(
            _REPO,
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
        _columns(
            _REPO,
            ("number", "INTEGER", "Pull request."),
            ("milestone", "VARCHAR", "Title of the milestone; NULL for none."),
            ("rule", "VARCHAR", "mapping, github_milestone, label, branch_name or unknown."),
            ("closest", "VARCHAR[]", "For unknown: the known titles that come closest, best first."),
        ),
    ),
    SourceTable(
        "derived",
        "reports",
        "Rendered reports.",
        ("report_name",),
        _columns(
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
        "pull_request_comments",
        "Rendered sticky comments of open pull requests.",
        ("repo", "number"),
        _columns(
            _REPO,
            ("number", "INTEGER", "Pull request."),
            ("body", "VARCHAR", "Comment as Markdown, without its marker line."),
        ),
    ),
    SourceTable(
        "config",
        "parameters",
        "The settings that metrics depend on; one row.",
        (),
        _columns(
            ("as_of", "TIMESTAMP", "The time that stands for now in every model (UTC)."),
            ("history_days", "INTEGER", "Days of history that are read."),
            ("progress_formula", "VARCHAR", "Formula of milestone progress."),
            ("window_days", "INTEGER", "Days a milestone's rates look back."),
            ("pass_rate_threshold", "DOUBLE", "Pass rate from which the rule is met (≥)."),
            ("autofix_threshold", "DOUBLE", "Auto-fix success above which the rule is met (>)."),
            ("points_pass_rate", "INTEGER", "Points of the rule pass_rate."),
            ("points_autofix_success", "INTEGER", "Points of the rule autofix_success."),
            ("points_critical_workflows_green", "INTEGER", "Points of the rule critical_workflows_green."),
            ("points_docs_and_pr_merged", "INTEGER", "Points of the rule docs_and_pr_merged."),
            ("autofix_horizon_hours", "DOUBLE", "Hours after a failure within which a repair counts."),
        ),
    ),
    SourceTable(
        "config",
        "repositories",
        "Repositories that are configured, in order.",
        ("repo",),
        _columns(
            _REPO,
            ("position", "INTEGER", "Place in the configuration, from 1; the first one's Actions page is linked."),
        ),
    ),
    SourceTable(
        "config",
        "critical_workflows",
        "Critical workflows by repository; a repository without rows: all on its default branch.",
        ("repo", "workflow_path"),
        _columns(
            _REPO,
            ("workflow_path", "VARCHAR", "Path of the workflow, .github/workflows/ added where a file name was given."),
        ),
    ),
    SourceTable(
        "config",
        "default_branches",
        "Former default branches that the configuration names.",
        ("repo", "branch"),
        _columns(
            _REPO,
            ("branch", "VARCHAR", "Name of the branch."),
            ("until", "TIMESTAMP", "When the branch stopped being the default one (UTC)."),
        ),
    ),
    SourceTable(
        "config",
        "autofix_bots",
        "Logins that count as automatic repair.",
        ("login",),
        _columns(
            ("login", "VARCHAR", "Login, e.g. pre-commit-ci[bot]."),
        ),
    ),
    SourceTable(
        "config",
        "origin",
        "What the rows of this warehouse stand for; one row. Simulated and real data never mix.",
        (),
        _columns(
            ("origin", "VARCHAR", "sandbox (the simulated organisation) or real (GitHub, or a dump of its answers)."),
        ),
    ),
    SourceTable(
        "sync",
        "databases",
        "The Notion databases and the ids by which their properties are addressed, so that people may rename them.",
        ("database",),
        _columns(
            ("database", "VARCHAR", "ci_reports or roadmap."),
            ("definition", "JSON", "Ids of database, data source, properties and options, as Notion gave them."),
        ),
    ),
    SourceTable(
        "sync",
        "row_bases",
        "What each field of a Notion row held when both sides last agreed: the base of the three-way merge.",
        ("sync_key", "field"),
        _columns(
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
        _columns(
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
        _columns(
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
        _columns(
            _REPO,
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
        _columns(
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

# Run by run are followed the tables that hold a row per run or job. The others are small.
SOURCES = Sources(
    TABLES,
    change_keys=dict.fromkeys(
        ("raw.workflow_runs", "raw.workflow_jobs", "raw.job_logs", "raw.run_details", "derived.failure_verdicts"),
        "run_id",
    ),
)

BY_NAME: Mapping[str, SourceTable] = SOURCES.by_name


def create_source_tables(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the schemas, tables and columns that are missing. Idempotent.

    A column that a file from an older version lacks is added behind the others and holds NULL. Descriptions are left
    to :func:`describe_source_tables`: they take five times as long as the tables.
    """
    missing = [statement for table in TABLES for statement in _missing(con, table)]
    missing += change_log.missing_tables(con, SOURCES)
    if missing:
        schemas = dict.fromkeys(table.schema for table in TABLES)
        # in one transaction: each of its own would wait for the disk
        statements = ["begin", *(f"create schema if not exists {schema}" for schema in schemas), *missing, "commit"]
        con.execute(";".join(statements))


def describe_source_tables(con: "duckdb.DuckDBPyConnection") -> None:
    """Write the descriptions of tables and columns that have none yet as comments, for those who look. Idempotent."""
    has_comment = dict(
        con.execute(
            "select schema_name || '.' || table_name, comment is not null from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall()
    )
    # a table's own description comes last: it says that all its columns have theirs
    missing = [
        statement
        for table in TABLES
        if not has_comment[table.qualified_name]
        for statement in (*(_comment(table, column) for column in table.columns), _table_comment(table))
    ]
    if missing:
        con.execute(";".join(["begin", *missing, "commit"]))


def _missing(con: "duckdb.DuckDBPyConnection", table: SourceTable) -> Iterator[str]:
    """The statements that make what ``table`` lacks."""
    stored = _stored_columns(con, table)
    if stored is None:
        columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
        yield f"create table {table.qualified_name} ({columns})"
        return
    for column in table.columns:
        if column.name not in stored:
            yield f'alter table {table.qualified_name} add column "{column.name}" {column.type}'
            yield _comment(table, column)


def _stored_columns(con: "duckdb.DuckDBPyConnection", table: SourceTable) -> Sequence[str] | None:
    """Names of the columns that a table has; None when there is no such table.

    Every step of a run opens the warehouse, and the first look into ``duckdb_columns()`` after that costs as much as
    the opening itself (16 ms); asking for each table takes 3 ms for all.
    """
    import duckdb

    try:
        return con.table(table.qualified_name).columns
    except duckdb.CatalogException:
        return None


def _table_comment(table: SourceTable) -> str:
    return f"comment on table {table.qualified_name} is {literal(table.description)}"


def _comment(table: SourceTable, column: Column) -> str:
    return f'comment on column {table.qualified_name}."{column.name}" is {literal(column.description)}'


def canonical_names(con: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    """Return what the repositories that are read are called now, by every name they have or had, in lower case.

    A name that another repository has taken stands for that one.
    """
    former = con.execute(
        "select names.name, names.repo from raw.repository_names as names"
        " semi join raw.repositories as home on home.repository_id = names.repository_id order by names.seen_at"
    ).fetchall()
    present = con.execute("select repo, repo from raw.repositories").fetchall()
    return {name.casefold(): repo for name, repo in [*former, *present]}


def replace_rows(con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put ``rows`` in place of the stored ones with the same key; call it inside a transaction. Returns ``len(rows)``.

    Rows are dicts by column name (missing columns are NULL); of several rows with one key the last wins. Times are
    naive UTC datetimes, JSON columns hold text.
    """
    return _load(con, BY_NAME[table], rows, whole_table=False)


def replace_table(con: "duckdb.DuckDBPyConnection", table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Put ``rows`` in place of everything stored in ``table``; call it inside a transaction. Returns ``len(rows)``."""
    return _load(con, BY_NAME[table], rows, whole_table=True)


def _load(
    con: "duckdb.DuckDBPyConnection", table: SourceTable, rows: Sequence[Mapping[str, Any]], *, whole_table: bool
) -> int:
    name = table.qualified_name
    if whole_table:
        con.execute(f"delete from {name}")  # noqa: S608
    if not rows:
        if whole_table and name in SOURCES.change_keys:
            change_log.note_everything(con, SOURCES, name)
        return 0
    incoming = arrow_table(table, rows)
    replace_arrow(con, table, incoming, delete=bool(table.key) and not whole_table)
    if whole_table and name in SOURCES.change_keys:
        change_log.note_everything(con, SOURCES, name)
    return int(incoming.num_rows)


def replace_arrow(
    con: "duckdb.DuckDBPyConnection", table: SourceTable, incoming: "pa.Table", *, delete: bool = True
) -> None:
    """Put ``incoming`` (as :func:`arrow_table` makes it) into ``table``, with ``delete`` in place of the same keys."""
    name = table.qualified_name
    con.register("incoming_rows", incoming)
    try:
        if delete:
            same = " and ".join(f'stored."{column}" = incoming."{column}"' for column in table.key)
            con.execute(f"delete from {name} as stored using incoming_rows as incoming where {same}")  # noqa: S608
        con.execute(f"insert into {name} by name select * from incoming_rows")  # noqa: S608
        if name in SOURCES.change_keys:
            change_log.note_changes(con, SOURCES, name, "incoming_rows")
    finally:
        con.unregister("incoming_rows")


def arrow_table(table: SourceTable, rows: Sequence[Mapping[str, Any]]) -> "pa.Table":
    """``rows`` as an Arrow table with the columns and types of ``table``; of several rows with one key the last."""
    import pyarrow as pa

    if table.key:
        rows = list({tuple(row[name] for name in table.key): row for row in rows}.values())

    types = {
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "VARCHAR[]": pa.list_(pa.string()),
        "INTEGER[]": pa.list_(pa.int32()),
    }
    unknown = {name for row in rows for name in row} - {column.name for column in table.columns}
    if unknown:
        raise ValueError(f"{table.qualified_name} has no column {', '.join(sorted(unknown))}")
    return pa.table(
        {column.name: pa.array([row.get(column.name) for row in rows], types[column.type]) for column in table.columns}
    )
