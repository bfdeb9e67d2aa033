"""A first sync makes everything, a second one writes nothing, a dry run only tells."""

import hashlib

from roadmap_pipeline.warehouse.models import load_project, project_directory
from roadmap_pipeline_tests.sync.conftest import CONTENT, PULLS, REPORT, REPORTS, ROADMAP, SimulatedServices, Start

REPOSITORIES = ("acme/payments", "acme/storefront")


def test_the_tables_of_these_tests_are_the_models(services: SimulatedServices) -> None:
    for model in load_project(project_directory()).models:
        if model.schema == "publish":
            found = [row[0] for row in services.sql(f"describe {model.qualified_name}")]
            assert found == [column.name for column in model.columns]


def agreement(services: SimulatedServices) -> str:
    """Return what was agreed on for Stage 7.3: title, date, status, and that nobody gave it one on GitHub."""
    values = (b'"Stage 7.3"', b'"2026-12-01"', b'"In Progress"', b"null")
    title, date, status, github = (hashlib.sha256(value).hexdigest()[:8] for value in values)
    roadmap = services.databases()[ROADMAP]
    source = next(one for one in services.notion.store.data_sources.values() if one.database_id == roadmap)
    ids = {prop.name: prop.id for prop in source.properties.values()}
    of_date, of_status = (
        hashlib.sha256(ids[name].encode()).hexdigest()[:4] for name in ("📆 Target Date", "✅ Status")
    )
    return f"t:{title} d:{date}.{of_date} s:{status}.{of_status} g:{github}"


def test_the_first_sync_makes_databases_rows_and_comments(synced: SimulatedServices, start: Start) -> None:
    services, result, final = synced, start.result, start.final
    assert list(final["databases"]) == [REPORTS, ROADMAP]
    views = {title: {name for name, _ in found["views"]} for title, found in final["databases"].items()}
    assert views[REPORTS] >= {"Weekly CI Intelligence", "Quarterly Reports"}
    assert views[ROADMAP] >= {"Engineering Roadmap", "Engineering Roadmap Timeline", "Sync Status"}
    row = services.row("Stage 7.3")
    assert row.pop("🔑 Sync Key") == services.key("Stage 7.3")
    assert row.pop("🧷 Sync Base") == agreement(services)
    assert row == {
        "🧩 Milestone": "Stage 7.3",
        "📆 Target Date": "2026-12-01",
        "✅ Status": "In Progress",
        "📊 Progress": 0.55,
        "📎 Latest CI Health": [REPORT],
        "📦 Related PR": "https://github.com/acme/payments/pull/1",
        "🧪 Workflow Pass Rate": 0.9,
        "🩹 Auto-Fix Success": 0.5,
        "⏱️ MTTR": 3.25,
        "📈 Trend": "Improving",
        "📝 Notes": "Green the release workflow (30 points).",
        "🔄 Sync State": "In step",
        "🧾 Sync Note": None,
        "🕒 Last Synced": "2026-11-16T06:00:00.000+00:00",
        "📦 Work Done": 0.5,
        "🔮 Forecast": "2027-01-29",
        "🎯 On Time": 0.35,
        "🧭 Forecast State": "7 issues open.",
        "⚠️ Risk": "Off track since 2026-11-02",
    }
    assert "pass rate 90 %" in services.api("GET", f"pages/{services.page_id('Stage 7.3')}/markdown")["markdown"]
    issue = services.issue("Stage 7.3")
    assert (issue["state"], issue["milestone"], issue["user"]["login"]) == ("open", None, "roadmap-pipeline[bot]")
    assert "**Status:** In Progress · **Target:** 2026-12-01" in issue["body"]
    assert services.page_id("Stage 7.3").replace("-", "") in issue["body"]
    assert f"[{REPORT}](https://app.notion.com/p/{services.page_id(REPORT, REPORTS).replace('-', '')})" in issue["body"]
    assert "Progress of acme/payments 1" in issue["body"]
    assert services.row("Checkout v2")["📊 Progress"] == 0
    assert services.row("Checkout v2")["🧪 Workflow Pass Rate"] is None
    assert len(services.rows()) == 4
    (report,) = services.rows(REPORTS)
    assert report["Report Content"] == CONTENT
    assert (report["Report Date"], report["Total Failures"]) == ("2026-11-16", 12)
    for pull in PULLS:
        ours = [c["body"] for c in services.comments(*pull) if c["user"]["login"] == "roadmap-pipeline[bot]"]
        assert len(ours) == 1
        assert ours[0].startswith("<!-- gh-roadmap:v1 ")
        assert f"**CI passed** for `{pull[1]}`" in ours[0]
    assert services.comments("acme/payments", 1)[0]["body"] == "Nice"
    assert result.written() == {
        REPORTS: ["1 database created", "2 views added", "1 database described", "1 row created"],
        ROADMAP: ["1 database created", "3 views added", "1 database described", "4 rows created"],
        "acme/payments": ["2 tracking issues created", "2 comments created"],
        "acme/storefront": ["1 tracking issue created", "1 comment created"],
    }


def test_a_second_sync_asks_for_no_write(synced: SimulatedServices) -> None:
    before = synced.notion.dump(), synced.final()
    result = synced.sync()
    assert synced.writes() == []
    assert (result.plan.changes, result.plan.notes, result.written()) == ((), (), {})
    assert (synced.notion.dump(), synced.final()) == before


def test_a_dry_run_only_tells(services: SimulatedServices) -> None:
    untouched = services.warehouse.read_bytes(), services.notion.dump()
    result = services.sync(dry_run=True)
    assert services.writes() == []
    assert result.written() == {}
    assert len(result.plan.changes) == 2 + 5 + 2 + 1 + 4 + 3 + 3
    # The first one made the sync's own tables.
    first = services.warehouse.read_bytes()
    assert len(first) >= len(untouched[0])
    services.sync(dry_run=True)
    assert services.warehouse.read_bytes() == first
    assert services.notion.dump() == untouched[1]
    assert services.sql("select count(*) from sync.changes union all select count(*) from sync.row_bases") == [
        (0,),
        (0,),
    ]


def test_the_first_sync_does_what_the_dry_run_said(start: Start) -> None:
    assert start.result.plan == start.told.plan


def test_the_next_run_does_what_the_dry_run_said(synced: SimulatedServices) -> None:
    services = synced
    services.milestone("Stage 7.3", progress=0.7)
    services.label("Stage 7.3", "status: blocked")
    services.milestone("Polish", notes="Something else (15 points).")
    services.sql("update publish.notion_ci_reports set report_content = '# All new'")
    services.sql("update publish.pull_request_comments set body = 'other' where number = 2")
    services.notion.set_property(services.page_id("Checkout v2"), "✅ Status", "Blocked")
    services.writes()
    told = services.sync(dry_run=True).plan
    assert services.writes() == []
    done = services.sync()
    assert done.plan == told
    assert done.to_json() == {**done.to_json(), **told.to_json()}
    # The report's body and its properties, and an issue's label and text.
    assert len(services.writes()) == len(told.changes) + 2


def test_one_milestone_alone(prepared: SimulatedServices) -> None:
    services = prepared
    services.writes()
    services.sync(milestone="Polish")
    assert [row["🧩 Milestone"] for row in services.rows()] == ["Polish"]
    # Its row, its issue with two labels that the repository lacks, and nothing else.
    assert {path.partition("/issues")[0] for _, path in services.writes()} == {
        "/v1/pages",
        "/repos/acme/storefront",
        "/repos/acme/storefront/labels",
    }
    services.sync(milestone="Polish · acme/storefront")
    assert len(services.rows()) == 1
    assert services.writes() == []


def test_a_report_that_has_no_row_is_linked_once_it_has(prepared: SimulatedServices) -> None:
    services = prepared
    services.sync("roadmap")
    assert services.row("Stage 7.3")["📎 Latest CI Health"] == []
    services.writes()
    services.sync("roadmap")
    assert services.writes() == []
    services.sync()
    assert services.row("Stage 7.3")["📎 Latest CI Health"] == [REPORT]
    assert services.sync().plan.changes == ()


def test_looking_at_milestones_that_did_not_change_costs_nothing_of_the_quota(synced: SimulatedServices) -> None:
    synced.sync()
    synced.github.journal.clear()
    synced.two_way()
    asked = {entry.path.partition("?")[0]: entry.status for entry in synced.github.journal if entry.method == "GET"}
    looked = {path: status for path, status in asked.items() if path != "/user"}
    assert {f"/repos/{repo}/{what}" for repo in REPOSITORIES for what in ("milestones", "issues")} <= looked.keys()
    assert set(looked.values()) == {304}
    # What did change is seen all the same, by another run, too.
    synced.edit_milestone("Polish", title="Shine")
    synced.two_way()
    assert synced.row("Shine")["🧩 Milestone"] == "Shine"


def test_an_issue_that_lost_its_label_is_found_and_not_made_twice(synced: SimulatedServices) -> None:
    issue = synced.issue("Polish")
    synced.ask("PATCH", f"/repos/{issue['repo']}/issues/{issue['number']}", {"labels": []})
    result = synced.sync()
    assert [change.kind for change in result.plan.changes] == []
    synced.ask("PATCH", f"/repos/{issue['repo']}/issues/{issue['number']}", {"labels": ["tracking"]})
    assert synced.issue("Polish")["number"] == issue["number"]
