"""A restart replays what was written: same ids, same times, same state, whatever happened in between."""

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import CLOCK, HEADERS, text, title
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.notion import faults
from roadmap_sandbox.notion.app import mock_transport
from roadmap_sandbox.notion.errors import ApiError
from roadmap_sandbox.notion.state import NotionState

SCHEMA: dict[str, Any] = {
    "Name": {"title": {}},
    "Kind": {"select": {}},
    "Num": {"number": {}},
    "Tags": {"multi_select": {}},
    "No": {"unique_id": {}},
}


class PersistentNotion:
    """A simulator that writes to a file, without a socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = NotionState(CLOCK, writes_path=path)
        transport = mock_transport(self.state)
        self.http = httpx.Client(transport=transport, headers=HEADERS, base_url="http://notion/v1/")

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.http.request(method, path, json=body).json()

    def database(self) -> tuple[str, str]:
        made = self.send(
            "POST",
            "databases",
            {
                "parent": {"page_id": self.state.parent_page_id},
                "title": text("Rows"),
                "initial_data_source": {"properties": SCHEMA},
            },
        )
        return made["id"], made["data_sources"][0]["id"]

    def reopened(self) -> NotionState:
        return NotionState(CLOCK, writes_path=self.path)


@pytest.fixture
def notion(tmp_path: Path) -> PersistentNotion:
    return PersistentNotion(tmp_path / "deep" / "notion.jsonl")


def test_a_restart_restores_requests_edits_by_people_and_the_clock(notion: PersistentNotion) -> None:
    database, source = notion.database()
    relation = {"relation": {"data_source_id": source, "dual_property": {}}}
    notion.send("PATCH", f"data_sources/{source}", {"properties": {"Self": relation}})
    page = notion.send(
        "POST",
        "pages",
        {"parent": {"data_source_id": source}, "properties": {"Name": title("A")}, "markdown": "# x\n\n- a\n\t- b"},
    )
    notion.state.advance(timedelta(minutes=3, seconds=7))
    row = notion.state.add_row(database, {"Name": "by hand", "Kind": "new", "Num": 2.5}, "body")
    notion.state.set_property(page["id"], "Self", [row])
    notion.state.rename_property(source, "Num", "Number")
    notion.state.trash(row)
    notion.state.advance(timedelta(hours=1))
    notion.state.unshare(database)
    again = notion.reopened()
    assert again.dump() == notion.state.dump()
    assert again.clock == CLOCK + timedelta(hours=1, minutes=3, seconds=7)
    assert again.journal == []
    again.share(database)
    assert NotionState(CLOCK, writes_path=notion.path).dump() == again.dump()


def test_a_later_clock_given_at_the_start_counts(notion: PersistentNotion) -> None:
    notion.database()
    later = CLOCK + timedelta(days=7)
    assert NotionState(later, writes_path=notion.path).clock == later


def test_only_successful_writes_are_kept(notion: PersistentNotion) -> None:
    _, source = notion.database()
    kept = notion.path.read_bytes()
    notion.send("POST", f"data_sources/{source}/query", {})
    notion.send("GET", f"data_sources/{source}")
    notion.send("POST", "pages", {"parent": {"data_source_id": source}, "properties": {"Nope": {"number": 1}}})
    notion.state.faults.add(faults.internal())
    notion.send("POST", "pages", {"parent": {"data_source_id": source}})
    with pytest.raises(ApiError, match="Nope is not a property"):
        notion.state.add_row(source, {"Nope": 1})
    assert notion.path.read_bytes() == kept
    notion.state.faults.add(faults.internal(after_commit=True))
    notion.send("POST", "pages", {"parent": {"data_source_id": source}})
    event = json.loads(notion.path.read_bytes().splitlines()[-1])
    assert event == {
        "method": "POST",
        "path": "/v1/pages",
        "body": {"parent": {"data_source_id": source}},
        "time": "2026-11-16T06:00:42.123456+00:00",
    }
    assert b"sandbox-notion-token" not in notion.path.read_bytes()
    assert notion.reopened().dump() == notion.state.dump()


def test_a_line_cut_by_a_kill_never_happened(notion: PersistentNotion) -> None:
    _, source = notion.database()
    before = notion.state.dump()
    notion.send("POST", "pages", {"parent": {"data_source_id": source}})
    notion.path.write_bytes(notion.path.read_bytes()[:-10])
    again = notion.reopened()
    assert again.dump() == before
    assert notion.path.read_bytes().endswith(b"}\n")
    again.add_row(source, {"Name": "next"})
    assert notion.reopened().dump() == again.dump()


@pytest.mark.parametrize(
    "line",
    [
        '{"method": "POST", "path": "/v1/nowhere", "body": {}, "time": "2026-11-16T06:00:00+00:00"}',
        '{"method": "PERSON", "path": "fly", "body": {}, "time": "2026-11-16T06:00:00+00:00"}',
        '{"method": "DELETE", "path": "/v1/blocks/5a11d0c500004000800000000000dead", "body": null, '
        '"time": "2026-11-16T06:00:00+00:00"}',
        "{}",
        "nonsense",
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "notion.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(SandboxError, match=r"notion\.jsonl, line 1, can't be replayed .*delete the file"):
        NotionState(CLOCK, writes_path=path)


_NAMES = st.sampled_from(["Name", "Kind", "Num", "Tags", "No", "Ghost"])
_VALUES = st.sampled_from(
    [
        title("x"),
        {"select": {"name": "a"}},
        {"select": {"name": "a, b"}},
        {"select": None},
        {"number": 1},
        {"number": "1"},
        {"multi_select": [{"name": "p"}, {"name": "q"}]},
        {"rich_text": []},
    ]
)
_STEPS = st.one_of(
    st.tuples(st.just("create"), st.dictionaries(_NAMES, _VALUES, max_size=3)),
    st.tuples(st.just("edit"), st.dictionaries(_NAMES, _VALUES, max_size=3)),
    st.tuples(st.just("trash"), st.booleans()),
    st.tuples(st.just("body"), st.sampled_from(["- a\n\t- b", "", "# x\n\n`y`"])),
    st.tuples(
        st.just("schema"),
        st.sampled_from(
            [
                {"Num": {"name": "Number"}, "Extra": {"date": {}}},
                {"Fresh": {"unique_id": {}}, "Ghost": None},
                {"Fresh": {"multi_select": {"options": [{"name": "a"}, {"name": "A"}]}}},
                {"Kind": {"select": {"options": [{"name": "z"}]}}},
                {"Number": None},
            ]
        ),
    ),
    st.tuples(st.just("clock"), st.integers(1, 300)),
    st.tuples(st.just("person"), st.sampled_from(["Kind", "Num", "Ghost"])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_STEPS, max_size=15))
def test_any_history_replays_and_refused_requests_change_nothing(steps: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        notion = PersistentNotion(Path(folder) / "notion.jsonl")
        _, source = notion.database()
        page = notion.send("POST", "pages", {"parent": {"data_source_id": source}})["id"]
        for kind, argument in steps:
            before, response = notion.state.dump(), {}
            if kind == "create":
                response = notion.send("POST", "pages", {"parent": {"data_source_id": source}, "properties": argument})
            elif kind == "edit":
                response = notion.send("PATCH", f"pages/{page}", {"properties": argument})
            elif kind == "trash":
                response = notion.send("PATCH", f"pages/{page}", {"in_trash": argument})
            elif kind == "body":
                command = {"type": "replace_content", "replace_content": {"new_str": argument}}
                response = notion.send("PATCH", f"pages/{page}/markdown", command)
            elif kind == "schema":
                response = notion.send("PATCH", f"data_sources/{source}", {"properties": argument})
            elif kind == "clock":
                notion.state.advance(timedelta(seconds=argument))
            else:
                try:
                    notion.state.set_property(page, argument, 3 if argument == "Num" else "a")
                except ApiError:
                    response = {"object": "error"}
            if response.get("object") == "error":
                assert notion.state.dump() == before
        assert notion.reopened().dump() == notion.state.dump()


def test_copies_deletions_and_normalised_titles_survive_a_restart(notion: PersistentNotion) -> None:
    _, source = notion.database()
    row = notion.send("POST", "pages", {"parent": {"data_source_id": source}, "properties": {"Name": title("A ")}})
    notion.state.normalises_titles = True
    copy = notion.state.duplicate(row["id"])
    notion.state.rename(copy, " Cafe\u0301 ")
    notion.state.delete(row["id"])
    again = notion.reopened()
    assert again.dump() == notion.state.dump()
    assert again.normalises_titles
    assert again.store.title(again.store.pages[copy]) == "Café"
    notion.state.normalises_titles = False
    assert not notion.reopened().normalises_titles
