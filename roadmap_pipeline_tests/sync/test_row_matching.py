"""The row that stands for a milestone, of several with its key: the same in whatever order Notion lists them."""

from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.notion.rows import Row, Value
from roadmap_pipeline.sync.canonical import STATUS, TARGET_DATE, TITLE, canonical_title
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.row_matching import Match, Rows, Wanted, match_rows

KEY, EDITED = "🔑 Sync Key", "edited"
WANTED = Wanted("milestone:a", frozenset({"Stage 7.3"}))


def row(page_id: str, minute: int = 0, by: str = "us", *, is_edited: bool = False) -> Row:
    values: dict[str, Value] = {TITLE: f"Row {page_id}", KEY: WANTED.sync_key, EDITED: "yes" if is_edited else None}
    return Row(page_id, "", values, "", data_source_id="roadmap", created_time=f"06:{minute:02}", created_by=by)


def matched(*listed: Row, author: str | None = "us", base: Base | None = None) -> Match:
    rows = Rows(
        listed,
        {},
        "roadmap",
        TITLE,
        canonical_title,
        KEY,
        author=author,
        is_edited=lambda values, _unknown: bool(values[EDITED]),
    )
    return match_rows([WANTED], rows, {} if base is None else {WANTED.sync_key: base})[WANTED.sync_key]


def test_of_peoples_copies_the_oldest_stands_in_for_a_row_that_is_gone() -> None:
    """The first one that was listed did; which of two copies of one minute that is no list promises."""
    copies = row("b", by="ana"), row("a", by="ana"), row("c", 1, by="ana")
    assert {matched(*listed).row.page_id for listed in permutations(copies)} == {"a"}  # type: ignore[union-attr]


def test_of_peoples_copies_the_oldest_counts_also_where_another_one_is_remembered() -> None:
    """A machine that remembers none of them takes it: each would write its own into the tracking issue for ever."""
    oldest, remembered = row("a", by="ana"), row("b", by="ana")
    base = Base("b", {TITLE: "Row b"}, former={"a": Base("a", {TITLE: "Row a"})})
    match = matched(oldest, remembered, base=base)
    assert (match.row, match.base.fields, match.duplicates, match.seconds) == (oldest, {TITLE: "Row a"}, (), ())
    edited = row("b", by="ana", is_edited=True)
    assert matched(oldest, edited, base=base).row == edited  # its edit is carried on first


def test_our_own_row_goes_before_copies_and_an_edited_one_of_ours_before_all() -> None:
    copy, older, younger = row("a", 0, "ana", is_edited=True), row("b", 1), row("c", 2, is_edited=True)
    assert matched(copy, younger).row == younger
    match = matched(copy, older, younger)
    assert (match.row, match.duplicates, match.seconds) == (younger, (older,), ())


def test_a_copy_that_stood_in_gives_way_to_a_row_of_ours_with_an_edit_once_it_has_none() -> None:
    copy, ours, edited = row("a", by="ana"), row("b", 1), row("c", 2, is_edited=True)
    carrying = row("a", by="ana", is_edited=True)
    base = Base("a", {TITLE: "Row a"})
    assert matched(carrying, edited, base=base).row == carrying
    assert matched(carrying, edited, base=base).seconds == (edited,)
    match = matched(copy, edited, base=base)
    assert (match.row, match.base.fields, match.duplicates, match.seconds) == (edited, {}, (), ())
    match = matched(copy, ours, base=base)
    assert (match.row, match.duplicates) == (copy, (ours,))


def test_that_a_date_is_empty_can_be_told_only_by_who_has_a_base_for_it() -> None:
    """Other rows of the column may have been filled again since it lost all values."""
    empty = row("a")
    filled = replace(empty, values={**empty.values, TARGET_DATE: "2026-12-01", STATUS: "Planned"})
    for base, unknown in (
        (None, {TARGET_DATE, STATUS}),
        (Base("a", {TITLE: "Row a", STATUS: "Planned"}), {TARGET_DATE}),
        (Base("a", {TARGET_DATE: "2026-12-01", STATUS: "Planned"}), set()),
        (Base("gone", {TARGET_DATE: "2026-12-01", STATUS: "Planned"}), {TARGET_DATE, STATUS}),
    ):
        assert matched(empty, base=base).unknown == unknown
        assert matched(filled, base=base).unknown == set()


def test_of_rows_without_key_one_that_stood_for_it_before_goes_first_and_those_of_others_last() -> None:
    """Moved out of the database and back, a row has its title alone."""
    listed = [replace(row(one), values={TITLE: "Stage 7.3", KEY: None, EDITED: None}) for one in "abcd"]
    rows = Rows(listed, {}, "roadmap", TITLE, canonical_title, KEY, author="us")

    def found(of_it: str, of_another: str) -> tuple[str | None, int]:
        bases = {
            WANTED.sync_key: Base("gone", former={page: Base(page) for page in of_it}),
            "milestone:b": Base("x", former={page: Base(page) for page in of_another}),
        }
        match = match_rows([WANTED], rows, bases)[WANTED.sync_key]
        return match.row.page_id if match.row else None, match.candidates

    assert found("cb", "") == ("b", 0)
    assert found("", "abd") == ("c", 0)
    assert found("", "ad") == (None, 2)
    assert found("", "abcd") == (None, 0)


def test_a_copy_is_never_given_up_for_a_row_whose_key_people_emptied() -> None:
    """Only one bears the key then, and nobody asks who made it."""
    emptied = row("a")
    emptied = replace(emptied, values={**emptied.values, KEY: None})
    match = matched(emptied, row("b", by="ana"), author=None, base=Base("a", {TITLE: "Row a"}))
    assert (match.row, match.duplicates, match.seconds) == (emptied, (), ())


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from("abcdefgh"),
        st.integers(0, 2),
        st.sampled_from(["us", "ana"]),
        is_edited=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.page_id,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_list_decides_nothing(rows: list[Row], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = matched(*rows), matched(*shuffled)
    assert (one.row, one.duplicates, one.seconds) == (other.row, other.duplicates, other.seconds)
    # Nobody's row goes to the trash but our own, and none with an edit; what is left of ours is one of these.
    assert all(each.created_by == "us" and not each.values[EDITED] for each in one.duplicates)
    ours = [each for each in rows if each.created_by == "us"]
    assert len(ours) == (one.row in ours) + len(one.duplicates) + len(one.seconds)
