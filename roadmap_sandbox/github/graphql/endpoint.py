"""``POST /graphql``: who may ask, what it costs, and the response with its status.

Belongs here: HTTP. Everything that needs ``graphql-core`` is imported with the first query.
"""

from roadmap_sandbox.github.graphql import problems
from roadmap_sandbox.github.messages import ApiError, Quota, Request, Response, json_response, malformed, not_found
from roadmap_sandbox.github.store import Store

_UNLIMITED: Quota = (1_000_000, 1_000_000, 0, 0)
"""The quota of who asks without HTTP."""


def respond(store: Store, request: Request) -> Response:
    """Carry out a query. What is wrong with it is told with status 200, as GraphQL does.

    Raises:
        ApiError: GraphQL is switched off, or isn't for this caller; the body is none.
    """
    switch = store.switches.graphql
    if switch == "404":
        raise not_found()
    user = request.user()
    if switch == "401":
        raise ApiError(401, "Bad credentials")
    if switch == "403":
        raise ApiError(403, "Resource not accessible by personal access token")
    body = request.json()
    text, variables, name = body.get("query"), body.get("variables") or {}, body.get("operationName")
    if not isinstance(text, str) or not text.strip():
        _charge(request, 1)
        raise malformed("A query attribute must be specified and must be a string.")
    if not isinstance(variables, dict):
        _charge(request, 1)
        raise malformed("Variables must be an object.")

    from roadmap_sandbox.github.graphql import execution

    try:
        prepared = execution.prepare(text, variables, name)
    except execution.Refusal as refusal:
        _charge(request, 1)
        return json_response({"errors": refusal.errors})
    quota = _charge(request, prepared.price.points)
    if quota is None:
        return json_response({"errors": [problems.rate_limited(user["id"]).payload()]})
    response, timed_out = execution.carry_out(store, request, prepared, quota)
    answer = store.switches.graphql_timeout
    if timed_out and request.nodes_in_time is None and answer in ("502", "504"):
        return json_response({"data": None, "errors": [problems.timed_out().payload()]}, int(answer))
    return json_response(response)


def _charge(request: Request, points: int) -> Quota | None:
    return _UNLIMITED if request.charge is None else request.charge(points)
