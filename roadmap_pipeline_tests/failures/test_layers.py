"""Imports within the failures' rooms run one way: text, search, knowledge, and what judges on top."""

import ast
from pathlib import Path

import pytest

from roadmap_pipeline import failures

ROOT = Path(failures.__file__ or "").parent
LAYERS = (
    {"patterns"},
    {"logs"},
    {"matching"},
    {"rules/taxonomy", "rules/rule_set", "failed_tests"},
    {"verdict", "suspects", "classifier"},
)
"""From the bottom: modules, and rooms with all of their modules; what isn't listed may import anything."""


def layer_of(module: str) -> int:
    return next((n for n, names in enumerate(LAYERS) if {module, module.split("/")[0]} & names), len(LAYERS))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_from_a_layer_above(path: Path) -> None:
    own = layer_of(path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__"))
    prefix = "roadmap_pipeline.failures."
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(prefix):
            module = (node.module or "").removeprefix(prefix).replace(".", "/")
            assert layer_of(module) <= own, module
