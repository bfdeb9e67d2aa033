"""Our section among people's text: found, replaced, torn, and never at the cost of a character of theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.markers import Marker, content_hash
from roadmap_pipeline.github.sections import END, find_section, put_section
from roadmap_pipeline.github.truncation import LONGEST_BODY

MARKER = Marker("acme/payments", "milestone", "MI_kwDO1", "")
OTHER = Marker("acme/payments", "milestone", "MI_kwDO2", "0" * 64)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_a_marker_says_what_was_put_in(repo, key):
    marker = Marker(repo, "pr-status", key, "0" * 64)
    text = str(marker)
    assert Marker.parse(text + "\nbody") == marker
    assert "\n" not in text and "--" not in text.removeprefix("<!--").removesuffix("-->")


PIECES = st.sampled_from(
    ["\n", "\r\n", "text", "```", "<!--", "-->", END, str(OTHER), "<!-- gh-roadmap:v1 -->", "- [ ] é🧩", " ", "| a |"]
)
PEOPLE = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)


@given(PEOPLE, PEOPLE, PEOPLE)
def test_what_people_write_around_it_stays_byte_for_byte(above, text, below):
    body = put_section("", MARKER, "first")
    body = f"{above}\n{body}\n{below}"
    after = put_section(body, MARKER, text)
    assert after.startswith(above) and after.endswith(below)
    section = find_section(after, "milestone", MARKER.key)
    assert section is not None and section.says(text, after) and not section.is_edited_by_others
    assert after[: section.start] == f"{above}\n" and after[section.end :] == f"\n{below}"
    assert put_section(after, MARKER, text) == after


@given(PEOPLE, PEOPLE)
def test_it_is_put_behind_what_people_wrote_where_there_is_none(body, text):
    after = put_section(body, MARKER, text)
    assert after.startswith(body)
    section = find_section(after, "milestone", MARKER.key)
    assert section is not None and section.says(text, after)


@given(PEOPLE, PEOPLE)
def test_line_endings_of_a_browser_are_no_edit(above, text):
    after = put_section(above, MARKER, text).replace("\r\n", "\n").replace("\n", "\r\n")
    section = find_section(after, "milestone", MARKER.key)
    assert section is not None and not section.is_edited_by_others


def test_without_its_last_line_it_ends_where_its_hash_says():
    body = "above\n" + put_section("", MARKER, "one\n\ntwo") + "\nbelow"
    torn = body.replace(END + "\n", "")
    section = find_section(torn, "milestone", MARKER.key)
    assert section is not None and section.text == "one\n\ntwo"
    assert put_section(torn, MARKER, "three") == "above\n" + put_section("", MARKER, "three") + "\nbelow"


def test_torn_and_edited_it_takes_nothing_with_it():
    body = "above\n" + put_section("", MARKER, "one\ntwo") + "\nbelow"
    torn = body.replace(END + "\n", "").replace("two", "2")
    section = find_section(torn, "milestone", MARKER.key)
    assert section is not None and section.text == "" and section.is_edited_by_others
    assert put_section(torn, MARKER, "three") == "above\n" + put_section("", MARKER, "three") + "\none\n2\nbelow"


def test_edits_within_it_are_noticed():
    body = put_section("mine", MARKER, "- [ ] keep").replace("[ ]", "[x]")
    section = find_section(body, "milestone")
    assert section is not None and section.text == "- [x] keep" and section.is_edited_by_others
    assert not section.says("- [x] keep", body)
    assert section.marker.sha256 == content_hash("- [ ] keep")


def test_a_section_of_another_milestone_is_left_alone():
    body = put_section(put_section("", OTHER, "theirs"), MARKER, "ours")
    assert find_section(body, "milestone", OTHER.key).text == "theirs"
    assert find_section(body, "milestone", MARKER.key).text == "ours"
    assert find_section(body, "pr-status") is None


def test_it_is_cut_to_the_room_that_people_leave_and_refused_without_any():
    people = "x" * 50_000
    body = put_section(people, MARKER, "line\n" * 5_000)
    assert len(body) <= LONGEST_BODY
    section = find_section(body, "milestone")
    assert section is not None and section.says("line\n" * 5_000, body)
    with pytest.raises(ValueError, match="no room"):
        put_section("x" * LONGEST_BODY, MARKER, "line")
