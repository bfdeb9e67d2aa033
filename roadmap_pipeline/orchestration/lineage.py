"""Column lineage as the UI shows it, worked out once for each version of a model and kept beside Dagster's history.

Reading it off the SQL takes longer than building a small model. What it says depends on the texts alone: the model's,
its parents', and the columns of the tables that Python fills.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline.warehouse.models import ColumnName, Project, SqlModel, column_lineage
from roadmap_pipeline.warehouse.source_tables import BY_NAME

if TYPE_CHECKING:
    import duckdb

_FILE = "column-lineage.json"
_worked_out: dict[str, dict[str, list[ColumnName]]] = {}
"""Lineage that this process has worked out, by version: a home that is new, or was emptied, needs none of it again."""


def lineage_metadata(home: Path, project: Project, model: SqlModel, con: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return the column lineage of ``model`` as metadata; empty where the SQL hides it. ``home``: DAGSTER_HOME."""
    kept = _read(home / _FILE)
    version = _version(project, model)
    if version not in kept:
        if version not in _worked_out:
            lineage = column_lineage(model, con)
            _worked_out[version] = {name: list(sources) for name, sources in lineage.items()}
        kept[version] = _worked_out[version]
        _write(home / _FILE, kept)
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey([schema, table]), name) for schema, table, name in sources]
        for column, sources in kept[version].items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)} if deps else {}


def _version(project: Project, model: SqlModel) -> str:
    versions = {other.key: other.version for other in project.models}
    texts = [model.version]
    for schema, table in model.deps:
        if (schema, table) in versions:
            texts.append(versions[schema, table])
        else:
            texts += [column.name for column in BY_NAME[f"{schema}.{table}"].columns]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _read(path: Path) -> dict[str, dict[str, list[ColumnName]]]:
    try:
        kept: dict[str, dict[str, list[ColumnName]]] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return kept


def _write(path: Path, kept: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(kept), encoding="utf-8")
    beside.replace(path)
