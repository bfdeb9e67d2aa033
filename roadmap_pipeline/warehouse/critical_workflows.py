"""The critical workflows of the configuration that no repository has: most often a misspelt file name.

Belongs here: finding them in what was read. Such an entry can never be green, so that its rule of the progress is never
granted; the settings alone can't tell, since only the repository knows its workflows.
"""

import difflib
from collections.abc import Collection
from typing import TYPE_CHECKING

from roadmap_pipeline.configuration import Configuration
from roadmap_pipeline.warehouse.parameters import critical_workflow_rows
from roadmap_pipeline.warehouse.source_tables import canonical_names

if TYPE_CHECKING:
    import duckdb

FOLDER = ".github/workflows/"

NAMED_AT_MOST = 5
"""Workflows that are named where none is called alike."""


def unknown_critical_workflows(con: "duckdb.DuckDBPyConnection", configuration: Configuration) -> list[str]:
    """Return a sentence for each entry of ``critical_workflows`` that is no workflow of its repository.

    A former name of its file counts. Of a repository whose workflows were not read yet nothing can be said.
    """
    if not configuration.critical_workflows:
        return []
    rows = critical_workflow_rows(configuration, canonical_names(con))
    known: dict[str, set[str]] = {}
    for repo, path in con.execute(
        "select w.repo, w.path from raw.workflows as w where list_contains($repos, w.repo) and w.path is not null"
        " union select r.repo, r.workflow_path from raw.workflow_runs as r"
        " semi join raw.workflows as w on w.repo = r.repo"
        " where list_contains($repos, r.repo) and r.workflow_path is not null",
        {"repos": sorted({row["repo"] for row in rows})},
    ).fetchall():
        known.setdefault(repo, set()).add(path)
    return [
        f"critical_workflows: {row['repo']} has no workflow {_short(row['workflow_path'])}"
        f"{_suggestion(row['workflow_path'], known[row['repo']])}"
        for row in rows
        if row["repo"] in known and row["workflow_path"] not in known[row["repo"]]
    ]


def _suggestion(path: str, known: Collection[str]) -> str:
    by_name = {_short(one).casefold(): one for one in sorted(known)}
    close = difflib.get_close_matches(_short(path).casefold(), by_name, n=1)
    if close:
        return f"; closest: {_short(by_name[close[0]])}"
    names = sorted(_short(one) for one in known)
    more = ", …" if len(names) > NAMED_AT_MOST else ""
    return f"; it has {', '.join(names[:NAMED_AT_MOST])}{more}"


def _short(path: str) -> str:
    """Return a workflow as people write it in the configuration: a file of the usual folder without that."""
    return path.removeprefix(FOLDER)
