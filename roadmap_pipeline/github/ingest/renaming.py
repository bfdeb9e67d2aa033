"""Moving everything that is stored of repositories to their new names.

Belongs here: the statements, table by table; all of them run inside a transaction of the caller. What a repository is
called belongs to ``repository_names``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dbt_like_sql.runner.build import change_log
from dbt_like_sql.runner.database import literal
from roadmap_pipeline.github.ingest import repository_names
from roadmap_pipeline.warehouse import source_tables

if TYPE_CHECKING:
    import duckdb

HAVE_HEADS = ("workflow_runs", "pull_requests")
"""Tables whose rows name the repository that a branch lives in."""
_LISTS_OF_ALL = frozenset({"raw.ingest_state", "raw.read_coverage", "raw.default_branches"})
"""Tables whose rows of a repository tell something only together: those of two names don't mix."""


def rename_repositories(con: "duckdb.DuckDBPyConnection") -> None:
    """Rename what the registered table ``moves`` (old, new) names, everywhere.

    Names may be swapped. Of two rows for one thing the one under the new name stays.
    """
    for source in source_tables.TABLES:
        if source.schema != "config":
            _rename_in(con, source)
    _rename_in_keys(con)


def _rename_in(con: "duckdb.DuckDBPyConnection", source: source_tables.SourceTable) -> None:
    name = source.qualified_name
    columns = {column.name for column in source.columns}
    for column in sorted({"repo", "head_repo"} & columns):
        if column in source.key or name in _LISTS_OF_ALL:
            rest = [key for key in source.key if key != column] if name not in _LISTS_OF_ALL else []
            same = "".join(f' and there."{key}" = stored."{key}"' for key in rest)
            con.execute(
                f"delete from {name} as stored using moves"  # noqa: S608
                f" where stored.{column} = moves.old and moves.new not in (select old from moves)"
                f" and exists (select 1 from {name} as there where there.{column} = moves.new{same})"
            )
        # head repositories are written by hand in some dumps, and by GitHub in whatever case the owner likes
        same = "lower(stored.head_repo) = lower(moves.old)" if column == "head_repo" else "stored.repo = moves.old"
        count = con.execute(
            f"update {name} as stored set {column} = moves.new from moves where {same}"  # noqa: S608
        ).fetchall()[0][0]
        if count and name in source_tables.SOURCES.change_keys:
            change_log.note_everything(con, source_tables.SOURCES, name)


def _rename_in_keys(con: "duckdb.DuckDBPyConnection") -> None:
    """Rename where a name is a part of a value."""
    old, new = "'milestone:' || moves.old || '#'", "'milestone:' || moves.new || '#'"
    con.execute(
        f"update sync.row_bases as stored set sync_key = replace(stored.sync_key, {old}, {new})"  # noqa: S608
        f" from moves where contains(stored.sync_key, {old})"
    )
    con.execute("update sync.changes as stored set place = moves.new from moves where stored.place = moves.old")
    # what was told of a repository, or of a milestone without an id of GitHub's, isn't told again under its new name
    for mark in (":", "#"):
        subject = f"'\"subject\": \"' || moves.{{}} || '{mark}'"
        con.execute(
            "update sync.notifications as stored set"  # noqa: S608
            f" changes = replace(cast(stored.changes as varchar), {subject.format('old')}, {subject.format('new')})"
            f" from moves where contains(cast(stored.changes as varchar), {subject.format('old')})"
        )
    # nothing that was answered under the old address can be unchanged under the new one
    con.execute(
        "delete from raw.http_cache as stored using moves"
        " where contains(stored.url || '/', '/repos/' || moves.old || '/')"
    )


def store_head_names(con: "duckdb.DuckDBPyConnection", names: Iterable[repository_names.HeadNames]) -> None:
    """Store new names of repositories that runs and pull requests come from."""
    for heads in names:
        source_tables.replace_rows(con, "raw.repository_names", heads.names)
        for repository_id, (old, new) in heads.renamed.items():
            con.execute("update raw.repository_names set repo = ? where repository_id = ?", [new, repository_id])
            for table in HAVE_HEADS:
                # rows from before the id was kept go by the name
                con.execute(
                    f"update raw.{table} set head_repo = ? where head_repo = ?"  # noqa: S608
                    " and (head_repository_id = ? or head_repository_id is null)",
                    [new, old, repository_id],
                )
            change_log.note_changes(
                con,
                source_tables.SOURCES,
                "raw.workflow_runs",
                f"(select run_id from raw.workflow_runs where head_repository_id = {int(repository_id)}"  # noqa: S608
                f" or (head_repository_id is null and head_repo = {literal(new)}))",
            )
