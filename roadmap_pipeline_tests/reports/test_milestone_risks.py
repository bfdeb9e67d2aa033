"""Risks where people read them: pages, issues, comments, reports, the answers of the command line."""

from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.reports.milestone import milestone_pages
from roadmap_pipeline.reports.milestone_facts import milestone_facts
from roadmap_pipeline.reports.milestone_risks import risk_lines
from roadmap_pipeline.reports.next_steps import next_steps
from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline.reports.quarterly import quarterly_facts
from roadmap_pipeline.reports.quarters import parse_quarter
from roadmap_pipeline.reports.tracking_issue import tracking_issues
from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline.risk_configuration import Risks
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, at

PAGE = "https://github.com/acme/payments"

BOB = "ask **bob\\_@\u2060x**"

LINES = (
    "- 🔴 **Off track** since 2026-11-02 or before: The target date is met in 12 % of the simulated courses. What"
    " clears it: At least 50 % of the courses ending by the target date: fewer open items, more closed a week, or a"
    f" later date. ([shown here]({PAGE}/milestone/4) · {BOB} (has most of the open items))\n"
    "- 🟠 **Blocked** since 2026-11-04: 1 open item is blocked: \\#\u20607. What clears it: Taking the label off, or"
    f" closing the items. ([shown here]({PAGE}/issues/7) · {BOB} (has a blocked item))"
)


@pytest.fixture(scope="module")
def history() -> StoredHistory:
    """Return a milestone that is off track and blocked, with a pull request."""
    history = StoredHistory()
    history.add("config.risks", **Risks().model_dump())
    history.milestone(
        "Stage 7.3", 4, due_on=at("12-11 08:00"), created_at=at("10-01 08:00"), html_url=f"{PAGE}/milestone/4",
        payload='{"creator": {"login": "cleo"}}',
    )  # fmt: skip
    history.add(
        "raw.issues", repo=REPO, number=7, title="Retry", state="open", milestone_number=4, labels=["blocked"],
        created_at=at("10-02 08:00"), updated_at=at("11-03 08:00"), html_url=f"{PAGE}/issues/7",
        payload='{"assignees": [{"login": "bob_@x"}]}',
    )  # fmt: skip
    history.add(
        "raw.issues", repo=REPO, number=8, state="closed", milestone_number=4, labels=[], created_at=at("10-02 08:00"),
        updated_at=at("11-12 08:00"), closed_at=at("11-12 08:00"),
    )  # fmt: skip
    for day in range(2, 17):
        history.add(
            "derived.milestone_forecasts", repo=REPO, number=4, as_of=date(2026, 11, day), state="forecast",
            reason="r", target_date=date(2026, 12, 11), p50_date=date(2027, 1, 1), p85_date=date(2027, 2, 1),
            p95_date=date(2027, 3, 1), probability_on_time=0.12, probability_never=0.0, open_items=3, closed_items=3,
            measured_by="items", calibrated_on=0, history="events", active_weeks=5,
        )  # fmt: skip
    history.pull_request(12, milestone_number=4, milestone_title="Stage 7.3", head_branch="feature/stage-7-3")
    history.add(
        "derived.pull_request_milestones", repo=REPO, number=12, milestone="Stage 7.3", rule="github", closest=[]
    )
    history.run("11-10 08:00")
    return history


def test_page_issue_and_comment(history: StoredHistory) -> None:
    with history.built() as warehouse:
        facts = milestone_facts(warehouse.con)
        (page,) = (row["page"] for row in milestone_pages(facts))
        (issue,) = (row["body"] for row in tracking_issues(facts))
        (comment,) = pull_request_comments(warehouse.con)
    assert f"## Risks\n\n{LINES}\n\n## What CI cost it" in page
    assert f"### Risks\n\n{LINES}\n\n### What is next" in issue
    assert comment["body"].splitlines()[0].endswith("target 2026-12-11 ⚠ off track")


def test_reports(history: StoredHistory) -> None:
    with history.built() as warehouse:
        report = weekly_report(warehouse.con, "2026-W46").content
        facts = quarterly_facts(warehouse.con, parse_quarter("Q4-2026"))
    (row,) = (line for line in section(report, "Milestones").splitlines() if line.startswith("| Stage"))
    assert "| Off track since 2026-11-02 |" in row
    assert "**Decide on Stage 7.3**: off track since 2026-11-02. The target date is met in 12 %" in report
    assert f"{BOB} (has most of the open items)" in report
    assert "**Stage 7.3**: blocked since 2026-11-04." in facts["risks"]


def _milestone(**values: Any) -> dict[str, Any]:
    return {
        "notion_title": "Stage", "progress": 0.5, "due_date": None, "next_step": "x would give +1", "html_url": None,
        "risk": None, "worst_severity": None, "worst_since": None, "risk_cause": None, "clears_when": None,
        "owner": None, "owner_basis": None,
    } | values  # fmt: skip


def test_only_a_risk_of_high_severity_is_a_step_of_its_own() -> None:
    grave = {"risk": "Overdue", "worst_since": date(2026, 11, 1), "risk_cause": "c", "clears_when": "w"}
    (step,) = next_steps([], [], [], [_milestone(worst_severity="medium", **grave)])
    assert step["step"].startswith("**Move Stage**")
    steps = next_steps([], [], [], [_milestone(), _milestone(worst_severity="high", notion_title="Late", **grave)])
    assert [one["step"].split("**")[1] for one in steps] == ["Decide on Late", "Move Stage"]


def test_strangers_names_and_many_pages_break_no_line() -> None:
    row = {
        "label": "Blocked", "severity": "medium", "since": date(2026, 11, 2), "is_since_known": True,
        "cause": "<b>@all</b> | x", "clears_when": "[y](z)", "owner": "a|b", "owner_basis": "assignee",
        "evidence_urls": ["javascript:x", None, *(f"https://x.example/{n}" for n in range(9))],
    }  # fmt: skip
    (line,) = risk_lines([row])
    assert "&lt;b&gt;@\u2060all" in line and "\\[y\\]" in line and "\n" not in line
    assert "javascript" not in line and line.count("https://") == 2


def test_the_organisation_is_told_the_same_everywhere(ran: Ran) -> None:
    environment = {"ROADMAP_WAREHOUSE": ran.settings.warehouse}

    def told(*words: str) -> str:
        result = CliRunner().invoke(main, list(words), env=environment)
        assert result.exit_code == 0, result.output
        return result.output

    explained = told("explain", "Checkout v2")
    assert "risk Off track (high) since 2026-11-02 or before: The target date is met in 4 %" in explained
    assert "What clears it: At least 50 %" in explained and "Ask hanakim (milestone creator)" in explained
    assert "before: Default branch red 2026-10-09 to 2026-10-15" in explained
    assert "Overdue since 2026-11-07" in told("status", "--json")
    assert "would be sent to nobody: Roadmap: 10 new" in told("notify", "--dry-run")
    assert ran.run_summary.notifications == []
    with ran.runtime().warehouse.connect() as con:
        shown = dict(con.execute("select title, risk from publish.notion_roadmap").fetchall())
    assert shown["Checkout v2"].startswith("Off track since 2026-11-02 or before; Blocked since ")
    assert (shown["Checkout v1"], shown["Cost controls"]) == (None, "–")
