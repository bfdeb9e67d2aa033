"""Derives the milestone of every branch and pull request in the warehouse.

Reads ``raw``, writes ``derived.branch_milestones`` and ``derived.pull_request_milestones``; the rules themselves are in
:mod:`roadmap_pipeline.milestones.detection`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.milestones.detection import Match, mapped_pattern, match_branch, match_pull_request
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.source_tables import replace_table

if TYPE_CHECKING:
    import duckdb

_SHOWN_PULL_REQUESTS = 3


_BRANCHES = """
    select repo, head_branch from raw.workflow_runs where head_branch is not null
    union
    select repo, head_branch from raw.pull_requests where head_branch is not null
    order by all
"""
_PULL_REQUESTS = """
    select repo, number, head_branch, labels, milestone_title from raw.pull_requests order by repo, number
"""
_ROWS_AT_ONCE = 5_000


def derive_milestones(con: "duckdb.DuckDBPyConnection", mapping: Mapping[str, str]) -> list[str]:
    """Store the milestone of each branch and pull request; one transaction.

    ``mapping`` is ``[milestones.mapping]`` of the configuration. Returns one sentence per branch that looks like a
    milestone but stands for none that is known, one per label that asks for one that isn't, and one per line of
    ``mapping`` that leads to none.
    """
    titles: dict[str, list[str]] = defaultdict(list)
    for repo, title in con.execute("select repo, title from raw.milestones order by repo, number").fetchall():
        titles[repo].append(title)
    branch_rows: list[dict[str, Any]] = []
    for repo, branch in _rows(con, _BRANCHES):
        if match := match_branch(branch, titles[repo], mapping):
            branch_rows.append({"repo": repo, "branch": branch, **_columns(match)})
    pull_rows = [
        {"repo": repo, "number": number, **_columns(match), "label_title": match.label_title}
        for repo, number, branch, labels, milestone in _rows(con, _PULL_REQUESTS)
        if (match := match_pull_request(branch, labels or [], milestone, titles[repo], mapping))
    ]
    with transaction(con):
        replace_table(con, "derived.branch_milestones", branch_rows)
        replace_table(con, "derived.pull_request_milestones", pull_rows)
    unknown = [row for row in branch_rows if row["rule"] == "unknown"]
    return [*_notes(unknown, mapping), *_label_notes(row for row in pull_rows if row["label_title"])]


def _rows(con: "duckdb.DuckDBPyConnection", sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query, some at a time: most branches of a long history belong to no milestone."""
    found = con.execute(sql)
    while some := found.fetchmany(_ROWS_AT_ONCE):
        yield from some


def _notes(unknown: Sequence[Mapping[str, Any]], mapping: Mapping[str, str]) -> list[str]:
    """Return a sentence for each branch, but one for all that a line of the configuration misleads."""
    notes: list[str] = []
    misled: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in unknown:
        if (pattern := mapped_pattern(row["branch"], mapping)) is not None:
            misled[pattern].append(row)
        else:
            name = f"{row['repo']}: branch {row['branch']}"
            notes.append(f"{name} looks like a milestone that does not exist{_closest([row])}")
    for pattern, rows in misled.items():
        repos = ", ".join(dict.fromkeys(row["repo"] for row in rows))
        branches = "1 branch" if len(rows) == 1 else f"{len(rows):,} branches"
        notes.append(
            f"milestones.mapping: {pattern!r} leads to {mapping[pattern]!r}, which does not exist in {repos}"
            f" ({branches}){_closest(rows)}"
        )
    return notes


def _label_notes(pull_requests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each title that labels ask for and that no milestone has."""
    numbers: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in pull_requests:
        numbers[row["repo"], row["label_title"]].append(row)
    for (repo, title), rows in numbers.items():
        shown = ", ".join(f"#{row['number']}" for row in rows[:_SHOWN_PULL_REQUESTS])
        more = ", …" if len(rows) > _SHOWN_PULL_REQUESTS else ""
        yield f"{repo}: the label of {shown}{more} names {title!r}, which does not exist{_closest(rows)}"


def _closest(rows: Sequence[Mapping[str, Any]]) -> str:
    closest = list(dict.fromkeys(title for row in rows for title in row["closest"]))
    return f"; closest: {', '.join(closest)}" if closest else ""


def _columns(match: Match) -> dict[str, Any]:
    return {"milestone": match.milestone, "rule": match.rule, "closest": list(match.closest)}
