"""Present and former names of repositories, and of their default branches.

Belongs here: putting together what ingests and dumps observed at different times, in whatever order they come, and
which repository a name stands for. Moving stored rows to another name belongs to ``renaming``, requests to
``repositories``.

A name is no key: repositories are renamed and transferred, and another one may take a name that became free. GitHub's
id stays. What was observed later holds; an API's response was observed when it was read, a dump's record when it last
changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING

from roadmap_pipeline.github.payloads.normalization import is_repository
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.warehouse.source_tables import replace_rows

if TYPE_CHECKING:
    import duckdb

_EARLIEST = datetime.min  # noqa: DTZ901 - naive, as all times of the warehouse

Observation = tuple[datetime, str]
"""A time (naive UTC) and what was so then."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which something was ``value``: from ``first_seen_at`` until another value was first seen."""

    value: str
    first_seen_at: datetime
    until: datetime | None


def validity_periods(observations: Iterable[Observation]) -> list[Period]:
    """Return what was so when, oldest first, of what was told in any order; of one time what was told last holds."""
    changes: list[Observation] = []
    for moment, value in sorted(observations, key=itemgetter(0)):
        if not changes or changes[-1][1] != value:
            changes.append((moment, value))
    ends = [moment for moment, _ in changes[1:]]
    return [Period(value, moment, until) for (moment, value), until in zip(changes, [*ends, None], strict=False)]


@dataclass(frozen=True, slots=True)
class HeadNames:
    """The names of repositories that runs and pull requests come from, as rows told them."""

    names: list[Row]
    """Rows of ``raw.repository_names``."""
    renamed: dict[int, tuple[str, str]]
    """By id of the repository: what it was called, and what it is called now."""

    def __bool__(self) -> bool:
        return bool(self.names)


class Names:
    """The names of all repositories in one open warehouse. Not for several threads at once: ``Store`` sees to that."""

    def __init__(self, con: "duckdb.DuckDBPyConnection") -> None:
        self._con = con
        self._present: dict[int, tuple[str, datetime]] | None = None

    def present(self) -> dict[int, tuple[str, datetime]]:
        """Return by id what each repository is called now, and since when that is known."""
        if self._present is None:
            rows = self._con.execute(
                "select repository_id, arg_max(name, seen_at), max(seen_at) from raw.repository_names group by all"
            ).fetchall()
            self._present = {row[0]: (row[1], row[2]) for row in rows}
            # a warehouse from before names were kept
            stored = self._con.execute(
                "select repository_id, repo, case when source like 'http%' then read_at end from raw.repositories"
                " where repository_id is not null"
            ).fetchall()
            for repository_id, repo, read_at in stored:
                self._present[repository_id] = repo, self._present.get(repository_id, (repo, read_at or _EARLIEST))[1]
        return self._present

    def tracked(self) -> dict[int, str]:
        """Return by id the repositories that are read."""
        return dict(
            self._con.execute(
                "select repository_id, repo from raw.repositories where repository_id is not null"
            ).fetchall()
        )

    def holder(self, name: str) -> int | None:
        """Return the id of the repository that is read and called ``name``; None if none is."""
        return next((id_ for id_, repo in self.tracked().items() if repo.casefold() == name.casefold()), None)

    def note(self, repository_id: int, name: str, seen_at: datetime, repo: str) -> None:
        """Keep that a repository, now called ``repo``, was called ``name`` at ``seen_at``; inside a transaction."""
        earlier = self._con.execute(
            "select seen_at from raw.repository_names where repository_id = ? and name = ?", [repository_id, name]
        ).fetchall()
        row = {"repository_id": repository_id, "name": name, "repo": repo}
        replace_rows(self._con, "raw.repository_names", [row | {"seen_at": max([seen_at, *(at for (at,) in earlier)])}])
        self._present = None

    def forget_what_was_read(self) -> None:
        """Read the names again when they are needed next: rows were moved, or a transaction was taken back."""
        self._present = None

    def settle_heads(self, rows: Sequence[Row]) -> HeadNames:
        """Put present names into ``head_repo`` of ``rows``; return what they tell that isn't known.

        The name of a repository that is read is told by its own record alone.
        """
        present = self.present()
        tracked: Mapping[int, str] | None = None
        names: dict[tuple[int, str], Row] = {}
        renamed: dict[int, tuple[str, str]] = {}
        for row in rows:
            repository_id, name = row.get("head_repository_id"), row.get("head_repo")
            if repository_id is None or name is None or not is_repository(name):
                continue
            known = present.get(repository_id)
            observed_at = _observed_at(row)
            if known is not None and known[0] == name and known[1] >= observed_at:
                continue
            if tracked is None:
                tracked = self.tracked()
            if repository_id in tracked:
                row["head_repo"] = tracked[repository_id]
                continue
            is_from_api = str(row["source"]).startswith("http")
            if known is not None and known[0] == name and is_from_api:
                continue  # the first reading is enough, or each would write
            if known is None or observed_at >= known[1]:
                if known is not None and known[0] != name:
                    renamed[repository_id] = renamed.get(repository_id, known)[0], name
                present[repository_id] = name, observed_at
            else:
                row["head_repo"] = known[0]
            noted = names.get((repository_id, name))
            seen_at = observed_at if noted is None else max(observed_at, noted["seen_at"])
            names[repository_id, name] = {"repository_id": repository_id, "name": name, "seen_at": seen_at}
        for row in names.values():
            row["repo"] = present[row["repository_id"]][0]
        for row in rows if renamed else ():  # those before the one that told
            if row.get("head_repository_id") in renamed and row.get("head_repo") is not None:
                row["head_repo"] = present[row["head_repository_id"]][0]
        return HeadNames(self._unknown(names), renamed)

    def _unknown(self, names: Mapping[tuple[int, str], Row]) -> list[Row]:
        if not names:
            return []
        ids = sorted({repository_id for repository_id, _ in names})
        stored = {
            (repository_id, name): seen_at
            for repository_id, name, seen_at in self._con.execute(
                "select repository_id, name, seen_at from raw.repository_names where list_contains(?, repository_id)",
                [ids],
            ).fetchall()
        }
        return [row for key, row in names.items() if key not in stored or stored[key] < row["seen_at"]]


def default_branches(con: "duckdb.DuckDBPyConnection", repo: str, observations: Iterable[Observation]) -> str | None:
    """Keep which branch was the default one of ``repo`` at some times; return the present one. Inside a transaction."""
    stored = [
        Period(*row)
        for row in con.execute(
            "select branch, first_seen_at, until from raw.default_branches where repo = ?"
            " order by first_seen_at, until nulls last",
            [repo],
        ).fetchall()
    ]
    known = [(period.first_seen_at, period.value) for period in stored]
    if not stored:  # a warehouse from before they were kept
        known = con.execute(
            "select read_at, default_branch from raw.repositories"
            " where repo = ? and default_branch is not null and source like 'http%'",
            [repo],
        ).fetchall()
    now = validity_periods([*known, *observations])
    if now != stored:
        con.execute("delete from raw.default_branches where repo = ?", [repo])
        replace_rows(con, "raw.default_branches", list(_branch_rows(repo, now)))
    return now[-1].value if now else None


def _branch_rows(repo: str, periods: Iterable[Period]) -> Iterator[Row]:
    for period in periods:
        yield {"repo": repo, "branch": period.value, "first_seen_at": period.first_seen_at, "until": period.until}


def _observed_at(row: Row) -> datetime:
    moment = row["read_at"] if str(row["source"]).startswith("http") else row.get("updated_at")
    return moment or _EARLIEST
