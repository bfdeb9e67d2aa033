"""The one question in GraphQL that REST can't answer: who is asking, of a token that may not ask ``/user``.

Everything else that GraphQL knows belongs to no client of this project, and is refused as an unknown field is.
"""

import re

from roadmap_sandbox.github.messages import Request, Response, json_response, malformed

_VIEWER = re.compile(r"\s*(query\b[^{]*)?\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*\Z")


def query(request: Request) -> Response:
    """Carry out a query; what is wrong with it is told with status 200, as GraphQL does."""
    user = request.user()
    text = request.json().get("query")
    if not isinstance(text, str):
        raise malformed("A query attribute must be specified and must be a string.")
    if _VIEWER.match(text):
        return json_response({"data": {"viewer": {"login": user["login"]}}})
    problem = {"type": "undefinedField", "message": "the simulated GitHub answers { viewer { login } } only"}
    return json_response({"errors": [problem]})
