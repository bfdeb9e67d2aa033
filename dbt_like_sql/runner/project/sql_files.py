"""Single files: a SELECT that must be plain, with the tables it reads, and a CSV file as a SELECT.

Belongs here: all that the text alone says. Whether those tables exist is in ``parser``, building them in ``build``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import literal
from dbt_like_sql.runner.project.problems import Problem, ProjectError

if TYPE_CHECKING:
    from sqlglot import Token, exp

DIALECT = "duckdb"


@dataclass(frozen=True, slots=True)
class TableReference:
    """A place where the text reads ``schema.name``, in lower case.

    ``line`` counts from 1, ``start`` and ``end`` are the offsets of its first character and of the one after its last.
    """

    schema: str
    name: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SelectFile:
    """The text of a SELECT, and what it says of itself.

    ``references`` are the tables it reads in order of appearance, ``version`` is a hash that layout and comments don't
    change. ``columns_read`` has the columns of each table that the text may mean; None stands for all. ``seed_types``
    are the types of a CSV file's columns, in its order; None for a SELECT file.
    """

    path: Path
    sql: str
    references: tuple[TableReference, ...]
    version: str
    columns_read: Mapping[tuple[str, str], frozenset[str] | None]
    seed_types: Mapping[str, str] | None = None

    @property
    def deps(self) -> tuple[tuple[str, str], ...]:
        """The tables it reads as (schema, name), each once, sorted."""
        return tuple(sorted({(reference.schema, reference.name) for reference in self.references}))


def read_select(path: Path) -> SelectFile:
    """Read and check one SQL file.

    Tables are named ``schema.table`` with an alias (dbt's unit tests put a CTE of another name in the table's place,
    which breaks columns qualified by the table's own name); a bare name is a CTE of the same file.

    Raises:
        ProjectError: Every problem, each with its line.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        sql = path.read_text(encoding="utf-8")
        tokens = sqlglot.tokenize(sql, read=DIALECT)
        semicolons = [token.line for token in tokens if token.token_type.name == "SEMICOLON"]
        if semicolons:
            raise ProjectError([Problem(path, semicolons[0], "a model is one SELECT without a semicolon")])
        trees = sqlglot.Dialect.get_or_raise(DIALECT).parser().parse(tokens, sql) if tokens else []
    except UnicodeDecodeError as error:
        raise ProjectError([Problem(path, 1, "the file is not UTF-8")]) from error
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        text = f"no SQL that can be read: {first.get('description', error)}"
        raise ProjectError([Problem(path, int(first.get("line", 1)), text)]) from error
    except TokenError as error:
        raise ProjectError([Problem(path, 1, f"no SQL that can be read: {error}")]) from error
    tree = trees[0] if trees else None
    nodes = list(tree.walk()) if tree is not None else []  # once: walking takes longer than parsing
    writes = any(isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Into) for node in nodes)
    if not isinstance(tree, exp.Select | exp.SetOperation) or writes:
        raise ProjectError([Problem(path, 1, "a model is one SELECT")])

    tables = _tables(nodes)
    problems = list(_table_problems(path, tables, nodes))
    if problems:
        raise ProjectError(problems)
    references = tuple(_reference(table) for table in tables if table.db)
    return SelectFile(path, sql, references, _version(tokens), _columns_read(tables, nodes))


def read_seed(path: Path, column_types: Mapping[str, str]) -> SelectFile:
    """Read a CSV file with a header as the SELECT that loads it; what isn't in ``column_types`` is text.

    Raises:
        ProjectError: The file can't be read or has no header, or a type is given for a column it lacks.
    """
    import csv

    try:
        content = path.read_bytes()
        header = next(csv.reader([content.decode("utf-8").split("\n", 1)[0].rstrip("\r")]), [])
    except UnicodeDecodeError as error:
        raise ProjectError([Problem(path, 1, "the file is not UTF-8")]) from error
    if not header or not all(header):
        raise ProjectError([Problem(path, 1, "the first line must name the columns")])
    if unknown := [name for name in column_types if name not in header]:
        raise ProjectError([Problem(path, 1, f"there is no column {', '.join(unknown)}, named by column_types")])
    seed_types = {name: column_types.get(name, "varchar") for name in header}
    types = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in seed_types.items())
    sql = f"select * from read_csv({literal(str(path))}, header = true, columns = {{{types}}})"  # noqa: S608
    version = hashlib.sha256(content + types.encode()).hexdigest()[:12]
    return SelectFile(path, sql, (), version, {}, seed_types)


def _columns_read(
    tables: "Sequence[exp.Table]", nodes: "Sequence[exp.Expr]"
) -> dict[tuple[str, str], frozenset[str] | None]:
    """Return the columns that are read, by table; None for all of them.

    They are too many rather than too few: a name without a table may mean any, an alias holds everywhere.
    """
    from sqlglot import exp

    named: dict[str, set[str]] = {}
    whole: set[str] = set()
    for node in nodes:
        if isinstance(node, exp.Column):
            if isinstance(node.this, exp.Star):
                whole.add(node.table.lower())
            else:
                named.setdefault(node.table.lower(), set()).add(node.name.lower())
        elif isinstance(node, exp.Select) and any(isinstance(item, exp.Star) for item in node.expressions):
            whole |= {table.alias_or_name.lower() for table in node.find_all(exp.Table)}
    columns: dict[tuple[str, str], frozenset[str] | None] = {}
    for table in tables:
        if not table.db:
            continue
        key, alias = (table.db.lower(), table.name.lower()), table.alias_or_name.lower()
        before = columns.get(key, frozenset())
        if alias in whole or before is None:
            columns[key] = None
        else:
            columns[key] = before | named.get(alias, set()) | named.get("", set())
    return columns


def _version(tokens: "Sequence[Token]") -> str:
    # The tokens hold all that the tree holds but no layout and no comments, and needn't be written out as SQL again.
    digest = hashlib.sha256()
    for token in tokens:
        kind = token.token_type.name
        verbatim = kind in ("IDENTIFIER", "VAR") or kind.endswith("STRING")
        digest.update(f"{kind}\0{token.text if verbatim else token.text.upper()}\0".encode())
    return digest.hexdigest()[:12]


def _tables(nodes: "Sequence[exp.Expr]") -> "list[exp.Table]":
    from sqlglot import exp

    # Table functions (range, unnest, …) are tables too, but have no identifier for a name.
    tables = [node for node in nodes if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)]
    return sorted(tables, key=lambda table: int(table.this.meta.get("start", 0)))


def _table_problems(path: Path, tables: "Sequence[exp.Table]", nodes: "Sequence[exp.Expr]") -> "Iterator[Problem]":
    from sqlglot import exp

    ctes = {node.alias.lower() for node in nodes if isinstance(node, exp.CTE)}
    for table in tables:
        name = table.name
        if table.catalog:
            yield Problem(path, _line(table), f"{table.catalog}.{table.db}.{name}: name tables as schema.table")
        elif not table.db and name.lower() not in ctes:
            yield Problem(path, _line(table), f"{name} is no CTE of this file; name tables as schema.table")
        elif table.db and not table.alias:
            yield Problem(path, _line(table), f"{table.db}.{name} has no alias; write {table.db}.{name} as …")


def _reference(table: "exp.Table") -> TableReference:
    start, end = int(table.args["db"].meta["start"]), int(table.this.meta["end"]) + 1
    return TableReference(table.db.lower(), table.name.lower(), _line(table), start, end)


def _line(table: "exp.Table") -> int:
    return int(table.this.meta.get("line", 1))
