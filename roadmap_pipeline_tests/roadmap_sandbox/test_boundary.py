"""The simulators know nothing of what is tested against them."""

import ast
from pathlib import Path

import roadmap_sandbox


def test_the_sandbox_imports_nothing_of_the_product_or_the_model_runner():
    root = Path(roadmap_sandbox.__file__).parent
    imported = {
        (path.relative_to(root).as_posix(), name)
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    assert ("local.py", "roadmap_sandbox.server") in imported
    assert [one for one in imported if one[1].partition(".")[0] in ("roadmap_pipeline", "dbt_like_sql")] == []
