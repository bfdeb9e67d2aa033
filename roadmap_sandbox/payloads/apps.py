"""GitHub Apps and their installations."""

from collections.abc import Mapping

from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload
from roadmap_sandbox.payloads.basics import Time, node_id, timestamp


def github_app(slug: str, id: int, owner: Payload, *, created_at: Time, permissions: Mapping[str, str]) -> Payload:
    """Return an *integration*: a GitHub App."""
    return {
        "id": id,
        "slug": slug,
        "node_id": node_id("A", id),
        "client_id": f"Iv1.{id:016x}",
        "owner": owner,
        "name": slug,
        "description": None,
        "external_url": f"{HTML_ROOT}/apps/{slug}",
        "html_url": f"{HTML_ROOT}/apps/{slug}",
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at),
        "permissions": dict(permissions),
        "events": [],
    }


def installation(app: Payload, *, id: int, account: Payload, selected: bool, created_at: Time) -> Payload:
    """Return an *installation* of an App in ``account``, on all of its repositories or on ``selected`` ones."""
    url = f"{API_ROOT}/app/installations/{id}"
    return {
        "id": id,
        "account": account,
        "repository_selection": "selected" if selected else "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{API_ROOT}/installation/repositories",
        "html_url": f"{HTML_ROOT}/organizations/{account['login']}/settings/installations/{id}",
        "app_id": app["id"],
        "app_slug": app["slug"],
        "target_id": account["id"],
        "target_type": account["type"],
        "permissions": app["permissions"],
        "events": app["events"],
        "created_at": timestamp(created_at),
        "updated_at": timestamp(created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }
