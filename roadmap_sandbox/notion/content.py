"""Requests on the body of a page: blocks, and the body as Markdown."""

import re
from collections.abc import Sequence
from typing import Final

from roadmap_sandbox.notion import markdown
from roadmap_sandbox.notion.blocks import (
    children_shape,
    completed,
    fell,
    living_children,
    nodes_of,
    plant,
    update_shape,
)
from roadmap_sandbox.notion.errors import archived, invalid, not_found
from roadmap_sandbox.notion.markdown import Node
from roadmap_sandbox.notion.objects import block_object, database_url, page_url
from roadmap_sandbox.notion.records import Block, Database, Json, Page
from roadmap_sandbox.notion.requests import Request, paged
from roadmap_sandbox.notion.richtext import from_plain, plain, run
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import (
    Shape,
    array,
    boolean,
    check_body,
    dashed,
    literal,
    record,
    tagged,
    text,
    uuid,
)

_PLACE: Final = record({"type": literal("after_block", "start", "end")}, {"after_block": record({"id": uuid})})
APPEND: Final = record({"children": children_shape}, {"position": _PLACE})

_UPDATE: Final = record({"old_str": text(least=1), "new_str": text()}, {"replace_all_matches": boolean})
WRITE_MARKDOWN: Final[Shape] = tagged(
    {
        "replace_content": record({"new_str": text()}, {"allow_deleting_content": boolean}),
        "update_content": record({"content_updates": array(_UPDATE, least=1)}, {"allow_deleting_content": boolean}),
        "insert_content": record({"content": text()}, {"position": _PLACE}),
    }
)


# ---------------------------------------------------------------- blocks


def list_children(store: Store, request: Request) -> Json:
    """Answer GET /blocks/{id}/children: blocks, child pages and child databases, without those in the trash."""
    holder = store.block(request.params["block_id"])
    children = [] if isinstance(holder, Database) else living_children(store, holder)
    return paged(request, "block", [one.id for one in children], lambda index: block_object(store, children[index]))


def append_children(store: Store, request: Request) -> Json:
    """Carry out PATCH /blocks/{id}/children; returns the blocks of the first level that were made."""
    holder = store.block(request.params["block_id"])
    if isinstance(holder, Database):
        raise invalid("Can't append children to a database. Create a page in its data source instead.")
    store.editable(holder)
    at = _place(holder, request.body.get("position", {"type": "end"}))
    made = plant(store, holder, nodes_of(request.body["children"]), at)
    _touch_page(store, holder)
    return {
        "object": "list",
        "results": [block_object(store, block) for block in made],
        "next_cursor": None,
        "has_more": False,
        "type": "block",
        "block": {},
    }


def _place(holder: Page | Block, position: Json) -> int | None:
    match position["type"]:
        case "start":
            return 0
        case "end":
            return None
        case _:
            after = dashed(position.get("after_block", {}).get("id", "")) or ""
            if after not in holder.children:
                raise invalid(f"Block to append children after is not a child of {holder.id}: {after}")
            return holder.children.index(after) + 1


def _touch_page(store: Store, holder: Page | Block) -> None:
    store.touch(holder)
    page = store.holder(holder) if isinstance(holder, Block) else None
    if page is not None:
        store.touch(page)


def get_block(store: Store, request: Request) -> Json:
    """Answer GET /blocks/{id}; pages and databases answer too."""
    return block_object(store, store.block(request.params["block_id"]))


def update_block(store: Store, request: Request) -> Json:
    """Carry out PATCH /blocks/{id}: content of the block's own type, and ``in_trash``."""
    block = store.block(request.params["block_id"])
    body = request.body
    if not isinstance(block, Block):
        check_body(record(optional={"in_trash": boolean}), body)
        if "in_trash" in body:
            set_trash(store, block, body["in_trash"])
        return block_object(store, block)
    other = next((key for key in body if key not in (block.type, "type", "in_trash", "object")), None)
    if other is not None and isinstance(body[other], dict):
        raise invalid(f"Expected block type {block.type} in request body")
    check_body(update_shape(block.type), body)
    if body.get("in_trash") is not False:
        store.editable(block)
    if "in_trash" in body:
        set_trash(store, block, body["in_trash"])
    if block.type in body:
        block.data = {**block.data, **{k: completed(block.type, body[block.type])[k] for k in body[block.type]}}
    _touch_page(store, block)
    return block_object(store, block)


def delete_block(store: Store, request: Request) -> Json:
    """Carry out DELETE /blocks/{id}: into the trash; of a page or database too."""
    block = store.block(request.params["block_id"])
    store.editable(block)
    set_trash(store, block, True)
    return block_object(store, block)


def set_trash(store: Store, record_: Page | Block | Database, trashed: bool) -> None:
    """Put something into the trash or take it out; 400 when what it stands in is in the trash."""
    above = store.parent_of(record_)
    if above is not None and store.in_trash(above):
        raise archived()
    if record_.in_trash != trashed and isinstance(record_, Page):
        store.list_row(record_, not trashed)
    record_.in_trash = trashed
    store.touch(record_)
    if isinstance(record_, Block):
        _touch_page(store, record_)


# ---------------------------------------------------------------- Markdown


def tree(store: Store, holder: Page | Block) -> list[Node]:
    """Return the body below a page or block."""
    nodes = []
    for child in living_children(store, holder):
        if isinstance(child, Block):
            nodes.append(Node(child.type, child.data, tree(store, child)))
        elif isinstance(child, Page):
            nodes.append(Node("child_page", {"title": store.title(child), "url": page_url(store, child)}))
        else:
            nodes.append(Node("child_database", {"title": plain(child.title), "url": database_url(child.id)}))
    return nodes


def page_markdown(store: Store, page: Page) -> Json:
    """Return a page's body as the API gives it back."""
    source, cut = markdown.write(tree(store, page))
    return {
        "object": "page_markdown",
        "id": page.id,
        "markdown": source,
        "truncated": cut,
        "unknown_block_ids": [],
    }


def _markdown_page(store: Store, id_: str) -> Page:
    if id_ in store.pages:
        return store.page(id_)
    record_ = store.databases.get(id_) or store.data_sources.get(id_) or store.blocks.get(id_)
    if record_ is None or not store.visible(record_):
        raise not_found("page", id_)
    kind = "block" if isinstance(record_, Block) else "database"
    raise invalid(f"Provided ID {id_} is a {kind}, not a page.")


def get_markdown(store: Store, request: Request) -> Json:
    """Answer GET /pages/{id}/markdown."""
    return page_markdown(store, _markdown_page(store, request.params["page_id"]))


def write_markdown(store: Store, request: Request) -> Json:
    """Carry out PATCH /pages/{id}/markdown: replace, update parts, or insert; returns the new body."""
    page = _markdown_page(store, request.params["page_id"])
    store.editable(page)
    body = request.body
    if "insert_content" in body:
        at = _place(page, body["insert_content"].get("position", {"type": "end"}))
        plant(store, page, _bodied(set(), markdown.read(body["insert_content"]["content"]))[0], at)
    else:
        kind = "replace_content" if "replace_content" in body else "update_content"
        command = body[kind]
        if kind == "replace_content":
            source = command["new_str"]
        else:
            source = _updated(markdown.write(tree(store, page))[0], command["content_updates"])
        replace_body(store, page, source, command.get("allow_deleting_content", False))
    store.touch(page)
    return page_markdown(store, page)


def _updated(source: str, updates: Sequence[Json]) -> str:
    for update in updates:
        old = update["old_str"]
        matches = source.count(old)
        if not matches:
            raise invalid(f"Could not find old_str in the page content: {old}")
        if matches > 1 and not update.get("replace_all_matches", False):
            raise invalid(f"Found {matches} matches of old_str; set replace_all_matches or give more context: {old}")
        source = source.replace(old, update["new_str"])
    return source


def replace_body(store: Store, page: Page, source: str, allow_deleting: bool) -> None:
    """Replace a page's body; child pages and databases that the text doesn't name go to the trash, if that's allowed.

    Raises:
        ApiError: 400 naming the children that would be deleted.
    """
    children = [one for one in living_children(store, page) if not isinstance(one, Block)]
    nodes, kept = _bodied({one.id for one in children}, markdown.read(source))
    lost = [one for one in children if one.id not in kept]
    if lost and not allow_deleting:
        names = ", ".join(
            f"{store.title(one) if isinstance(one, Page) else plain(one.title)} ({one.id})" for one in lost
        )
        raise invalid(
            "This operation would delete child pages or databases; set allow_deleting_content to true to do so: "
            + names
        )
    for one in lost:
        set_trash(store, one, True)
    out_of_sight = [id_ for id_ in clear(store, page) if id_ not in kept]
    page.children = []
    for node in nodes:
        if node.type == "kept":
            page.children.append(node.data["id"])
        else:
            plant(store, page, [node])
    page.children.extend(out_of_sight)


def clear(store: Store, page: Page) -> list[str]:
    """Forget a page's blocks; the ids of its child pages and databases."""
    children = [id_ for id_ in page.children if id_ not in store.blocks]
    for id_ in page.children:
        if id_ in store.blocks:
            fell(store, store.blocks[id_])
    return children


def _bodied(living: set[str], nodes: list[Node]) -> tuple[list[Node], set[str]]:
    """Return nodes with ``living`` children marked ``kept``, other mentions of pages as links; and the kept ids."""
    kept: set[str] = set()
    result = []
    for node in nodes:
        if node.type not in ("child_page", "child_database"):
            result.append(Node(node.type, node.data, _linked(node.children)))
            continue
        digits = re.search(r"([0-9a-f]{32})$", node.data["url"].replace("-", ""), re.IGNORECASE)
        id_ = dashed(digits[1]) if digits else None
        if id_ in living and id_ not in kept:
            kept.add(str(id_))
            result.append(Node("kept", {"id": id_}))
        else:
            result.extend(_linked([node]))
    return result, kept


def _linked(nodes: Sequence[Node]) -> list[Node]:
    result = []
    for node in nodes:
        if node.type in ("child_page", "child_database"):
            items = [run(node.data["title"] or node.data["url"], node.data["url"])]
            result.append(Node("paragraph", markdown.rich(items, icon=None)))
        else:
            result.append(Node(node.type, node.data, _linked(node.children)))
    return result


def lift_title(nodes: list[Node]) -> tuple[list[Json], list[Node]]:
    """Return the first heading of level 1 as a title, and the rest: so a page made without title takes its Markdown."""
    for index, node in enumerate(nodes):
        if node.type == "heading_1":
            return node.data["rich_text"], nodes[:index] + nodes[index + 1 :]
    return from_plain(""), nodes


def new_body(store: Store, page: Page, nodes: list[Node]) -> None:
    """Give a new page its body."""
    plant(store, page, _linked(nodes))
