"""The odds of failures: of what each kind of job fails, and how often.

Belongs here: weights (lint and tests lead, then dependencies, type checks and the platform). What the causes say is
``causes``.
"""

from collections.abc import Mapping
from random import Random

Weights = Mapping[str, int]


DEFECTS: Mapping[str, Weights] = {
    "pytest": {"pytest-assertion": 10, "pytest-import": 3, "pytest-coverage": 2, "pip-none": 2, "pip-conflict": 2},
    "integration": {"pytest-assertion": 8, "pip-none": 1},
    "image": {"docker-pip": 3, "docker-manifest": 2, "command-not-found": 1, "deprecated-action": 1},
    "ruff": {"ruff": 7, "ruff-format": 9},
    "mypy": {"mypy": 1},
    "load": {"budget": 3, "unbound-variable": 1},
    "pip-audit": {"vulnerabilities": 1},
    "publish": {"bad-credentials": 2, "push-denied": 2},
    "script": {"unbound-variable": 1},
    "vitest": {"vitest-assertion": 8, "jest-snapshot": 4, "npm-lock": 2, "npm-eresolve": 2, "npm-e404": 1},
    "webbuild": {"bundle": 6, "npm-eresolve": 1},
    "e2e": {"playwright-timeout": 1},
    "eslint": {"eslint": 6, "prettier": 9},
    "tsc": {"tsc": 1},
    "deploy": {"not-accessible": 2, "push-denied": 1, "missing-input": 1},
    "gobuild": {"go-compile": 5, "go-sum": 2},
    "go": {"go-test": 1},
    "cargo": {"cargo-compile": 3, "cargo-test": 4},
    "golangci": {"golangci": 1},
    "kind": {"go-test": 1},
    "terraform": {"unbound-variable": 2, "missing-input": 1},
    "title": {"title": 1},
    "leaks": {"leaks": 1},
}
"""Causes that a change brings: by the job's kind, how often which cause."""


_ANYWHERE: Weights = {"lost": 2, "shutdown": 2, "github-down": 2, "no-ref": 1, "tells-nothing": 2}


_PY: Weights = {"pip-timeout": 5, **_ANYWHERE}


_JS: Weights = {"npm-reset": 6, "js-heap": 2, **_ANYWHERE}


_GO: Weights = {"go-proxy": 5, "killed": 2, **_ANYWHERE}


TRANSIENT: Mapping[str, Weights] = {
    "pytest": {**_PY, "killed": 2},
    "integration": {"pytest-flaky": 34, "unhealthy": 10, "pull-limit": 8, "step-too-long": 4, **_PY},
    "image": {"disk-full": 3, "docker-manifest": 2, **_ANYWHERE},
    "ruff": _PY,
    "mypy": {"killed": 1, **_PY},
    "load": {"budget": 6, "unhealthy": 4, "killed": 3, **_PY},
    "pip-audit": _PY,
    "publish": {"no-artifact": 3, "bad-gateway": 4, **_ANYWHERE},
    "script": {"bad-gateway": 3, **_ANYWHERE},
    "vitest": _JS,
    "webbuild": {"js-heap": 5, **_JS},
    "e2e": {"playwright-timeout": 58, "browser": 11, **_JS},
    "eslint": _JS,
    "tsc": _JS,
    "deploy": {"bad-gateway": 5, "api-limit": 3, "no-artifact": 2, **_ANYWHERE},
    "gobuild": _GO,
    "go": {"go-race": 20, **_GO},
    "cargo": {"bad-gateway": 2, **_ANYWHERE},
    "golangci": _GO,
    "kind": {"cluster-down": 8, "go-race": 6, "pull-limit": 3, **_GO},
    "terraform": {"api-limit": 3, "bad-gateway": 2, **_ANYWHERE},
    "title": _ANYWHERE,
    "leaks": _ANYWHERE,
}
"""Causes that come and go without a change: by the job's kind, how often which cause."""


RECURRING = frozenset({"playwright-timeout", "pytest-flaky", "go-race", "budget"})
"""Causes with few different details: the same handful of tests is flaky again and again."""


def draw(rng: Random, weights: Weights) -> str:
    """Return one of the causes by its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
