"""Reports as HTML pages: nothing that strangers write does anything, and nothing is loaded from anywhere."""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import diagrams, quarterly, weekly
from roadmap_pipeline.reports.html import charts
from roadmap_pipeline.reports.html import page as pages
from roadmap_pipeline.reports.quarters import parse_quarter
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import StoredHistory, at
from roadmap_pipeline_tests.reports.histories import fails
from roadmap_pipeline_tests.reports.markdown import HOSTILE

OURS = {
    "html", "head", "meta", "title", "style", "body", "main", "nav", "h1", "h2", "h3", "p", "a", "ul", "ol", "li",
    "div", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "em", "strong", "figure", "script", "hr", "br",
    "blockquote", "h4", "h5", "h6", "img",
}  # fmt: skip
"""Elements that Markdown and the page are made of."""

ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "id", "class", "role", "aria-label", "href", "style", "type",
    "start", "src", "alt", "title",
}  # fmt: skip

NASTY = (*HOSTILE, "</script><script>alert(1)</script>", "\u2028\u2029", "<!--<script>", "x" * 5_000, "\u202eabc" * 500)


@dataclass
class Seen(HTMLParser):
    """The parts of a page, as a browser would read them."""

    scripts: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    policy: str = ""
    text: str = ""
    inside: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.add(tag)
        self.attributes |= set(values)
        if tag == "script":
            self.inside = "data" if values.get("type") == "application/json" else "script"
        if "href" in values:
            self.links.append(values["href"] or "")
        if "src" in values:
            self.sources.append(values["src"] or "")
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            getattr(self, "data" if self.inside == "data" else "scripts").append(data)
        else:
            self.text += data


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser


def assert_harmless_page(html: str) -> Seen:
    """Assert that a page runs its own two scripts and no other, loads nothing, and links to the web only."""
    found = seen(html)
    assert found.elements <= OURS, found.elements - OURS
    assert found.attributes <= ATTRIBUTES, found.attributes - ATTRIBUTES
    assert found.sources == []
    assert all(link.startswith(("https://", "http://", "#s")) for link in found.links), found.links
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in found.scripts]
    assert len(hashes) == 2
    assert found.policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src "
        + " ".join(hashes)
        + "; base-uri 'none'"
    )
    for data in found.data:
        assert json.loads(data)["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    return found


@pytest.fixture
def short_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the charts' script, which has nearly a megabyte to be read for each of many pages."""
    monkeypatch.setattr(pages, "_library", lambda: "window.vegaEmbed = async () => {};")


def milestone(title: str, **values: Any) -> dict[str, Any]:
    return {
        "notion_title": title, "number": 1, "created_at": at("07-01 00:00"), "due_date": date(2026, 9, 1),
        "closed_at": None, "outcome": "carried", "open_items_at_end": 3,
    } | values  # fmt: skip


def drawn(title: str) -> dict[str, charts.Spec]:
    """Return the chart of one milestone's time."""
    names = {"completed": "completed", "dropped": "dropped", "carried": "carried over", "later": "due later"}
    spec = charts.timeline([milestone(title)], date(2026, 9, 30), names)
    assert spec is not None
    return {"gantt": spec}


@pytest.mark.usefixtures("short_library")
@given(st.one_of(st.text(max_size=200), st.sampled_from(NASTY), st.lists(st.sampled_from(NASTY)).map(" ".join)))
@settings(max_examples=60)
def test_text_of_strangers_shows_and_does_nothing(text: str) -> None:
    content = "\n".join([
        "# Report", "", escape_markdown(text), "", f"- {as_code(text, 5_000)}", "",
        "| a | b |", "|---|---|", f"| {escape_markdown(text)} | {as_code(text, 200)} |", "",
        diagrams.timeline([milestone(text)], date(2026, 9, 30)),
    ])  # fmt: skip
    found = assert_harmless_page(pages.page(content, drawn(text)))
    (spec,) = map(json.loads, found.data)
    assert len(spec["data"]["values"][0]["milestone"]) <= 32


@pytest.mark.usefixtures("short_library")
@given(st.one_of(st.text(max_size=300), st.sampled_from(NASTY), st.lists(st.sampled_from(NASTY)).map("\n\n".join)))
@settings(max_examples=60)
def test_even_markdown_of_strangers_runs_and_loads_nothing(text: str) -> None:
    found = seen(pages.page(text, {}))
    assert found.elements <= OURS, found.elements - OURS
    assert found.attributes <= ATTRIBUTES
    assert len(found.scripts) == 2
    assert all(link.startswith(("https://", "http://", "#s")) for link in found.links)


@given(st.one_of(st.text(max_size=200), st.sampled_from(NASTY)))
def test_a_label_of_a_diagram_is_never_grammar(text: str) -> None:
    label = diagrams.label(text, "Milestone 1")
    assert re.fullmatch(r"[\w .,()/-]{1,40}", label)
    lines = diagrams.timeline([milestone(text)], date(2026, 9, 30)).splitlines()
    assert lines[6:] == [
        f"    section {label}",
        "    planned :p0, 2026-07-01, 2026-09-01",
        "    actual :crit, a0, 2026-07-01, 2026-09-30",
        "```",
    ]


def hostile_history() -> StoredHistory:
    history = StoredHistory()
    for number, nasty in enumerate(NASTY, start=1):
        history.milestone(nasty, number, created_at=at("07-01 00:00"), due_on=at("09-01 00:00"))
        fails(history, "11-10 10:00", job=nasty, evidence=nasty, fingerprint=f"n{number}")
        fails(history, "11-10 11:00", "network", job=nasty, evidence=nasty, fingerprint=f"n{number}")
        fails(history, "08-10 10:00", job=nasty, evidence=nasty, fingerprint=f"n{number}")
        history.run("11-03 10:00", sha=f"s{number}")
    return history


@pytest.mark.usefixtures("short_library")
def test_a_hostile_organisation_is_harmless_on_both_pages() -> None:
    with hostile_history().built() as warehouse:
        week = weekly.weekly_facts(warehouse.con, "2026-W46")
        quarter = quarterly.quarterly_facts(warehouse.con, parse_quarter("Q3-2026"))
    page = assert_harmless_page(pages.page(weekly.report_of(week).content, charts.weekly(week)))
    assert len(page.data) == 2
    page = assert_harmless_page(pages.page(quarterly.report_of(quarter).content, charts.quarterly(quarter)))
    assert json.loads(page.data[0])["data"]["values"][0]["outcome"] == "carried over"
    assert "<script>alert(1)</script>" in page.text  # shown as it was written


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pages._library.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'roadmap_pipeline\[html\]'$"):
        pages.page("# Report", {})


@pytest.mark.parametrize(
    "make",
    [
        lambda con: (weekly.report_of, charts.weekly, weekly.weekly_facts(con, "2026-W46")),
        lambda con: (
            quarterly.report_of,
            charts.quarterly,
            quarterly.quarterly_facts(con, parse_quarter("Q3-2026")),
        ),
    ],
    ids=["weekly", "quarterly"],
)
def test_the_organisations_page_has_its_charts_in_one_file(ran: Ran, make: Callable[[Any], Any]) -> None:
    with ran.runtime() as runtime, runtime.warehouse.connect() as con:
        report_of, specs_of, facts = make(con)
    report, specs = report_of(facts), specs_of(facts)
    html = pages.page(report.content, specs)
    found = assert_harmless_page(html)
    assert len(found.data) == len(specs) == report.content.count("```mermaid") >= 2
    assert "vegaEmbed" in found.scripts[0]
    assert len(html.encode()) < 1_500_000
    assert len(report.content.encode("utf-16-le")) // 2 <= 190_000
    for heading in re.findall(r"^## (.*)", report.content, re.MULTILINE):
        assert heading in found.text
    values = json.loads(next(data for data in found.data if "end" not in data or "rate" in data))["data"]["values"]
    assert values
