"""The three-way merge of one field, as a table of cases and as laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.sync.merge import NO_BASE, merge_field

values = st.sampled_from([None, "a", "b", "c"])
bases = st.sampled_from([NO_BASE, None, "a", "b", "c"])
owners = st.sampled_from(["pipeline", "shared", "people"])


@pytest.mark.parametrize(
    ("owner", "base", "ours", "theirs", "outcome"),
    [
        ("pipeline", "a", "b", "a", "write"),
        ("pipeline", "a", "a", "b", "write"),
        ("pipeline", NO_BASE, "a", "b", "write"),
        ("shared", "a", "b", "a", "write"),
        ("shared", "a", "a", "b", "theirs"),
        ("shared", "a", "b", "c", "conflict"),
        ("shared", NO_BASE, "a", None, "write"),
        ("shared", NO_BASE, None, "b", "theirs"),
        ("shared", NO_BASE, "a", "b", "conflict"),
        ("shared", "a", None, "a", "write"),
        ("people", NO_BASE, "a", None, "write"),
        ("people", NO_BASE, "a", "b", "theirs"),
        ("people", "a", "b", "a", "write"),
        ("people", "a", "b", "c", "theirs"),
        # A person who empties the notes has edited them.
        ("people", "a", "b", None, "theirs"),
        ("people", None, "b", None, "write"),
    ],
)
def test_cases(owner: str, base: object, ours: object, theirs: object, outcome: str) -> None:
    assert merge_field(owner, base, ours, theirs).outcome == outcome  # type: ignore[arg-type]


@given(owners, bases, values)
def test_equal_sides_never_write_and_advance_the_base(owner: str, base: object, value: object) -> None:
    decision = merge_field(owner, base, value, value)  # type: ignore[arg-type]
    assert (decision.outcome, decision.agreed) == ("keep", True)


@given(bases, values, values)
def test_a_shared_edit_is_never_overwritten(base: object, ours: object, theirs: object) -> None:
    decision = merge_field("shared", base, ours, theirs)
    if decision.outcome == "write":
        assert theirs == base or (base is NO_BASE and theirs is None)


@given(owners, bases, values, values)
def test_writing_settles_the_field(owner: str, base: object, ours: object, theirs: object) -> None:
    if merge_field(owner, base, ours, theirs).outcome == "write":  # type: ignore[arg-type]
        assert merge_field(owner, ours, ours, ours).outcome == "keep"  # type: ignore[arg-type]
