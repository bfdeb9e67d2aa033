"""The report agrees with itself: headline, scorecard and sections count the same things, and few cases lead nothing."""

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import BOT, REPO, StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails, passes
from roadmap_pipeline_tests.reports.test_weekly import cells, content, headline, line, red, section


def test_still_red_counts_what_was_red_at_the_end_of_the_week_whenever_it_started() -> None:
    history = red()  # ci.yml: red since Friday of W46
    release = ".github/workflows/release.yml"
    history.run("10-28 08:00", "failure", sha="old", workflow_path=release)  # red since W44, green again in W47
    history.run("11-16 02:00", sha="new", workflow_path=release)
    text = content(history)
    assert "2 workflows ended the week red on the default branch" in headline(text)
    assert [row[4] for row in cells(text, "Red default branches")].count("**still red**") == 2
    assert line(text, "still red") == ["2", "1", "+1", "▁▁█", ""]


def test_few_failures_and_few_first_attempts_are_counted_out_not_rated() -> None:
    history = StoredHistory()
    passes(history, "11-10 10:00", 1)
    for number in range(2):  # runs of which the first attempt was called off
        run = history.run("11-10 11:00", "cancelled", sha=f"c{number}", branch="topic")
        history.run("11-10 11:00", sha=f"c{number}", branch="topic", attempt=2, run_id=run, started="11-10 12:00")
    for category in ("network", "network", "compile"):
        fails(history, "11-11 12:00", category, fingerprint=category)
    text = content(history)
    assert headline(text).startswith("**50.0 % of 6 runs passed in the end**, 1 of 4 at the first try.")
    assert headline(text).endswith("3 jobs failed: network (2), compile (1).")


def test_without_a_judged_repair_ci_health_is_the_pass_rate_and_says_so() -> None:
    history = StoredHistory()
    passes(history, "11-03 10:00", 9)
    run = fails(history, "11-03 12:00", sha="x")
    history.run("11-03 12:00", sha="x", branch="topic", event="pull_request", attempt=2, run_id=run,
              started="11-03 13:00", triggering_actor=BOT, triggering_actor_type="Bot")  # fmt: skip
    passes(history, "11-10 10:00", 9)
    fails(history, "11-10 12:00")
    text = content(history)
    # A mean of two rates isn't compared with one rate.
    assert line(text, "CI health score")[:3] == ["90 % †", "*100 %*", "–"]
    assert line(text, "CI health score")[4] == "10 (1)"
    assert (
        "\n† No automatic repair was judged: the CI health score is the pass rate.\n"
        in section(text, "Scorecard") + "\n"
    )
    assert "without a repair that was judged it is the pass rate and says so" in section(text, "About these numbers")


def test_an_episode_that_ended_with_its_workflow_or_branch_is_told_of() -> None:
    history = red()
    history.add(
        "raw.workflows", repo=REPO, workflow_id=7, path=".github/workflows/ci.yml", name="CI", state="deleted",
        removed_at=at("11-14 12:00"),
    )  # fmt: skip
    assert "the workflow's removal" in [row[4] for row in cells(content(history), "Red default branches")]
