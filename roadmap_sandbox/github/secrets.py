"""The names of secrets that workflows get; their values are nowhere, as on GitHub.

Belongs here: listing. Who may list them is asked here too, since rights to secrets are apart from those to Actions.
"""

from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import ApiError, Request, Response
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.store import Store

routes = Router()


@routes.add("GET", "actions/secrets")
def list_secrets(store: Store, request: Request, records: RepositoryRecords) -> Response:
    """List the secrets of the repository itself."""
    _require_rights(request)
    names = records.secrets
    return listed(request, records.path("actions/secrets"), _payloads(store, names), wrapped_as="secrets")


@routes.add("GET", "actions/organization-secrets")
def list_organization_secrets(store: Store, request: Request, records: RepositoryRecords) -> Response:
    """List those of its owner that the repository gets."""
    _require_rights(request)
    names = records.organization_secrets
    path = records.path("actions/organization-secrets")
    return listed(request, path, _payloads(store, names), wrapped_as="secrets")


def _require_rights(request: Request) -> None:
    caller = request.caller
    if caller is None or not caller.may_write or not caller.may_push or not caller.may(("secrets",), "read"):
        raise ApiError(403, "Resource not accessible by integration")


def _payloads(store: Store, names: list[str]) -> list[Payload]:
    now = store.now()
    return [{"name": name, "created_at": now, "updated_at": now} for name in sorted(names)]
