"""The services that deploy/compose.yaml describes, with variables filled in as Docker Compose does.

Belongs here: reading that file. Starting what it says without Docker is in ``whole_deployment``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """A service, as far as it can be started without Docker."""

    command: list[str]
    environment: dict[str, str]
    healthcheck: list[str]
    """The words of the command that exits with 0 while the service is well."""


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the file with ``variables`` filled in.

    Raises:
        LookupError: A variable is missing that must be set; it holds the file's own message.
    """
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    filled: dict[str, Any] = _filled(yaml.safe_load(text), variables)
    return filled


def service(name: str, variables: Mapping[str, str]) -> Service:
    """Return one of our services."""
    described = compose(variables)["services"][name]
    kind, *check = described["healthcheck"]["test"]
    assert kind == "CMD"
    return Service(described["command"], described["environment"], check)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return _VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, operator, rest = match.groups()
    if value := variables.get(name):
        return value
    if operator == "?":
        raise LookupError(f"{name}: {rest}")
    return rest or ""
