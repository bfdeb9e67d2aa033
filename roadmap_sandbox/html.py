"""The parts that pages of both simulators share in a browser: the frame, the style, and how diagrams are drawn.

Belongs here: nothing that knows what is on a page. Mermaid is drawn by its public script where there is a network; else
its source stays to be read. No script of others is part of the project.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#37352f;--soft:#787774;--line:#e9e9e7;--tint:#f7f6f3;--paper:#fff;--link:#2b6cb0}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e4;--soft:#9b9a97;--line:#373737;--tint:#262626;--paper:#191919;
--link:#7fb3e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,"Segoe UI",Helvetica,
Arial,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
nav{font-size:.875rem;color:var(--soft);margin-bottom:1.5rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 1rem}h2{margin:2rem 0 .5rem;font-size:1.4rem}
h3{margin:1.6rem 0 .4rem;font-size:1.15rem}h4{margin:1.2rem 0 .3rem}
.scroll{overflow-x:auto}.scroll table{width:max-content}.scroll td{max-width:24rem}
table{border-collapse:collapse;margin:.6rem 0;font-size:.9rem}
th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
th{background:var(--tint);font-weight:600;white-space:nowrap}
.props{width:100%}.props th{width:14rem;background:none;color:var(--soft);font-weight:500}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
pre{background:var(--tint);border-radius:6px;padding:.9rem 1rem;overflow-x:auto;font-size:.83rem;line-height:1.45}
code{font-family:ui-monospace,"Cascadia Code",Menlo,Consolas,monospace;font-size:.9em}
:not(pre)>code{background:var(--tint);border-radius:4px;padding:.1em .3em}
blockquote{border-left:3px solid var(--ink);margin:.4rem 0;padding:.1rem 0 .1rem 1rem}
.callout{background:var(--tint);border-radius:6px;padding:.8rem 1rem;margin:.6rem 0;display:flex;gap:.7rem}
.tag{display:inline-block;border-radius:4px;padding:0 .45em;background:var(--tint);border:1px solid var(--line)}
.board{display:flex;gap:1rem;align-items:flex-start;overflow-x:auto}.board section{min-width:15rem;flex:1}
.card{display:block;border:1px solid var(--line);border-radius:6px;padding:.5rem .7rem;margin:.5rem 0}
.soft{color:var(--soft);font-size:.875rem}.todo{list-style:none;margin-left:-1.2rem}
.comment{border:1px solid var(--line);border-radius:6px;padding:.2rem 1rem .6rem;margin:1rem 0}
hr{border:0;border-top:1px solid var(--line);margin:1.5rem 0}p{margin:.45rem 0}
"""

_MERMAID_HOST: Final = "https://cdn.jsdelivr.net"
_DRAW_DIAGRAMS: Final = f"""
import mermaid from "{_MERMAID_HOST}/npm/mermaid@11/dist/mermaid.esm.min.mjs";
const dark = matchMedia("(prefers-color-scheme:dark)").matches;
// Its own first colour of a plot is nearly white.
const themeVariables = {{xyChart: {{plotColorPalette: "#2b6cb0, #c05621, #2f855a"}}}};
mermaid.initialize({{startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "default", themeVariables}});
for (const [number, source] of document.querySelectorAll("pre > code.mermaid").entries()) {{
  const drawn = document.createElement("figure");
  drawn.innerHTML = (await mermaid.render(`diagram-${{number}}`, source.textContent)).svg;
  source.parentElement.replaceWith(drawn);
}}
"""
_DRAWN_BY_SCRIPT: Final = f"sha256-{b64encode(sha256(_DRAW_DIAGRAMS.encode()).digest()).decode()}"

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline';"
        f" script-src '{_DRAWN_BY_SCRIPT}' {_MERMAID_HOST}; font-src {_MERMAID_HOST}"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Of every page: the one script that may run is the one above, and what it loads."""


EXTRA_HEADERS: Final = {key: value for key, value in HEADERS.items() if key != "Content-Security-Policy"}
"""Of pages that come from elsewhere: they bring a policy of their own."""


@dataclass(frozen=True, slots=True)
class ExtraPage:
    """A page that the host program shows beside the simulator's: made anew each time that it is asked for."""

    path: str
    title: str
    content: Callable[[], str]


def not_found(home: str, name: str) -> str:
    """Return what a wrong address shows, with a link to the page ``name`` at ``home``."""
    return frame("Not found", [(home, name)], "<h1>Not found</h1><p>There is no such page here.</p>")


def frame(title: str, trail: Sequence[tuple[str, str]], body: str) -> str:
    """Return a whole page; ``trail`` are the addresses and names of the pages above it. ``body`` is HTML."""
    links = " / ".join(f'<a href="{escape(href)}">{escape(text)}</a>' for href, text in trail)
    script = f'<script type="module">{_DRAW_DIAGRAMS}</script>' if '<code class="mermaid">' in body else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<nav>{links}</nav>{body}</main>{script}</body></html>"
    )
