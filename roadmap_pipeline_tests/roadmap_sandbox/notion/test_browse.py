"""The pages for a browser: complete, linked, escaped, read-only."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx

from roadmap_pipeline_tests.roadmap_sandbox.notion.conftest import Bench, text, title

BODY = """## Summary <script>alert(1)</script>

| rule | points |
|---|--:|
| **pass** | 25 |

```mermaid
pie title "A <b>"
```

> quoted<br>twice
- one
\t- two
1. first
- [x] done

<callout icon="⚠️">
\tcareful
</callout>
[bad](javascript:alert(1)) and [good](https://x.example/?a=1&b=2)
"""


class _Checked(HTMLParser):
    """A collector of links and tags, which fails on tags that don't close."""

    VOID = frozenset({"meta", "hr", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.links.extend(value or "" for name, value in attrs if name == "href")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _get(bench: Bench, path: str) -> tuple[str, _Checked]:
    response = httpx.get(bench.base_url + path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    checked = _Checked()
    checked.feed(response.text)
    assert checked.open == []
    # The one script draws diagrams, and no other may run.
    drawn_by = [b64encode(sha256(script.encode()).digest()).decode() for script in checked.scripts]
    assert len(drawn_by) == ('<code class="mermaid">' in response.text)
    policy = response.headers["content-security-policy"]
    assert re.findall("'sha256-([^']+)'", policy) == drawn_by or not drawn_by
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
    return response.text, checked


def _filled(bench: Bench) -> str:
    """Make two databases with rows and views; returns the id of the report."""
    _, reports = bench.database(title="CI <Intelligence> Reports")
    relation = {"relation": {"data_source_id": reports, "single_property": {}}}
    schema = {
        "Name": {"title": {}},
        "Status": {"select": {"options": [{"name": "Planned"}]}},
        "Progress": {"number": {"format": "percent"}},
        "Health": relation,
        "Content": {"rich_text": {}},
        "Link": {"url": {}},
        "Due": {"date": {}},
    }
    database, roadmap = bench.database(schema, "Roadmap")
    report: Any = bench.client.pages.create(
        parent={"data_source_id": reports}, properties={"Name": title("R & D")}, markdown=BODY
    )
    bench.row(
        roadmap,
        Name=title("Stage 7.3"),
        Status={"select": {"name": "Planned"}},
        Progress={"number": 0.55},
        Health={"relation": [{"id": report["id"]}]},
        Content={"rich_text": text("x" * 1500)},
        Link={"url": "javascript:alert(1)"},
        Due={"date": {"start": "2026-12-01"}},
    )
    bench.row(roadmap, Name=title("Idea"))
    group = {"type": "select", "property_id": "Status", "sort": {"type": "manual"}}
    bench.client.views.create(
        data_source_id=roadmap,
        database_id=database,
        name="Board",
        type="board",
        configuration={"type": "board", "group_by": group},
    )
    bench.client.views.create(
        data_source_id=roadmap,
        database_id=database,
        name="Late",
        type="table",
        filter={"property": "Progress", "number": {"greater_than": 0.9}},
    )
    return str(report["id"])


def test_everything_is_reached_from_the_start(bench: Bench) -> None:
    report_id = _filled(bench)
    dump = bench.state.dump()
    seen: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path], checked = _get(bench, path)
        assert not any(link.startswith("javascript") for link in checked.links)
        waiting.extend(link for link in checked.links if link.startswith("/"))
    pages = {path for path in seen if path.startswith("/page/")}
    views = {path for path in seen if path.startswith("/view/")}
    assert (len(pages), len(views)) == (4, 4)
    assert "CI &lt;Intelligence&gt; Reports" in seen["/"]
    shown = seen[f"/page/{report_id}"]
    assert "&lt;script&gt;" in shown
    assert re.search(r"<th>rule</th>.*<td><b>pass</b></td>", shown)
    assert "pie title &quot;A &lt;b&gt;&quot;" in shown
    assert 'href="https://x.example/?a=1&amp;b=2"' in shown
    assert "quoted<br>twice" in shown
    assert "<li>one<ul><li>two</li></ul></li>" in shown
    board = next(text for text in seen.values() if 'class="board"' in text)
    assert "No Status" in board
    late = next(text for text in seen.values() if "<b>Late</b>" in text)
    assert "0 rows" in late
    roadmap_row = next(text for text in seen.values() if "<h1>Stage 7.3</h1>" in text)
    assert "55%" in roadmap_row
    assert "2026-12-01" in roadmap_row
    assert "1,500 characters" in roadmap_row
    assert bench.state.dump() == dump
    assert not any(entry.path.startswith("/page") for entry in bench.state.journal)


def test_a_view_whose_property_is_gone_says_so(bench: Bench) -> None:
    database, source = bench.database({"Name": {"title": {}}, "Num": {"number": {}}})
    condition = {"property": "Num", "number": {"greater_than": 1}}
    view: Any = bench.client.views.create(
        data_source_id=source, database_id=database, name="V", type="table", filter=condition
    )
    bench.state.delete_property(source, "Num")
    page, _ = _get(bench, f"/view/{view['id']}")
    assert "no longer fits" in page


def test_what_is_not_there_is_a_404_page(bench: Bench) -> None:
    for path in ("/page/x", "/page/5a11d0c500004000800000000000dead", "/nothing", "/page/%3Cscript%3E"):
        response = httpx.get(bench.base_url + path)
        assert response.status_code == 404
        assert "script" not in response.text
    assert httpx.post(bench.base_url + "/").status_code == 405
