"""The body of a page: Markdown in GitHub's dialect in, Notion's out.

Belongs here: the requests. How the dialects differ belongs to ``markdown``.
"""

from collections.abc import Mapping
from typing import Any

from roadmap_pipeline.notion.client import NotionClient, NotionError
from roadmap_pipeline.notion.ids import notion_id
from roadmap_pipeline.notion.markdown import to_notion


def replace_body(client: NotionClient, page_id: str, markdown: str) -> str:
    """Put ``markdown``, in GitHub's dialect, in place of the page's whole body, and return it as Notion normalised it.

    Pages and databases that people put inside are never deleted: Notion then refuses.

    Raises:
        NotionError: Notion did not take all of it.
    """
    answer = client.request(
        "PATCH",
        f"pages/{notion_id(page_id)}/markdown",
        body={"type": "replace_content", "replace_content": {"new_str": to_notion(markdown)}},
    )
    return _whole_body(answer, page_id)


def read_body(client: NotionClient, page_id: str) -> str:
    """Return the page's body in Notion's dialect, as Notion normalised it; never compare it with what was written.

    Raises:
        NotionError: Notion gives only a part of it.
    """
    return _whole_body(client.request("GET", f"pages/{notion_id(page_id)}/markdown"), page_id)


def _whole_body(answer: Mapping[str, Any], page_id: str) -> str:
    if answer.get("truncated") or answer.get("unknown_block_ids"):
        unknown = len(answer.get("unknown_block_ids") or ())
        raise NotionError(
            f"Notion: the body of page {page_id} is not whole (cut off: {bool(answer.get('truncated'))},"
            f" blocks that cannot be shown: {unknown}); make the report shorter",
            code="body_incomplete",
        )
    return str(answer["markdown"])
