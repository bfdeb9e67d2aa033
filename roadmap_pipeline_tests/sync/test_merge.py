"""The three-way merge of one field, as tables of cases and as laws."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.sync.canonical import STATUSES, canonical_title, displayed_titles
from roadmap_pipeline.sync.merge import NO_BASE, GitHubStatus, merge_owned, merge_shared, merge_status

KNOWN = frozenset(STATUSES)
values = st.sampled_from([None, "a", "b", "c"])
bases = st.sampled_from([NO_BASE, None, "a", "b", "c"])
choices = st.sampled_from([None, "github", "notion"])


@pytest.mark.parametrize(
    ("owner", "base", "ours", "theirs", "outcome"),
    [
        ("pipeline", "a", "b", "a", "to_notion"),
        ("pipeline", "a", "a", "b", "to_notion"),
        ("pipeline", NO_BASE, "a", "b", "to_notion"),
        ("pipeline", "a", "a", "a", "agree"),
        ("people", NO_BASE, "a", None, "to_notion"),
        ("people", NO_BASE, "a", "b", "stays"),
        ("people", "a", "b", "a", "to_notion"),
        ("people", "a", "b", "c", "stays"),
        # A person who empties the notes has edited them.
        ("people", "a", "b", None, "stays"),
        ("people", None, "b", None, "to_notion"),
    ],
)
def test_fields_that_github_has_no_word_in(
    owner: Any, base: object, ours: object, theirs: object, outcome: str
) -> None:
    assert merge_owned(owner, base, ours, theirs).outcome == outcome


@pytest.mark.parametrize(
    ("base", "github", "notion", "outcome"),
    [
        ("a", "a", "a", "agree"),
        ("a", "b", "b", "agree"),
        ("a", "b", "a", "to_notion"),
        ("a", "a", "b", "to_github"),
        ("a", "b", "c", "conflict"),
        ("a", None, "a", "to_notion"),
        ("a", "a", None, "to_github"),
        ("a", None, "b", "conflict"),
        ("a", "b", None, "conflict"),
        (None, "b", None, "to_notion"),
        (NO_BASE, "a", None, "to_notion"),
        (NO_BASE, None, "b", "to_github"),
        (NO_BASE, "a", "b", "conflict"),
        (NO_BASE, "a", "a", "agree"),
    ],
)
def test_fields_that_people_edit_on_both_sides(base: object, github: object, notion: object, outcome: str) -> None:
    assert merge_shared(base, github, notion).outcome == outcome


@given(bases, values, values, choices)
def test_one_edit_is_never_overwritten(base: Any, github: Any, notion: Any, choice: Any) -> None:
    """An edited value goes to the other side or stands in a conflict; only a person's choice gives one up."""
    outcome = merge_shared(base, github, notion, choice).outcome
    notion_edited = base is not NO_BASE and notion != base and notion != github
    github_edited = base is not NO_BASE and github != base and notion != github
    if choice is None:
        assert not (notion_edited and outcome == "to_notion")
        assert not (github_edited and outcome == "to_github")
        assert (outcome == "conflict") == (notion_edited and github_edited) or base is NO_BASE


@given(bases, values, values, choices)
def test_the_sides_are_mirror_images(base: Any, github: Any, notion: Any, choice: Any) -> None:
    mirrored = {"to_notion": "to_github", "to_github": "to_notion"}
    other = {"github": "notion", "notion": "github", None: None}
    there = merge_shared(base, github, notion, choice).outcome
    back = merge_shared(base, notion, github, other[choice]).outcome  # type: ignore[arg-type]
    assert back == mirrored.get(there, there)


@given(bases, values, values, choices)
def test_carrying_it_out_settles_the_field(base: Any, github: Any, notion: Any, choice: Any) -> None:
    outcome = merge_shared(base, github, notion, choice).outcome
    after = {"to_notion": github, "to_github": notion}.get(outcome)
    if outcome in ("to_notion", "to_github"):
        assert merge_shared(after, after, after).outcome == "agree"


OPEN, CLOSED = GitHubStatus(False, None, "In Progress"), GitHubStatus(True, None)
FRESH = GitHubStatus(False, None, "Planned")
BLOCKED = GitHubStatus(False, "Blocked")


@pytest.mark.parametrize(
    ("base", "before", "now", "notion", "outcome"),
    [
        # What GitHub derives is no edit of anybody, and gives way to a person's word.
        ("Planned", FRESH, OPEN, "Planned", "to_notion"),
        ("Planned", FRESH, OPEN, "Blocked", "to_github"),
        ("In Progress", OPEN, OPEN, "Planned", "to_github"),
        ("Planned", FRESH, OPEN, "Completed", "to_github"),
        # The label and the state are.
        ("In Progress", OPEN, BLOCKED, "In Progress", "to_notion"),
        ("In Progress", OPEN, CLOSED, "In Progress", "to_notion"),
        ("Completed", CLOSED, OPEN, "Completed", "to_notion"),
        ("Completed", CLOSED, CLOSED, "Blocked", "to_github"),
        ("In Progress", OPEN, BLOCKED, "Planned", "conflict"),
        ("In Progress", OPEN, CLOSED, "Blocked", "conflict"),
        ("In Progress", OPEN, BLOCKED, "Blocked", "agree"),
        # People's own options stay in Notion until somebody says something on GitHub.
        ("In Progress", OPEN, OPEN, "On hold", "stays"),
        ("On hold", OPEN, OPEN, "On hold", "stays"),
        ("On hold", FRESH, OPEN, "On hold", "stays"),
        ("On hold", OPEN, CLOSED, "On hold", "to_notion"),
        ("In Progress", OPEN, CLOSED, "On hold", "conflict"),
        # Nothing is no status: the label goes, and what GitHub has comes back.
        ("Blocked", BLOCKED, BLOCKED, None, "to_github"),
        ("In Progress", OPEN, OPEN, None, "to_notion"),
        ("Completed", CLOSED, CLOSED, None, "to_notion"),
        ("In Progress", OPEN, BLOCKED, None, "to_notion"),
        # First contact.
        (NO_BASE, None, OPEN, "In Progress", "agree"),
        (NO_BASE, None, OPEN, None, "to_notion"),
        (NO_BASE, None, OPEN, "Planned", "to_notion"),
        (NO_BASE, None, OPEN, "Blocked", "to_github"),
        (NO_BASE, None, OPEN, "Completed", "conflict"),
        (NO_BASE, None, BLOCKED, "Planned", "conflict"),
        (NO_BASE, None, CLOSED, "Blocked", "conflict"),
        (NO_BASE, None, OPEN, "On hold", "stays"),
        (NO_BASE, None, CLOSED, "On hold", "conflict"),
        (NO_BASE, None, BLOCKED, "On hold", "conflict"),
    ],
)
def test_status(base: object, before: Any, now: GitHubStatus, notion: str | None, outcome: str) -> None:
    assert merge_status(base, before, now, notion, known=KNOWN).outcome == outcome


@pytest.mark.parametrize(("base", "before"), [("In Progress", OPEN), (NO_BASE, None)])
@pytest.mark.parametrize(
    ("choice", "notion", "outcome"),
    [
        ("github", "Blocked", "to_notion"),
        ("notion", "Blocked", "to_github"),
        ("github", "On hold", "to_notion"),
        ("notion", "On hold", "stays"),
    ],
)
def test_a_person_chooses_the_status(base: object, before: Any, choice: Any, notion: str, outcome: str) -> None:
    assert merge_status(base, before, CLOSED, notion, known=KNOWN, choice=choice).outcome == outcome


# -- titles


@pytest.mark.parametrize(
    ("title", "canonical"),
    [
        ("Stage 7.3", "Stage 7.3"),
        ("  Stage 7.3\u2028 ", "Stage 7.3"),
        ("Sta\x00ge\t7", "Stage7"),
        ("Cafe\u0301", "Café"),
        ("", None),
        (" \n ", None),
        (None, None),
        ("Polish · acme/storefront", "Polish"),
        ("Polish · ACME/storefront", "Polish"),
        ("Polish · acme/payments", "Polish · acme/payments"),
        ("Polish acme/storefront", "Polish acme/storefront"),
    ],
)
def test_what_of_a_title_counts(title: str | None, canonical: str | None) -> None:
    assert canonical_title(title, "acme/storefront") == canonical


@given(st.text(max_size=30))
def test_what_counts_of_it_counts_of_itself(title: str) -> None:
    once = canonical_title(title, "acme/a")
    assert canonical_title(once) == once


@given(st.lists(st.tuples(st.sampled_from(["acme/a", "acme/b", "acme/c"]), st.sampled_from(["X", "Y"])), unique=True))
def test_rows_of_one_name_are_told_apart_and_the_suffix_never_counts(milestones: list[tuple[str, str]]) -> None:
    shown = displayed_titles({str(number): one for number, one in enumerate(milestones)})
    assert len(set(shown.values())) == len(milestones)
    for number, (repo, title) in enumerate(milestones):
        assert canonical_title(shown[str(number)], repo) == title
