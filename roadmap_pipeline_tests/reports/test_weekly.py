"""The weekly report of small histories: sentences and cells worked out by hand."""

import re
from datetime import date, timedelta

import pytest

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.reports.weekly import section, weekly_report
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import AS_OF, BOT, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails, passes
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless, shown

WEEK = "2026-W46"


def content(history: StoredHistory, week: str = WEEK) -> str:
    with history.built() as warehouse:
        return weekly_report(warehouse.con, week).content


def headline(text: str) -> str:
    return section(text, None).splitlines()[2]


def line(text: str, metric: str) -> list[str]:
    """Return the cells of a line of the scorecard."""
    (found,) = [row for row in shown(section(text, "Scorecard")).tables[0] if row[0] == metric]
    return found[1:]


def cells(text: str, heading: str) -> list[list[str]]:
    """Return the rows of a section's table, without its head."""
    return shown(section(text, heading)).tables[0][1:]


def busy() -> StoredHistory:
    """Return a history: last week 9 of 10 runs passed; this week 14 of 20, with old and new failures."""
    history = StoredHistory()
    passes(history, "11-03 10:00", 9)
    fails(history, "11-03 12:00", "compile", fingerprint="gone", job="build")
    passes(history, "11-10 10:00", 14)
    for pull in (1, 2, 3):
        fails(history, "11-10 12:00", "test", fingerprint="old", pull_request_numbers=[pull])
    fails(history, "06-01 12:00", "test", fingerprint="old")
    fails(history, "11-11 12:00", "network", domain="platform", fingerprint="new", job="e2e (1)", retryable=True)
    fails(history, "11-11 13:00", "unknown", domain="unknown", fingerprint="odd", log=False)
    fails(history, "11-12 12:00", None, log=False)
    return history


def test_a_busy_week() -> None:
    text = content(busy())
    assert headline(text) == (
        "**70.0 % of 20 runs passed in the end** (▼ 20.0 pp), 70.0 % at the first try. No default branch was red."
        " Top cause: test, 3 of 6 failed jobs, 3 pull requests hit."
    )
    assert "2026-11-09 to 2026-11-15 · acme/payments" in text
    assert line(text, "passed in the end")[:3] == ["70.0 %", "90.0 %", "▼ 20.0 pp"]
    assert line(text, "passed in the end")[4] == "20 (10)"
    assert line(text, "failed jobs")[:3] == ["6", "1", "+5"]
    assert line(text, "auto-fix success") == ["–", "–", "–", "", "0 (0)"]
    changed = section(text, "What changed")
    # Of the two weeks one has under 20 runs: no verdict beyond Stable.
    assert re.search(
        r"- Passed in the end: \*\*Stable\*\*, ▼ 20.0 pp \(95 % interval −\d+\.\d to \+\d+\.\d pp;", changed
    )
    assert "20 runs against 10)." in changed
    line_shown = ", `AssertionError: 1 != 2`, in"
    assert f"- 2 failures not seen before:\n  - network{line_shown} `e2e` of acme/payments: 1 failed job" in changed
    assert f"  - unknown cause{line_shown} `test` of acme/payments: 1 failed job" in changed
    assert (
        f"- 1 failure of last week not seen in this one:\n  - compile{line_shown} `build` of acme/payments:" in changed
    )
    assert cells(text, "Failures by category") == [
        ["test", "3", "50 %", "+3", "3", "0"],
        ["unknown cause", "2", "33 %", "+2", "0", "0"],
        ["network", "1", "17 %", "+1", "0", "0"],
        ["compile", "0", "–", "−1", "0", "0"],
    ]
    assert (
        "The cause of 2 of 6 failed jobs (33 %) was not recognised."
        " What to make of them: 3 probably from the change, 1 from the infrastructure, 2 unclear." in text
    )
    top = section(text, "Top failures")
    assert top.startswith(
        "1. test, `AssertionError: 1 != 2`, in `test` of acme/payments: 3 failed jobs, 3 pull requests hit"
        " · known since 2026-06-01 · [example]("
    )
    # Three jobs of ten minutes; the pull requests themselves were not read, so nobody is known.
    assert section(text, "Do next").startswith(
        "1. **Look at test, `AssertionError: 1 != 2`** in `test` of acme/payments: the same failure hit 3 runs"
        " this week.\n   - no owner known · saves 3 failed jobs and 30 min a week, 3 pull requests not held up · [example](https://"
    )
    about = section(text, "About these numbers")
    assert "Created in this week: 20 runs (20 attempts, 20 jobs). 20 passed or failed, 0 void" in about
    assert "2 of 6 failed jobs without a log (expired, or never written), judged by rule set `1.2.3`" in about
    assert section(text, "Nothing to report") == (
        "No job passed and failed on one commit, no default branch was red, no automatic repair was attempted,"
        " no milestone is open."
    )
    assert "## Repositories" not in text  # one repository: the scorecard is its


def test_the_first_quiet_week() -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 5)
    text = content(history)
    assert headline(text) == (
        "**100.0 % of 5 runs passed in the end**, 100.0 % at the first try. No default branch was red. No job failed."
    )
    assert line(text, "runs") == ["5", "–", "–", "▄", ""]
    assert line(text, "passed in the end") == ["100.0 %", "–", "–", "▄", "5"]
    assert section(text, "What changed") == (
        "This is the first week in the warehouse: there is nothing to compare it with."
    )
    assert "mermaid" not in text  # one week is no line
    for heading in ("Failures by category", "Top failures", "Flaky jobs", "Red default branches", "Automatic repair"):
        assert section(text, heading) == ""
    assert section(text, "Do next") == "Nothing stands out."
    assert "Causes:" not in text


def test_a_week_without_runs() -> None:
    history = StoredHistory()
    passes(history, "11-03 10:00", 5)
    text = content(history)
    assert headline(text) == "**No run was created in this week.** No default branch was red. No job failed."
    assert line(text, "runs")[:3] == ["0", "5", "−5"]
    assert line(text, "passed in the end") == ["–", "100.0 %", "–", "▄·", "0 (5)"]
    assert "## Workflows" not in text


def test_weeks_after_the_last_run_and_a_warehouse_without_any() -> None:
    history = StoredHistory()
    passes(history, "10-20 10:00", 5)  # three weeks before
    text = content(history)
    assert line(text, "runs") == ["0", "0", "±0", "█▁▁▁", ""]
    assert headline(text).startswith("**No run was created in this week.**")
    text = content(StoredHistory())
    assert headline(text) == "**No run was created in this week.** No default branch was red. No job failed."
    assert "2026-11-09 to 2026-11-15\n" in text
    assert section(text, "Nothing to report")


def test_a_week_in_which_nothing_came_to_a_verdict() -> None:
    history = StoredHistory()
    history.run("11-10 10:00", "cancelled")
    history.run("11-10 11:00", None, sha="b")
    text = content(history)
    assert headline(text).startswith("**None of 2 runs passed or failed.**")
    assert "0 passed or failed, 1 void (cancelled, skipped), 1 without a result yet." in text


def test_a_week_of_unknown_causes_without_logs() -> None:
    history = StoredHistory()
    for number in range(4):
        fails(history, f"11-1{number} 10:00", None, log=False)
    text = content(history)
    assert headline(text) == (
        "**0 of 4 runs passed in the end**, 0 of 4 at the first try. No default branch was red."
        " The cause of all 4 failed jobs is unknown."
    )
    assert line(text, "passed in the end")[0] == "*0.0 %*"
    assert "The cause of 4 of 4 failed jobs (100 %) was not recognised." in text
    assert section(text, "Top failures") == (
        "4 failed jobs, none with a log to tell what it has in common with others."
    )
    assert "Causes: 4 of 4 failed jobs without a log (expired, or never written). A failed job" in text
    assert "Nothing stands out." in text


def test_few_cases_are_greyed_and_their_change_is_left_out() -> None:
    history = StoredHistory()
    passes(history, "11-03 10:00", 5)
    passes(history, "11-10 10:00", 4)
    text = content(history)
    assert headline(text).startswith("**4 of 4 runs passed in the end**, 4 of 4 at the first try.")
    assert line(text, "passed in the end") == ["*100.0 %*", "100.0 %", "–", "▄▄", "4 (5)"]
    assert line(text, "runs")[:3] == ["4", "5", "−1"]
    assert "- *Passed in the end: Stable, ±0 pp (95 % interval" in text
    assert cells(text, "Workflows")[0][2] == "*100.0 % (n=4, few)*"


def red() -> StoredHistory:
    """Return a history: red since Friday 18:10, and an episode of two hours on Tuesday that a person ended."""
    history = StoredHistory()
    history.run("11-10 08:00", "failure", sha="bad1", html_url="https://github.com/acme/payments/actions/runs/1")
    history.run("11-10 10:00", sha="good1")
    history.run("11-13 18:00", "failure", sha="c0ffee1234", html_url="https://github.com/acme/payments/actions/runs/2")
    return history


def test_an_open_red_episode_stands_as_the_week_ended() -> None:
    text = content(red())
    # From 13 November 18:10 to midnight before Monday: 53 h 50 min.
    assert "`ci.yml` of acme/payments ended the week red on the default branch, for 2.2 days." in headline(text)
    assert cells(text, "Red default branches") == [
        ["`ci.yml`", "acme/payments", "[2026-11-13 18:10](https://github.com/acme/payments/actions/runs/2)", "2.2 days",
         "**still red**"],
        ["`ci.yml`", "acme/payments", "[2026-11-10 08:10](https://github.com/acme/payments/actions/runs/1)", "2.0 h",
         "a person's commit"],
    ]  # fmt: skip
    assert section(text, "Do next").startswith(
        "1. **Turn `ci.yml` of acme/payments green**: red for 2.2 days, since"
        " [`c0ffee1`](https://github.com/acme/payments/actions/runs/2).\n"
        "   - ask **ada** (author of the suspect change)"
    )
    # The quantile of 90 % is beyond what is still red; the mean of the closed one is known.
    assert line(text, "to green, 90 %")[0] == "*not yet*"
    assert line(text, "to green, mean")[0] == "*2.0 h*"
    assert line(text, "still red")[0] == "1"


def test_a_week_that_is_not_over_says_so_and_counts_to_now() -> None:
    text = content(red(), "2026-W47")
    assert "2026-11-16 to 2026-11-22 · the week is not over\n" in text
    # To Monday 06:00: 59 h 50 min.
    assert "`ci.yml` of acme/payments is red on the default branch, for 2.5 days." in headline(text)


def test_where_no_author_is_known_the_code_owner_is_named_and_nobody_mentioned() -> None:
    history = StoredHistory()
    history.run("11-13 18:00", "failure", sha="c0ffee1234", actor="renovate[bot]", actor_type="Bot")
    owned = {"repo": "acme/payments", "path": "CODEOWNERS", "is_catch_all": False}
    for line_number, pattern, regex, owners in (
        (1, "*", "^(?:.+/)?[^/]+$", ["eve"]),
        (2, "/.github/", r"^\.github/.+$", ["acme/platform", "ben@example.org"]),
    ):
        history.add(
            "raw.code_owners",
            **{**owned, "line": line_number, "pattern": pattern, "file_regex": regex, "owners": owners},
            html_url=f"https://github.com/acme/payments/blob/main/CODEOWNERS#L{line_number}",
        )
    steps = section(content(history), "Do next")
    assert (
        "\n   - ask **[acme/platform, ben@\u2060example.org](https://github.com/acme/payments/blob/main/CODEOWNERS#L2)**"
        " (code owner)" in steps
    )
    assert "@acme" not in steps


def test_what_keeps_the_default_branch_red_is_one_step_that_names_the_test_and_whom_to_ask() -> None:
    history = StoredHistory()
    history.pull_request(
        7, state="closed", merged_at=at("11-12 09:00"), merge_commit_sha="c0ffee1234", author="grace",
        changed_files=["tests/test_pay.py"],
    )  # fmt: skip
    for sha in ("c0ffee1234", "c0ffee5678"):
        fails(history, "11-13 18:00", fingerprint="pay", sha=sha, branch="main", event="push")
        history.rows["derived.failure_verdicts"][-1] |= {
            "failed_tests": ["tests/test_pay.py::test_total", "tests/test_pay.py::test_tax"], "failed_tests_count": 2,
        }  # fmt: skip
    steps = section(content(history), "Do next")
    assert steps.startswith("1. **Turn `ci.yml` of acme/payments green**: red for 2.2 days, since")
    assert "; `tests/test_pay.py::test_total` and 1 more test (test) fails.\n" in steps
    assert (
        "\n   - ask **[grace](https://github.com/acme/payments/pull/7)** (author of the suspect change)"
        " · saves 2 failed jobs and 20 min a week · [example](https://github.com/acme/payments/actions/runs/" in steps
    )
    assert "\n2. " not in steps  # the same failure hit two runs, but it is in the first step already


def test_do_next_is_what_a_reader_sees_second() -> None:
    for text in (content(busy()), content(StoredHistory())):
        assert re.findall(r"^## (.*)", text, re.MULTILINE)[0] == "Do next"


def test_repairs_and_flaky_jobs() -> None:
    history = StoredHistory()
    for number in range(6):
        passes(history, f"11-0{3 + number} 10:00", 1)
    first = fails(history, "11-10 10:00", sha="x", branch="topic")
    history.run(
        "11-10 10:00", sha="x", branch="topic", event="pull_request", attempt=2, run_id=first, started="11-10 11:00",
        triggering_actor=BOT, triggering_actor_type="Bot",
    )  # fmt: skip
    text = content(history)
    assert section(text, "Automatic repair").startswith(
        "1 automatic repair: 1 worked (0 by a change, 1 by running again, which repairs nothing), 0 failed.\n"
    )
    assert cells(text, "Automatic repair") == [["fixed", "run again", f"`{BOT}`", "`ci.yml`", "acme/payments"]]
    assert line(text, "auto-fix success")[0] == "*100.0 %*"
    # Seven commits are too few for a rank: the section says so instead of denying it.
    assert section(text, "Flaky jobs") == (
        "1 job passed and failed on one commit in this week, none often enough to be ranked."
    )


def test_milestones_that_are_due_come_first_and_say_when_they_are_late() -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 5)
    history.milestone("Later", 1, due_on=at("12-11 00:00"))
    history.milestone("Late", 2, due_on=at("11-06 00:00"), closed_issues=1)
    history.milestone("Some day", 3)
    history.milestone("Done", 4, state="closed")
    text = content(history)
    rows = cells(text, "Milestones")
    assert [row[:2] for row in rows] == [
        ["Late", "2026-11-06 **overdue**"],
        ["Later", "2026-12-11"],
        ["Some day", "–"],
    ]
    assert rows[0][3:] == ["25 %", "In Progress", "–", "–", "Stable"]
    assert section(text, "Do next") == (
        "1. **Move Late** (0 %, target 2026-11-06): a green run of the default branch would give \\+30 points.\n"
        "   - no owner known · [milestone](https://github.com/acme/payments/milestone/2)"
    )


def test_a_week_that_is_reported_on_later_shows_its_own_world() -> None:
    """Made on Monday of W48: what ranks as flaky and where the milestones stand was another thing at the end of W46."""
    history = red()
    history.as_of = at("11-23 06:00")
    history.run("11-17 08:00", sha="good2")  # green again, after the week
    history.milestone("Late", 1, due_on=at("11-20 00:00"))
    for day, commits in (("11-12", 1), ("11-18", 10)):
        for commit in range(commits):
            for conclusion in ("success", "failure"):
                sha = f"{day}{commit}"
                history.run(
                    f"{day} 10:00", conclusion, sha=sha, branch="t", event="pull_request", jobs={"a": conclusion}
                )
    with history.built() as warehouse:
        text = weekly_report(warehouse.con, WEEK).content
        newest = weekly_report(warehouse.con, "2026-W47").content
    assert "| **still red** |" in section(text, "Red default branches")
    assert (line(text, "still red")[0], line(newest, "still red")[:2]) == ("1", ["0", "1"])
    assert section(text, "Flaky jobs") == "1 job passed and failed on one commit in this week."
    assert section(text, "Milestones") == ""
    assert section(text, "Do next") == (
        "1. **Turn `ci.yml` of acme/payments green**: red for 2.2 days, since"
        " [`c0ffee1`](https://github.com/acme/payments/actions/runs/2).\n"
        "   - ask **ada** (author of the suspect change)"
    )
    assert "Made when a later week had ended" in section(text, "About these numbers")
    assert "no milestone is open" not in text
    assert cells(newest, "Flaky jobs")[0][2] == "11 of 11"
    assert cells(newest, "Milestones")[0][:2] == ["Late", "2026-11-20 **overdue**"]
    assert "Made when a later week" not in newest


def test_several_repositories_and_more_rows_than_are_shown() -> None:
    history = StoredHistory()
    for number in range(14):
        repo = f"acme/r{number:02d}"
        history.run("11-10 10:00", repo=repo, sha=f"s{number}")
    fails(history, "11-10 12:00", repo="acme/r13")
    text = content(history)
    assert "· 14 repositories" in text
    rows = cells(text, "Repositories")
    assert [row[0] for row in rows[:2]] == ["acme/r13", "acme/r00"]  # the most failures first
    assert len(rows) == 12
    assert "… and 2 more repositories." in section(text, "Repositories")
    assert rows[0][3] == "*50.0 % (n=2, few)*"


def test_nothing_that_strangers_write_has_an_effect() -> None:
    history = StoredHistory()
    for number, nasty in enumerate(HOSTILE):
        fails(history, "11-10 10:00", job=nasty, evidence=nasty, fingerprint=f"n{number}", pull_request_numbers=[1, 2])
        fails(history, "11-10 11:00", job=nasty, evidence=nasty, fingerprint=f"n{number}", pull_request_numbers=[3])
        history.milestone(nasty, number + 1)
        # The job flakes on many commits, so that it is ranked.
        for commit in range(10):
            for conclusion in ("success", "failure"):
                history.run(
                    "11-12 10:00", conclusion, sha=f"c{commit}", branch="topic", event="pull_request",
                    workflow_path=f".github/workflows/{nasty}", jobs={nasty: conclusion},
                )  # fmt: skip
    run = history.run("11-13 08:00", "failure", sha="r", branch="topic", html_url="javascript:alert(1)")
    history.run("11-13 08:00", sha="r", branch="topic", attempt=2, run_id=run, started="11-13 09:00",
              triggering_actor=BOT, triggering_actor_type="Bot", html_url="javascript:alert(1)")  # fmt: skip
    history.run("11-13 18:00", "failure", sha="red", workflow_path=".github/workflows/a|b`@everyone.yml")
    with history.built() as warehouse:
        text = weekly_report(warehouse.con, WEEK).content
    found = assert_harmless(text)
    assert len(found.headings) == text.count("\n## ") + 1  # none but ours
    assert {heading.partition(" ")[0] for heading in found.headings} == {
        "CI", "Scorecard", "What", "Workflows", "Failures", "Top", "Flaky", "Red", "Automatic", "Milestones", "Do",
        "About",
    }  # fmt: skip


def test_tables_are_narrow_and_the_diagram_follows_mermaids_grammar() -> None:
    text = content(busy())
    tables = shown(text).tables
    assert tables
    assert max(len(row) for table in tables for row in table) <= 7
    diagram, causes = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    # https://mermaid.js.org/syntax/pie.html: a title, then a quoted label and a positive number a slice.
    assert causes == (
        'pie showData\n    title Failed jobs by category\n    "test" : 3\n    "unknown cause" : 2\n    "network" : 1\n'
    )
    # https://mermaid.js.org/syntax/xyChart.html: title, categories in brackets, a range, one number a category.
    match = re.fullmatch(
        r'%%\{init: \{"themeVariables": \{"xyChart": \{"plotColorPalette": "#[0-9a-f]{6}"\}\}\}\}%%\n'
        r'xychart-beta\n    title "[^"\n]+"\n    x-axis \[("W\d\d"(?:, "W\d\d")*)\]\n    y-axis "%" (\d+) --> (\d+)\n'
        r"    line \[(\d+\.\d(?:, \d+\.\d)*)\]\n",
        diagram,
    )
    assert match
    weeks, low, high, rates = match.groups()
    assert weeks.split(", ")[-2:] == ['"W45"', '"W46"']
    values = [float(rate) for rate in rates.split(", ")]
    assert len(values) == len(weeks.split(", "))
    assert (int(low), int(high)) == (70, 100)
    assert all(int(low) <= value <= int(high) for value in values)


def test_the_axis_of_a_diagram_is_never_empty() -> None:
    history = StoredHistory()
    passes(history, "11-03 10:00", 2)
    passes(history, "11-10 10:00", 2)
    assert 'y-axis "%" 90 --> 100\n    line [100.0, 100.0]' in content(history)


def test_the_same_tables_give_the_same_bytes_at_any_time_of_the_day() -> None:
    texts = []
    for hours in (0, 0, 9):
        history = busy()
        for row in red().rows["raw.workflow_runs"]:
            history.run(f"{row['created_at']:%m-%d %H:%M}", row["conclusion"], sha=row["head_sha"])
        history.as_of = AS_OF + timedelta(hours=hours)
        with history.built() as warehouse:
            texts.append(weekly_report(warehouse.con, WEEK).content)
            assert weekly_report(warehouse.con, WEEK).content == texts[-1]
    assert texts[0] == texts[1] == texts[2]


def test_every_number_of_the_scorecard_is_the_marts() -> None:
    with busy().built() as warehouse:
        text = weekly_report(warehouse.con, WEEK).content
        runs, failed, jobs, flaky = warehouse.weekly("runs, failed_runs, failed_job_attempts, flaky_jobs")
    assert [line(text, name)[0] for name in ("runs", "failed runs", "failed jobs", "flaky jobs")] == [
        str(value) for value in (runs, failed, jobs, flaky)
    ]


def test_name_period_and_day_of_a_report() -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 1)
    with history.built() as warehouse:
        report = weekly_report(warehouse.con, WEEK)
        assert (report.report_name, report.kind, report.period, report.report_date) == (
            "ci-report-2026-W46.md", "weekly", WEEK, date(2026, 11, 16),
        )  # fmt: skip
        with pytest.raises(ConfigurationError, match="'last week' is not an ISO week"):
            weekly_report(warehouse.con, "last week")
        for week in ("2026-W20", "2026-W48"):
            with pytest.raises(RoadmapError, match=f"nothing to report on {week}: .* from 2026-W46 to 2026-W47"):
                weekly_report(warehouse.con, week)


def test_sections() -> None:
    text = "# Title\n\nFirst.\n\n## One\n\na\n\n### Not a section\n\nb\n\n## Two\n\nc\n"
    assert section(text, None) == "# Title\n\nFirst."
    assert section(text, "One") == "a\n\n### Not a section\n\nb"
    assert section(text, "Two") == "c"
    assert section(text, "Three") == ""
