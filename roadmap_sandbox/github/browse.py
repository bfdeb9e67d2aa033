"""The simulated GitHub in a browser, read-only: what people would see of pull requests, issues and their comments.

Under ``/web``, where GitHub's API has nothing. Comments are rendered from their Markdown nearly as GitHub does: tables,
line breaks, the few HTML tags that it lets through; everything else is shown as text.
"""

import re
from html import escape, unescape
from typing import Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.store import Store
from roadmap_sandbox.html import frame

ROOT: Final = "/web"
_TAGS: Final = re.compile(r"&lt;(/?(?:details|summary|sub|sup|kbd|b|i|em|strong|br)) ?/?&gt;")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


def page(store: Store, path: str) -> str | None:
    """Return the HTML page at ``/web``, ``/web/OWNER/NAME/pull/1`` or ``…/issues/1``; None when there is none."""
    if path.rstrip("/") == ROOT:
        return _index(store)
    match = re.fullmatch(rf"{ROOT}/([^/]+/[^/]+)/(?:pull|issues)/(\d+)", path)
    records = match and next((one for one in store.repositories if _name(one) == match[1]), None)
    if not match or not records or int(match[2]) not in records.issues:
        return None
    return _conversation(records, records.issues[int(match[2])])


def _index(store: Store) -> str:
    parts = ["<h1>Sandbox on GitHub</h1>", '<p class="soft">A simulated GitHub. Nothing here leaves this machine.</p>']
    for records in store.repositories:
        shown = [issue for issue in records.issues.values() if issue["state"] == "open" or _comments(records, issue)]
        pulls = [issue for issue in shown if "pull_request" in issue]
        tracking = [issue for issue in shown if any(label["name"] == "tracking" for label in issue["labels"])]
        parts.append(f"<h2>{escape(_name(records))}</h2>")
        for heading, items in (("Pull requests", pulls), ("Tracking issues", tracking)):
            rows = "".join(_row(records, issue) for issue in sorted(items, key=lambda one: -one["number"]))
            parts.append(f"<h3>{heading}</h3>")
            parts.append(f'<div class="scroll"><table>{rows}</table></div>' if rows else '<p class="soft">None.</p>')
    return frame("Sandbox on GitHub", [], "".join(parts))


def _row(records: RepositoryRecords, issue: Payload) -> str:
    comments = _comments(records, issue)
    last = _first_line(comments[-1]["body"]) if comments else ""
    link = f'<a href="{_address(records, issue)}">{escape(issue["title"])}</a>'
    cells = (link, escape(issue["state"]), last)
    return f'<tr><td class="n">#{issue["number"]}</td>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _conversation(records: RepositoryRecords, issue: Payload) -> str:
    labels = " ".join(f'<span class="tag">{escape(label["name"])}</span>' for label in issue["labels"])
    milestone = f" · milestone {escape(issue['milestone']['title'])}" if issue["milestone"] else ""
    parts = [
        f'<h1>{escape(issue["title"])} <span class="soft">#{issue["number"]}</span></h1>',
        f'<p><span class="tag">{escape(issue["state"])}</span> {labels}<span class="soft">{milestone}</span></p>',
        *(_remark(one) for one in (issue, *_comments(records, issue)) if one["body"] or one is not issue),
    ]
    title = f"{issue['title']} · {_name(records)}#{issue['number']}"
    return frame(title, [(ROOT, "Sandbox"), (ROOT, _name(records))], "".join(parts))


def _remark(one: Payload) -> str:
    """Return an issue's text or a comment with who said it and when."""
    login = one["user"]["login"] if one["user"] else "ghost"
    edited = " · edited" if one["updated_at"] != one["created_at"] and "reactions" in one and "title" not in one else ""
    head = f'<p><b>{escape(login)}</b> <span class="soft">{escape(one["created_at"])}{edited}</span></p>'
    return f'<section class="comment">{head}{rendered(one["body"] or "")}</section>'


def _comments(records: RepositoryRecords, issue: Payload) -> list[Payload]:
    return [records.comments[comment_id] for comment_id in records.comments_of.get(issue["number"], ())]


def _address(records: RepositoryRecords, issue: Payload) -> str:
    return f"{ROOT}/{_name(records)}/{'pull' if 'pull_request' in issue else 'issues'}/{issue['number']}"


def _name(records: RepositoryRecords) -> str:
    name: str = records.payload["full_name"]
    return name


# ---------------------------------------------------------------- Markdown


def rendered(markdown: str) -> str:
    """Return a comment's Markdown as HTML: no tag with attributes, no script, links to http, https and mailto only."""
    return str(_parser().render(markdown))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: urlsplit(unescape(url)).scheme in ("http", "https", "mailto", "")  # type: ignore[method-assign]
    parser.add_render_rule("html_block", _some_html)
    parser.add_render_rule("html_inline", _some_html)
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("image", _image)
    return parser


def _some_html(_: RendererHTML, tokens: list[Token], index: int, *_rest: object) -> str:
    return _TAGS.sub(r"<\1>", escape(_COMMENT.sub("", tokens[index].content), quote=False))


def _code(_: RendererHTML, tokens: list[Token], index: int, *_rest: object) -> str:
    language = tokens[index].info.split(maxsplit=1)[0] if tokens[index].info.strip() else ""
    return f'<pre><code class="{escape(language)}">{escape(tokens[index].content)}</code></pre>'


def _image(_: RendererHTML, tokens: list[Token], index: int, *_rest: object) -> str:
    # Nothing is loaded from elsewhere.
    return escape(tokens[index].content or "image")


def _first_line(markdown: str) -> str:
    line = next((line for line in _COMMENT.sub("", markdown).splitlines() if line.strip()), "")
    return str(_parser().renderInline(line))
