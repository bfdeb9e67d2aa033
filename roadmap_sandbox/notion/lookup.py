"""Requests that look things up across the workspace: users and search."""

from typing import Final

from roadmap_sandbox.notion.databases import is_listed, is_listed_as_trashed
from roadmap_sandbox.notion.errors import INTEGRATION_ID, not_found
from roadmap_sandbox.notion.objects import data_source_object, page_object
from roadmap_sandbox.notion.records import USERS, DataSource, Json, Page
from roadmap_sandbox.notion.requests import Request, paged
from roadmap_sandbox.notion.richtext import plain
from roadmap_sandbox.notion.store import Store
from roadmap_sandbox.notion.validation import boolean, literal, record, text, whole_number

SEARCH: Final = record(
    optional={
        "query": text(),
        "filter": record(
            optional={"property": literal("object"), "value": literal("page", "data_source"), "in_trash": boolean}
        ),
        "sort": record({"direction": literal("ascending", "descending"), "timestamp": literal("last_edited_time")}),
        "start_cursor": text(),
        "page_size": whole_number(least=1),
    }
)


def me(store: Store, request: Request) -> Json:  # noqa: ARG001
    """Answer GET /users/me: the integration."""
    return USERS[INTEGRATION_ID]


def list_users(store: Store, request: Request) -> Json:  # noqa: ARG001
    """Answer GET /users."""
    users = list(USERS.values())
    return paged(request, "user", [user["id"] for user in users], lambda index: users[index])


def get_user(store: Store, request: Request) -> Json:  # noqa: ARG001
    """Answer GET /users/{id}."""
    user = USERS.get(request.params["user_id"])
    if user is None:
        raise not_found("user", request.params["user_id"])
    return user


def search(store: Store, request: Request) -> Json:
    """Answer POST /search: pages and data sources by title, those in the trash only on request; lags as queries do."""
    body = request.body
    condition = body.get("filter", {})
    wanted, trashed = condition.get("value"), condition.get("in_trash", False)
    words = body.get("query", "").casefold()
    hits: list[Page | DataSource] = []
    if wanted != "data_source":
        hits.extend(
            page
            for page in store.pages.values()
            if words in store.title(page).casefold()
            and (is_listed_as_trashed(store, page) if trashed else is_listed(store, page))
        )
    if wanted != "page":
        hits.extend(
            source
            for source in store.data_sources.values()
            if words in plain(source.title).casefold() and store.visible(source) and store.in_trash(source) == trashed
        )
    descending = body.get("sort", {}).get("direction", "descending") == "descending"
    hits.sort(key=lambda one: one.stamps.edited, reverse=descending)

    def show(index: int) -> Json:
        one = hits[index]
        return page_object(store, one) if isinstance(one, Page) else data_source_object(store, one)

    return paged(request, "page_or_data_source", [one.id for one in hits], show)
