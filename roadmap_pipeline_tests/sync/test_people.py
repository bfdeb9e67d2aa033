"""The work of people in Notion and on GitHub stays, is noted, or asks a person: nothing of theirs is overwritten."""

from datetime import timedelta
from typing import Any

import pytest

from roadmap_pipeline.sync.reconciler import Reconciler
from roadmap_pipeline_tests.sync.conftest import ANA, PARENT, REPORT, REPORTS, ROADMAP, SimulatedServices
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write
from roadmap_pipeline_tests.sync.organisation import REPOS
from roadmap_sandbox.notion import faults as notion_faults


def test_what_the_pipeline_computes_is_set_right(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    for name, value in (("📊 Progress", 1), ("📈 Trend", "Degrading"), ("📦 Related PR", None), ("⏱️ MTTR", 0)):
        synced.notion.set_property(page, name, value)
    synced.notion.set_property(page, "📎 Latest CI Health", [])
    before = synced.row("Stage 7.3")
    assert before["📊 Progress"] == 1
    synced.sync()
    row = synced.row("Stage 7.3")
    assert (row["📊 Progress"], row["📈 Trend"], row["⏱️ MTTR"]) == (0.55, "Improving", 3.25)
    assert row["📎 Latest CI Health"] == [REPORT]


# -- notes


def test_notes_are_written_while_empty(prepared: SimulatedServices) -> None:
    prepared.milestone("Checkout v2", notes=None)
    prepared.sync()
    assert prepared.row("Checkout v2")["📝 Notes"] is None
    prepared.milestone("Checkout v2", notes="Merge the documentation.")
    prepared.sync()
    assert prepared.row("Checkout v2")["📝 Notes"] == "Merge the documentation."


def test_nothing_is_recommended_for_a_milestone_that_is_done(synced: SimulatedServices) -> None:
    """Also before the tables know it."""
    synced.edit_milestone("Checkout v2", state="closed")
    synced.sync()
    assert synced.row("Checkout v2")["📝 Notes"] is None
    synced.edit_milestone("Checkout v2", state="open")
    synced.sync()
    assert synced.row("Checkout v2")["📝 Notes"] == "Merge the documentation (30 points)."


def test_notes_are_rewritten_while_nobody_touched_them(synced: SimulatedServices) -> None:
    for notes in ("First", "Second, longer " * 300, None, "Fourth"):
        synced.milestone("Checkout v2", notes=notes)
        synced.sync()
        assert synced.row("Checkout v2")["📝 Notes"] == notes


@pytest.mark.parametrize("title", ["Checkout v2", "Sunset v1"])
@pytest.mark.parametrize("edit", ["Ask Ana first.\r\n\tצוות 👩‍👩‍👧 e\u0301 \u200b ", "x"])
def test_notes_are_theirs_from_a_persons_first_edit_on(edit: str, title: str, synced: SimulatedServices) -> None:
    page = synced.page_id(title)
    synced.notion.set_property(page, "📝 Notes", edit)
    stored = synced.row(title)["📝 Notes"]
    for number, notes in enumerate(("Other advice", None, "More advice")):
        synced.milestone(title, notes=notes, progress=0.1 * number)
        result = synced.sync()
        assert result.plan.conflicts == ()
        assert synced.row(title)["📝 Notes"] == stored == edit


def test_a_person_who_empties_the_notes_has_edited_them(synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Checkout v2"), "📝 Notes", None)
    synced.milestone("Checkout v2", notes="Other advice")
    synced.sync()
    assert synced.row("Checkout v2")["📝 Notes"] is None


# -- rows, names, places


def test_rows_columns_and_options_that_people_add_stay(synced: SimulatedServices) -> None:
    roadmap = synced.databases()[ROADMAP]
    synced.notion.add_property(roadmap, "Team", "rich_text")
    synced.notion.add_option(roadmap, "✅ Status", "Paused")
    mine = synced.notion.add_row(roadmap, {"🧩 Milestone": "Hire two", "✅ Status": "Paused", "Team": "Ops"}, "Why")
    synced.notion.add_row(roadmap, {})
    synced.notion.set_property(synced.page_id("Stage 7.3"), "Team", "Cards")
    before = synced.rows()
    synced.milestone("Stage 7.3", progress=0.6)
    synced.sync()
    assert len(synced.rows()) == len(before) == 6
    assert synced.row("Hire two") == {**synced.row("Hire two"), "✅ Status": "Paused", "Team": "Ops"}
    assert synced.api("GET", f"pages/{mine}/markdown")["markdown"].strip() == "Why"
    assert synced.row("Stage 7.3")["Team"] == "Cards"


def test_a_row_that_a_person_made_before_is_taken_over(prepared: SimulatedServices) -> None:
    services = prepared
    roadmap = services.databases()[ROADMAP]
    mine = services.notion.add_row(
        roadmap, {"🧩 Milestone": "Checkout v2", "📝 Notes": "Mina's", "✅ Status": "Planned"}
    )
    differing = services.notion.add_row(roadmap, {"🧩 Milestone": "Stage 7.3", "✅ Status": "Blocked"})
    services.notion.add_row(roadmap, {"🧩 Milestone": "Sunset v1", "📆 Target Date": "2027-01-01"})
    result = services.sync()
    assert services.page_id("Checkout v2") == mine
    assert services.page_id("Stage 7.3") == differing
    assert services.row("Checkout v2")["📝 Notes"] == "Mina's"
    assert services.row("Checkout v2")["📊 Progress"] == 0
    assert services.row("Stage 7.3")["📆 Target Date"] == "2026-12-01"
    # GitHub had said nothing of its own on the status; who is right on a date was never agreed on.
    assert services.row("Stage 7.3")["✅ Status"] == "Blocked"
    assert services.on_github("Stage 7.3")["labels"] == ["status: blocked"]
    assert [(item.title, item.field) for item in result.plan.conflicts] == [("Sunset v1", "📆 Target Date")]
    assert services.row("Sunset v1")["📆 Target Date"] == "2027-01-01"


def test_a_row_that_may_mean_two_milestones_stays_the_persons_unless_it_says_which(
    prepared: SimulatedServices,
) -> None:
    services = prepared
    roadmap = services.databases()[ROADMAP]
    for title in ("Refunds", "Payouts"):
        for repo in REPOS:
            services.ask("POST", f"/repos/{repo}/milestones", {"title": title})
    vague = services.notion.add_row(roadmap, {"🧩 Milestone": "Refunds", "📆 Target Date": "2027-01-31"})
    exact = services.notion.add_row(
        roadmap, {"🧩 Milestone": "Payouts · acme/storefront", "📆 Target Date": "2027-02-28"}
    )
    held = services.api("GET", f"pages/{vague}")["properties"]
    result = services.sync()
    assert services.api("GET", f"pages/{vague}")["properties"] == held
    assert {services.page_id(f"Refunds · {repo}") for repo in REPOS}.isdisjoint({vague})
    assert [note for note in result.plan.notes if "doesn't say which repository" in note and "Refunds" in note]
    assert services.page_id("Payouts · acme/storefront") == exact
    listed = [one for repo in REPOS for one in services.ask("GET", f"/repos/{repo}/milestones?state=all")]
    dates = {(one["html_url"].split("/")[4], one["title"]): one["due_on"] for one in listed}
    assert [(name, title) for (name, title), due in dates.items() if due and title in ("Refunds", "Payouts")] == [
        ("storefront", "Payouts")
    ]
    assert services.sync().plan.changes == ()


def test_two_rows_of_one_title_are_a_conflict_and_stay_as_they_are(prepared: SimulatedServices) -> None:
    services = prepared
    roadmap = services.databases()[ROADMAP]
    for team in ("first", "second"):
        services.notion.add_row(roadmap, {"🧩 Milestone": "Stage 7.3", "📝 Notes": team})
    before = [row for row in services.rows() if row["🧩 Milestone"] == "Stage 7.3"]
    for _ in range(2):
        result = services.sync()
        (conflict,) = result.plan.conflicts
        assert (conflict.title, conflict.theirs) == ("Stage 7.3", "2 rows")
    assert [row for row in services.rows() if row["🧩 Milestone"] == "Stage 7.3"] == before
    assert len(services.rows()) == 5


def test_a_copy_of_a_row_is_the_copiers(synced: SimulatedServices) -> None:
    """The copy comes later in the list, and bears the title of the row that is ours."""
    copy = synced.notion.add_row(synced.databases()[ROADMAP], {"🧩 Milestone": "Stage 7.3", "📊 Progress": 0.1})
    report = synced.notion.add_row(synced.databases()[REPORTS], {"Report Name": REPORT})
    assert synced.sync().plan.changes == ()
    synced.milestone("Stage 7.3", progress=0.6)
    synced.sync()
    assert synced.api("GET", f"pages/{copy}")["properties"]["📊 Progress"]["number"] == 0.1
    assert synced.api("GET", f"pages/{report}")["properties"]["Total Failures"]["number"] is None
    assert sorted(row["📊 Progress"] for row in synced.rows() if row["🧩 Milestone"] == "Stage 7.3") == [0.1, 0.6]


def test_a_copy_with_all_values_is_the_copiers_too(synced: SimulatedServices) -> None:
    """Notion's own command copies the key with all else."""
    page = synced.page_id("Stage 7.3")
    copy = synced.notion.duplicate(page)
    assert synced.sync().plan.changes == ()
    synced.milestone("Stage 7.3", progress=0.6)
    synced.notion.set_property(copy, "📆 Target Date", "2030-01-01")
    synced.sync()
    assert synced.api("GET", f"pages/{copy}")["properties"]["📊 Progress"]["number"] == 0.55
    assert synced.api("GET", f"pages/{page}")["properties"]["📊 Progress"]["number"] == 0.6
    assert synced.on_github("Stage 7.3")["due"] == "2026-12-01"


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("fails_first", [False, True], ids=["", "its first write fails"])
@pytest.mark.parametrize("due", [None, "2027-03-31"])
def test_a_copy_that_people_made_the_row_of_another_milestone_keeps_its_values(
    due: str | None, fails_first: bool, synced: SimulatedServices
) -> None:
    """Notion copies, too, what was agreed on for the row that was copied."""
    copy = synced.notion.duplicate(synced.page_id("Stage 7.3"))
    for name, value in (("🔑 Sync Key", None), ("🧩 Milestone", "Stage 7.4")):
        synced.notion.set_property(copy, name, value)
    new = {"title": "Stage 7.4"} | ({"due_on": f"{due}T12:00:00Z"} if due else {})
    synced.ask("POST", "/repos/acme/payments/milestones", new)
    if fails_first:
        synced.notion.faults.add(
            notion_faults.bad_gateway(), lambda asked: asked.mutating and copy in asked.path, times=None
        )
        assert synced.two_way().failed
        synced.notion.faults.clear()
    for _ in range(2):
        result = synced.two_way()
    assert synced.row("Stage 7.4")["📆 Target Date"] == "2026-12-01"
    assert [(one.ours, one.theirs) for one in result.plan.conflicts] == ([(due, "2026-12-01")] if due else [])
    assert synced.on_github("Stage 7.4")["due"] == (due or "2026-12-01")
    assert synced.row("Stage 7.4")["🔑 Sync Key"] == synced.key("Stage 7.4")
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize("fresh", [False, True], ids=["known", "fresh warehouse"])
def test_databases_properties_options_and_views_may_be_renamed(fresh: bool, synced: SimulatedServices) -> None:
    ids = synced.databases()
    synced.notion.rename_property(ids[ROADMAP], "📊 Progress", "Fortschritt")
    synced.notion.rename_property(ids[ROADMAP], "🧩 Milestone", "Meilenstein")
    synced.notion.rename_property(ids[REPORTS], "Total Failures", "Fehler")
    if not fresh:
        # Options bear no description: a warehouse that never saw them can't know them by another name.
        synced.notion.rename_option(ids[ROADMAP], "✅ Status", "In Progress", "Läuft")
    synced.notion.rename(ids[ROADMAP], "Fahrplan")
    synced.notion.rename(ids[REPORTS], "Berichte")
    view = synced.api("GET", f"views?database_id={ids[ROADMAP]}")["results"][0]["id"]
    synced.notion.rename_view(view, "Tafel")
    if fresh:
        synced.sql("delete from sync.databases")
        synced.sql("delete from sync.row_bases")
    assert synced.sync().plan.changes == ()
    assert synced.writes() == []
    synced.milestone("Stage 7.3", progress=0.6)
    synced.label("Checkout v2", "status: in progress")
    synced.sql("update publish.notion_ci_reports set total_failures = 99")
    synced.sync()
    assert set(synced.databases()) == {"Fahrplan", "Berichte"}
    rows = {row["Meilenstein"]: row for row in synced.rows("Fahrplan")}
    assert len(rows) == 4
    assert rows["Stage 7.3"]["Fortschritt"] == 0.6
    assert rows["Checkout v2"]["✅ Status"] == ("In Progress" if fresh else "Läuft")
    assert synced.rows("Berichte")[0]["Fehler"] == 99


def test_a_fresh_warehouse_remembers_what_it_found(synced: SimulatedServices) -> None:
    synced.sql("delete from sync.databases")
    synced.sql("delete from sync.row_bases")
    assert synced.sync().plan.changes == ()
    ids = synced.databases()
    synced.notion.rename_option(ids[ROADMAP], "✅ Status", "In Progress", "Läuft")
    synced.notion.set_property(synced.page_id("Checkout v2"), "📝 Notes", "Mina's")
    synced.notion.rename(synced.page_id("Checkout v2"), "Kasse")
    synced.milestone("Checkout v2", notes="Other advice")
    result = synced.sync()
    assert list(result.plan.conflicts) == []
    assert synced.on_github("Kasse")["title"] == "Kasse"
    assert synced.row("Kasse")["📝 Notes"] == "Mina's"


def test_a_renamed_report_gets_its_name_back_and_stays_linked(synced: SimulatedServices) -> None:
    page = synced.page_id(REPORT, REPORTS)
    synced.notion.rename(page, "Last week")
    (change,) = synced.sync().plan.changes
    assert [item.after for item in change.fields] == [REPORT]
    assert synced.page_id(REPORT, REPORTS) == page
    assert synced.row("Stage 7.3")["📎 Latest CI Health"] == [REPORT]


# -- deleted and moved


def test_a_row_in_the_trash_stays_there_until_it_is_restored(synced: SimulatedServices) -> None:
    page, report = synced.page_id("Stage 7.3"), synced.page_id(REPORT, REPORTS)
    synced.notion.set_property(page, "📝 Notes", "Mina's")
    synced.notion.set_property(page, "✅ Status", "Blocked")
    synced.notion.trash(page)
    synced.notion.trash(report)
    synced.milestone("Stage 7.3", progress=0.6)
    synced.edit_milestone("Stage 7.3", due_on="2027-01-31")
    for _ in range(2):
        result = synced.sync()
        assert sum("in Notion's trash and stays there" in note for note in result.plan.notes) == 2
        assert [change.kind for change in result.plan.changes if change.target == "notion"] == []
    assert synced.sql("select title, is_trashed from sync.rows where is_trashed") == [("Stage 7.3", True)]
    assert synced.on_github("Stage 7.3")["labels"] == []
    synced.writes()
    told = synced.sync(dry_run=True, restore="Stage 7.3")
    assert synced.writes() == []
    result = synced.sync(restore="Stage 7.3")
    assert (result.plan, result.failed) == (told.plan, [])
    row = synced.row("Stage 7.3")
    assert (row["📝 Notes"], row["✅ Status"], row["📊 Progress"]) == ("Mina's", "Blocked", 0.6)
    assert (synced.page_id("Stage 7.3"), row["📆 Target Date"]) == (page, "2027-01-31")
    assert synced.on_github("Stage 7.3")["labels"] == ["status: blocked"]
    synced.notion.restore(report)
    synced.writes()
    result = synced.sync()
    assert (result.plan.changes, result.plan.notes, synced.writes()) == ((), (), [])
    assert synced.row("Stage 7.3")["📎 Latest CI Health"] == [REPORT]


@pytest.mark.parametrize("how", ["moved", "gone"])
def test_a_row_that_is_no_longer_there_is_made_anew(how: str, synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    if how == "moved":
        synced.notion.move(page, PARENT)
    else:
        synced.notion.unshare(page)
    result = synced.sync()
    assert [(change.kind, change.title) for change in result.plan.changes] == [
        ("create_row", "Stage 7.3"),
        ("edit_tracking_issue", "Stage 7.3"),  # which links to it
    ]
    assert any("gets a new one" in note for note in result.plan.notes)
    assert len(synced.rows()) == 4
    assert synced.page_id("Stage 7.3") != page
    synced.writes()
    # The row has one page from now on: the old one's values are forgotten.
    assert synced.sync().plan.changes == ()
    assert synced.sql(
        "select count(distinct page_id) from sync.row_bases where sync_key = ?", [synced.key("Stage 7.3")]
    ) == [(1,)]


def test_what_changes_while_a_plan_is_carried_out_is_not_overwritten(synced: SimulatedServices) -> None:
    page = synced.page_id("Stage 7.3")
    synced.edit_milestone("Stage 7.3", state="closed")
    synced.milestone("Checkout v2", progress=0.2)
    with synced.runtime() as runtime:
        session = Reconciler(runtime)
        plan = session.plan()
        synced.notion.set_property(page, "✅ Status", "Blocked")
        result = session.apply(plan)
    assert [title for title, _ in result.moved] == ["Stage 7.3"]
    assert result.is_to_be_planned_again
    assert synced.row("Stage 7.3")["✅ Status"] == "Blocked"
    assert synced.row("Checkout v2")["📊 Progress"] == 0.2
    assert len(synced.sync().plan.conflicts) == 1
    assert synced.sql("select title from sync.changes where state = 'failed'") == [("Stage 7.3",)]


@pytest.mark.parametrize("side", ["notion", "github"])
def test_what_moves_while_a_sync_runs_is_planned_again(side: str, synced: SimulatedServices) -> None:
    """Somebody edits the other field of a row between look and write: both edits arrive in one sync."""
    page = synced.page_id("Stage 7.3")
    synced.edit_milestone("Stage 7.3", due_on="2027-01-31")
    synced.notion.set_property(page, "🧩 Milestone", "Cards")
    edits: list[str] = []

    def meanwhile(path: str) -> bool:
        watched = f"/v1/pages/{page}" if side == "notion" else "/repos/acme/payments/milestones/1"
        if not edits and path == watched:
            edits.append(path)
            if side == "notion":
                synced.notion.set_property(page, "📆 Target Date", "2027-03-31")
            else:
                synced.ask("PATCH", path, {"title": "Ana's cards"})
        return False

    if side == "notion":
        synced.notion.faults.add(notion_faults.forbidden(), lambda asked: meanwhile(asked.path), times=None)
    else:
        synced.github.faults.add("bad_gateway_after_commit", when=lambda asked: meanwhile(asked.path))
    result = synced.two_way()
    assert edits
    assert (result.failed, result.moved) == ([], [])
    assert [conflict.field for conflict in result.plan.conflicts] == [
        "📆 Target Date" if side == "notion" else "🧩 Milestone"
    ]
    if side == "notion":
        assert synced.row("Cards")["📆 Target Date"] == "2027-03-31"
    else:
        assert synced.row("Cards")["📆 Target Date"] == "2027-01-31"
        assert synced.on_github("Ana's cards")["due"] == "2027-01-31"


def test_lists_that_lag_make_no_second_row(synced: SimulatedServices) -> None:
    """Notion's lists don't show new rows for some seconds: what was created is asked for one by one."""
    synced.notion.advance(timedelta(minutes=1))
    synced.notion.query_lag = timedelta(seconds=30)
    synced.ask("POST", "/repos/acme/payments/milestones", {"title": "Later"})
    assert [change.kind for change in synced.sync().plan.changes] == ["create_row", "create_tracking_issue"]
    assert len(synced.rows()) == 4
    result = synced.sync()
    assert result.plan.changes == ()
    synced.notion.advance(timedelta(minutes=1))
    assert len(synced.rows()) == 5


# -- comments


def users(comments: list[dict[str, Any]]) -> list[str]:
    return [comment["user"]["login"] for comment in comments]


def test_a_comment_that_a_stranger_edited_is_set_right(synced: SimulatedServices) -> None:
    (before,) = synced.comments("acme/payments", 2)
    path = f"/repos/acme/payments/issues/comments/{before['id']}"
    status, _ = synced.github.request("PATCH", path, {"body": before["body"] + "\n\nBuy now!"})
    assert status == 200
    result = synced.sync()
    assert [change.kind for change in result.plan.changes] == ["edit_comment"]
    assert any("somebody edited" in note for note in result.plan.notes)
    (after,) = synced.comments("acme/payments", 2)
    assert (after["id"], after["body"]) == (before["id"], before["body"])


def test_a_deleted_comment_is_made_anew_once(synced: SimulatedServices) -> None:
    (before,) = synced.comments("acme/payments", 2)
    synced.github.request("DELETE", f"/repos/acme/payments/issues/comments/{before['id']}")
    assert [change.kind for change in synced.sync().plan.changes] == ["create_comment"]
    assert [comment["body"] for comment in synced.comments("acme/payments", 2)] == [before["body"]]
    assert synced.sync().plan.changes == ()


def test_other_peoples_comments_stay_even_with_our_marker(synced: SimulatedServices) -> None:
    (ours,) = synced.comments("acme/payments", 2)
    synced.github.request("POST", "/repos/acme/payments/issues/2/comments", {"body": ours["body"]}, user=ANA)
    synced.sql("update publish.pull_request_comments set body = 'new' where number = 2")
    synced.sync()
    first, second = synced.comments("acme/payments", 2)
    assert (first["user"]["login"], second["user"]["login"]) == ("roadmap-pipeline[bot]", "ana")
    assert second["body"] == ours["body"]
    assert first["body"].endswith("new")
