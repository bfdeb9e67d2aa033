"""GitHub's contract as its own OpenAPI description tells it, where that lies beside the project.

Belongs here: reading the description, and what of it is known to be wrong (each with its reason). It knows status
codes, formats and limits that ``typed`` doesn't.
"""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs
import orjson

from roadmap_pipeline_tests.contract.exceptions import is_front_door, is_known_status, path_regex
from roadmap_pipeline_tests.recorded import DATA

DESCRIPTION = DATA / "openapi" / "github_slice_api23.0.2.json.gz"


@dataclass(slots=True)
class _Operation:
    name: str
    path_parameters: dict[str, Any]
    query: dict[str, Any]
    described: dict[str, Any]


class OpenApiContract:
    """The description, with validators made when they are first needed."""

    def __init__(self, description: Path = DESCRIPTION) -> None:
        document = json.loads(gzip.decompress(description.read_bytes()))
        _correct(document)
        document = _as_json_schema(document)
        self._components = document["components"]
        self._paths: dict[str, Any] = document["paths"]
        self._templates = sorted(
            ((path_regex(path), path) for path in self._paths),
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
        """Return the operation that a request asks for and its path's arguments, or why there is none."""
        # Repositories are described by owner and name only; by id they answer the same.
        path = re.sub(r"^/repositories/\d+", "/repos/o/r", path)
        for pattern, template in self._templates:
            match = pattern.match(path)
            if match is not None and (operation := self.operation(method, template)) is not None:
                return operation, [unquote(value) for value in match.groups()]
        return "the description has no such path and method"

    def request_problems(self, operation: _Operation, arguments: list[str], query: str, body: bytes) -> Iterator[str]:
        """Yield what of a request the description doesn't allow."""
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
        for problem in self._errors(described["content"]["application/json"]["schema"], data):
            yield f"body: {problem}"

    def _fits(self, schema: Any, text: str) -> bool:
        """Return whether a value of a query or path, which is always text, can be read as ``schema`` wants it."""
        readings: list[Any] = [text]
        if re.fullmatch(r"-?\d+", text):
            readings.append(int(text))
        if text in ("true", "false"):
            readings.append(text == "true")
        validator = self.validator(orjson.dumps(schema).decode())
        return any(validator.is_valid(reading) for reading in readings)

    def response_problems(self, operation: _Operation, status: int, body: bytes) -> Iterator[str]:
        """Yield what of a response the description doesn't allow, its known errors apart."""
        if is_front_door(status, body):
            return
        key = (operation.name, status, hash(body))
        if key in self._seen:
            return
        method, _, template = operation.name.partition(" ")
        described = operation.described["responses"].get(str(status))
        if described is None:
            if not is_known_status(method, template, status):
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
        for problem in self._errors(content["schema"], data):
            yield f"status {status}: {problem}"


def _correct(document: Any) -> None:
    """Correct known errors of the description, each with its reason."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        # A repository's home page is an empty string where nobody gave one, and no address then.
        schema.get("properties", {}).get("homepage", {}).pop("format", None)
    for name in ("simple-commit", "nullable-simple-commit"):
        # Bots commit under addresses with brackets, which no address may have: 1+name[bot]@users.noreply.github.com.
        for person in ("author", "committer"):
            schemas[name]["properties"][person]["properties"]["email"].pop("format", None)
    # A milestone's due date is removed by null, as other fields are.
    milestone = document["paths"]["/repos/{owner}/{repo}/milestones/{milestone_number}"]["patch"]
    milestone["requestBody"]["content"]["application/json"]["schema"]["properties"]["due_on"]["nullable"] = True
    for name in ("pull-request", "pull-request-simple"):
        fields = schemas[name]["properties"]
        # A pull request's head repository is null once the fork was deleted.
        head = fields["head"]["properties"]
        head["repo"] = {"anyOf": [head["repo"]], "nullable": True}
        # A label's description is null when nobody wrote one, on pull requests as elsewhere.
        fields["labels"]["items"]["properties"]["description"]["nullable"] = True


def _as_json_schema(part: Any) -> Any:
    """Return OpenAPI 3.0 as JSON Schema 2020-12.

    ``nullable`` becomes a type; a discriminator only repeats its ``anyOf`` and goes.
    """
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
