"""The names by which the stored repositories are known.

Belongs here: one query of the source tables that the warehouse's own modules need too. Keeping names up to date belongs
to the ingest.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def canonical_names(con: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    """Return what the repositories that are read are called now, by every name they have or had, in lower case.

    A name that another repository has taken stands for that one.
    """
    former = con.execute(
        "select names.name, names.repo from raw.repository_names as names"
        " semi join raw.repositories as home on home.repository_id = names.repository_id order by names.seen_at"
    ).fetchall()
    present = con.execute("select repo, repo from raw.repositories").fetchall()
    return {name.casefold(): repo for name, repo in [*former, *present]}
