"""A change on our side reaches Notion and GitHub, and nothing else is touched."""

import pytest

from roadmap_pipeline_tests.sync.conftest import REPORT, REPORTS, SimulatedServices


def test_a_number_that_changed_is_all_that_is_written(synced: SimulatedServices) -> None:
    before = synced.final()["databases"]
    page = synced.page_id("Stage 7.3")
    synced.milestone("Stage 7.3", progress=0.85)
    (change,) = synced.sync().plan.changes
    assert (change.kind, change.title) == ("update_row", "Stage 7.3")
    assert [(item.field, item.before, item.after) for item in change.fields] == [("📊 Progress", 0.55, 0.85)]
    assert synced.writes() == [("PATCH", f"/v1/pages/{page}")]
    after = synced.final()["databases"]
    rows = [row.replace("'📊 Progress': 0.85", "'📊 Progress': 0.55") for row in after["Engineering Roadmap"]["rows"]]
    assert sorted(rows) == before["Engineering Roadmap"]["rows"]
    assert after[REPORTS] == before[REPORTS]


def test_a_value_that_is_gone_is_emptied(synced: SimulatedServices) -> None:
    synced.milestone("Stage 7.3", workflow_pass_rate=None, trend=None, related_pr=None)
    synced.edit_milestone("Stage 7.3", due_on=None)
    synced.sync()
    row = synced.row("Stage 7.3")
    assert [row[name] for name in ("🧪 Workflow Pass Rate", "📆 Target Date", "📈 Trend", "📦 Related PR")] == [
        None
    ] * 4
    assert synced.sync().plan.changes == ()


def test_a_restated_report_replaces_property_and_body(synced: SimulatedServices) -> None:
    words = "The week again. " * 700
    synced.sql(
        "update publish.notion_ci_reports set report_content = ?, total_failures = 13", [f"# Restated\n\n{words}"]
    )
    (change,) = synced.sync().plan.changes
    assert {item.field for item in change.fields} == {"Report Content", "Total Failures"}
    row = synced.row(REPORT, REPORTS)
    assert row["Report Content"] == f"# Restated\n\n{words}"
    assert row["Total Failures"] == 13
    body = synced.api("GET", f"pages/{synced.page_id(REPORT, REPORTS)}/markdown")
    assert "Restated" in body["markdown"]
    assert body["markdown"].count("The week again.") == 700
    assert "Part 3" not in body["markdown"]
    assert synced.sync().plan.changes == ()


def test_a_number_of_a_report_leaves_its_body_alone(synced: SimulatedServices) -> None:
    synced.notion.write_body(synced.page_id(REPORT, REPORTS), "Read by Mina")
    synced.sql("update publish.notion_ci_reports set total_failures = 13")
    synced.sync()
    assert synced.api("GET", f"pages/{synced.page_id(REPORT, REPORTS)}/markdown")["markdown"].strip() == "Read by Mina"


def test_a_new_week_is_a_new_row_and_every_milestone_points_to_it(synced: SimulatedServices) -> None:
    synced.sql(
        "insert into publish.notion_ci_reports"
        " select replace(report_name, '46', '47'), '2026-11-23', * exclude (report_name, report_date)"
        " from publish.notion_ci_reports"
    )
    synced.sql("update publish.notion_roadmap set latest_report_name = 'ci-report-2026-W47.md'")
    synced.sync()
    assert {row["Report Name"] for row in synced.rows(REPORTS)} == {REPORT, "ci-report-2026-W47.md"}
    assert {tuple(row["📎 Latest CI Health"]) for row in synced.rows()} == {("ci-report-2026-W47.md",)}
    synced.writes()
    assert synced.sync().plan.changes == ()
    assert synced.writes() == []


def test_a_milestone_that_was_renamed_on_github_keeps_its_row(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.edit_milestone("Stage 7.3", title="Stage 7.3 (final)")
    synced.sync()
    assert synced.page_id("Stage 7.3 (final)") == page
    assert len(synced.rows()) == 4


def test_rows_stay_when_their_repository_is_renamed(synced: SimulatedServices) -> None:
    """A row's key is the milestone's own: page, agreed values and people's notes stay with it."""
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, "📝 Notes", "Mina's")
    synced.sync()
    synced.writes()
    synced.github.activity.rename("acme/payments", "acme/pay")
    result = synced.sync("roadmap")
    assert (result.plan.changes, list(result.plan.conflicts)) == ((), [])
    for table in ("notion_roadmap", "tracking_issues"):
        synced.sql(f"update publish.{table} set repo = 'acme/pay' where repo = 'acme/payments'")
    synced.milestone("Stage 7.3", progress=0.6, notes="Other advice.")
    synced.sync("roadmap")
    row = synced.row("Stage 7.3")
    assert (row["📝 Notes"], row["📊 Progress"]) == ("Mina's", 0.6)
    assert len(synced.rows()) == 4


def test_a_base_that_an_older_version_kept_is_still_one(synced: SimulatedServices) -> None:
    """It knew rows by repository and number, and fields by their names."""
    key, page = synced.key("Stage 7.3"), synced.page_id("Stage 7.3")
    names = {item["id"]: name for name, item in synced.api("GET", f"pages/{page}")["properties"].items()}
    fields = synced.sql("select field, value from sync.row_bases where sync_key = ?", [key])
    synced.sql("delete from sync.row_bases where sync_key = ?", [key])
    for field, value in fields:
        if field in names and not names[field].startswith(("🔑", "🔄", "🧾")):
            synced.sql(
                "insert into sync.row_bases values ('milestone:acme/payments#1', ?, ?, ?)", [page, names[field], value]
            )
    synced.notion.set_property(page, "📆 Target Date", "2027-01-31")
    synced.notion.set_property(page, "📝 Notes", "Mina's")
    result = synced.sync()
    assert result.plan.conflicts == ()
    assert synced.on_github("Stage 7.3")["due"] == "2027-01-31"
    assert synced.row("Stage 7.3")["📝 Notes"] == "Mina's"
    assert synced.sql("select count(*) from sync.row_bases where sync_key = 'milestone:acme/payments#1'") == [(0,)]
    assert synced.sync().plan.changes == ()


def test_a_milestone_that_is_deleted_on_github_keeps_its_row_which_says_so(synced: SimulatedServices) -> None:
    synced.delete_milestone("Checkout v2")
    result = synced.sync()
    assert any("was deleted on GitHub" in note for note in result.plan.notes)
    row = synced.row("Checkout v2")
    assert (row["🔄 Sync State"], row["✅ Status"], row["📊 Progress"]) == ("Changed on GitHub", "Planned", 0.0)
    assert "deleted on GitHub" in row["🧾 Sync Note"]
    issues = synced.ask("GET", "/repos/acme/payments/issues?state=all&labels=tracking")
    assert {issue["title"]: issue["state"] for issue in issues}["Roadmap: Checkout v2"] == "closed"
    synced.writes()
    synced.sql("delete from publish.notion_roadmap where title = 'Checkout v2'")
    assert synced.sync().plan.changes == ()
    assert synced.writes() == []
    # In the trash it is out of everybody's way.
    synced.notion.trash(synced.page_id("Checkout v2"))
    result = synced.sync()
    assert (result.plan.changes, result.plan.notes) == ((), ())


@pytest.mark.parametrize("body", ["**CI failed**", "x" * 70_000])
def test_a_comment_that_changed_is_edited_in_place(body: str, synced: SimulatedServices) -> None:
    (before,) = synced.comments("acme/payments", 2)
    synced.sql("update publish.pull_request_comments set body = ? where number = 2", [body])
    (change,) = synced.sync().plan.changes
    assert (change.kind, change.title) == ("edit_comment", "acme/payments#2")
    (after,) = synced.comments("acme/payments", 2)
    assert after["id"] == before["id"]
    assert body[:1000] in after["body"]
    assert [method for method, _ in synced.writes()] == ["PATCH"]
    assert synced.sync().plan.changes == ()


def test_what_was_written_is_journaled(synced: SimulatedServices) -> None:
    synced.milestone("Stage 7.3", progress=0.85)
    synced.sync()
    rows = synced.sql(
        "select target, kind, place, state, error, fields->>'$[0].field', fields->>'$[0].after',"
        " settled_at >= intended_at from sync.changes order by intended_at desc limit 1"
    )
    assert rows == [
        ("notion", "update_row", "Engineering Roadmap", "done", None, "📊 Progress", "0.85", True),
    ]


def test_a_comment_says_as_of_when_it_speaks_and_that_alone_is_no_edit(synced: SimulatedServices) -> None:
    synced.sql("insert into config.parameters (as_of) values ('2026-11-16 06:00')")
    assert synced.sync().plan.changes == ()  # written before it was known
    synced.sql("update publish.pull_request_comments set body = '**CI failed**' where number = 5")
    synced.sync()
    assert synced.comments("acme/storefront", 5)[-1]["body"].endswith(
        "\n**CI failed**\n\n<sub>as of 2026-11-16 06:00 UTC</sub>"
    )
    synced.writes()
    synced.sql("update config.parameters set as_of = '2026-11-16 07:00'")
    assert (synced.sync().plan.changes, synced.writes()) == ((), [])
