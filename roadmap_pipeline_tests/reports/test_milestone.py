"""A milestone's page in Notion and its tracking issue on GitHub: small histories, whole texts by hand."""

from typing import Any

import pytest

from roadmap_pipeline.reports.milestone import milestone_pages
from roadmap_pipeline.reports.milestone_facts import milestone_facts
from roadmap_pipeline.reports.tracking_issue import tracking_issues
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, Warehouse, at
from roadmap_pipeline_tests.parameters import mostly_slow
from roadmap_pipeline_tests.reports.histories import fails
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless

BUILD = ".github/workflows/build.yml"
TITLE = "Stage 7.3"
PAGE = f"https://github.com/{REPO}"
SUB = ("<sub>", "</sub>")


def pages(warehouse: Warehouse) -> dict[int, str]:
    """Return the pages by number of the milestone."""
    return {row["number"]: row["page"] for row in milestone_pages(milestone_facts(warehouse.con))}


def issues(warehouse: Warehouse) -> dict[int, str]:
    """Return the texts of tracking issues by number of the milestone."""
    return {row["number"]: row["body"] for row in tracking_issues(milestone_facts(warehouse.con))}


def busy(**values: Any) -> StoredHistory:
    """Return an open milestone of which 6 of 8 runs passed in the window, 3 of 6 in the one before.

    One pull request fails by a test, another waits; the default branch is red in one of two workflows.
    """
    history = StoredHistory()
    made = {"created_at": at("11-01 00:00"), "due_on": at("12-11 00:00")}
    history.milestone(TITLE, 4, open_issues=3, closed_issues=1, **made, **values)
    for branch in ("topic", "other"):
        history.belongs(branch, TITLE)
    history.pull_request(12, title="Retry | refunds", head_branch="topic", milestone_number=4, milestone_title=TITLE)
    history.pull_request(13, title="@ada `x`", head_branch="other", milestone_number=4, milestone_title=TITLE)
    topic: dict[str, Any] = {"branch": "topic", "event": "pull_request", "pull_request_numbers": [12]}
    for day in range(6):
        history.run(f"11-0{day + 1} 10:00", sha=f"p{day}", **topic)
    fails(history, "11-12 10:00", sha="broken", job="unit", fingerprint="mine", **topic)
    history.rows["derived.failure_verdicts"][-1] |= {
        "failed_tests": ["test_refund", "test_zero"], "failed_tests_why": ["AssertionError: 1 != 2", ""],
        "failed_tests_count": 2, "known_by": "tests",
    }  # fmt: skip
    fails(history, "11-11 10:00", "unknown", domain="unknown", sha="odd", job="script", evidence="gave up",
          fingerprint="odd", branch="other", pull_request_numbers=[13], workflow_path=BUILD)  # fmt: skip
    for day in range(6):
        history.run(f"10-0{day + 1} 10:00", "success" if day % 2 else "failure", sha=f"q{day}", jobs={}, **topic)
    history.run("11-10 10:00", sha="main1", workflow_path=BUILD)
    history.run("11-10 10:00", "failure", sha="main1", html_url=f"{PAGE}/actions/runs/77", jobs={})
    return history


PAGE_TEXT = f"""\
## Why this progress

**0 of 100 points.** Rates are of the milestone's runs in the last 28 days; each rule gives all of its points or none.

| rule | points | why |
|---|---:|---|
| Critical workflows green | 0 of 30 | critical workflows green: 1 of 2, not ci.yml \\(failing\\) |
| Documentation and pull request merged | 0 of 30 | no pull request of the milestone merged |
| Pass rate | 0 of 25 | pass rate 75 % &lt; 80 % \\(6 of 8 runs\\) |
| Auto-fix success | 0 of 15 | failing attempts: 2, none repaired automatically |

## What would give more

1. Getting ci.yml green would give \\+30 points.
2. Merging a pull request that changes documentation \\(docs/ or \\*.md\\) would give \\+30 points.
3. 2 more passing runs would give \\+25 points.
4. 1 more repair would give \\+15 points.

## Work done

1 of 4 issues and pull requests closed (25 %). In the last 28 days 0 closed, 2 added, 0 taken out.

## What CI cost it

|  | 2026-W46 | 2026-11-01 to 2026-11-15 |
| --- | ---: | ---: |
| Default branch red | 2.6 days | 2.6 days |
| Job time wasted | *none of 20 min* | none of 1.3 h |
| Job time of flaky failures | *none* | none |
| Pull requests held up by others' failures | none | none |

Red: at least one critical workflow of its repository was, while it was open. Most flaky time is wasted, too.

## In its way

- 🟠 [`ci.yml`]({PAGE}/actions/runs/77) is red on the default branch
- 🔴 [`unit`](UNIT) of `ci.yml` on [pull request 12]({PAGE}/pull/12) · test · `test_refund` and 1 more test: \
`AssertionError: 1 != 2` · probably the change: main did not fail like this, and the job did not pass on this commit
- ⚪ [`script`](SCRIPT) of `build.yml` on [pull request 13]({PAGE}/pull/13) · unknown cause · `gave up` · may or may \
not be the change: the cause was not recognised

## Where to look

- [Milestone on GitHub]({PAGE}/milestone/4)
- [Pull request 13]({PAGE}/pull/13)
- [Tracking issues of the repository]({PAGE}/issues?q=is%3Aissue+label%3Atracking)
- Latest weekly report: the property 📎 Latest CI Health"""

ISSUE_TEXT = f"""\
### Progress: 0 % · work done: 25 %

0 of 100 points · 1 of 4 issues and pull requests closed

LEDGER

### CI health

| | last 28 days | the 28 days before |
|---|---:|---:|
| runs that passed in the end | 75.0 % (n=8) | 50.0 % (n=6) |

Trend: Stable. Nothing on its branches went from red to green; 2 workflows still red.

### What is next

STEPS

In its way:

FAILURES

### Pull requests

- [@⁠ada \\`x\\`]({PAGE}/pull/13)
- [Retry \\| refunds]({PAGE}/pull/12)

<sub>Weekly reports: the Notion database CI Intelligence Reports. This part is kept up to date; what people write \
above and below it stays. To switch new tracking issues off: `create = "never"` under `[tracking_issues]` in \
`roadmap.toml`.</sub>"""


def _part(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0].strip()


def test_what_a_manager_reads_in_notion_and_on_github() -> None:
    history = busy()
    jobs = {row["name"]: row["html_url"] for row in history.rows["raw.workflow_jobs"] if "html_url" in row}
    with history.built(checked=True) as warehouse:
        page, issue = pages(warehouse)[4], issues(warehouse)[4]
        again = pages(warehouse)[4], issues(warehouse)[4]
    expected = PAGE_TEXT.replace("UNIT", jobs["unit"]).replace("SCRIPT", jobs["script"])
    assert page == expected
    assert issue == (
        ISSUE_TEXT.replace("LEDGER", _part(expected, "or none.", "## What"))
        .replace("STEPS", _part(expected, "give more", "## Work"))
        .replace("FAILURES", _part(expected, "In its way", "## Where"))
    )
    assert again == (page, issue)
    assert_harmless(page)
    assert_harmless(issue, html=SUB)


def test_a_milestone_of_which_nothing_is_known() -> None:
    history = StoredHistory()
    history.milestone("Empty", 1, open_issues=0, closed_issues=0)
    with history.built(checked=True) as warehouse:
        page, issue = pages(warehouse)[1], issues(warehouse)[1]
        assert warehouse.row("select work_done, page from publish.notion_roadmap") == (None, None)
    assert "No issue and no pull request belongs to it on GitHub." in page
    assert "Nothing fails on its branches." in page
    assert "Pull request" not in page.partition("## Where")[2]
    assert "None of its runs passed or failed in the last 56 days." in issue
    assert "### Pull requests\n\nNone yet." in issue
    assert "In its way" not in issue
    assert "\n0 of 100 points\n" in issue


def test_all_points_and_a_merged_pull_request() -> None:
    history = StoredHistory()
    history.milestone(TITLE, 1, open_issues=0, closed_issues=2)
    history.belongs("topic", TITLE)
    history.pull_request(
        5, state="closed", merged_at=at("11-02 00:00"), milestone_number=1, changed_files=["docs/a.md"]
    )
    history.run("11-10 10:00", sha="a", branch="topic")
    history.run("11-10 10:00", sha="main")
    with history.built(checked=True) as warehouse:
        page, issue = pages(warehouse)[1], issues(warehouse)[1]
        assert warehouse.one("select work_done from publish.notion_roadmap") == 1.0
    assert "**100 of 100 points.**" in page
    assert "Nothing: every rule gives its points." in page
    assert "2 of 2 issues and pull requests closed (100 %)." in page
    # Of one run a rate says little: in italics.
    assert "| Pass rate | 25 of 25 | *pass rate 100 % ≥ 80 % \\(1 of 1 runs\\)* |" in page
    assert "Nothing to do for progress: every rule gives its points." in issue
    assert f"- [Pull request 5]({PAGE}/pull/5), merged" in issue
    assert "| *100.0 % (n=1, few)* | – |" in issue


def test_neither_title_nor_status_nor_date_is_told() -> None:
    """People change them on both sides: what we write back to one must not change these texts."""
    history, changed = busy(), busy(state="closed")
    for row in changed.rows["raw.milestones"]:
        row |= {"due_on": at("12-24 00:00"), "description": "Other"}
    with history.built() as warehouse, changed.built() as later:
        assert pages(warehouse) == pages(later)
        before, after = pages(warehouse)[4], issues(warehouse)[4]
        assert issues(later) == {}
    for text in (before, after):
        assert not any(word in text for word in (TITLE, "2026-12-11", "Planned", "In Progress", "Blocked", "Completed"))


def test_the_way_to_the_tracking_issue() -> None:
    """People's own in the milestone is linked; ours is not known before it is written, which must change nothing."""
    history = busy()
    history.add("raw.issues", repo=REPO, number=3, state="open", labels=["tracking"], title="Ours",
                html_url=f"{PAGE}/issues/3")  # fmt: skip
    with history.built() as warehouse:
        assert "issues?q=" in pages(warehouse)[4] and "issues/3" not in pages(warehouse)[4]
    history.add("raw.issues", repo=REPO, number=9, state="open", labels=["Tracking"], title="Theirs",
                milestone_number=4, html_url=f"{PAGE}/issues/9")  # fmt: skip
    with history.built() as warehouse:
        assert f"- [Tracking issue]({PAGE}/issues/9)" in pages(warehouse)[4]
    history = busy()
    history.parameters = {"tracking_issues_create": "never"}
    with history.built() as warehouse:
        assert "racking issue" not in pages(warehouse)[4]


def test_of_many_failures_and_pull_requests_the_newest_are_named() -> None:
    history = StoredHistory()
    history.milestone(TITLE, 1)
    for number in range(1, 13):
        history.pull_request(number, title=f"Change {number}", milestone_number=1)
        fails(history, f"11-{number:02d} 10:00", sha=f"s{number}", branch=f"b{number}", job=f"job{number}",
              pull_request_numbers=[number])  # fmt: skip
    with history.built() as warehouse:
        page, issue = pages(warehouse)[1], issues(warehouse)[1]
    named = [line for line in page.splitlines() if "on [pull request" in line]
    assert [line.split("`")[1] for line in named] == [f"job{number}" for number in range(12, 4, -1)]
    assert "- … and 4 more failing jobs" in page
    assert "- … and 2 more open pull requests" in issue
    assert "[Change 3]" in issue and "[Change 2]" not in issue


def test_what_a_forks_jobs_print_is_not_repeated() -> None:
    history = StoredHistory()
    history.milestone(TITLE, 1)
    history.pull_request(2, milestone_number=1, head_repo="eve/payments", title="Fix")
    fails(history, "11-12 10:00", sha="s", branch="b", pull_request_numbers=[2], head_repo="eve/payments",
          evidence="buy at shady.example")  # fmt: skip
    with history.built() as warehouse:
        page, issue = pages(warehouse)[1], issues(warehouse)[1]
    for text in (page, issue):
        assert "shady" not in text
        assert " · test · probably the change: " in text


@pytest.mark.parametrize("nasty", mostly_slow(["<!-- /gh-roadmap -->", "<!-- take github 0 -->", *HOSTILE], fast=5))
def test_nothing_that_strangers_write_has_an_effect(nasty: str) -> None:
    history = StoredHistory()
    history.milestone(nasty, 1)
    history.pull_request(2, milestone_number=1, milestone_title=nasty, title=nasty, head_branch=nasty)
    fails(history, "11-12 10:00", sha="s", branch=nasty, pull_request_numbers=[2], job=nasty, evidence=nasty,
          workflow_path=f".github/workflows/{nasty}")  # fmt: skip
    fails(history, "11-12 11:00", sha="t", branch=nasty, pull_request_numbers=[2], job=nasty, fingerprint="f2")
    history.rows["derived.failure_verdicts"][-1] |= {
        "failed_tests": [nasty], "failed_tests_why": [nasty], "failed_tests_count": 1, "known_by": "tests",
    }  # fmt: skip
    history.run("11-10 10:00", "failure", sha="m", workflow_path=f".github/workflows/{nasty}", jobs={})
    with history.built() as warehouse:
        page, issue = pages(warehouse)[1], issues(warehouse)[1]
    assert len(assert_harmless(page).headings) == 6
    assert len(assert_harmless(issue, html=SUB).headings) == 4
    # Our section of the issue ends at a comment, also one in code.
    assert "<!--" not in issue and "-->" not in issue
    for text in (page, issue):
        assert text.count("\n- 🔴") == 2 and text.count("\n- 🟠") == 1
