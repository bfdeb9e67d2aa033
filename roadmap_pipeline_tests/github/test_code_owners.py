"""CODEOWNERS: what patterns match, what is read when, and what that costs."""

import re
from datetime import timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.github.code_owners import file_regex, parse_code_owners
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline_tests.github.conftest import CLOCK, REPO, small_world, table
from roadmap_sandbox.github.faults import Fault

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
ROWS = "select line, pattern, owners, path from raw.code_owners order by line"


# -- patterns


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        # The examples of GitHub's own page, by its words.
        ("*", ["a", "a/b/c.py", ".github/workflows/ci.yml"], []),
        ("*.js", ["a.js", "src/deep/a.js"], ["a.jsx", "js"]),
        ("/build/logs/", ["build/logs/a", "build/logs/b/c"], ["src/build/logs/a", "build/logs"]),
        ("docs/*", ["docs/getting-started.md"], ["docs/build-app/troubleshooting.md", "src/docs/a.md"]),
        ("apps/", ["apps/a", "src/apps/a/b"], ["apps", "xapps/a"]),
        ("/docs/", ["docs/a", "docs/b/c"], ["src/docs/a"]),
        ("/scripts/", ["scripts/a"], ["x/scripts/a"]),
        ("**/logs", ["logs/a", "build/logs/a", "deeply/nested/logs/b/c", "logs"], ["logs.txt", "xlogs/a"]),
        ("/apps/github", ["apps/github", "apps/github/a"], ["apps/githubx", "x/apps/github"]),
        # What .gitignore says beside them.
        ("docs", ["docs", "docs/a", "src/docs/a/b"], ["docs.md", "mydocs/a"]),
        ("/*", ["a", "README.md"], ["a/b"]),
        ("src/**/test_*.py", ["src/test_a.py", "src/x/y/test_a.py"], ["test_a.py", "src/a.py"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "x/src/a"]),
        ("a/**/b", ["a/b", "a/x/y/b", "a/b/c"], ["ab", "x/a/b"]),
        ("**", ["a", "a/b"], []),
        ("/src/a?.py", ["src/ab.py"], ["src/a.py", "src/a/.py"]),
        (r"my\ docs/a.md", ["my docs/a.md"], ["my/docs/a.md"]),
        ("a.b+c(d)", ["a.b+c(d)", "x/a.b+c(d)/e"], ["axb+c(d)", "a.bbc(d)"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matching: list[str], others: list[str]) -> None:
    regex = file_regex(pattern)
    assert regex is not None
    assert [path for path in matching if not re.search(regex, path)] == []
    assert [path for path in others if re.search(regex, path)] == []


@pytest.mark.parametrize("pattern", ["!a", r"\#a", "a[bc]", "/", "***", "a//b"])
def test_what_github_takes_for_no_pattern(pattern: str) -> None:
    assert file_regex(pattern) is None


def matches(segments: list[str], path: list[str]) -> bool:
    """Return whether segments match a path, by trying: another way than a regular expression."""
    if not segments:
        return not path
    head, *rest = segments
    if head == "**":
        if not rest:
            return bool(path)
        return any(matches(rest, path[start:]) for start in range(len(path) + 1))
    if not path or not matches_name(head, path[0]):
        return False
    if not rest:
        return len(path) == 1 or head != "*"  # a folder is meant with all in it
    return matches(rest, path[1:])


def matches_name(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(matches_name(glob[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and glob[0] in ("?", name[0]) and matches_name(glob[1:], name[1:])


NAMES = st.text("ab.", min_size=1, max_size=3)
GLOBS = st.one_of(NAMES, st.just("*"), st.just("**"), st.text("ab*?", min_size=1, max_size=3))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(GLOBS.filter(lambda one: one == "**" or "**" not in one), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.lists(NAMES, min_size=1, max_size=5),
)
def test_a_pattern_matches_what_trying_every_way_does(
    segments: list[str], from_top: bool, is_folder: bool, path: list[str]
) -> None:
    regex = file_regex(("/" if from_top else "") + "/".join(segments) + ("/" if is_folder else ""))
    tried = segments if from_top or len(segments) > 1 else ["**", *segments]
    tried = [*tried, "**"] if is_folder else tried
    assert regex is not None
    assert bool(re.search(regex, "/".join(path))) == matches(tried, path)


# -- lines


def test_lines_without_a_meaning_are_passed_over() -> None:
    text = (
        "\ufeff# who owns what\r\n\r\n*  @ana @acme/core-team\r\n"
        "*.js ben@example.org # not @carl\n"
        "/vendor/\n"
        "src/ nobody\n"
        "/a\\ b/ @ana_acme\n"
        "!x @ana\n"
    )
    assert [(one.line, one.pattern, one.owners) for one in parse_code_owners(text)] == [
        (3, "*", ("ana", "acme/core-team")),
        (4, "*.js", ("ben@example.org",)),
        (5, "/vendor/", ()),
        (7, "/a\\ b/", ("ana_acme",)),
    ]


@given(st.text() | st.text(r"a*?/\.#@ -+({|^$é", min_size=1))
@settings(deadline=None)
def test_any_text_is_read_and_the_warehouse_takes_its_patterns(text: str) -> None:
    for one in parse_code_owners(text):
        duckdb.execute("select regexp_matches('a/b', ?)", [one.file_regex])
        assert not any(owner.startswith("@") for owner in one.owners)


@pytest.mark.parametrize("line", ["a" * 100_000, "a/" * 50_000 + " @ana", "* " + "a" * 100_000, "* " + "a@b" * 50_000])
def test_a_line_longer_than_anything_real_is_passed_over_at_once(line: str) -> None:
    assert parse_code_owners(line + "\n* @ana\n") == [parse_code_owners("\n* @ana\n")[0]]


# -- reading


def read(served, con, now=CLOCK):
    client = served.client()
    return ingest(client, con, [REPO], history_days=400, now=now), client


def asked(served):
    """Return which places were asked for, with the answers, since the last call."""
    found = [
        (entry.path.partition("/contents/")[2], entry.status)
        for entry in served.state.journal
        if "/contents/" in entry.path
    ]
    served.state.journal.clear()
    return found


def test_the_first_file_in_githubs_order_counts(serve, con):
    content = small_world()
    content.files[REPO] = {"CODEOWNERS": "* @ana\n/docs/ @acme/writers\n", "docs/CODEOWNERS": "* @ben\n"}
    served = serve(content)
    summary, _ = read(served, con)
    assert asked(served) == [(".github/CODEOWNERS", 404), ("CODEOWNERS", 200)]
    assert table(con, ROWS) == [
        (1, "*", ["ana"], "CODEOWNERS"),
        (2, "/docs/", ["acme/writers"], "CODEOWNERS"),
    ]
    assert summary.read["code_owners"] == 2


def test_a_place_is_asked_for_once_a_day_and_no_poll_pays_for_two(serve, con):
    served = serve(small_world())
    read(served, con)
    assert asked(served) == [(place, 404) for place in PLACES]
    read(served, con, CLOCK + timedelta(hours=23))
    assert asked(served) == []
    days = [CLOCK + timedelta(days=1, hours=hour) for hour in range(5)]
    served.state.clock = days[-1]
    polls = []
    for now in days:
        read(served, con, now)
        polls.append(asked(served))
    assert polls == [[(place, 404)] for place in PLACES] + [[], []]


def test_a_file_that_stays_as_it_is_costs_nothing(serve, con):
    content = small_world()
    content.files[REPO] = {".github/CODEOWNERS": "* @ana\n"}
    served = serve(content)
    read(served, con)
    asked(served)
    summary, _ = read(served, con, CLOCK + timedelta(days=1))
    assert asked(served) == [(".github/CODEOWNERS", 304)]
    assert (summary.read["code_owners"], table(con, ROWS)) == (0, [(1, "*", ["ana"], ".github/CODEOWNERS")])
    read(served, con, CLOCK + timedelta(days=1, hours=1))
    assert asked(served) == []


def test_a_file_that_changes_moves_or_goes_is_followed(serve, con):
    content = small_world()
    content.files[REPO] = {".github/CODEOWNERS": "* @ana\n/a @ben\n"}
    served = serve(content)
    read(served, con)
    texts = served.state.store.repository(REPO).texts
    texts[".github/CODEOWNERS"] = "* @carl\n"
    read(served, con, CLOCK + timedelta(days=1))
    assert table(con, ROWS) == [(1, "*", ["carl"], ".github/CODEOWNERS")]
    texts["docs/CODEOWNERS"] = texts.pop(".github/CODEOWNERS")
    read(served, con, CLOCK + timedelta(days=2))
    assert table(con, ROWS) == [(1, "*", ["carl"], "docs/CODEOWNERS")]
    texts.clear()
    for hours in range(5):
        read(served, con, CLOCK + timedelta(days=3, hours=hours))
    assert table(con, ROWS) == []


@pytest.mark.parametrize("status", [403, 500])
def test_a_refusal_costs_the_owners_alone(serve, con, status, monkeypatch):
    monkeypatch.setattr("roadmap_pipeline.interruption.sleep", lambda _seconds: None)
    content = small_world()
    content.files[REPO] = {".github/CODEOWNERS": "* @ana\n"}
    served = serve(content)
    kind = "bad_gateway" if status >= 500 else "refusal"
    served.state.faults.add(Fault(kind, status, message="Not for you"), path="/contents/", times=100)
    summary, _ = read(served, con)
    assert summary.read["workflow_runs"] == 131
    assert table(con, "select endpoint, item from raw.read_failures") == [("code_owners", "")]
    if status == 403:
        assert any("grant it Contents: read" in note for note in summary.notes)
    served.state.faults.clear()
    read(served, con)
    assert table(con, ROWS) == [(1, "*", ["ana"], ".github/CODEOWNERS")]
    assert table(con, "select * from raw.read_failures") == []
