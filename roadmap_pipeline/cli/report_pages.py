"""The reports that the sandbox's first page links, as HTML pages.

Belongs here: which they are, and what stands in their place while one can't be made. They are made from the readers'
snapshot whenever somebody opens them.
"""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from roadmap_pipeline import pipeline
from roadmap_pipeline.errors import EXPECTED_ERRORS, in_one_line

if TYPE_CHECKING:
    from roadmap_pipeline.sandbox import Page
    from roadmap_pipeline.settings import Settings


def report_pages() -> "list[Page]":
    """Return path, title and maker of each page."""
    return [
        (
            "/reports/weekly.html",
            "CI report of the last week",
            _page(lambda settings: pipeline.preview_report_page(settings)[1]),
        ),
        (
            "/reports/quarterly.html",
            "Roadmap report of the last quarter",
            _page(lambda settings: pipeline.preview_quarter_page(settings)[1]),
        ),
    ]


def _page(make: "Callable[[Settings], str]") -> Callable[[], str]:
    def content() -> str:
        from roadmap_pipeline.sandbox import at_rest
        from roadmap_pipeline.settings import load_settings

        try:
            return make(at_rest(load_settings()))
        except EXPECTED_ERRORS as error:
            return f'<!doctype html><meta charset="utf-8"><p>{escape(in_one_line(error) or str(error))}</p>'

    return content
