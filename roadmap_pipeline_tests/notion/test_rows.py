"""Rows and page bodies in the simulated workspace, over real HTTP, undisturbed and disturbed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.notion.client import IncompleteRead, NotionClient, NotionError
from roadmap_pipeline.notion.markdown import fit
from roadmap_pipeline.notion.rows import (
    Row,
    RowError,
    create_row,
    read_body,
    read_row,
    read_rows,
    replace_body,
    update_row,
)
from roadmap_pipeline.notion.schema import observe, resolve
from roadmap_pipeline_tests.notion.conftest import KEY, PARENT, Databases, Switch, Workspace, empty_workspace, make
from roadmap_sandbox.notion import faults

REPORT = {
    "Report Name": "ci-report-2026-W46.md",
    "Report Date": "2026-11-16",
    "Analysis Period": 7,
    "Total Failures": 12,
    "Auto-fix Success Rate": 2 / 3,
    "Average MTTR": 1.25,
    "Top Failure Category": "dependency_install",
    "Report Content": "# Report\n\n" + "한글 👩‍👩‍👧‍👦 שלום. " * 300,
    "GitHub Link": "https://github.com/acme/payments/actions",
}


def titles(rows: list[Row], name: str = "🧩 Milestone") -> list[Any]:
    return [row.values[name] for row in rows]


def test_a_row_reads_back_as_written(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    report = create_row(client, databases.reports, REPORT, "# Report\n\nAll < well.\n\n> [!NOTE]\n> {x}")
    assert report.values == {**REPORT, "Auto-fix Success Rate": 0.666667}
    body = read_body(client, report.page_id)
    assert "All \\< well." in body
    assert '<callout icon="ℹ️"' in body

    values = {
        "🧩 Milestone": "Stage 7.3",
        "📆 Target Date": "2026-12-24",
        "✅ Status": "In Progress",
        "📊 Progress": 0.55,
        "📎 Latest CI Health": [report.page_id],
        "📦 Related PR": None,
        "🧪 Workflow Pass Rate": 0.8125,
        "🩹 Auto-Fix Success": None,
        "⏱️ MTTR": 3.5,
        "📈 Trend": "Stable",
        "📝 Notes": "",
        "🔑 Sync Key": "milestone:MI_1",
        "🔄 Sync State": "In step",
        "🧾 Sync Note": None,
        "🕒 Last Synced": "2026-11-16T06:00+00:00",
        "🧷 Sync Base": "t:0123abcd",
        "📦 Work Done": 0.4,
        "🔮 Forecast": "2027-01-29",
        "🎯 On Time": 0.35,
        "🧭 Forecast State": "7 issues open; about 1.5 closed and 0.2 added a week.",
        "⚠️ Risk": "Off track since 2026-11-02; Blocked since 2026-11-09",
    }
    row = create_row(client, databases.roadmap, values)
    assert row.values == {**values, "📝 Notes": None}
    assert row.url.startswith("https://")
    assert read_rows(client, databases.roadmap) == [row]
    assert read_row(client, databases.roadmap, row.page_id) == row


def test_a_row_needs_a_title(workspace: Workspace, databases: Databases) -> None:
    before = workspace.mutations()
    with pytest.raises(RowError, match="needs a 🧩 Milestone"):
        create_row(workspace.client, databases.roadmap, {"📝 Notes": "x"})
    with pytest.raises(RowError, match="📊 Progress takes a finite number"):
        create_row(workspace.client, databases.roadmap, {"🧩 Milestone": "x", "📊 Progress": "half"})
    assert workspace.mutations() == before


def test_only_the_given_properties_change(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    row = create_row(client, databases.roadmap, {"🧩 Milestone": "A", "📝 Notes": "mine", "📊 Progress": 0.1})
    client.request("PATCH", f"pages/{row.page_id}", body={"properties": {"✅ Status": {"select": {"name": "Paused"}}}})
    changed = update_row(client, databases.roadmap, row.page_id, {"📊 Progress": 0.25, "📆 Target Date": None})
    assert changed.values == {**row.values, "✅ Status": "Paused", "📊 Progress": 0.25}
    assert update_row(client, databases.roadmap, row.page_id, {}) == changed
    cleared = update_row(client, databases.roadmap, row.page_id, {"📝 Notes": None, "📊 Progress": 0})
    assert (cleared.values["📝 Notes"], cleared.values["📊 Progress"]) == (None, 0.0)


def test_all_rows_are_read_over_all_pages(workspace: Workspace, databases: Databases) -> None:
    names = [f"M{n}" for n in range(205)]
    for name in names:
        create_row(workspace.client, databases.roadmap, {"🧩 Milestone": name})
    before = workspace.client.requests
    assert sorted(titles(read_rows(workspace.client, databases.roadmap))) == sorted(names)
    assert workspace.client.requests - before == 3
    (row, *_) = read_rows(workspace.client, databases.roadmap, ["🧩 Milestone", "✅ Status"])
    assert row.values.keys() == {"🧩 Milestone", "✅ Status"}


def test_a_list_that_notion_cuts_off_is_refused(workspace: Workspace, databases: Databases) -> None:
    for name in "ABC":
        create_row(workspace.client, databases.roadmap, {"🧩 Milestone": name})
    workspace.state.query_cap = 2
    with pytest.raises(IncompleteRead):
        read_rows(workspace.client, databases.roadmap)


def test_long_relations_are_read_whole(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    reports = [create_row(client, databases.reports, {"Report Name": f"r{n}"}).page_id for n in range(40)]
    row = create_row(client, databases.roadmap, {"🧩 Milestone": "A", "📎 Latest CI Health": reports})
    assert row.values["📎 Latest CI Health"] == reports
    assert read_rows(client, databases.roadmap) == [row]


def test_what_people_renamed_keeps_our_names(workspace: Workspace, databases: Databases) -> None:
    client, roadmap = workspace.client, databases.roadmap
    row = create_row(client, roadmap, {"🧩 Milestone": "A", "✅ Status": "Blocked"})
    path = f"data_sources/{roadmap.data_source_id}"
    item = client.request("GET", path)["properties"]["✅ Status"]
    options = [{"id": o["id"], "name": o["name"].replace("Blocked", "Stuck")} for o in item["select"]["options"]]
    change = {item["id"]: {"name": "State", "select": {"options": options}}}
    client.request("PATCH", path, body={"properties": change})

    roadmap = resolve(observe(client, PARENT, known={"roadmap": roadmap}))["roadmap"]
    assert [again.values["✅ Status"] for again in read_rows(client, roadmap)] == ["Blocked"]
    other = create_row(client, roadmap, {"🧩 Milestone": "B", "✅ Status": "Blocked"})
    assert other.values["✅ Status"] == "Blocked"
    shown = client.request("GET", f"pages/{other.page_id}")["properties"]["State"]["select"]["name"]
    assert shown == "Stuck"
    assert len(client.request("GET", path)["properties"]["State"]["select"]["options"]) == 4
    assert update_row(client, roadmap, row.page_id, {"✅ Status": "Planned"}).values["✅ Status"] == "Planned"


def test_absence_is_told_apart(workspace: Workspace, databases: Databases) -> None:
    client, roadmap = workspace.client, databases.roadmap
    row = create_row(client, roadmap, {"🧩 Milestone": "A"})
    client.request("PATCH", f"pages/{row.page_id}", body={"in_trash": True})
    assert read_rows(client, roadmap) == []
    trashed = read_row(client, roadmap, row.page_id)
    assert trashed is not None
    assert trashed.in_trash
    with pytest.raises(NotionError, match="archived"):
        update_row(client, roadmap, row.page_id, {"📊 Progress": 1})
    client.request("PATCH", f"pages/{row.page_id}", body={"in_trash": False})
    client.request("POST", f"pages/{row.page_id}/move", body={"parent": {"type": "page_id", "page_id": PARENT}})
    moved = read_row(client, roadmap, row.page_id)
    assert moved is not None
    assert (moved.in_trash, moved.data_source_id, moved.values) == (False, None, {})
    assert read_row(client, roadmap, "00000000-0000-4000-8000-000000000000") is None


def test_a_property_deleted_meanwhile_is_named(workspace: Workspace, databases: Databases) -> None:
    client, roadmap = workspace.client, databases.roadmap
    create_row(client, roadmap, {"🧩 Milestone": "A"})
    path = f"data_sources/{roadmap.data_source_id}"
    client.request("PATCH", path, body={"properties": {roadmap.property_ids["📈 Trend"]: None}})
    with pytest.raises(NotionError, match="📈 Trend was deleted or retyped"):
        read_rows(client, roadmap)


def test_a_report_of_full_length_is_stored_whole(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    # Too large for property and body in one request, and for a report in one property.
    markdown = fit("".join(f"## 절 {n}\n\n{'가나다 ' * 600}\n\n" for n in range(120)), "reports/whole.md")
    row = create_row(client, databases.reports, {**REPORT, "Report Content": markdown}, markdown)
    assert row.values == {**REPORT, "Auto-fix Success Rate": 0.666667, "Report Content": markdown}
    assert read_body(client, row.page_id).count("## 절") == markdown.count("## 절") > 50
    assert "reports/whole.md" in read_body(client, row.page_id)


def test_a_body_is_replaced_whole(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    row = create_row(client, databases.reports, REPORT, "# One\n\nold")
    replace_body(client, row.page_id, "## Two\n\n```mermaid\npie {a}\n```")
    body = read_body(client, row.page_id)
    assert "old" not in body
    assert "```mermaid\npie {a}\n```" in body


BODY = """# Report

Lines of one
paragraph with 5 < 6 and $HOME.

> [!WARNING]
> Careful.
>
> - one

> first
> second

<details>
<summary>Logs</summary>

| a | b |
|---|---|
| 1 | {x} |

```sh
echo "$HOME" <b>
```

</details>

- item
  - nested
"""


def test_a_body_becomes_the_blocks_that_github_shows(workspace: Workspace, databases: Databases) -> None:
    client = workspace.client
    row = create_row(client, databases.reports, {"Report Name": "r"}, BODY)

    def blocks(block_id: str) -> list[tuple[Any, ...]]:
        found = []
        for block in client.paginate("GET", f"blocks/{block_id}/children"):
            content = block[block["type"]]
            text = "".join(item["plain_text"] for item in content.get("rich_text", ()))
            cells = ["".join(item["plain_text"] for item in cell) for cell in content.get("cells", ())]
            children = blocks(block["id"]) if block["has_children"] else []
            found.append((block["type"], cells or text, *children))
        return found

    assert blocks(row.page_id) == [
        ("heading_1", "Report"),
        ("paragraph", "Lines of one paragraph with 5 < 6 and $HOME."),
        ("callout", "Careful.", ("bulleted_list_item", "one")),
        ("quote", "first\nsecond"),
        (
            "toggle",
            "Logs",
            ("table", "", ("table_row", ["a", "b"]), ("table_row", ["1", "{x}"])),
            ("code", 'echo "$HOME" <b>'),
        ),
        ("bulleted_list_item", "item", ("bulleted_list_item", "nested")),
    ]


# --- disturbed --------------------------------------------------------------------------------------------------------

LOST = [
    faults.unavailable(),
    faults.unavailable(after_commit=True),
    faults.unavailable(after_commit=True, telling=True),
    faults.internal(after_commit=True),
    faults.bad_gateway(after_commit=True),
    faults.conflict(),
    faults.dropped(),
    faults.dropped(after_commit=True),
    faults.rate_limited(0),
    faults.overloaded(0),
]


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize("times", [1, 3])
def test_a_row_whose_answer_is_lost_is_created_once(
    workspace: Workspace, databases: Databases, fault: faults.Fault, times: int
) -> None:
    client = workspace.client
    create_row(client, databases.reports, {"Report Name": "ci-report-2026-W45.md"})
    workspace.state.faults.add(fault, lambda asked: asked.mutating, times=times)
    row = create_row(client, databases.reports, REPORT, "# Report\n\nbody")
    assert row.values == {**REPORT, "Auto-fix Success Rate": 0.666667}
    assert read_body(client, row.page_id) == "# Report\nbody"
    names = titles(read_rows(client, databases.reports), "Report Name")
    assert sorted(names) == ["ci-report-2026-W45.md", "ci-report-2026-W46.md"]


def test_a_lost_row_of_a_lagging_query_is_found_by_the_id_that_notion_names(
    workspace: Workspace, databases: Databases
) -> None:
    workspace.state.query_lag = timedelta(seconds=30)
    workspace.state.faults.add(faults.unavailable(after_commit=True, telling=True), lambda asked: asked.mutating)
    row = create_row(workspace.client, databases.roadmap, {"🧩 Milestone": "A"})
    workspace.state.clock += timedelta(minutes=1)
    assert read_rows(workspace.client, databases.roadmap) == [row]


def test_a_lost_row_of_a_lagging_query_is_found_once_the_lag_is_over(
    workspace: Workspace, databases: Databases
) -> None:
    state = workspace.state
    state.query_lag = timedelta(seconds=5)
    state.faults.add(faults.dropped(after_commit=True), lambda asked: asked.mutating)
    with NotionClient(
        KEY, base_url=workspace.base_url, sleep=lambda seconds: state.advance(timedelta(seconds=seconds))
    ) as client:
        row = create_row(client, databases.roadmap, {"🧩 Milestone": "A"})
        assert client.writes == 1
    assert read_rows(workspace.client, databases.roadmap) == [row]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_change_whose_answer_is_lost_is_made(workspace: Workspace, databases: Databases, fault: faults.Fault) -> None:
    client = workspace.client
    row = create_row(client, databases.roadmap, {"🧩 Milestone": "A", "📝 Notes": "mine"})
    workspace.state.faults.add(fault, lambda asked: asked.mutating)
    changed = update_row(client, databases.roadmap, row.page_id, {"📊 Progress": 0.5})
    assert changed.values == {**row.values, "📊 Progress": 0.5}
    assert read_rows(client, databases.roadmap) == [changed]


STEPS = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.floats(0, 1), st.sampled_from(["Planned", "Blocked", None])),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seed=st.integers(0, 10_000))
def test_failures_leave_no_trace(
    served: tuple[Switch, str], steps: list[tuple[str, float, str | None]], seed: int
) -> None:
    undisturbed, disturbed = run(served, steps, None), run(served, steps, seed)
    assert disturbed == undisturbed
    assert len({title for title, *_ in disturbed}) == len(disturbed)


def run(
    served: tuple[Switch, str], steps: list[tuple[str, float, str | None]], seed: int | None
) -> list[tuple[Any, ...]]:
    """Return what the roadmap holds after upserting each step's row; with a seed 20 % of all responses fail."""
    with empty_workspace(served) as (state, client, _):
        if seed is not None:
            state.faults.at_random(0.2, seed)
        roadmap = make(client).roadmap
        for title, progress, status in steps:
            known = {row.values["🧩 Milestone"]: row for row in read_rows(client, roadmap)}
            values = {"📊 Progress": progress, "✅ Status": status}
            if title in known:
                update_row(client, roadmap, known[title].page_id, values)
            else:
                create_row(client, roadmap, {"🧩 Milestone": title, **values})
        state.faults.clear()
        return sorted(tuple(map(repr, row.values.values())) for row in read_rows(client, roadmap))
