"""GitHub's contract as ``githubkit`` publishes it: typed models, generated from the API's own description.

Belongs here: finding the operation of a request among the package's methods, and holding requests and responses
against its models. Only methods that are asked for are read, since the package describes a thousand.
"""

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal, Union
from urllib.parse import parse_qsl, unquote

import orjson
from githubkit_schemas.v2022_11_28 import models
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from roadmap_pipeline_tests.contract.exceptions import is_front_door, is_known_status, path_regex

_UNION_MEMBER = re.compile(r"str|int|bool|none|(list|literal|function-\w+|nullable|dict|tagged-union)\[.*\]|[A-Z]\w+")
"""The names that pydantic gives the members of a union within the place of a problem."""
_METHOD = re.compile(r"\n {8}(GET|POST|PUT|PATCH|DELETE) (/\S*)\n")

KNOWN_ERRORS: tuple[tuple[str, str], ...] = (
    (r"(^|/)head/repo: Input should be .*", "a pull request's head repository is null once the fork was deleted"),
    (r"^due_on: Input should be a valid datetime\Z", "a milestone's due date is removed by null"),
)
"""Known differences of GitHub's responses from the models (regular expression of the problem, reason)."""


_ISSUE_EVENTS = "GET /repos/{owner}/{repo}/issues/{issue_number}/events"
_PLAIN_EVENTS = frozenset(
    {"closed", "reopened", "unlocked", "mentioned", "subscribed", "pinned", "unpinned", "referenced"}
)
"""Events that carry nothing of their own: an issue's list gives them, and the description has no model for them."""


class _Names(Mapping[str, Any]):
    """The names that annotations and models are written with in the package's sources."""

    _BUILTIN: Mapping[str, Any] = {
        "Annotated": Annotated,
        "Field": Field,
        "Literal": Literal,
        "Union": Union,
        "bool": bool,
        "dict": dict,
        "float": float,
        "int": int,
        "list": list,
        "str": str,
        "Any": Any,
        "PYDANTIC_V2": True,
    }

    def __getitem__(self, name: str) -> Any:
        if name == "_dt":
            import datetime

            return datetime
        return self._BUILTIN[name] if name in self._BUILTIN else getattr(models, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._BUILTIN)

    def __len__(self) -> int:
        return len(self._BUILTIN)


class _WithoutMissing(ast.NodeTransformer):
    """Take ``Missing[X]`` for ``X``: what is absent isn't sent."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        is_missing = isinstance(node.value, ast.Name) and node.value.id == "Missing"
        return node.slice if is_missing else node


def _type(expression: ast.expr) -> TypeAdapter[Any]:
    """Return what validates values of the type that ``expression`` writes."""
    written = ast.fix_missing_locations(ast.Expression(_WithoutMissing().visit(expression)))
    return TypeAdapter(eval(compile(written, "githubkit", "eval"), {}, _Names()))


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the package's client sends it."""

    name: str
    """Method and path template: ``GET /repos/{owner}/{repo}``."""
    source: str
    """The client's method for it."""

    @cached_property
    def _function(self) -> ast.FunctionDef:
        (function,) = ast.parse(textwrap.dedent(self.source)).body
        assert isinstance(function, ast.FunctionDef)
        return function

    @cached_property
    def _arguments(self) -> dict[str, ast.expr]:
        arguments = self._function.args
        return {
            argument.arg: argument.annotation
            for argument in (*arguments.args, *arguments.kwonlyargs)
            if argument.annotation is not None
        }

    @cached_property
    def path(self) -> dict[str, TypeAdapter[Any]]:
        """The types of the path's arguments, by name."""
        return {name: _type(self._arguments[name]) for name in re.findall(r"\{(\w+)\}", self.name)}

    @cached_property
    def query(self) -> dict[str, TypeAdapter[Any]]:
        """The types of the query's parameters, by name."""
        for node in ast.walk(self._function):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "params":
                assert isinstance(node.value, ast.Dict)
                pairs = zip(node.value.keys, node.value.values, strict=True)
                return {
                    ast.literal_eval(key): _type(self._arguments[ast.unparse(value)]) for key, value in pairs if key
                }
        return {}

    def _calls(self, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(self._function):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                yield node

    @cached_property
    def body(self) -> TypeAdapter[Any] | None:
        """The type of the request's body; None when it has none."""
        for call in self._calls("type_validate_python"):
            return _type(call.args[0])
        return None

    @cached_property
    def _answers(self) -> dict[str, ast.expr]:
        (sent,) = self._calls("_github.request")
        return {keyword.arg: keyword.value for keyword in sent.keywords if keyword.arg}

    @cached_property
    def response(self) -> TypeAdapter[Any] | None:
        """The type of a successful response's body; None when it has none."""
        model = self._answers.get("response_model")
        return None if model is None else _type(model)

    @cached_property
    def errors(self) -> dict[str, ast.expr]:
        """The models of the errors that are described, by status."""
        described = self._answers.get("error_models")
        if not isinstance(described, ast.Dict):
            return {}
        return {
            ast.literal_eval(key): value for key, value in zip(described.keys, described.values, strict=True) if key
        }


class TypedContract:
    """The operations of the package, each read when it is first asked for."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, str], str] = {}
        for module in files("githubkit_schemas.v2022_11_28.rest").iterdir():
            if module.name.endswith(".py"):
                self._note_methods(module.read_text(encoding="utf-8"))
        self._templates = sorted(
            ((path_regex(path), path) for _, path in self._sources),
            key=lambda entry: entry[1].count("{"),
        )
        self._operation = cache(lambda method, path: Operation(f"{method} {path}", self._sources[method, path]))
        self._fitting: set[tuple[str, int, int]] = set()

    def _note_methods(self, source: str) -> None:
        for match in _METHOD.finditer(source):
            start = source.rindex("\n    def ", 0, match.start()) + 1
            ends = [source.find(text, match.end()) for text in ("\n    async def ", "\n    def ", "\n    @overload")]
            end = min((place for place in ends if place >= 0), default=len(source))
            # the method that waits for the response stands before the one that doesn't
            self._sources.setdefault((match[1], match[2]), source[start:end])

    def find(self, method: str, path: str) -> tuple[Operation, list[str]] | str:
        """Return the operation that a request asks for and its path's arguments, or why there is none."""
        # Repositories are described by owner and name only; by id they answer the same.
        path = re.sub(r"^/repositories/\d+", "/repos/o/r", path)
        for pattern, template in self._templates:
            match = pattern.match(path)
            if match is not None and (method, template) in self._sources:
                return self._operation(method, template), [unquote(value) for value in match.groups()]
        return "the description has no such path and method"

    def request_problems(self, operation: Operation, arguments: list[str], query: str, body: bytes) -> Iterator[str]:
        """Yield what of a request the models don't allow."""
        for (name, type_), value in zip(operation.path.items(), arguments, strict=True):
            if not _fits(type_, value):
                yield f"path: {name} can't be {value!r}"
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in operation.query:
                yield f"query: {name} is not declared"
            elif not _fits(operation.query[name], value):
                yield f"query: {name} can't be {value!r}"
        if operation.body is None:
            if body not in (b"", b"{}", b"null"):
                yield "body: none is declared"
        elif body:
            yield from (f"body: {problem}" for problem in _problems(operation.body, body))
        elif not _is_valid(operation.body, b"{}"):
            yield "body: is required"

    def response_problems(self, operation: Operation, status: int, body: bytes) -> Iterator[str]:
        """Yield what of a response the models don't allow, known exceptions apart."""
        key = (operation.name, status, hash(body))
        if is_front_door(status, body) or key in self._fitting:
            return
        problems = [f"status {status}{problem}" for problem in self._response_problems(operation, status, body)]
        if not problems:
            self._fitting.add(key)
        yield from problems

    def _response_problems(self, operation: Operation, status: int, body: bytes) -> Iterator[str]:
        method, _, template = operation.name.partition(" ")
        if status < 400:
            model = operation.response if status < 300 else None
            if status >= 300 and not (is_known_status(method, template, status) or operation.response is None):
                yield " is not declared"
            elif model is None and body and status < 300:
                yield " has a body, none is declared"
            elif model is not None:
                if operation.name == _ISSUE_EVENTS:
                    body = _without_plain_events(body)
                yield from (f": {problem}" for problem in _problems(model, body))
            return
        described = operation.errors.get(str(status))
        if described is None and not is_known_status(method, template, status):
            yield " is not declared"
            return
        if described is not None:
            model = _type(described)
        else:
            model = TypeAdapter(models.ValidationError if b'"errors"' in body else models.BasicError)
        yield from (f": {problem}" for problem in _problems(model, body))


def _fits(type_: TypeAdapter[Any], text: str) -> bool:
    """Return whether a value of a query or path, which is always text, can be read as ``type_``."""
    try:
        type_.validate_strings(text)
    except ValidationError:
        return False
    return True


def _without_plain_events(body: bytes) -> bytes:
    return orjson.dumps([event for event in orjson.loads(body) if event.get("event") not in _PLAIN_EVENTS])


def _is_valid(type_: TypeAdapter[Any], body: bytes) -> bool:
    return not list(_problems(type_, body))


def _problems(type_: TypeAdapter[Any], body: bytes) -> Iterator[str]:
    """Yield what of a JSON text doesn't fit: ``workflow_runs/0/id: Field required``."""
    try:
        value = type_.validate_json(body, strict=True)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            if found["type"] == "literal_error" and "UNSET" in found["msg"]:
                continue  # that a field may be absent, too, is no help
            place = "/".join(str(step) for step in found["loc"] if not _UNION_MEMBER.fullmatch(str(step)))
            problem = f"{place or 'the whole'}: {found['msg'][:300]}"
            if not any(re.search(known, problem) for known, _ in KNOWN_ERRORS):
                yield problem
        return
    if isinstance(value, BaseModel) and value.__class__.__name__.endswith("Body"):
        names = {field.alias or name for name, field in type(value).model_fields.items()}
        yield from (f"{name}: is not declared" for name in orjson.loads(body) if name not in names)
