"""The output of a log, in the rows and pages of Notion: shown as it reads, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from roadmap_pipeline.reports.weekly import weekly_report
from roadmap_pipeline_tests.reports.test_hostile_logs import CONTROLS, SECRET, history
from roadmap_pipeline_tests.sync.conftest import REPORT, REPORTS, SimulatedServices

NASTY = (
    f"{CONTROLS[0]} <mention-user url='user://1'>x</mention-user> @everyone {CONTROLS[2]}",
    "[x](javascript:alert(1)) ![i](http://evil.example/x.png) https://evil.example $e^x$ `a` ```b",
    "line\nbreak\r\n| new | row |\n## Heading <page url='https://evil.example'>y</page> {color=red}",
)
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def blocks(services: SimulatedServices, parent: str) -> Iterator[dict[str, Any]]:
    """Yield all blocks below a page or block."""
    for block in services.api("GET", f"blocks/{parent}/children?page_size=100")["results"]:
        yield block
        if block["has_children"]:
            yield from blocks(services, block["id"])


def texts(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the text objects of a block, those of a table's cells included."""
    content = block[block["type"]]
    yield from content.get("rich_text", ())
    for cell in content.get("cells", ()):
        yield from cell


@pytest.mark.parametrize("nasty", NASTY)
def test_a_hostile_log_is_harmless_in_rows_and_pages(services: SimulatedServices, nasty: str) -> None:
    with history(nasty).built() as warehouse:
        report = weekly_report(warehouse.con, "2026-W46").content
        (evidence,) = {row[0] for row in warehouse.rows("select evidence from marts.failure_groups")}
    services.sql("update publish.notion_ci_reports set report_content = $report", {"report": report})
    services.sync()
    row = services.row(REPORT, REPORTS)
    assert row["Report Content"] == report
    shown = list(blocks(services, services.page_id(REPORT, REPORTS)))
    parts = [part for block in shown for part in texts(block)]
    assert {part["type"] for part in parts} == {"text"}  # no mention, no equation
    links = {part["href"] for part in parts if part["href"]}
    assert all(link.startswith("https://github.com/") for link in links), links
    assert not {block["type"] for block in shown} & {"image", "embed", "bookmark", "link_preview", "child_page"}
    assert "Heading" not in {
        part["plain_text"] for block in shown if "heading" in block["type"] for part in texts(block)
    }
    for text in (report, *(part["plain_text"] for part in parts)):
        assert SECRET not in text
        assert not INVISIBLE.search(text)
    # It is told as it was written, in code.
    code = [part["plain_text"] for part in parts if part["annotations"]["code"]]
    written = " ".join(evidence.split()).replace("|", "│")
    assert any(len(text) > 15 and written.startswith(text.removesuffix("…")) for text in code)
