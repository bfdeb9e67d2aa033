"""The whole way once, seen from both ends: what the simulators hold afterwards, and what the warehouse says."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP
from roadmap_pipeline.notion.markdown import fit
from roadmap_pipeline.notion.rows import read_body, read_rows
from roadmap_pipeline.notion.schema import observe, resolve
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.snapshot import snapshot_path
from roadmap_pipeline_tests.conftest import Ran
from roadmap_sandbox.organisation import generate

REPORTS = {
    "Report Name": "title",
    "Report Date": "date",
    "Analysis Period": "number",
    "Total Failures": "number",
    "Auto-fix Success Rate": "number",
    "Average MTTR": "number",
    "Top Failure Category": "rich_text",
    "Report Content": "rich_text",
    "GitHub Link": "url",
}
ROADMAP = {
    "🧩 Milestone": "title",
    "📆 Target Date": "date",
    "✅ Status": "select",
    "📊 Progress": "number",
    "📎 Latest CI Health": "relation",
    "📦 Related PR": "url",
    "🧪 Workflow Pass Rate": "number",
    "🩹 Auto-Fix Success": "number",
    "⏱️ MTTR": "number",
    "📈 Trend": "select",
    "📝 Notes": "rich_text",
    "🔑 Sync Key": "rich_text",
    "🔄 Sync State": "select",
    "🧾 Sync Note": "rich_text",
    "🕒 Last Synced": "date",
    "🧷 Sync Base": "rich_text",
    "📦 Work Done": "number",
    "🔮 Forecast": "date",
    "🎯 On Time": "number",
    "🧭 Forecast State": "rich_text",
    "⚠️ Risk": "rich_text",
}


def query(ran: Ran, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(snapshot_path(ran.settings.warehouse)), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_everything_was_read(ran: Ran) -> None:
    content, _ = generate()
    for table, payloads in (("workflow_runs", content.runs), ("workflow_jobs", content.jobs)):
        wanted = sum(len(found) for found in payloads.values())
        assert query(ran, f"select count(*) from raw.{table}") == [(wanted,)]
        assert ran.run_summary.read[table] == wanted


def test_one_milestone_has_a_steady_forecast_one_is_late_and_of_others_it_says_why_there_is_none(ran: Ran) -> None:
    forecasts: dict[tuple[object, object], tuple[Any, ...]] = {
        (repo, title): (state, reason, *dates)
        for repo, title, state, reason, *dates in query(
            ran,
            "select m.repo, m.milestone, f.state, f.reason, f.p50_date, f.p85_date, f.p95_date"
            " from marts.milestone_forecast as f join marts.milestones as m on m.repo = f.repo and m.number = f.number",
        )
    }
    content, _ = generate()
    issues = [one for one in content.issues["acme/payments"] if (one["milestone"] or {}).get("title") == "Stage 7.3"]
    left = sum(
        one["state"] == "open" and not any(label["name"] == "tracking" for label in one["labels"]) for one in issues
    )
    since = (content.clock - timedelta(weeks=6)).isoformat().replace("+00:00", "Z")
    closed = sum(one["state"] == "closed" and one["closed_at"] >= since for one in issues) / 6
    came_in = sum(one["created_at"] >= since for one in issues) / 6
    # A straight line through the last six weeks; courses that wander end about then, and each for its own reason later.
    straight = content.clock.date() + timedelta(weeks=left / (closed - came_in))
    state, _reason, p50, p85, p95 = forecasts["acme/payments", "Stage 7.3"]
    assert state == "forecast"
    assert abs(p50 - straight) <= timedelta(weeks=2)
    assert p50 < p85 < p95 < straight + timedelta(weeks=13)
    late = "select risk from marts.milestone_risks where milestone = 'Checkout v2' and is_open and not is_covered"
    assert sorted(query(ran, late)) == [("blocked",), ("off_track",), ("scope_growth",)]
    untold = {key: (state, reason) for key, (state, reason, *dates) in forecasts.items() if dates == [None] * 3}
    assert untold["acme/platform", "Cost controls"] == (
        "no_items",
        "No issue and no pull request belongs to it yet.",
    )
    assert untold["acme/storefront", "Accessibility"][0] == "insufficient_history"
    assert untold["acme/platform", "Observability"][0] == "scope_outpaces_throughput"


def test_both_databases_have_the_contracts_properties(ran: Ran) -> None:
    runtime = ran.runtime()
    observed = observe(runtime.notion, ran.settings.notion_parent_page_id or "")
    for schema, wanted in ((CI_REPORTS, REPORTS), (ENGINEERING_ROADMAP, ROADMAP)):
        found = observed.databases[schema.key]
        assert found is not None
        assert {item.name: item.type for item in found.properties.values()} == wanted
    runtime.close()


def test_the_whole_report_can_be_read_from_row_and_page(ran: Ran) -> None:
    runtime = ran.runtime()
    databases = resolve(observe(runtime.notion, ran.settings.notion_parent_page_id or ""))
    rows = {row.values["Report Name"]: row for row in read_rows(runtime.notion, databases["ci_reports"])}
    assert set(rows) == {"ci-report-2026-W46.md", "roadmap-report-Q3-2026.md"}
    row = rows["ci-report-2026-W46.md"]
    ((content, failures),) = query(
        ran,
        """
        select r.content, w.failed_job_attempts from derived.reports as r
        join marts.ci_weekly as w on w.repo = '*' and w.week = r.period
        """,
    )
    assert row.values["Report Date"] == "2026-11-16"
    assert row.values["Report Content"] == fit(str(content), "elsewhere")
    assert row.values["Total Failures"] == failures
    assert row.values["GitHub Link"] == "https://github.com/acme/payments/actions"
    body = read_body(runtime.notion, row.page_id)
    for heading in (
        "Scorecard",
        "Repositories",
        "Failures by category",
        "Flaky jobs",
        "Do next",
        "About these numbers",
    ):
        assert heading in body
    runtime.close()


def test_the_quarter_that_ended_last_has_a_row_of_its_own(ran: Ran) -> None:
    runtime = ran.runtime()
    databases = resolve(observe(runtime.notion, ran.settings.notion_parent_page_id or ""))
    rows = read_rows(runtime.notion, databases["ci_reports"])
    (row,) = [row for row in rows if row.values["Report Name"] == "roadmap-report-Q3-2026.md"]
    body = read_body(runtime.notion, row.page_id)
    runtime.close()
    ((content, failures),) = query(
        ran,
        """
        select r.content, q.failed_job_attempts from derived.quarterly_reports as r
        join marts.quarterly_rollup as q on q.repo = '*' and q.quarter = r.period
        """,
    )
    assert row.values["Report Date"] == "2026-10-01"
    assert row.values["Analysis Period"] == 92  # over 80 days: the view Quarterly Reports shows it
    assert row.values["Report Content"] == fit(str(content), "elsewhere")
    assert row.values["Total Failures"] == failures
    for heading in ("Timeline", "Milestones", "Forecast scorecard", "Risks", "Decisions asked", "About these numbers"):
        assert heading in body
    # The truth: of four milestones due in the quarter three were closed in time, Stage 7.2 a week after its end.
    assert str(content).splitlines()[2].startswith("**3 of 4 planned milestones were completed**; *3 of 3 on time*;")


def test_the_roadmap_has_one_row_per_milestone_with_unique_titles_and_the_report_linked(ran: Ran) -> None:
    runtime = ran.runtime()
    databases = resolve(observe(runtime.notion, ran.settings.notion_parent_page_id or ""))
    reports = read_rows(runtime.notion, databases["ci_reports"])
    (report,) = [row for row in reports if row.values["Analysis Period"] == 7]
    rows = read_rows(runtime.notion, databases["roadmap"])
    content, _ = generate()
    titles = Counter(item["title"] for found in content.milestones.values() for item in found)
    wanted = {
        item["title"] if titles[item["title"]] == 1 else f"{item['title']} · {repo}"
        for repo, found in content.milestones.items()
        for item in found
    }
    assert {row.values["🧩 Milestone"] for row in rows} == wanted
    assert len(rows) == len(wanted)
    for row in rows:
        assert row.values["📎 Latest CI Health"] == [report.page_id]
        assert isinstance(row.values["📊 Progress"], float)
        assert row.values["✅ Status"] in {"Planned", "In Progress", "Blocked", "Completed"}
    runtime.close()


COMMENTED = {
    "acme/payments": {1414, 1417},
    "acme/platform": {542, 545},
    "acme/storefront": {1001, 1005, 1008},
}
"""Open pull requests on which something failed, and 1001, which is green and of a milestone.

Not 1007 of acme/storefront, which is green and of none, nor 1418, 1419 and 1009, whose runs are still going.
"""


def test_what_is_worth_a_comment_has_one_and_no_other(ran: Ran) -> None:
    runtime = ran.runtime()
    author = runtime.github.viewer_login()
    ours: dict[str, Counter[int]] = {}
    lines: dict[int, int] = {}
    for repo in ran.settings.repositories:
        ours[repo] = Counter()
        for page in runtime.github.pages(f"/repos/{repo}/pulls", {"state": "open"}):
            for pull in page:
                for comments in runtime.github.pages(f"/repos/{repo}/issues/{pull['number']}/comments"):
                    for comment in comments:
                        if comment["user"]["login"] == author:
                            ours[repo][pull["number"]] += 1
                            assert comment["body"].startswith("<!-- gh-roadmap:v1 ")
                            assert "**CI: " in comment["body"]
                            lines[pull["number"]] = comment["body"].count("\n")
    assert {repo: set(found) for repo, found in ours.items()} == COMMENTED
    assert {count for found in ours.values() for count in found.values()} == {1}
    assert {number for number, breaks in lines.items() if breaks == 1} == {1001}  # the marker, and a line
    runtime.close()


def test_a_second_run_writes_nothing(ran: Ran) -> None:
    from roadmap_pipeline.orchestration.launch import run_main_job

    before = ran.writes()
    runtime = ran.runtime()
    run_summary = run_main_job(runtime)
    runtime.close()
    assert dict(run_summary.writes) == {"notion": 0, "github": 0}
    assert ran.writes() == before
    assert run_summary.written == {}
    assert json.loads(json.dumps(run_summary.summary()))["conflicts"] == 0


def test_a_dry_run_shows_the_plan_and_changes_nothing(ran: Ran, tmp_path: Path) -> None:
    before = ran.writes()
    warehouse = tmp_path / "roadmap.duckdb"
    shutil.copyfile(ran.settings.warehouse, warehouse)
    runtime = Runtime(replace(ran.settings, warehouse=str(warehouse)))
    with duckdb.connect(str(warehouse)) as con:
        con.execute("update publish.notion_roadmap set progress = 0.01 where title = 'Stage 7.3'")
    result = pipeline.sync(runtime, dry_run=True)
    (change,) = result.plan.changes
    assert (change.kind, change.title) == ("update_row", "Stage 7.3")
    assert [(field.field, field.after) for field in change.fields] == [("📊 Progress", 0.01)]
    assert ran.writes() == before
    runtime.close()


def test_the_journal_holds_every_write_and_none_failed(ran: Ran) -> None:
    with duckdb.connect(ran.settings.warehouse, read_only=True) as con:
        states = dict(con.execute("select state, count(*) from sync.changes group by state").fetchall())
        kinds = dict(con.execute("select kind, count(*) from sync.changes group by kind").fetchall())
    assert set(states) == {"done"}
    assert kinds["create_database"] == 2
    assert kinds["create_row"] == 2 + len(ran.run_summary.roadmap)


@pytest.mark.parametrize("schema", ["raw", "derived", "config", "sync", "staging", "intermediate", "marts", "publish"])
def test_every_table_and_column_is_described_in_the_snapshot(ran: Ran, schema: str) -> None:
    missing = query(
        ran,
        f"""
        select t.table_name, null from duckdb_tables() as t where t.schema_name = '{schema}' and t.comment is null
        union all
        select c.table_name, c.column_name from duckdb_columns() as c
        where c.schema_name = '{schema}' and c.comment is null
        """,
    )
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("without", "message"),
    [("notion_api_key", "Notion is skipped: NOTION_API_KEY"), ("github_token", "GitHub is skipped: GITHUB_TOKEN")],
)
def test_with_one_side_alone_the_rest_still_runs(ran: Ran, tmp_path: Path, without: str, message: str) -> None:
    from roadmap_pipeline.orchestration.launch import run_main_job

    warehouse = tmp_path / "roadmap.duckdb"
    shutil.copyfile(ran.settings.warehouse, warehouse)
    if without == "github_token":
        # As after an import of a dump: Notion alone never gets the sandbox's numbers.
        with duckdb.connect(str(warehouse)) as con:
            con.execute("update config.origin set origin = 'real'")
    missing: dict[str, Any] = {without: None}
    settings = replace(ran.settings, warehouse=str(warehouse), dagster_home=tmp_path / "dagster", **missing)
    before = ran.writes()
    runtime = Runtime(settings)
    run_summary = run_main_job(runtime)
    runtime.close()
    assert any(message in note for note in run_summary.notes)
    assert ran.writes() == before
    assert snapshot_path(warehouse).exists()
    assert len(run_summary.roadmap) == len(ran.run_summary.roadmap)
