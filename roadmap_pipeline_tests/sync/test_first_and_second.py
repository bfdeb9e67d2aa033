"""A first sync makes everything, a second one writes nothing, a dry run only tells."""

from roadmap_pipeline.warehouse.models import load_project, project_directory
from roadmap_pipeline_tests.sync.conftest import CONTENT, PULLS, REPORT, REPORTS, ROADMAP, SimulatedServices, Start


def test_the_tables_of_these_tests_are_the_models(services: SimulatedServices) -> None:
    for model in load_project(project_directory()).models:
        if model.schema == "publish" and model.name != "tracking_issues":
            found = [row[0] for row in services.sql(f"describe {model.qualified_name}")]
            assert found == [column.name for column in model.columns]


def test_the_first_sync_makes_databases_rows_and_comments(synced: SimulatedServices, start: Start) -> None:
    services, result, final = synced, start.result, start.final
    assert list(final["databases"]) == [REPORTS, ROADMAP]
    views = {title: {name for name, _ in found["views"]} for title, found in final["databases"].items()}
    assert views[REPORTS] >= {"Weekly CI Intelligence", "Quarterly Reports"}
    assert views[ROADMAP] >= {"Engineering Roadmap", "Engineering Roadmap Timeline", "Sync Status"}
    assert services.row("Stage 7.3") == {
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
    }
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
        "acme/payments": ["2 comments created"],
        "acme/storefront": ["1 comment created"],
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
    assert len(result.plan.changes) == 2 + 5 + 2 + 1 + 4 + 3
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
    services.milestone("Stage 7.3", progress=0.7, status="Blocked")
    services.milestone("Polish · acme/storefront", notes="Something else (15 points).")
    services.sql("update publish.notion_ci_reports set report_content = '# All new'")
    services.sql("update publish.pull_request_comments set body = 'other' where number = 2")
    services.notion.set_property(services.page_id("Checkout v2"), "✅ Status", "Blocked")
    told = services.sync(dry_run=True).plan
    services.writes()
    done = services.sync()
    assert done.plan == told
    assert done.to_json() == {**done.to_json(), **told.to_json()}
    assert len(services.writes()) == len(told.changes) + 1  # the report's body and its properties


def test_one_milestone_alone(prepared: SimulatedServices) -> None:
    services = prepared
    services.sync(milestone="Polish")
    assert [row["🧩 Milestone"] for row in services.rows()] == ["Polish · acme/storefront"]
    services.sync(milestone="Polish · acme/storefront")
    assert len(services.rows()) == 1


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
