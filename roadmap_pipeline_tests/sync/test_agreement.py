"""The agreement in the row: any machine tells by it who edited since, whatever it remembers itself."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.sync.agreement import (
    OTHER,
    agreement_on,
    apply_agreement,
    is_agreement,
    is_edited_since_agreed,
    title_before_copying,
)
from roadmap_pipeline.sync.canonical import GITHUB_CLOSED, GITHUB_LABEL, STATUS, TARGET_DATE, TITLE, canonical_title
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.merge import GitHubStatus
from roadmap_pipeline.sync.shared_fields import GitHubMilestone, merge_shared_fields
from roadmap_pipeline_tests.sync.conftest import SimulatedServices
from roadmap_pipeline_tests.sync.disturbances import assert_nothing_to_write, on_another_machine
from roadmap_sandbox.notion import faults as notion_faults

AGREEMENT = "🧷 Sync Base"
OPEN = GitHubStatus(is_closed=False, label=None)
COLUMNS = {TITLE: "title", TARGET_DATE: "wg|l", STATUS: "%5BVHf"}
STALE, EDITED, NEWEST = "2026-12-01", "2027-01-31", "2027-02-28"


@pytest.fixture
def other(synced: SimulatedServices, tmp_path: Path) -> SimulatedServices:
    """Another machine, whose warehouse knows both sides as they are now."""
    return on_another_machine(synced, tmp_path / "other")


def put(services: SimulatedServices, side: str, date: str) -> None:
    """Let a person set the target date of Stage 7.3 on one side."""
    if side == "notion":
        services.notion.set_property(services.page_id("Stage 7.3"), TARGET_DATE, date)
    else:
        services.edit_milestone("Stage 7.3", due_on=date)


def dates(services: SimulatedServices) -> tuple[str, str]:
    return services.row("Stage 7.3")[TARGET_DATE], services.on_github("Stage 7.3")["due"]


@pytest.mark.parametrize("first", ["notion", "github"])
@pytest.mark.parametrize("then", ["notion", "github"])
def test_a_value_set_back_is_an_edit_for_a_machine_that_missed_the_one_between(
    first: str, then: str, synced: SimulatedServices, other: SimulatedServices
) -> None:
    put(synced, first, EDITED)
    synced.two_way()
    put(synced, then, STALE)  # which the other machine takes for the agreed value, if it asks its own warehouse
    assert other.two_way().plan.conflicts == ()
    assert dates(other) == (STALE, STALE)
    for services in (other, synced):
        assert_nothing_to_write(services.two_way, services)


@pytest.mark.parametrize("side", ["notion", "github"])
def test_an_edit_after_one_that_a_machine_missed_is_carried_on(
    side: str, synced: SimulatedServices, other: SimulatedServices
) -> None:
    put(synced, "github", EDITED)
    synced.two_way()
    put(synced, side, NEWEST)
    assert other.two_way().plan.conflicts == ()
    assert dates(other) == (NEWEST, NEWEST)


def test_a_status_set_back_is_an_edit_for_a_machine_that_missed_the_one_between(
    synced: SimulatedServices, other: SimulatedServices
) -> None:
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, STATUS, "Blocked")
    synced.two_way()
    synced.notion.set_property(page, STATUS, "In Progress")
    assert other.two_way().plan.conflicts == ()
    assert (other.row("Stage 7.3")[STATUS], other.on_github("Stage 7.3")["labels"]) == (
        "In Progress",
        ["status: in progress"],
    )


def test_edits_of_both_sides_are_in_conflict_on_a_machine_that_missed_an_earlier_one(
    synced: SimulatedServices, other: SimulatedServices
) -> None:
    put(synced, "github", EDITED)
    synced.two_way()
    put(synced, "github", STALE)
    put(synced, "notion", NEWEST)
    for services in (other, other, synced):
        assert [one.field for one in services.two_way().plan.conflicts] == [TARGET_DATE]
        assert dates(services) == (NEWEST, STALE)


@pytest.mark.parametrize("text", ["", "Don't touch", "t:xyz d:", "t:12345678"])
def test_a_text_that_people_left_instead_decides_nothing_by_itself(text: str, synced: SimulatedServices) -> None:
    synced.notion.set_property(synced.page_id("Stage 7.3"), AGREEMENT, text)
    put(synced, "notion", EDITED)
    assert synced.two_way().plan.conflicts == ()
    assert dates(synced) == (EDITED, EDITED)
    assert_nothing_to_write(synced.two_way, synced)


def test_a_row_whose_own_write_is_uncertain_is_noted_by_the_next_run(synced: SimulatedServices) -> None:
    """Noted at once, it would forget that the notes found there are ours, and take them for a person's."""
    page = synced.page_id("Stage 7.3")
    synced.notion.set_property(page, TARGET_DATE, EDITED)
    synced.milestone("Stage 7.3", notes="First")
    synced.notion.faults.add(
        notion_faults.bad_gateway(after_commit=True), lambda asked: asked.mutating and page in asked.path, times=None
    )
    assert [title for title, _ in synced.sync(lag=True).failed] == ["Stage 7.3"]
    synced.notion.faults.clear()
    assert synced.row("Stage 7.3")["📝 Notes"] == "First"
    synced.milestone("Stage 7.3", notes="Second")
    synced.sync()
    assert synced.row("Stage 7.3")["📝 Notes"] == "Second"
    assert dates(synced) == (EDITED, EDITED)
    assert_nothing_to_write(synced.sync, synced)


def test_what_github_refuses_is_not_agreed_on(synced: SimulatedServices, other: SimulatedServices) -> None:
    before = synced.row("Stage 7.3")[AGREEMENT]
    synced.notion.set_property(synced.page_id("Stage 7.3"), TITLE, "x" * 300)
    synced.two_way()
    assert synced.row("x" * 300)[AGREEMENT] == before
    assert [one.field for one in other.two_way().plan.conflicts] == [TITLE]


@given(
    st.sampled_from([STALE, EDITED, NEWEST, None]),
    st.sampled_from([STALE, EDITED, NEWEST, None]),
    st.sampled_from([STALE, EDITED, NEWEST, None]),
    st.sampled_from([STALE, EDITED, NEWEST, None]),
)
def test_the_base_is_what_was_agreed_on_or_known_to_be_neither(
    agreed: str | None, remembered: str | None, github: str | None, notion: str | None
) -> None:
    """Whatever a warehouse remembers: the side that still has the agreed value did not edit."""
    ours, theirs = ({TITLE: "T", TARGET_DATE: date, STATUS: "Planned"} for date in (github, notion))
    text = agreement_on(None, {TITLE: "T", TARGET_DATE: agreed, STATUS: "Planned"}, OPEN)
    base = Base(
        "page", {TITLE: "T", TARGET_DATE: remembered, STATUS: "Planned", GITHUB_CLOSED: False, GITHUB_LABEL: None}
    )
    # An older version didn't say of which columns it spoke.
    for said in (text, agreement_on(text, {TARGET_DATE: agreed}, columns=COLUMNS)):
        merged, noted = apply_agreement(base, base, said, OPEN, ours, theirs, columns=COLUMNS)
        found = merged.fields[TARGET_DATE]
        assert found == (agreed if agreed in (remembered, github, notion) else OTHER)
        assert (AGREEMENT in noted) is (found is not OTHER)


STATES = st.builds(GitHubStatus, st.booleans(), st.sampled_from([None, "Planned", "In Progress", "Blocked"]))


@given(STATES, STATES, STATES, st.sampled_from([None, "Planned", "In Progress", "Blocked", "Completed"]), st.booleans())
def test_the_agreement_tells_who_edited_the_status_whatever_a_warehouse_remembers(
    agreed: GitHubStatus, remembered: GitHubStatus, github: GitHubStatus, edited: str | None, is_lost: bool
) -> None:
    fields = {STATUS: remembered.shown, GITHUB_CLOSED: remembered.is_closed, GITHUB_LABEL: remembered.label}
    base = Base("page", {} if is_lost else fields)
    notion = edited or agreed.shown
    text = agreement_on(None, {TITLE: "T", STATUS: agreed.shown}, agreed)
    merge = merge_shared_fields(
        GitHubMilestone("milestone:M", "acme/a", 1, "T", None, github),
        {TITLE: "T", STATUS: notion, AGREEMENT: text},
        base,
    )
    sides = (merge.to_notion.get(STATUS), merge.to_github.get(STATUS), [one.field for one in merge.disagreements])
    is_edited_here, is_edited_there = notion != agreed.shown, github.explicit != agreed.explicit
    if notion == github.shown:
        assert sides == (None, None, [])
    elif is_edited_here and is_edited_there:
        assert sides == (None, None, [STATUS])
    else:
        assert sides == ((github.shown, None, []) if is_edited_there else (None, notion, []))


@given(*[st.sampled_from([STALE, EDITED, None])] * 4)
def test_nothing_was_agreed_on_for_a_column_that_was_made_anew(
    agreed: str | None, remembered: str | None, github: str | None, notion: str | None
) -> None:
    ours, theirs, values = ({TITLE: "T", TARGET_DATE: date, STATUS: "Planned"} for date in (github, notion, agreed))
    text = agreement_on(None, values, OPEN, COLUMNS)
    base = Base("page", {TARGET_DATE: remembered})
    anew = {**COLUMNS, TARGET_DATE: "n%3Aew"}
    merged, _ = apply_agreement(base, base, text, OPEN, ours, theirs, columns=anew)
    assert merged.fields[TARGET_DATE] == remembered  # by the column's id, so of this very column
    assert merged.fields[STATUS] == "Planned"
    # A value in a column that no sync has filled is a person's, and that it is empty is nobody's doing.
    assert is_edited_since_agreed({**theirs, AGREEMENT: text}, columns=anew) is (notion is not None)
    assert is_edited_since_agreed({**theirs, AGREEMENT: text}, columns=COLUMNS) is (notion != agreed)
    # Notion percent-encodes ids in some answers.
    said_of_it = agreement_on(text, values, OPEN, anew)
    assert said_of_it == agreement_on(text, values, OPEN, {**anew, TARGET_DATE: "n:ew"}) != text
    assert not is_edited_since_agreed({**values, AGREEMENT: said_of_it}, columns=anew)


def test_rows_that_an_older_version_wrote_are_not_all_written_again(synced: SimulatedServices) -> None:
    for row in synced.rows():
        older = re.sub(r"\.[0-9a-f]{4}", "", row[AGREEMENT])
        assert older != row[AGREEMENT]
        synced.notion.set_property(synced.page_id(row[TITLE]), AGREEMENT, older)
    assert_nothing_to_write(synced.two_way, synced)
    put(synced, "github", EDITED)
    synced.two_way()
    assert dates(synced) == (EDITED, EDITED)
    assert [row[TITLE] for row in synced.rows() if "." in row[AGREEMENT]] == ["Stage 7.3"]
    assert_nothing_to_write(synced.two_way, synced)


@pytest.mark.parametrize(
    ("agreed", "title", "expected"),
    [
        ("Polish", "Polish (1)", "Polish"),
        ("Polish", "Polish (1) (2)", "Polish"),
        ("Polish", "Polish", "Polish"),
        ("Polish", "Ship (1)", "Ship (1)"),
        ("Polish (1)", "Polish (1)", "Polish (1)"),
        ("Polish (1)", "Polish (2)", "Polish (2)"),
        ("Polish", "Polish (1) now", "Polish (1) now"),
        ("Polish", "Polish · acme/a (1)", "Polish"),
        ("Polish", "Polish · acme/a", "Polish"),
        ("Polish", None, None),
    ],
)
def test_the_number_that_notion_puts_behind_the_title_of_a_copy_is_no_edit(
    agreed: str, title: str | None, expected: str | None
) -> None:
    assert title_before_copying(agreement_on(None, {TITLE: agreed}), title, "acme/a") == expected
    assert title_before_copying(None, title, "acme/a") == canonical_title(title, "acme/a")


@given(st.text(max_size=40), st.sampled_from(["t", "d", "s", "g"]))
def test_any_text_is_read_or_left_out(text: str, letter: str) -> None:
    kept = agreement_on(f"{text} {letter}:0123abcd", {})
    assert f"{letter}:" in kept
    assert agreement_on(kept, {}) == kept
    assert is_agreement(kept)
