"""Rendering a text from its template in ``templates``.

Belongs here: the filters that templates have. What a text says belongs to the template and to the module that gathers
its facts.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports import wording

if TYPE_CHECKING:
    from jinja2 import Environment

_BLANK_LINES = re.compile(r"\n{3,}")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Return the Markdown of a template; a fact that it names and that is missing is an error."""
    return _BLANK_LINES.sub("\n\n", _environment().get_template(template).render(facts))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Markdown, not HTML: what strangers wrote is neutralised by the filters `code` and `text`.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("roadmap_pipeline.reports"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=fmt.count,
        percent=fmt.percent,
        hours=fmt.hours,
        seconds=fmt.seconds,
        greyed=fmt.greyed,
        with_n=fmt.with_n,
        several=fmt.several,
        cause=fmt.cause,
        link=fmt.link,
        code=as_code,
        text=escape_markdown,
        title=wording.title,
        failure=wording.failure,
    )
    environment.globals.update(
        difference=fmt.difference,
        MISSING=fmt.MISSING,
        MECHANISMS=wording.MECHANISMS,
        REPAIR_OUTCOMES=wording.OUTCOMES,
        ENDINGS=wording.ENDINGS,
    )
    return environment
