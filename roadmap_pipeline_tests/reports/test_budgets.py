"""The sizes that people and Notion bear: comments and reports of the simulated organisation, and of a hostile one."""

import re

from roadmap_pipeline.notion.markdown import fit
from roadmap_pipeline.reports.quarterly import quarterly_report
from roadmap_pipeline.reports.weekly import weekly_report
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails

OPEN_LINES = 30
UNITS = 190_000

_FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)


def units(text: str) -> int:
    """Return the length as Notion counts it."""
    return len(text.encode("utf-16-le")) // 2


def test_the_organisations_comments_and_reports_are_short_enough(ran: Ran) -> None:
    with ran.runtime() as runtime, runtime.warehouse.connect() as con:
        comments = [body for (body,) in con.execute("select body from derived.pull_request_comments").fetchall()]
        reports = [
            content
            for (content,) in con.execute(
                "select content from derived.reports union all select content from derived.quarterly_reports"
            ).fetchall()
        ]
    assert len(comments) > 5
    assert max(_FOLDED.sub("", body).count("\n") + 1 for body in comments) <= OPEN_LINES
    assert len(reports) == 2
    assert max(map(units, reports)) < UNITS


def test_titles_and_logs_of_five_thousand_characters_fill_no_report() -> None:
    history = StoredHistory()
    for number in range(1, 40):
        long = f"{number} " + "𝄞wide|`" * 1_000
        history.milestone(long, number, created_at=at("07-01 00:00"), due_on=at("09-01 00:00"))
        fails(history, "11-10 10:00", job=long, evidence=long, fingerprint=f"n{number}")
        fails(history, "08-10 10:00", job=long, evidence=long, fingerprint=f"n{number}")
    with history.built() as warehouse:
        texts = [
            weekly_report(warehouse.con, "2026-W46").content,
            quarterly_report(warehouse.con, "Q3-2026").content,
        ]
    for text in texts:
        assert units(text) < 60_000
        assert fit(text, "elsewhere") == text
