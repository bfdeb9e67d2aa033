"""The sources: tables that the models read and something else than the runner fills.

Belongs here: how they are declared to the runner. Creating and filling them is their owner's business, who notes each
write in ``build/change_log`` where the table is followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its DuckDB type, and what a reader must know about it."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table that models read. ``key`` names the columns by which rows are replaced (together unique)."""

    schema: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def qualified_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(column.name for column in self.columns)


@dataclass(frozen=True)
class Sources:
    """All source tables of a project, in the order in which they are declared.

    ``change_keys`` has, by ``schema.name``, the column whose values are noted in the change log with each write: of
    the big tables, which are followed row by row. The others are compared as a whole.
    """

    tables: tuple[SourceTable, ...] = ()
    change_keys: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, SourceTable]:
        """The tables by ``schema.name``."""
        return {table.qualified_name: table for table in self.tables}

    @cached_property
    def schemas(self) -> tuple[str, ...]:
        """The schemas of the tables, each once."""
        return tuple(dict.fromkeys(table.schema for table in self.tables))
