"""GitHub's Markdown in Notion's dialect, and fitting text into Notion's limits.

Belongs here: pure functions on text. Notion takes Markdown itself and makes its blocks from it, but reads some of it
differently: lines of a quote are quotes of their own, children are indented by tabs, alerts, footnotes and HTML
comments are unknown, and ``<``, ``{``, ``$`` and ``^`` in prose begin mark-up of its own. Code is never touched.
"""

from roadmap_pipeline.notion.markdown.blocks import to_notion
from roadmap_pipeline.notion.markdown.limits import REPORT_UNITS, TEXT_UNITS, fit, split_utf16, utf16_units

__all__ = ["REPORT_UNITS", "TEXT_UNITS", "fit", "split_utf16", "to_notion", "utf16_units"]
