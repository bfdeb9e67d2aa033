"""Node ids of milestones and our markers in issues: read, kept, and filled in warehouses of an older version."""

import base64
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.github.markers import Marker
from roadmap_pipeline.github.node_ids import repository_id_in
from roadmap_pipeline.github.sections import MILESTONE_SECTION, find_section, put_section
from roadmap_pipeline.warehouse import source_tables
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.github.conftest import ANA, CLOCK, REPO, small_world, table
from roadmap_sandbox import payloads

KEY = "MI_kwDOAAAAZc4AAABG"
MARKER = Marker(REPO, MILESTONE_SECTION, KEY, "")


# of repositories and milestones that GitHub shows to everybody, and of the examples in its documentation
@pytest.mark.parametrize(
    ("milestone", "repository"),
    [
        ("MI_kwDOAAkfd84Abx8-", 597879),
        ("MI_kwDOAQpCGs4AauCd", 17449498),
        ("MI_kwABAQ", 1),
        ("MDk6TWlsZXN0b25lMTAwMjYwNA==", None),
        ("I_kwDOAAkfd84Abx8-", None),
        ("MI_kwDOAAkfd84Abx8", None),
        ("MI_kgDOAAkfdw", None),
        ("MI_", None),
        ("MI_ü", None),
        ("", None),
    ],
)
def test_a_milestones_id_names_its_repository(milestone, repository):
    assert repository_id_in(milestone) == repository


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_any_repository_is_read_from_an_id(repository, milestone):
    assert repository_id_in(payloads.node_id_within("MI", repository, milestone)) == repository


@given(st.text(max_size=30), st.binary(max_size=20))
def test_any_other_text_names_a_repository_or_none_and_breaks_nothing(text, packed):
    for one in (text, f"MI_{text}", f"MI_{base64.urlsafe_b64encode(packed).decode()}"):
        found = repository_id_in(one)
        assert found is None or found >= 0


def read(served, con, now=CLOCK):
    return ingest(served.client(), con, [REPO], history_days=400, now=now)


def node_ids(con):
    return table(con, "select number, node_id from raw.milestones")


def tracking(con):
    return table(con, "select number, tracks_milestone from raw.issues where tracks_milestone is not null")


@pytest.fixture
def served(serve):
    content = small_world()
    content.issues[REPO][0]["body"] = put_section("People's", MARKER, "Ours").replace("\n", "\r\n")
    return serve(content)


def test_they_are_read(served, con):
    read(served, con)
    assert node_ids(con) == [(3, KEY)]
    assert tracking(con) == [(5, KEY)]


def test_an_issue_whose_marker_goes_tracks_nothing_any_more(served, con):
    read(served, con)
    served.state.advance(timedelta(hours=1))
    served.state.request("PATCH", f"/repos/{REPO}/issues/5", {"body": "People's alone"}, user=ANA)
    read(served, con, CLOCK + timedelta(hours=2))
    assert tracking(con) == []


def test_an_older_warehouse_gets_them_though_github_has_nothing_new(served, con, tmp_path):
    read(served, con)
    con.execute("alter table raw.milestones drop column node_id; alter table raw.issues drop column tracks_milestone")
    con.execute("drop table build.declarations")  # by which a file is known to have all columns
    con.close()
    served.journal()
    with connect(tmp_path / "roadmap.duckdb") as again:
        assert node_ids(again) == [(3, KEY)] and tracking(again) == [(5, KEY)]
        read(served, again, CLOCK + timedelta(hours=1))
        assert node_ids(again) == [(3, KEY)] and tracking(again) == [(5, KEY)]
    # issues are read from the last change on: this one is long before
    assert ("GET", f"/repos/{REPO}/milestones", 304) in served.journal()


PIECES = st.sampled_from(
    [
        f"<!-- gh-roadmap:v1 repo=a/b kind=milestone key=MI_a-%2Db sha256={'0' * 64} -->",
        f"<!-- gh-roadmap:v1 repo=a/b kind=pr-status key=MI_1 sha256={'0' * 64} -->",
        "\n",
        "\r\n",
        " ",
        "text",
        "<!-- /gh-roadmap -->",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(PIECES, max_size=7).map("".join))
def test_sql_reads_a_marker_as_python_does(con, body):
    con.execute("alter table raw.issues drop column tracks_milestone")
    con.execute("drop table build.declarations")
    con.execute("delete from raw.issues")
    payload = json.dumps({"body": body})
    con.execute("insert into raw.issues (repo, number, payload) values ('a/b', 1, ?)", [payload])
    source_tables.create_source_tables(con)
    section = find_section(body, MILESTONE_SECTION)
    assert tracking(con) == ([] if section is None else [(1, section.marker.key)])
