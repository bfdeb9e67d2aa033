"""A report as one static HTML page: its Markdown as text and tables, its diagrams as interactive charts.

Belongs here: putting the page together so that nothing in it can do anything but show: Markdown without HTML, links to
http and https only, and a content security policy that lets run the two scripts that are ours, and load nothing. What a
report says is in its Markdown, what is drawn in :mod:`.charts`. The script of the charts comes with the package
vl-convert-python (extra ``html``), one file without dependencies: the page has 0.9 MB instead of Plotly's 4.8 MB.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.reports.html.charts import Spec

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

NOT_INSTALLED = "HTML reports need vl-convert-python, which is not installed: pip install 'roadmap_pipeline[html]'"

_WEB = re.compile(r"https?://")
_KIND = re.compile(r"(?:%%.*\n)*([a-z]+)")
_TITLE = re.compile(r"\A# (.+)$", re.MULTILINE)


def page(content: str, charts: Mapping[str, Spec]) -> str:
    """Return the page of a report.

    Args:
        content: The report as Markdown.
        charts: Vega-Lite specifications by the kind of diagram in whose place they are drawn: xychart, pie, gantt.

    Raises:
        ConfigurationError: The package that carries the charts' script is not installed.
    """
    scripts = [_library(), _resource("page.js")]
    found = _TITLE.search(content)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes}; base-uri 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(found[1] if found else 'Report')}</title><style>{_resource('page.css')}</style></head>"
        f"<body><main>{_body(content, charts)}</main>"
        + "".join(f"<script>{script}</script>" for script in scripts)
        + "</body></html>\n"
    )


def _body(content: str, charts: Mapping[str, Spec]) -> str:
    """Return the Markdown as HTML, with a list of its sections after the first lines."""
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.validateLink = _is_web_link  # type: ignore[method-assign,assignment]
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    tokens = parser.parse(content)
    sections: list[tuple[int, str]] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", f"s{len(sections) + 1}")
            sections.append((at, tokens[at + 1].content))
    if len(sections) > 3:
        links = "".join(
            f'<a href="#s{number}">{escape(name)}</a>' for number, (_, name) in enumerate(sections, start=1)
        )
        tokens.insert(sections[0][0], Token("html_block", "", 0, content=f"<nav>{links}</nav>\n"))
    return str(parser.renderer.render(tokens, parser.options, {"charts": charts}))


def _is_web_link(address: str) -> bool:
    return _WEB.match(address) is not None


def _fence(_self: "RendererHTML", tokens: "Sequence[Token]", at: int, _options: object, env: Any) -> str:
    """Return a diagram as a chart, and what is no diagram, or has no chart, as code."""
    token = tokens[at]
    kind = _KIND.match(token.content)
    spec = env["charts"].get(kind[1]) if kind and token.info.strip() == "mermaid" else None
    if spec is None:
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    # Inside a script only "</" and "<!--" have a meaning; no "<" is left.
    data = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    return (
        f'<figure><div class="chart" role="img" aria-label="{escape(str(spec["description"]))}"></div>'
        f'<script type="application/json">{data}</script></figure>\n'
    )


@cache
def _library() -> str:
    """Return the script that draws charts."""
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise ConfigurationError(NOT_INSTALLED) from error
    bundle = vl_convert.javascript_bundle(None)  # type: ignore[arg-type]  # None is its default
    return str(bundle).replace("</script", "<\\/script")


@cache
def _resource(name: str) -> str:
    return (files("roadmap_pipeline.reports") / "templates" / name).read_text(encoding="utf-8").strip()
