"""A small organisation on the simulated GitHub, and tables that say what Notion and GitHub should say of it.

The tables are filled by hand, so that a test says in one line what changes; how they are computed is tested elsewhere.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent

CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
PARENT = "5a11d0c5-0000-4000-8000-00000000ac3e"
BOT = payloads.user("roadmap-pipeline[bot]", 900001, type="Bot")
ANA = payloads.user("ana", 11)
OWNER = payloads.user("acme", 1, type="Organization")
REPOS = ("acme/payments", "acme/storefront")
PULLS = (("acme/payments", 1), ("acme/payments", 2), ("acme/storefront", 5))

REPORTS = "CI Intelligence Reports"
ROADMAP = "Engineering Roadmap"
REPORT = "ci-report-2026-W46.md"
CONTENT = "# CI report 2026-W46\n\n| repo | runs |\n| --- | --- |\n| a | 1 |\n\n" + "\n\n".join(
    f"## Part {number}\n\nRuns of *part* {number} failed 🧪 with `exit {number}`. " + "So it went on. " * 40
    for number in range(8)
)

TABLES = """
create schema publish;
create table publish.notion_ci_reports (
    report_name varchar, report_date date, analysis_period integer, total_failures bigint,
    autofix_success_rate double, average_mttr_hours double, top_failure_category varchar, report_content varchar,
    github_link varchar
);
create table publish.notion_roadmap (
    repo varchar, number integer, node_id varchar, milestone varchar, title varchar, target_date date, status varchar,
    progress double, latest_report_name varchar, related_pr varchar, workflow_pass_rate double, autofix_success double,
    mttr_hours double, trend varchar, notes varchar, work_done double,
    forecast_state varchar, forecast_reason varchar, forecast_p50_date date, forecast_date date,
    probability_on_time double, risk varchar, page varchar
);
create table publish.tracking_issues (
    repo varchar, number integer, node_id varchar, milestone varchar, body varchar, latest_report_name varchar
);
create table publish.pull_request_comments (
    repo varchar, number integer, head_sha varchar, body varchar, body_when_new varchar, may_create boolean
);
create table publish.milestones_to_create (repo varchar, title varchar, pull_request_numbers integer[]);
insert into publish.notion_roadmap values
    ('acme/payments', 1, null, 'Stage 7.3', 'Stage 7.3', '2026-12-01', 'In Progress', 0.55, $report,
     'https://github.com/acme/payments/pull/1', 0.9, 0.5, 3.25, 'Improving', 'Green the release workflow (30 points).',
     0.5, 'forecast', '7 issues open.', '2026-12-18', '2027-01-29', 0.35, 'Off track since 2026-11-02',
     '## Why 55 %\n\n- pass rate 90 %'),
    ('acme/payments', 2, null, 'Checkout v2', 'Checkout v2', null, 'Planned', 0.0, $report, null, null, null, null,
     null, 'Merge the documentation (30 points).', null, 'no_progress_4w', 'Nothing was closed in four weeks.', null,
     null, null, '–', null),
    ('acme/payments', 3, null, 'Sunset v1', 'Sunset v1', '2026-09-30', 'Completed', 1.0, $report, null, 1.0, null,
     0.5, 'Stable', null, 1.0, null, null, null, null, null, null, null),
    ('acme/storefront', 1, null, 'Polish', 'Polish', null, 'Blocked', 0.25, $report, null, 0.125, 0.75,
     12.0, 'Degrading', 'Repair the flaky job (25 points).', 0.0, null, null, null, null, null, '–', null);
insert into publish.tracking_issues
    select n.repo, n.number, n.node_id, n.milestone, 'Progress of ' || n.repo || ' ' || n.number, n.latest_report_name
    from publish.notion_roadmap as n where n.status <> 'Completed'
"""

MILESTONES = (
    ("acme/payments", 1, "Stage 7.3", date(2026, 12, 1), "open", 1),
    ("acme/payments", 2, "Checkout v2", None, "open", 0),
    ("acme/payments", 3, "Sunset v1", date(2026, 9, 30), "closed", 4),
    ("acme/storefront", 1, "Polish", None, "open", 0),
)
"""Repository, number, title, due date, state, closed items. With one closed an open milestone is in progress."""


def organisation(**pull_options: Any) -> GitHubContent:
    """Return two repositories with three open pull requests; somebody already talks on one."""
    content = GitHubContent(clock=CLOCK, viewer=BOT)
    for position, name in enumerate(REPOS):
        content.repositories[name] = payloads.repository(
            name, 101 + position, OWNER, created_at=CLOCK, updated_at=CLOCK, pushed_at=CLOCK
        )
        content.pull_requests[name] = []
        content.milestones[name] = []
    for position, (repo, number, title, due, state, closed) in enumerate(MILESTONES):
        content.milestones[repo].append(
            payloads.milestone(
                content.repositories[repo],
                id=7001 + position,
                number=number,
                title=title,
                creator=ANA,
                created_at=CLOCK,
                updated_at=CLOCK,
                state=state,
                due_on=None if due is None else datetime.combine(due, time(8), UTC),
                closed_at=CLOCK if state == "closed" else None,
                closed_issues=closed,
            )
        )
    for repo, number in PULLS:
        content.pull_requests[repo].append(
            payloads.pull_request(
                content.repositories[repo],
                id=5000 + number,
                number=number,
                title=f"Change {number}",
                user=ANA,
                head_ref=f"feature/{number}",
                head_sha=f"{number:040x}",
                base_ref="main",
                base_sha="0" * 40,
                created_at=CLOCK,
                updated_at=CLOCK,
                **pull_options,
            )
        )
    talk = payloads.comment(
        content.repositories["acme/payments"], id=77, number=1, user=ANA, body="Nice", created_at=CLOCK
    )
    content.comments["acme/payments", 1] = [talk]
    return content
