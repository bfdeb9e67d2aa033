"""The charts of reports as pictures (PNG), for where no page of ours is shown: the metadata of assets in the UI.

Belongs here: drawing a specification of ``charts`` with the package vl-convert-python (extra ``html``), which needs no
browser. GitHub and Notion draw the reports' own diagrams.
"""

import logging
from base64 import b64encode
from collections.abc import Mapping

from roadmap_pipeline.reports.html.charts import Spec

logger = logging.getLogger(__name__)

_WIDTH = 520
_DOTS_PER_INCH = 72
_CONFIG = {"background": "white", "padding": 12, "font": "sans-serif"}
"""Readable in the light and in the dark UI."""


def pictures(charts: Mapping[str, Spec]) -> dict[str, str]:
    """Return the charts as Markdown images by their descriptions; none where the package isn't installed.

    The picture is within the text (``data:``), so that whoever shows it loads nothing.
    """
    try:
        import vl_convert
    except ModuleNotFoundError:
        return {}
    drawn: dict[str, str] = {}
    for spec in charts.values():
        sized = {key: value for key, value in spec.items() if key != "width"} | {"width": _WIDTH, "config": _CONFIG}
        try:
            picture = vl_convert.vegalite_to_png(sized, ppi=_DOTS_PER_INCH)
        except ValueError:
            logger.warning("The chart %r can't be drawn", spec["description"], exc_info=True)
            continue  # a report is no worse without its preview
        name = str(spec["description"])
        drawn[name] = f"![{name}](data:image/png;base64,{b64encode(picture).decode()})"
    return drawn
