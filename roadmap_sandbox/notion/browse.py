"""The workspace in a browser, read-only: what the teams would see in Notion.

Pages are made from stored blocks, not from Markdown, so they show what was really kept. Every text is escaped; links
go to http, https and mailto addresses only.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from roadmap_sandbox.html import ExtraPage, frame
from roadmap_sandbox.notion.content import tree
from roadmap_sandbox.notion.errors import ApiError
from roadmap_sandbox.notion.markdown import Node
from roadmap_sandbox.notion.objects import page_url
from roadmap_sandbox.notion.reading import plain_value, shown_value
from roadmap_sandbox.notion.records import DataSource, Page, Property, View
from roadmap_sandbox.notion.richtext import RichText, plain
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import dashed
from roadmap_sandbox.notion.views import rows_of

_LONG: Final = 400


def page(store: Store, path: str, extra_pages: Sequence[ExtraPage] = ()) -> str | None:
    """Return the HTML page at a path (``/``, ``/page/<id>``, ``/view/<id>``); None when there is none.

    The first page links ``extra_pages``.
    """
    if path == "/":
        return _index(store, extra_pages)
    match = re.fullmatch(r"/(page|view)/([^/]+)", path)
    id_ = dashed(match[2]) if match else None
    if match and id_ in store.pages and match[1] == "page":
        return _page(store, store.pages[id_])
    if match and id_ in store.views and match[1] == "view":
        return _view(store, store.views[id_])
    return None


# ---------------------------------------------------------------- workspace, views


def _index(store: Store, extra_pages: Sequence[ExtraPage]) -> str:
    parts = ["<h1>Sandbox workspace</h1>", '<p class="soft">A simulated Notion. Nothing here leaves this machine.</p>']
    if extra_pages:
        links = (f'<li><a href="{escape(one.path)}">{escape(one.title)}</a></li>' for one in extra_pages)
        parts.append(f"<h2>Reports as one page</h2><ul>{''.join(links)}</ul>")
    databases = [one for one in store.databases.values() if not store.in_trash(one)]
    if not databases:
        parts.append("<p>No database yet. Run the pipeline to make them.</p>")
    for database in databases:
        parts.append(f"<h2>{escape(plain(database.title))}</h2>")
        if database.description:
            parts.append(f"<p>{_rich(database.description)}</p>")
        rows = sum(
            1
            for source in database.data_sources
            for id_ in store.data_sources[source].rows
            if not store.pages[id_].in_trash
        )
        parts.append(f'<p class="soft">{rows} {"row" if rows == 1 else "rows"}</p><ul>')
        parts.extend(
            f'<li><a href="/view/{view.id}">{escape(view.name)}</a> <span class="soft">{escape(view.type)}</span></li>'
            for view in (store.views[id_] for id_ in database.views)
        )
        parts.append("</ul>")
    tops = [one for one in store.pages.values() if one.parent.kind != "data_source_id" and not store.in_trash(one)]
    parts.append("<h2>Pages</h2><ul>")
    parts.extend(f"<li>{_link(store, one)}</li>" for one in tops)
    parts.append("</ul>")
    return frame("Sandbox workspace", [], "".join(parts))


def _link(store: Store, one: Page) -> str:
    return f'<a href="/page/{one.id}">{escape(store.title(one)) or "Untitled"}</a>'


def _view(store: Store, view: View) -> str:
    database, source = store.databases[view.database_id], store.data_sources[view.data_source_id]
    tabs = " · ".join(
        f"<b>{escape(other.name)}</b>" if other is view else f'<a href="/view/{other.id}">{escape(other.name)}</a>'
        for other in (store.views[id_] for id_ in database.views)
    )
    try:
        rows = rows_of(store, view)
        note = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}"
    except ApiError as error:
        rows, note = [], f"This view no longer fits its database: {error.message}"
    group = source.find(view.configuration["group_by"]["property_id"]) if view.type == "board" else None
    shown = _board(store, rows, group) if group else _table(store, source, rows)
    heading = f'<h1>{escape(plain(database.title))}</h1><p>{tabs}</p><p class="soft">{escape(note)}</p>'
    return frame(f"{view.name} · {plain(database.title)}", [("/", "Workspace")], heading + shown)


def _columns(source: DataSource) -> list[Property]:
    return sorted(source.properties.values(), key=lambda prop: prop.id != "title")


def _table(store: Store, source: DataSource, rows: Iterable[Page]) -> str:
    columns = _columns(source)
    head = "".join(f"<th>{escape(prop.name)}</th>" for prop in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_align(prop)}>{_value(store, row, prop, brief=True)}</td>" for prop in columns) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _align(prop: Property) -> str:
    return ' class="n"' if prop.type == "number" else ""


def _board(store: Store, rows: Sequence[Page], group: Property) -> str:
    names: list[Any] = [option["name"] for option in group.config.get("options", [])]
    values = {row.id: plain_value(store, row, group) for row in rows}
    names.extend(dict.fromkeys(value for value in values.values() if value not in names))
    parts = []
    for name in names:
        cards = [row for row in rows if values[row.id] == name]
        links = "".join(f'<div class="card">{_link(store, row)}</div>' for row in cards)
        title = escape(str(name)) if name not in (None, "") else f"No {escape(group.name)}"
        parts.append(
            f'<section><span class="tag">{title}</span> <span class="soft">{len(cards)}</span>{links}</section>'
        )
    return f'<div class="board">{"".join(parts)}</div>'


# ---------------------------------------------------------------- pages


def _page(store: Store, one: Page) -> str:
    trail = [("/", "Workspace")]
    parts = [f"<h1>{escape(store.title(one)) or 'Untitled'}</h1>"]
    if store.in_trash(one):
        parts.append('<p class="soft">In the trash.</p>')
    above = store.parent_of(one)
    if isinstance(above, DataSource):
        database = store.databases[above.database_id]
        trail.append((f"/view/{database.views[0]}", plain(database.title)))
        rows = "".join(
            f"<tr><th>{escape(prop.name)}</th><td>{_value(store, one, prop)}</td></tr>"
            for prop in _columns(above)
            if prop.type != "title"
        )
        parts.append(f'<table class="props">{rows}</table><hr>')
    elif isinstance(above, Page):
        trail.append((f"/page/{above.id}", store.title(above) or "Untitled"))
    links = {page_url(store, child): f"/page/{child.id}" for child in store.pages.values() if child.id in one.children}
    for id_ in one.children:
        database_ = store.databases.get(id_)
        if database_ is not None:
            links[id_.replace("-", "")] = f"/view/{database_.views[0]}"
    parts.append(_blocks(tree(store, one), links))
    return frame(store.title(one) or "Untitled", trail, "".join(parts))


def _value(store: Store, row: Page, prop: Property, *, brief: bool = False) -> str:
    value = shown_value(store, row, prop)
    match prop.type:
        case "title":
            return _link(store, row)
        case "rich_text":
            return _text_value(value, brief)
        case "number":
            return _number(value, prop.config["format"])
        case "select" | "status":
            return f'<span class="tag">{escape(value["name"])}</span>' if value else ""
        case "multi_select":
            return " ".join(f'<span class="tag">{escape(option["name"])}</span>' for option in value)
        case "date":
            return escape(f"{value['start']} → {value['end']}" if value["end"] else value["start"]) if value else ""
        case "url":
            return _anchor(value, "link" if brief else escape(value)) if value else ""
        case "checkbox":
            return "☑" if value else "☐"
        case "relation":
            return ", ".join(_link(store, store.pages[other["id"]]) for other in value)
        case "created_by" | "last_edited_by":
            return escape(value["name"])
        case _:
            plain_ = plain_value(store, row, prop)
            return "" if plain_ is None else escape(str(plain_)[:_LONG])


def _text_value(items: RichText, brief: bool) -> str:
    text = plain(items)
    if len(text) <= _LONG:
        return _rich(items)
    start = f"{escape(text[:_LONG])}…"
    if brief:
        return f'{start} <span class="soft">{len(text):,} characters</span>'
    return f"<details><summary>{len(text):,} characters</summary><pre>{escape(text)}</pre></details>"


def _number(value: float | None, form: str) -> str:
    if value is None:
        return ""
    return f"{value * 100:.6g}%" if form == "percent" else escape(f"{value:.10g}")


def _anchor(url: str, inner: str) -> str:
    if not re.match(r"(https?://|mailto:)", url, re.IGNORECASE):
        return inner
    return f'<a href="{escape(url)}" rel="noreferrer">{inner}</a>'


def _rich(items: RichText) -> str:
    parts = []
    for item in items:
        text = escape(item["plain_text"]).replace("\n", "<br>")
        styles = item["annotations"]
        for style, tag in (
            ("code", "code"),
            ("bold", "b"),
            ("italic", "i"),
            ("strikethrough", "s"),
            ("underline", "u"),
        ):
            if styles[style]:
                text = f"<{tag}>{text}</{tag}>"
        parts.append(_anchor(item["href"], text) if item["href"] else text)
    return "".join(parts)


_LISTS: Final = {"bulleted_list_item": "ul", "to_do": "ul", "numbered_list_item": "ol"}


def _blocks(nodes: Sequence[Node], links: dict[str, str]) -> str:
    parts: list[str] = []
    opened = ""
    for node in nodes:
        wanted = _LISTS.get(node.type, "")
        if wanted != opened:
            parts.append((f"</{opened}>" if opened else "") + (f"<{wanted}>" if wanted else ""))
            opened = wanted
        parts.append(_block(node, links))
    return "".join(parts) + (f"</{opened}>" if opened else "")


def _block(node: Node, links: dict[str, str]) -> str:
    data = node.data
    inner = _rich(data["rich_text"]) if "rich_text" in data else ""
    below = _blocks(node.children, links) if node.type != "table" else ""
    match node.type:
        case "heading_1" | "heading_2" | "heading_3" | "heading_4":
            # The page's title is the only h1.
            level = min(int(node.type[-1]) + 1, 4)
            return f"<h{level}>{inner}</h{level}>"
        case "bulleted_list_item" | "numbered_list_item":
            return f"<li>{inner}{below}</li>"
        case "to_do":
            return f'<li class="todo">{"☑" if data["checked"] else "☐"} {inner}{below}</li>'
        case "quote":
            return f"<blockquote>{inner}{below}</blockquote>"
        case "toggle":
            return f"<details><summary>{inner}</summary>{below}</details>"
        case "callout":
            icon = escape((data.get("icon") or {}).get("emoji", ""))
            return f'<div class="callout"><span>{icon}</span><div>{inner}{below}</div></div>'
        case "code":
            language = escape(data["language"])
            label = f'<p class="soft">{language}</p>' if language == "mermaid" else ""
            return f'{label}<pre><code class="{language}">{escape(plain(data["rich_text"]))}</code></pre>'
        case "equation":
            return f"<pre>{escape(data['expression'])}</pre>"
        case "divider":
            return "<hr>"
        case "table":
            return _grid(node)
        case "image":
            return f"<p>{_anchor(data['external']['url'], escape(plain(data['caption'])) or 'image')}</p>"
        case "bookmark":
            return f"<p>{_anchor(data['url'], escape(data['url']))}</p>"
        case "child_page" | "child_database":
            digits = data["url"][-32:]
            href = links.get(data["url"]) or links.get(digits, "/")
            return f'<p><a href="{escape(href)}">{escape(data["title"]) or "Untitled"}</a></p>'
        case "table_of_contents":
            return ""
        case _:
            return f"<p>{inner}</p>{below}"


def _grid(node: Node) -> str:
    rows = []
    for index, row in enumerate(node.children):
        tag = "th" if index == 0 and node.data["has_column_header"] else "td"
        rows.append("<tr>" + "".join(f"<{tag}>{_rich(cell)}</{tag}>" for cell in row.data["cells"]) + "</tr>")
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'
