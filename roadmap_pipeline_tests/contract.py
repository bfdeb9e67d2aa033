"""Every request to a simulated GitHub and every answer of it, held against GitHub's own description of its API.

Belongs here: reading the description, what of it is known to be wrong (each with its reason), and the middleware that
looks at what passes. ``conftest.py`` puts it before every simulator that this process serves. Without the description
(../shared) nothing is checked. Answers that a fault made are told by the fault's mark and not looked at.
"""

import gzip
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs
import orjson

from roadmap_sandbox.server import fault_of

DESCRIPTION = Path(__file__).parents[1].parent / "shared/data/openapi/github_slice_api23.0.2.json.gz"
ROOT = "https://api.github.com"

_ANYWHERE = "an answer that any operation may give; the description names it for a few"
KNOWN_STATUSES: tuple[tuple[str, str, int, str], ...] = (
    ("GET", ".*", 301, "a repository that was renamed answers so on every path below it"),
    ("GET", ".*", 304, "conditional requests work on every read"),
    (".*", ".*", 400, "a body that isn't JSON is refused before the operation sees it"),
    (".*", ".*", 401, _ANYWHERE),
    (".*", ".*", 403, f"{_ANYWHERE}: missing rights and rate limits"),
    (".*", ".*", 404, f"{_ANYWHERE}: what isn't there or may not be seen"),
    (".*", ".*", 429, "rate limits are answered by 403 or 429"),
    ("GET", r".*/logs", 410, "a log that has expired"),
    ("GET", r".*/issues/comments/\{comment_id\}", 410, "a comment of a deleted issue"),
    ("GET", r".*/actions/.*runs", 422, "lists of runs are cut, and refuse filters that they don't know"),
    ("GET", r".*/commits/.*", 422, "no commit of this name"),
    ("POST|PATCH|PUT", ".*", 422, f"{_ANYWHERE}: a body that doesn't fit"),
    ("DELETE", r".*/issues/comments/\{comment_id\}/pin", 422, "pull requests have no pinned comments"),
    (".*", r".*/issues/.*", 301, "an issue that was transferred"),
    (".*", r".*/issues/.*", 410, "an issue that was deleted"),
)
"""What GitHub answers and the description leaves out: method, path template (regular expressions), status, reason."""

NOT_IN_THE_SLICE: dict[str, str] = {
    "/app/installations": "how a GitHub App finds where it is installed",
    "/app/installations/{installation_id}": "an installation, as its App sees it",
    "/graphql": "GraphQL isn't described by OpenAPI",
}
"""Paths that GitHub has and the slice of its description doesn't, with the reason why they are asked for."""

KNOWN_OF_OLD_PAYLOADS: tuple[tuple[str, str], ...] = (
    (r'workflow_runs/\d+: "display_title" is a required property', "runs before late 2022 have none"),
)
"""Where recorded payloads differ from today's description (regular expression, reason): tests marked
``old_payloads`` serve such."""

_FRONT_DOOR = b"Request forbidden by administrative rules"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Violation:
    """Where something that passed differs from the description."""

    operation: str
    problem: str
    in_request: bool

    @property
    def of_old_payloads(self) -> bool:
        """Whether it is one that recorded payloads are known for."""
        return not self.in_request and any(re.search(known, self.problem) for known, _ in KNOWN_OF_OLD_PAYLOADS)

    def __str__(self) -> str:
        return f"{self.operation}: {'request' if self.in_request else 'answer'}: {self.problem}"


def told(violations: list[Violation]) -> str:
    """Violations in words, the first few of them."""
    more = len(violations) - _SHOWN
    lines = [str(violation) for violation in violations[:_SHOWN]] + ([f"and {more} more"] if more > 0 else [])
    return "\n".join(["against GitHub's description of its API:", *lines])


@dataclass(slots=True)
class _Operation:
    name: str
    path_parameters: dict[str, Any]
    query: dict[str, Any]
    described: dict[str, Any]


class Contract:
    """The description, with validators made when they are first needed."""

    def __init__(self, description: Path = DESCRIPTION) -> None:
        document = json.loads(gzip.decompress(description.read_bytes()))
        _correct(document)
        document = _as_json_schema(document)
        self._components = document["components"]
        self._paths: dict[str, Any] = document["paths"]
        self._templates = sorted(
            ((re.compile(re.sub(r"\{\w+\}", "([^/]+)", path) + r"\Z"), path) for path in self._paths),
            key=lambda entry: entry[1].count("{"),
        )
        self.operation = cache(self._operation)
        self.validator = cache(self._validator)
        self._seen: set[tuple[str, int, int]] = set()

    def _resolved(self, part: Any) -> Any:
        while "$ref" in part:
            part = self._components[part["$ref"].split("/")[2]][part["$ref"].split("/")[3]]
        return part

    def _operation(self, method: str, template: str) -> _Operation | None:
        described = self._paths[template].get(method.lower())
        if described is None:
            return None
        parameters = [
            self._resolved(part)
            for part in (*self._paths[template].get("parameters", ()), *described.get("parameters", ()))
        ]
        by_place = {
            place: {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == place}
            for place in ("path", "query")
        }
        return _Operation(f"{method} {template}", by_place["path"], by_place["query"], described)

    def _validator(self, schema: str) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            {**orjson.loads(schema), "components": self._components}, validate_formats=True
        )

    def _errors(self, schema: Any, value: Any) -> Iterator[str]:
        for error in self.validator(orjson.dumps(schema).decode()).iter_errors(value):
            place = "/".join(str(step) for step in error.instance_path)
            yield f"{place or 'the whole'}: {error.message[:300]}"

    def find(self, method: str, path: str) -> tuple[_Operation, list[str]] | str:
        """The operation that a request asks for and its path's arguments, or why there is none."""
        # Repositories are described by owner and name only; by id they answer the same.
        path = re.sub(r"^/repositories/\d+", "/repos/o/r", path)
        for pattern, template in self._templates:
            match = pattern.match(path)
            if match is not None and (operation := self.operation(method, template)) is not None:
                return operation, [unquote(value) for value in match.groups()]
        return "the description has no such path and method"

    def request_problems(self, operation: _Operation, arguments: list[str], query: str, body: bytes) -> Iterator[str]:
        """What of a request the description doesn't allow."""
        names = re.findall(r"\{(\w+)\}", operation.name)
        for name, value in zip(names, arguments, strict=True):
            if name in operation.path_parameters and not self._fits(operation.path_parameters[name], value):
                yield f"path: {name} can't be {value!r}"
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in operation.query:
                yield f"query: {name} is not declared"
            elif not self._fits(operation.query[name], value):
                yield f"query: {name} can't be {value!r}"
        described = self._resolved(operation.described.get("requestBody", {}))
        if not described:
            if body not in (b"", b"{}", b"null"):
                yield "body: none is declared"
            return
        if not body:
            if described.get("required"):
                yield "body: is required"
            return
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            yield f"body: is no JSON: {error}"
            return
        for error in self._errors(described["content"]["application/json"]["schema"], data):
            yield f"body: {error}"

    def _fits(self, schema: Any, text: str) -> bool:
        """Whether a value of a query or path, which is always text, can be read as ``schema`` wants it."""
        readings: list[Any] = [text]
        if re.fullmatch(r"-?\d+", text):
            readings.append(int(text))
        if text in ("true", "false"):
            readings.append(text == "true")
        validator = self.validator(orjson.dumps(schema).decode())
        return any(validator.is_valid(reading) for reading in readings)

    def answer_problems(self, operation: _Operation, status: int, body: bytes) -> Iterator[str]:
        """What of an answer the description doesn't allow, known errors of the description apart."""
        if status == 403 and body.startswith(_FRONT_DOOR):
            # Requests without a User-Agent don't reach the API: its front door says so in plain text.
            return
        key = (operation.name, status, hash(body))
        if key in self._seen:
            return
        method, _, template = operation.name.partition(" ")
        described = operation.described["responses"].get(str(status))
        if described is None:
            if not any(
                status == known and re.fullmatch(methods, method) and re.fullmatch(paths, template)
                for methods, paths, known, _ in KNOWN_STATUSES
            ):
                yield f"status {status} is not declared"
                return
            if status == 304:
                described = {}
            else:
                name = "validation-error" if status == 422 and b'"errors"' in body else "basic-error"
                described = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
        described = self._resolved(described)
        content = described.get("content", {}).get("application/json")
        problems = list(self._body_problems(status, content, body))
        if not problems:
            self._seen.add(key)
        yield from problems

    def _body_problems(self, status: int, content: Any, body: bytes) -> Iterator[str]:
        if content is None:
            # Where no body is described an error still has one.
            if body and status < 400:
                yield f"status {status} has a body, none is declared"
            return
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            yield f"status {status}: is no JSON: {error}"
            return
        for error in self._errors(content["schema"], data):
            yield f"status {status}: {error}"


def _correct(document: Any) -> None:
    """Known errors of the description, each with its reason."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        # A repository's home page is an empty string where nobody gave one, and no address then.
        schema.get("properties", {}).get("homepage", {}).pop("format", None)
    for name in ("simple-commit", "nullable-simple-commit"):
        # Bots commit under addresses with brackets, which no address may have: 1+name[bot]@users.noreply.github.com.
        for person in ("author", "committer"):
            schemas[name]["properties"][person]["properties"]["email"].pop("format", None)
    for name in ("pull-request", "pull-request-simple"):
        fields = schemas[name]["properties"]
        # A pull request's head repository is null once the fork was deleted.
        head = fields["head"]["properties"]
        head["repo"] = {"anyOf": [head["repo"]], "nullable": True}
        # A label's description is null when nobody wrote one, on pull requests as elsewhere.
        fields["labels"]["items"]["properties"]["description"]["nullable"] = True


def _as_json_schema(part: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema 2020-12: ``nullable`` becomes a type, a discriminator only repeats its ``anyOf``."""
    if isinstance(part, list):
        return [_as_json_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("$ref"), str):
        return {"$ref": part["$ref"]}
    made = {name: _as_json_schema(value) for name, value in part.items() if name not in ("nullable", "discriminator")}
    if part.get("nullable") is not True:
        return made
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if isinstance(made.get("enum"), list):
        made["enum"] = [*made["enum"], None]
    return {"anyOf": [made, {"type": "null"}]} if {"allOf", "anyOf", "oneOf"} & made.keys() else made


@dataclass(slots=True)
class Recorder:
    """What passed, counted, and what of it differed since it was last asked. Threads may share it."""

    contract: Contract | None = None
    checked: int = 0
    """Requests looked at, with their answers."""
    _found: list[Violation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> list[Violation]:
        """The violations since the last call, each once."""
        with self._lock:
            found, self._found = self._found, []
        return list(dict.fromkeys(found))

    def look(self, method: str, path: str, query: str, body: bytes, status: int | None, answer: bytes) -> None:
        """Hold a request and its answer against the description; ``status`` None: the answer was a fault's."""
        if self.contract is None:
            return
        found = list(self._violations(self.contract, method, path, query, body, status, answer))
        with self._lock:
            self.checked += 1
            self._found += found

    def _violations(
        self, contract: Contract, method: str, path: str, query: str, body: bytes, status: int | None, answer: bytes
    ) -> Iterator[Violation]:
        if any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) for template in NOT_IN_THE_SLICE):
            return
        found = contract.find(method, path)
        if isinstance(found, str):
            yield Violation(f"{method} {path}", found, in_request=True)
            return
        operation, arguments = found
        for problem in contract.request_problems(operation, arguments, query, body):
            yield Violation(operation.name, problem, in_request=True)
        if status is not None:
            for problem in contract.answer_problems(operation, status, answer):
                yield Violation(operation.name, problem, in_request=False)


RECORDER = Recorder(Contract() if DESCRIPTION.exists() else None)


class ContractMiddleware:
    """Looks at what passes before a client has its answer, so that it is known while the test that asked still runs."""

    def __init__(self, app: Any, recorder: Recorder = RECORDER) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or self._recorder.contract is None:
            await self._app(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Any = None
        looked = False

        def look() -> None:
            nonlocal looked
            looked = True
            status, body = None, b""
            if start is not None and fault_of(scope) is None:
                headers = {name.lower(): value for name, value in start["headers"]}
                status, body = start["status"], bytes(answered)
                if headers.get(b"content-encoding") == b"gzip":
                    body = gzip.decompress(body)
                host = dict(scope["headers"]).get(b"host", b"")
                # The same whatever port it was asked at, so that it is looked at once.
                body = body.replace(b"http://" + host, ROOT.encode())
            self._recorder.look(
                scope["method"],
                scope["raw_path"].decode("ascii"),
                scope["query_string"].decode("ascii"),
                bytes(asked),
                status,
                body,
            )

        async def receiving() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Any) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                answered.extend(message.get("body", b""))
                if not message.get("more_body"):
                    look()
            await send(message)

        await self._app(scope, receiving, sending)
        if not looked:
            # The connection was dropped without an answer.
            look()
